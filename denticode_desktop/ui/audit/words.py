"""What audit events are called on the screen, and in which groups one may look for them."""

from dataclasses import dataclass
from datetime import datetime

from denticode_desktop.domain.audit_event import SYSTEM_NAME, AuditEvent, AuditKind
from denticode_desktop.ui.times import exact
from denticode_desktop.ui.widgets import shown
from denticode_desktop.ui.words import tr

KIND_WORDS: dict[AuditKind, str] = {
    AuditKind.WB_CREATED: "Lab queued for a chart",
    AuditKind.WB_REQUESTED: "Send pressed",
    AuditKind.WB_PAUSED: "Sending paused",
    AuditKind.WB_RESUMED: "Sending resumed",
    AuditKind.LOOK_DONE: "Chart looked at",
    AuditKind.SEND_INTENT: "About to send",
    AuditKind.SEND_RESULT: "Answer to a send",
    AuditKind.ITEM_DONE: "Seen in the chart",
    AuditKind.ITEM_ADOPTED: "Found in the chart already",
    AuditKind.ITEM_PLANNED_AGAIN: "Waits to be sent again",
    AuditKind.ITEM_REVIEW: "Needs a person",
    AuditKind.ITEM_ASKED: "Asked for by a person",
    AuditKind.ITEM_DECIDED: "Decided by a person",
    AuditKind.ITEM_REOPENED: "In doubt again",
    AuditKind.ITEM_VOID: "Not written",
    AuditKind.WATCH_TWIN: "Found twice in the chart",
    AuditKind.WATCH_GONE: "Gone from the chart",
    AuditKind.CONN_HELD: "Connection held",
    AuditKind.CONN_RELEASED: "Connection released",
    AuditKind.TOKEN_REFRESHED: "Sign-in renewed",
    AuditKind.SENDER_STARTED: "Sending started",
    AuditKind.DB_ROLLBACK: "Older database noticed",
    AuditKind.AUDIT_CUT: "Audit log cut",
    AuditKind.LEASE_TAKEN: "Sending taken over",
    AuditKind.LEASE_LOST: "Sending given up",
    AuditKind.PATIENT_CHECK_FAILED: "Patient check failed",
    AuditKind.PRACTICE_CREATED: "Practice set up",
    AuditKind.USER_ADDED: "User added",
    AuditKind.CONNECTION_ADDED: "Connection added",
    AuditKind.CONNECTION_TESTED: "Connection tested",
    AuditKind.CONNECTION_CHANGED: "Connection changed",
    AuditKind.CONNECTION_DISCONNECTED: "Disconnected",
    AuditKind.CONNECTION_RECONNECTED: "Reconnected",
    AuditKind.SYNC_FINISHED: "Sync finished",
    AuditKind.SYNC_FAILED: "Sync failed",
    AuditKind.LAB_IMPORTED: "Lab imported",
    AuditKind.LAB_EDITED: "Lab edited",
    AuditKind.LAB_FINALIZED: "Lab finalized",
    AuditKind.LAB_VIEWED: "Lab viewed",
    AuditKind.PATIENT_LINKED: "Patient matched",
    AuditKind.PATIENT_UNLINKED: "Patient unlinked",
    AuditKind.LINK_REJECTED: "Match rejected",
    AuditKind.PATIENTS_SEARCHED: "Patients searched",
    AuditKind.PROVIDER_LINKED: "Provider matched",
    AuditKind.AUDIT_EXPORTED: "Audit log exported",
    AuditKind.AUDIT_VERIFIED: "Audit log verified",
    AuditKind.KEY_RECOVERED: "Recovery key used",
}
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Everything", ()),
    ("Sending", ("wb.", "look.", "send.", "item.", "watch.")),
    (
        "Decisions and trouble",
        (
            "item.review", "item.asked", "item.decided", "item.reopened", "item.void", "watch.", "conn.held",
            "patient.check",
        ),
    ),
    ("Labs", ("lab.",)),
    ("Patients and providers", ("patient.", "patients.", "provider.")),
    ("Connections and sync", ("connection.", "conn.", "sync.", "token.")),
    ("Users, keys and this log", ("user.", "practice.", "audit.", "key.", "sender.", "db.", "lease.")),
)
_TROUBLE = {
    AuditKind.ITEM_REVIEW, AuditKind.ITEM_REOPENED, AuditKind.WATCH_TWIN, AuditKind.WATCH_GONE, AuditKind.CONN_HELD,
    AuditKind.DB_ROLLBACK, AuditKind.AUDIT_CUT, AuditKind.PATIENT_CHECK_FAILED, AuditKind.SYNC_FAILED,
}  # fmt: skip
_BAD_OUTCOMES = {"failed", "broken", "refused", "forbidden", "unauthorized"}


def kinds_of(prefixes: tuple[str, ...]) -> tuple[str, ...]:
    """All kinds whose code begins so; none = all."""
    return tuple(kind.value for kind in AuditKind if prefixes and kind.value.startswith(prefixes))


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An event in words; made off the UI thread. role: good, warn, bad or muted."""

    seq: int
    cells: tuple[str, ...]
    role: str
    event: AuditEvent


COLUMNS = ("No.", "When", "Who", "What", "Outcome", "About")


def row_of(event: AuditEvent) -> AuditRow:
    """What the table shows of it."""
    draft = event.draft
    about = [
        tr("Lab {id}").format(id=draft.lab_id) if draft.lab_id else "",
        tr("chart {id}").format(id=draft.pms_patient_id) if draft.pms_patient_id else "",
        draft.reason,
    ]
    cells = (
        f"{event.seq:,}", exact(event.at)[:16], tr("Denticode") if draft.actor == SYSTEM_NAME else draft.actor,
        tr(KIND_WORDS[draft.kind]), draft.outcome.replace("_", " "), "  \u00b7  ".join(part for part in about if part),
    )  # fmt: skip
    return AuditRow(event.seq, tuple(shown(cell, 300).replace("\n", " ") for cell in cells), _role(event), event)


def _role(event: AuditEvent) -> str:
    if event.draft.outcome in _BAD_OUTCOMES:
        return "bad"
    if event.draft.kind in _TROUBLE:
        return "warn"
    return "good" if event.draft.kind in (AuditKind.ITEM_DONE, AuditKind.ITEM_ADOPTED) else "muted"


def details_of(event: AuditEvent) -> list[tuple[str, str]]:
    """Every field that is set, named."""
    draft = event.draft
    at: datetime = event.at
    rows: list[tuple[str, object]] = [
        (tr("Number"), f"{event.seq:,}"), (tr("When"), f"{exact(at)} ({at:%Y-%m-%d %H:%M:%S} UTC)"),
        (tr("Who"), draft.actor), (tr("Role"), draft.role), (tr("What"), tr(KIND_WORDS[draft.kind])),
        (tr("Code"), draft.kind.value), (tr("Outcome"), draft.outcome), (tr("Reason"), draft.reason),
        (tr("Lab"), draft.lab_id), (tr("Chart"), draft.pms_patient_id), (tr("Connection"), draft.connection_id),
        (tr("Write-back"), draft.writeback_id), (tr("Entry"), draft.item_id), (tr("Attempt"), draft.attempt_id),
        (tr("PMS record"), draft.remote_id),
        *((name.replace("_", " ").capitalize(), value) for name, value in sorted(draft.detail.items())),
        (tr("Content SHA-256"), draft.content_sha256), (tr("Workstation"), event.workstation),
        (tr("Version"), event.app_version), (tr("Hash"), event.hash), (tr("Hash before"), event.previous_hash),
    ]  # fmt: skip
    return [(name, shown(str(value), 500)) for name, value in rows if value not in (None, "")]
