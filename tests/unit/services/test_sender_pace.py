"""Retry-After, tokens and streaks of unknown answers: what binds a whole connection, and for how long."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from denticode_desktop.domain.audit_event import AuditKind
from denticode_desktop.domain.connection import HoldReason
from denticode_desktop.domain.errors import PmsProtocolError, PmsUnavailableError
from denticode_desktop.domain.ids import WriteBackId
from denticode_desktop.domain.write_back import ItemState, RequestKind, ReviewReason
from denticode_desktop.ports.pms import PreparedSend
from denticode_desktop.services.sender_moves import Moves
from denticode_desktop.services.sender_pace import LONG_WAIT_S, Pace
from denticode_desktop.services.sender_policy import Policy
from tests.fakes.clock import FakeRandomness
from tests.fakes.fake_pms import SendScript
from tests.unit.services.sender_world import ANA, BEN, SETTLE, SenderWorld

P, I, D, R, V = ItemState.PLANNED, ItemState.INFLIGHT, ItemState.DONE, ItemState.REVIEW, ItemState.VOID  # noqa: E741


@pytest.fixture
def world(tmp_path: Path) -> SenderWorld:
    return SenderWorld(tmp_path)


def states(world: SenderWorld, writebacks: list[WriteBackId]) -> list[ItemState]:
    return [s for writeback_id in writebacks for s in world.states(writeback_id)]


# -- nothing after a no --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", [SendScript.THROTTLE, SendScript.FORBIDDEN, SendScript.BUSY, SendScript.NOT_SENT])
def test_watch_does_not_ask_in_the_turn_in_which_the_pms_said_no(world: SenderWorld, script: SendScript) -> None:
    world.pms.script_sends(SendScript.COMMIT_THEN_UNKNOWN)
    world.lab(patient=BEN)
    world.turn(2)
    world.clock.advance(11 * 60)  # the first duplicate watch is due
    world.pms.script_sends(script)
    world.lab(patient=ANA)
    world.turn()
    assert world.pms.calls[-1].name == "send"
    assert world.calls("look", BEN) == 2, "before its send and after it"


# -- Retry-After -----------------------------------------------------------------------------------------------------


def test_retry_after_of_an_unknown_answer_binds_the_whole_connection(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.BUSY)
    writebacks = [world.lab(patient=p) for p in (ANA, BEN)]
    world.turn()
    asked = len(world.pms.calls)
    world.turn(59)
    assert len(world.pms.calls) == asked
    assert world.connection().waiting_why == "throttled"
    world.turn(60 + SETTLE + 3)
    assert states(world, writebacks) == [D, D]
    assert world.connection().waiting_why == ""


def test_retry_after_lengthens_the_settle_of_its_item(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.BUSY)
    world.lab()
    world.turn(60 + SETTLE)
    assert world.calls("send") == 1
    world.turn(3)
    assert world.calls("send") == 2


def test_retry_after_lengthens_the_settle_after_a_restart_too(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.BUSY)
    world.lab()
    world.turn(50)
    world.restart()
    world.turn(60 + SETTLE - 1)
    assert world.calls("send") == 1
    world.turn(3)
    assert world.calls("send") == 2


def test_retry_after_of_more_than_a_day_holds_the_connection(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.BUSY_FOR_DAYS)
    world.lab()
    world.turn()
    asked = len(world.pms.calls)
    assert world.connection().hold is HoldReason.THROTTLED_LONG
    world.turn(300)
    assert len(world.pms.calls) == asked


def test_retry_after_of_a_read_is_kept_against_a_persons_impatience(world: SenderWorld) -> None:
    world.pms.fail("look", PmsUnavailableError("http_503", retry_after_s=60.0))
    writeback_id = world.lab()
    world.turn()
    asked = len(world.pms.calls)
    world.decide(world.items(writeback_id)[0].item_id, RequestKind.RECHECK)
    world.turn(59)
    assert len(world.pms.calls) == asked
    world.turn(3)
    assert world.states(writeback_id) == [D]


def test_restart_does_not_forget_that_the_pms_asked_to_wait(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.THROTTLE)  # 7 s
    writeback_id = world.lab()
    world.turn()
    asked = len(world.pms.calls)
    world.turn(2)
    world.restart()
    world.turn(4)
    assert len(world.pms.calls) == asked
    world.turn(3)
    assert (world.states(writeback_id), world.connection().waiting_why) == ([D], "")


@pytest.mark.parametrize(("asked_for", "wait_ticks"), [(timedelta(days=30), LONG_WAIT_S), (timedelta(days=-1), 0)])
def test_wait_from_before_a_start_is_a_day_at_most(world: SenderWorld, asked_for: timedelta, wait_ticks: int) -> None:
    """The clock may have been set back meanwhile."""
    policy = Policy(Moves(world.store, world.clock, world.ticks, world.sink))
    pace = Pace(world.ticks, FakeRandomness())
    next_at = world.clock.utc_now() + asked_for
    policy.take_over(replace(world.connection(), waiting_why="throttled", next_try_at=next_at), pace)
    assert pace.wait_ticks == wait_ticks
    assert pace.is_open is (wait_ticks == 0)


def test_restart_while_offline_tries_at_once(world: SenderWorld) -> None:
    world.pms.fail("look", PmsUnavailableError("connect_refused"), times=6)
    writeback_id = world.lab()
    world.turn(40)
    assert world.connection().waiting_why == "offline"
    world.pms.heal()
    world.restart()
    world.turn()
    assert (world.states(writeback_id), world.connection().waiting_why) == ([D], "")


# -- an outage of the sends ------------------------------------------------------------------------------------------


class SendLog:
    """When each send reached the PMS, and how many items were in flight then."""

    def __init__(self, world: SenderWorld) -> None:
        self._world = world
        self.ticks: list[int] = []
        self.inflight: list[int] = []
        world.pms.on_request = self._note

    def _note(self, _: PreparedSend) -> None:
        self.ticks.append(self._world.ticks.count)
        with self._world.store.read() as uow:
            self.inflight.append(len(uow.outbox.inflight_all()))


def test_in_an_outage_one_item_goes_first_and_nothing_until_it_is_resolved(world: SenderWorld) -> None:
    world.pms.script_sends(*[SendScript.LOST] * 1_000)
    writebacks = [world.lab(patient=p) for p in world.more_patients(12)]
    log = SendLog(world)
    world.turn(120)
    assert log.inflight[:3] == [1, 2, 3]
    assert set(log.inflight[3:]) == {1}
    gaps = [after - before for before, after in zip(log.ticks[3:], log.ticks[4:], strict=False)]
    assert gaps == sorted(gaps), "the wait is kept over the reads that answer in between, and grows"
    assert len(log.ticks) < 12
    assert (world.kinds(AuditKind.CONN_HELD), world.kinds(AuditKind.CONN_RELEASED)) == (1, 0)
    assert world.connection().hold is HoldReason.UNKNOWN_STREAK
    world.pms.heal()
    world.turn(200)
    items = [item for writeback_id in writebacks for item in world.items(writeback_id)]
    assert all(i.state is D or (i.review_reason is ReviewReason.NO_TRACE and i.sends == 3) for i in items)
    assert [i.state for i in items].count(D) >= 8
    assert (world.kinds(AuditKind.CONN_HELD), world.kinds(AuditKind.CONN_RELEASED)) == (1, 1)
    assert world.connection().hold is None
    world.assert_sound()


def test_restart_in_an_outage_lets_one_item_go_at_a_time_too(world: SenderWorld) -> None:
    world.pms.script_sends(*[SendScript.LOST] * 1_000)
    for patient in world.more_patients(8):
        world.lab(patient=patient)
    world.turn(3)
    world.restart()
    log = SendLog(world)
    world.turn(60)
    assert log.inflight
    assert set(log.inflight) == {1}
    assert world.kinds(AuditKind.CONN_HELD) == 1


def test_answers_that_are_lost_while_the_records_are_stored_end_in_the_chart_once(world: SenderWorld) -> None:
    world.pms.script_sends(*[SendScript.COMMIT_THEN_UNKNOWN] * 1_000)
    patients = world.more_patients(6)
    writebacks = [world.lab(patient=p) for p in patients]
    world.turn(400)
    assert set(states(world, writebacks)) == {D}
    assert [len(world.chart(p)) for p in patients] == [1] * 6
    assert (world.kinds(AuditKind.CONN_HELD), world.kinds(AuditKind.CONN_RELEASED)) == (1, 1)


def test_trial_that_is_accepted_and_never_seen_does_not_end_the_outage(world: SenderWorld) -> None:
    world.pms.script_sends(*[SendScript.LOST] * 3, SendScript.ACCEPT_NOT_STORED, *[SendScript.LOST] * 100)
    for patient in world.more_patients(5):
        world.lab(patient=patient)
    log = SendLog(world)
    world.turn(60)
    assert len(log.ticks) == 4, "the trial waits to be seen"
    world.turn(15 * 60)
    assert world.connection().hold is HoldReason.UNKNOWN_STREAK
    assert len(log.ticks) > 4


def test_trial_that_is_refused_is_followed_by_another(world: SenderWorld) -> None:
    world.pms.script_sends(*[SendScript.LOST] * 3, SendScript.REFUSE)
    writebacks = [world.lab(patient=p) for p in world.more_patients(4)]
    world.turn(200)
    assert sorted(states(world, writebacks)) == sorted([D, D, D, R])
    assert world.connection().hold is None


def test_item_in_flight_whose_chart_cannot_be_read_does_not_prolong_the_outage(world: SenderWorld) -> None:
    world.pms.script_sends(*[SendScript.LOST] * 3)
    bad, *good = world.more_patients(4)
    in_doubt = world.lab(patient=bad)
    writebacks = [world.lab(patient=p) for p in good]
    world.turn()
    world.pms.fail_for("look", bad, PmsProtocolError("endless_pages"))
    world.turn(200)
    assert set(states(world, writebacks)) == {D}
    assert world.states(in_doubt) == [I]
    assert world.connection().hold is None


def test_hold_that_a_person_lifts_ends_the_outage(world: SenderWorld) -> None:
    world.pms.script_sends(*[SendScript.LOST] * 3)
    writebacks = [world.lab(patient=p) for p in world.more_patients(6)]
    world.turn()
    world.hold(None)
    log = SendLog(world)
    world.turn()
    assert len(log.ticks) == 3, "all that wait go at once"
    world.turn(SETTLE + 2)
    assert set(states(world, writebacks)) == {D}


def test_outage_that_becomes_a_long_wait_is_not_forgotten(world: SenderWorld) -> None:
    """Lifted by a probe, the first unknown answer after it holds the connection again."""
    world.pms.script_sends(*[SendScript.LOST] * 3, SendScript.BUSY_FOR_DAYS, *[SendScript.LOST] * 9)
    for patient in world.more_patients(8):
        world.lab(patient=patient)
    world.turn(SETTLE + 10)
    assert world.connection().hold is HoldReason.THROTTLED_LONG
    log = SendLog(world)
    world.ticks.count += 2 * LONG_WAIT_S  # two days awake
    world.turn(2)
    assert (len(log.ticks), world.connection().hold) == (1, HoldReason.UNKNOWN_STREAK)


def test_items_are_not_lost_over_three_sends_in_an_outage(world: SenderWorld) -> None:
    world.pms.script_sends(*[SendScript.LOST] * 1_000)
    [patient] = world.more_patients(1)
    writeback_id = world.lab(patient=patient)
    world.turn(400)
    [item] = world.items(writeback_id)
    assert (item.state, item.review_reason, item.sends) == (R, ReviewReason.NO_TRACE, 3)


# -- tokens ----------------------------------------------------------------------------------------------------------


def test_second_401_counts_only_right_after_the_first(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.UNAUTHORIZED, SendScript.LOST, SendScript.UNAUTHORIZED)
    writeback_id = world.lab()
    world.turn(SETTLE * 3)
    assert world.states(writeback_id) == [D]
    assert world.connection().hold is None
    assert world.directory.opened[0].dropped_tokens == 2
