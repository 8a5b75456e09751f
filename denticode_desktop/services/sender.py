"""The sender: the only part that writes to a PMS.

Look, write down the intent, send once, look again (write-back-protocol.md). One sender runs per data folder, behind an
OS lock that its caller holds. `tick` is one turn of the loop; it never sleeps and never starts a thread, so that a
simulation can run it under a scheduler of its own.
"""

from dataclasses import dataclass
from datetime import timedelta

from denticode_desktop.domain.connection import PROBED_HOLDS, Connection, HoldReason
from denticode_desktop.domain.ids import ConnectionId, PmsPatientId
from denticode_desktop.domain.write_back import STALE_DAYS, Item, ItemState, ReviewReason, WaitingWhy
from denticode_desktop.ports.clock import Clock, Randomness
from denticode_desktop.ports.event_sink import EventSink
from denticode_desktop.ports.unit_of_work import Store

from .anchor import AnchorStore
from .gateways import Gateways
from .sender_lane import Lane
from .sender_moves import Moves, StaleSenderError
from .sender_pace import Pace
from .sender_policy import READ_ERRORS, Policy
from .sender_requests import Requests
from .sender_start import StartReport, start_epoch
from .sender_watch import Watch
from .sender_work import PatientWork, Step
from .ticks import Settling, Ticks

PAUSED_SETTING = "sending_paused"
STEPS_A_TURN = 200
PATIENTS_A_READ = 50
HOUSEKEEPING_TICKS = 60
STALE_BATCH = 100
NOTHING_TO_DO_TICKS = 5
"""A patient whose next item is not this turn's (a sibling waits for a person) is asked about again after this."""


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
        self._lanes: dict[ConnectionId, Lane] = {}
        self._paces: dict[ConnectionId, Pace] = {}
        self._housekeeping_at = 0

    # -- life ----------------------------------------------------------------------------------------------------

    def start(self) -> StartReport:
        """A new epoch. Raises SecretStoreError where the anchor cannot be read or written: nothing is sent then."""
        report = start_epoch(self._moves, self._anchor)
        for item_id in report.inflight:
            self._settling.begin(item_id, 1)  # the lane lengthens it to the connection's need at its first step
        return report

    def stop(self) -> None:
        """Nothing new leaves; the item in hand is recorded. Call from any thread, then let `tick` return."""
        self._work.is_stopping = True

    def close(self) -> None:
        """Gives gateways back, after the last `tick`."""
        self._flush_calls()
        self.reload()

    def reload(self) -> None:
        """Connections, settings or secrets changed: gateways are opened anew."""
        for connection_id in list(self._lanes):
            self._lanes.pop(connection_id).gateway.close()

    def wake(self) -> None:
        """There is new work: patients that had nothing to do are asked about again."""
        for lane in self._lanes.values():
            lane.idle.clear()

    def outlook(self) -> Outlook:
        """What is left to do and whether any of it can go on by itself soon."""
        with self._store.read() as uow:
            counts = uow.outbox.counts()
            holds = tuple(c.hold for c in uow.connections.all() if c.is_enabled and c.hold is not None)
            open_requests = len(uow.outbox.open_requests())
        open_items = counts.waiting + counts.checking + open_requests
        is_failing = any(pace.why is not None for pace in self._paces.values())
        return Outlook(open_items, counts.needs_person, bool(open_items) and (bool(holds) or is_failing), holds)

    # -- the loop ------------------------------------------------------------------------------------------------

    def tick(self) -> bool:
        """One turn over all connections; True when something moved and more may be ready right now."""
        with self._store.read() as uow:
            connections = uow.connections.all()
            is_paused = uow.practice.setting(PAUSED_SETTING) == "1"
        if self._ticks.count >= self._housekeeping_at:
            self._housekeeping_at = self._ticks.count + HOUSEKEEPING_TICKS
            self._retire_stale()
            self._flush_calls()
        did = False
        for connection in connections:
            if connection.is_enabled and not self._work.is_stopping:
                did = self._run(connection, is_paused) or did
        return did

    def _run(self, connection: Connection, is_paused: bool) -> bool:
        pace = self._paces.setdefault(connection.connection_id, Pace(self._ticks, self._randomness))
        if connection.hold is not None and connection.hold not in PROBED_HOLDS:
            return False
        if not pace.is_open:
            return False
        try:
            lane = self._lane(connection, pace)
            if connection.hold is not None:
                self._policy.probe(lane)
                return True
            did = self._handle_requests(lane)
            did = self._drain(lane, is_paused) or did
            self._watch_due(lane)
        except READ_ERRORS as error:
            self._policy.on_read_error(connection, pace, error)
            return False
        except StaleSenderError:
            return False
        return did

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
            lane = Lane(connection, self._gateways.open(connection.connection_id), pace, self._clock)
            self._lanes[connection.connection_id] = lane
        lane.connection = connection
        return lane

    def _handle_requests(self, lane: Lane) -> bool:
        with self._store.read() as uow:
            requests = uow.outbox.open_requests(lane.connection.connection_id)
        did = False
        for request in requests:
            did = self._requests.handle(lane, request) or did
        return did

    def _drain(self, lane: Lane, is_paused: bool) -> bool:
        """Patient after patient until nothing is ready or the turn is over."""
        lane.drop_waits(self._ticks.count)
        steps_left = STEPS_A_TURN
        did = False
        while steps_left > 0 and not self._work.is_stopping:
            patients = self._ready_patients(lane, is_paused)
            if not patients:
                break
            for patient in patients:
                used, goes_on = self._work_on(lane, patient, is_paused, steps_left)
                steps_left -= max(1, used)
                did = did or used > 0
                if not goes_on or steps_left <= 0 or self._work.is_stopping:
                    return did and goes_on
        return did

    def _ready_patients(self, lane: Lane, is_paused: bool) -> list[PmsPatientId]:
        """Patients with work; while sending is paused only those with an item in flight."""
        connection_id = lane.connection.connection_id
        skip = lane.waits.keys() | lane.idle.keys()
        with self._store.read() as uow:
            if is_paused:
                inflight = [i for i in uow.outbox.inflight_all() if i.connection_id == connection_id]
                return [p for p in dict.fromkeys(i.pms_patient_id for i in inflight) if p not in skip]
            return list(uow.outbox.next_patients(connection_id, skip=set(skip), limit=PATIENTS_A_READ))

    def _work_on(self, lane: Lane, patient: PmsPatientId, is_paused: bool, steps_left: int) -> tuple[int, bool]:
        """Steps for one patient: (steps that moved something, whether the connection may go on)."""
        used = 0
        while used < steps_left and not self._work.is_stopping:
            item = self._next_item(lane, patient, is_paused)
            if item is None:
                lane.forget_patient(patient)
                if used == 0:
                    lane.idle[patient] = self._ticks.count + NOTHING_TO_DO_TICKS
                return used, True
            result = self._work.step(lane, item)
            if result.step is Step.WAITING:
                self._policy.good_read(lane)
                lane.waits[patient] = self._ticks.count + max(1, result.wait_ticks)
                if result.why is not None:
                    self._policy.say_item_waits(item.item_id, result.why, result.wait_ticks)
                return used, True
            used += 1
            if result.step is Step.SENT and result.outcome is not None:
                if not self._policy.after_send(lane, result.outcome):
                    return used, False
            else:
                self._policy.good_read(lane)
        return used, True

    def _next_item(self, lane: Lane, patient: PmsPatientId, is_paused: bool) -> Item | None:
        with self._store.read() as uow:
            items = uow.outbox.open_items(lane.connection.connection_id, patient)
        if not items or (is_paused and items[0].state is ItemState.PLANNED):
            return None
        return items[0]

    # -- beside the loop -------------------------------------------------------------------------------------------

    def _watch_due(self, lane: Lane) -> None:
        for due in self._watch.due(lane.connection.connection_id):
            if not self._work.is_stopping:
                self._watch.look_again(lane, due)

    def _retire_stale(self) -> None:
        """T3: what could not go for seven days is a person's business."""
        before = self._clock.utc_now() - timedelta(days=STALE_DAYS)
        with self._store.read() as uow:
            stale = uow.outbox.stale(before, STALE_BATCH)
        for item in stale:
            self._moves.review(item, ReviewReason.STALE)

    def _flush_calls(self) -> None:
        """Adds what was asked of each PMS to its month."""
        month = self._clock.utc_now().strftime("%Y-%m")
        for connection_id, lane in self._lanes.items():
            calls = lane.gateway.take_call_count()
            if calls:
                with self._store.write() as uow:
                    uow.connections.add_calls(connection_id, month, calls)


__all__ = ["Outlook", "Sender", "WaitingWhy"]
