"""Audit log: the newest events, a filter, Verify with its result, export."""

from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QAbstractItemView, QFileDialog, QHeaderView, QLineEdit, QTableWidget, QTableWidgetItem

from denticode_desktop.domain.audit_event import AuditEvent
from denticode_desktop.domain.errors import DenticodeError
from denticode_desktop.ports.views import AuditFilter
from denticode_desktop.ui.messages import words_of
from denticode_desktop.ui.page import Page
from denticode_desktop.ui.widgets import button, shown
from denticode_desktop.ui.window_services import PageContext

PAGE_ROWS = 200
_HEADINGS = ("No.", "When", "Who", "What", "Outcome", "Patient", "Reason")


class AuditPage(Page):
    """Reads by pages, newest first."""

    def __init__(self, context: PageContext) -> None:
        super().__init__("Audit log")
        self._practice = context.services
        self._actor = context.services.actor
        self._tasks = context.tasks
        self._oldest: int | None = None
        self.bar.addWidget(button("Verify", self._verify, name="auditVerify", kind="primary"))
        self.bar.addWidget(button("Export CSV \u2026", lambda: self._export("csv"), name="auditCsv"))
        self.bar.addWidget(button("Export JSON lines \u2026", lambda: self._export("jsonl"), name="auditJsonl"))
        self._text = QLineEdit()
        self._text.setObjectName("auditFilter")
        self._text.setAccessibleName("Filter the audit log")
        self._text.setPlaceholderText("Filter by event, person, Lab or reason, then press Enter")
        self._text.returnPressed.connect(self.refresh)
        self.body.addWidget(self._text)
        self._table = QTableWidget(0, len(_HEADINGS))
        self._table.setObjectName("auditTable")
        self._table.setAccessibleName("Audit events, newest first")
        self._table.setHorizontalHeaderLabels(list(_HEADINGS))
        self._table.verticalHeader().hide()
        self._table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self._table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self._table.horizontalHeader().setStretchLastSection(True)
        self.body.addWidget(self._table, 1)
        self._more = button("Show older events", self._read_more, name="auditMore")
        self.body.addWidget(self._more)

    def refresh(self) -> None:
        """The newest page."""
        self._oldest = None
        self._table.setRowCount(0)
        self._read_more()

    def _read_more(self) -> None:
        filters, before = AuditFilter(text=self._text.text().strip()), self._oldest
        self._more.setEnabled(False)
        self._tasks.run(
            lambda: self._practice.audit.page(self._actor, filters, before, PAGE_ROWS), self._show, self._failed
        )

    def _show(self, events: list[AuditEvent]) -> None:
        self._more.setEnabled(len(events) == PAGE_ROWS)
        start = self._table.rowCount()
        self._table.setRowCount(start + len(events))
        for row, event in enumerate(events, start):
            draft = event.draft
            cells = (
                str(event.seq), f"{event.at.astimezone():%Y-%m-%d %H:%M:%S}", draft.actor, draft.kind.value,
                draft.outcome, draft.pms_patient_id or "", draft.reason,
            )  # fmt: skip
            for column, text in enumerate(cells):
                self._table.setItem(row, column, QTableWidgetItem(shown(text)))
        if events:
            self._oldest = events[-1].seq
        if self._table.rowCount() == 0:
            self.tell("No event fits this filter." if self._text.text().strip() else "Nothing has happened yet.")

    def _verify(self) -> None:
        self.tell("Reading the whole log \u2026")
        self._tasks.run(lambda: self._practice.audit.verify(self._actor), self._verified, self._failed)

    def _verified(self, result: Any) -> None:
        if result.ok:
            self.tell(f"\u2714 The audit log is whole: {result.events} events, none changed, dropped or added.", "good")
        else:
            self.tell(f"\u2716 The audit log is not whole. First bad event: {result.bad_seq}. {result.why}", "bad")

    def _export(self, fmt: str) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Export audit log", f"audit.{fmt}")
        if name:
            self._tasks.run(
                lambda: self._practice.audit.export(self._actor, fmt, Path(name)),
                lambda count: self.tell(f"{count} events were written to {Path(name).name}.", "good"),
                self._failed,
            )

    def _failed(self, error: DenticodeError) -> None:
        self._more.setEnabled(True)
        self.tell(words_of(error), "bad")
