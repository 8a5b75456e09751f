"""Steps that are run and told one after the other: the self-test and the demo in the terminal."""

from collections.abc import Callable, Sequence
from pathlib import Path

from denticode_desktop.domain.errors import DenticodeError

from .output import note, say
from .words import words_of

Step = tuple[str, Callable[[], str]]
"""Its name, and what it does; what it returns is told."""


def run_steps(steps: Sequence[Step], out: Path | None = None, *, stops_at_failure: bool = False) -> int:
    """Runs all steps; 0 when none failed. `out`: also writes the lines to a file, for a program without a terminal.

    What is not one of our own errors is raised: it must be seen.
    """
    lines: list[str] = []
    failed = 0
    for name, action in steps:
        try:
            line = f"ok      {name}: {action()}"
        except DenticodeError as error:
            failed += 1
            line = f"FAILED  {name}: {' '.join(words_of(error)).strip()}"
        lines.append(line)
        say(line)
        if failed and stops_at_failure:
            break
    if out is not None:
        out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if failed:
        note(f"{failed} of {len(steps)} steps failed.")
    return 1 if failed else 0
