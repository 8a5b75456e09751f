"""Migrations: head equals the models, each step keeps rows, a copy first, a crash or full disk leaves a whole file."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlcipher3.dbapi2 as driver
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from denticode_desktop.domain.errors import StorageError, StoreVersionError
from denticode_desktop.storage import tables
from denticode_desktop.storage.engine import connect, single_engine, step_of
from denticode_desktop.storage.place import new_file
from denticode_desktop.storage.roster_schema import PERSON_FIELDS, ROSTER
from denticode_desktop.storage.schema import METADATA
from denticode_desktop.storage.schema_check import definitions, schema_faults, wanted_by_models
from denticode_desktop.storage.store import open_store
from denticode_desktop.storage.tables_practice import PERSON_COLUMNS
from denticode_desktop.storage.upgrade import COPY_MARK, STEPS_FOLDER, upgrade
from denticode_desktop.storage.version import HEAD, STEPS
from tests.fakes.clock import FakeClock
from tests.unit.storage.helpers import KEY, VERSION, WORKSTATION

DB = "denticode.db"
CANARY = "Quillfeather"
FIRST_WITH_A_WAY_BACK = "0005_patient_queue"
"""The steps before it make the first schema: nothing is older."""
ROWS: dict[str, tuple[str, ...]] = {
    "0001_practice": (
        f"INSERT INTO practice (id, name, is_rehearsal_only, created_at) VALUES (1, '{CANARY}', 1, '2026')",
        "INSERT INTO app_user (name, name_key, role) VALUES ('Lee', 'lee', 'Owner')",
        "INSERT INTO connection (name, name_key, pms_key, environment, host, organization_id, client_id, settle_s,"
        " is_marker_on, may_complete_procedures, time_zone) VALUES ('A', 'a', 'k', 'rehearsal', 'h', 'o', 'c', 1, 1, 0,"
        " '')",
    ),
    "0002_roster": (
        "INSERT INTO roster_stamp (connection_id, kind, pms_id, version, run) VALUES (1, 'patients', 'p', 'v', 1)",
    ),
    "0003_outbox": ("UPDATE sender SET epoch = 3, generation = 5",),
    "0004_audit": (),
    "0005_patient_queue": (),
    "0006_watch": (),
}
"""Rows to plant once a step is made; a step without its entry fails the test below."""


def at_step(folder: Path, step: str) -> Path:
    """A database as an older build left it, with rows."""
    path = folder / DB
    new_file(path)
    for name in STEPS[: STEPS.index(step) + 1]:
        upgrade(path, KEY, FakeClock(), target=name)  # the clock stands still: copies of one moment get along
        connection = connect(path, KEY)
        for statement in ROWS[name]:
            connection.execute(statement)
        connection.close()
    for copy in copies(folder):
        copy.unlink()
    return path


def copies(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{DB}{COPY_MARK}*"))


def step_in(path: Path) -> str | None:
    connection = connect(path, KEY)
    try:
        return step_of(connection)
    finally:
        connection.close()


def test_head_equals_the_models_to_the_last_check_index_and_trigger(tmp_path: Path) -> None:
    migrated = connect(at_step(tmp_path, HEAD), KEY)
    found = definitions(migrated)
    assert schema_faults(migrated) == []
    migrated.close()
    assert found == wanted_by_models()
    assert len([name for name in found if name.startswith("trigger ")]) == len(tables.TRIGGERS)


def test_every_constraint_of_the_models_has_a_name() -> None:
    nameless = [
        (table.name, type(constraint).__name__)
        for table in METADATA.tables.values()
        for constraint in table.constraints
        if constraint.name is None and (table.primary_key is not constraint or table.primary_key.columns)
    ]
    assert nameless == []
    assert all(table.dialect_options["sqlite"]["strict"] for table in METADATA.tables.values())


def test_steps_of_this_build_are_those_of_the_folder_in_one_line() -> None:
    config = Config()
    config.set_main_option("script_location", str(STEPS_FOLDER))
    scripts = ScriptDirectory.from_config(config)
    assert tuple(s.revision for s in reversed(list(scripts.walk_revisions()))) == STEPS
    assert scripts.get_heads() == [HEAD]
    assert ROWS.keys() == set(STEPS)


def test_bulk_load_and_models_agree_on_columns_and_indexes() -> None:
    assert PERSON_FIELDS == PERSON_COLUMNS
    made = wanted_by_models()
    for roster in ROSTER.values():
        assert set(roster.columns) == set(METADATA.tables[roster.table].columns.keys())
        for name, ddl in roster.indexes:
            assert made[f"index {name}"] == ddl


def definitions_after(path: Path, *moves: tuple[Callable[[Config, str], None], str]) -> dict[str, str]:
    """The schema once Alembic has gone there and there."""
    engine = single_engine(path, KEY)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(STEPS_FOLDER))
        config.attributes["connection"] = connection
        for move, step in moves:
            move(config, step)
        found = definitions(connection.connection.driver_connection)
    engine.dispose()
    return found


@pytest.mark.parametrize("step", STEPS[STEPS.index(FIRST_WITH_A_WAY_BACK):])
def test_step_goes_down_to_the_schema_before_it_and_up_again_with_its_rows(tmp_path: Path, step: str) -> None:
    before = STEPS[STEPS.index(step) - 1]
    (tmp_path / "before").mkdir(mode=0o700)
    path_before, path = at_step(tmp_path / "before", before), at_step(tmp_path, step)
    made = definitions_after(path)
    assert definitions_after(path, (command.downgrade, before)) == definitions_after(path_before) != made
    assert step_in(path) == before
    assert definitions_after(path, (command.upgrade, step)) == made
    store = open_store(path, KEY, FakeClock(), WORKSTATION, VERSION)
    with store.read() as uow:
        assert (uow.practice.practice_name(), uow.sender.generation()) == (CANARY, 5)
    assert store.check() == []
    store.close()


@pytest.mark.parametrize("step", STEPS[:-1])
def test_older_database_is_brought_up_with_its_rows_after_an_encrypted_copy(tmp_path: Path, step: str) -> None:
    path = at_step(tmp_path, step)
    store = open_store(path, KEY, FakeClock(), WORKSTATION, VERSION)
    with store.read() as uow:
        assert uow.practice.practice_name() == CANARY
        assert [user.name for user in uow.practice.users()] == ["Lee"]
    assert store.check() == []
    store.close()
    assert step_in(path) == HEAD
    (copy,) = copies(tmp_path)
    assert CANARY.encode() not in copy.read_bytes()
    assert copy.stat().st_mode & 0o077 == 0
    assert step_in(copy) == step


def test_database_at_head_is_opened_without_a_copy(tmp_path: Path) -> None:
    path = at_step(tmp_path, HEAD)
    open_store(path, KEY, FakeClock(), WORKSTATION, VERSION).close()
    assert copies(tmp_path) == []


def test_newer_database_is_refused_before_a_copy_is_made(tmp_path: Path) -> None:
    path = at_step(tmp_path, HEAD)
    connection = connect(path, KEY)
    connection.execute("UPDATE alembic_version SET version_num = '0999_later'")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreVersionError):
        upgrade(path, KEY, FakeClock())
    assert copies(tmp_path) == []
    assert path.read_bytes() == before


def test_last_three_copies_are_kept(tmp_path: Path) -> None:
    clock = FakeClock()
    path = at_step(tmp_path, STEPS[0])
    original = path.read_bytes()
    for _ in range(5):
        path.write_bytes(original)
        upgrade(path, KEY, clock)
        clock.advance(60)
    kept = copies(tmp_path)
    assert len(kept) == 3
    assert kept[-1].name.endswith("T150400000000")


def test_step_that_fails_leaves_the_last_whole_step_and_the_next_opening_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = at_step(tmp_path, STEPS[0])
    broken = tmp_path / "migrations"
    shutil.copytree(STEPS_FOLDER, broken)
    third = broken / "versions" / "r0003_outbox.py"
    third.write_text(third.read_text().replace('CREATE TABLE blob', 'CREATE TABLE blob_x; CREATE TABLE blob'))
    monkeypatch.setattr("denticode_desktop.storage.upgrade.STEPS_FOLDER", broken)
    with pytest.raises(Exception, match=r".+"):
        upgrade(path, KEY, FakeClock())
    assert step_in(path) == STEPS[1]
    assert len(copies(tmp_path)) == 1
    monkeypatch.undo()
    later = FakeClock()
    later.advance(60)
    open_store(path, KEY, later, WORKSTATION, VERSION).close()
    assert step_in(path) == HEAD


def test_full_disk_while_copying_leaves_the_file_as_it_was_and_no_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = at_step(tmp_path, STEPS[0])
    before = path.read_bytes()
    real = connect

    class FullDisk:
        """Runs everything but the copy, for which the disk has no room."""

        def __init__(self, connection: Any) -> None:
            self._connection = connection

        def execute(self, sql: str, *rest: Any) -> Any:
            if sql.startswith("VACUUM"):
                raise driver.OperationalError("database or disk is full")
            return self._connection.execute(sql, *rest)

        def close(self) -> None:
            self._connection.close()

    monkeypatch.setattr("denticode_desktop.storage.upgrade.connect", lambda *a: FullDisk(real(*a)))
    with pytest.raises(StorageError):
        upgrade(path, KEY, FakeClock())
    assert copies(tmp_path) == []
    assert path.read_bytes() == before
    monkeypatch.undo()
    open_store(path, KEY, FakeClock(), WORKSTATION, VERSION).close()


def test_full_disk_in_a_step_leaves_the_step_before_usable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = at_step(tmp_path, STEPS[0])
    real = connect

    def small(*arguments: Any, **named: Any) -> Any:
        connection = real(*arguments, **named)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 4}")
        return connection

    monkeypatch.setattr("denticode_desktop.storage.engine.connect", small)
    with pytest.raises(StorageError) as caught:
        upgrade(path, KEY, FakeClock())
    assert caught.value.kind == "disk_full"
    monkeypatch.undo()
    assert step_in(path) == STEPS[0]
    later = FakeClock()
    later.advance(60)
    store = open_store(path, KEY, later, WORKSTATION, VERSION)
    with store.read() as uow:
        assert uow.practice.practice_name() == CANARY
    store.close()
