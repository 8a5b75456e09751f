"""What `demo` and `test` do, once it is clear that this Python will do."""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from installer import environment, system_packages
from installer.checks import Checks, secret_service_files
from installer.processes import StoppedError, stop_signals
from installer.progress import SetupError, Steps, tail

PACKAGE_STEP = 1


def parse(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """Read the command line; what `test` does not know is pytest's."""
    parser = argparse.ArgumentParser(prog="bootstrap.py", description=__doc__, allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="{demo,test}")
    demo = commands.add_parser("demo", help="show the program at work with a simulated PMS", allow_abbrev=False)
    demo.add_argument("--headless", action="store_true", help="in the terminal, even if there is a screen")
    demo.add_argument("--keep", action="store_true", help="keep the demo's data folder and say where it is")
    test = commands.add_parser("test", help="run all that CI runs; other arguments go to pytest", allow_abbrev=False)
    test.add_argument("--fast", action="store_true", help="leave out tests marked slow")
    options, extra = parser.parse_known_args(arguments)
    if extra and options.command != "test":
        parser.error(f"unknown: {' '.join(extra)}")
    return options, extra


def demo_command(python: Path, *, window: bool, data_folder: Path | None) -> list[str]:
    """Give the command that shows the demo."""
    command = [str(python), "-m", "denticode_desktop", "--demo"]
    if data_folder is not None:
        command += ["--data-dir", str(data_folder)]
    return command if window else [*command, "--no-window"]


def prepare(project: Path, folder: Path, packages: Sequence[str]) -> None:
    """Make the machine and the environment ready; quick and quiet if they are. Raises SetupError."""
    ready = environment.is_ready(folder, environment.expected_stamp(project))
    missing = system_packages.find_missing(packages)
    if not ready:
        missing += system_packages.find_missing_for_venv()
    if ready and not missing:
        return
    steps = Steps((PACKAGE_STEP if missing else 0) + (0 if ready else environment.STEPS - 1))
    if missing:
        steps.start(f"Installing from Debian: {' '.join(missing)}")
        system_packages.install(missing, project=project, on_tick=partial(steps.still, "apt-get is at work"))
        steps.clear()
    if not ready:
        environment.make(project, folder, steps)


def run_demo(project: Path, folder: Path, options: argparse.Namespace) -> int:
    """Show the program at work; its exit code is ours."""
    window = system_packages.has_screen(sys.platform, os.environ) and not options.headless
    needed = system_packages.packages_for_demo(os.environ, window=window)
    prepare(project, folder, needed if sys.platform == "linux" else ())
    data_folder = Path(tempfile.mkdtemp(prefix="denticode-demo-")) if options.keep else None
    if data_folder is not None:
        print(f"The demo's data stays in {data_folder}", flush=True)
    command = demo_command(environment.python_in(folder), window=window, data_folder=data_folder)
    if sys.platform == "win32":
        return subprocess.call(command, cwd=project)
    else:  # noqa: RET505 - the type checker tells the systems apart by the branch
        # The program takes this process over: the terminal's keys, signals and the exit code are its own.
        os.chdir(project)
        return os.execv(command[0], command)  # noqa: S606


def run_test(project: Path, folder: Path, options: argparse.Namespace, extra: Sequence[str]) -> int:
    """Run all checks; 0 if all passed."""
    needed = system_packages.packages_for_test(secret_service=bool(secret_service_files(project)))
    prepare(project, folder, needed if sys.platform == "linux" else ())
    return Checks(project, folder, fast=options.fast, extra=extra).run()


def run(arguments: Sequence[str], project: Path) -> int:
    """Do what the command line asks; every failure of set-up is one sentence."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # tools draw boxes; a plain terminal must not stop a check
    options, extra = parse(arguments)
    folder = environment.environment_folder(project, os.environ)
    try:
        with stop_signals():
            if options.command == "demo":
                return run_demo(project, folder, options)
            return run_test(project, folder, options, extra)
    except SetupError as error:
        _show(error)
        return 1
    except StoppedError as stop:
        print("\nStopped. Start again when you like: what is half-made is made anew.", file=sys.stderr)
        return stop.exit_code


def _show(error: SetupError) -> None:
    if error.log is not None:
        print(f"\nThe last lines of {error.log}:\n{tail(error.log)}\n", file=sys.stderr)
    print(error.sentence, file=sys.stderr, flush=True)
