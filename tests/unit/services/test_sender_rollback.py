"""An older database, a cut audit log, a lost anchor: nothing is sent before settle and look."""

import json
import shutil
from pathlib import Path

import pytest

from denticode_desktop.domain.audit_event import AuditKind
from denticode_desktop.domain.errors import SecretStoreError
from denticode_desktop.domain.write_back import ItemState
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
