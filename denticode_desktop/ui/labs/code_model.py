"""The code lines of a draft as a table: what was typed, what is wrong with it, in which cell."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor

from denticode_desktop.domain.charting import ProcedureStatus, Quadrant
from denticode_desktop.ui.theme import icon, tokens
from denticode_desktop.ui.widgets import shown
from denticode_desktop.ui.words import tr

from .draft_form import CodeLine, line_faults, tidy
from .drafts import OfferedCode

Index = QModelIndex | QPersistentModelIndex
COLUMNS: tuple[tuple[str, str], ...] = (
    ("code", "Code"), ("tooth", "Tooth"), ("surfaces", "Surfaces"), ("quadrant", "Quadrant"), ("status", "Status"),
    ("fee", "Fee"), ("date", "Date"),
)  # fmt: skip
NAMES = tuple(name for name, _ in COLUMNS)
STATUS_WORDS = {ProcedureStatus.TREATMENT_PLANNED: "Planned", ProcedureStatus.COMPLETED: "Completed"}
QUADRANT_WORDS = {
    Quadrant.UPPER_RIGHT: "UR, upper right", Quadrant.UPPER_LEFT: "UL, upper left",
    Quadrant.LOWER_LEFT: "LL, lower left", Quadrant.LOWER_RIGHT: "LR, lower right",
}  # fmt: skip
_FLAGS = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
_NOWHERE = QModelIndex()


def column_of(name: str) -> int:
    """Where `code`, `tooth` … stand."""
    return NAMES.index(name)


class LinesModel(QAbstractTableModel):
    """`edited` tells that a line was typed in, added, removed or moved."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.is_writable = True
        self._lines: list[CodeLine] = []
        self._faults: list[dict[str, str]] = []
        self._told: dict[tuple[int, str], str] = {}
        self._known: Mapping[str, OfferedCode] = {}
        self._bases: frozenset[str] = frozenset()

    # -- what it holds -------------------------------------------------------------------------------------------

    @property
    def lines(self) -> tuple[CodeLine, ...]:
        """Every line but blank ones."""
        return tuple(line for line in self._lines if not line.is_blank)

    def show_lines(self, lines: Sequence[CodeLine]) -> None:
        """Other ones."""
        self.beginResetModel()
        self._lines = list(lines)
        self._told.clear()
        self._judge()
        self.endResetModel()

    def show_codes(self, known: Mapping[str, OfferedCode]) -> None:
        """The practice's own codes, by their written form in capitals."""
        self._known = known
        self._bases = frozenset(code.partition(".")[0] for code in known)

    def tell_fault(self, number: int, name: str, sentence: str) -> QModelIndex:
        """A sentence of a service for the line that was saved as `number`; it goes when the line is changed."""
        rows = [row for row, line in enumerate(self._lines) if not line.is_blank]
        if number >= len(rows):
            return QModelIndex()
        self._told[(rows[number], name)] = sentence
        index = self.index(rows[number], column_of(name))
        self._changed()
        return index

    def first_fault(self) -> QModelIndex:
        """The first cell with something wrong; invalid where all is well."""
        for row, faults in enumerate(self._faults):
            for name in faults:
                return self.index(row, column_of(name))
        return QModelIndex()

    def fault(self, row: int, name: str) -> str:
        """What is wrong with a cell, empty for nothing."""
        return self._faults[row].get(name, "") or self._told.get((row, name), "")

    def fault_words(self) -> list[str]:
        """`Line 2, Tooth: A tooth is …`, every one."""
        return [
            tr("Line {number}, {column}: {sentence}").format(number=row + 1, column=tr(title), sentence=sentence)
            for row in range(len(self._lines))
            for name, title in COLUMNS
            if (sentence := self.fault(row, name))
        ]

    def doubt_words(self) -> list[str]:
        """Codes that the practice does not have, as far as is known."""
        if not self._known:
            return []
        return [
            tr("Line {number}: {code} is not in the practice's own code list.").format(
                number=row + 1, code=shown(line.code.strip().upper(), 20)
            )
            for row, line in enumerate(self._lines)
            if line.code.strip() and not self.fault(row, "code") and not self._knows(line.code)
        ]

    def about(self, row: int) -> str:
        """What the practice calls the code of that line; empty where it is not known."""
        found = self._known.get(self._lines[row].code.strip().upper()) if 0 <= row < len(self._lines) else None
        return "" if found is None else found.line

    def _knows(self, code: str) -> bool:
        wanted = code.strip().upper()
        return wanted in self._known or wanted in self._bases

    # -- what a person does --------------------------------------------------------------------------------------

    def add(self, line: CodeLine | None = None, at: int | None = None) -> int:
        """A new line, at the end where `at` is None; its row."""
        row = len(self._lines) if at is None else at
        self.beginInsertRows(_NOWHERE, row, row)
        self._lines.insert(row, line or CodeLine())
        self._told.clear()
        self._judge()
        self.endInsertRows()
        self.edited.emit()
        return row

    def duplicate(self, row: int) -> int:
        """The same line once more, below it."""
        return self.add(self._lines[row], row + 1)

    def remove(self, row: int) -> None:
        """Takes a line out."""
        self.beginRemoveRows(_NOWHERE, row, row)
        del self._lines[row]
        self._told.clear()
        self._judge()
        self.endRemoveRows()
        self.edited.emit()

    def move(self, row: int, by: int) -> int:
        """One up (-1) or down (1); where it is then."""
        other = row + by
        if not 0 <= other < len(self._lines):
            return row
        self.beginMoveRows(_NOWHERE, row, row, _NOWHERE, other + (by > 0))
        self._lines[row], self._lines[other] = self._lines[other], self._lines[row]
        self._told.clear()
        self._judge()
        self.endMoveRows()
        self.edited.emit()
        return other

    def tidy(self, row: int) -> None:
        """After a cell was left: capitals, surfaces in order, one form of fee and date."""
        if 0 <= row < len(self._lines) and (neat := tidy(self._lines[row])) != self._lines[row]:
            self._lines[row] = neat
            self._changed()

    # -- as Qt wants it ------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def flags(self, index: Index) -> Qt.ItemFlag:
        return _FLAGS | Qt.ItemFlag.ItemIsEditable if self.is_writable else _FLAGS

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return tr(COLUMNS[section][1]) if orientation is Qt.Orientation.Horizontal else str(section + 1)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        line, name = self._lines[index.row()], NAMES[index.column()]
        match role:
            case Qt.ItemDataRole.EditRole:
                return getattr(line, name)
            case Qt.ItemDataRole.DisplayRole:
                return self._display(line, name)
            case Qt.ItemDataRole.TextAlignmentRole if name == "fee":
                return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            case Qt.ItemDataRole.ForegroundRole if name == "date" and not line.date:
                return QColor(tokens().muted)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{tr(COLUMNS[index.column()][1])} {self._display(line, name)}"
        return self._of_fault(self.fault(index.row(), name), role)

    def _of_fault(self, sentence: str, role: int) -> Any:
        if not sentence:
            return None
        match role:
            case Qt.ItemDataRole.BackgroundRole:
                return QColor(tokens().bad_soft)
            case Qt.ItemDataRole.DecorationRole:
                return icon("x-circle", tokens().bad, 12)
            case Qt.ItemDataRole.ToolTipRole:
                return sentence.replace("<", "\u2039")  # it may quote what was typed, and a tool tip would draw it
            case Qt.ItemDataRole.AccessibleDescriptionRole:
                return sentence
        return None

    def _display(self, line: CodeLine, name: str) -> str:
        if name == "quadrant":
            return line.quadrant.value if line.quadrant else ""
        if name == "status":
            return tr(STATUS_WORDS[line.status])
        if name == "date" and not line.date:
            return tr("as the visit")
        return shown(str(getattr(line, name)), 60)

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """As typed, key by key; `tidy` comes afterwards."""
        row, name = index.row(), NAMES[index.column()]
        if role != Qt.ItemDataRole.EditRole or getattr(self._lines[row], name) == value:
            return False
        self._lines[row] = replace(self._lines[row], **{name: value})
        self._told = {key: sentence for key, sentence in self._told.items() if key[0] != row}
        self._changed()
        return True

    def _changed(self) -> None:
        self._judge()
        if self._lines:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._lines) - 1, len(COLUMNS) - 1))
        self.edited.emit()

    def _judge(self) -> None:
        self._faults = [dict(line_faults(line)) for line in self._lines]
