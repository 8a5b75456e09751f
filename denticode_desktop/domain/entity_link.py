"""Entity link: our patient or provider <-> one PMS record, by which rule or person."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .ids import ConnectionId, PatientId, PmsPatientId, PmsProviderId, ProviderId


class LinkRule(StrEnum):
    """How a link came to be."""

    PMS_ID = "pms_id"
    """The Lab named the PMS's id and name and birth date agree with that record."""
    PERSON = "person"
    NPI = "npi"
    """The only active provider with that NPI; found anew each time, not stored."""
    NAME = "name"
    """The only active provider with that name; found anew each time, not stored."""
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class PatientLink:
    """One version of a patient link; a later version replaces it, none is deleted."""

    connection_id: ConnectionId
    patient_id: PatientId
    pms_patient_id: PmsPatientId
    version: int
    rule: LinkRule
    by: str
    at: datetime
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class ProviderLink:
    """A provider link; `rule` DEFAULT is shown as "default" everywhere."""

    connection_id: ConnectionId
    provider_id: ProviderId
    pms_provider_id: PmsProviderId
    rule: LinkRule
    by: str
    at: datetime
