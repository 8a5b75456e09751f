"""Patients and providers: as Denticode knows them and as the PMS holds them."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from .ids import PatientId, PmsLocationId, PmsPatientId, PmsProviderId, ProviderId


class Sex(StrEnum):
    """As far as a PMS tells it."""

    FEMALE = "F"
    MALE = "M"
    OTHER = "O"


@dataclass(frozen=True, slots=True)
class Demographics:
    """What tells one person from another. Text is stored as typed; empty means not known."""

    first_name: str
    last_name: str
    date_of_birth: date | None
    sex: Sex | None = None
    middle_name: str = ""
    suffix: str = ""
    preferred_name: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    chart_number: str = ""

    @property
    def display_name(self) -> str:
        """`Ruiz, Ana` - for a person's screen, never for a log."""
        parts = [p for p in (self.last_name, self.first_name) if p]
        name = ", ".join(parts)
        return f"{name} {self.suffix}".strip() if self.suffix else name

    def __repr__(self) -> str:
        return "Demographics(…)"


@dataclass(frozen=True, slots=True)
class Patient:
    """A person as a Lab brought them."""

    patient_id: PatientId
    person: Demographics
    external_id: str = ""
    """`external_id` of the Lab that brought the patient first."""


class PmsPatientStatus(StrEnum):
    """What a chart says about being written to. Unknown vendor words become OTHER, which is not refused."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    MERGED = "merged"
    DELETED = "deleted"
    OTHER = "other"


def has_name(person: Demographics) -> bool:
    """Whether there is anything to call the person by."""
    return bool(person.last_name or person.first_name)


@dataclass(frozen=True, slots=True)
class PmsPatient:
    """A patient as the PMS holds them, from a sync or fetched right before a write."""

    pms_patient_id: PmsPatientId
    person: Demographics
    status: PmsPatientStatus
    merged_into: PmsPatientId | None = None
    version: str = ""
    """The PMS's change mark (Ascend: `lastModified`), opaque."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider as Denticode knows them."""

    provider_id: ProviderId
    name: str
    npi: str = ""


@dataclass(frozen=True, slots=True)
class PmsProvider:
    """A provider as the PMS holds them."""

    pms_provider_id: PmsProviderId
    first_name: str
    last_name: str
    npi: str = ""
    is_active: bool = True
    is_person: bool = True
    title: str = ""
    version: str = ""

    @property
    def display_name(self) -> str:
        """`Lee, Sam`."""
        return ", ".join(p for p in (self.last_name, self.first_name) if p)


@dataclass(frozen=True, slots=True)
class PmsLocation:
    """One office of the practice. `time_zone` is an IANA name, empty where the PMS does not tell."""

    pms_location_id: PmsLocationId
    name: str
    time_zone: str = ""
    version: str = ""
