"""`doctor`: network hop by hop, clock, credential store, database, scheduler."""

import click

from denticode_desktop.domain.connection import Light
from denticode_desktop.services.doctor import DoctorCheck, DoctorReport, Finding

from .exit_codes import CONNECTION_FAILED, DONE, NOT_INTACT, PERSON_NEEDED, YELLOW
from .output import as_json, say
from .session import Session, pass_session

SIGNS = {Finding.OK: "ok     ", Finding.WARNING: "warning", Finding.FAILED: "FAILED ", Finding.SKIPPED: "-      "}


@click.command()
@pass_session
def doctor(session: Session) -> None:
    """Examine this computer, this data folder and every connection, hop by hop."""
    actor = session.actor()
    report = session.desk.doctor().run(actor, (lambda check: None) if session.is_json else _show)
    session.emit(
        {"ok": exit_code(report) == DONE, "checks": as_json(report.checks), "data_dir": str(session.desk.data_dir)},
        lambda: None,
        exit_code(report),
    )


def exit_code(report: DoctorReport) -> int:
    """The worst finding decides."""
    if report.has_failed("database"):
        return NOT_INTACT
    if report.has_failed("network", "clock"):
        return CONNECTION_FAILED
    if report.has_failed("credential_store", "disk", "scheduler"):
        return PERSON_NEEDED
    return YELLOW if Light.YELLOW in report.lights else DONE


def _show(check: DoctorCheck) -> None:
    where = f"{check.area} {check.name}" + (f" ({check.connection})" if check.connection else "")
    say(f"{SIGNS[check.finding]}  {where}: {check.words}")
    if check.next_step:
        say(f"         {check.next_step}")
