"""How single values are kept: times, dates, flags, sets."""

import json
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime


def to_time(value: datetime) -> str:
    """Aware time -> fixed-width UTC text, so that text order is time order. Raises ValueError for a naive one."""
    if value.tzinfo is None:
        raise ValueError("a stored time needs a zone")
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def to_time_or_none(value: datetime | None) -> str | None:
    """`to_time`, or None."""
    return None if value is None else to_time(value)


def from_time(text: str) -> datetime:
    """Aware UTC."""
    return datetime.fromisoformat(text)


def from_time_or_none(text: str | None) -> datetime | None:
    """`from_time`, or None."""
    return None if text is None else datetime.fromisoformat(text)


def to_date_or_none(value: date | None) -> str | None:
    """ISO text, or None."""
    return None if value is None else value.isoformat()


def from_date_or_none(text: str | None) -> date | None:
    """A date, or None."""
    return None if text is None else date.fromisoformat(text)


def to_list(values: Iterable[str]) -> str:
    """JSON list in the given order."""
    return json.dumps(list(values), ensure_ascii=False, separators=(",", ":"))


def to_set(values: AbstractSet[str]) -> str:
    """JSON list, sorted."""
    return to_list(sorted(values))


def from_list(text: str) -> list[str]:
    """The strings of a JSON list."""
    return [str(value) for value in json.loads(text)] if text != "[]" else []


def folded(text: str) -> str:
    """For comparing without case."""
    return " ".join(text.casefold().split())
