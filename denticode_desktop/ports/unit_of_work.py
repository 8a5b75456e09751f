"""UnitOfWork: one transaction and the repositories it opens.

A write unit begins IMMEDIATE, so that the audit chain has one writer at a time across threads and processes; it
commits when its block ends without an exception and rolls back otherwise. No unit is ever open while a request is on
the wire. A read unit is a consistent snapshot that cannot write. Every method raises StorageError for what the disk
or database does; nothing of SQLAlchemy comes out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from contextlib import AbstractContextManager
    from datetime import date, datetime

    from denticode_desktop.domain.access import Role
    from denticode_desktop.domain.audit_event import AuditDraft, AuditEvent, AuditHead
    from denticode_desktop.domain.charting import CatalogueCode
    from denticode_desktop.domain.connection import (
        Connection,
        ConnectionReport,
        ConnectionSettings,
        HoldReason,
        Permission,
    )
    from denticode_desktop.domain.entity_link import PatientLink, ProviderLink
    from denticode_desktop.domain.ids import (
        ConnectionId,
        LabId,
        PatientId,
        PmsPatientId,
        ProviderId,
        UserId,
    )
    from denticode_desktop.domain.lab import LabContent, LabRevision, RevisionKind
    from denticode_desktop.domain.people import Demographics, Patient, PmsLocation, PmsPatient, PmsProvider, Provider
    from denticode_desktop.domain.schedule import PmsAppointment

    from .outbox_repository import OutboxRepository, SenderRepository
    from .views import AuditFilter, LabSummary, PmsPatientHit, User


class PracticeRepository(Protocol):
    """The practice and its users."""

    def create_practice(self, name: str, *, is_rehearsal_only: bool) -> None:
        """Once per database."""
        ...

    def practice_name(self) -> str: ...

    def is_rehearsal_only(self) -> bool: ...

    def add_user(self, name: str, role: Role, password_hash: str) -> UserId:
        """Raises UserError (field `user`) when the name, compared without case, is taken."""
        ...

    def user_by_name(self, name: str) -> User | None: ...

    def users(self) -> Sequence[User]: ...

    def setting(self, key: str) -> str | None:
        """A practice-wide setting's stored text, None when never set."""
        ...

    def set_setting(self, key: str, value: str) -> None: ...


class ConnectionRepository(Protocol):
    """Connections. Never a secret."""

    def add(self, settings: ConnectionSettings) -> ConnectionId:
        """Raises UserError (field `name`) when an enabled connection has that name already."""
        ...

    def get(self, connection_id: ConnectionId) -> Connection:
        """Raises NotFoundError."""
        ...

    def all(self) -> Sequence[Connection]: ...

    def change_settings(self, connection_id: ConnectionId, settings: ConnectionSettings) -> None: ...

    def set_enabled(self, connection_id: ConnectionId, is_enabled: bool) -> None: ...

    def set_report(self, connection_id: ConnectionId, report: ConnectionReport, at: datetime) -> None: ...

    def set_hold(self, connection_id: ConnectionId, hold: HoldReason | None, detail: str = "") -> None: ...

    def note_good_read(self, connection_id: ConnectionId, at: datetime) -> None: ...

    def note_good_write(self, connection_id: ConnectionId, at: datetime, permission: Permission) -> None: ...

    def note_lag(self, connection_id: ConnectionId, ticks: int) -> None:
        """Keeps the largest."""
        ...

    def double_settle(self, connection_id: ConnectionId) -> None: ...

    def note_waiting(self, connection_id: ConnectionId, why: str, next_try_at: datetime | None) -> None:
        """For screens only."""
        ...

    def add_calls(self, connection_id: ConnectionId, month: str, calls: int) -> None:
        """`month` is `YYYY-MM`; another month starts from zero."""
        ...


class PeopleRepository(Protocol):
    """Patients and providers as Denticode knows them, and the links to PMS records."""

    def add_patient(self, person: Demographics, external_id: str) -> PatientId: ...

    def patient(self, patient_id: PatientId) -> Patient:
        """Raises NotFoundError."""
        ...

    def update_patient(self, patient_id: PatientId, person: Demographics) -> None: ...

    def find_patient(self, person: Demographics) -> PatientId | None:
        """The patient with exactly this name (without case), birth date and chart number, if there is one."""
        ...

    def find_patients(self, person: Demographics) -> Sequence[PatientId]:
        """All patients with this name (without case) and birth date whose chart number does not say otherwise.

        An empty chart number is not known, on either side. The same number comes first, then the oldest.
        """
        ...

    def patients(self, *, limit: int) -> Sequence[Patient]: ...

    def find_or_add_provider(self, name: str, npi: str) -> ProviderId: ...

    def provider(self, provider_id: ProviderId) -> Provider:
        """Raises NotFoundError."""
        ...

    def providers(self) -> Sequence[Provider]: ...

    def patient_link(self, connection_id: ConnectionId, patient_id: PatientId) -> PatientLink | None:
        """The active version."""
        ...

    def link_patient(self, link: PatientLink) -> None:
        """Stores a version; one active link per patient and per PMS patient of a connection is a constraint.

        Raises UserError where the PMS patient is linked to somebody else already.
        """
        ...

    def end_patient_link(self, connection_id: ConnectionId, patient_id: PatientId, by: str, at: datetime) -> None: ...

    def linked_patient(self, connection_id: ConnectionId, pms_patient_id: PmsPatientId) -> PatientId | None: ...

    def reject_link(
        self, connection_id: ConnectionId, patient_id: PatientId, pms_patient_id: PmsPatientId, by: str, at: datetime
    ) -> None: ...

    def rejected(self, connection_id: ConnectionId, patient_id: PatientId) -> AbstractSet[PmsPatientId]: ...

    def provider_link(self, connection_id: ConnectionId, provider_id: ProviderId) -> ProviderLink | None: ...

    def link_provider(self, link: ProviderLink) -> None:
        """Replaces an earlier one."""
        ...


class RosterRepository(Protocol):
    """What a sync brought: read by screens, matching and mapping. Written by SyncStore (ports.sync_store)."""

    def pms_patient(self, connection_id: ConnectionId, pms_patient_id: PmsPatientId) -> PmsPatient | None: ...

    def search_patients(
        self, text: str, *, connection_id: ConnectionId | None, limit: int
    ) -> Sequence[PmsPatientHit]:
        """By any beginning of a name part, chart number, phone digits or birth date; p99 3 ms at a million rows."""
        ...

    def patients_born_on(self, connection_id: ConnectionId, born_on: date, limit: int) -> Sequence[PmsPatient]: ...

    def pms_providers(self, connection_id: ConnectionId) -> Sequence[PmsProvider]: ...

    def pms_locations(self, connection_id: ConnectionId) -> Sequence[PmsLocation]: ...

    def catalogue(self, connection_id: ConnectionId, code: str | None = None) -> Sequence[CatalogueCode]:
        """Rows of a code (compared without case), or all."""
        ...

    def appointments_of_day(
        self, connection_id: ConnectionId, start: datetime, end: datetime
    ) -> Sequence[PmsAppointment]: ...

    def counts(self, connection_id: ConnectionId) -> Mapping[str, int]:
        """Live rows by kind (`patients`, `providers` …)."""
        ...


class LabRepository(Protocol):
    """Labs and their revisions. A finalized revision cannot be changed (a trigger says no)."""

    def add_revision(
        self, lab_id: LabId, kind: RevisionKind, content: LabContent, *,
        external_id: str, source_sha256: str, created_at: datetime,
    ) -> LabRevision:
        """The next number of that Lab, as a draft. At most one draft a Lab: raises UserError."""
        ...  # fmt: skip

    def update_draft(self, lab_id: LabId, revision: int, content: LabContent, source_sha256: str) -> None: ...

    def discard_draft(self, lab_id: LabId, revision: int) -> None: ...

    def finalize(
        self, lab_id: LabId, revision: int, *, content_sha256: str, at: datetime, by: str
    ) -> None: ...

    def revision(self, lab_id: LabId, revision: int | None = None) -> LabRevision:
        """That one, or the latest. Raises NotFoundError."""
        ...

    def revisions(self, lab_id: LabId) -> Sequence[LabRevision]: ...

    def find(self, lab_id: LabId) -> LabRevision | None:
        """The latest revision, if the Lab exists."""
        ...

    def summaries(self, *, text: str = "", limit: int = 200, offset: int = 0) -> Sequence[LabSummary]: ...

    def put_blob(self, sha256: str, data: bytes) -> None:
        """A document's bytes; the same hash twice is stored once."""
        ...

    def blob(self, sha256: str) -> bytes:
        """Raises NotFoundError."""
        ...


class AuditRepository(Protocol):
    """The hash-chained log. A row can be added, never changed or deleted (a trigger says no)."""

    def append(self, draft: AuditDraft) -> AuditEvent:
        """The next event, sealed with the store's clock, workstation and version."""
        ...

    def head(self) -> AuditHead: ...

    def event(self, seq: int) -> AuditEvent | None: ...

    def iterate(self, after_seq: int = 0) -> Iterator[AuditEvent]:
        """All events by seq, streamed."""
        ...

    def page(self, filters: AuditFilter, *, before_seq: int | None, limit: int) -> Sequence[AuditEvent]:
        """Newest first, below `before_seq`."""
        ...

    def count(self, filters: AuditFilter) -> int: ...


class UnitOfWork(Protocol):
    """One transaction's repositories."""

    practice: PracticeRepository
    connections: ConnectionRepository
    people: PeopleRepository
    roster: RosterRepository
    labs: LabRepository
    outbox: OutboxRepository
    sender: SenderRepository
    audit: AuditRepository


class Store(Protocol):
    """The open database."""

    def write(self) -> AbstractContextManager[UnitOfWork]:
        """A write unit: durable (synchronous=FULL) when the block has ended."""
        ...

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """A read unit."""
        ...

    def close(self) -> None:
        """Gives every connection back; the WAL is folded in."""
        ...
