"""Audit events and the hash chain.

Each event's hash covers its canonical JSON and the previous hash, so that a changed, dropped, added or swapped row is
found and named. Events hold ids, kinds and hashes, never note text (write-back-protocol.md section 11).
"""

import hashlib
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from operator import itemgetter

from .lab import canonical_json

GENESIS_HASH = "0" * 64
SYSTEM_NAME = "system"
"""Actor and role of what the program does by itself."""


class AuditKind(StrEnum):
    """What happened."""

    WB_CREATED = "wb.created"
    WB_REQUESTED = "wb.requested"
    WB_PAUSED = "wb.paused"
    WB_RESUMED = "wb.resumed"
    LOOK_DONE = "look.done"
    """A look that a person asked for and that moved nothing. The evidence of any other look stands in the event of the
    move that it proves (section 5); a look that proves nothing, such as a watch that finds all in order, is not logged:
    there are many a day for each item."""
    SEND_INTENT = "send.intent"
    SEND_RESULT = "send.result"
    ITEM_DONE = "item.done"
    ITEM_ADOPTED = "item.adopted"
    ITEM_PLANNED_AGAIN = "item.planned_again"
    ITEM_REVIEW = "item.review"
    ITEM_ASKED = "item.asked"
    """A person asked for a decision or a recheck; `item.decided`, `item.done` or `item.void` says that it was done."""
    ITEM_DECIDED = "item.decided"
    ITEM_REOPENED = "item.reopened"
    """T12: an older database was put back, so what it says of this open item is not trusted."""
    ITEM_VOID = "item.void"
    WATCH_TWIN = "watch.twin"
    WATCH_GONE = "watch.gone"
    CONN_HELD = "conn.held"
    CONN_RELEASED = "conn.released"
    TOKEN_REFRESHED = "token.refreshed"  # noqa: S105 - a kind of event, not a secret
    """The sender fetched access tokens; written with the count of its calls, at most a minute later."""
    SENDER_STARTED = "sender.started"
    DB_ROLLBACK = "db.rollback"
    AUDIT_CUT = "audit.cut"
    LEASE_TAKEN = "lease.taken"
    LEASE_LOST = "lease.lost"
    PATIENT_CHECK_FAILED = "patient.check_failed"
    PRACTICE_CREATED = "practice.created"
    USER_ADDED = "user.added"
    CONNECTION_ADDED = "connection.added"
    CONNECTION_TESTED = "connection.tested"
    CONNECTION_CHANGED = "connection.changed"
    CONNECTION_DISCONNECTED = "connection.disconnected"
    CONNECTION_RECONNECTED = "connection.reconnected"
    SYNC_FINISHED = "sync.finished"
    SYNC_FAILED = "sync.failed"
    LAB_IMPORTED = "lab.imported"
    LAB_EDITED = "lab.edited"
    LAB_FINALIZED = "lab.finalized"
    LAB_VIEWED = "lab.viewed"
    PATIENT_LINKED = "patient.linked"
    PATIENT_UNLINKED = "patient.unlinked"
    LINK_REJECTED = "patient.link_rejected"
    PATIENTS_SEARCHED = "patients.searched"
    PROVIDER_LINKED = "provider.linked"
    AUDIT_EXPORTED = "audit.exported"
    AUDIT_VERIFIED = "audit.verified"
    KEY_RECOVERED = "key.recovered"


@dataclass(frozen=True, slots=True)
class AuditDraft:
    """What a service says of an event; the store adds seq, time, workstation, version and hashes."""

    kind: AuditKind
    actor: str
    role: str
    outcome: str = "ok"
    connection_id: int | None = None
    pms_patient_id: str | None = None
    lab_id: str | None = None
    writeback_id: int | None = None
    item_id: int | None = None
    attempt_id: int | None = None
    epoch: int | None = None
    ticks: int | None = None
    content_sha256: str | None = None
    remote_id: str | None = None
    reason: str = ""
    detail: dict[str, str | int | bool | None] = field(default_factory=dict)
    """Counts, codes and hashes only."""


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """A stored event. `at` is aware UTC; `hash` covers everything else and `previous_hash`."""

    seq: int
    at: datetime
    workstation: str
    app_version: str
    draft: AuditDraft
    previous_hash: str
    hash: str


_FIELD_NAMES = tuple(f.name for f in fields(AuditDraft))
_BODY_NAMES = tuple(sorted((*_FIELD_NAMES, "seq", "at", "workstation", "app_version", "previous")))
_in_order = itemgetter(*_BODY_NAMES)


def draft_fields(draft: AuditDraft) -> dict[str, object]:
    """All fields by name, the kind as text: what the hash and an export hold. (`asdict` takes three times as long.)"""
    values: dict[str, object] = {name: getattr(draft, name) for name in _FIELD_NAMES}
    values["kind"] = draft.kind.value
    return values


def event_hash(*, seq: int, at: datetime, workstation: str, app_version: str, draft: AuditDraft, previous: str) -> str:
    """SHA-256 (hex) over the canonical JSON of an event with the previous hash in it."""
    values = {
        "seq": seq,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "workstation": workstation,
        "app_version": app_version,
        "previous": previous,
        **draft_fields(draft),
    }
    # Canonical JSON sorts by itself; what is in order already takes it half the time, and a log has many events.
    body = dict(zip(_BODY_NAMES, _in_order(values), strict=True))
    return hashlib.sha256(canonical_json(body)).hexdigest()


def seal(draft: AuditDraft, *, seq: int, at: datetime, workstation: str, app_version: str, previous: str) -> AuditEvent:
    """The event that follows `previous`."""
    digest = event_hash(
        seq=seq, at=at, workstation=workstation, app_version=app_version, draft=draft, previous=previous
    )
    return AuditEvent(seq, at, workstation, app_version, draft, previous, digest)


def is_intact(event: AuditEvent, previous: str, expected_seq: int) -> bool:
    """Whether an event follows `previous` at `expected_seq` unchanged."""
    return (
        event.seq == expected_seq
        and event.previous_hash == previous
        and event.hash
        == event_hash(
            seq=event.seq, at=event.at, workstation=event.workstation, app_version=event.app_version,
            draft=event.draft, previous=previous,
        )
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class AuditHead:
    """How far the log goes: last seq (0 = empty) and its hash."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """What the OS credential store remembers outside the database: the sender's generation and the log's head."""

    generation: int
    audit_seq: int
    audit_hash: str
