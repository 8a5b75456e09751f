"""`sync`: pull patients, providers, appointments and the code list."""

import click

from denticode_desktop.domain.errors import DenticodeError, UserError
from denticode_desktop.domain.events import Event, SyncFinished, SyncProgressed
from denticode_desktop.services.sync_report import SyncReport

from .exit_codes import DONE, QUEUED, YELLOW
from .output import note, say, table
from .session import Session, pass_session
from .stopping import stop_asked
from .words import ToldError


@click.command()
@click.argument("connection", required=False)
@click.option("--full", is_flag=True, help="List everything again, not only what changed.")
@pass_session
def sync(session: Session, connection: str | None, full: bool) -> None:
    """Sync CONNECTION (name or id; may be left out when there is only one). Ctrl+C stops it; what was read is kept."""
    report = _run(session, connection, full=full)

    def show() -> None:
        rows = [[kind.value, c.seen, c.added, c.changed, c.gone] for kind, c in report.kinds.items()]
        table(["kind", "seen", "added", "changed", "gone"], rows, empty="Nothing was read.")
        for skipped in report.skipped:
            say(skipped.sentence)
        say(f"{report.sentence} ({report.duration_s:.1f} s)")

    session.emit(
        {
            "connection_id": report.connection_id,
            "outcome": report.outcome,
            "kinds": {
                kind.value: {"seen": c.seen, "added": c.added, "changed": c.changed, "gone": c.gone}
                for kind, c in report.kinds.items()
            },
            "skipped": [{"kind": s.kind.value, "permission": s.permission} for s in report.skipped],
            "duration_s": round(report.duration_s, 3),
            "resumed": report.resumed,
            "calls": report.calls,
            "sentence": report.sentence,
        },
        show,
        _exit_code(report),
    )


def _run(session: Session, connection: str | None, *, full: bool) -> SyncReport:
    """Raises ToldError with what the engine said about its failure."""
    actor = session.actor()
    found = session.desk.connect.find(connection)
    ends: list[SyncFinished] = []

    def hear(event: Event) -> None:
        _show_progress(event)
        if isinstance(event, SyncFinished):
            ends.append(event)

    session.desk.listen(hear)
    try:
        with stop_asked() as stopped:
            return session.desk.sync.run(actor, found.connection_id, full=full, is_cancelled=stopped.is_set)
    except UserError:
        raise
    except DenticodeError as error:
        if not ends:
            raise
        raise ToldError(error, ends[-1].sentence, field=ends[-1].blamed_list or None) from error


def _exit_code(report: SyncReport) -> int:
    """A stopped sync is not done, and nothing is wrong: what is left waits for the next run, as in a queue."""
    if report.outcome == "cancelled":
        return QUEUED
    return YELLOW if report.skipped else DONE


def _show_progress(event: Event) -> None:
    if isinstance(event, SyncProgressed):
        total = f" of {event.total:,}" if event.total is not None else ""
        left = f", {event.left_s:.0f} s left" if event.left_s is not None else ""
        note(f"{event.kind}: {event.done:,}{total}{left}")
