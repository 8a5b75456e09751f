"""An older database, a cut audit log, a lost anchor: nothing is sent before settle and look."""

import json
import shutil
from pathlib import Path

import pytest

from denticode_desktop.domain.audit_event import AuditKind
from denticode_desktop.domain.errors import SecretStoreError
from denticode_desktop.domain.ids import RemoteId
from denticode_desktop.domain.write_back import ItemState, RequestKind
from denticode_desktop.ports.secrets import ANCHOR
from tests.fakes.fake_pms import SendScript
from tests.unit.services.sender_world import SETTLE, SenderWorld

P, I, D, R, V = ItemState.PLANNED, ItemState.INFLIGHT, ItemState.DONE, ItemState.REVIEW, ItemState.VOID  # noqa: E741


@pytest.fixture
def world(tmp_path: Path) -> SenderWorld:
    return SenderWorld(tmp_path)


def test_a_restored_database_finds_what_it_wrote_and_sends_nothing_twice(world: SenderWorld, tmp_path: Path) -> None:
    other = world.lab()
    world.turn()
    assert world.states(other) == [D]
    wb = world.lab("T0101", text="second visit")
    world.store.close()
    snapshot = tmp_path / "snapshot"
    shutil.copytree(world.folder, snapshot)
    world.reopen()
    world.restart()
    world.turn()
    assert world.states(wb) == [D, D]

    world.store.close()
    shutil.rmtree(world.folder)
    shutil.copytree(snapshot, world.folder)
    world.reopen()
    world.restart()
    assert world.start_report.was_rolled_back
    assert world.states(wb) == [I, I]
    assert AuditKind.DB_ROLLBACK in [e.draft.kind for e in world.events()]
    sent_before = len(world.pms.sent)
    world.turn(SETTLE * 4)
    note, procedure = world.items(wb)
    assert note.state is D, "known by its marker"
    assert procedure.state is R, "an unmarked record from before the restore goes to a person"
    assert len(world.pms.sent) == sent_before
    world.assert_sound()


def test_a_rollback_is_noticed_once(world: SenderWorld) -> None:
    world.lab()
    world.turn()
    world.secrets.values[ANCHOR] = json.dumps({"generation": 99, "audit_seq": 9999, "audit_hash": "f" * 64})
    world.restart()
    assert world.start_report.was_rolled_back
    world.restart()
    assert not world.start_report.was_rolled_back


def put_back(world: SenderWorld) -> None:
    """As if a copy of an hour ago was put back: the anchor remembers more sends than the database."""
    world.secrets.values[ANCHOR] = json.dumps({"generation": 99, "audit_seq": 9999, "audit_hash": "f" * 64})
    world.restart()
    assert world.start_report.was_rolled_back


def test_what_waits_for_a_person_settles_too_before_it_is_sent_again(world: SenderWorld) -> None:
    """The newer database may have sent it: its request may still be on the way, or not be visible yet."""
    wb = world.lab()
    world.staff_types(world.items(wb)[0])
    world.turn(2)
    [item] = world.items(wb)
    assert (item.state, item.sends, item.was_unknown) == (R, 0, False)
    detail = item.review_detail
    put_back(world)
    [item] = world.items(wb)
    assert (item.state, item.was_unknown, item.review_detail) == (R, True, detail)
    request = world.decide(item.item_id, RequestKind.SEND_AGAIN, dismissed=frozenset({RemoteId("STAFF1")}))
    world.turn(SETTLE)
    assert (world.result(request), world.pms.sent) == ("", [])
    world.turn(3)
    assert (world.result(request), world.states(wb)) == ("done", [D])


def test_each_item_that_is_in_doubt_again_has_its_own_event(world: SenderWorld) -> None:
    wb = world.lab("T0101", "T0102")
    put_back(world)
    assert world.states(wb) == [I, I, I]
    reopened = [e.draft for e in world.events() if e.draft.kind is AuditKind.ITEM_REOPENED]
    assert [d.item_id for d in reopened] == [i.item_id for i in world.items(wb)]
    [alarm] = [e.draft for e in world.events() if e.draft.kind is AuditKind.DB_ROLLBACK]
    assert alarm.detail["reopened"] == 3


def test_a_missing_anchor_after_sends_counts_as_rollback(world: SenderWorld) -> None:
    wb = world.lab(send=False)
    world.lab(text="goes now")
    world.turn()
    del world.secrets.values[ANCHOR]
    world.restart()
    assert world.start_report.was_rolled_back
    assert world.states(wb) == [I]
    world.turn(SETTLE + 2)
    assert world.states(wb) == [P], "not there, and Send was never pressed"


def test_a_cut_audit_log_raises_the_alarm(world: SenderWorld) -> None:
    world.lab()
    world.turn()
    anchor = json.loads(world.secrets.values[ANCHOR])
    world.secrets.values[ANCHOR] = json.dumps({**anchor, "audit_hash": "f" * 64})
    world.restart()
    assert world.start_report.was_audit_cut
    assert AuditKind.AUDIT_CUT in [e.draft.kind for e in world.events()]


def test_a_normal_restart_is_neither(world: SenderWorld) -> None:
    world.lab()
    world.turn()
    world.restart()
    assert not (world.start_report.was_rolled_back or world.start_report.was_audit_cut)
    assert world.start_report.epoch == 2


def test_an_attempt_cut_off_by_a_crash_is_unknown(world: SenderWorld) -> None:
    wb = world.lab()

    class Killed(BaseException):
        """As a kill -9 leaves the database."""

    def kill(_: object) -> None:
        raise Killed

    world.pms.on_request = kill
    with pytest.raises(Killed):
        world.turn()
    world.pms.on_request = None
    world.restart()
    assert world.start_report.interrupted == 1
    [item] = world.items(wb)
    assert (item.state, item.was_unknown) == (I, True)
    world.turn(SETTLE + 2)
    assert world.states(wb) == [D]
    assert len(world.chart()) == 1


def test_without_a_credential_store_the_sender_does_not_start(world: SenderWorld) -> None:
    world.secrets.is_locked = True
    with pytest.raises(SecretStoreError):
        world.restart()


def test_an_old_sender_that_lives_on_writes_nothing(world: SenderWorld) -> None:
    old = world.sender
    wb = world.lab()
    world.restart()
    world.clock.advance(1)
    old.tick()
    assert world.states(wb) == [P]
    assert world.chart() == []


def test_a_lost_answer_survives_any_number_of_restarts(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.COMMIT_THEN_UNKNOWN)
    wb = world.lab("T0101")
    for _ in range(5):
        world.turn()
        world.restart()
    world.turn(SETTLE * 2)
    assert world.states(wb) == [D, D]
    assert len(world.chart()) == 2
