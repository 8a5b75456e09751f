"""Rows of the audit log by blocks, read by a pool thread: opening and jumping cost the same at any length.

Without another filter than time the chain has no gap, so that a row's number gives its seq and any block can be read at
once. With other filters blocks follow each other by their last seq and the table grows as one scrolls.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from denticode_desktop.domain.errors import DenticodeError
from denticode_desktop.ports.views import AuditFilter
from denticode_desktop.ui.task_runner import TaskRunner
from denticode_desktop.ui.window_services import WindowServices
from denticode_desktop.ui.words import tr

from .words import COLUMNS, AuditRow, row_of

BLOCK = 200
KEPT_BLOCKS = 40
Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()


@dataclass(frozen=True, slots=True)
class _Opened:
    """The first block, and how many rows the filter lets through."""

    rows: list[AuditRow]
    total: int


class AuditModel(QAbstractTableModel):
    """`opened` tells that a filter's first rows are there; `failed` an error."""

    opened = Signal()
    failed = Signal(object)

    def __init__(self, parent: QObject, services: WindowServices, tasks: TaskRunner) -> None:
        super().__init__(parent)
        self._services = services
        self._tasks = tasks
        self._filters = AuditFilter()
        self._reading_no = 0
        self._blocks: OrderedDict[int, list[AuditRow]] = OrderedDict()
        self._wanted: list[int] = []
        self._is_reading = False
        self._rows = 0
        self.total = 0
        self._top_seq = 0
        self._last_seqs: list[int] = []

    # -- opening -------------------------------------------------------------------------------------------------

    @property
    def is_dense(self) -> bool:
        """Whether a row's number gives its seq."""
        f = self._filters
        return f.actor is None and not f.kinds and f.outcome is None and f.pms_patient_id is None and not f.text

    @property
    def is_reading(self) -> bool:
        """Whether an answer is awaited."""
        return self._is_reading

    def open(self, filters: AuditFilter) -> None:
        """From the newest, with these filters."""
        self._reading_no += 1
        self._is_reading = True
        number = self._reading_no
        services = self._services

        def read() -> _Opened:
            events = services.audit.page(services.actor, filters, None, BLOCK)
            total = len(events) if len(events) < BLOCK else services.audit.count(services.actor, filters)
            return _Opened([row_of(event) for event in events], total)

        def show(opened: _Opened) -> None:
            if number == self._reading_no:
                self._filters = filters
                self._show_first(opened)

        self._tasks.run(read, show, self._on_failed, owner=self)

    def _show_first(self, opened: _Opened) -> None:
        self.beginResetModel()
        self._is_reading = False
        self._blocks.clear()
        self._wanted.clear()
        self.total = opened.total
        self._top_seq = opened.rows[0].seq if opened.rows else 0
        self._last_seqs = [opened.rows[-1].seq] if opened.rows else []
        self._blocks[0] = opened.rows
        self._rows = opened.total if self.is_dense else len(opened.rows)
        self.endResetModel()
        self.opened.emit()

    # -- blocks --------------------------------------------------------------------------------------------------

    def row_at(self, row: int) -> AuditRow | None:
        """None while its block is read, which this asks for."""
        number, place = divmod(row, BLOCK)
        block = self._blocks.get(number)
        if block is None:
            self._want(number)
            return None
        return block[place] if place < len(block) else None

    def _want(self, number: int) -> None:
        if number not in self._wanted:
            self._wanted = [*self._wanted[-3:], number]
        self._read_next()

    def _read_next(self) -> None:
        if self._is_reading or not self._wanted:
            return
        number = self._wanted.pop()
        before = self._before(number)
        if number in self._blocks or before is None:
            self._read_next()
            return
        self._is_reading = True
        reading_no, filters, services = self._reading_no, self._filters, self._services

        def read() -> list[AuditRow]:
            return [row_of(event) for event in services.audit.page(services.actor, filters, before, BLOCK)]

        def show(rows: list[AuditRow]) -> None:
            if reading_no == self._reading_no:
                self._is_reading = False
                self._show_block(number, rows)
                self._read_next()

        self._tasks.run(read, show, self._on_failed, owner=self)

    def _before(self, number: int) -> int | None:
        if self.is_dense:
            return self._top_seq - number * BLOCK + 1
        if number == 0:
            return self._top_seq + 1
        return self._last_seqs[number - 1] if number <= len(self._last_seqs) else None

    def _show_block(self, number: int, rows: list[AuditRow]) -> None:
        first, last = number * BLOCK, number * BLOCK + len(rows) - 1
        if not self.is_dense and number == len(self._last_seqs):
            if not rows:
                self.total = self._rows
                return
            self.beginInsertRows(ROOT, first, last)
            self._last_seqs.append(rows[-1].seq)
            self._rows += len(rows)
            self._keep(number, rows)
            self.endInsertRows()
            return
        self._keep(number, rows)
        if rows:
            self.dataChanged.emit(self.index(first, 0), self.index(min(last, self._rows - 1), len(COLUMNS) - 1))

    def _keep(self, number: int, rows: list[AuditRow]) -> None:
        self._blocks[number] = rows
        while len(self._blocks) > KEPT_BLOCKS:
            self._blocks.popitem(last=False)

    def _on_failed(self, error: DenticodeError) -> None:
        self._is_reading = False
        self._wanted.clear()
        self.failed.emit(error)

    # -- the model -----------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = ROOT) -> int:
        """As Qt."""
        return 0 if parent.isValid() else self._rows

    def columnCount(self, parent: Index = ROOT) -> int:
        """As Qt."""
        return 0 if parent.isValid() else len(COLUMNS)

    def canFetchMore(self, parent: Index) -> bool:
        """Filtered tables grow."""
        return not self.is_dense and self._rows < self.total

    def fetchMore(self, parent: Index) -> None:
        """The next block."""
        self._want(len(self._last_seqs))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text for screen readers and copying; the table paints by `row_at`."""
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole) or not index.isValid():
            return None
        row = self.row_at(index.row())
        return tr("Reading \u2026") if row is None else row.cells[index.column()]

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Column names."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return tr(COLUMNS[section])
        return None

    def outcomes(self) -> Sequence[str]:
        """Outcomes seen so far, for the filter's list."""
        return sorted({row.event.draft.outcome for rows in self._blocks.values() for row in rows})

    def people(self) -> Sequence[str]:
        """Names seen so far."""
        return sorted({row.event.draft.actor for rows in self._blocks.values() for row in rows})
