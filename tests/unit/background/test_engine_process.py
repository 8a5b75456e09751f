"""The window's side of the engine process, with a real child."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from denticode_desktop.background.engine_main import LineSink, obey, run
from denticode_desktop.background.engine_process import EngineProcess, engine_command
from denticode_desktop.background.event_codec import decode
from denticode_desktop.domain.events import (
    EngineStarted,
    EngineStopped,
    Event,
    LabsChanged,
    QueueChanged,
    SyncFinished,
    SyncProgressed,
)
from denticode_desktop.domain.ids import ConnectionId
from tests.unit.background.engine_child import EchoEngine

PATIENCE_S = 30.0
CHILD = [sys.executable, "-m", "tests.unit.background.engine_child"]
ONE = ConnectionId(1)


class WaitingSink:
    """Keeps events; a test waits for one."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._changed = threading.Condition()

    def publish(self, event: Event) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def wait_for(self, is_it: Callable[[Event], bool], count: int = 1) -> list[Event]:
        """So many events of that kind."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(list(filter(is_it, self.events))) >= count, PATIENCE_S)
            return list(filter(is_it, self.events))


@pytest.fixture
def sink() -> WaitingSink:
    """Where the events arrive."""
    return WaitingSink()


@pytest.fixture
def engine(sink: WaitingSink) -> Iterator[EngineProcess]:
    """A running engine process."""
    made = EngineProcess(CHILD, sink, time.monotonic, first_restart_s=0.01)
    made.start()
    sink.wait_for(lambda event: isinstance(event, LabsChanged))
    yield made
    made.stop()


def test_commands_go_down_and_events_come_up(engine: EngineProcess, sink: WaitingSink) -> None:
    assert engine.is_running
    engine.sync_now(ONE, full=True)
    engine.cancel_sync(ConnectionId(2))
    engine.reload()
    sink.wait_for(lambda event: event == QueueChanged(ConnectionId(0)))
    assert [event for event in sink.events if isinstance(event, SyncFinished)] == [
        SyncFinished(ONE, "ok", "full", 0, 0, 0, 0),
        SyncFinished(ConnectionId(2), "cancelled", "", 0, 0, 0, 0),
    ]


def test_dead_engine_is_told_and_started_again(engine: EngineProcess, sink: WaitingSink) -> None:
    engine.wake()
    sink.wait_for(lambda event: event == EngineStopped(will_restart=True))
    sink.wait_for(lambda event: isinstance(event, EngineStarted), 2)
    pids = sink.wait_for(lambda event: isinstance(event, LabsChanged), 2)
    assert len(set(pids)) == 2
    engine.sync_now(ONE)
    sink.wait_for(lambda event: isinstance(event, SyncFinished))


def test_stop_lets_the_engine_end_in_order_and_starts_no_other(engine: EngineProcess, sink: WaitingSink) -> None:
    engine.stop()
    assert sink.events[-1] == LabsChanged("stopped")
    assert not engine.is_running
    assert engine.pid is None


def test_program_that_cannot_be_started_is_tried_again(sink: WaitingSink, tmp_path: Path) -> None:
    engine = EngineProcess([str(tmp_path / "nothing")], sink, time.monotonic, first_restart_s=0.01)
    engine.start()
    sink.wait_for(lambda event: event == EngineStopped(will_restart=True), 2)
    engine.stop()


PARENT = """
import sys, time
from denticode_desktop.background.engine_process import EngineProcess
class Sink:
    def publish(self, event):
        print(event.lab_id if type(event).__name__ == "LabsChanged" else "", flush=True)
EngineProcess(sys.argv[1:], Sink(), time.monotonic).start()
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="asks for a process by its id the POSIX way")
def test_engine_dies_with_a_killed_parent() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, *CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child_pid = int(next(line for line in parent.stdout if line.strip()))
        os.kill(child_pid, 0)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    for _ in range(int(PATIENCE_S / 0.02)):
        try:
            os.kill(child_pid, 0)
        except ProcessLookupError:
            return
        threading.Event().wait(0.02)
    pytest.fail("the engine outlived its parent")


def test_child_side_ends_with_its_input() -> None:
    out = io.BytesIO()
    lines = b'{"command":"sync_now","connection_id":5}\nnonsense\n{"command":"sync_now"}\n[]\n'
    assert run(EchoEngine, io.BytesIO(lines), out) == 0
    events = [decode(line) for line in out.getvalue().splitlines()]
    assert SyncFinished(ConnectionId(5), "ok", "", 0, 0, 0, 0) in events
    assert events[-1] == LabsChanged("stopped")


def test_stop_command_ends_the_child_before_its_input_does() -> None:
    engine = EchoEngine(WaitingSink())
    assert not obey(engine, b'{"command":"stop"}')
    assert obey(engine, b'{"command":"unheard of"}')


def test_parent_that_does_not_read_holds_nobody_up() -> None:
    gate = threading.Event()

    class Stuck(io.BytesIO):
        def write(self, data: object) -> int:
            gate.wait(PATIENCE_S)
            return 0

    sink = LineSink(Stuck())
    for done in range(3000):
        sink.publish(SyncProgressed(ONE, "patients", done, None, None))
    sink.publish(LabsChanged())
    assert sink._waiting.qsize() <= 1002
    gate.set()
    sink.close()


def test_frozen_program_starts_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    assert engine_command(Path("data"))[1:] == ["-m", "denticode_desktop", "--engine", "--data-dir", "data"]
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert engine_command(Path("data"), "--demo") == [sys.executable, "--engine", "--data-dir", "data", "--demo"]
