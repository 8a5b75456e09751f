"""A practice with one rehearsal PMS for lab desk and outbox: a real encrypted store, a synced roster, a Lab folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from denticode_desktop.domain.access import Actor, Role
from denticode_desktop.domain.audit_event import AuditEvent, AuditKind, is_intact
from denticode_desktop.domain.charting import CatalogueCode
from denticode_desktop.domain.ids import (
    ConnectionId,
    LabId,
    PmsPatientId,
    PmsProviderId,
)
from denticode_desktop.domain.people import Demographics, PmsPatient, PmsPatientStatus, PmsProvider
from denticode_desktop.domain.sync_cursor import SyncCursor, SyncKind
from denticode_desktop.lab_files.denticode_lab import DenticodeLabReader
from denticode_desktop.ports.pms import PmsRecord
from denticode_desktop.ports.sync_store import StoredPage
from denticode_desktop.services.compose import Composer
from denticode_desktop.services.entity_linking import EntityLinking
from denticode_desktop.services.lab_desk import LabDesk
from denticode_desktop.services.lab_intake import ImportResult
from denticode_desktop.services.outbox import Outbox
from denticode_desktop.storage.sync_store import SqlSyncStore
from tests.unit.lab_files.lab_file_factory import lab_json, write_lab
from tests.unit.storage.helpers import make_store

from .lab_fakes import CountedRandomness, FakeDirectory, HeardEvents, SteppingClock, code, settings

OWNER = Actor("owner", Role.OWNER)
DENTIST = Actor("lee", Role.PROVIDER)
FRONT = Actor("desk", Role.FRONT_OFFICE)
ANA, LEE = PmsPatientId("7001"), PmsProviderId("31")
CODES = (code("T0101"), code("T0202"), code("T0303", "303a", extension="A"), code("T0303", "303b", extension="B"))


class LabWorld:
    """Everything that lab desk and outbox act on."""

    def __init__(self, tmp_path: Path) -> None:
        self.clock, self.sink, self.directory = SteppingClock(), HeardEvents(), FakeDirectory()
        self.store = make_store(tmp_path, clock=self.clock)
        self.folder = tmp_path / "labs"
        self._tmp_path = tmp_path
        composer = Composer(self.directory)
        linking = self.linking = EntityLinking(self.store, self.clock, self.sink)
        self.desk = LabDesk(
            self.store, DenticodeLabReader(self.clock), self.clock, CountedRandomness(), self.sink, linking, composer
        )
        self.outbox = Outbox(self.store, self.directory, self.clock, self.sink, composer, linking)
        with self.store.write() as uow:
            uow.practice.create_practice("Oak Street Dental", is_rehearsal_only=True)
        self.connection_id = self.add_connection("Oak Street Ascend")

    def add_connection(self, name: str) -> ConnectionId:
        """Another enabled connection with an empty roster."""
        with self.store.write() as uow:
            return uow.connections.add(settings(name))

    def sync(
        self,
        connection_id: ConnectionId | None = None,
        *,
        codes: Sequence[CatalogueCode] = CODES,
        status: PmsPatientStatus = PmsPatientStatus.ACTIVE,
    ) -> None:
        """Puts Ana, Dr. Lee and the code list into the roster."""
        person = Demographics("Ana", "Ruiz", date(1984, 3, 2))
        self.pull(SyncKind.PATIENTS, [PmsPatient(ANA, person, status)], connection_id)
        self.pull(SyncKind.PROVIDERS, [PmsProvider(LEE, "Sam", "Lee", npi="1234567890")], connection_id)
        self.pull(SyncKind.CODES, codes, connection_id)

    def pull(self, kind: SyncKind, records: Sequence[PmsRecord], connection_id: ConnectionId | None = None) -> None:
        """A full pull of one kind."""
        sync_store, connection_id = SqlSyncStore(self.store), connection_id or self.connection_id
        cursor = SyncCursor(is_running=True, run=1)
        sync_store.store(connection_id, kind, [StoredPage(records, ())], cursor)
        sync_store.finish(connection_id, kind, SyncCursor(is_full=False, run=1))

    def lab_json(self, **changes: Any) -> dict[str, Any]:
        """A Lab file that names Ana's and Dr. Lee's ids in the PMS."""
        content = lab_json()
        content["patient"]["pms_patient_id"] = ANA
        content["provider"]["pms_provider_id"] = LEE
        return content | {"documents": []} | changes

    def import_lab(self, actor: Actor = OWNER, **changes: Any) -> ImportResult:
        """Imports a Lab file."""
        return self.desk.import_file(actor, write_lab(self.folder, self.lab_json(**changes)))

    def finalized(self, **changes: Any) -> LabId:
        """A Lab that was imported and finalized."""
        lab_id = self.import_lab(**changes).lab_id
        self.desk.finalize(OWNER, lab_id)
        return lab_id

    def events(self, *kinds: AuditKind) -> list[AuditEvent]:
        """Audit events of these kinds, oldest first; the chain must be intact."""
        with self.store.read() as uow:
            found = list(uow.audit.iterate())
        previous = "0" * 64
        for seq, event in enumerate(found, start=1):
            assert is_intact(event, previous, seq)
            previous = event.hash
        for event in found:
            assert "Ruiz" not in json.dumps([event.draft.reason, event.draft.detail])
        return [event for event in found if event.draft.kind in kinds]

    def close(self) -> None:
        """Gives the database back."""
        self.store.close()
