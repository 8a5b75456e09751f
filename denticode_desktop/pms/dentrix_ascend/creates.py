"""The requests that create something: pure, the same bytes each time (contract sections 4.6 and 4.7)."""

import hashlib
from dataclasses import dataclass

from denticode_desktop.domain.charting import CatalogueCode, Procedure, ProcedureStatus, TreatmentArea
from denticode_desktop.domain.connection import Permission
from denticode_desktop.domain.errors import PmsProtocolError, PmsRefusedError
from denticode_desktop.domain.fingerprint import fingerprint_of, procedure_fingerprint
from denticode_desktop.domain.ids import RemoteId
from denticode_desktop.domain.lab import canonical_json
from denticode_desktop.domain.write_back import (
    DocumentPayload,
    Item,
    ItemKind,
    ItemPayload,
    NotePayload,
    ProcedurePayload,
)
from denticode_desktop.pms.field_map import ApiFacts
from denticode_desktop.pms.http import Answer
from denticode_desktop.pms.http_limits import parse_strict
from denticode_desktop.pms.outcome import Verdict
from denticode_desktop.ports.pms import PreparedSend

from .error_words import words_in
from .mapping import noon_utc, zone_of
from .rows import id_text

NO_DOCUMENTS = "How Dentrix Ascend takes documents is not publicly known: attach this one by hand."
NEEDS_PLACE = (
    "How Dentrix Ascend takes a tooth, surface, quadrant or arch is not publicly known: chart this code by hand."
)
CANNOT_BE_EXPRESSED = 0
"""`status` of a PmsRefusedError that we raise before anything was sent."""

_AREAS_WITH_PLACE = frozenset({TreatmentArea.TOOTH, TreatmentArea.SURFACE, TreatmentArea.QUADRANT, TreatmentArea.ARCH})


@dataclass(frozen=True, slots=True)
class Resource:
    """What an item's kind is called: `path` names the data file's path and type, `permission` the help text's word."""

    path: str
    type_name: str
    permission: Permission


RESOURCES: dict[ItemKind, Resource] = {
    ItemKind.NOTE: Resource("notes", "note", Permission.CHART_NOTES),
    ItemKind.PROCEDURE: Resource("procedures", "procedure", Permission.TREATMENT_PLANS),
}


def by_hand_reason(procedure: Procedure, code: CatalogueCode) -> str | None:
    """Why a line is charted by hand, None when it can be written."""
    has_place = procedure.tooth or procedure.surfaces or procedure.quadrant
    return NEEDS_PLACE if has_place or code.treatment_area in _AREAS_WITH_PLACE else None


def fingerprint(payload: ItemPayload) -> str:
    """Over what Ascend takes from us and gives back: code row, status, day, provider. The fee comes from its own
    schedule and teeth are not written, so neither takes part.
    """
    if not isinstance(payload, ProcedurePayload):
        return fingerprint_of(payload)
    return procedure_fingerprint(
        code_id=payload.code_id, tooth=None, surfaces=None, quadrant=None, status=payload.status,
        service_on=payload.service_on, pms_provider_id=payload.pms_provider_id, fee_cents=None,
    )  # fmt: skip


def prepare(item: Item, facts: ApiFacts, *, may_complete: bool) -> PreparedSend:
    """The request for an item. `path` has no version: which one the PMS serves is known when it is sent.

    Raises: PmsRefusedError with status 0 where the item cannot be expressed.
    """
    payload = item.payload
    if isinstance(payload, DocumentPayload):
        raise PmsRefusedError(CANNOT_BE_EXPRESSED, NO_DOCUMENTS)
    if isinstance(payload, NotePayload):
        body = _note_body(item, payload, facts)
    else:
        body = _procedure_body(item, payload, facts, may_complete=may_complete)
    data = canonical_json(body)
    path = "/" + facts.path(RESOURCES[item.kind].path).rsplit("/", 1)[-1]
    digest = hashlib.sha256(b"POST\n" + path.encode() + b"\n" + data).hexdigest()
    deadline_s = float(facts.limit("send_deadline_s"))
    return PreparedSend(item.kind, item.pms_patient_id, "POST", path, data, "application/json", digest, deadline_s)


def _reference(record_id: str, type_name: str, facts: ApiFacts) -> dict[str, str]:
    return {"id": record_id, "type": facts.types[type_name].value}


def _note_body(item: Item, payload: NotePayload, facts: ApiFacts) -> dict[str, object]:
    """Unsigned and no draft: the provider signs in the PMS."""
    names = facts.members("note")
    return {
        names["patient"]: _reference(item.pms_patient_id, "patient", facts),
        names["provider"]: _reference(payload.pms_provider_id, "provider", facts),
        names["dated_as"]: noon_utc(payload.visit_on, zone_of(payload.time_zone)),
        names["text"]: payload.text,
    }


def _procedure_body(item: Item, payload: ProcedurePayload, facts: ApiFacts, *, may_complete: bool) -> dict[str, object]:
    if payload.tooth or payload.surfaces or payload.quadrant:
        raise PmsRefusedError(CANNOT_BE_EXPRESSED, NEEDS_PLACE)
    if payload.pms_location_id is None:
        raise PmsRefusedError(CANNOT_BE_EXPRESSED, "Dentrix Ascend needs the location: choose one for the connection.")
    is_completed = payload.status is ProcedureStatus.COMPLETED
    if is_completed and not may_complete:
        # A completed procedure posts to the ledger.
        raise PmsRefusedError(CANNOT_BE_EXPRESSED, "Sending completed procedures is switched off for this connection.")
    names = facts.members("procedure")
    provider, day = ("rendering_provider", "service_date") if is_completed else ("planned_provider", "planned_date")
    status = next(word for word, ours in facts.words["procedure_status"].value.items() if ours == payload.status.value)
    return {
        names["patient"]: _reference(item.pms_patient_id, "patient", facts),
        names["location"]: _reference(payload.pms_location_id, "location", facts),
        names["practice_procedure"]: _reference(payload.code_id, "practice_procedure", facts),
        names[provider]: _reference(payload.pms_provider_id, "provider", facts),
        names["status"]: status,
        names[day]: noon_utc(payload.service_on, zone_of(payload.time_zone)),
    }


def judge_created(answer: Answer, prepared: PreparedSend, facts: ApiFacts) -> Verdict:
    """What a 2xx to a create proves: the new record's id, unless it names another patient or kind or says it failed."""
    if not answer.is_json:
        return Verdict(error_kind="not_json")
    try:
        body = parse_strict(answer.body)
    except PmsProtocolError as error:
        return Verdict(error_kind=error.kind)
    data = body.get("data", body) if isinstance(body, dict) else None
    if isinstance(data, list):
        data = data[0] if len(data) == 1 else None
    if not isinstance(body, dict) or not isinstance(data, dict):
        return Verdict(error_kind="no_id")
    if str(body.get("statusCode", 200)) not in ("200", "201"):
        return Verdict(error_kind="body_status")
    words = words_in({name: body.get(name) for name in ("errors", "warnings")})
    return _judge_record(data, prepared, facts, words)


def _judge_record(data: dict[str, object], prepared: PreparedSend, facts: ApiFacts, words: str) -> Verdict:
    type_name = RESOURCES[prepared.kind].type_name
    patient, kind = data.get(facts.members(type_name)["patient"]), data.get("type")
    named = patient.get("id") if isinstance(patient, dict) else None
    if named is not None and id_text(named) != prepared.pms_patient_id:
        return Verdict(error_kind="other_patient")
    if kind is not None and not _is_type(kind, facts.types[type_name].value):
        return Verdict(error_kind="other_kind")
    remote_id = id_text(data.get("id"))
    return Verdict(RemoteId(remote_id), "", words) if remote_id else Verdict(error_kind="no_id")


def _is_type(found: object, expected: str) -> bool:
    """Whether a type's name is the expected one, whatever its version (`ClinicalNote`, `ClinicalNoteV1`)."""
    return isinstance(found, str) and _without_version(found) == _without_version(expected)


def _without_version(name: str) -> str:
    stem, mark, number = name.rpartition("V")
    return stem if mark and number.isdigit() else name
