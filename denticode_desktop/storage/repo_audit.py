"""The hash-chained audit log (ports.unit_of_work.AuditRepository)."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from denticode_desktop.domain.audit_event import (
    GENESIS_HASH,
    SYSTEM_NAME,
    AuditDraft,
    AuditEvent,
    AuditHead,
    AuditKind,
    seal,
)
from denticode_desktop.domain.errors import StorageError
from denticode_desktop.ports.clock import Clock
from denticode_desktop.ports.views import AuditFilter

from .session import Row, Session
from .values import from_time, to_time

_COLUMNS = (
    "seq", "at", "workstation", "app_version", "kind", "actor", "role", "outcome", "connection_id", "pms_patient_id",
    "lab_id", "writeback_id", "item_id", "attempt_id", "epoch", "ticks", "content_sha256", "remote_id", "reason",
    "detail", "previous_hash", "hash",
)  # fmt: skip
_INSERT = f"INSERT INTO audit_event ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM audit_event"
_SIDE_INDEX = {"actor": " AND actor <> 'system'", "outcome": " AND outcome <> 'ok'"}
"""Said once more, so that SQLite may take the partial index over what is not the everyday value."""


class SqlAudit:
    """Adds events in the transaction of the change that they tell of."""

    def __init__(self, session: Session, clock: Clock, workstation: str, app_version: str) -> None:
        self._session = session
        self._clock = clock
        self._workstation = workstation
        self._app_version = app_version

    def append(self, draft: AuditDraft) -> AuditEvent:
        """As the port. A clock that went back does not take the log with it."""
        last = self._session.one("SELECT seq, at, hash FROM audit_event ORDER BY seq DESC LIMIT 1")
        now = self._clock.utc_now()
        try:
            at = now if last is None else max(now, from_time(last["at"]))
        except (ValueError, TypeError) as error:
            raise StorageError("damaged") from error
        event = seal(
            draft,
            seq=1 if last is None else int(last["seq"]) + 1,
            at=at,
            workstation=self._workstation,
            app_version=self._app_version,
            previous=GENESIS_HASH if last is None else last["hash"],
        )
        self._session.insert(_INSERT, _values_of(event))
        return event

    def head(self) -> AuditHead:
        """As the port."""
        row = self._session.one("SELECT seq, hash FROM audit_event ORDER BY seq DESC LIMIT 1")
        return AuditHead(0, GENESIS_HASH) if row is None else AuditHead(int(row["seq"]), row["hash"])

    def event(self, seq: int) -> AuditEvent | None:
        """As the port."""
        row = self._session.one(f"{_SELECT} WHERE seq = ?", (seq,))
        return None if row is None else _event_of(row)

    def iterate(self, after_seq: int = 0) -> Iterator[AuditEvent]:
        """As the port."""
        for row in self._session.stream(f"{_SELECT} WHERE seq > ? ORDER BY seq", (after_seq,)):
            yield _event_of(row)

    def page(self, filters: AuditFilter, *, before_seq: int | None, limit: int) -> Sequence[AuditEvent]:
        """As the port."""
        where, params = self._where(filters)
        if before_seq is not None:
            where.append("seq < ?")
            params.append(before_seq)
        # One kind at a time: its index gives the newest first, where a list of kinds would have to be sorted whole.
        found: dict[int, AuditEvent] = {}
        for kind in filters.kinds or (None,):
            terms, values = (where, params) if kind is None else ([*where, "kind = ?"], [*params, kind])
            rows = self._session.all(
                f"{_SELECT} WHERE {' AND '.join(terms)} ORDER BY seq DESC LIMIT ?", (*values, limit)
            )
            found.update((int(row["seq"]), _event_of(row)) for row in rows)
        return [found[seq] for seq in sorted(found, reverse=True)[:limit]]

    def count(self, filters: AuditFilter) -> int:
        """As the port. Without a filter the last seq is the count: the chain has no gap."""
        where, params = self._where(filters)
        if filters.kinds:
            where.append(f"kind IN ({', '.join('?' * len(filters.kinds))})")
            params += filters.kinds
        if len(where) == 1:
            return self.head().seq
        return int(self._session.value(f"SELECT count(*) FROM audit_event WHERE {' AND '.join(where)}", tuple(params)))

    def _where(self, filters: AuditFilter) -> tuple[list[str], list[object]]:
        """All filters but the kinds. Times become seqs, which the table is ordered by."""
        where, params = ["1"], list[object]()
        for condition, value in (
            ("seq >= ?", None if filters.since is None else self._first_seq_from(filters.since)),
            ("seq < ?", None if filters.until is None else self._first_seq_from(filters.until)),
            (f"actor = ?{_SIDE_INDEX['actor'] if filters.actor != SYSTEM_NAME else ''}", filters.actor),
            (f"outcome = ?{_SIDE_INDEX['outcome'] if filters.outcome != 'ok' else ''}", filters.outcome),
            ("pms_patient_id = ?", filters.pms_patient_id),
        ):
            if value is not None:
                where.append(condition)
                params.append(value)
        if filters.text:
            escaped = filters.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            columns = ("kind", "actor", "reason", "lab_id", "remote_id")
            where.append("(" + " OR ".join(f"{c} LIKE ? ESCAPE '\\'" for c in columns) + ")")
            params += [f"%{escaped}%"] * len(columns)
        return where, params

    def _first_seq_from(self, at: datetime) -> int:
        """Seq of the first event at or after a time: times never go back and seqs have no gap, so halving finds it."""
        wanted, low, high = to_time(at), 1, self.head().seq + 1
        while low < high:
            middle = (low + high) // 2
            if self._session.value("SELECT at FROM audit_event WHERE seq = ?", (middle,)) < wanted:
                low = middle + 1
            else:
                high = middle
        return low


def _values_of(event: AuditEvent) -> tuple[object, ...]:
    d = event.draft
    detail = json.dumps(d.detail, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return (
        event.seq, to_time(event.at), event.workstation, event.app_version, d.kind.value, d.actor, d.role, d.outcome,
        d.connection_id, d.pms_patient_id, d.lab_id, d.writeback_id, d.item_id, d.attempt_id, d.epoch, d.ticks,
        d.content_sha256, d.remote_id, d.reason, detail, event.previous_hash, event.hash,
    )  # fmt: skip


def _event_of(row: Row) -> AuditEvent:
    """Raises StorageError (`damaged`) where somebody changed a row to what no event can be."""
    try:
        return _parsed(row)
    except (ValueError, TypeError, RecursionError) as error:
        raise StorageError("damaged") from error


def _parsed(row: Row) -> AuditEvent:
    draft = AuditDraft(
        kind=AuditKind(row["kind"]), actor=row["actor"], role=row["role"], outcome=row["outcome"],
        connection_id=row["connection_id"], pms_patient_id=row["pms_patient_id"], lab_id=row["lab_id"],
        writeback_id=row["writeback_id"], item_id=row["item_id"], attempt_id=row["attempt_id"], epoch=row["epoch"],
        ticks=row["ticks"], content_sha256=row["content_sha256"], remote_id=row["remote_id"], reason=row["reason"],
        detail=json.loads(row["detail"]),
    )  # fmt: skip
    return AuditEvent(
        int(row["seq"]), from_time(row["at"]), row["workstation"], row["app_version"], draft, row["previous_hash"],
        row["hash"],
    )  # fmt: skip
