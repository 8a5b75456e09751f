"""T1 and the first byte: nothing leaves on an old look, after a pause or a decision, too late or for somebody else."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from denticode_desktop.domain.audit_event import AuditKind
from denticode_desktop.domain.connection import HoldReason
from denticode_desktop.domain.events import Event
from denticode_desktop.domain.ids import WriteBackId
from denticode_desktop.domain.write_back import Attempt, ItemState, OutcomeKind, RequestKind, ReviewReason
from denticode_desktop.ports.pms import PreparedSend
from denticode_desktop.ports.secrets import ANCHOR
from tests.fakes.fake_pms import SendScript
from tests.unit.services.sender_world import ANA, BEN, SETTLE, Events, SenderWorld

P, I, D, R, V = ItemState.PLANNED, ItemState.INFLIGHT, ItemState.DONE, ItemState.REVIEW, ItemState.VOID  # noqa: E741
NIGHT_S = 8 * 3600.0


@pytest.fixture
def world(tmp_path: Path) -> SenderWorld:
    return SenderWorld(tmp_path)


def once(act: Callable[[], object]) -> Callable[[], None]:
    """Acts at the first call only."""
    left = [act]

    def call() -> None:
        if left:
            left.pop()()

    return call


def at_first_send(world: SenderWorld, act: Callable[[], object]) -> None:
    call = once(act)

    def on_request(_: PreparedSend) -> None:
        call()

    world.pms.on_request = on_request


def attempts(world: SenderWorld, writeback_id: WriteBackId) -> list[Attempt]:
    with world.store.read() as uow:
        return list(uow.outbox.attempts(world.items(writeback_id)[0].item_id))


def was_guarded(attempt: Attempt) -> bool:
    outcome = attempt.outcome
    return outcome is not None and (outcome.kind, outcome.error_kind) == (OutcomeKind.NOT_SENT, "guard")


# -- a decision, a pause or a hold that came meanwhile ---------------------------------------------------------------


def test_line_that_a_person_takes_out_during_a_drain_is_not_sent(world: SenderWorld) -> None:
    writeback_id = world.lab("T0101")
    line = world.items(writeback_id)[1]
    at_first_send(world, lambda: world.decide(line.item_id, RequestKind.VOID))
    world.turn(3)
    assert world.states(writeback_id) == [D, V]
    assert len(world.pms.sent) == 1


@pytest.mark.parametrize("kind", [RequestKind.VOID, RequestKind.AS_DONE, RequestKind.SEND_AGAIN])
def test_decision_made_between_look_and_intent_stops_the_send(world: SenderWorld, kind: RequestKind) -> None:
    writeback_id = world.lab()
    item = world.items(writeback_id)[0]
    world.pms.on_look = once(lambda: world.decide(item.item_id, kind))
    world.clock.advance(1)
    world.ticks.tick()
    world.sender.tick()
    assert world.pms.sent == []
    assert world.states(writeback_id) == [P]


def test_recheck_of_a_waiting_item_does_not_keep_it_back(world: SenderWorld) -> None:
    writeback_id = world.lab("T0101")
    line = world.items(writeback_id)[1]
    at_first_send(world, lambda: world.decide(line.item_id, RequestKind.RECHECK))
    world.turn()
    assert world.states(writeback_id) == [D, D]


def test_decision_about_another_item_is_carried_out_before_the_next_send(world: SenderWorld) -> None:
    asked = world.lab(patient=BEN, send=False)
    others = [world.lab(patient=p) for p in world.more_patients(3)]
    request: list[int] = []
    results: list[str] = []

    def on_request(_: PreparedSend) -> None:
        if not request:
            request.append(world.decide(world.items(asked)[0].item_id, RequestKind.VOID))
        else:
            results.append(world.result(request[0]))

    world.pms.on_request = on_request
    world.turn()
    assert results == ["done", "done"]
    assert [s for wb in others for s in world.states(wb)] == [D, D, D]


def test_pause_all_stops_the_drain_that_is_under_way(world: SenderWorld) -> None:
    writebacks = [world.lab(patient=p) for p in world.more_patients(6)]
    at_first_send(world, world.pause_all)
    world.turn(3)
    assert [s for wb in writebacks for s in world.states(wb)] == [D, P, P, P, P, P]
    assert len(world.pms.sent) == 1
    world.pms.on_request = None
    world.pause_all(is_paused=False)
    world.turn(7)
    assert [s for wb in writebacks for s in world.states(wb)] == [D] * 6


@pytest.mark.parametrize("act", ["pause", "hold"])
def test_pause_or_hold_between_look_and_intent_stops_the_send(world: SenderWorld, act: str) -> None:
    writeback_id = world.lab()
    stop = world.pause_all if act == "pause" else lambda: world.hold(HoldReason.UNKNOWN_STREAK)
    world.pms.on_look = once(stop)
    world.clock.advance(1)
    world.ticks.tick()
    world.sender.tick()
    assert (world.states(writeback_id), world.pms.sent) == ([P], [])


# -- older than seven days -------------------------------------------------------------------------------------------


def test_items_that_slept_ten_days_are_asked_about_and_not_sent(world: SenderWorld) -> None:
    world.turn()
    writebacks = [world.lab(patient=p) for p in (ANA, BEN)]
    world.pass_days(10)
    world.turn(3)
    for writeback_id in writebacks:
        [item] = world.items(writeback_id)
        assert (item.state, item.review_reason) == (R, ReviewReason.STALE)
    assert world.pms.sent == []


def test_more_stale_items_than_one_housekeeping_takes_are_not_sent_either(
    world: SenderWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("denticode_desktop.services.sender.STALE_BATCH", 1)
    writebacks = [world.lab(patient=p) for p in world.more_patients(3)]
    world.pass_days(7.1)
    world.turn(2)
    assert [s for wb in writebacks for s in world.states(wb)] == [R, R, R]
    assert world.pms.calls == []


def test_item_that_grows_stale_between_look_and_intent_is_not_sent(world: SenderWorld) -> None:
    writeback_id = world.lab()
    world.pass_days(7 - 1 / 86_400)  # a second is left
    world.pms.on_look = once(lambda: world.clock.advance(2))
    world.sender.tick()
    assert world.pms.sent == []
    world.turn(2)
    assert world.items(writeback_id)[0].review_reason is ReviewReason.STALE


def test_stale_item_that_a_person_sends_again_goes(world: SenderWorld) -> None:
    writeback_id = world.lab()
    world.pass_days(10)
    world.turn()
    request = world.decide(world.items(writeback_id)[0].item_id, RequestKind.SEND_AGAIN)
    world.turn(SETTLE + 2)
    assert (world.result(request), world.states(writeback_id)) == ("done", [D])


# -- an old look, a late first byte ----------------------------------------------------------------------------------


class SlowScreen(Events):
    """Hearing of an item in flight takes a night, once."""

    def __init__(self, world: SenderWorld, pass_time: Callable[[float], None]) -> None:
        super().__init__()
        self._world = world
        self._pass = once(lambda: pass_time(NIGHT_S))

    def publish(self, event: Event) -> None:
        super().publish(event)
        with self._world.store.read() as uow:
            is_inflight = bool(uow.outbox.inflight_all())
        if is_inflight:
            self._pass()


@pytest.mark.parametrize("clock", ["both", "monotonic clock stands still"])
def test_time_that_passes_after_the_commit_counts(world: SenderWorld, clock: str) -> None:
    world.sink = SlowScreen(world, world.clock.advance if clock == "both" else world.clock.sleep)
    world.restart()
    writeback_id = world.lab()
    world.turn(4)
    first, second = attempts(world, writeback_id)
    assert was_guarded(first)
    assert second.outcome is not None
    assert (second.outcome.kind, world.states(writeback_id)) == (OutcomeKind.ACCEPTED, [D])
    assert len(world.pms.sent) == 1


def test_look_from_before_a_sleep_that_stops_the_monotonic_clock_is_not_believed(world: SenderWorld) -> None:
    writeback_id = world.lab()
    looks_at_send: list[int] = []
    world.pms.on_look = once(lambda: world.clock.sleep(NIGHT_S))
    at_first_send(world, lambda: looks_at_send.append(world.calls("look")))
    world.turn(3)
    assert (world.states(writeback_id), looks_at_send) == ([D], [2])


def test_clock_that_is_set_back_makes_the_look_too_old(world: SenderWorld) -> None:
    world.lab()
    looks_at_send: list[int] = []
    world.pms.on_look = once(lambda: world.clock.sleep(-600.0))
    at_first_send(world, lambda: looks_at_send.append(world.calls("look")))
    world.turn(3)
    assert looks_at_send == [2]


def test_look_that_grew_old_while_the_anchor_was_written_sends_nothing(world: SenderWorld) -> None:
    writeback_id = world.lab()
    world.pms.on_look = once(lambda: world.clock.advance(8))
    slow = once(lambda: world.clock.advance(4))
    put = world.secrets.put

    def put_slowly(name: str, value: str) -> None:
        put(name, value)
        if name == ANCHOR:
            slow()

    world.secrets.put = put_slowly  # type: ignore[method-assign]
    world.turn(4)
    assert was_guarded(attempts(world, writeback_id)[0])
    assert (world.states(writeback_id), len(world.pms.sent)) == ([D], 1)


# -- the right patient -----------------------------------------------------------------------------------------------


def test_each_write_back_is_checked_against_its_own_snapshot(world: SenderWorld) -> None:
    right = world.lab()
    wrong = world.lab(text="another visit", last_name="Other")
    world.turn(3)
    [item] = world.items(wrong)
    assert (world.states(right), item.state, item.review_reason) == ([D], R, ReviewReason.PATIENT_CHANGED)
    assert len(world.chart()) == 1
    assert world.kinds(AuditKind.PATIENT_CHECK_FAILED) == 1


def test_kept_answer_that_does_not_fit_is_asked_for_again(world: SenderWorld) -> None:
    """The patient married between the two visits; the second Lab was finalized with the new name."""
    first, second = world.lab(), world.lab(text="another visit", last_name="Miller")
    married = world.person(ANA)
    married = replace(married, person=replace(married.person, last_name="Miller"))
    at_first_send(world, lambda: world.pms.put(married))
    world.turn(3)
    assert (world.states(first), world.states(second)) == ([D], [D])
    assert world.calls("fetch_patient") == 2


def test_patient_is_fetched_once_while_the_answer_is_young(world: SenderWorld) -> None:
    writebacks = [world.lab("T0101"), world.lab("T0202", text="another visit")]
    world.turn()
    assert [s for wb in writebacks for s in world.states(wb)] == [D, D, D, D]
    assert world.calls("fetch_patient") == 1


def test_patient_check_from_before_a_sleep_is_made_again(world: SenderWorld) -> None:
    writeback_id = world.lab("T0101")
    at_first_send(world, lambda: world.clock.sleep(timedelta(minutes=11).total_seconds()))
    world.turn()
    assert (world.states(writeback_id), world.calls("fetch_patient")) == ([D, D], 2)


def test_answer_that_names_another_patient_is_a_persons_business(world: SenderWorld) -> None:
    world.pms.answer_with(ANA, BEN)
    writeback_id, other = world.lab(), world.lab(patient=BEN)
    world.turn()
    [item] = world.items(writeback_id)
    assert (item.state, item.review_reason) == (R, ReviewReason.OTHER_PATIENT)
    assert (world.states(other), world.chart(ANA)) == ([D], [])


def test_lost_request_is_looked_for_with_a_look_of_its_own(world: SenderWorld) -> None:
    """The look from before the first send never serves the second one."""
    world.pms.script_sends(SendScript.LOST)
    writeback_id = world.lab()
    world.turn(SETTLE + 3)
    assert (world.states(writeback_id), len(attempts(world, writeback_id))) == ([D], 2)
    assert world.calls("look") >= 3
