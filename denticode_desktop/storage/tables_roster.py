"""What a sync brings. Written by SyncStore and read by screens, matching and mapping.

`roster_stamp` is narrow on purpose: a pull in which nothing changed touches only it (id, version, run), never the wide
rows and their search keys.
"""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from denticode_desktop.domain.charting import TreatmentArea
from denticode_desktop.domain.ids import ConnectionId, PmsCodeId, PmsLocationId, PmsPatientId, PmsProviderId
from denticode_desktop.domain.people import PmsPatientStatus
from denticode_desktop.domain.sync_cursor import SyncKind

from .schema import STRICT, WITHOUT_ROWID, Base, check, flag_check, index, of_connection, one_of
from .tables_practice import PersonColumns


class SyncCursorRow(Base):
    """How far a pull has got."""

    __tablename__ = "sync_cursor"

    connection_id: Mapped[ConnectionId] = mapped_column(primary_key=True, comment="over which connection")
    kind: Mapped[SyncKind] = mapped_column(primary_key=True, comment="what is pulled")
    mark: Mapped[datetime | None] = mapped_column(comment="UTC by the PMS's clock, latest change seen; NULL = none yet")
    run_mark: Mapped[datetime | None] = mapped_column(comment="the same in the run under way; NULL = nothing seen yet")
    after_id: Mapped[str | None] = mapped_column(comment="last id stored in the run under way; NULL = between runs")
    is_full: Mapped[bool] = mapped_column(comment="the run under way lists everything")
    is_running: Mapped[bool] = mapped_column(comment="a run is under way, or was cut off and will go on")
    run: Mapped[int] = mapped_column(comment="number of the run under way or last finished")

    __table_args__ = (
        of_connection(),
        check("kind_known", one_of("kind", SyncKind)),
        check("run_range", "run >= 0"),
        *flag_check("is_full", "is_running"),
        WITHOUT_ROWID,
    )


class RosterStampRow(Base):
    """That a record was seen, and in which version."""

    __tablename__ = "roster_stamp"

    connection_id: Mapped[ConnectionId] = mapped_column(primary_key=True, comment="over which connection")
    kind: Mapped[SyncKind] = mapped_column(primary_key=True, comment="what it is")
    pms_id: Mapped[str] = mapped_column(primary_key=True, comment="the PMS's id")
    version: Mapped[str] = mapped_column(comment="the PMS's change mark, opaque")
    run: Mapped[int] = mapped_column(comment="the last run that saw it")
    is_gone: Mapped[bool] = mapped_column(server_default="0", comment="a finished full run did not see it")

    __table_args__ = (check("kind_known", one_of("kind", SyncKind)), *flag_check("is_gone"), WITHOUT_ROWID)


class PmsLocationRow(Base):
    """One office of the practice."""

    __tablename__ = "pms_location"

    connection_id: Mapped[ConnectionId] = mapped_column(primary_key=True, comment="over which connection")
    pms_location_id: Mapped[PmsLocationId] = mapped_column(primary_key=True, comment="the PMS's id")
    name: Mapped[str] = mapped_column(comment="as in the PMS")
    time_zone: Mapped[str] = mapped_column(comment="IANA name; empty = the PMS does not tell")
    version: Mapped[str] = mapped_column(comment="the PMS's change mark, opaque")
    is_gone: Mapped[bool] = mapped_column(server_default="0", comment="no longer in the PMS")

    __table_args__ = (of_connection(), *flag_check("is_gone"), STRICT)


class PmsProviderRow(Base):
    """A provider as the PMS holds them."""

    __tablename__ = "pms_provider"

    connection_id: Mapped[ConnectionId] = mapped_column(primary_key=True, comment="over which connection")
    pms_provider_id: Mapped[PmsProviderId] = mapped_column(primary_key=True, comment="the PMS's id")
    first_name: Mapped[str] = mapped_column(comment="as in the PMS")
    last_name: Mapped[str] = mapped_column(comment="as in the PMS")
    npi: Mapped[str] = mapped_column(comment="national provider id, ten digits; empty = not known")
    is_active: Mapped[bool] = mapped_column(comment="may be charted for")
    is_person: Mapped[bool] = mapped_column(comment="no = a company or a placeholder")
    title: Mapped[str] = mapped_column(comment="as in the PMS; may be empty")
    version: Mapped[str] = mapped_column(comment="the PMS's change mark, opaque")
    is_gone: Mapped[bool] = mapped_column(server_default="0", comment="no longer in the PMS")

    __table_args__ = (of_connection(), *flag_check("is_active", "is_person", "is_gone"), STRICT)


class PmsCodeRow(Base):
    """One row of the practice's own code list in the PMS."""

    __tablename__ = "pms_code"

    connection_id: Mapped[ConnectionId] = mapped_column(primary_key=True, comment="over which connection")
    code_id: Mapped[PmsCodeId] = mapped_column(primary_key=True, comment="the PMS's id")
    code: Mapped[str] = mapped_column(comment="as the practice has it")
    description: Mapped[str] = mapped_column(comment="the practice's own words")
    is_active: Mapped[bool] = mapped_column(comment="may be charted")
    extension: Mapped[str] = mapped_column(comment="tells rows of one code apart; may be empty")
    treatment_area: Mapped[TreatmentArea] = mapped_column(comment="where it is charted")
    fee_cents: Mapped[int | None] = mapped_column(comment="cents; NULL = the PMS does not tell")
    version: Mapped[str] = mapped_column(comment="the PMS's change mark, opaque")
    code_key: Mapped[str] = mapped_column(comment="the code in upper case, for finding it")
    is_gone: Mapped[bool] = mapped_column(server_default="0", comment="no longer in the PMS")

    __table_args__ = (
        of_connection(),
        *flag_check("is_active", "is_gone"),
        index("ix_pms_code_code_key", "connection_id", "code_key"),
        STRICT,
    )


class PmsPatientRow(PersonColumns, Base):
    """A patient as the PMS holds them. `ix_pms_patient_*` may be gone during a first load (`roster_schema.py`)."""

    __tablename__ = "pms_patient"

    connection_id: Mapped[ConnectionId] = mapped_column(
        primary_key=True, sort_order=-1, comment="over which connection"
    )
    pms_patient_id: Mapped[PmsPatientId] = mapped_column(primary_key=True, sort_order=-1, comment="the PMS's id")
    status: Mapped[PmsPatientStatus] = mapped_column(sort_order=1, comment="whether the chart may be written to")
    merged_into: Mapped[PmsPatientId | None] = mapped_column(sort_order=1, comment="the chart that took it in; or NULL")
    version: Mapped[str] = mapped_column(sort_order=1, comment="the PMS's change mark, opaque")
    key_last: Mapped[str] = mapped_column(sort_order=1, comment="folded 'last first', for search by beginning")
    key_first: Mapped[str] = mapped_column(sort_order=1, comment="folded 'first last', for search by beginning")
    key_phone: Mapped[str] = mapped_column(sort_order=1, comment="digits of the phone; may be empty")
    key_chart: Mapped[str] = mapped_column(sort_order=1, comment="folded chart number; may be empty")
    is_gone: Mapped[bool] = mapped_column(sort_order=1, server_default="0", comment="no longer in the PMS")

    __table_args__ = (
        of_connection(),
        *flag_check("is_gone"),
        index("ix_pms_patient_key_last", "connection_id", "key_last"),
        index("ix_pms_patient_key_first", "connection_id", "key_first"),
        index("ix_pms_patient_birth", "connection_id", "date_of_birth"),
        index("ix_pms_patient_key_phone", "connection_id", "key_phone", where="key_phone <> ''"),
        index("ix_pms_patient_key_chart", "connection_id", "key_chart", where="key_chart <> ''"),
        STRICT,
    )


class PmsPatientAliasRow(Base):
    """A further beginning under which a patient with more than two name parts is found (middle, preferred, second)."""

    __tablename__ = "pms_patient_alias"

    connection_id: Mapped[ConnectionId] = mapped_column(comment="over which connection")
    pms_patient_id: Mapped[PmsPatientId] = mapped_column(comment="the PMS's id")
    name_key: Mapped[str] = mapped_column(comment="folded 'one name another', for search by beginning")

    __table_args__ = (
        index("ix_pms_patient_alias_name_key", "connection_id", "name_key"),
        index("ix_pms_patient_alias_patient", "connection_id", "pms_patient_id"),
        STRICT,
    )
    # The table has no key: it is loaded in bulk and found by its indexes. The model needs one to tell rows apart.
    __mapper_args__ = {"primary_key": [connection_id, pms_patient_id, name_key]}  # noqa: RUF012 - read by SQLAlchemy


class PmsAppointmentRow(Base):
    """One visit in the PMS's schedule."""

    __tablename__ = "pms_appointment"

    connection_id: Mapped[ConnectionId] = mapped_column(primary_key=True, comment="over which connection")
    pms_appointment_id: Mapped[str] = mapped_column(primary_key=True, comment="the PMS's id")
    pms_patient_id: Mapped[PmsPatientId | None] = mapped_column(comment="the PMS's patient; NULL = none")
    pms_provider_id: Mapped[PmsProviderId | None] = mapped_column(comment="the PMS's provider; NULL = none")
    pms_location_id: Mapped[PmsLocationId | None] = mapped_column(comment="the PMS's location; NULL = none")
    starts_at: Mapped[datetime | None] = mapped_column(comment="UTC; NULL = the PMS does not tell")
    duration_min: Mapped[int | None] = mapped_column(comment="minutes; NULL = the PMS does not tell")
    status: Mapped[str] = mapped_column(comment="the vendor's own word")
    version: Mapped[str] = mapped_column(comment="the PMS's change mark, opaque")
    is_gone: Mapped[bool] = mapped_column(server_default="0", comment="no longer in the PMS")

    __table_args__ = (
        of_connection(),
        *flag_check("is_gone"),
        index("ix_pms_appointment_starts_at", "connection_id", "starts_at"),
        STRICT,
    )


TRIGGERS: tuple[str, ...] = ()
