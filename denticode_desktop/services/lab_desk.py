"""LabDesk: Labs come in, are edited, previewed and finalized. Sending is the outbox's."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from denticode_desktop.domain.access import ALLOWED, Action, Actor, require
from denticode_desktop.domain.audit_event import AuditDraft, AuditKind
from denticode_desktop.domain.connection import Connection
from denticode_desktop.domain.errors import NotFoundError, UserError
from denticode_desktop.domain.events import LabsChanged, QueueChanged
from denticode_desktop.domain.ids import ConnectionId, LabId, PatientId, ProviderId, WriteBackId
from denticode_desktop.domain.lab import (
    MAX_DOCUMENT_BYTES,
    Document,
    FinalizePreview,
    FinalizeProblem,
    LabContent,
    LabRevision,
    RevisionKind,
    content_sha256,
    lab_id_for_random,
)
from denticode_desktop.domain.people import Demographics
from denticode_desktop.ports.clock import Clock, Randomness
from denticode_desktop.ports.event_sink import EventSink
from denticode_desktop.ports.lab_files import LabFileReader
from denticode_desktop.ports.unit_of_work import Store, UnitOfWork
from denticode_desktop.ports.views import LabSummary

from .chart_target import Linking
from .compose import Composer
from .compose_codes import Obstacle
from .danger_signs import danger_signs
from .lab_checks import as_problems, blocking, bound_faults, content_faults, raise_first
from .lab_intake import UNCHANGED, ImportResult, note_edited, take_in
from .lab_views import LabView, view_lab
from .named_records import link_named
from .write_back_maker import PlannedWriteBack, Rules, WriteBackMaker

TAIL_BYTES = 2048


@dataclass(frozen=True, slots=True)
class FinalizeResult:
    """A frozen revision and the write-backs made with it. `problems`: what a person settles before sending.

    dangers: what a person should see about the write-backs, though nothing is in the way.
    """

    revision: LabRevision
    writeback_ids: tuple[WriteBackId, ...]
    problems: tuple[FinalizeProblem, ...] = ()
    dangers: tuple[FinalizeProblem, ...] = ()


class LabDesk:
    """Every method acts for `actor`, says NotAllowedError where the role may not, and NotFoundError for no such Lab."""

    def __init__(
        self,
        store: Store,
        reader: LabFileReader,
        clock: Clock,
        randomness: Randomness,
        sink: EventSink,
        linking: Linking,
        composer: Composer,
    ) -> None:
        self._store = store
        self._reader = reader
        self._clock = clock
        self._randomness = randomness
        self._sink = sink
        self._linking = linking
        self._maker = WriteBackMaker(composer, linking, clock)  # fmt: skip

    def import_file(self, actor: Actor, path: Path) -> ImportResult:
        """Reads a Lab file and stores what is new. Raises UserError with the field's path; nothing is kept then."""
        require(actor, Action.WRITE_LABS)
        lab = self._reader.read(path)
        at = self._clock.utc_now()
        with self._store.write() as uow:
            result, revision = take_in(uow, lab, at)
            link_named(uow, self._linking, _enabled(uow), revision, actor, at)
            if result.status != UNCHANGED:
                _note(uow, AuditKind.LAB_IMPORTED, actor, revision, outcome=result.status)
        if result.status != UNCHANGED:
            self._sink.publish(LabsChanged(result.lab_id))
        return result

    def add_patient(self, actor: Actor, person: Demographics) -> PatientId:
        """The patient with exactly this name, birth date and chart number, added where there is none yet."""
        require(actor, Action.WRITE_LABS)
        with self._store.write() as uow:
            found = uow.people.find_patient(person)
            if found is None:
                found = uow.people.add_patient(person, "")
                uow.audit.append(_edited(actor, "patient_added", {"patient_id": found}))
        return found

    def add_provider(self, actor: Actor, name: str, npi: str) -> ProviderId:
        """The provider of that name and NPI, added where there is none yet."""
        require(actor, Action.WRITE_LABS)
        with self._store.write() as uow:
            known = {provider.provider_id for provider in uow.people.providers()}
            found = uow.people.find_or_add_provider(name, npi)
            if found not in known:
                uow.audit.append(_edited(actor, "provider_added", {"provider_id": found}))
        return found

    def add_document(self, actor: Actor, *, title: str, file_name: str, data: bytes) -> Document:
        """Stores a PDF's bytes for a draft's list of documents. Raises UserError (field `document`)."""
        require(actor, Action.WRITE_LABS)
        is_pdf = data.startswith(b"%PDF-") and b"%%EOF" in data[-TAIL_BYTES:]
        if not is_pdf or len(data) > MAX_DOCUMENT_BYTES:
            raise UserError("The document is not a whole PDF of at most 10 MB. Choose another file.", field="document")
        digest = hashlib.sha256(data).hexdigest()
        with self._store.write() as uow:
            uow.labs.put_blob(digest, data)
            uow.audit.append(_edited(actor, "document_added", {"sha256": digest, "size_bytes": len(data)}))
        return Document(title, file_name, digest, len(data))

    def create_draft(self, actor: Actor, content: LabContent) -> LabRevision:
        """A new Lab written here, as a draft."""
        require(actor, Action.WRITE_LABS)
        raise_first(bound_faults(content))
        lab_id = lab_id_for_random(self._randomness.token_bytes(16))
        return self._add(actor, lab_id, RevisionKind.ORIGINAL, content, "created")

    def update_draft(
        self, actor: Actor, lab_id: LabId, content: LabContent, *, seen: LabContent | None = None
    ) -> LabRevision:
        """Changes the draft. `seen` is what the person began from, if that counts.

        Raises UserError where the Lab is finalized, or the draft is not as it was seen: nothing is overwritten.
        """
        require(actor, Action.WRITE_LABS)
        raise_first(bound_faults(content))
        with self._store.write() as uow:
            latest = uow.labs.revision(lab_id)
            if latest.finalized_at is not None:
                raise UserError("This Lab is finalized and cannot be changed. Write an addendum.", field="lab_id")
            if seen is not None and latest.content != seen:
                raise UserError(
                    "This draft was changed in the meantime, by an import or in another window. "
                    "Copy what you typed, open the Lab again, then put it in.", field="lab_id",
                )  # fmt: skip
            uow.labs.update_draft(lab_id, latest.revision, content, latest.source_sha256)
            changed = uow.labs.revision(lab_id)
            note_edited(uow, lab_id, latest.revision)
            _note(uow, AuditKind.LAB_EDITED, actor, changed, outcome="changed")
        self._sink.publish(LabsChanged(lab_id))
        return changed

    def discard_draft(self, actor: Actor, lab_id: LabId) -> None:
        """Takes back a draft that nobody finalized; what was finalized before stays. Raises UserError for no draft."""
        require(actor, Action.WRITE_LABS)
        with self._store.write() as uow:
            latest = uow.labs.revision(lab_id)
            if latest.finalized_at is not None:
                raise UserError("This Lab is finalized; there is no draft to delete.", field="lab_id")
            uow.labs.discard_draft(lab_id, latest.revision)
            _note(uow, AuditKind.LAB_EDITED, actor, latest, outcome="draft deleted")
        self._sink.publish(LabsChanged(lab_id))

    def addendum(self, actor: Actor, lab_id: LabId) -> LabRevision:
        """An empty draft for the same patient, visit and provider. Raises UserError where a draft is open already."""
        require(actor, Action.WRITE_LABS)
        with self._store.read() as uow:
            latest = uow.labs.revision(lab_id)
        if latest.finalized_at is None:
            raise UserError("This Lab has a draft already. Finalize it, then write an addendum.", field="lab_id")
        before = latest.content
        content = LabContent(before.visit_on, before.patient_id, before.provider_id, "")
        return self._add(actor, lab_id, RevisionKind.ADDENDUM, content, "addendum", latest.external_id)

    def preview(self, actor: Actor, lab_id: LabId, connection_id: ConnectionId | None) -> FinalizePreview:
        """Exactly what finalizing and sending would add to the chart; problems that do not block are danger signs.

        connection_id None = every enabled connection.
        """
        require(actor, Action.READ_NOTES)
        connections = self._connections(connection_id)
        with self._maker.rules_for(connections) as rules, self._store.write() as uow:
            revision = uow.labs.revision(lab_id)
            # as finalizing does: the roster may have come after the Lab's file
            link_named(uow, self._linking, connections, revision, actor, self._clock.utc_now())
            plans = self._plan(uow, revision, connections, rules)
            problems = self._problems(uow, revision, plans)
        return FinalizePreview(tuple(problems), tuple(_preview_lines(plans)))

    def finalize(self, actor: Actor, lab_id: LabId) -> FinalizeResult:
        """Freezes the draft and makes its write-backs in the same write unit; finalized already = changes nothing.

        A write-back is made for every enabled connection where patient, provider and codes are settled; the others
        are made by Send. Raises UserError or PersonNeededError with the first field that must be corrected.
        """
        require(actor, Action.FINALIZE_LABS)
        connections = self._connections(None)
        with self._maker.rules_for(connections) as rules, self._store.write() as uow:
            draft = uow.labs.revision(lab_id)
            if draft.finalized_at is not None:
                return self._finalized_before(uow, draft)
            now = self._clock.utc_now()
            link_named(uow, self._linking, connections, draft, actor, now)
            plans = self._plan(uow, draft, connections, rules)
            patient = uow.people.patient(draft.content.patient_id)
            raise_first(content_faults(draft.content, patient, now.date()) + blocking(plans))
            uow.labs.finalize(
                lab_id, draft.revision, content_sha256=content_sha256(draft.content), at=now, by=actor.name
            )
            frozen = uow.labs.revision(lab_id, draft.revision)
            _note(uow, AuditKind.LAB_FINALIZED, actor, frozen)
            fit = [plan for plan in plans if not plan.obstacles]
            writeback_ids = tuple(self._maker.store(uow, actor, frozen, plan) for plan in fit)
        self._sink.publish(LabsChanged(lab_id))
        for plan in fit:
            self._sink.publish(QueueChanged(plan.connection.connection_id))
        open_ends = [o for plan in plans for o in plan.obstacles]
        dangers = [danger for plan in fit for danger in plan.composition.dangers]
        problems = tuple(as_problems(open_ends))
        return FinalizeResult(frozen, writeback_ids, problems, tuple(as_problems(dangers, are_dangers=True)))

    def _finalized_before(self, uow: UnitOfWork, revision: LabRevision) -> FinalizeResult:
        found = [w for w in uow.outbox.writebacks_of_lab(revision.lab_id) if w.revision == revision.revision]
        dangers = tuple(danger for w in found for danger in danger_signs(uow, self._linking, w))
        return FinalizeResult(revision, tuple(w.writeback_id for w in found), (), dangers)

    def list(self, actor: Actor, text: str = "", *, limit: int = 200, offset: int = 0) -> Sequence[LabSummary]:
        """Labs by name, provider, date or id, newest first. Names are for the screen only."""
        require(actor, Action.SEARCH_PATIENTS)
        with self._store.read() as uow:
            return uow.labs.summaries(text=text, limit=limit, offset=offset)

    def show(self, actor: Actor, lab_id: LabId, *, is_refresh: bool = False) -> LabView:
        """The Lab with every item's state. Opening its clinical text is an audit event; showing it anew is not.

        A role that may not read notes sees status only.
        """
        require(actor, Action.SEARCH_PATIENTS)
        may_read_notes = Action.READ_NOTES in ALLOWED[actor.role]
        connections = self._connections(None)
        with self._maker.rules_for(connections) as rules, self._store.read() as uow:
            revisions = _revisions(uow, lab_id)
            made = uow.outbox.writebacks_of_lab(lab_id)
            done = {w.connection_id for w in made if w.revision == revisions[-1].revision}
            left = [c for c in connections if c.connection_id not in done]
            problems = self._problems(uow, revisions[-1], self._plan(uow, revisions[-1], left, rules))
            view = view_lab(uow, revisions, uow.connections.all(), problems, may_read_notes=may_read_notes)
        if may_read_notes and not is_refresh:
            with self._store.write() as uow:
                _note(uow, AuditKind.LAB_VIEWED, actor, revisions[-1])
        return view

    def _add(
        self, actor: Actor, lab_id: LabId, kind: RevisionKind, content: LabContent, outcome: str, external_id: str = ""
    ) -> LabRevision:
        with self._store.write() as uow:
            revision = uow.labs.add_revision(
                lab_id, kind, content, external_id=external_id, source_sha256="", created_at=self._clock.utc_now()
            )
            _note(uow, AuditKind.LAB_EDITED, actor, revision, outcome=outcome)
        self._sink.publish(LabsChanged(lab_id))
        return revision

    def _connections(self, connection_id: ConnectionId | None) -> Sequence[Connection]:
        with self._store.read() as uow:
            return [uow.connections.get(connection_id)] if connection_id is not None else _enabled(uow)

    def _plan(
        self, uow: UnitOfWork, revision: LabRevision, connections: Sequence[Connection], rules: Rules
    ) -> Sequence[PlannedWriteBack]:
        return [self._maker.plan(uow, revision, c, rules[c.connection_id]) for c in connections]

    def _problems(
        self, uow: UnitOfWork, revision: LabRevision, plans: Sequence[PlannedWriteBack]
    ) -> Sequence[FinalizeProblem]:
        faults: Sequence[Obstacle] = ()
        if revision.finalized_at is None:
            patient = uow.people.patient(revision.content.patient_id)
            faults = content_faults(revision.content, patient, self._clock.utc_now().date())
        dangers = [danger for plan in plans for danger in plan.composition.dangers]
        must = blocking(plans)
        rest = [o for plan in plans for o in plan.obstacles if o not in must]
        return [*as_problems([*faults, *must]), *as_problems([*rest, *dangers], are_dangers=True)]


def _preview_lines(plans: Sequence[PlannedWriteBack]) -> list[str]:
    lines = []
    for plan in plans:
        name = plan.connection.settings.name
        lines += [f"{name}: {line}" if len(plans) > 1 else line for line in plan.composition.lines]
    return lines


def _enabled(uow: UnitOfWork) -> list[Connection]:
    return [connection for connection in uow.connections.all() if connection.is_enabled]


def _revisions(uow: UnitOfWork, lab_id: LabId) -> Sequence[LabRevision]:
    found = uow.labs.revisions(lab_id)
    if not found:
        raise NotFoundError("There is no Lab with that id. Look for it in Lab sessions.", field="lab_id")
    return found


def _edited(actor: Actor, outcome: str, detail: dict[str, str | int | bool | None]) -> AuditDraft:
    return AuditDraft(AuditKind.LAB_EDITED, actor.name, actor.role.value, outcome=outcome, detail=detail)


def _note(uow: UnitOfWork, kind: AuditKind, actor: Actor, revision: LabRevision, outcome: str = "ok") -> None:
    uow.audit.append(
        AuditDraft(
            kind, actor.name, actor.role.value, outcome=outcome, lab_id=revision.lab_id,
            content_sha256=revision.content_sha256 or content_sha256(revision.content),
            detail={"revision": revision.revision, "kind": revision.kind.value},
        )
    )  # fmt: skip
