"""Audit log: everything that happened, newest first; filters, one event whole, Verify, export."""

from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFileDialog, QSplitter

from denticode_desktop.domain.access import Action
from denticode_desktop.domain.errors import DenticodeError
from denticode_desktop.ports.views import AuditFilter
from denticode_desktop.services.audit_log import VerifyResult, Watch
from denticode_desktop.ui.operations import may
from denticode_desktop.ui.page import Page, PageState
from denticode_desktop.ui.shortcuts import Command
from denticode_desktop.ui.task_runner import Task
from denticode_desktop.ui.times import clock_time
from denticode_desktop.ui.widgets import BusyBar, EmptyState, PlainLabel, button
from denticode_desktop.ui.window_services import PageContext
from denticode_desktop.ui.words import tr

from .details import DetailsPane
from .filters import FilterBar
from .model import AuditModel
from .table import AuditTable

SIDE_BY_SIDE_FROM = 780


class AuditPage(Page):
    """Filter line above, table at the left, the chosen event at the right."""

    def __init__(self, context: PageContext) -> None:
        super().__init__(tr("Audit log"), tr("Every event is kept and chained to the one before."), is_scrolling=False)
        self._context = context
        self._services = context.services
        actor = context.services.actor
        self._may_read = may(actor, Action.READ_AUDIT)
        self._verify = button(tr("Verify"), self._on_verify, name="auditVerify", kind="primary", icon_name="audit")
        self._csv = button(tr("Export CSV \u2026"), lambda: self._on_export("csv"), name="auditCsv")
        self._jsonl = button(tr("Export JSON lines \u2026"), lambda: self._on_export("jsonl"), name="auditJsonl")
        self._csv.setToolTip(tr("What the filters show, for a spreadsheet"))
        self._jsonl.setToolTip(tr("The whole log with its hashes, to be checked by itself"))
        for made in (self._csv, self._jsonl, self._verify):
            self.add_action(made)
        if not self._may_read:
            self._verify.hide()
        if not may(actor, Action.EXPORT_AUDIT):
            self._csv.hide()
            self._jsonl.hide()
        self.model = AuditModel(self, context.services, context.tasks)
        self.model.opened.connect(self._on_opened)
        self.model.failed.connect(self._on_failed)
        self.filters = FilterBar(context.services.utc_now)
        self.filters.changed.connect(self._open)
        self.table = AuditTable(self.model)
        self.table.selectionModel().currentRowChanged.connect(self._on_chosen)
        self.details = DetailsPane()
        self._build()
        self._work: Task | None = None
        self.show_state(PageState.LOADING)

    def _build(self) -> None:
        self.busy = BusyBar(name="auditBusy", on_cancel=self._on_stop)
        self.body.addWidget(self.filters)
        self.body.addWidget(self.busy)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setObjectName("auditSplit")
        self._split.setChildrenCollapsible(False)
        self._split.setHandleWidth(12)
        self._split.addWidget(self.table)
        self._split.addWidget(self.details)
        self._split.setStretchFactor(0, 1)
        self._split.setSizes([700, 280])
        self.body.addWidget(self._split, 1)
        self.count = PlainLabel("", kind="caption", name="auditCount")
        self.body.addWidget(self.count)

    # -- reading -------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Reads the newest again; somebody who has scrolled down is left where they are."""
        if not self._may_read:
            words = tr("Your role may not read the audit log.")
            self.show_empty(EmptyState("audit", words, tr("An Owner or Admin may.")))
            return
        is_at_top = self.table.verticalScrollBar().value() == 0 and not self.table.currentIndex().isValid()
        if self.state is not PageState.FULL or is_at_top:
            self.model.open(self.filters.wanted())

    @Slot(object)
    def _open(self, filters: AuditFilter) -> None:
        self.details.show_row(None)
        self.model.open(filters)

    @Slot()
    def _on_opened(self) -> None:
        self.filters.offer(self.model.people(), self.model.outcomes())
        total = self.model.total
        words = tr("1 event") if total == 1 else tr("{n} events").format(n=f"{total:,}")
        if self.filters.is_set:
            words = tr("{events} fit the filters").format(events=words) if total else tr("No event fits the filters.")
        self.count.say(words)
        self._csv.setEnabled(total > 0)
        self.show_full()

    @Slot(object)
    def _on_failed(self, error: DenticodeError) -> None:
        if self.state is PageState.FULL and self.model.rowCount():
            self.tell_error(error)
        else:
            self.show_error(error)

    @Slot(QModelIndex, QModelIndex)
    def _on_chosen(self, index: QModelIndex, _before: QModelIndex) -> None:
        self.details.show_row(self.model.row_at(index.row()) if index.isValid() else None)

    # -- acting --------------------------------------------------------------------------------------------------

    def _on_verify(self) -> None:
        self.tell("")
        for made in (self._verify, self._csv, self._jsonl):
            made.setEnabled(False)
        words = tr("Checking every event from the first \u2026 You can go on working.")
        self.busy.show_work(words)
        services = self._services
        self._work = self._context.tasks.run_task(
            lambda task: services.audit.verify(services.actor, _watch(task)), self._verified, self._work_failed,
            progress=lambda step: self.busy.show_work(words, *step), owner=self,
        )  # fmt: skip

    def _verified(self, result: VerifyResult) -> None:
        self._end_work()
        at = clock_time(self._services.utc_now())
        if result.ok:
            words = tr("The audit log is whole: {n} events, none changed, dropped or added. Checked at {time}.")
            self.tell(words.format(n=f"{result.events:,}", time=at), "good")
        else:
            words = tr("The audit log is not whole. First bad event: {seq}. {why} Tell your IT team before going on.")
            self.tell(words.format(seq=f"{result.bad_seq:,}", why=result.why), "bad")
        self.refresh()

    def _work_failed(self, error: DenticodeError) -> None:
        self._end_work()
        self.tell_error(error)

    def _on_export(self, fmt: str) -> None:
        kinds = {"csv": tr("CSV for a spreadsheet (*.csv)"), "jsonl": tr("JSON lines (*.jsonl)")}
        suggested = str(Path.home() / f"audit-{self._services.utc_now():%Y-%m-%d}.{fmt}")
        name, _ = QFileDialog.getSaveFileName(self, tr("Export audit log"), suggested, kinds[fmt])
        if name:
            self.export_to(fmt, Path(name))

    def export_to(self, fmt: str, out: Path) -> None:
        """`csv` with the filters, `jsonl` whole."""
        self.tell("")
        words = tr("Writing {file} \u2026").format(file=out.name)
        self.busy.show_work(words)
        for made in (self._verify, self._csv, self._jsonl):
            made.setEnabled(False)
        services = self._services
        filters = self.filters.wanted() if fmt == "csv" else None
        self._work = self._context.tasks.run_task(
            lambda task: services.audit.export(services.actor, fmt, out, filters, _watch(task)),
            lambda count: self._exported(out, count), self._work_failed,
            progress=lambda step: self.busy.show_work(words, *step), owner=self,
        )  # fmt: skip

    def _on_stop(self) -> None:
        if self._work is not None:
            self._work.cancel()
        self._end_work()
        self.tell(tr("Stopped. Nothing was changed."), "info")

    def _exported(self, out: Path, count: int) -> None:
        self._end_work()
        words = tr("{n} events were written to {file}. Only you may read it; the export is an event of its own.")
        self.tell(words.format(n=f"{count:,}", file=out.name), "good")
        self.refresh()

    def _end_work(self) -> None:
        self._work = None
        self.busy.rest()
        for made in (self._verify, self._csv, self._jsonl):
            made.setEnabled(True)

    def on_command(self, command: Command) -> bool:
        """Find leads to the search field."""
        if command is Command.FIND:
            self.filters.text.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.filters.text.selectAll()
            return True
        if command is Command.BACK and self.table.currentIndex().isValid():
            self.table.setCurrentIndex(QModelIndex())
            return True
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The event stands beside the table where there is room, else below it."""
        super().resizeEvent(event)
        is_wide = self.width() >= SIDE_BY_SIDE_FROM
        self._split.setOrientation(Qt.Orientation.Horizontal if is_wide else Qt.Orientation.Vertical)


def _watch(task: Task) -> Watch:
    return Watch(lambda done, total: task.tell((done, total)), lambda: task.is_cancelled)
