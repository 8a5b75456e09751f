"""QueueRun: turns the sender's loop until the queue is at rest, for a console or a script.

The window's engine runs the same sender without end; here the run ends and says why. Its caller holds the engine lock
and counts the ticks in a thread of its own, so that a slow PMS does not look like a sleeping computer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from denticode_desktop.domain.connection import PROBED_HOLDS, HoldReason
from denticode_desktop.domain.ids import ConnectionId, PmsPatientId
from denticode_desktop.ports.clock import Clock
from denticode_desktop.ports.unit_of_work import Store, UnitOfWork

from .sender import Outlook

TURN_S = 0.5
PATIENCE_S = 10.0
"""So long may everything stand still on a PMS that does not answer, before a run without a time-out gives up."""
PATIENTS_A_READ = 100


class RunEnd(StrEnum):
    """Why a run ended."""

    REACHED = "reached"
    """What the caller waited for is so."""
    IDLE = "idle"
    BLOCKED = "blocked"
    """All that is left waits for the PMS to answer, or for a person to lift a hold."""
    TIMED_OUT = "timed_out"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended and what is left. `holds`: those that only a person lifts."""

    end: RunEnd
    open_items: int
    review_items: int
    holds: tuple[HoldReason, ...]


class SenderLoop(Protocol):
    """What a run needs of the Sender, which is started already."""

    def tick(self) -> bool:
        """One turn; True when something moved."""
        ...

    def outlook(self) -> Outlook:
        """What is left to do."""
        ...


class QueueRun:
    """One run at a time. `pause` waits that many seconds and tells whether to stop."""

    def __init__(self, store: Store, sender: SenderLoop, clock: Clock, pause: Callable[[float], bool]) -> None:
        self._store = store
        self._sender = sender
        self._clock = clock
        self._pause = pause

    def run(
        self,
        *,
        until: Callable[[], bool] = lambda: False,
        stops_when_idle: bool = True,
        timeout_s: float | None = None,
    ) -> RunResult:
        """Turns until `until` is true, nothing is left, nothing can go on, or the time is over.

        With a time-out it is patient to the end of it; without one it gives up on a silent PMS after PATIENCE_S.
        Raises StorageError, SecretStoreError.
        """
        started_s = self._clock.monotonic_s()
        moved_s = started_s
        while True:
            did = self._sender.tick()
            now_s = self._clock.monotonic_s()
            moved_s = now_s if did else moved_s
            if until():
                return self._result(RunEnd.REACHED)
            if not did:
                if stops_when_idle and not self._has_work():
                    return self._result(RunEnd.IDLE)
                patience_s = PATIENCE_S if timeout_s is None else float("inf")
                if stops_when_idle and not self._may_go_on(now_s - moved_s < patience_s):
                    return self._result(RunEnd.BLOCKED)
            if timeout_s is not None and now_s - started_s >= timeout_s:
                return self._result(RunEnd.TIMED_OUT)
            if self._pause(0.0 if did else TURN_S):
                return self._result(RunEnd.STOPPED)

    def _may_go_on(self, is_patient: bool) -> bool:
        """Whether waiting can help: not where only a person lifts what holds, for a while where the PMS is silent."""
        outlook = self._sender.outlook()
        if not outlook.is_blocked:
            return True
        is_for_a_person = bool(outlook.holds) and not set(outlook.holds) & PROBED_HOLDS
        return not is_for_a_person and is_patient

    def _has_work(self) -> bool:
        """Whether any item may still move by itself: what waits behind a person's decision does not count."""
        with self._store.read() as uow:
            connected = [c.connection_id for c in uow.connections.all() if c.is_enabled]
            return any(uow.outbox.open_requests(c) or _has_open_item(uow, c) for c in connected)

    def _result(self, end: RunEnd) -> RunResult:
        outlook = self._sender.outlook()
        holds = tuple(hold for hold in outlook.holds if hold not in PROBED_HOLDS)
        return RunResult(end, outlook.open_items, outlook.review_items, holds)


def _has_open_item(uow: UnitOfWork, connection_id: ConnectionId) -> bool:
    seen: set[PmsPatientId] = set()
    while patients := uow.outbox.next_patients(connection_id, skip=seen, limit=PATIENTS_A_READ):
        if any(uow.outbox.open_items(connection_id, patient) for patient in patients):
            return True
        seen.update(patients)
    return False
