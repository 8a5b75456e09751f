"""The probe on real loopback sockets."""

from __future__ import annotations

import contextlib
import http.server
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from denticode_desktop.config.network_probe import SocketProbe
from denticode_desktop.domain.errors import PmsUnavailableError
from tests.unit.pms.test_http_tls import write_certificate


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers HEAD with a Date."""

    def do_HEAD(self) -> None:
        self.send_response(404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield int(server.server_address[1])
    server.shutdown()
    thread.join()
    server.server_close()


def probe(proxy: str | None = None) -> SocketProbe:
    return SocketProbe(lambda origin: proxy)


def test_open_port_answers_and_tells_its_time(port: int) -> None:
    assert probe().addresses("127.0.0.1") == ["127.0.0.1"]
    assert probe().connect_ms("127.0.0.1", port) >= 0
    told = probe().server_date(f"http://127.0.0.1:{port}")
    assert told is not None
    assert abs((datetime.now(UTC) - told).total_seconds()) < 60


def test_closed_port_is_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(PmsUnavailableError) as caught:
            probe().connect_ms("127.0.0.1", taken.getsockname()[1])
    assert caught.value.kind == "connect_refused"


def test_port_that_speaks_no_tls_is_told(port: int) -> None:
    with pytest.raises(PmsUnavailableError) as caught:
        SocketProbe(lambda origin: None, ssl.create_default_context).tls("127.0.0.1", port)
    assert caught.value.kind in {"tls_refused", "not_reachable"}


def test_proxy_is_told_without_its_password() -> None:
    assert probe("http://user:hunter2@proxy.example:3128").proxy("https://pms.example") == "proxy.example:3128"
    assert probe().proxy("https://pms.example") is None


class TlsHandler(socketserver.BaseRequestHandler):
    """Shakes hands and leaves; a client that refuses the certificate is no error here."""

    context: ssl.SSLContext

    def handle(self) -> None:
        with contextlib.suppress(OSError), self.context.wrap_socket(self.request, server_side=True) as secure:
            secure.recv(1)


@contextlib.contextmanager
def tls_port(certificate: Path) -> Iterator[int]:
    TlsHandler.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    TlsHandler.context.load_cert_chain(certificate)
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), TlsHandler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield int(server.server_address[1])
        server.shutdown()
        thread.join()


def test_trusted_certificate_tells_its_issuer_and_end(tmp_path: Path) -> None:
    certificate = write_certificate(tmp_path)
    with tls_port(certificate) as port:
        trusting = SocketProbe(lambda origin: None, lambda: ssl.create_default_context(cafile=certificate))
        facts = trusting.tls("localhost", port)
    assert facts.version.startswith("TLSv1.")
    assert facts.issuer == "localhost"
    assert "GMT" in facts.expires_on


@pytest.mark.parametrize(
    ("name", "starts_in_days", "is_trusted", "kind"),
    [
        ("localhost", -1, False, "self_signed"),
        ("other.example", -1, True, "wrong_host"),
        ("localhost", -5, True, "certificate_expired"),
        ("localhost", 1, True, "certificate_not_yet_valid"),
    ],
)
def test_bad_certificate_is_told_by_what_is_wrong(
    tmp_path: Path, name: str, starts_in_days: int, is_trusted: bool, kind: str
) -> None:
    certificate = write_certificate(tmp_path, starts_in_days=starts_in_days, name=name)
    authority = certificate if is_trusted else None
    with tls_port(certificate) as port, pytest.raises(PmsUnavailableError) as caught:
        SocketProbe(lambda origin: None, lambda: ssl.create_default_context(cafile=authority)).tls("localhost", port)
    assert caught.value.kind == kind
