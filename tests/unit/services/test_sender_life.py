"""The sender from start to stop: what it leaves alone, gives back and says of the rest."""

from dataclasses import replace
from pathlib import Path

import pytest

from denticode_desktop.domain.connection import Environment, HoldReason, Permission
from denticode_desktop.domain.errors import PmsProtocolError
from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.domain.write_back import ItemState, RequestKind, ReviewReason
from denticode_desktop.ports.pms import PreparedSend
from tests.fakes.fake_pms import CAPABILITIES, FakeDirectory, SendScript, opens_of
from tests.unit.services.sender_world import ANA, BEN, SETTLE, SenderWorld

P, I, D, R, V = ItemState.PLANNED, ItemState.INFLIGHT, ItemState.DONE, ItemState.REVIEW, ItemState.VOID  # noqa: E741
ENDLESS = PmsProtocolError("endless_pages")


@pytest.fixture
def world(tmp_path: Path) -> SenderWorld:
    return SenderWorld(tmp_path)


def stop_at_first_send(world: SenderWorld) -> None:
    def on_request(_: PreparedSend) -> None:
        world.sender.stop()

    world.pms.on_request = on_request


@pytest.mark.parametrize("patients", [(ANA, BEN), (ANA, ANA)], ids=["next patient", "next Lab of the patient"])
def test_stop_records_the_item_in_hand_and_begins_no_other(world: SenderWorld, patients: tuple[object, ...]) -> None:
    writebacks = [world.lab(patient=p, text=f"visit {n}") for n, p in enumerate(patients)]  # type: ignore[arg-type]
    stop_at_first_send(world)
    world.turn(3)
    assert [world.states(wb) for wb in writebacks] == [[I], [P]]
    assert world.items(writebacks[0])[0].remote_id is not None
    world.pms.on_request = None
    world.restart()
    world.turn(SETTLE + 2)
    assert [world.states(wb) for wb in writebacks] == [[D], [D]]
    assert len(world.pms.sent) == 2


def test_stop_ends_a_round_of_watches(world: SenderWorld) -> None:
    for patient in world.more_patients(3):
        world.lab(patient=patient)
    world.turn()
    world.pass_days(7.1)
    before = world.calls("look")
    world.pms.on_look = world.sender.stop
    world.turn(2)
    assert world.calls("look") - before == 1


def test_close_gives_gateways_back_and_keeps_their_count_of_calls(world: SenderWorld) -> None:
    world.lab()
    world.turn()
    world.sender.close()
    assert list(opens_of(world.directory)) == []
    assert world.connection().calls_this_month >= 4


def test_outlook_says_what_is_left_and_whether_it_can_go_on(world: SenderWorld) -> None:
    assert world.sender.outlook().open_items == 0
    world.lab()
    assert (world.sender.outlook().open_items, world.sender.outlook().is_blocked) == (1, False)
    world.hold(HoldReason.SIGN_IN)
    outlook = world.sender.outlook()
    assert (outlook.is_blocked, outlook.holds) == (True, (HoldReason.SIGN_IN,))


def test_outage_that_goes_on_item_by_item_is_not_blocked(world: SenderWorld) -> None:
    world.pms.script_sends(*[SendScript.LOST] * 1_000)
    for patient in world.more_patients(5):
        world.lab(patient=patient)
    world.turn()
    assert world.sender.outlook().is_blocked, "held, and no read has answered yet"
    world.turn(3)
    assert world.connection().hold is HoldReason.UNKNOWN_STREAK
    assert not world.sender.outlook().is_blocked


# -- what a person is asked before anything leaves ---------------------------------------------------------------------


def test_patient_whom_the_pms_does_not_know_gets_nothing(world: SenderWorld) -> None:
    world.pms.remove(SyncKind.PATIENTS, ANA)
    writeback_id = world.lab()
    world.turn()
    [item] = world.items(writeback_id)
    assert (item.state, item.review_reason) == (R, ReviewReason.PATIENT_NOT_FOUND)
    assert world.pms.sent == []


def test_item_that_the_pms_does_not_take_is_a_persons_business(world: SenderWorld) -> None:
    world.directory = FakeDirectory(world.pms, capabilities=replace(CAPABILITIES, writes=frozenset()))
    world.restart()
    writeback_id = world.lab()
    world.turn()
    [item] = world.items(writeback_id)
    assert (item.state, item.review_reason) == (R, ReviewReason.NOT_MAPPED)


def test_our_marker_on_an_altered_record_is_asked_about(world: SenderWorld) -> None:
    writeback_id = world.lab()
    item = world.items(writeback_id)[0]
    world.staff_types(item, text="P: other words.\n\n" + item.payload.text)  # type: ignore[union-attr]
    world.turn()
    assert world.items(writeback_id)[0].review_reason is ReviewReason.DIFFERS
    assert world.pms.sent == []


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_turn_that_is_over_is_followed_by_another(
    world: SenderWorld, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    monkeypatch.setattr("denticode_desktop.services.sender_drain.STEPS_A_TURN", steps)
    writebacks = [world.lab("T0101", patient=p) for p in (ANA, BEN)]
    world.turn()
    assert [world.states(wb) for wb in writebacks] == [[D, D], [D, D]]
    world.assert_sound()


# -- many at once ------------------------------------------------------------------------------------------------------


def test_many_bad_charts_that_decisions_find_are_the_connections_trouble(world: SenderWorld) -> None:
    patients = world.more_patients(5)
    world.pms.script_sends(*[SendScript.REFUSE] * 5)
    writebacks = [world.lab(patient=p) for p in patients]
    world.turn()
    for patient, writeback_id in zip(patients, writebacks, strict=True):
        world.pms.fail_for("look", patient, ENDLESS)
        world.decide(world.items(writeback_id)[0].item_id, RequestKind.AS_DONE)
    before = world.calls("look")
    world.turn()
    assert world.calls("look") - before == 3
    assert world.connection().waiting_why == "answer_incomplete"


def test_many_bad_charts_that_the_watch_finds_are_the_connections_trouble(world: SenderWorld) -> None:
    patients = world.more_patients(5)
    for patient in patients:
        world.lab(patient=patient)
    world.turn()
    for patient in patients:
        world.pms.fail_for("look", patient, ENDLESS)
    world.pass_days(7.1)
    before = world.calls("look")
    world.turn()
    assert world.calls("look") - before == 3


def test_production_settles_as_long_as_the_adapter_declares_at_least(world: SenderWorld) -> None:
    world.lab()
    world.turn()
    [lane] = world.sender._lanes.values()
    settings = replace(lane.connection.settings, environment=Environment.PRODUCTION, settle_s=1)
    lane.connection = replace(lane.connection, settings=settings)
    assert lane.settle_ticks() == CAPABILITIES.settle_s


def test_permission_is_noted_as_confirmed_by_the_first_record_in_the_chart(world: SenderWorld) -> None:
    world.lab()
    world.turn()
    assert world.connection().write_confirmed == {Permission.CHART_NOTES}
