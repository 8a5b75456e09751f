"""Inputs that several pages use."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFormLayout, QLabel, QLineEdit, QWidget

from denticode_desktop.ui.theme import icon, tokens

TYPING_PAUSE_MS = 150


class SearchField(QLineEdit):
    """Tells `searched` a moment after the last key, and at once on Enter. Esc empties it."""

    searched = Signal(str)

    def __init__(self, placeholder: str, *, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(placeholder)
        self.setClearButtonEnabled(True)
        self.setMaxLength(200)
        self.addAction(icon("search", tokens().muted, 16), QLineEdit.ActionPosition.LeadingPosition)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(TYPING_PAUSE_MS)
        self._pause.timeout.connect(self._tell)
        self.textChanged.connect(self._pause.start)
        self.returnPressed.connect(self._tell)

    @property
    def wanted(self) -> str:
        """As typed, trimmed."""
        return self.text().strip()

    def _tell(self) -> None:
        self._pause.stop()
        self.searched.emit(self.wanted)


def add_field(form: QFormLayout, label: str, field: QWidget, *, hint: str = "") -> QLabel:
    """A row whose label is the field's buddy; `&` in the label gives its key."""
    words = QLabel(label)
    words.setTextFormat(Qt.TextFormat.PlainText)
    words.setBuddy(field)
    form.addRow(words, field)
    if not field.accessibleName():
        field.setAccessibleName(label.replace("&", "").rstrip(":"))
    if hint:
        field.setAccessibleDescription(hint)
        field.setToolTip(hint)
    return words

