"""The engine process, child side: commands come as JSON lines on standard input, events go out on standard output.

The end of the input is the end of the parent: the engine stops then, in order. Nothing else may be written to standard
output.
"""

import json
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO, Protocol

from denticode_desktop.domain.events import Event, SyncProgressed
from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.ports.event_sink import EventSink

from .event_codec import encode
from .worker import STOP_S

_log = logging.getLogger(__name__)
MAX_WAITING_EVENTS = 1000
LAST_WORDS_S = 5.0


class Engine(Protocol):
    """worker.Worker."""

    def start(self) -> None: ...

    def wake(self) -> None: ...

    def sync_now(self, connection_id: ConnectionId, *, full: bool = False) -> None: ...

    def cancel_sync(self, connection_id: ConnectionId) -> None: ...

    def reload(self) -> None: ...

    def stop(self) -> None: ...


class LineSink:
    """EventSink over a pipe. A parent that does not read holds nobody up: its progress events are dropped first."""

    def __init__(self, stdout: BinaryIO) -> None:
        self._stdout = stdout
        self._waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="events", daemon=True)
        self._thread.start()

    def publish(self, event: Event) -> None:
        """As the port."""
        if self._waiting.qsize() < MAX_WAITING_EVENTS or not isinstance(event, SyncProgressed):
            self._waiting.put(encode(event))

    def close(self) -> None:
        """Writes what waits, for a few seconds at most."""
        self._waiting.put(None)
        self._thread.join(LAST_WORDS_S)

    def _write(self) -> None:
        while (line := self._waiting.get()) is not None:
            try:
                self._stdout.write(line)
                self._stdout.flush()
            except (OSError, ValueError):
                # The parent is gone; the end of standard input says so to the main thread.
                return


def run(build: Callable[[EventSink], Engine], stdin: BinaryIO, stdout: BinaryIO) -> int:
    """Runs the engine until `stop` or the end of input. Returns the exit code; raises what `build` raises."""
    sink = LineSink(stdout)
    engine = build(sink)
    engine.start()
    try:
        for line in stdin:
            if not obey(engine, line):
                break
    finally:
        last_resort = threading.Timer(STOP_S + LAST_WORDS_S, os._exit, (1,))
        last_resort.daemon = True
        last_resort.start()
        engine.stop()
        sink.close()
        last_resort.cancel()
    return 0


def obey(engine: Engine, line: bytes) -> bool:
    """Does what one line says; False for `stop`. A line that is no command is left out."""
    try:
        said = json.loads(line)
        command = said["command"]
        if command == "sync_now":
            engine.sync_now(ConnectionId(int(said["connection_id"])), full=said.get("full") is True)
        elif command == "cancel_sync":
            engine.cancel_sync(ConnectionId(int(said["connection_id"])))
        elif command == "wake":
            engine.wake()
        elif command == "reload":
            engine.reload()
    except (ValueError, KeyError, TypeError):
        _log.warning("a line that is no command was left out")
        return True
    return bool(command != "stop")


def take_standard_streams() -> tuple[BinaryIO, BinaryIO]:
    """(standard input, standard output) as bytes; whoever prints from now on prints to standard error.

    A frozen Windows program without a console has no `sys.stdout`, but its parent's pipes are there as 0 and 1.
    """
    stdout = os.fdopen(os.dup(1), "wb", buffering=0)
    try:
        os.dup2(2, 1)
    except OSError:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.close(null)
    sys.stdout = sys.stderr
    return os.fdopen(os.dup(0), "rb"), stdout
