"""The repositories behind the write-back protocol: write-backs with their items and attempts, and the sender's row."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Protocol

from denticode_desktop.domain.ids import (
    AttemptId,
    ConnectionId,
    ItemId,
    LabId,
    PmsPatientId,
    RemoteId,
    WriteBackId,
)
from denticode_desktop.domain.write_back import (
    Attempt,
    DecisionRequest,
    Item,
    ItemKind,
    ItemState,
    NewItem,
    PatientSnapshot,
    RequestKind,
    ReviewReason,
    SendOutcome,
    WriteBack,
)

from .views import ItemView, QueueCounts, WatchDue


class OutboxRepository(Protocol):
    """Write-backs, items, attempts. Nothing in here is ever deleted."""

    def add_writeback(
        self, *, connection_id: ConnectionId, lab_id: LabId, revision: int, pms_patient_id: PmsPatientId,
        snapshot: PatientSnapshot, content_sha256: str, finalized_at: datetime, finalized_by: str,
        created_at: datetime, by_hand: Sequence[str], items: Sequence[NewItem],
    ) -> WriteBackId:
        """With its items as PLANNED. UNIQUE(connection, lab, revision): raises UserError when it exists."""
        ...  # fmt: skip

    def writeback(self, writeback_id: WriteBackId) -> WriteBack:
        """Raises NotFoundError."""
        ...

    def find_writeback(self, connection_id: ConnectionId, lab_id: LabId, revision: int) -> WriteBack | None: ...

    def writebacks_of_lab(self, lab_id: LabId) -> Sequence[WriteBack]: ...

    def items(self, writeback_id: WriteBackId) -> Sequence[Item]:
        """By seq."""
        ...

    def item(self, item_id: ItemId) -> Item:
        """Raises NotFoundError."""
        ...

    def request_send(self, writeback_id: WriteBackId, at: datetime) -> None:
        """Sets `requested_at` once; later calls change nothing."""
        ...

    def set_paused(self, writeback_id: WriteBackId, is_paused: bool) -> None: ...

    def next_patients(
        self, connection_id: ConnectionId, *, skip: AbstractSet[PmsPatientId], limit: int
    ) -> Sequence[PmsPatientId]:
        """Patients with work for the sender, oldest first: an INFLIGHT item, or a PLANNED one whose write-back is
        requested and not paused. At most 5 ms with 100,000 open items."""
        ...

    def open_items(self, connection_id: ConnectionId, pms_patient_id: PmsPatientId) -> Sequence[Item]:
        """The patient's INFLIGHT items first, then PLANNED ones that may be tried, by write-back age and seq.

        A PLANNED item may be tried when its write-back is requested and not paused, every earlier item of it is DONE
        or VOID, none of it is in REVIEW, and every item of earlier revisions of that Lab is DONE or VOID.
        """
        ...

    def items_of_patient(
        self, connection_id: ConnectionId, pms_patient_id: PmsPatientId, *, states: AbstractSet[ItemState]
    ) -> Sequence[Item]:
        """What was ever queued for that chart and is in one of the states, by write-back age and seq."""
        ...

    def inflight_of_patient(self, connection_id: ConnectionId, pms_patient_id: PmsPatientId) -> int:
        """How many items of the patient are INFLIGHT."""
        ...

    def move(
        self, item: Item, to: ItemState, *, epoch: int | None,
        sends: int | None = None, remote_id: RemoteId | None = None, clear_remote_id: bool = False,
        review_reason: ReviewReason | None = None, review_detail: str = "",
        was_unknown: bool | None = None, done_at: datetime | None = None,
    ) -> bool:
        """Compare-and-set on (id, state, sends): False = somebody moved it, nothing was written.

        `epoch`, where given, must be the sender's current one. A remote id owned by another item of the connection
        and kind is refused by a constraint: returns False too.
        """
        ...  # fmt: skip

    def owners(
        self, connection_id: ConnectionId, kind: ItemKind, remote_ids: AbstractSet[RemoteId]
    ) -> Mapping[RemoteId, ItemId]:
        """Which items own these records."""
        ...

    def dismiss(self, item_id: ItemId, remote_ids: AbstractSet[RemoteId]) -> None:
        """For this very item only, for good."""
        ...

    def add_attempt(self, item_id: ItemId, *, epoch: int, request_sha256: str, at: datetime) -> Attempt: ...

    def close_attempt(self, attempt_id: AttemptId, outcome: SendOutcome) -> None:
        """Once; a second close changes nothing."""
        ...

    def open_attempts(self) -> Sequence[Attempt]:
        """Attempts without an outcome: at start, all of them were cut off."""
        ...

    def attempts(self, item_id: ItemId) -> Sequence[Attempt]: ...

    def add_request(
        self, item_id: ItemId, kind: RequestKind, *, reason: str, by: str, role: str, at: datetime,
        remote_id: RemoteId | None = None, dismissed: AbstractSet[RemoteId] = frozenset(),
    ) -> DecisionRequest:
        """A newer request for the same item closes an older open one with `replaced`.

        But a RECHECK never replaces an open decision: raises UserError (field `item`).
        """
        ...  # fmt: skip

    def open_request(self, item_id: ItemId) -> DecisionRequest | None:
        """The item's open request; there is at most one."""
        ...

    def open_requests(self, connection_id: ConnectionId | None = None) -> Sequence[DecisionRequest]: ...

    def request(self, request_id: int) -> DecisionRequest:
        """Raises NotFoundError."""
        ...

    def close_request(self, request_id: int, result: str) -> None: ...

    def open_all(self) -> Sequence[Item]:
        """Every PLANNED and INFLIGHT item, for T12."""
        ...

    def inflight_all(self) -> Sequence[Item]: ...

    def review_all(self) -> Sequence[Item]:
        """Every item in REVIEW, for T12."""
        ...

    def stale(self, before: datetime, limit: int) -> Sequence[Item]:
        """PLANNED items whose write-back was requested before that time, the longest waiting first."""
        ...

    def is_stale(self, item_id: ItemId, before: datetime) -> bool:
        """Whether that item is one of `stale`."""
        ...

    def note_unseen(self, item_id: ItemId, ticks: int) -> None:
        """For how many awake ticks the last accepted record of the item has been looked for in vain.

        Nothing was accepted = changes nothing.
        """
        ...

    def unseen_ticks(self, item_id: ItemId) -> int:
        """What was noted for the last accepted attempt; 0 = nothing."""
        ...

    def watch_due(self, connection_id: ConnectionId, now: datetime, limit: int) -> Sequence[WatchDue]:
        """The connection's DONE items whose watch look is due, longest first; none of a patient with one INFLIGHT."""
        ...

    def set_watch(self, item_id: ItemId, next_at: datetime | None, step: int) -> None: ...

    def watch_all_done_since(self, since: datetime, at: datetime) -> int:
        """Makes every DONE item since then due at `at` (after a rollback); how many."""
        ...

    def note_waiting(self, item_ids: Sequence[ItemId], why: str, next_try_at: datetime | None) -> None:
        """For screens only; changes no state. An item that is not open waits for nothing: it is passed over."""
        ...

    def note_connection_waiting(self, connection_id: ConnectionId, why: str) -> int:
        """The same for every open item of a connection, next try unknown; how many are open."""
        ...

    def counts(self) -> QueueCounts: ...

    def views(
        self, *, states: AbstractSet[ItemState] | None = None, lab_id: LabId | None = None,
        done_since: datetime | None = None, limit: int = 500, offset: int = 0,
    ) -> Sequence[ItemView]:
        """Items with the names a screen needs, oldest first."""
        ...  # fmt: skip


class SenderRepository(Protocol):
    """The one row about the sender."""

    def epoch(self) -> int: ...

    def generation(self) -> int: ...

    def begin_epoch(self) -> int:
        """+1, returns the new one."""
        ...

    def bump_generation(self) -> int:
        """+1 in every T1, returns the new one."""
        ...

    def raise_generation(self, at_least: int) -> None:
        """After a rollback was seen: never below what the anchor remembers."""
        ...
