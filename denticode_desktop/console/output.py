"""What the console writes: with --json exactly one object on standard output, else sentences and aligned tables.

No colour codes at all, so that a pipe, a log and a screen reader get the same text. Text from outside is shown with
its control characters made visible.
"""

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any

import click

MAX_CELL_CHARS = 60
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00")


def as_json(value: Any) -> Any:
    """Turns dataclasses, enums, dates and sets into what JSON knows."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, Enum):
        value = value.value
    elif isinstance(value, datetime | date):
        value = value.isoformat()
    elif isinstance(value, Mapping):
        value = {str(as_json(key)): as_json(item) for key, item in value.items()}
    elif isinstance(value, list | tuple):
        value = [as_json(item) for item in value]
    elif isinstance(value, set | frozenset):
        value = sorted(as_json(item) for item in value)
    return value


def write_json(value: Mapping[str, object]) -> None:
    """One object on one line, flushed."""
    click.echo(json.dumps(as_json(value), ensure_ascii=False))


def plain(value: object) -> str:
    """One cell: `-` for nothing, no control or bidirectional characters, shortened."""
    value = as_json(value)
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        value = ", ".join(str(item) for item in value) or "-"
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        value = f"{datetime.fromisoformat(value).astimezone():%Y-%m-%d %H:%M}"
    text = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in str(value))
    return text if len(text) <= MAX_CELL_CHARS else f"{text[: MAX_CELL_CHARS - 1]}…"


def table(headings: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> None:
    """An aligned table, or the sentence for none."""
    if not rows:
        click.echo(empty)
        return
    cells = [[plain(cell) for cell in row] for row in rows]
    widths = [max(len(heading), *(len(row[i]) for row in cells)) for i, heading in enumerate(headings)]
    for line in [list(headings), ["-" * width for width in widths], *cells]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def say(text: str) -> None:
    """One line for a person; line breaks stay, other control characters become visible."""
    click.echo("".join(c if c.isprintable() or c == "\n" else f"\\u{ord(c):04x}" for c in text))


def note(text: str) -> None:
    """Progress, on standard error, so that standard output stays the result."""
    click.echo("".join(c if c.isprintable() else " " for c in text), err=True)
