"""kill -9 at any point of a sync: the next run goes on, and the roster is the PMS's - nothing lost, nothing doubled.

More points than a test run has time for: `python -m tests.fault.test_sync_kill --kills 1000`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.rehearsal import ascend_lists
from denticode_desktop.rehearsal.ascend_server import AscendSimulator
from denticode_desktop.rehearsal.practice_data import JsonObject
from denticode_desktop.storage.roster_schema import PATIENT_INDEXES
from denticode_desktop.storage.sync_store import SqlSyncStore
from tests.fault.sync_victim import CONNECTION_ID, make_database, open_database

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the victims are forked; a sync is the same elsewhere"),
    pytest.mark.slow,
]
PATIENTS = 900
PAGE_SIZE = 50
KILLED = -9
KILLS_A_TEST = 18


class World:
    """A simulated PMS, a database made once and copied, and the process that makes victims."""

    def __init__(self, folder: Path, simulator: AscendSimulator, victims: subprocess.Popen[str]) -> None:
        self.folder = folder
        self.simulator = simulator
        self._victims = victims
        self.template = folder / "template.db"
        make_database(self.template, simulator.base_url)

    def copy(self, source: Path, name: str) -> Path:
        """A closed database's copy."""
        target = self.folder / name
        for leftover in self.folder.glob(f"{name}*"):
            leftover.unlink()
        shutil.copyfile(source, target)
        target.chmod(0o600)
        return target

    def sync(self, path: Path, kill: str = "-", *, full: bool = False) -> dict[str, Any]:
        """One victim."""
        assert self._victims.stdin is not None and self._victims.stdout is not None
        self._victims.stdin.write(f"{path} {kill} {'full' if full else 'usual'}\n")
        self._victims.stdin.flush()
        told: dict[str, Any] = json.loads(self._victims.stdout.readline())
        return told

    def expected(self) -> dict[str, tuple[str, str, str]]:
        """id -> (last name, first name, version) in the PMS."""
        roster = self.simulator.state.roster
        with self.simulator.state.lock:
            records: list[JsonObject] = [roster.record(index) for index in roster.select(())]
        return {r["id"]: (r["lastName"], r["firstName"], r["lastModified"]) for r in records}


@contextmanager
def make_world() -> Iterator[World]:
    """Pages are small, so that there are many of them."""
    usual, ascend_lists.MAX_PAGE_SIZE = ascend_lists.MAX_PAGE_SIZE, PAGE_SIZE
    with tempfile.TemporaryDirectory() as folder, AscendSimulator(seed=3, patients=PATIENTS) as simulator:
        simulator.switches.oversize_page = "clamp"
        with subprocess.Popen(
            [sys.executable, "-m", "tests.fault.sync_victim"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as victims:
            yield World(Path(folder), simulator, victims)
            assert victims.stdin is not None
            victims.stdin.close()
    ascend_lists.MAX_PAGE_SIZE = usual


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One for all tests; each compares with what the PMS holds when it ends."""
    with make_world() as made:
        yield made


def assert_roster_is_the_pms(world: World, path: Path) -> None:
    """Live rows, stamps, aliases and indexes."""
    store = open_database(path)
    try:
        with store.read_session() as session:
            rows = session.all(
                "SELECT pms_patient_id, last_name, first_name, version FROM pms_patient WHERE is_gone = 0"
            )
            stamps = session.all("SELECT pms_id, version FROM roster_stamp WHERE kind = 'patients' AND is_gone = 0")
            doubled = session.value(
                "SELECT count(*) FROM (SELECT 1 FROM pms_patient_alias GROUP BY connection_id, pms_patient_id, name_key"
                " HAVING count(*) > 1)"
            )
            names = {str(row["name"]) for row in session.all("SELECT name FROM sqlite_master WHERE type = 'index'")}
        assert store.check() == []
    finally:
        store.close()
    expected = world.expected()
    assert len(rows) == len(expected)
    found = {r["pms_patient_id"]: (r["last_name"], r["first_name"], r["version"]) for r in rows}
    assert found == expected
    assert {r["pms_id"]: r["version"] for r in stamps} == {pms_id: who[2] for pms_id, who in expected.items()}
    assert doubled == 0
    assert {name for name, _ in PATIENT_INDEXES} <= names


def kill_points(alive: dict[str, Any], chance: random.Random, count: int) -> list[str]:
    """Every boundary of a commit as far as `count` allows, the rest anywhere."""
    boundaries = [f"{side}:{n}" for n in range(1, alive["commits"] + 1) for side in ("commit", "after")]
    chance.shuffle(boundaries)
    half = boundaries[: count // 2]
    return half + [f"line:{chance.randint(1, alive['lines'])}" for _ in range(count - len(half))]


def sweep(world: World, source: Path, name: str, *, full: bool, count: int, seed: int) -> tuple[int, int]:
    """Kills a run at `count` points, some of them twice; (deaths, runs that resumed). Raises AssertionError."""
    chance = random.Random(seed)
    alive = world.sync(world.copy(source, f"{name}.db"), full=full)
    assert alive["code"] == 0
    deaths = resumes = 0
    for number, kill in enumerate(kill_points(alive, chance, count)):
        path = world.copy(source, f"{name}.db")
        deaths += world.sync(path, kill, full=full)["code"] == KILLED
        if number % 3 == 0:
            deaths += world.sync(path, f"line:{chance.randint(1, alive['lines'])}")["code"] == KILLED
        end = world.sync(path)
        assert end["code"] == 0, kill
        resumes += end["resumed"]
        # what a resumed run could not see any more is seen by the next full one
        assert world.sync(path, full=True)["code"] == 0, kill
        assert_roster_is_the_pms(world, path)
    return deaths, resumes


def test_first_sync_killed_anywhere_ends_with_the_whole_roster(world: World) -> None:
    deaths, resumes = sweep(world, world.template, "first", full=False, count=KILLS_A_TEST, seed=1)
    assert deaths >= KILLS_A_TEST - 4
    assert resumes > 0


def test_full_sync_over_changes_killed_anywhere_ends_with_the_whole_roster(world: World) -> None:
    stored = world.copy(world.template, "stored.db")
    assert world.sync(stored)["code"] == 0
    state = world.simulator.state
    state.touch_patients(0.1)
    with state.lock:
        for index in (5, 140, 141, 800):
            state.roster.remove(index)
    deaths, resumes = sweep(world, stored, "again", full=True, count=KILLS_A_TEST, seed=2)
    assert deaths >= KILLS_A_TEST - 4
    assert resumes > 0


def is_in_the_middle(path: Path) -> bool:
    """Whether some but not all patients are stored."""
    store = open_database(path)
    try:
        cursor = SqlSyncStore(store).cursor(CONNECTION_ID, SyncKind.PATIENTS)
    finally:
        store.close()
    return cursor.is_running and cursor.after_id is not None


def test_first_sync_killed_in_the_middle_needs_no_full_run_after_it(world: World) -> None:
    alive = world.sync(world.copy(world.template, "alive.db"))
    tried = 0
    for number in range(1, alive["commits"], 4):
        path = world.copy(world.template, "plain.db")
        assert world.sync(path, f"after:{number}")["code"] == KILLED
        if is_in_the_middle(path):
            tried += 1
            assert world.sync(path)["resumed"]
            assert_roster_is_the_pms(world, path)
    assert tried > 2


def main() -> None:
    """The same with as many points as wanted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=11)
    args = parser.parse_args()
    with make_world() as world:
        deaths, resumes = sweep(world, world.template, "first", full=False, count=args.kills, seed=args.seed)
    print(json.dumps({"points": args.kills, "deaths": deaths, "resumed": resumes, "lost_or_doubled": 0}))  # noqa: T201


if __name__ == "__main__":
    main()
