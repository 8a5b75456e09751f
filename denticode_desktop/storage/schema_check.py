"""Whether a database has the schema that the models declare: for the migrations' tests, `doctor` and the self-test.

Loads SQLAlchemy (see `tables.py`): imported where it is called, never at the start.
"""

from functools import cache
from typing import Any

import sqlcipher3.dbapi2 as driver
from sqlalchemy import MetaData, create_engine
from sqlalchemy.pool import StaticPool

from .roster_schema import ROSTER
from .schema import METADATA
from .tables import TRIGGERS, create_all

MAY_BE_AWAY = frozenset(f"index {name}" for table in ROSTER.values() for name, _ in table.indexes)
"""Indexes that a first load drops and makes again: away from its start until its end, also over a restart."""
_NAMES_SQL = (
    "SELECT type || ' ' || name, sql FROM sqlite_master WHERE tbl_name <> 'alembic_version'"
    " AND tbl_name NOT LIKE 'sqlite!_stat%' ESCAPE '!' ORDER BY 1"
)


def schema_faults(connection: Any) -> list[str]:
    """What differs from the models, a line each, without data; empty when nothing does. `connection`: the driver's.

    Compared are every column with its type, place, default and NOT NULL, every named constraint, index and trigger, by
    the SQL that SQLite keeps of them. Raises the driver's errors.
    """
    return differences(definitions(connection), wanted_by_models())


def definitions(connection: Any) -> dict[str, str]:
    """`table item` -> its SQL in one spelling of blanks, for every table, index and trigger."""
    rows = connection.execute(_NAMES_SQL).fetchall()
    return {row[0]: " ".join((row[1] or "").split()).replace("( ", "(").replace(" )", ")") for row in rows}


@cache
def wanted_by_models() -> dict[str, str]:
    """The same of an empty database that is made from the models."""
    return modelled(METADATA, TRIGGERS)


def modelled(metadata: MetaData, triggers: tuple[str, ...]) -> dict[str, str]:
    """The same of any models."""
    engine = create_engine("sqlite://", module=driver, poolclass=StaticPool)
    try:
        with engine.begin() as connection:
            create_all(connection, metadata, triggers)
            return definitions(connection.connection.driver_connection)
    finally:
        engine.dispose()


def differences(found: dict[str, str], wanted: dict[str, str]) -> list[str]:
    """Names and definitions that are in one of the two only."""
    faults = [f"{name} is missing" for name in sorted(wanted.keys() - found.keys() - MAY_BE_AWAY)]
    faults += [f"{name} does not belong here" for name in sorted(found.keys() - wanted.keys())]
    for name in sorted(found.keys() & wanted.keys()):
        faults += [f"{name}: {fault}" for fault in _differing_parts(_parts(found[name]), _parts(wanted[name]))]
    return faults


def _differing_parts(found: list[str], wanted: list[str]) -> list[str]:
    faults = [f"lacks {part}" for part in wanted if part not in found]
    faults += [f"has {part}" for part in found if part not in wanted]
    return faults or ([] if found == wanted else ["its columns are in another order"])


def _parts(sql: str) -> list[str]:
    """What stands around a table, its columns in their order, its constraints sorted; any other definition whole."""
    if not sql.startswith("CREATE TABLE "):
        return [sql]
    start, end = sql.index("("), sql.rindex(")")
    parts, depth, begin = [], 0, start + 1
    for at in range(start + 1, end):
        depth += {"(": 1, ")": -1}.get(sql[at], 0)
        if sql[at] == "," and depth == 0:
            parts.append(sql[begin:at].strip())
            begin = at + 1
    parts.append(sql[begin:end].strip())
    columns = [part for part in parts if not part.startswith("CONSTRAINT ")]
    return [f"{sql[:start]}(…) {sql[end + 1 :].strip()}", *columns, *sorted(set(parts) - set(columns))]
