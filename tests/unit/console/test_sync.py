"""`sync`: the engine's own sentences, and a stop that is told."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from denticode_desktop.console.main import run
from denticode_desktop.domain.access import Actor, Role
from denticode_desktop.domain.errors import DenticodeError, PmsProtocolError, PmsUnavailableError, UserError
from denticode_desktop.domain.events import Event, SyncFinished
from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.services.sync_report import KindCounts, SyncReport
from tests.unit.console.fake_program import FakeProgram

ONE = ConnectionId(1)
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals as on POSIX")


class FakeSync:
    """A sync engine that fails, or goes on until it is cancelled, and publishes its end as the real one."""

    def __init__(self, desk: FakeDesk, error: DenticodeError | None, at_page: Callable[[int], None]) -> None:
        self._desk = desk
        self._error = error
        self._at_page = at_page

    def run(
        self, actor: Actor, connection_id: ConnectionId, *, full: bool, is_cancelled: Callable[[], bool]
    ) -> SyncReport:
        if self._error is not None:
            self._tell(type(self._error).__name__, f"Oak Street: {self._error}. Do this.", "patients")
            raise self._error
        pages = 0
        while not is_cancelled() and pages < 100:
            pages += 1
            self._at_page(pages)
        outcome = "cancelled" if is_cancelled() else "ok"
        return SyncReport(
            ONE, outcome, {SyncKind.PATIENTS: KindCounts(seen=pages)}, (), 0.1, False, pages, f"It is {outcome}."
        )

    def _tell(self, outcome: str, sentence: str, blamed_list: str) -> None:
        self._desk.listener(SyncFinished(ONE, outcome, sentence, 0, 0, 0, 0, blamed_list))


class FakeDesk:
    """An open data folder with one connection."""

    def __init__(self, error: DenticodeError | None = None, at_page: Callable[[int], None] = lambda page: None) -> None:
        self.listener: Callable[[Event], None] = lambda event: None
        self.sync = FakeSync(self, error, at_page)
        self.setup = SimpleNamespace(actor=lambda name: Actor("ann", Role.OWNER))
        self.connect = SimpleNamespace(find=lambda name: SimpleNamespace(connection_id=ONE))

    def listen(self, listener: Callable[[Event], None]) -> None:
        self.listener = listener


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    [line] = capsys.readouterr().out.splitlines()
    value = json.loads(line)
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize(
    ("error", "exit_code", "code"),
    [(PmsProtocolError("web_page"), 4, "unexpected_answer"), (PmsUnavailableError("http_503"), 7, "pms_not_reachable")],
)
def test_failed_sync_says_what_the_engine_says(
    error: DenticodeError, exit_code: int, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(FakeProgram(desk=FakeDesk(error)), ["--json", "sync"]) == exit_code
    value = told(capsys)
    assert (value["error"], value["field"], value["next_step"]) == (code, "patients", "")
    assert value["sentence"] == f"Oak Street: {error}. Do this."
    assert run(FakeProgram(desk=FakeDesk(error)), ["sync"]) == exit_code
    assert f"Oak Street: {error}. Do this." in capsys.readouterr().err


def test_sync_that_is_refused_says_it_once(capsys: pytest.CaptureFixture[str]) -> None:
    error = UserError("Oak Street is disconnected. Press Reconnect.", field="connection")
    assert run(FakeProgram(desk=FakeDesk(error)), ["--json", "sync"]) == 2
    value = told(capsys)
    assert (value["sentence"], value["field"]) == (error.sentence, "connection")


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_cancels_and_is_told(number: signal.Signals, capsys: pytest.CaptureFixture[str]) -> None:
    def at_page(page: int) -> None:
        if page == 3:
            os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    assert run(FakeProgram(desk=FakeDesk(at_page=at_page)), ["--json", "sync"]) == 7
    value = told(capsys)
    assert value["outcome"] == "cancelled"
    assert value["kinds"]["patients"]["seen"] == 3
    assert signal.getsignal(number) is before


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_second_signal_ends_at_once_with_one_object(number: signal.Signals, capsys: pytest.CaptureFixture[str]) -> None:
    def at_page(page: int) -> None:
        os.kill(os.getpid(), number)
        if page == 1:
            os.kill(os.getpid(), number)

    program = FakeProgram(desk=FakeDesk(at_page=at_page))
    assert run(program, ["--json", "sync"]) == 1
    value = told(capsys)
    assert (value["ok"], value["error"]) == (False, "stopped")
    assert run(program, ["sync"]) == 1
    assert "Stopped." in capsys.readouterr().err


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_during_any_command_is_one_object(number: signal.Signals, capsys: pytest.CaptureFixture[str]) -> None:
    class Interrupted(FakeProgram):
        def profiles(self) -> tuple[Any, ...]:
            os.kill(os.getpid(), number)
            return ()

    assert run(Interrupted(), ["--json", "pms", "list"]) == 1
    assert told(capsys)["error"] == "stopped"
