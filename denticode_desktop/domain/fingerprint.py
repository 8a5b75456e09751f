"""Fingerprint: the fields that identify a record that carries no marker.

The same function is applied to a finalized payload and, by an adapter, to what a look found.
"""

import hashlib
from datetime import date

from .charting import ProcedureStatus, Quadrant, sorted_surfaces
from .ids import PmsCodeId, PmsProviderId
from .lab import canonical_json
from .marker import text_sha256
from .write_back import DocumentPayload, ItemPayload, NotePayload, ProcedurePayload


def _digest(parts: list[str | int | None]) -> str:
    return hashlib.sha256(canonical_json(parts)).hexdigest()


def procedure_fingerprint(
    *,
    code_id: PmsCodeId,
    tooth: str | None,
    surfaces: str | None,
    quadrant: Quadrant | None,
    status: ProcedureStatus,
    service_on: date,
    pms_provider_id: PmsProviderId | None,
    fee_cents: int | None,
) -> str:
    """SHA-256 (hex) of a procedure's identity. An adapter passes None for what its PMS neither takes nor gives back."""
    return _digest([
        "procedure", code_id, tooth or None, sorted_surfaces(surfaces) if surfaces else None,
        quadrant.value if quadrant else None, status.value, service_on.isoformat(), pms_provider_id, fee_cents,
    ])  # fmt: skip


def note_fingerprint(text: str) -> str:
    """SHA-256 (hex) of the canonical text."""
    return text_sha256(text)


def document_fingerprint(sha256: str, title: str) -> str:
    """SHA-256 (hex) over the file's own hash and its title."""
    return _digest(["document", sha256, title])


def fingerprint_of(payload: ItemPayload) -> str:
    """The full fingerprint of a payload; adapters whose PMS keeps fewer fields declare their own rule."""
    if isinstance(payload, NotePayload):
        return note_fingerprint(payload.text)
    if isinstance(payload, DocumentPayload):
        return document_fingerprint(payload.sha256, payload.title)
    assert isinstance(payload, ProcedurePayload)
    return procedure_fingerprint(
        code_id=payload.code_id, tooth=payload.tooth, surfaces=payload.surfaces, quadrant=payload.quadrant,
        status=payload.status, service_on=payload.service_on, pms_provider_id=payload.pms_provider_id,
        fee_cents=payload.fee_cents,
    )  # fmt: skip
