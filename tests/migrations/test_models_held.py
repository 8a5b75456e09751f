"""The comparison of migrations and models really compares: whatever is changed in the models alone is named."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Integer, MetaData, Text, UniqueConstraint, text

from denticode_desktop.storage.engine import connect
from denticode_desktop.storage.schema import METADATA
from denticode_desktop.storage.schema_check import definitions, differences, modelled
from denticode_desktop.storage.tables import TRIGGERS
from tests.unit.storage.helpers import KEY, new_store

Change = Callable[[MetaData], None]


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The definitions in a database that the migrations made."""
    folder = tmp_path_factory.mktemp("migrated")
    new_store(folder).close()
    connection = connect(folder / "denticode.db", KEY)
    yield definitions(connection)
    connection.close()


def copied() -> MetaData:
    """The models' metadata, to be changed in a test."""
    copy = MetaData(naming_convention=METADATA.naming_convention)
    for table in METADATA.sorted_tables:
        table.to_metadata(copy)
    return copy


def widen(copy: MetaData) -> None:
    copy.tables["item"].c.sends.type = Text()


def allow_null(copy: MetaData) -> None:
    copy.tables["connection"].c.host.nullable = True


def change_default(copy: MetaData) -> None:
    copy.tables["app_user"].c.is_enabled.server_default.arg = "0"  # type: ignore[union-attr]


def add_column(copy: MetaData) -> None:
    copy.tables["patient"].append_column(Column("shoe_size", Integer, nullable=False))


def loosen_check(copy: MetaData) -> None:
    for constraint in copy.tables["item"].constraints:
        if isinstance(constraint, CheckConstraint) and str(constraint.name).endswith("done_has_record"):
            constraint.sqltext = text("state <> 'DONE' OR remote_id IS NOT NULL")


def drop_constraint(table: str, kind: type[ForeignKeyConstraint | UniqueConstraint], first: str) -> Change:
    def drop(copy: MetaData) -> None:
        there = copy.tables[table].constraints
        there -= {c for c in there if isinstance(c, kind) and next(iter(c.columns)).name == first}

    return drop


def drop_index(table: str, name: str) -> Change:
    def drop(copy: MetaData) -> None:
        there = copy.tables[table].indexes
        there -= {index for index in there if index.name == name}

    return drop


def make_index_whole(copy: MetaData) -> None:
    (index,) = (i for i in copy.tables["item"].indexes if i.name == "ix_item_queue")
    index.dialect_options["sqlite"]["where"] = None


def make_index_loose(copy: MetaData) -> None:
    (index,) = (i for i in copy.tables["patient_link"].indexes if i.name == "uq_patient_link_active_patient")
    index.unique = False


def make_table_loose(copy: MetaData) -> None:
    copy.tables["attempt"].dialect_options["sqlite"]["strict"] = False


def drop_table(copy: MetaData) -> None:
    copy.remove(copy.tables["link_rejection"])


CHANGES: dict[str, tuple[Change, str]] = {
    "a column's type": (widen, "table item: lacks sends TEXT DEFAULT '0' NOT NULL"),
    "NOT NULL": (allow_null, "table connection: lacks host TEXT"),
    "a default": (change_default, "table app_user: lacks is_enabled INTEGER DEFAULT '0' NOT NULL"),
    "a further column": (add_column, "table patient: lacks shoe_size INTEGER NOT NULL"),
    "a CHECK": (
        loosen_check,
        "table item: lacks CONSTRAINT ck_item_done_has_record CHECK (state <> 'DONE' OR remote_id IS NOT NULL)",
    ),
    "a foreign key": (
        drop_constraint("attempt", ForeignKeyConstraint, "item_id"),
        "table attempt: has CONSTRAINT fk_attempt_item_id_item FOREIGN KEY(item_id) REFERENCES item (id)",
    ),
    "a UNIQUE": (
        drop_constraint("attempt", UniqueConstraint, "item_id"),
        "table attempt: has CONSTRAINT uq_attempt_item_id_n UNIQUE (item_id, n)",
    ),
    "an index": (drop_index("item", "ix_item_done"), "index ix_item_done does not belong here"),
    "an index's condition": (
        make_index_whole,
        "index ix_item_queue: lacks CREATE INDEX ix_item_queue ON item (connection_id, writeback_id, seq,"
        " pms_patient_id)",
    ),
    "an index's uniqueness": (
        make_index_loose,
        "index uq_patient_link_active_patient: lacks CREATE INDEX uq_patient_link_active_patient ON patient_link"
        " (connection_id, patient_id) WHERE is_active = 1",
    ),
    "STRICT": (make_table_loose, "table attempt: lacks CREATE TABLE attempt (…) "),
    "a whole table": (drop_table, "table link_rejection does not belong here"),
}


def test_copy_of_the_models_is_what_the_migrations_make(migrated: dict[str, str]) -> None:
    assert differences(migrated, modelled(copied(), TRIGGERS)) == []


@pytest.mark.parametrize("name", CHANGES)
def test_change_in_the_models_alone_is_named(migrated: dict[str, str], name: str) -> None:
    change, fault = CHANGES[name]
    changed = copied()
    change(changed)
    faults = differences(migrated, modelled(changed, TRIGGERS))
    assert fault in faults
    assert len(faults) <= 2


def test_order_of_columns_is_compared(migrated: dict[str, str]) -> None:
    moved = migrated["table blob"].replace("sha256 TEXT NOT NULL, data BLOB NOT NULL",
                                           "data BLOB NOT NULL, sha256 TEXT NOT NULL")  # fmt: skip
    assert moved != migrated["table blob"]
    assert differences(migrated, {**migrated, "table blob": moved}) == ["table blob: its columns are in another order"]


@pytest.mark.parametrize("at", range(len(TRIGGERS)))
def test_each_trigger_is_compared(migrated: dict[str, str], at: int) -> None:
    name = TRIGGERS[at].split()[2]
    without = modelled(copied(), TRIGGERS[:at] + TRIGGERS[at + 1:])
    assert differences(migrated, without) == [f"trigger {name} does not belong here"]
    weaker = TRIGGERS[at].replace("FOR EACH ROW", "FOR EACH ROW WHEN 0", 1).replace("WHEN 0 WHEN", "WHEN 0 AND")
    faults = differences(migrated, modelled(copied(), (*TRIGGERS[:at], weaker, *TRIGGERS[at + 1:])))
    assert [fault.partition(":")[0] for fault in faults] == [f"trigger {name}"] * 2


def test_definitions_leave_out_what_alembic_keeps(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    with store.bare_connection() as connection:
        names = definitions(connection)
    store.close()
    assert not [name for name in names if "alembic" in name]
