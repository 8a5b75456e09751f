"""SecretStore of a rehearsal-only data folder: an owner-only file. It is not real, and says so.

Anybody who can read the person's files can read it, so only connections to a simulated PMS may be made with it.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from denticode_desktop.domain.errors import SecretStoreError, StorageError, StorePlaceError
from denticode_desktop.ports.secrets import MAX_SECRET_CHARS

from .file_access import FILE_MODE, FULL, is_owner_only, is_plain_file, write_owner_only

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

FILE_NAME = "rehearsal.keys"
LOCK_NAME = f"{FILE_NAME}.lock"
MAX_FILE_BYTES = 1_000_000
LOCK_WAIT_S = 5.0
LOCK_POLL_S = 0.01


class RehearsalFileStore:
    """Secrets in `rehearsal.keys` of a data folder (ports.secrets.SecretStore). Safe across processes.

    On a full disk the kind of the error is `disk_full`.
    """

    def __init__(self, data_folder: Path) -> None:
        self._path = data_folder / FILE_NAME

    @property
    def kind(self) -> str:
        """Plain name of the store."""
        return "owner-only file (rehearsal only)"

    @property
    def is_real(self) -> bool:
        """Never."""
        return False

    def get(self, name: str) -> str | None:
        """The secret, or None. Raises SecretStoreError (`failed`)."""
        with self._locked():  # on Windows a file that is being read cannot be replaced
            return self._read().get(name)

    def put(self, name: str, value: str) -> None:
        """Stores or replaces, durably. Raises SecretStoreError (`too_long`, `failed`)."""
        if len(value.encode("utf-16-le")) > 2 * MAX_SECRET_CHARS:
            raise SecretStoreError("too_long", f"A secret may have at most {MAX_SECRET_CHARS} characters.")
        with self._locked():
            self._write({**self._read(), name: value})
            if self._read().get(name) != value:
                raise SecretStoreError("failed", f"{FILE_NAME} did not give back what was stored.")

    def delete(self, name: str) -> None:
        """Removes; absent is fine. Raises SecretStoreError (`failed`)."""
        with self._locked():
            secrets = self._read()
            if secrets.pop(name, None) is not None:
                self._write(secrets)

    def _read(self) -> dict[str, str]:
        try:
            if not is_plain_file(self._path):
                if self._path.is_symlink() or self._path.exists():
                    raise SecretStoreError("failed", f"{FILE_NAME} is a link or a folder, not a file.")
                return {}
            if not is_owner_only(self._path):
                raise SecretStoreError("failed", f"{FILE_NAME} can be read by others. Restrict it to its owner.")
            with self._path.open("rb") as file:
                data = file.read(MAX_FILE_BYTES + 1)
            value = json.loads(data)
        except (StorePlaceError, OSError, ValueError, RecursionError) as error:
            raise SecretStoreError("failed", f"{FILE_NAME} cannot be read.") from error
        if len(data) > MAX_FILE_BYTES or not isinstance(value, dict):
            raise SecretStoreError("failed", f"{FILE_NAME} is damaged.")
        return {str(name): str(secret) for name, secret in value.items()}

    def _write(self, secrets: dict[str, str]) -> None:
        try:
            write_owner_only(self._path, json.dumps(secrets, indent=1).encode())
        except StorageError as error:
            raise _write_error(is_full=error.kind == "disk_full") from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time, also across processes: the engine's anchor and a console's secret both land."""
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        try:
            handle = os.open(self._path.with_name(LOCK_NAME), flags, FILE_MODE)
        except OSError as error:
            if error.errno in FULL:
                raise _write_error(is_full=True) from error
            raise SecretStoreError("failed", f"{FILE_NAME} cannot be locked.") from error
        try:
            _lock(handle)
            yield
        finally:
            os.close(handle)  # gives the lock back


def _write_error(*, is_full: bool) -> SecretStoreError:
    if is_full:
        return SecretStoreError("disk_full", "Free some disk space, then try again.")
    return SecretStoreError("failed", f"{FILE_NAME} cannot be written.")


def _lock(handle: int) -> None:
    pause = threading.Event()
    give_up_at = time.monotonic() + LOCK_WAIT_S
    while not _try_lock(handle):
        if time.monotonic() > give_up_at:
            raise SecretStoreError("locked", f"Another program keeps {FILE_NAME} locked. Close it and try again.")
        pause.wait(LOCK_POLL_S)


def _try_lock(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
