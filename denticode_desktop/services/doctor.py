"""Doctor: looks at everything the program leans on, hop by hop, and says in plain words what is wrong and what to do.

It changes nothing but one scratch secret, which it removes, and the connections' own test results.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlsplit

from denticode_desktop.domain.access import Action, Actor, require
from denticode_desktop.domain.connection import Connection, ConnectionReport, Environment, Light
from denticode_desktop.domain.errors import DenticodeError, PmsUnavailableError, SecretStoreError, StorageError
from denticode_desktop.ports.clock import Clock, Randomness
from denticode_desktop.ports.secrets import SecretStore

from .sentences import STORAGE_ADVICE

MAX_CLOCK_GAP_S = 120.0
"""A sign-in token of an hour survives less; an hour's gap looks like refused credentials."""
LOW_SPACE_BYTES = 1_000_000_000
NO_SPACE_BYTES = 100_000_000
SCRATCH_SECRET = "doctor"  # noqa: S105 - the name of a secret, not one


class Finding(StrEnum):
    """How one check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class DoctorCheck:
    """One check. area: `network`, `clock`, `credential_store`, `database`, `scheduler`, `disk`. name: stable key.

    connection: its name where the check is about one. words: one sentence; next_step: empty when nothing is to do.
    """

    area: str
    name: str
    finding: Finding
    words: str
    next_step: str = ""
    connection: str = ""


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """All checks in order. `lights`: the light of each connection that could be tested."""

    checks: tuple[DoctorCheck, ...]
    lights: tuple[Light, ...]

    def has_failed(self, *areas: str) -> bool:
        """Whether a check of one of these areas failed."""
        return any(c.finding is Finding.FAILED and c.area in areas for c in self.checks)


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """What a TLS handshake showed."""

    version: str
    issuer: str
    expires_on: str


class NetworkProbe(Protocol):
    """The network as this computer sees it. Each method raises PmsUnavailableError with a short kind."""

    def addresses(self, host: str) -> Sequence[str]:
        """IP addresses of a host name."""
        ...

    def proxy(self, origin: str) -> str | None:
        """`host:port` of the proxy that the system's settings name for this origin, None for none."""
        ...

    def connect_ms(self, host: str, port: int) -> int:
        """How long a TCP connection takes to open."""
        ...

    def tls(self, host: str, port: int) -> TlsFacts:
        """A handshake with the computer's own trust store."""
        ...

    def server_date(self, origin: str) -> datetime | None:
        """The server's clock by its Date header, aware UTC; None where it tells none."""
        ...


class MachineProbe(Protocol):
    """This computer and this data folder."""

    def free_bytes(self) -> int:
        """Free space where the data folder is."""
        ...

    def database_fault(self) -> str | None:
        """What the database's own check found: None = nothing, else a short code."""
        ...

    def engine_holder(self) -> str | None:
        """Who holds the engine lock, in words; None when nobody does."""
        ...


ConnectionTest = Callable[[Actor, Connection], ConnectionReport]
"""Tests a connection on behalf of somebody, as ConnectPractice.test."""


class Doctor:
    """Runs the checks."""

    def __init__(
        self,
        connections: Callable[[], Sequence[Connection]],
        test: ConnectionTest,
        secrets: SecretStore,
        network: NetworkProbe,
        machine: MachineProbe,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._connections = connections
        self._test = test
        self._secrets = secrets
        self._network = network
        self._machine = machine
        self._clock = clock
        self._randomness = randomness

    def run(self, actor: Actor, on_check: Callable[[DoctorCheck], None]) -> DoctorReport:
        """Every check; `on_check` hears each as it ends. Raises NotAllowedError."""
        require(actor, Action.SYNC)
        checks: list[DoctorCheck] = []
        lights: list[Light] = []
        for check in self._all(actor, lights):
            checks.append(check)
            on_check(check)
        return DoctorReport(tuple(checks), tuple(lights))

    def _all(self, actor: Actor, lights: list[Light]) -> Iterator[DoctorCheck]:
        yield free_space_check(self._machine.free_bytes())
        yield self._database()
        yield self._credential_store()
        yield self._scheduler()
        try:
            connections = [c for c in self._connections() if c.is_enabled]
        except StorageError as error:
            advice = STORAGE_ADVICE.get(error.kind, STORAGE_ADVICE["failed"])
            name = "integrity" if error.kind == "damaged" else "connections"
            yield DoctorCheck("database", name, Finding.FAILED, advice.sentence, advice.next_step)
            return
        if not connections:
            yield DoctorCheck(
                "network", "connections", Finding.SKIPPED, "No PMS is connected, so no network was tried."
            )
        for connection in connections:
            yield from self._hops(actor, connection, lights)

    def _database(self) -> DoctorCheck:
        fault = self._machine.database_fault()
        if fault is None:
            return DoctorCheck("database", "integrity", Finding.OK, "The encrypted database is whole.")
        return DoctorCheck(
            "database", "integrity", Finding.FAILED, f"The database's own check found damage ({fault}).",
            "Stop sending and restore the last backup; keep this data folder as it is.",
        )  # fmt: skip

    def _credential_store(self) -> DoctorCheck:
        """Writes, reads and removes a scratch secret."""
        area, name = "credential_store", "round_trip"
        value = self._randomness.token_bytes(16).hex()
        try:
            self._secrets.put(SCRATCH_SECRET, value)
            is_same = self._secrets.get(SCRATCH_SECRET) == value
            self._secrets.delete(SCRATCH_SECRET)
            is_gone = self._secrets.get(SCRATCH_SECRET) is None
        except SecretStoreError as error:
            words = f"{self._secrets.kind} refused a scratch secret ({error.kind})."
            return DoctorCheck(area, name, Finding.FAILED, words, error.hint or "Unlock the credential store.")
        if not is_same or not is_gone:
            words = f"{self._secrets.kind} did not give back, or did not remove, a scratch secret."
            return DoctorCheck(area, name, Finding.FAILED, words, "Repair the credential store or ask your IT team.")
        if not self._secrets.is_real:
            words = "Keys are in an owner-only file: this data folder is for rehearsal only."
            return DoctorCheck(area, name, Finding.OK, words)
        return DoctorCheck(area, name, Finding.OK, f"{self._secrets.kind} stores, gives back and removes.")

    def _scheduler(self) -> DoctorCheck:
        holder = self._machine.engine_holder()
        if holder is not None:
            return DoctorCheck("scheduler", "engine", Finding.OK, f"The engine runs: {holder}.")
        return DoctorCheck(
            "scheduler", "engine", Finding.WARNING,
            "No engine runs on this data folder, so nothing is synced or sent by itself.",
            "Open the Denticode Desktop window, or run `denticode queue run`.",
        )  # fmt: skip

    # -- one connection ---------------------------------------------------------------------------------------------

    def _hops(self, actor: Actor, connection: Connection, lights: list[Light]) -> Iterator[DoctorCheck]:
        for check in self._network_hops(connection):
            yield check
            if check.finding is Finding.FAILED:
                return
        yield self._sign_in(actor, connection, lights)
        yield self._clock_gap(connection)

    def _network_hops(self, connection: Connection) -> Iterator[DoctorCheck]:
        settings = connection.settings
        parts = urlsplit(settings.host)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        said = _Sayer("network", settings.name)
        proxy = self._network.proxy(settings.host)
        if proxy is not None:
            yield said.ok("proxy", f"The system's settings lead through the proxy {proxy}.")
            host, _, port_text = proxy.rpartition(":")
            port = int(port_text) if port_text.isdigit() else 8080
        elif settings.environment is not Environment.REHEARSAL:
            yield said.ok("proxy", "No proxy is set; the connection is direct.")
        try:
            found = self._network.addresses(host)
            yield said.ok("dns", f"{host} is {', '.join(found[:3])}.")
        except PmsUnavailableError as error:
            yield said.failed(
                "dns", f"The name {host} is not known here ({error.kind}).", "Check the internet and DNS."
            )
            return
        try:
            elapsed_ms = self._network.connect_ms(host, port)
            yield said.ok("tcp", f"Port {port} answers in {elapsed_ms} ms.")
        except PmsUnavailableError as error:
            step = "Ask your IT team to let this computer reach that host and port."
            yield said.failed("tcp", f"Port {port} of {host} cannot be reached ({error.kind}).", step)
            return
        if parts.scheme != "https":
            yield said.skipped("tls", "No TLS: a rehearsal PMS on this computer speaks plain HTTP.")
        elif proxy is not None:
            yield said.skipped("tls", "TLS goes through the proxy and is checked by the sign-in.")
        else:
            yield self._tls(said, host, port)

    def _tls(self, said: "_Sayer", host: str, port: int) -> DoctorCheck:
        try:
            facts = self._network.tls(host, port)
        except PmsUnavailableError as error:
            step = "If your network inspects TLS, ask your IT team to put its root certificate into the system's store."
            return said.failed("tls", f"The certificate of {host} is not accepted ({error.kind}).", step)
        return said.ok("tls", f"{facts.version}, certificate by {facts.issuer} until {facts.expires_on}.")

    def _sign_in(self, actor: Actor, connection: Connection, lights: list[Light]) -> DoctorCheck:
        said = _Sayer("network", connection.settings.name)
        try:
            report = self._test(actor, connection)
        except SecretStoreError as error:
            return said.failed("sign_in", "The credentials cannot be read from the credential store.", error.hint)
        except DenticodeError as error:
            return said.failed("sign_in", f"The sign-in ended in {type(error).__name__}.", "Press Test Connection.")
        lights.append(report.light)
        if report.light is Light.FAILED:
            return said.failed("sign_in", report.sentence, report.next_step)
        if report.light is Light.YELLOW:
            return DoctorCheck(
                "network", "sign_in", Finding.WARNING, report.sentence, report.next_step, connection.settings.name
            )
        return said.ok("sign_in", report.sentence or "Signed in; every needed permission is there.")

    def _clock_gap(self, connection: Connection) -> DoctorCheck:
        said = _Sayer("clock", connection.settings.name)
        try:
            theirs = self._network.server_date(connection.settings.host)
        except PmsUnavailableError:
            theirs = None
        if theirs is None:
            return said.skipped("server_date", "The PMS does not tell its time.")
        gap_s = (self._clock.utc_now() - theirs).total_seconds()
        if abs(gap_s) <= MAX_CLOCK_GAP_S:
            return said.ok("server_date", f"This computer's clock is within {abs(gap_s):.0f} s of the PMS's.")
        way = "ahead of" if gap_s > 0 else "behind"
        words = f"This computer's clock is {abs(gap_s):.0f} s {way} the PMS's."
        return said.failed("server_date", words, "Set the computer's clock by internet time.")


def free_space_check(free_bytes: int) -> DoctorCheck:
    """The check of the disk that holds the data folder."""
    words = f"{free_bytes / 1e9:.1f} GB are free where the data folder is."
    if free_bytes >= LOW_SPACE_BYTES:
        return DoctorCheck("disk", "free_space", Finding.OK, words)
    finding = Finding.FAILED if free_bytes < NO_SPACE_BYTES else Finding.WARNING
    return DoctorCheck("disk", "free_space", finding, words, "Free some disk space.")


@dataclass(frozen=True, slots=True)
class _Sayer:
    """Makes checks of one area and connection."""

    area: str
    connection: str

    def ok(self, name: str, words: str) -> DoctorCheck:
        return DoctorCheck(self.area, name, Finding.OK, words, "", self.connection)

    def skipped(self, name: str, words: str) -> DoctorCheck:
        return DoctorCheck(self.area, name, Finding.SKIPPED, words, "", self.connection)

    def failed(self, name: str, words: str, next_step: str) -> DoctorCheck:
        return DoctorCheck(self.area, name, Finding.FAILED, words, next_step, self.connection)
