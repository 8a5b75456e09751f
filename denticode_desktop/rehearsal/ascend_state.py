"""The chart of the rehearsal Dentrix Ascend: what is really stored, whatever the client was told.

Tests compare this with what the app believes. Everything here is thread-safe; what is handed out is a copy.
"""

from __future__ import annotations

import copy
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from denticode_desktop.rehearsal import practice_data as practice
from denticode_desktop.rehearsal.patient_roster import PatientRoster
from denticode_desktop.rehearsal.practice_data import JsonObject, iso
from denticode_desktop.rehearsal.switches import Switches

Clock = Callable[[], datetime]
KEPT_REQUESTS = 200_000


@dataclass(slots=True)
class RequestRecord:
    """One request that arrived, kept independently of what became of it. Secrets are not kept, bodies as a hash only.

    `answer` is the status sent, or the name of the fault when none was; None while it is under way. `fault` is the
    action of the fault that struck it.
    """

    number: int
    at: datetime
    method: str
    path: str
    query: str
    resource: str
    headers: dict[str, str]
    body_sha256: str = ""
    body_bytes: int = 0
    answer: int | str | None = None
    fault: str | None = None


@dataclass(slots=True)
class Entry:
    """A stored record and when it shows: after a moment, and after so many looks have missed it."""

    record: JsonObject
    visible_at: datetime | None = None
    hidden_looks: int = 0


@dataclass(frozen=True, slots=True)
class CommitPlan:
    """How a create takes effect: not at all, at once, or after further requests or seconds."""

    store: bool = True
    late_requests: int = 0
    late_s: float = 0.0
    patient_id: str | None = None  # store into this chart instead of the one named

    @property
    def is_late(self) -> bool:
        """Tell whether the effect comes after the answer."""
        return self.late_requests > 0 or self.late_s > 0


@dataclass(slots=True)
class _LateCommit:
    resource: str
    record: JsonObject
    due_request: int | None
    due_at: datetime | None


@dataclass(slots=True)
class RecordTable:
    """Records of one kind in ascending id order, found by id or by patient."""

    next_id: int
    entries: dict[str, Entry] = field(default_factory=dict)
    by_patient: dict[str, dict[str, Entry]] = field(default_factory=dict)

    def put(self, entry: Entry) -> None:
        """Insert a record; a later id is never smaller except when an earlier create takes effect late."""
        record_id: str = entry.record["id"]
        is_last = not self.entries or int(record_id) > int(next(reversed(self.entries)))
        self.entries[record_id] = entry
        patient_id = _patient_of(entry.record)
        self.by_patient.setdefault(patient_id, {})[record_id] = entry
        if not is_last:
            self.entries = dict(sorted(self.entries.items(), key=_by_number))
            self.by_patient[patient_id] = dict(sorted(self.by_patient[patient_id].items(), key=_by_number))

    def remove(self, record_id: str) -> None:
        """Take a record out. Raises: KeyError."""
        entry = self.entries.pop(record_id)
        self.by_patient[_patient_of(entry.record)].pop(record_id)

    def of_patient(self, patient_id: str | None) -> Iterator[Entry]:
        """Go through the entries of one patient, or of all."""
        chosen = self.entries if patient_id is None else self.by_patient.get(patient_id, {})
        return iter(tuple(chosen.values()))


def _patient_of(record: JsonObject) -> str:
    found: str = record.get("patient", {}).get("id", "")
    return found


def _by_number(item: tuple[str, Entry]) -> int:
    return int(item[0])


class ChartState:
    """All data of the practice, the request log, and what staff may do meanwhile."""

    def __init__(self, *, seed: int, patients: int, switches: Switches, base_url: str, clock: Clock) -> None:
        self.seed = seed
        self.base_url = base_url
        self.switches = switches
        self.lock = threading.RLock()
        self._clock = clock
        self._late: list[_LateCommit] = []
        self._stale: dict[str, list[JsonObject]] = {}
        self.request_count = 0
        self.request_log: deque[RequestRecord] = deque(maxlen=KEPT_REQUESTS)
        self.roster = PatientRoster(seed=seed, count=patients, base_url=base_url, switches=switches)
        self.tables = self._make_tables(min(patients, 14))
        self.show_duplicate_codes()
        self.freeze_lists()

    def _make_tables(self, shown: int) -> dict[str, RecordTable]:
        base, ids = self.base_url, [self.roster.id_at(index) for index in range(shown)]
        filled = {
            "organizations": practice.organizations(),
            "locations": practice.locations(),
            "providers": practice.providers(base),
            "users": practice.users(),
            "operatories": practice.operatories(base),
            "practiceprocedures": practice.practice_procedures(),
            "teeth": practice.teeth(),
            "appointments": practice.appointments(base, self.now(), ids),
            "txcases": practice.tx_cases(base, ids[:3]),
            "visits": practice.visits(base, min(shown, 3)),
        }
        tables = {name: RecordTable(0) for name in filled}
        for name, records in filled.items():
            # the organization's id is no number and it is alone, so order does not matter there
            tables[name].entries = {record["id"]: Entry(record) for record in records}
        for name in ("appointments", "txcases"):
            for record_id, entry in tables[name].entries.items():
                tables[name].by_patient.setdefault(entry.record["patient"]["id"], {})[record_id] = entry
        tables["clinicalnotes"] = RecordTable(practice.FIRST_NOTE_ID)
        tables["patientprocedures"] = RecordTable(practice.FIRST_PROCEDURE_ID)
        tables["documents"] = RecordTable(practice.FIRST_DOCUMENT_ID)
        return tables

    # --- time and requests

    def now(self) -> datetime:
        """Return the PMS's own clock: aware, UTC, with the skew that is switched on."""
        return self._clock().astimezone(UTC) + timedelta(seconds=self.switches.server_skew_s)

    def log_request(self, record: RequestRecord) -> None:
        """Number and keep a request that arrived; late commits that waited for it take effect first."""
        with self.lock:
            self.request_count += 1
            record.number = self.request_count
            self.request_log.append(record)
            self.settle()

    def settle(self) -> None:
        """Let every late commit take effect that is due by now."""
        with self.lock:
            now = self.now()
            waiting, self._late = self._late, []
            for late in waiting:
                by_request = late.due_request is not None and self.request_count >= late.due_request
                if by_request or (late.due_at is not None and now >= late.due_at):
                    self._put(late.resource, late.record)
                else:
                    self._late.append(late)

    # --- creates

    def take_id(self, resource: str) -> str:
        """Return the next id of a kind."""
        with self.lock:
            table = self.tables[resource]
            table.next_id += 1
            return str(table.next_id - 1)

    def latest_id(self, resource: str) -> str | None:
        """Return the id of the newest record in the chart, else None."""
        with self.lock:
            return next(reversed(self.tables[resource].entries), None)

    def commit(self, resource: str, record: JsonObject, plan: CommitPlan) -> None:
        """Store a new record as the plan says."""
        with self.lock:
            if not plan.store:
                return
            if plan.patient_id is not None:
                record = record | {"patient": practice.patient_ref(self.base_url, plan.patient_id)}
            if plan.is_late:
                due_request = self.request_count + plan.late_requests if plan.late_requests else None
                due_at = self.now() + timedelta(seconds=plan.late_s) if plan.late_s else None
                self._late.append(_LateCommit(resource, record, due_request, due_at))
            else:
                self._put(resource, record)

    def _put(self, resource: str, record: JsonObject) -> None:
        lag_s = self.switches.visibility_lag_s
        visible_at = self.now() + timedelta(seconds=lag_s) if lag_s > 0 else None
        record = record | {"lastModified": iso(self.now())}
        self.tables[resource].put(Entry(record, visible_at, self.switches.visibility_lag_looks))

    # --- what a client may see

    def visible(self, resource: str, patient_id: str | None = None) -> list[JsonObject]:
        """Return the records a list shows now; a look that misses a hidden record brings it one look nearer."""
        with self.lock:
            self.settle()
            if resource in self._stale:
                stale = self._stale[resource]
                return [r for r in stale if patient_id is None or _patient_of(r) == patient_id]
            now = self.now()
            return [e.record for e in self.tables[resource].of_patient(patient_id) if _shows(e, now)]

    def find(self, resource: str, record_id: str) -> JsonObject | None:
        """Return one record if it is there and shows."""
        with self.lock:
            self.settle()
            entry = self.tables[resource].entries.get(record_id)
            return entry.record if entry is not None and _shows(entry, self.now()) else None

    def freeze_lists(self) -> None:
        """Keep what the stale lists show now; lists that are no longer stale are live again."""
        with self.lock:
            wanted = [name for name in self.switches.stale_lists if name in self.tables]
            live = {name: [e.record for e in self.tables[name].of_patient(None)] for name in wanted}
            self._stale = {name: self._stale.get(name, records) for name, records in live.items()}

    def show_duplicate_codes(self) -> None:
        """Add (or take away) second rows with the first two codes, no extension telling them apart."""
        with self.lock:
            table = self.tables["practiceprocedures"]
            for offset in range(2):
                original = practice.entity_id(practice.FIRST_PRACTICE_PROCEDURE_ID, offset)
                twin = practice.entity_id(practice.FIRST_PRACTICE_PROCEDURE_ID, 900 + offset)
                if twin in table.entries:
                    table.remove(twin)
                if self.switches.duplicate_codes:
                    table.put(Entry(table.entries[original].record | {"id": twin}))

    # --- the chart as tests see it

    def records(self, resource: str, patient_id: str | None = None) -> list[JsonObject]:
        """Return copies of what is stored, visible or not, in id order."""
        with self.lock:
            self.settle()
            return [copy.deepcopy(entry.record) for entry in self.tables[resource].of_patient(patient_id)]

    @property
    def notes(self) -> list[JsonObject]:
        """Return all clinical notes in the chart."""
        return self.records("clinicalnotes")

    @property
    def procedures(self) -> list[JsonObject]:
        """Return all patient procedures in the chart."""
        return self.records("patientprocedures")

    @property
    def documents(self) -> list[JsonObject]:
        """Return all documents in the chart."""
        return self.records("documents")

    @property
    def patients(self) -> list[JsonObject]:
        """Return all patients (slow for a large roster; see `patient`)."""
        with self.lock:
            return [self.roster.record(index) for index in self.roster.select(())]

    @property
    def requests(self) -> list[RequestRecord]:
        """Return the requests that arrived, oldest first; those to the control endpoint are not among them."""
        with self.lock:
            return list(self.request_log)

    @property
    def forbidden_requests(self) -> list[RequestRecord]:
        """Return the requests the app must never make: anything that deletes or overwrites."""
        return [request for request in self.requests if request.method in ("DELETE", "PUT", "PATCH")]

    def patient(self, patient_id: str) -> JsonObject:
        """Return one patient. Raises: KeyError."""
        with self.lock:
            return self.roster.record(self._index(patient_id))

    def _index(self, patient_id: str) -> int:
        index = self.roster.index_of(patient_id)
        if index is None:
            raise KeyError(patient_id)
        return index

    # --- what staff do in the PMS; each raises KeyError for an id that is not there

    def type_note(self, patient_id: str, text: str, *, provider_index: int = 0) -> str:
        """Write a note by hand and return its id; it shows at once."""
        with self.lock:
            self._index(patient_id)
            record_id = self.take_id("clinicalnotes")
            record = {
                "id": record_id,
                "type": "ClinicalNote",
                "patient": practice.patient_ref(self.base_url, patient_id),
                "provider": practice.provider_ref(self.base_url, provider_index),
                "datedAs": iso(self.now()),
                "text": text,
                "assignedTeeth": [],
                "addendums": [],
                "lastModified": iso(self.now()),
            }
            self.tables["clinicalnotes"].put(Entry(record))
            return record_id

    def edit_note(self, note_id: str, text: str) -> None:
        """Change the text of a note."""
        with self.lock:
            entry = self.tables["clinicalnotes"].entries[note_id]
            entry.record = entry.record | {"text": text, "lastModified": iso(self.now())}

    def sign_note(self, note_id: str) -> None:
        """Sign a note, as only its provider can."""
        with self.lock:
            entry = self.tables["clinicalnotes"].entries[note_id]
            entry.record = entry.record | {"signedDate": iso(self.now()), "lastModified": iso(self.now())}

    def delete_note(self, note_id: str) -> None:
        """Take a note out of the chart."""
        with self.lock:
            self.tables["clinicalnotes"].remove(note_id)

    def rename_patient(self, patient_id: str, *, first_name: str | None = None, last_name: str | None = None) -> None:
        """Change a patient's name."""
        names = {"firstName": first_name, "lastName": last_name}
        self.change_patient(patient_id, {name: value for name, value in names.items() if value is not None})

    def change_patient(self, patient_id: str, changes: JsonObject) -> None:
        """Change any fields of a patient."""
        with self.lock:
            self.roster.change(self._index(patient_id), changes, self.now())

    def deactivate_patient(self, patient_id: str) -> None:
        """Make a patient INACTIVE."""
        self.change_patient(patient_id, {"patientStatus": "INACTIVE"})

    def merge_patient(self, patient_id: str, into_patient_id: str) -> None:
        """Mark a patient as a duplicate of another."""
        with self.lock:
            self._index(into_patient_id)
            reference = practice.patient_ref(self.base_url, into_patient_id)
            self.change_patient(patient_id, {"duplicateOfPatient": reference, "patientStatus": "INACTIVE"})

    def delete_patient(self, patient_id: str) -> None:
        """Take a patient out of the roster; lists leave no trace (contract section 3.3)."""
        with self.lock:
            self.roster.remove(self._index(patient_id))

    def add_patient(self, fields: JsonObject) -> str:
        """Register a patient and return the id."""
        with self.lock:
            return self.roster.add(fields, self.now())

    def touch_patients(self, fraction: float) -> int:
        """Move lastModified of a share (0 to 1) of the patients; return how many."""
        if not 0 < fraction <= 1:
            raise ValueError("a fraction is above 0 and at most 1")
        with self.lock:
            return self.roster.touch_share(fraction, self.now())


StaffAction = Literal[
    "type_note", "edit_note", "sign_note", "delete_note", "rename_patient", "change_patient", "deactivate_patient",
    "merge_patient", "delete_patient", "add_patient", "touch_patients",
]  # fmt: skip


def _shows(entry: Entry, now: datetime) -> bool:
    if entry.visible_at is not None and now < entry.visible_at:
        return False
    if entry.hidden_looks > 0:
        entry.hidden_looks -= 1
        return False
    return True
