"""Every fault of the write-back protocol's list, seen from outside; the chart tells what really happened."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import threading
from typing import Any

import pytest

from denticode_desktop.rehearsal.ascend_server import AscendSimulator
from denticode_desktop.rehearsal.switches import Fault
from tests.unit.rehearsal.client import ANA, LOST, Client, HandClock, planned_procedure


def strike(client: Client, **fault: Any) -> None:
    client.headers()  # the token call must not be what is struck
    client.simulator.switches.add(Fault(**fault))


@pytest.mark.parametrize("action", ["close", "reset"])
@pytest.mark.parametrize(("commit", "stored"), [("yes", 1), ("no", 0), (None, 1)])
def test_answer_lost_after_or_without_commit(client: Client, action: str, commit: str | None, stored: int) -> None:
    strike(client, action=action, commit=commit)
    with pytest.raises(LOST):
        client.post_note()
    assert len(client.simulator.state.notes) == stored
    last = client.simulator.state.requests[-1]
    assert (last.answer, last.fault) == (action, action)
    assert client.post_note().status == 201  # the fault struck once


def test_reset_is_a_reset(client: Client) -> None:
    strike(client, action="reset")
    with pytest.raises(ConnectionResetError):
        client.post_note()


def test_close_mid_request_stores_nothing_and_is_recorded(client: Client) -> None:
    strike(client, action="close_mid_request")
    with pytest.raises(LOST):
        client.post_note("x" * 2_000_000)
    last = client.simulator.state.requests[-1]
    assert (last.method, last.answer, last.body_sha256) == ("POST", "close_mid_request", "")
    assert client.simulator.state.notes == []


def test_connection_accepted_and_closed(client: Client) -> None:
    client.headers()
    client.close()
    client.simulator.switches.add(Fault(action="accept_close"))
    before = len(client.simulator.state.requests)
    with pytest.raises(LOST):
        client.post_note()
    assert len(client.simulator.state.requests) == before
    assert client.post_note().status == 201


def test_hang_commits_and_ends_when_the_server_stops(clock: HandClock) -> None:
    simulator = AscendSimulator(clock=clock)
    simulator.start()
    client = Client(simulator, timeout_s=30)
    strike(client, action="hang")
    raised: list[BaseException] = []

    def post() -> None:
        try:
            client.post_note()
        except LOST as error:
            raised.append(error)

    arrived = threading.Event()
    simulator.hooks.append(lambda record: arrived.set())
    poster = threading.Thread(target=post)
    poster.start()
    assert arrived.wait(5)
    assert any(simulator.state.notes for _ in range(1_000_000))  # the commit follows the hook at once
    simulator.stop()
    poster.join(5)
    client.close()
    assert not poster.is_alive()
    assert len(raised) == 1


def test_hang_ends_when_the_client_leaves(simulator: AscendSimulator) -> None:
    client = Client(simulator, timeout_s=0.2)
    strike(client, action="hang", commit="no")
    with pytest.raises(TimeoutError):
        client.post_note()
    client.close()
    assert simulator.state.notes == []


@pytest.mark.parametrize(
    ("status", "stored"), [(500, 1), (502, 1), (503, 1), (504, 1), (408, 1), (429, 0), (401, 0), (403, 0), (302, 0)]
)
def test_status_with_what_it_suggests_of_the_commit(client: Client, status: int, stored: int) -> None:
    strike(client, action="status", status=status, retry_after="7" if status in (429, 503) else None)
    answer = client.post_note()
    assert answer.status == status
    assert answer.headers.get("retry-after") == ("7" if status in (429, 503) else None)
    assert len(client.simulator.state.notes) == stored


def test_id_in_the_answer_can_be_missing_wrong_or_used(client: Client) -> None:
    first = client.post_note("first").data["id"]
    for action in ("no_id", "wrong_id", "used_id"):
        strike(client, action=action)
    answers = [client.post_note(text).data for text in ("second", "third", "fourth")]
    stored = [row["id"] for row in client.simulator.state.notes]
    assert "id" not in answers[0]
    assert answers[1]["id"] not in stored
    assert answers[2]["id"] in stored[:3]
    assert answers[2]["id"] != first
    assert len(set(stored)) == 4


def test_answer_for_another_patient_is_stored_in_the_right_chart_unless_misfiled(client: Client) -> None:
    strike(client, action="other_patient")
    assert client.post_note().data["patient"]["id"] != ANA
    assert client.simulator.state.notes[0]["patient"]["id"] == ANA
    strike(client, action="misfiled")
    assert client.post_note().data["patient"]["id"] == ANA
    assert client.simulator.state.notes[1]["patient"]["id"] != ANA


def test_never_stored_answers_as_if_it_were(client: Client) -> None:
    strike(client, action="never_stored")
    answer = client.post_note()
    assert answer.status == 201
    assert client.get(f"/v0/clinicalnotes/{answer.data['id']}").status == 404
    assert client.simulator.state.notes == []


def test_body_cut_off_html_or_empty(client: Client) -> None:
    strike(client, action="cut_body")
    with pytest.raises(http.client.IncompleteRead):
        client.post_note()
    strike(client, action="html")
    page = client.post_note()
    assert (page.status, page.headers["content-type"][:9]) == (200, "text/html")
    strike(client, action="empty")
    assert client.post_note().body == b""
    assert len(client.simulator.state.notes) == 3


def test_late_commit_takes_effect_after_further_requests(client: Client) -> None:
    strike(client, action="status", status=504, commit="late", late_requests=2)
    client.post_note("late")
    client.post_note("early")
    assert client.note_texts() == ["late", "early"]  # this look is the second further request
    assert [row["text"] for row in client.simulator.state.notes] == ["late", "early"]


def test_late_commit_takes_effect_after_seconds(client: Client, clock: HandClock) -> None:
    client.simulator.switches.late_commit_s = 60
    assert client.post_note().status == 201
    clock.move(59)
    assert client.note_texts() == []
    clock.move(1)
    assert len(client.note_texts()) == 1


def test_visibility_lag_in_seconds_and_in_looks(client: Client, clock: HandClock) -> None:
    client.simulator.switches.visibility_lag_s = 10
    client.post_note("slow")
    assert (client.note_texts(), len(client.simulator.state.notes)) == ([], 1)
    clock.move(10)
    assert client.note_texts() == ["slow"]
    client.simulator.switches.update({"visibility_lag_s": 0, "visibility_lag_looks": 2})
    client.post_note("shy")
    assert [len(client.note_texts()) for _ in range(3)] == [1, 1, 2]


def test_huge_answer_streams(client: Client) -> None:
    strike(client, action="huge", method="GET", size_bytes=3_000_000)
    answer = client.get("/v0/clinicalnotes")
    assert len(answer.body) > 3_000_000
    assert len(json.loads(answer.body)["data"][0]) == 3_000_000


def test_gzip_bomb_is_small_on_the_wire(client: Client) -> None:
    strike(client, action="gzip_bomb", method="GET", size_bytes=5_000_000)
    answer = client.get("/v0/clinicalnotes")
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.body) < 100_000
    assert len(gzip.decompress(answer.body)) > 5_000_000


def test_dripped_body_comes_whole_in_the_end(client: Client) -> None:
    strike(client, action="drip", method="GET", drip_bytes=64, drip_ms=1)
    assert client.get("/v1/locations").data


def test_fault_is_for_its_resource_scope_and_turn(client: Client) -> None:
    strike(client, action="status", method="GET", resource="clinicalnotes", scope="one", nth=2, times=2)
    assert client.get("/v0/clinicalnotes").status == 200
    assert client.get("/v1/patients").status == 200
    assert [client.get("/v0/clinicalnotes/1").status for _ in range(4)] == [404, 500, 500, 404]


def test_fault_without_end_strikes_until_removed(client: Client) -> None:
    strike(client, action="status", status=429, times=0)
    assert [client.post_note().status for _ in range(3)] == [429, 429, 429]
    client.simulator.switches.faults = []
    assert client.post_note().status == 201


def test_procedure_answer_lost_leaves_one_and_a_second_send_makes_two(client: Client) -> None:
    strike(client, action="close")
    with pytest.raises(LOST):
        client.post("/v1/patientprocedures", planned_procedure())
    client.post("/v1/patientprocedures", planned_procedure())
    assert len(client.simulator.state.procedures) == 2


def test_refused_connections_and_back(client: Client) -> None:
    client.headers()
    client.simulator.switches.refuse_connections = True
    with pytest.raises(LOST):
        client.get("/v1/locations")  # the open connection is gone as well
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", client.simulator.port), timeout=2)
    client.simulator.switches.refuse_connections = False
    assert client.get("/v1/locations").status == 200


def test_refused_for_a_while_comes_back_by_itself(client: Client) -> None:
    client.headers()
    client.close()
    client.simulator.switches.refuse_connections_for_s = 0.05
    with pytest.raises(ConnectionRefusedError):
        client.get("/v1/locations")
    for _ in range(200_000):
        try:
            assert client.get("/v1/locations").status == 200
            break
        except ConnectionRefusedError:
            continue
    else:
        pytest.fail("still refused")


def test_network_down_drops_every_request_but_those_of_the_control(client: Client) -> None:
    client.headers()
    client.simulator.switches.network_down = True
    for _ in range(2):
        with pytest.raises(LOST):
            client.post_note()
    assert client.simulator.state.notes == []
    # the first went to the connection that was cut and never arrived
    assert [r.answer for r in client.simulator.state.requests[-2:]] == [200, "network_down"]
    assert client.ask("POST", "/_rehearsal/switches", b'{"network_down": false}').status == 200
    assert client.post_note().status == 201


def test_hook_sees_the_request_before_it_has_an_effect(client: Client) -> None:
    seen: list[tuple[str, int]] = []
    client.simulator.hooks.append(lambda record: seen.append((record.method, len(client.simulator.state.notes))))
    client.post_note()
    assert seen[-1] == ("POST", 0)
    assert client.simulator.state.requests[-1].body_sha256
