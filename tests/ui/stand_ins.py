"""Boards and logs of any length, made of rows in memory: what a practice has after a year, without a year."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import cast

from denticode_desktop.domain.access import Actor
from denticode_desktop.domain.audit_event import GENESIS_HASH, AuditDraft, AuditEvent, AuditKind
from denticode_desktop.domain.ids import ConnectionId, ItemId, LabId
from denticode_desktop.ports.views import AuditFilter
from denticode_desktop.services.audit_log import AuditLog
from denticode_desktop.services.sentences import say
from denticode_desktop.services.status_board import MAX_ROWS, RowAction, StatusBoard, StripView, TodayRow, TodayView
from denticode_desktop.ui.window_services import WindowServices

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
KINDS = tuple(AuditKind)
_LISTS = {"review": RowAction.DECIDE, "wait": RowAction.SEND, "done": RowAction.OPEN_LAB}


class FakeBoard:
    """StatusBoard with so many rows a list; a read moves everything down by one, as a busy day does."""

    def __init__(self, real: StatusBoard, rows: int = MAX_ROWS) -> None:
        self._real = real
        self._rows = rows
        self._made = {name: self._list(name, action) for name, action in _LISTS.items()}
        self.reads = 0

    def strip(self, next_sync_at: datetime | None = None) -> StripView:
        return self._real.strip(next_sync_at)

    def today(self, day_start: datetime) -> TodayView:
        self.reads += 1
        moved = slice(self.reads, self.reads + self._rows)
        return TodayView(self._made["review"][moved], self._made["wait"][moved], self._made["done"][moved])

    def _list(self, name: str, action: RowAction) -> tuple[TodayRow, ...]:
        return tuple(self._row(name, action, number) for number in range(self._rows + 100))

    def _row(self, name: str, action: RowAction, number: int) -> TodayRow:
        who = {"patient": f"Nguyen-Castellanos {number}, Ana", "visit": "2026-11-20"}
        if name == "review":
            sentence = say("today.review_one", what=say("what.note"), why=say("review.look_alike"), **who)
        elif name == "wait":
            sentence = say("today.not_requested", **who)
        else:
            sentence = say("today.in_chart", count=3, **who)
        return TodayRow(
            sentence, say("review.look_alike.next") if name == "review" else None, action,
            lab_id=LabId(f"L{name}{number}"), item_id=ItemId(number), connection_id=ConnectionId(1), since=NOON,
        )  # fmt: skip


class FakeLog:
    """AuditLog of so many events, each made when it is read; the newest has the highest seq."""

    def __init__(self, events: int) -> None:
        self.events = events
        self.pages = 0

    def page(self, actor: Actor, filters: AuditFilter, before_seq: int | None, limit: int) -> Sequence[AuditEvent]:
        self.pages += 1
        top = self.events if before_seq is None else before_seq - 1
        if filters.kinds:
            wanted = (seq for seq in range(top, 0, -1) if self._kind(seq).value in filters.kinds)
            return [self._event(seq) for seq in islice(wanted, limit)]
        return [self._event(seq) for seq in range(top, max(0, top - limit), -1)]

    def count(self, actor: Actor, filters: AuditFilter) -> int:
        if not filters.kinds:
            return self.events
        return sum(self._kind(seq).value in filters.kinds for seq in range(1, self.events + 1))

    def _kind(self, seq: int) -> AuditKind:
        return KINDS[seq % len(KINDS)]

    def _event(self, seq: int) -> AuditEvent:
        draft = AuditDraft(self._kind(seq), "Sam Lee", "Owner", lab_id=f"Lab{seq:012}", reason=f"reason {seq}")
        at = NOON + timedelta(seconds=seq)
        return AuditEvent(seq, at, "front-desk", "1.0", draft, GENESIS_HASH, GENESIS_HASH)


def with_stand_ins(
    services: WindowServices, *, board: FakeBoard | None = None, log: FakeLog | None = None
) -> WindowServices:
    """The same services but for these."""
    return replace(
        services,
        board=services.board if board is None else cast(StatusBoard, board),
        audit=services.audit if log is None else cast(AuditLog, log),
    )
