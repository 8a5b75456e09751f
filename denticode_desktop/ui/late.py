"""What is not needed for the first lists is loaded after them: services by their first use, the engine when it runs."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from denticode_desktop.domain.ids import ConnectionId
    from denticode_desktop.ports.engine import EngineLink

T = TypeVar("T")


class _Late:
    """Stands for a service until somebody uses it."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.resolve(), name)

    def resolve(self) -> Any:
        """The service itself, made once."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made


def late(make: Callable[[], T]) -> T:
    """Behaves as what `make` returns, which is called at the first use of an attribute."""
    return cast(T, _Late(make))


def load(services: object) -> None:
    """Makes every late service that `services` holds: on a pool thread, before a person wants one."""
    for name in getattr(type(services), "__slots__", ()):
        value = getattr(services, name)
        if isinstance(value, _Late):
            value.resolve()


class LateEngine:
    """EngineLink that keeps what it is asked until the engine process is there."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: list[Callable[[EngineLink], None]] = []
        self._engine: EngineLink | None = None

    def begin(self, engine: EngineLink) -> None:
        """The engine runs: it hears what was asked before."""
        with self._lock:
            self._engine = engine
            asked, self._asked = self._asked, []
        for ask in asked:
            ask(engine)

    @property
    def is_running(self) -> bool:
        """As EngineLink."""
        return self._engine is not None and self._engine.is_running

    def wake(self) -> None:
        """As EngineLink."""
        self._ask(lambda engine: engine.wake())

    def sync_now(self, connection_id: ConnectionId, *, full: bool = False) -> None:
        """As EngineLink."""
        self._ask(lambda engine: engine.sync_now(connection_id, full=full))

    def cancel_sync(self, connection_id: ConnectionId) -> None:
        """As EngineLink."""
        self._ask(lambda engine: engine.cancel_sync(connection_id))

    def reload(self) -> None:
        """As EngineLink."""
        self._ask(lambda engine: engine.reload())

    def stop(self) -> None:
        """As EngineLink."""
        if self._engine is not None:
            self._engine.stop()

    def _ask(self, ask: Callable[[EngineLink], None]) -> None:
        with self._lock:
            if self._engine is None:
                self._asked.append(ask)
                return
        ask(self._engine)
