"""Composer: a finalized Lab for one chart -> the items to write, the lines a person charts, the danger signs.

Pure but for opening a gateway, which opens no socket: fingerprints and what can be written are the adapter's to say.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from denticode_desktop.domain.charting import CatalogueCode, Procedure, ProcedureStatus, TreatmentArea, sorted_surfaces
from denticode_desktop.domain.connection import Connection
from denticode_desktop.domain.ids import PmsLocationId, PmsPatientId, PmsProviderId
from denticode_desktop.domain.lab import Document, LabContent, LabRevision, RevisionKind
from denticode_desktop.domain.marker import marker_for, with_marker
from denticode_desktop.domain.payload import KIND_OF_PAYLOAD, payload_sha256
from denticode_desktop.domain.write_back import (
    DocumentPayload,
    ItemKind,
    ItemPayload,
    NewItem,
    NotePayload,
    ProcedurePayload,
)
from denticode_desktop.ports.pms import ConnectionSecrets, PmsCapabilities, PmsDirectory

from .compose_codes import FindCodes, Obstacle, pick_code
from .compose_earlier import AlreadySent, EarlierWriteBack, is_same_note
from .compose_words import BY_HAND, document_words, fee_words, procedure_words, replaces_words


class ChartRules(Protocol):
    """The part of a PmsGateway that needs no network: what its PMS takes, and how a record is known again."""

    @property
    def capabilities(self) -> PmsCapabilities:
        """What can be written here."""
        ...

    def fingerprint(self, payload: ItemPayload) -> str:
        """Over the fields that this PMS takes and gives back."""
        ...

    def by_hand_reason(self, procedure: Procedure, code: CatalogueCode) -> str | None:
        """Why a line cannot be written here, or None."""
        ...


@dataclass(frozen=True, slots=True)
class ChartTarget:
    """Whose chart, over which connection, under which provider and office. `time_zone` is an IANA name or empty."""

    connection: Connection
    pms_patient_id: PmsPatientId
    pms_provider_id: PmsProviderId
    pms_location_id: PmsLocationId | None
    time_zone: str

    @property
    def name(self) -> str:
        """The connection's name, for sentences."""
        return self.connection.settings.name


@dataclass(frozen=True, slots=True)
class Composition:
    """What goes to one chart.

    obstacles: nothing can be written while there is one. dangers: what a person should see before sending.
    lines: one for each thing that would be added, in order. by_hand: with the reason, for the worksheet.
    """

    items: tuple[NewItem, ...] = ()
    by_hand: tuple[str, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    dangers: tuple[Obstacle, ...] = ()
    lines: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Composition({len(self.items)} items)"


class Composer:
    """Composes write-backs for any PMS that the directory knows."""

    def __init__(self, directory: PmsDirectory) -> None:
        self._directory = directory

    @contextmanager
    def rules_of(self, connection: Connection) -> Iterator[ChartRules]:
        """The adapter's rules for a connection. No secret is needed and no socket opened."""
        gateway = self._directory.open(connection.settings, ConnectionSecrets())
        try:
            yield gateway
        finally:
            gateway.close()

    def compose(
        self,
        revision: LabRevision,
        target: ChartTarget,
        rules: ChartRules,
        find_codes: FindCodes,
        earlier: Sequence[EarlierWriteBack] = (),
        before: LabContent | None = None,
    ) -> Composition:
        """Everything of `revision` that is new to the chart: note, procedures, documents, in this order.

        `earlier`: write-backs of the Lab's earlier revisions to the same connection and patient. They matter for a
        CHANGED revision only; an addendum stands by itself. `before`: what the Lab held before it was changed.
        """
        draft = _Draft(revision, target, rules, AlreadySent(earlier, before))
        for index, procedure in enumerate(revision.content.procedures):
            draft.add_procedure(index, procedure, find_codes)
        for document in revision.content.documents:
            draft.add_document(document)
        return draft.finish()


@dataclass(slots=True)
class _Draft:
    """A composition under way."""

    revision: LabRevision
    target: ChartTarget
    rules: ChartRules
    sent: AlreadySent
    payloads: list[ItemPayload] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    by_hand: list[str] = field(default_factory=list)
    by_hand_words: list[str] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)
    dangers: list[Obstacle] = field(default_factory=list)

    @property
    def is_changed(self) -> bool:
        return self.revision.kind is RevisionKind.CHANGED

    def add_procedure(self, index: int, procedure: Procedure, find_codes: FindCodes) -> None:
        path = f"procedures[{index}]"
        code = pick_code(procedure.code, f"{path}.code", find_codes, self.target.name)
        if isinstance(code, Obstacle):
            self.obstacles.append(code)
            return
        words = procedure_words(procedure, self.revision.content.visit_on)
        reason = self._by_hand_reason(ItemKind.PROCEDURE) or self.rules.by_hand_reason(procedure, code)
        if reason is not None:
            self._add_by_hand(words, reason)
            return
        payload = self._procedure_payload(procedure, code)
        if self.is_changed and self.sent.take(ItemKind.PROCEDURE, self.rules.fingerprint(payload), procedure):
            return
        if self.is_changed and self.sent.has_alike(payload):
            self._warn(path, f"{words} was sent before with another status, fee or provider. Both will be in the chart")
        self._check_place(path, procedure, code)
        self._check_status(path, procedure)
        self._check_fee(path, procedure)
        self.payloads.append(payload)
        self.lines.append(f"Procedure {procedure_words(payload, self.revision.content.visit_on)}")

    def _procedure_payload(self, procedure: Procedure, code: CatalogueCode) -> ProcedurePayload:
        target = self.target
        is_completed = procedure.status is ProcedureStatus.COMPLETED and self._may_complete
        return ProcedurePayload(
            code=code.code, code_id=code.code_id, tooth=procedure.tooth,
            surfaces=sorted_surfaces(procedure.surfaces) if procedure.surfaces else None, quadrant=procedure.quadrant,
            status=ProcedureStatus.COMPLETED if is_completed else ProcedureStatus.TREATMENT_PLANNED,
            fee_cents=procedure.fee_cents if self.rules.capabilities.takes_fees else None,
            service_on=procedure.service_on or self.revision.content.visit_on,
            pms_provider_id=target.pms_provider_id, pms_location_id=target.pms_location_id, time_zone=target.time_zone,
        )  # fmt: skip

    @property
    def _may_complete(self) -> bool:
        is_allowed = self.target.connection.settings.may_complete_procedures
        return is_allowed and self.rules.capabilities.can_complete_procedures

    def _check_status(self, path: str, procedure: Procedure) -> None:
        if procedure.status is not ProcedureStatus.COMPLETED:
            return
        if self._may_complete:
            self._warn(path, f"{procedure.code} goes to {self.target.name} as completed and posts to the ledger there")
            return
        can_complete = self.rules.capabilities.can_complete_procedures
        why = "this connection's setting" if can_complete else "what this PMS takes"
        self._warn(
            path,
            f"{procedure.code} is completed in the Lab, but goes to {self.target.name} as treatment-planned by {why}. "
            "Complete it in the PMS",
        )

    def _check_fee(self, path: str, procedure: Procedure) -> None:
        if procedure.fee_cents is not None and not self.rules.capabilities.takes_fees:
            fee = fee_words(procedure.fee_cents)
            self._warn(
                path,
                f"{self.target.name} takes the fee of {procedure.code} from its own fee schedule, not the {fee} of the "
                "Lab. Check it in the PMS",
            )

    def _check_place(self, path: str, procedure: Procedure, code: CatalogueCode) -> None:
        needs_tooth = code.treatment_area in (TreatmentArea.TOOTH, TreatmentArea.SURFACE)
        if needs_tooth and procedure.tooth is None:
            self._warn(path, f"{procedure.code} is charted on a tooth in {self.target.name}, but the line names none")
        elif code.treatment_area is TreatmentArea.SURFACE and not procedure.surfaces:
            self._warn(path, f"{procedure.code} is charted on surfaces in {self.target.name}, but the line names none")

    def add_document(self, document: Document) -> None:
        words = document_words(document)
        reason = self._by_hand_reason(ItemKind.DOCUMENT)
        if reason is not None:
            self._add_by_hand(words, reason)
            return
        payload = DocumentPayload(
            title=document.title, file_name=document.file_name, sha256=document.sha256, size_bytes=document.size_bytes,
            visit_on=self.revision.content.visit_on, pms_provider_id=self.target.pms_provider_id,
            pms_location_id=self.target.pms_location_id,
        )  # fmt: skip
        if self.is_changed and self.sent.take(ItemKind.DOCUMENT, self.rules.fingerprint(payload), document):
            return
        self.payloads.append(payload)
        self.lines.append(f"Document {document.title} ({document.file_name}, {document.size_bytes:,} bytes)")

    def finish(self) -> Composition:
        if self.is_changed:
            for words in self.sent.left_words():
                self._warn("procedures", f"{words} was sent before. Remove it by hand in the PMS if it is wrong")
        note = self._note_text()
        if note is not None:
            self._add_note(note)
        lines = (*self.lines, *(f"By hand: {line}" for line in self.by_hand))
        if self.obstacles:
            return Composition(obstacles=tuple(self.obstacles), dangers=tuple(self.dangers), lines=lines)
        items = tuple(self._item(seq, payload) for seq, payload in enumerate(self.payloads, start=1))
        return Composition(items, tuple(self.by_hand), (), tuple(self.dangers), lines)

    def _note_text(self) -> str | None:
        """The text of this revision's note without by-hand block and marker; None = the chart has it already."""
        text = self.revision.content.note_text
        before = self.sent.note_revision() if self.is_changed else None
        if before is None:
            return text
        if is_same_note(text, before.content.note_text):
            return None
        self._warn("note.text", "The note was sent before and has changed: the chart will hold both")
        return f"{replaces_words(before)}\n\n{text}"

    def _add_note(self, text: str) -> None:
        content = self.revision.content
        reason = self._by_hand_reason(ItemKind.NOTE)
        if reason is not None:
            self._add_by_hand(f"note of {content.visit_on.isoformat()}", reason)
            return
        if self.by_hand_words:
            text = f"{text.rstrip()}\n\n" + "\n".join(BY_HAND + words for words in self.by_hand_words)
        self.payloads.insert(
            0,
            NotePayload(
                text=text, visit_on=content.visit_on, pms_provider_id=self.target.pms_provider_id,
                pms_location_id=self.target.pms_location_id, time_zone=self.target.time_zone,
            ),
        )  # fmt: skip
        self.lines.insert(0, f"Note of {content.visit_on.isoformat()} ({len(text):,} characters)")

    def _item(self, seq: int, payload: ItemPayload) -> NewItem:
        settings = self.target.connection.settings
        kind = KIND_OF_PAYLOAD[type(payload)]
        marker = marker_for(settings.organization_id, self.revision.lab_id, self.revision.revision, seq)
        can_mark = settings.is_marker_on and kind in self.rules.capabilities.marker_kinds
        if can_mark and isinstance(payload, NotePayload):
            payload = NotePayload(
                text=with_marker(payload.text, marker), visit_on=payload.visit_on,
                pms_provider_id=payload.pms_provider_id, pms_location_id=payload.pms_location_id,
                time_zone=payload.time_zone,
            )  # fmt: skip
        return NewItem(seq, kind, payload, payload_sha256(payload), marker, self.rules.fingerprint(payload))

    def _by_hand_reason(self, kind: ItemKind) -> str | None:
        capabilities = self.rules.capabilities
        if kind in capabilities.writes:
            return None
        return capabilities.why_not.get(kind) or f"{self.target.name} does not take a {kind.value} from outside."

    def _add_by_hand(self, words: str, reason: str) -> None:
        line = f"{words} ({reason.rstrip('.')})"
        if self.is_changed and self.sent.take_by_hand(line):
            return
        self.by_hand.append(line)
        self.by_hand_words.append(words)

    def _warn(self, path: str, sentence: str) -> None:
        self.dangers.append(Obstacle(path, f"{sentence[0].upper()}{sentence[1:]}."))
