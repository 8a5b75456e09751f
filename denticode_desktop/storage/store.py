"""SqlStore: the open database as the Store port, and how one is opened or made."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as driver

from denticode_desktop.domain.errors import BugError, StorageError, StoreKeyError, StorePlaceError
from denticode_desktop.ports.clock import Clock

from .engine import BUSY_TIMEOUT_MS, KEY_BYTES, check_file, connect, connection_pool, fold_wal, step_of
from .place import SYSTEM_PROBE, PlaceProbe, check_place, make_owner_only, new_file
from .pool import ConnectionPool
from .session import Session, translated
from .unit_of_work import SqlUnitOfWork
from .version import HEAD


class SqlStore:
    """The open database. Safe for threads; a write unit inside another of the same thread is our mistake."""

    def __init__(self, path: Path, key: bytes, clock: Clock, workstation: str, app_version: str) -> None:
        self.path = path
        self._key = key
        self._clock = clock
        self._workstation = workstation
        self._app_version = app_version
        self._writers = connection_pool(path, key, size=1, is_reader=False)
        self._readers = connection_pool(path, key, size=4, is_reader=True)
        # SQLite's own waiting sleeps up to 0.1 s a turn: threads of this process queue here instead.
        self._turn = threading.Lock()
        self._turn_of: int | None = None
        self._is_closed = False

    @contextmanager
    def write(self) -> Iterator[SqlUnitOfWork]:
        """A write unit. Raises StorageError (`locked` after 10 s)."""
        with self.write_session() as session:
            yield SqlUnitOfWork(session, self._clock, self._workstation, self._app_version)

    @contextmanager
    def read(self) -> Iterator[SqlUnitOfWork]:
        """A read unit."""
        with self.read_session() as session:
            yield SqlUnitOfWork(session, self._clock, self._workstation, self._app_version)

    @contextmanager
    def write_session(self) -> Iterator[Session]:
        """BEGIN IMMEDIATE … COMMIT on a bare session, for SyncStore and for `write`."""
        self._take_turn()
        try:
            with self._transaction(self._writers, "BEGIN IMMEDIATE") as session:
                yield session
        finally:
            self._turn_of = None
            self._turn.release()

    @contextmanager
    def read_session(self) -> Iterator[Session]:
        """A snapshot on a bare session."""
        with self._transaction(self._readers, "BEGIN") as session:
            yield session

    @contextmanager
    def bare_connection(self) -> Iterator[Any]:
        """A writing driver connection outside any transaction, for PRAGMAs of a bulk load. Errors are the driver's."""
        connection = self._taken_from(self._writers)
        try:
            yield connection
        finally:
            self._writers.give_back(connection)

    def check(self, *, is_quick: bool = True) -> list[str]:
        """What is wrong with the file, empty when nothing is: HMAC of every page, structure, foreign keys, schema."""
        from .schema_check import schema_faults  # noqa: PLC0415 - loads SQLAlchemy, see tables.py

        with self.bare_connection() as connection:
            try:
                faults = [str(row[0]) for row in connection.execute("PRAGMA cipher_integrity_check").fetchmany(20)]
                check = "quick_check" if is_quick else "integrity_check"
                found = [str(row[0]) for row in connection.execute(f"PRAGMA {check}(20)").fetchall()]
                orphans = connection.execute("PRAGMA foreign_key_check").fetchmany(20)
                changed = schema_faults(connection)
            except driver.DatabaseError:
                return ["the file cannot be read"]
        return faults + [f for f in found if f != "ok"] + [f"orphan row in {row[0]}" for row in orphans] + changed

    def copy_to(self, target: Path) -> None:
        """A whole encrypted copy with the same key at a path that does not exist yet. Raises StorageError."""
        new_file(target)
        with self.bare_connection() as connection:
            try:
                connection.execute("VACUUM INTO ?", (str(target),))
            except driver.Error as error:
                target.unlink(missing_ok=True)
                raise translated(error) from error

    def close(self) -> None:
        """Gives every connection back and folds the WAL in. Idempotent."""
        if self._is_closed:
            return
        self._is_closed = True
        self._readers.close()
        self._writers.close()
        fold_wal(self.path, self._key)

    # -- inside --------------------------------------------------------------------------------------------------

    def _take_turn(self) -> None:
        me = threading.get_ident()
        if self._turn_of == me:
            raise BugError("a write unit was begun inside another")
        if not self._turn.acquire(timeout=BUSY_TIMEOUT_MS / 1000):
            raise StorageError("locked")
        self._turn_of = me

    def _taken_from(self, pool: ConnectionPool) -> Any:
        if self._is_closed:
            raise BugError("the store is closed")
        return pool.take()

    @contextmanager
    def _transaction(self, pool: ConnectionPool, begin: str) -> Iterator[Session]:
        connection = self._taken_from(pool)
        session = Session(connection)
        try:
            session.execute(begin)
            yield session
            if session.is_broken:
                raise StorageError("failed")
            session.execute("COMMIT")
        finally:
            session.end()
            with suppress(driver.Error):
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
            pool.give_back(connection)


def open_store(
    path: Path, key: bytes, clock: Clock, workstation: str, app_version: str, *, probe: PlaceProbe = SYSTEM_PROBE
) -> SqlStore:
    """Opens and, where it is older, upgrades the database (after a copy).

    Raises StorePlaceError, StoreKeyError, StoreVersionError - the file is unchanged then - and StorageError.
    """
    check_file(path, key, probe)
    connection = connect(path, key)
    try:
        step = step_of(connection)
    finally:
        connection.close()
    make_owner_only(path)
    if step != HEAD:
        _upgrade(path, key, clock)
    return SqlStore(path, key, clock, workstation, app_version)


def create_store(
    path: Path, key: bytes, clock: Clock, workstation: str, app_version: str, *, probe: PlaceProbe = SYSTEM_PROBE
) -> SqlStore:
    """Makes an encrypted database where none is, whole or not at all. Raises StorePlaceError, StorageError."""
    if len(key) != KEY_BYTES:
        raise StoreKeyError("no_key")
    check_place(path, probe)
    if path.exists():
        raise StorePlaceError("exists")
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.unfinished")  # two programs do not meet in one file
    _remove_with_wal(unfinished)
    new_file(unfinished)
    try:
        make_owner_only(unfinished)
        _upgrade(unfinished, key, clock)
        fold_wal(unfinished, key)
        _put_in_place(unfinished, path)
    finally:
        _remove_with_wal(unfinished)
    return open_store(path, key, clock, workstation, app_version, probe=probe)


def _upgrade(path: Path, key: bytes, clock: Clock) -> None:
    from .upgrade import upgrade  # noqa: PLC0415 - SQLAlchemy and Alembic: not for an opening that changes nothing

    upgrade(path, key, clock)


def _remove_with_wal(path: Path) -> None:
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)


def _put_in_place(unfinished: Path, path: Path) -> None:
    """Gives the finished file its name; one that another program made meanwhile is not overwritten."""
    try:
        with unfinished.open("r+b") as file:
            os.fsync(file.fileno())
        if os.name == "posix":
            path.hardlink_to(unfinished)
        else:
            unfinished.rename(path)  # refuses an existing name on Windows
        if os.name == "posix":
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
    except FileExistsError as error:
        raise StorePlaceError("exists") from error
    except OSError as error:
        raise StorageError("failed") from error
