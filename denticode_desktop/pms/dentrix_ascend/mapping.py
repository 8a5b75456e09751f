"""Ascend's records -> ours. Pure; a value that breaks the contract is left empty, an unknown word becomes OTHER."""

import html
import re
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from denticode_desktop.domain.charting import CatalogueCode, TreatmentArea
from denticode_desktop.domain.ids import PmsCodeId, PmsLocationId, PmsPatientId, PmsProviderId
from denticode_desktop.domain.people import Demographics, PmsLocation, PmsPatient, PmsPatientStatus, PmsProvider, Sex
from denticode_desktop.domain.schedule import PmsAppointment
from denticode_desktop.pms.field_map import api_facts

from .rows import PMS_KEY, AppointmentRow, CodeRow, LocationRow, PatientRow, ProviderRow, id_text, ref_id

_words = api_facts(PMS_KEY).words
_PATIENT_STATUS = {word: PmsPatientStatus(ours) for word, ours in _words["patient_status"].value.items()}
_SEX = {word: Sex(ours) for word, ours in _words["sex"].value.items()}
_AREA = {word: TreatmentArea(ours) for word, ours in _words["treatment_area"].value.items()}
MAX_FEE_CENTS = 100_000_000_00

_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|nbsp|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});")
_BREAK = re.compile(r"<br\s*/?>|</(?:p|div)\s*>\s*<(?:p|div)(?:\s[^<>]*)?>", re.IGNORECASE)
_TAG = re.compile(r"</?(?:p|div|span)(?:\s[^<>]*)?>", re.IGNORECASE)
_STARTS_AS_HTML = re.compile(r"\s*<(?:p|div)(?:\s[^<>]*)?>", re.IGNORECASE)


def to_location(row: LocationRow) -> PmsLocation:
    """One office."""
    zone = row.time_zone or ""
    return PmsLocation(PmsLocationId(id_text(row.location_id)), row.name or "", zone, row.last_modified or "")


def to_provider(row: ProviderRow) -> PmsProvider:
    """One provider; where the PMS does not say, an active person."""
    return PmsProvider(
        PmsProviderId(id_text(row.provider_id)), row.first_name or "", row.last_name or "",
        id_text(row.npi), row.is_active is not False, row.is_non_person is not True, row.title or "",
        row.last_modified or "",
    )  # fmt: skip


def to_patient(row: PatientRow) -> PmsPatient:
    """One patient. A duplicate of another one (`duplicateOfPatient`) is MERGED into that one."""
    born, phones = row.date_of_birth, row.phones
    person = Demographics(
        row.first_name or "", row.last_name or "", to_date(born) if born else None, _SEX.get(row.gender or ""),
        row.middle_name or "", row.suffix or "", row.preferred_name or "",
        id_text(phones[0].number) if phones else "", row.email or "", row.address or "", row.city or "",
        row.state or "", id_text(row.postal_code), id_text(row.chart_number),
    )  # fmt: skip
    patient_id, version = PmsPatientId(id_text(row.patient_id)), row.last_modified or ""
    if row.duplicate_of is not None and (into := ref_id(row.duplicate_of)):
        return PmsPatient(patient_id, person, PmsPatientStatus.MERGED, PmsPatientId(into), version)
    status = _PATIENT_STATUS.get(row.status or "", PmsPatientStatus.OTHER)
    return PmsPatient(patient_id, person, status, None, version)


def to_appointment(row: AppointmentRow) -> PmsAppointment:
    """One visit."""
    patient, provider, location = ref_id(row.patient), ref_id(row.provider), ref_id(row.location)
    return PmsAppointment(
        pms_appointment_id=id_text(row.appointment_id),
        pms_patient_id=PmsPatientId(patient) if patient else None,
        pms_provider_id=PmsProviderId(provider) if provider else None,
        pms_location_id=PmsLocationId(location) if location else None,
        starts_at=to_moment(row.start),
        duration_min=round(row.duration) if row.duration is not None and 0 <= row.duration < 100_000 else None,
        status=row.status or "",
        version=row.last_modified or "",
    )


def to_code(row: CodeRow) -> CatalogueCode:
    """One row of the practice's code list; where the PMS does not say, an active one."""
    return CatalogueCode(
        code_id=PmsCodeId(id_text(row.code_id)),
        code=(row.code or "").strip(),
        description=row.description or "",
        is_active=row.is_active is not False,
        extension=(row.extension or "").strip(),
        treatment_area=_AREA.get((row.treatment_area or "").strip().upper().replace(" ", "_"), TreatmentArea.OTHER),
        fee_cents=to_cents(row.fee),
        version=row.last_modified or "",
    )


def to_cents(dollars: float | str | None) -> int | None:
    """Dollars as whole cents; None for what is no amount."""
    try:
        cents = Decimal(str(dollars)) * 100
    except InvalidOperation:
        return None
    return round(cents) if cents.is_finite() and 0 <= cents <= MAX_FEE_CENTS else None


def to_date(text: str | None) -> date | None:
    """`yyyy-MM-dd`, also as the beginning of a date-time; None for anything else."""
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def to_moment(value: str | int | None) -> datetime | None:
    """ISO 8601 with or without milliseconds (UTC where no zone is named), or epoch milliseconds; aware UTC."""
    try:
        if isinstance(value, int):
            return datetime.fromtimestamp(value / 1000, UTC)
        moment = datetime.fromisoformat(value) if value else None
    except (ValueError, OverflowError, OSError):
        return None
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


@lru_cache(maxsize=64)
def zone_of(name: str) -> tzinfo | None:
    """The zone of an IANA name; None (the computer's own) for an empty or unknown one."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def day_in_zone(value: str | None, zone: tzinfo | None) -> date | None:
    """The calendar day that a date or date-time of a chart means at the practice.

    Exact midnight UTC is taken for a plain date: what we write lies at the practice's noon, and a PMS that keeps only
    the day gives that back.
    """
    moment = to_moment(value)
    if moment is None or (value is not None and len(value) <= 10) or moment.time() == time(0):
        return to_date(value)
    return moment.astimezone(zone).date()


def noon_utc(day: date, zone: tzinfo | None) -> str:
    """Noon of a day at the practice as the PMS wants it: UTC, milliseconds, `Z`."""
    noon = datetime.combine(day, time(12), tzinfo=zone)
    return utc_text(noon.astimezone(UTC))


def utc_text(moment: datetime) -> str:
    """`2026-10-14T15:30:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def compared_text(text: str) -> str:
    """A note's text with what the PMS may have made of it undone: paragraphs, breaks, entities. Only for comparing.

    A text is taken for HTML where it begins as a paragraph, or holds breaks and not one line end; for escaped where
    every `&` begins an entity and no bare `<` or `>` is left. Any other text is as it was typed.
    """
    if _STARTS_AS_HTML.match(text) or (_BREAK.search(text) and "\n" not in text):
        return html.unescape(_TAG.sub("", _BREAK.sub("\n", text)))
    if "&" in text and "<" not in text and ">" not in text and len(_ENTITY.findall(text)) == text.count("&"):
        return html.unescape(text)
    return text
