"""The command line of set-up, and that its failures are one sentence."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from installer import commands
from installer.processes import StoppedError
from installer.progress import SetupError, Steps, clock_text, tail


def test_parse_test_hands_unknown_arguments_to_pytest() -> None:
    options, extra = commands.parse(["test", "--fast", "tests/unit", "-k", "lab", "-x"])

    assert options.fast
    assert extra == ["tests/unit", "-k", "lab", "-x"]


def test_parse_demo_refuses_unknown_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        commands.parse(["demo", "--hedless"])
    assert "--hedless" in capsys.readouterr().err


def test_demo_command_in_a_window_and_in_the_terminal() -> None:
    python = Path("python")

    window = commands.demo_command(python, window=True, data_folder=None)
    terminal = commands.demo_command(python, window=False, data_folder=Path("kept"))

    assert window == ["python", "-m", "denticode_desktop", "--demo"]
    assert terminal == ["python", "-m", "denticode_desktop", "--demo", "--data-dir", "kept", "--no-window"]


def test_run_setup_error_shows_the_logs_end_and_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "setup.log"
    log.write_text("".join(f"line {number}\n" for number in range(40)))

    def fail(*_arguments: object) -> int:
        raise SetupError("There is no network.", log)

    monkeypatch.setattr(commands, "run_test", fail)

    assert commands.run(["test"], tmp_path) == 1
    shown = capsys.readouterr().err.splitlines()
    assert shown[-1] == "There is no network."
    assert "line 39" in shown
    assert "line 20" not in shown


def test_run_stopped_gives_the_signals_exit_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_arguments: object) -> int:
        raise StoppedError(15)

    monkeypatch.setattr(commands, "run_test", stop)

    assert commands.run(["test"], tmp_path) == 143


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_steps_in_a_log_are_whole_lines_and_rare() -> None:
    out = io.StringIO()
    times = iter([0.0, 0.0, 1.0, 5.0, 30.0, 30.0, 65.0])
    steps = Steps(2, out, now=lambda: next(times))

    steps.start("Making")
    steps.still("at work")
    steps.still("at work")

    assert out.getvalue().splitlines() == ["[1/2] Making  (0:01)", "      at work  (1:05)"]


def test_steps_on_a_terminal_rewrite_one_line() -> None:
    out = Terminal()
    steps = Steps(1, out, now=lambda: 0.0)

    steps.start("Making")
    steps.still("at work")
    steps.clear()

    assert out.getvalue() == "[1/1] Making  (0:00)\n\r      at work  (0:00)\x1b[K\r\x1b[K"


def test_clock_text_and_tail_of_a_missing_log(tmp_path: Path) -> None:
    assert clock_text(125.9) == "2:05"
    assert tail(tmp_path / "none") == ""
