"""StatusBoard: what Today and the status strip show. Reads only; green is never said without a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from denticode_desktop.domain.connection import Connection, Environment, Light
from denticode_desktop.domain.ids import ConnectionId, ItemId, LabId, WriteBackId
from denticode_desktop.domain.write_back import ItemState
from denticode_desktop.ports.clock import Clock
from denticode_desktop.ports.unit_of_work import Store, UnitOfWork
from denticode_desktop.ports.views import ItemView, LabSummary, QueueCounts

from .sentences import SENTENCES, Sentence, say

LIGHT_FRESH = timedelta(hours=24)
NOTICE_AGE = timedelta(hours=4)
ALERT_AGE = timedelta(hours=24)
MAX_ROWS = 500


class RowAction(StrEnum):
    """What the one button of a row does."""

    NONE = "none"
    OPEN_LAB = "open_lab"
    SEND = "send"
    DECIDE = "decide"
    CONNECTION = "connection"


@dataclass(frozen=True, slots=True)
class TodayRow:
    """One row: one plain sentence and at most one button. Sentences may hold names: for the screen only."""

    sentence: Sentence
    next_step: Sentence | None
    action: RowAction
    lab_id: LabId | None = None
    item_id: ItemId | None = None
    connection_id: ConnectionId | None = None
    since: datetime | None = None
    next_try_at: datetime | None = None

    def __repr__(self) -> str:
        return f"TodayRow({self.sentence!r})"


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
    """A connection with its light in words."""

    connection: Connection
    light: CardLight
    words: Sentence
    hold: Sentence | None
    next_step: Sentence | None


@dataclass(frozen=True, slots=True)
class StripView:
    """The status strip. is_notice / is_alert: the oldest waiting entry is older than 4 h / 24 h."""

    cards: tuple[ConnectionCard, ...]
    counts: QueueCounts
    environments: frozenset[Environment]
    is_notice: bool
    is_alert: bool
    is_rehearsal_only: bool


class StatusBoard:
    """Read models for screens."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def today(self, day_start: datetime) -> TodayView:
        """The three lists. `day_start` is the viewer's local midnight, aware. Raises StorageError."""
        with self._store.read() as uow:
            opened = uow.outbox.views(
                states={ItemState.REVIEW, ItemState.PLANNED, ItemState.INFLIGHT}, limit=MAX_ROWS
            )
            done = uow.outbox.views(states={ItemState.DONE}, done_since=day_start, limit=MAX_ROWS)
            labs = uow.labs.summaries(limit=MAX_ROWS)
            connections = [c for c in uow.connections.all() if c.is_enabled]
            by_hand = {w: len(uow.outbox.writeback(w).by_hand) for w in {v.item.writeback_id for v in done}}
        needs = [*_held_rows(connections), *_unlinked_rows(labs), *_review_rows(opened)]
        return TodayView(tuple(needs), tuple(_waiting_rows(opened)), tuple(_done_rows(done, by_hand)))

    def strip(self) -> StripView:
        """Lights and counts. Raises StorageError."""
        with self._store.read() as uow:
            counts = uow.outbox.counts()
            cards = self._cards(uow)
            is_rehearsal_only = uow.practice.is_rehearsal_only()
        oldest = counts.oldest_open_requested_at
        age = self._clock.utc_now() - oldest if oldest else timedelta(0)
        environments = frozenset(card.connection.settings.environment for card in cards)
        return StripView(cards, counts, environments, age >= NOTICE_AGE, age >= ALERT_AGE, is_rehearsal_only)

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
        return ConnectionCard(connection, light, words, hold, next_step)

    def _light(self, connection: Connection) -> tuple[CardLight, Sentence]:
        report = connection.report
        if not connection.is_enabled:
            return CardLight.GREY, say("light.grey_off")
        if report is None or connection.tested_at is None:
            return CardLight.GREY, say("light.grey_never")
        if report.light is Light.FAILED:
            return CardLight.FAILED, say(f"failure.{report.reason.value}" if report.reason else "light.failed")
        proven_at = max(t for t in (connection.tested_at, connection.last_good_read_at) if t is not None)
        if self._clock.utc_now() - proven_at > LIGHT_FRESH:
            return CardLight.GREY, say("light.grey_old")
        if report.light is Light.YELLOW or connection.hold is not None:
            return CardLight.YELLOW, say("light.yellow")
        return CardLight.GREEN, say("light.green")


def _held_rows(connections: Sequence[Connection]) -> list[TodayRow]:
    rows = []
    for connection in connections:
        if connection.hold is None:
            continue
        key = f"hold.{connection.hold.value}"
        sentence = say("today.connection_held", connection=connection.settings.name, why=say(key))
        rows.append(
            TodayRow(
                sentence, say(f"{key}.next"), RowAction.CONNECTION, connection_id=connection.connection_id,
                next_try_at=connection.next_try_at,
            )
        )  # fmt: skip
    return rows


def _unlinked_rows(labs: Sequence[LabSummary]) -> list[TodayRow]:
    """Finalized Labs that have no write-back: something must be settled first, which the Lab's page tells."""
    return [
        TodayRow(
            say("today.unlinked", patient=lab.patient_name, visit=lab.visit_on.isoformat()), None,
            RowAction.OPEN_LAB, lab_id=lab.lab_id, since=lab.finalized_at,
        )
        for lab in labs
        if lab.is_finalized and not lab.has_writeback
    ]  # fmt: skip


def _grouped(views: Sequence[ItemView]) -> dict[WriteBackId, list[ItemView]]:
    groups: dict[WriteBackId, list[ItemView]] = {}
    for view in views:
        groups.setdefault(view.item.writeback_id, []).append(view)
    return groups


def _review_rows(views: Sequence[ItemView]) -> list[TodayRow]:
    rows = []
    for group in _grouped([v for v in views if v.item.state is ItemState.REVIEW]).values():
        first = group[0]
        assert first.item.review_reason is not None  # a CHECK of the store
        key = f"review.{first.item.review_reason.value}"
        names: dict[str, str | int | Sentence] = {
            "patient": first.patient_name, "visit": first.visit_on.isoformat(), "why": say(key),
        }  # fmt: skip
        if len(group) == 1:
            sentence = say("today.review_one", what=say(f"what.{first.item.kind.value}"), **names)
        else:
            sentence = say("today.review_many", count=len(group), **names)
        rows.append(
            TodayRow(
                sentence, say(f"{key}.next"), RowAction.DECIDE, lab_id=first.lab_id, item_id=first.item.item_id,
                connection_id=first.item.connection_id, since=first.requested_at,
            )
        )  # fmt: skip
    return rows


def _waiting_rows(views: Sequence[ItemView]) -> list[TodayRow]:
    rows = []
    for group in _grouped([v for v in views if v.item.is_open]).values():
        first = next((v for v in group if v.item.state is ItemState.INFLIGHT), group[0])
        names = {"patient": first.patient_name, "visit": first.visit_on.isoformat()}
        action = RowAction.OPEN_LAB
        if first.requested_at is None and first.item.state is ItemState.PLANNED:
            sentence, action = say("today.not_requested", **names), RowAction.SEND
        elif first.is_paused and first.item.state is ItemState.PLANNED:
            sentence = say("today.paused", **names)
        else:
            sentence = say("today.waiting", why=_why(first), **names)
        rows.append(
            TodayRow(
                sentence, None, action, lab_id=first.lab_id, item_id=first.item.item_id,
                connection_id=first.item.connection_id, since=first.requested_at,
                next_try_at=first.item.next_try_at or first.connection_next_try_at,
            )
        )  # fmt: skip
    return rows


def _why(view: ItemView) -> Sentence:
    for code in (view.item.waiting_why, view.connection_waiting_why):
        if f"waiting.{code}" in SENTENCES:
            return say(f"waiting.{code}")
    if view.connection_hold is not None:
        return say("waiting.held")
    return say("wait.checking" if view.item.state is ItemState.INFLIGHT else "wait.turn")


def _done_rows(views: Sequence[ItemView], by_hand: dict[WriteBackId, int]) -> list[TodayRow]:
    rows: list[tuple[datetime, TodayRow]] = []
    for writeback_id, group in _grouped(views).items():
        first = group[0]
        names: dict[str, str | int | Sentence] = {
            "patient": first.patient_name, "visit": first.visit_on.isoformat(), "count": len(group),
        }  # fmt: skip
        left = by_hand.get(writeback_id, 0)
        sentence = say("today.in_chart_by_hand", by_hand=left, **names) if left else say("today.in_chart", **names)
        done = max(v.item.done_at for v in group if v.item.done_at is not None)
        rows.append((done, TodayRow(sentence, None, RowAction.OPEN_LAB, lab_id=first.lab_id, since=done)))
    return [row for _, row in sorted(rows, key=lambda pair: pair[0], reverse=True)]
