"""The real scheduler: it says what is due, once."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from denticode_desktop.background.scheduler import SyncDue, SyncScheduler
from denticode_desktop.domain.ids import ConnectionId

ONE, TWO = ConnectionId(1), ConnectionId(2)


@pytest.fixture
def scheduler() -> Iterator[SyncScheduler]:
    """Due at once, then not again during a test."""
    made = SyncScheduler(interval_min=60, first_after_s=0.0)
    yield made
    made.stop()
    made.stop()


def test_first_sync_of_each_connection_is_due_soon_after_the_start(scheduler: SyncScheduler) -> None:
    due: queue.SimpleQueue[SyncDue] = queue.SimpleQueue()
    scheduler.start(due.put)
    scheduler.start(due.put)
    scheduler.watch([ONE, TWO])
    assert {due.get(timeout=10), due.get(timeout=10)} == {SyncDue(ONE, False), SyncDue(TWO, False)}
    scheduler.watch([ONE, TWO])
    assert due.empty()


def test_connection_that_is_no_longer_watched_is_never_due(scheduler: SyncScheduler) -> None:
    scheduler.watch([ONE, TWO])
    scheduler.watch([TWO])
    assert {job.id for job in scheduler._scheduler.get_jobs()} == {"sync-2", "full-2"}


def test_runs_missed_in_a_night_of_sleep_come_once(scheduler: SyncScheduler) -> None:
    due: queue.SimpleQueue[SyncDue] = queue.SimpleQueue()
    scheduler._first_after_s = 3600.0
    scheduler.start(due.put)
    scheduler.watch([ONE])
    for job_id in ("sync-1", "full-1"):
        scheduler._scheduler.modify_job(job_id, next_run_time=datetime.now(UTC) - timedelta(hours=9))
    scheduler.wake()
    assert {due.get(timeout=10), due.get(timeout=10)} == {SyncDue(ONE, False), SyncDue(ONE, True)}
    assert due.empty()


def test_nightly_run_is_set_for_the_night(scheduler: SyncScheduler) -> None:
    scheduler._first_after_s = 3600.0
    scheduler.start(lambda _: None)
    scheduler.watch([ONE])
    night = scheduler._scheduler.get_job("full-1").next_run_time
    assert night > datetime.now(UTC)
    assert night.hour in (1, 2, 3)


def test_next_time_is_the_soonest_of_all_and_moves_on_when_one_is_due(scheduler: SyncScheduler) -> None:
    due: queue.SimpleQueue[SyncDue] = queue.SimpleQueue()
    scheduler._first_after_s = 3600.0
    assert scheduler.next_at() is None
    scheduler.start(due.put)
    assert scheduler.next_at() is None
    scheduler.watch([ONE, TWO])
    first = scheduler.next_at()
    assert first is not None
    assert first == min(job.next_run_time for job in scheduler._scheduler.get_jobs())
    scheduler._scheduler.modify_job("sync-2", next_run_time=datetime.now(UTC))
    assert due.get(timeout=10) == SyncDue(TWO, False)
    after = scheduler.next_at()
    assert after is not None
    assert after > datetime.now(UTC) + timedelta(minutes=30)
