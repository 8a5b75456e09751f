"""`doctor`: network hop by hop, clock, credential store, database, scheduler."""

import click

from denticode_desktop.domain.connection import Light
from denticode_desktop.domain.errors import SecretStoreError, StorageError, StorePlaceError
from denticode_desktop.services.doctor import DoctorCheck, DoctorReport, Finding
from denticode_desktop.services.doctor_closed import closed_report

from .exit_codes import CONNECTION_FAILED, DONE, NOT_INTACT, PERSON_NEEDED, YELLOW
from .output import as_json, say
from .session import Session, pass_session
from .words import words_of

SIGNS = {Finding.OK: "ok     ", Finding.WARNING: "warning", Finding.FAILED: "FAILED ", Finding.SKIPPED: "-      "}


@click.command()
@pass_session
def doctor(session: Session) -> None:
    """Examine this computer, this data folder and every connection, hop by hop."""
    show = (lambda check: None) if session.is_json else _show
    try:
        actor = session.actor()
    except (StorageError, SecretStoreError) as error:
        if isinstance(error, StorePlaceError) and error.kind == "missing":
            raise  # there is nothing to examine
        report = closed_report(error, *words_of(error), session.program.folder(session.data_dir).free_bytes)
        for check in report.checks:
            show(check)
    else:
        report = session.desk.doctor().run(actor, show)
    data_dir = session.program.folder(session.data_dir).data_dir
    session.emit(
        {"ok": exit_code(report) == DONE, "checks": as_json(report.checks), "data_dir": str(data_dir)},
        lambda: None,
        exit_code(report),
    )


def exit_code(report: DoctorReport) -> int:
    """The worst finding decides. A database that does not open for want of space or rights is not damaged."""
    if any(c.area == "database" and c.name == "integrity" and c.finding is Finding.FAILED for c in report.checks):
        return NOT_INTACT
    if report.has_failed("network", "clock"):
        return CONNECTION_FAILED
    if report.has_failed("credential_store", "disk", "scheduler", "database"):
        return PERSON_NEEDED
    return YELLOW if Light.YELLOW in report.lights else DONE


def _show(check: DoctorCheck) -> None:
    where = f"{check.area} {check.name}" + (f" ({check.connection})" if check.connection else "")
    say(f"{SIGNS[check.finding]}  {where}: {check.words}")
    if check.next_step:
        say(f"         {check.next_step}")
