"""FakePms: a PMS's side in memory - people, code list, schedule and charts - with switchable behaviour.

It is the server: it outlives gateways (tests.fakes.fake_pms), as the real one outlives our process. Requests can fail
by name (`fail`), sends follow a script (`script_sends`), committed records show after `lag_s` of the fake's time.
Nothing here sleeps or draws random numbers.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from denticode_desktop.domain.chart_match import ChartRecord
from denticode_desktop.domain.charting import CatalogueCode, ProcedureStatus, Quadrant
from denticode_desktop.domain.connection import (
    FailureReason,
    Permission,
)
from denticode_desktop.domain.fingerprint import fingerprint_of
from denticode_desktop.domain.ids import (
    PmsCodeId,
    PmsLocationId,
    PmsPatientId,
    PmsProviderId,
    RemoteId,
)
from denticode_desktop.domain.people import PmsLocation, PmsPatient, PmsProvider
from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.domain.write_back import (
    DocumentPayload,
    ItemKind,
    ItemPayload,
    NotePayload,
    OutcomeKind,
    ProcedurePayload,
    SendOutcome,
)
from denticode_desktop.ports.pms import (
    PmsRecord,
    PreparedSend,
)

EPOCH_AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CUT_OFF_CHARS = 30


class SendScript(StrEnum):
    """What becomes of one send."""

    ACCEPT = "accept"
    """Stored once, answered with its id."""
    COMMIT_THEN_UNKNOWN = "commit_then_unknown"
    """Stored, the answer is lost."""
    LOST = "lost"
    """Not stored, the answer is lost: looks like the one before."""
    COMMIT_LATE = "commit_late"
    """The answer is lost; stored only after `late_s`."""
    COMMIT_TWICE = "commit_twice"
    """Stored twice, the answer is lost."""
    ACCEPT_WRONG_ID = "accept_wrong_id"
    """Stored, answered with an id that is in no chart."""
    ACCEPT_LAST_ID = "accept_last_id"
    """Stored, answered with the id of the record before."""
    ACCEPT_NOT_STORED = "accept_not_stored"
    """Answered with an id, never stored."""
    ACCEPT_CUT_OFF = "accept_cut_off"
    """Stored with its text cut off, answered with its id."""
    ACCEPT_ALTERED = "accept_altered"
    """Stored with another content than was sent, answered with its id."""
    OTHER_PATIENT = "other_patient"
    """Stored, but the answer names another patient: UNKNOWN."""
    RAISE_AFTER_COMMIT = "raise_after_commit"
    """Stored, then a bug in the adapter lets an exception out."""
    BUSY = "busy"
    """503 with a Retry-After of a minute: whether it was stored nobody knows."""
    BUSY_FOR_DAYS = "busy_for_days"
    """The same with a Retry-After of two days."""
    NOT_SENT = "not_sent"
    THROTTLE = "throttle"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    REFUSE = "refuse"


_PLAIN_OUTCOMES: dict[SendScript, SendOutcome] = {
    SendScript.NOT_SENT: SendOutcome(OutcomeKind.NOT_SENT, error_kind="connect_refused"),
    SendScript.THROTTLE: SendOutcome(OutcomeKind.THROTTLED, 429, error_kind="http_429", retry_after_s=7.0),
    SendScript.UNAUTHORIZED: SendOutcome(OutcomeKind.UNAUTHORIZED, 401, error_kind="http_401"),
    SendScript.FORBIDDEN: SendOutcome(
        OutcomeKind.FORBIDDEN, 403, error_kind="http_403", permission=Permission.CHART_NOTES.value
    ),
    SendScript.REFUSE: SendOutcome(OutcomeKind.REFUSED, 422, error_kind="http_422", pms_words="The note is too long."),
    SendScript.LOST: SendOutcome(OutcomeKind.UNKNOWN, error_kind="read_timeout"),
    SendScript.BUSY: SendOutcome(OutcomeKind.UNKNOWN, 503, error_kind="http_503", retry_after_s=60.0),
    SendScript.BUSY_FOR_DAYS: SendOutcome(OutcomeKind.UNKNOWN, 503, error_kind="http_503", retry_after_s=172_800.0),
}
_COPIES = {SendScript.COMMIT_TWICE: 2, SendScript.ACCEPT_NOT_STORED: 0}


@dataclass(frozen=True, slots=True)
class Call:
    """One request that reached the fake, in order: its name and, where it has one, patient and kind."""

    name: str
    pms_patient_id: PmsPatientId | None = None
    kind: str = ""


@dataclass(slots=True)
class _Stored:
    record: ChartRecord
    visible_at_s: float


@dataclass(slots=True)
class FakePms:
    """The server: people, code list and charts of one organization, with its switches.

    lag_s: seconds of the fake's time from commit to being seen. late_s: how late COMMIT_LATE commits.
    missing_permissions, failure: what a connection test finds. on_request: hears every send at its first byte, before
    anything is stored; may raise, as a kill would. on_look: hears every read of a chart. clock_s: the test's
    own monotonic clock instead of `now_s`, so that looks carry the time that the sender compares with.
    """

    organization_id: str = "0123456789abcdef01234567"
    organization_name: str = "Cedar Street Dental"
    lag_s: float = 0.0
    late_s: float = 60.0
    missing_permissions: tuple[Permission, ...] = ()
    failure: FailureReason | None = None
    on_request: Callable[[PreparedSend], None] | None = None
    on_look: Callable[[], None] | None = None
    now_s: float = 1_000.0
    clock_s: Callable[[], float] | None = None
    calls: list[Call] = field(default_factory=list)
    sent: list[PreparedSend] = field(default_factory=list)
    _rows: dict[SyncKind, dict[str, tuple[PmsRecord, datetime]]] = field(
        default_factory=lambda: {kind: {} for kind in SyncKind}
    )
    _chart: list[_Stored] = field(default_factory=list)
    _scripts: deque[SendScript] = field(default_factory=deque)
    _failures: dict[str, deque[Exception]] = field(default_factory=lambda: defaultdict(deque))
    _bad_charts: dict[tuple[str, PmsPatientId], Exception] = field(default_factory=dict)
    _stand_ins: dict[PmsPatientId, PmsPatientId] = field(default_factory=dict)
    _last_id: int = 0

    def put(self, *records: PmsRecord, changed_at: datetime = EPOCH_AT) -> None:
        """Adds or replaces rows of the roster, code list or schedule."""
        for record in records:
            kind, key = _kind_and_id(record)
            self._rows[kind][key] = (record, changed_at)

    def remove(self, kind: SyncKind, key: str) -> None:
        """Takes a row away, as a deletion in the PMS does."""
        del self._rows[kind][key]

    def patient(self, pms_patient_id: PmsPatientId) -> PmsPatient | None:
        """The patient as the server holds them."""
        row = self._rows[SyncKind.PATIENTS].get(self._stand_ins.get(pms_patient_id, pms_patient_id))
        return row[0] if row and isinstance(row[0], PmsPatient) else None

    def rows(self, kind: SyncKind, since: datetime | None) -> list[tuple[str, PmsRecord, datetime]]:
        """Rows in the order of their ids, changed since then."""
        found = [(key, r, at) for key, (r, at) in self._rows[kind].items() if since is None or at >= since]
        return sorted(found, key=lambda row: row[0])

    def time_s(self) -> float:
        """The fake's time."""
        return self.now_s if self.clock_s is None else self.clock_s()

    def advance(self, seconds: float) -> None:
        """Moves the fake's own time on."""
        self.now_s += seconds

    def fail(self, call: str, error: Exception, *, times: int = 1) -> None:
        """The next `times` calls by that method name raise `error`."""
        self._failures[call].extend([error] * times)

    def fail_for(self, call: str, pms_patient_id: PmsPatientId, error: Exception) -> None:
        """That call raises `error` for this patient alone, until healed."""
        self._bad_charts[(call, pms_patient_id)] = error

    def answer_with(self, asked: PmsPatientId, other: PmsPatientId) -> None:
        """Who asks for one patient is told of another, as a PMS does after a merge."""
        self._stand_ins[asked] = other

    def heal(self) -> None:
        """Forgets every planned failure and script."""
        self._failures.clear()
        self._bad_charts.clear()
        self._scripts.clear()

    def script_sends(self, *scripts: SendScript) -> None:
        """What becomes of the next sends, in order; after the last one they are accepted."""
        self._scripts.extend(scripts)

    def note_call(self, name: str, pms_patient_id: PmsPatientId | None = None, kind: str = "") -> None:
        """Logs a call and raises what `fail` planned for it."""
        self.calls.append(Call(name, pms_patient_id, kind))
        if self._failures[name]:
            raise self._failures[name].popleft()
        if pms_patient_id is not None and (name, pms_patient_id) in self._bad_charts:
            raise self._bad_charts[(name, pms_patient_id)]

    def type_record(self, record: ChartRecord) -> None:
        """A record that somebody typed in the PMS itself, visible at once."""
        self._chart.append(_Stored(record, self.time_s()))

    def delete_record(self, remote_id: RemoteId) -> None:
        """Somebody voided it in the PMS."""
        self._chart = [s for s in self._chart if s.record.remote_id != remote_id]

    def chart(self, pms_patient_id: PmsPatientId, kind: ItemKind | None = None) -> list[ChartRecord]:
        """All that is or will be in the patient's chart, visible or not: the truth to compare with."""
        return [
            s.record for s in self._chart if s.record.pms_patient_id == pms_patient_id and kind in (None, s.record.kind)
        ]

    def visible(self, pms_patient_id: PmsPatientId, kind: ItemKind) -> list[ChartRecord]:
        """What a look sees now."""
        if self.on_look is not None:
            self.on_look()
        return [
            s.record
            for s in self._chart
            if s.record.pms_patient_id == pms_patient_id and s.record.kind is kind and s.visible_at_s <= self.time_s()
        ]

    def next_id(self, number: int) -> None:
        """The next record gets this number, and those after it go on from there."""
        self._last_id = number - 1

    def new_id(self) -> RemoteId:
        """Ids grow."""
        self._last_id += 1
        return RemoteId(f"R{self._last_id:06d}")

    def take(self, prepared: PreparedSend) -> SendOutcome:
        """A create as the server handles it, by the next script."""
        script = self._scripts.popleft() if self._scripts else SendScript.ACCEPT
        if self.on_request is not None:
            self.on_request(prepared)
        self.note_call("send", prepared.pms_patient_id, prepared.kind.value)
        if script in _PLAIN_OUTCOMES:
            return _PLAIN_OUTCOMES[script]
        self.sent.append(prepared)
        before = RemoteId(f"R{self._last_id:06d}")
        remote_id = before
        for _ in range(_COPIES.get(script, 1)):
            remote_id = self._commit(prepared, script)
        if script is SendScript.RAISE_AFTER_COMMIT:
            raise RuntimeError("the adapter broke after the request was out")
        if script in (SendScript.COMMIT_THEN_UNKNOWN, SendScript.COMMIT_LATE, SendScript.COMMIT_TWICE):
            return SendOutcome(OutcomeKind.UNKNOWN, error_kind="read_timeout")
        if script is SendScript.OTHER_PATIENT:
            return SendOutcome(OutcomeKind.UNKNOWN, 201, error_kind="other_patient")
        if script in (SendScript.ACCEPT_WRONG_ID, SendScript.ACCEPT_NOT_STORED):
            remote_id = RemoteId("R999999")
        elif script is SendScript.ACCEPT_LAST_ID:
            remote_id = before
        return SendOutcome(OutcomeKind.ACCEPTED, 201, remote_id, pms_request_id=f"req-{len(self.sent)}")

    def _commit(self, prepared: PreparedSend, script: SendScript) -> RemoteId:
        payload = payload_from_bytes(prepared.body)
        if script is SendScript.ACCEPT_CUT_OFF and isinstance(payload, NotePayload):
            payload = replace(payload, text=payload.text[:CUT_OFF_CHARS])
        remote_id = self.new_id()
        late_s = self.late_s if script is SendScript.COMMIT_LATE else 0.0
        record = record_of(remote_id, prepared.pms_patient_id, payload, at=EPOCH_AT + timedelta(seconds=self.time_s()))
        if script is SendScript.ACCEPT_ALTERED:
            record = replace(record, fingerprint="f" * 64, text=record.text.upper())
        self._chart.append(_Stored(record, self.time_s() + late_s + self.lag_s))
        return remote_id


def _kind_and_id(record: PmsRecord) -> tuple[SyncKind, str]:
    if isinstance(record, PmsLocation):
        return SyncKind.LOCATIONS, record.pms_location_id
    if isinstance(record, PmsProvider):
        return SyncKind.PROVIDERS, record.pms_provider_id
    if isinstance(record, CatalogueCode):
        return SyncKind.CODES, record.code_id
    if isinstance(record, PmsPatient):
        return SyncKind.PATIENTS, record.pms_patient_id
    return SyncKind.APPOINTMENTS, record.pms_appointment_id


def payload_from_bytes(body: bytes) -> ItemPayload:
    """What a create's body says: the way back from `domain.payload.payload_bytes`."""
    value = json.loads(body)
    provider = PmsProviderId(value["pms_provider_id"])
    location = PmsLocationId(value["pms_location_id"]) if value["pms_location_id"] else None
    if value["kind"] == ItemKind.NOTE.value:
        return NotePayload(value["text"], date.fromisoformat(value["visit_on"]), provider, location, value["time_zone"])
    if value["kind"] == ItemKind.DOCUMENT.value:
        return DocumentPayload(
            value["title"], value["file_name"], value["sha256"], value["size_bytes"],
            date.fromisoformat(value["visit_on"]), provider, location,
        )  # fmt: skip
    return ProcedurePayload(
        code=value["code"],
        code_id=PmsCodeId(value["code_id"]),
        tooth=value["tooth"],
        surfaces=value["surfaces"],
        quadrant=Quadrant(value["quadrant"]) if value["quadrant"] else None,
        status=ProcedureStatus(value["status"]),
        fee_cents=value["fee_cents"],
        service_on=date.fromisoformat(value["service_on"]),
        pms_provider_id=provider,
        pms_location_id=location,
        time_zone=value["time_zone"],
    )


def record_of(
    remote_id: RemoteId, pms_patient_id: PmsPatientId, payload: ItemPayload, *, at: datetime = EPOCH_AT
) -> ChartRecord:
    """The chart record that holds a payload."""
    kind = ItemKind.NOTE
    if not isinstance(payload, NotePayload):
        kind = ItemKind.PROCEDURE if isinstance(payload, ProcedurePayload) else ItemKind.DOCUMENT
    text = payload.text if isinstance(payload, NotePayload) else ""
    return ChartRecord(remote_id, pms_patient_id, kind, fingerprint_of(payload), text=text, dated_at=at)
