"""Fetching one patient by id: who answers is told as it is, and compared by whoever asked."""

import httpx
import pytest

from denticode_desktop.domain.errors import PmsProtocolError
from denticode_desktop.domain.ids import PmsPatientId
from denticode_desktop.domain.people import PmsPatient
from denticode_desktop.domain.write_back import PatientSnapshot, ReviewReason
from denticode_desktop.pms.dentrix_ascend.auth import TokenCache
from denticode_desktop.pms.dentrix_ascend.gateway import AscendGateway
from denticode_desktop.pms.http import HttpClient
from denticode_desktop.ports.pms import ConnectionSecrets
from denticode_desktop.services.patient_check import patient_fault

from .helpers import PATIENT, HandClock, settings_for

BASE = "http://127.0.0.1:9"
STAYS = "9000000000002"


class OnePatient(httpx.BaseTransport):
    """Answers every fetch with the same patient."""

    def __init__(self, row: dict[str, object]) -> None:
        self._row = row

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        is_token = request.url.path.endswith("accesstoken")
        body = {"access_token": "t", "expires_in": "3600"} if is_token else {"data": self._row}
        made = httpx.Response(200, json=body)
        return httpx.Response(made.status_code, headers=made.headers, stream=httpx.ByteStream(made.content))


def fetched(**row: object) -> PmsPatient | None:
    named = {"firstName": "Ana", "lastName": "Ruiz", "dateOfBirth": "1984-03-02", "patientStatus": "ACTIVE"}
    clock = HandClock()
    http = HttpClient(BASE, clock, transport_factory=lambda: OnePatient(named | row))
    gateway = AscendGateway(
        settings_for(BASE), ConnectionSecrets({"client_secret": "s"}), clock, tokens=TokenCache(), http=http
    )
    return gateway.fetch_patient(PATIENT)


def test_answer_with_who_stays_after_a_merge_is_another_patient() -> None:
    """Also where name and birth date are the same: a duplicate was merged."""
    found = fetched(id=STAYS)
    assert found is not None
    assert found.pms_patient_id == PmsPatientId(STAYS)
    snapshot = PatientSnapshot("Ana", "Ruiz", found.person.date_of_birth)
    assert patient_fault(snapshot, PATIENT, found) is ReviewReason.OTHER_PATIENT


@pytest.mark.parametrize("patient_id", ["", None, True])
def test_answer_without_an_id_proves_nothing(patient_id: object) -> None:
    with pytest.raises(PmsProtocolError):
        fetched(id=patient_id)
