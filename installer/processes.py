"""Child processes that never outlive set-up: each runs in its own process group, which is ended with it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO

STOP_GRACE_S = 5.0
OUTPUT_GRACE_S = 2.0


class StoppedError(Exception):
    """Somebody asked set-up to stop (Ctrl+C, a closed terminal, the end of a CI job)."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.exit_code = 128 + signal_number


@contextlib.contextmanager
def stop_signals() -> Iterator[None]:
    """Turn SIGINT, SIGTERM and SIGHUP into StoppedError, so that children are ended on the way out."""

    def on_signal(number: int, _frame: FrameType | None) -> None:
        raise StoppedError(number)

    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), on_signal) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a child and whatever it started and left behind; politely first."""
    if sys.platform == "win32":
        if process.poll() is None:
            subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True, check=False)
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_GRACE_S)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def start(
    command: Sequence[str], *, env: Mapping[str, str], cwd: Path, stdout: int | IO[bytes], keep_open: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Start a child without standard input, in its own group; `keep_open` descriptors stay open in it (POSIX only)."""
    on_windows = sys.platform == "win32"
    return subprocess.Popen(
        command,
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.STDOUT,
        start_new_session=not on_windows,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        pass_fds=() if on_windows else tuple(keep_open),
    )


def run_logged(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    log: Path,
    on_tick: Callable[[], None],
    keep_open: Sequence[int] = (),
) -> int:
    """Run a child with its output appended to `log`; call `on_tick` twice a second until it ends."""
    with log.open("ab") as sink:
        process = start(command, env=env, cwd=cwd, stdout=sink, keep_open=keep_open)
        try:
            while True:
                try:
                    return process.wait(0.5)
                except subprocess.TimeoutExpired:
                    on_tick()
        finally:
            end_group(process)


def run_shown(command: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> tuple[int, list[str]]:
    """Run a child, pass its output on line by line, and give its exit code and the lines."""
    lines: list[str] = []
    process = start(command, env=env, cwd=cwd, stdout=subprocess.PIPE)
    output = process.stdout
    if output is None:
        raise RuntimeError("a pipe was asked for")

    def pass_on() -> None:
        for raw in output:
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            lines.append(line)
            sys.stdout.write(line + "\n")
            sys.stdout.flush()

    reader = threading.Thread(target=pass_on, daemon=True)
    reader.start()
    try:
        code = wait(process)
    finally:
        end_group(process)
        # A grandchild that outlives its parent may hold the pipe open for ever: do not wait for its end of file.
        reader.join(OUTPUT_GRACE_S)
        if not reader.is_alive():
            output.close()
    return code, lines


def wait(process: subprocess.Popen[bytes]) -> int:
    """Wait in short turns: on Windows an unbounded wait cannot be interrupted."""
    while True:
        try:
            return process.wait(0.5)
        except subprocess.TimeoutExpired:
            continue
