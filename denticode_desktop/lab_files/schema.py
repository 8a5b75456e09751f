"""The shape of `denticode.lab/1`, and msgspec's refusals turned into sentences with the field's path.

Fields shown as null in the format's description may be left out; everything else must be there, nothing else may.
"""

import re
from typing import Annotated

import msgspec
from msgspec import Meta

from denticode_desktop.domain.charting import ProcedureStatus, Quadrant
from denticode_desktop.domain.errors import UserError
from denticode_desktop.domain.lab import MAX_DOCUMENTS, MAX_NOTE_CHARS, MAX_PROCEDURES
from denticode_desktop.domain.people import Sex

from .strict_json import AGAIN, JsonValue, shown_key

SCHEMA = "denticode.lab/1"
MAX_NAME_CHARS = 200

Text = Annotated[str, Meta(max_length=MAX_NAME_CHARS)]
Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARS)]


class _Strict(msgspec.Struct, forbid_unknown_fields=True):
    """No field beyond the declared ones."""


class PatientPart(_Strict):
    """`patient`."""

    first_name: Name
    last_name: Name
    date_of_birth: Text
    pms_patient_id: Name | None = None
    chart_number: Text | None = None
    sex: Sex | None = None
    middle_name: Text | None = None
    suffix: Text | None = None
    preferred_name: Text | None = None
    phone: Text | None = None
    email: Text | None = None
    address: Text | None = None
    city: Text | None = None
    state: Text | None = None
    postal_code: Text | None = None


class ProviderPart(_Strict):
    """`provider`."""

    name: Name
    pms_provider_id: Name | None = None
    npi: Text | None = None


class NotePart(_Strict):
    """`note`."""

    text: Annotated[str, Meta(max_length=MAX_NOTE_CHARS)]
    template: Text | None = None


class ProcedurePart(_Strict):
    """One of `procedures`. A code for the whole mouth has no tooth, so tooth and surfaces may be null or left out."""

    code: Name
    status: ProcedureStatus
    tooth: Text | None = None
    surfaces: Text | None = None
    quadrant: Quadrant | None = None
    fee_cents: int | None = None
    date: Text | None = None


class DocumentPart(_Strict):
    """One of `documents`."""

    file: Name
    title: Name


class LabFile(_Strict):
    """The whole file."""

    schema: str
    external_id: Name
    visit_date: Text
    patient: PatientPart
    provider: ProviderPart
    note: NotePart
    procedures: Annotated[list[ProcedurePart], Meta(max_length=MAX_PROCEDURES)]
    documents: Annotated[list[DocumentPart], Meta(max_length=MAX_DOCUMENTS)]


_WORDS_OF_TYPE = {
    "str": "text", "int": "a whole number", "float": "a number", "bool": "true or false", "null": "null",
    "array": "a list", "object": "a group of fields",
}  # fmt: skip
_ALLOWED = {
    "status": [s.value for s in ProcedureStatus],
    "quadrant": [q.value for q in Quadrant],
    "sex": [s.value for s in Sex],
}
_NEXT_STEP = {
    "patient.date_of_birth": "Add the patient's birth date as YYYY-MM-DD and import the file again.",
    "visit_date": "Add the visit date as YYYY-MM-DD and import the file again.",
}
_AT = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_OF_FIELD = re.compile(r"Object (?P<what>missing required|contains unknown) field `(?P<name>.*)`", re.DOTALL)
_OF_TYPE = re.compile(r"Expected `(?P<wanted>[^`]+)`, got `(?P<got>[^`]+)`")
_OF_LENGTH = re.compile(r"Expected `(?P<type>str|array)` of length (?P<sign>[<>])= (?P<limit>\d+)")


def parse_lab_file(value: JsonValue) -> LabFile:
    """The parts of a Lab file. Raises UserError with the field's path."""
    if not isinstance(value, dict):
        raise UserError(f"The file is not a Lab: it must be one JSON object. {AGAIN}", field="file")
    if value.get("schema") != SCHEMA:
        raise UserError(
            f"The field schema is not {SCHEMA}, so this is not a Lab file that Denticode can read. "
            f"Export the session as {SCHEMA} and import it again.",
            field="schema",
        )
    try:
        return msgspec.convert(value, LabFile, strict=True)
    except msgspec.ValidationError as error:
        raise _as_user_error(str(error)) from None


def _as_user_error(message: str) -> UserError:
    at = _AT.search(message)
    path = at["path"].removeprefix(".") if at else ""
    core = message[: at.start()] if at else message
    if of_field := _OF_FIELD.fullmatch(core):
        return _missing_or_unknown(path, shown_key(of_field["name"]), is_missing="missing" in of_field["what"])
    field = path or "file"
    next_step = _NEXT_STEP.get(field, AGAIN)
    if of_length := _OF_LENGTH.fullmatch(core):
        return UserError(f"The field {field} {_length_words(of_length)}. {next_step}", field=field)
    if of_type := _OF_TYPE.fullmatch(core):
        wanted = " or ".join(_WORDS_OF_TYPE.get(w.strip(), w.strip()) for w in of_type["wanted"].split("|"))
        got = _WORDS_OF_TYPE.get(of_type["got"], of_type["got"])
        return UserError(f"The field {field} must be {wanted}, not {got}. {next_step}", field=field)
    allowed = _ALLOWED.get(field.rpartition(".")[2])
    if allowed:
        return UserError(f"The field {field} must be one of {', '.join(allowed)}. {next_step}", field=field)
    return UserError(f"The field {field} cannot be read. {next_step}", field=field)


def _missing_or_unknown(path: str, name: str, *, is_missing: bool) -> UserError:
    field = f"{path}.{name}" if path else name
    if is_missing:
        return UserError(f"The field {field} is missing. {_NEXT_STEP.get(field, AGAIN)}", field=field)
    return UserError(f"The field {field} is not one that a Lab has. Remove it, or check its spelling.", field=field)


def _length_words(found: re.Match[str]) -> str:
    if found["sign"] == ">":
        return "is empty"
    unit = "characters" if found["type"] == "str" else "entries"
    return f"has more than {int(found['limit']):,} {unit}"
