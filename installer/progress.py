"""What a person sees while set-up runs: numbered steps with the time they took, and one sentence when it stops."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

LOG_TAIL_LINES = 15


class SetupError(Exception):
    """Set-up cannot go on. The text is the one sentence a person needs; the log, if any, has the details."""

    def __init__(self, sentence: str, log: Path | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.log = log


def clock_text(seconds: float) -> str:
    """Write a duration as m:ss."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"


def tail(log: Path, lines: int = LOG_TAIL_LINES) -> str:
    """Give the last lines of a log that another program writes, whatever its encoding."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


class Steps:
    """Prints `[n/m] title` for each step; a terminal also gets a line that is rewritten while the step runs."""

    def __init__(self, total: int, out: TextIO | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._total = total
        self._out = out or sys.stdout
        self._now = now
        self._started_s = now()
        self._reported_s = float("-inf")  # whatever comes before the first step is shown at once
        self._number = 0
        self._rewritable = self._out.isatty()

    def start(self, title: str) -> None:
        """Begin the next step."""
        self._number += 1
        self._reported_s = self._now()
        self._line(f"[{self._number}/{self._total}] {title}  ({self._elapsed()})")

    def still(self, doing: str) -> None:
        """Show that the step is alive: at once on a terminal, every 20 s in a log."""
        if self._rewritable:
            self._out.write(f"\r      {doing}  ({self._elapsed()})\x1b[K")
            self._out.flush()
        elif self._now() - self._reported_s >= 20.0:
            self._reported_s = self._now()
            self._line(f"      {doing}  ({self._elapsed()})")

    def clear(self) -> None:
        """Take the rewritten line away before anything else is printed."""
        if self._rewritable:
            self._out.write("\r\x1b[K")
            self._out.flush()

    def _elapsed(self) -> str:
        return clock_text(self._now() - self._started_s)

    def _line(self, text: str) -> None:
        self._out.write(text + "\n")
        self._out.flush()
