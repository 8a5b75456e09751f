"""The sender: the only part that writes to a PMS.

Look, write down the intent, send once, look again (write-back-protocol.md). One sender runs per data folder, behind an
OS lock that its caller holds. `tick` is one turn of the loop; it never sleeps and never starts a thread, so that a
simulation can run it under a scheduler of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from denticode_desktop.domain.connection import PROBED_HOLDS, Connection, HoldReason
from denticode_desktop.domain.ids import ConnectionId, ItemId
from denticode_desktop.domain.write_back import STALE_DAYS, DecisionRequest, ReviewReason, WaitingWhy
from denticode_desktop.ports.clock import Clock, Randomness
from denticode_desktop.ports.event_sink import EventSink
from denticode_desktop.ports.unit_of_work import Store

from .anchor import AnchorStore
from .gateways import Gateways
from .sender_drain import Drain
from .sender_lane import Lane
from .sender_moves import PAUSED_SETTING, WATCH_FIRST, Moves, StaleSenderError
from .sender_pace import STREAK, Pace, Troubles, whole_ticks
from .sender_policy import READ_ERRORS, Policy
from .sender_requests import Requests
from .sender_start import StartReport, start_epoch
from .sender_trouble import PATIENT_ERRORS, ChartTrouble
from .sender_watch import Watch
from .sender_work import PatientWork
from .ticks import Settling, Ticks

HOUSEKEEPING_TICKS = 60
STALE_BATCH = 100


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is left. is_blocked: all that is open waits for the PMS to answer or for a person to lift a hold."""

    open_items: int
    review_items: int
    is_blocked: bool
    holds: tuple[HoldReason, ...]


class Sender:
    """Drains the queue: `start` once, then `tick` each second and whenever there is new work."""

    def __init__(
        self,
        store: Store,
        gateways: Gateways,
        anchor: AnchorStore,
        ticks: Ticks,
        clock: Clock,
        randomness: Randomness,
        sink: EventSink,
    ) -> None:
        self._store = store
        self._gateways = gateways
        self._anchor = anchor
        self._ticks = ticks
        self._clock = clock
        self._randomness = randomness
        settling = Settling(ticks)
        self._settling = settling
        self._moves = Moves(store, clock, ticks, sink)
        self._work = PatientWork(self._moves, anchor, ticks, settling, clock)
        self._requests = Requests(self._moves, settling)
        self._watch = Watch(self._moves)
        self._policy = Policy(self._moves)
        self._trouble = ChartTrouble(self._policy)
        self._drain = Drain(self._moves, self._work, self._policy, self._trouble)
        self._lanes: dict[ConnectionId, Lane] = {}
        self._paces: dict[ConnectionId, Pace] = {}
        self._housekeeping_at = 0

    # -- life ----------------------------------------------------------------------------------------------------

    def start(self) -> StartReport:
        """A new epoch. Raises SecretStoreError where the anchor cannot be read or written: nothing is sent then."""
        report = start_epoch(self._moves, self._anchor)
        for item_id in report.inflight:
            # The lane lengthens it to the connection's need at its first step.
            self._settling.begin(item_id, 1, whole_ticks(self._last_retry_after_s(item_id)))
        return report

    def _last_retry_after_s(self, item_id: ItemId) -> float | None:
        """What the PMS asked for with the last answer to this item; it lengthens the settle after a restart too."""
        with self._store.read() as uow:
            attempts = uow.outbox.attempts(item_id)
        outcome = attempts[-1].outcome if attempts else None
        return outcome.retry_after_s if outcome is not None else None

    def stop(self) -> None:
        """Nothing new leaves; the item in hand is recorded. Call from any thread, then let `tick` return."""
        self._work.is_stopping = True

    def close(self) -> None:
        """Gives gateways back, after the last `tick`."""
        self._flush_calls()
        for connection_id in list(self._lanes):
            self._lanes.pop(connection_id).gateway.close()

    def outlook(self) -> Outlook:
        """What is left to do and whether any of it can go on by itself soon."""
        with self._store.read() as uow:
            counts = uow.outbox.counts()
            connections = [c for c in uow.connections.all() if c.is_enabled]
            open_requests = sum(len(uow.outbox.open_requests(c.connection_id)) for c in connections)
        open_items = counts.waiting + counts.checking + open_requests
        holds = tuple(c.hold for c in connections if c.hold is not None)
        is_held = any(c.hold is not None and not self._is_readable(c) for c in connections)
        is_failing = any(pace.why is not None for pace in self._paces.values())
        is_unreadable = any(lane.troubles for lane in self._lanes.values())
        is_blocked = bool(open_items) and (is_held or is_failing or is_unreadable)
        return Outlook(open_items, counts.needs_person, is_blocked, holds)

    def _is_readable(self, connection: Connection) -> bool:
        """Whether a held connection answers reads, so that its items in flight are resolved and one may go first."""
        pace = self._paces.get(connection.connection_id)
        return pace is not None and pace.outage.is_on and pace.outage.is_readable

    # -- the loop ------------------------------------------------------------------------------------------------

    def tick(self) -> bool:
        """One turn over all connections; True when something moved and more may be ready right now."""
        if self._ticks.count >= self._housekeeping_at:
            self._housekeeping_at = self._ticks.count + HOUSEKEEPING_TICKS
            self._retire_stale()
            self._flush_calls()
        did = self._close_without_look()
        with self._store.read() as uow:
            connections = uow.connections.all()
        for connection in connections:
            if connection.is_enabled and not self._work.is_stopping:
                did = self._run(connection) or did
        return did

    def _close_without_look(self) -> bool:
        """Decisions that no PMS needs to be asked about, also over a held, waiting or disconnected connection."""
        with self._store.read() as uow:
            requests = uow.outbox.open_requests()
        did = False
        for request in requests:
            did = self._requests.close_without_look(request) or did
        return did

    def _run(self, connection: Connection) -> bool:
        pace = self._pace_of(connection)
        if connection.hold is not None and connection.hold not in PROBED_HOLDS:
            return False
        with self._store.read() as uow:
            requests = uow.outbox.open_requests(connection.connection_id)
        seen, pace.seen_request = pace.seen_request, max([pace.seen_request, *(r.request_id for r in requests)])
        if pace.seen_request > seen:
            pace.try_now()
        if not pace.is_open:
            return False
        try:
            lane = self._lane(connection, pace)
            if connection.hold is not None and not pace.outage.is_readable:
                self._policy.probe(lane)
                return True
            did, goes_on = self._handle_requests(lane, requests, seen)
            if goes_on:
                drained = self._drain.run(lane)
                did, goes_on = did or drained.did, drained.goes_on
            if goes_on:
                self._watch_due(lane)
        except READ_ERRORS as error:
            self._policy.on_read_error(connection, pace, error)
            return False
        except StaleSenderError:
            return False
        return did

    def _pace_of(self, connection: Connection) -> Pace:
        pace = self._paces.get(connection.connection_id)
        if pace is None:
            pace = self._paces[connection.connection_id] = Pace(self._ticks, self._randomness)
            self._policy.take_over(connection, pace)
        if connection.hold is HoldReason.UNKNOWN_STREAK:
            pace.outage.begin()
        elif pace.outage.is_on:  # a person lifted the hold, or it became another one
            pace.outage.end()
            pace.unknown_streak = 0 if connection.hold is None else STREAK - 1
        return pace

    def _lane(self, connection: Connection, pace: Pace) -> Lane:
        """The connection's lane with what the store says of it now.

        A new gateway when its settings changed or it was tested or reconnected since: its secrets may be others.
        """
        lane = self._lanes.get(connection.connection_id)
        before = lane.connection if lane is not None else connection
        if lane is not None and (before.settings, before.tested_at) != (connection.settings, connection.tested_at):
            self._lanes.pop(connection.connection_id).gateway.close()
            lane = None
        if lane is None:
            gateway = self._gateways.open(connection.connection_id)
            lane = Lane(connection, gateway, pace, self._clock, Troubles(self._ticks, self._randomness))
            self._lanes[connection.connection_id] = lane
        lane.connection = connection
        return lane

    def _handle_requests(self, lane: Lane, requests: Sequence[DecisionRequest], seen: int) -> tuple[bool, bool]:
        """(whether one was closed, whether the connection may go on). A new one is tried at once, whoever waits."""
        did = False
        for request in requests:
            with self._store.read() as uow:
                patient = uow.outbox.item(request.item_id).pms_patient_id
            if request.request_id > seen:
                lane.troubles.try_now(patient)
            if patient in lane.troubles.waiting():
                continue
            try:
                if self._requests.handle(lane, request):
                    did = True
                    lane.troubles.clear(patient)
            except PATIENT_ERRORS as error:
                if not self._trouble.hear(lane, patient, error):
                    return did, False
        return did, True

    # -- beside the loop -------------------------------------------------------------------------------------------

    def _watch_due(self, lane: Lane) -> None:
        """The duplicate watch. A chart that cannot be read is watched again later, so that it starves no other."""
        for due in self._watch.due(lane.connection.connection_id):
            if self._work.is_stopping:
                return
            try:
                self._watch.look_again(lane, due)
                lane.troubles.clear(due.pms_patient_id)
            except PATIENT_ERRORS as error:
                goes_on = self._trouble.hear(lane, due.pms_patient_id, error)
                with self._store.write() as uow:
                    uow.outbox.set_watch(due.item_id, self._clock.utc_now() + WATCH_FIRST, due.step)
                if not goes_on:
                    return

    def _retire_stale(self) -> None:
        """T3: what could not go for seven days is a person's business."""
        before = self._clock.utc_now() - timedelta(days=STALE_DAYS)
        with self._store.read() as uow:
            stale = uow.outbox.stale(before, STALE_BATCH)
        for item in stale:
            self._moves.review(item, ReviewReason.STALE)

    def _flush_calls(self) -> None:
        """Adds what was asked of each PMS to its month, and says in the log where a token was fetched for it."""
        month = self._clock.utc_now().strftime("%Y-%m")
        for connection_id, lane in self._lanes.items():
            calls, tokens = lane.gateway.take_call_count(), lane.gateway.take_token_count()
            if calls or tokens:
                with self._store.write() as uow:
                    uow.connections.add_calls(connection_id, month, calls)
                    if tokens:
                        uow.audit.append(self._policy.tokens_fetched(lane.connection, tokens))


__all__ = ["PAUSED_SETTING", "Outlook", "Sender", "WaitingWhy"]
