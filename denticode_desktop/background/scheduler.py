"""The scheduler: says that a sync is due, and does nothing else.

APScheduler 3 with a memory store. Its defaults drop a job that is more than a second late, which after a night's sleep
is every job; here a missed one comes once, late (coalesce, no grace time).
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from denticode_desktop.domain.ids import ConnectionId

INTERVAL_MIN = 15
JITTER_S = 90
"""Connections of many practices must not ask in the same second."""
FIRST_AFTER_S = 15.0
"""A program that starts reads what it missed, when the window is up."""
NIGHT_HOUR = 2
NIGHT_JITTER_S = 3600


@dataclass(frozen=True, slots=True)
class SyncDue:
    """A sync should run. `full`: the nightly reconciliation of ids."""

    connection_id: ConnectionId
    full: bool


class SyncScheduler:
    """Puts SyncDue words for each watched connection. Thread-safe."""

    def __init__(
        self, *, interval_min: float = INTERVAL_MIN, jitter_s: int = JITTER_S, first_after_s: float = FIRST_AFTER_S
    ) -> None:
        self._interval_min = interval_min
        self._first_after_s = first_after_s
        self._jitter_s = jitter_s
        self._put: Callable[[SyncDue], None] = lambda _: None
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        self._scheduler = BackgroundScheduler(
            daemon=True, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )

    def start(self, put: Callable[[SyncDue], None]) -> None:
        """From now on `put` hears what is due, on a thread of the scheduler; it must not block. Once is enough."""
        self._put = put
        if not self._scheduler.running:
            self._scheduler.start()

    def watch(self, connection_ids: Sequence[ConnectionId]) -> None:
        """These connections and no others; one that was watched before keeps its next time."""
        wanted = {self._job_id(connection_id, full) for connection_id in connection_ids for full in (False, True)}
        known = {job.id for job in self._scheduler.get_jobs()}
        for job_id in known - wanted:
            self._scheduler.remove_job(job_id)
        for connection_id in connection_ids:
            for full in (False, True):
                if self._job_id(connection_id, full) not in known:
                    self._add(SyncDue(connection_id, full))

    def next_at(self) -> datetime | None:
        """When the next sync of any watched connection is due; None before the start and where none is watched.

        Asked from whoever heard a word of `put`, it tells the time after that one: the scheduler holds its jobs while
        it gives one out.
        """
        if not self._scheduler.running:
            return None
        times = [job.next_run_time for job in self._scheduler.get_jobs() if job.next_run_time is not None]
        return min(times, default=None)

    def wake(self) -> None:
        """Look at the clock again: the computer was asleep, and the timer may have slept with it."""
        self._scheduler.wakeup()

    def stop(self) -> None:
        """Nothing is due any more."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def _add(self, due: SyncDue) -> None:
        job_id = self._job_id(due.connection_id, due.full)
        if due.full:
            trigger = CronTrigger(hour=NIGHT_HOUR, jitter=NIGHT_JITTER_S)
            self._scheduler.add_job(self._tell, trigger, args=(due,), id=job_id)
        else:
            trigger = IntervalTrigger(minutes=self._interval_min, jitter=self._jitter_s)
            first = datetime.now(UTC) + timedelta(seconds=self._first_after_s)
            self._scheduler.add_job(self._tell, trigger, args=(due,), id=job_id, next_run_time=first)

    def _tell(self, due: SyncDue) -> None:
        self._put(due)

    @staticmethod
    def _job_id(connection_id: ConnectionId, full: bool) -> str:
        return f"{'full' if full else 'sync'}-{connection_id}"
