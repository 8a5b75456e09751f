"""Search as you type and what else a sync brought."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from denticode_desktop.domain.charting import CatalogueCode, TreatmentArea
from denticode_desktop.domain.ids import (
    ConnectionId,
    PmsCodeId,
    PmsLocationId,
    PmsPatientId,
    PmsProviderId,
)
from denticode_desktop.domain.people import (
    Demographics,
    PmsLocation,
    PmsPatient,
    PmsPatientStatus,
    PmsProvider,
    Sex,
)
from denticode_desktop.domain.schedule import PmsAppointment
from denticode_desktop.domain.sync_cursor import SyncCursor, SyncKind
from denticode_desktop.ports.pms import PmsRecord
from denticode_desktop.ports.sync_store import StoredPage
from denticode_desktop.storage.roster_schema import digits, fold, name_keys
from denticode_desktop.storage.sync_store import SqlSyncStore

from .outbox_world import OutboxWorld
from .outbox_world import settings as connection_settings

PEOPLE = {
    "1": Demographics(
        "Ana", "Ruiz", date(1984, 3, 2), Sex.FEMALE, middle_name="María", phone="(303) 555-0142", chart_number="C-1001"
    ),
    "2": Demographics("Anabel", "Ruizzi", date(1984, 3, 20), phone="+1 720 555 0199", chart_number="1984"),
    "3": Demographics("José Luis", "Peña García", date(1970, 12, 31), preferred_name="Pepe"),
    "4": Demographics("Siobhán", "O'Brien-Smith", date(2001, 1, 1)),
    "5": Demographics("Łukasz", "Weiß", None),
    "6": Demographics("", "Mononym", date(1999, 9, 9)),
}


def patient(key: str, person: Demographics) -> PmsPatient:
    return PmsPatient(PmsPatientId(key), person, PmsPatientStatus.ACTIVE, None, f"v{key}")


def store_records(world: OutboxWorld, kind: SyncKind, records: Sequence[PmsRecord], *, run: int = 1) -> int:
    """One full run that sees exactly these records; how many are gone after it."""
    sync = SqlSyncStore(world.store)
    cursor = SyncCursor(run=run, is_full=True, is_running=True)
    sync.store(world.connection_id, kind, [StoredPage(records, [])], cursor)
    return sync.finish(world.connection_id, kind, replace(cursor, is_running=False))


@pytest.fixture
def roster(world: OutboxWorld) -> OutboxWorld:
    """The people above."""
    store_records(world, SyncKind.PATIENTS, [patient(k, p) for k, p in PEOPLE.items()])
    return world


def ids(world: OutboxWorld, text: str, *, limit: int = 20, connection: ConnectionId | None = None) -> list[str]:
    with world.store.read() as uow:
        return [h.patient.pms_patient_id for h in uow.roster.search_patients(
            text, connection_id=connection, limit=limit
        )]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("ru", {"1", "2"}),
        ("RUIZ", {"1", "2"}),
        ("ruiz, a", {"1"}),
        ("ana r", {"1"}),
        ("ana ruiz", {"1"}),
        ("maria", {"1"}),
        ("maría ru", {"1"}),
        ("ana maria ruiz", {"1"}),
        ("Ruiz, Ana M", {"1"}),
        ("pena", {"3"}),
        ("Peña", {"3"}),
        ("garcia", {"3"}),
        ("garcia jose", {"3"}),
        ("luis", {"3"}),
        ("pepe", {"3"}),
        ("pepe garcia", {"3"}),
        ("jose garcia", {"3"}),
        ("jose luis pena garcia", {"3"}),
        ("obrien", {"4"}),
        ("o'brien", {"4"}),
        ("smith", {"4"}),
        ("siobhan", {"4"}),
        ("lukasz", {"5"}),
        ("weiss", {"5"}),
        ("mono", {"6"}),
        ("1984-03-02", {"1"}),
        ("3/2/1984", {"1"}),
        ("03.02.1984", {"1"}),
        ("1984-03", {"1", "2"}),
        ("1970-1", {"3"}),
        ("303555", {"1"}),
        ("(303) 555-01", {"1"}),
        ("720", {"2"}),
        ("c-10", {"1"}),
        ("C1001", set()),
        ("1984", {"2"}),
        ("99/99/1984", set()),
        ("zzz", set()),
        ("ana maria zzz", set()),
        ("", set()),
        ("   ", set()),
        ("%", set()),
        ("' OR 1=1 --", set()),
        ("\U0010ffff", set()),
    ],
)
def test_search_finds_by_the_beginning_of_anything_a_person_types(
    roster: OutboxWorld, typed: str, found: set[str]
) -> None:
    assert set(ids(roster, typed)) == found


def test_search_gives_each_patient_once_and_at_most_the_limit(roster: OutboxWorld) -> None:
    assert len(ids(roster, "a", limit=1)) == 1
    assert sorted(ids(roster, "ana")) == ["1", "2"]


def test_search_stays_within_the_connection_asked_for(roster: OutboxWorld) -> None:
    with roster.store.write() as uow:
        other = uow.connections.add(connection_settings("Oak Street"))
    assert ids(roster, "ruiz", connection=other) == []
    assert len(ids(roster, "ruiz", connection=roster.connection_id)) == 2


def test_patient_who_is_gone_is_not_found_but_told_as_deleted(roster: OutboxWorld) -> None:
    kept = [patient(k, p) for k, p in PEOPLE.items() if k != "1"]
    assert store_records(roster, SyncKind.PATIENTS, kept, run=2) == 1
    assert ids(roster, "ruiz") == ["2"]
    with roster.store.read() as uow:
        gone = uow.roster.pms_patient(roster.connection_id, PmsPatientId("1"))
        assert gone is not None
        assert gone.status is PmsPatientStatus.DELETED
        assert uow.roster.pms_patient(roster.connection_id, PmsPatientId("77")) is None
        assert uow.roster.patients_born_on(roster.connection_id, date(1984, 3, 2), 5) == []
        assert uow.roster.counts(roster.connection_id)["patients"] == 5


def test_patient_of_another_name_is_no_longer_found_by_the_old_one(roster: OutboxWorld) -> None:
    renamed = replace(PEOPLE["1"], last_name="Fox", middle_name="", phone="")
    store_records(roster, SyncKind.PATIENTS, [patient("1", renamed)], run=2)
    assert ids(roster, "ruiz ana") == ids(roster, "maria") == ids(roster, "303") == []
    assert ids(roster, "ana fox") == ["1"]


def test_patient_comes_back_whole(roster: OutboxWorld) -> None:
    with roster.store.read() as uow:
        assert uow.roster.pms_patient(roster.connection_id, PmsPatientId("1")) == patient("1", PEOPLE["1"])
        assert [p.pms_patient_id for p in uow.roster.patients_born_on(roster.connection_id, date(1984, 3, 2), 5)] == [
            "1"
        ]


def test_providers_locations_codes_and_appointments_come_back_whole(world: OutboxWorld) -> None:
    providers = [PmsProvider(PmsProviderId("p1"), "Sam", "Lee", "1234567893", True, False, "DDS", "v1")]
    locations = [PmsLocation(PmsLocationId("l1"), "Elm", "America/Denver", "v1")]
    codes = [
        CatalogueCode(PmsCodeId("c1"), "T0101", "Invented", True, "", TreatmentArea.TOOTH, 12_500, "v1"),
        CatalogueCode(PmsCodeId("c2"), "T0101.A", "Invented", False, "A", TreatmentArea.OTHER, None, "v1"),
    ]
    at = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
    visits = [
        PmsAppointment("a1", PmsPatientId("1"), PmsProviderId("p1"), PmsLocationId("l1"), at, 30, "BOOKED", "v1"),
        PmsAppointment("a2", None, None, None, None, None, "", "v1"),
    ]
    for kind, records in (
        (SyncKind.PROVIDERS, providers), (SyncKind.LOCATIONS, locations), (SyncKind.CODES, codes),
        (SyncKind.APPOINTMENTS, visits),
    ):  # fmt: skip
        store_records(world, kind, list(records))
    connection = world.connection_id
    with world.store.read() as uow:
        assert list(uow.roster.pms_providers(connection)) == providers
        assert list(uow.roster.pms_locations(connection)) == locations
        assert list(uow.roster.catalogue(connection)) == codes
        assert list(uow.roster.catalogue(connection, "t0101")) == codes[:1]
        assert list(uow.roster.catalogue(connection, "T9999")) == []
        assert list(uow.roster.appointments_of_day(connection, at, at.replace(hour=16))) == visits[:1]
        assert list(uow.roster.appointments_of_day(connection, at.replace(hour=14), at)) == []
        assert uow.roster.counts(connection) == {"providers": 1, "locations": 1, "codes": 2, "appointments": 2}


NAME = st.text(st.characters(categories=["L", "Mn", "Zs", "Pd"], max_codepoint=0x17F), max_size=12)


@given(NAME, NAME, NAME)
def test_every_beginning_of_every_name_part_is_the_beginning_of_some_key(first: str, middle: str, last: str) -> None:
    person = Demographics(first, last, None, middle_name=middle)
    key_last, key_first, extra = name_keys(person)
    keys = [key_last, key_first, *extra]
    for part in fold(f"{first} {middle} {last}").split():
        assert any(key.startswith(part) for key in keys), (part, keys)


@given(st.text(max_size=30))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert digits(digits(text)) in (digits(text), digits(text)[1:])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.text(max_size=40))
def test_no_text_breaks_the_search(roster: OutboxWorld, text: str) -> None:
    assert set(ids(roster, text)) <= PEOPLE.keys()
