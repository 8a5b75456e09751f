"""What a sync brought, for reading (ports.unit_of_work.RosterRepository)."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from denticode_desktop.domain.charting import CatalogueCode, TreatmentArea
from denticode_desktop.domain.ids import (
    ConnectionId,
    PmsCodeId,
    PmsLocationId,
    PmsPatientId,
    PmsProviderId,
)
from denticode_desktop.domain.people import PmsLocation, PmsPatient, PmsPatientStatus, PmsProvider
from denticode_desktop.domain.schedule import PmsAppointment
from denticode_desktop.ports.views import PmsPatientHit

from .repo_people import person_of
from .roster_schema import digits, fold
from .session import Row, Session
from .values import from_time_or_none, to_time

_TOP = "\U0010ffff"
MIN_PHONE_DIGITS = 3
MAX_QUERY_CHARS = 100
_ISO_DATE_CHARS = 10
_DATE_BEGINNING = re.compile(r"(?:19|20)\d\d-(?:\d{0,2}|\d\d-\d?)")
MANY_NAMES_READ = 60


class SqlRoster:
    """The roster on one session; rows that are gone in the PMS are left out."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def pms_patient(self, connection_id: ConnectionId, pms_patient_id: PmsPatientId) -> PmsPatient | None:
        """As the port. One that is gone is told as DELETED."""
        row = self._session.one(
            "SELECT * FROM pms_patient WHERE connection_id = ? AND pms_patient_id = ?", (connection_id, pms_patient_id)
        )
        return None if row is None else _patient_of(row)

    def search_patients(
        self, text: str, *, connection_id: ConnectionId | None, limit: int
    ) -> Sequence[PmsPatientHit]:
        """As the port: each beginning is one range of one index, the first `limit` distinct patients win."""
        found: dict[tuple[int, str], PmsPatientHit] = {}
        connections = [connection_id] if connection_id is not None else self._connections()
        typed = text[:MAX_QUERY_CHARS]
        for connection in connections:
            for beginning in _ranges(typed):
                if len(found) >= limit:
                    break
                for row in self._in_range(connection, beginning, limit):
                    found.setdefault((connection, row["pms_patient_id"]), PmsPatientHit(connection, _patient_of(row)))
            if not found:
                for patient in self._by_many_names(connection, fold(typed).split(), limit):
                    found[(connection, patient.pms_patient_id)] = PmsPatientHit(connection, patient)
        return list(found.values())[:limit]

    def _in_range(self, connection: ConnectionId, beginning: tuple[str, str, str], limit: int) -> list[Row]:
        table_sql, column, start = beginning
        # The indexes of chart number and phone leave out the empty ones: SQLite takes them only where that is said.
        return self._session.all(
            f"{table_sql} WHERE x.connection_id = ? AND x.{column} <> '' AND x.{column} >= ? AND x.{column} < ?"
            f" AND p.is_gone = 0 ORDER BY x.{column} LIMIT ?",
            (connection, start, start + _TOP, limit),
        )

    def _by_many_names(self, connection: ConnectionId, words: list[str], limit: int) -> list[PmsPatient]:
        """A whole name as typed ("ana maria ruiz"): found by its outer words, each other word begins some name part."""
        if len(words) < 3 or not all(word.isalpha() for word in words):
            return []
        found: dict[PmsPatientId, PmsPatient] = {}
        for pair in (f"{words[0]} {words[-1]}", f"{words[0]} {words[1]}"):
            for beginning in _name_ranges(pair):
                for row in self._in_range(connection, beginning, MANY_NAMES_READ):
                    parts = _name_parts(row)
                    if all(any(part.startswith(word) for part in parts) for word in words):
                        found.setdefault(PmsPatientId(row["pms_patient_id"]), _patient_of(row))
                if len(found) >= limit:
                    return list(found.values())[:limit]
        return list(found.values())

    def _connections(self) -> list[ConnectionId]:
        return [ConnectionId(r[0]) for r in self._session.all("SELECT id FROM connection WHERE is_enabled = 1")]

    def patients_born_on(self, connection_id: ConnectionId, born_on: date, limit: int) -> Sequence[PmsPatient]:
        """As the port."""
        rows = self._session.all(
            "SELECT * FROM pms_patient WHERE connection_id = ? AND date_of_birth = ? AND is_gone = 0 LIMIT ?",
            (connection_id, born_on.isoformat(), limit),
        )
        return [_patient_of(row) for row in rows]

    def pms_providers(self, connection_id: ConnectionId) -> Sequence[PmsProvider]:
        """By name."""
        rows = self._session.all(
            "SELECT * FROM pms_provider WHERE connection_id = ? AND is_gone = 0 ORDER BY last_name, first_name",
            (connection_id,),
        )
        return [
            PmsProvider(
                PmsProviderId(r["pms_provider_id"]), r["first_name"], r["last_name"], r["npi"], bool(r["is_active"]),
                bool(r["is_person"]), r["title"], r["version"],
            )
            for r in rows
        ]  # fmt: skip

    def pms_locations(self, connection_id: ConnectionId) -> Sequence[PmsLocation]:
        """By name."""
        rows = self._session.all(
            "SELECT * FROM pms_location WHERE connection_id = ? AND is_gone = 0 ORDER BY name", (connection_id,)
        )
        return [PmsLocation(PmsLocationId(r["pms_location_id"]), r["name"], r["time_zone"], r["version"]) for r in rows]

    def catalogue(self, connection_id: ConnectionId, code: str | None = None) -> Sequence[CatalogueCode]:
        """As the port."""
        rows = self._session.all(
            "SELECT * FROM pms_code WHERE connection_id = ?1 AND is_gone = 0 AND (?2 IS NULL OR code_key = ?2)"
            " ORDER BY code_key, extension, code_id",
            (connection_id, None if code is None else code.upper()),
        )
        return [
            CatalogueCode(
                PmsCodeId(r["code_id"]), r["code"], r["description"], bool(r["is_active"]), r["extension"],
                TreatmentArea(r["treatment_area"]), r["fee_cents"], r["version"],
            )
            for r in rows
        ]  # fmt: skip

    def appointments_of_day(
        self, connection_id: ConnectionId, start: datetime, end: datetime
    ) -> Sequence[PmsAppointment]:
        """As the port: from `start` up to but not including `end`."""
        rows = self._session.all(
            "SELECT * FROM pms_appointment WHERE connection_id = ? AND is_gone = 0 AND starts_at >= ? AND starts_at < ?"
            " ORDER BY starts_at",
            (connection_id, to_time(start), to_time(end)),
        )
        return [_appointment_of(row) for row in rows]

    def counts(self, connection_id: ConnectionId) -> Mapping[str, int]:
        """As the port, from the narrow stamps."""
        rows = self._session.all(
            "SELECT kind, count(*) FROM roster_stamp WHERE connection_id = ? AND is_gone = 0 GROUP BY kind",
            (connection_id,),
        )
        return {row[0]: int(row[1]) for row in rows}


_DIRECT = "SELECT p.* FROM pms_patient x JOIN pms_patient p ON p.rowid = x.rowid"
_ALIAS = (
    "SELECT p.* FROM pms_patient_alias x JOIN pms_patient p ON p.connection_id = x.connection_id"
    " AND p.pms_patient_id = x.pms_patient_id"
)


def _name_ranges(folded: str) -> list[tuple[str, str, str]]:
    return [(_DIRECT, "key_last", folded), (_DIRECT, "key_first", folded), (_ALIAS, "name_key", folded)]


def _name_parts(row: Row) -> list[str]:
    more = f"{row['middle_name']} {row['preferred_name']}"
    return [*str(row["key_last"]).split(), *(fold(more).split() if more.strip() else ())]


def _as_date_beginning(text: str) -> str | None:
    """`1984-` to `1984-03-0`: the beginning of an ISO date; None for anything else."""
    return text if _DATE_BEGINNING.fullmatch(text) else None


def _ranges(text: str) -> list[tuple[str, str, str]]:
    """(select, column, beginning) to try in turn for what was typed."""
    ranges: list[tuple[str, str, str]] = []
    if (born_on := _as_date(text.strip()) or _as_date_beginning(text.strip())) is not None:
        ranges.append((_DIRECT, "date_of_birth", born_on))
    number = digits(text)
    folded = fold(text)
    if folded and not folded.isdigit():
        ranges += _name_ranges(folded)
    if folded:
        ranges.append((_DIRECT, "key_chart", folded))
    if len(number) >= MIN_PHONE_DIGITS and not any(c.isalpha() for c in text):
        ranges.append((_DIRECT, "key_phone", number))
    return ranges


def _as_date(text: str) -> str | None:
    """ISO or US month/day/year as typed at a front desk -> ISO; None where it is no date."""
    if len(text) == _ISO_DATE_CHARS and text[4] == text[7] == "-":
        year, month, day = text[:4], text[5:7], text[8:]
    else:
        parts = text.replace("-", "/").replace(".", "/").split("/")
        if len(parts) != 3:
            return None
        month, day, year = parts
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


def _patient_of(row: Row) -> PmsPatient:
    status = PmsPatientStatus.DELETED if row["is_gone"] else PmsPatientStatus(row["status"])
    merged = row["merged_into"]
    return PmsPatient(
        PmsPatientId(row["pms_patient_id"]), person_of(row), status,
        None if merged is None else PmsPatientId(merged), row["version"],
    )  # fmt: skip


def _appointment_of(row: Row) -> PmsAppointment:
    patient, provider, location = row["pms_patient_id"], row["pms_provider_id"], row["pms_location_id"]
    return PmsAppointment(
        row["pms_appointment_id"],
        None if patient is None else PmsPatientId(patient),
        None if provider is None else PmsProviderId(provider),
        None if location is None else PmsLocationId(location),
        from_time_or_none(row["starts_at"]),
        row["duration_min"],
        row["status"],
        row["version"],
    )
