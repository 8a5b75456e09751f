"""How slowly a PMS shows what it took: what counts as its lag, and how long an accepted record is looked for."""

from pathlib import Path

import pytest

from denticode_desktop.domain.errors import PmsUnavailableError
from denticode_desktop.domain.ids import WriteBackId
from denticode_desktop.domain.write_back import ItemState, ReviewReason
from denticode_desktop.services.sender_lag import LATE_LOOK_TICKS, Absence
from denticode_desktop.services.sender_lane import next_early_look
from tests.fakes.fake_pms import SendScript
from tests.unit.services.sender_world import SenderWorld

HOURS = 3_600
LONGEST_BACK_OFF = 300


@pytest.fixture
def world(tmp_path: Path) -> SenderWorld:
    return SenderWorld(tmp_path, settle_s=400)


def lag(world: SenderWorld) -> int:
    return world.connection().largest_lag_ticks


def states(world: SenderWorld, writeback_id: WriteBackId) -> set[ItemState]:
    return set(world.states(writeback_id))


def outage(world: SenderWorld, turns: int) -> None:
    world.pms.fail("look", PmsUnavailableError("dns"), times=turns)
    world.turn(turns)
    world.pms.heal()
    world.turn(LONGEST_BACK_OFF + 1)


@pytest.mark.parametrize("script", [SendScript.COMMIT_THEN_UNKNOWN, SendScript.ACCEPT])
def test_an_outage_is_not_taken_for_the_lag_of_the_pms(world: SenderWorld, script: SendScript) -> None:
    world.pms.lag_s = 20
    world.pms.script_sends(script)
    wb = world.lab()
    world.turn(10)
    assert states(world, wb) == {ItemState.INFLIGHT}
    outage(world, 4 * HOURS)
    assert states(world, wb) == {ItemState.DONE}
    assert 7 <= lag(world) <= 60, "absent at the look after 7 ticks; the next one was due within a minute"


@pytest.mark.parametrize("script", [SendScript.COMMIT_THEN_UNKNOWN, SendScript.ACCEPT])
def test_with_regular_looks_the_lag_is_never_below_what_was_seen(world: SenderWorld, script: SendScript) -> None:
    world.pms.lag_s = 200
    world.pms.script_sends(script)
    wb = world.lab()
    world.turn(400)
    assert states(world, wb) == {ItemState.DONE}
    assert 200 <= lag(world) <= 260


def test_sleep_while_settling_does_not_make_the_lag_look_short(world: SenderWorld) -> None:
    """The settle begins anew after it, the measuring does not: the record was absent a minute after the send."""
    world.pms.lag_s = 3_000
    world.pms.script_sends(SendScript.COMMIT_THEN_UNKNOWN)
    wb = world.lab()
    world.turn(100)
    world.clock.advance(HOURS)
    world.turn(40)
    assert states(world, wb) == {ItemState.DONE}
    assert lag(world) >= 60


def test_the_settle_of_a_pms_with_an_even_lag_does_not_grow_from_send_to_send(world: SenderWorld) -> None:
    world.pms.lag_s = 70
    for n in range(6):
        world.pms.script_sends(SendScript.COMMIT_THEN_UNKNOWN)
        wb = world.lab(text=f"visit {n}")
        world.turn(700)
        assert states(world, wb) == {ItemState.DONE}
    assert 70 <= lag(world) <= 140


def test_an_accepted_record_is_asked_about_although_the_program_starts_again_and_again(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.ACCEPT_NOT_STORED)
    wb = world.lab()
    for _ in range(2):
        world.turn(5 * 60)
        world.restart()
    assert states(world, wb) == {ItemState.INFLIGHT}
    world.turn(9 * 60)
    [item] = world.items(wb)
    assert (item.state, item.review_reason) == (ItemState.REVIEW, ReviewReason.UNSEEN)
    assert len(world.pms.sent) == 1


def test_time_switched_off_does_not_count_for_an_accepted_record(world: SenderWorld) -> None:
    world.pms.lag_s = 2 * HOURS
    wb = world.lab()
    world.turn(5 * 60)
    world.pass_days(0.05)
    world.restart()
    world.turn(60)
    assert states(world, wb) == {ItemState.INFLIGHT}


def test_lag_counts_what_an_earlier_process_saw_too(world: SenderWorld) -> None:
    world.pms.lag_s = 1_000
    wb = world.lab()
    world.turn(5 * 60)
    world.clock.advance(800)
    world.restart()
    world.turn(5)
    assert states(world, wb) == {ItemState.DONE}
    assert lag(world) >= 4 * 60


def test_lag_goes_to_the_look_that_found_it_unless_that_one_came_late() -> None:
    wait = Absence(since=100, absent_at=100, due_at=101)
    wait.was_absent(101, next_look=2)
    assert wait.lag(103) == 3
    assert wait.lag(103 + LATE_LOOK_TICKS) == 3 + LATE_LOOK_TICKS
    assert wait.lag(103 + LATE_LOOK_TICKS + 1) == 3
    assert wait.waited(150) == 50


def test_looks_of_a_long_settle_come_ever_less_often() -> None:
    steps, elapsed = [], 0
    while elapsed < 1_000:
        elapsed += next_early_look(elapsed, 1_000 - elapsed)
        steps.append(elapsed)
    assert steps == [1, 5, 20, 60, 120, 240, 480, 960, 1_000]
