"""Reads and writes over real sockets: what leaves, what a broken answer proves, and who lets go first."""

import logging
import socket
import ssl
import threading
import urllib.request
from collections.abc import Callable

import pytest

from denticode_desktop.domain.errors import BugError, PmsProtocolError, PmsUnavailableError
from denticode_desktop.pms import http
from denticode_desktop.pms.http import Call, Exchange, HttpClient
from denticode_desktop.pms.watchdog import abort_socket

from .helpers import WAIT_S, HandClock, json_answer, read_request, serving

OK = json_answer(b'{"data":{"id":"1"}}')


def post(base: str, *, deadline_s: float = WAIT_S, body: bytes = b'{"a":1}', limit: int = 1_000_000) -> Call:
    return Call("POST", f"{base}/x", "/x", body=body, deadline_s=deadline_s, limit_bytes=limit)


def get(base: str, *, deadline_s: float = WAIT_S, limit: int = 1_000_000) -> Call:
    return Call("GET", f"{base}/x?filter=patient.id%3D%3D77", "/x", deadline_s=deadline_s, limit_bytes=limit)


def send_to(behaviour: Callable[[socket.socket], None], **options: float) -> Exchange:
    with serving(behaviour) as server:
        client = HttpClient(server.base, HandClock())
        return client.send(post(server.base, **options), may_send=lambda: True)  # type: ignore[arg-type]


def close_at_once(connection: socket.socket) -> None:
    """Accepts and closes."""


def close_after_reading(connection: socket.socket) -> None:
    read_request(connection)


def reset_after_reading(connection: socket.socket) -> None:
    read_request(connection)
    abort_socket(connection)


def reset_without_reading(connection: socket.socket) -> None:
    connection.recv(1)
    abort_socket(connection)


def cut_off_body(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(OK[:-5])


def cut_off_head(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(OK[:20])


def speak_nonsense(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"\x00\x01\x02 nothing\r\n\r\n")


def only_informational(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 102 Processing\r\n\r\n" * 3)


def compressed_answer(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(json_answer(b"x", more="Content-Encoding: br\r\n"))


def too_large_answer(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(json_answer(b"x" * 2_000_000))


@pytest.mark.parametrize(
    "behaviour",
    [
        close_at_once, close_after_reading, reset_after_reading, reset_without_reading, cut_off_body, cut_off_head,
        speak_nonsense, only_informational, compressed_answer, too_large_answer,
    ],
)  # fmt: skip
def test_write_with_a_broken_answer_has_begun_and_has_no_answer(behaviour: Callable[[socket.socket], None]) -> None:
    exchange = send_to(behaviour)
    assert exchange.has_begun
    assert exchange.answer is None
    assert exchange.failure


def test_write_that_hangs_ends_with_a_reset() -> None:
    ended: list[str] = []

    def hang(connection: socket.socket) -> None:
        read_request(connection)
        try:
            ended.append("closed" if connection.recv(1) == b"" else "more")
            connection.sendall(b"x")
            connection.recv(1)
        except OSError:
            ended.append("reset")

    exchange = send_to(hang, deadline_s=0.2)
    assert (exchange.has_begun, exchange.answer, exchange.failure) == (True, None, "deadline")
    assert ended[-1] == "reset"


def test_write_with_a_dripping_answer_ends_at_the_total_deadline() -> None:
    stopped = threading.Event()

    def drip(connection: socket.socket) -> None:
        read_request(connection)
        for place in range(len(OK)):
            try:
                connection.sendall(OK[place : place + 1])
            except OSError:
                break
            if stopped.wait(0.05):
                break

    exchange = send_to(drip, deadline_s=0.3)
    stopped.set()
    assert (exchange.has_begun, exchange.answer, exchange.failure) == (True, None, "deadline")


def test_write_to_a_closed_port_has_not_begun() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    exchange = HttpClient(base, HandClock()).send(post(base), may_send=lambda: True)
    assert (exchange.has_begun, exchange.failure) == (False, "connect_refused")


def test_write_to_a_port_without_tls_has_not_begun() -> None:
    def answer_in_clear(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with serving(answer_in_clear) as server:
        base = server.base.replace("http:", "https:")
        exchange = HttpClient(base, HandClock()).send(post(base), may_send=lambda: True)
    assert (exchange.has_begun, exchange.failure) == (False, "tls_failed")


def test_guard_that_says_no_lets_no_byte_leave() -> None:
    received: list[bytes] = []

    def record(connection: socket.socket) -> None:
        received.append(connection.recv(1000))

    with serving(record) as server:
        exchange = HttpClient(server.base, HandClock()).send(post(server.base), may_send=lambda: False)
    assert (exchange.has_begun, exchange.failure) == (False, "guard")
    assert received in ([], [b""])


def test_guard_is_asked_once_and_after_the_connection_stands() -> None:
    events: list[str] = []

    def serve(connection: socket.socket) -> None:
        read_request(connection)
        events.append("read")
        connection.sendall(OK)

    def may_send() -> bool:
        events.append("asked")
        return True

    with serving(serve) as server:
        exchange = HttpClient(server.base, HandClock()).send(post(server.base), may_send=may_send)
    assert exchange.answer is not None
    assert events == ["asked", "read"]


def test_guard_that_breaks_is_unknown() -> None:
    def broken() -> bool:
        raise RuntimeError("planted")

    with serving(close_after_reading) as server:
        exchange = HttpClient(server.base, HandClock()).send(post(server.base), may_send=broken)
    assert (exchange.has_begun, exchange.failure) == (True, "unexpected_RuntimeError")


def test_each_write_has_a_connection_of_its_own_and_the_exact_body() -> None:
    requests: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        requests.append(read_request(connection))
        connection.sendall(OK)

    with serving(serve) as server:
        client = HttpClient(server.base, HandClock())
        for body in (b'{"n":1}', b'{"n":2}'):
            assert client.send(post(server.base, body=body), may_send=lambda: True).answer is not None
    assert [r.rpartition(b"\r\n\r\n")[2] for r in requests] == [b'{"n":1}', b'{"n":2}']
    assert all(r.startswith(b"POST /x HTTP/1.1") and b"connection: close" in r.lower() for r in requests)
    assert client.take_call_count() == 2
    assert client.take_call_count() == 0


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "GET", "post"])
def test_write_with_another_method_is_our_mistake(method: str) -> None:
    client = HttpClient("http://127.0.0.1:9", HandClock())
    with pytest.raises(BugError):
        client.send(Call(method, "http://127.0.0.1:9/", "/"), may_send=lambda: True)


def test_write_follows_no_redirect() -> None:
    connections: list[bytes] = []

    def redirect(connection: socket.socket) -> None:
        connections.append(read_request(connection))
        connection.sendall(json_answer(b"{}", status="307 Temporary Redirect", more="Location: /elsewhere\r\n"))

    exchange = send_to(redirect)
    assert exchange.answer is not None
    assert exchange.answer.status == 307
    assert len(connections) == 1


def test_read_repeats_once_when_the_kept_connection_was_closed() -> None:
    served: list[bytes] = []

    def serve_one_then_close_on_the_next(connection: socket.socket) -> None:
        served.append(read_request(connection))
        connection.sendall(OK)
        if len(served) == 1:
            read_request(connection)  # the second request is read and dropped, as an idle time-out would

    with serving(serve_one_then_close_on_the_next) as server:
        client = HttpClient(server.base, HandClock())
        assert client.read(get(server.base)).status == 200
        assert client.read(get(server.base)).status == 200
        client.close()
    assert len(served) == 2


def test_read_on_a_fresh_connection_is_not_repeated() -> None:
    seen: list[bytes] = []

    def drop(connection: socket.socket) -> None:
        seen.append(read_request(connection))

    with serving(drop) as server:
        client = HttpClient(server.base, HandClock())
        with pytest.raises(PmsUnavailableError, match="disconnected"):
            client.read(get(server.base))
    assert len(seen) == 1


def test_read_that_hangs_ends_at_its_deadline() -> None:
    def hang(connection: socket.socket) -> None:
        read_request(connection)
        connection.recv(1)

    with serving(hang) as server:
        client = HttpClient(server.base, HandClock())
        with pytest.raises(PmsUnavailableError, match="deadline"):
            client.read(get(server.base, deadline_s=0.2))


def test_read_over_the_limit_is_refused_and_the_next_read_is_clean() -> None:
    answers = [json_answer(b"x" * 5000), OK]

    def serve(connection: socket.socket) -> None:
        while read_request(connection):
            connection.sendall(answers.pop(0))

    with serving(serve) as server:
        client = HttpClient(server.base, HandClock())
        with pytest.raises(PmsProtocolError, match="too_large"):
            client.read(get(server.base, limit=1000))
        assert client.read(get(server.base)).body == b'{"data":{"id":"1"}}'
        client.close()


def test_clock_difference_is_learnt_from_the_date_header() -> None:
    def serve(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(json_answer(b"{}", more="Date: Fri, 20 Nov 2026 12:10:00 GMT\r\n"))

    with serving(serve) as server:
        client = HttpClient(server.base, HandClock())
        client.read(get(server.base))
        client.close()
    assert client.clock_skew_s == 600


def test_log_holds_no_query_body_or_header(caplog: pytest.LogCaptureFixture) -> None:
    def serve(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(json_answer(b'{"name":"Planted"}'))

    caplog.set_level(logging.DEBUG)
    with serving(serve) as server:
        client = HttpClient(server.base, HandClock())
        client.read(get(server.base))
        client.send(post(server.base, body=b'{"text":"Planted"}'), may_send=lambda: True)
        client.close()
    assert caplog.messages
    assert not any(word in caplog.text for word in ("Planted", "patient.id", "77", "filter"))


@pytest.mark.parametrize(
    ("base", "proxies", "expected"),
    [
        ("https://prod.hs1api.com", {"https": "http://proxy.example:3128"}, "http://proxy.example:3128"),
        ("https://prod.hs1api.com", {"https": "proxy.example:3128"}, "http://proxy.example:3128"),
        ("https://prod.hs1api.com", {"https": "socks5://proxy.example:1080"}, None),
        ("https://prod.hs1api.com", {"http": "http://proxy.example:3128"}, None),
        ("https://prod.hs1api.com", {}, None),
        ("http://127.0.0.1:8000", {"https": "http://proxy.example:3128", "http": "http://proxy.example:3128"}, None),
        ("https://localhost", {"https": "http://proxy.example:3128"}, None),
    ],
)
def test_system_proxy_is_used_for_vendors_and_never_for_loopback(
    base: str, proxies: dict[str, str], expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(urllib.request, "getproxies", lambda: proxies)
    monkeypatch.setattr(urllib.request, "proxy_bypass", lambda _host: False)
    assert http.system_proxy(base) == expected


def test_refused_proxy_connect_has_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    def refuse(connection: socket.socket) -> None:
        asked.append(read_request(connection))
        connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    with serving(refuse) as server:
        monkeypatch.setattr(urllib.request, "getproxies", lambda: {"https": server.base})
        monkeypatch.setattr(urllib.request, "proxy_bypass", lambda _host: False)
        base = "https://prod.hs1api.com"
        exchange = HttpClient(base, HandClock()).send(post(base, body=b"secret"), may_send=lambda: True)
    assert (exchange.has_begun, exchange.failure) == (False, "proxy_failed")
    assert asked[0].startswith(b"CONNECT prod.hs1api.com:443")
    assert b"secret" not in asked[0]


def test_tls_context_uses_at_least_version_1_2_and_checks_names() -> None:
    context = http._tls_context()
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
