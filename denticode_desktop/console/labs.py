"""`lab import / list / show / finalize / send / addendum`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from denticode_desktop.domain.access import Actor
from denticode_desktop.domain.errors import UserError
from denticode_desktop.domain.ids import ConnectionId, LabId
from denticode_desktop.services.outbox import SendResult

from .exit_codes import PERSON_NEEDED, USAGE
from .items import item_fields, show_items
from .lab_text import lab_fields, show_dangers, show_lab
from .output import as_json, note, say, table
from .sending import SETTLED, exit_code, items_of, run_here, sentence_for
from .session import Session, pass_session


@click.group()
def lab() -> None:
    """Lab sessions: what was finalized and what became of it."""


@lab.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@pass_session
def lab_import(session: Session, files: Sequence[Path]) -> None:
    """Import Lab FILEs; each one is taken whole or refused whole."""
    actor = session.actor()
    labs: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for path in files:
        try:
            result = session.desk.labs.import_file(actor, path)
        except UserError as error:
            errors.append({"file": path.name, "field": error.field, "sentence": error.sentence})
        else:
            labs.append(
                {"file": path.name, "lab_id": result.lab_id, "revision": result.revision, "status": result.status}
            )

    def show() -> None:
        for row in labs:
            say(f"{row['file']}: {row['status']}, Lab {row['lab_id']}, revision {row['revision']}.")
        for row in errors:
            where = f" ({row['field']})" if row["field"] else ""
            note(f"{row['file']}{where}: {row['sentence']}")

    answer: dict[str, Any] = {**(labs[0] if len(files) == 1 and labs else {}), "labs": labs}
    if errors:
        first = errors[0]
        answer = {
            "ok": False, "error": "usage", "field": first["field"], "sentence": first["sentence"],
            "next_step": "", "errors": errors, **answer,
        }  # fmt: skip
    session.emit(answer, show, USAGE if errors else 0)


@lab.command("list")
@click.argument("text", default="")
@pass_session
def lab_list(session: Session, text: str) -> None:
    """Show Labs, newest first; TEXT narrows them down."""
    found = session.desk.labs.list(session.actor(), text)

    def show() -> None:
        rows = [
            [s.lab_id, s.revision, s.visit_on, s.patient_name, s.provider_name, s.is_finalized, s.item_states]
            for s in found
        ]
        headings = ["lab", "revision", "visit", "patient", "provider", "finalized", "items"]
        table(headings, rows, empty="No Lab yet.")

    labs = [
        {
            "lab_id": s.lab_id,
            "revision": s.revision,
            "visit_on": s.visit_on.isoformat(),
            "patient_name": s.patient_name,
            "provider_name": s.provider_name,
            "is_finalized": s.is_finalized,
            "finalized_at": as_json(s.finalized_at),
            "is_requested": s.is_requested,
            "item_states": as_json(s.item_states),
        }
        for s in found
    ]
    session.emit({"labs": labs}, show)


@lab.command("show")
@click.argument("lab_id")
@pass_session
def lab_show(session: Session, lab_id: str) -> None:
    """Show one Lab: what it holds, where it went, what stands in the way."""
    view = session.desk.labs.show(session.actor(), LabId(lab_id))
    session.emit(lab_fields(view), lambda: show_lab(view))


@lab.command("finalize")
@click.argument("lab_id")
@pass_session
def lab_finalize(session: Session, lab_id: str) -> None:
    """Freeze the Lab's draft; nothing leaves before `lab send`."""
    result = session.desk.labs.finalize(session.actor(), LabId(lab_id))
    rows = [item_fields(view) for view in items_of(session, result.writeback_ids)]

    def show() -> None:
        say(f"Lab {lab_id} is finalized as revision {result.revision.revision}.")
        show_items(rows)
        for problem in result.problems:
            say(f"To settle before it can be sent: {problem.sentence}")
        show_dangers(result.dangers)

    session.emit(
        {
            "lab_id": lab_id,
            "revision": result.revision.revision,
            "content_sha256": result.revision.content_sha256,
            "writeback_id": result.writeback_ids[0] if result.writeback_ids else None,
            "writeback_ids": list(result.writeback_ids),
            "items": rows,
            "problems": as_json(result.problems),
            "dangers": as_json(result.dangers),
        },
        show,
    )


@lab.command("send")
@click.argument("lab_ids", nargs=-1, required=True)
@click.option("--connection", metavar="N", help="Name or id; may be left out when there is only one.")
@click.option("--timeout-s", type=click.FloatRange(min=0), metavar="S", help="Wait so many seconds at most.")
@pass_session
def lab_send(session: Session, lab_ids: Sequence[str], connection: str | None, timeout_s: float | None) -> None:
    """Send Labs to the PMS; ends when each item is proven, needs a person, or the PMS cannot be reached."""
    actor = session.actor()
    connection_id = session.desk.connect.find(connection).connection_id if connection else None
    sent, refused = _queue(session, actor, lab_ids, connection_id)
    writebacks = [result.writeback_id for _, result in sent]

    def is_settled() -> bool:
        return all(view.item.state in SETTLED for view in items_of(session, writebacks))

    ran = None if is_settled() else run_here(session, is_settled, timeout_s=timeout_s)
    views = items_of(session, writebacks)
    states = [view.item.state for view in views]
    labs: list[dict[str, Any]] = [
        {
            "lab_id": lab_id,
            "writeback_id": result.writeback_id,
            "connection_id": result.connection_id,
            "items": [item_fields(view) for view in views if view.item.writeback_id == result.writeback_id],
            "dangers": as_json(result.dangers),
        }
        for lab_id, result in sent
    ]
    words = sentence_for(states, ran)
    by_hand = session.desk.by_hand_of(writebacks)

    def show() -> None:
        for row in labs:
            show_items(row["items"])
        say(words)
        for _, result in sent:
            show_dangers(result.dangers)
        for line in by_hand:
            say(f"Chart by hand: {line}")
        for row in refused:
            say(f"Lab {row['lab_id']} was not sent: {row['sentence']}")

    code = PERSON_NEEDED if refused else exit_code(states, ran)
    single = labs[0] if len(labs) == 1 else {"items": [item_fields(view) for view in views]}
    answer = {**single, "labs": labs, "sentence": words, "by_hand": by_hand, "not_sent": refused}
    session.emit(answer, show, code)


def _queue(
    session: Session, actor: Actor, lab_ids: Sequence[str], connection_id: ConnectionId | None
) -> tuple[list[tuple[str, SendResult]], list[dict[str, str | None]]]:
    """What was queued, and what was not with its sentence: one Lab never keeps the others back.

    Raises UserError where nothing could be queued at all.
    """
    sent: list[tuple[str, SendResult]] = []
    refused: list[dict[str, str | None]] = []
    first: UserError | None = None
    for lab_id in lab_ids:
        try:
            sent.append((lab_id, session.desk.outbox.send(actor, LabId(lab_id), connection_id)))
        except UserError as error:
            first = first or error
            refused.append({"lab_id": lab_id, "field": error.field, "sentence": error.sentence})
    if first is not None and not sent:
        raise first
    return sent, refused


@lab.command("addendum")
@click.argument("lab_id")
@pass_session
def lab_addendum(session: Session, lab_id: str) -> None:
    """Begin an addendum: a new draft revision of a finalized Lab."""
    revision = session.desk.labs.addendum(session.actor(), LabId(lab_id))
    session.emit(
        {"lab_id": lab_id, "revision": revision.revision, "kind": revision.kind.value},
        lambda: say(
            f"Revision {revision.revision} of Lab {lab_id} is begun. Write it in the editor, then finalize it."
        ),
    )
