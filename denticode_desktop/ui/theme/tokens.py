"""Design tokens: colours light and dark, spacing, type scale. Text on its ground has a contrast of at least 4.5 : 1."""

from typing import NamedTuple

SPACE_1, SPACE_2, SPACE_3, SPACE_4, SPACE_5, SPACE_6 = 4, 8, 12, 16, 24, 32
"""Spacing in pixels before scaling."""
CAPTION_PT, BODY_PT, SECTION_PT, TITLE_PT, NUMERAL_PT = 9, 10, 12, 16, 22
"""Type scale in points."""


class Tokens(NamedTuple):
    """Colours as #rrggbb. A `_soft` is the ground of a chip or notice in which its colour stands as text.

    ground, surface, sunken: page, card, inset. edge: outline of inputs (3 : 1). band_*: under white text.
    """

    is_dark: bool
    ground: str
    surface: str
    sunken: str
    line: str
    edge: str
    text: str
    muted: str
    accent: str
    accent_hover: str
    accent_soft: str
    on_accent: str
    good: str
    good_soft: str
    warn: str
    warn_soft: str
    bad: str
    bad_soft: str
    info: str
    info_soft: str
    rail: str
    rail_hover: str
    rail_selected: str
    on_rail: str
    band_production: str
    band_sandbox: str
    band_rehearsal: str
    on_band: str = "#ffffff"


LIGHT = Tokens(
    is_dark=False,
    ground="#f2f6f5", surface="#ffffff", sunken="#e8efee", line="#d6e0df", edge="#7d9290",
    text="#122b2a", muted="#485f5d",
    accent="#0a6462", accent_hover="#084f4d", accent_soft="#d9eceb", on_accent="#ffffff",
    good="#14623a", good_soft="#dff1e5", warn="#744400", warn_soft="#faecd2", bad="#9c2018", bad_soft="#fbe4e1",
    info="#1b5580", info_soft="#dfecf6",
    rail="#0e3231", rail_hover="#164442", rail_selected="#1f5856", on_rail="#e6f2f1",
    band_production="#0d4745", band_sandbox="#7c4a03", band_rehearsal="#5b3a9b",
)  # fmt: skip
DARK = Tokens(
    is_dark=True,
    ground="#0f1717", surface="#172221", sunken="#1f2d2c", line="#2c3d3b", edge="#6f8583",
    text="#e4eeed", muted="#a5b8b6",
    accent="#5ecbc4", accent_hover="#83dcd6", accent_soft="#17413f", on_accent="#05201f",
    good="#74d79d", good_soft="#123524", warn="#f2bb62", warn_soft="#3b2a0c", bad="#ff968d", bad_soft="#45191a",
    info="#8cc4ef", info_soft="#14324a",
    rail="#0a1111", rail_hover="#15211f", rail_selected="#1b3a38", on_rail="#d7e6e5",
    band_production="#0d4745", band_sandbox="#7c4a03", band_rehearsal="#5b3a9b",
)  # fmt: skip


def contrast(first: str, second: str) -> float:
    """WCAG contrast ratio of two #rrggbb colours, 1 to 21."""
    high, low = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
