"""A plain HTTP client that knows nothing of the simulator's code, and a clock moved by hand."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from denticode_desktop.rehearsal.ascend_server import AscendSimulator

API = "/ascend-gateway/api"
ANA = "9000000000001"
SAM_LEE = "9100000000001"
SPRINGVALE = "9200000000001"
SAMPLE_EXAM = "9300000000001"
LOST = (http.client.HTTPException, OSError)


class HandClock:
    """A clock that stands still until moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def move(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Answer:
    """A status, headers in lower case, and a body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        return self.json["data"]

    @property
    def ids(self) -> list[str]:
        return [row["id"] for row in self.data]


class Client:
    """Keeps one connection open; a lost one is opened anew at the next request."""

    def __init__(self, simulator: AscendSimulator, *, timeout_s: float = 5.0) -> None:
        self.simulator = simulator
        self._connection = http.client.HTTPConnection("127.0.0.1", simulator.port, timeout=timeout_s)
        self.token = ""

    def close(self) -> None:
        self._connection.close()

    def ask(self, method: str, target: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        try:
            self._connection.request(method, target, body, headers or {})
            response = self._connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        except LOST:
            self._connection.close()
            raise

    def sign_in(self, client_id: str = "rehearsal-client", secret: str = "rehearsal-secret") -> Answer:
        form = urlencode({"client_id": client_id, "client_secret": secret}).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self.ask("POST", "/oauth/client_credential/accesstoken?grant_type=client_credentials", form, kind)
        if answer.status == 200:
            self.token = answer.json["access_token"]
        return answer

    def headers(self) -> dict[str, str]:
        if not self.token:
            self.sign_in()
        return {"Authorization": f"Bearer {self.token}", "Organization-ID": "0123456789abcdef01234567"}

    def get(self, path: str, **parameters: object) -> Answer:
        query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in parameters.items())
        return self.ask("GET", f"{API}{path}?{query}", headers=self.headers())

    def post(self, path: str, values: object) -> Answer:
        headers = self.headers() | {"Content-Type": "application/json"}
        return self.ask("POST", f"{API}{path}", json.dumps(values).encode(), headers)

    def post_note(self, text: str = "S: sample\nO: none", patient_id: str = ANA) -> Answer:
        return self.post("/v0/clinicalnotes", note(text, patient_id))

    def note_texts(self, patient_id: str = ANA) -> list[str]:
        answer = self.get("/v0/clinicalnotes", filter=f"patient.id=={patient_id}", responseFields="ALL", pageSize=100)
        return [row["text"] for row in answer.data]

    def all_patients(self, **parameters: object) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        while True:
            paging = {"lastId": rows[-1]["id"]} if rows else {}
            page = self.get("/v1/patients", pageSize=7, **parameters, **paging).data
            rows += page
            if len(page) < 7:
                return rows


def note(text: str = "S: sample", patient_id: str = ANA) -> dict[str, Any]:
    return {
        "patient": {"id": patient_id, "type": "PatientV1"},
        "provider": {"id": SAM_LEE, "type": "ProviderV1"},
        "datedAs": "2026-11-20T15:30:00.000Z",
        "text": text,
    }


def planned_procedure() -> dict[str, Any]:
    return {
        "patient": {"id": ANA, "type": "PatientV1"},
        "location": {"id": SPRINGVALE, "type": "LocationV1"},
        "practiceProcedure": {"id": SAMPLE_EXAM, "type": "PracticeProcedureV1"},
        "treatmentPlannedProvider": {"id": SAM_LEE, "type": "ProviderV1"},
        "status": "TREATMENT_PLAN",
        "treatmentPlannedDate": "2026-11-20T15:30:00.000Z",
    }
