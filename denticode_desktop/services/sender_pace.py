"""How fast one connection may be asked: back-off, Retry-After, streaks of unknown outcomes. In ticks, in memory."""

import math

from denticode_desktop.domain.retry import back_off_s
from denticode_desktop.domain.write_back import WaitingWhy
from denticode_desktop.ports.clock import Randomness

from .ticks import Ticks

LONG_WAIT_S = 24 * 3600
STREAK = 3


class Pace:
    """One connection's pace. Reset by one good read."""

    def __init__(self, ticks: Ticks, randomness: Randomness) -> None:
        self._ticks = ticks
        self._randomness = randomness
        self._failures = 0
        self._not_before = 0
        self.unknown_streak = 0
        self.fresh_token_tried = False
        self.why: WaitingWhy | None = None

    @property
    def is_open(self) -> bool:
        """Whether a request may leave now."""
        return self._ticks.count >= self._not_before

    @property
    def wait_ticks(self) -> int:
        """Ticks until the next try."""
        return max(0, self._not_before - self._ticks.count)

    def good_read(self) -> None:
        """A complete answer came."""
        self._failures = 0
        self._not_before = 0
        self.why = None

    def back_off(self, why: WaitingWhy, retry_after_s: float | None = None) -> int:
        """Waits longer each time, at least what the PMS asked for; returns the wait in ticks (at least one)."""
        wait_s = max(back_off_s(self._failures, self._randomness.unit()), retry_after_s or 0.0)
        self._failures += 1
        self.why = why
        ticks = max(1, math.ceil(wait_s))
        self._not_before = max(self._not_before, self._ticks.count + ticks)
        return ticks

    def try_now(self) -> None:
        """A person asked for it: the next turn may try, the back-off's length is kept. A Retry-After stays."""
        if self.why is not WaitingWhy.THROTTLED:
            self._not_before = 0
