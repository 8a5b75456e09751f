"""What all tables share: naming of constraints, column shapes, and how values are kept.

Tables are STRICT. Times are text `2026-11-20T08:30:00.000000+00:00` (fixed width, so that they sort), dates ISO text,
booleans 0/1, sets and lists JSON. Every constraint has a name, because SQLite rebuilds a table to change one.
SQLAlchemy's Core describes the schema; its ORM is not imported (0.3 s of the window's start, and 20 times the cost of a
row in the sender's path).
"""

from typing import Any

from sqlalchemy import CheckConstraint, Column, Integer, MetaData, Table, Text

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def table(name: str, *parts: Any, without_rowid: bool = False) -> Table:
    """A STRICT table of this store."""
    return Table(name, METADATA, *parts, sqlite_strict=True, sqlite_with_rowid=not without_rowid)


def row_id() -> Column[int]:
    """An id of ours, given by SQLite."""
    return Column("id", Integer, primary_key=True, nullable=False)


def text(name: str, *parts: Any, default: str | None = None) -> Column[str]:
    """Text that is always there; `default` for what may be left out."""
    server_default = None if default is None else f"{default}"
    return Column(name, Text, *parts, nullable=False, server_default=server_default)


def text_or_null(name: str, *parts: Any) -> Column[str]:
    """Text, or NULL for not known or not yet."""
    return Column(name, Text, *parts, nullable=True)


def number(name: str, *parts: Any, default: int | None = None) -> Column[int]:
    """A whole number that is always there."""
    return Column(name, Integer, *parts, nullable=False, server_default=None if default is None else str(default))


def number_or_null(name: str, *parts: Any) -> Column[int]:
    """A whole number or NULL."""
    return Column(name, Integer, *parts, nullable=True)


def flag(name: str, *, default: bool | None = None) -> Column[int]:
    """A yes or no, kept as 1 or 0; pair it with `flag_check`."""
    return Column(name, Integer, nullable=False, server_default=None if default is None else str(int(default)))


def flag_check(*names: str) -> list[CheckConstraint]:
    """0 or 1 and nothing else, one named constraint a column."""
    return [CheckConstraint(f"{name} IN (0, 1)", name=f"{name}_flag") for name in names]


def check(name: str, condition: str) -> CheckConstraint:
    """A named CHECK."""
    return CheckConstraint(condition, name=name)


def trigger(name: str, on: str, says: str, *, when: str = "") -> str:
    """DDL of a trigger that refuses. `on`: `BEFORE UPDATE ON item`; `says`: words of the error, no data."""
    condition = f" WHEN {when}" if when else ""
    return f"CREATE TRIGGER {name} {on} FOR EACH ROW{condition} BEGIN SELECT RAISE(ABORT, '{says}'); END"


def frozen_columns(columns: tuple[str, ...]) -> str:
    """Condition: any of these columns would change."""
    return " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in columns)


def one_of(column: str, values: tuple[str, ...]) -> str:
    """Condition: the column holds one of these words."""
    words = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({words})"
