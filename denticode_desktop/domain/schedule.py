"""Appointments as the PMS holds them."""

from dataclasses import dataclass
from datetime import datetime

from .ids import PmsLocationId, PmsPatientId, PmsProviderId


@dataclass(frozen=True, slots=True)
class PmsAppointment:
    """One visit in the PMS's schedule. `starts_at` is aware UTC; `status` is the vendor's own word."""

    pms_appointment_id: str
    pms_patient_id: PmsPatientId | None
    pms_provider_id: PmsProviderId | None
    pms_location_id: PmsLocationId | None
    starts_at: datetime | None
    duration_min: int | None
    status: str
    version: str = ""
