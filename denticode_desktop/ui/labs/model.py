"""Rows of the Lab list by blocks, read by a pool thread. A refresh changes only rows that are different."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from denticode_desktop.domain.errors import DenticodeError
from denticode_desktop.domain.ids import LabId
from denticode_desktop.ui.task_runner import TaskRunner
from denticode_desktop.ui.widgets import shown
from denticode_desktop.ui.window_services import WindowServices

from .words import LabFilter, LabRow, fits, row_of

BLOCK = 200
SCAN = 500
MOST_STEPS = 120
"""So many rows that came, went or moved are shown one by one; after more the list is shown anew."""
Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()


@dataclass(frozen=True, slots=True)
class Query:
    """What the list is asked for."""

    text: str = ""
    wanted: LabFilter = LabFilter.ALL

    @property
    def is_all(self) -> bool:
        """Nothing is left out."""
        return not self.text and self.wanted is LabFilter.ALL


@dataclass(frozen=True, slots=True)
class Block:
    """Rows that fit, where the next block begins in the whole list, and whether there is none."""

    rows: list[LabRow]
    next_offset: int
    is_end: bool


def read_block(services: WindowServices, query: Query, offset: int, wanted: int) -> Block:
    """At least `wanted` rows that fit, as far as there are so many; reads the disk. Raises DenticodeError."""
    now = services.utc_now()
    rows: list[LabRow] = []
    step = max(SCAN, wanted) if query.wanted is not LabFilter.ALL else wanted
    while True:
        labs = services.labs.list(services.actor, query.text, limit=step, offset=offset)
        offset += len(labs)
        rows += [row_of(lab, now) for lab in labs if fits(lab, query.wanted)]
        if len(labs) < step or len(rows) >= wanted:
            return Block(rows, offset, len(labs) < step)


class LabListModel(QAbstractListModel):
    """`opened`: the first rows of a query are there. `refreshed`: they are as the store has them now. `failed`."""

    opened = Signal()
    about_to_change = Signal()
    refreshed = Signal()
    failed = Signal(object)

    def __init__(self, parent: QObject, services: WindowServices, tasks: TaskRunner) -> None:
        super().__init__(parent)
        self._services = services
        self._tasks = tasks
        self._rows: list[LabRow] = []
        self._numbers: dict[LabId, int] = {}
        self._reading_no = 0
        self._next_offset = 0
        self._is_growing = False
        self._is_refreshing = False
        self._is_refresh_wanted = False
        self.query = Query()
        self.is_end = False
        self.has_read = False

    # -- reading -------------------------------------------------------------------------------------------------

    def open(self, query: Query) -> None:
        """From the top, with another query."""
        self._reading_no += 1
        self.query = query
        self._is_growing = self._is_refreshing = self._is_refresh_wanted = False
        number, services = self._reading_no, self._services
        self._tasks.run(
            lambda: read_block(services, query, 0, BLOCK),
            lambda block: self._show_first(number, block),
            lambda error: self._on_failed(number, error),
            owner=self,
        )

    def refresh(self) -> None:
        """Reads again what is shown; many calls are one read."""
        if not self.has_read:
            self.open(self.query)
            return
        if self._is_refreshing:
            self._is_refresh_wanted = True
            return
        self._is_refreshing = True
        number, services, query = self._reading_no, self._services, self.query
        wanted = max(BLOCK, len(self._rows))
        self._tasks.run(
            lambda: read_block(services, query, 0, wanted),
            lambda block: self._show_again(number, wanted, block),
            lambda error: self._on_failed(number, error),
            owner=self,
        )

    def _show_first(self, number: int, block: Block) -> None:
        if number != self._reading_no:
            return
        self.has_read = True
        self._next_offset, self.is_end = block.next_offset, block.is_end  # before a view asks for more
        self.beginResetModel()
        self._take(block.rows)
        self.endResetModel()
        self.opened.emit()

    def _show_again(self, number: int, wanted: int, block: Block) -> None:
        if number != self._reading_no:
            return
        self._is_refreshing = self._is_growing = False
        if wanted < len(self._rows) and not block.is_end:  # the list has grown meanwhile
            self.refresh()
            return
        self._next_offset, self.is_end = block.next_offset, block.is_end
        if block.rows != self._rows:
            self.about_to_change.emit()
            self._become(block.rows)
        self.refreshed.emit()
        if self._is_refresh_wanted:
            self._is_refresh_wanted = False
            self.refresh()

    def _show_more(self, number: int, began_at: int, block: Block) -> None:
        if number != self._reading_no:
            return
        if not self._is_growing or began_at != self._next_offset:  # the list was read again meanwhile
            self._is_growing = False
            self.fetchMore(ROOT)
            return
        self._is_growing = False
        fresh = [row for row in block.rows if row.lab_id not in self._numbers]
        self._next_offset, self.is_end = block.next_offset, block.is_end
        if fresh:
            self.beginInsertRows(ROOT, len(self._rows), len(self._rows) + len(fresh) - 1)
            self._take([*self._rows, *fresh])
            self.endInsertRows()
        self.refreshed.emit()

    def _on_failed(self, number: int, error: DenticodeError) -> None:
        if number == self._reading_no:
            self._is_growing = self._is_refreshing = self._is_refresh_wanted = False
            self.failed.emit(error)

    # -- becoming something else ---------------------------------------------------------------------------------

    def _take(self, rows: list[LabRow]) -> None:
        self._rows = rows
        self._numbers = {row.lab_id: number for number, row in enumerate(rows)}

    def _become(self, wanted: list[LabRow]) -> None:
        """Rows that stay keep their place in the view, with selection and focus."""
        ids = {row.lab_id for row in wanted}
        gone = [number for number, row in enumerate(self._rows) if row.lab_id not in ids]
        before = [row.lab_id for row in self._rows if row.lab_id in ids]
        after = [row.lab_id for row in wanted if row.lab_id in self._numbers]
        moved = sum(one != other for one, other in zip(before, after, strict=True))
        if len(gone) + len(ids) - len(after) + moved > MOST_STEPS:
            self.beginResetModel()
            self._take(wanted)
            self.endResetModel()
            return
        for number in reversed(gone):
            self.beginRemoveRows(ROOT, number, number)
            del self._rows[number]
            self.endRemoveRows()
        self._move_and_insert(wanted)
        changed = [number for number, row in enumerate(wanted) if self._rows[number] != row]
        self._take(wanted)
        for number in changed:
            self.dataChanged.emit(self.index(number), self.index(number))

    def _move_and_insert(self, wanted: Sequence[LabRow]) -> None:
        known = {row.lab_id for row in self._rows}
        for number, row in enumerate(wanted):
            if number < len(self._rows) and self._rows[number].lab_id == row.lab_id:
                continue
            if row.lab_id in known:
                before = next(n for n in range(number, len(self._rows)) if self._rows[n].lab_id == row.lab_id)
                self.beginMoveRows(ROOT, before, before, ROOT, number)
                self._rows.insert(number, self._rows.pop(before))
                self.endMoveRows()
            else:
                self.beginInsertRows(ROOT, number, number)
                self._rows.insert(number, row)
                self.endInsertRows()

    # -- the model -----------------------------------------------------------------------------------------------

    def row_at(self, number: int) -> LabRow | None:
        """That row."""
        return self._rows[number] if 0 <= number < len(self._rows) else None

    def index_of(self, lab_id: LabId | None) -> QModelIndex:
        """Where a Lab is, as far as it was read; invalid where it is not."""
        number = self._numbers.get(lab_id) if lab_id is not None else None
        return QModelIndex() if number is None else self.index(number)

    def rowCount(self, parent: Index = ROOT) -> int:
        """As Qt."""
        return 0 if parent.isValid() else len(self._rows)

    def canFetchMore(self, parent: Index) -> bool:
        """The list grows as one scrolls."""
        return self.has_read and not self.is_end and not self._is_growing and not self._is_refreshing

    def fetchMore(self, parent: Index) -> None:
        """The next block."""
        if not self.canFetchMore(parent):
            return
        self._is_growing = True
        number, services, query, offset = self._reading_no, self._services, self.query, self._next_offset
        self._tasks.run(
            lambda: read_block(services, query, offset, BLOCK),
            lambda block: self._show_more(number, offset, block),
            lambda error: self._on_failed(number, error),
            owner=self,
        )

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words for keys, screen readers and tool tips; the list paints by `row_at`."""
        row = self.row_at(index.row()) if index.isValid() else None
        if row is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return shown(row.name, 200)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return shown(row.whole, 400)
        if role == Qt.ItemDataRole.ToolTipRole:
            return shown(row.whole, 400).replace("<", "\u2039")
        return None
