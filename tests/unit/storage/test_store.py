"""Opening, making and using the encrypted file: what is refused unchanged, what a unit is, what a full disk leaves."""

import os
import sqlite3
import threading
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as driver

from denticode_desktop.domain.audit_event import AuditDraft, AuditKind
from denticode_desktop.domain.errors import (
    BugError,
    StorageError,
    StoreKeyError,
    StorePlaceError,
    StoreVersionError,
)
from denticode_desktop.domain.people import Demographics
from denticode_desktop.storage.engine import PRAGMAS, connect
from denticode_desktop.storage.place import PlaceProbe
from denticode_desktop.storage.session import ConstraintError
from denticode_desktop.storage.store import create_store, open_store
from tests.fakes.clock import FakeClock

from .helpers import KEY, VERSION, WORKSTATION, new_store, reopen_store
from .outbox_world import OutboxWorld, make_world

CANARY = "Quillfeather"
OTHER_KEY = bytes(reversed(range(32)))


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir())}


def add_canary(world: OutboxWorld) -> None:
    with world.store.write() as uow:
        uow.people.add_patient(Demographics(CANARY, CANARY, None, email=f"{CANARY}@example.org"), CANARY)
        uow.practice.set_setting("note", CANARY * 3_000)  # spills over many pages


# -- what is refused ---------------------------------------------------------------------------------------------


def test_wrong_key_is_refused_and_no_byte_changes(tmp_path: Path) -> None:
    new_store(tmp_path).close()
    before = bytes_of(tmp_path)
    with pytest.raises(StoreKeyError):
        open_store(tmp_path / "denticode.db", OTHER_KEY, FakeClock(), WORKSTATION, VERSION)
    assert bytes_of(tmp_path) == before


def test_wrong_key_with_a_wal_left_by_a_crash_changes_no_byte(tmp_path: Path) -> None:
    world = make_world(tmp_path)  # left open: its WAL is what a crash leaves
    crashed = tmp_path / "crashed"
    crashed.mkdir(mode=0o700)
    for name in ("denticode.db", "denticode.db-wal"):
        (crashed / name).write_bytes((tmp_path / name).read_bytes())
    before = bytes_of(crashed)
    with pytest.raises(StoreKeyError):
        open_store(crashed / "denticode.db", OTHER_KEY, FakeClock(), WORKSTATION, VERSION)
    assert bytes_of(crashed) == before
    opened = reopen_store(crashed)
    with opened.read() as uow:
        assert uow.practice.practice_name() == "Invented Dental"
    opened.close()
    world.store.close()


def test_torn_first_page_is_healed_by_the_wal_not_taken_for_a_wrong_key(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    with world.sql() as session:
        session.execute("CREATE INDEX ix_extra ON patient (email)")  # a new schema cookie: page 1 is written anew
    crashed = tmp_path / "crashed"
    crashed.mkdir(mode=0o700)
    main = bytearray((tmp_path / "denticode.db").read_bytes())
    wal = (tmp_path / "denticode.db-wal").read_bytes()
    world.store.close()
    pages_in_wal = {int.from_bytes(wal[at : at + 4], "big") for at in range(32, len(wal), 24 + 4096)}
    assert 1 in pages_in_wal
    main[100:4000] = bytes(3900)  # power was lost in the middle of a checkpoint
    (crashed / "denticode.db").write_bytes(main)
    (crashed / "denticode.db-wal").write_bytes(wal)
    opened = reopen_store(crashed)
    with opened.read() as uow:
        assert uow.practice.practice_name() == "Invented Dental"
    opened.close()


@pytest.mark.parametrize("key", [b"", b"short", bytes(33)])
def test_key_of_another_length_is_refused(tmp_path: Path, key: bytes) -> None:
    with pytest.raises(StoreKeyError):
        create_store(tmp_path / "denticode.db", key, FakeClock(), WORKSTATION, VERSION)
    assert list(tmp_path.iterdir()) == []


def test_plaintext_file_is_refused_and_no_byte_changes(tmp_path: Path) -> None:
    path = tmp_path / "denticode.db"
    plain = sqlite3.connect(path)
    plain.execute("CREATE TABLE practice (name TEXT)")
    plain.commit()
    plain.close()
    before = bytes_of(tmp_path)
    with pytest.raises(StorePlaceError) as caught:
        reopen_store(tmp_path)
    assert caught.value.kind == "plaintext"
    assert bytes_of(tmp_path) == before


def test_newer_schema_is_refused_and_no_byte_changes(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    with store.write_session() as session:
        session.execute("UPDATE alembic_version SET version_num = '9999_tomorrow'")
    store.close()
    before = bytes_of(tmp_path)
    with pytest.raises(StoreVersionError):
        reopen_store(tmp_path)
    assert bytes_of(tmp_path) == before


def test_encrypted_file_of_another_program_is_refused(tmp_path: Path) -> None:
    other = driver.connect(str(tmp_path / "denticode.db"))
    other.execute(f"PRAGMA key = \"x'{KEY.hex()}'\"")
    other.execute("CREATE TABLE something (a)")
    other.close()
    with pytest.raises(StorageError) as caught:
        reopen_store(tmp_path)
    assert caught.value.kind == "damaged"


def test_missing_file_is_not_made_by_opening(tmp_path: Path) -> None:
    with pytest.raises(StorePlaceError) as caught:
        reopen_store(tmp_path)
    assert caught.value.kind == "missing"
    assert list(tmp_path.iterdir()) == []


def test_missing_folder_is_told_from_an_existing_file(tmp_path: Path) -> None:
    with pytest.raises(StorePlaceError) as caught:
        new_store(tmp_path / "nowhere")
    assert caught.value.kind == "missing"


def test_existing_file_is_not_overwritten_by_making(tmp_path: Path) -> None:
    new_store(tmp_path).close()
    before = bytes_of(tmp_path)
    with pytest.raises(StorePlaceError) as caught:
        new_store(tmp_path)
    assert caught.value.kind == "exists"
    assert bytes_of(tmp_path) == before


def test_file_that_appears_while_ours_is_made_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "denticode.db"
    monkeypatch.setattr("denticode_desktop.storage.store.fold_wal", lambda *_: path.write_bytes(b"theirs"))
    with pytest.raises(StorePlaceError) as caught:
        new_store(tmp_path)
    assert caught.value.kind == "exists"
    assert bytes_of(tmp_path) == {"denticode.db": b"theirs"}


def test_share_is_refused_before_the_file_is_touched(tmp_path: Path) -> None:
    probe = PlaceProbe(lambda: f"1 0 0:1 / {tmp_path} rw - cifs //srv/x rw", lambda _: 0)
    with pytest.raises(StorePlaceError) as caught:
        create_store(tmp_path / "denticode.db", KEY, FakeClock(), WORKSTATION, VERSION, probe=probe)
    assert caught.value.kind == "network_share"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [0, 100, 4096, 9000])
def test_file_of_noise_is_refused(tmp_path: Path, size: int) -> None:
    (tmp_path / "denticode.db").write_bytes(bytes(i * 7 % 251 for i in range(size)))
    with pytest.raises(StorageError):
        reopen_store(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="modes are a POSIX thing")
def test_file_and_folder_are_for_their_owner_only(tmp_path: Path) -> None:
    new_store(tmp_path).close()
    path = tmp_path / "denticode.db"
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    tmp_path.chmod(0o755)
    store = reopen_store(tmp_path)
    with store.write() as uow:
        uow.practice.set_setting("a", "b")
    assert {p.name: p.stat().st_mode & 0o077 for p in tmp_path.iterdir() if p.stat().st_mode & 0o077} == {}
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    store.close()


# -- what every connection is ------------------------------------------------------------------------------------


def test_every_connection_has_the_pragmas_that_durability_and_secrecy_need(world: OutboxWorld) -> None:
    with world.store.write_session() as writer, world.store.read_session() as reader:
        for session in (writer, reader):
            for name, _, expected in PRAGMAS:
                assert session.value(f"PRAGMA {name}") == expected, name
            assert session.value("PRAGMA cipher_version")
        assert reader.value("PRAGMA query_only") == 1


def test_connection_without_cipher_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new_store(tmp_path).close()
    plain = tmp_path / "plain.db"
    sqlite3.connect(plain).close()
    plain.touch()
    monkeypatch.setattr(driver, "connect", sqlite3.connect)  # a build whose SQLite ignores PRAGMA key
    with pytest.raises(StoreKeyError):
        connect(plain, KEY)


def test_planted_name_is_in_no_byte_of_file_wal_index_or_copies(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    add_canary(world)
    world.store.copy_to(tmp_path / "copy.db")
    with world.store.read() as uow:
        hits = [p for p in uow.people.patients(limit=10) if p.person.first_name == CANARY]
        files = bytes_of(tmp_path)
    assert len(hits) == 1
    assert {"denticode.db", "denticode.db-wal", "denticode.db-shm", "copy.db"} <= files.keys()
    assert len(files["denticode.db-wal"]) > 0
    for spelling in (CANARY.encode(), CANARY.encode("utf-16-le"), b"SQLite format 3", b"CREATE TABLE"):
        assert [name for name, data in files.items() if spelling in data] == []
    world.store.close()


def test_copy_opens_with_the_same_key_and_holds_the_same(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    target = tmp_path / "elsewhere"
    target.mkdir(mode=0o700)
    world.store.copy_to(target / "denticode.db")
    with pytest.raises(StorePlaceError):
        world.store.copy_to(target / "denticode.db")
    copy = reopen_store(target)
    with copy.read() as uow:
        assert uow.practice.practice_name() == "Invented Dental"
    copy.close()
    world.store.close()


def test_check_finds_nothing_in_a_good_store_also_before_the_wal_is_folded(world: OutboxWorld) -> None:
    world.writeback()
    assert world.store.check() == []
    assert world.store.check(is_quick=False) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("DROP TRIGGER tr_audit_event_no_update", ["trigger tr_audit_event_no_update is missing"]),
        ("DROP INDEX ix_item_queue", ["index ix_item_queue is missing"]),
        ("CREATE TABLE notes (text TEXT) STRICT", ["table notes does not belong here"]),
        ("ALTER TABLE setting ADD COLUMN extra TEXT", ["table setting: has extra TEXT"]),
        ("DROP INDEX ix_pms_patient_key_last", []),  # as during a first load
        ("ANALYZE", []),
    ],
)
def test_check_names_what_is_not_as_the_models_say(world: OutboxWorld, change: str, fault: list[str]) -> None:
    with world.store.bare_connection() as connection:
        connection.execute(change)
    assert world.store.check() == fault


def test_check_finds_one_changed_byte(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    world.writeback()
    world.store.close()
    path = tmp_path / "denticode.db"
    data = bytearray(path.read_bytes())
    data[5 * 4096 + 1000] ^= 1
    path.write_bytes(data)
    store = reopen_store(tmp_path)
    assert store.check() != []
    store.close()


def test_closing_folds_the_wal_in_and_can_be_repeated(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    world.store.close()
    world.store.close()
    assert [p.name for p in tmp_path.iterdir()] == ["denticode.db"]
    with pytest.raises(BugError), world.store.read():
        pass


# -- units -------------------------------------------------------------------------------------------------------


def test_exception_in_a_write_unit_leaves_nothing_of_it(world: OutboxWorld) -> None:
    with pytest.raises(RuntimeError), world.store.write() as uow:
        uow.practice.set_setting("a", "1")
        uow.audit.append(AuditDraft(AuditKind.USER_ADDED, "lee", "Owner"))
        raise RuntimeError
    with world.store.read() as uow:
        assert uow.practice.setting("a") is None
        assert uow.audit.head().seq == 0


def test_read_unit_cannot_write(world: OutboxWorld) -> None:
    with pytest.raises(BugError), world.store.read() as uow:
        uow.practice.set_setting("a", "1")
    with world.store.write() as uow:
        assert uow.practice.setting("a") is None


def test_reader_keeps_its_snapshot_while_a_writer_commits(world: OutboxWorld) -> None:
    with world.store.read() as reader:
        assert reader.practice.setting("a") is None
        with world.store.write() as writer:
            writer.practice.set_setting("a", "1")
        assert reader.practice.setting("a") is None
    with world.store.read() as reader:
        assert reader.practice.setting("a") == "1"


def test_unit_used_after_its_end_is_our_mistake(world: OutboxWorld) -> None:
    with world.store.write() as uow:
        pass
    with pytest.raises(BugError):
        uow.practice.users()


def test_stream_read_after_its_unit_is_our_mistake(world: OutboxWorld) -> None:
    with world.store.write() as uow:
        for _ in range(3):
            uow.audit.append(AuditDraft(AuditKind.USER_ADDED, "lee", "Owner"))
    with world.store.read() as uow:
        events = uow.audit.iterate()
        assert next(events).seq == 1
    with pytest.raises(BugError):
        next(events)


def test_write_unit_inside_another_is_our_mistake_not_a_hang(world: OutboxWorld) -> None:
    with world.store.write(), pytest.raises(BugError), world.store.write():
        pass
    with world.store.write() as uow:  # the turn was given back
        uow.practice.set_setting("a", "1")


def test_writers_of_several_threads_take_turns_and_keep_the_chain(world: OutboxWorld) -> None:
    errors: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for _ in range(25):
                with world.store.write() as uow:
                    uow.audit.append(AuditDraft(AuditKind.USER_ADDED, name, "Owner"))
                with world.store.read() as uow:
                    assert uow.audit.head().seq > 0
        except BaseException as error:  # shown by the assertion below
            errors.append(error)

    threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with world.store.read() as uow:
        assert [e.seq for e in uow.audit.iterate()] == list(range(1, 101))


def test_lock_held_by_another_program_is_told_as_locked(world: OutboxWorld, tmp_path: Path) -> None:
    other = connect(tmp_path / "denticode.db", KEY)
    other.execute("BEGIN IMMEDIATE")
    with world.store.bare_connection() as connection:
        connection.execute("PRAGMA busy_timeout = 1")
    with pytest.raises(StorageError) as caught, world.store.write():
        pass
    assert caught.value.kind == "locked"
    other.execute("ROLLBACK")
    other.close()
    with world.store.write() as uow:
        uow.practice.set_setting("a", "1")


def test_full_disk_rolls_the_unit_back_and_says_so(world: OutboxWorld) -> None:
    with world.store.bare_connection() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StorageError) as caught, world.store.write() as uow:
        uow.practice.set_setting("small", "1")
        uow.practice.set_setting("large", "x" * 50_000)
    assert caught.value.kind == "disk_full"
    with world.store.read() as uow:
        assert uow.practice.setting("small") is None
        assert uow.practice.setting("large") is None
    with world.store.bare_connection() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")
    with world.store.write() as uow:
        uow.practice.set_setting("large", "x" * 50_000)
    assert world.store.check() == []


def test_storage_error_that_is_swallowed_inside_a_unit_still_ends_it(world: OutboxWorld) -> None:
    with world.store.bare_connection() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StorageError), world.store.write() as uow:
        uow.practice.set_setting("before", "1")
        with pytest.raises(StorageError):
            uow.practice.set_setting("large", "x" * 50_000)
        with pytest.raises(BugError):  # the transaction is gone: this would be committed alone
            uow.practice.set_setting("after", "1")
    with world.store.read() as uow:
        assert uow.practice.setting("before") is None
        assert uow.practice.setting("after") is None


def test_broken_rule_names_the_rule_and_no_value(world: OutboxWorld) -> None:
    with pytest.raises(ConstraintError) as caught, world.sql() as session:
        session.execute("INSERT INTO app_user (name, name_key, role) VALUES (?, '', 'Owner')", (CANARY,))
    assert "ck_app_user_name_given" in str(caught.value)
    assert CANARY not in str(caught.value)
