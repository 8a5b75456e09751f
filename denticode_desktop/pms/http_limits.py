"""Limits on what comes back: decoded size, nesting, duplicate members, numbers that are none.

Source of the figures: field-notes/reliability-security.md sections 1.5 and 3.3 (httpx hands over a gzip bomb whole).
"""

import json
import math
import re
import zlib
from collections.abc import Iterable

from denticode_desktop.domain.errors import PmsProtocolError

MAX_JSON_BYTES = 10 * 1024 * 1024
MAX_DEPTH = 64
MAX_INT_DIGITS = 40

_NOT_BRACKETS = bytes(sorted(set(range(256)) - set(b"[]{}")))
_AS_SQUARE = bytes.maketrans(b"{}", b"[]")
"""Of one shape, so that a round of peeling takes one level and not one of each."""
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_GZIP_WINDOW_BITS = 31


def read_limited(chunks: Iterable[bytes], encoding: str, limit_bytes: int) -> bytes:
    """The decoded body, never holding more than `limit_bytes` (+ one chunk) at a time.

    Raises: PmsProtocolError `too_large`, or `bad_encoding` for anything but identity and gzip, or for damaged gzip.
    """
    decoder = _decoder(encoding)
    parts: list[bytes] = []
    left = limit_bytes
    for raw in chunks:
        part = raw
        if decoder is not None:
            try:
                part = decoder.decompress(raw, left + 1)
            except zlib.error as error:
                raise PmsProtocolError("bad_encoding") from error
        left -= len(part)
        if left < 0 or (decoder is not None and decoder.unconsumed_tail):
            raise PmsProtocolError("too_large")
        parts.append(part)
    if decoder is not None and parts and not decoder.eof:
        raise PmsProtocolError("bad_encoding")
    return b"".join(parts)


def _decoder(encoding: str) -> "zlib._Decompress | None":
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return None
    if name in ("gzip", "x-gzip"):
        return zlib.decompressobj(_GZIP_WINDOW_BITS)
    raise PmsProtocolError("bad_encoding")


def check_depth(body: bytes) -> None:
    """Refuses nesting over 64 levels. Exact, and about 1 ms per megabyte of ordinary records.

    Raises: PmsProtocolError `too_deep`.
    """
    # Brackets inside strings can hide or feign nesting, so the quick look counts only where strings have none.
    brackets = body.translate(_AS_SQUARE, _NOT_BRACKETS)
    if not _closes_within(brackets, MAX_DEPTH) and _depth(_STRING.sub(b"", body)) > MAX_DEPTH:
        raise PmsProtocolError("too_deep")


def _closes_within(brackets: bytes, rounds: int) -> bool:
    """Whether peeling innermost pairs empties the text: each round takes one level off."""
    for _ in range(rounds):
        if not brackets:
            return True
        brackets = brackets.replace(b"[]", b"")
    return not brackets


def _depth(body: bytes) -> int:
    depth = deepest = 0
    for byte in body.translate(None, _NOT_BRACKETS):
        depth += 1 if byte in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def parse_strict(body: bytes) -> object:
    """JSON without duplicate members, NaN, infinities or absurd integers; for answers on which a decision hangs.

    Raises: PmsProtocolError `not_json`, `too_deep`, `duplicate_member`, `bad_number`.
    """
    if _depth(_STRING.sub(b"", body)) > MAX_DEPTH:
        raise PmsProtocolError("too_deep")
    try:
        return json.loads(
            body.decode("utf-8-sig"),
            object_pairs_hook=_members,
            parse_constant=_refuse_constant,
            parse_int=_integer,
            parse_float=_number,
        )
    except RecursionError as error:
        raise PmsProtocolError("too_deep") from error
    except ValueError as error:  # JSONDecodeError and UnicodeDecodeError are ValueErrors
        raise PmsProtocolError("not_json") from error


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise PmsProtocolError("duplicate_member")
    return members


def _refuse_constant(_name: str) -> object:
    raise PmsProtocolError("bad_number")


def _integer(digits: str) -> int:
    if len(digits) > MAX_INT_DIGITS:
        raise PmsProtocolError("bad_number")
    return int(digits)


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise PmsProtocolError("bad_number")
    return value
