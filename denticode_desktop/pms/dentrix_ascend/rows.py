"""Shapes of the records as they come over the wire. Our names here, the vendor's names from the data file.

Everything but the id may be missing, null or unknown to us; ids are strings or numbers (contract section 3.6).
"""

from typing import Any, TypeVar

import msgspec

from denticode_desktop.domain.errors import PmsProtocolError
from denticode_desktop.domain.ids import PmsKey
from denticode_desktop.pms.field_map import api_facts

PMS_KEY = PmsKey("dentrix-ascend")
_FACTS = api_facts(PMS_KEY)
Id = str | int
Row = TypeVar("Row", bound=msgspec.Struct)


class Ref(msgspec.Struct, gc=False):
    """A reference to another record."""

    id: Id | None = None
    type: str | None = None


class PhoneRow(msgspec.Struct, gc=False):
    """One phone of a patient. `number` is 10 digits."""

    number: str | int | None = None


class LocationRow(msgspec.Struct, rename=_FACTS.members("location"), gc=False):
    """LocationV1."""

    location_id: Id
    name: str | None = None
    time_zone: str | None = None
    last_modified: str | None = None


class ProviderRow(msgspec.Struct, rename=_FACTS.members("provider"), gc=False):
    """ProviderV1."""

    provider_id: Id
    first_name: str | None = None
    last_name: str | None = None
    npi: str | int | None = None
    title: str | None = None
    is_active: bool | None = None
    is_non_person: bool | None = None
    last_modified: str | None = None


class PatientRow(msgspec.Struct, rename=_FACTS.members("patient"), gc=False):
    """PatientV1."""

    patient_id: Id
    first_name: str | None = None
    last_name: str | None = None
    middle_name: str | None = None
    suffix: str | None = None
    preferred_name: str | None = None
    date_of_birth: str | None = None
    gender: str | None = None
    status: str | None = None
    phones: list[PhoneRow] | None = None
    email: str | None = None
    address: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | int | None = None
    chart_number: str | int | None = None
    duplicate_of: Ref | None = None
    last_modified: str | None = None


class AppointmentRow(msgspec.Struct, rename=_FACTS.members("appointment"), gc=False):
    """AppointmentV1. `duration` in minutes."""

    appointment_id: Id
    start: str | None = None
    duration: int | float | None = None
    status: str | None = None
    patient: Ref | None = None
    provider: Ref | None = None
    location: Ref | None = None
    last_modified: str | None = None


class CodeRow(msgspec.Struct, rename=_FACTS.members("code"), gc=False):
    """PracticeProcedureV1: one row of the practice's own code list. `fee` in dollars."""

    code_id: Id
    code: str | None = None
    description: str | None = None
    is_active: bool | None = None
    extension: str | None = None
    treatment_area: str | None = None
    fee: int | float | str | None = None
    last_modified: str | None = None


class NoteRow(msgspec.Struct, rename=_FACTS.members("note"), gc=False):
    """ClinicalNote."""

    note_id: Id
    patient: Ref | None = None
    provider: Ref | None = None
    dated_as: str | int | None = None
    text: str | None = None
    signed_date: str | int | None = None
    last_modified: str | None = None


class ProcedureRow(msgspec.Struct, rename=_FACTS.members("procedure"), gc=False):
    """PatientProcedureV1."""

    procedure_id: Id
    patient: Ref | None = None
    location: Ref | None = None
    practice_procedure: Ref | None = None
    rendering_provider: Ref | None = None
    planned_provider: Ref | None = None
    status: str | None = None
    state: str | None = None
    service_date: str | None = None
    planned_date: str | None = None
    entry_date: str | None = None
    last_modified: str | None = None


def id_text(value: object) -> str:
    """An id as text, however it came; empty for what is none. Never through a float."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def ref_id(ref: Ref | None) -> str:
    """The id that a reference names, empty where it names none."""
    return id_text(ref.id) if ref is not None else ""


def tolerant_row(raw: dict[str, Any], kind: type[Row]) -> Row:
    """A row with the fields that have the wrong type left out.

    Raises: PmsProtocolError `missing_id` where that is the id.
    """
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError:
        pass
    kept: dict[str, Any] = {}
    for info in msgspec.structs.fields(kind):
        if info.encode_name in raw:
            try:
                msgspec.convert(raw[info.encode_name], info.type)
            except msgspec.ValidationError:
                continue
            kept[info.encode_name] = raw[info.encode_name]
    try:
        return msgspec.convert(kept, kind)
    except msgspec.ValidationError as error:
        raise PmsProtocolError("missing_id") from error
