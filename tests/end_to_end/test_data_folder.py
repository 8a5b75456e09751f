"""Data folders: made whole or not at all, opened with their key alone, recovered with the printed one."""

from __future__ import annotations

import errno
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import keyring
import pytest

from denticode_desktop.app.folders import init_data_folder, open_application, recover_data_folder
from denticode_desktop.console.program import CreatedFolder
from denticode_desktop.domain.audit_event import AuditKind
from denticode_desktop.domain.errors import (
    DenticodeError,
    SecretStoreError,
    StorageError,
    StoreKeyError,
    StorePlaceError,
    UserError,
)
from denticode_desktop.ports.secrets import DATABASE_KEY
from denticode_desktop.security import keyring_store
from denticode_desktop.security.file_access import is_owner_only
from tests.unit.security.memory_keyring import ACCEPTED, MemoryKeyring

RIGHT_SHAPE_WRONG_KEY = "00000-00001-00002-00003-00004-00005-00006-00007"


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryKeyring]:
    """A credential store in memory that counts as real."""
    before = keyring.get_keyring()
    made = MemoryKeyring()
    keyring.set_keyring(made)
    store = functools.partial(keyring_store.KeyringSecretStore, accepted=ACCEPTED)
    monkeypatch.setattr(keyring_store, "KeyringSecretStore", store)
    yield made
    keyring.set_keyring(before)


def make(folder: Path, *, is_rehearsal_only: bool = False, password: str = "") -> CreatedFolder:
    return init_data_folder(
        folder, practice="Springvale Dental", owner="Sam Lee", password=password, is_rehearsal_only=is_rehearsal_only
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def test_new_folder_is_owner_only_and_opens_again(tmp_path: Path, backend: MemoryKeyring) -> None:
    created = make(tmp_path / "data", password="correct horse")
    assert is_owner_only(created.data_dir)
    with open_application(created.data_dir) as practice:
        assert practice.setup.practice_name() == "Springvale Dental"
        assert practice.setup.actor(None).name == "Sam Lee"
        assert practice.is_right_password("correct horse", practice.setup.password_hash("sam lee"))
        assert not practice.setup.is_rehearsal_only()
    [key] = backend.secrets.values()
    for name, data in contents(created.data_dir).items():
        assert key.encode() not in data, name
        assert created.recovery_key.encode() not in data, name
        assert b"Springvale" not in data, name


def test_rehearsal_folder_needs_no_credential_store(tmp_path: Path) -> None:
    created = make(tmp_path / "data", is_rehearsal_only=True)
    with open_application(created.data_dir) as practice:
        assert practice.setup.is_rehearsal_only()
        assert not practice.secrets.is_real


def test_without_a_credential_store_nothing_is_left_behind(tmp_path: Path) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(MemoryKeyring())
    try:
        with pytest.raises(SecretStoreError) as caught:
            make(tmp_path / "data")
    finally:
        keyring.set_keyring(before)
    assert caught.value.kind == "no_store"
    assert not (tmp_path / "data").exists()


def test_store_that_is_locked_at_set_up_leaves_nothing(tmp_path: Path, backend: MemoryKeyring) -> None:
    backend.is_locked = True
    with pytest.raises(SecretStoreError):
        make(tmp_path / "data")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("practice", "owner", "password"), [(" ", "Sam", ""), ("P", "system", ""), ("P", "S", "short")]
)
def test_bad_names_make_no_folder(tmp_path: Path, practice: str, owner: str, password: str) -> None:
    with pytest.raises(UserError):
        init_data_folder(tmp_path / "data", practice=practice, owner=owner, password=password, is_rehearsal_only=True)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("is_rehearsal_only", [True, False])
def test_synced_folder_is_told_as_such_and_nothing_is_left(
    tmp_path: Path, backend: MemoryKeyring, *, is_rehearsal_only: bool
) -> None:
    (tmp_path / "Dropbox").mkdir()
    with pytest.raises(StorePlaceError) as caught:
        make(tmp_path / "Dropbox" / "a" / "b", is_rehearsal_only=is_rehearsal_only)
    assert caught.value.kind == "synced_folder"
    assert list((tmp_path / "Dropbox").iterdir()) == []
    assert backend.secrets == {}


def full_disk(handle: int) -> NoReturn:
    raise OSError(errno.ENOSPC, "no space")


@pytest.mark.parametrize("is_rehearsal_only", [True, False])
def test_full_disk_is_told_and_takes_everything_away_again(
    tmp_path: Path, backend: MemoryKeyring, monkeypatch: pytest.MonkeyPatch, *, is_rehearsal_only: bool
) -> None:
    monkeypatch.setattr("denticode_desktop.security.file_access.os.fsync", full_disk)
    with pytest.raises(StorageError) as caught:
        make(tmp_path / "a" / "data", is_rehearsal_only=is_rehearsal_only)
    assert caught.value.kind == "disk_full"
    assert list(tmp_path.iterdir()) == []
    assert backend.secrets == {}


def test_failed_init_takes_away_only_what_it_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "notes.txt").write_text("theirs")
    (tmp_path / "logs").mkdir()
    monkeypatch.setattr("denticode_desktop.storage.store.fold_wal", full_disk_at_the_end)
    with pytest.raises(StorageError):
        make(tmp_path, is_rehearsal_only=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["logs", "notes.txt"]


def full_disk_at_the_end(path: Path, key: bytes) -> NoReturn:
    raise StorageError("disk_full")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="a folder in which nobody can make one")
def test_place_where_no_folder_can_be_made_is_told_by_init() -> None:
    with pytest.raises(StorePlaceError) as caught:
        make(Path("/proc/denticode"), is_rehearsal_only=True)
    assert caught.value.kind == "not_writable"


def test_second_init_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    folder = make(tmp_path / "data", is_rehearsal_only=True).data_dir
    before = contents(folder)
    with pytest.raises(StorePlaceError) as caught:
        make(folder, is_rehearsal_only=True)
    assert str(caught.value) == "exists"
    assert contents(folder) == before


def test_lost_key_is_told_and_the_recovery_key_brings_it_back(tmp_path: Path, backend: MemoryKeyring) -> None:
    created = make(tmp_path / "data")
    backend.secrets.clear()
    before = contents(created.data_dir)
    with pytest.raises(StoreKeyError), open_application(created.data_dir):
        pass
    for typed in (created.recovery_key[:-1] + "?", RIGHT_SHAPE_WRONG_KEY, ""):
        with pytest.raises(UserError) as caught:
            recover_data_folder(created.data_dir, typed)
        assert caught.value.field == "recovery_key"
    assert contents(created.data_dir) == before
    assert backend.secrets == {}
    recover_data_folder(created.data_dir, created.recovery_key.lower().replace("-", " "))
    with open_application(created.data_dir) as practice, practice.store.read() as uow:
        assert [e.draft.kind for e in uow.audit.iterate()][-1] is AuditKind.KEY_RECOVERED


def test_other_folders_key_opens_nothing_and_harms_nothing(tmp_path: Path, backend: MemoryKeyring) -> None:
    created = make(tmp_path / "data")
    [(place, _)] = backend.secrets.items()
    backend.secrets[place] = "00" * 32
    before = contents(created.data_dir)
    with pytest.raises(StoreKeyError), open_application(created.data_dir):
        pass
    assert contents(created.data_dir) == before
    assert DATABASE_KEY in place[1]


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"version": 2}', b'{"version": 1, "database_id": "../x"}'])
def test_damaged_identity_is_told(tmp_path: Path, content: bytes) -> None:
    folder = make(tmp_path / "data", is_rehearsal_only=True).data_dir
    (folder / "folder.json").write_bytes(content)
    with pytest.raises(StorePlaceError), open_application(folder):
        pass


def test_missing_recovery_file_is_told(tmp_path: Path) -> None:
    created = make(tmp_path / "data", is_rehearsal_only=True)
    (created.data_dir / "recovery.json").unlink()
    with pytest.raises(StoreKeyError):
        recover_data_folder(created.data_dir, created.recovery_key)


def test_folder_without_a_practice_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DenticodeError), open_application(tmp_path / "none"):
        pass
    assert not (tmp_path / "none").exists()
