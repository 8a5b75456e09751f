"""Look: one small set of colours and sizes, light and dark. Text on its ground has a contrast of at least 4.5 : 1."""

from dataclasses import dataclass
from string import Template

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication


@dataclass(frozen=True, slots=True)
class Tokens:
    """Colours as #rrggbb."""

    ground: str
    surface: str
    line: str
    text: str
    muted: str
    accent: str
    on_accent: str
    good: str
    warn: str
    bad: str
    rail: str
    on_rail: str
    rehearsal: str


LIGHT = Tokens(
    "#f4f7f7", "#ffffff", "#d3dddd", "#16302f", "#4d6462", "#0b6a68", "#ffffff", "#17693a", "#8a5200", "#a8231b",
    "#0f3b3a", "#e6f2f1", "#5b3a9b",
)  # fmt: skip
DARK = Tokens(
    "#101818", "#182322", "#31403f", "#e6efee", "#a3b6b4", "#58c8c1", "#06201f", "#6fd398", "#f0b357", "#ff8f86",
    "#0a1211", "#d7e6e5", "#6f4fc0",
)  # fmt: skip

_STYLE = Template("""
* { font-size: 10pt; }
QWidget { background: $ground; color: $text; }
QLabel { background: transparent; }
QLabel#pageTitle { font-size: 17pt; font-weight: 600; }
QLabel#sectionTitle { font-size: 12pt; font-weight: 600; }
QLabel[kind="muted"] { color: $muted; }
QLabel[kind="good"] { color: $good; font-weight: 600; }
QLabel[kind="warn"] { color: $warn; font-weight: 600; }
QLabel[kind="bad"] { color: $bad; font-weight: 600; }
QLabel#band { background: $rehearsal; color: #ffffff; padding: 4px 16px; font-weight: 600; }
QFrame[kind="card"] { background: $surface; border: 1px solid $line; border-radius: 8px; }
QFrame[kind="card"] QLabel { background: transparent; }
QScrollArea { border: none; }
QListWidget#rail { background: $rail; color: $on_rail; border: none; padding: 12px 0; outline: none; }
QListWidget#rail::item { padding: 10px 16px; border-left: 4px solid transparent; }
QListWidget#rail::item:selected { background: $accent; color: $on_accent; }
QListWidget#rail:focus { border: 2px solid $accent; }
QStatusBar { background: $surface; border-top: 1px solid $line; }
QPushButton { background: $surface; border: 1px solid $line; border-radius: 6px; padding: 6px 14px; }
QPushButton:hover { border-color: $accent; }
QPushButton:focus, QLineEdit:focus, QComboBox:focus, QPlainTextEdit:focus, QTableWidget:focus, QDateEdit:focus
{ border: 2px solid $accent; }
QPushButton:disabled { color: $muted; }
QPushButton[kind="primary"] { background: $accent; color: $on_accent; border-color: $accent; font-weight: 600; }
QPushButton[kind="primary"]:disabled { background: $line; color: $muted; border-color: $line; }
QLineEdit, QComboBox, QPlainTextEdit, QDateEdit, QTableWidget
{ background: $surface; border: 1px solid $line; border-radius: 6px; padding: 5px; }
QHeaderView::section { background: $ground; color: $muted; border: none; border-bottom: 1px solid $line; padding: 6px; }
QTableWidget { gridline-color: $line; selection-background-color: $accent; selection-color: $on_accent; }
QProgressBar { border: 1px solid $line; border-radius: 6px; text-align: center; background: $surface; }
QProgressBar::chunk { background: $accent; border-radius: 5px; }
""")


def contrast(first: str, second: str) -> float:
    """WCAG contrast ratio of two colours, 1 to 21."""

    def luminance(colour: str) -> float:
        channels = (QColor(colour).redF(), QColor(colour).greenF(), QColor(colour).blueF())
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def apply_theme(application: QApplication, *, is_dark: bool | None = None) -> Tokens:
    """Light or dark, by the system's own choice where None."""
    if is_dark is None:
        is_dark = application.styleHints().colorScheme() is Qt.ColorScheme.Dark
    tokens = DARK if is_dark else LIGHT
    application.setStyle("Fusion")
    palette = QPalette()
    for role, colour in (
        (QPalette.ColorRole.Window, tokens.ground), (QPalette.ColorRole.Base, tokens.surface),
        (QPalette.ColorRole.AlternateBase, tokens.ground), (QPalette.ColorRole.Button, tokens.surface),
        (QPalette.ColorRole.WindowText, tokens.text), (QPalette.ColorRole.Text, tokens.text),
        (QPalette.ColorRole.ButtonText, tokens.text), (QPalette.ColorRole.Highlight, tokens.accent),
        (QPalette.ColorRole.HighlightedText, tokens.on_accent), (QPalette.ColorRole.PlaceholderText, tokens.muted),
    ):  # fmt: skip
        palette.setColor(role, QColor(colour))
    application.setPalette(palette)
    application.setStyleSheet(_STYLE.substitute({name: getattr(tokens, name) for name in Tokens.__slots__}))
    return tokens
