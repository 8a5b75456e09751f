"""The Debian packages that Qt, the checks and Python's own venv need, and how they get onto the machine."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from installer.processes import run_logged
from installer.progress import SetupError

# Measured on Debian 12 with PySide6-Essentials: what its libraries and its platform plug-ins load at run time.
OFFSCREEN = (
    "libglib2.0-0",
    "libdbus-1-3",
    "libgl1",
    "libegl1",
    "libxkbcommon0",
    "libfontconfig1",
    "fonts-dejavu-core",
)
X11 = (
    "libxkbcommon-x11-0",
    "libxcb-cursor0",
    "libxcb-icccm4",
    "libxcb-image0",
    "libxcb-keysyms1",
    "libxcb-randr0",
    "libxcb-render-util0",
    "libxcb-shape0",
    "libxcb-xkb1",
)
WAYLAND = ("libwayland-client0", "libwayland-cursor0", "libwayland-egl1")
SECRET_SERVICE = ("gnome-keyring", "dbus")


def has_screen(platform: str, env: Mapping[str, str]) -> bool:
    """Tell whether a window could be shown here."""
    return platform in {"win32", "darwin"} or bool(env.get("DISPLAY") or env.get("WAYLAND_DISPLAY"))


def packages_for_demo(env: Mapping[str, str], *, window: bool) -> tuple[str, ...]:
    """Name what the demo needs; the terminal version loads no Qt and needs nothing."""
    if not window:
        return ()
    return OFFSCREEN + X11 + (WAYLAND if env.get("WAYLAND_DISPLAY") else ())


def packages_for_test(*, secret_service: bool) -> tuple[str, ...]:
    """Name what the checks need: Qt without a screen, and a real Secret Service if a test asks for one."""
    return OFFSCREEN + (SECRET_SERVICE if secret_service else ())


def packages_for_venv(executable: str, version: Sequence[int], *, has_ensurepip: bool) -> tuple[str, ...]:
    """Name what Debian split off from its own Python; a Python from elsewhere brings it along."""
    if has_ensurepip or not executable.startswith("/usr/bin/"):
        return ()
    return (f"python{version[0]}.{version[1]}-venv",)


def installed_names(dpkg_output: str) -> set[str]:
    """Read `status<TAB>name<TAB>provides` lines: names that are installed or provided by what is.

    Newer releases rename libraries (libglib2.0-0 became libglib2.0-0t64) and keep the old name as a provided one.
    """
    names: set[str] = set()
    for line in dpkg_output.splitlines():
        status, _, rest = line.partition("\t")
        if not status.startswith("ii"):
            continue
        package, _, provides = rest.partition("\t")
        names.add(package)
        names.update(part.split("(")[0].strip() for part in provides.split(",") if part.strip())
    return names


def missing_packages(wanted: Iterable[str], installed: set[str]) -> list[str]:
    """Keep the order of the list, leave out what is there."""
    return [name for name in wanted if name not in installed]


def apt_line(packages: Sequence[str]) -> str:
    """Give the line an administrator can paste."""
    return f"apt-get update && apt-get install -y --no-install-recommends {' '.join(packages)}"


def no_root_sentence(packages: Sequence[str]) -> str:
    """Say what to do when packages are missing and this user may not install them."""
    count = "one Debian package is" if len(packages) == 1 else f"{len(packages)} Debian packages are"
    return f"{count} missing and only an administrator can add them; first run: sudo sh -c '{apt_line(packages)}'"


def privilege_prefix(*, is_root: bool, sudo_works: Callable[[], bool]) -> tuple[str, ...] | None:
    """Give what to put before apt-get; None if this user cannot install packages without being asked for a password."""
    if is_root:
        return ()
    return ("sudo", "-n") if sudo_works() else None


def find_missing(wanted: Sequence[str]) -> list[str]:
    """Ask dpkg what is missing; nothing on a system that has no dpkg."""
    if not wanted or not (shutil.which("dpkg-query") and shutil.which("apt-get")):
        return []
    query = ["dpkg-query", "--show", "--showformat=${db:Status-Abbrev}\t${Package}\t${Provides}\n"]
    answer = subprocess.run(query, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    return missing_packages(wanted, installed_names(answer.stdout))


def find_missing_for_venv() -> list[str]:
    """Name the venv package if this Python cannot make an environment; refuse if no package would help."""
    has_ensurepip = importlib.util.find_spec("ensurepip") is not None and importlib.util.find_spec("venv") is not None
    wanted = packages_for_venv(sys.executable, tuple(sys.version_info[:2]), has_ensurepip=has_ensurepip)
    if not has_ensurepip and not (wanted and shutil.which("apt-get")):
        raise SetupError(f"{sys.executable} lacks venv or ensurepip: install a complete Python and start again.")
    return list(wanted)


def install(packages: Sequence[str], *, project: Path, on_tick: Callable[[], None]) -> None:
    """Install Debian packages without asking anything. Raises SetupError with the line to run by hand."""
    prefix = privilege_prefix(is_root=_is_root(), sudo_works=_sudo_works)
    if prefix is None:
        raise SetupError(_capitalized(no_root_sentence(packages)))
    options = ["-q", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"]
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", *options]

    descriptor, name = tempfile.mkstemp(prefix="denticode-apt-", suffix=".log")
    os.close(descriptor)
    log = Path(name)

    def run(*arguments: str) -> int:
        return run_logged([*apt, *arguments], env=os.environ, cwd=project, log=log, on_tick=on_tick)

    run("update")  # a broken third-party source fails it though Debian's own lists are fresh: the next line decides
    if run("install", "-y", "--no-install-recommends", *packages) != 0:
        raise SetupError(f"Debian packages could not be installed; run this and start again: {apt_line(packages)}", log)
    log.unlink()


def _is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


def _sudo_works() -> bool:
    if shutil.which("sudo") is None:
        return False
    answer = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False, stdin=subprocess.DEVNULL)
    return answer.returncode == 0


def _capitalized(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]
