"""Doctor names the hop that fails and stops there; it leaves no scratch secret behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from denticode_desktop.console.doctor import exit_code
from denticode_desktop.domain.access import SYSTEM, Actor
from denticode_desktop.domain.connection import Connection, ConnectionReport, ConnectionSettings, Environment, Light
from denticode_desktop.domain.errors import PmsUnavailableError, SecretStoreError, StorageError
from denticode_desktop.domain.ids import ConnectionId, PmsKey
from denticode_desktop.services.doctor import Doctor, DoctorCheck, DoctorReport, Finding, TlsFacts

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
HOST = "https://pms.example"


@dataclass
class FakeWorld:
    """Network, computer, clock and chance, each as well or as ill as a test says."""

    unknown_hosts: set[str] = field(default_factory=set)
    closed_ports: set[int] = field(default_factory=set)
    proxy_address: str | None = None
    tls_fault: str = ""
    skew: timedelta | None = timedelta()
    free: int = 50_000_000_000
    fault: str | None = None
    holder: str | None = "process 7"

    def addresses(self, host: str) -> Sequence[str]:
        if host in self.unknown_hosts:
            raise PmsUnavailableError("name_unknown")
        return ["203.0.113.7"]

    def proxy(self, origin: str) -> str | None:
        return self.proxy_address

    def connect_ms(self, host: str, port: int) -> int:
        if port in self.closed_ports:
            raise PmsUnavailableError("connect_refused")
        return 12

    def tls(self, host: str, port: int) -> TlsFacts:
        if self.tls_fault:
            raise PmsUnavailableError(self.tls_fault)
        return TlsFacts("TLSv1.3", "Example CA", "Jan 1 2030")

    def server_date(self, origin: str) -> datetime | None:
        return None if self.skew is None else NOW - self.skew

    def free_bytes(self) -> int:
        return self.free

    def database_fault(self) -> str | None:
        return self.fault

    def engine_holder(self) -> str | None:
        return self.holder

    def utc_now(self) -> datetime:
        return NOW

    def monotonic_s(self) -> float:
        return 0.0

    def unit(self) -> float:
        return 0.5

    def token_bytes(self, n: int) -> bytes:
        return bytes(range(n))


def broken_connections() -> Sequence[Connection]:
    raise StorageError("damaged")


class FakeSecrets:
    """A store in memory that can be locked or forget."""

    kind = "keyring in memory"
    is_real = True

    def __init__(self, *, is_locked: bool = False, forgets: bool = False) -> None:
        self.values: dict[str, str] = {}
        self.is_locked = is_locked
        self.forgets = forgets

    def get(self, name: str) -> str | None:
        return self.values.get(name)

    def put(self, name: str, value: str) -> None:
        if self.is_locked:
            raise SecretStoreError("locked", "Unlock it.")
        if not self.forgets:
            self.values[name] = value

    def delete(self, name: str) -> None:
        self.values.pop(name, None)


def connection(host: str = HOST, environment: Environment = Environment.PRODUCTION) -> Connection:
    settings = ConnectionSettings("Main Street", PmsKey("dentrix-ascend"), environment, host, "org", "client")
    return Connection(ConnectionId(1), settings, True, None, "", None, None, None, None, 0, 1, 0)


def examine(
    world: FakeWorld,
    *,
    connections: Sequence[Connection] = (),
    secrets: FakeSecrets | None = None,
    light: Light = Light.GREEN,
) -> tuple[DoctorReport, dict[str, DoctorCheck]]:
    def test(actor: Actor, found: Connection) -> ConnectionReport:
        return ConnectionReport(light, (), sentence="As the test says.", next_step="Do that.")

    doctor = Doctor(lambda: connections, test, secrets or FakeSecrets(), world, world, world, world)
    heard: list[DoctorCheck] = []
    report = doctor.run(SYSTEM, heard.append)
    assert tuple(heard) == report.checks
    return report, {check.name: check for check in report.checks}


def test_all_well_is_said_hop_by_hop() -> None:
    report, checks = examine(FakeWorld(), connections=[connection()])
    assert list(checks) == [
        "free_space", "integrity", "round_trip", "engine", "proxy", "dns", "tcp", "tls", "sign_in", "server_date",
    ]  # fmt: skip
    assert all(check.finding is Finding.OK for check in report.checks)
    assert exit_code(report) == 0


@pytest.mark.parametrize(
    ("world", "name"),
    [
        (FakeWorld(unknown_hosts={"pms.example"}), "dns"),
        (FakeWorld(closed_ports={443}), "tcp"),
        (FakeWorld(tls_fault="unknown_root"), "tls"),
    ],
)
def test_first_broken_hop_is_named_and_the_last_one_tried(world: FakeWorld, name: str) -> None:
    report, checks = examine(world, connections=[connection()])
    assert checks[name].finding is Finding.FAILED
    assert checks[name].next_step
    assert list(checks)[-1] == name
    assert exit_code(report) == 4


def test_proxy_is_tried_in_the_pms_place() -> None:
    world = FakeWorld(proxy_address="proxy.example:3128", unknown_hosts={"pms.example"})
    report, checks = examine(world, connections=[connection()])
    assert "3128" in checks["tcp"].words
    assert checks["tls"].finding is Finding.SKIPPED
    assert exit_code(report) == 0


def test_rehearsal_has_no_tls_and_no_proxy() -> None:
    _, checks = examine(FakeWorld(), connections=[connection("http://127.0.0.1:4000", Environment.REHEARSAL)])
    assert checks["tls"].finding is Finding.SKIPPED
    assert "proxy" not in checks


@pytest.mark.parametrize(("light", "expected"), [(Light.YELLOW, 3), (Light.FAILED, 4)])
def test_sign_in_decides_the_exit_code(light: Light, expected: int) -> None:
    report, checks = examine(FakeWorld(), connections=[connection()], light=light)
    assert checks["sign_in"].words == "As the test says."
    assert exit_code(report) == expected


@pytest.mark.parametrize("skew_s", [3_600, -3_600])
def test_wrong_clock_is_told_with_its_direction(skew_s: int) -> None:
    _, checks = examine(FakeWorld(skew=timedelta(seconds=skew_s)), connections=[connection()])
    assert ("ahead of" if skew_s > 0 else "behind") in checks["server_date"].words
    _, quiet = examine(FakeWorld(skew=None), connections=[connection()])
    assert quiet["server_date"].finding is Finding.SKIPPED


@pytest.mark.parametrize("secrets", [FakeSecrets(is_locked=True), FakeSecrets(forgets=True)])
def test_credential_store_that_fails_needs_a_person(secrets: FakeSecrets) -> None:
    report, checks = examine(FakeWorld(), secrets=secrets)
    assert checks["round_trip"].finding is Finding.FAILED
    assert exit_code(report) == 6


def test_no_scratch_secret_stays() -> None:
    secrets = FakeSecrets()
    examine(FakeWorld(), secrets=secrets)
    assert secrets.values == {}


def test_damaged_database_outweighs_the_rest() -> None:
    report, _ = examine(FakeWorld(fault="damaged", closed_ports={443}), connections=[connection()])
    assert exit_code(report) == 8


@pytest.mark.parametrize(("free", "finding"), [(5_000_000, Finding.FAILED), (500_000_000, Finding.WARNING)])
def test_little_space_is_told(free: int, finding: Finding) -> None:
    _, checks = examine(FakeWorld(free=free))
    assert checks["free_space"].finding is finding


def test_no_engine_is_a_warning_only() -> None:
    report, checks = examine(FakeWorld(holder=None))
    assert checks["engine"].finding is Finding.WARNING
    assert exit_code(report) == 0


def test_connections_that_cannot_be_read_are_a_finding_and_no_end() -> None:
    world = FakeWorld()
    doctor = Doctor(broken_connections, lambda actor, found: None, FakeSecrets(), world, world, world, world)  # type: ignore[arg-type,return-value]
    report = doctor.run(SYSTEM, lambda check: None)
    assert report.checks[-1].area == "database"
    assert report.checks[-1].finding is Finding.FAILED
    assert report.checks[-1].next_step
    assert exit_code(report) == 8
