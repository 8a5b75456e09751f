"""Marker, canonical text and ids that must be the same everywhere."""

import re

from hypothesis import given
from hypothesis import strategies as st

from denticode_desktop.domain.ids import LabId
from denticode_desktop.domain.lab import lab_id_for_external, lab_id_for_random
from denticode_desktop.domain.marker import (
    canonical_text,
    find_markers,
    marker_for,
    marker_line,
    text_sha256,
    with_marker,
    without_marker,
)

LAB = LabId("Labc")


def test_marker_is_pinned_because_charts_hold_it_for_years() -> None:
    assert marker_for("0123456789abcdef01234567", LAB, 1, 1) == "UBYJWAPHSMNW3M76"


def test_marker_differs_by_every_part() -> None:
    markers = {
        marker_for("o", LAB, 1, 1), marker_for("p", LAB, 1, 1), marker_for("o", LabId("Lx"), 1, 1),
        marker_for("o", LAB, 2, 1), marker_for("o", LAB, 1, 2), marker_for("o", LAB, 11, 1),
        marker_for("o", LAB, 1, 11),
    }  # fmt: skip
    assert len(markers) == 7


def test_marker_has_sixteen_base32_characters() -> None:
    assert re.fullmatch(r"[A-Z2-7]{16}", marker_for("o", LAB, 1, 1))


@given(st.text(max_size=200))
def test_a_marked_text_is_found_again_and_gives_the_text_back(text: str) -> None:
    marker = marker_for("o", LAB, 1, 1)
    marked = with_marker(text, marker)
    assert marker in find_markers(marked)
    assert find_markers(marker_line(marker)) == [marker]
    if not find_markers(text):
        assert without_marker(marked) == text.rstrip()


@given(st.text(max_size=200))
def test_canonical_text_is_stable(text: str) -> None:
    once = canonical_text(text)
    assert canonical_text(once) == once
    assert text_sha256(text.replace("\n", "\r\n") if "\r" not in text else text) == text_sha256(text)


def test_the_same_external_id_is_the_same_lab() -> None:
    assert lab_id_for_external("scribe-123") == lab_id_for_external("scribe-123")
    assert lab_id_for_external("scribe-123") != lab_id_for_external("scribe-124")
    assert re.fullmatch(r"L[a-z2-7]{15}", lab_id_for_random(b"0" * 16))
