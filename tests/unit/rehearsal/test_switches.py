"""Switches other than faults, the control endpoint, staff actions."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from typing import Any

import pytest

from denticode_desktop.rehearsal.registry import SIMULATORS, run_simulator
from denticode_desktop.rehearsal.switches import Switches
from tests.unit.rehearsal.client import ANA, LOST, Client, HandClock, planned_procedure


def switch(client: Client, **values: Any) -> None:
    answer = client.ask("POST", "/_rehearsal/switches", json.dumps(values).encode())
    assert answer.status == 200, answer.body


def test_ids_as_numbers_in_lists_single_records_and_creates(client: Client) -> None:
    switch(client, id_type="number")
    assert client.get("/v1/patients", pageSize=1).data[0]["preferredLocation"]["id"] in (9200000000001, 9200000000002)
    assert client.get(f"/v1/patients/{ANA}").data["id"] == 9000000000001
    tricky = '"id":"123"'
    answer = client.post_note(tricky, patient_id=ANA)
    assert isinstance(answer.data["id"], int)
    assert client.note_texts() == [tricky]
    values = planned_procedure() | {"patient": {"id": int(ANA)}}
    assert client.post("/v1/patientprocedures", values).status == 201


def test_create_status_and_body_shape_follow_the_switches(client: Client) -> None:
    switch(client, create_status=200, status_code_type="string", single_data="array")
    answer = client.post_note()
    assert (answer.status, answer.json["statusCode"]) == (200, "200")
    assert answer.data[0]["type"] == "ClinicalNote"
    assert client.get(f"/v1/patients/{ANA}").data[0]["id"] == ANA
    assert client.get("/v1/patients").json["statusCode"] == "200"


@pytest.mark.parametrize(("served", "v0", "v1"), [("v0", 200, 404), ("v1", 404, 200), ("both", 200, 200)])
def test_clinical_notes_live_under_the_switched_version(client: Client, served: str, v0: int, v1: int) -> None:
    switch(client, clinicalnotes_versions=served)
    assert [client.get(f"/{version}/clinicalnotes").status for version in ("v0", "v1")] == [v0, v1]


@pytest.mark.parametrize("shape", ["array", "fault", "html", "empty", "envelope"])
def test_error_body_shape(client: Client, shape: str) -> None:
    switch(client, error_body=shape)
    answer = client.get("/v1/patients/1")
    assert answer.status == 404
    looks = {"array": b"[{", "fault": b'{"fault"', "html": b"<!DOC", "empty": b"", "envelope": b'{"statusCode":404'}
    assert answer.body.startswith(looks[shape])
    assert bool(answer.body) == (shape != "empty")


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ({"alter_text": "html"}, "<p>S: a &lt;b&gt; &amp; c<br>O:  x </p>"),
        ({"alter_text": "cut", "cut_text_at": 6}, "S: a <"),
        ({"alter_text": "crlf"}, "S: a <b> & c\r\nO:  x "),
        ({"alter_text": "trim"}, "S: a <b> & c\nO:  x"),
    ],
)
def test_note_text_is_altered_in_the_chart(client: Client, values: dict[str, Any], kept: str) -> None:
    switch(client, **values)
    client.post_note("S: a <b> & c\nO:  x ")
    assert client.note_texts() == [kept]


def test_text_limit_refuses_longer_notes(client: Client) -> None:
    switch(client, text_limit_chars=5)
    assert (client.post_note("12345").status, client.post_note("123456").status) == (201, 400)


def test_lists_out_of_order_hold_the_same_rows(client: Client) -> None:
    straight = client.get("/v1/patients").ids
    switch(client, list_order="descending")
    assert client.get("/v1/patients").ids == straight[::-1]
    switch(client, list_order="shuffled")
    shuffled = client.get("/v1/patients").ids
    assert shuffled not in (straight, straight[::-1])
    assert sorted(shuffled) == straight


@pytest.mark.parametrize(("drift", "expected"), [("skip", -1), ("repeat", 1), ("none", 0)])
def test_page_drift_loses_or_repeats_a_row(client: Client, drift: str, expected: int) -> None:
    switch(client, page_drift=drift)
    first = client.get("/v1/patients", pageSize=20)
    second = client.get("/v1/patients", pageSize=30, lastId=first.ids[-1])
    assert len(first.ids) + len(second.ids) - 40 == expected
    assert second.json["meta"]["pagination"]["total"] == 40


def test_endless_pages_repeat_the_first(client: Client) -> None:
    switch(client, endless_pages=True)
    first = client.get("/v1/patients", pageSize=5)
    assert client.get("/v1/patients", pageSize=5, lastId=first.ids[-1]).ids == first.ids


def test_stale_list_shows_the_past_until_switched_off(client: Client) -> None:
    client.post_note("old")
    switch(client, stale_lists=["clinicalnotes"])
    client.post_note("new")
    assert client.note_texts() == ["old"]
    assert len(client.simulator.state.notes) == 2
    switch(client, stale_lists=[])
    assert client.note_texts() == ["old", "new"]


def test_rows_follow_the_switches_on_codes_enums_fields_and_test_data(client: Client) -> None:
    switch(client, duplicate_codes=True)
    assert len(client.get("/v1/practiceprocedures", filter="adaCode==T0101").data) == 2
    switch(client, duplicate_codes=False, unknown_enums=True)
    assert len(client.get("/v1/practiceprocedures", filter="adaCode==T0101").data) == 1
    assert "NOT SEEN BEFORE" in {row["patientStatus"] for row in client.get("/v1/patients").data}
    assert {row["status"] for row in client.get("/v1/appointments").data} == {"NOT SEEN BEFORE"}
    switch(client, unknown_enums=False, missing_fields=["dateOfBirth", "lastModified"])
    assert not {"dateOfBirth", "lastModified"} & set(client.get("/v1/patients").data[0])
    switch(client, missing_fields=[], test_data_roster=True)
    assert client.get("/v1/patients").data[0]["firstName"] == "Test"
    switch(client, test_data_roster=False)
    assert client.get("/v1/patients").data[0]["firstName"] == "Ana"


def test_teeth_are_required_when_switched(client: Client) -> None:
    switch(client, require_teeth=True)
    filling = planned_procedure() | {"practiceProcedure": {"id": "9300000000012"}}
    assert client.post("/v1/patientprocedures", filling).status == 400
    assert client.post("/v1/patientprocedures", planned_procedure()).status == 201


def test_slow_page_waits_and_a_stop_does_not(client: Client) -> None:
    switch(client, page_delay_ms=30_000)
    stopper = threading.Thread(target=client.simulator.stop)
    client.simulator.hooks.append(lambda record: stopper.start() if record.resource == "patients" else None)
    with pytest.raises(LOST):
        client.get("/v1/patients")
    stopper.join(5)
    assert not stopper.is_alive()


def test_switches_all_have_a_default_that_comes_back_as_json(client: Client) -> None:
    shown = client.ask("GET", "/_rehearsal/switches").json
    assert shown == json.loads(json.dumps(Switches().as_json()))
    again = Switches()
    again.update(shown)
    assert again.as_json() == shown


@pytest.mark.parametrize(
    "values",
    [
        {"no_such": 1},
        {"id_type": "roman"},
        {"faults": [{"action": "close", "nht": 2}]},
        {"faults": [{"action": "sulk"}]},
        {"faults": {}},
        {"id_type": "number", "create_status": "x"},
    ],
)
def test_wrong_switch_is_refused_and_nothing_is_set(client: Client, values: dict[str, Any]) -> None:
    assert client.ask("POST", "/_rehearsal/switches", json.dumps(values).encode()).status == 400
    assert client.simulator.switches.as_json() == Switches().as_json()


def test_control_adds_a_fault_shows_the_chart_and_the_requests(client: Client) -> None:
    client.headers()
    fault = {"action": "status", "status": 500, "resource": "clinicalnotes"}
    assert client.ask("POST", "/_rehearsal/faults", json.dumps(fault).encode()).status == 200
    assert client.post_note("lost").status == 500
    chart = client.ask("GET", f"/_rehearsal/chart?patient={ANA}").json
    assert [row["text"] for row in chart["notes"]] == ["lost"]
    assert chart["patient"]["lastName"] == "Ruiz"
    assert set(client.ask("GET", "/_rehearsal/chart").json) == {"notes", "procedures", "documents"}
    requests = client.ask("GET", "/_rehearsal/requests?since=1").json["requests"]
    assert [(r["number"], r["method"], r["resource"], r["answer"]) for r in requests] == [
        (2, "POST", "clinicalnotes", 500)
    ]
    assert client.ask("GET", "/_rehearsal/chart?patient=1").status == 404


def test_control_refuses_foreign_names_and_unknown_paths(client: Client) -> None:
    assert client.ask("GET", "/_rehearsal/switches", headers={"Host": "evil.example:80"}).status == 421
    assert client.ask("GET", "/_rehearsal/nothing").status == 404


def test_staff_actions_over_the_control_endpoint(client: Client, clock: HandClock) -> None:
    def act(action: str, **values: Any) -> Any:
        answer = client.ask("POST", "/_rehearsal/staff", json.dumps({"action": action} | values).encode())
        assert answer.status == 200, answer.body
        return answer.json["result"]

    clock.move(60)
    typed = act("type_note", patient_id=ANA, text="by hand")
    act("edit_note", note_id=typed, text="by hand, again")
    act("sign_note", note_id=typed)
    assert client.get(f"/v0/clinicalnotes/{typed}").data["signedDate"] == "2026-11-20T15:31:00.000Z"
    assert client.note_texts() == ["by hand, again"]
    act("delete_note", note_id=typed)
    assert client.note_texts() == []
    act("rename_patient", patient_id=ANA, last_name="Sol")
    act("merge_patient", patient_id="9000000000002", into_patient_id=ANA)
    act("deactivate_patient", patient_id="9000000000003")
    act("delete_patient", patient_id="9000000000004")
    added = act("add_patient", fields={"firstName": "New", "lastName": "Comer"})
    changed = client.get("/v1/patients", filter="lastModified>=2026-01-01T00:00:00.000Z").data
    assert [row["id"] for row in changed] == [ANA, "9000000000002", "9000000000003", added]
    assert changed[0]["lastName"] == "Sol"
    assert changed[1]["duplicateOfPatient"]["id"] == ANA
    assert changed[2]["patientStatus"] == "INACTIVE"
    assert client.get("/v1/patients/9000000000004").status == 404
    assert len(client.all_patients()) == 40


def test_staff_action_that_is_wrong_is_refused(client: Client) -> None:
    for values in ({"action": "__init__"}, {"action": "type_note"}, {"action": "touch_patients", "fraction": 0}):
        assert client.ask("POST", "/_rehearsal/staff", json.dumps(values).encode()).status == 400


def test_touched_patients_are_the_wanted_share_and_come_as_changed(client: Client) -> None:
    assert client.simulator.state.touch_patients(0.1) == 4
    assert len(client.get("/v1/patients", filter="lastModified>=2026-11-20T00:00:00Z").data) == 4
    narrow = client.get("/v1/patients", responseFields="id,lastModified").data
    assert sum(row["lastModified"] == "2026-11-20T15:30:00.000Z" for row in narrow) == 4


def test_run_simulator_announces_listens_and_stops() -> None:
    stop, said = threading.Event(), threading.Event()
    announced: list[dict[str, object]] = []

    def announce(facts: dict[str, object]) -> None:
        announced.append(facts)
        said.set()

    runner = threading.Thread(target=run_simulator, args=(5, 0, 1, announce, stop))
    runner.start()
    assert said.wait(5)
    facts = announced[0]
    assert set(facts) == {"base_url", "organization_id", "client_id", "pms", "patients", "control_url"}
    assert str(facts["base_url"]).startswith("http://127.0.0.1:")
    stop.set()
    runner.join(5)
    assert not runner.is_alive()


def test_run_simulator_of_an_unknown_pms_is_refused() -> None:
    with pytest.raises(KeyError):
        run_simulator(1, 0, 1, lambda _: None, threading.Event(), pms="no-such-pms")


def test_registry_makes_a_simulator_by_its_key() -> None:
    simulator = SIMULATORS["dentrix-ascend"](seed=1, patients=2, port=0)
    simulator.start()
    assert simulator.control_url.endswith("/_rehearsal/")
    assert not simulator.control_url.startswith(simulator.base_url)
    simulator.stop()


def control(client: Client, method: str, path: str, values: object = None) -> Any:
    """A request to the address that the simulator names for its control endpoint."""
    body = None if values is None else json.dumps(values).encode()
    url = f"{client.simulator.control_url}{path}"
    with urllib.request.urlopen(urllib.request.Request(url, body, method=method), timeout=5) as answer:
        return json.load(answer)


@pytest.mark.parametrize("name", ["refuse_connections", "network_down"])
def test_control_endpoint_takes_back_what_closed_the_pms(client: Client, name: str) -> None:
    client.sign_in()
    control(client, "POST", "switches", {name: True})
    with pytest.raises(LOST):
        client.get("/v1/locations")
    assert control(client, "GET", "switches")[name] is True
    control(client, "POST", "switches", {name: False})
    assert client.get("/v1/locations").status == 200


def test_fault_of_connections_does_not_strike_the_control_endpoint(client: Client) -> None:
    control(client, "POST", "faults", {"action": "accept_close", "times": 1})
    assert len(control(client, "GET", "switches")["faults"]) == 1
    with pytest.raises(LOST):
        client.sign_in()
    assert control(client, "GET", "switches")["faults"] == []
    assert client.sign_in().status == 200


def test_control_port_answers_nothing_else(client: Client) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        control(client, "GET", "../ascend-gateway/api/v1/patients")
    assert caught.value.code == 404
    caught.value.close()
