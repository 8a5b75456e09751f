"""The project's own virtual environment: made whole or made again, never trusted half-made.

The folder holds `setup.lock` (an OS lock: two set-ups wait for each other) and `setup-stamp.json`, written last.
A stamp that matches the lock file, the Python and the project's metadata means there is nothing to do.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from installer.processes import run_logged
from installer.progress import SetupError, Steps, tail

LOCK_FILE = "setup.lock"
STAMP_FILE = "setup-stamp.json"
LOG_FILE = "setup.log"
REQUIREMENTS = Path("installer") / "requirements.lock"
STEPS = 4

# What pip writes about a failure, and what a person should hear. First match wins.
NO_NETWORK = "There is no network, or a proxy is needed (HTTPS_PROXY): connect and start again."
FAILURES = (
    ("No space left on device", "The disk is full: set-up needs about 1 GB free."),
    ("CERTIFICATE_VERIFY_FAILED", "The package index's certificate was refused: name your proxy's root in PIP_CERT."),
    ("ProxyError", "The proxy refused the connection: check HTTPS_PROXY and start again."),
    ("Failed to establish a new connection", NO_NETWORK),
    ("Temporary failure in name resolution", NO_NETWORK),
    ("Read timed out", "The network is too slow or was cut: start again, what was downloaded is kept."),
    ("No matching distribution found", "A pinned package has no build for this system, or there is no network."),
)


@dataclass(frozen=True)
class Stamp:
    """What an environment was made from."""

    python: str
    project: str
    requirements: str
    metadata: str


def python_in(environment: Path, platform: str = sys.platform) -> Path:
    """Give the environment's interpreter."""
    return environment / "Scripts" / "python.exe" if platform == "win32" else environment / "bin" / "python"


def tool_in(environment: Path, name: str, platform: str = sys.platform) -> Path:
    """Give a command that a package put into the environment."""
    return environment / "Scripts" / f"{name}.exe" if platform == "win32" else environment / "bin" / name


def environment_folder(project: Path, env: Mapping[str, str]) -> Path:
    """Give the folder: `.venv` in the project, or $DENTICODE_VENV."""
    chosen = env.get("DENTICODE_VENV")
    return Path(chosen).expanduser().absolute() if chosen else project / ".venv"


def expected_stamp(project: Path, python: str = sys.version) -> Stamp:
    """Work out what the environment should have been made from."""
    metadata = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    build = [metadata.get("project"), metadata.get("build-system"), metadata.get("tool", {}).get("setuptools")]
    return Stamp(
        python=python,
        project=str(project),
        requirements=hashlib.sha256((project / REQUIREMENTS).read_bytes()).hexdigest(),
        metadata=hashlib.sha256(json.dumps(build).encode()).hexdigest(),
    )


def read_stamp(environment: Path) -> Stamp | None:
    """Read the stamp; None if there is none or it cannot be understood."""
    try:
        return Stamp(**json.loads((environment / STAMP_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_stamp(environment: Path, stamp: Stamp) -> None:
    """Write the stamp in one move, so that a cut leaves the old one or none."""
    fresh = environment / f"{STAMP_FILE}.new"
    fresh.write_text(json.dumps(asdict(stamp)), encoding="utf-8")
    fresh.replace(environment / STAMP_FILE)


def is_ready(environment: Path, expected: Stamp) -> bool:
    """Tell whether the environment can be used as it is."""
    return read_stamp(environment) == expected and python_in(environment).exists()


def empty(environment: Path) -> None:
    """Remove an environment's content but for the lock, the stamp first. Raises SetupError if it is in use."""
    (environment / STAMP_FILE).unlink(missing_ok=True)
    try:
        for entry in environment.iterdir():
            if entry.name == LOCK_FILE:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
    except PermissionError as error:
        raise SetupError(f"{environment} is in use: close Denticode Desktop and start again.") from error


def refuse_foreign_folder(environment: Path) -> None:
    """Raise SetupError for a folder with content that set-up did not make: it would be emptied."""
    if environment.is_dir() and any(environment.iterdir()) and not (environment / LOCK_FILE).exists():
        remedy = "move it away, or name another folder in DENTICODE_VENV"
        raise SetupError(f"{environment} was not made by set-up and is left alone: {remedy}.")


@contextlib.contextmanager
def locked(environment: Path, on_wait: Callable[[], None]) -> Iterator[int]:
    """Hold the folder's lock and give its descriptor; a dead holder's lock is free by itself."""
    environment.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(environment / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while not _try_lock(descriptor):
            on_wait()
            time.sleep(0.5)
        yield descriptor
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - Windows only

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - POSIX only

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def explain_failure(log_text: str, fallback: str) -> str:
    """Turn pip's words into one sentence for a person."""
    return next((sentence for sign, sentence in FAILURES if sign in log_text), fallback)


def pip_progress(log_text: str) -> str:
    """Say how far pip is, from its log."""
    if "\nInstalling collected packages" in log_text:
        return "writing the packages to disk"
    collected = log_text.count("\nCollecting ")
    return f"{collected} packages found" if collected else "asking for packages"


def pip_environment(env: Mapping[str, str]) -> dict[str, str]:
    """Give the variables for pip: the person's proxy and index settings stay, what would redirect the install goes."""
    unwanted = {"PYTHONPATH", "PYTHONHOME", "__PYVENV_LAUNCHER__", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV"}
    kept = {name: value for name, value in env.items() if name not in unwanted}
    return kept | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_USER": "0", "PYTHONUTF8": "1"}


def make(project: Path, environment: Path, steps: Steps) -> None:
    """Bring the environment to what the project asks for; only the last act makes it count as ready."""
    refuse_foreign_folder(environment)
    with locked(environment, lambda: steps.still("another set-up is at work in this folder; waiting for it")) as lock:
        expected = expected_stamp(project)
        found = read_stamp(environment)
        if is_ready(environment, expected):
            return
        builder = _Builder(project, environment, steps, lock)
        if found is None or (found.python, found.project, found.requirements) != (
            expected.python,
            expected.project,
            expected.requirements,
        ):
            builder.make_from_nothing()
        (environment / STAMP_FILE).unlink(missing_ok=True)
        builder.install_project()
        write_stamp(environment, expected)


class _Builder:
    """The steps of making an environment, sharing its log and lock."""

    def __init__(self, project: Path, environment: Path, steps: Steps, lock: int) -> None:
        self._project = project
        self._environment = environment
        self._steps = steps
        self._lock = lock
        self._log = environment / LOG_FILE
        self._python = str(python_in(environment))

    def make_from_nothing(self) -> None:
        self._steps.start(f"Making a Python environment in {self._environment}")
        empty(self._environment)
        self._run("The Python environment could not be made.", sys.executable, "-m", "venv", str(self._environment))
        self._steps.start("Installing the pinned packages (about 150 MB to download the first time)")
        pip = (self._python, "-m", "pip", "install", "--progress-bar", "off")
        wheels = ("--no-deps", "--only-binary", ":all:", "-r", str(self._project / REQUIREMENTS))
        self._run("The pinned packages could not be installed.", *pip, *wheels)

    def install_project(self) -> None:
        self._steps.start("Installing Denticode Desktop itself")
        failed = "The project itself could not be installed."
        pip = (self._python, "-m", "pip")
        self._run(failed, *pip, "install", "--no-deps", "--no-build-isolation", "-e", str(self._project))
        self._run("The pinned packages do not fit together on this system.", *pip, "check")

    def _run(self, fallback: str, *command: str) -> None:
        """Run one command with its output in the log. The child holds the lock too: it may outlive a killed set-up."""
        code = run_logged(
            command,
            env=pip_environment(os.environ),
            cwd=self._project,
            log=self._log,
            on_tick=lambda: self._steps.still(pip_progress(self._log.read_text(encoding="utf-8", errors="replace"))),
            keep_open=(self._lock,),
        )
        self._steps.clear()
        if code != 0:
            raise SetupError(explain_failure(tail(self._log, 80), fallback), self._log)
