"""A clock and chance that the test decides."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


class FakeClock:
    """Both clocks, moved together by `advance`."""

    def __init__(self, start: datetime = START) -> None:
        self._utc = start
        self._monotonic_s = 1_000.0

    def utc_now(self) -> datetime:
        """Aware UTC."""
        return self._utc

    def monotonic_s(self) -> float:
        """Seconds."""
        return self._monotonic_s

    def advance(self, seconds: float) -> None:
        """Time goes by."""
        self._utc += timedelta(seconds=seconds)
        self._monotonic_s += seconds

    def sleep(self, seconds: float) -> None:
        """The computer sleeps: on Linux the monotonic clock stands still meanwhile."""
        self._utc += timedelta(seconds=seconds)


class FakeRandomness:
    """The same chance every time, unless told otherwise."""

    def __init__(self, unit: float = 0.5) -> None:
        self.next_unit = unit
        self._n = 0

    def unit(self) -> float:
        """In [0, 1)."""
        return self.next_unit

    def token_bytes(self, n: int) -> bytes:
        """Different at each call, the same in each run."""
        self._n += 1
        return (self._n.to_bytes(4, "big") * (n // 4 + 1))[:n]
