"""What tests/conftest.py promises every test."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

import pytest


def test_connect_outside_is_refused_and_not_as_an_outage(blocked_connections: list[str]) -> None:
    with socket.socket() as outside, pytest.raises(RuntimeError, match="only loopback") as caught:
        outside.connect(("192.0.2.1", 443))

    assert not isinstance(caught.value, OSError)
    assert len(blocked_connections) == 1


def test_connect_ex_and_sendto_outside_are_refused(blocked_connections: list[str]) -> None:
    with socket.socket() as stream, pytest.raises(RuntimeError):
        stream.connect_ex(("192.0.2.1", 443))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram, pytest.raises(RuntimeError):
        datagram.sendto(b"x", ("192.0.2.1", 53))

    assert len(blocked_connections) == 2


def test_name_lookup_outside_is_refused(blocked_connections: list[str]) -> None:
    with pytest.raises(RuntimeError):
        socket.create_connection(("pms.example", 443))

    assert "pms.example" in blocked_connections[0]


def test_loopback_works() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()[:2]) as client:
        accepted, _ = server.accept()
        with accepted:
            client.sendall(b"x")
            assert accepted.recv(1) == b"x"


def test_home_is_not_a_persons() -> None:
    assert Path.home().is_relative_to(Path(tempfile.gettempdir()).resolve())
    assert os.environ["QT_QPA_PLATFORM"] == "offscreen"


def test_default_credential_store_refuses() -> None:
    keyring = pytest.importorskip("keyring")

    with pytest.raises(keyring.errors.NoKeyringError):
        keyring.get_password("denticode", "any")
