"""Bytes of a file -> plain JSON values, bounded, or one sentence.

The standard reader lets a key stand twice, takes NaN and half a character, and gives up at no set depth. A file that
names a patient twice must not be read either way, so these are refused here, before any field is looked at.
"""

import json
import re
from typing import NoReturn

from denticode_desktop.domain.errors import UnfinishedFileError, UserError

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]

MAX_DEPTH = 8
"""`denticode.lab/1` itself needs 3."""

AGAIN = "Correct the file and import it again."

_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_json(data: bytes) -> JsonValue:
    """The value in UTF-8 `data`, with or without a byte order mark.

    Raises UnfinishedFileError for broken JSON, UserError for anything else: other encodings, a key that stands twice,
    NaN, numbers of absurd length, half characters, more than MAX_DEPTH levels.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"The file is not UTF-8 text. {AGAIN}", field="file") from None
    _check_depth(text)
    try:
        value: JsonValue = json.loads(text, object_pairs_hook=_unique_object, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise UnfinishedFileError(f"The file is not whole JSON. {AGAIN}", field="file") from None
    _check_strings(value, "")
    return value


def shown_key(key: str) -> str:
    """A key fit for a sentence: as it stands where it looks like a field's name, else masked."""
    return key if _PLAIN_KEY.fullmatch(key) else "(unreadable name)"


def _check_depth(text: str) -> None:
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(text):
        if found[0] in "[{":
            depth += 1
        elif found[0] in "]}":
            depth -= 1
        if depth > MAX_DEPTH:
            raise UserError(f"The file nests more than {MAX_DEPTH} levels deep. {AGAIN}", field="file")


def _unique_object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    for key, value in pairs:
        if key in found:
            name = shown_key(key)
            raise UserError(f"The file has the field {name} twice in one place. {AGAIN}", field=name)
        found[key] = value
    return found


def _refuse_constant(_: str) -> NoReturn:
    raise UserError(f"The file holds a number that is not one (NaN or Infinity). {AGAIN}", field="file")


def _check_strings(value: JsonValue, path: str) -> None:
    if isinstance(value, str):
        if _SURROGATE.search(value):
            raise UserError(f"The field {path or 'file'} holds half a character. {AGAIN}", field=path or "file")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            _check_strings(part, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key, part in value.items():
            name = f"{path}.{shown_key(key)}" if path else shown_key(key)
            _check_strings(part, name)
