"""The control endpoint of a rehearsal PMS, for black-box tests and for people who play with it.

It is on a port of its own under `/_rehearsal/`, where no fault strikes it, and for convenience on the PMS's port too,
where it goes down with the PMS (`refuse_connections`, `accept_close`). It is in no request log:

* `GET switches`, `POST switches` (JSON object of switches), `POST faults` (one fault, added)
* `GET chart?patient=ID` (notes, procedures, documents and the patient; without ID the whole chart and no patient)
* `GET requests?since=N` (those numbered above N)
* `POST staff` (`{"action": "type_note", "patient_id": "...", "text": "..."}`)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args
from urllib.parse import parse_qsl

import msgspec

from denticode_desktop.rehearsal.ascend_replies import json_reply
from denticode_desktop.rehearsal.ascend_state import ChartState, StaffAction
from denticode_desktop.rehearsal.http_server import Ending, HttpRequest, Reply
from denticode_desktop.rehearsal.practice_data import JsonObject
from denticode_desktop.rehearsal.switches import to_fault

CONTROL_PREFIX = "/_rehearsal/"
_LOCAL_NAMES = ("127.0.0.1", "localhost")


class Control:
    """Answers the control endpoint (http_server.Application)."""

    def __init__(self, state: ChartState) -> None:
        self._state = state

    def on_accept(self) -> bool:
        """Take every connection."""
        return True

    def on_head(self, request: HttpRequest) -> Ending | None:
        """Let every request through."""
        return None

    def handle(self, request: HttpRequest) -> Reply:
        """Answer one control request: 200, or 400 / 404 / 421 with `error`."""
        if request.headers.get("host", "").rpartition(":")[0] not in _LOCAL_NAMES:
            # a web page that rebinds its name to loopback must not steer the rehearsal
            return json_reply(421, {"error": "ask by the loopback address"})
        actions: dict[tuple[str, str], Callable[[HttpRequest], object]] = {
            ("GET", "switches"): lambda _: self._state.switches.as_json(),
            ("POST", "switches"): self._set_switches,
            ("POST", "faults"): self._add_fault,
            ("GET", "chart"): self._chart,
            ("GET", "requests"): self._requests,
            ("POST", "staff"): self._staff,
        }
        action = actions.get((request.method, request.path.removeprefix(CONTROL_PREFIX)))
        if action is None:
            return json_reply(404, {"error": "no such control"})
        try:
            return json_reply(200, action(request))
        except (ValueError, TypeError, msgspec.DecodeError) as error:
            return json_reply(400, {"error": str(error)})
        except KeyError:
            return json_reply(404, {"error": "no such record"})

    def _set_switches(self, request: HttpRequest) -> object:
        self._state.switches.update(_object(request))
        return self._state.switches.as_json()

    def _add_fault(self, request: HttpRequest) -> object:
        return self._state.switches.add(to_fault(_object(request)))

    def _chart(self, request: HttpRequest) -> object:
        patient_id = dict(parse_qsl(request.query)).get("patient")
        chart: JsonObject = {
            "notes": self._state.records("clinicalnotes", patient_id),
            "procedures": self._state.records("patientprocedures", patient_id),
            "documents": self._state.records("documents", patient_id),
        }
        if patient_id is not None:
            chart["patient"] = self._state.patient(patient_id)
        return chart

    def _requests(self, request: HttpRequest) -> object:
        since = int(dict(parse_qsl(request.query)).get("since", "0"))
        return {"requests": [record for record in self._state.requests if record.number > since]}

    def _staff(self, request: HttpRequest) -> object:
        values = _object(request)
        action = values.pop("action", None)
        if action not in get_args(StaffAction):
            raise ValueError("action is one of: " + ", ".join(get_args(StaffAction)))
        return {"result": getattr(self._state, action)(**values)}


def _object(request: HttpRequest) -> JsonObject:
    values = msgspec.json.decode(request.body)
    if not isinstance(values, dict):
        raise TypeError("a JSON object is wanted")
    return values
