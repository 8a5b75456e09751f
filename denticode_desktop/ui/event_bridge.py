"""Engine events come from any thread and are given out on the UI thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from denticode_desktop.domain.events import Event


class EventBridge(QObject):
    """EventSink (ports.event_sink). Made on the UI thread; receivers of `happened` are @Slot methods of QObjects."""

    happened = Signal(object)

    def publish(self, event: Event) -> None:
        """From any thread."""
        self.happened.emit(event)

    hear = publish
