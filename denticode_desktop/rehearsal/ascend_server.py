"""The rehearsal Dentrix Ascend: a simulated PMS with an invented practice, on loopback only.

Written from the contract alone; it shares no code with the adapter it rehearses, so that a misreading shows up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from types import TracebackType
from typing import Self

from denticode_desktop.rehearsal import practice_data as practice
from denticode_desktop.rehearsal.ascend_faults import Troublemaker
from denticode_desktop.rehearsal.ascend_replies import error_reply
from denticode_desktop.rehearsal.ascend_routes import Router, Target, parse_target
from denticode_desktop.rehearsal.ascend_state import ChartState, Clock, RequestRecord
from denticode_desktop.rehearsal.control import CONTROL_PREFIX, Control
from denticode_desktop.rehearsal.http_server import Ending, HttpRequest, HttpServer, Reply
from denticode_desktop.rehearsal.switches import Fault, Switches

PMS_KEY = "dentrix-ascend"
_SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})
_ROW_SWITCHES = frozenset({"test_data_roster", "unknown_enums", "missing_fields"})


def utc_now() -> datetime:
    """Return the computer's time; the clock a simulator has unless one is given."""
    return datetime.now(UTC)


@dataclass(slots=True)
class _Exchange:
    """What the head of a request already settled."""

    record: RequestRecord
    target: Target
    fault: Fault | None


class _AscendApplication:
    """Joins request log, faults, routes and control endpoint for the HTTP server."""

    def __init__(self, state: ChartState) -> None:
        self._state = state
        self._router = Router(state)
        self._troublemaker = Troublemaker(state, self._router)
        self.control = Control(state)
        self.hooks: list[Callable[[RequestRecord], None]] = []
        self.failures: list[Exception] = []

    def on_accept(self) -> bool:
        """Take a connection unless a fault says to close it."""
        return not self._state.switches.take_connection_fault()

    def on_head(self, request: HttpRequest) -> Ending | None:
        """Log a request and choose its fault before the body is read."""
        if request.path.startswith(CONTROL_PREFIX):
            return None
        switches, target = self._state.switches, parse_target(request.path)
        record = RequestRecord(
            number=0,
            at=self._state.now(),
            method=request.method,
            path=request.path,
            query=request.query,
            resource=target.resource,
            headers={name: value for name, value in request.headers.items() if name not in _SECRET_HEADERS},
        )
        self._state.log_request(record)
        if switches.network_down:
            record.answer = "network_down"
            return Ending.DROP
        fault = switches.take_fault(request.method, target.resource, is_one=target.is_one)
        record.fault = fault.action if fault is not None else None
        request.context = _Exchange(record, target, fault)
        if fault is not None and fault.action == "close_mid_request":
            record.answer = fault.action
            return Ending.DROP
        return None

    def handle(self, request: HttpRequest) -> Reply:
        """Answer a request and note in the log what became of it."""
        exchange = request.context
        if not isinstance(exchange, _Exchange):
            return self.control.handle(request)
        record = exchange.record
        record.body_bytes = len(request.body)
        record.body_sha256 = hashlib.sha256(request.body).hexdigest() if request.body else ""
        try:
            for hook in tuple(self.hooks):
                hook(record)
            reply = self._troublemaker.answer(request, exchange.target, exchange.fault)
        except Exception as error:
            # edge of a thread: a mistake of ours must not look like a fault of the network, which a test would believe
            self.failures.append(error)
            reply = error_reply(self._state.switches, 500, "rehearsal.bug", "the rehearsal PMS failed")
        reply.headers.setdefault("Date", format_datetime(self._state.now(), usegmt=True))
        silent = reply.ending in (Ending.DROP, Ending.RESET, Ending.HANG)
        record.answer = exchange.fault.action if silent and exchange.fault is not None else reply.status
        return reply


class AscendSimulator:
    """A Dentrix Ascend to rehearse with. Use as a context manager, or call `start` and `stop`.

    `seed` decides every invented person, `clock` (aware UTC) everything that has to do with time. The port is taken at
    once (OSError when it is not free), so `base_url` is known before the start; `stop` gives it back.
    Raises: ValueError for a host that is not IPv4 loopback.
    """

    pms = PMS_KEY
    organization_id = practice.ORGANIZATION_ID
    client_id = practice.CLIENT_ID
    client_secret = practice.CLIENT_SECRET

    def __init__(
        self,
        seed: int = 1,
        patients: int = 40,
        switches: Switches | None = None,
        port: int = 0,
        *,
        clock: Clock = utc_now,
        host: str = "127.0.0.1",
    ) -> None:
        self.switches = switches if switches is not None else Switches()
        self._server = HttpServer(host=host, port=port)
        self._control_server = HttpServer(host=host)
        self.base_url = f"http://{host}:{self._server.port}"
        self.control_url = f"http://{host}:{self._control_server.port}{CONTROL_PREFIX}"
        self.state = ChartState(
            seed=seed, patients=patients, switches=self.switches, base_url=self.base_url, clock=clock
        )
        self._application = _AscendApplication(self.state)
        self.switches.watch(self._on_switch)

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        return self._server.port

    @property
    def hooks(self) -> list[Callable[[RequestRecord], None]]:
        """Return the functions called on each request after it is read and before it has any effect."""
        return self._application.hooks

    @property
    def failures(self) -> list[Exception]:
        """Return what went wrong inside the simulator or a hook; a test may demand that it is empty."""
        return self._application.failures

    def start(self) -> None:
        """Begin to listen."""
        self._server.start(self._application)
        self._control_server.start(self._application.control)
        for name in ("refuse_connections", "refuse_connections_for_s"):
            self._on_switch(name)

    def stop(self) -> None:
        """Stop listening and end every connection, the hanging ones too."""
        self._server.stop()
        self._control_server.stop()

    def warm(self) -> None:
        """Make every patient row now instead of when it is asked for."""
        with self.state.lock:
            self.state.roster.warm()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _on_switch(self, name: str) -> None:
        """Put a switch into effect that is more than a value looked up at each request."""
        if name == "refuse_connections":
            if self.switches.refuse_connections:
                self._server.refuse()
                self._server.drop_connections()
            else:
                self._server.listen_again()
        elif name == "refuse_connections_for_s" and self.switches.refuse_connections_for_s > 0:
            self._server.refuse(for_s=self.switches.refuse_connections_for_s)
        elif name == "network_down" and self.switches.network_down:
            self._server.drop_connections()
        elif name == "stale_lists":
            self.state.freeze_lists()
        elif name == "duplicate_codes":
            self.state.show_duplicate_codes()
        elif name in _ROW_SWITCHES:
            with self.state.lock:
                self.state.roster.forget_rows()
