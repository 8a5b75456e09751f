"""`audit list / export / verify`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from denticode_desktop.domain.errors import UserError
from denticode_desktop.ports.views import AuditFilter

from .exit_codes import NOT_INTACT
from .output import as_json, say, table
from .session import Session, pass_session

FORMATS = ("csv", "jsonl", "pdf")


@click.group()
def audit() -> None:
    """Who did what to which record, when."""


def _filter_options(command: Any) -> Any:
    for option in (
        click.option("--since", metavar="DATE", help="Date or time, UTC, such as 2026-11-01."),
        click.option("--until", metavar="DATE"),
        click.option("--kind", "kinds", multiple=True, help="Such as send.intent; may be given several times."),
        click.option("--by", "by_user", metavar="USER"),
        click.option("--text", default="", help="Part of kind, user, reason, Lab or record id."),
    ):
        command = option(command)
    return command


@audit.command("list")
@_filter_options
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@pass_session
def audit_list(session: Session, /, limit: int, **options: Any) -> None:
    """Show events, newest first."""
    events = session.desk.audit.page(session.actor(), _filters(options), None, limit)

    def show() -> None:
        rows = [
            [
                e.seq,
                e.at,
                e.draft.kind,
                e.draft.actor,
                e.draft.outcome,
                e.draft.item_id,
                e.draft.remote_id,
                e.draft.reason,
            ]
            for e in events
        ]
        headings = ["seq", "at", "kind", "by", "outcome", "item", "record", "reason"]
        table(headings, rows, empty="No event fits.")

    rows = [{**as_json(e.draft), "seq": e.seq, "at": as_json(e.at), "hash": e.hash} for e in events]
    session.emit({"events": rows}, show)


@audit.command("export")
@click.option("--format", "fmt", required=True, type=click.Choice(FORMATS))
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
@_filter_options
@pass_session
def audit_export(session: Session, /, fmt: str, out: Path, **options: Any) -> None:
    """Write events to FILE; the export itself is an event."""
    if fmt == "pdf":
        raise UserError("The console cannot write a PDF of the audit log yet. Choose csv or jsonl.", field="format")
    count = session.desk.audit.export(session.actor(), fmt, out, _filters(options))
    session.emit({"file": str(out), "format": fmt, "events": count}, lambda: say(f"{count} events are in {out}."))


@audit.command("verify")
@pass_session
def audit_verify(session: Session) -> None:
    """Recompute the whole chain and compare it with the anchor in the credential store."""
    result = session.desk.audit.verify(session.actor())

    def show() -> None:
        if result.ok:
            say(f"The audit log is whole: {result.events} events, head {result.head}.")
        else:
            say(f"The audit log is NOT whole. First bad event: {result.bad_seq}. {result.why}")

    session.emit(as_json(result), show, 0 if result.ok else NOT_INTACT)


def _filters(options: dict[str, Any]) -> AuditFilter:
    return AuditFilter(
        since=_moment(options["since"], "since"),
        until=_moment(options["until"], "until"),
        actor=options["by_user"],
        kinds=tuple(options["kinds"]),
        text=options["text"],
    )


def _moment(text: str | None, field: str) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UserError(f"--{field} is no date or time. Write it as 2026-11-01.", field=field) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
