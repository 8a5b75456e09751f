"""Parts of the editor: sections, fields with their sentence, inputs that a turning wheel does not change."""

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, Signal
from PySide6.QtGui import QTextDocumentFragment
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from denticode_desktop.domain.lab import MAX_NOTE_CHARS
from denticode_desktop.ui.theme import SPACE_1, SPACE_2, SPACE_3
from denticode_desktop.ui.widgets import Card, IconLabel, PlainLabel
from denticode_desktop.ui.words import tr

_LINE_ENDS = ("\r\n", "\r", "\u2028", "\u2029", "\x0b", "\x0c")


class Clear(QWidget):
    """A holder without a ground of its own."""


class Section(Card):
    """A card with a heading; put what belongs to it into `inner`, small actions into `head`."""

    def __init__(self, title: str, *, name: str) -> None:
        super().__init__(name=name)
        self.head = QHBoxLayout()
        self.head.setSpacing(SPACE_2)
        self.title = PlainLabel(title, kind="section")
        self.head.addWidget(self.title, 2)
        self.inner.addLayout(self.head)
        self.inner.setSpacing(SPACE_3)


class Fault(Clear):
    """What is wrong, with its sign. Hidden while empty."""

    def __init__(self, *, name: str, role: str = "bad") -> None:
        super().__init__()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(SPACE_2)
        sign = IconLabel({"bad": "x-circle", "warn": "warning", "info": "info"}[role], role, 16)
        line.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        self._words = PlainLabel("", name=name)
        line.addWidget(self._words, 1)
        self.hide()

    @property
    def text(self) -> str:
        """What it says, empty for nothing."""
        return self._words.text()

    def say(self, text: str) -> None:
        """One sentence, or several lines of them; empty hides it."""
        self._words.say(text)
        self.setVisible(bool(text))


class Field(Clear):
    """A label above its input, and below it the sentence where something is wrong."""

    def __init__(self, label: str, field: QWidget, *, beside: QWidget | None = None) -> None:
        super().__init__()
        self.field = field
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_1)
        words = QLabel(label)
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setBuddy(field)
        column.addWidget(words)
        row = QHBoxLayout()
        row.setSpacing(SPACE_2)
        row.addWidget(field, 1)
        if beside is not None:
            row.addWidget(beside)
        column.addLayout(row)
        self.fault = Fault(name=f"{field.objectName()}Fault")
        column.addWidget(self.fault)
        column.addStretch(1)
        if not field.accessibleName():
            field.setAccessibleName(label.replace("&", ""))

    def say_fault(self, text: str) -> None:
        """One sentence; a screen reader hears it with the field. Empty takes it away."""
        self.fault.say(text)
        mark_wrong(self.field, text)


def mark_wrong(field: QWidget, sentence: str) -> None:
    """The frame of an input, and what a screen reader adds to its name."""
    field.setAccessibleDescription(sentence)
    if bool(field.property("isWrong")) != bool(sentence):
        field.setProperty("isWrong", bool(sentence))
        field.style().unpolish(field)
        field.style().polish(field)


class _StillWheel(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel:
            event.ignore()
            return True
        return False


def keep_still(field: QWidget) -> None:
    """The wheel scrolls the form and never changes this input under the pointer."""
    field.installEventFilter(_StillWheel(field))


def plain_text_of(source: QMimeData) -> str:
    """Words only, whatever was copied: no fonts, no pictures, one kind of line end, no NUL."""
    text = source.text() if source.hasText() else QTextDocumentFragment.fromHtml(source.html()).toPlainText()
    return _with_one_line_end(text).replace("\ufffc", "")


def _with_one_line_end(text: str) -> str:
    for end in _LINE_ENDS:
        text = text.replace(end, "\n")
    return text.replace("\x00", "")


class NoteEdit(QPlainTextEdit):
    """Plain text; Tab goes on to the next field. `refused` tells what was not pasted and why."""

    refused = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("labNote")
        self.setTabChangesFocus(True)
        self._read = ""
        self._stored = ""
        self._cached = (-1, "")

    def show_text(self, text: str) -> None:
        """A stored note; undo does not go behind it."""
        self.setPlainText(text)
        self._stored, self._read = text, self._words()

    @property
    def text(self) -> str:
        """The note; one that nobody changed comes back exactly as it was stored."""
        words = self._words()
        return self._stored if words == self._read else words

    def put_text(self, text: str) -> None:
        """Replaces everything in one step that can be undone."""
        cursor = self.textCursor()
        cursor.beginEditBlock()
        cursor.select(cursor.SelectionType.Document)
        cursor.insertText(text)
        cursor.endEditBlock()
        self.setTextCursor(cursor)

    def _words(self) -> str:
        """As typed: toPlainText would turn every fixed blank into an ordinary one."""
        revision = self.document().revision()
        if self._cached[0] != revision:  # asked for several times a key, and a note can be long
            self._cached = (revision, _with_one_line_end(self.document().toRawText()))
        return self._cached[1]

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Anything that holds words."""
        return source.hasText() or source.hasHtml()

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Words only, and nothing that could never be saved."""
        text = plain_text_of(source)
        if len(text) > MAX_NOTE_CHARS:
            words = tr("What was pasted has {n:,} characters. A note holds {limit:,}, so nothing was pasted.")
            self.refused.emit(words.format(n=len(text), limit=MAX_NOTE_CHARS))
            return
        self.textCursor().insertText(text)
        self.ensureCursorVisible()
