"""The one byte form of an item's payload: what is stored, what is hashed, what an audit event vouches for.

Composer and store both go through here, so that `payload_sha256` is the SHA-256 of the very bytes in the database.
"""

import dataclasses
import hashlib
from datetime import date
from enum import Enum

from .lab import canonical_json
from .write_back import DocumentPayload, ItemKind, ItemPayload, NotePayload, ProcedurePayload

KIND_OF_PAYLOAD: dict[type, ItemKind] = {
    NotePayload: ItemKind.NOTE,
    ProcedurePayload: ItemKind.PROCEDURE,
    DocumentPayload: ItemKind.DOCUMENT,
}


def _plain(value: object) -> object:
    """A field as JSON holds it: dates as ISO text, enums by value."""
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value


def payload_bytes(payload: ItemPayload) -> bytes:
    """Canonical JSON (sorted keys, UTF-8) of every field, with the item's kind under `kind`."""
    fields = {f.name: _plain(getattr(payload, f.name)) for f in dataclasses.fields(payload)}
    return canonical_json({"kind": KIND_OF_PAYLOAD[type(payload)].value, **fields})


def payload_sha256(payload: ItemPayload) -> str:
    """SHA-256 (hex) over `payload_bytes`."""
    return hashlib.sha256(payload_bytes(payload)).hexdigest()
