"""The typed models: what a repository writes is read through them with its meaning, and the other way round."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from denticode_desktop.domain.access import Role
from denticode_desktop.domain.audit_event import AuditDraft, AuditKind
from denticode_desktop.domain.charting import CatalogueCode, TreatmentArea
from denticode_desktop.domain.connection import HoldReason, Permission
from denticode_desktop.domain.entity_link import LinkRule, PatientLink, ProviderLink
from denticode_desktop.domain.ids import (
    AttemptId,
    PatientId,
    PmsCodeId,
    PmsLocationId,
    PmsPatientId,
    PmsProviderId,
    RemoteId,
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
from denticode_desktop.domain.write_back import ItemKind, ItemState, OutcomeKind, RequestKind, ReviewReason, SendOutcome
from denticode_desktop.ports.sync_store import StoredPage
from denticode_desktop.storage.engine import single_engine
from denticode_desktop.storage.roster_schema import PERSON_FIELDS
from denticode_desktop.storage.schema import METADATA, Base
from denticode_desktop.storage.sync_store import SqlSyncStore
from denticode_desktop.storage.tables_audit import AuditEventRow
from denticode_desktop.storage.tables_lab import BlobRow, LabRevisionRow
from denticode_desktop.storage.tables_outbox import AttemptRow, DecisionRequestRow, ItemRow, SenderRow, WriteBackRow
from denticode_desktop.storage.tables_practice import AppUserRow, ConnectionRow, PatientLinkRow, PatientRow
from denticode_desktop.storage.tables_roster import PmsAppointmentRow, PmsCodeRow, PmsPatientRow, SyncCursorRow
from denticode_desktop.storage.values import to_time

from .helpers import KEY
from .outbox_world import AT, VISIT, OutboxWorld, make_world, note, procedure

ANA = Demographics("Ana", "Ruiz", date(1984, 3, 2), Sex.FEMALE, middle_name="María Luz", phone="(303) 555-0142")
P1 = PmsPatientId("pms-1")
PROJECT = Path(__file__).parents[3]


def fill_roster(world: OutboxWorld) -> None:
    """One record of each kind, as a sync stores them."""
    sync = SqlSyncStore(world.store)
    records: dict[SyncKind, Any] = {
        SyncKind.LOCATIONS: PmsLocation(PmsLocationId("l"), "Elm Street", "America/Denver"),
        SyncKind.PROVIDERS: PmsProvider(PmsProviderId("p"), "Sam", "Lee", "1234567893", is_active=False),
        SyncKind.CODES: CatalogueCode(PmsCodeId("c"), "t0101", "invented", True, "", TreatmentArea.TOOTH, 12_500),
        SyncKind.PATIENTS: PmsPatient(P1, ANA, PmsPatientStatus.INACTIVE, PmsPatientId("pms-2"), "v1"),
        SyncKind.APPOINTMENTS: PmsAppointment("a", P1, None, PmsLocationId("l"), AT, 45, "CONFIRMED"),
    }
    for kind, record in records.items():
        cursor = SyncCursor(mark=AT, run_mark=AT, after_id="x", is_full=False, is_running=True, run=3)
        sync.store(world.connection_id, kind, [StoredPage([record], [])], cursor)


def fill_outbox(world: OutboxWorld) -> None:
    """A write-back with an item in REVIEW, one PLANNED, an attempt and a decision."""
    first, second = world.writeback(note(), procedure())
    with world.store.write() as uow:
        assert uow.outbox.move(first, ItemState.INFLIGHT, epoch=0, sends=1, was_unknown=True)
        attempt = uow.outbox.add_attempt(first.item_id, epoch=0, request_sha256="a" * 64, at=AT)
        outcome = SendOutcome(OutcomeKind.UNKNOWN, 503, None, "http_503", 1.5, "busy", "req-1", "", 210)
        uow.outbox.close_attempt(attempt.attempt_id, outcome)
        inflight = uow.outbox.item(first.item_id)
        assert uow.outbox.move(inflight, ItemState.REVIEW, epoch=0, review_reason=ReviewReason.SEVERAL)
        uow.outbox.dismiss(first.item_id, {RemoteId("r-9")})
        uow.outbox.add_request(
            first.item_id, RequestKind.SEND_AGAIN, reason="checked", by="lee", role="Provider", at=AT,
            dismissed={RemoteId("r-9"), RemoteId("r-8")},
        )  # fmt: skip
        accepted = uow.outbox.add_attempt(second.item_id, epoch=0, request_sha256="a" * 64, at=AT)
        uow.outbox.close_attempt(accepted.attempt_id, SendOutcome(OutcomeKind.ACCEPTED, 201, RemoteId("r-1")))
        uow.outbox.note_unseen(second.item_id, 60)


def fill_people(world: OutboxWorld) -> None:
    """A user, a setting, links and what a test of a connection leaves."""
    key = world.connection_id
    with world.store.write() as uow:
        uow.practice.add_user("Lee, Sam", Role.PROVIDER, "hash")
        uow.practice.set_setting("language", "en")
        provider = uow.people.find_or_add_provider("Lee, Sam", "1234567893")
        uow.people.link_provider(ProviderLink(key, provider, PmsProviderId("p"), LinkRule.PERSON, "lee", AT))
        uow.people.link_patient(PatientLink(key, world.patient_id, P1, 0, LinkRule.PMS_ID, "system", AT))
        uow.people.reject_link(key, world.patient_id, PmsPatientId("pms-3"), "lee", AT)
        uow.connections.set_hold(key, HoldReason.SIGN_IN)
        uow.connections.note_good_write(key, AT, Permission.TREATMENT_PLANS)
        uow.connections.note_good_write(key, AT, Permission.CHART_NOTES)
        uow.labs.put_blob("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", b"")
        uow.audit.append(AuditDraft(AuditKind.PATIENT_LINKED, "lee", "Provider", connection_id=key, pms_patient_id=P1))


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OutboxWorld]:
    """A store with at least one row in every table, all of them written by the repositories."""
    world = make_world(tmp_path_factory.mktemp("full"))
    fill_outbox(world)
    fill_people(world)
    fill_roster(world)
    yield world
    world.store.close()


@pytest.fixture
def models(full: OutboxWorld) -> Iterator[Session]:
    """A session of the ORM on the same encrypted file; nothing is kept."""
    with orm_session(full.store.path) as session:
        yield session


def orm_session(path: Path) -> Session:
    return Session(single_engine(path, KEY))


def test_practice_is_opened_read_and_written_without_the_models(world: OutboxWorld) -> None:
    """SQLAlchemy's imports would cost the window some 300 ms (`storage/tables.py`)."""
    program = (
        "import sys; from pathlib import Path; from denticode_desktop.storage import sync_store\n"
        "from denticode_desktop.storage.store import open_store\n"
        "from denticode_desktop.config.system_clock import SystemClock\n"
        "store = open_store(Path(sys.argv[1]), bytes(range(32)), SystemClock(), 'pc', '0')\n"
        "with store.write() as uow: uow.practice.set_setting('language', uow.practice.practice_name())\n"
        "store.close(); print('sqlalchemy' in sys.modules)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(world.store.path)], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert ended.stdout.split() == ["False"]


def test_every_model_and_column_says_what_it_means() -> None:
    mute = [f"{table.name}.{column.name}" for table in METADATA.tables.values() for column in table.columns
            if not column.comment]  # fmt: skip
    assert mute == []
    assert all(mapper.class_.__doc__ for mapper in Base.registry.mappers)
    assert {mapper.local_table for mapper in Base.registry.mappers} == set(METADATA.tables.values())


def test_columns_of_a_time_or_a_unit_say_so() -> None:
    unit_of = {"_at": "UTC", "_ms": "milliseconds", "_s": "second", "_cents": "cents", "_min": "minutes",
               "sha256": "SHA-256"}  # fmt: skip
    silent = [
        f"{table.name}.{column.name}"
        for table in METADATA.tables.values()
        for column in table.columns
        for end, unit in unit_of.items()
        if column.name.endswith(end) and unit not in (said := column.comment or "") and "that of the" not in said
    ]
    assert silent == []


@pytest.mark.parametrize("name", sorted(METADATA.tables))
def test_row_of_each_table_that_a_repository_wrote_is_read_through_its_model(models: Session, name: str) -> None:
    (model,) = (mapper.class_ for mapper in Base.registry.mappers if mapper.local_table is METADATA.tables[name])
    rows = models.scalars(select(model)).all()
    assert rows
    for row in rows:
        for column in model.__mapper__.columns:
            value = getattr(row, column.key)
            assert value is not None or column.nullable
            assert value is None or isinstance(value, column.type.python_type)


def test_values_have_their_meaning_in_the_models(full: OutboxWorld, models: Session) -> None:
    item = models.get_one(ItemRow, 1)
    assert (item.state, item.kind, item.review_reason) == (ItemState.REVIEW, ItemKind.NOTE, ReviewReason.SEVERAL)
    assert (item.was_unknown, item.is_released, item.requested_at) == (True, True, AT)
    attempt = models.get_one(AttemptRow, AttemptId(1))
    assert (attempt.outcome, attempt.retry_after_s, attempt.elapsed_ms) == (OutcomeKind.UNKNOWN, 1.5, 210)
    assert models.scalars(select(DecisionRequestRow)).one().dismissed == ("r-8", "r-9")
    writeback = models.get_one(WriteBackRow, item.writeback_id)
    assert (writeback.snapshot_date_of_birth, writeback.by_hand) == (date(1984, 3, 2), ("a line by hand",))
    assert writeback.is_paused is False
    connection = models.get_one(ConnectionRow, full.connection_id)
    assert (connection.hold, connection.write_confirmed) == (HoldReason.SIGN_IN, ("Chart notes", "Treatment plans"))
    assert models.scalars(select(LabRevisionRow.visit_on)).all() == [VISIT]
    assert models.scalars(select(BlobRow.data)).all() == [b""]
    assert models.scalars(select(PatientLinkRow.rule)).all() == [LinkRule.PMS_ID]
    assert models.scalars(select(AuditEventRow.kind).order_by(AuditEventRow.seq)).all()[-1] is AuditKind.PATIENT_LINKED
    assert models.scalars(select(SenderRow.generation)).all() == [0]


def test_roster_has_its_meaning_in_the_models(full: OutboxWorld, models: Session) -> None:
    patient = models.get_one(PmsPatientRow, (full.connection_id, P1))
    assert [getattr(patient, name) for name in PERSON_FIELDS] == [getattr(ANA, name) for name in PERSON_FIELDS]
    assert (patient.status, patient.merged_into, patient.is_gone) == (PmsPatientStatus.INACTIVE, "pms-2", False)
    assert models.scalars(select(PmsCodeRow.treatment_area)).all() == [TreatmentArea.TOOTH]
    assert models.scalars(select(PmsAppointmentRow.starts_at)).all() == [AT]
    cursor = models.get_one(SyncCursorRow, (full.connection_id, SyncKind.PATIENTS))
    assert (cursor.mark, cursor.after_id, cursor.is_full, cursor.run) == (AT, "x", False, 3)


def test_statement_made_from_the_models_finds_by_typed_values(full: OutboxWorld, models: Session) -> None:
    found = select(ItemRow.id).where(
        ItemRow.connection_id == full.connection_id, ItemRow.state == ItemState.REVIEW, ItemRow.was_unknown.is_(True),
        ItemRow.requested_at <= AT,
    )  # fmt: skip
    assert models.scalars(found).all() == [1]
    assert models.scalars(found.where(ItemRow.requested_at > AT)).all() == []


def test_row_added_through_a_model_is_read_by_the_repository(world: OutboxWorld) -> None:
    linked_at = datetime(2026, 11, 20, 9, 30, tzinfo=UTC) + timedelta(microseconds=7)
    with orm_session(world.store.path) as models:
        born = {"date_of_birth": date(1990, 5, 6), "sex": None}
        added = PatientRow(**{**dict.fromkeys(PERSON_FIELDS, ""), **born, "first_name": "Eva", "name_key": "eva"})
        models.add(added)
        models.flush()
        models.add(
            PatientLinkRow(
                connection_id=world.connection_id, patient_id=added.id, pms_patient_id=P1, version=1,
                rule=LinkRule.PERSON, linked_by="lee", linked_at=linked_at,
            )
        )  # fmt: skip
        patient_id = PatientId(added.id)
        models.commit()
    with world.store.read() as uow:
        assert uow.people.patient(patient_id).person == Demographics("Eva", "", date(1990, 5, 6))
        link = uow.people.patient_link(world.connection_id, patient_id)
    assert link == PatientLink(world.connection_id, patient_id, P1, 1, LinkRule.PERSON, "lee", linked_at)


@pytest.mark.parametrize(
    "unfit",
    [
        {"name_key": "x", "is_enabled": True, "name": None},
        {"name": "x", "name_key": ""},
    ],
)
def test_model_cannot_add_what_the_database_refuses(world: OutboxWorld, unfit: dict[str, Any]) -> None:
    with orm_session(world.store.path) as models, pytest.raises(StatementError):
        models.add(AppUserRow(role="Owner", **unfit))
        models.flush()


def test_naive_time_and_foreign_word_do_not_reach_the_database(models: Session) -> None:
    for wrong in (ItemRow.requested_at == datetime(2026, 11, 20), ItemRow.state == "SENT"):  # noqa: DTZ001
        with pytest.raises(StatementError):
            models.scalars(select(ItemRow.id).where(wrong)).all()


def test_times_are_spelled_as_the_repositories_spell_them(full: OutboxWorld, models: Session) -> None:
    with full.sql() as session:
        spelled = {row[0] for row in session.all("SELECT finalized_at FROM writeback")}
    assert spelled == {to_time(AT)}
    assert models.scalars(select(WriteBackRow.finalized_at)).all() == [AT]
