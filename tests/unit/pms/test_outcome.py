"""The classification table of the protocol's section 6: every status, every exception class, and the default."""

import json
import socket
import ssl
from collections.abc import Callable

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from denticode_desktop.domain.ids import PmsKey
from denticode_desktop.domain.write_back import REFUSED_STATUSES, OutcomeClass, OutcomeKind, SendOutcome
from denticode_desktop.pms.dentrix_ascend import creates
from denticode_desktop.pms.dentrix_ascend.error_words import words_of
from denticode_desktop.pms.field_map import api_facts
from denticode_desktop.pms.http import Answer, Call, Exchange, HttpClient
from denticode_desktop.pms.http_faults import fault_kind
from denticode_desktop.pms.outcome import outcome_of, retry_after_s

from .helpers import PATIENT, HandClock, item_of, note_payload

FACTS = api_facts(PmsKey("dentrix-ascend"))
PREPARED = creates.prepare(item_of(note_payload()), FACTS, may_complete=False)
CREATED = {"id": "9600000000001", "type": "ClinicalNote", "patient": {"id": PATIENT}}
JSON = {"content-type": "application/json"}


def answer(status: int, body: object = None, **headers: str) -> Answer:
    names = JSON | {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, names, body if isinstance(body, bytes) else json.dumps(body).encode())


def classified(exchange: Exchange) -> SendOutcome:
    return outcome_of(
        exchange, judge=lambda a: creates.judge_created(a, PREPARED, FACTS), words_of=words_of, permission="Chart notes"
    )


def expected_kind(status: int) -> OutcomeKind:
    if status in (200, 201):
        return OutcomeKind.ACCEPTED
    special = {401: OutcomeKind.UNAUTHORIZED, 403: OutcomeKind.FORBIDDEN, 429: OutcomeKind.THROTTLED}
    return special.get(status) or (OutcomeKind.REFUSED if status in REFUSED_STATUSES else OutcomeKind.UNKNOWN)


@pytest.mark.parametrize("status", range(100, 600))
def test_every_status_has_its_class(status: int) -> None:
    outcome = classified(Exchange(True, answer(status, {"statusCode": 200, "data": CREATED})))
    assert outcome.kind is expected_kind(status)
    assert (outcome.remote_id is not None) == (outcome.kind is OutcomeKind.ACCEPTED)
    assert outcome.permission == ("Chart notes" if status == 403 else "")


@given(st.integers(-5, 10_000), st.binary(max_size=60), st.text(max_size=20))
def test_what_is_not_listed_is_unknown(status: int, body: bytes, content_type: str) -> None:
    outcome = classified(Exchange(True, Answer(status, {"content-type": content_type}, body)))
    if status not in REFUSED_STATUSES | {401, 403, 429}:
        assert outcome.outcome_class is OutcomeClass.UNKNOWN


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"data": {k: v for k, v in CREATED.items() if k != "id"}}, "no_id"),
        ({"data": CREATED | {"id": ""}}, "no_id"),
        ({"data": CREATED | {"id": None}}, "no_id"),
        ({"data": CREATED | {"id": True}}, "no_id"),
        ({"data": CREATED | {"id": 1.5}}, "no_id"),
        ({"data": CREATED | {"patient": {"id": "9000000000002"}}}, "other_patient"),
        ({"data": CREATED | {"type": "PatientNoteV1"}}, "other_kind"),
        ({"data": CREATED | {"type": 7}}, "other_kind"),
        ({"statusCode": 500, "data": CREATED}, "body_status"),
        ({"data": [CREATED, CREATED]}, "no_id"),
        ({"data": []}, "no_id"),
        ({"data": None}, "no_id"),
        ([CREATED], "no_id"),
        ("text", "no_id"),
        (b'{"data":{"id":"1","id":"2"}}', "duplicate_member"),
        (b'{"data":{"id":"9600', "not_json"),
        (b"[" * 5000, "too_deep"),
        (b"", "not_json"),
    ],
)
def test_success_that_proves_nothing_is_unknown(body: object, kind: str) -> None:
    outcome = classified(Exchange(True, answer(201, body)))
    assert (outcome.kind, outcome.error_kind, outcome.remote_id) == (OutcomeKind.UNKNOWN, kind, None)


@pytest.mark.parametrize(
    "body",
    [
        {"statusCode": "201", "data": CREATED},
        {"data": CREATED | {"id": 9600000000001}},
        {"data": [CREATED]},
        CREATED,
        {"data": {"id": "9600000000001"}},
        {"data": CREATED | {"type": "ClinicalNoteV1"}, "warnings": ["slow"]},
        {"data": CREATED | {"patient": {"id": 9000000000001}}},
    ],
)
def test_known_shapes_of_success_are_accepted(body: object) -> None:
    outcome = classified(Exchange(True, answer(200, body)))
    assert (outcome.kind, outcome.remote_id) == (OutcomeKind.ACCEPTED, "9600000000001")


def test_html_success_is_unknown() -> None:
    outcome = classified(Exchange(True, Answer(200, {"content-type": "text/html"}, b"<html>")))
    assert (outcome.kind, outcome.error_kind) == (OutcomeKind.UNKNOWN, "not_json")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": " 7 "}, 7.0),
        ({"retry_after": "-7"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "9" * 30}, None),
        ({"retry_after": "\u0667"}, None),
        ({"retry_after": "Fri, 20 Nov 2026 12:01:00 GMT", "date": "Fri, 20 Nov 2026 12:00:00 GMT"}, 60.0),
        ({"retry_after": "Fri, 20 Nov 2026 11:00:00 GMT", "date": "Fri, 20 Nov 2026 12:00:00 GMT"}, 0.0),
        ({"retry_after": "Fri, 20 Nov 2026 12:01:00 GMT"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_freed_of_clock_differences(headers: dict[str, str], expected: float | None) -> None:
    assert retry_after_s(answer(503, **headers)) == expected


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {"errors": [{"title": "Bad", "description": "no such\u202e row", "source": "f"}]},
            "Bad: no such\ufffd row (f)",
        ),
        ([{"title": "Bad", "description": "x"}], "Bad: x"),
        ({"fault": {"faultstring": "Too\nmany"}}, "Too many"),
        ({"ErrorCode": "c", "Error": "refused"}, "refused"),
        ({"errors": [{"title": "y" * 500}]}, "y" * 199 + "…"),
        (b"\xff", ""),
    ],
)
def test_refused_carries_plain_words(body: object, words: str) -> None:
    assert classified(Exchange(True, answer(400, body))).pms_words == words


def test_refused_html_has_no_words() -> None:
    outcome = classified(Exchange(True, Answer(400, {"content-type": "text/html"}, b"<b>no</b>")))
    assert (outcome.kind, outcome.pms_words) == (OutcomeKind.REFUSED, "")


@pytest.mark.parametrize(("value", "kept"), [("abc-1.2", "abc-1.2"), ("a b", ""), ("x" * 65, ""), ("\u202e", "")])
def test_request_id_is_kept_only_where_it_is_plain(value: str, kept: str) -> None:
    assert classified(Exchange(True, answer(500, {}, x_request_id=value))).pms_request_id == kept


HTTP_ERRORS: list[type[httpx.HTTPError]] = [
    httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ReadError, httpx.ReadTimeout, httpx.WriteError,
    httpx.WriteTimeout, httpx.CloseError, httpx.ProxyError, httpx.RemoteProtocolError, httpx.LocalProtocolError,
    httpx.UnsupportedProtocol, httpx.NetworkError, httpx.TimeoutException, httpx.ProtocolError, httpx.TransportError,
    httpx.DecodingError, httpx.TooManyRedirects,
]  # fmt: skip
OTHER_ERRORS: list[type[Exception]] = [
    ValueError, RuntimeError, OSError, MemoryError, RecursionError, KeyError, AssertionError, httpx.InvalidURL,
    UnicodeError, ssl.SSLError,
]  # fmt: skip


class FailingTransport(httpx.BaseTransport):
    """Raises before or after it says that the request has begun, as httpcore would."""

    def __init__(self, error: Exception, *, has_begun: bool) -> None:
        self._error = error
        self._has_begun = has_begun

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._has_begun:
            trace: Callable[[str, dict[str, object]], None] = request.extensions["trace"]
            trace("http11.send_request_headers.started", {"request": request_like(b"POST")})
        raise self._error


class request_like:  # noqa: N801 - stands for httpcore's request, of which only the method is looked at
    def __init__(self, method: bytes) -> None:
        self.method = method


def sent_with(error: Exception, *, has_begun: bool) -> Exchange:
    client = HttpClient(
        "http://127.0.0.1:9", HandClock(), transport_factory=lambda: FailingTransport(error, has_begun=has_begun)
    )
    return client.send(Call("POST", "http://127.0.0.1:9/x", "/x", body=b"{}"), may_send=lambda: True)


@pytest.mark.parametrize("kind", HTTP_ERRORS)
@pytest.mark.parametrize("has_begun", [False, True])
def test_transport_error_is_unsent_before_the_first_byte_and_unknown_after(
    kind: type[httpx.HTTPError], has_begun: bool
) -> None:
    outcome = classified(sent_with(kind("planted text"), has_begun=has_begun))
    is_proven = not has_begun and issubclass(kind, httpx.TransportError)
    assert outcome.kind is (OutcomeKind.NOT_SENT if is_proven else OutcomeKind.UNKNOWN)
    assert "planted" not in repr(outcome)


@pytest.mark.parametrize("kind", OTHER_ERRORS)
@pytest.mark.parametrize("has_begun", [False, True])
def test_any_other_exception_is_unknown(kind: type[Exception], has_begun: bool) -> None:
    outcome = classified(sent_with(kind("planted text"), has_begun=has_begun))
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert "planted" not in repr(outcome)


def test_connect_request_to_a_proxy_is_no_byte_of_ours() -> None:
    class RefusingProxy(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            request.extensions["trace"]("http11.send_request_headers.started", {"request": request_like(b"CONNECT")})
            raise httpx.ProxyError("407")

    client = HttpClient("http://127.0.0.1:9", HandClock(), transport_factory=RefusingProxy)
    asked: list[bool] = []

    def may_send() -> bool:
        asked.append(True)
        return True

    exchange = client.send(Call("POST", "http://127.0.0.1:9/", "/"), may_send=may_send)
    assert classified(exchange).kind is OutcomeKind.NOT_SENT
    assert exchange.failure == "proxy_failed"
    assert asked == []


def caused_by(cause: BaseException, error: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (socket.gaierror(-2, "x"), "dns"),
        (ConnectionRefusedError(), "connect_refused"),
        (TimeoutError(), "connect_timeout"),
        (ssl.SSLError("x"), "tls_failed"),
        (OSError(), "connect_failed"),
    ],
)
def test_connect_error_tells_its_cause(cause: BaseException, kind: str) -> None:
    assert fault_kind(caused_by(cause, httpx.ConnectError("x"))) == kind


def test_certificate_not_yet_valid_points_to_the_clock() -> None:
    error = ssl.SSLCertVerificationError("x")
    error.verify_code = 9
    assert fault_kind(caused_by(error, httpx.ConnectError("x"))) == "tls_not_yet_valid"
