"""A small threaded HTTP/1.1 server on loopback whose answers may also be no answers.

The standard library's server cannot reset a connection, stop in the middle of a body or refuse to listen for a while;
a rehearsal needs exactly that. It binds to IPv4 loopback only: nothing outside this computer can reach it.
"""

from __future__ import annotations

import contextlib
import enum
import ipaddress
import select
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol
from urllib.parse import unquote, urlsplit

MAX_HEAD_BYTES = 65_536
MAX_BODY_BYTES = 64 * 1024 * 1024
RECV_BYTES = 65_536
PEER_CHECK_S = 0.05


class Ending(enum.Enum):
    """What becomes of the connection."""

    KEEP = "answer, then wait for the next request"
    CLOSE = "answer, then close"
    DROP = "close without an answer"
    RESET = "reset without an answer"
    HANG = "say nothing until the client leaves or the server stops"
    CUT = "send half of the body, then close"


@dataclass(slots=True)
class HttpRequest:
    """One request; header names in lower case. `context` belongs to the application."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    context: object = None

    @property
    def path(self) -> str:
        """Return the percent-decoded path."""
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> str:
        """Return the query, still encoded."""
        return urlsplit(self.target).query


@dataclass(slots=True)
class Reply:
    """One answer. With `stream` the body is sent in chunks of unknown total length; `drip_bytes` slows a plain body."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    ending: Ending = Ending.KEEP
    stream: Iterator[bytes] | None = None
    delay_s: float = 0.0
    drip_bytes: int = 0
    drip_s: float = 0.0


class Application(Protocol):
    """What the server asks; called on connection threads, many at a time."""

    def on_accept(self) -> bool:
        """Return False to close a new connection at once."""

    def on_head(self, request: HttpRequest) -> Ending | None:
        """See a request before its body is read; an ending stops the exchange there."""

    def handle(self, request: HttpRequest) -> Reply:
        """Answer a whole request."""


def require_loopback(host: str) -> None:
    """Refuse any address that is not IPv4 loopback.

    Raises: ValueError for every other address, and for names, since a name may resolve to anything.
    """
    try:
        address = ipaddress.IPv4Address(host)
    except ValueError as error:
        raise ValueError("a rehearsal PMS listens on an IPv4 loopback address only") from error
    if not address.is_loopback:
        raise ValueError("a rehearsal PMS listens on an IPv4 loopback address only")


class HttpServer:
    """Listens, reads requests, sends what the application decides. `port` 0 lets the system choose."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        require_loopback(host)
        self._application: Application | None = None
        self._host = host
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._listener: socket.socket | None = _open_listener(host, port, listening=False)
        self.port: int = self._listener.getsockname()[1]
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._accepting: threading.Thread | None = None
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._reopen_timer: threading.Timer | None = None

    @property
    def stopping(self) -> threading.Event:
        """Set when the server stops; everything that waits must wait on this."""
        return self._stopping

    def start(self, application: Application) -> None:
        """Begin to listen, for an application."""
        with self._lock:
            self._application = application
            if self._listener is not None:
                self._listener.listen(128)
            self._accepting = threading.Thread(target=self._accept_loop, name="rehearsal-accept", daemon=True)
            self._accepting.start()

    def stop(self) -> None:
        """Stop listening, cut every connection, wait for the threads. May be called twice, or without start."""
        self._stopping.set()
        with self._lock:
            timer, self._reopen_timer = self._reopen_timer, None
            listener, self._listener = self._listener, None
            accepting, self._accepting = self._accepting, None
        if timer is not None:
            timer.cancel()
        with contextlib.suppress(OSError):
            self._wake_writer.send(b"x")
        if accepting is not None:
            accepting.join()
        if listener is not None:
            listener.close()
        self.drop_connections()
        with self._lock:
            threads = [thread for thread in self._connections.values() if thread is not threading.current_thread()]
        for thread in threads:
            thread.join(timeout=5.0)
        self._wake_reader.close()
        self._wake_writer.close()

    def drop_connections(self) -> None:
        """Break every open connection."""
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def refuse(self, *, for_s: float = 0.0) -> None:
        """Close the listening socket, so that connecting is refused; `for_s` > 0 listens again after that time."""
        with self._lock:
            if self._stopping.is_set():
                return
            listener, self._listener = self._listener, None
            if for_s > 0:
                self._reopen_timer = threading.Timer(for_s, self.listen_again)
                self._reopen_timer.daemon = True
                self._reopen_timer.start()
        if listener is not None:
            # closing under a running select is not portable: wake the loop first, then close
            with contextlib.suppress(OSError):
                self._wake_writer.send(b"x")
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def listen_again(self) -> None:
        """Listen on the same port as before."""
        with self._lock:
            if self._stopping.is_set() or self._listener is not None:
                return
            self._listener = _open_listener(self._host, self.port, listening=True)
            self._wake_writer.send(b"x")

    def _accept_loop(self) -> None:
        while not self._stopping.is_set():
            with self._lock:
                listener = self._listener
            watched = [self._wake_reader] if listener is None else [self._wake_reader, listener]
            try:
                ready, _, _ = select.select(watched, [], [])
            except (OSError, ValueError):
                continue  # the listener was closed between reading it and select
            if self._wake_reader in ready:
                self._wake_reader.recv(64)
            if listener is not None and listener in ready:
                self._accept(listener)

    def _accept(self, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        if self._application is None or not self._application.on_accept():
            connection.close()
            return
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        thread = threading.Thread(
            target=self._serve, args=(connection, self._application), name="rehearsal-connection", daemon=True
        )
        with self._lock:
            self._connections[connection] = thread
        thread.start()

    def _serve(self, connection: socket.socket, application: Application) -> None:
        try:
            channel = _Channel(connection, self._stopping)
            while not self._stopping.is_set() and self._exchange(channel, application):
                pass
        except (OSError, _BadRequestError):
            pass  # the client left or spoke no HTTP: nothing to answer
        finally:
            with self._lock:
                self._connections.pop(connection, None)
            connection.close()

    def _exchange(self, channel: _Channel, application: Application) -> bool:
        """Serve one request; False ends the connection."""
        request = channel.read_head()
        if request is None:
            return False
        ending = application.on_head(request)
        if ending is not None:
            channel.end_silently(ending)
            return False
        request.body = channel.read_body(request)
        reply = application.handle(request)
        if reply.delay_s > 0 and self._stopping.wait(reply.delay_s):
            return False
        keep = reply.ending is Ending.KEEP and request.headers.get("connection", "").lower() != "close"
        if reply.ending in (Ending.DROP, Ending.RESET, Ending.HANG):
            channel.end_silently(reply.ending)
            return False
        return channel.send(reply, head_only=request.method == "HEAD", keep=keep)


class _BadRequestError(Exception):
    """The bytes that arrived are no HTTP/1.1 request this server takes."""


class _Channel:
    """Reads requests from one connection and writes answers to it."""

    def __init__(self, connection: socket.socket, stopping: threading.Event) -> None:
        self._socket = connection
        self._stopping = stopping
        self._buffer = b""

    def read_head(self) -> HttpRequest | None:
        """Read up to the empty line; None when the client closed between requests."""
        while b"\r\n\r\n" not in self._buffer:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise _BadRequestError
            data = self._socket.recv(RECV_BYTES)
            if not data:
                return None
            self._buffer += data
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        parts = first.split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
            raise _BadRequestError
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        return HttpRequest(parts[0], parts[1], headers)

    def read_body(self, request: HttpRequest) -> bytes:
        """Read as many bytes as Content-Length says."""
        length_text = request.headers.get("content-length", "0")
        if not length_text.isdigit() or int(length_text) > MAX_BODY_BYTES or "transfer-encoding" in request.headers:
            raise _BadRequestError
        length = int(length_text)
        if request.headers.get("expect", "").lower() == "100-continue":
            self._socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        chunks = [self._buffer]
        have = len(self._buffer)
        while have < length:
            data = self._socket.recv(RECV_BYTES)
            if not data:
                raise _BadRequestError
            chunks.append(data)
            have += len(data)
        whole = b"".join(chunks)
        self._buffer = whole[length:]
        return whole[:length]

    def end_silently(self, ending: Ending) -> None:
        """End without an answer, in the given way."""
        if ending is Ending.RESET:
            # linger of zero seconds makes close() send RST instead of FIN
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif ending is Ending.HANG:
            while not self._stopping.wait(PEER_CHECK_S) and not self._peer_has_left():
                pass

    def _peer_has_left(self) -> bool:
        readable, _, _ = select.select([self._socket], [], [], 0)
        return bool(readable) and not self._socket.recv(RECV_BYTES)

    def send(self, reply: Reply, *, head_only: bool, keep: bool) -> bool:
        """Send an answer; True when the connection may serve another request."""
        chunked = reply.stream is not None
        self._send_head(reply, keep=keep, chunked=chunked)
        if head_only:
            return keep
        if reply.stream is not None:
            for chunk in reply.stream:
                if self._stopping.is_set():
                    return False
                if chunk:  # an empty chunk would end the body
                    self._socket.sendall(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            self._socket.sendall(b"0\r\n\r\n")
        elif reply.ending is Ending.CUT:
            self._socket.sendall(reply.body[: len(reply.body) // 2])
        elif reply.drip_bytes > 0:
            return self._drip(reply) and keep
        else:
            self._socket.sendall(reply.body)
        return keep

    def _send_head(self, reply: Reply, *, keep: bool, chunked: bool) -> None:
        try:
            reason = HTTPStatus(reply.status).phrase
        except ValueError:
            reason = "Unlisted"
        lines = [f"HTTP/1.1 {reply.status} {reason}"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        lines.append("Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(reply.body)}")
        lines.append(f"Connection: {'keep-alive' if keep else 'close'}")
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    def _drip(self, reply: Reply) -> bool:
        for start in range(0, len(reply.body), reply.drip_bytes):
            if self._stopping.wait(reply.drip_s):
                return False
            self._socket.sendall(reply.body[start : start + reply.drip_bytes])
        return True


def _open_listener(host: str, port: int, *, listening: bool) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            # on Windows SO_REUSEADDR would let another program take over the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        if listening:
            listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener
