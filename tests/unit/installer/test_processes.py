"""Children of set-up: shown, logged, and gone when it goes."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from installer.processes import StoppedError, run_logged, run_shown, stop_signals

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="process groups are POSIX")


def test_run_shown_passes_lines_on_and_gives_the_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = "import sys; print('out'); sys.stdout.flush(); print('err', file=sys.stderr); sys.exit(3)"

    code, lines = run_shown([sys.executable, "-c", script], env=os.environ, cwd=tmp_path)

    assert (code, lines) == (3, ["out", "err"])
    assert capsys.readouterr().out == "out\nerr\n"


def test_run_shown_child_has_no_standard_input(tmp_path: Path) -> None:
    code, lines = run_shown([sys.executable, "-c", "print(repr(input('')))"], env=os.environ, cwd=tmp_path)

    assert code == 1
    assert "EOFError" in lines[-1]


def test_run_logged_appends_to_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("before\n")

    code = run_logged([sys.executable, "-c", "print('x')"], env=os.environ, cwd=tmp_path, log=log, on_tick=lambda: None)

    assert code == 0
    assert log.read_text().split() == ["before", "x"]


@posix_only
def test_run_shown_ends_what_a_child_left_behind(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys\n"
        "left = subprocess.Popen([sys.executable, '-c', 'import threading; threading.Event().wait(60)'])\n"
        "print(left.pid)\n"
    )

    _code, lines = run_shown([sys.executable, "-c", script], env=os.environ, cwd=tmp_path)

    assert _is_gone(int(lines[0]))


@posix_only
def test_run_logged_stopped_ends_the_child(tmp_path: Path) -> None:
    started: list[int] = []
    log = tmp_path / "log"

    def stop() -> None:
        if text := log.read_text().strip():
            started.append(int(text))
            raise StoppedError(15)

    script = "import os, threading; print(os.getpid(), flush=True); threading.Event().wait(60)"
    with pytest.raises(StoppedError):
        run_logged([sys.executable, "-c", script], env=os.environ, cwd=tmp_path, log=log, on_tick=stop)

    assert _is_gone(started[0])


@posix_only
def test_stop_signals_become_an_error_and_handlers_come_back() -> None:
    import signal

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(StoppedError) as stopped, stop_signals():
        os.kill(os.getpid(), signal.SIGTERM)

    assert stopped.value.exit_code == 143
    assert signal.getsignal(signal.SIGTERM) is before


def _is_gone(pid: int) -> bool:
    """Tell whether a killed process ends within five seconds; the system may take a moment over it."""
    pause = threading.Event()
    return any(_has_ended(pid) or pause.wait(0.01) for _ in range(500))


def _has_ended(pid: int) -> bool:
    """Tell whether a process has ended; one that nobody has collected yet counts as ended."""
    try:
        os.kill(pid, 0)
        status = Path(f"/proc/{pid}/stat").read_text()
    except ProcessLookupError:
        return True
    except FileNotFoundError:  # it ended in between, or this system has no /proc
        return Path("/proc/self").exists()
    return status.rsplit(")", 1)[1].split()[0] == "Z"
