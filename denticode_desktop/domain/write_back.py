"""Write-back: one Lab revision for one chart; its items, their five states, the one table of legal moves.

Law: write-back-protocol.md. T-numbers are those of its section 3.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from .charting import ProcedureStatus, Quadrant
from .ids import (
    AttemptId,
    ConnectionId,
    ItemId,
    LabId,
    PmsCodeId,
    PmsLocationId,
    PmsPatientId,
    PmsProviderId,
    RemoteId,
    WriteBackId,
)

MAX_SENDS = 3
LOOK_FRESH_S = 10.0
PATIENT_CHECK_FRESH_S = 600.0
SEND_GAP_S = 5.0
"""More than this between the intent's commit and the first byte (sleep, pause): do not send."""
UNSEEN_TICKS = 15 * 60
STALE_DAYS = 7
WATCH_DAYS = 30


class ItemState(StrEnum):
    """All states there are. INFLIGHT is the only ambiguous one; REVIEW waits for a person."""

    PLANNED = "PLANNED"
    INFLIGHT = "INFLIGHT"
    DONE = "DONE"
    REVIEW = "REVIEW"
    VOID = "VOID"


class ItemKind(StrEnum):
    """What one item creates in the chart."""

    NOTE = "note"
    PROCEDURE = "procedure"
    DOCUMENT = "document"


class Move(StrEnum):
    """The legal moves, by the protocol's numbers."""

    T1 = "T1"
    T2 = "T2"
    T3 = "T3"
    T4 = "T4"
    T5 = "T5"
    T6 = "T6"
    T7 = "T7"
    T8 = "T8"
    T9 = "T9"
    T10 = "T10"
    T11 = "T11"
    T12 = "T12"


_P, _I, _D, _R, _V = ItemState.PLANNED, ItemState.INFLIGHT, ItemState.DONE, ItemState.REVIEW, ItemState.VOID

LEGAL_MOVES: dict[Move, frozenset[tuple[ItemState, ItemState]]] = {
    Move.T1: frozenset({(_P, _I)}),
    Move.T2: frozenset({(_P, _D)}),
    Move.T3: frozenset({(_P, _R)}),
    Move.T4: frozenset({(_I, _P), (_I, _R)}),
    Move.T5: frozenset({(_I, _I)}),
    Move.T6: frozenset({(_I, _D)}),
    Move.T7: frozenset({(_I, _P)}),
    Move.T8: frozenset({(_I, _R)}),
    Move.T9: frozenset({(_D, _R)}),
    Move.T10: frozenset({(_R, _D), (_R, _P), (_R, _V)}),
    Move.T11: frozenset({(_P, _V)}),
    Move.T12: frozenset({(_P, _I)}),
}


def is_legal(move: Move, before: ItemState, after: ItemState) -> bool:
    """Whether the one table of moves allows it."""
    return (before, after) in LEGAL_MOVES[move]


class OutcomeClass(StrEnum):
    """What an answer proves. UNKNOWN is the default."""

    NO_EFFECT = "NO_EFFECT"
    ACCEPTED = "ACCEPTED"
    UNKNOWN = "UNKNOWN"


class OutcomeKind(StrEnum):
    """The rows of the protocol's section 6."""

    NOT_SENT = "not_sent"
    THROTTLED = "throttled"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    REFUSED = "refused"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"


CLASS_OF_KIND: dict[OutcomeKind, OutcomeClass] = {
    OutcomeKind.NOT_SENT: OutcomeClass.NO_EFFECT,
    OutcomeKind.THROTTLED: OutcomeClass.NO_EFFECT,
    OutcomeKind.UNAUTHORIZED: OutcomeClass.NO_EFFECT,
    OutcomeKind.FORBIDDEN: OutcomeClass.NO_EFFECT,
    OutcomeKind.REFUSED: OutcomeClass.NO_EFFECT,
    OutcomeKind.ACCEPTED: OutcomeClass.ACCEPTED,
    OutcomeKind.UNKNOWN: OutcomeClass.UNKNOWN,
}

REFUSED_STATUSES = frozenset({400, 404, 405, 410, 413, 414, 415, 422, 431})


def kind_of_status(status: int, *, has_id: bool, is_expected_type: bool) -> OutcomeKind:
    """The row of section 6 for an HTTP answer; whatever is not listed is UNKNOWN."""
    if status in (200, 201) and has_id and is_expected_type:
        return OutcomeKind.ACCEPTED
    if status == 401:
        return OutcomeKind.UNAUTHORIZED
    if status == 403:
        return OutcomeKind.FORBIDDEN
    if status == 429:
        return OutcomeKind.THROTTLED
    if status in REFUSED_STATUSES:
        return OutcomeKind.REFUSED
    return OutcomeKind.UNKNOWN


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """What one send came to.

    error_kind: short code for logs (`read_timeout`, `http_503`, `no_id`, `other_patient` …), never text from outside.
    retry_after_s: what the PMS asked for, already freed of clock differences; None if nothing.
    pms_words: the PMS's own words, plain, at most 200 characters; for a person's screen, never logged.
    permission: named on FORBIDDEN.
    """

    kind: OutcomeKind
    http_status: int | None = None
    remote_id: RemoteId | None = None
    error_kind: str = ""
    retry_after_s: float | None = None
    pms_words: str = ""
    pms_request_id: str = ""
    permission: str = ""
    elapsed_ms: int = 0

    @property
    def outcome_class(self) -> OutcomeClass:
        """NO_EFFECT, ACCEPTED or UNKNOWN."""
        return CLASS_OF_KIND[self.kind]


class ReviewReason(StrEnum):
    """Why a person is asked (section 10)."""

    LOOK_ALIKE = "look_alike"
    SEVERAL = "several"
    TWIN = "twin"
    PATIENT_CHANGED = "patient_changed"
    PATIENT_MERGED = "patient_merged"
    PATIENT_INACTIVE = "patient_inactive"
    PATIENT_NOT_FOUND = "patient_not_found"
    REFUSED = "refused"
    DIFFERS = "differs"
    OTHER_PATIENT = "other_patient"
    OTHER_AUTHOR = "other_author"
    NO_TRACE = "no_trace"
    UNSEEN = "unseen"
    GONE = "gone"
    STALE = "stale"
    NOT_MAPPED = "not_mapped"


class WaitingWhy(StrEnum):
    """Why a PLANNED or INFLIGHT item is not moved on right now. For screens; not a state."""

    OFFLINE = "offline"
    THROTTLED = "throttled"
    HELD = "held"
    PAUSED = "paused"
    SETTLING = "settling"
    NOT_VISIBLE_YET = "not_visible_yet"
    ANSWER_INCOMPLETE = "answer_incomplete"
    NO_SECRET_STORE = "no_secret_store"  # noqa: S105 - a reason, not a secret


class RequestKind(StrEnum):
    """What a person asks the sender to do with an item. The sender acts on it when the protocol allows."""

    AS_DONE = "as_done"
    SEND_AGAIN = "send_again"
    VOID = "void"
    RECHECK = "recheck"


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """A person's decision, durable until the sender has carried it out or said why not (T10, T11).

    remote_id: the record meant by AS_DONE, where several are shown. dismissed: records that SEND_AGAIN, or AS_DONE of
    one among several, declares to be something else. result: empty while open; then `done`, `replaced` (by a newer
    decision) or a short code why not (`in_chart`, `not_found`, `several` …).
    """

    request_id: int
    item_id: ItemId
    kind: RequestKind
    reason: str
    by: str
    role: str
    at: datetime
    remote_id: RemoteId | None = None
    dismissed: frozenset[RemoteId] = frozenset()
    result: str = ""


class WriteBackState(StrEnum):
    """Derived from the items, never stored."""

    IN_CHART = "in the chart"
    NOTHING_WRITTEN = "nothing written"
    """Every item was given up, or all lines are charted by hand: closed, and no green."""
    NEEDS_PERSON = "needs a person"
    CHECKING = "checking"
    WAITING = "waiting"


def write_back_state(states: list[ItemState]) -> WriteBackState:
    """All DONE/VOID = in the chart; any REVIEW = needs a person; any INFLIGHT = checking; else waiting.

    The protocol (section 3) names no state for a closed write-back without a DONE item; green is proof, so it has one.
    """
    if all(s is ItemState.VOID for s in states):
        return WriteBackState.NOTHING_WRITTEN
    if all(s in (ItemState.DONE, ItemState.VOID) for s in states):
        return WriteBackState.IN_CHART
    if ItemState.REVIEW in states:
        return WriteBackState.NEEDS_PERSON
    if ItemState.INFLIGHT in states:
        return WriteBackState.CHECKING
    return WriteBackState.WAITING


@dataclass(frozen=True, slots=True)
class NotePayload:
    """A note as finalized, marker line included where it is on."""

    text: str
    visit_on: date
    pms_provider_id: PmsProviderId
    pms_location_id: PmsLocationId | None
    time_zone: str


@dataclass(frozen=True, slots=True)
class ProcedurePayload:
    """A procedure as finalized, with the practice's own catalogue row."""

    code: str
    code_id: PmsCodeId
    tooth: str | None
    surfaces: str | None
    quadrant: Quadrant | None
    status: ProcedureStatus
    fee_cents: int | None
    service_on: date
    pms_provider_id: PmsProviderId
    pms_location_id: PmsLocationId | None
    time_zone: str


@dataclass(frozen=True, slots=True)
class DocumentPayload:
    """A document as finalized; the bytes are stored once under their SHA-256."""

    title: str
    file_name: str
    sha256: str
    size_bytes: int
    visit_on: date
    pms_provider_id: PmsProviderId
    pms_location_id: PmsLocationId | None


ItemPayload = NotePayload | ProcedurePayload | DocumentPayload


@dataclass(frozen=True, slots=True)
class PatientSnapshot:
    """The patient as the chart named them at finalization: what the patient check compares with."""

    first_name: str
    last_name: str
    date_of_birth: date | None

    def __repr__(self) -> str:
        return "PatientSnapshot(…)"


@dataclass(frozen=True, slots=True)
class WriteBack:
    """One Lab revision for one connection and patient. Immutable but for `requested_at` and `is_paused`."""

    writeback_id: WriteBackId
    connection_id: ConnectionId
    lab_id: LabId
    revision: int
    pms_patient_id: PmsPatientId
    snapshot: PatientSnapshot
    content_sha256: str
    finalized_at: datetime
    finalized_by: str
    created_at: datetime
    by_hand: tuple[str, ...] = ()
    """Lines that this PMS does not let us write (a code that needs a tooth, a document): a person charts them."""
    requested_at: datetime | None = None
    """When a person pressed Send Lab to PMS; nothing leaves before."""
    is_paused: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One remote create. `sends` counts requests that may have had an effect."""

    item_id: ItemId
    writeback_id: WriteBackId
    connection_id: ConnectionId
    pms_patient_id: PmsPatientId
    seq: int
    kind: ItemKind
    payload: ItemPayload
    payload_sha256: str
    marker: str
    """Always computed; written into the record only where the payload carries it."""
    fingerprint: str
    state: ItemState
    sends: int = 0
    remote_id: RemoteId | None = None
    review_reason: ReviewReason | None = None
    review_detail: str = ""
    was_unknown: bool = False
    dismissed: frozenset[RemoteId] = frozenset()
    done_at: datetime | None = None
    waiting_why: str = ""
    next_try_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """PLANNED or INFLIGHT: the sender's business."""
        return self.state in (ItemState.PLANNED, ItemState.INFLIGHT)


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item to be stored as PLANNED with its write-back."""

    seq: int
    kind: ItemKind
    payload: ItemPayload
    payload_sha256: str
    marker: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One send: its row is written before the first byte leaves and never changed but to add the outcome once."""

    attempt_id: AttemptId
    item_id: ItemId
    n: int
    epoch: int
    request_sha256: str
    intent_at: datetime
    outcome: SendOutcome | None = None
