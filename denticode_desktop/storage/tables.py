"""The whole schema as typed models: the one declaration of every table, index and trigger.

The program does not import it at run time: the repositories run SQL text on the driver (`session.py`). Held to it are
the migrations, the tests, `doctor` and the self-test (`schema_check.py`). The reason is measured (`python -m
tests.bench.models`; 2 cores, medians of runs in one hour, SQLAlchemy 2.1):

- Opening a practice and reading its name takes 5 ms without SQLAlchemy, 140-280 ms with its Core and 300-410 ms with
  these models. The window may not pay 50: its lists are filled late enough as it is.
- One row by its id: 4 µs as text, 76 µs as a Core statement built from the models, 116 µs as an object of the ORM
  (written: 3, 75 and 577 µs). The sender runs some twenty statements an item.

What the models would give at run time - a statement that cannot name a column that is not there - the tests give as
well: each statement of a repository runs there, and `tests/unit/storage/test_models.py` reads back through the typed
models what the repositories wrote.
"""

from sqlalchemy import Connection, MetaData

from . import tables_audit, tables_lab, tables_outbox, tables_practice, tables_roster
from .schema import METADATA

TRIGGERS: tuple[str, ...] = (
    *tables_practice.TRIGGERS,
    *tables_roster.TRIGGERS,
    *tables_lab.TRIGGERS,
    *tables_outbox.TRIGGERS,
    *tables_audit.TRIGGERS,
)
FIRST_ROWS: tuple[str, ...] = ("INSERT INTO sender (id, epoch, generation) VALUES (1, 0, 0)",)


def create_all(connection: Connection, metadata: MetaData = METADATA, triggers: tuple[str, ...] = TRIGGERS) -> None:
    """Makes the schema of the models in an empty database: what the migrations are held against in tests."""
    metadata.create_all(connection)
    for statement in (*triggers, *FIRST_ROWS):
        connection.exec_driver_sql(statement)
