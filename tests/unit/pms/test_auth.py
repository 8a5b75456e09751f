"""Tokens: one fetch at a time, renewed ahead, never shown; a read's 401 is tried again once."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from denticode_desktop.domain.errors import (
    DenticodeError,
    PmsAuthError,
    PmsForbiddenError,
    PmsProtocolError,
    PmsThrottledError,
    PmsUnavailableError,
)
from denticode_desktop.domain.ids import PmsKey
from denticode_desktop.pms.dentrix_ascend.auth import Token, TokenCache, lifetime_of, token_key
from denticode_desktop.pms.dentrix_ascend.client import AscendClient
from denticode_desktop.pms.field_map import api_facts
from denticode_desktop.pms.http import HttpClient
from denticode_desktop.ports.pms import ConnectionSecrets

from .helpers import WAIT_S, HandClock, settings_for

FACTS = api_facts(PmsKey("dentrix-ascend"))
BASE = "http://127.0.0.1:9"
SECRET = "planted-secret"
KEY = token_key(BASE, "client", "org", SECRET)
Handler = Callable[[httpx.Request], httpx.Response]


def token(value: str = "abc", lifetime_s: float = 3600.0, clock: HandClock | None = None) -> Token:
    at = clock or HandClock()
    return Token(value, lifetime_s, at.seconds + lifetime_s, at.now + timedelta(seconds=lifetime_s))


class FunctionTransport(httpx.BaseTransport):
    """Answers from a function, with a body that streams as a socket's does (httpx.MockTransport's is read already)."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        made = self._handler(request)
        return httpx.Response(made.status_code, headers=made.headers, stream=httpx.ByteStream(made.content))


class Gateway:
    """A token endpoint and one resource, over httpx's mock transport. `bad` tokens get 401."""

    def __init__(self, **token_body: object) -> None:
        self.issued = 0
        self.bad: set[str] = set()
        self.reads: list[str] = []
        self.answer: Handler | None = None
        self.token_body = {"token_type": "BearerToken", "expires_in": "3600"} | token_body
        self.token_answer: httpx.Response | None = None
        self.clock = HandClock()
        self.cache = TokenCache()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("accesstoken"):
            self.issued += 1
            self.token_request = request
            return self.token_answer or httpx.Response(200, json={"access_token": f"t{self.issued}"} | self.token_body)
        bearer = request.headers["authorization"]
        self.reads.append(bearer)
        if bearer.removeprefix("Bearer ") in self.bad:
            return httpx.Response(401, json={"fault": {"faultstring": "Invalid Access Token"}})
        return self.answer(request) if self.answer else httpx.Response(200, json={"data": []})

    def client(self, secret: str = SECRET) -> AscendClient:
        http = HttpClient(BASE, self.clock, transport_factory=lambda: FunctionTransport(self))
        return AscendClient(
            settings_for(BASE), ConnectionSecrets({"client_secret": secret}), facts=FACTS, clock=self.clock,
            tokens=self.cache, http=http,
        )  # fmt: skip


def read(client: AscendClient) -> None:
    client.get("/v1/patients", permission="Patients")


def test_many_threads_share_one_fetch() -> None:
    cache, clock, threads = TokenCache(), HandClock(), 16
    ready, release, fetches = threading.Barrier(threads + 1), threading.Event(), []

    def fetch() -> Token:
        fetches.append(1)
        assert release.wait(WAIT_S)
        return token()

    def ask() -> str:
        ready.wait(WAIT_S)
        return cache.get(KEY, clock, min_left_s=300, fetch=fetch).value

    with ThreadPoolExecutor(threads) as pool:
        asked = [pool.submit(ask) for _ in range(threads)]
        ready.wait(WAIT_S)
        release.set()
        assert {a.result(WAIT_S) for a in asked} == {"abc"}
    assert len(fetches) == 1


def test_waiting_thread_shares_the_failure_and_does_not_try_again() -> None:
    cache, clock = TokenCache(), HandClock()
    entered, release, fetches = threading.Event(), threading.Event(), []

    def fail() -> Token:
        fetches.append(1)
        entered.set()
        assert release.wait(WAIT_S)
        raise PmsAuthError("client_refused")

    def ask() -> None:
        cache.get(KEY, clock, min_left_s=300, fetch=fail)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(ask)
        assert entered.wait(WAIT_S)
        slot = cache._slot(KEY)
        second = pool.submit(ask)
        # The second is in `wait` once it has given the condition back to us with itself in its queue.
        while not slot.changed._waiters:  # type: ignore[attr-defined]
            pass
        release.set()
        for one in (first, second):
            with pytest.raises(PmsAuthError):
                one.result(WAIT_S)
    assert len(fetches) == 1


def test_failed_fetch_leaves_the_next_one_free() -> None:
    cache, clock = TokenCache(), HandClock()

    def fail() -> Token:
        raise PmsUnavailableError("dns")

    with pytest.raises(PmsUnavailableError):
        cache.get(KEY, clock, min_left_s=1, fetch=fail)
    assert cache.get(KEY, clock, min_left_s=1, fetch=token).value == "abc"


@pytest.mark.parametrize("by_monotonic", [True, False])
def test_token_is_renewed_five_minutes_ahead_by_either_clock(by_monotonic: bool) -> None:
    gateway = Gateway()
    client = gateway.client()

    def pass_time(seconds: float) -> None:
        if by_monotonic:
            gateway.clock.seconds += seconds
        else:
            gateway.clock.now += timedelta(seconds=seconds)

    read(client)
    pass_time(3299)
    read(client)
    assert gateway.issued == 1
    pass_time(2)
    read(client)
    assert gateway.issued == 2


def test_short_lived_token_is_used_for_half_its_life() -> None:
    gateway = Gateway(expires_in=60)
    client = gateway.client()
    read(client)
    gateway.clock.seconds += 29
    read(client)
    assert gateway.issued == 1
    gateway.clock.seconds += 2
    read(client)
    assert gateway.issued == 2


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("3600", 3600), (3600, 3600), (3599.5, 3599.5), (" 60 ", 60), ("60.5", 60.5), (None, 3600), ("an hour", 3600),
        ("", 3600), (True, 3600), (-1, 3600), (0, 3600), ("-5", 3600), ([], 3600), (10**12, 86400), ("9" * 40, 3600),
        (float("nan"), 3600),
    ],
)  # fmt: skip
def test_expires_in_comes_in_many_forms(given: object, expected: float) -> None:
    assert lifetime_of(given, 3600) == expected


def test_scheme_is_bearer_whatever_the_token_type_says() -> None:
    gateway = Gateway()
    read(gateway.client())
    assert gateway.reads == ["Bearer t1"]


def test_token_request_has_its_grant_in_the_query_and_the_secret_in_the_form() -> None:
    gateway = Gateway()
    read(gateway.client("a&b=c d"))
    assert gateway.token_request.url.query == b"grant_type=client_credentials"
    assert gateway.token_request.content == b"client_id=rehearsal-client&client_secret=a%26b%3Dc%20d"
    assert gateway.token_request.headers["organization-id"] == "0123456789abcdef01234567"


def test_read_refused_once_is_repeated_with_a_fresh_token() -> None:
    gateway = Gateway()
    gateway.bad = {"t1"}
    read(gateway.client())
    assert gateway.reads == ["Bearer t1", "Bearer t2"]


def test_second_refusal_is_an_auth_error_and_no_third_try() -> None:
    gateway = Gateway()
    gateway.bad = {"t1", "t2", "t3"}
    with pytest.raises(PmsAuthError):
        read(gateway.client())
    assert len(gateway.reads) == 2


def test_forbidden_names_the_permission_and_fetches_no_token() -> None:
    gateway = Gateway()
    gateway.answer = lambda _request: httpx.Response(403, json={})
    with pytest.raises(PmsForbiddenError) as caught:
        read(gateway.client())
    assert caught.value.permission == "Patients"
    assert (gateway.issued, len(gateway.reads)) == (1, 1)


def test_gateways_of_one_connection_share_a_token_and_another_secret_does_not() -> None:
    gateway = Gateway()
    read(gateway.client())
    read(gateway.client())
    assert gateway.issued == 1
    read(gateway.client("another-secret"))
    assert gateway.issued == 2


def test_drop_keeps_a_token_that_another_thread_renewed() -> None:
    cache, clock = TokenCache(), HandClock()
    cache.get(KEY, clock, min_left_s=1, fetch=lambda: token("new"))
    cache.drop(KEY, "old")
    assert cache.peek(KEY) == "new"
    cache.drop(KEY)
    assert cache.peek(KEY) is None


@pytest.mark.parametrize(
    ("answer", "error", "kind"),
    [
        (httpx.Response(401, json={"Error": "ClientId is Invalid"}), PmsAuthError, "client_refused"),
        (httpx.Response(400, json={"ErrorCode": "invalid_request", "Error": "x"}), PmsAuthError, "client_refused"),
        (httpx.Response(401, json={"Error": "key of another environment"}), PmsAuthError, "wrong_environment"),
        (httpx.Response(429, headers={"Retry-After": "9"}), PmsThrottledError, ""),
        (httpx.Response(503), PmsUnavailableError, "http_503"),
        (httpx.Response(302, headers={"Location": "https://evil.example"}), PmsUnavailableError, "http_302"),
        (httpx.Response(200, html="<html>"), PmsProtocolError, "web_page"),
        (httpx.Response(200, text="ok"), PmsProtocolError, "not_json"),
        (httpx.Response(200, json={}), PmsProtocolError, "no_token"),
        (httpx.Response(200, json=["x"]), PmsProtocolError, "no_token"),
        (httpx.Response(200, json={"access_token": "a\r\nEvil: 1"}), PmsProtocolError, "no_token"),
        (httpx.Response(200, json={"access_token": ""}), PmsProtocolError, "no_token"),
    ],
)  # fmt: skip
def test_token_endpoint_failures_are_told_apart(answer: httpx.Response, error: type[DenticodeError], kind: str) -> None:
    gateway = Gateway()
    gateway.token_answer = answer
    with pytest.raises(error) as caught:
        read(gateway.client())
    assert getattr(caught.value, "kind", "") == kind
    assert SECRET not in repr(caught.value) + str(caught.value.args)


def test_no_secret_and_no_token_in_any_repr() -> None:
    gateway = Gateway()
    client = gateway.client()
    read(client)
    shown = repr(client) + repr(gateway.cache) + repr(token("planted-token")) + repr(vars(gateway.cache))
    assert SECRET not in shown
    assert "planted-token" not in shown
    assert json.dumps(KEY).count(SECRET) == 0


@pytest.mark.parametrize(
    ("status", "error"),
    [(500, PmsUnavailableError), (408, PmsUnavailableError), (304, PmsUnavailableError), (429, PmsThrottledError)],
)
def test_read_statuses_become_our_errors(status: int, error: type[DenticodeError]) -> None:
    gateway = Gateway()
    gateway.answer = lambda _request: httpx.Response(status)
    with pytest.raises(error):
        read(gateway.client())


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(200, html="<html>"), "web_page"),
        (httpx.Response(200, content=b" <!DOCTYPE html>"), "web_page"),
        (httpx.Response(200), "not_json"),
        (httpx.Response(204), "not_json"),
        (httpx.Response(201, json={"data": []}), "not_json"),
    ],
)
def test_what_is_no_data_breaks_the_contract_and_is_not_asked_for_again(answer: httpx.Response, kind: str) -> None:
    gateway = Gateway()
    gateway.answer = lambda _request: answer
    with pytest.raises(PmsProtocolError) as caught:
        read(gateway.client())
    assert caught.value.kind == kind


def test_left_time_takes_the_more_careful_clock() -> None:
    clock = HandClock()
    fresh = token(clock=clock)
    clock.now = datetime(2026, 11, 20, 12, 59, tzinfo=UTC)
    assert fresh.left_s(clock) == 60
