"""Cards, rules, notices and small helpers for layouts."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLayout, QScrollArea, QVBoxLayout, QWidget

from denticode_desktop.ui.theme import SPACE_2, SPACE_3, SPACE_4
from denticode_desktop.ui.words import tr

from .buttons import ActionButton, button
from .icon_label import IconLabel
from .plain import PlainLabel, set_kind

_NOTICE_ICONS = {
    "good": "check-circle", "warn": "warning", "bad": "x-circle", "info": "info", "muted": "hourglass",
}  # fmt: skip


class Card(QFrame):
    """A framed box; put things into `inner`."""

    def __init__(self, *, name: str = "", kind: str = "card") -> None:
        super().__init__()
        self.setProperty("kind", kind)
        if name:
            self.setObjectName(name)
        self.inner = QVBoxLayout(self)
        self.inner.setContentsMargins(SPACE_4, SPACE_3, SPACE_4, SPACE_3)
        self.inner.setSpacing(SPACE_2)


def card() -> tuple[Card, QVBoxLayout]:
    """A framed box and its layout."""
    made = Card()
    return made, made.inner


def rule() -> QFrame:
    """A thin line between rows."""
    line = QFrame()
    line.setProperty("kind", "rule")
    return line


def scrolled(inside: QWidget, name: str) -> QScrollArea:
    """A see-through area that scrolls up and down only; `name` is what a screen reader says."""
    area = QScrollArea()
    ground = QWidget()
    ground.setObjectName("qt_scrollarea_viewport")
    area.setViewport(ground)  # one of ours: to find the Python type of Qt's own, PySide loads many others
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setAccessibleName(name)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(inside)
    inside.setAutoFillBackground(False)
    ground.setAutoFillBackground(False)
    return area


def clear(layout: QLayout) -> None:
    """Takes everything out, layouts within it too."""
    while (entry := layout.takeAt(0)) is not None:
        widget, inner = entry.widget(), entry.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            clear(inner)


class Notice(QFrame):
    """One sentence of what happened or what a person must do, with at most one button. Hidden while empty.

    kind: good, warn, bad, info, muted.
    """

    def __init__(self, *, name: str = "pageMessage") -> None:
        super().__init__()
        self._act: Callable[[], None] | None = None
        line = QHBoxLayout(self)
        line.setContentsMargins(SPACE_3, SPACE_2, SPACE_3, SPACE_2)
        line.setSpacing(SPACE_2)
        self._icon = IconLabel("info", "info", 18)
        line.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        self._words = PlainLabel("", name=name)
        line.addWidget(self._words, 1)
        self._button = button(tr("Show"), self._pressed, name=f"{name}Button", kind="quiet")
        line.addWidget(self._button, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    @property
    def words(self) -> str:
        """What it says now."""
        return self._words.text()

    @property
    def button(self) -> ActionButton:
        """Its one button."""
        return self._button

    def tell(
        self, text: str, kind: str = "info", *, button_text: str = "", on_press: Callable[[], None] | None = None
    ) -> None:
        """Shows the sentence; empty hides the box."""
        self._words.set_words(text, "")
        self._icon.set_icon(_NOTICE_ICONS.get(kind, "info"), kind if kind in _NOTICE_ICONS else "info")
        set_kind(self, f"notice-{kind}")
        self._act = on_press
        if button_text:
            self._button.set_words(button_text)
        self._button.setVisible(bool(button_text))
        self.setVisible(bool(text))

    def _pressed(self) -> None:
        if self._act is not None:
            self._act()
