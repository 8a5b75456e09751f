"""The engine: everything that goes on without a window.

Threads: `ticker` counts ticks once a second (the time that settling is measured in), `sender` writes to charts,
`import` looks into the watched Lab folder, `due` takes what the scheduler's thread says is due, a pool pulls
connections. A thread that breaks is reported and started again; what it was doing is in the database.

While nothing is open there is nothing to settle and no tick is needed: one comes every REST_S, for the sender to see
what another program queued and for a sleep of the computer to be noticed. Two ticks are never closer than a second; a
longer gap can only lengthen a settle (services/ticks.py).
"""

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Protocol

from denticode_desktop.domain.events import EngineStarted, EngineStopped, SyncScheduled
from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.ports.event_sink import EventSink

from .sync_jobs import RunSync, SyncJob, SyncJobs

_log = logging.getLogger(__name__)

TICK_S = 1.0
IMPORT_S = 5.0
LOCK_RETRY_S = 5.0
QUIET_TURNS = 10
REST_TICKS = 5
"""After so many turns without work the sender looks at every fifth tick only, until somebody wakes it: a queue that is
empty costs next to nothing, and work that came without a word (from the console) waits five seconds at most."""
REST_S = 5.0
LOOK_TURNS = 12
"""A sender at rest only asks the queue whether something is open; it looks by itself once a minute, for what is to be
watched and kept in order."""
FIRST_RESTART_S = 1.0
LAST_RESTART_S = 60.0
STOP_S = 65.0
"""A document's send has a deadline of 60 s; nothing that is on the wire is cut off by a stop."""


class SenderLoop(Protocol):
    """services.sender.Sender, as far as the engine drives it."""

    def start(self) -> None:
        """Takes a new epoch; called once the lock is held, and again after the loop broke."""
        ...

    def tick(self) -> bool:
        """One look at the queue; True when something was done, so that more may be."""
        ...

    def has_open_work(self) -> bool:
        """Whether anything in the queue is waiting, in flight or asked for: it may be counted in ticks."""
        ...

    def stop(self) -> None:
        """No further item is begun. May be called from another thread."""
        ...


class TickCounter(Protocol):
    """services.ticks.Ticks."""

    @property
    def resumes(self) -> int:
        """How often the computer slept."""
        ...

    def tick(self) -> None:
        """One turn."""
        ...


class Due(Protocol):
    """A word of the scheduler."""

    @property
    def connection_id(self) -> ConnectionId: ...

    @property
    def full(self) -> bool: ...


class Schedule(Protocol):
    """scheduler.SyncScheduler."""

    def start(self, put: Callable[[Due], None]) -> None:
        """A second call changes nothing."""
        ...

    def watch(self, connection_ids: Sequence[ConnectionId]) -> None: ...

    def next_at(self) -> datetime | None: ...

    def wake(self) -> None: ...

    def stop(self) -> None: ...


class Lock(Protocol):
    """instance_lock.InstanceLock."""

    def acquire(self) -> bool: ...

    def release(self) -> None: ...


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """What the engine runs. `connections` lists those to be synced by schedule; `import_folder` looks once into the
    watched Lab folder, None where none is watched."""

    sender: SenderLoop
    ticks: TickCounter
    run_sync: RunSync
    connections: Callable[[], Sequence[ConnectionId]]
    schedule: Schedule
    lock: Lock
    sink: EventSink
    import_folder: Callable[[], object] | None = None


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between turns; tests make them small."""

    tick_s: float = TICK_S
    rest_s: float = REST_S
    import_s: float = IMPORT_S
    lock_retry_s: float = LOCK_RETRY_S
    first_restart_s: float = FIRST_RESTART_S
    stop_s: float = STOP_S


class Worker:
    """Starts, drives and stops the engine. Methods may be called from any thread and return at once, but `stop`."""

    def __init__(self, parts: WorkerParts, pace: Pace | None = None) -> None:
        self._parts = parts
        self._pace = pace or Pace()
        self._jobs = SyncJobs(parts.run_sync, parts.sink)
        self._stopping = threading.Event()
        self._sender_wake = threading.Event()
        self._has_ticks = threading.Event()  # cleared while a tick a second is not needed
        self._has_ticks.set()
        self._due: queue.SimpleQueue[Due | None] = queue.SimpleQueue()
        self._owns_folder = threading.Event()
        self._threads: list[threading.Thread] = []
        self._quiet_turns = 0
        self._rest_turns = 0

    def start(self) -> None:
        """Begins all loops. Sending, scheduled syncs and imports wait until the folder's lock is ours."""
        for name, loop in (("ticker", self._tick), ("sender", self._send), ("due", self._take_due)):
            self._begin(name, loop)
        if self._parts.import_folder is not None:
            self._begin("import", self._import)

    def wake(self) -> None:
        """There is new work in the queue."""
        self._quiet_turns = 0
        self._has_ticks.set()
        self._sender_wake.set()

    def sync_now(self, connection_id: ConnectionId, *, full: bool = False) -> None:
        """A person asks for a sync."""
        self._jobs.submit(SyncJob(connection_id, full, is_by_person=True))

    def cancel_sync(self, connection_id: ConnectionId) -> None:
        """After the page under way."""
        self._jobs.cancel(connection_id)

    def reload(self) -> None:
        """Connections or settings changed."""
        if self._owns_folder.is_set():
            self._watch()
        self._sender_wake.set()

    def stop(self) -> None:
        """In order: nothing new becomes due, syncs stop after their page, the item in hand is finished, lock last."""
        self._stopping.set()
        self._parts.schedule.stop()
        self._due.put(None)
        self._owns_folder.set()  # whoever waits for it sees that we stop
        self._has_ticks.set()
        self._parts.sender.stop()
        self._sender_wake.set()
        self._jobs.stop(self._pace.stop_s)
        for thread in self._threads:
            thread.join(self._pace.stop_s)
        self._parts.lock.release()

    def _begin(self, name: str, loop: Callable[[], None]) -> None:
        thread = threading.Thread(target=self._guard, args=(name, loop), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _guard(self, name: str, loop: Callable[[], None]) -> None:
        """The edge of every thread: a loop that breaks is told and begun again, slower each time."""
        pause_s = self._pace.first_restart_s
        while not self._stopping.is_set():
            try:
                loop()
            except Exception as error:  # one bad turn must not end the engine
                _log.error("the %s loop broke: %s", name, type(error).__name__)
                self._parts.sink.publish(EngineStopped(will_restart=True))
                self._stopping.wait(pause_s)
                pause_s = min(LAST_RESTART_S, 2 * pause_s)
                if not self._stopping.is_set():
                    self._parts.sink.publish(EngineStarted(is_sender=self._owns_folder.is_set()))

    def _tick(self) -> None:
        resumes = self._parts.ticks.resumes
        for turn in count():
            is_rest = not self._has_ticks.is_set() and not self._has_ticks.wait(self._pace.rest_s)
            if not is_rest and self._stopping.wait(self._pace.tick_s):
                return
            self._parts.ticks.tick()
            if is_rest or self._quiet_turns < QUIET_TURNS or turn % REST_TICKS == 0:
                self._sender_wake.set()
            if self._parts.ticks.resumes != resumes:
                resumes = self._parts.ticks.resumes
                self._parts.schedule.wake()

    def _send(self) -> None:
        if not self._own_folder():
            return
        self._parts.sender.start()
        while not self._stopping.is_set():
            self._sender_wake.clear()
            if not self._rests():
                self._quiet_turns += 1
                while self._parts.sender.tick() and not self._stopping.is_set():
                    self._quiet_turns = 0
            self._sender_wake.wait()

    def _rests(self) -> bool:
        """Whether this turn is left out: nothing was done for a while and nothing is open."""
        if self._quiet_turns < QUIET_TURNS or self._parts.sender.has_open_work():
            self._rest_turns = 0
            self._has_ticks.set()
            return False
        self._has_ticks.clear()
        self._rest_turns += 1
        return self._rest_turns % LOOK_TURNS != 0

    def _own_folder(self) -> bool:
        """Waits until no other process is the engine here; False when stopped before."""
        is_told = False
        while not self._owns_folder.is_set() and not self._stopping.is_set():
            if self._parts.lock.acquire():
                self._owns_folder.set()
                self._parts.sink.publish(EngineStarted(is_sender=True))
                return True
            if not is_told:
                self._parts.sink.publish(EngineStarted(is_sender=False))
                is_told = True
            self._stopping.wait(self._pace.lock_retry_s)
        return not self._stopping.is_set()

    def _take_due(self) -> None:
        self._owns_folder.wait()
        if self._stopping.is_set():
            return
        self._parts.schedule.start(self._due.put)
        self._watch()
        while (due := self._due.get()) is not None:
            self._jobs.submit(SyncJob(due.connection_id, due.full, is_by_person=False))
            self._tell_next()

    def _watch(self) -> None:
        self._parts.schedule.watch(self._parts.connections())
        self._tell_next()

    def _tell_next(self) -> None:
        next_at = self._parts.schedule.next_at()
        self._parts.sink.publish(SyncScheduled(None if next_at is None else next_at.timestamp()))

    def _import(self) -> None:
        import_folder = self._parts.import_folder
        while import_folder is not None and not self._stopping.wait(self._pace.import_s):
            if self._owns_folder.is_set():
                import_folder()
