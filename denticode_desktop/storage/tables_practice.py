"""Tables of the practice itself: users, settings, connections, people and the links between them."""

from sqlalchemy import ForeignKeyConstraint, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy import text as sql

from .schema import (
    check,
    flag,
    flag_check,
    frozen_columns,
    number,
    one_of,
    row_id,
    table,
    text,
    text_or_null,
    trigger,
)

PRACTICE = table(
    "practice",
    row_id(),
    text("name"),
    flag("is_rehearsal_only"),
    text("created_at"),
    check("one_row", "id = 1"),
    *flag_check("is_rehearsal_only"),
)

APP_USER = table(
    "app_user",
    row_id(),
    text("name"),
    text("name_key"),
    text("role"),
    flag("is_enabled", default=True),
    text("password_hash", default=""),
    UniqueConstraint("name_key"),
    check("name_given", "name_key <> ''"),
    *flag_check("is_enabled"),
)

SETTING = table("setting", text("name"), text("value"), PrimaryKeyConstraint("name"), without_rowid=True)

CONNECTION = table(
    "connection",
    row_id(),
    text("name"),
    text("name_key"),
    text("pms_key"),
    text("environment"),
    text("host"),
    text("organization_id"),
    text("client_id"),
    text_or_null("location_id"),
    text_or_null("default_provider_id"),
    number("settle_s"),
    flag("is_marker_on"),
    flag("may_complete_procedures"),
    text("time_zone"),
    flag("is_enabled", default=True),
    text_or_null("hold"),
    text("hold_detail", default=""),
    text_or_null("report"),
    text_or_null("tested_at"),
    text_or_null("last_good_read_at"),
    text_or_null("last_good_write_at"),
    number("largest_lag_ticks", default=0),
    number("settle_factor", default=1),
    text("calls_month", default=""),
    number("calls", default=0),
    text("write_confirmed", default="[]"),
    text("waiting_why", default=""),
    text_or_null("next_try_at"),
    check("environment_known", one_of("environment", ("production", "sandbox", "rehearsal"))),
    check("settle_s_range", "settle_s >= 0"),
    check("largest_lag_range", "largest_lag_ticks >= 0"),
    check("settle_factor_range", "settle_factor >= 1"),
    check("name_given", "name_key <> ''"),
    *flag_check("is_marker_on", "may_complete_procedures", "is_enabled"),
)
Index("uq_connection_enabled_name", CONNECTION.c.name_key, unique=True, sqlite_where=sql("is_enabled = 1"))

PERSON_COLUMNS = (
    "first_name", "last_name", "date_of_birth", "sex", "middle_name", "suffix", "preferred_name", "phone", "email",
    "address", "city", "state", "postal_code", "chart_number",
)  # fmt: skip
"""Fields of `Demographics` in their order; `date_of_birth` and `sex` may be NULL."""


def person_columns() -> list[object]:
    """Fresh columns for `Demographics`."""
    return [text_or_null(n) if n in ("date_of_birth", "sex") else text(n) for n in PERSON_COLUMNS]


PATIENT = table("patient", row_id(), *person_columns(), text("name_key"), text("external_id", default=""))
Index("ix_patient_name_key", PATIENT.c.name_key, PATIENT.c.date_of_birth)

PROVIDER = table(
    "provider", row_id(), text("name"), text("name_key"), text("npi", default=""), UniqueConstraint("name_key", "npi")
)
Index("ix_provider_npi", PROVIDER.c.npi, sqlite_where=sql("npi <> ''"))

PATIENT_LINK = table(
    "patient_link",
    row_id(),
    number("connection_id"),
    number("patient_id"),
    text("pms_patient_id"),
    number("version"),
    text("rule"),
    text("linked_by"),
    text("linked_at"),
    flag("is_active", default=True),
    text("ended_by", default=""),
    text_or_null("ended_at"),
    ForeignKeyConstraint(["connection_id"], ["connection.id"]),
    ForeignKeyConstraint(["patient_id"], ["patient.id"]),
    UniqueConstraint("connection_id", "patient_id", "version"),
    check("version_range", "version >= 1"),
    check("ended_when_inactive", "is_active = 1 OR ended_at IS NOT NULL"),
    *flag_check("is_active"),
)
Index(
    "uq_patient_link_active_patient", PATIENT_LINK.c.connection_id, PATIENT_LINK.c.patient_id,
    unique=True, sqlite_where=sql("is_active = 1"),
)  # fmt: skip
Index(
    "uq_patient_link_active_pms_patient", PATIENT_LINK.c.connection_id, PATIENT_LINK.c.pms_patient_id,
    unique=True, sqlite_where=sql("is_active = 1"),
)  # fmt: skip

LINK_REJECTION = table(
    "link_rejection",
    number("connection_id"),
    number("patient_id"),
    text("pms_patient_id"),
    text("rejected_by"),
    text("rejected_at"),
    PrimaryKeyConstraint("connection_id", "patient_id", "pms_patient_id"),
    ForeignKeyConstraint(["connection_id"], ["connection.id"]),
    ForeignKeyConstraint(["patient_id"], ["patient.id"]),
    without_rowid=True,
)

PROVIDER_LINK = table(
    "provider_link",
    number("connection_id"),
    number("provider_id"),
    text("pms_provider_id"),
    text("rule"),
    text("linked_by"),
    text("linked_at"),
    PrimaryKeyConstraint("connection_id", "provider_id"),
    ForeignKeyConstraint(["connection_id"], ["connection.id"]),
    ForeignKeyConstraint(["provider_id"], ["provider.id"]),
    without_rowid=True,
)

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
