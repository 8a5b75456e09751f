"""ConnectionPool: driver connections kept open between units.

SQLAlchemy's pool does the same, but loading SQLAlchemy takes longer than painting the window; it is left to schema and
migrations.
"""

import threading
from collections.abc import Callable
from typing import Any

from denticode_desktop.domain.errors import StorageError

OVERFLOW = 32
"""So many more than are kept may be in use at the same time."""


class ConnectionPool:
    """Safe for threads. `size` connections are kept while nobody uses them; the one used last is given out first."""

    def __init__(self, make: Callable[[], Any], *, size: int, wait_s: float) -> None:
        self._make = make
        self._size = size
        self._wait_s = wait_s
        self._room = threading.BoundedSemaphore(size + OVERFLOW)
        self._lock = threading.Lock()
        self._idle: list[Any] = []
        self._is_closed = False

    def take(self) -> Any:
        """A connection for one thread until it is given back. Raises StorageError (`locked` after wait_s seconds)."""
        if not self._room.acquire(timeout=self._wait_s):
            raise StorageError("locked")
        try:
            with self._lock:
                kept = self._idle.pop() if self._idle else None
            return self._make() if kept is None else kept
        except BaseException:
            self._room.release()
            raise

    def give_back(self, connection: Any) -> None:
        """After use. One that is still in a transaction is not used again."""
        with self._lock:
            is_kept = not self._is_closed and len(self._idle) < self._size and not connection.in_transaction
            if is_kept:
                self._idle.append(connection)
        if not is_kept:
            connection.close()
        self._room.release()

    def close(self) -> None:
        """Closes what is kept; what is in use is closed when it comes back."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
