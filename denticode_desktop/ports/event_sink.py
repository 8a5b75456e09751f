"""EventSink: where services publish facts for screens."""

from typing import Protocol

from denticode_desktop.domain.events import Event


class EventSink(Protocol):
    """Takes events from any thread; never blocks, never raises."""

    def publish(self, event: Event) -> None:
        """Hands the event on."""
        ...
