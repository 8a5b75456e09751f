"""The one httpx client: own total deadlines, limits, errors translated; no body and no PMS text in any log.

A read may be repeated and keeps its connection. A write goes out once over a fresh connection, and what became of it
is told by an `Exchange`, never by an exception (write-back-protocol.md sections 5 and 6).
"""

import contextlib
import functools
import ipaddress
import itertools
import logging
import socket
import ssl
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import truststore

from denticode_desktop import __version__
from denticode_desktop.domain.errors import BugError, PmsProtocolError, PmsUnavailableError
from denticode_desktop.ports.clock import Clock

from .http_faults import fault_kind
from .http_limits import MAX_JSON_BYTES, read_limited
from .watchdog import Watchdog, close_with_reset

log = logging.getLogger(__name__)
for _chatty in ("httpx", "httpcore"):
    # Their INFO and DEBUG lines hold whole URLs (patient ids in filters) and headers.
    logging.getLogger(_chatty).setLevel(logging.WARNING)

CONNECT_TIMEOUT_S = 10.0
WRITE_TIMEOUT_S = 10.0
"""Without a byte taken by the other side: the watchdog wakes readers only."""
_SLACK_S = 5.0
"""httpx's own time-outs lie behind the watchdog, which is the one that resets the socket."""
_CONNECTED = ("connect_tcp.complete", "start_tls.complete")
_numbers = itertools.count(1)

TransportFactory = Callable[[], httpx.BaseTransport]


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `path_template` is what logs show; `url` is whole and percent-encoded."""

    method: str
    url: str
    path_template: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    deadline_s: float = 30.0
    limit_bytes: int = MAX_JSON_BYTES

    def __repr__(self) -> str:
        return f"Call({self.method} {self.path_template})"


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response. Header names in lower case; `body` decoded and within the limit."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    elapsed_ms: int = 0

    @property
    def is_json(self) -> bool:
        """Whether the PMS says it is JSON."""
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return media_type == "application/json" or (
            media_type.startswith("application/") and media_type.endswith("+json")
        )

    @property
    def date(self) -> datetime | None:
        """The server's clock, aware UTC, where it tells."""
        return http_date(self.headers.get("date", ""))


@dataclass(frozen=True, slots=True)
class Exchange:
    """What became of a write. `has_begun`: a byte of the request may have left. Either `answer` or `failure` is set."""

    has_begun: bool
    answer: Answer | None = None
    failure: str = ""
    elapsed_ms: int = 0


class _NotSentError(Exception):
    """Raised in the trace callback right before the first byte, so that it never leaves."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def http_date(text: str) -> datetime | None:
    """An HTTP date as aware UTC, None where it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


@functools.cache
def _tls_context() -> ssl.SSLContext:
    """The operating system's trust store, TLS 1.2 at least; there is no way to switch it off."""
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this computer."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def system_proxy(base: str) -> str | None:
    """The proxy that the system's settings name for an https host; never one for loopback.

    Read by hand because httpx's `trust_env` would take the trust store from the environment as well.
    """
    parts = urlsplit(base)
    host = parts.hostname or ""
    if parts.scheme != "https" or is_loopback(host) or urllib.request.proxy_bypass(host):
        return None
    proxy = urllib.request.getproxies().get("https", "")
    if proxy and "://" not in proxy:
        proxy = f"http://{proxy}"
    return proxy if urlsplit(proxy).scheme in ("http", "https") else None


class _WriteTrace:
    """httpcore's trace callback for one write: knows the socket, and asks right before the first byte."""

    def __init__(self, dog: Watchdog, may_send: Callable[[], bool]) -> None:
        self._dog = dog
        self._may_send = may_send
        self._socket: socket.socket | None = None
        self.has_begun = False

    def __call__(self, name: str, info: dict[str, Any]) -> None:
        if name.endswith(_CONNECTED):
            self._socket = info["return_value"].get_extra_info("socket")
            # Until there is a whole answer, no way out may leave bytes behind that go out later.
            close_with_reset(self._socket, True)
            self._dog.watch(self._socket)
        elif name == "http11.receive_response_body.complete" and self._socket is not None:
            close_with_reset(self._socket, False)
        elif name == "http11.send_request_headers.started" and info["request"].method != b"CONNECT":
            if self._dog.has_expired:
                raise _NotSentError("deadline")
            if not self._may_send():
                raise _NotSentError("guard")
            self.has_begun = True


def _header_names(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Names in lower case; one that comes twice is joined as HTTP has it."""
    names: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        names[key] = f"{names[key]}, {text}" if key in names else text
    return names


class HttpClient:
    """Requests to one host, for one thread at a time.

    They go straight to httpx's transport: of its Client nothing is wanted - no cookies, redirects, sign-in from the
    address or defaults - and it costs as much as the transport.
    """

    def __init__(self, base: str, clock: Clock, *, transport_factory: TransportFactory | None = None) -> None:
        self.base = base
        self._clock = clock
        self._proxy = None if transport_factory else system_proxy(base)
        self._new_transport = transport_factory or self._socket_transport
        self._reader: httpx.BaseTransport | None = None
        self._read_stream: Any = None  # httpcore's stream of the kept connection, for the watchdog
        self._calls = 0
        self.clock_skew_s: float | None = None
        """The server's clock minus ours at the last answer that told its time; whole seconds."""

    def read(self, call: Call) -> Answer:
        """The answer, whatever its status. Repeats once where a kept connection turned out to be closed.

        Raises: PmsUnavailableError with a kind of `http_faults` or `deadline`; PmsProtocolError `too_large`,
        `bad_encoding`.
        """
        with contextlib.suppress(_StaleConnectionError):
            return self._read_once(call)
        return self._read_once(call)

    def _read_once(self, call: Call) -> Answer:
        self._calls += 1
        started_s = self._clock.monotonic_s()
        connects: list[str] = []
        reader = self._reader = self._reader or self._new_transport()
        kind = ""
        with Watchdog(call.deadline_s) as dog:

            def on_trace(name: str, info: dict[str, Any]) -> None:
                if name.endswith(_CONNECTED):
                    connects.append(name)
                    self._read_stream = info["return_value"]
                    dog.watch(self._read_stream.get_extra_info("socket"))

            if self._read_stream is not None:
                dog.watch(self._read_stream.get_extra_info("socket"))
            try:
                answer = self._exchange(reader, call, on_trace, started_s, keep=True)
            except httpx.HTTPError as error:
                kind = self._kind_of(error)
                was_kept = not connects and self._read_stream is not None
                stale = was_kept and not dog.has_expired and kind in ("disconnected", "read_error", "write_error")
            except PmsProtocolError:
                self._drop_reader()  # the rest of the body is still in the connection
                raise
        if dog.has_expired:
            kind = "deadline"
        self._log(call, kind or str(answer.status), started_s)
        if not kind:
            self._note_clock(answer)
            return answer
        self._drop_reader()
        if kind != "deadline" and stale:
            raise _StaleConnectionError
        raise PmsUnavailableError(kind)

    def send(self, call: Call, *, may_send: Callable[[], bool]) -> Exchange:
        """Sends a POST once over a fresh connection. `may_send` is asked right before the first byte of the request."""
        if call.method != "POST":
            raise BugError("an adapter without set items sends POST only")
        self._calls += 1
        started_s = self._clock.monotonic_s()
        answer, failure = None, ""
        with Watchdog(call.deadline_s) as dog:
            trace = _WriteTrace(dog, may_send)
            try:
                with self._new_transport() as writer:
                    answer = self._exchange(writer, call, trace, started_s, keep=False)
            except _NotSentError as error:
                failure = error.kind
            except httpx.TransportError as error:
                failure = self._kind_of(error)
            except PmsProtocolError as error:
                failure = error.kind
            except Exception as error:  # the documented edge: whatever escapes must count as UNKNOWN
                trace.has_begun = True
                failure = fault_kind(error)
        if dog.has_expired:
            answer, failure = None, "deadline"
        self._log(call, failure or str(answer.status if answer else ""), started_s)
        if answer is not None:
            self._note_clock(answer)
        return Exchange(trace.has_begun, answer, failure, self._elapsed_ms(started_s))

    def take_call_count(self) -> int:
        """Requests made since last asked."""
        count, self._calls = self._calls, 0
        return count

    def close(self) -> None:
        """Gives sockets back."""
        self._drop_reader()

    def _exchange(
        self,
        transport: httpx.BaseTransport,
        call: Call,
        on_trace: Callable[[str, dict[str, Any]], None],
        started_s: float,
        *,
        keep: bool,
    ) -> Answer:
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip" if keep else "identity",
            "User-Agent": f"DenticodeDesktop/{__version__}",
            "Connection": "keep-alive" if keep else "close",
            **call.headers,
        }
        time_outs = httpx.Timeout(
            call.deadline_s + _SLACK_S,
            connect=min(CONNECT_TIMEOUT_S, call.deadline_s),
            write=min(WRITE_TIMEOUT_S, call.deadline_s),
        )
        request = httpx.Request(
            call.method, call.url, headers=headers, content=call.body or None,
            extensions={"trace": on_trace, "timeout": time_outs.as_dict()},
        )  # fmt: skip
        response = transport.handle_request(request)
        try:
            names = _header_names(response.headers.raw)
            body = read_limited(response.iter_raw(), names.get("content-encoding", ""), call.limit_bytes)
        finally:
            response.close()
        return Answer(response.status_code, names, body, self._elapsed_ms(started_s))

    def _socket_transport(self) -> httpx.BaseTransport:
        return httpx.HTTPTransport(
            verify=_tls_context(), trust_env=False, http1=True, http2=False, retries=0, proxy=self._proxy,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=30.0),
        )  # fmt: skip

    def _kind_of(self, error: httpx.HTTPError) -> str:
        kind = fault_kind(error)
        return "proxy_failed" if self._proxy and kind in ("dns", "connect_refused", "connect_failed") else kind

    def _note_clock(self, answer: Answer) -> None:
        if (told := answer.date) is not None:
            self.clock_skew_s = float(round((told - self._clock.utc_now()).total_seconds()))

    def _log(self, call: Call, result: str, started_s: float) -> None:
        log.info(
            "call %d %s %s %s %d ms",
            next(_numbers),
            call.method,
            call.path_template,
            result,
            self._elapsed_ms(started_s),
        )

    def _elapsed_ms(self, started_s: float) -> int:
        return round((self._clock.monotonic_s() - started_s) * 1000)

    def _drop_reader(self) -> None:
        reader, self._reader, self._read_stream = self._reader, None, None
        if reader is not None:
            reader.close()


class _StaleConnectionError(Exception):
    """The kept connection was closed by the other side before it answered."""
