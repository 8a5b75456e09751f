"""One event whole, field by field, to read and to copy."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QWidget

from denticode_desktop.ui.theme import SPACE_2, SPACE_3
from denticode_desktop.ui.widgets import Card, PlainLabel, button, clear, scrolled
from denticode_desktop.ui.words import tr

from .words import AuditRow, details_of


class DetailsPane(Card):
    """Empty until an event is chosen."""

    def __init__(self) -> None:
        super().__init__(name="auditDetails")
        self._lines: list[tuple[str, str]] = []
        self.title = PlainLabel(tr("Choose an event to see all of it"), kind="muted", name="auditDetailsTitle")
        self.inner.addWidget(self.title)
        holder = QWidget()
        self._grid = QGridLayout(holder)
        self._grid.setContentsMargins(0, 0, SPACE_2, 0)
        self._grid.setHorizontalSpacing(SPACE_3)
        self._grid.setVerticalSpacing(SPACE_2)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnMinimumWidth(0, 92)
        self.inner.addWidget(scrolled(holder, tr("Event")), 1)
        self._copy = button(tr("Copy"), self._to_clipboard, name="auditCopy", kind="quiet", icon_name="copy")
        self._copy.hide()
        self.inner.addWidget(self._copy, 0, Qt.AlignmentFlag.AlignLeft)
        self.setMinimumWidth(240)
        self.hide()

    def show_row(self, row: AuditRow | None) -> None:
        """None empties it."""
        clear(self._grid)
        self._copy.setVisible(row is not None)
        self.setVisible(row is not None)
        if row is None:
            self.title.set_words(tr("Choose an event to see all of it"), "muted")
            return
        self.title.set_words(row.cells[3], "section")
        self._lines = details_of(row.event)
        for number, (name, value) in enumerate(self._lines):
            label = PlainLabel(name, kind="caption")
            self._grid.addWidget(label, number, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(PlainLabel(_breakable(value), limit=600), number, 1)
        self._grid.setRowStretch(len(self._lines), 1)

    @property
    def words(self) -> str:
        """All of it, for tests and the clipboard."""
        return "\n".join(f"{name}: {value}" for name, value in self._lines)

    def _to_clipboard(self) -> None:
        QGuiApplication.clipboard().setText(self.words)


def _breakable(value: str) -> str:
    """A hash has no blanks: lines of 16 letters, so that it fits."""
    if len(value) < 32 or " " in value:
        return value
    return "\n".join(value[i : i + 16] for i in range(0, len(value), 16))
