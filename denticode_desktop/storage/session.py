"""Session: one pooled driver connection inside one transaction, with every error translated.

Statements are SQL text with named parameters, run on the driver and kept compiled by it (about 5 µs a statement here,
against 45 µs through SQLAlchemy's Core): the sender makes some twenty of them an item.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

import sqlcipher3.dbapi2 as driver

from denticode_desktop.domain.errors import BugError, StorageError, StoreKeyError

Params = Mapping[str, object] | tuple[object, ...]

SQLITE_CONSTRAINT, SQLITE_NOTADB = 19, 26
KIND_OF_CODE = {5: "locked", 6: "locked", 10: "failed", 11: "damaged", 13: "disk_full"}
"""Result codes BUSY, LOCKED, IOERR, CORRUPT and FULL."""
OUR_MISTAKES = frozenset({1, 8, 17, 20, 21, 25})
"""ERROR (no such table, syntax), READONLY, SCHEMA, MISMATCH, MISUSE, RANGE."""
PRIMARY_CODE = 0xFF
"""Extended result codes carry the plain one in their lowest byte."""


class Row(Protocol):
    """A row by column name."""

    def __getitem__(self, key: str | int, /) -> Any: ...


class ConstraintError(BugError):
    """A CHECK, UNIQUE, foreign key or trigger said no. Our own mistake, where a repository does not expect it."""


def translated(error: Exception) -> StorageError | BugError:
    """The error of ours for one of the driver. Words of SQLite name tables and columns, never values."""
    code = (getattr(error, "sqlite_errorcode", None) or 0) & PRIMARY_CODE
    words = str(error)
    if code == SQLITE_CONSTRAINT or isinstance(error, driver.IntegrityError):
        return ConstraintError(words)
    if code == SQLITE_NOTADB or "not a database" in words:
        return StoreKeyError("wrong_key")
    if (kind := KIND_OF_CODE.get(code)) is not None:
        return StorageError(kind)
    is_ours = code in OUR_MISTAKES or isinstance(error, driver.ProgrammingError)
    return BugError(words) if is_ours else StorageError("failed")


class Session:
    """Runs statements while its transaction lasts. Used by one thread."""

    __slots__ = ("_connection", "is_broken")

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.is_broken = False

    def end(self) -> None:
        """Nothing can be run any more: a repository kept beyond its unit fails loudly."""
        self._connection = None

    def execute(self, sql: str, params: Params = ()) -> Any:
        """The driver's cursor. After a StorageError the transaction may be gone: nothing more is run in it."""
        if self._connection is None or self.is_broken:
            raise BugError("a unit of work was used after its end or after a storage error")
        try:
            return self._connection.execute(sql, params)
        except driver.Error as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> Exception:
        ours = translated(error)
        # A constraint undoes its own statement only; anything else may have rolled back the whole transaction.
        self.is_broken = not isinstance(ours, ConstraintError)
        return ours

    def change(self, sql: str, params: Params = ()) -> int:
        """How many rows an UPDATE, INSERT or DELETE touched."""
        return int(self.execute(sql, params).rowcount)

    def insert(self, sql: str, params: Params = ()) -> int:
        """The id that SQLite gave to the inserted row."""
        return int(self.execute(sql, params).lastrowid)

    def change_many(self, sql: str, rows: Iterable[Params]) -> int:
        """One statement for many rows; the number of rows touched."""
        if self._connection is None or self.is_broken:
            raise BugError("a unit of work was used after its end or after a storage error")
        try:
            return int(self._connection.executemany(sql, rows).rowcount)
        except driver.Error as error:
            raise self._failed(error) from error

    def one(self, sql: str, params: Params = ()) -> Row | None:
        """The first row, or None."""
        row: Row | None = self._next(self.execute(sql, params))
        return row

    def value(self, sql: str, params: Params = ()) -> Any:
        """The first column of the first row, or None."""
        row = self._next(self.execute(sql, params))
        return None if row is None else row[0]

    def all(self, sql: str, params: Params = ()) -> list[Row]:
        """Every row."""
        cursor = self.execute(sql, params)
        try:
            rows: list[Row] = cursor.fetchall()
        except driver.Error as error:
            raise self._failed(error) from error
        return rows

    def stream(self, sql: str, params: Params = ()) -> Iterator[Row]:
        """Rows one by one, for as long as the unit lasts."""
        cursor = self.execute(sql, params)
        while (row := self._next(cursor)) is not None:
            yield row
            if self._connection is None:
                raise BugError("a stream was read after its unit had ended")

    def _next(self, cursor: Any) -> Any:
        try:
            return cursor.fetchone()
        except driver.Error as error:
            raise self._failed(error) from error
