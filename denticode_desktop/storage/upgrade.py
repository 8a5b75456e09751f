"""Brings a database to this build's schema, a step a transaction, after an encrypted copy beside it.

A crash leaves the file at the last whole step and the next opening goes on from there; a full disk leaves it as it was.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as driver
from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError

from denticode_desktop.domain.errors import StorageError
from denticode_desktop.ports.clock import Clock

from .engine import connect, single_engine, step_of
from .key_check import is_key_of
from .place import new_file
from .session import translated
from .version import STEPS

COPIES_KEPT = 3
COPY_MARK = ".before-upgrade-"
STEPS_FOLDER = Path(__file__).parent / "migrations"


def upgrade(path: Path, key: bytes, clock: Clock, *, target: str = STEPS[-1]) -> None:
    """Runs every step up to `target` that the database lacks. Raises StorageError, StoreVersionError."""
    first = connect(path, key)
    try:
        step = step_of(first)
        if step == target:
            return
        if step is not None:
            copy_beside(first, path, key, clock)
    finally:
        first.close()
    engine = single_engine(path, key)
    event.listen(engine, "begin", _begin_immediate)
    try:
        for name in STEPS[: STEPS.index(target) + 1]:
            with engine.connect() as connection:
                _run_step(connection, name)
    except DBAPIError as error:
        raise translated(error.orig if isinstance(error.orig, Exception) else error) from error
    finally:
        engine.dispose()
    _prune_copies(path)


def _begin_immediate(connection: Connection) -> None:
    """The driver begins nothing by itself (isolation_level None)."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _run_step(connection: Connection, name: str) -> None:
    """One step in one transaction; another program may have made it meanwhile."""
    from alembic import command  # noqa: PLC0415 - 0.5 s of imports that only an upgrade needs
    from alembic.config import Config  # noqa: PLC0415

    with connection.begin():
        step = step_of(connection.connection.driver_connection)
        if step is not None and STEPS.index(step) >= STEPS.index(name):
            return
        config = Config()
        config.set_main_option("script_location", str(STEPS_FOLDER).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, name)
        if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
            raise StorageError("damaged")


def copy_beside(connection: Any, path: Path, key: bytes, clock: Clock) -> Path:
    """A whole encrypted copy with the same key, proven to open. Raises StorageError; a failed copy is removed."""
    stamp = clock.utc_now().strftime("%Y%m%dT%H%M%S%f")
    copy = path.with_name(f"{path.name}{COPY_MARK}{stamp}")
    if copy.exists():  # the clock stood still or was set back: no copy is overwritten
        copy = copy.with_name(f"{copy.name}-{len(list(path.parent.glob(copy.name + '*')))}")
    new_file(copy)
    try:
        connection.execute("VACUUM INTO ?", (str(copy),))
        _prove(copy, key)
    except driver.Error as error:
        _remove(copy)
        raise translated(error) from error
    except BaseException:
        _remove(copy)
        raise
    return copy


def _prove(copy: Path, key: bytes) -> None:
    if not is_key_of(copy, key):
        raise StorageError("failed")
    opened = driver.connect(copy.absolute().as_uri() + "?mode=ro", uri=True)
    try:
        opened.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        if opened.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            raise StorageError("damaged")
    finally:
        opened.close()
    with copy.open("r+b") as file:
        os.fsync(file.fileno())


def _remove(copy: Path) -> None:
    for leftover in (copy, copy.with_name(copy.name + "-journal")):
        with suppress(OSError):
            leftover.unlink(missing_ok=True)


def _prune_copies(path: Path) -> None:
    copies = sorted(path.parent.glob(f"{path.name}{COPY_MARK}*"))
    for copy in copies[:-COPIES_KEPT]:
        _remove(copy)
