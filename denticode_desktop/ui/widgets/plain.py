"""Text that stays text: never rich, nothing in it draws itself, and no length breaks a layout."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

MAX_SHOWN_CHARS = 2_000
_INVISIBLE = dict.fromkeys(
    [
        *range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0), 0xAD, 0x61C, *range(0x200B, 0x2010),
        *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF, *range(0xFFF9, 0xFFFC),
    ],
    "\u25af",
)  # fmt: skip


def shown(text: str, limit: int = MAX_SHOWN_CHARS) -> str:
    """Control and direction characters made visible, and not longer than a page needs."""
    plain = text[: limit + 1].translate(_INVISIBLE)
    return plain if len(plain) <= limit else plain[:limit] + " \u2026"


def set_kind(widget: QWidget, kind: str) -> None:
    """Another `kind` for the style sheet."""
    if (widget.property("kind") or "") != kind:
        widget.setProperty("kind", kind)
        restyle(widget)


def restyle(widget: QWidget) -> None:
    """A property that the style sheet looks at has changed. A widget that was never shown is styled then anyway."""
    if widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
        widget.style().unpolish(widget)
        widget.style().polish(widget)


class PlainLabel(QLabel):
    """A label that shows plain text only, wraps and can be squeezed.

    kind: title, section, strong, numeral, muted, caption, good, warn, bad, info, code.
    """

    def __init__(self, text: str = "", *, kind: str = "", name: str = "", limit: int = MAX_SHOWN_CHARS) -> None:
        self._limit = limit
        super().__init__(shown(text, limit))
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        if kind:
            self.setProperty("kind", kind)
        if name:
            self.setObjectName(name)

    def say(self, text: str) -> None:
        """Other text, same kind."""
        wanted = shown(text, self._limit)
        if wanted != self.text():
            self.setText(wanted)

    def set_words(self, text: str, kind: str = "") -> None:
        """Other text, other kind."""
        self.say(text)
        set_kind(self, kind)


class LineLabel(PlainLabel):
    """One line: what does not fit ends in an ellipsis, and the tool tip tells the whole."""

    def __init__(self, text: str = "", *, kind: str = "", name: str = "", is_stretchy: bool = True) -> None:
        super().__init__(text.replace("\n", " "), kind=kind, name=name)
        self.setWordWrap(False)
        policy = QSizePolicy.Policy.Ignored if is_stretchy else QSizePolicy.Policy.Maximum
        self.setSizePolicy(policy, QSizePolicy.Policy.Fixed)

    def say(self, text: str) -> None:
        """As PlainLabel."""
        super().say(text.replace("\n", " "))
        self._tip()

    def minimumSizeHint(self) -> QSize:
        """Two letters wide at least."""
        return QSize(self.fontMetrics().averageCharWidth() * 3, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As Qt."""
        super().resizeEvent(event)
        self._tip()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The elided line."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        inner = self.contentsRect()
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), text)

    def _tip(self) -> None:
        is_cut = self.fontMetrics().horizontalAdvance(self.text()) > self.contentsRect().width()
        self.setToolTip(self.text().replace("<", "\u2039") if is_cut else "")
