"""Reads of the outbox for screens: items with names, and counts."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime

from denticode_desktop.domain.connection import HoldReason
from denticode_desktop.domain.ids import LabId
from denticode_desktop.domain.write_back import ItemState
from denticode_desktop.ports.views import ItemView, QueueCounts

from .outbox_rows import item_of
from .session import Row, Session
from .values import from_time_or_none, to_time

_VIEW_SQL = (
    "SELECT i.*, (SELECT json_group_array(d.remote_id) FROM item_dismissed d WHERE d.item_id = i.id) AS dismissed,"
    " w.lab_id, w.revision, w.requested_at AS asked_at, w.is_paused, r.visit_on,"
    " p.last_name, p.first_name, p.suffix, coalesce(v.name, '') AS provider_name, c.name AS connection_name,"
    " c.hold, c.waiting_why AS connection_why, c.next_try_at AS connection_next"
    " FROM item i JOIN writeback w ON w.id = i.writeback_id"
    " JOIN lab_revision r ON r.lab_id = w.lab_id AND r.revision = w.revision"
    " JOIN patient p ON p.id = r.patient_id LEFT JOIN provider v ON v.id = r.provider_id"
    " JOIN connection c ON c.id = i.connection_id"
)


def views_of(
    session: Session,
    *,
    states: AbstractSet[ItemState] | None,
    lab_id: LabId | None,
    done_since: datetime | None,
    limit: int,
    offset: int,
) -> Sequence[ItemView]:
    """Items with what a screen shows beside them, oldest first."""
    where, params = ["1"], []
    if states is not None:
        where.append(f"i.state IN ({', '.join('?' * len(states))})")
        params += [s.value for s in sorted(states)]
    if lab_id is not None:
        where.append("w.lab_id = ?")
        params.append(lab_id)
    if done_since is not None:
        where.append("i.done_at >= ?")
        params.append(to_time(done_since))
    rows = session.all(
        f"{_VIEW_SQL} WHERE {' AND '.join(where)} ORDER BY i.writeback_id, i.seq LIMIT ? OFFSET ?",
        (*params, limit, offset),
    )
    return [_view_of(row) for row in rows]


def _view_of(row: Row) -> ItemView:
    name = ", ".join(part for part in (row["last_name"], row["first_name"]) if part)
    return ItemView(
        item=item_of(row),
        lab_id=LabId(row["lab_id"]),
        revision=int(row["revision"]),
        visit_on=date.fromisoformat(row["visit_on"]),
        patient_name=f"{name} {row['suffix']}".strip(),
        provider_name=row["provider_name"],
        connection_name=row["connection_name"],
        connection_hold=None if row["hold"] is None else HoldReason(row["hold"]),
        connection_waiting_why=row["connection_why"],
        connection_next_try_at=from_time_or_none(row["connection_next"]),
        requested_at=from_time_or_none(row["asked_at"]),
        is_paused=bool(row["is_paused"]),
    )


def counts_of(session: Session) -> QueueCounts:
    """By the partial indexes: quick however long the queue and the history are."""
    review = session.value("SELECT count(*) FROM item WHERE state = 'REVIEW'")
    inflight = session.value("SELECT count(*) FROM item WHERE state = 'INFLIGHT'")
    waiting = session.value("SELECT count(*) FROM item WHERE state = 'PLANNED' AND requested_at IS NOT NULL")
    unasked = session.value("SELECT count(*) FROM item WHERE state = 'PLANNED' AND requested_at IS NULL")
    oldest = session.value("SELECT min(requested_at) FROM item WHERE state = 'PLANNED' AND requested_at IS NOT NULL")
    return QueueCounts(int(review), int(waiting), int(inflight), int(unasked), from_time_or_none(oldest))
