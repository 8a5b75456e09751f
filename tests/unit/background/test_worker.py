"""The engine's threads: what wakes them, what breaks them, in which order they stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from denticode_desktop.background.scheduler import SyncDue
from denticode_desktop.background.sync_jobs import SyncJob
from denticode_desktop.background.worker import LOOK_TURNS, QUIET_TURNS, REST_S, Due, Pace, Worker, WorkerParts
from denticode_desktop.domain.errors import PmsUnavailableError
from denticode_desktop.domain.events import EngineStarted, EngineStopped, Event, SyncFinished, SyncScheduled
from denticode_desktop.domain.ids import ConnectionId, ItemId
from denticode_desktop.services.ticks import TICK_S, Settling, Ticks
from tests.fakes.clock import FakeClock

PATIENCE_S = 10.0
FAST = Pace(tick_s=0.01, rest_s=0.01, import_s=0.01, lock_retry_s=0.01, first_restart_s=0.01, stop_s=PATIENCE_S)


class Signals:
    """Facts that a test waits for, by name."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._counts: dict[str, int] = {}

    def tell(self, name: str) -> int:
        """One more of it."""
        with self._changed:
            self._counts[name] = self._counts.get(name, 0) + 1
            self._changed.notify_all()
            return self._counts[name]

    def wait_for(self, name: str, count: int = 1) -> None:
        """Until so many were told."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._counts.get(name, 0) >= count, PATIENCE_S), name

    def count(self, name: str) -> int:
        """How many were told."""
        with self._changed:
            return self._counts.get(name, 0)


@dataclass
class FakeSender:
    """Counts; breaks where told to."""

    signals: Signals
    work: int = 0
    is_open: bool = False
    break_next: bool = False
    is_stopped: bool = False

    def start(self) -> None:
        self.signals.tell("sender started")

    def tick(self) -> bool:
        self.signals.tell("sender tick")
        if self.break_next:
            self.break_next = False
            raise RuntimeError("a bad turn")
        self.work -= 1
        return self.work >= 0

    def has_open_work(self) -> bool:
        self.signals.tell("asked for open work")
        return self.is_open

    def stop(self) -> None:
        self.is_stopped = True
        self.signals.tell("sender stopped")


@dataclass
class FakeTicks:
    """A counter that can sleep."""

    signals: Signals
    resumes: int = 0

    def tick(self) -> None:
        self.signals.tell("tick")


@dataclass
class FakeSchedule:
    """Hands over what the test says is due."""

    signals: Signals
    watched: list[Sequence[ConnectionId]] = field(default_factory=list)
    put: Callable[[Due], None] = lambda _due: None
    at: datetime | None = None

    def next_at(self) -> datetime | None:
        return self.at

    def start(self, put: Callable[[Due], None]) -> None:
        self.put = put

    def watch(self, connection_ids: Sequence[ConnectionId]) -> None:
        self.watched.append(connection_ids)
        self.signals.tell("watch")

    def wake(self) -> None:
        self.signals.tell("schedule woken")

    def stop(self) -> None:
        self.signals.tell("schedule stopped")


@dataclass
class FakeLock:
    """Held by somebody else until `is_free`."""

    signals: Signals
    is_free: bool = True

    def acquire(self) -> bool:
        self.signals.tell("lock tried")
        return self.is_free

    def release(self) -> None:
        self.signals.tell("lock released")


@dataclass
class FakeSink:
    """Keeps events and tells their names."""

    signals: Signals
    events: list[Event] = field(default_factory=list)

    def publish(self, event: Event) -> None:
        self.events.append(event)
        self.signals.tell(type(event).__name__)


class World:
    """A worker and everything it drives."""

    def __init__(self) -> None:
        self.signals = Signals()
        self.sender = FakeSender(self.signals)
        self.ticks = FakeTicks(self.signals)
        self.schedule = FakeSchedule(self.signals)
        self.lock = FakeLock(self.signals)
        self.sink = FakeSink(self.signals)
        self.jobs: list[SyncJob] = []
        self.sync_error: Exception | None = None
        self.is_sync_held = False
        self.import_error: Exception | None = None
        self.worker = Worker(
            WorkerParts(
                sender=self.sender, ticks=self.ticks, run_sync=self.run_sync, connections=lambda: [ConnectionId(1)],
                schedule=self.schedule, lock=self.lock, sink=self.sink, import_folder=self.import_folder,
            ),
            FAST,
        )  # fmt: skip

    def run_sync(self, job: SyncJob, is_cancelled: Callable[[], bool]) -> None:
        self.jobs.append(job)
        self.signals.tell("sync")
        if self.sync_error is not None:
            raise self.sync_error
        while self.is_sync_held and not is_cancelled():
            threading.Event().wait(0.005)
        self.signals.tell("sync ended")

    def import_folder(self) -> None:
        self.signals.tell("import")
        if self.import_error is not None:
            error, self.import_error = self.import_error, None
            raise error

    @contextmanager
    def running(self) -> Iterator[World]:
        """Started, and stopped at the end."""
        self.worker.start()
        try:
            yield self
        finally:
            self.worker.stop()


def test_sender_works_off_its_queue_and_then_follows_the_ticks() -> None:
    world = World()
    world.sender.work = 5
    with world.running():
        world.signals.wait_for("sender tick", 6)
        world.signals.wait_for("tick", 3)
        assert world.signals.count("sender started") == 1
    assert world.sink.events[0] == EngineStarted(is_sender=True)


def test_sender_without_work_rests_and_a_wake_ends_its_rest() -> None:
    world = World()
    world.sender.is_open = True
    with world.running():
        world.signals.wait_for("tick", 100)
        looks = world.signals.count("sender tick")
        assert looks < 60
        world.worker.wake()
        world.signals.wait_for("sender tick", looks + 10)


def test_wake_makes_the_sender_look_before_the_next_tick() -> None:
    world = World()
    world.worker = Worker(world.worker._parts, Pace(tick_s=1000.0, stop_s=PATIENCE_S))
    with world.running():
        world.signals.wait_for("sender tick", 1)
        before = world.signals.count("sender tick")
        world.worker.wake()
        world.signals.wait_for("sender tick", before + 1)


def test_ticks_stop_while_nothing_is_open_and_a_wake_brings_them_back() -> None:
    world = World()
    world.worker = Worker(world.worker._parts, replace(FAST, rest_s=1000.0))
    with world.running():
        world.signals.wait_for("asked for open work")
        ticks = world.signals.count("tick")
        world.sender.is_open = True
        world.worker.wake()
        world.signals.wait_for("tick", ticks + 30)
        looks = world.signals.count("sender tick")
        world.signals.wait_for("sender tick", looks + 2)


def test_sender_at_rest_asks_only_whether_something_is_open_and_looks_now_and_then() -> None:
    world = World()
    with world.running():
        world.signals.wait_for("asked for open work", 5 * LOOK_TURNS)
        assert world.signals.count("sender tick") <= QUIET_TURNS + 6
        looks = world.signals.count("sender tick")
        world.sender.is_open = True  # by another program, without a word
        world.signals.wait_for("sender tick", looks + 5)


def test_first_tick_after_a_longer_rest_starts_every_settle_anew() -> None:
    clock = FakeClock()
    ticks = Ticks(clock)
    settling = Settling(ticks)
    for _ in range(3):
        clock.advance(REST_S)
        ticks.tick()
    assert ticks.resumes == 0
    settling.begin(ItemId(1), 2)
    clock.advance(REST_S + TICK_S)  # the rest, and the second before the tick that a wake brings
    ticks.tick()
    assert settling.left(ItemId(1)) == 1
    clock.advance(REST_S + TICK_S + 0.5)
    ticks.tick()
    assert not settling.is_over(ItemId(1))
    assert settling.left(ItemId(1)) == 2


def test_next_sync_is_told_when_connections_or_times_change() -> None:
    world = World()
    first = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    with world.running():
        world.signals.wait_for("SyncScheduled")
        world.schedule.at = first
        world.worker.reload()
        world.signals.wait_for("SyncScheduled", 2)
        world.schedule.at = first + timedelta(minutes=15)
        world.schedule.put(SyncDue(ConnectionId(1), full=False))
        world.signals.wait_for("SyncScheduled", 3)
    told = [event.next_epoch_s for event in world.sink.events if isinstance(event, SyncScheduled)]
    assert told == [None, first.timestamp(), first.timestamp() + 900.0]


def test_broken_sender_is_told_and_started_again() -> None:
    world = World()
    with world.running():
        world.signals.wait_for("sender tick")
        world.sender.break_next = True
        world.signals.wait_for("sender started", 2)
        world.signals.wait_for("sender tick", 5)
    assert EngineStopped(will_restart=True) in world.sink.events


def test_broken_import_does_not_touch_the_sender() -> None:
    world = World()
    world.import_error = RuntimeError("a bad file")
    with world.running():
        world.signals.wait_for("import", 3)
        assert world.signals.count("sender started") == 1


def test_engine_without_the_lock_sends_nothing_and_takes_over_later() -> None:
    world = World()
    world.lock.is_free = False
    with world.running():
        world.signals.wait_for("lock tried", 3)
        assert world.signals.count("sender started") == world.signals.count("import") == 0
        assert world.schedule.watched == []
        world.lock.is_free = True
        world.signals.wait_for("sender started")
        world.signals.wait_for("import")
        world.signals.wait_for("watch")
    told = [event for event in world.sink.events if isinstance(event, EngineStarted)]
    assert told[:2] == [EngineStarted(is_sender=False), EngineStarted(is_sender=True)]


def test_engine_without_the_lock_stops_at_once() -> None:
    world = World()
    world.lock.is_free = False
    with world.running():
        world.signals.wait_for("lock tried")
    assert world.signals.count("sender started") == 0


def test_due_sync_runs_for_the_schedule_and_sync_now_for_a_person() -> None:
    world = World()
    with world.running():
        world.signals.wait_for("watch")
        world.schedule.put(SyncDue(ConnectionId(1), full=True))
        world.signals.wait_for("sync ended")
        world.worker.sync_now(ConnectionId(2))
        world.signals.wait_for("sync ended", 2)
    assert world.jobs == [SyncJob(ConnectionId(1), True, False), SyncJob(ConnectionId(2), False, True)]


def test_sync_now_joins_the_run_under_way_and_a_full_one_follows() -> None:
    world = World()
    world.is_sync_held = True
    with world.running():
        world.worker.sync_now(ConnectionId(1))
        world.signals.wait_for("sync")
        world.worker.sync_now(ConnectionId(1))
        world.worker.sync_now(ConnectionId(1), full=True)
        assert len(world.jobs) == 1
        world.is_sync_held = False
        world.signals.wait_for("sync ended", 2)
    assert [job.full for job in world.jobs] == [False, True]


def test_cancel_ends_a_run_and_what_would_follow_it() -> None:
    world = World()
    world.is_sync_held = True
    with world.running():
        world.worker.sync_now(ConnectionId(1))
        world.signals.wait_for("sync")
        world.worker.sync_now(ConnectionId(1), full=True)
        world.worker.cancel_sync(ConnectionId(1))
        world.worker.cancel_sync(ConnectionId(7))
        world.signals.wait_for("sync ended")
    assert len(world.jobs) == 1


def test_known_error_of_a_sync_is_not_told_twice_and_our_own_mistake_is() -> None:
    world = World()
    with world.running():
        world.sync_error = PmsUnavailableError("connect_refused")
        world.worker.sync_now(ConnectionId(1))
        world.signals.wait_for("sync")
        world.sync_error = RuntimeError("ours")
        world.worker.sync_now(ConnectionId(2))
        world.signals.wait_for("SyncFinished")
    told = [event for event in world.sink.events if isinstance(event, SyncFinished)]
    assert [(event.connection_id, event.outcome) for event in told] == [(2, "unexpected")]


def test_sleep_of_the_computer_wakes_the_schedule() -> None:
    world = World()
    with world.running():
        world.signals.wait_for("tick", 2)
        world.ticks.resumes += 1
        world.signals.wait_for("schedule woken")


def test_reload_watches_the_connections_of_now() -> None:
    world = World()
    with world.running():
        world.signals.wait_for("watch")
        world.worker.reload()
        world.signals.wait_for("watch", 2)


def test_stop_ends_syncs_and_gives_the_lock_back_last() -> None:
    world = World()
    world.is_sync_held = True
    with world.running():
        world.signals.wait_for("sender started")
        world.worker.sync_now(ConnectionId(1))
        world.signals.wait_for("sync")
    assert world.sender.is_stopped
    assert world.signals.count("sync ended") == world.signals.count("lock released") == 1
    assert not [t for t in threading.enumerate() if t.name in ("ticker", "sender", "due", "import")]
