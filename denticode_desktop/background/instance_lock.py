"""One engine per data folder, by an OS lock on a file: the kernel gives it back when the process ends, however it ends.

There is no time-out and no way to take it from a living process (write-back-protocol.md section 9). Who holds it is
written beside it, for the sentence only.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from denticode_desktop.domain.errors import BusyError
from denticode_desktop.domain.ids import ConnectionId

if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes]) -> bool:
        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(file: IO[bytes]) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_UN)


ENGINE_LOCK = "engine.lock"
FILE_MODE = 0o600


@dataclass(frozen=True, slots=True)
class LockHolder:
    """Who took a lock last. Only worth saying while the lock is taken."""

    pid: int
    since: datetime


class InstanceLock:
    """An exclusive lock on one file. Not inherited by child processes; the file itself is never deleted."""

    def __init__(self, path: Path, utc_now: Callable[[], datetime]) -> None:
        self._path = path
        self._utc_now = utc_now
        self._file: IO[bytes] | None = None

    @property
    def is_held(self) -> bool:
        """Whether this object holds it."""
        return self._file is not None

    def acquire(self) -> bool:
        """Takes the lock if it is free, at once; True where it is held now. Raises OSError where the file cannot be
        made."""
        if self._file is not None:
            return True
        file = os.fdopen(_owner_only(self._path), "ab")
        if not _try_lock(file):
            file.close()
            return False
        self._file = file
        self._write_holder()
        return True

    def acquire_or_raise(self, what: str) -> None:
        """Raises BusyError with who holds it; `what` begins the sentence (`The data folder`)."""
        if self.acquire():
            return
        holder = self.holder()
        who = "" if holder is None else f" (process {holder.pid}, since {holder.since.astimezone():%Y-%m-%d %H:%M})"
        raise BusyError(f"{what} is used by another running Denticode{who}. Close that one, then try again.")

    def release(self) -> None:
        """Gives it back; nothing happens where it is not held."""
        if self._file is None:
            return
        file, self._file = self._file, None
        _unlock(file)
        file.close()

    def holder(self) -> LockHolder | None:
        """Who took it last, if that can be read."""
        try:
            told = json.loads(self._holder_path.read_text("utf-8"))
            return LockHolder(int(told["pid"]), datetime.fromisoformat(told["since"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @property
    def _holder_path(self) -> Path:
        # Windows lets nobody read a locked byte, so this is a file of its own.
        return self._path.with_name(self._path.name + "-holder")

    def _write_holder(self) -> None:
        told = json.dumps({"pid": os.getpid(), "since": self._utc_now().isoformat()})
        try:
            with os.fdopen(_owner_only(self._holder_path), "w", encoding="utf-8") as file:
                file.truncate()
                file.write(told)
        except OSError:
            # The lock counts; the sentence can do without a name.
            return


def _owner_only(path: Path) -> int:
    """A handle for writing; nobody else has rights to the file. On Windows the folder's own rights say so."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0), FILE_MODE)
    if sys.platform != "win32":
        os.fchmod(handle, FILE_MODE)  # one that an earlier version made for everybody to read
    return handle


def engine_lock(data_dir: Path, utc_now: Callable[[], datetime]) -> InstanceLock:
    """The lock that makes a process the one engine of a data folder."""
    return InstanceLock(data_dir / ENGINE_LOCK, utc_now)


@contextmanager
def sync_lock(data_dir: Path, connection_id: ConnectionId, utc_now: Callable[[], datetime]) -> Iterator[None]:
    """Held while one connection is pulled, by the engine or by the console. Raises BusyError."""
    lock = InstanceLock(data_dir / f"sync-{connection_id}.lock", utc_now)
    lock.acquire_or_raise("The sync of this connection")
    try:
        yield
    finally:
        lock.release()
