"""Decisions reach their item whatever the connection is doing, as far as the PMS need not be asked."""

from collections.abc import Callable
from pathlib import Path

import pytest

from denticode_desktop.domain.connection import HoldReason
from denticode_desktop.domain.errors import PmsUnavailableError
from denticode_desktop.domain.write_back import ItemState, RequestKind
from tests.fakes.fake_pms import SendScript
from tests.unit.services.sender_world import SenderWorld

P, I, D, R, V = ItemState.PLANNED, ItemState.INFLIGHT, ItemState.DONE, ItemState.REVIEW, ItemState.VOID  # noqa: E741


@pytest.fixture
def world(tmp_path: Path) -> SenderWorld:
    return SenderWorld(tmp_path)


def disconnect(world: SenderWorld) -> None:
    with world.store.write() as uow:
        uow.connections.set_enabled(world.connection_id, False)


def wait_long(world: SenderWorld) -> None:
    """The PMS has not answered for so long that the next try is minutes away."""
    world.pms.fail("look", PmsUnavailableError("connect_refused"), times=9)
    while world.calls("look") < 9:
        world.turn()


@pytest.mark.parametrize(
    "close_off",
    [
        lambda world: world.hold(HoldReason.SIGN_IN),
        lambda world: world.hold(HoldReason.PERMISSION_MISSING),
        disconnect,
        wait_long,
    ],
    ids=["held for sign-in", "held for a permission", "disconnected", "waiting"],
)
def test_item_is_taken_out_over_any_connection(world: SenderWorld, close_off: Callable[[SenderWorld], None]) -> None:
    writeback_id = world.lab("T0101")
    close_off(world)
    requests = [world.decide(item.item_id, RequestKind.VOID) for item in world.items(writeback_id)]
    asked = len(world.pms.calls)
    world.turn()
    assert [world.result(r) for r in requests] == ["done", "done"]
    assert world.states(writeback_id) == [V, V]
    assert world.pms.sent == []
    if close_off is not wait_long:
        assert len(world.pms.calls) == asked


def test_item_in_review_is_taken_out_over_a_held_connection(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.REFUSE)
    writeback_id = world.lab()
    world.turn()
    world.hold(HoldReason.SIGN_IN)
    request = world.decide(world.items(writeback_id)[0].item_id, RequestKind.VOID)
    world.turn()
    assert (world.result(request), world.states(writeback_id)) == ("done", [V])


def test_recheck_in_a_long_back_off_asks_at_once(world: SenderWorld) -> None:
    writeback_id = world.lab()
    wait_long(world)
    asked = len(world.pms.calls)
    world.turn(3)
    assert len(world.pms.calls) == asked, "the next try is minutes away"
    request = world.decide(world.items(writeback_id)[0].item_id, RequestKind.RECHECK)
    world.turn()
    assert (world.result(request), world.states(writeback_id)) == ("done", [D])


def test_recheck_that_fails_again_does_not_ask_every_second(world: SenderWorld) -> None:
    """The decision stays open, but only a new one is a reason to ask before the back-off is over."""
    world.pms.script_sends(SendScript.REFUSE)
    writeback_id = world.lab()
    world.turn()
    world.pms.fail("look", PmsUnavailableError("connect_refused"), times=1_000)
    world.decide(world.items(writeback_id)[0].item_id, RequestKind.RECHECK)
    before = world.calls("look")
    world.turn(60)
    assert world.calls("look") - before < 12


def test_disconnected_connection_has_nothing_left_to_do(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.REFUSE)
    writeback_id = world.lab()
    world.turn()
    disconnect(world)
    request = world.decide(world.items(writeback_id)[0].item_id, RequestKind.SEND_AGAIN)
    world.turn(3)
    assert world.result(request) == "", "it is carried out when the connection is back"
    assert world.sender.outlook().open_items == 0
