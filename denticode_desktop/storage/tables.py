"""The whole schema as typed models: every table, index and trigger, in the order in which they can be made."""

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


def create_all(
    connection: Connection, metadata: MetaData = METADATA, triggers: tuple[str, ...] = TRIGGERS
) -> None:
    """Makes the schema of the models in an empty database: what the migrations are held against in tests."""
    metadata.create_all(connection)
    for statement in (*triggers, *FIRST_ROWS):
        connection.exec_driver_sql(statement)
