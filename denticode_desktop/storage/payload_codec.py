"""Typed values kept as canonical JSON: item payloads, a Lab's lines and documents, a connection's last report."""

from collections.abc import Sequence

import msgspec

from denticode_desktop.domain.charting import Procedure
from denticode_desktop.domain.connection import ConnectionReport
from denticode_desktop.domain.errors import BugError, StorageError
from denticode_desktop.domain.lab import Document
from denticode_desktop.domain.payload import KIND_OF_PAYLOAD, payload_bytes, payload_sha256
from denticode_desktop.domain.write_back import DocumentPayload, ItemKind, ItemPayload, NotePayload, ProcedurePayload

_note = msgspec.json.Decoder(NotePayload)
_procedure = msgspec.json.Decoder(ProcedurePayload)
_document = msgspec.json.Decoder(DocumentPayload)
_procedures = msgspec.json.Decoder(tuple[Procedure, ...])
_documents = msgspec.json.Decoder(tuple[Document, ...])
_report = msgspec.json.Decoder(ConnectionReport)
_encoder = msgspec.json.Encoder(order="deterministic")


def encode_payload(kind: ItemKind, payload: ItemPayload, sha256: str) -> str:
    """The text to store. Raises BugError when kind or hash are not those of the payload."""
    if KIND_OF_PAYLOAD[type(payload)] is not kind:
        raise BugError("an item's kind is not that of its payload")
    if payload_sha256(payload) != sha256:
        raise BugError("an item's payload_sha256 is not that of its payload (domain.payload)")
    return payload_bytes(payload).decode()


def decode_payload(kind: ItemKind, text: str) -> ItemPayload:
    """The payload as it was finalized. Raises StorageError (`damaged`)."""
    try:
        if kind is ItemKind.NOTE:
            return _note.decode(text)
        if kind is ItemKind.PROCEDURE:
            return _procedure.decode(text)
        return _document.decode(text)
    except msgspec.MsgspecError as error:
        raise StorageError("damaged") from error


def encode_lines(lines: Sequence[Procedure] | Sequence[Document]) -> str:
    """Lines or documents of a Lab, in their order."""
    return _encoder.encode(lines).decode()


def decode_procedures(text: str) -> tuple[Procedure, ...]:
    """A Lab's lines."""
    return _procedures.decode(text)


def decode_documents(text: str) -> tuple[Document, ...]:
    """A Lab's documents."""
    return _documents.decode(text)


def encode_report(report: ConnectionReport) -> str:
    """A connection's last test."""
    return _encoder.encode(report).decode()


def decode_report(text: str | None) -> ConnectionReport | None:
    """A connection's last test, or None before the first."""
    return None if text is None else _report.decode(text)
