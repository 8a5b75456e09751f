"""A small engine for tests, run as a child process: repeats commands as events, dies when told to."""

from __future__ import annotations

import os
import sys

from denticode_desktop.background.engine_main import run, take_standard_streams
from denticode_desktop.domain.events import EngineStarted, LabsChanged, QueueChanged, SyncFinished
from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.ports.event_sink import EventSink


class EchoEngine:
    """Says what it was told."""

    def __init__(self, sink: EventSink) -> None:
        self._sink = sink

    def start(self) -> None:
        print("a stray print must not reach the parent")  # noqa: T201 - that is what is tried
        self._sink.publish(EngineStarted(is_sender=True))
        self._sink.publish(LabsChanged(str(os.getpid())))

    def wake(self) -> None:
        os._exit(9)

    def sync_now(self, connection_id: ConnectionId, *, full: bool = False) -> None:
        self._sink.publish(SyncFinished(connection_id, "ok", "full" if full else "", 0, 0, 0, 0))

    def cancel_sync(self, connection_id: ConnectionId) -> None:
        self._sink.publish(SyncFinished(connection_id, "cancelled", "", 0, 0, 0, 0))

    def reload(self) -> None:
        self._sink.publish(QueueChanged(ConnectionId(0)))

    def stop(self) -> None:
        self._sink.publish(LabsChanged("stopped"))


if __name__ == "__main__":
    sys.exit(run(EchoEngine, *take_standard_streams()))
