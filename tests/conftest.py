"""The house every test lives in: loopback only, nobody's home folder, no real credential store, no screen."""

from __future__ import annotations

import functools
import ipaddress
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

IN_SECRET_SERVICE_SESSION = os.environ.get("DENTICODE_SECRET_SERVICE") == "1"
HOME_FOLDERS = {
    "HOME": "",
    "USERPROFILE": "",
    "XDG_CONFIG_HOME": "config",
    "XDG_DATA_HOME": "data",
    "XDG_CACHE_HOME": "cache",
    "XDG_STATE_HOME": "state",
    "XDG_RUNTIME_DIR": "run",
    "APPDATA": "AppData/Roaming",
    "LOCALAPPDATA": "AppData/Local",
}

settings.register_profile("dev", deadline=None)
settings.register_profile(
    "ci", deadline=None, derandomize=True, database=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before pytest-qt makes its QApplication


class NetworkBlockedError(RuntimeError):
    """A test reached for the network. Not an OSError: code under test must not take it for an outage."""


_blocked: list[str] = []


def is_this_machine(host: object) -> bool:
    """Tell whether a host name or number means this machine, without asking anybody."""
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if name in {None, "", "localhost"}:
        return True
    address = _as_address(name)
    return address is not None and address.is_loopback


def _as_address(name: object) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(str(name).split("%")[0])
    except ValueError:
        return None


def _refuse(target: object) -> NetworkBlockedError:
    message = f"a test reached for {target!r}: only loopback is allowed, where the rehearsal package plays the PMS"
    _blocked.append(message)
    return NetworkBlockedError(message)


def _guard_method(name: str) -> None:
    real: Callable[..., Any] = getattr(socket.socket, name)

    @functools.wraps(real)
    def guarded(self: socket.socket, *arguments: Any) -> Any:
        if self.family in {socket.AF_INET, socket.AF_INET6} and not is_this_machine(arguments[-1][0]):
            raise _refuse(arguments[-1])
        return real(self, *arguments)

    setattr(socket.socket, name, guarded)


def _guard_name_lookup() -> None:
    real: Callable[..., Any] = socket.getaddrinfo

    @functools.wraps(real)
    def guarded(host: bytes | str | None, *arguments: Any, **named: Any) -> Any:
        if not is_this_machine(host) and _as_address(host) is None:
            raise _refuse(host)
        return real(host, *arguments, **named)

    socket.getaddrinfo = guarded


for _name in ("connect", "connect_ex", "sendto"):
    _guard_method(_name)
_guard_name_lookup()


@pytest.fixture
def blocked_connections() -> Generator[list[str]]:
    """For tests of the guard itself: what it refused in this test, which then does not fail for it."""
    yield _blocked
    _blocked.clear()


def pytest_configure(config: pytest.Config) -> None:
    """Give the run a home of its own and a credential store that refuses, so that no test touches a person's."""
    if IN_SECRET_SERVICE_SESSION:
        return  # the session has its own home, and its keyring is the point
    home = Path(tempfile.mkdtemp(prefix="denticode-tests-"))
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    for variable, folder in HOME_FOLDERS.items():
        (home / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        os.environ[variable] = str(home / folder)
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests of the real Secret Service where there is none for them."""
    if IN_SECRET_SERVICE_SESSION:
        return
    skip = pytest.mark.skip(reason="needs a Secret Service of its own: run `installer/bootstrap.py test`")
    for item in items:
        if item.get_closest_marker("secret_service"):
            item.add_marker(skip)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Fail a test that reached for the network even if the code under test swallowed the refusal."""
    _blocked.clear()
    yield
    if _blocked and "blocked_connections" not in getattr(item, "fixturenames", ()):
        pytest.fail("; ".join(_blocked))
