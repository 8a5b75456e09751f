"""What is sent to create a record: exact, the same bytes each time, and refused where Ascend's shape is not known."""

import json
from dataclasses import replace
from datetime import date

import pytest

from denticode_desktop.domain.charting import CatalogueCode, Procedure, ProcedureStatus, Quadrant, TreatmentArea
from denticode_desktop.domain.errors import BugError, PmsRefusedError
from denticode_desktop.domain.ids import PmsKey, PmsProviderId
from denticode_desktop.domain.write_back import DocumentPayload, ItemKind, OutcomeKind
from denticode_desktop.pms.dentrix_ascend import creates
from denticode_desktop.pms.dentrix_ascend.auth import TokenCache
from denticode_desktop.pms.dentrix_ascend.gateway import AscendGateway
from denticode_desktop.pms.field_map import api_facts
from denticode_desktop.ports.pms import ConnectionSecrets

from .helpers import (
    CODE,
    LOCATION,
    PATIENT,
    PROVIDER,
    HandClock,
    item_of,
    note_payload,
    procedure_payload,
    settings_for,
)

FACTS = api_facts(PmsKey("dentrix-ascend"))


def gateway(**changes: object) -> AscendGateway:
    secrets = ConnectionSecrets({"client_secret": "s"})
    return AscendGateway(settings_for("http://127.0.0.1:9", **changes), secrets, HandClock(), tokens=TokenCache())


def test_note_body_is_exact() -> None:
    prepared = gateway().prepare(item_of(note_payload("A\nB é")))
    assert (prepared.method, prepared.path, prepared.content_type) == ("POST", "/clinicalnotes", "application/json")
    assert json.loads(prepared.body) == {
        "patient": {"id": PATIENT, "type": "PatientV1"},
        "provider": {"id": PROVIDER, "type": "ProviderV1"},
        "datedAs": "2026-11-20T17:00:00.000Z",
        "text": "A\nB é",
    }
    assert prepared.deadline_s == 30


def test_planned_procedure_body_is_exact() -> None:
    prepared = gateway().prepare(item_of(procedure_payload()))
    assert json.loads(prepared.body) == {
        "patient": {"id": PATIENT, "type": "PatientV1"},
        "location": {"id": LOCATION, "type": "LocationV1"},
        "practiceProcedure": {"id": CODE, "type": "PracticeProcedureV1"},
        "treatmentPlannedProvider": {"id": PROVIDER, "type": "ProviderV1"},
        "treatmentPlannedDate": "2026-11-20T17:00:00.000Z",
        "status": "TREATMENT_PLAN",
    }


def test_completed_procedure_needs_the_setting() -> None:
    item = item_of(procedure_payload(status=ProcedureStatus.COMPLETED))
    with pytest.raises(PmsRefusedError) as caught:
        gateway().prepare(item)
    assert caught.value.status == 0
    body = json.loads(gateway(may_complete_procedures=True).prepare(item).body)
    assert (body["status"], body["serviceDate"]) == ("COMPLETED", "2026-11-20T17:00:00.000Z")
    assert body["renderingProvider"]["id"] == PROVIDER


def test_same_item_gives_the_same_bytes_and_another_gives_others() -> None:
    first, again = (gateway().prepare(item_of(note_payload())) for _ in range(2))
    assert (first.body, first.sha256) == (again.body, again.sha256)
    other = gateway().prepare(replace(item_of(note_payload()), pms_patient_id="9000000000002"))  # type: ignore[arg-type]
    assert other.sha256 != first.sha256
    assert PATIENT not in repr(first)


@pytest.mark.parametrize("place", [{"tooth": "14"}, {"surfaces": "MO"}, {"quadrant": Quadrant.UPPER_LEFT}])
def test_procedure_with_a_place_cannot_be_expressed(place: dict[str, object]) -> None:
    with pytest.raises(PmsRefusedError):
        gateway().prepare(item_of(procedure_payload(**place)))


def test_procedure_without_a_location_cannot_be_expressed() -> None:
    with pytest.raises(PmsRefusedError):
        gateway().prepare(item_of(procedure_payload(pms_location_id=None)))


def test_document_cannot_be_expressed_or_looked_for() -> None:
    document = DocumentPayload("Consent", "consent.pdf", "0" * 64, 10, date(2026, 11, 20), PROVIDER, LOCATION)
    with pytest.raises(PmsRefusedError):
        gateway().prepare(item_of(document), b"%PDF")
    with pytest.raises(BugError):
        gateway().look(PATIENT, ItemKind.DOCUMENT, since=None)
    assert ItemKind.DOCUMENT in gateway().capabilities.why_not


@pytest.mark.parametrize(
    ("procedure", "area", "is_by_hand"),
    [
        (Procedure("T0101"), TreatmentArea.MOUTH, False),
        (Procedure("T0101"), TreatmentArea.OTHER, False),
        (Procedure("T0101", tooth="14"), TreatmentArea.MOUTH, True),
        (Procedure("T0101", tooth="14", surfaces="MO"), TreatmentArea.OTHER, True),
        (Procedure("T0101", quadrant=Quadrant.LOWER_LEFT), TreatmentArea.OTHER, True),
        (Procedure("T0101"), TreatmentArea.TOOTH, True),
        (Procedure("T0101"), TreatmentArea.SURFACE, True),
        (Procedure("T0101"), TreatmentArea.QUADRANT, True),
        (Procedure("T0101"), TreatmentArea.ARCH, True),
    ],
)
def test_code_that_needs_a_place_is_charted_by_hand(
    procedure: Procedure, area: TreatmentArea, is_by_hand: bool
) -> None:
    reason = creates.by_hand_reason(procedure, CatalogueCode(CODE, "T0101", "Sample", treatment_area=area))
    assert (reason is not None) == is_by_hand


def test_fingerprint_counts_only_what_ascend_takes_and_gives_back() -> None:
    base = procedure_payload()
    same = [procedure_payload(fee_cents=100), procedure_payload(tooth="14"), procedure_payload(time_zone="UTC")]
    other = [
        procedure_payload(status=ProcedureStatus.COMPLETED),
        procedure_payload(service_on=date(2026, 11, 21)),
        procedure_payload(pms_provider_id=PmsProviderId("1")),
        procedure_payload(code_id="2"),
    ]
    assert {creates.fingerprint(p) for p in same} == {creates.fingerprint(base)}
    assert creates.fingerprint(base) not in {creates.fingerprint(p) for p in other}


def test_send_without_make_ready_fetches_nothing_and_sends_nothing() -> None:
    silent = gateway()
    outcome = silent.send(silent.prepare(item_of(note_payload())), may_send=lambda: True)
    assert (outcome.kind, outcome.error_kind) == (OutcomeKind.NOT_SENT, "no_token")
    assert silent.take_call_count() == 0
