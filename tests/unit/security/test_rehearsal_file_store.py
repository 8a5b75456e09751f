"""The rehearsal-only store: owner-only, whole or not at all, never through a link."""

import errno
import multiprocessing
import os
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from denticode_desktop.domain.errors import SecretStoreError, StorageError, StorePlaceError
from denticode_desktop.security.file_access import (
    is_owner_only,
    make_owner_only_folder,
    write_owner_only,
)
from denticode_desktop.security.rehearsal_file_store import FILE_NAME, RehearsalFileStore

FULL = OSError(errno.ENOSPC, "no space")
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes and links")


def test_put_get_delete_round_trip(tmp_path: Path) -> None:
    store = RehearsalFileStore(tmp_path)
    assert store.get("anchor") is None
    store.put("anchor", "one")
    store.put("database-key", "two")
    assert RehearsalFileStore(tmp_path).get("anchor") == "one"
    store.delete("anchor")
    store.delete("anchor")
    assert store.get("anchor") is None
    assert store.get("database-key") == "two"
    assert not store.is_real
    assert sorted(p.name for p in tmp_path.iterdir()) == [FILE_NAME, f"{FILE_NAME}.lock"]


def test_file_is_owner_only(tmp_path: Path) -> None:
    RehearsalFileStore(tmp_path).put("anchor", "x")
    assert is_owner_only(tmp_path / FILE_NAME)


def test_full_disk_is_told_as_such_and_keeps_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> NoReturn:
        raise FULL

    store = RehearsalFileStore(tmp_path)
    store.put("anchor", "x")
    monkeypatch.setattr("denticode_desktop.security.file_access.os.fsync", full)
    with pytest.raises(SecretStoreError) as caught:
        store.put("anchor", "y")
    assert caught.value.kind == "disk_full"
    assert "disk space" in caught.value.hint
    with pytest.raises(StorageError) as written:
        write_owner_only(tmp_path / "other", b"x")
    assert written.value.kind == "disk_full"
    monkeypatch.undo()
    assert store.get("anchor") == "x"
    assert sorted(p.name for p in tmp_path.iterdir()) == [FILE_NAME, f"{FILE_NAME}.lock"]


@posix_only
def test_folder_that_cannot_be_made_is_not_missing() -> None:
    with pytest.raises(StorePlaceError) as caught:
        make_owner_only_folder(Path("/proc/denticode"))
    assert caught.value.kind == "not_writable"


@posix_only
def test_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    store = RehearsalFileStore(tmp_path)
    store.put("anchor", "x")
    (tmp_path / FILE_NAME).chmod(0o644)
    with pytest.raises(SecretStoreError) as caught:
        store.get("anchor")
    assert caught.value.kind == "failed"


@posix_only
@pytest.mark.parametrize("name", [FILE_NAME, f"{FILE_NAME}.lock"])
def test_link_in_the_files_place_is_refused_and_its_target_untouched(tmp_path: Path, name: str) -> None:
    target = tmp_path / "elsewhere"
    target.write_text("{}")
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / name).symlink_to(target)
    with pytest.raises(SecretStoreError):
        RehearsalFileStore(folder).put("anchor", "x")
    assert target.read_text() == "{}"


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"a": 1' * 10, b"\xff", b"[" * 100_000])
def test_damaged_file_says_so_and_stays_as_it_is(tmp_path: Path, content: bytes) -> None:
    write_owner_only(tmp_path / FILE_NAME, content)
    with pytest.raises(SecretStoreError):
        RehearsalFileStore(tmp_path).get("anchor")
    with pytest.raises(SecretStoreError):
        RehearsalFileStore(tmp_path).put("anchor", "x")
    assert (tmp_path / FILE_NAME).read_bytes() == content


def test_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SecretStoreError) as caught:
        RehearsalFileStore(tmp_path).put("long", "x" * 1_281)
    assert caught.value.kind == "too_long"


def _put_many(folder: Path, prefix: str) -> None:
    store = RehearsalFileStore(folder)
    for n in range(20):
        store.put(f"{prefix}-{n}", prefix)


def test_two_processes_lose_no_secret(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_put_many, args=(tmp_path, prefix)) for prefix in ("a", "b")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    store = RehearsalFileStore(tmp_path)
    assert all(store.get(f"{prefix}-{n}") == prefix for prefix in ("a", "b") for n in range(20))


def test_folder_keeps_others_out(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    make_owner_only_folder(folder)
    assert is_owner_only(folder)


@posix_only
def test_existing_folder_is_restricted(tmp_path: Path) -> None:
    folder = tmp_path / "wide"
    folder.mkdir(mode=0o755)
    make_owner_only_folder(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


@posix_only
def test_link_is_replaced_not_followed_when_writing(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_text("untouched")
    link = tmp_path / "file"
    link.symlink_to(target)
    write_owner_only(link, b"new")
    assert target.read_text() == "untouched"
    assert link.read_bytes() == b"new"
    assert not link.is_symlink()


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorePlaceError) as caught:
        write_owner_only(tmp_path / "none" / "file", b"x")
    assert str(caught.value) == "missing"


def test_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_owner_only(path, b"old")

    def full(handle: int) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorePlaceError):
        write_owner_only(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
