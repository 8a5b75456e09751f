"""Opening, making and closing the encrypted database (machine-notes.md, SQLCipher through SQLAlchemy).

A file is refused, unchanged, when it is plaintext, on a share or in a synced folder, made with another key, or written
by a newer program. Every connection proves its own settings after it is made: plain SQLite ignores `PRAGMA key` and
would write the practice's patients in clear without a word.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlcipher3.dbapi2 as driver

from denticode_desktop.domain.errors import BugError, StorageError, StoreKeyError, StorePlaceError, StoreVersionError

from .key_check import is_key_of, is_plaintext
from .place import SYSTEM_PROBE, PlaceProbe, check_place, free_bytes, told_by_disk
from .pool import ConnectionPool
from .session import translated
from .version import STEPS

if TYPE_CHECKING:
    from sqlalchemy import Engine

BUSY_TIMEOUT_MS = 10_000
KEY_BYTES = 32
WAL_LIMIT_BYTES = 64 * 1024 * 1024
PRAGMAS: tuple[tuple[str, str, object], ...] = (
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", 2),  # the intent must survive a power cut
    ("foreign_keys", "ON", 1),
    ("recursive_triggers", "ON", 1),  # else REPLACE deletes a row past the triggers that forbid it
    ("busy_timeout", str(BUSY_TIMEOUT_MS), BUSY_TIMEOUT_MS),
    ("trusted_schema", "OFF", 0),
    ("secure_delete", "ON", 1),
    ("temp_store", "MEMORY", 2),  # sorts must not spill names to a plain temporary file
    ("journal_size_limit", str(WAL_LIMIT_BYTES), WAL_LIMIT_BYTES),
)
"""Name, value to set, value that must come back."""


def connect(path: Path, key: bytes, *, is_reader: bool = False, has_foreign_keys: bool = True) -> Any:
    """A driver connection without implicit transactions. Raises StorageError or StoreKeyError."""
    try:
        connection = driver.connect(
            path.absolute().as_uri() + "?mode=rw", uri=True, isolation_level=None, check_same_thread=False,
            cached_statements=512,
        )  # fmt: skip
    except driver.Error as error:
        raise StorageError("failed") from error
    try:
        _set_up(connection, key, is_reader=is_reader, has_foreign_keys=has_foreign_keys)
    except driver.Error as error:
        connection.close()
        raise told_by_disk(translated(error), free_bytes(path.parent)) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _set_up(connection: Any, key: bytes, *, is_reader: bool, has_foreign_keys: bool) -> None:
    connection.row_factory = driver.Row
    connection.execute("PRAGMA cipher_log_level = NONE")  # before the key: its own log would name the file
    connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    if connection.execute("PRAGMA cipher_version").fetchone() is None:
        raise StoreKeyError("no_cipher")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    for name, value, expected in PRAGMAS:
        connection.execute(f"PRAGMA {name} = {value}").fetchall()
        found = connection.execute(f"PRAGMA {name}").fetchone()
        if found is None or found[0] != expected:
            raise BugError(f"PRAGMA {name} is not {expected}")
    if not has_foreign_keys:
        connection.execute("PRAGMA foreign_keys = OFF")
    if is_reader:
        connection.execute("PRAGMA query_only = ON")


def connection_pool(path: Path, key: bytes, *, size: int, is_reader: bool) -> ConnectionPool:
    """Connections kept open for a store; the unit of work begins and ends transactions itself."""
    return ConnectionPool(lambda: connect(path, key, is_reader=is_reader), size=size, wait_s=BUSY_TIMEOUT_MS / 1000)


def single_engine(path: Path, key: bytes) -> "Engine":
    """For migrations: fresh connections, foreign keys off (SQLite rebuilds tables), checked before the commit."""
    from sqlalchemy import create_engine  # noqa: PLC0415 - see pool.py
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    return create_engine(
        "sqlite://", module=driver, poolclass=NullPool, creator=lambda: connect(path, key, has_foreign_keys=False)
    )


def check_file(path: Path, key: bytes, probe: PlaceProbe = SYSTEM_PROBE) -> None:
    """Everything that can be refused before SQLite touches the file.

    Raises StorePlaceError (`network_share`, `synced_folder`, `missing`, `plaintext` …), StoreKeyError, StorageError.
    """
    if len(key) != KEY_BYTES:
        raise StoreKeyError("no_key")
    check_place(path, probe)
    if not path.is_file():
        raise StorePlaceError("missing")
    if not (os.access(path, os.R_OK | os.W_OK) and os.access(path.parent, os.W_OK)):
        raise StorePlaceError("not_writable")
    try:
        if is_plaintext(path):
            raise StorePlaceError("plaintext")
        if path.stat().st_size == 0:
            raise StorageError("damaged")
        if not is_key_of(path, key):
            raise StoreKeyError("wrong_key")
    except OSError as error:
        raise StorageError("failed") from error


def step_of(connection: Any) -> str | None:
    """The migration a database is at, None for an empty one.

    Raises StoreVersionError for a step this build does not know, StorageError (`damaged`) for a foreign schema.
    """
    try:
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not names - {"alembic_version"}:
            return None
        rows = connection.execute("SELECT version_num FROM alembic_version").fetchall() if names else []
    except driver.Error as error:
        raise StorageError("damaged") from error
    if len(rows) != 1:
        raise StorageError("damaged")
    step = str(rows[0][0])
    if step not in STEPS:
        raise StoreVersionError("newer")
    return step


def fold_wal(path: Path, key: bytes) -> None:
    """Folds the WAL into the file as far as other programs let it."""
    with suppress(StorageError, driver.Error):
        connection = connect(path, key)
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            connection.close()
