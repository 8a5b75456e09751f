"""The two set-up commands: `demo` shows the program at work, `test` checks it.

Both make the project's own Python environment first, so a machine needs Python and nothing else. This file keeps to
syntax that old Pythons can read, because it is what tells their owner which Python to install.
"""

import sys
from pathlib import Path

OLDEST = (3, 11)
TOO_NEW = (3, 14)
PROJECT = Path(__file__).resolve().parent.parent


def python_complaint(version, platform):  # type: (tuple[int, ...], str) -> str | None
    """Say what is wrong with this Python and what to install; None if it will do."""
    if OLDEST <= version[:2] < TOO_NEW:
        return None
    found = ".".join(str(part) for part in version[:3])
    if platform == "win32":
        hint = "run `winget install Python.Python.3.13`, then start again with `py -3.13`"
    elif platform == "darwin":
        hint = "run `brew install python@3.13`, then start again with `python3.13`"
    else:
        hint = "run `apt install python3.13 python3.13-venv` (3.11 and 3.12 will do), then start again with that Python"
    return f"Denticode Desktop needs Python 3.11, 3.12 or 3.13 and this is {found}: {hint}."


def main():  # type: () -> int
    """Refuse a Python that will not do; hand everything else to the modules beside this file."""
    complaint = python_complaint(tuple(sys.version_info[:3]), sys.platform)
    if complaint is not None:
        sys.stderr.write(complaint + "\n")
        return 2
    sys.path.insert(0, str(PROJECT))
    from installer.commands import run  # noqa: PLC0415 - an old Python must get to its sentence before reading this

    return run(sys.argv[1:], PROJECT)


if __name__ == "__main__":
    sys.exit(main())
