"""The look: tokens, style sheet, icons."""

from .icons import icon, icon_pixmap
from .style import Look, ThemeSwitch, apply_theme, new_application, tokens
from .tokens import (
    DARK,
    LIGHT,
    SPACE_1,
    SPACE_2,
    SPACE_3,
    SPACE_4,
    SPACE_5,
    SPACE_6,
    Tokens,
    contrast,
)

__all__ = [
    "DARK", "LIGHT", "SPACE_1", "SPACE_2", "SPACE_3", "SPACE_4", "SPACE_5", "SPACE_6", "Look", "ThemeSwitch", "Tokens",
    "apply_theme", "contrast", "icon", "icon_pixmap", "new_application", "tokens",
]  # fmt: skip
