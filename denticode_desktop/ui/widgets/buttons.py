"""Buttons of four kinds, with names for tests and screen readers and icons that follow the theme."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize
from PySide6.QtWidgets import QPushButton, QWidget

from denticode_desktop.ui.theme import icon, tokens

from .plain import shown

ICON_GAP = 6


class ActionButton(QPushButton):
    """kind: primary (one a page), "" = secondary, quiet, danger."""

    def __init__(self, text: str, *, name: str, kind: str = "", icon_name: str = "") -> None:
        super().__init__(text)
        self._icon_name = icon_name
        self.setObjectName(name)
        self.setAccessibleName(text.replace("&", ""))
        self.setAutoDefault(False)
        if kind:
            self.setProperty("kind", kind)
        self._colour_icon()

    def set_words(self, text: str) -> None:
        """Other text, and the same accessible name."""
        if text != self.text():
            self.setText(text)
            self.setAccessibleName(text.replace("&", ""))

    def changeEvent(self, event: QEvent) -> None:
        """A change of theme or state gives the icon another colour."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.EnabledChange):
            self._colour_icon()

    def _colour_icon(self) -> None:
        name = getattr(self, "_icon_name", "")
        if not name:
            return
        used = tokens()
        by_kind = {"primary": used.on_accent, "quiet": used.accent, "danger": used.bad}
        colour = by_kind.get(str(self.property("kind")), used.text) if self.isEnabled() else used.muted
        self.setIcon(icon(name, colour, 16, ICON_GAP if self.text() else 0))
        self.setIconSize(QSize(16 + (ICON_GAP if self.text() else 0), 16))


def button(
    text: str, on_press: Callable[[], None], *, name: str, kind: str = "", icon_name: str = "", tip: str = ""
) -> ActionButton:
    """A push button that calls `on_press`. `text` may hold an `&` before its key."""
    made = ActionButton(text, name=name, kind=kind, icon_name=icon_name)
    if tip:
        made.setToolTip(tip)
    made.clicked.connect(lambda _checked=False: on_press())
    return made


def name_for(widget: QWidget, name: str, accessible: str, description: str = "") -> None:
    """objectName, and the words that a screen reader says; nothing of it draws."""
    widget.setObjectName(name)
    widget.setAccessibleName(shown(accessible, 200))
    if description:
        widget.setAccessibleDescription(shown(description, 400))
