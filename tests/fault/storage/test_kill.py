"""kill -9 before any statement: after reopening each unit is there whole or not at all, and the chain holds."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from denticode_desktop.domain.audit_event import GENESIS_HASH, is_intact
from denticode_desktop.domain.ids import ItemId
from denticode_desktop.domain.write_back import ItemState
from denticode_desktop.ports.unit_of_work import UnitOfWork
from tests.unit.storage.helpers import new_store, reopen_store
from tests.unit.storage.outbox_world import make_world

from .victim import UNITS

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kill -9 is a POSIX thing")
EVENTS = {"intent": 1, "result": 2, "done": 3, "review": 4}


def run_victim(folder: Path, at: int, what: str = "kill") -> tuple[list[str], int]:
    """The units it promised, and how it ended."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fault.storage.victim", str(folder), what, str(at)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.stdout.split(), done.returncode


def units_found(uow: UnitOfWork) -> int:
    """How many of UNITS are in the file, each looked at from several sides: they must agree."""
    if not uow.practice.practice_name():
        assert (list(uow.connections.all()), list(uow.practice.users())) == ([], [])
        return 0
    assert len(uow.connections.all()) == len(uow.people.patients(limit=5)) == 1
    views = uow.outbox.views()
    if not views:
        assert list(uow.labs.summaries()) == []
        return 1
    states = [(v.item.state, v.item.sends, v.item.remote_id) for v in views]
    outcomes = [a.outcome is not None for a in uow.outbox.attempts(ItemId(1))]
    found = (states, outcomes, uow.sender.generation(), uow.audit.head().seq)
    planned = (ItemState.PLANNED, 0, None)
    allowed = [
        ([planned, planned], [], 0, 0),
        ([(ItemState.INFLIGHT, 1, None), planned], [False], 1, 1),
        ([(ItemState.INFLIGHT, 1, "r-1"), planned], [True], 1, 2),
        ([(ItemState.DONE, 1, "r-1"), planned], [True], 1, 3),
        ([(ItemState.DONE, 1, "r-1"), (ItemState.REVIEW, 0, None)], [True], 1, 4),
    ]
    assert found in allowed
    return 2 + allowed.index(found)


def check_after(folder: Path, promised: list[str]) -> None:
    store = reopen_store(folder)
    with store.read() as uow:
        found = units_found(uow)
        previous = GENESIS_HASH
        for seq, event in enumerate(uow.audit.iterate(), 1):
            assert is_intact(event, previous, seq)
            previous = event.hash
    assert store.check() == []
    store.close()
    # Nothing that was promised is lost; at most the unit under way is there beside it, whole.
    assert len(promised) <= found <= len(promised) + 1
    assert promised == list(UNITS[: len(promised)])


@pytest.mark.slow
def test_killed_before_every_statement_each_unit_is_whole_or_absent(tmp_path: Path) -> None:
    at, endings = 1, set[int]()
    while True:
        folder = tmp_path / str(at)
        folder.mkdir(mode=0o700)
        promised, code = run_victim(folder, at)
        check_after(folder, promised)
        endings.add(len(promised))
        if code == 0:
            break
        at += 1
    assert at > 40
    assert endings >= set(range(1, len(UNITS) + 1))


@pytest.mark.slow
def test_killed_while_a_store_is_made_it_is_there_whole_or_can_be_made(tmp_path: Path) -> None:
    at, is_made, unmade = 1, False, 0
    while not is_made:
        folder = tmp_path / str(at)
        folder.mkdir(mode=0o700)
        told, _ = run_victim(folder, at, "make")
        is_made = told == ["made"]
        has_file = (folder / "denticode.db").exists()
        unmade += not has_file
        store = reopen_store(folder) if has_file else new_store(folder)
        assert store.check() == []
        store.close()
        at = at + 29  # a prime: other lines of every loop
    assert unmade > 3


def test_of_three_programs_one_wins_the_move_and_one_event_is_written(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    world.writeback()
    command = [sys.executable, "-m", "tests.fault.storage.victim", str(tmp_path), "race"]
    racers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    results = []
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    for racer in racers:
        out, _ = racer.communicate(timeout=60)
        results.append(out.strip())
    assert sorted(results) == ["lost", "lost", "won"]
    with world.store.read() as uow:
        assert uow.outbox.item(ItemId(1)).sends == 1
        assert uow.audit.head().seq == 1
    world.store.close()
