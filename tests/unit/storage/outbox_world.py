"""An encrypted store with a practice, a connection, a patient and as many finalized Labs as a test wants."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from denticode_desktop.domain.charting import ProcedureStatus
from denticode_desktop.domain.connection import ConnectionSettings, Environment
from denticode_desktop.domain.fingerprint import fingerprint_of
from denticode_desktop.domain.ids import (
    ConnectionId,
    ItemId,
    LabId,
    PatientId,
    PmsCodeId,
    PmsKey,
    PmsPatientId,
    PmsProviderId,
    WriteBackId,
)
from denticode_desktop.domain.lab import LabContent, RevisionKind, content_sha256
from denticode_desktop.domain.marker import marker_for, with_marker
from denticode_desktop.domain.payload import KIND_OF_PAYLOAD, payload_sha256
from denticode_desktop.domain.people import Demographics
from denticode_desktop.domain.write_back import (
    Item,
    ItemPayload,
    NewItem,
    NotePayload,
    PatientSnapshot,
    ProcedurePayload,
)
from denticode_desktop.ports.unit_of_work import UnitOfWork
from denticode_desktop.storage.session import Session
from denticode_desktop.storage.store import SqlStore
from tests.fakes.clock import FakeClock

from .helpers import make_store

AT = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
VISIT = date(2026, 11, 20)
PROVIDER = PmsProviderId("prov-1")


def settings(name: str = "Elm Street rehearsal") -> ConnectionSettings:
    """A rehearsal connection's settings."""
    return ConnectionSettings(
        name, PmsKey("dentrix-ascend"), Environment.REHEARSAL, "http://127.0.0.1:9", "org-1", "client-1", settle_s=2
    )


def note(text: str = "S: invented.") -> NotePayload:
    """A note's payload."""
    return NotePayload(text, VISIT, PROVIDER, None, "America/Denver")


def procedure(code: str = "T0101") -> ProcedurePayload:
    """A procedure's payload."""
    return ProcedurePayload(
        code, PmsCodeId(f"id-{code}"), "14", "MO", None, ProcedureStatus.TREATMENT_PLANNED, 12_500, VISIT, PROVIDER,
        None, "America/Denver",
    )  # fmt: skip


def new_items(lab_id: LabId, payloads: Sequence[ItemPayload], revision: int = 1) -> list[NewItem]:
    """Items of one write-back, numbered from 1; notes carry their marker."""
    items = []
    for seq, payload in enumerate(payloads, 1):
        marker = marker_for("org-1", lab_id, revision, seq)
        if isinstance(payload, NotePayload):
            payload = note(with_marker(payload.text, marker))  # noqa: PLW2901 - the payload as it is finalized
        items.append(
            NewItem(
                seq, KIND_OF_PAYLOAD[type(payload)], payload, payload_sha256(payload), marker, fingerprint_of(payload)
            )
        )
    return items


@dataclass
class OutboxWorld:
    """The store and what stands in it from the start."""

    store: SqlStore
    clock: FakeClock
    connection_id: ConnectionId
    patient_id: PatientId
    labs: int = 0

    def finalized_lab(self, uow: UnitOfWork, lab_id: LabId, *, revision: int = 1) -> str:
        """A finalized revision; its content hash."""
        content = LabContent(VISIT, self.patient_id, None, "S: invented.")
        kind = RevisionKind.ORIGINAL if revision == 1 else RevisionKind.ADDENDUM
        added = uow.labs.add_revision(lab_id, kind, content, external_id="", source_sha256="", created_at=AT)
        assert added.revision == revision
        digest = content_sha256(content)
        uow.labs.finalize(lab_id, revision, content_sha256=digest, at=AT, by="lee")
        return digest

    def add_writeback(
        self,
        uow: UnitOfWork,
        payloads: Sequence[ItemPayload] = (),
        *,
        pms_patient_id: str = "pms-1",
        lab_id: LabId | None = None,
        revision: int = 1,
        is_requested: bool = True,
    ) -> WriteBackId:
        """A write-back of a fresh Lab (or of the next revision of one) in an open unit."""
        self.labs += 1
        lab = lab_id or LabId(f"Llab{self.labs:06d}")
        digest = self.finalized_lab(uow, lab, revision=revision)
        writeback_id = uow.outbox.add_writeback(
            connection_id=self.connection_id, lab_id=lab, revision=revision,
            pms_patient_id=PmsPatientId(pms_patient_id), snapshot=PatientSnapshot("Ana", "Ruiz", date(1984, 3, 2)),
            content_sha256=digest, finalized_at=AT, finalized_by="lee", created_at=AT, by_hand=("a line by hand",),
            items=new_items(lab, payloads or (note(), procedure()), revision),
        )  # fmt: skip
        if is_requested:
            uow.outbox.request_send(writeback_id, AT)
        return writeback_id

    def writeback(self, *payloads: ItemPayload, pms_patient_id: str = "pms-1", is_requested: bool = True) -> list[Item]:
        """Commits a write-back and gives its items."""
        with self.store.write() as uow:
            writeback_id = self.add_writeback(
                uow, payloads, pms_patient_id=pms_patient_id, is_requested=is_requested
            )
            return list(uow.outbox.items(writeback_id))

    def writeback_id_of(self, item_id: int) -> WriteBackId:
        """Which write-back an item belongs to."""
        with self.store.read() as uow:
            return uow.outbox.item(ItemId(item_id)).writeback_id

    @contextmanager
    def sql(self) -> Iterator[Session]:
        """A bare write session."""
        with self.store.write_session() as session:
            yield session


def make_world(tmp_path: Path) -> OutboxWorld:
    """A practice with one connection and one patient."""
    clock = FakeClock()
    store = make_store(tmp_path, clock=clock)
    with store.write() as uow:
        uow.practice.create_practice("Invented Dental", is_rehearsal_only=True)
        connection_id = uow.connections.add(settings())
        patient_id = uow.people.add_patient(Demographics("Ana", "Ruiz", date(1984, 3, 2)), "scribe-1")
    return OutboxWorld(store, clock, connection_id, patient_id)
