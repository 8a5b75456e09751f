"""`sync`: pull patients, providers, appointments and the code list."""

import click

from denticode_desktop.domain.events import Event, SyncProgressed

from .exit_codes import DONE, YELLOW
from .output import note, say, table
from .session import Session, pass_session


@click.command()
@click.argument("connection", required=False)
@click.option("--full", is_flag=True, help="List everything again, not only what changed.")
@pass_session
def sync(session: Session, connection: str | None, full: bool) -> None:
    """Sync CONNECTION (name or id; may be left out when there is only one)."""
    actor = session.actor()
    found = session.desk.connect.find(connection)
    session.desk.listen(_show_progress)
    report = session.desk.sync.run(actor, found.connection_id, full=full, is_cancelled=lambda: False)

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
        YELLOW if report.skipped else DONE,
    )


def _show_progress(event: Event) -> None:
    if isinstance(event, SyncProgressed):
        total = f" of {event.total:,}" if event.total is not None else ""
        left = f", {event.left_s:.0f} s left" if event.left_s is not None else ""
        note(f"{event.kind}: {event.done:,}{total}{left}")
