"""Lab: a session's note, codes and documents; drafts change, a finalized revision never does."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from .charting import Procedure
from .ids import LabId, PatientId, ProviderId

MAX_NOTE_CHARS = 50_000
MAX_PROCEDURES = 200
MAX_DOCUMENTS = 20
MAX_DOCUMENT_BYTES = 10 * 1024 * 1024


class RevisionKind(StrEnum):
    """Why a revision exists."""

    ORIGINAL = "original"
    CHANGED = "changed"
    """The same Lab came again with other content: only what is new is written."""
    ADDENDUM = "addendum"


@dataclass(frozen=True, slots=True)
class Document:
    """A PDF that goes with a Lab. The bytes are stored beside it, keyed by their SHA-256 (hex)."""

    title: str
    file_name: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class LabContent:
    """All that is frozen when a Lab is finalized."""

    visit_on: date
    patient_id: PatientId
    provider_id: ProviderId | None
    note_text: str
    procedures: tuple[Procedure, ...] = ()
    documents: tuple[Document, ...] = ()
    template: str | None = None

    def __repr__(self) -> str:
        return "LabContent(…)"


@dataclass(frozen=True, slots=True)
class LabRevision:
    """One revision. `finalized_at` None = a draft; `content_sha256` is set when finalized."""

    lab_id: LabId
    revision: int
    kind: RevisionKind
    content: LabContent
    created_at: datetime
    external_id: str = ""
    source_sha256: str = ""
    """SHA-256 of the imported file's bytes, empty for one written here."""
    finalized_at: datetime | None = None
    finalized_by: str = ""
    content_sha256: str = ""


@dataclass(frozen=True, slots=True)
class FinalizeProblem:
    """Why a draft cannot be finalized yet. `field` is the path in the Lab, `sentence` whole."""

    field: str
    sentence: str
    is_blocking: bool = True


@dataclass(frozen=True, slots=True)
class FinalizePreview:
    """What finalizing and sending would add to the chart, with danger signs."""

    problems: tuple[FinalizeProblem, ...] = ()
    lines: tuple[str, ...] = field(default=())


def lab_id_for_external(external_id: str) -> LabId:
    """The same file is the same Lab on every workstation and after any restore, so that its marker is too."""
    digest = hashlib.sha256(b"lab1\x00" + external_id.encode()).digest()
    return LabId("L" + base64.b32encode(digest)[:15].decode().lower())


def lab_id_for_random(random_bytes: bytes) -> LabId:
    """An id for a Lab written here, from at least 16 random bytes."""
    return LabId("L" + base64.b32encode(hashlib.sha256(random_bytes).digest())[:15].decode().lower())


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical_json(value: object) -> bytes:
    """Sorted keys, no spaces, UTF-8: equal content gives equal bytes."""
    return _CANONICAL.encode(value).encode()


def content_sha256(content: LabContent) -> str:
    """SHA-256 (hex) over all frozen fields."""
    value = {
        "visit_on": content.visit_on.isoformat(),
        "patient_id": content.patient_id,
        "provider_id": content.provider_id,
        "note": content.note_text,
        "template": content.template,
        "procedures": [
            [
                p.code, p.tooth, p.surfaces, p.quadrant.value if p.quadrant else None, p.status.value, p.fee_cents,
                p.service_on.isoformat() if p.service_on else None,
            ]
            for p in content.procedures
        ],
        "documents": [[d.title, d.file_name, d.sha256, d.size_bytes] for d in content.documents],
    }  # fmt: skip
    return hashlib.sha256(canonical_json(value)).hexdigest()
