"""Small shared widgets. Text from outside is never rich, and nothing that it holds can draw itself."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QMessageBox,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

MAX_SHOWN_CHARS = 2_000
_INVISIBLE = dict.fromkeys(
    [*range(0x09), *range(0x0B, 0x20), 0x7F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F],
    "\u25af",
)


def shown(text: str) -> str:
    """Control and direction characters made visible, and not longer than a page needs."""
    plain = text.translate(_INVISIBLE)
    return plain if len(plain) <= MAX_SHOWN_CHARS else plain[:MAX_SHOWN_CHARS] + " \u2026"


class PlainLabel(QLabel):
    """A label that shows plain text only, wraps and can be squeezed."""

    def __init__(self, text: str = "", *, kind: str = "", name: str = "") -> None:
        super().__init__(shown(text))
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        if kind:
            self.setProperty("kind", kind)
        if name:
            self.setObjectName(name)

    def set_words(self, text: str, kind: str = "") -> None:
        """Other text, other kind."""
        self.setText(shown(text))
        self.setProperty("kind", kind)
        self.style().unpolish(self)
        self.style().polish(self)


def button(text: str, on_press: Callable[[], None], *, name: str, kind: str = "") -> QPushButton:
    """A push button with a name for tests and screen readers."""
    made = QPushButton(text)
    made.setObjectName(name)
    made.setAccessibleName(text.replace("&", ""))
    if kind:
        made.setProperty("kind", kind)
    made.clicked.connect(lambda _checked=False: on_press())
    return made


def card() -> tuple[QFrame, QVBoxLayout]:
    """A framed box and its layout."""
    frame = QFrame()
    frame.setProperty("kind", "card")
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(16, 12, 16, 12)
    layout.setSpacing(8)
    return frame, layout


def clear(layout: QLayout) -> None:
    """Takes everything out."""
    while (entry := layout.takeAt(0)) is not None:
        widget = entry.widget()
        if widget is not None:
            widget.deleteLater()


def confirm(parent: QWidget, title: str, text: str, yes: str) -> bool:
    """Asks; plain text. The safe button is the default."""
    box = QMessageBox(QMessageBox.Icon.Question, title, shown(text), QMessageBox.StandardButton.Cancel, parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    accept = box.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(QMessageBox.StandardButton.Cancel)
    box.exec()
    return box.clickedButton() is accept


class Page(QWidget):
    """A page: title, buttons at its right, one line that says what is going on, and a body that scrolls."""

    def __init__(self, title: str) -> None:
        super().__init__()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 16, 24, 16)
        outer.setSpacing(12)
        head = QHBoxLayout()
        self.title = PlainLabel(title, name="pageTitle")
        head.addWidget(self.title, 1)
        self.bar = QHBoxLayout()
        head.addLayout(self.bar)
        outer.addLayout(head)
        self.message = PlainLabel("", name="pageMessage")
        self.message.hide()
        outer.addWidget(self.message)
        holder = QWidget()
        self.body = QVBoxLayout(holder)
        self.body.setContentsMargins(0, 0, 8, 0)
        self.body.setSpacing(12)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(holder)
        scroll.setAccessibleName(title)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        outer.addWidget(scroll, 1)

    def tell(self, text: str, kind: str = "muted") -> None:
        """One line under the title; empty hides it."""
        self.message.set_words(text, kind)
        self.message.setVisible(bool(text))

    def refresh(self) -> None:
        """Reads again. Called when the page is shown and when something happened."""
