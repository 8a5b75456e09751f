"""Token, organization, permissions, loopback."""

from email.utils import parsedate_to_datetime

import pytest

from denticode_desktop.rehearsal.ascend_server import AscendSimulator
from denticode_desktop.rehearsal.switches import Fault
from tests.unit.rehearsal.client import API, Client, HandClock

TOKEN_TARGET = "/oauth/client_credential/accesstoken"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_token_right_credentials_gives_opaque_bearer_with_lifetime_as_text(client: Client) -> None:
    answer = client.sign_in()
    assert answer.status == 200
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["expires_in"] == "3600"


@pytest.mark.parametrize(("kind", "expected"), [("number", 3600), ("string", "3600"), ("missing", None)])
def test_token_lifetime_comes_in_the_switched_type(client: Client, kind: str, expected: object) -> None:
    client.simulator.switches.update({"expires_in_type": kind})
    assert client.sign_in().json.get("expires_in") == expected


def test_token_wrong_secret_is_401_in_the_gateways_shape(client: Client) -> None:
    answer = client.sign_in(secret="wrong")
    assert answer.status == 401
    assert set(answer.json) == {"ErrorCode", "Error"}


@pytest.mark.parametrize(
    ("target", "body", "missing"),
    [
        (TOKEN_TARGET, b"client_id=a&client_secret=b", "grant_type"),
        (TOKEN_TARGET + "?grant_type=client_credentials", b"client_secret=b", "client_id"),
        (TOKEN_TARGET + "?grant_type=client_credentials", b"client_id=a", "client_secret"),
    ],
)
def test_token_parameter_missing_is_400_naming_it(client: Client, target: str, body: bytes, missing: str) -> None:
    answer = client.ask("POST", target, body, FORM)
    assert answer.status == 400
    assert missing in answer.json["Error"]


def test_wrong_environment_refuses_new_and_old_tokens(client: Client) -> None:
    client.sign_in()
    client.simulator.switches.wrong_environment = True
    assert client.get("/v1/locations").status == 401
    assert "environment" in client.sign_in().json["Error"]
    client.simulator.switches.wrong_environment_told = False
    assert "environment" not in client.sign_in().json["Error"]


def test_bearer_missing_unknown_or_expired_is_401(client: Client, clock: HandClock) -> None:
    fault = client.ask("GET", API + "/v1/locations").json["fault"]
    assert fault["detail"]["errorcode"] == "oauth.v2.InvalidAccessToken"
    client.token = "never-issued"
    assert client.get("/v1/locations").status == 401
    client.sign_in()
    assert client.get("/v1/locations").status == 200
    clock.move(3600)
    assert client.get("/v1/locations").status == 401


def test_token_expires_once_after_the_switched_number_of_calls(client: Client) -> None:
    client.sign_in()
    client.simulator.switches.expire_token_after_calls = 2
    assert [client.get("/v1/locations").status for _ in range(4)] == [200, 200, 401, 401]
    client.sign_in()
    assert client.get("/v1/locations").status == 200


def test_organization_header_missing_or_foreign_is_refused(client: Client) -> None:
    bearer = {"Authorization": client.headers()["Authorization"]}
    assert client.ask("GET", API + "/v1/locations", headers=bearer).status == 400
    assert client.ask("GET", API + "/v1/locations", headers=bearer | {"ORGANIZATION-Id": "f" * 24}).status == 403


def test_linked_organizations_need_the_bearer_only_and_follow_the_switch(client: Client) -> None:
    bearer = {"Authorization": client.headers()["Authorization"]}
    linked = client.ask("GET", "/orgmapper/LinkedOrgs", headers=bearer)
    assert linked.json == {"organizations": ["0123456789abcdef01234567"]}
    client.simulator.switches.organization_linked = False
    assert client.ask("GET", "/orgmapper/LinkedOrgs", headers=bearer).json == {"organizations": []}
    assert client.get("/v1/locations").status == 403


def test_permission_missing_is_403_read_and_write_apart(client: Client) -> None:
    client.simulator.switches.forbid = {"clinicalnotes": "write"}
    assert client.get("/v0/clinicalnotes").status == 200
    assert client.post_note().status == 403
    client.simulator.switches.forbid = {"clinicalnotes": "read", "patients": "all"}
    assert client.get("/v0/clinicalnotes").status == 403
    assert client.post_note().status == 201
    assert client.get("/v1/patients").status == 403


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH"])
def test_method_that_changes_or_deletes_is_405_and_recorded(client: Client, method: str) -> None:
    target = f"{API}/v1/patients/9000000000001"
    assert client.ask(method, target, b"{}", client.headers()).status == 405
    assert [(r.method, r.path) for r in client.simulator.state.forbidden_requests] == [(method, target)]


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "localhost", "", "255.255.255.255", "128.0.0.1"])
def test_host_that_is_not_loopback_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        AscendSimulator(host=host)


def test_request_log_keeps_no_secret(client: Client) -> None:
    client.get("/v1/locations")
    logged = repr(client.simulator.state.requests)
    assert client.token not in logged
    assert "rehearsal-secret" not in logged
    assert "authorization" not in logged.lower()


def test_date_header_follows_clock_and_skew(client: Client, clock: HandClock) -> None:
    client.simulator.switches.server_skew_s = 90
    shown = parsedate_to_datetime(client.get("/v1/locations").headers["date"])
    assert (shown - clock()).total_seconds() == 90


def test_401_in_the_middle_of_a_list_strikes_the_page_it_is_set_for(client: Client) -> None:
    client.sign_in()
    client.simulator.switches.add(Fault(action="status", method="GET", resource="patients", nth=2, status=401))
    assert [client.get("/v1/patients", pageSize=5).status for _ in range(3)] == [200, 401, 200]
