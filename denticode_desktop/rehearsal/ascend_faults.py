"""Faults of the rehearsal Dentrix Ascend: answers that are lost, wrong or endless (write-back protocol, section 13)."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from denticode_desktop.rehearsal import ascend_replies as replies
from denticode_desktop.rehearsal.ascend_routes import Router, Target
from denticode_desktop.rehearsal.ascend_state import ChartState, CommitPlan
from denticode_desktop.rehearsal.http_server import Ending, HttpRequest, Reply
from denticode_desktop.rehearsal.practice_data import JsonObject, patient_ref
from denticode_desktop.rehearsal.switches import ANSWER_LOST, Fault, Switches

NEVER_USED_ID = "9999999999999"
STREAM_CHUNK_BYTES = 262_144
_SILENT = {"close": Ending.DROP, "reset": Ending.RESET, "hang": Ending.HANG}


class Troublemaker:
    """Answers through the router, or in the way a fault demands."""

    def __init__(self, state: ChartState, router: Router) -> None:
        self._state = state
        self._router = router

    def answer(self, request: HttpRequest, target: Target, fault: Fault | None) -> Reply:
        """Answer a request."""
        if fault is None:
            return self._router.route(request, target, _usual_plan(self._state.switches))
        if fault.action in ANSWER_LOST:
            if self._router.is_create(request, target) and fault.commits != "no":
                self._router.route(request, target, self._plan(request, target, fault))
            reply = self._lost(fault)
        elif fault.action in ("huge", "gzip_bomb"):
            reply = _endless(fault)
        else:
            reply = self._altered(request, target, fault)
        reply.delay_s += fault.delay_ms / 1000
        return reply

    def _plan(self, request: HttpRequest, target: Target, fault: Fault) -> CommitPlan:
        if fault.commits == "no":
            return CommitPlan(store=False)
        wrong_chart = self._other_patient(request) if fault.action == "misfiled" else None
        if fault.commits == "late":
            requests = fault.late_requests or (0 if fault.late_s else 1)
            return CommitPlan(late_requests=requests, late_s=fault.late_s, patient_id=wrong_chart)
        usual = _usual_plan(self._state.switches)
        return CommitPlan(late_requests=usual.late_requests, late_s=usual.late_s, patient_id=wrong_chart)

    def _lost(self, fault: Fault) -> Reply:
        if fault.action in _SILENT:
            return Reply(ending=_SILENT[fault.action])
        if fault.action == "html":
            return replies.html_reply(200)
        if fault.action == "empty":
            return Reply(self._state.switches.create_status)
        if fault.status == 401:
            reply = replies.expired_token()
        else:
            words = "rate limit exceeded" if fault.status == 429 else "the request could not be processed"
            reply = replies.error_reply(self._state.switches, fault.status, f"http.{fault.status}", words)
        if fault.retry_after is not None:
            reply.headers["Retry-After"] = fault.retry_after
        reply.headers |= fault.headers
        return reply

    def _altered(self, request: HttpRequest, target: Target, fault: Fault) -> Reply:
        """Answer as always, then spoil the answer; the record in the chart is not spoilt, except `misfiled`."""
        earlier_id = self._state.latest_id(target.resource) if self._router.is_create(request, target) else None
        reply = self._router.route(request, target, self._plan(request, target, fault))
        reply.headers |= fault.headers
        if fault.action == "cut_body":
            reply.ending = Ending.CUT
        elif fault.action == "drip":
            reply.drip_bytes, reply.drip_s = fault.drip_bytes, fault.drip_ms / 1000
        elif reply.status < 300 and fault.action in ("no_id", "wrong_id", "used_id", "other_patient"):
            changes: dict[str, Callable[[JsonObject], object]] = {
                "no_id": lambda data: data.pop("id", None),
                "wrong_id": lambda data: data.update(id=NEVER_USED_ID),
                "used_id": lambda data: data.update(id=earlier_id or NEVER_USED_ID),
                "other_patient": lambda data: data.update(patient=self._other_reference(request)),
            }
            reply.body = _change_data(reply.body, changes[fault.action])
        return reply

    def _other_reference(self, request: HttpRequest) -> JsonObject:
        return patient_ref(self._state.base_url, self._other_patient(request))

    def _other_patient(self, request: HttpRequest) -> str:
        """Return a patient who is not the one a body names; with a single patient, one who does not exist."""
        try:
            values: Any = msgspec.json.decode(request.body)
            named = str(values["patient"]["id"])
        except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError):
            named = ""
        with self._state.lock:
            for index in self._state.roster.select(()):
                if self._state.roster.id_at(index) != named:
                    return self._state.roster.id_at(index)
        return NEVER_USED_ID


def _usual_plan(switches: Switches) -> CommitPlan:
    return CommitPlan(late_requests=switches.late_commit_requests, late_s=switches.late_commit_s)


def _change_data(body: bytes, change: Callable[[JsonObject], object]) -> bytes:
    """Change `data` when it is one record; a list is left alone."""
    whole: JsonObject = msgspec.json.decode(body)
    data = whole.get("data")
    if isinstance(data, dict):
        change(data)
    return msgspec.json.encode(whole)


def _endless(fault: Fault) -> Reply:
    reply = replies.raw_json_reply(200, b"")
    reply.stream = _huge_json(fault.size_bytes)
    if fault.action == "gzip_bomb":
        reply.headers["Content-Encoding"] = "gzip"
        reply.stream = _gzip(reply.stream)
    return reply


def _huge_json(size_bytes: int) -> Iterator[bytes]:
    """Make a valid list answer of about the given size, a piece at a time."""
    yield b'{"statusCode":200,"data":["'
    for start in range(0, size_bytes, STREAM_CHUNK_BYTES):
        yield b"x" * min(STREAM_CHUNK_BYTES, size_bytes - start)
    yield b'"]}'


def _gzip(plain: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)  # 31: a gzip frame
    for chunk in plain:
        yield packer.compress(chunk)
    yield packer.flush()
