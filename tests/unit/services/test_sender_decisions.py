"""What a person decides about an item, and the duplicate watch that asks them."""

from itertools import pairwise
from pathlib import Path

import pytest

from denticode_desktop.domain.audit_event import AuditKind
from denticode_desktop.domain.ids import RemoteId
from denticode_desktop.domain.write_back import Item, ItemState, RequestKind, ReviewReason
from tests.fakes.fake_pms import SendScript
from tests.unit.services.sender_world import BEN, SETTLE, SenderWorld

P, I, D, R, V = ItemState.PLANNED, ItemState.INFLIGHT, ItemState.DONE, ItemState.REVIEW, ItemState.VOID  # noqa: E741


@pytest.fixture
def world(tmp_path: Path) -> SenderWorld:
    return SenderWorld(tmp_path)


def in_review_by_look_alike(world: SenderWorld) -> Item:
    wb = world.lab()
    world.staff_types(world.items(wb)[0])
    world.turn(2)
    [item] = world.items(wb)
    assert item.state is R
    return item


def test_it_is_this_one_makes_the_item_done(world: SenderWorld) -> None:
    item = in_review_by_look_alike(world)
    request = world.decide(item.item_id, RequestKind.AS_DONE)
    world.turn()
    after = world.items(item.writeback_id)[0]
    assert (after.state, after.remote_id, world.result(request)) == (D, RemoteId("STAFF1"), "done")
    assert world.pms.sent == []
    decided = [e for e in world.events() if e.draft.kind is AuditKind.ITEM_DECIDED][-1]
    assert (decided.draft.actor, decided.draft.reason) == ("olga", "looked at the chart")


def test_different_send_ours_dismisses_for_this_item_and_sends(world: SenderWorld) -> None:
    item = in_review_by_look_alike(world)
    request = world.decide(item.item_id, RequestKind.SEND_AGAIN, dismissed=frozenset({RemoteId("STAFF1")}))
    world.turn(2)
    after = world.items(item.writeback_id)[0]
    assert (after.state, world.result(request)) == (D, "done")
    assert after.remote_id != "STAFF1"
    assert len(world.chart()) == 2


def test_send_ours_is_refused_while_a_look_alike_is_there_that_nobody_saw(world: SenderWorld) -> None:
    item = in_review_by_look_alike(world)
    world.staff_types(item, "STAFF2")
    request = world.decide(item.item_id, RequestKind.SEND_AGAIN, dismissed=frozenset({RemoteId("STAFF1")}))
    world.turn(2)
    assert (world.items(item.writeback_id)[0].state, world.result(request)) == (R, "look_alike_there")
    assert "STAFF2" in world.items(item.writeback_id)[0].review_detail


def test_send_again_waits_for_a_whole_settle_in_this_process(world: SenderWorld) -> None:
    world.pms.script_sends(*[SendScript.LOST] * 3)
    wb = world.lab()
    world.turn(SETTLE * 40)
    [item] = world.items(wb)
    assert item.review_reason is ReviewReason.NO_TRACE
    world.restart()
    request = world.decide(item.item_id, RequestKind.SEND_AGAIN)
    world.turn(SETTLE)
    assert world.result(request) == ""
    world.turn(3)
    assert (world.states(wb), world.result(request)) == ([D], "done")
    assert len(world.chart()) == 1


def test_send_again_is_refused_when_ours_turned_up_after_all(world: SenderWorld) -> None:
    world.pms.late_s = 4000
    world.pms.script_sends(SendScript.COMMIT_LATE, SendScript.LOST, SendScript.LOST)
    wb = world.lab()
    world.turn(SETTLE * 40)
    [item] = world.items(wb)
    assert item.state is R
    world.clock.advance(4000)
    request = world.decide(item.item_id, RequestKind.SEND_AGAIN)
    world.turn(SETTLE + 2)
    assert (world.states(wb), world.result(request)) == ([R], "in_chart")
    recheck = world.decide(item.item_id, RequestKind.RECHECK)
    world.turn()
    assert (world.states(wb), world.result(recheck)) == ([D], "done")
    assert len(world.chart()) == 1


def test_void_needs_no_look_and_lets_the_next_item_go(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.REFUSE)
    wb = world.lab("T0101")
    world.turn(2)
    request = world.decide(world.items(wb)[0].item_id, RequestKind.VOID)
    world.turn(8)
    assert (world.states(wb), world.result(request)) == ([V, D], "done")


def test_a_planned_item_can_be_voided(world: SenderWorld) -> None:
    wb = world.lab(send=False)
    world.decide(world.items(wb)[0].item_id, RequestKind.VOID)
    world.turn()
    assert world.states(wb) == [V]


def test_an_item_in_flight_is_not_cancelled_only_stopped_after_it_is_resolved(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.LOST)
    wb = world.lab()
    world.turn()
    request = world.decide(world.items(wb)[0].item_id, RequestKind.VOID)
    world.turn(SETTLE - 2)
    assert (world.states(wb), world.result(request)) == ([I], "")
    world.turn(4)
    assert world.result(request) in ("done", "in_chart")
    assert world.states(wb) in ([V], [D])


def test_no_decision_while_another_item_of_the_patient_is_in_flight(world: SenderWorld) -> None:
    item = in_review_by_look_alike(world)
    world.pms.script_sends(SendScript.LOST)
    world.lab("T0101", text="another note")
    world.turn()
    request = world.decide(item.item_id, RequestKind.AS_DONE)
    world.turn(2)
    assert world.result(request) == ""
    world.turn(SETTLE * 3)
    assert world.result(request) == "done"


def test_several_records_need_the_one_that_is_meant(world: SenderWorld) -> None:
    item = in_review_by_look_alike(world)
    world.staff_types(item, "STAFF2")
    request = world.decide(item.item_id, RequestKind.AS_DONE)
    world.turn()
    assert world.result(request) == "several"
    request = world.decide(item.item_id, RequestKind.AS_DONE, remote_id=RemoteId("STAFF2"))
    world.turn()
    assert (world.result(request), world.items(item.writeback_id)[0].remote_id) == ("done", "STAFF2")


def test_a_record_owned_by_another_item_cannot_be_taken(world: SenderWorld) -> None:
    done = world.lab("T0101")
    world.turn()
    [_, owner] = world.items(done)
    other = world.lab("T0101", text="second visit")
    world.turn()
    request = world.decide(world.items(other)[0].item_id, RequestKind.AS_DONE, remote_id=owner.remote_id)
    world.turn()
    assert world.result(request) != "done"
    world.assert_sound()


def test_recheck_of_a_waiting_item_tries_at_once(world: SenderWorld) -> None:
    wb = world.lab(patient=BEN)
    world.turn()
    request = world.decide(world.items(wb)[0].item_id, RequestKind.RECHECK)
    world.turn()
    assert world.result(request) == "in_chart"


# -- the duplicate watch ---------------------------------------------------------------------------------------------


def test_a_twin_that_appears_late_is_found_and_the_settle_doubles(world: SenderWorld) -> None:
    world.pms.late_s = 300
    world.pms.script_sends(SendScript.COMMIT_LATE)
    wb = world.lab()
    world.turn(SETTLE * 3)
    assert world.states(wb) == [D], "assumption A fails: the first send takes effect only after the settle"
    world.clock.advance(11 * 60)
    world.turn(2)
    [item] = world.items(wb)
    assert (item.state, item.review_reason) == (R, ReviewReason.TWIN)
    assert world.connection().settle_factor == 2
    assert AuditKind.WATCH_TWIN in [e.draft.kind for e in world.events()]


def test_a_record_that_is_gone_is_asked_about_and_never_sent_again(world: SenderWorld) -> None:
    wb = world.lab()
    world.turn()
    [item] = world.items(wb)
    assert item.remote_id is not None
    world.pms.delete_record(item.remote_id)
    world.pass_days(7.1)
    world.turn(3)
    [item] = world.items(wb)
    assert (item.state, item.review_reason) == (R, ReviewReason.GONE)
    assert len(world.pms.sent) == 1


def test_the_watch_comes_three_times_in_a_day_after_an_unknown_outcome(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.COMMIT_THEN_UNKNOWN)
    world.lab()
    world.turn(3)

    def looks() -> int:
        return len([c for c in world.pms.calls if c.name == "look"])

    counts = [looks()]
    for minutes in (9, 2, 30, 25, 22 * 60, 2 * 60, 24 * 60):
        world.clock.advance(minutes * 60)
        world.turn(2)
        counts.append(looks())
    assert [b - a for a, b in pairwise(counts)] == [0, 1, 0, 1, 0, 1, 0]


def test_the_watch_ends_after_thirty_days(world: SenderWorld) -> None:
    world.lab()
    world.turn()
    for _ in range(6):
        world.pass_days(7.01)
        world.turn(2)
    with world.store.read() as uow:
        assert uow.outbox.watch_due(world.connection_id, world.clock.utc_now(), 10) == []
