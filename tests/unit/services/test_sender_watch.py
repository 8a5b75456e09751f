"""The duplicate watch comes to every item that is due, however many others wait or stand in its way."""

from pathlib import Path

import pytest

from denticode_desktop.domain.ids import RemoteId, WriteBackId
from denticode_desktop.domain.write_back import ItemState, RequestKind, ReviewReason
from denticode_desktop.services.sender_watch import BATCH
from tests.fakes.fake_pms import SendScript
from tests.unit.services.sender_world import ANA, BEN, SenderWorld

CODES = tuple(f"T{n:04d}" for n in range(BATCH + 5))


@pytest.fixture
def world(tmp_path: Path) -> SenderWorld:
    return SenderWorld(tmp_path)


def reason_of_procedure(world: SenderWorld, writeback_id: WriteBackId) -> ReviewReason | None:
    return world.items(writeback_id)[1].review_reason


def test_items_of_a_disconnected_connection_do_not_keep_others_from_the_watch(world: SenderWorld) -> None:
    world.lab(*CODES)
    world.turn(2)
    first = world.connection_id
    world.add_connection("Elm Street")
    with world.store.write() as uow:
        uow.connections.set_enabled(first, False)
    wb = world.lab("T0101", patient=BEN)
    world.turn(2)
    world.staff_types(world.items(wb)[1], "TWIN1")
    world.pass_days(7.1)
    world.turn(3)
    assert reason_of_procedure(world, wb) is ReviewReason.TWIN


def test_patient_in_flight_does_not_keep_others_from_the_watch(world: SenderWorld) -> None:
    many = world.lab(*CODES, patient=ANA)
    wb = world.lab("T0101", patient=BEN)
    world.turn(2)
    world.staff_types(world.items(wb)[1], "TWIN1")
    world.pass_days(7.1)
    world.pms.script_sends(SendScript.LOST)
    busy = world.lab(patient=ANA, text="another visit")
    world.turn(2)
    assert world.states(busy) == [ItemState.INFLIGHT]
    assert reason_of_procedure(world, wb) is ReviewReason.TWIN
    assert set(world.states(many)) == {ItemState.DONE}


def test_twin_with_our_marker_is_found_although_another_item_was_given_its_id(world: SenderWorld) -> None:
    wb = world.lab()
    world.turn(2)
    [item] = world.items(wb)
    world.staff_types(item, "R000009", text=getattr(item.payload, "text", ""))
    other = world.lab(text="another visit", send=False)
    with world.store.write() as uow:
        [unseen] = uow.outbox.items(other)
        claims = {"remote_id": RemoteId("R000009"), "review_reason": ReviewReason.UNSEEN}
        assert uow.outbox.move(unseen, ItemState.REVIEW, epoch=None, **claims)  # type: ignore[arg-type]
    world.pass_days(7.1)
    world.turn(2)
    [item] = world.items(wb)
    assert item.review_reason is ReviewReason.TWIN
    request = world.decide(item.item_id, RequestKind.RECHECK)
    world.turn(2)
    assert (world.result(request), world.states(wb)) == ("several", [ItemState.REVIEW])
