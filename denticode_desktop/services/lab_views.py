"""What a screen shows of one Lab: revisions, their write-backs with each item's state, links and what stands open."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from denticode_desktop.domain.connection import Connection
from denticode_desktop.domain.entity_link import LinkRule
from denticode_desktop.domain.ids import ConnectionId, LabId, PmsPatientId
from denticode_desktop.domain.lab import FinalizeProblem, LabContent, LabRevision, RevisionKind
from denticode_desktop.domain.people import Patient
from denticode_desktop.domain.write_back import NotePayload, WriteBack, WriteBackState, write_back_state
from denticode_desktop.ports.unit_of_work import UnitOfWork
from denticode_desktop.ports.views import ItemView


@dataclass(frozen=True, slots=True)
class WriteBackView:
    """One write-back. `state` is derived from its items; by-hand lines are on the write-back itself."""

    writeback: WriteBack
    connection_name: str
    state: WriteBackState
    items: tuple[ItemView, ...]


@dataclass(frozen=True, slots=True)
class RevisionView:
    """One revision. `content` is None where the person's role shows status, not clinical text."""

    revision: int
    kind: RevisionKind
    created_at: datetime
    finalized_at: datetime | None
    finalized_by: str
    content: LabContent | None
    write_backs: tuple[WriteBackView, ...]


@dataclass(frozen=True, slots=True)
class LinkView:
    """The patient's chart in one PMS; `pms_patient_id` None = not matched there."""

    connection_id: ConnectionId
    connection_name: str
    pms_patient_id: PmsPatientId | None
    rule: LinkRule | None


@dataclass(frozen=True, slots=True)
class LabView:
    """A Lab as a whole. Names are for the screen only."""

    lab_id: LabId
    external_id: str
    patient: Patient
    provider_name: str
    revisions: tuple[RevisionView, ...]
    links: tuple[LinkView, ...]
    problems: tuple[FinalizeProblem, ...]

    def __repr__(self) -> str:
        return f"LabView({self.lab_id})"


def view_lab(
    uow: UnitOfWork,
    revisions: Sequence[LabRevision],
    connections: Sequence[Connection],
    problems: Sequence[FinalizeProblem],
    *,
    may_read_notes: bool,
) -> LabView:
    """The view of a Lab; `connections`: all, also disconnected ones, so that old write-backs keep their names."""
    latest = revisions[-1]
    content = latest.content
    names = {c.connection_id: c.settings.name for c in connections}
    items = uow.outbox.views(lab_id=latest.lab_id, limit=10_000)
    if not may_read_notes:
        items = [without_note(view) for view in items]
    write_backs = [_view_write_back(w, names, items) for w in uow.outbox.writebacks_of_lab(latest.lab_id)]
    return LabView(
        lab_id=latest.lab_id,
        external_id=next((r.external_id for r in revisions if r.external_id), ""),
        patient=uow.people.patient(content.patient_id),
        provider_name=uow.people.provider(content.provider_id).name if content.provider_id is not None else "",
        revisions=tuple(_view_revision(r, write_backs, may_read_notes=may_read_notes) for r in revisions),
        links=tuple(_view_link(uow, c, content) for c in connections if c.is_enabled),
        problems=tuple(problems),
    )


def _view_revision(
    revision: LabRevision, write_backs: Sequence[WriteBackView], *, may_read_notes: bool
) -> RevisionView:
    return RevisionView(
        revision.revision, revision.kind, revision.created_at, revision.finalized_at, revision.finalized_by,
        revision.content if may_read_notes else None,
        tuple(w for w in write_backs if w.writeback.revision == revision.revision),
    )  # fmt: skip


def _view_write_back(writeback: WriteBack, names: dict[ConnectionId, str], items: Sequence[ItemView]) -> WriteBackView:
    own = tuple(
        sorted((v for v in items if v.item.writeback_id == writeback.writeback_id), key=lambda view: view.item.seq)
    )
    state = write_back_state([view.item.state for view in own])
    return WriteBackView(writeback, names.get(writeback.connection_id, ""), state, own)


def without_note(view: ItemView) -> ItemView:
    """The same without clinical text."""
    if not isinstance(view.item.payload, NotePayload):
        return view
    return replace(view, item=replace(view.item, payload=replace(view.item.payload, text="")))


def _view_link(uow: UnitOfWork, connection: Connection, content: LabContent) -> LinkView:
    link = uow.people.patient_link(connection.connection_id, content.patient_id)
    return LinkView(
        connection.connection_id, connection.settings.name,
        link.pms_patient_id if link else None, link.rule if link else None,
    )  # fmt: skip
