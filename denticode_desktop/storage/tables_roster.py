"""Tables of what a sync brings. Written by SyncStore and read by screens, matching and mapping.

`roster_stamp` is narrow on purpose: a pull in which nothing changed touches only it (id, version, run), never the wide
rows and their search keys.
"""

from sqlalchemy import ForeignKeyConstraint, Index, PrimaryKeyConstraint
from sqlalchemy import text as sql

from .schema import check, flag, flag_check, number, number_or_null, one_of, table, text, text_or_null
from .tables_practice import person_columns

KIND_WORDS = ("locations", "providers", "codes", "patients", "appointments")


def _of_connection() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["connection_id"], ["connection.id"])


SYNC_CURSOR = table(
    "sync_cursor",
    number("connection_id"),
    text("kind"),
    text_or_null("mark"),
    text_or_null("run_mark"),
    text_or_null("after_id"),
    flag("is_full"),
    flag("is_running"),
    number("run"),
    PrimaryKeyConstraint("connection_id", "kind"),
    _of_connection(),
    check("kind_known", one_of("kind", KIND_WORDS)),
    check("run_range", "run >= 0"),
    *flag_check("is_full", "is_running"),
    without_rowid=True,
)

ROSTER_STAMP = table(
    "roster_stamp",
    number("connection_id"),
    text("kind"),
    text("pms_id"),
    text("version"),
    number("run"),
    flag("is_gone", default=False),
    PrimaryKeyConstraint("connection_id", "kind", "pms_id"),
    check("kind_known", one_of("kind", KIND_WORDS)),
    *flag_check("is_gone"),
    without_rowid=True,
)

PMS_LOCATION = table(
    "pms_location",
    number("connection_id"),
    text("pms_location_id"),
    text("name"),
    text("time_zone"),
    text("version"),
    flag("is_gone", default=False),
    PrimaryKeyConstraint("connection_id", "pms_location_id"),
    _of_connection(),
    *flag_check("is_gone"),
)

PMS_PROVIDER = table(
    "pms_provider",
    number("connection_id"),
    text("pms_provider_id"),
    text("first_name"),
    text("last_name"),
    text("npi"),
    flag("is_active"),
    flag("is_person"),
    text("title"),
    text("version"),
    flag("is_gone", default=False),
    PrimaryKeyConstraint("connection_id", "pms_provider_id"),
    _of_connection(),
    *flag_check("is_active", "is_person", "is_gone"),
)

PMS_CODE = table(
    "pms_code",
    number("connection_id"),
    text("code_id"),
    text("code"),
    text("description"),
    flag("is_active"),
    text("extension"),
    text("treatment_area"),
    number_or_null("fee_cents"),
    text("version"),
    text("code_key"),
    flag("is_gone", default=False),
    PrimaryKeyConstraint("connection_id", "code_id"),
    _of_connection(),
    *flag_check("is_active", "is_gone"),
)
Index("ix_pms_code_code_key", PMS_CODE.c.connection_id, PMS_CODE.c.code_key)

PMS_PATIENT = table(
    "pms_patient",
    number("connection_id"),
    text("pms_patient_id"),
    *person_columns(),
    text("status"),
    text_or_null("merged_into"),
    text("version"),
    text("key_last"),
    text("key_first"),
    text("key_phone"),
    text("key_chart"),
    flag("is_gone", default=False),
    PrimaryKeyConstraint("connection_id", "pms_patient_id"),
    _of_connection(),
    *flag_check("is_gone"),
)

PMS_PATIENT_ALIAS = table("pms_patient_alias", number("connection_id"), text("pms_patient_id"), text("name_key"))
"""Further beginnings under which a patient with more than two name parts is found (middle, preferred, second name)."""


def _patient_index(name: str, column: str, where: str | None = None) -> Index:
    columns = (PMS_PATIENT.c.connection_id, PMS_PATIENT.c[column])
    return Index(name, *columns, sqlite_where=sql(where)) if where else Index(name, *columns)


_patient_index("ix_pms_patient_key_last", "key_last")
_patient_index("ix_pms_patient_key_first", "key_first")
_patient_index("ix_pms_patient_birth", "date_of_birth")
_patient_index("ix_pms_patient_key_phone", "key_phone", "key_phone <> ''")
_patient_index("ix_pms_patient_key_chart", "key_chart", "key_chart <> ''")
Index("ix_pms_patient_alias_name_key", PMS_PATIENT_ALIAS.c.connection_id, PMS_PATIENT_ALIAS.c.name_key)
Index("ix_pms_patient_alias_patient", PMS_PATIENT_ALIAS.c.connection_id, PMS_PATIENT_ALIAS.c.pms_patient_id)

PMS_APPOINTMENT = table(
    "pms_appointment",
    number("connection_id"),
    text("pms_appointment_id"),
    text_or_null("pms_patient_id"),
    text_or_null("pms_provider_id"),
    text_or_null("pms_location_id"),
    text_or_null("starts_at"),
    number_or_null("duration_min"),
    text("status"),
    text("version"),
    flag("is_gone", default=False),
    PrimaryKeyConstraint("connection_id", "pms_appointment_id"),
    _of_connection(),
    *flag_check("is_gone"),
)
Index("ix_pms_appointment_starts_at", PMS_APPOINTMENT.c.connection_id, PMS_APPOINTMENT.c.starts_at)

TRIGGERS: tuple[str, ...] = ()
