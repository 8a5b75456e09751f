"""A small world for the real sender: a real encrypted store, a PMS in memory, a clock and ticks that the test moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from denticode_desktop.domain.access import Role
from denticode_desktop.domain.audit_event import AuditEvent, AuditKind, is_intact
from denticode_desktop.domain.chart_match import ChartRecord
from denticode_desktop.domain.charting import ProcedureStatus
from denticode_desktop.domain.connection import Connection, ConnectionSettings, Environment, HoldReason
from denticode_desktop.domain.entity_link import LinkRule, PatientLink
from denticode_desktop.domain.errors import SecretStoreError
from denticode_desktop.domain.events import Event
from denticode_desktop.domain.fingerprint import fingerprint_of
from denticode_desktop.domain.ids import (
    ConnectionId,
    ItemId,
    LabId,
    PmsCodeId,
    PmsPatientId,
    PmsProviderId,
    RemoteId,
    WriteBackId,
)
from denticode_desktop.domain.lab import LabContent, RevisionKind
from denticode_desktop.domain.marker import marker_for, with_marker
from denticode_desktop.domain.payload import payload_sha256
from denticode_desktop.domain.people import Demographics, PmsPatient, PmsPatientStatus
from denticode_desktop.domain.write_back import (
    Item,
    ItemKind,
    ItemPayload,
    ItemState,
    NewItem,
    NotePayload,
    PatientSnapshot,
    ProcedurePayload,
    RequestKind,
)
from denticode_desktop.ports.secrets import ANCHOR
from denticode_desktop.services.anchor import AnchorStore
from denticode_desktop.services.gateways import Gateways
from denticode_desktop.services.sender import Sender
from denticode_desktop.services.ticks import Ticks
from tests.fakes.clock import FakeClock, FakeRandomness
from tests.fakes.fake_pms import ASCEND, FakeDirectory, FakePms
from tests.unit.storage.helpers import make_store, reopen_store

ORG = "0123456789abcdef01234567"
ANA = PmsPatientId("9000000000001")
BEN = PmsPatientId("9000000000002")
SETTLE = 5


class MemorySecrets:
    """A credential store in memory that can be locked."""

    kind = "memory"
    is_real = True

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.is_locked = False

    def get(self, name: str) -> str | None:
        self._check()
        return self.values.get(name)

    def put(self, name: str, value: str) -> None:
        self._check()
        self.values[name] = value

    def delete(self, name: str) -> None:
        self._check()
        self.values.pop(name, None)

    def _check(self) -> None:
        if self.is_locked:
            raise SecretStoreError("locked")


class Events:
    """Keeps what was published."""

    def __init__(self) -> None:
        self.seen: list[Event] = []

    def publish(self, event: Event) -> None:
        self.seen.append(event)


class SenderWorld:
    """Everything around one sender; `restart` is a crash and a new process."""

    def __init__(self, tmp_path: Path, *, settle_s: int = SETTLE, is_marker_on: bool = True) -> None:
        self.clock = FakeClock()
        self.folder = tmp_path / "data"
        self.folder.mkdir()
        self.store = make_store(self.folder, clock=self.clock)
        self.pms = FakePms(clock_s=self.clock.monotonic_s)
        self.directory = FakeDirectory(self.pms)
        self.secrets = MemorySecrets()
        self.sink = Events()
        self.is_marker_on = is_marker_on
        for patient in (ANA, BEN):
            self.pms.put(self.person(patient))
        settings = ConnectionSettings(
            "Main Street", ASCEND, Environment.REHEARSAL, "http://127.0.0.1:1", ORG, "client", settle_s=settle_s,
            is_marker_on=is_marker_on, time_zone="America/New_York",
        )  # fmt: skip
        with self.store.write() as uow:
            uow.practice.create_practice("Cedar Street Dental", is_rehearsal_only=True)
            uow.practice.add_user("olga", Role.OWNER, "")
            self.connection_id = uow.connections.add(settings)
        self.secrets.values[f"connection-{self.connection_id}-client_secret"] = "right-secret"
        self._labs = 0
        self.restart()

    def add_connection(self, name: str) -> None:
        """A further connection to the same PMS; what comes after it goes over that one."""
        with self.store.write() as uow:
            settings = uow.connections.get(self.connection_id).settings
            self.connection_id = uow.connections.add(replace(settings, name=name))
        self.secrets.values[f"connection-{self.connection_id}-client_secret"] = "right-secret"

    def person(self, patient: PmsPatientId) -> PmsPatient:
        first = {ANA: "Ana", BEN: "Ben"}.get(patient, f"Pat{patient[-3:]}")
        return PmsPatient(patient, Demographics(first, "Ruiz", date(1984, 3, 2)), PmsPatientStatus.ACTIVE)

    def more_patients(self, n: int) -> list[PmsPatientId]:
        """So many others, known to the PMS."""
        others = [PmsPatientId(f"9000000000{100 + i}") for i in range(n)]
        for patient in others:
            self.pms.put(self.person(patient))
        return others

    # -- the sender ----------------------------------------------------------------------------------------------

    def restart(self) -> None:
        """A new process on the same data folder: memory is gone, the clock is not."""
        self.ticks = Ticks(self.clock)
        self.sender = Sender(
            store=self.store,
            gateways=Gateways(self.store, self.directory, self.secrets),
            anchor=AnchorStore(self.secrets),
            ticks=self.ticks,
            clock=self.clock,
            randomness=FakeRandomness(),
            sink=self.sink,
        )
        self.start_report = self.sender.start()

    def reopen(self) -> None:
        """Opens whatever database is in the folder now."""
        self.store = reopen_store(self.folder, clock=self.clock)

    def turn(self, n: int = 1) -> None:
        """A second goes by and the sender takes its turn, `n` times."""
        for _ in range(n):
            self.clock.advance(1.0)
            self.ticks.tick()
            while self.sender.tick():
                pass

    # -- Labs ----------------------------------------------------------------------------------------------------

    def lab(
        self,
        *codes: str,
        patient: PmsPatientId = ANA,
        text: str = "S: tooth 14 hurts when chewing.",
        send: bool = True,
        last_name: str = "Ruiz",
    ) -> WriteBackId:
        """A finalized Lab with a note and procedures, queued and (unless told otherwise) asked to be sent.

        last_name: the patient's as the chart had it when the Lab was finalized.
        """
        self._labs += 1
        lab_id = LabId(f"Llab{self._labs:04d}")
        now = self.clock.utc_now()
        with self.store.write() as uow:
            patient_id = uow.people.find_patient(self.person(patient).person) or uow.people.add_patient(
                self.person(patient).person, "ext"
            )
            if uow.people.patient_link(self.connection_id, patient_id) is None:
                uow.people.link_patient(
                    PatientLink(self.connection_id, patient_id, patient, 0, LinkRule.PERSON, "olga", now)
                )
            content = LabContent(date(2026, 11, 20), patient_id, None, text)
            revision = uow.labs.add_revision(
                lab_id, RevisionKind.ORIGINAL, content, external_id=f"x{self._labs}", source_sha256="", created_at=now
            )
            uow.labs.finalize(lab_id, revision.revision, content_sha256="c" * 64, at=now, by="olga")
            writeback_id = uow.outbox.add_writeback(
                connection_id=self.connection_id, lab_id=lab_id, revision=1, pms_patient_id=patient,
                snapshot=PatientSnapshot(self.person(patient).person.first_name, last_name, date(1984, 3, 2)),
                content_sha256="c" * 64, finalized_at=now, finalized_by="olga", created_at=now, by_hand=(),
                items=self._items(lab_id, text, codes),
            )  # fmt: skip
            if send:
                uow.outbox.request_send(writeback_id, now)
        return writeback_id

    def _items(self, lab_id: LabId, text: str, codes: tuple[str, ...]) -> list[NewItem]:
        marker = marker_for(ORG, lab_id, 1, 1)
        whole = with_marker(text, marker) if self.is_marker_on else text
        note = NotePayload(whole, date(2026, 11, 20), PmsProviderId("p1"), None, "America/New_York")
        payloads: list[ItemPayload] = [note]
        payloads += [
            ProcedurePayload(
                code, PmsCodeId(f"c-{code}"), None, None, None, ProcedureStatus.TREATMENT_PLANNED, None,
                date(2026, 11, 20), PmsProviderId("p1"), None, "America/New_York",
            )
            for code in codes
        ]  # fmt: skip
        return [
            NewItem(
                seq, ItemKind.NOTE if isinstance(p, NotePayload) else ItemKind.PROCEDURE, p, payload_sha256(p),
                marker_for(ORG, lab_id, 1, seq), fingerprint_of(p),
            )
            for seq, p in enumerate(payloads, 1)
        ]  # fmt: skip

    # -- what came of it -----------------------------------------------------------------------------------------

    def items(self, writeback_id: WriteBackId) -> list[Item]:
        with self.store.read() as uow:
            return list(uow.outbox.items(writeback_id))

    def states(self, writeback_id: WriteBackId) -> list[ItemState]:
        return [i.state for i in self.items(writeback_id)]

    def connection(self) -> Connection:
        with self.store.read() as uow:
            return uow.connections.get(ConnectionId(self.connection_id))

    def events(self) -> list[AuditEvent]:
        with self.store.read() as uow:
            return list(uow.audit.iterate())

    def decide(self, item_id: ItemId, kind: RequestKind, **kw: object) -> int:
        with self.store.write() as uow:
            request = uow.outbox.add_request(
                item_id, kind, reason="looked at the chart", by="olga", role="Owner", at=self.clock.utc_now(),
                **kw,  # type: ignore[arg-type]
            )  # fmt: skip
        return request.request_id

    def calls(self, name: str, patient: PmsPatientId | None = None) -> int:
        """How often the PMS was asked that, for one patient or for anyone."""
        return len([c for c in self.pms.calls if c.name == name and patient in (None, c.pms_patient_id)])

    def pause_all(self, *, is_paused: bool = True) -> None:
        with self.store.write() as uow:
            uow.practice.set_setting("sending_paused", "1" if is_paused else "0")

    def hold(self, reason: HoldReason | None) -> None:
        with self.store.write() as uow:
            uow.connections.set_hold(self.connection_id, reason)

    def kinds(self, kind: AuditKind) -> int:
        """How many audit events of that kind there are."""
        return len([e for e in self.events() if e.draft.kind is kind])

    def result(self, request_id: int) -> str:
        with self.store.read() as uow:
            return uow.outbox.request(request_id).result

    def chart(self, patient: PmsPatientId = ANA) -> list[ChartRecord]:
        return self.pms.chart(patient)

    def staff_types(self, item: Item, remote_id: str = "STAFF1", **changes: object) -> RemoteId:
        """Somebody types the same record into the PMS."""
        text = item.payload.text.split("\n\n[Denticode")[0] if isinstance(item.payload, NotePayload) else ""
        record = ChartRecord(RemoteId(remote_id), item.pms_patient_id, item.kind, item.fingerprint, text=text)
        self.pms.type_record(replace(record, **changes))  # type: ignore[arg-type]
        return record.remote_id

    def assert_sound(self) -> None:
        """Invariants 1, 2 and 15 of the protocol, as far as one moment shows them."""
        with self.store.read() as uow:
            items = [i for w in range(1, self._labs + 1) for i in uow.outbox.items(WriteBackId(w))]
        owned = [i.remote_id for i in items if i.state is ItemState.DONE]
        assert None not in owned
        assert len(set(owned)) == len(owned), "two items own one record"
        for item in items:
            if item.state is ItemState.DONE:
                records = {r.remote_id for r in self.pms.chart(item.pms_patient_id, item.kind)}
                assert item.remote_id in records, "DONE without a record in the chart"
        previous, seq = "0" * 64, 1
        for event in self.events():
            assert is_intact(event, previous, seq)
            previous, seq = event.hash, seq + 1


    def pass_days(self, days: float) -> None:
        """Time goes by while the computer is off."""
        self.clock.advance(timedelta(days=days).total_seconds())

    @property
    def anchor_text(self) -> str | None:
        return self.secrets.values.get(ANCHOR)
