"""Shapes of the resources, paging, fields, creates."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from denticode_desktop.rehearsal.ascend_server import AscendSimulator
from tests.unit.rehearsal.client import (
    ANA,
    API,
    SAM_LEE,
    SAMPLE_EXAM,
    SPRINGVALE,
    Client,
    HandClock,
    note,
    planned_procedure,
)

LISTS = {
    "/v0/organizations": {"id", "name"},
    "/v1/locations": {"id", "type", "name", "timeZone", "lastModified"},
    "/v1/providers": {"id", "firstName", "lastName", "npi", "active", "isNonPersonEntity", "lastModified"},
    "/v0/users": {"id", "firstName", "lastName"},
    "/v1/operatories": {"id", "name", "location"},
    "/v1/patients": {"id", "firstName", "lastName", "dateOfBirth", "patientStatus", "phones", "lastModified"},
    "/v1/appointments": {"id", "start", "end", "status", "patient", "provider", "operatory", "location"},
    "/v1/practiceprocedures": {"id", "adaCode", "description", "active", "treatmentArea", "fee"},
    "/v0/practiceprocedures": {"id", "adaCode"},
    "/v0/patientteeth/globals": {"id", "toothIndex", "universalCode", "fdiCode"},
    "/v1/txcases": {"id", "name", "status", "patient", "user"},
    "/v1/visits": {"id", "sequence", "txCase"},
}


@pytest.mark.parametrize("path", LISTS)
def test_list_has_envelope_and_fields(client: Client, path: str) -> None:
    answer = client.get(path, responseFields="ALL", pageSize=100)
    assert answer.status == 200
    assert set(answer.json) == {"statusCode", "data", "warnings", "errors", "meta"}
    assert answer.json["meta"]["pagination"] == {"limit": 100, "offset": 0, "total": len(answer.data)}
    assert answer.data
    assert all(set(row) >= LISTS[path] for row in answer.data)


EMPTY = ["/v0/clinicalnotes", "/v1/patientprocedures", "/v0/patientprocedures", "/v0/documents"]
NOT_THERE = [
    "/v1/nothing",
    "/v2/patients",
    "/v1/clinicalnotes",
    "/v1/patients/1/2",
    "/v1/patients/1",
    "/v1/txcases/globals",
]


@pytest.mark.parametrize("path", EMPTY)
def test_list_of_an_empty_chart_is_empty(client: Client, path: str) -> None:
    assert client.get(path).data == []


def test_usage_report_and_patient_teeth_answer(client: Client) -> None:
    assert client.get("/v1/usagereport").data["calls"] > 0
    teeth = client.get("/v0/patientteeth", filter=f"patient.id=={ANA}", pageSize=100).data
    assert [tooth["toothIndex"] for tooth in teeth] == list(range(1, 33))
    assert client.get("/v0/patientteeth").status == 400


@pytest.mark.parametrize("path", NOT_THERE)
def test_path_that_is_not_there_is_404(client: Client, path: str) -> None:
    assert client.get(path).status == 404


def test_tooth_numbers_agree_between_systems(client: Client) -> None:
    teeth = client.get("/v0/patientteeth/globals", pageSize=100).data
    codes = {tooth["universalCode"]: tooth["fdiCode"] for tooth in teeth}
    expected = {"1": "18", "8": "11", "9": "21", "14": "26", "19": "36", "24": "31", "25": "41", "32": "48"}
    assert {number: codes[number] for number in expected} == expected
    assert [codes[letter] for letter in "AEFJKOPT"] == ["55", "51", "61", "65", "75", "71", "81", "85"]


def test_known_people_and_places_have_their_documented_ids(client: Client) -> None:
    ana = client.get(f"/v1/patients/{ANA}").data
    assert (ana["firstName"], ana["lastName"], ana["dateOfBirth"]) == ("Ana", "Ruiz", "1984-03-02")
    assert client.get(f"/v1/providers/{SAM_LEE}").data["lastName"] == "Lee"
    assert client.get(f"/v1/locations/{SPRINGVALE}").data["timeZone"] == "America/New_York"
    assert client.get("/v0/organizations", responseFields="name").data == [{"name": "Rehearsal Dental (invented)"}]


def test_practice_has_the_awkward_rows(client: Client) -> None:
    providers = client.get("/v1/providers").data
    assert [p["active"] for p in providers].count(False) == 1
    assert [p["isNonPersonEntity"] for p in providers].count(True) == 1
    codes = client.get("/v1/practiceprocedures", pageSize=100).data
    assert all(re.fullmatch(r"T\d{4}", row["adaCode"]) for row in codes)
    assert len({row["adaCode"] for row in codes}) == len(codes) - 1
    assert any(not row["active"] for row in codes)
    zones = {row["timeZone"] for row in client.get("/v1/locations").data}
    assert len(zones) == 2


def test_appointments_of_today_are_found_by_location_and_day(client: Client) -> None:
    day = f"location.id=={SPRINGVALE},start>=2026-11-20T05:00:00.000Z,start<2026-11-21T05:00:00.000Z"
    found = client.get("/v1/appointments", filter=day).data
    assert found
    assert {row["location"]["id"] for row in found} == {SPRINGVALE}
    assert all(row["start"].startswith("2026-11-20") for row in found)
    by_id = client.get(f"/v1/appointments/{found[0]['id']}")
    assert by_id.data == found[0]


def test_patients_paged_by_last_id_come_once_in_ascending_order(client: Client) -> None:
    ids = [int(row["id"]) for row in client.all_patients()]
    assert ids == list(range(9000000000001, 9000000000041))


def test_patients_paged_by_number_are_the_same(client: Client) -> None:
    pages = [client.get("/v1/patients", pageSize=15, page=number) for number in (1, 2, 3, 4)]
    assert [len(page.data) for page in pages] == [15, 15, 10, 0]
    assert pages[1].json["meta"]["pagination"] == {"limit": 15, "offset": 15, "total": 40}


def test_filter_dropped_on_the_second_page_returns_rows_it_would_have_kept_out(client: Client) -> None:
    wanted = "lastModified>=2025-01-01T00:00:00.000Z"
    kept = {row["id"] for row in client.all_patients(filter=wanted)}
    first = client.get("/v1/patients", pageSize=3, filter=wanted)
    careless = client.get("/v1/patients", pageSize=500, lastId=first.ids[-1])
    assert not set(careless.ids) <= kept
    careful = client.get("/v1/patients", pageSize=500, lastId=first.ids[-1], filter=wanted)
    assert set(first.ids) | set(careful.ids) == kept


@pytest.mark.parametrize(
    "parameters",
    [{"pageSize": 501}, {"pageSize": 0}, {"pageSize": "x"}, {"lastId": "abc"}, {"page": -1}]
    + [{"filter": text} for text in ("shoeSize==9", "lastName", "lastModified>=soon", "id->[1", "id==", "lastName=x")],
)
def test_bad_parameter_is_400_with_the_source_named(client: Client, parameters: dict[str, Any]) -> None:
    answer = client.get("/v1/patients", **parameters)
    assert answer.status == 400
    assert set(answer.json["errors"][0]) == {"code", "title", "description", "source"}
    assert answer.json["errors"][0]["source"]


def test_page_larger_than_the_ceiling_is_cut_when_so_switched(client: Client) -> None:
    client.simulator.switches.oversize_page = "clamp"
    assert client.get("/v1/patients", pageSize=1000).json["meta"]["pagination"]["limit"] == 500


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("chartNumber==A000001", [ANA]),
        ("lastName~=rUiZ", [ANA, "9000000000002"]),
        (f"id->[{ANA},9000000000005,77]", [ANA, "9000000000005"]),
        ("lastName==Okafor,firstName!=Mia", ["9000000000004"]),
        ("lastName==O'Brien", ["9000000000007"]),
        ("duplicateOfPatient.id==9000000000011", ["9000000000012"]),
    ],
)
def test_filter_finds_patients(client: Client, text: str, expected: list[str]) -> None:
    assert [found for found in client.get("/v1/patients", filter=text).ids if int(found) <= 9000000000016] == expected


def test_response_fields_choose_what_comes(client: Client) -> None:
    row = client.get("/v1/patients", responseFields="id,lastModified", pageSize=1).data[0]
    again = client.get("/v1/patients", responseFields="id,lastModified,lastName", pageSize=1).data[0]
    assert set(row) == {"id", "lastModified"}
    assert row | {"lastName": "Ruiz"} == again


def test_note_posted_is_in_the_chart_and_read_back(client: Client, clock: HandClock) -> None:
    answer = client.post_note("S: one\nÖ <&> 2")
    assert answer.status == 201
    assert answer.json["statusCode"] == 201
    stored = client.get(f"/v0/clinicalnotes/{answer.data['id']}").data
    assert stored == answer.data == client.simulator.state.notes[0]
    assert stored["text"] == "S: one\nÖ <&> 2"
    assert stored["patient"] == {
        "id": ANA,
        "type": "PatientV1",
        "url": f"{client.simulator.base_url}{API}/v1/patients/{ANA}",
    }
    assert stored["lastModified"] == "2026-11-20T15:30:00.000Z"
    assert client.note_texts("9000000000002") == []


def test_procedure_posted_takes_its_fee_and_hides_teeth_by_default(client: Client) -> None:
    tooth = client.get("/v0/patientteeth/globals", filter="universalCode==14").data[0]["id"]
    answer = client.post("/v1/patientprocedures", planned_procedure() | {"procedureTeeth": [{"toothId": tooth}]})
    assert answer.status == 201
    assert (answer.data["amount"], answer.data["state"]) == (60.0, "ACTIVE")
    by_patient = {"filter": f"patient.id=={ANA}"}
    assert "procedureTeeth" not in client.get("/v1/patientprocedures", **by_patient).data[0]
    shown = client.get("/v1/patientprocedures", responseFields="ALL", **by_patient).data[0]
    assert shown["procedureTeeth"] == [{"toothId": tooth}]


@pytest.mark.parametrize(
    ("changes", "source"),
    [
        ({"patient": {"id": "9000000009999"}}, "patient"),
        ({"patient": "9000000000001"}, "patient"),
        ({"provider": {"id": "1"}}, "provider"),
        ({"provider": {"id": "9100000000005"}}, "provider"),
        ({"provider": {"id": "9100000000006"}}, "provider"),
        ({"text": "  \n"}, "text"),
        ({"text": None}, "text"),
        ({"datedAs": "yesterday"}, "datedAs"),
        ({"datedAs": "2026-11-20T15:30:00"}, "datedAs"),
        ({"datedAs": "0001-01-01T00:00:00+14:00"}, "datedAs"),
        ({"signedDate": "2026-11-20T15:30:00Z"}, "signedDate"),
    ],
)
def test_note_that_is_wrong_is_400_and_not_stored(client: Client, changes: dict[str, Any], source: str) -> None:
    answer = client.post("/v0/clinicalnotes", note() | changes)
    assert answer.status == 400
    assert answer.json["errors"][0]["source"] == source
    assert client.simulator.state.notes == []


@pytest.mark.parametrize(
    ("changes", "source"),
    [
        ({"practiceProcedure": {"id": "1"}}, "practiceProcedure"),
        ({"practiceProcedure": {"id": "9300000000030"}}, "practiceProcedure"),
        ({"location": {"id": "1"}}, "location"),
        ({"location": None}, "location"),
        ({"status": "PERHAPS"}, "status"),
        ({"status": "COMPLETED"}, "renderingProvider"),
        ({"treatmentPlannedProvider": None}, "treatmentPlannedProvider"),
        ({"procedureTeeth": [{"toothId": "14"}]}, "procedureTeeth"),
        ({"amount": "60"}, "amount"),
    ],
)
def test_procedure_that_is_wrong_is_400_and_not_stored(client: Client, changes: dict[str, Any], source: str) -> None:
    answer = client.post("/v1/patientprocedures", planned_procedure() | changes)
    assert answer.status == 400
    assert answer.json["errors"][0]["source"] == source
    assert client.simulator.state.procedures == []


def test_document_upload_is_not_there_until_switched_on(client: Client) -> None:
    values = {"name": "consent.pdf", "mimeType": "application/pdf", "ownerPatient": {"id": ANA}, "content": "JVBERg=="}
    assert client.post("/v0/documents", values).status == 404
    client.simulator.switches.documents_upload = "json"
    assert client.post("/v0/documents", values).status == 201
    assert client.get("/v0/documents", filter=f"ownerPatient.id=={ANA}").data[0]["name"] == "consent.pdf"


def test_other_creates_are_refused_and_bodies_must_be_json(client: Client) -> None:
    assert client.post("/v1/patients", {"firstName": "X"}).status == 405
    assert client.ask("POST", API + "/v0/clinicalnotes", b"{}", client.headers()).status == 415
    headers = client.headers() | {"Content-Type": "application/json"}
    for body in (b"", b"[]", b"{", b'{"text": "\xff"}'):
        assert client.ask("POST", API + "/v0/clinicalnotes", body, headers).status == 400


def test_same_seed_same_patients_other_seed_others(clock: HandClock) -> None:
    def people(seed: int) -> list[str]:
        simulator = AscendSimulator(seed=seed, patients=60, clock=clock)
        simulator.stop()
        return [json.dumps(row).replace(simulator.base_url, "") for row in simulator.state.patients]

    assert people(1) == people(1)
    assert people(1)[16:] != people(2)[16:]


def test_roster_has_the_variety_that_makes_matching_hard() -> None:
    simulator = AscendSimulator(patients=2000)
    simulator.stop()
    rows = simulator.state.patients
    assert any(row["dateOfBirth"] is None for row in rows)
    assert {row["nameSuffix"] for row in rows} >= {None, "Jr", "Sr"}
    assert {row["patientStatus"] for row in rows} == {"ACTIVE", "INACTIVE", "NEW"}
    duplicates = [row for row in rows if "duplicateOfPatient" in row]
    by_id = {row["id"]: row for row in rows}
    assert len(duplicates) > 10
    assert all(by_id[row["duplicateOfPatient"]["id"]]["lastName"] == row["lastName"] for row in duplicates)
    twins = {(r["lastName"], r["dateOfBirth"], r["address1"]) for r in rows}
    assert len(twins) < len(rows)
    years = {row["lastModified"][:4] for row in rows}
    assert years == {"2023", "2024", "2025"}


@pytest.mark.parametrize("count", [0, 1, 3])
def test_tiny_practice_works(count: int) -> None:
    with AscendSimulator(patients=count) as simulator:
        client = Client(simulator)
        assert len(client.get("/v1/patients").data) == count
        assert len(client.get("/v1/appointments").data) == count
        client.close()


def test_sample_exam_is_the_first_code(client: Client) -> None:
    assert client.get(f"/v1/practiceprocedures/{SAMPLE_EXAM}").data["adaCode"] == "T0101"
