"""EngineLink: how the window asks the engine (another process) to do something long."""

from typing import Protocol

from denticode_desktop.domain.ids import ConnectionId


class EngineLink(Protocol):
    """Commands return at once; what comes of them arrives as events on the EventSink."""

    @property
    def is_running(self) -> bool:
        """Whether the engine process answers."""
        ...

    def wake(self) -> None:
        """There is new work in the queue: look now, not at the next tick."""
        ...

    def sync_now(self, connection_id: ConnectionId, *, full: bool = False) -> None:
        """Starts or joins a sync."""
        ...

    def cancel_sync(self, connection_id: ConnectionId) -> None:
        """Stops a sync after the page under way; what is stored stays."""
        ...

    def reload(self) -> None:
        """Connections or settings changed."""
        ...

    def stop(self) -> None:
        """Ends the engine in order: the item in hand is finished or left for the next start."""
        ...
