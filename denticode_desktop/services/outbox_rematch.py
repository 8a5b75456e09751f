"""A Lab whose patient was matched again: its content goes out as a new revision, to the chart matched now.

write-back-protocol.md section 10: nobody edits what is queued; the write-back is snapshotted anew as a new revision,
and the sender holds that back until every item of the old one is DONE or VOID. What may be in the old chart is never
given up here: a person decides it first.
"""

from collections.abc import Sequence
from datetime import datetime

from denticode_desktop.domain.access import ALLOWED, Action, Actor
from denticode_desktop.domain.audit_event import AuditDraft, AuditKind
from denticode_desktop.domain.connection import Connection
from denticode_desktop.domain.entity_link import LinkRule, PatientLink
from denticode_desktop.domain.errors import PersonNeededError, UserError
from denticode_desktop.domain.ids import ConnectionId, ItemId
from denticode_desktop.domain.lab import LabRevision, RevisionKind
from denticode_desktop.domain.write_back import Item, ItemState, PatientSnapshot, RequestKind, WriteBack
from denticode_desktop.ports.unit_of_work import UnitOfWork

from .decision_audit import decision_requested

_CLOSED = (ItemState.DONE, ItemState.VOID)
REASON = "patient matched again"


def is_closed(uow: UnitOfWork, writeback: WriteBack) -> bool:
    """Whether nothing of it will be sent any more: every item DONE, VOID, or asked to be VOID."""
    return not _still_open(uow, writeback)


def snapshot_anew(
    uow: UnitOfWork, actor: Actor, connection: Connection, revisions: Sequence[LabRevision], at: datetime
) -> list[LabRevision]:
    """The revisions to send: each that waits for a chart no longer matched is followed by a copy for the one that is.

    Raises UserError while an item is in flight, PersonNeededError where a person must decide something first.
    """
    wanted = list(revisions)
    last_base = max((r.revision for r in revisions if r.kind is not RevisionKind.ADDENDUM), default=0)
    for revision in revisions:
        writeback = uow.outbox.find_writeback(connection.connection_id, revision.lab_id, revision.revision)
        link = uow.people.patient_link(connection.connection_id, revision.content.patient_id)
        if writeback is None or link is None or _has_copy(revision, revisions):
            continue
        items = uow.outbox.items(writeback.writeback_id)
        if all(item.state is ItemState.DONE for item in items) or not _is_rematched(uow, writeback, link):
            continue
        is_other_chart = link.pms_patient_id != writeback.pms_patient_id
        _refuse_what_may_be_there(connection.settings.name, items, is_other_chart=is_other_chart)
        _give_up(uow, actor, writeback, at)
        if revision.kind is RevisionKind.ADDENDUM or revision.revision == last_base:
            wanted.append(_copy(uow, actor, revision, at))
    return wanted


def _has_copy(revision: LabRevision, revisions: Sequence[LabRevision]) -> bool:
    return any(r.revision > revision.revision and r.content_sha256 == revision.content_sha256 for r in revisions)


def _is_rematched(uow: UnitOfWork, writeback: WriteBack, link: PatientLink) -> bool:
    """Another chart; or the same one, confirmed by a person since, where it names the patient otherwise now."""
    if link.pms_patient_id != writeback.pms_patient_id:
        return True
    found = uow.roster.pms_patient(writeback.connection_id, link.pms_patient_id)
    if found is None or link.rule is not LinkRule.PERSON or link.at <= writeback.created_at:
        return False
    person = found.person
    return PatientSnapshot(person.first_name, person.last_name, person.date_of_birth) != writeback.snapshot


def _refuse_what_may_be_there(name: str, items: Sequence[Item], *, is_other_chart: bool) -> None:
    if any(item.state is ItemState.INFLIGHT for item in items):
        raise UserError(
            f"A part of this Lab may be on its way to the earlier chart in {name}. Wait until it is checked there, "
            "then send again.", field="lab_id",
        )  # fmt: skip
    if is_other_chart and any(item.state is ItemState.DONE for item in items):
        raise PersonNeededError(
            f"A part of this Lab is in the chart in {name} that it was finalized for. Remove it there by hand in the "
            "PMS if that is the wrong chart, skip what waits with a reason, and write an addendum for the right one.",
            field="patient",
        )
    left = [item for item in items if item.state not in _CLOSED]
    if any(item.sends or item.was_unknown or item.remote_id is not None for item in left):
        raise PersonNeededError(
            f"A part of this Lab may be in the chart in {name} that it was finalized for. Decide it under Today, "
            "Needs you, then send again.", field="patient",
        )  # fmt: skip


def _give_up(uow: UnitOfWork, actor: Actor, writeback: WriteBack, at: datetime) -> None:
    """Asks for VOID of all that never left. Raises PersonNeededError where the role may not decide that."""
    left = _still_open(uow, writeback)
    if left and Action.DECIDE not in ALLOWED[actor.role]:
        raise PersonNeededError(
            "The patient was matched again after this Lab was finalized. A provider or a manager must press Send Lab "
            "to PMS, which moves it to the chart matched now.", field="patient",
        )  # fmt: skip
    for item in left:
        request = uow.outbox.add_request(
            item.item_id, RequestKind.VOID, reason=REASON, by=actor.name, role=actor.role.value, at=at,
            remote_id=None, dismissed=frozenset(),
        )  # fmt: skip
        uow.audit.append(decision_requested(actor, item, writeback, request))


def _copy(uow: UnitOfWork, actor: Actor, revision: LabRevision, at: datetime) -> LabRevision:
    """The same frozen content under the next number; the file it came from stays known."""
    kind = RevisionKind.ADDENDUM if revision.kind is RevisionKind.ADDENDUM else RevisionKind.CHANGED
    made = uow.labs.add_revision(
        revision.lab_id, kind, revision.content,
        external_id=revision.external_id, source_sha256=revision.source_sha256, created_at=at,
    )  # fmt: skip
    uow.labs.finalize(
        made.lab_id, made.revision, content_sha256=revision.content_sha256, at=at, by=revision.finalized_by
    )
    uow.audit.append(
        AuditDraft(
            AuditKind.LAB_FINALIZED, actor.name, actor.role.value, outcome="snapshotted anew", lab_id=made.lab_id,
            content_sha256=revision.content_sha256, reason=REASON,
            detail={"revision": made.revision, "copy_of": revision.revision, "kind": made.kind.value},
        )
    )  # fmt: skip
    return uow.labs.revision(made.lab_id, made.revision)


def asked_to_void(uow: UnitOfWork, connection_id: ConnectionId) -> frozenset[ItemId]:
    """Items that a person asked not to write; the sender has not come to it yet."""
    return frozenset(r.item_id for r in uow.outbox.open_requests(connection_id) if r.kind is RequestKind.VOID)


def _still_open(uow: UnitOfWork, writeback: WriteBack) -> list[Item]:
    asked = asked_to_void(uow, writeback.connection_id)
    items = uow.outbox.items(writeback.writeback_id)
    return [item for item in items if item.state not in _CLOSED and item.item_id not in asked]
