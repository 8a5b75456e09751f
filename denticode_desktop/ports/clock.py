"""Clock and Randomness: passed in, so that tests decide."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Time. Nothing in a chart depends on it: settling counts ticks, marks come from the PMS."""

    def utc_now(self) -> datetime:
        """Aware UTC. May jump."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that never go back; may stand still during sleep."""
        ...


class Randomness(Protocol):
    """Chance."""

    def unit(self) -> float:
        """In [0, 1)."""
        ...

    def token_bytes(self, n: int) -> bytes:
        """`n` bytes fit for keys."""
        ...
