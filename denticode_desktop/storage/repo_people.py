"""Patients and providers of ours, and their links (ports.unit_of_work.PeopleRepository)."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime

from denticode_desktop.domain.entity_link import LinkRule, PatientLink, ProviderLink
from denticode_desktop.domain.errors import NotFoundError, UserError
from denticode_desktop.domain.ids import ConnectionId, PatientId, PmsPatientId, PmsProviderId, ProviderId
from denticode_desktop.domain.people import Demographics, Patient, Provider, Sex

from .roster_schema import PERSON_FIELDS, person_values
from .session import ConstraintError, Row, Session
from .values import folded, from_time, to_date_or_none, to_time


def person_of(row: Row) -> Demographics:
    """Demographics from a row that has PERSON_FIELDS."""
    return Demographics(
        first_name=row["first_name"],
        last_name=row["last_name"],
        date_of_birth=None if row["date_of_birth"] is None else date.fromisoformat(row["date_of_birth"]),
        sex=None if row["sex"] is None else Sex(row["sex"]),
        middle_name=row["middle_name"],
        suffix=row["suffix"],
        preferred_name=row["preferred_name"],
        phone=row["phone"],
        email=row["email"],
        address=row["address"],
        city=row["city"],
        state=row["state"],
        postal_code=row["postal_code"],
        chart_number=row["chart_number"],
    )


def _name_key(person: Demographics) -> str:
    return f"{folded(person.last_name)}\x1f{folded(person.first_name)}"


class SqlPeople:
    """People on one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add_patient(self, person: Demographics, external_id: str) -> PatientId:
        """As the port."""
        columns = (*PERSON_FIELDS, "name_key", "external_id")
        marks = ", ".join("?" * len(columns))
        patient_id = self._session.insert(
            f"INSERT INTO patient ({', '.join(columns)}) VALUES ({marks})",
            (*person_values(person), _name_key(person), external_id),
        )
        return PatientId(patient_id)

    def patient(self, patient_id: PatientId) -> Patient:
        """As the port."""
        row = self._session.one("SELECT * FROM patient WHERE id = ?", (patient_id,))
        if row is None:
            raise NotFoundError("There is no such patient.", field="patient")
        return _patient_of(row)

    def update_patient(self, patient_id: PatientId, person: Demographics) -> None:
        """As the port."""
        sets = ", ".join(f"{name} = ?" for name in (*PERSON_FIELDS, "name_key"))
        self._session.change(
            f"UPDATE patient SET {sets} WHERE id = ?", (*person_values(person), _name_key(person), patient_id)
        )

    def find_patient(self, person: Demographics) -> PatientId | None:
        """As the port."""
        value = self._session.value(
            "SELECT id FROM patient WHERE name_key = ? AND date_of_birth IS ? AND chart_number = ? ORDER BY id LIMIT 1",
            (_name_key(person), to_date_or_none(person.date_of_birth), person.chart_number),
        )
        return None if value is None else PatientId(int(value))

    def find_patients(self, person: Demographics) -> Sequence[PatientId]:
        """As the port."""
        rows = self._session.all(
            "SELECT id FROM patient WHERE name_key = ? AND date_of_birth IS ?"
            " AND (chart_number = ? OR chart_number = '' OR ? = '') ORDER BY chart_number <> ?, id",
            (
                _name_key(person), to_date_or_none(person.date_of_birth), person.chart_number, person.chart_number,
                person.chart_number,
            ),
        )  # fmt: skip
        return [PatientId(int(row["id"])) for row in rows]

    def patients(self, *, limit: int) -> Sequence[Patient]:
        """Newest first."""
        rows = self._session.all("SELECT * FROM patient ORDER BY id DESC LIMIT ?", (limit,))
        return [_patient_of(row) for row in rows]

    def find_or_add_provider(self, name: str, npi: str) -> ProviderId:
        """As the port. An NPI is the provider wherever it is known; without one the name is."""
        found = None
        if npi:
            found = self._session.value("SELECT id FROM provider WHERE npi = ? ORDER BY id LIMIT 1", (npi,))
        if found is None:
            found = self._session.value(
                "SELECT id FROM provider WHERE name_key = ? AND npi = ? ORDER BY id LIMIT 1", (folded(name), npi)
            )
        if found is None:
            found = self._session.insert(
                "INSERT INTO provider (name, name_key, npi) VALUES (?, ?, ?)", (name, folded(name), npi)
            )
        return ProviderId(int(found))

    def provider(self, provider_id: ProviderId) -> Provider:
        """As the port."""
        row = self._session.one("SELECT * FROM provider WHERE id = ?", (provider_id,))
        if row is None:
            raise NotFoundError("There is no such provider.", field="provider")
        return Provider(ProviderId(row["id"]), row["name"], row["npi"])

    def providers(self) -> Sequence[Provider]:
        """By name."""
        rows = self._session.all("SELECT * FROM provider ORDER BY name_key, id")
        return [Provider(ProviderId(row["id"]), row["name"], row["npi"]) for row in rows]

    # -- links ---------------------------------------------------------------------------------------------------

    def patient_link(self, connection_id: ConnectionId, patient_id: PatientId) -> PatientLink | None:
        """As the port."""
        row = self._session.one(
            "SELECT * FROM patient_link WHERE connection_id = ? AND patient_id = ? AND is_active = 1",
            (connection_id, patient_id),
        )
        return None if row is None else _link_of(row)

    def link_patient(self, link: PatientLink) -> None:
        """As the port. An earlier link of the patient ends with the new one."""
        self.end_patient_link(link.connection_id, link.patient_id, link.by, link.at)
        version = 1 + int(
            self._session.value(
                "SELECT coalesce(max(version), 0) FROM patient_link WHERE connection_id = ? AND patient_id = ?",
                (link.connection_id, link.patient_id),
            )
        )
        try:
            self._session.insert(
                "INSERT INTO patient_link (connection_id, patient_id, pms_patient_id, version, rule, linked_by,"
                " linked_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    link.connection_id, link.patient_id, link.pms_patient_id, version, link.rule.value, link.by,
                    to_time(link.at),
                ),
            )  # fmt: skip
        except ConstraintError as error:
            raise UserError(
                "That patient of the PMS is linked to somebody else already. Undo that link first.", field="patient"
            ) from error

    def end_patient_link(self, connection_id: ConnectionId, patient_id: PatientId, by: str, at: datetime) -> None:
        """As the port; no active link is fine."""
        self._session.change(
            "UPDATE patient_link SET is_active = 0, ended_by = ?, ended_at = ?"
            " WHERE connection_id = ? AND patient_id = ? AND is_active = 1",
            (by, to_time(at), connection_id, patient_id),
        )

    def linked_patient(self, connection_id: ConnectionId, pms_patient_id: PmsPatientId) -> PatientId | None:
        """As the port."""
        value = self._session.value(
            "SELECT patient_id FROM patient_link WHERE connection_id = ? AND pms_patient_id = ? AND is_active = 1",
            (connection_id, pms_patient_id),
        )
        return None if value is None else PatientId(int(value))

    def reject_link(
        self, connection_id: ConnectionId, patient_id: PatientId, pms_patient_id: PmsPatientId, by: str, at: datetime
    ) -> None:
        """As the port; twice is fine."""
        self._session.change(
            "INSERT OR IGNORE INTO link_rejection (connection_id, patient_id, pms_patient_id, rejected_by, rejected_at)"
            " VALUES (?, ?, ?, ?, ?)",
            (connection_id, patient_id, pms_patient_id, by, to_time(at)),
        )

    def rejected(self, connection_id: ConnectionId, patient_id: PatientId) -> AbstractSet[PmsPatientId]:
        """As the port."""
        rows = self._session.all(
            "SELECT pms_patient_id FROM link_rejection WHERE connection_id = ? AND patient_id = ?",
            (connection_id, patient_id),
        )
        return {PmsPatientId(row[0]) for row in rows}

    def provider_link(self, connection_id: ConnectionId, provider_id: ProviderId) -> ProviderLink | None:
        """As the port."""
        row = self._session.one(
            "SELECT * FROM provider_link WHERE connection_id = ? AND provider_id = ?", (connection_id, provider_id)
        )
        if row is None:
            return None
        return ProviderLink(
            connection_id, provider_id, PmsProviderId(row["pms_provider_id"]), LinkRule(row["rule"]), row["linked_by"],
            from_time(row["linked_at"]),
        )  # fmt: skip

    def link_provider(self, link: ProviderLink) -> None:
        """As the port."""
        self._session.change(
            "INSERT INTO provider_link (connection_id, provider_id, pms_provider_id, rule, linked_by, linked_at)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (connection_id, provider_id) DO UPDATE SET"
            " pms_provider_id = excluded.pms_provider_id, rule = excluded.rule, linked_by = excluded.linked_by,"
            " linked_at = excluded.linked_at",
            (
                link.connection_id, link.provider_id, link.pms_provider_id, link.rule.value, link.by, to_time(link.at),
            ),
        )  # fmt: skip


def _patient_of(row: Row) -> Patient:
    return Patient(PatientId(row["id"]), person_of(row), row["external_id"])


def _link_of(row: Row) -> PatientLink:
    return PatientLink(
        ConnectionId(row["connection_id"]), PatientId(row["patient_id"]), PmsPatientId(row["pms_patient_id"]),
        int(row["version"]), LinkRule(row["rule"]), row["linked_by"], from_time(row["linked_at"]),
        bool(row["is_active"]),
    )  # fmt: skip
