"""Sync runs of the engine: a thread a run, one run at a time per connection."""

import logging
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Protocol

from denticode_desktop.domain.errors import DenticodeError
from denticode_desktop.domain.events import SyncFinished
from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.ports.event_sink import EventSink

_log = logging.getLogger(__name__)
OUR_MISTAKE = (
    "The sync stopped on our own mistake. Press Sync Now again; if it stays, give the log to your IT team."
)
MAX_RUNS = 4
"""More connections than this wait for their turn: two cores, one disk."""


@dataclass(frozen=True, slots=True)
class SyncJob:
    """One sync to run. `is_by_person`: somebody pressed Sync Now, it is not the schedule."""

    connection_id: ConnectionId
    full: bool
    is_by_person: bool


class RunSync(Protocol):
    """Runs a sync to its end; what it raises it has told and audited before."""

    def __call__(self, job: SyncJob, is_cancelled: Callable[[], bool]) -> object:
        """Raises DenticodeError."""
        ...


@dataclass(slots=True)
class _Running:
    job: SyncJob
    cancel: threading.Event
    future: "Future[object] | None" = None
    follow_up: SyncJob | None = None


class SyncJobs:
    """Starts, joins and cancels sync runs. Thread-safe."""

    def __init__(self, run: RunSync, sink: EventSink) -> None:
        self._run = run
        self._sink = sink
        self._lock = threading.Lock()
        self._running: dict[ConnectionId, _Running] = {}
        self._is_stopped = False
        self._pool = ThreadPoolExecutor(MAX_RUNS, thread_name_prefix="sync")

    def submit(self, job: SyncJob) -> None:
        """Starts the run, or joins the one under way; one that asks for more than that follows it."""
        with self._lock:
            if self._is_stopped:
                return
            running = self._running.get(job.connection_id)
            if running is None:
                self._start(job)
            elif job.full and not running.job.full:
                running.follow_up = job

    def cancel(self, connection_id: ConnectionId) -> None:
        """Stops the run after the page under way; nothing happens where none runs."""
        with self._lock:
            running = self._running.get(connection_id)
            if running is not None:
                running.follow_up = None
                running.cancel.set()

    def running(self) -> frozenset[ConnectionId]:
        """Connections that are pulled now."""
        with self._lock:
            return frozenset(self._running)

    def stop(self, timeout_s: float) -> None:
        """Cancels every run and waits for each, at most so long; no other starts."""
        with self._lock:
            self._is_stopped = True
            under_way = list(self._running.values())
            for running in under_way:
                running.follow_up = None
                running.cancel.set()
        wait([running.future for running in under_way if running.future is not None], timeout_s)
        self._pool.shutdown(wait=False)

    def _start(self, job: SyncJob) -> None:
        running = _Running(job, threading.Event())
        self._running[job.connection_id] = running
        running.future = self._pool.submit(self._work, running)

    def _work(self, running: _Running) -> None:
        job = running.job
        try:
            self._run(job, running.cancel.is_set)
        except DenticodeError as error:
            _log.info("sync of connection %d ended with %s", job.connection_id, type(error).__name__)
        finally:
            self._end(running, sys.exc_info()[1])

    def _end(self, running: _Running, error: BaseException | None) -> None:
        """An error that is none of ours travels on into the future, where nobody asks for it: told here."""
        if error is not None:
            _log.error("sync of connection %d broke: %s", running.job.connection_id, type(error).__name__)
            self._sink.publish(SyncFinished(running.job.connection_id, "unexpected", OUR_MISTAKE, 0, 0, 0, 0))
        with self._lock:
            del self._running[running.job.connection_id]
            if running.follow_up is not None and not self._is_stopped:
                self._start(running.follow_up)
