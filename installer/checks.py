"""Everything CI checks, in one run: style, types, architecture and tests; the tests' summary comes last."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from installer.environment import python_in, tool_in
from installer.processes import run_shown
from installer.progress import clock_text

NO_TESTS_COLLECTED = 5
# The word is put together so that this file does not look like a test that needs the service.
SECRET_SERVICE_MARK = ".".join(("mark", "secret_service"))
UNLOCK_THEN_RUN = 'printf rehearsal | gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec "$@"'
SUMMARY = re.compile(r"^=*\s*((?:\d+ \w+(?:, )?)+) in ([\d.]+)s")


@dataclass(frozen=True)
class Result:
    """How one check ended."""

    name: str
    passed: bool
    took_s: float
    remark: str = ""


def secret_service_files(project: Path) -> list[str]:
    """Name the files with tests marked as needing a real Secret Service."""
    tests = sorted((project / "tests").rglob("test_*.py"))
    return [str(path) for path in tests if SECRET_SERVICE_MARK in path.read_text(encoding="utf-8")]


def check_environment(env: Mapping[str, str]) -> dict[str, str]:
    """Give the variables for the checks: Qt without a screen, UTF-8, output as it comes, nobody's own settings."""
    kept = {name: value for name, value in env.items() if name not in {"PYTHONPATH", "PYTHONHOME", "PYTEST_ADDOPTS"}}
    kept["QT_QPA_PLATFORM"] = "offscreen"
    return kept | {"PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1", "NO_COLOR": "1", "COLUMNS": "120"}


def pytest_arguments(extra: Sequence[str], *, fast: bool, secret_service: bool) -> list[str]:
    """Give pytest's arguments for the main run or for the part that needs a real Secret Service."""
    marks = ["secret_service" if secret_service else "not secret_service", *(["not slow"] if fast else [])]
    # Two processes pay off for the whole suite only; starting them costs more than a few chosen tests take.
    processes = [] if secret_service or extra else ["-n", "auto", "--dist", "worksteal"]
    return ["-m", " and ".join(marks), *processes, *extra]


def summary_line(output: Sequence[str]) -> str:
    """Find the line in which pytest counts its tests."""
    return next((line for line in reversed(output) if SUMMARY.match(line)), "")


def combined_summary(lines: Sequence[str]) -> str:
    """Add the counts of several pytest runs up and write them as pytest does."""
    counts: Counter[str] = Counter()
    took_s = 0.0
    for line in lines:
        found = SUMMARY.match(line)
        if found is None:
            continue
        took_s += float(found[2])
        for part in found[1].split(", "):
            number, word = part.split(" ", 1)
            counts[word] += int(number)
    counts.pop("deselected", None)  # left out of one run because it belongs to the other
    if not counts:
        return "no test ran"
    first = [word for word in ("failed", "error", "errors", "passed") if word in counts]
    text = ", ".join(f"{counts[word]} {word}" for word in [*first, *(word for word in counts if word not in first)])
    return f" {text} in {took_s:.2f}s ".center(100, "=")


class Checks:
    """Runs the checks in order, whatever the earlier ones said."""

    def __init__(self, project: Path, environment: Path, *, fast: bool, extra: Sequence[str]) -> None:
        self._project = project
        self._environment = environment
        self._python = str(python_in(environment))
        self._fast = fast
        self._extra = list(extra)
        self._env = check_environment(os.environ)
        self._results: list[Result] = []
        self._summaries: list[str] = []

    def run(self) -> int:
        """Run everything; 0 if all of it passed."""
        self._step("ruff", [self._python, "-m", "ruff", "check", "."])
        self._step("mypy", [self._python, "-m", "mypy"])
        self._step("lint-imports", [str(tool_in(self._environment, "lint-imports")), "--no-logo"])
        if sys.platform == "linux" and (files := secret_service_files(self._project)):
            self._secret_service(self._extra or files)
        arguments = pytest_arguments(self._extra, fast=self._fast, secret_service=False)
        self._summaries += [self._step("pytest", [self._python, "-m", "pytest", *arguments])]
        self._print_results()
        return 0 if all(result.passed for result in self._results) else 1

    def _secret_service(self, chosen: Sequence[str]) -> None:
        """Run the tests that store real secrets, in a session of their own with an unlocked keyring."""
        name = "pytest, real Secret Service"
        if not (shutil.which("dbus-run-session") and shutil.which("gnome-keyring-daemon")):
            remark = "not run: needs dbus-run-session and gnome-keyring"
            self._results.append(Result(name, passed=True, took_s=0.0, remark=remark))
            return
        with tempfile.TemporaryDirectory(prefix="denticode-keyring-", ignore_cleanup_errors=True) as home:
            runtime = Path(home) / "run"
            runtime.mkdir(mode=0o700)
            places = {"HOME": home, "XDG_RUNTIME_DIR": str(runtime), "XDG_DATA_HOME": f"{home}/data"}
            env = places | {"DENTICODE_SECRET_SERVICE": "1"}
            arguments = pytest_arguments(chosen, fast=self._fast, secret_service=True)
            session = ["dbus-run-session", "--", "sh", "-c", UNLOCK_THEN_RUN, "sh"]
            command = [*session, self._python, "-m", "pytest", *arguments]
            self._summaries += [self._step(name, command, env=env, good=(0, NO_TESTS_COLLECTED))]

    def _step(
        self, name: str, command: Sequence[str], *, env: Mapping[str, str] | None = None, good: Sequence[int] = (0,)
    ) -> str:
        """Run one check, show what it says, and give the line in which it counts tests."""
        print(f"\n--- {name} ---", flush=True)
        began_s = time.monotonic()
        try:
            code, output = run_shown(command, env={**self._env, **(env or {})}, cwd=self._project)
        except OSError as error:
            code, output = -1, [f"{command[0]} could not be started: {error.strerror}"]
            print(output[0])
        line = summary_line(output)
        remark = (line or (output[-1] if output else "")).strip("= ")
        self._results.append(Result(name, code in good, time.monotonic() - began_s, remark))
        return line

    def _print_results(self) -> None:
        print("\n--- results ---")
        for result in self._results:
            verdict = "ok    " if result.passed else "FAILED"
            print(f"{verdict}  {result.name:<28} {clock_text(result.took_s):>6}  {result.remark[:80]}")
        print(combined_summary(self._summaries), flush=True)
