"""The SyncStore port: the same cases for the fake and for the encrypted database; then what only the latter has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from denticode_desktop.domain.charting import CatalogueCode
from denticode_desktop.domain.connection import ConnectionSettings, Environment
from denticode_desktop.domain.ids import ConnectionId, PmsCodeId, PmsKey, PmsLocationId, PmsPatientId, PmsProviderId
from denticode_desktop.domain.people import Demographics, PmsLocation, PmsPatient, PmsPatientStatus, PmsProvider, Sex
from denticode_desktop.domain.schedule import PmsAppointment
from denticode_desktop.domain.sync_cursor import SyncCursor, SyncKind
from denticode_desktop.ports.pms import PmsRecord
from denticode_desktop.ports.sync_store import StoredPage, SyncStore
from denticode_desktop.storage.roster_schema import PATIENT_INDEXES, PATIENTS, alias_rows
from denticode_desktop.storage.store import SqlStore, create_store
from denticode_desktop.storage.sync_store import SqlSyncStore, _patient_row
from tests.fakes.sync_store import InMemorySyncStore
from tests.fakes.sync_world import FakeClock

KEY = bytes(range(32))
NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
ONE, TWO = ConnectionId(1), ConnectionId(2)
RUN_1 = SyncCursor(is_full=True, is_running=True, run=1)
RUN_2 = replace(RUN_1, run=2)
PATIENTS_KIND = SyncKind.PATIENTS


def patient(number: int, version: str = "v1", last: str = "Quispe", **person: str) -> PmsPatient:
    """An invented patient."""
    who = Demographics("Pia", last, date(1990, 1, 2), Sex.FEMALE, phone=f"20155501{number % 100:02d}", **person)
    return PmsPatient(PmsPatientId(f"{9000 + number}"), who, PmsPatientStatus.ACTIVE, None, version)


def page(*records: PmsRecord, unchanged: tuple[str, ...] = ()) -> StoredPage:
    """A page to store."""
    return StoredPage(records, unchanged)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqlStore]:
    """A new encrypted database with two connections."""
    store = create_store(tmp_path / "practice.db", KEY, FakeClock(), "test", "0")
    with store.write() as uow:
        for name in ("Main office", "West office"):
            settings = ConnectionSettings(
                name, PmsKey("dentrix-ascend"), Environment.REHEARSAL, "http://127.0.0.1:1", "org", "id"
            )
            uow.connections.add(settings)
    yield store
    store.close()


@pytest.fixture(params=["fake", "database"])
def sync_store(request: pytest.FixtureRequest) -> SyncStore:
    """Each implementation."""
    if request.param == "fake":
        return InMemorySyncStore()
    return SqlSyncStore(request.getfixturevalue("database"))


def test_cursor_is_fresh_until_it_is_saved(sync_store: SyncStore) -> None:
    assert sync_store.cursor(ONE, PATIENTS_KIND) == SyncCursor()
    cursor = SyncCursor(NOW, NOW, "9001", is_full=False, is_running=True, run=3)
    sync_store.save_cursor(ONE, PATIENTS_KIND, cursor)
    assert sync_store.cursor(ONE, PATIENTS_KIND) == cursor
    assert sync_store.cursor(TWO, PATIENTS_KIND) == SyncCursor()
    assert sync_store.cursor(ONE, SyncKind.CODES) == SyncCursor()


def test_page_and_cursor_are_stored_together_and_counted(sync_store: SyncStore) -> None:
    cursor = replace(RUN_1, after_id="9002")
    counts = sync_store.store(ONE, PATIENTS_KIND, [page(patient(1)), page(patient(2))], cursor)
    assert (counts.added, counts.changed) == (2, 0)
    assert sync_store.cursor(ONE, PATIENTS_KIND) == cursor
    assert sync_store.known_versions(ONE, PATIENTS_KIND, ["9002", "9001", "9999"]) == {"9001": "v1", "9002": "v1"}
    assert sync_store.known_versions(TWO, PATIENTS_KIND, ["9001"]) == {}


def test_same_row_again_is_neither_added_nor_changed(sync_store: SyncStore) -> None:
    sync_store.store(ONE, PATIENTS_KIND, [page(patient(1), patient(2, ""))], RUN_1)
    counts = sync_store.store(
        ONE, PATIENTS_KIND, [page(patient(1), patient(2, "")), page(patient(1), patient(1))], RUN_1
    )
    assert (counts.added, counts.changed) == (0, 0)


def test_new_version_is_a_change(sync_store: SyncStore) -> None:
    sync_store.store(ONE, PATIENTS_KIND, [page(patient(1), patient(2, ""))], RUN_1)
    counts = sync_store.store(ONE, PATIENTS_KIND, [page(patient(1, "v2"), patient(2, "", "Nwosu"))], RUN_1)
    assert (counts.added, counts.changed) == (0, 2)
    assert sync_store.known_versions(ONE, PATIENTS_KIND, ["9001"]) == {"9001": "v2"}


def test_rows_that_a_full_run_did_not_see_are_gone_until_they_come_back(sync_store: SyncStore) -> None:
    sync_store.store(ONE, PATIENTS_KIND, [page(*(patient(n) for n in range(6)))], RUN_1)
    sync_store.store(TWO, PATIENTS_KIND, [page(patient(1))], RUN_1)
    assert sync_store.finish(ONE, PATIENTS_KIND, RUN_1) == 0
    seen = page(patient(3, "v2"), unchanged=("9000", "9001", "9005"))
    sync_store.store(ONE, PATIENTS_KIND, [seen], RUN_2)
    assert sync_store.finish(ONE, PATIENTS_KIND, RUN_2, 1_000) < 0, "fewer were seen than there are"
    assert sync_store.finish(ONE, PATIENTS_KIND, RUN_2) == 2
    assert sync_store.finish(ONE, PATIENTS_KIND, RUN_2) == 0
    assert set(sync_store.known_versions(ONE, PATIENTS_KIND, [f"{9000 + n}" for n in range(6)])) == {
        "9000", "9001", "9003", "9005",
    }  # fmt: skip
    assert sync_store.known_versions(TWO, PATIENTS_KIND, ["9001"]) == {"9001": "v1"}
    back = sync_store.store(ONE, PATIENTS_KIND, [page(patient(2))], replace(RUN_2, run=3))
    assert (back.added, back.changed) == (1, 0)


def test_incremental_run_marks_nothing_gone(sync_store: SyncStore) -> None:
    sync_store.store(ONE, PATIENTS_KIND, [page(patient(1), patient(2))], RUN_1)
    sync_store.finish(ONE, PATIENTS_KIND, RUN_1)
    part = SyncCursor(NOW, is_full=False, is_running=True, run=2)
    sync_store.store(ONE, PATIENTS_KIND, [page(patient(2, "v2"))], part)
    assert sync_store.finish(ONE, PATIENTS_KIND, part) == 0
    assert sync_store.cursor(ONE, PATIENTS_KIND) == replace(part, is_running=False)


@pytest.mark.parametrize(
    ("kind", "record", "other"),
    [
        (SyncKind.LOCATIONS, PmsLocation(PmsLocationId("1"), "Springvale", "America/New_York", "v1"), "West"),
        (SyncKind.PROVIDERS, PmsProvider(PmsProviderId("1"), "Sam", "Lee", "1000000101", version="v1"), "Leigh"),
        (SyncKind.CODES, CatalogueCode(PmsCodeId("1"), "T0101", "Sample exam", fee_cents=6000, version="v1"), "T0102"),
        (
            SyncKind.APPOINTMENTS,
            PmsAppointment("1", PmsPatientId("9001"), None, None, NOW, 30, "CONFIRMED", "v1"),
            "BROKEN",
        ),
    ],
)
def test_every_kind_can_be_stored_and_changed(
    sync_store: SyncStore, kind: SyncKind, record: PmsRecord, other: str
) -> None:
    assert sync_store.store(ONE, kind, [page(record)], RUN_1).added == 1
    match record:
        case PmsLocation():
            record = replace(record, name=other, version="v2")
        case PmsProvider():
            record = replace(record, last_name=other, version="v2")
        case CatalogueCode():
            record = replace(record, code=other, version="v2")
        case PmsAppointment():
            record = replace(record, status=other, version="v2")
    assert sync_store.store(ONE, kind, [page(record)], RUN_1).changed == 1
    assert sync_store.known_versions(ONE, kind, ["1"]) == {"1": "v2"}


def indexes(database: SqlStore) -> set[str]:
    """Secondary indexes of the patients that exist."""
    with database.read_session() as session:
        names = {str(row["name"]) for row in session.all("SELECT name FROM sqlite_master WHERE type = 'index'")}
    return names & {name for name, _ in PATIENT_INDEXES}


ALL_INDEXES = {name for name, _ in PATIENT_INDEXES}


def test_first_load_leaves_indexes_out_until_it_ends(database: SqlStore) -> None:
    sync_store = SqlSyncStore(database)
    assert indexes(database) == ALL_INDEXES
    sync_store.begin_bulk(ONE, PATIENTS_KIND)
    sync_store.begin_bulk(ONE, PATIENTS_KIND)
    assert indexes(database) == set()
    many = [page(*(patient(n) for n in range(start, start + 60))) for start in (0, 60, 120)]
    assert sync_store.store(ONE, PATIENTS_KIND, many, RUN_1).added == 180
    sync_store.finish(ONE, PATIENTS_KIND, RUN_1)
    assert indexes(database) == ALL_INDEXES
    assert database.check(is_quick=False) == []


def test_dead_first_load_is_made_whole_by_the_run_that_resumes(database: SqlStore) -> None:
    dead = SqlSyncStore(database)
    dead.begin_bulk(ONE, PATIENTS_KIND)
    dead.store(ONE, PATIENTS_KIND, [page(patient(1))], replace(RUN_1, after_id="9001"))
    resumed = SqlSyncStore(database)
    assert indexes(database) == set()
    resumed.store(ONE, PATIENTS_KIND, [page(patient(2))], replace(RUN_1, after_id="9002"))
    resumed.finish(ONE, PATIENTS_KIND, RUN_1)
    assert indexes(database) == ALL_INDEXES


def test_missing_indexes_are_made_at_the_next_opening_when_no_run_waits(database: SqlStore) -> None:
    dead = SqlSyncStore(database)
    dead.begin_bulk(ONE, PATIENTS_KIND)
    SqlSyncStore(database)
    assert indexes(database) == ALL_INDEXES


def test_table_that_another_connection_filled_keeps_its_indexes(
    database: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("denticode_desktop.storage.sync_store.FEW_ROWS", 2)
    sync_store = SqlSyncStore(database)
    sync_store.store(ONE, PATIENTS_KIND, [page(*(patient(n) for n in range(3)))], RUN_1)
    sync_store.begin_bulk(TWO, PATIENTS_KIND)
    assert indexes(database) == ALL_INDEXES
    sync_store.begin_bulk(ONE, PATIENTS_KIND)
    assert indexes(database) == set()


def test_scattered_ids_are_found_and_stamped_one_by_one(database: SqlStore) -> None:
    sync_store = SqlSyncStore(database)
    sync_store.store(ONE, PATIENTS_KIND, [page(*(patient(n) for n in range(400)))], RUN_1)
    ends = ["9000", "9399"]
    assert set(sync_store.known_versions(ONE, PATIENTS_KIND, ends)) == set(ends)
    sync_store.store(ONE, PATIENTS_KIND, [page(unchanged=tuple(ends))], RUN_2)
    assert sync_store.finish(ONE, PATIENTS_KIND, RUN_2) == 398


def test_aliases_follow_the_name(database: SqlStore) -> None:
    sync_store = SqlSyncStore(database)
    for version, last in (("v1", "Nwosu-Hale"), ("v2", "Hale"), ("v3", "Nwosu-Hale")):
        sync_store.store(ONE, PATIENTS_KIND, [page(patient(1, version, last))], RUN_1)
        with database.read_session() as session:
            stored = session.all("SELECT connection_id, pms_patient_id, name_key FROM pms_patient_alias")
        found = sorted(tuple(row[c] for c in ("connection_id", "pms_patient_id", "name_key")) for row in stored)
        assert found == sorted(alias_rows(ONE, patient(1, version, last)))


@pytest.mark.parametrize(
    "record",
    [
        patient(1, middle_name="Luz", preferred_name="Pip", chart_number="A-01"),
        patient(2, last="Núñez Peña"),
        replace(patient(3), person=replace(patient(3).person, phone="+1 (201) 555-0103", date_of_birth=None, sex=None)),
        replace(patient(4), person=replace(patient(4).person, phone="٢٠١٥٥٥٠١٠٤")),
    ],
)
def test_row_made_in_one_go_is_the_row_of_the_schema(record: PmsPatient) -> None:
    row, aliases = _patient_row(ONE, record)
    assert row == PATIENTS.make_row(ONE, record)
    assert aliases == alias_rows(ONE, record)


def test_change_of_anything_is_stored_whether_it_is_searched_by_or_not(database: SqlStore) -> None:
    sync_store = SqlSyncStore(database)
    steps = [
        patient(1),
        patient(1, "v2", city="Norrick", middle_name=""),
        replace(patient(1, "v3", city="Easterby"), status=PmsPatientStatus.INACTIVE),
        patient(1, "v4", "Hale", city="Easterby"),
        patient(1, "v5", "Hale", city="Norrick", middle_name="Luz"),
        replace(patient(1, "v6"), merged_into=PmsPatientId("9002")),
    ]
    for number, step in enumerate(steps):
        counts = sync_store.store(ONE, PATIENTS_KIND, [page(step)], RUN_1)
        assert (counts.added, counts.changed) == ((1, 0) if number == 0 else (0, 1))
        with database.read() as uow:
            assert uow.roster.pms_patient(ONE, step.pms_patient_id) == step
            found = uow.roster.search_patients(step.person.last_name, connection_id=ONE, limit=5)
            assert [hit.patient for hit in found] == [step]
            assert not uow.roster.search_patients("Nobody", connection_id=ONE, limit=5)


def test_row_that_comes_back_unchanged_is_no_longer_gone(database: SqlStore) -> None:
    sync_store = SqlSyncStore(database)
    sync_store.store(ONE, PATIENTS_KIND, [page(patient(1), patient(2))], RUN_1)
    sync_store.store(ONE, PATIENTS_KIND, [page(unchanged=("9002",))], RUN_2)
    assert sync_store.finish(ONE, PATIENTS_KIND, RUN_2) == 1
    sync_store.store(ONE, PATIENTS_KIND, [page(patient(1))], replace(RUN_2, run=3))
    with database.read() as uow:
        assert uow.roster.counts(ONE)["patients"] == 2
        assert len(uow.roster.search_patients("Quispe", connection_id=ONE, limit=5)) == 2
