"""Lab sessions: the list, one Lab with its items, an editor for drafts, Finalize with preview, Send, addendum."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from denticode_desktop.domain.charting import Procedure
from denticode_desktop.domain.errors import DenticodeError
from denticode_desktop.domain.ids import LabId
from denticode_desktop.domain.lab import FinalizePreview
from denticode_desktop.domain.write_back import ItemState
from denticode_desktop.ports.views import ItemView, LabSummary
from denticode_desktop.services.lab_views import LabView

from .messages import words_of
from .page import Page
from .widgets import PlainLabel, button, card, clear, confirm, shown
from .window_services import PageContext

STATE_WORDS = {
    ItemState.PLANNED: ("\u25d4 Waiting", "muted"),
    ItemState.INFLIGHT: ("? Checking", "warn"),
    ItemState.DONE: ("\u2714 In chart", "good"),
    ItemState.REVIEW: ("\u2691 Needs you", "bad"),
    ItemState.VOID: ("\u2014 Not written", "muted"),
}


class LabsPage(Page):
    """List at the left, one Lab at the right."""

    def __init__(self, context: PageContext) -> None:
        super().__init__("Lab sessions")
        self._practice = context.services
        self._actor = context.services.actor
        self._tasks = context.tasks
        self._wake = context.services.engine.wake
        self._view: LabView | None = None
        self.bar.addWidget(button("Import Lab file \u2026", self._import, name="labImport", kind="primary"))
        columns = QHBoxLayout()
        left = QVBoxLayout()
        self._search = QLineEdit()
        self._search.setObjectName("labSearch")
        self._search.setAccessibleName("Search Labs")
        self._search.setPlaceholderText("Search patient, provider or Lab")
        self._search.textChanged.connect(lambda _text: self.refresh())
        self._list = QListWidget()
        self._list.setObjectName("labList")
        self._list.setAccessibleName("Labs, newest visit first")
        self._list.currentItemChanged.connect(lambda now, _before: self._chosen(now))
        left.addWidget(self._search)
        left.addWidget(self._list, 1)
        columns.addLayout(left, 2)
        holder, self._detail = card()
        columns.addWidget(holder, 3)
        self.body.addLayout(columns, 1)
        self._empty("Choose a Lab at the left, or import a Lab file.")

    def open_lab(self, lab_id: LabId) -> None:
        """Shows that Lab."""
        self._read(lab_id)

    def refresh(self) -> None:
        """Reads the list again, and the Lab that is shown."""
        text = self._search.text()
        self._tasks.run(lambda: self._practice.labs.list(self._actor, text), self._show_list, self._failed)
        if self._view is not None and not self._is_editing():
            self._read(self._view.lab_id)

    def _is_editing(self) -> bool:
        note = self.findChild(QPlainTextEdit, "labNote")
        return note is not None and note.document().isModified()

    def _show_list(self, labs: Sequence[LabSummary]) -> None:
        self._list.blockSignals(True)
        self._list.clear()
        for lab in labs:
            entry = QListWidgetItem(shown(f"{lab.visit_on}  {lab.patient_name}\n{_summary(lab)}"))
            entry.setData(0x0100, lab.lab_id)
            self._list.addItem(entry)
        self._list.blockSignals(False)
        if not labs:
            self._list.addItem("No Lab fits." if self._search.text() else "No Lab yet. Import a Lab file.")

    def _chosen(self, entry: QListWidgetItem | None) -> None:
        lab_id = entry.data(0x0100) if entry is not None else None
        if lab_id:
            self._read(LabId(lab_id))

    def _read(self, lab_id: LabId) -> None:
        self._tasks.run(lambda: self._practice.labs.show(self._actor, lab_id), self._show, self._failed)

    def _empty(self, words: str) -> None:
        clear(self._detail)
        self._detail.addWidget(PlainLabel(words, kind="muted"))
        self._detail.addStretch(1)

    # -- one Lab -------------------------------------------------------------------------------------------------

    def _show(self, view: LabView) -> None:
        self._view = view
        clear(self._detail)
        latest = view.revisions[-1]
        self._detail.addWidget(PlainLabel(view.patient.person.display_name, name="sectionTitle"))
        born = view.patient.person.date_of_birth
        about = f"born {born or 'not known'} \u00b7 {view.provider_name or 'no provider'} \u00b7 Lab {view.lab_id}"
        self._detail.addWidget(PlainLabel(f"{about} \u00b7 revision {latest.revision}", kind="muted"))
        for link in view.links:
            words = f"chart {link.pms_patient_id}" if link.pms_patient_id else "not matched to a patient there"
            self._detail.addWidget(PlainLabel(f"{link.connection_name}: {words}", kind="muted"))
        for problem in view.problems:
            self._detail.addWidget(PlainLabel(f"\u26a0 {problem.sentence}", kind="warn"))
        if latest.content is not None:
            self._show_content(latest.content.note_text, latest.content.procedures, latest.finalized_at is None)
        for write_back in latest.write_backs:
            self._detail.addWidget(PlainLabel(f"{write_back.connection_name}: {write_back.state.value}"))
            for item in write_back.items:
                self._detail.addWidget(_item_row(item))
            for line in write_back.writeback.by_hand:
                self._detail.addWidget(PlainLabel(f"\u270e By hand: {line}", kind="warn"))
        self._detail.addLayout(self._buttons(latest.finalized_at is None))
        self._detail.addStretch(1)

    def _show_content(self, note_text: str, procedures: Sequence[Procedure], is_draft: bool) -> None:
        note = QPlainTextEdit(note_text)
        note.setObjectName("labNote")
        note.setAccessibleName("Note")
        note.setReadOnly(not is_draft)
        note.document().setModified(False)
        note.setMinimumHeight(120)
        self._detail.addWidget(note)
        for line in procedures:
            parts = [line.code, f"tooth {line.tooth}" if line.tooth else "", line.surfaces or ""]
            parts += [line.quadrant.value if line.quadrant else "", line.status.value.replace("_", " ")]
            self._detail.addWidget(PlainLabel("  ".join(part for part in parts if part)))

    def _buttons(self, is_draft: bool) -> QHBoxLayout:
        line = QHBoxLayout()
        if is_draft:
            line.addWidget(button("Save draft", self._save, name="labSave"))
            line.addWidget(button("Finalize \u2026", self._preview, name="labFinalize", kind="primary"))
        else:
            line.addWidget(button("Send Lab to PMS", self._send, name="labSend", kind="primary"))
            line.addWidget(button("Write addendum", self._addendum, name="labAddendum"))
        line.addStretch(1)
        return line

    def _lab_id(self) -> LabId:
        assert self._view is not None
        return self._view.lab_id

    def _save(self, then: Callable[[], None] | None = None) -> None:
        note = self.findChild(QPlainTextEdit, "labNote")
        view = self._view
        if note is None or view is None or view.revisions[-1].content is None:
            return
        content = replace(view.revisions[-1].content, note_text=note.toPlainText())
        note.document().setModified(False)
        after = then or (lambda: self._done("The draft is saved."))
        lab_id = view.lab_id
        self._tasks.run(
            lambda: self._practice.labs.update_draft(self._actor, lab_id, content), lambda _: after(), self._failed
        )

    def _preview(self) -> None:
        lab_id = self._lab_id()

        def ask() -> None:
            self._tasks.run(
                lambda: self._practice.labs.preview(self._actor, lab_id, None), self._show_preview, self._failed
            )

        if self._is_editing():
            self._save(ask)
        else:
            ask()

    def _show_preview(self, preview: FinalizePreview) -> None:
        blocking = [p for p in preview.problems if p.is_blocking]
        if blocking:
            self.tell("Cannot finalize yet: " + " ".join(p.sentence for p in blocking), "bad")
            return
        dangers = [f"\u26a0 {p.sentence}" for p in preview.problems]
        text = "\n".join(["This will be frozen, and Send adds to the chart:", *preview.lines, "", *dangers])
        if confirm(self, "Finalize", text, "Finalize"):
            lab_id = self._lab_id()
            self._tasks.run(
                lambda: self._practice.labs.finalize(self._actor, lab_id),
                lambda _: self._done("Finalized. Press Send Lab to PMS when it should go."),
                self._failed,
            )

    def _send(self) -> None:
        lab_id = self._lab_id()
        self._tasks.run(
            lambda: self._practice.outbox.send(self._actor, lab_id, None),
            lambda _: self._done("Queued. It goes into the chart by itself; the rows below tell how far it is."),
            self._failed,
        )

    def _addendum(self) -> None:
        lab_id = self._lab_id()
        self._tasks.run(
            lambda: self._practice.labs.addendum(self._actor, lab_id),
            lambda _: self._done("Write the addendum, then finalize it."),
            self._failed,
        )

    def _import(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Import Lab file", "", "Lab files (*.json)")
        if name:
            self.import_file(Path(name))

    def import_file(self, path: Path) -> None:
        """Imports one file and shows its Lab."""

        def imported(result: Any) -> None:
            self._done(f"{path.name}: {result.status}.")
            self._read(result.lab_id)

        self._tasks.run(lambda: self._practice.labs.import_file(self._actor, path), imported, self._failed)

    def _done(self, words: str) -> None:
        self.tell(words, "good")
        self._wake()
        self.refresh()

    def _failed(self, error: DenticodeError) -> None:
        self.tell(words_of(error), "bad")


def _summary(lab: LabSummary) -> str:
    if not lab.is_finalized:
        return "draft"
    if not lab.has_writeback:
        return "finalized \u00b7 something must be settled before it can go"
    if not lab.is_requested and ItemState.PLANNED in lab.item_states:
        return "finalized \u00b7 not sent yet"
    counts = [(words, sum(state is s for s in lab.item_states)) for state, (words, _) in STATE_WORDS.items()]
    return " \u00b7 ".join(f"{words}: {count}" for words, count in counts if count)


def _item_row(view: ItemView) -> QWidget:
    holder = QWidget()
    line = QHBoxLayout(holder)
    line.setContentsMargins(0, 0, 0, 0)
    words, kind = STATE_WORDS[view.item.state]
    when = f" at {view.item.done_at.astimezone():%d %b %H:%M}" if view.item.done_at else ""
    payload = view.item.payload
    name = getattr(payload, "code", "") or getattr(payload, "title", "") or "note"
    line.addWidget(PlainLabel(f"{view.item.seq}. {view.item.kind.value} {name if name != 'note' else ''}".strip()), 2)
    line.addWidget(PlainLabel(words + when, kind=kind), 3)
    return holder
