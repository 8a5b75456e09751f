"""Write-backs, items, attempts and decisions (ports.outbox_repository.OutboxRepository)."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from denticode_desktop.domain.errors import NotFoundError, UserError
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
from denticode_desktop.ports.views import ItemView, QueueCounts, WatchDue

from .outbox_rows import ITEM_SQL, attempt_of, item_of, request_of, writeback_of
from .outbox_views import counts_of, views_of
from .payload_codec import encode_payload
from .session import ConstraintError, Session
from .values import to_date_or_none, to_list, to_set, to_time, to_time_or_none

CLOSED = "('DONE', 'VOID')"
STALE = (
    "i.state = 'PLANNED' AND i.requested_at < ?1 AND NOT EXISTS (SELECT 1 FROM decision_request d WHERE"
    " d.item_id = i.id AND d.kind = 'send_again' AND d.result = 'done' AND d.asked_at >= ?1)"
)
"""Waiting since before ?1, with no decision to send it again since."""


class SqlOutbox:
    """The outbox on one session. Nothing is ever deleted."""

    def __init__(self, session: Session) -> None:
        self._session = session

    # -- write-backs ---------------------------------------------------------------------------------------------

    def add_writeback(
        self, *, connection_id: ConnectionId, lab_id: LabId, revision: int, pms_patient_id: PmsPatientId,
        snapshot: PatientSnapshot, content_sha256: str, finalized_at: datetime, finalized_by: str,
        created_at: datetime, by_hand: Sequence[str], items: Sequence[NewItem],
    ) -> WriteBackId:  # fmt: skip
        """As the port."""
        if self.find_writeback(connection_id, lab_id, revision) is not None:
            raise UserError("This revision is queued for that connection already.", field="lab")
        writeback_id = self._session.insert(
            "INSERT INTO writeback (connection_id, lab_id, revision, pms_patient_id, snapshot_first_name,"
            " snapshot_last_name, snapshot_date_of_birth, content_sha256, finalized_at, finalized_by, created_at,"
            " by_hand, is_paused) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
            (
                connection_id, lab_id, revision, pms_patient_id, snapshot.first_name, snapshot.last_name,
                to_date_or_none(snapshot.date_of_birth), content_sha256, to_time(finalized_at), finalized_by,
                to_time(created_at), to_list(by_hand),
            ),
        )  # fmt: skip
        for new in items:
            self._session.insert(
                "INSERT INTO item (writeback_id, connection_id, pms_patient_id, seq, kind, payload, payload_sha256,"
                " marker, fingerprint) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    writeback_id, connection_id, pms_patient_id, new.seq, new.kind.value,
                    encode_payload(new.kind, new.payload, new.payload_sha256), new.payload_sha256, new.marker,
                    new.fingerprint,
                ),
            )  # fmt: skip
        return WriteBackId(writeback_id)

    def writeback(self, writeback_id: WriteBackId) -> WriteBack:
        """As the port."""
        row = self._session.one("SELECT * FROM writeback WHERE id = ?", (writeback_id,))
        if row is None:
            raise NotFoundError("There is no such write-back.", field="writeback_id")
        return writeback_of(row)

    def find_writeback(self, connection_id: ConnectionId, lab_id: LabId, revision: int) -> WriteBack | None:
        """As the port."""
        row = self._session.one(
            "SELECT * FROM writeback WHERE connection_id = ? AND lab_id = ? AND revision = ?",
            (connection_id, lab_id, revision),
        )
        return None if row is None else writeback_of(row)

    def writebacks_of_lab(self, lab_id: LabId) -> Sequence[WriteBack]:
        """As the port."""
        rows = self._session.all("SELECT * FROM writeback WHERE lab_id = ? ORDER BY revision, id", (lab_id,))
        return [writeback_of(row) for row in rows]

    def request_send(self, writeback_id: WriteBackId, at: datetime) -> None:
        """As the port."""
        self._session.change(
            "UPDATE writeback SET requested_at = ? WHERE id = ? AND requested_at IS NULL", (to_time(at), writeback_id)
        )

    def set_paused(self, writeback_id: WriteBackId, is_paused: bool) -> None:
        """As the port."""
        self._session.change("UPDATE writeback SET is_paused = ? WHERE id = ?", (int(is_paused), writeback_id))

    # -- items ---------------------------------------------------------------------------------------------------

    def _items(self, where: str, params: tuple[object, ...], order: str = "i.id") -> list[Item]:
        rows = self._session.all(f"{ITEM_SQL} WHERE {where} ORDER BY {order}", params)
        return [item_of(row) for row in rows]

    def _open_of_patient(
        self, state: ItemState, connection_id: ConnectionId, pms_patient_id: PmsPatientId, also: str = ""
    ) -> list[Item]:
        # Named, because SQLite would rather walk the whole queue in order than sort one patient's few items.
        rows = self._session.all(
            f"{ITEM_SQL} INDEXED BY ix_item_open WHERE i.state = '{state.value}' AND i.connection_id = ?"
            f" AND i.pms_patient_id = ?{also} ORDER BY i.writeback_id, i.seq",
            (connection_id, pms_patient_id),
        )
        return [item_of(row) for row in rows]

    def items(self, writeback_id: WriteBackId) -> Sequence[Item]:
        """As the port."""
        return self._items("i.writeback_id = ?", (writeback_id,), "i.seq")

    def item(self, item_id: ItemId) -> Item:
        """As the port."""
        found = self._items("i.id = ?", (item_id,))
        if not found:
            raise NotFoundError("There is no such item.", field="item")
        return found[0]

    def next_patients(
        self, connection_id: ConnectionId, *, skip: AbstractSet[PmsPatientId], limit: int
    ) -> Sequence[PmsPatientId]:
        """As the port. Walks the queue's partial index in order and stops as soon as enough patients are found."""
        found: dict[PmsPatientId, None] = {}
        rows = self._session.stream(
            "SELECT pms_patient_id FROM item INDEXED BY ix_item_queue WHERE connection_id = ?"
            " AND (state = 'INFLIGHT' OR (state = 'PLANNED' AND is_released = 1))"
            " AND pms_patient_id NOT IN (SELECT value FROM json_each(?)) ORDER BY writeback_id, seq",
            (connection_id, to_set(skip)),  # SQLite passes over them in half the time that rows for Python take
        )
        for row in rows:
            found[PmsPatientId(row[0])] = None
            if len(found) >= limit:
                break
        return list(found)

    def open_items(self, connection_id: ConnectionId, pms_patient_id: PmsPatientId) -> Sequence[Item]:
        """As the port."""
        inflight = self._open_of_patient(ItemState.INFLIGHT, connection_id, pms_patient_id)
        planned = self._open_of_patient(
            ItemState.PLANNED, connection_id, pms_patient_id,
            " AND i.is_released = 1 AND NOT EXISTS (SELECT 1 FROM item e WHERE e.writeback_id = i.writeback_id AND"
            f" (e.state = 'REVIEW' OR (e.seq < i.seq AND e.state NOT IN {CLOSED})))"
            " AND NOT EXISTS (SELECT 1 FROM writeback w JOIN writeback o ON o.lab_id = w.lab_id AND"
            " o.connection_id = w.connection_id AND o.revision < w.revision JOIN item e ON e.writeback_id = o.id"
            f" WHERE w.id = i.writeback_id AND e.state NOT IN {CLOSED})",
        )  # fmt: skip
        return [*inflight, *planned]

    def items_of_patient(
        self, connection_id: ConnectionId, pms_patient_id: PmsPatientId, *, states: AbstractSet[ItemState]
    ) -> Sequence[Item]:
        """As the port. From the patient's write-backs to their items: nobody else's are looked at."""
        return self._items(
            "i.writeback_id IN (SELECT w.id FROM writeback w INDEXED BY ix_writeback_patient WHERE w.connection_id = ?"
            " AND w.pms_patient_id = ?) AND +i.state IN (SELECT value FROM json_each(?))",
            (connection_id, pms_patient_id, to_set(states)), "i.writeback_id, i.seq",
        )  # fmt: skip

    def inflight_of_patient(self, connection_id: ConnectionId, pms_patient_id: PmsPatientId) -> int:
        """As the port."""
        return int(
            self._session.value(
                "SELECT count(*) FROM item INDEXED BY ix_item_open WHERE state = 'INFLIGHT' AND connection_id = ?"
                " AND pms_patient_id = ?",
                (connection_id, pms_patient_id),
            )
        )

    def move(
        self, item: Item, to: ItemState, *, epoch: int | None,
        sends: int | None = None, remote_id: RemoteId | None = None, clear_remote_id: bool = False,
        review_reason: ReviewReason | None = None, review_detail: str = "",
        was_unknown: bool | None = None, done_at: datetime | None = None,
    ) -> bool:  # fmt: skip
        """As the port. Leaving DONE or REVIEW drops what belongs to that state alone.

        The remote id is compared too: an item read before its send was accepted must not wipe out what the PMS named.
        """
        keeps_record = not clear_remote_id and to is not ItemState.PLANNED
        new_remote = remote_id if remote_id is not None else (item.remote_id if keeps_record else None)
        try:
            return self._session.change(
                "UPDATE item SET state = :to, sends = :sends, remote_id = :remote_id, review_reason = :reason,"
                " review_detail = :detail, was_unknown = coalesce(:was_unknown, was_unknown), done_at = :done_at,"
                " waiting_why = '', next_try_at = NULL, watch_at = CASE WHEN :to = 'DONE' THEN watch_at END"
                " WHERE id = :id AND state = :state AND sends = :old_sends AND remote_id IS :old_remote_id"
                " AND (:epoch IS NULL OR (SELECT epoch FROM sender) = :epoch)",
                {
                    "to": to.value,
                    "sends": item.sends if sends is None else sends,
                    "remote_id": new_remote,
                    "reason": review_reason.value if to is ItemState.REVIEW and review_reason else None,
                    "detail": review_detail if to is ItemState.REVIEW else "",
                    "was_unknown": None if was_unknown is None else int(was_unknown),
                    "done_at": to_time_or_none(done_at or item.done_at),
                    "id": item.item_id,
                    "state": item.state.value,
                    "old_sends": item.sends,
                    "old_remote_id": item.remote_id,
                    "epoch": epoch,
                },
            ) == 1
        except ConstraintError:
            if new_remote is None or not self._is_owned_by_another(item, new_remote):
                raise
            return False

    def _is_owned_by_another(self, item: Item, remote_id: RemoteId) -> bool:
        owner = self.owners(item.connection_id, item.kind, {remote_id}).get(remote_id)
        return owner is not None and owner != item.item_id

    def owners(
        self, connection_id: ConnectionId, kind: ItemKind, remote_ids: AbstractSet[RemoteId]
    ) -> Mapping[RemoteId, ItemId]:
        """As the port."""
        rows = self._session.all(
            "SELECT i.remote_id, i.id FROM json_each(?) j CROSS JOIN item i ON i.connection_id = ? AND"
            " i.kind = ? AND i.remote_id = j.value",  # CROSS: from the few ids to their rows, never the other way
            (to_set(remote_ids), connection_id, kind.value),
        )
        return {RemoteId(row[0]): ItemId(row[1]) for row in rows}

    def dismiss(self, item_id: ItemId, remote_ids: AbstractSet[RemoteId]) -> None:
        """As the port."""
        self._session.change_many(
            "INSERT OR IGNORE INTO item_dismissed (item_id, remote_id) VALUES (?, ?)",
            [(item_id, remote_id) for remote_id in sorted(remote_ids)],
        )

    # -- attempts and decisions ------------------------------------------------------------------------------------

    def add_attempt(self, item_id: ItemId, *, epoch: int, request_sha256: str, at: datetime) -> Attempt:
        """As the port."""
        n = 1 + int(self._session.value("SELECT coalesce(max(n), 0) FROM attempt WHERE item_id = ?", (item_id,)))
        attempt_id = self._session.insert(
            "INSERT INTO attempt (item_id, n, epoch, request_sha256, intent_at) VALUES (?, ?, ?, ?, ?)",
            (item_id, n, epoch, request_sha256, to_time(at)),
        )
        return Attempt(AttemptId(attempt_id), item_id, n, epoch, request_sha256, at)

    def close_attempt(self, attempt_id: AttemptId, outcome: SendOutcome) -> None:
        """As the port."""
        self._session.change(
            "UPDATE attempt SET outcome = ?, http_status = ?, remote_id = ?, error_kind = ?, retry_after_s = ?,"
            " pms_words = ?, pms_request_id = ?, permission = ?, elapsed_ms = ? WHERE id = ? AND outcome IS NULL",
            (
                outcome.kind.value, outcome.http_status, outcome.remote_id, outcome.error_kind, outcome.retry_after_s,
                outcome.pms_words, outcome.pms_request_id, outcome.permission, outcome.elapsed_ms, attempt_id,
            ),
        )  # fmt: skip

    def open_attempts(self) -> Sequence[Attempt]:
        """As the port."""
        return [attempt_of(r) for r in self._session.all("SELECT * FROM attempt WHERE outcome IS NULL ORDER BY id")]

    def attempts(self, item_id: ItemId) -> Sequence[Attempt]:
        """As the port."""
        rows = self._session.all("SELECT * FROM attempt WHERE item_id = ? ORDER BY n", (item_id,))
        return [attempt_of(row) for row in rows]

    def add_request(
        self, item_id: ItemId, kind: RequestKind, *, reason: str, by: str, role: str, at: datetime,
        remote_id: RemoteId | None = None, dismissed: AbstractSet[RemoteId] = frozenset(),
    ) -> DecisionRequest:  # fmt: skip
        """As the port."""
        waiting = self.open_request(item_id)
        is_decided = waiting is not None and waiting.kind is not RequestKind.RECHECK
        if is_decided and kind is RequestKind.RECHECK:
            raise UserError("A person decided about this item, and that is carried out first.", field="item")
        self._session.change(
            "UPDATE decision_request SET result = 'replaced' WHERE item_id = ? AND result = ''", (item_id,)
        )
        request_id = self._session.insert(
            "INSERT INTO decision_request (item_id, kind, reason, asked_by, role, asked_at, remote_id, dismissed)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (item_id, kind.value, reason, by, role, to_time(at), remote_id, to_set(dismissed)),
        )
        return DecisionRequest(request_id, item_id, kind, reason, by, role, at, remote_id, frozenset(dismissed))

    def open_request(self, item_id: ItemId) -> DecisionRequest | None:
        """As the port."""
        row = self._session.one("SELECT * FROM decision_request WHERE item_id = ? AND result = ''", (item_id,))
        return None if row is None else request_of(row)

    def open_requests(self, connection_id: ConnectionId | None = None) -> Sequence[DecisionRequest]:
        """As the port."""
        rows = self._session.all(
            "SELECT d.* FROM decision_request d INDEXED BY uq_decision_request_open JOIN item i ON i.id = d.item_id"
            " WHERE d.result = ''"
            " AND (?1 IS NULL OR i.connection_id = ?1) ORDER BY d.id",
            (connection_id,),
        )
        return [request_of(row) for row in rows]

    def request(self, request_id: int) -> DecisionRequest:
        """As the port."""
        row = self._session.one("SELECT * FROM decision_request WHERE id = ?", (request_id,))
        if row is None:
            raise NotFoundError("There is no such decision.", field="request_id")
        return request_of(row)

    def close_request(self, request_id: int, result: str) -> None:
        """As the port."""
        self._session.change(
            "UPDATE decision_request SET result = ? WHERE id = ? AND result = ''", (result, request_id)
        )

    # -- beside the loop -------------------------------------------------------------------------------------------

    def open_all(self) -> Sequence[Item]:
        """As the port."""
        return self._items("(i.state = 'PLANNED' OR i.state = 'INFLIGHT')", (), "+i.id")

    def inflight_all(self) -> Sequence[Item]:
        """As the port."""
        return self._items("i.state = 'INFLIGHT'", (), "+i.id")

    def review_all(self) -> Sequence[Item]:
        """As the port."""
        return self._items("i.state = 'REVIEW'", (), "+i.id")

    def stale(self, before: datetime, limit: int) -> Sequence[Item]:
        """As the port. A decision to send again counts as a new request."""
        rows = self._session.all(
            # Named, because by itself SQLite reads every PLANNED item; in that index's order, so that none is sorted.
            f"{ITEM_SQL} INDEXED BY ix_item_waiting WHERE {STALE} ORDER BY i.requested_at, i.id LIMIT ?2",
            (to_time(before), limit),
        )
        return [item_of(row) for row in rows]

    def is_stale(self, item_id: ItemId, before: datetime) -> bool:
        """As the port."""
        found = self._session.value(
            f"SELECT count(*) FROM item i WHERE i.id = ?2 AND {STALE}", (to_time(before), item_id)
        )
        return bool(found)

    def note_unseen(self, item_id: ItemId, ticks: int) -> None:
        """As the port."""
        self._session.change(
            "INSERT INTO attempt_unseen (attempt_id, ticks) SELECT id, ?2 FROM attempt WHERE item_id = ?1 AND"
            " outcome = 'accepted' ORDER BY n DESC LIMIT 1 ON CONFLICT (attempt_id) DO UPDATE SET"
            " ticks = excluded.ticks",
            (item_id, ticks),
        )

    def unseen_ticks(self, item_id: ItemId) -> int:
        """As the port."""
        ticks = self._session.value(
            "SELECT u.ticks FROM attempt a LEFT JOIN attempt_unseen u ON u.attempt_id = a.id WHERE a.item_id = ?"
            " AND a.outcome = 'accepted' ORDER BY a.n DESC LIMIT 1",
            (item_id,),
        )
        return int(ticks or 0)

    def watch_due(self, connection_id: ConnectionId, now: datetime, limit: int) -> Sequence[WatchDue]:
        """As the port."""
        rows = self._session.all(
            "SELECT i.id, i.connection_id, i.pms_patient_id, i.kind, i.watch_step FROM item i INDEXED BY ix_item_watch"
            " WHERE i.connection_id = ? AND i.watch_at IS NOT NULL AND i.watch_at <= ? AND i.state = 'DONE'"
            " AND NOT EXISTS (SELECT 1 FROM item f INDEXED BY ix_item_open WHERE f.state = 'INFLIGHT'"
            " AND f.connection_id = i.connection_id AND f.pms_patient_id = i.pms_patient_id)"
            " ORDER BY i.watch_at LIMIT ?",
            (connection_id, to_time(now), limit),
        )
        return [WatchDue(ItemId(r[0]), ConnectionId(r[1]), PmsPatientId(r[2]), ItemKind(r[3]), int(r[4])) for r in rows]

    def set_watch(self, item_id: ItemId, next_at: datetime | None, step: int) -> None:
        """As the port."""
        self._session.change(
            "UPDATE item SET watch_at = ?, watch_step = ? WHERE id = ?", (to_time_or_none(next_at), step, item_id)
        )

    def watch_all_done_since(self, since: datetime, at: datetime) -> int:
        """As the port."""
        return self._session.change(
            "UPDATE item SET watch_at = ? WHERE state = 'DONE' AND done_at >= ?", (to_time(at), to_time(since))
        )

    def note_waiting(self, item_ids: Sequence[ItemId], why: str, next_try_at: datetime | None) -> None:
        """As the port."""
        at = to_time_or_none(next_try_at)
        self._session.change_many(
            "UPDATE item SET waiting_why = ?, next_try_at = ? WHERE id = ? AND state IN ('PLANNED', 'INFLIGHT')",
            [(why, at, i) for i in item_ids],
        )

    def note_connection_waiting(self, connection_id: ConnectionId, why: str) -> int:
        """As the port. Rows that say so already are not written again."""
        found = 0
        for state in (ItemState.PLANNED, ItemState.INFLIGHT):
            of_connection = f"state = '{state.value}' AND connection_id = ?1"
            found += int(
                self._session.value(f"SELECT count(*) FROM item INDEXED BY ix_item_open WHERE {of_connection}",
                                    (connection_id,))
            )  # fmt: skip
            self._session.change(
                "UPDATE item INDEXED BY ix_item_open SET waiting_why = ?2, next_try_at = NULL"
                f" WHERE {of_connection} AND (waiting_why <> ?2 OR next_try_at IS NOT NULL)",
                (connection_id, why),
            )
        return found

    def counts(self) -> QueueCounts:
        """As the port."""
        return counts_of(self._session)

    def views(
        self, *, states: AbstractSet[ItemState] | None = None, lab_id: LabId | None = None,
        done_since: datetime | None = None, limit: int = 500, offset: int = 0,
    ) -> Sequence[ItemView]:  # fmt: skip
        """As the port."""
        return views_of(
            self._session, states=states, lab_id=lab_id, done_since=done_since, limit=limit, offset=offset
        )
