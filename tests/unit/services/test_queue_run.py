"""A run of the queue ends for one of five reasons and says which; it never spins and never waits without end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from denticode_desktop.domain.connection import HoldReason
from denticode_desktop.ports.unit_of_work import Store
from denticode_desktop.services.queue_run import PATIENCE_S, TURN_S, QueueRun, RunEnd, RunResult
from denticode_desktop.services.sender import Outlook


@dataclass
class FakeQueue:
    """Items of one connection: `left` can go, `stuck` wait behind a person's decision. Clock, sender and store in one.

    reachable_at_s: before that the PMS does not answer. holds: keep everything.
    """

    left: int = 0
    stuck: int = 0
    reviews: int = 0
    requests: int = 0
    reachable_at_s: float = 0.0
    holds: tuple[HoldReason, ...] = ()
    now_s: float = 0.0
    stop_at_s: float = float("inf")
    pauses: list[float] = field(default_factory=list)

    def tick(self) -> bool:
        if self.left == 0 or self.holds or self.now_s < self.reachable_at_s:
            return False
        self.left -= 1
        self.now_s += 0.1
        return True

    def outlook(self) -> Outlook:
        open_items = self.left + self.stuck + self.requests
        is_failing = self.now_s < self.reachable_at_s
        return Outlook(open_items, self.reviews, bool(open_items) and (bool(self.holds) or is_failing), self.holds)

    def utc_now(self) -> datetime:
        return datetime(2026, 11, 20, tzinfo=UTC)

    def monotonic_s(self) -> float:
        return self.now_s

    def pause(self, seconds: float) -> bool:
        self.pauses.append(seconds)
        self.now_s += seconds
        return self.now_s >= self.stop_at_s

    @contextmanager
    def read(self) -> Iterator[Any]:
        yield SimpleNamespace(outbox=self, connections=self)

    def all(self) -> Sequence[Any]:
        return [SimpleNamespace(connection_id=1, is_enabled=True), SimpleNamespace(connection_id=2, is_enabled=False)]

    def open_requests(self, connection_id: int) -> Sequence[object]:
        return range(self.requests if connection_id == 1 else 1)  # the other one is disconnected

    def next_patients(self, connection_id: int, *, skip: set[str], limit: int) -> Sequence[str]:
        assert connection_id == 1
        known = [f"stuck-{n}" for n in range(self.stuck)] + [f"p-{n}" for n in range(self.left)]
        return [patient for patient in known if patient not in skip][:limit]

    def open_items(self, connection_id: int, patient: str) -> Sequence[object]:
        return () if patient.startswith("stuck") else (object(),)

    def run(self, until: Callable[[], bool] = lambda: False, **options: Any) -> RunResult:
        return QueueRun(cast("Store", self), self, self, self.pause).run(until=until, **options)


def test_run_ends_when_all_has_gone() -> None:
    queue = FakeQueue(left=5)
    assert queue.run().end is RunEnd.IDLE
    assert queue.left == 0
    assert TURN_S not in queue.pauses


def test_what_waits_for_a_person_does_not_keep_the_run_alive() -> None:
    result = FakeQueue(left=2, stuck=250, reviews=1).run()
    assert (result.end, result.review_items, result.open_items) == (RunEnd.IDLE, 1, 250)


def test_run_ends_as_soon_as_the_caller_has_what_it_wants() -> None:
    queue = FakeQueue(left=5)
    assert queue.run(until=lambda: queue.left <= 3).end is RunEnd.REACHED
    assert queue.left == 3


def test_silent_pms_is_waited_for_a_little_and_no_longer() -> None:
    queue = FakeQueue(left=1, reachable_at_s=1_000.0)
    result = queue.run()
    assert (result.end, result.open_items) == (RunEnd.BLOCKED, 1)
    assert PATIENCE_S <= queue.now_s < PATIENCE_S + 2


def test_pms_that_comes_back_in_time_gets_everything() -> None:
    queue = FakeQueue(left=3, reachable_at_s=PATIENCE_S / 2)
    assert queue.run().end is RunEnd.IDLE
    assert queue.left == 0


def test_with_a_time_out_the_run_is_patient_to_its_end() -> None:
    queue = FakeQueue(left=3, reachable_at_s=40.0)
    assert queue.run(timeout_s=60.0).end is RunEnd.IDLE
    late = FakeQueue(left=3, reachable_at_s=400.0)
    assert late.run(timeout_s=60.0).end is RunEnd.TIMED_OUT
    assert 60 <= late.now_s < 62


@pytest.mark.parametrize(
    ("hold", "expected_holds", "gives_up_at_once"),
    [
        (HoldReason.SIGN_IN, (HoldReason.SIGN_IN,), True),
        (HoldReason.UNKNOWN_STREAK, (), False),  # the sender lifts it by itself
    ],
)
def test_hold_that_only_a_person_lifts_ends_the_run_at_once(
    hold: HoldReason, expected_holds: tuple[HoldReason, ...], gives_up_at_once: bool
) -> None:
    queue = FakeQueue(left=1, holds=(hold,))
    result = queue.run()
    assert (result.end, result.holds) == (RunEnd.BLOCKED, expected_holds)
    assert (queue.now_s < 1) == gives_up_at_once
    patient = FakeQueue(left=1, holds=(hold,))
    patient.run(timeout_s=60.0)
    assert (patient.now_s < 1) == gives_up_at_once


def test_open_request_keeps_the_run_alive_until_its_time_is_over() -> None:
    assert FakeQueue(requests=1).run(timeout_s=5.0).end is RunEnd.TIMED_OUT


@pytest.mark.parametrize("left", [0, 1_000_000])
def test_stop_ends_an_idle_and_a_busy_run(left: int) -> None:
    queue = FakeQueue(left=left, stop_at_s=3.0)
    assert queue.run(stops_when_idle=False).end is RunEnd.STOPPED
    assert queue.now_s < 4
