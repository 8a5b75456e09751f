"""Values that must not reach a log: names, birth dates, notes."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Phi(Generic[T]):
    """A value whose `str` and `repr` are masked; `reveal()` is the one way to read it, easy to find in a review."""

    _value: T

    def reveal(self) -> T:
        """The value itself: for the chart, the encrypted database and the person's own screen only."""
        return self._value

    def __repr__(self) -> str:
        return "Phi(…)"

    def __str__(self) -> str:
        return "…"
