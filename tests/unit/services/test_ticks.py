"""Settling counts ticks: sleep, clock jumps and restarts can only lengthen it."""

from datetime import UTC, datetime, timedelta

import pytest

from denticode_desktop.domain.ids import ItemId
from denticode_desktop.services.ticks import Moment, Settling, Ticks

ITEM = ItemId(1)


class TwoClocks:
    """A UTC and a monotonic clock that can be moved apart."""

    def __init__(self) -> None:
        self.utc = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
        self.monotonic = 100.0

    def utc_now(self) -> datetime:
        return self.utc

    def monotonic_s(self) -> float:
        return self.monotonic

    def advance(self, utc_s: float, monotonic_s: float) -> None:
        self.utc += timedelta(seconds=utc_s)
        self.monotonic += monotonic_s


def settled_after(ticks: Ticks, clock: TwoClocks, settling: Settling, turns: int) -> bool:
    for _ in range(turns):
        clock.advance(1, 1)
        ticks.tick()
    return settling.is_over(ITEM)


def test_settle_is_over_after_its_ticks_and_not_before() -> None:
    clock = TwoClocks()
    ticks = Ticks(clock)
    settling = Settling(ticks)
    settling.begin(ITEM, 5)
    assert not settled_after(ticks, clock, settling, 4)
    assert settling.left(ITEM) == 1
    assert settled_after(ticks, clock, settling, 1)


@pytest.mark.parametrize(
    ("utc_s", "monotonic_s"),
    [(3600.0, 3600.0), (3600.0, 0.5), (7200.0, 1.0), (-600.0, 1.0), (1.0, 30.0)],
    ids=["sleep", "sleep that stops the monotonic clock", "clock put forward", "clock put back", "pause"],
)
def test_settle_starts_anew_after(utc_s: float, monotonic_s: float) -> None:
    clock = TwoClocks()
    ticks = Ticks(clock)
    settling = Settling(ticks)
    ticks.tick()
    settling.begin(ITEM, 5)
    assert not settled_after(ticks, clock, settling, 4)
    clock.advance(utc_s, monotonic_s)
    ticks.tick()
    assert not settling.is_over(ITEM)
    assert not settled_after(ticks, clock, settling, 4)
    assert settled_after(ticks, clock, settling, 1)


def test_an_hour_on_the_clock_is_one_tick() -> None:
    clock = TwoClocks()
    ticks = Ticks(clock)
    ticks.tick()
    clock.advance(3600, 3600)
    ticks.tick()
    assert ticks.count == 2
    assert ticks.resumes == 1


def test_an_item_that_never_began_is_not_settled() -> None:
    settling = Settling(Ticks(TwoClocks()))
    assert not settling.is_over(ITEM)
    assert settling.elapsed(ITEM) == settling.left(ITEM) == 0


def test_ensure_lengthens_but_never_shortens() -> None:
    clock = TwoClocks()
    ticks = Ticks(clock)
    settling = Settling(ticks)
    settling.ensure(ITEM, 2)
    settling.ensure(ITEM, 6)
    settling.ensure(ITEM, 1)
    assert not settled_after(ticks, clock, settling, 5)
    assert settled_after(ticks, clock, settling, 1)
    settling.forget(ITEM)
    assert not settling.is_over(ITEM)


def test_what_a_retry_after_adds_comes_on_top_of_a_longer_need() -> None:
    clock = TwoClocks()
    ticks = Ticks(clock)
    settling = Settling(ticks)
    settling.begin(ITEM, 1, 3)
    settling.ensure(ITEM, 4)
    assert not settled_after(ticks, clock, settling, 6)
    assert settling.left(ITEM) == 1
    assert settled_after(ticks, clock, settling, 1)


def test_what_a_retry_after_adds_is_kept_over_a_sleep() -> None:
    clock = TwoClocks()
    ticks = Ticks(clock)
    settling = Settling(ticks)
    ticks.tick()
    settling.begin(ITEM, 2, 3)
    clock.advance(3600, 0)
    ticks.tick()
    assert not settling.is_over(ITEM)
    assert not settled_after(ticks, clock, settling, 4)
    assert settled_after(ticks, clock, settling, 1)


@pytest.mark.parametrize(
    ("utc_s", "monotonic_s", "age_s"),
    [(4.0, 4.0, 4.0), (3600.0, 1.0, 3600.0), (1.0, 30.0, 30.0), (-1.0, 2.0, 2.0), (-600.0, 2.0, float("inf"))],
    ids=[
        "time goes by",
        "sleep that stops the monotonic clock",
        "clock put back a little",
        "adjusted",
        "clock put back",
    ],
)
def test_moment_is_as_old_as_the_clock_that_says_more(utc_s: float, monotonic_s: float, age_s: float) -> None:
    clock = TwoClocks()
    moment = Moment.now(clock)
    clock.advance(utc_s, monotonic_s)
    assert moment.age_s(clock) == age_s
