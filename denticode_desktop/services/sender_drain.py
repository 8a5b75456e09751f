"""Patient after patient over one connection, until nothing is ready or the turn is over."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from denticode_desktop.domain.ids import ConnectionId, PmsPatientId
from denticode_desktop.domain.write_back import Item, ItemState
from denticode_desktop.ports.unit_of_work import UnitOfWork

from .sender_lane import Lane
from .sender_moves import PAUSED_SETTING, Moves
from .sender_policy import Policy
from .sender_trouble import PATIENT_ERRORS, ChartTrouble
from .sender_work import PatientWork, Step

STEPS_A_TURN = 200
PATIENTS_A_READ = 50
NOTHING_TO_DO_TICKS = 5
"""A patient whose next item is not this turn's (a sibling waits for a person) is asked about again after this."""


@dataclass(frozen=True, slots=True)
class Drained:
    """did: something moved. goes_on: nothing says that the connection is to be left alone for this turn."""

    did: bool
    goes_on: bool


class Drain:
    """One turn's work over a connection. Reads raise the PMS errors that are not one patient's."""

    def __init__(self, moves: Moves, work: PatientWork, policy: Policy, trouble: ChartTrouble) -> None:
        self._moves = moves
        self._work = work
        self._policy = policy
        self._trouble = trouble

    def run(self, lane: Lane) -> Drained:
        """Until nothing is ready, so many steps are made, or a person asked for something meanwhile."""
        lane.drop_waits(self._moves.ticks.count)
        steps_left = STEPS_A_TURN
        did = False
        while steps_left > 0 and not self._work.is_stopping:
            patients = self._ready_patients(lane)
            if not patients:
                self._end_outage_without_work(lane)
                break
            for patient in patients:
                used, goes_on = self._work_on(lane, patient, steps_left)
                steps_left -= max(1, used)
                did = did or used > 0
                if not goes_on:
                    return Drained(did, goes_on=False)
                if steps_left <= 0 or self._work.is_stopping:
                    break
        return Drained(did, goes_on=True)

    def _ready_patients(self, lane: Lane) -> list[PmsPatientId]:
        """Patients with work, those in trouble last: they would else keep the connection waiting before the others."""
        at_rest = lane.waits.keys() | lane.idle.keys()
        with self._moves.store.read() as uow:
            others = self._patients(uow, lane, at_rest | lane.troubles.all())
            return others or self._patients(uow, lane, at_rest | lane.troubles.waiting())

    def _patients(self, uow: UnitOfWork, lane: Lane, skip: AbstractSet[PmsPatientId]) -> list[PmsPatientId]:
        """Where nothing may be sent only those with an item in flight."""
        connection_id = lane.connection.connection_id
        if self._may_send(uow, lane):
            return list(uow.outbox.next_patients(connection_id, skip=skip, limit=PATIENTS_A_READ))
        return [p for p in _inflight_patients(uow, connection_id) if p not in skip]

    def _may_send(self, uow: UnitOfWork, lane: Lane) -> bool:
        """Whether a new item may go: not while all is paused; in an outage one at a time, after a wait.

        An item in flight whose chart cannot be read blocks nobody.
        """
        if uow.practice.setting(PAUSED_SETTING) == "1":
            return False
        outage = lane.pace.outage
        if not outage.is_on:
            return True
        unresolved = set(_inflight_patients(uow, lane.connection.connection_id)) - lane.troubles.all()
        return outage.may_try and not unresolved

    def _work_on(self, lane: Lane, patient: PmsPatientId, steps_left: int) -> tuple[int, bool]:
        """Steps for one patient: (steps that moved something, whether the connection may go on)."""
        used = 0
        while used < steps_left and not self._work.is_stopping:
            item, is_asked = self._next_item(lane, patient)
            if is_asked:
                return max(1, used), False
            if item is None:
                lane.forget_patient(patient)
                if used == 0:
                    lane.idle[patient] = self._moves.ticks.count + NOTHING_TO_DO_TICKS
                return used, True
            try:
                step, goes_on = self._step(lane, item)
            except PATIENT_ERRORS as error:
                return used, self._trouble.hear(lane, patient, error, item.item_id)
            used += step in (Step.MOVED, Step.SENT)
            if not goes_on:
                return used, False
            if step in (Step.WAITING, Step.IDLE):
                return used, True
        return used, True

    def _step(self, lane: Lane, item: Item) -> tuple[Step, bool]:
        """One step and what it says of the connection."""
        result = self._work.step(lane, item)
        lane.troubles.clear(item.pms_patient_id)
        if result.step is Step.SENT and result.outcome is not None:
            return result.step, self._policy.after_send(lane, item.item_id, result.outcome)
        self._policy.good_read(lane)
        if result.step is Step.WAITING:
            lane.waits[item.pms_patient_id] = self._moves.ticks.count + max(1, result.wait_ticks)
            if result.why is not None:
                self._policy.say_item_waits(item.item_id, result.why, result.wait_ticks)
        elif result.step is Step.IDLE:
            lane.idle[item.pms_patient_id] = self._moves.ticks.count + 1
        else:
            self._policy.after_move(lane, item.item_id)
        return result.step, True

    def _next_item(self, lane: Lane, patient: PmsPatientId) -> tuple[Item | None, bool]:
        """The patient's first item that may be worked on, and whether a person asked for something meanwhile."""
        connection_id = lane.connection.connection_id
        with self._moves.store.read() as uow:
            if any(r.request_id > lane.pace.seen_request for r in uow.outbox.open_requests(connection_id)):
                return None, True
            items = uow.outbox.open_items(connection_id, patient)
            if not items or (items[0].state is ItemState.PLANNED and not self._may_send(uow, lane)):
                return None, False
        return items[0], False

    def _end_outage_without_work(self, lane: Lane) -> None:
        """Nothing is left that could go first: the next item will."""
        if not lane.pace.outage.is_on:
            return
        with self._moves.store.read() as uow:
            is_empty = not uow.outbox.next_patients(lane.connection.connection_id, skip=frozenset(), limit=1)
        if is_empty:
            self._policy.release(lane, "probe")


def _inflight_patients(uow: UnitOfWork, connection_id: ConnectionId) -> list[PmsPatientId]:
    return list(dict.fromkeys(i.pms_patient_id for i in uow.outbox.inflight_all() if i.connection_id == connection_id))
