"""Creates of the rehearsal Dentrix Ascend: checks a body, builds the record, commits it.

Source of fact: contract sections 4.6, 4.7 and 4.10. What is marked UNKNOWN there is refused here rather than guessed,
except where a switch says otherwise, so that a client which sends a guess is noticed.
"""

from __future__ import annotations

import html
from datetime import datetime
from typing import Any

import msgspec

from denticode_desktop.rehearsal import practice_data as practice
from denticode_desktop.rehearsal.ascend_state import ChartState, CommitPlan
from denticode_desktop.rehearsal.practice_data import JsonObject, iso
from denticode_desktop.rehearsal.switches import Switches

NOTE_FIELDS = practice.words("type patient provider datedAs text additionalProvider assignedTeeth addendums")
PROCEDURE_FIELDS = practice.words(
    "type patient location practiceProcedure status treatmentPlannedProvider renderingProvider treatmentPlannedDate"
    " serviceDate entryDate amount notes procedureTeeth oralCavity billToInsurance"
)
DOCUMENT_FIELDS = practice.words("type name mimeType ownerType ownerPatient tags content")
PROCEDURE_STATUSES = ("TREATMENT_PLAN", "COMPLETED")
NEEDED_WHEN_PLANNED = ("treatmentPlannedProvider", "treatmentPlannedDate")
NEEDED_WHEN_COMPLETED = ("renderingProvider", "serviceDate")
AREAS_WITH_TEETH = frozenset({"TOOTH", "SURFACE", "ROOT"})


class RefusedError(Exception):
    """The body is refused with 400; `source` names the field."""

    def __init__(self, code: str, description: str, source: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.source = source


def create(state: ChartState, resource: str, body: bytes, plan: CommitPlan) -> JsonObject:
    """Check a body, commit it as planned and return the record as the answer shows it.

    Raises: RefusedError; then nothing was stored.
    """
    values = _parse(body)
    with state.lock:
        if resource == "clinicalnotes":
            record = _build_note(state, values)
        elif resource == "patientprocedures":
            record = _build_procedure(state, values)
        else:
            record = _build_document(state, values)
        record |= {"id": state.take_id(resource), "lastModified": iso(state.now())}
        state.commit(resource, record, plan)
    return record


def alter_text(text: str, switches: Switches) -> str:
    """Return a note's text as the PMS keeps it; what it really does to a text is not known, hence the switch."""
    if switches.alter_text == "html":
        return "<p>" + html.escape(text, quote=False).replace("\r\n", "\n").replace("\n", "<br>") + "</p>"
    if switches.alter_text == "cut":
        return text[: switches.cut_text_at]
    if switches.alter_text == "crlf":
        return text.replace("\r\n", "\n").replace("\n", "\r\n")
    return "\n".join(line.rstrip() for line in text.split("\n")).strip() if switches.alter_text == "trim" else text


def _parse(body: bytes) -> JsonObject:
    try:
        values = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RefusedError("invalid.body", "the body is no JSON", "body") from error
    if not isinstance(values, dict):
        raise RefusedError("invalid.body", "an object is wanted", "body")
    return values


def _build_note(state: ChartState, values: JsonObject) -> JsonObject:
    _require(values, NOTE_FIELDS, ("patient", "provider", "datedAs", "text"))
    text = values["text"]
    if not isinstance(text, str) or not text.strip():
        raise RefusedError("invalid.value", "the text is empty", "text")
    limit = state.switches.text_limit_chars
    if limit and len(text) > limit:
        raise RefusedError("invalid.length", f"at most {limit} characters", "text")
    return {
        "id": "",
        "type": "ClinicalNote",
        "patient": _patient(state, values, "patient"),
        "provider": _provider(state, values, "provider"),
        "datedAs": _moment(values, "datedAs"),
        "text": alter_text(text, state.switches),
        "assignedTeeth": values.get("assignedTeeth", []),
        "addendums": [],
    }


def _build_procedure(state: ChartState, values: JsonObject) -> JsonObject:
    _require(values, PROCEDURE_FIELDS, ("patient", "location", "practiceProcedure", "status"))
    status = values["status"]
    if status not in PROCEDURE_STATUSES:
        raise RefusedError("invalid.value", "unknown status", "status")
    _require(values, PROCEDURE_FIELDS, NEEDED_WHEN_PLANNED if status == "TREATMENT_PLAN" else NEEDED_WHEN_COMPLETED)
    offered = _referred(state, values, "practiceProcedure", "practiceprocedures", "PracticeProcedureV1")
    catalogue_row = state.tables["practiceprocedures"].entries[offered["id"]].record
    if not catalogue_row["active"]:
        raise RefusedError("inactive.reference", "the procedure is not active", "practiceProcedure")
    amount = values.get("amount", catalogue_row["fee"])
    if isinstance(amount, bool) or not isinstance(amount, int | float) or amount < 0:
        raise RefusedError("invalid.value", "not an amount", "amount")
    record: JsonObject = {
        "id": "",
        "type": "PatientProcedureV1",
        "patient": _patient(state, values, "patient"),
        "location": _referred(state, values, "location", "locations", "LocationV1"),
        "practiceProcedure": offered,
        "status": status,
        "state": "ACTIVE",
        "amount": amount,
        "procedureTeeth": _teeth(state, values, catalogue_row),
        "entryDate": iso(state.now()),
    }
    for name in ("treatmentPlannedProvider", "renderingProvider"):
        if values.get(name) is not None:
            record[name] = _provider(state, values, name)
    for name in ("treatmentPlannedDate", "serviceDate"):
        if values.get(name) is not None:
            record[name] = _moment(values, name)
    return record | {name: values[name] for name in ("notes", "oralCavity", "billToInsurance") if name in values}


def _build_document(state: ChartState, values: JsonObject) -> JsonObject:
    """Build a document from an invented JSON upload; the real mechanism is not known (contract section 4.10)."""
    _require(values, DOCUMENT_FIELDS, ("name", "mimeType", "ownerPatient", "content"))
    if not isinstance(values["content"], str) or not values["content"]:
        raise RefusedError("invalid.value", "the document is empty", "content")
    owner = _patient(state, values, "ownerPatient")
    return {
        "id": "",
        "type": "Document",
        "name": values["name"],
        "mimeType": values["mimeType"],
        "tags": values.get("tags", []),
        "ownerType": "PATIENT",
        "ownerPatient": owner,
        "patient": owner,
        "content": values["content"],
    }


def _require(values: JsonObject, known: frozenset[str], required: tuple[str, ...]) -> None:
    for name in values:
        if name not in known:
            raise RefusedError("unknown.field", "the field cannot be written", name)
    for name in required:
        if values.get(name) is None:
            raise RefusedError("missing.field", "the field is required", name)


def _reference_id(values: JsonObject, name: str) -> str:
    reference: Any = values[name]
    found = reference.get("id") if isinstance(reference, dict) else None
    if isinstance(found, bool) or not isinstance(found, str | int) or not str(found):
        raise RefusedError("invalid.reference", "a reference with an id is wanted", name)
    return str(found)


def _patient(state: ChartState, values: JsonObject, name: str) -> JsonObject:
    patient_id = _reference_id(values, name)
    if state.roster.index_of(patient_id) is None:
        raise RefusedError("unknown.reference", "there is no such patient", name)
    return practice.patient_ref(state.base_url, patient_id)


def _provider(state: ChartState, values: JsonObject, name: str) -> JsonObject:
    reference = _referred(state, values, name, "providers", "ProviderV1")
    provider = state.tables["providers"].entries[reference["id"]].record
    if not provider["active"] or provider["isNonPersonEntity"]:
        raise RefusedError("inactive.reference", "the provider cannot chart", name)
    return reference


def _referred(state: ChartState, values: JsonObject, name: str, resource: str, kind: str) -> JsonObject:
    record_id = _reference_id(values, name)
    if record_id not in state.tables[resource].entries:
        raise RefusedError("unknown.reference", "there is no such record", name)
    return practice.make_ref(state.base_url, "v1", resource, kind, record_id)


def _moment(values: JsonObject, name: str) -> str:
    try:
        moment = datetime.fromisoformat(str(values[name]))
        written = iso(moment)
    except (ValueError, OverflowError) as error:
        raise RefusedError("invalid.date", "an ISO 8601 date-time is wanted", name) from error
    if moment.tzinfo is None:
        raise RefusedError("invalid.date", "the date-time has no zone", name)
    return written


def _teeth(state: ChartState, values: JsonObject, catalogue_row: JsonObject) -> list[JsonObject]:
    """Check tooth references; their real shape on write is not known, so only `toothId` is looked at."""
    given = values.get("procedureTeeth") or []
    if not isinstance(given, list) or not all(isinstance(tooth, dict) for tooth in given):
        raise RefusedError("invalid.value", "a list of teeth is wanted", "procedureTeeth")
    for tooth in given:
        if str(tooth.get("toothId")) not in state.tables["teeth"].entries:
            raise RefusedError("unknown.reference", "there is no such tooth", "procedureTeeth")
    if state.switches.require_teeth and not given and catalogue_row["treatmentArea"] in AREAS_WITH_TEETH:
        raise RefusedError("missing.field", "the procedure needs a tooth", "procedureTeeth")
    return given
