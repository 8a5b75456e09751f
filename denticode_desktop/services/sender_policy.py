"""What answers mean for a whole connection: back-off, Retry-After, holds, probes (section 6 of the protocol)."""

from dataclasses import replace
from datetime import timedelta

from denticode_desktop.domain.audit_event import SYSTEM_NAME, AuditDraft, AuditKind
from denticode_desktop.domain.connection import Connection, HoldReason
from denticode_desktop.domain.errors import (
    ExternalError,
    PmsAuthError,
    PmsForbiddenError,
    PmsProtocolError,
    PmsRefusedError,
    PmsThrottledError,
    PmsUnavailableError,
    SecretStoreError,
)
from denticode_desktop.domain.events import ConnectionChanged
from denticode_desktop.domain.ids import ConnectionId, ItemId
from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.domain.write_back import ItemState, OutcomeClass, OutcomeKind, SendOutcome, WaitingWhy

from .sender_lane import Lane
from .sender_moves import Moves
from .sender_pace import LONG_WAIT_S, STREAK, Pace
from .ticks import TICK_S

GOOD_READ_NOTE_S = 60.0
PROBE_DEADLINE_S = 30.0

READ_ERRORS = (
    PmsUnavailableError,
    PmsThrottledError,
    PmsAuthError,
    PmsForbiddenError,
    PmsProtocolError,
    PmsRefusedError,
    SecretStoreError,
)


class Policy:
    """Turns answers into the connection's pace and holds."""

    def __init__(self, moves: Moves) -> None:
        self._moves = moves
        self._said: dict[ConnectionId, str] = {}

    # -- sends ---------------------------------------------------------------------------------------------------

    def after_send(self, lane: Lane, item_id: ItemId, outcome: SendOutcome) -> bool:
        """False = leave the connection for this turn. A Retry-After binds the connection whatever the answer was."""
        pace = lane.pace
        if outcome.kind is not OutcomeKind.UNAUTHORIZED:
            pace.fresh_token_tried = False
        is_accepted = outcome.outcome_class is OutcomeClass.ACCEPTED
        if pace.outage.is_on:
            pace.outage.note_trial(item_id, is_accepted=is_accepted)
        if is_accepted:
            pace.unknown_streak = 0
            goes_on = True
        elif outcome.outcome_class is OutcomeClass.NO_EFFECT:
            goes_on = self._after_no_effect(lane, outcome)
        else:
            goes_on = self._after_unknown(lane, outcome)
        if outcome.retry_after_s and outcome.kind is not OutcomeKind.THROTTLED:
            pace.wait_as_asked(outcome.retry_after_s)
            self._say_asked(lane.connection, pace, outcome.retry_after_s)
            return False
        return goes_on

    def _after_unknown(self, lane: Lane, outcome: SendOutcome) -> bool:
        pace = lane.pace
        pace.unknown_streak += 1
        if pace.outage.is_on or pace.unknown_streak < STREAK:
            return True
        self.hold(lane.connection, HoldReason.UNKNOWN_STREAK, outcome.error_kind)
        pace.back_off(WaitingWhy.OFFLINE)
        return False

    def after_move(self, lane: Lane, item_id: ItemId) -> None:
        """An item was resolved: the accepted trial of an outage, seen in the chart, ends it."""
        outage = lane.pace.outage
        if not outage.is_on or outage.accepted != item_id:
            return
        with self._moves.store.read() as uow:
            state = uow.outbox.item(item_id).state
        if state is ItemState.DONE:
            self.release(lane, "trial")
        elif state is not ItemState.INFLIGHT:
            outage.accepted = None

    def _after_no_effect(self, lane: Lane, outcome: SendOutcome) -> bool:
        pace = lane.pace
        if outcome.kind is OutcomeKind.REFUSED:
            return True
        if outcome.kind is OutcomeKind.UNAUTHORIZED:
            return self._unauthorized(lane)
        if outcome.kind is OutcomeKind.FORBIDDEN:
            self.hold(lane.connection, HoldReason.PERMISSION_MISSING, outcome.permission)
        elif outcome.kind is OutcomeKind.THROTTLED:
            self._throttled(lane.connection, pace, outcome.retry_after_s)
        else:
            no_anchor = outcome.error_kind == "anchor_failed"
            why = WaitingWhy.NO_SECRET_STORE if no_anchor else WaitingWhy.OFFLINE
            pace.back_off(why)
            self.say_waiting(lane.connection, pace)
        return False

    def _unauthorized(self, lane: Lane) -> bool:
        """The first 401 asks for a fresh token and tries again; the second one in a row holds the connection."""
        lane.gateway.drop_token()
        if lane.pace.fresh_token_tried:
            lane.pace.fresh_token_tried = False
            self.hold(lane.connection, HoldReason.SIGN_IN, "")
            return False
        lane.pace.fresh_token_tried = True
        return True

    # -- reads ---------------------------------------------------------------------------------------------------

    def on_read_error(self, connection: Connection, pace: Pace, error: ExternalError) -> None:
        """A look that is not complete changes nothing and backs off; sign-in and permission hold the connection."""
        pace.outage.is_readable = False
        if isinstance(error, PmsAuthError):
            self.hold(connection, HoldReason.SIGN_IN, error.kind)
        elif isinstance(error, PmsForbiddenError):
            self.hold(connection, HoldReason.PERMISSION_MISSING, error.permission)
        elif isinstance(error, PmsThrottledError):
            self._throttled(connection, pace, error.retry_after_s)
        else:
            retry_after_s = error.retry_after_s if isinstance(error, PmsUnavailableError) else None
            pace.back_off(_why_of(error), retry_after_s)
            self._say_asked(connection, pace, retry_after_s)

    def good_read(self, lane: Lane) -> None:
        """A complete answer: the back-off ends; the time is noted at most once a minute to spare commits."""
        lane.pace.good_read()
        now_s = self._moves.clock.monotonic_s()
        last_s = lane.good_read_noted_s
        was_waiting = self._said.get(lane.connection.connection_id, "") != "" and lane.pace.why is None
        if not was_waiting and last_s is not None and now_s - last_s < GOOD_READ_NOTE_S:
            return
        lane.good_read_noted_s = now_s
        with self._moves.store.write() as uow:
            uow.connections.note_good_read(lane.connection.connection_id, self._moves.clock.utc_now())
            if was_waiting:
                uow.connections.note_waiting(lane.connection.connection_id, "", None)
        if was_waiting:
            self._said[lane.connection.connection_id] = ""
        self._moves.sink.publish(ConnectionChanged(lane.connection.connection_id))

    def probe(self, lane: Lane) -> None:
        """A held connection is asked by reads only. A good answer lifts the hold for a long wait.

        After a streak of unknown sends it lets one item go first; the hold stays until that one is in the chart.
        Raises what reads raise.
        """
        lane.gateway.make_ready(PROBE_DEADLINE_S)
        lane.gateway.read_page(SyncKind.LOCATIONS, since=None, after_id=None)
        self.good_read(lane)
        if lane.pace.outage.is_on:
            lane.pace.outage.is_readable = True
        else:
            self.release(lane, "probe")

    def release(self, lane: Lane, why: str) -> None:
        """Lifts the hold: the connection has shown that it works, or nothing is left to try it with."""
        connection = lane.connection
        lane.pace.outage.end()
        lane.pace.unknown_streak = 0 if why == "trial" else STREAK - 1
        with self._moves.store.write() as uow:
            uow.connections.set_hold(connection.connection_id, None)
            uow.audit.append(self._draft(AuditKind.CONN_RELEASED, connection, why))
        self._moves.sink.publish(ConnectionChanged(connection.connection_id))

    # -- holds and words -----------------------------------------------------------------------------------------

    def hold(self, connection: Connection, reason: HoldReason, detail: str) -> None:
        """Nothing is sent over the connection until a person, a probe or a trial lifts it. One event an outage."""
        with self._moves.store.write() as uow:
            is_new = uow.connections.get(connection.connection_id).hold is not reason
            uow.connections.set_hold(connection.connection_id, reason, detail)
            if is_new:
                uow.audit.append(self._draft(AuditKind.CONN_HELD, connection, reason.value))
        self._moves.sink.publish(ConnectionChanged(connection.connection_id))

    def _throttled(self, connection: Connection, pace: Pace, retry_after_s: float | None) -> None:
        pace.back_off(WaitingWhy.THROTTLED, retry_after_s)
        self._say_asked(connection, pace, retry_after_s)

    def _say_asked(self, connection: Connection, pace: Pace, retry_after_s: float | None) -> None:
        if retry_after_s is not None and retry_after_s > LONG_WAIT_S:
            self.hold(connection, HoldReason.THROTTLED_LONG, "")
        self.say_waiting(connection, pace)

    def take_over(self, connection: Connection, pace: Pace) -> None:
        """At the first turn after a start: a Retry-After that the last process was told still holds, 24 h at most.

        The time of day tells what is left of it; from now on ticks are counted, so that a sleep only lengthens it.
        """
        self._said[connection.connection_id] = connection.waiting_why
        if connection.waiting_why != WaitingWhy.THROTTLED.value or connection.next_try_at is None:
            return
        left_s = (connection.next_try_at - self._moves.clock.utc_now()).total_seconds()
        if left_s > 0:
            pace.wait_as_asked(min(left_s, LONG_WAIT_S))

    def say_waiting(self, connection: Connection, pace: Pace) -> None:
        """Why and when next, for the screens. One outage is one write when it starts and one for each longer wait."""
        why = pace.why.value if pace.why is not None else ""
        next_at = self._moves.clock.utc_now() + timedelta(seconds=pace.wait_ticks * TICK_S)
        self._said[connection.connection_id] = why
        with self._moves.store.write() as uow:
            uow.connections.note_waiting(connection.connection_id, why, next_at)
        self._moves.sink.publish(ConnectionChanged(connection.connection_id))

    def say_item_waits(self, item_id: ItemId, why: WaitingWhy, wait_ticks: int) -> None:
        """The same for one item in flight."""
        next_at = self._moves.clock.utc_now() + timedelta(seconds=wait_ticks * TICK_S)
        with self._moves.store.write() as uow:
            uow.outbox.note_waiting([item_id], why.value, next_at)

    def tokens_fetched(self, connection: Connection, count: int) -> AuditDraft:
        """The event that says so; never the token."""
        return replace(self._draft(AuditKind.TOKEN_REFRESHED, connection, ""), detail={"tokens": count})

    def _draft(self, kind: AuditKind, connection: Connection, reason: str) -> AuditDraft:
        return AuditDraft(
            kind=kind, actor=SYSTEM_NAME, role=SYSTEM_NAME, connection_id=connection.connection_id,
            epoch=self._moves.epoch, ticks=self._moves.ticks.count, reason=reason,
        )  # fmt: skip


def _why_of(error: ExternalError) -> WaitingWhy:
    if isinstance(error, PmsProtocolError | PmsRefusedError):
        return WaitingWhy.ANSWER_INCOMPLETE
    if isinstance(error, SecretStoreError):
        return WaitingWhy.NO_SECRET_STORE
    return WaitingWhy.OFFLINE
