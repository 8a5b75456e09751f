"""A practice, a PMS in memory and a credential store, for everything about connections, links and the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from denticode_desktop.domain.access import Actor, Role
from denticode_desktop.domain.audit_event import AuditEvent, AuditKind
from denticode_desktop.domain.connection import Check, Connection, ConnectionSettings, Environment
from denticode_desktop.domain.fingerprint import fingerprint_of
from denticode_desktop.domain.ids import (
    ConnectionId,
    LabId,
    PatientId,
    PmsLocationId,
    PmsPatientId,
    PmsProviderId,
    WriteBackId,
)
from denticode_desktop.domain.lab import LabContent, RevisionKind
from denticode_desktop.domain.payload import payload_sha256
from denticode_desktop.domain.people import Demographics, PmsLocation, PmsPatient, PmsPatientStatus, PmsProvider
from denticode_desktop.domain.sync_cursor import SyncCursor, SyncKind
from denticode_desktop.domain.write_back import Item, ItemKind, NewItem, NotePayload, PatientSnapshot
from denticode_desktop.ports.pms import ConnectionSecrets, PmsRecord
from denticode_desktop.ports.sync_store import StoredPage
from denticode_desktop.services.connect_practice import AddResult, ConnectPractice, NewConnection
from denticode_desktop.services.gateways import Gateways
from denticode_desktop.storage.sync_store import SqlSyncStore
from tests.fakes.clock import FakeClock
from tests.fakes.fake_pms import ASCEND, RIGHT_SECRET, FakeDirectory, FakePms
from tests.unit.storage.helpers import make_store

from .sender_world import Events, MemorySecrets

OWNER = Actor("olga", Role.OWNER)
DENTIST = Actor("sam", Role.PROVIDER)
FRONT = Actor("fran", Role.FRONT_OFFICE)
HOST = "http://127.0.0.1:4000"
SECRETS = ConnectionSecrets({"client_secret": RIGHT_SECRET})
VISIT = date(2026, 11, 20)
BORN = date(1984, 3, 2)
KIND_OF_RECORD = {PmsPatient: SyncKind.PATIENTS, PmsProvider: SyncKind.PROVIDERS, PmsLocation: SyncKind.LOCATIONS}


def settings(name: str = "Oak Street", **changes: Any) -> ConnectionSettings:
    """Of a stored rehearsal connection."""
    whole = ConnectionSettings(name, ASCEND, Environment.REHEARSAL, HOST, FakePms().organization_id, "client-1")
    return replace(whole, **changes)


def pms_patient(pms_patient_id: str, first: str = "Ana", last: str = "Ruiz", **changes: Any) -> PmsPatient:
    """An active patient of the PMS, born as our Ana; `status` and `merged_into` beside the person's fields."""
    status = changes.pop("status", PmsPatientStatus.ACTIVE)
    merged_into = changes.pop("merged_into", None)
    person = Demographics(first, last, changes.pop("date_of_birth", BORN), **changes)
    return PmsPatient(PmsPatientId(pms_patient_id), person, status, merged_into)


class ConnectWorld:
    """Everything around ConnectPractice, on a real encrypted store."""

    def __init__(self, tmp_path: Path, *, is_rehearsal_only: bool = False) -> None:
        self.clock = FakeClock()
        self.folder = tmp_path / "data"
        self.folder.mkdir()
        self.store = make_store(self.folder, clock=self.clock)
        self.pms = FakePms()
        self.directory = FakeDirectory(self.pms)
        self.secrets = MemorySecrets()
        self.sink = Events()
        self.gateways = Gateways(self.store, self.directory, self.secrets)
        self.connect = ConnectPractice(self.store, self.directory, self.secrets, self.gateways, self.clock, self.sink)
        self.checks: list[Check] = []
        self._runs: dict[tuple[ConnectionId, SyncKind], int] = {}
        self._labs = 0
        with self.store.write() as uow:
            uow.practice.create_practice("Oak Street Dental", is_rehearsal_only=is_rehearsal_only)

    def new(self, **changes: Any) -> NewConnection:
        """What a person types in."""
        whole = NewConnection(
            name="Oak Street - Ascend", pms_key=ASCEND, environment=Environment.REHEARSAL, host=HOST,
            organization_id=self.pms.organization_id, client_id="client-1",
        )  # fmt: skip
        return replace(whole, **changes)

    def add(self, secrets: ConnectionSecrets = SECRETS, **changes: Any) -> AddResult:
        """Adds as the owner."""
        return self.connect.add(OWNER, self.new(**changes), secrets, self.checks.append)

    def added(self, **changes: Any) -> ConnectionId:
        """Adds; the test goes well."""
        result = self.add(**changes)
        assert result.connection_id is not None
        return result.connection_id

    def stored(self, name: str = "Oak Street", **changes: Any) -> ConnectionId:
        """A connection stored without a test."""
        with self.store.write() as uow:
            return uow.connections.add(settings(name, **changes))

    def connection(self, connection_id: ConnectionId) -> Connection:
        with self.store.read() as uow:
            return uow.connections.get(connection_id)

    def events(self, *kinds: AuditKind) -> list[AuditEvent]:
        """Of these kinds (none = all), oldest first."""
        with self.store.read() as uow:
            return [e for e in uow.audit.iterate() if not kinds or e.draft.kind in kinds]

    def sync(self, connection_id: ConnectionId, *records: PmsRecord) -> None:
        """A full run that brings exactly these records of their kinds."""
        for record_type, kind in KIND_OF_RECORD.items():
            rows = [r for r in records if isinstance(r, record_type)]
            if rows:
                self._pull(connection_id, kind, rows)

    def _pull(self, connection_id: ConnectionId, kind: SyncKind, rows: Sequence[PmsRecord]) -> None:
        run = self._runs[connection_id, kind] = self._runs.get((connection_id, kind), 0) + 1
        sync_store = SqlSyncStore(self.store)
        sync_store.store(connection_id, kind, [StoredPage(rows, ())], SyncCursor(is_running=True, run=run))
        sync_store.finish(connection_id, kind, SyncCursor(is_running=True, run=run))

    def ours(self, first: str = "Ana", last: str = "Ruiz", **changes: Any) -> PatientId:
        """A patient that a Lab brought."""
        person = Demographics(first, last, changes.pop("date_of_birth", BORN), **changes)
        with self.store.write() as uow:
            return uow.people.add_patient(person, "ext")

    def finalized(self, patient_id: PatientId) -> LabId:
        """A finalized Lab without a write-back."""
        self._labs += 1
        lab_id, now = LabId(f"Llab{self._labs:04d}"), self.clock.utc_now()
        with self.store.write() as uow:
            content = LabContent(VISIT, patient_id, None, "S: hurts.")
            uow.labs.add_revision(
                lab_id, RevisionKind.ORIGINAL, content, external_id=lab_id, source_sha256="", created_at=now
            )
            uow.labs.finalize(lab_id, 1, content_sha256="c" * 64, at=now, by="olga")
        return lab_id

    def queued(
        self,
        connection_id: ConnectionId,
        patient_id: PatientId,
        pms_patient_id: PmsPatientId,
        *,
        notes: int = 1,
        send: bool = True,
        by_hand: Sequence[str] = (),
    ) -> WriteBackId:
        """A finalized Lab with its write-back of some notes."""
        lab_id, now = self.finalized(patient_id), self.clock.utc_now()
        payloads = [
            NotePayload(f"{lab_id} note {n}", VISIT, PmsProviderId("p1"), PmsLocationId("l1"), "") for n in range(notes)
        ]
        items = [
            NewItem(seq, ItemKind.NOTE, p, payload_sha256(p), f"{self._labs:08d}{seq:08d}", fingerprint_of(p))
            for seq, p in enumerate(payloads, 1)
        ]
        with self.store.write() as uow:
            writeback_id = uow.outbox.add_writeback(
                connection_id=connection_id, lab_id=lab_id, revision=1, pms_patient_id=pms_patient_id,
                snapshot=PatientSnapshot("Ana", "Ruiz", BORN), content_sha256="c" * 64, finalized_at=now,
                finalized_by="olga", created_at=now, by_hand=by_hand, items=items,
            )  # fmt: skip
            if send:
                uow.outbox.request_send(writeback_id, now)
        return writeback_id

    def items(self, writeback_id: WriteBackId) -> Sequence[Item]:
        with self.store.read() as uow:
            return uow.outbox.items(writeback_id)

    def close(self) -> None:
        """Gives the database back."""
        self.store.close()
