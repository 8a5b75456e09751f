"""LabIntake: an imported file becomes a draft of its Lab, in the caller's write unit.

The same `external_id` is the same Lab. The same file again changes nothing, also after a person edited the draft that
it made; another file updates a draft that nobody edited, or starts a CHANGED revision after finalization.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from denticode_desktop.domain.errors import UserError
from denticode_desktop.domain.ids import LabId
from denticode_desktop.domain.lab import (
    Document,
    LabContent,
    LabRevision,
    RevisionKind,
    canonical_json,
    content_sha256,
    lab_id_for_external,
)
from denticode_desktop.domain.lab_import import LabImport
from denticode_desktop.ports.unit_of_work import UnitOfWork

from .named_ids import NamedRecords, remember
from .patient_of_lab import patient_of_lab

NEW, UNCHANGED, CHANGED = "new", "unchanged", "changed"


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import came to. `status`: `new`, `unchanged` or `changed`. `file_names`: documents read beside it."""

    lab_id: LabId
    revision: int
    status: str
    file_names: tuple[str, ...] = ()


def take_in(uow: UnitOfWork, lab: LabImport, at: datetime) -> tuple[ImportResult, LabRevision]:
    """Stores what is new in the file.

    Raises UserError where an addendum of the Lab is being written, or a person has edited the draft.
    """
    lab_id = lab_id_for_external(lab.external_id)
    revisions = uow.labs.revisions(lab_id) if uow.labs.find(lab_id) is not None else ()
    source, files = source_sha256(lab), tuple(document.file_name for document in lab.documents)
    latest = revisions[-1] if revisions else None
    base = next((r for r in reversed(revisions) if r.kind is not RevisionKind.ADDENDUM), None)
    if latest is not None and base is not None and base.source_sha256 == source:
        return ImportResult(lab_id, latest.revision, UNCHANGED, files), latest
    content = _content(uow, lab)
    remember(uow, lab_id, NamedRecords(lab.pms_patient_id, lab.pms_provider_id))
    stored, status = _store(uow, lab, content, source, latest, base, at)
    return ImportResult(lab_id, stored.revision, status, files), stored


def note_edited(uow: UnitOfWork, lab_id: LabId, revision: int) -> None:
    """A person changed the draft: a later file does not overwrite it."""
    uow.practice.set_setting(_edited_key(lab_id), str(revision))


def _edited_key(lab_id: LabId) -> str:
    return f"lab-edited-{lab_id}"


def source_sha256(lab: LabImport) -> str:
    """SHA-256 (hex) of all that a file brought: its own bytes and, where there are any, its documents'."""
    if not lab.documents:
        return lab.source_sha256
    return hashlib.sha256(canonical_json([lab.source_sha256, *(_sha256(d.data) for d in lab.documents)])).hexdigest()


def _store(
    uow: UnitOfWork,
    lab: LabImport,
    content: LabContent,
    source: str,
    latest: LabRevision | None,
    base: LabRevision | None,
    at: datetime,
) -> tuple[LabRevision, str]:
    lab_id = lab_id_for_external(lab.external_id)
    if latest is None or base is None:
        return _add(uow, lab, RevisionKind.ORIGINAL, content, source, at), NEW
    if content_sha256(content) == content_sha256(base.content):
        return latest, UNCHANGED
    if latest.finalized_at is not None:
        return _add(uow, lab, RevisionKind.CHANGED, content, source, at), CHANGED
    if latest.kind is RevisionKind.ADDENDUM:
        raise UserError(
            "An addendum to this Lab is being written. Finalize it, then import the changed file again.",
            field="external_id",
        )
    if _is_as_frozen(uow, latest, content):
        uow.labs.discard_draft(lab_id, latest.revision)
        return uow.labs.revision(lab_id), CHANGED
    if uow.practice.setting(_edited_key(lab_id)) == str(latest.revision):
        raise UserError(
            "The draft of this Lab was edited here after it was imported, so the changed file was not taken over. "
            "Finalize the draft, then import the file again: it becomes a new revision.",
            field="external_id",
        )
    uow.labs.update_draft(lab_id, latest.revision, content, source)
    return uow.labs.revision(lab_id), CHANGED  # fmt: skip


def _add(
    uow: UnitOfWork, lab: LabImport, kind: RevisionKind, content: LabContent, source: str, at: datetime
) -> LabRevision:
    return uow.labs.add_revision(
        lab_id_for_external(lab.external_id), kind, content,
        external_id=lab.external_id, source_sha256=source, created_at=at,
    )  # fmt: skip


def _is_as_frozen(uow: UnitOfWork, draft: LabRevision, content: LabContent) -> bool:
    """Whether a changed file was changed back to what is finalized: there is nothing left to write."""
    if draft.kind is not RevisionKind.CHANGED:
        return False
    frozen = [r for r in uow.labs.revisions(draft.lab_id) if r.finalized_at and r.kind is not RevisionKind.ADDENDUM]
    return bool(frozen) and content_sha256(frozen[-1].content) == content_sha256(content)


def _content(uow: UnitOfWork, lab: LabImport) -> LabContent:
    documents = []
    for document in lab.documents:
        digest = _sha256(document.data)
        uow.labs.put_blob(digest, document.data)
        documents.append(Document(document.title, document.file_name, digest, len(document.data)))
    return LabContent(
        visit_on=lab.visit_on, patient_id=patient_of_lab(uow, lab),
        provider_id=uow.people.find_or_add_provider(lab.provider_name, lab.provider_npi),
        note_text=lab.note_text, procedures=lab.procedures, documents=tuple(documents), template=lab.template,
    )  # fmt: skip


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
