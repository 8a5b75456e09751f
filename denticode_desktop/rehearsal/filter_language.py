"""The PMS's filter language: conditions joined by commas, dotted paths, eight operators.

Source of fact: contract section 3.3 (`==`, `!=`, `>`, `<`, `>=`, `<=`, `~=` text match, `->[a,b]` in list; comma
= AND). Whether `~=` means contains or starts with is not known; here it means contains, without case.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

DATETIME_FIELDS = frozenset(
    {"lastModified", "start", "end", "datedAs", "serviceDate", "treatmentPlannedDate", "entryDate", "created"}
)
_NAME = r"[A-Za-z][A-Za-z0-9]*"
_CONDITION = re.compile(rf"(?P<path>{_NAME}(?:\.{_NAME})*)(?P<op>==|!=|>=|<=|~=|->|>|<)(?P<value>.*)", re.DOTALL)


class FilterError(Exception):
    """The filter is refused; `source` is the part that is wrong."""

    def __init__(self, description: str, source: str) -> None:
        super().__init__(description)
        self.description = description
        self.source = source


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison; `values` holds more than one value for `->` only."""

    path: str
    operator: str
    values: tuple[str, ...]

    def holds(self, record: Mapping[str, Any]) -> bool:
        """Tell whether a record meets the condition; a missing field meets only `!=`."""
        found = _follow(record, self.path)
        if found is None:
            return self.operator == "!="
        if self.operator == "~=":
            return self.values[0].casefold() in str(found).casefold()
        if self.operator == "->":
            return any(_compare(self.path, found, value) == 0 for value in self.values)
        order = _compare(self.path, found, self.values[0])
        return {
            "==": order == 0,
            "!=": order != 0,
            ">": order > 0,
            "<": order < 0,
            ">=": order >= 0,
            "<=": order <= 0,
        }[self.operator]

    @property
    def moment_ms(self) -> int:
        """Return the value as milliseconds since 1970; only for a date-time field."""
        return to_ms(parse_moment(self.values[0]))


def parse_filter(text: str, known_paths: Collection[str]) -> tuple[Condition, ...]:
    """Parse a filter that is already percent-decoded; an empty text has no conditions.

    Raises: FilterError for a syntax error, an unknown field, or a value that cannot be compared with the field.
    """
    if not text.strip():
        return ()
    return tuple(_parse_condition(part.strip(), known_paths) for part in _split(text))


def _split(text: str) -> list[str]:
    """Split at commas that are not inside brackets."""
    parts, depth, current = [], 0, ""
    for character in text:
        if character == "," and depth == 0:
            parts.append(current)
            current = ""
            continue
        depth += {"[": 1, "]": -1}.get(character, 0)
        if depth not in (0, 1):
            raise FilterError("brackets do not match", text)
        current += character
    if depth:
        raise FilterError("a bracket is not closed", text)
    return [*parts, current]


def _parse_condition(part: str, known_paths: Collection[str]) -> Condition:
    match = _CONDITION.fullmatch(part)
    if match is None:
        raise FilterError("not a condition", part)
    path, operator, raw = match["path"], match["op"], match["value"].strip()
    if path not in known_paths:
        raise FilterError("unknown field", path)
    if operator == "->":
        if not (raw.startswith("[") and raw.endswith("]")):
            raise FilterError("-> wants a list in brackets", part)
        values = tuple(item.strip() for item in raw[1:-1].split(",") if item.strip())
    else:
        values = (raw,)
    if not values or not values[0]:
        raise FilterError("a value is missing", path)
    if path in DATETIME_FIELDS and operator != "~=":
        for value in values:
            parse_moment(value)
    return Condition(path, operator, values)


def parse_moment(text: str) -> datetime:
    """Parse ISO 8601, with or without milliseconds, `Z`, or a time.

    Raises: FilterError when it is no date or date-time.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise FilterError("not an ISO 8601 date-time", text) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def to_ms(moment: datetime) -> int:
    """Return whole milliseconds since 1970."""
    return round(moment.timestamp() * 1000)


def _follow(record: Mapping[str, Any], path: str) -> object:
    found: Any = record
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    result: object = found
    return result


def _compare(path: str, found: object, value: str) -> int:
    """Compare a record's value with a filter's: -1, 0 or 1."""
    left: Any
    right: Any
    if path in DATETIME_FIELDS:
        left, right = parse_moment(str(found)), parse_moment(value)
    elif isinstance(found, bool):
        left, right = str(found).lower(), value.lower()
    elif _is_integer(str(found)) and _is_integer(value):
        left, right = int(str(found)), int(value)
    else:
        left, right = str(found), value
    return int(left > right) - int(left < right)


def _is_integer(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20
