"""Ticks: the time that settling is measured in.

A tick is one turn of an awake process, about a second. Settling counts ticks and never subtracts clocks, so that a
clock jump, sleep or a restart can only lengthen it (write-back-protocol.md section 8).
"""

import math
from dataclasses import dataclass
from datetime import datetime

from denticode_desktop.domain.ids import ItemId
from denticode_desktop.ports.clock import Clock

TICK_S = 1.0
LATE_S = 5.0
"""A tick that is later than this means that the process slept: settling starts anew."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant by both clocks: the monotonic one may stand still during sleep, the time of day may be set."""

    monotonic_s: float
    at: datetime

    @classmethod
    def now(cls, clock: Clock) -> "Moment":
        """Both clocks read together."""
        return cls(clock.monotonic_s(), clock.utc_now())

    def age_s(self, clock: Clock) -> float:
        """Seconds since then by the clock that says more; infinite where the time of day was set back meanwhile."""
        utc_gap_s = (clock.utc_now() - self.at).total_seconds()
        if utc_gap_s < -LATE_S:
            return math.inf
        return max(clock.monotonic_s() - self.monotonic_s, utc_gap_s)


class Ticks:
    """Counts ticks and resumes. One thread calls `tick`; any thread reads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: tuple[float, datetime] | None = None
        self.count = 0
        self.resumes = 0

    def tick(self) -> None:
        """One turn. Both clocks are compared, since some monotonic clocks stand still during sleep."""
        now = (self._clock.monotonic_s(), self._clock.utc_now())
        if self._last is not None:
            monotonic_gap_s = now[0] - self._last[0]
            utc_gap_s = (now[1] - self._last[1]).total_seconds()
            if max(monotonic_gap_s, utc_gap_s) > TICK_S + LATE_S or utc_gap_s < -LATE_S:
                self.resumes += 1
        self._last = now
        self.count += 1


@dataclass(slots=True)
class _Running:
    started: int
    resumes: int
    needed: int
    extra: int

    @property
    def whole(self) -> int:
        return self.needed + self.extra


class Settling:
    """Which items are settling. Never stored: a new process starts every settle anew."""

    def __init__(self, ticks: Ticks) -> None:
        self._ticks = ticks
        self._running: dict[ItemId, _Running] = {}

    def begin(self, item_id: ItemId, needed_ticks: int, extra_ticks: int = 0) -> None:
        """Starts, or starts again, a settle of that many ticks; `extra_ticks` is what a Retry-After adds to it."""
        self._running[item_id] = _Running(self._ticks.count, self._ticks.resumes, needed_ticks, extra_ticks)

    def ensure(self, item_id: ItemId, needed_ticks: int) -> None:
        """Starts a settle unless one runs; a longer need lengthens the one that runs."""
        running = self._running.get(item_id)
        if running is None:
            self.begin(item_id, needed_ticks)
        else:
            running.needed = max(running.needed, needed_ticks)

    def is_over(self, item_id: ItemId) -> bool:
        """Whether a whole settle has passed in this process without a sleep in it."""
        running = self._running.get(item_id)
        if running is None:
            return False
        if running.resumes != self._ticks.resumes:
            self.begin(item_id, running.needed, running.extra)
            return False
        return self._ticks.count - running.started >= running.whole

    def elapsed(self, item_id: ItemId) -> int:
        """Ticks since it began (0 when none runs)."""
        running = self._running.get(item_id)
        return 0 if running is None else self._ticks.count - running.started

    def left(self, item_id: ItemId) -> int:
        """Ticks still to go."""
        running = self._running.get(item_id)
        return 0 if running is None else max(0, running.whole - (self._ticks.count - running.started))

    def forget(self, item_id: ItemId) -> None:
        """The item is no longer ambiguous."""
        self._running.pop(item_id, None)
