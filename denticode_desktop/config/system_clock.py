"""The real clock and real chance (ports.clock)."""

import secrets
import time
from datetime import UTC, datetime


class SystemClock:
    """The computer's clocks."""

    def utc_now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()


class SystemRandomness:
    """The operating system's generator."""

    def unit(self) -> float:
        """In [0, 1), 53 bits."""
        return secrets.randbits(53) / (1 << 53)

    def token_bytes(self, n: int) -> bytes:
        """Fit for keys."""
        return secrets.token_bytes(n)
