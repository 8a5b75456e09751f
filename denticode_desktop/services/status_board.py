"""StatusBoard: what Today and the status strip show. Reads only; green is never said without a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from denticode_desktop.domain.connection import Connection, ConnectionReport, Environment, HoldReason, Light, Permission
from denticode_desktop.domain.ids import WriteBackId
from denticode_desktop.domain.write_back import ItemState
from denticode_desktop.ports.clock import Clock
from denticode_desktop.ports.unit_of_work import Store, UnitOfWork
from denticode_desktop.ports.views import ItemView, LabSummary, QueueCounts

from .sentences import Sentence, say
from .today_rows import (
    RowAction,
    TodayRow,
    connection_rows,
    done_rows,
    no_connection_row,
    review_rows,
    unlinked_row,
    unsent_row,
    waiting_rows,
)

__all__ = ["CardLight", "ConnectionCard", "RowAction", "StatusBoard", "StripView", "TodayRow", "TodayView"]

LIGHT_FRESH = timedelta(hours=24)
NOTICE_AGE = timedelta(hours=4)
ALERT_AGE = timedelta(hours=24)
CLOCK_SLACK = timedelta(minutes=5)
"""A time further ahead than this was written by a clock that went wrong: it proves nothing."""
_BROKEN_HOLDS = frozenset({HoldReason.SIGN_IN, HoldReason.WRONG_ROSTER})
MAX_ROWS = 500


@dataclass(frozen=True, slots=True)
class TodayView:
    """The three lists; each is whole up to MAX_ROWS."""

    needs_you: tuple[TodayRow, ...]
    waiting: tuple[TodayRow, ...]
    in_chart: tuple[TodayRow, ...]


class CardLight(StrEnum):
    """A connection's light as shown: green decays to grey."""

    GREEN = "green"
    YELLOW = "yellow"
    FAILED = "failed"
    GREY = "grey"


@dataclass(frozen=True, slots=True)
class ConnectionCard:
    """A connection with its light in words. `unconfirmed`: writing that no success has proven yet."""

    connection: Connection
    light: CardLight
    words: Sentence
    hold: Sentence | None
    next_step: Sentence | None
    unconfirmed: tuple[Permission, ...] = ()


@dataclass(frozen=True, slots=True)
class StripView:
    """The status strip. is_notice / is_alert: the oldest waiting entry is older than 4 h / 24 h.

    next_sync_at: as the scheduler tells, None where it does not.
    """

    cards: tuple[ConnectionCard, ...]
    counts: QueueCounts
    environments: frozenset[Environment]
    is_notice: bool
    is_alert: bool
    is_rehearsal_only: bool
    next_sync_at: datetime | None = None


class StatusBoard:
    """Read models for screens."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def today(self, day_start: datetime) -> TodayView:
        """The three lists. `day_start` is the viewer's local midnight, aware. Raises StorageError."""
        with self._store.read() as uow:
            review = uow.outbox.views(states={ItemState.REVIEW}, limit=MAX_ROWS)
            opened = uow.outbox.views(states={ItemState.PLANNED, ItemState.INFLIGHT}, limit=MAX_ROWS)
            done = uow.outbox.views(states={ItemState.DONE}, done_since=day_start, limit=MAX_ROWS)
            connections = uow.connections.all()
            lab_needs, lab_waiting = _lab_rows(uow, connections)
            by_hand = {w: len(uow.outbox.writeback(w).by_hand) for w in {v.item.writeback_id for v in done}}
            unlinked = _unlinked_since(uow, opened)
        with_open = {v.item.connection_id for v in opened}
        stopped, waiting = waiting_rows(opened, {v.item.writeback_id for v in review}, unlinked)
        needs = [*connection_rows(connections, with_open), *lab_needs, *stopped, *review_rows(review)]
        return TodayView(tuple(needs), (*waiting, *lab_waiting), tuple(done_rows(done, by_hand)))

    def strip(self, next_sync_at: datetime | None = None) -> StripView:
        """Lights and counts; the next sync is the scheduler's word. Raises StorageError."""
        with self._store.read() as uow:
            counts = uow.outbox.counts()
            cards = self._cards(uow)
            is_rehearsal_only = uow.practice.is_rehearsal_only()
        oldest = counts.oldest_open_requested_at
        age = self._clock.utc_now() - oldest if oldest else timedelta(0)
        environments = frozenset(card.connection.settings.environment for card in cards)
        is_notice, is_alert = age >= NOTICE_AGE, age >= ALERT_AGE
        return StripView(cards, counts, environments, is_notice, is_alert, is_rehearsal_only, next_sync_at)

    def connection_cards(self) -> Sequence[ConnectionCard]:
        """Every connection. Raises StorageError."""
        with self._store.read() as uow:
            return self._cards(uow)

    def _cards(self, uow: UnitOfWork) -> tuple[ConnectionCard, ...]:
        return tuple(self._card(connection) for connection in uow.connections.all())

    def _card(self, connection: Connection) -> ConnectionCard:
        light, words = self._light(connection)
        hold = say(f"hold.{connection.hold.value}") if connection.hold else None
        next_step = None
        if connection.hold:
            next_step = say(f"hold.{connection.hold.value}.next")
        elif connection.report and connection.report.reason:
            next_step = say(f"failure.{connection.report.reason.value}.next")
        claimed = connection.report.unconfirmed_permissions if connection.report else ()
        unconfirmed = tuple(p for p in claimed if p not in connection.write_confirmed)
        return ConnectionCard(connection, light, words, hold, next_step, unconfirmed)

    def _light(self, connection: Connection) -> tuple[CardLight, Sentence]:
        report = connection.report
        if not connection.is_enabled:
            return CardLight.GREY, say("light.grey_off")
        broken = _why_broken(connection)
        if broken is not None:
            return CardLight.FAILED, broken
        if report is None or connection.tested_at is None:
            return CardLight.GREY, say("light.grey_never")
        return self._proven(connection, report, connection.tested_at)

    def _proven(
        self, connection: Connection, report: ConnectionReport, tested_at: datetime
    ) -> tuple[CardLight, Sentence]:
        if report.light is Light.FAILED:
            return CardLight.GREY, say("light.grey_read_since")
        proven_at = max(tested_at, connection.last_good_read_at or tested_at)
        if not -CLOCK_SLACK <= self._clock.utc_now() - proven_at <= LIGHT_FRESH:
            return CardLight.GREY, say("light.grey_old")
        if report.light is Light.YELLOW or connection.hold is not None:
            return CardLight.YELLOW, say("light.yellow")
        return CardLight.GREEN, say("light.green")


def _why_broken(connection: Connection) -> Sentence | None:
    """Why a connection does not work at all, as far as is known; None where nothing says so."""
    if connection.hold is not None and connection.hold in _BROKEN_HOLDS:
        return say(f"hold.{connection.hold.value}")
    report = connection.report
    if report is None or not connection.has_failed:
        return None
    return say(f"failure.{report.reason.value}" if report.reason else "light.failed")


def _lab_rows(uow: UnitOfWork, connections: Sequence[Connection]) -> tuple[list[TodayRow], list[TodayRow]]:
    """(rows of Needs you, rows of Waiting) for finalized Labs without a write-back."""
    labs = [lab for lab in uow.labs.summaries(limit=MAX_ROWS) if lab.is_finalized and not lab.has_writeback]
    enabled = [c for c in connections if c.is_enabled]
    if labs and not enabled:
        return [no_connection_row(labs)], []
    needs: list[TodayRow] = []
    waiting: list[TodayRow] = []
    for lab in labs:
        if _is_linked(uow, lab, enabled):
            waiting.append(unsent_row(lab))
        else:
            needs.append(unlinked_row(lab))
    return needs, waiting


def _is_linked(uow: UnitOfWork, lab: LabSummary, enabled: Sequence[Connection]) -> bool:
    patient_id = uow.labs.revision(lab.lab_id, lab.revision).content.patient_id
    return any(uow.people.patient_link(c.connection_id, patient_id) is not None for c in enabled)


def _unlinked_since(uow: UnitOfWork, opened: Sequence[ItemView]) -> set[WriteBackId]:
    """Paused write-backs into a chart that no patient is linked with any more."""
    return {
        v.item.writeback_id
        for v in opened
        if v.is_paused and uow.people.linked_patient(v.item.connection_id, v.item.pms_patient_id) is None
    }
