"""DraftEditor: writes one draft. What was typed stays until it is on the disk or a person drops it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from denticode_desktop.domain.errors import DenticodeError, UserError
from denticode_desktop.domain.ids import LabId, PatientId
from denticode_desktop.domain.lab import LabContent, RevisionKind
from denticode_desktop.domain.people import Patient
from denticode_desktop.services.draft_desk import SavedDraft
from denticode_desktop.services.lab_checks import content_faults
from denticode_desktop.services.lab_views import LabView
from denticode_desktop.ui.messages import words_of
from denticode_desktop.ui.theme import SPACE_1, SPACE_2, SPACE_3
from denticode_desktop.ui.widgets import scrolled
from denticode_desktop.ui.window_services import PageContext
from denticode_desktop.ui.words import tr

from .code_lines import CodeLines
from .documents_box import DocumentsBox
from .draft_form import CodeLine, line_of, procedure_of
from .drafts import EditorOffer, PatientChoice, read_offer, save_draft
from .note_box import NoteBox
from .save_bar import NOT_SAVED, NOTHING_TYPED, SAVED, SAVING, SaveBar
from .visit_box import VisitBox

NOBODY = PatientId(0)
ROOM_PX = 120
"""Above and below what was brought into view: its sentence, and the next line of codes."""
_LINE = re.compile(r"procedures\[(?P<number>\d+)\]\.(?P<name>\w+)")
_COLUMN_OF = {"fee_cents": "fee", "service_on": "date"}
Then = Callable[[LabId], None]


@dataclass(frozen=True, slots=True)
class Typed:
    """Everything on the form as it stands; equal to what it was = nothing to save."""

    choice: PatientChoice | None
    content: LabContent
    lines: tuple[CodeLine, ...]

    def __repr__(self) -> str:
        return "Typed(…)"


class DraftEditor(QWidget):
    """The form of a new Lab or of a draft. `saved`: a LabId after it reached the disk. `changed`: look at has_changes.

    `finalize_wanted`: a LabId, after Finalize was pressed and the draft was saved. `drop_wanted`: a LabId, Delete draft
    was pressed.
    """

    saved = Signal(object)
    finalize_wanted = Signal(object)
    drop_wanted = Signal(object)
    changed = Signal()

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("draftEditor")
        self._context = context
        self._lab_id: LabId | None = None
        self._seen: LabContent | None = None
        self._superseded: LabContent | None = None
        self._shown = 0
        self._is_fixed = False
        self._is_saving = False
        self._then: Then | None = None
        self._waiting: list[Then] = []
        self._is_asked_again = False
        self.visit = VisitBox(context)
        self.note = NoteBox(self._for_template)
        self.codes = CodeLines()
        self.documents = DocumentsBox(context)
        self.bar = SaveBar(context.services.actor, self.save, self._finalize, self._drop)
        self._lay_out()
        self._base = self._typed()
        for part in (self.visit, self.note, self.codes, self.documents):
            part.edited.connect(self._on_edited)
        self.codes.opened.connect(self._into_view)
        keys = QShortcut(QKeySequence(QKeySequence.StandardKey.Save), self)
        keys.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        keys.activated.connect(self.save)
        self._show_new()

    def _lay_out(self) -> None:
        inside = QWidget()
        inside.setObjectName("scrollBody")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, SPACE_2, 0)
        column.setSpacing(SPACE_3)
        for part in (self.visit, self.note, self.codes, self.documents):
            column.addWidget(part, 1 if part is self.note else 0)
        self._scroll: QScrollArea = scrolled(inside, tr("Draft"))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(SPACE_1)
        outer.addWidget(self._scroll, 1)
        outer.addWidget(self.bar)

    # -- what is shown -------------------------------------------------------------------------------------------

    def _drop(self) -> None:
        if self._lab_id is not None:
            self.drop_wanted.emit(self._lab_id)

    def new_lab(self) -> None:
        """An empty form."""
        self.bar.offer_drop(False)
        self._show_new()
        self._read_offer()
        self._scroll.verticalScrollBar().setValue(0)
        self.changed.emit()

    def show_draft(self, view: LabView) -> None:
        """The latest revision, a draft with content. The same draft read again keeps cursor and undo history."""
        latest = view.revisions[-1]
        content = latest.content
        if content is None or latest.finalized_at is not None:
            raise ValueError("only a draft with content can be edited")
        if view.lab_id == self._lab_id and content == self._seen:
            self.visit.patient.show_links(view.links)
            return
        superseded, self._superseded = self._superseded, None
        if view.lab_id == self._lab_id and content == superseded:
            return  # read before the save and shown after it: the next reading brings what is on the disk
        self._shown += 1
        self._lab_id, self._seen = view.lab_id, content
        self._is_fixed = bool(view.external_id) or latest.kind is not RevisionKind.ORIGINAL
        self.bar.offer_drop(latest.kind is not RevisionKind.ORIGINAL)
        self._fill(view.patient, content, view.provider_name)
        self.visit.patient.show_links(view.links)
        self._read_offer()
        self._scroll.verticalScrollBar().setValue(0)
        self.changed.emit()

    @property
    def has_changes(self) -> bool:
        """Something typed that is not saved."""
        return self.bar.may_write and self._typed() != self._base

    def forget_changes(self) -> None:
        """The person chose to drop what was typed: as it was saved, or an empty form."""
        self._shown += 1
        if self._seen is None or self._base.choice is None:
            self._show_new()
        else:
            self._fill(self._base.choice, self._seen, self.visit.provider.provider_name)
        self.changed.emit()

    def _show_new(self) -> None:
        self._shown += 1
        self._lab_id = self._seen = self._superseded = None
        self._is_fixed = False
        self.visit.patient.show_links(())
        self._fill(None, LabContent(self.visit.today(), NOBODY, None, ""), "")

    def _fill(self, choice: PatientChoice | None, content: LabContent, provider_name: str) -> None:
        may_write = self.bar.may_write
        self.visit.patient.show_choice(choice, is_fixed=self._is_fixed or not may_write)
        self.visit.provider.show_provider(content.provider_id, provider_name, is_writable=may_write)
        self.visit.show_date(content.visit_on, is_writable=may_write)
        self.note.show_note(content.note_text, content.template, is_writable=may_write)
        self.codes.show_lines([line_of(p) for p in content.procedures], is_writable=may_write)
        self.documents.show_documents(content.documents, is_writable=may_write)
        self.bar.notice.tell("")
        self._base = self._typed()
        self._show_state()

    def _read_offer(self) -> None:
        if self.bar.may_write:
            services = self._context.services
            self._context.tasks.run(lambda: read_offer(services), self._show_offer, self._say_failed)

    def _show_offer(self, offer: EditorOffer) -> None:
        self.visit.provider.show_providers(offer.providers)
        self.visit.patient.show_connections(offer.connections)
        self.codes.show_codes(offer.codes)

    def _for_template(self) -> tuple[str, date, str]:
        return self.visit.patient.first_name, self.visit.visit_on, self.visit.provider.provider_name

    # -- what is typed -------------------------------------------------------------------------------------------

    def _typed(self) -> Typed:
        content = LabContent(
            self.visit.visit_on, NOBODY, self.visit.provider.provider_id, self.note.text,
            documents=self.documents.documents, template=self.note.template,
        )  # fmt: skip
        return Typed(self.visit.patient.choice, content, self.codes.model.lines)

    def _on_edited(self) -> None:
        self._show_state()
        self.changed.emit()

    def _show_state(self) -> None:
        if self._is_saving:
            self.bar.show_state(SAVING)
        elif self.has_changes:
            self.bar.show_state(NOT_SAVED)
        else:
            self.bar.show_state(NOTHING_TYPED if self._lab_id is None else SAVED)

    # -- saving --------------------------------------------------------------------------------------------------

    def save(self, then: Then | None = None) -> None:
        """Saves what was typed, then calls `then`; where it cannot be saved, says why at the field and does not."""
        self.codes.table.commit()
        self.visit.date.interpretText()
        if self._is_saving:
            if then is not None and then not in (self._then, *self._waiting):  # pressed twice is wanted once
                self._waiting.append(then)
            self._is_asked_again = True
            return
        if not self.has_changes and self._lab_id is not None:
            if then is not None:
                then(self._lab_id)
            return
        typed = self._typed()
        if typed.choice is None:
            self.visit.patient.go_to(tr("Choose the patient, then save."))
            self._into_view()
            return
        if self.codes.show_unreadable() or self.documents.show_untitled():
            self._into_view()
            return
        self._then = then
        self._send(typed, typed.choice)

    def _send(self, typed: Typed, choice: PatientChoice) -> None:
        content = LabContent(
            typed.content.visit_on, NOBODY, typed.content.provider_id, typed.content.note_text,
            tuple(procedure_of(line) for line in typed.lines), typed.content.documents, typed.content.template,
        )  # fmt: skip
        services, lab_id, seen, shown = self._context.services, self._lab_id, self._seen, self._shown
        self._is_saving = True
        self.bar.notice.tell("")
        self._show_state()
        self._context.tasks.run(
            lambda: save_draft(services, lab_id, choice, content, seen),
            lambda saved: self._on_saved(saved, typed, shown),
            lambda error: self._on_failed(error, shown),
            owner=self,
        )

    def _on_saved(self, saved: SavedDraft, typed: Typed, shown: int) -> None:
        then, waiting, is_asked_again = self._rest()
        lab_id = saved.revision.lab_id
        if shown == self._shown:
            self._superseded = self._seen
            self._lab_id, self._seen = lab_id, saved.revision.content
            if self.visit.patient.choice == typed.choice:
                self.visit.patient.take_saved(saved.patient)
            self._base = Typed(saved.patient, typed.content, typed.lines)
        self._show_state()
        self.saved.emit(lab_id)
        self.changed.emit()
        if then is not None:
            then(lab_id)
        if is_asked_again and shown == self._shown:
            self.save(lambda again: _call_all(waiting, again))

    def _rest(self) -> tuple[Then | None, list[Then], bool]:
        """Nothing is being saved any more; what was asked for meanwhile."""
        asked = (self._then, self._waiting, self._is_asked_again)
        self._is_saving, self._then, self._waiting, self._is_asked_again = False, None, [], False
        return asked

    def _on_failed(self, error: DenticodeError, shown: int) -> None:
        self._rest()
        self._show_state()
        if shown != self._shown:
            self.bar.notice.tell(tr("The draft before this one was not saved.") + " " + words_of(error), "bad")
        elif not (isinstance(error, UserError) and self._say_at_field(error.field or "", error.sentence)):
            self._say_failed(error)
        self.changed.emit()

    def _say_failed(self, error: DenticodeError) -> None:
        self.bar.notice.tell(words_of(error), "bad")

    # -- finalize ------------------------------------------------------------------------------------------------

    def _finalize(self) -> None:
        if self.bar.may_write:
            self.save(self._on_ready)
        elif self._lab_id is not None:
            self.finalize_wanted.emit(self._lab_id)

    def _on_ready(self, lab_id: LabId) -> None:
        """What stands in the way by itself is marked at its field too: the preview that follows closes again."""
        patient, content = self._base.choice, self._seen
        if lab_id == self._lab_id and content is not None and isinstance(patient, Patient):
            today = self._context.services.utc_now().date()
            for fault in reversed(content_faults(content, patient, today)):
                if _LINE.fullmatch(fault.field) is None:
                    self._say_at_field(fault.field, fault.sentence)
        self.finalize_wanted.emit(lab_id)

    # -- sentences at their fields -------------------------------------------------------------------------------

    def _say_at_field(self, field: str, sentence: str) -> bool:
        """The sentence and the focus where it is put right; False where no field is meant."""
        if found := _LINE.fullmatch(field):
            name = _COLUMN_OF.get(found["name"], found["name"])
            self.codes.go_to(self.codes.tell_fault(int(found["number"]), name, sentence))
        elif field == "visit_date":
            self.visit.say_date_fault(sentence)
            self.visit.date.setFocus()
        elif field.startswith(("patient", "pms_patient")):
            self.visit.patient.go_to(sentence)
        elif field == "provider":
            self.visit.provider.go_to(sentence)
        elif field == "note.text":
            self.note.go_to(sentence)
        elif field == "procedures":
            self.codes.faults.say(sentence)
            self.codes.go_to(QModelIndex())
        elif field.startswith("document"):
            self.documents.go_to(sentence)
        else:
            return False
        self._into_view()
        return True

    def _into_view(self) -> None:
        self._scroll.ensureWidgetVisible(self.focusWidget(), 0, ROOM_PX)


def _call_all(wanted: Sequence[Then], lab_id: LabId) -> None:
    for then in wanted:
        then(lab_id)
