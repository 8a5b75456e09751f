"""Writes over TLS on loopback: a certificate nobody vouches for stops them before the first byte."""

import datetime
import socket
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from denticode_desktop.pms import http
from denticode_desktop.pms.http import Call, Exchange, HttpClient

from .helpers import WAIT_S, HandClock, json_answer, read_request, serving


def write_certificate(folder: Path, *, starts_in_days: int = -1, name: str = "localhost") -> Path:
    """A self-signed certificate with its key in one file, good for two days."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=starts_in_days)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    path = folder / "server.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    return path


class TlsServer:
    """Speaks TLS, keeps what it read, then answers, hangs or says half."""

    def __init__(self, certificate: Path, answer: bytes) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._answer = answer
        self.read = b""
        self.was_cut = False

    def __call__(self, connection: socket.socket) -> None:
        with self._context.wrap_socket(connection, server_side=True) as secure:
            self.read = read_request(secure)
            secure.sendall(self._answer)
            try:
                secure.recv(1)
            except OSError:  # a reset, or the alert that OpenSSL sends before it
                self.was_cut = True


def send_to(server: TlsServer, *, deadline_s: float = WAIT_S) -> Exchange:
    with serving(server) as running:
        base = running.base.replace("http://127.0.0.1", "https://localhost")
        call = Call("POST", f"{base}/x", "/x", body=b"planted body", deadline_s=deadline_s)
        return HttpClient(base, HandClock()).send(call, may_send=lambda: True)


def trust(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = ssl.create_default_context(cafile=certificate)
    monkeypatch.setattr(http, "_tls_context", lambda: context)


def test_certificate_nobody_vouches_for_stops_a_write_before_its_first_byte(tmp_path: Path) -> None:
    server = TlsServer(write_certificate(tmp_path), json_answer(b"{}"))
    exchange = send_to(server)
    assert (exchange.has_begun, exchange.failure) == (False, "tls_failed")
    assert server.read == b""


def test_certificate_for_another_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = write_certificate(tmp_path, name="prod.hs1api.com")
    trust(certificate, monkeypatch)
    exchange = send_to(TlsServer(certificate, json_answer(b"{}")))
    assert (exchange.has_begun, exchange.failure) == (False, "tls_failed")


def test_certificate_from_the_future_points_to_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = write_certificate(tmp_path, starts_in_days=30)
    trust(certificate, monkeypatch)
    exchange = send_to(TlsServer(certificate, json_answer(b"{}")))
    assert (exchange.has_begun, exchange.failure) == (False, "tls_not_yet_valid")


def test_trusted_server_gets_the_write_and_is_closed_as_usual(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = write_certificate(tmp_path)
    trust(certificate, monkeypatch)
    server = TlsServer(certificate, json_answer(b"{}"))
    exchange = send_to(server)
    assert exchange.answer is not None
    assert server.read.endswith(b"planted body")
    assert not server.was_cut


def test_trusted_server_that_says_half_is_cut_off_at_the_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = write_certificate(tmp_path)
    trust(certificate, monkeypatch)
    server = TlsServer(certificate, json_answer(b"{}")[:-1])
    exchange = send_to(server, deadline_s=0.3)
    assert (exchange.has_begun, exchange.answer, exchange.failure) == (True, None, "deadline")
    assert server.was_cut
