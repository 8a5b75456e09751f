"""A Lab whose patient was matched again, or that the PMS refused: its content goes out as a new revision.

write-back-protocol.md section 10: nobody edits what is queued; the write-back is snapshotted anew as a new revision,
and the sender holds that back until every item of the old one is DONE or VOID. What may be in the old chart is never
given up here: a person decides it first.
"""

from collections.abc import Sequence
from datetime import datetime

from denticode_desktop.domain.access import Actor
from denticode_desktop.domain.audit_event import AuditDraft, AuditKind
from denticode_desktop.domain.connection import Connection
from denticode_desktop.domain.entity_link import LinkRule, PatientLink
from denticode_desktop.domain.errors import PersonNeededError, UserError
from denticode_desktop.domain.lab import LabRevision, RevisionKind
from denticode_desktop.domain.write_back import Item, ItemState, PatientSnapshot, ReviewReason, WriteBack
from denticode_desktop.ports.unit_of_work import UnitOfWork

from .withdrawal import asked_to_void, may_be_in_chart, withdraw

_CLOSED = (ItemState.DONE, ItemState.VOID)
_TO_CORRECT = (ReviewReason.REFUSED, ReviewReason.NOT_MAPPED)
REMATCHED, REFUSED = "patient matched again", "sent again with today's matching"


def is_closed(uow: UnitOfWork, writeback: WriteBack) -> bool:
    """Whether nothing of it will be sent any more: every item DONE, VOID, or asked to be VOID."""
    return not _still_open(uow, writeback)


def snapshot_anew(
    uow: UnitOfWork, actor: Actor, connection: Connection, revisions: Sequence[LabRevision], at: datetime
) -> list[LabRevision]:
    """The revisions to send: each that waits for a chart no longer matched, or was refused, is followed by a copy.

    The copy is composed with patient, provider, location and codes as they are matched now.

    Raises UserError while an item is in flight, PersonNeededError where a person must decide something first.
    """
    wanted = list(revisions)
    last_base = max((r.revision for r in revisions if r.kind is not RevisionKind.ADDENDUM), default=0)
    for revision in revisions:
        writeback = uow.outbox.find_writeback(connection.connection_id, revision.lab_id, revision.revision)
        link = uow.people.patient_link(connection.connection_id, revision.content.patient_id)
        if writeback is None or link is None or _has_copy(uow, revision, revisions, connection):
            continue
        items = uow.outbox.items(writeback.writeback_id)
        is_refused = any(item.review_reason in _TO_CORRECT and not may_be_in_chart(item) for item in items)
        if not (is_refused or _is_rematched(uow, writeback, link)) or all(i.state is ItemState.DONE for i in items):
            continue
        is_other_chart = link.pms_patient_id != writeback.pms_patient_id
        is_closed_here = all(item.state in _CLOSED for item in items)
        if is_closed_here and not is_other_chart:
            continue  # what a person gave up for this chart stays so
        if is_closed_here and any(i.state is ItemState.DONE for i in items) and revision is not revisions[-1]:
            continue  # a person settled it, and a later revision is what they send now
        _refuse_what_is_moving(connection.settings.name, items)
        _refuse_what_is_partly_settled(uow, connection, revision, items, is_other_chart=is_other_chart)
        withdraw(uow, actor, items, REFUSED if is_refused else REMATCHED, at)
        if revision.kind is RevisionKind.ADDENDUM or revision.revision == last_base:
            wanted.append(_copy(uow, actor, revision, REFUSED if is_refused else REMATCHED, at))
    return wanted


def is_copy(uow: UnitOfWork, revision: LabRevision) -> bool:
    """Whether it only repeats an earlier revision for the one connection that it was made for."""
    return uow.practice.setting(_copy_key(revision)) is not None


def _has_copy(
    uow: UnitOfWork, revision: LabRevision, revisions: Sequence[LabRevision], connection: Connection
) -> bool:
    return any(
        uow.practice.setting(_copy_key(later)) == str(revision.revision)
        and uow.outbox.find_writeback(connection.connection_id, later.lab_id, later.revision) is not None
        for later in revisions
    )


def _copy_key(revision: LabRevision) -> str:
    return f"lab-copy-{revision.lab_id}-{revision.revision}"


def _is_rematched(uow: UnitOfWork, writeback: WriteBack, link: PatientLink) -> bool:
    """Another chart; or the same one, confirmed by a person since, where it names the patient otherwise now."""
    if link.pms_patient_id != writeback.pms_patient_id:
        return True
    found = uow.roster.pms_patient(writeback.connection_id, link.pms_patient_id)
    if found is None or link.rule is not LinkRule.PERSON or link.at <= writeback.created_at:
        return False
    person = found.person
    return PatientSnapshot(person.first_name, person.last_name, person.date_of_birth) != writeback.snapshot


def _refuse_what_is_moving(name: str, items: Sequence[Item]) -> None:
    if any(item.state is ItemState.INFLIGHT for item in items):
        raise UserError(
            f"A part of this Lab may be on its way to the earlier chart in {name}. Wait until it is checked there, "
            "then send again.", field="lab_id",
        )  # fmt: skip
    if any(item.state not in _CLOSED and may_be_in_chart(item) for item in items):
        raise PersonNeededError(
            f"A part of this Lab may be in the chart in {name} that it was finalized for. Decide it under Today, "
            "Needs you, then send again.", field="patient",
        )  # fmt: skip


def _refuse_what_is_partly_settled(
    uow: UnitOfWork, connection: Connection, revision: LabRevision, items: Sequence[Item], *, is_other_chart: bool
) -> None:
    """A copy brings everything, so it is made only where nothing of the Lab is in a chart or was given up there.

    Which lines were settled cannot be told from their content once provider or code are matched otherwise.
    """
    name = connection.settings.name
    settled = [ItemState.DONE] if is_other_chart else list(_CLOSED)
    before = [] if revision.kind is RevisionKind.ADDENDUM else _earlier_items(uow, connection, revision)
    if not any(item.state in settled for item in items) and not any(may_be_in_chart(item) for item in before):
        return
    if is_other_chart:
        raise PersonNeededError(
            f"A part of this Lab is in the chart in {name} that it was finalized for. Remove it there by hand in the "
            "PMS if that is the wrong chart, skip what waits with a reason, and write an addendum for the right one.",
            field="patient",
        )
    raise PersonNeededError(
        f"A part of this Lab is settled in {name} already. Decide what is left under Today, Needs you, by skipping it "
        "with a reason, and write an addendum with what is still missing.", field="lab_id",
    )  # fmt: skip


def _earlier_items(uow: UnitOfWork, connection: Connection, revision: LabRevision) -> list[Item]:
    """Of the revisions that this one changed, addenda aside."""
    kinds = {r.revision: r.kind for r in uow.labs.revisions(revision.lab_id)}
    return [
        item
        for writeback in uow.outbox.writebacks_of_lab(revision.lab_id)
        if writeback.connection_id == connection.connection_id
        and writeback.revision < revision.revision
        and kinds[writeback.revision] is not RevisionKind.ADDENDUM
        for item in uow.outbox.items(writeback.writeback_id)
    ]


def _copy(uow: UnitOfWork, actor: Actor, revision: LabRevision, reason: str, at: datetime) -> LabRevision:
    """The same frozen content under the next number; the file it came from stays known."""
    kind = RevisionKind.ADDENDUM if revision.kind is RevisionKind.ADDENDUM else RevisionKind.CHANGED
    made = uow.labs.add_revision(
        revision.lab_id, kind, revision.content,
        external_id=revision.external_id, source_sha256=revision.source_sha256, created_at=at,
    )  # fmt: skip
    uow.practice.set_setting(_copy_key(made), str(revision.revision))
    uow.labs.finalize(
        made.lab_id, made.revision, content_sha256=revision.content_sha256, at=at, by=revision.finalized_by
    )
    uow.audit.append(
        AuditDraft(
            AuditKind.LAB_FINALIZED, actor.name, actor.role.value, outcome="snapshotted anew", lab_id=made.lab_id,
            content_sha256=revision.content_sha256, reason=reason,
            detail={"revision": made.revision, "copy_of": revision.revision, "kind": made.kind.value},
        )
    )  # fmt: skip
    return uow.labs.revision(made.lab_id, made.revision)


def _still_open(uow: UnitOfWork, writeback: WriteBack) -> list[Item]:
    asked = asked_to_void(uow, writeback.connection_id)
    items = uow.outbox.items(writeback.writeback_id)
    return [item for item in items if item.state not in _CLOSED and item.item_id not in asked]
