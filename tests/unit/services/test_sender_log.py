"""What the sender writes into the audit log: one event for each move, and what was asked of the PMS for it."""

from pathlib import Path

import pytest

from denticode_desktop.domain.access import Actor, Role
from denticode_desktop.domain.audit_event import AuditDraft, AuditKind
from denticode_desktop.domain.write_back import ItemState, RequestKind
from denticode_desktop.services.decision_audit import ask_sender
from denticode_desktop.services.sender import HOUSEKEEPING_TICKS
from tests.fakes.fake_pms import SendScript
from tests.unit.services.sender_world import SenderWorld


@pytest.fixture
def world(tmp_path: Path) -> SenderWorld:
    return SenderWorld(tmp_path)


def log_since(world: SenderWorld, seq: int) -> list[AuditDraft]:
    return [e.draft for e in world.events() if e.seq > seq]


@pytest.mark.parametrize(
    ("kind", "carried_out"),
    [(RequestKind.AS_DONE, AuditKind.ITEM_DECIDED), (RequestKind.VOID, AuditKind.ITEM_VOID),
     (RequestKind.RECHECK, AuditKind.LOOK_DONE)],
)  # fmt: skip
def test_what_a_person_asked_and_what_came_of_it_are_one_event_each(
    world: SenderWorld, kind: RequestKind, carried_out: AuditKind
) -> None:
    wb = world.lab()
    world.staff_types(world.items(wb)[0])
    world.turn(2)
    [item] = world.items(wb)
    before = world.events()[-1].seq
    with world.store.write() as uow:
        ask_sender(uow, Actor("olga", Role.OWNER), item, kind, "looked", world.clock.utc_now())
    world.turn()
    asked, done = log_since(world, before)
    assert (asked.kind, done.kind) == (AuditKind.ITEM_ASKED, carried_out)
    assert (asked.detail["decision"], done.actor, done.item_id) == (kind.value, "olga", item.item_id)
    if kind is not RequestKind.VOID:
        assert done.detail["look_records"] == 1


def test_decision_to_send_again_keeps_the_look_it_rests_on(world: SenderWorld) -> None:
    wb = world.lab()
    staff = world.staff_types(world.items(wb)[0])
    world.turn(2)
    [item] = world.items(wb)
    world.decide(item.item_id, RequestKind.SEND_AGAIN, dismissed=frozenset({staff}))
    world.turn(2)
    [decided] = [d for d in log_since(world, 0) if d.kind is AuditKind.ITEM_DECIDED]
    assert (decided.detail["look_records"], decided.detail["matches"], decided.detail["dismissed"]) == (1, 1, 1)
    assert world.states(wb) == [ItemState.DONE]


def test_tokens_that_the_sender_fetched_are_in_the_log(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.UNAUTHORIZED)
    world.lab("T0101")
    world.turn(2)
    world.turn(HOUSEKEEPING_TICKS)
    fetched = [e.draft for e in world.events() if e.draft.kind is AuditKind.TOKEN_REFRESHED]
    assert [(d.connection_id, d.detail) for d in fetched] == [(world.connection_id, {"tokens": 2})]
