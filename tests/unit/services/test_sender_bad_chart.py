"""One chart that cannot be read never stands in the way of the others, and nothing is guessed about it."""

from pathlib import Path

import pytest

from denticode_desktop.domain.connection import HoldReason, Permission
from denticode_desktop.domain.errors import (
    PmsForbiddenError,
    PmsProtocolError,
    PmsRefusedError,
    PmsThrottledError,
    PmsUnavailableError,
)
from denticode_desktop.domain.write_back import ItemState, RequestKind
from tests.fakes.fake_pms import SendScript
from tests.unit.services.sender_world import ANA, BEN, SETTLE, SenderWorld

P, I, D, R, V = ItemState.PLANNED, ItemState.INFLIGHT, ItemState.DONE, ItemState.REVIEW, ItemState.VOID  # noqa: E741
BAD = [
    PmsProtocolError("endless_pages"),
    PmsRefusedError(404),
    PmsForbiddenError(Permission.CHART_NOTES.value),
    PmsUnavailableError("http_500"),
    PmsProtocolError("web_page"),
]
NAMES = ["endless pages", "404", "403 for this patient", "500 for this patient", "a web page for this patient"]
ENDLESS = BAD[0]


@pytest.fixture
def world(tmp_path: Path) -> SenderWorld:
    return SenderWorld(tmp_path)


@pytest.mark.parametrize("error", BAD, ids=NAMES)
@pytest.mark.parametrize("call", ["look", "fetch_patient"])
def test_bad_chart_waits_alone_and_says_so(world: SenderWorld, call: str, error: Exception) -> None:
    world.pms.fail_for(call, ANA, error)
    bad, good = world.lab(patient=ANA), world.lab("T0101", patient=BEN)
    world.turn(2)
    assert (world.states(bad), world.states(good)) == ([P], [D, D])
    assert world.items(bad)[0].waiting_why == "answer_incomplete"
    assert (world.connection().waiting_why, world.connection().hold) == ("", None)
    world.pms.heal()
    world.turn(10)
    assert world.states(bad) == [D]
    world.assert_sound()


def test_bad_chart_is_asked_for_ever_more_seldom(world: SenderWorld) -> None:
    world.pms.fail_for("look", ANA, ENDLESS)
    world.lab(patient=ANA)
    world.turn(600)
    assert 5 <= world.calls("look", ANA) <= 14


@pytest.mark.parametrize("error", BAD, ids=NAMES)
def test_item_in_flight_in_a_bad_chart_stays_in_doubt_and_blocks_nobody(world: SenderWorld, error: Exception) -> None:
    world.pms.script_sends(SendScript.COMMIT_THEN_UNKNOWN)
    in_doubt = world.lab(patient=ANA)
    world.turn()
    world.pms.fail_for("look", ANA, error)
    other = world.lab(patient=BEN)
    world.turn(SETTLE * 4)
    assert (world.states(in_doubt), world.states(other)) == ([I], [D])
    assert world.items(in_doubt)[0].waiting_why == "answer_incomplete"
    world.pms.heal()
    world.turn(300)
    assert (world.states(in_doubt), len(world.chart(ANA))) == ([D], 1)


def test_permission_that_is_missing_for_all_holds_the_connection(world: SenderWorld) -> None:
    world.pms.missing_permissions = (Permission.CHART_NOTES,)
    world.pms.fail_for("look", ANA, PmsForbiddenError(Permission.CHART_NOTES.value))
    world.lab(patient=ANA)
    world.turn(3)
    assert (world.connection().hold, world.connection().hold_detail) == (HoldReason.PERMISSION_MISSING, "Chart notes")


def test_permission_that_the_test_does_not_know_holds_the_connection(world: SenderWorld) -> None:
    world.pms.fail_for("look", ANA, PmsForbiddenError("Organization"))
    world.lab(patient=ANA)
    world.turn(3)
    assert world.connection().hold is HoldReason.PERMISSION_MISSING


@pytest.mark.parametrize("is_asked_to_wait", [True, False])
def test_pms_that_answers_no_other_read_is_the_connections_trouble(world: SenderWorld, is_asked_to_wait: bool) -> None:
    retry_after_s = 60.0 if is_asked_to_wait else None
    world.pms.fail_for("look", ANA, PmsUnavailableError("http_503", retry_after_s=retry_after_s))
    if not is_asked_to_wait:
        world.pms.fail("read_page", PmsThrottledError(60.0))
    world.lab(patient=ANA)
    world.lab(patient=BEN)
    world.turn()
    asked = len(world.pms.calls)
    assert world.connection().waiting_why == "throttled"
    world.turn(59)
    assert len(world.pms.calls) == asked
    assert world.pms.sent == []


@pytest.mark.parametrize("kind", ["web_page", "not_json"])
def test_web_page_for_every_read_is_the_networks_trouble_and_no_charts(world: SenderWorld, kind: str) -> None:
    world.pms.fail_for("look", ANA, PmsProtocolError(kind))
    world.pms.fail("read_page", PmsProtocolError(kind))
    first, second = world.lab(patient=ANA), world.lab(patient=BEN)
    world.turn()
    assert world.connection().waiting_why == "answer_incomplete"
    assert world.items(first)[0].waiting_why != "answer_incomplete"
    assert world.calls("look", BEN) == 0
    world.pms.heal()
    world.turn(20)
    assert (world.states(first), world.states(second)) == ([D], [D])


def test_connection_test_is_made_once_for_a_forbidden_chart(world: SenderWorld) -> None:
    world.pms.fail_for("look", ANA, PmsForbiddenError(Permission.CHART_NOTES.value))
    world.lab(patient=ANA)
    world.turn(120)
    assert world.calls("look", ANA) > 3
    assert world.calls("check_connection") == 1


def test_many_bad_charts_in_a_row_are_the_connections_trouble_and_starve_nobody(world: SenderWorld) -> None:
    bad = world.more_patients(7)
    for patient in bad:
        world.pms.fail_for("look", patient, ENDLESS)
        world.lab(patient=patient)
    good = world.lab(patient=BEN)
    world.turn()
    assert world.connection().waiting_why == "answer_incomplete"
    assert sum(world.calls("look", p) for p in bad) == 3
    world.turn(20)
    assert world.states(good) == [D]
    assert world.connection().waiting_why == ""


def test_queue_says_that_it_cannot_go_on_by_itself(world: SenderWorld) -> None:
    world.pms.fail_for("look", ANA, ENDLESS)
    world.lab(patient=ANA)
    assert not world.sender.outlook().is_blocked
    world.turn(2)
    assert world.sender.outlook().is_blocked


def test_chart_that_nothing_is_open_for_any_more_is_no_trouble(world: SenderWorld) -> None:
    world.pms.fail_for("look", ANA, ENDLESS)
    bad = world.lab(patient=ANA)
    world.turn(2)
    world.decide(world.items(bad)[0].item_id, RequestKind.VOID)
    world.turn(700)
    world.lab(patient=BEN)
    assert not world.sender.outlook().is_blocked


# -- decisions and the duplicate watch -------------------------------------------------------------------------------


def test_decision_about_a_bad_chart_stays_open_and_others_are_carried_out(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.REFUSE, SendScript.REFUSE)
    bad, good = world.lab(patient=ANA), world.lab(patient=BEN)
    world.turn()
    world.pms.fail_for("look", ANA, ENDLESS)
    stuck = world.decide(world.items(bad)[0].item_id, RequestKind.SEND_AGAIN)
    free = world.decide(world.items(good)[0].item_id, RequestKind.SEND_AGAIN)
    world.turn(SETTLE + 3)
    assert (world.result(stuck), world.states(bad)) == ("", [R])
    assert (world.result(free), world.states(good)) == ("done", [D])
    world.pms.heal()
    world.turn(30)
    assert (world.result(stuck), world.states(bad)) == ("done", [D])


def test_decision_that_reads_the_chart_ends_the_trouble(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.REFUSE)
    bad = world.lab(patient=ANA)
    world.turn()
    world.pms.fail_for("look", ANA, ENDLESS)
    world.decide(world.items(bad)[0].item_id, RequestKind.RECHECK)
    world.turn(3)
    world.lab(patient=BEN, send=False)
    assert world.sender.outlook().is_blocked
    world.pms.heal()
    world.turn(10)
    assert not world.sender.outlook().is_blocked


def test_recheck_tries_a_bad_chart_at_once(world: SenderWorld) -> None:
    world.pms.fail_for("look", ANA, ENDLESS)
    writeback_id = world.lab(patient=ANA)
    world.turn(300)
    world.pms.heal()
    world.decide(world.items(writeback_id)[0].item_id, RequestKind.RECHECK)
    world.turn()
    assert world.states(writeback_id) == [D]


def test_watch_passes_over_a_bad_chart_and_comes_back_to_it(world: SenderWorld) -> None:
    bad, good = world.lab(patient=ANA), world.lab(patient=BEN)
    world.turn()
    world.staff_types(world.items(good)[0], "TWIN", text=world.items(good)[0].payload.text)  # type: ignore[union-attr]
    world.pms.fail_for("look", ANA, ENDLESS)
    world.pass_days(7.1)
    world.turn(3)
    assert (world.states(bad), world.states(good)) == ([D], [R])
    assert world.connection().waiting_why == ""
    failed = world.calls("look", ANA)
    world.turn(60)
    assert world.calls("look", ANA) == failed, "not every second"
    [item] = world.items(bad)
    world.pms.heal()
    assert item.remote_id is not None
    world.pms.delete_record(item.remote_id)
    world.clock.advance(11 * 60)
    world.turn(2)
    assert world.states(bad) == [R], "gone is noticed when the chart can be read again"
