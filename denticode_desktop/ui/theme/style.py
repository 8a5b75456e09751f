"""Puts the tokens on the application: palette, font, style sheet. Light or dark by the system or by a person."""

from enum import StrEnum
from string import Template

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from denticode_desktop.ui.resource_files import resource_file

from .tokens import BODY_PT, CAPTION_PT, DARK, LIGHT, NUMERAL_PT, SECTION_PT, TITLE_PT, Tokens

_IS_DARK = "denticodeIsDark"
_HAS_STYLE = "denticodeHasStyle"
STYLE = "Fusion"


class Look(StrEnum):
    """What a person chose."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


def tokens() -> Tokens:
    """Those in use now."""
    application = QApplication.instance()
    return DARK if application is not None and application.property(_IS_DARK) else LIGHT


def new_application(program: str) -> QApplication:
    """The application with its style: given on its command line, it is not loaded a second time from Python."""
    application = QApplication([program, "-style", STYLE])
    application.setProperty(_HAS_STYLE, True)
    return application


def is_dark_for(look: Look, application: QApplication) -> bool:
    """Whether that choice means dark here and now."""
    if look is Look.SYSTEM:
        return application.styleHints().colorScheme() is Qt.ColorScheme.Dark
    return look is Look.DARK


def style_sheet(used: Tokens) -> str:
    """resources/style/app.qss with colours and sizes filled in."""
    text = resource_file("style", "app.qss").read_text(encoding="utf-8")
    sizes = {
        "caption_pt": CAPTION_PT, "body_pt": BODY_PT, "section_pt": SECTION_PT, "title_pt": TITLE_PT,
        "numeral_pt": NUMERAL_PT,
    }  # fmt: skip
    look = "dark" if used.is_dark else "light"
    drawn = {name: resource_file("style", f"{name}-{look}.svg").as_posix() for name in ("chevron", "check")}
    return Template(text).substitute({**used._asdict(), **sizes, **drawn})


def apply_theme(application: QApplication, *, is_dark: bool | None = None) -> Tokens:
    """Light or dark, by the system's own choice where None."""
    chosen = is_dark_for(Look.SYSTEM, application) if is_dark is None else is_dark
    used = DARK if chosen else LIGHT
    application.setProperty(_IS_DARK, chosen)
    if not application.property(_HAS_STYLE):
        application.setStyle(STYLE)
        application.setProperty(_HAS_STYLE, True)
    font = application.font()
    font.setPointSize(BODY_PT)
    application.setFont(font)
    application.setPalette(_palette(used))
    application.setStyleSheet(style_sheet(used))
    return used


def _palette(used: Tokens) -> QPalette:
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, colour in (
        (roles.Window, used.ground), (roles.Base, used.surface), (roles.AlternateBase, used.sunken),
        (roles.Button, used.surface), (roles.WindowText, used.text), (roles.Text, used.text),
        (roles.ButtonText, used.text), (roles.Highlight, used.accent), (roles.HighlightedText, used.on_accent),
        (roles.PlaceholderText, used.muted), (roles.ToolTipBase, used.surface), (roles.ToolTipText, used.text),
        (roles.Link, used.accent), (roles.Mid, used.line), (roles.Light, used.surface), (roles.Dark, used.edge),
    ):  # fmt: skip
        palette.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(used.muted))
    return palette


class ThemeSwitch(QObject):
    """Holds the person's choice and follows the system while that is what was chosen."""

    def __init__(self, application: QApplication, look: Look) -> None:
        super().__init__(application)
        self._application = application
        self._look = look
        application.styleHints().colorSchemeChanged.connect(self._on_system_changed)
        apply_theme(application, is_dark=is_dark_for(look, application))

    @property
    def look(self) -> Look:
        """What was chosen."""
        return self._look

    def choose(self, look: Look) -> None:
        """From now on."""
        self._look = look
        apply_theme(self._application, is_dark=is_dark_for(look, self._application))

    @Slot()
    def _on_system_changed(self) -> None:
        if self._look is Look.SYSTEM:
            apply_theme(self._application)
