"""Which path of the rehearsal Dentrix Ascend does what (contract section 4)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl

import msgspec

from denticode_desktop.rehearsal import ascend_replies as replies
from denticode_desktop.rehearsal import practice_data as practice
from denticode_desktop.rehearsal.ascend_access import Gate
from denticode_desktop.rehearsal.ascend_creates import RefusedError, create
from denticode_desktop.rehearsal.ascend_lists import (
    RECORD_PATHS,
    ListError,
    ListRequest,
    as_id_type,
    encode_record,
    list_patients,
    list_records,
    parse_fields,
    parse_list_request,
)
from denticode_desktop.rehearsal.ascend_state import ChartState, CommitPlan
from denticode_desktop.rehearsal.http_server import HttpRequest, Reply

TOKEN_PATH = "/oauth/client_credential/accesstoken"  # noqa: S105  a path
LINKED_PATH = "/orgmapper/LinkedOrgs"
API_PREFIX = "/ascend-gateway/api/"

VERSIONS: dict[str, tuple[str, ...]] = {
    "organizations": ("v0",),
    "locations": ("v1",),
    "providers": ("v1",),
    "users": ("v0",),
    "operatories": ("v1",),
    "patients": ("v1",),
    "appointments": ("v1",),
    "practiceprocedures": ("v0", "v1"),
    "patientprocedures": ("v0", "v1"),
    "patientteeth": ("v0",),
    "txcases": ("v1",),
    "visits": ("v1",),
    "documents": ("v0",),
    "usagereport": ("v1",),
}
CREATED = frozenset({"clinicalnotes", "patientprocedures", "documents"})


@dataclass(frozen=True, slots=True)
class Target:
    """What a path means. `resource` is `token`, `linkedorgs`, a resource's name, or empty for a path of no meaning."""

    resource: str
    version: str = ""
    record_id: str | None = None

    @property
    def is_one(self) -> bool:
        """Tell whether a single record is meant."""
        return self.record_id is not None


TEETH = Target("patientteeth", "v0", "globals")  # a list, although its path looks like that of one record


def parse_target(path: str) -> Target:
    """Read a path."""
    if path == TOKEN_PATH:
        return Target("token")
    if path == LINKED_PATH:
        return Target("linkedorgs")
    parts = path.removeprefix(API_PREFIX).split("/")
    if not path.startswith(API_PREFIX) or len(parts) not in (2, 3) or not all(parts):
        return Target("")
    return Target(parts[1], parts[0], parts[2] if len(parts) == 3 else None)


class Router:
    """Answers requests from the chart, with no fault of its own."""

    def __init__(self, state: ChartState) -> None:
        self._state = state
        self._switches = state.switches
        self.gate = Gate(state)

    def is_create(self, request: HttpRequest, target: Target) -> bool:
        """Tell whether a request would store a record if it is accepted."""
        return request.method == "POST" and target.resource in CREATED and not target.is_one

    def route(self, request: HttpRequest, target: Target, plan: CommitPlan) -> Reply:
        """Answer a request; a create takes effect as planned."""
        if target.resource == "token":
            return self.gate.give_token(request)
        if target.resource == "linkedorgs":
            return self.gate.linked_organizations(request)
        if request.method not in ("GET", "POST"):
            return self._error(405, "method.not.allowed", "the method is not allowed here")
        refusal = self.gate.refuse_bearer(request) or self.gate.refuse_organization(request)
        return refusal or self._refuse_target(request, target) or self._serve(request, target, plan)

    def _refuse_target(self, request: HttpRequest, target: Target) -> Reply | None:
        """Return 404 for a resource or version that is not there, 403 for a permission that is missing."""
        versions = VERSIONS.get(target.resource, ())
        if target.resource == "clinicalnotes":
            served = self._switches.clinicalnotes_versions
            versions = ("v0", "v1") if served == "both" else (served,)
        if target.version not in versions:
            return self._error(404, "not.found", "there is no such resource")
        is_write = request.method == "POST"
        if is_write and target.resource == "documents" and self._switches.documents_upload == "none":
            return self._error(404, "not.found", "there is no such resource")
        if self._switches.forbids(target.resource, write=is_write):
            return self._error(403, "forbidden", "understood, but access is not allowed", target.resource)
        if is_write and not self.is_create(request, target):
            return self._error(405, "method.not.allowed", "the method is not allowed here")
        return None

    def _serve(self, request: HttpRequest, target: Target, plan: CommitPlan) -> Reply:
        if request.method == "POST":
            return self._create(request, target, plan)
        if target.resource == "usagereport":
            report = {"calls": self._state.request_count, "locations": 2}
            return replies.json_reply(200, replies.single(200, report, self._switches))
        if target.is_one and target != TEETH:
            return self._one(request, target)
        try:
            return self._list(request, target)
        except ListError as error:
            return self._error(400, "invalid.request", error.description, error.source)

    def _create(self, request: HttpRequest, target: Target, plan: CommitPlan) -> Reply:
        if not request.headers.get("content-type", "").startswith("application/json"):
            return self._error(415, "unsupported.media.type", "application/json is wanted", "Content-Type")
        try:
            record = create(self._state, target.resource, request.body, plan)
        except RefusedError as error:
            return self._error(400, error.code, error.description, error.source)
        status = self._switches.create_status
        return self._as_json(status, msgspec.json.encode(replies.single(status, record, self._switches)))

    def _one(self, request: HttpRequest, target: Target) -> Reply:
        """Answer one record by id."""
        state, record_id = self._state, target.record_id or ""
        fields = parse_fields(dict(parse_qsl(request.query)).get("responseFields")) or frozenset()
        with state.lock:
            if target.resource == "patients":
                index = state.roster.index_of(record_id)
                record = None if index is None else state.roster.record(index)
            else:
                record = state.find(target.resource, record_id) if target.resource in state.tables else None
        if record is None:
            return self._error(404, "not.found", "missing or does not exist", "id")
        encoded = encode_record(self._switches, target.resource, record, fields)
        whole = replies.single(200, {}, self._switches) | {"data": msgspec.Raw(encoded)}
        if self._switches.single_data == "array":
            whole["data"] = [msgspec.Raw(encoded)]
        return self._as_json(200, msgspec.json.encode(whole))

    def _list(self, request: HttpRequest, target: Target) -> Reply:
        resource = "teeth" if target == TEETH else target.resource
        asked = parse_list_request(request.query, RECORD_PATHS[resource], self._switches)
        if resource == "patients":
            reply = replies.raw_json_reply(200, list_patients(self._state, asked))
        elif resource == "patientteeth":
            reply = self._patient_teeth(asked)
        else:
            reply = replies.raw_json_reply(200, list_records(self._state, resource, asked))
        reply.delay_s = self._switches.page_delay_ms / 1000
        return reply

    def _patient_teeth(self, asked: ListRequest) -> Reply:
        """Answer the teeth of the one patient the filter must name."""
        patient_id = asked.patient_id
        if patient_id is None:
            return self._error(400, "invalid.request", "filter by patient.id", "filter")
        known = self._state.roster.index_of(patient_id) is not None
        reference = practice.patient_ref(self._state.base_url, patient_id)
        rows = [row | {"patient": reference} for row in practice.patient_teeth()] if known else []
        return replies.raw_json_reply(200, list_records(self._state, "patientteeth", asked, rows))

    def _as_json(self, status: int, body: bytes) -> Reply:
        return replies.raw_json_reply(status, as_id_type(body, self._switches))

    def _error(self, status: int, code: str, description: str, source: str = "") -> Reply:
        return replies.error_reply(self._switches, status, code, description, source)
