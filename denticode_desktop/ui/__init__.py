"""The window: widgets over services and read models; no rule of its own. The only package that imports PySide6."""

import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .program import Program

__all__ = ["open_once", "run_window"]


def run_window(program: "Program") -> int:
    """Shows the window until it is closed; the exit code. PySide6 is imported here and not before."""
    gc.disable()  # nothing of what is loaded goes away again: collecting in between only delays the first paint
    from .run import run  # noqa: PLC0415 - the console works without PySide6

    return run(program)


def open_once(version: str) -> str:
    """Builds the main window unseen and closes it again; one sentence for the self-test."""
    from .run import build_unseen  # noqa: PLC0415 - see above

    return build_unseen(version)
