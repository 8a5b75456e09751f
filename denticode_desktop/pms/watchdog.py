"""A total deadline for one exchange: httpx's read time-out starts anew with every byte, this one does not.

When it is over, the socket is aborted with a reset, so that nothing that is still buffered leaves later
(write-back-protocol.md section 5).
"""

import contextlib
import os
import socket
import struct
import threading
from types import TracebackType

_LINGER_FORMAT = "hh" if os.name == "nt" else "ii"


def close_with_reset(sock: socket.socket, is_on: bool) -> None:
    """Whether closing throws away what is still buffered and sends RST, or closes as usual."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(_LINGER_FORMAT, int(is_on), 0))


def abort_socket(sock: socket.socket) -> None:
    """Makes closing send RST and wakes a thread that reads from the socket. Safe on a socket that is gone."""
    close_with_reset(sock, True)
    with contextlib.suppress(OSError):
        # Only the reading side: shutting the writing side would send what is buffered, and FIN, before the reset.
        # The base class's method: SSLSocket.shutdown would drop the TLS layer under the waiting thread's feet.
        socket.socket.shutdown(sock, socket.SHUT_RD)
    if os.name == "nt":
        # Elsewhere the woken thread closes it; on Windows only closing is sure to wake it.
        with contextlib.suppress(OSError):
            sock.close()


class Watchdog:
    """Context manager: aborts the watched socket `seconds` after entry, unless left before. One use."""

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(max(seconds, 0.0), self._fire)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_over = False
        self.has_expired = False

    def watch(self, sock: socket.socket) -> None:
        """From now on this is the socket to abort; at once when time is already up."""
        with self._lock:
            self._socket = sock
            if self.has_expired and not self._is_over:
                abort_socket(sock)

    def _fire(self) -> None:
        with self._lock:
            if self._is_over:
                return
            self.has_expired = True
            if self._socket is not None:
                abort_socket(self._socket)

    def __enter__(self) -> "Watchdog":
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            self._is_over = True
