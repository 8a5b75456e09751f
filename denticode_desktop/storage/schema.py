"""What all tables share: the base of the models, the naming of constraints, CHECKs and triggers.

Tables are STRICT. Times are text `2026-11-20T08:30:00.000000+00:00` (fixed width, so that they sort), dates ISO text,
booleans 0/1, sets and lists JSON (`column_types.py`). Every constraint has a name, because SQLite rebuilds a table to
change one. Why none of this is imported at run time: `tables.py`.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, MetaData
from sqlalchemy import text as sql_text
from sqlalchemy.orm import DeclarativeBase

from .column_types import TYPE_OF_ANNOTATION

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
STRICT: dict[str, Any] = {"sqlite_strict": True}
WITHOUT_ROWID: dict[str, Any] = {"sqlite_strict": True, "sqlite_with_rowid": False}
"""For narrow tables that are read by their own key alone."""


class Base(DeclarativeBase):
    """A row of this store. Each column's `comment` says what it means, its unit, and what empty or NULL means."""

    metadata = METADATA
    type_annotation_map = TYPE_OF_ANNOTATION


def flag_check(*names: str) -> list[CheckConstraint]:
    """0 or 1 and nothing else, one named constraint a column."""
    return [CheckConstraint(f"{name} IN (0, 1)", name=f"{name}_flag") for name in names]


def check(name: str, condition: str) -> CheckConstraint:
    """A named CHECK."""
    return CheckConstraint(condition, name=name)


def of_connection() -> ForeignKeyConstraint:
    """The row belongs to a connection."""
    return ForeignKeyConstraint(["connection_id"], ["connection.id"])


def index(name: str, *columns: str, where: str = "", unique: bool = False) -> Index:
    """An index; `where` makes it partial."""
    return Index(name, *columns, unique=unique, sqlite_where=sql_text(where) if where else None)


def trigger(name: str, on: str, says: str, *, when: str = "") -> str:
    """DDL of a trigger that refuses. `on`: `BEFORE UPDATE ON item`; `says`: words of the error, no data."""
    condition = f" WHEN {when}" if when else ""
    return f"CREATE TRIGGER {name} {on} FOR EACH ROW{condition} BEGIN SELECT RAISE(ABORT, '{says}'); END"


def frozen_columns(columns: tuple[str, ...]) -> str:
    """Condition: any of these columns would change."""
    return " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in columns)


def one_of(column: str, values: Iterable[str]) -> str:
    """Condition: the column holds one of these words. Of an enum: a new word needs a migration, and a test says so."""
    words = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({words})"
