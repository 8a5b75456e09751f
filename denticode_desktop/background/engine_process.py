"""The engine process, parent side: starts it, sends commands, hands its events on, starts it again when it dies.

The child gets the end of its input when this process ends, however it ends, and stops then: no engine is left behind.
"""

import json
import logging
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from typing import IO

from denticode_desktop.domain.events import EngineStarted, EngineStopped
from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.ports.event_sink import EventSink

from .event_codec import decode

_log = logging.getLogger(__name__)

FIRST_RESTART_S = 0.5
LAST_RESTART_S = 30.0
STEADY_S = 60.0
"""A child that lived this long begins the back-off anew."""
STOP_S = 75.0

Command = dict[str, str | int | bool]


def engine_command(data_dir: Path, *options: str) -> list[str]:
    """How to start the engine of a data folder: this interpreter, or the frozen program itself."""
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "denticode_desktop"]
    return [*program, "--engine", "--data-dir", str(data_dir), *options]


class EngineProcess:
    """EngineLink over a child process. Methods return at once, but `stop`.

    monotonic_s tells how long a child lived. A command given while no child runs reaches the next one.
    """

    def __init__(
        self, command: Sequence[str], sink: EventSink, monotonic_s: Callable[[], float], *,
        first_restart_s: float = FIRST_RESTART_S,
    ) -> None:  # fmt: skip
        self._command = list(command)
        self._sink = sink
        self._monotonic_s = monotonic_s
        self._first_restart_s = first_restart_s
        self._stopping = threading.Event()
        self._answers = threading.Event()
        self._commands: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        self._unsent: list[Command] = []
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._keeper = threading.Thread(target=self._keep, name="engine-keeper", daemon=True)

    def start(self) -> None:
        """Starts the first child, and others while it dies."""
        self._keeper.start()

    @property
    def is_running(self) -> bool:
        """Whether the engine process has answered since it was started."""
        return self._answers.is_set()

    @property
    def pid(self) -> int | None:
        """The child's process id, for `doctor` and tests."""
        with self._lock:
            return None if self._child is None else self._child.pid

    def wake(self) -> None:
        """As the port."""
        self._say({"command": "wake"})

    def sync_now(self, connection_id: ConnectionId, *, full: bool = False) -> None:
        """As the port."""
        self._say({"command": "sync_now", "connection_id": connection_id, "full": full})

    def cancel_sync(self, connection_id: ConnectionId) -> None:
        """As the port."""
        self._say({"command": "cancel_sync", "connection_id": connection_id})

    def reload(self) -> None:
        """As the port."""
        self._say({"command": "reload"})

    def stop(self) -> None:
        """Waits for the item in hand; a child that takes longer than any deadline of ours is ended."""
        self._stopping.set()
        self._say({"command": "stop"})
        if not self._keeper.is_alive():
            return
        self._keeper.join(STOP_S)
        with self._lock:
            if self._child is not None and self._child.poll() is None:
                self._child.kill()
        self._keeper.join(STOP_S)

    def _say(self, command: Command) -> None:
        self._commands.put(command)

    def _keep(self) -> None:
        pause_s = self._first_restart_s
        while not self._stopping.is_set():
            began_s = self._monotonic_s()
            self._live_once()
            if self._stopping.is_set():
                return
            if self._monotonic_s() - began_s >= STEADY_S:
                pause_s = self._first_restart_s
            self._sink.publish(EngineStopped(will_restart=True))
            self._stopping.wait(pause_s)
            pause_s = min(LAST_RESTART_S, 2 * pause_s)

    def _live_once(self) -> None:
        """One child, from its start to its end."""
        try:
            child = self._spawn()
        except OSError as error:
            _log.error("the engine could not be started: %s", type(error).__name__)
            return
        with self._lock:
            self._child = child
        assert child.stdin is not None and child.stdout is not None
        writer = threading.Thread(target=self._write, args=(child.stdin,), name="engine-commands", daemon=True)
        writer.start()
        self._read(child.stdout)
        self._answers.clear()
        code = child.wait()
        self._commands.put(None)
        writer.join()
        child.stdout.close()
        with self._lock:
            self._child = None
        _log.info("the engine ended with %d", code)

    def _spawn(self) -> subprocess.Popen[bytes]:
        flags = 0
        if sys.platform == "win32":
            flags = subprocess.CREATE_NO_WINDOW
        return subprocess.Popen(  # noqa: S603 - our own program
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            creationflags=flags,
        )  # fmt: skip

    def _read(self, stdout: IO[bytes]) -> None:
        for line in stdout:
            try:
                event = decode(line)
            except ValueError:
                _log.warning("the engine wrote a line that is no event")
                continue
            if isinstance(event, EngineStarted):
                self._answers.set()
            self._sink.publish(event)

    def _write(self, stdin: IO[bytes]) -> None:
        """Commands to one child until None comes. What a dead child did not take waits for the next one."""
        unsent, self._unsent = self._unsent, []
        is_open = True
        for command in chain(unsent, iter(self._commands.get, None)):
            try:
                if is_open:
                    stdin.write(json.dumps(command).encode("ascii") + b"\n")
                    stdin.flush()
            except OSError:
                is_open = False
            if not is_open and command not in self._unsent:
                self._unsent.append(command)
        try:
            stdin.close()
        except OSError:
            _log.info("the engine's input was closed already")
