"""Fields of these screens: label above, hint below, and one sentence at the field where something is wrong."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout, QWidget

from denticode_desktop.ports.secrets import MAX_SECRET_CHARS
from denticode_desktop.services.connection_rules import MAX_ID_CHARS, trimmed
from denticode_desktop.ui.theme import SPACE_1
from denticode_desktop.ui.widgets import PlainLabel

from .signs import Clear, SignLine

_ROOM = 200
"""Longer input is taken and refused with a sentence, not cut off silently."""


class PasteEdit(QLineEdit):
    """Takes the blanks and invisible characters around what is pasted or dropped away at once."""

    def __init__(self, name: str, spoken: str, *, is_secret: bool = False) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(spoken)
        self.setMaxLength(max(MAX_ID_CHARS, MAX_SECRET_CHARS) + _ROOM)
        self._length = 0
        if is_secret:
            self.setEchoMode(QLineEdit.EchoMode.Password)
            self.setInputMethodHints(
                Qt.InputMethodHint.ImhHiddenText
                | Qt.InputMethodHint.ImhSensitiveData
                | Qt.InputMethodHint.ImhNoPredictiveText
            )
        self.textEdited.connect(self._on_edited)
        self.editingFinished.connect(self._trim)

    @property
    def value(self) -> str:
        """As it will be used."""
        return trimmed(self.text())

    def forget(self) -> None:
        """Empties the field and its undo history."""
        self.setText("")
        self._length = 0

    def _on_edited(self, text: str) -> None:
        """More than one character at a time was pasted or dropped, not typed."""
        if len(text) - self._length > 1:
            self._trim()
        self._length = len(self.text())

    def _trim(self) -> None:
        clean = trimmed(self.text())
        if clean != self.text():
            self.setText(clean)
        self._length = len(clean)


class FieldRow(Clear):
    """A label, its input, a hint and an error."""

    def __init__(self, label: str, field: QWidget, *, hint: str = "") -> None:
        super().__init__()
        self.field = field
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_1)
        self._label = QLabel(label)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setBuddy(field)
        layout.addWidget(self._label)
        layout.addWidget(field)
        self._hint = PlainLabel(hint, kind="caption")
        layout.addWidget(self._hint)
        self._error = SignLine("", "x-circle", "bad", name=f"{field.objectName()}Error")
        layout.addWidget(self._error)
        self.say_hint(hint)
        self.say_error("")

    @property
    def error(self) -> str:
        """The sentence shown at the field, empty for none."""
        return self._error.text

    def say_hint(self, text: str) -> None:
        """Where the value comes from."""
        self._hint.say(text)
        self._hint.setVisible(bool(text))
        self.field.setAccessibleDescription(text)

    def say_error(self, text: str) -> None:
        """One sentence; empty hides it. A screen reader hears it with the field."""
        self._error.set_sign(text, "x-circle", "bad")
        self._error.setVisible(bool(text))
        self._hint.setVisible(bool(self._hint.text()) and not text)
        self.field.setAccessibleDescription(text or self._hint.text())
        self.field.setProperty("isWrong", bool(text))
        self.field.style().unpolish(self.field)
        self.field.style().polish(self.field)


def forget_error_when(row: FieldRow, connect: Callable[[Callable[..., None]], object]) -> None:
    """The sentence goes as soon as the person changes the value: `connect` is the signal's."""
    connect(lambda *_: row.say_error("") if row.error else None)


def amp(text: str) -> str:
    """A label from a data file: an `&` in it is no shortcut."""
    return text.replace("&", "&&")
