"""How one Lab is written: as scripts read it and as text for a person who may read notes."""

from collections.abc import Sequence
from typing import Any

from denticode_desktop.domain.lab import FinalizeProblem
from denticode_desktop.services.lab_views import LabView, RevisionView

from .items import item_fields, show_items
from .output import as_json, say


def lab_fields(view: LabView) -> dict[str, Any]:
    """The Lab with its revisions, write-backs and items; `items` are those of the latest revision."""
    latest = view.revisions[-1]
    return {
        "lab_id": view.lab_id,
        "external_id": view.external_id,
        "revision": latest.revision,
        "is_finalized": latest.finalized_at is not None,
        "patient": {
            "local_patient_id": view.patient.patient_id,
            "name": view.patient.person.display_name,
            "date_of_birth": as_json(view.patient.person.date_of_birth),
        },
        "provider_name": view.provider_name,
        "writeback_id": next((w.writeback.writeback_id for w in latest.write_backs), None),
        "items": [item_fields(item) for write_back in latest.write_backs for item in write_back.items],
        "revisions": [_revision_fields(revision) for revision in view.revisions],
        "links": as_json(view.links),
        "problems": as_json(view.problems),
    }


def _revision_fields(revision: RevisionView) -> dict[str, Any]:
    return {
        "revision": revision.revision,
        "kind": revision.kind.value,
        "created_at": as_json(revision.created_at),
        "finalized_at": as_json(revision.finalized_at),
        "finalized_by": revision.finalized_by,
        "content": as_json(revision.content),
        "writebacks": [
            {
                "writeback_id": found.writeback.writeback_id,
                "connection": found.connection_name,
                "state": found.state.value,
                "by_hand": list(found.writeback.by_hand),
                "items": [item_fields(item) for item in found.items],
            }
            for found in revision.write_backs
        ],
    }


def show_lab(view: LabView) -> None:
    """Head, content where the role may read it, items, problems."""
    person = view.patient.person
    born = f", born {person.date_of_birth}" if person.date_of_birth else ""
    say(f"Lab {view.lab_id} of {person.display_name}{born}; provider {view.provider_name or '-'}.")
    for link in view.links:
        say(f"{link.connection_name}: {f'chart {link.pms_patient_id}' if link.pms_patient_id else 'not matched yet'}.")
    for revision in view.revisions:
        _show_revision(revision)
    for problem in view.problems:
        say(f"{'Must be settled' if problem.is_blocking else 'Look at this'} ({problem.field}): {problem.sentence}")


def show_dangers(problems: Sequence[FinalizeProblem]) -> None:
    """What a person should see, though nothing is in the way."""
    for problem in problems:
        say(f"Look at this ({problem.field}): {problem.sentence}")


def _show_revision(revision: RevisionView) -> None:
    ended = f"finalized by {revision.finalized_by}" if revision.finalized_at else "a draft"
    say(f"\nRevision {revision.revision} ({revision.kind.value}), {ended}.")
    content = revision.content
    if content is not None:
        say(f"Visit on {content.visit_on}.\n")
        say(content.note_text)
        for line in content.procedures:
            place = " ".join(part for part in (line.tooth, line.surfaces, line.quadrant) if part)
            say(f"  {line.code} {place}".rstrip() + f", {line.status.value.replace('_', ' ')}")
        for document in content.documents:
            say(f"  {document.file_name}: {document.title}")
    for found in revision.write_backs:
        say(f"\n{found.connection_name}: {found.state.value}.")
        show_items([item_fields(item) for item in found.items])
        for words in found.writeback.by_hand:
            say(f"By hand: {words}")
