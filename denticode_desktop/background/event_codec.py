"""Events as JSON lines between the engine process and the window: one object a line, its name under `event`."""

import json
from collections.abc import Mapping
from dataclasses import fields
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from denticode_desktop.domain.events import Event

_NAME = "event"


def _plain_types(hint: Any) -> tuple[type, ...]:
    """What JSON may hold for a field: `float | None` -> (int, float, NoneType)."""
    if get_origin(hint) in (Union, UnionType):
        return tuple(kind for part in get_args(hint) for kind in _plain_types(part))
    plain = getattr(hint, "__supertype__", hint)
    return (int, float) if plain is float else (plain,)


EVENTS: Mapping[str, type[Event]] = {kind.__name__: kind for kind in get_args(Event)}
_SHAPES = {
    name: {field.name: _plain_types(get_type_hints(kind)[field.name]) for field in fields(kind)}
    for name, kind in EVENTS.items()
}


def encode(event: Event) -> bytes:
    """One line with its line end; characters outside ASCII are escaped, so that no pipe can spoil them."""
    body = {_NAME: type(event).__name__, **{field.name: getattr(event, field.name) for field in fields(event)}}
    return json.dumps(body, allow_nan=False).encode("ascii") + b"\n"


def decode(line: bytes) -> Event:
    """The event of a line. Raises ValueError for anything that `encode` would not write."""
    body = json.loads(line)
    if not isinstance(body, dict) or body.get(_NAME) not in EVENTS:
        raise ValueError("not an event")
    name = body.pop(_NAME)
    shape = _SHAPES[name]
    if body.keys() != shape.keys():
        raise ValueError(f"{name} has other fields")
    for field_name, value in body.items():
        # bool is an int in Python, not on this wire
        if type(value) not in shape[field_name]:
            raise ValueError(f"{name}.{field_name} has the wrong type")
    return EVENTS[name](**body)
