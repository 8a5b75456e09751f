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
    " FROM chosen JOIN item i ON i.id = chosen.id JOIN writeback w ON w.id = i.writeback_id"
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
    also = "".join([
        " AND writeback_id IN (SELECT id FROM writeback WHERE lab_id = :lab_id)" if lab_id is not None else "",
        " AND done_at >= :done_since" if done_since is not None else "",
    ])  # fmt: skip
    # A state's own partial index is taken only where the state stands in the text: one part a state.
    conditions = ["1"] if states is None else [f"state = '{state.value}'" for state in sorted(states)]
    if not conditions:
        return []
    parts = " UNION ALL ".join(f"SELECT id, writeback_id, seq FROM item WHERE {c}{also}" for c in conditions)
    rows = session.all(
        f"WITH chosen AS (SELECT * FROM ({parts}) ORDER BY +writeback_id, +seq LIMIT :limit OFFSET :offset)"
        f" {_VIEW_SQL} ORDER BY i.writeback_id, i.seq",
        {
            "lab_id": lab_id, "done_since": None if done_since is None else to_time(done_since), "limit": limit,
            "offset": offset,
        },
    )  # fmt: skip
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
    planned = "FROM item INDEXED BY ix_item_waiting WHERE state = 'PLANNED' AND requested_at"
    waiting = session.value(f"SELECT count(*) {planned} IS NOT NULL")
    unasked = session.value(f"SELECT count(*) {planned} IS NULL")
    oldest = session.value(f"SELECT min(requested_at) {planned} IS NOT NULL")
    return QueueCounts(int(review), int(waiting), int(inflight), int(unasked), from_time_or_none(oldest))
