"""Lists of the rehearsal Dentrix Ascend: paging, filter, field choice and the list faults.

Source of fact: contract sections 3.1 to 3.3. A page is joined from encoded rows; patients are encoded once and kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec

from denticode_desktop.rehearsal.ascend_state import ChartState
from denticode_desktop.rehearsal.filter_language import Condition, FilterError, parse_filter
from denticode_desktop.rehearsal.invented_people import draw
from denticode_desktop.rehearsal.patient_roster import PATIENT_FIELDS, position_after
from denticode_desktop.rehearsal.practice_data import JsonObject, words
from denticode_desktop.rehearsal.switches import Switches

Row = TypeVar("Row")

MAX_PAGE_SIZE = 500
DEFAULT_PAGE_SIZE = 50
LEFT_OUT_BY_DEFAULT = {"patientprocedures": frozenset({"procedureTeeth"})}
_ID_MEMBER = re.compile(rb'"(id|toothId|thumbNailId)":"([0-9]+)"')
_ENUMS = ("status", "state", "bookingType", "specialty", "treatmentArea", "patientStatus")


class ListError(Exception):
    """A list request is refused with 400; `source` names the parameter or field."""

    def __init__(self, title: str, description: str, source: str) -> None:
        super().__init__(description)
        self.title = title
        self.description = description
        self.source = source


@dataclass(frozen=True, slots=True)
class ListRequest:
    """The parameters of a list, checked. `fields` None means the default set, empty means ALL."""

    page_size: int
    last_id: str | None
    page: int
    conditions: tuple[Condition, ...]
    fields: frozenset[str] | None

    @property
    def is_first(self) -> bool:
        """Tell whether this asks for the beginning of the list."""
        return self.last_id is None and self.page == 1

    @property
    def patient_id(self) -> str | None:
        """Return the patient the filter names, which narrows what is read."""
        for condition in self.conditions:
            if condition.path == "patient.id" and condition.operator == "==":
                return condition.values[0]
        return None


def parse_list_request(query: str, known_paths: Iterable[str], switches: Switches) -> ListRequest:
    """Check the parameters. Raises: ListError."""
    values = dict(parse_qsl(query, keep_blank_values=True))
    size = _whole_number(values.get("pageSize", str(DEFAULT_PAGE_SIZE)), "pageSize")
    if size > MAX_PAGE_SIZE:
        if switches.oversize_page == "refuse":
            raise ListError("Bad parameter", f"pageSize is at most {MAX_PAGE_SIZE}", "pageSize")
        size = MAX_PAGE_SIZE
    last_id = values.get("lastId")
    if last_id is not None:
        _whole_number(last_id, "lastId")
    try:
        conditions = parse_filter(values.get("filter", ""), frozenset(known_paths))
    except FilterError as error:
        raise ListError("Bad filter", error.description, error.source) from error
    return ListRequest(
        page_size=size,
        last_id=last_id,
        page=_whole_number(values.get("page", "1"), "page"),
        conditions=conditions,
        fields=parse_fields(values.get("responseFields")),
    )


def parse_fields(text: str | None) -> frozenset[str] | None:
    """Return the chosen fields: None for the default set, empty for ALL."""
    if text is None or not text.strip():
        return None
    return frozenset() if text.strip() == "ALL" else frozenset(name.strip() for name in text.split(","))


def _whole_number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19 and int(text) > 0):
        raise ListError("Bad parameter", "a whole number above 0 is wanted", name)
    return int(text)


def choose_fields(resource: str, record: JsonObject, fields: frozenset[str] | None) -> JsonObject:
    """Leave out what was not asked for."""
    if fields is None:
        left_out = LEFT_OUT_BY_DEFAULT.get(resource, frozenset())
        return {name: value for name, value in record.items() if name not in left_out} if left_out else record
    return {name: value for name, value in record.items() if name in fields} if fields else record


def list_patients(state: ChartState, asked: ListRequest) -> bytes:
    """Answer a page of patients."""
    with state.lock:
        selected = state.roster.select(asked.conditions)
        start = position_after(selected, asked.last_id) if asked.last_id else (asked.page - 1) * asked.page_size
        chosen = _page(selected, max(start, 0), asked, state)
        if asked.fields:
            rows = [_patient_row(state, index, asked.fields) for index in chosen]
        else:
            rows = state.roster.rows(chosen)
        total = len(selected)
    return _envelope(rows, asked, start, total, state.switches)


def _patient_row(state: ChartState, index: int, fields: frozenset[str]) -> bytes:
    roster = state.roster
    if fields == {"id", "lastModified"} and not state.switches.missing_fields:
        return roster.id_and_version(index)
    record: JsonObject = msgspec.json.decode(roster.row(index))
    return msgspec.json.encode(choose_fields("patients", record, fields))


def list_records(state: ChartState, resource: str, asked: ListRequest, found: list[JsonObject] | None = None) -> bytes:
    """Answer a page of any other kind; `found` replaces what the state would show."""
    with state.lock:
        records = state.visible(resource, asked.patient_id) if found is None else found
        matching = [record for record in records if all(c.holds(record) for c in asked.conditions)]
        start = (asked.page - 1) * asked.page_size
        if asked.last_id is not None:
            last = int(asked.last_id)
            start = sum(1 for record in matching if _number(record["id"]) <= last)
        chosen = _page(matching, start, asked, state)
        rows = [encode_record(state.switches, resource, record, asked.fields) for record in chosen]
    return _envelope(rows, asked, start, len(matching), state.switches)


def _number(record_id: str) -> int:
    """Return an id as a number; the organization's is none and stands before all others."""
    return int(record_id) if record_id.isdigit() else 0


def encode_record(switches: Switches, resource: str, record: JsonObject, fields: frozenset[str] | None) -> bytes:
    """Encode one record as the switches and the chosen fields want it."""
    if switches.unknown_enums:
        record = record | {name: "NOT SEEN BEFORE" for name in _ENUMS if name in record}
    return msgspec.json.encode(choose_fields(resource, record, fields))


def _page(rows: Sequence[Row], start: int, asked: ListRequest, state: ChartState) -> list[Row]:
    """Cut a page out of all rows, with the list faults that are switched on."""
    switches = state.switches
    if switches.endless_pages:
        start = 0
    elif not asked.is_first and switches.page_drift != "none":
        # a row was deleted (skip) or inserted (repeat) before this page while the client read the page before
        start = max(0, start + (1 if switches.page_drift == "skip" else -1))
    chosen = list(rows[start : start + asked.page_size])
    if switches.list_order == "descending":
        chosen.reverse()
    elif switches.list_order == "shuffled":
        order = sorted(range(len(chosen)), key=lambda place: draw(state.seed, start + place, 99))
        chosen = [chosen[place] for place in order]
    return chosen


def _envelope(rows: list[bytes], asked: ListRequest, start: int, total: int, switches: Switches) -> bytes:
    status = b'"200"' if switches.status_code_type == "string" else b"200"
    head = b'{"statusCode":%b,"data":[' % status
    tail = b'],"warnings":[],"errors":[],"meta":{"pagination":{"limit":%d,"offset":%d,"total":%d}}}'
    tail %= (asked.page_size, start, total)
    if not rows:
        return head + tail
    # head and tail ride on the first and last row: half a megabyte is then copied once, not twice
    rows[0] = head + rows[0]
    rows[-1] += tail
    return as_id_type(b",".join(rows), switches)


def as_id_type(body: bytes, switches: Switches) -> bytes:
    """Turn ids into numbers if so switched; inside a JSON text a quote is escaped, so only members match."""
    return _ID_MEMBER.sub(rb'"\1":\2', body) if switches.id_type == "number" else body


RECORD_PATHS: dict[str, frozenset[str]] = {
    "patients": PATIENT_FIELDS,
    "organizations": frozenset({"id", "name"}),
    "locations": words("id name abbreviation timeZone city state postalCode lastModified"),
    "providers": words(
        "id firstName lastName shortName title npi active specialty isNonPersonEntity location.id lastModified"
    ),
    "users": frozenset({"id", "firstName", "lastName"}),
    "operatories": frozenset({"id", "name", "shortName", "location.id"}),
    "practiceprocedures": words(
        "id adaCode description aliasCode codeExtension active category treatmentArea lastModified"
    ),
    "appointments": words(
        "id start end duration status bookingType patient.id provider.id operatory.id location.id lastModified"
    ),
    "clinicalnotes": words("id patient.id provider.id datedAs text signedDate lastModified"),
    "patientprocedures": words(
        "id patient.id location.id practiceProcedure.id renderingProvider.id treatmentPlannedProvider.id status state"
        " serviceDate treatmentPlannedDate entryDate lastModified"
    ),
    "documents": words("id name mimeType ownerType ownerPatient.id lastModified"),
    "txcases": words("id name status patient.id lastModified"),
    "visits": words("id sequence txCase.id lastModified"),
    "teeth": words("id toothIndex universalCode toothType"),
    "patientteeth": frozenset({"patient.id", "toothId", "toothIndex"}),
}
