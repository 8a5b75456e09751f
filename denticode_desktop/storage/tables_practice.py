"""The practice itself: users, settings, connections, people and the links between them."""

from datetime import date, datetime

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from denticode_desktop.domain.connection import Environment, HoldReason
from denticode_desktop.domain.entity_link import LinkRule
from denticode_desktop.domain.ids import (
    ConnectionId,
    PatientId,
    PmsKey,
    PmsLocationId,
    PmsPatientId,
    PmsProviderId,
    ProviderId,
    UserId,
)
from denticode_desktop.domain.people import Sex

from .schema import (
    STRICT,
    WITHOUT_ROWID,
    Base,
    check,
    flag_check,
    frozen_columns,
    index,
    of_connection,
    one_of,
    trigger,
)


class PracticeRow(Base):
    """The practice: one row."""

    __tablename__ = "practice"

    id: Mapped[int] = mapped_column(primary_key=True, comment="always 1")
    name: Mapped[str] = mapped_column(comment="as the owner typed it")
    is_rehearsal_only: Mapped[bool] = mapped_column(comment="the key is in a file: no real connection may be added")
    created_at: Mapped[datetime] = mapped_column(comment="UTC")

    __table_args__ = (check("one_row", "id = 1"), *flag_check("is_rehearsal_only"), STRICT)


class AppUserRow(Base):
    """A person who uses the program."""

    __tablename__ = "app_user"

    id: Mapped[UserId] = mapped_column(primary_key=True, comment="given by SQLite")
    name: Mapped[str] = mapped_column(comment="as typed; stands in the audit log")
    name_key: Mapped[str] = mapped_column(comment="the name without case, for comparing")
    role: Mapped[str] = mapped_column(comment="name of the role")
    is_enabled: Mapped[bool] = mapped_column(server_default="1", comment="no = may not sign in")
    password_hash: Mapped[str] = mapped_column(server_default="", comment="Argon2id; empty = none set, no sign-in")

    __table_args__ = (
        UniqueConstraint("name_key"),
        check("name_given", "name_key <> ''"),
        *flag_check("is_enabled"),
        STRICT,
    )


class SettingRow(Base):
    """A choice for the whole practice."""

    __tablename__ = "setting"

    name: Mapped[str] = mapped_column(primary_key=True, comment="key of the setting")
    value: Mapped[str] = mapped_column(comment="its value as text")

    __table_args__ = (WITHOUT_ROWID,)


class ConnectionRow(Base):
    """The practice's account at one PMS. Never a secret: those are in the credential store."""

    __tablename__ = "connection"

    id: Mapped[ConnectionId] = mapped_column(primary_key=True, comment="given by SQLite")
    name: Mapped[str] = mapped_column(comment="as typed")
    name_key: Mapped[str] = mapped_column(comment="the name without case; one enabled connection a name")
    pms_key: Mapped[PmsKey] = mapped_column(comment="which PMS, such as dentrix-ascend")
    environment: Mapped[Environment] = mapped_column(comment="production, sandbox or rehearsal")
    host: Mapped[str] = mapped_column(comment="scheme and host of the PMS, no path")
    organization_id: Mapped[str] = mapped_column(comment="the vendor's id of the practice")
    client_id: Mapped[str] = mapped_column(comment="the vendor's id of the practice's key; not the key")
    location_id: Mapped[PmsLocationId | None] = mapped_column(comment="the chosen office; NULL = none chosen")
    default_provider_id: Mapped[PmsProviderId | None] = mapped_column(comment="for a Lab without one; NULL = none")
    settle_s: Mapped[int] = mapped_column(comment="declared settle time, ticks of about a second")
    is_marker_on: Mapped[bool] = mapped_column(comment="the marker stands as the last line of a note")
    may_complete_procedures: Mapped[bool] = mapped_column(comment="completed lines go as completed, onto the ledger")
    time_zone: Mapped[str] = mapped_column(comment="IANA name of the location's zone; empty = the computer's own")
    is_enabled: Mapped[bool] = mapped_column(server_default="1", comment="no = disconnected")
    hold: Mapped[HoldReason | None] = mapped_column(comment="why nothing is sent for now; NULL = nothing holds it")
    hold_detail: Mapped[str] = mapped_column(server_default="", comment="such as the missing permission; may be empty")
    report: Mapped[str | None] = mapped_column(comment="JSON of domain.connection.ConnectionReport; NULL = untested")
    tested_at: Mapped[datetime | None] = mapped_column(comment="UTC of that report")
    last_good_read_at: Mapped[datetime | None] = mapped_column(comment="UTC; NULL = never")
    last_good_write_at: Mapped[datetime | None] = mapped_column(comment="UTC of the last accepted send; NULL = never")
    largest_lag_ticks: Mapped[int] = mapped_column(server_default="0", comment="longest wait until a record was seen")
    settle_factor: Mapped[int] = mapped_column(server_default="1", comment="doubled by each twin that the watch finds")
    calls_month: Mapped[str] = mapped_column(server_default="", comment="UTC month of `calls`, 2026-11; empty = none")
    calls: Mapped[int] = mapped_column(server_default="0", comment="requests counted in that month")
    write_confirmed: Mapped[tuple[str, ...]] = mapped_column(
        server_default="[]", comment="write permissions proven by a first success, sorted"
    )
    waiting_why: Mapped[str] = mapped_column(server_default="", comment="code or sentence for screens; empty = nothing")
    next_try_at: Mapped[datetime | None] = mapped_column(comment="UTC; NULL = not known or nothing waits")

    __table_args__ = (
        check("environment_known", one_of("environment", Environment)),
        check("settle_s_range", "settle_s >= 0"),
        check("largest_lag_range", "largest_lag_ticks >= 0"),
        check("settle_factor_range", "settle_factor >= 1"),
        check("name_given", "name_key <> ''"),
        *flag_check("is_marker_on", "may_complete_procedures", "is_enabled"),
        index("uq_connection_enabled_name", "name_key", unique=True, where="is_enabled = 1"),
        STRICT,
    )


class PersonColumns:
    """Fields of `domain.people.Demographics`, in their order. Empty text = not known."""

    first_name: Mapped[str] = mapped_column(comment="as typed")
    last_name: Mapped[str] = mapped_column(comment="as typed")
    date_of_birth: Mapped[date | None] = mapped_column(comment="NULL = not known")
    sex: Mapped[Sex | None] = mapped_column(comment="F, M or O; NULL = not known")
    middle_name: Mapped[str] = mapped_column(comment="as typed, or a letter")
    suffix: Mapped[str] = mapped_column(comment="Jr, Sr, III …")
    preferred_name: Mapped[str] = mapped_column(comment="what the person is called")
    phone: Mapped[str] = mapped_column(comment="as typed, one number")
    email: Mapped[str] = mapped_column(comment="as typed")
    address: Mapped[str] = mapped_column(comment="street and number")
    city: Mapped[str] = mapped_column(comment="as typed")
    state: Mapped[str] = mapped_column(comment="as typed, mostly two letters")
    postal_code: Mapped[str] = mapped_column(comment="as typed")
    chart_number: Mapped[str] = mapped_column(comment="the practice's own number of the chart")


PERSON_COLUMNS = tuple(PersonColumns.__annotations__)
"""Their names."""


class PatientRow(PersonColumns, Base):
    """A person as a Lab brought them."""

    __tablename__ = "patient"

    id: Mapped[PatientId] = mapped_column(primary_key=True, sort_order=-1, comment="given by SQLite")
    name_key: Mapped[str] = mapped_column(sort_order=1, comment="last and first name without case, 0x1F between them")
    external_id: Mapped[str] = mapped_column(
        sort_order=1, server_default="", comment="the scribe's id of the Lab that brought the patient first"
    )

    __table_args__ = (index("ix_patient_name_key", "name_key", "date_of_birth"), STRICT)


class ProviderRow(Base):
    """A provider as Denticode knows them."""

    __tablename__ = "provider"

    id: Mapped[ProviderId] = mapped_column(primary_key=True, comment="given by SQLite")
    name: Mapped[str] = mapped_column(comment="as the Lab has it")
    name_key: Mapped[str] = mapped_column(comment="the name without case")
    npi: Mapped[str] = mapped_column(server_default="", comment="national provider id, ten digits; empty = not known")

    __table_args__ = (
        UniqueConstraint("name_key", "npi"),
        index("ix_provider_npi", "npi", where="npi <> ''"),
        STRICT,
    )


class PatientLinkRow(Base):
    """Our patient <-> one chart, a version each time it changes. It is ended, never changed or deleted."""

    __tablename__ = "patient_link"

    id: Mapped[int] = mapped_column(primary_key=True, comment="given by SQLite")
    connection_id: Mapped[ConnectionId] = mapped_column(comment="over which connection")
    patient_id: Mapped[PatientId] = mapped_column(comment="our patient")
    pms_patient_id: Mapped[PmsPatientId] = mapped_column(comment="the PMS's patient")
    version: Mapped[int] = mapped_column(comment="1 and up for this patient and connection")
    rule: Mapped[LinkRule] = mapped_column(comment="how the link came to be")
    linked_by: Mapped[str] = mapped_column(comment="name of the user, or 'system'")
    linked_at: Mapped[datetime] = mapped_column(comment="UTC")
    is_active: Mapped[bool] = mapped_column(server_default="1", comment="at most one a patient and one a chart")
    ended_by: Mapped[str] = mapped_column(server_default="", comment="name of the user; empty = active")
    ended_at: Mapped[datetime | None] = mapped_column(comment="UTC; NULL = active")

    __table_args__ = (
        of_connection(),
        ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        UniqueConstraint("connection_id", "patient_id", "version"),
        check("version_range", "version >= 1"),
        check("ended_when_inactive", "is_active = 1 OR ended_at IS NOT NULL"),
        *flag_check("is_active"),
        index("uq_patient_link_active_patient", "connection_id", "patient_id", unique=True, where="is_active = 1"),
        index(
            "uq_patient_link_active_pms_patient", "connection_id", "pms_patient_id", unique=True, where="is_active = 1"
        ),
        STRICT,
    )


class LinkRejectionRow(Base):
    """A person said that these two are not the same: never offered or linked by itself again."""

    __tablename__ = "link_rejection"

    connection_id: Mapped[ConnectionId] = mapped_column(primary_key=True, comment="over which connection")
    patient_id: Mapped[PatientId] = mapped_column(primary_key=True, comment="our patient")
    pms_patient_id: Mapped[PmsPatientId] = mapped_column(primary_key=True, comment="the PMS's patient")
    rejected_by: Mapped[str] = mapped_column(comment="name of the user")
    rejected_at: Mapped[datetime] = mapped_column(comment="UTC")

    __table_args__ = (of_connection(), ForeignKeyConstraint(["patient_id"], ["patient.id"]), WITHOUT_ROWID)


class ProviderLinkRow(Base):
    """Our provider <-> one provider of the PMS, as a person confirmed it."""

    __tablename__ = "provider_link"

    connection_id: Mapped[ConnectionId] = mapped_column(primary_key=True, comment="over which connection")
    provider_id: Mapped[ProviderId] = mapped_column(primary_key=True, comment="our provider")
    pms_provider_id: Mapped[PmsProviderId] = mapped_column(comment="the PMS's provider")
    rule: Mapped[LinkRule] = mapped_column(comment="how the link came to be")
    linked_by: Mapped[str] = mapped_column(comment="name of the user")
    linked_at: Mapped[datetime] = mapped_column(comment="UTC")

    __table_args__ = (of_connection(), ForeignKeyConstraint(["provider_id"], ["provider.id"]), WITHOUT_ROWID)


_LINK_FROZEN = ("id", "connection_id", "patient_id", "pms_patient_id", "version", "rule", "linked_by", "linked_at")

TRIGGERS = (
    trigger("tr_connection_no_delete", "BEFORE DELETE ON connection", "a connection is never deleted"),
    trigger("tr_patient_no_delete", "BEFORE DELETE ON patient", "a patient of a Lab is never deleted"),
    trigger("tr_patient_link_no_delete", "BEFORE DELETE ON patient_link", "a patient link is ended, never deleted"),
    trigger(
        "tr_patient_link_frozen", "BEFORE UPDATE ON patient_link", "a patient link can only be ended",
        when=f"OLD.is_active = 0 OR NEW.is_active = 1 OR {frozen_columns(_LINK_FROZEN)}",
    ),
)  # fmt: skip
