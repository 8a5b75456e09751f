"""A database that was copied to where no sender has worked on it yet: it sends nothing before settle and look."""

from pathlib import Path

import pytest

from denticode_desktop.domain.audit_event import AuditKind
from denticode_desktop.domain.write_back import ItemState
from denticode_desktop.ports.secrets import ANCHOR
from tests.unit.services.sender_world import SETTLE, SenderWorld

P, I, D, R, V = ItemState.PLANNED, ItemState.INFLIGHT, ItemState.DONE, ItemState.REVIEW, ItemState.VOID  # noqa: E741


@pytest.fixture
def world(tmp_path: Path) -> SenderWorld:
    return SenderWorld(tmp_path)


def test_copy_made_before_the_first_send_is_noticed_where_there_is_no_anchor(world: SenderWorld) -> None:
    """The other computer, where the copy came from, may have sent it all meanwhile."""
    writeback_id = world.lab("T0101")
    del world.secrets.values[ANCHOR]
    world.restart()
    assert world.start_report.was_rolled_back
    assert world.states(writeback_id) == [I, I]
    assert AuditKind.DB_ROLLBACK in [e.draft.kind for e in world.events()]
    for item in world.items(writeback_id):
        world.staff_types(item, f"ELSEWHERE{item.seq}", text=getattr(item.payload, "text", ""))
    world.turn(SETTLE * 3)
    assert world.pms.sent == []
    assert world.states(writeback_id) == [D, R]


def test_first_start_of_a_new_database_is_no_rollback(world: SenderWorld) -> None:
    assert not world.start_report.was_rolled_back
    assert AuditKind.DB_ROLLBACK not in [e.draft.kind for e in world.events()]
