"""What SyncStore and the roster repository agree on: columns, upserts, index names, search keys.

`search keys` are folded (no accents, no case, no punctuation) so that a beginning is one B-tree range:
`key_last` "ruiz ana", `key_first` "ana ruiz", and an alias row for each further pair of name parts.
"""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from denticode_desktop.domain.charting import CatalogueCode
from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.domain.people import Demographics, PmsLocation, PmsPatient, PmsProvider
from denticode_desktop.domain.schedule import PmsAppointment
from denticode_desktop.domain.sync_cursor import SyncKind

from .values import to_date_or_none, to_time_or_none

MAX_ALIASES = 24
MANY_CHARACTERS = 4096
_DROPPED = dict.fromkeys(map(ord, "'\u2019`\u00b4\u02bc."))
"""O'Brien is one word, St. James two; every other mark separates."""
_SPECIAL = {
    ord("ß"): "ss", ord("ø"): "o", ord("Ø"): "o", ord("ł"): "l", ord("Ł"): "l", ord("đ"): "d", ord("Đ"): "d",
    ord("æ"): "ae", ord("Æ"): "ae", ord("œ"): "oe", ord("Œ"): "oe", 0x0131: "i", ord("þ"): "th", ord("ð"): "d",
}  # fmt: skip


class _FoldedCharacters(dict[int, str | None]):
    """What a character of a decomposed, case-folded name becomes, worked out when it first comes up."""

    def __missing__(self, code: int) -> str | None:
        character = chr(code)
        if unicodedata.combining(character):
            folded = None
        else:
            plain = character.casefold().translate(_SPECIAL).translate(_DROPPED)
            folded = "".join(c if c.isalnum() else " " for c in plain)
        if len(self) < MANY_CHARACTERS:  # names come from outside: no roster may fill the memory
            self[code] = folded
        return folded


_folded_characters = _FoldedCharacters()


def fold(text: str) -> str:
    """`Peña-O'Brien` -> `pena obrien`: accents, case and punctuation gone, single blanks."""
    plain = text.lower()
    if plain.isascii():
        if plain.isalnum() or not plain:
            return plain  # nearly every name
    else:
        plain = unicodedata.normalize("NFKD", text.casefold())
    plain = plain.translate(_folded_characters)
    return " ".join(plain.split()) if " " in plain else plain


def digits(text: str) -> str:
    """ASCII digits of a phone number, without the country's 1 before ten."""
    found = "".join(c for c in text if c in "0123456789")
    return found[1:] if len(found) == 11 and found[0] == "1" else found


def name_keys(person: Demographics) -> tuple[str, str, Sequence[str]]:
    """`key_last`, `key_first` and the alias keys of a person."""
    first, last = fold(person.first_name), fold(person.last_name)
    key_last, key_first = f"{last} {first}".strip(), f"{first} {last}".strip()
    middle, preferred = person.middle_name, person.preferred_name
    if not (middle or preferred or " " in first or " " in last):
        return key_last, key_first, ()
    given = dict.fromkeys(f"{first} {fold(middle)} {fold(preferred)}".split())
    family = last.split()
    if len(family) == 1:
        # What a pair of one family name can begin with is known: nine people of ten are done here.
        pairs = [pair for g in given if g != first for pair in (f"{g} {last}", f"{last} {g}")]
    else:
        pairs = [pair for g, f in product(given, dict.fromkeys(family)) for pair in (f"{g} {f}", f"{f} {g}")]
    parts = pairs or [*given, *family]
    extra = [key for key in parts if not key_last.startswith(key) and not key_first.startswith(key)]
    if len(family) > 1:
        extra += [f"{part} {first}" for part in list(dict.fromkeys(family))[1:]]
    return key_last, key_first, list(dict.fromkeys(extra))[:MAX_ALIASES]


PERSON_FIELDS = (
    "first_name", "last_name", "date_of_birth", "sex", "middle_name", "suffix", "preferred_name", "phone", "email",
    "address", "city", "state", "postal_code", "chart_number",
)  # fmt: skip


def person_values(person: Demographics) -> tuple[str | None, ...]:
    """`Demographics` as stored, in the order of PERSON_FIELDS."""
    return (
        person.first_name, person.last_name, to_date_or_none(person.date_of_birth),
        person.sex.value if person.sex else None, person.middle_name, person.suffix, person.preferred_name,
        person.phone, person.email, person.address, person.city, person.state, person.postal_code, person.chart_number,
    )  # fmt: skip


def _patient_row(connection_id: ConnectionId, record: PmsPatient) -> tuple[object, ...]:
    person = record.person
    key_last, key_first, _ = name_keys(person)
    return (
        connection_id, record.pms_patient_id, *person_values(person), record.status.value, record.merged_into,
        record.version, key_last, key_first, digits(person.phone), fold(person.chart_number), 0,
    )  # fmt: skip


def alias_rows(connection_id: ConnectionId, record: PmsPatient) -> list[tuple[object, ...]]:
    """Rows of `pms_patient_alias` for a patient, mostly none."""
    return [(connection_id, record.pms_patient_id, key) for key in name_keys(record.person)[2]]


def _provider_row(connection_id: ConnectionId, r: PmsProvider) -> tuple[object, ...]:
    return (
        connection_id, r.pms_provider_id, r.first_name, r.last_name, r.npi, int(r.is_active), int(r.is_person),
        r.title, r.version, 0,
    )  # fmt: skip


def _location_row(connection_id: ConnectionId, r: PmsLocation) -> tuple[object, ...]:
    return (connection_id, r.pms_location_id, r.name, r.time_zone, r.version, 0)


def _code_row(connection_id: ConnectionId, r: CatalogueCode) -> tuple[object, ...]:
    return (
        connection_id, r.code_id, r.code, r.description, int(r.is_active), r.extension, r.treatment_area.value,
        r.fee_cents, r.version, r.code.upper(), 0,
    )  # fmt: skip


def _appointment_row(connection_id: ConnectionId, r: PmsAppointment) -> tuple[object, ...]:
    return (
        connection_id, r.pms_appointment_id, r.pms_patient_id, r.pms_provider_id, r.pms_location_id,
        to_time_or_none(r.starts_at), r.duration_min, r.status, r.version, 0,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class RosterTable:
    """How one kind is stored. `make_row` gives values in the order of `columns`; `indexes` are names that may be
    dropped for a first load and made again by their own DDL."""

    table: str
    id_column: str
    columns: tuple[str, ...]
    make_row: Callable[[ConnectionId, Any], tuple[object, ...]]
    indexes: tuple[tuple[str, str], ...]

    @property
    def insert_sql(self) -> str:
        """Plain INSERT for rows that are not there yet."""
        return f"INSERT INTO {self.table} ({', '.join(self.columns)}) VALUES ({', '.join('?' * len(self.columns))})"

    @property
    def upsert_sql(self) -> str:
        """INSERT or overwrite by (connection_id, id); a row that was gone is back."""
        sets = ", ".join(f"{c} = excluded.{c}" for c in self.columns[2:])
        return f"{self.insert_sql} ON CONFLICT (connection_id, {self.id_column}) DO UPDATE SET {sets}"


PATIENT_INDEXES = (
    ("ix_pms_patient_key_last", "CREATE INDEX ix_pms_patient_key_last ON pms_patient (connection_id, key_last)"),
    ("ix_pms_patient_key_first", "CREATE INDEX ix_pms_patient_key_first ON pms_patient (connection_id, key_first)"),
    ("ix_pms_patient_birth", "CREATE INDEX ix_pms_patient_birth ON pms_patient (connection_id, date_of_birth)"),
    (
        "ix_pms_patient_key_phone",
        "CREATE INDEX ix_pms_patient_key_phone ON pms_patient (connection_id, key_phone) WHERE key_phone <> ''",
    ),
    (
        "ix_pms_patient_key_chart",
        "CREATE INDEX ix_pms_patient_key_chart ON pms_patient (connection_id, key_chart) WHERE key_chart <> ''",
    ),
    (
        "ix_pms_patient_alias_name_key",
        "CREATE INDEX ix_pms_patient_alias_name_key ON pms_patient_alias (connection_id, name_key)",
    ),
    (
        "ix_pms_patient_alias_patient",
        "CREATE INDEX ix_pms_patient_alias_patient ON pms_patient_alias (connection_id, pms_patient_id)",
    ),
)
"""Name and DDL, exactly as the migrations make them (a test compares)."""

PATIENTS = RosterTable(
    "pms_patient", "pms_patient_id",
    (
        "connection_id", "pms_patient_id", *PERSON_FIELDS, "status", "merged_into", "version",
        "key_last", "key_first", "key_phone", "key_chart", "is_gone",
    ),
    _patient_row, PATIENT_INDEXES,
)  # fmt: skip
PROVIDERS = RosterTable(
    "pms_provider", "pms_provider_id",
    (
        "connection_id", "pms_provider_id", "first_name", "last_name", "npi", "is_active", "is_person", "title",
        "version", "is_gone",
    ),
    _provider_row, (),
)  # fmt: skip
LOCATIONS = RosterTable(
    "pms_location", "pms_location_id",
    ("connection_id", "pms_location_id", "name", "time_zone", "version", "is_gone"), _location_row, (),
)  # fmt: skip
CODES = RosterTable(
    "pms_code", "code_id",
    (
        "connection_id", "code_id", "code", "description", "is_active", "extension", "treatment_area", "fee_cents",
        "version", "code_key", "is_gone",
    ),
    _code_row, (),
)  # fmt: skip
APPOINTMENTS = RosterTable(
    "pms_appointment", "pms_appointment_id",
    (
        "connection_id", "pms_appointment_id", "pms_patient_id", "pms_provider_id", "pms_location_id", "starts_at",
        "duration_min", "status", "version", "is_gone",
    ),
    _appointment_row, (),
)  # fmt: skip
ROSTER: dict[SyncKind, RosterTable] = {
    SyncKind.LOCATIONS: LOCATIONS,
    SyncKind.PROVIDERS: PROVIDERS,
    SyncKind.CODES: CODES,
    SyncKind.PATIENTS: PATIENTS,
    SyncKind.APPOINTMENTS: APPOINTMENTS,
}

ALIAS_INSERT_SQL = "INSERT INTO pms_patient_alias (connection_id, pms_patient_id, name_key) VALUES (?, ?, ?)"
ALIAS_DELETE_SQL = "DELETE FROM pms_patient_alias WHERE connection_id = ? AND pms_patient_id = ?"
STAMP_UPSERT_SQL = (
    "INSERT INTO roster_stamp (connection_id, kind, pms_id, version, run, is_gone) VALUES (?, ?, ?, ?, ?, 0)"
    " ON CONFLICT (connection_id, kind, pms_id) DO UPDATE SET version = excluded.version, run = excluded.run,"
    " is_gone = 0"
)
"""(connection_id, kind, pms_id, version, run): one narrow row a record, so that a pull without news touches no more."""
STAMP_RUN_SQL = "UPDATE roster_stamp SET run = ? WHERE connection_id = ? AND kind = ? AND pms_id = ?"


def drop_indexes_sql(kind: SyncKind) -> Sequence[str]:
    """Before a first load."""
    return [f"DROP INDEX IF EXISTS {name}" for name, _ in ROSTER[kind].indexes]


def make_indexes_sql(kind: SyncKind) -> Sequence[str]:
    """After it. Idempotent."""
    return [ddl.replace("CREATE INDEX ", "CREATE INDEX IF NOT EXISTS ", 1) for _, ddl in ROSTER[kind].indexes]
