"""`pms list` and `connection add/list/test/disconnect/reconnect`."""

from typing import Any

import click

from denticode_desktop.domain.connection import (
    Check,
    CheckOutcome,
    Connection,
    ConnectionReport,
    Environment,
    Light,
)
from denticode_desktop.domain.ids import ConnectionId, PmsKey, PmsLocationId, PmsProviderId
from denticode_desktop.ports.pms import ConnectionSecrets, PmsProfile
from denticode_desktop.services.connection_rules import NewConnection

from .exit_codes import CONNECTION_FAILED, DONE, YELLOW
from .output import as_json, note, say, table
from .session import Session, pass_session

SIGNS = {
    CheckOutcome.OK: "ok",
    CheckOutcome.MISSING: "missing",
    CheckOutcome.FAILED: "FAILED",
    CheckOutcome.NOT_CONFIRMED: "not yet confirmed",
    CheckOutcome.SKIPPED: "skipped",
}
_EXIT = {Light.GREEN: DONE, Light.YELLOW: YELLOW, Light.FAILED: CONNECTION_FAILED}


@click.group()
def pms() -> None:
    """Practice-management systems."""


@pms.command("list")
@pass_session
def pms_list(session: Session) -> None:
    """Show every PMS, what it can do through which route, and whether it can be connected yet."""
    profiles = session.program.profiles()
    session.emit(
        {"pms": [_profile(p) for p in profiles]},
        lambda: table(
            ["key", "name", "availability", "route"],
            [[p.pms_key, p.title, p.availability, p.route] for p in profiles],
            empty="No PMS.",
        ),
    )


def _profile(profile: PmsProfile) -> dict[str, Any]:
    return {
        "key": profile.pms_key,
        "title": profile.title,
        "availability": profile.availability,
        "route": profile.route,
        "summary": profile.summary,
        "confidence": profile.confidence,
        "capabilities": as_json(profile.capabilities),
        "permissions": as_json(profile.permissions),
        "hosts": as_json(profile.hosts),
        "fields": as_json(profile.fields),
    }


@click.group()
def connection() -> None:
    """Connections of the practice to its PMSs."""


@connection.command("add")
@click.option("--pms", "pms_key", required=True, metavar="KEY", help="One of `pms list`.")
@click.option("--name", required=True, help="A telling name, such as Main Street - Dentrix Ascend.")
@click.option("--environment", required=True, type=click.Choice([e.value for e in Environment]))
@click.option("--host", metavar="URL", help="The vendor's own is the default; needed for a rehearsal.")
@click.option("--organization-id", default="")
@click.option("--client-id", default="")
@click.option("--default-provider", metavar="ID", help="PMS provider for Labs whose provider is not matched.")
@click.option("--location", metavar="ID", help="PMS location, where the practice has several.")
@click.option("--settle-s", type=int, metavar="S", help="Settle time in seconds; the PMS's own is the minimum.")
@click.option("--no-marker", is_flag=True, help="Leave the Denticode reference line out of notes.")
@click.option(
    "--complete-procedures", is_flag=True, help="Send completed procedures as completed (posts to the ledger)."
)
@pass_session
def connection_add(session: Session, /, pms_key: str, environment: str, **options: Any) -> None:
    """Test a new connection and keep it unless the test fails."""
    actor = session.actor()
    new = NewConnection(
        name=options["name"],
        pms_key=PmsKey(pms_key),
        environment=Environment(environment),
        host=options["host"],
        organization_id=options["organization_id"],
        client_id=options["client_id"],
        location_id=options["location"],
        default_provider_id=options["default_provider"],
        settle_s=options["settle_s"],
        is_marker_on=not options["no_marker"],
        may_complete_procedures=options["complete_procedures"],
    )
    session.desk.connect.check_new(actor, new)  # before a person types a secret for nothing
    secrets = _secrets_for(session, new.pms_key)
    result = session.desk.connect.add(actor, new, secrets, _listener(session))
    _emit_report(session, result.connection_id, options["name"].strip(), result.report)


@connection.command("list")
@pass_session
def connection_list(session: Session) -> None:
    """Show all connections."""
    session.actor()
    found = session.desk.connect.connections()
    rows = [_connection(c) for c in found]

    def show() -> None:
        names = ["connection_id", "name", "pms", "environment", "status", "hold", "is_enabled", "tested_at"]
        headings = ["id", "name", "pms", "environment", "light", "hold", "enabled", "tested at"]
        table(headings, [[row[n] for n in names] for row in rows], empty="No connection yet. Run `connection add`.")

    session.emit({"connections": rows}, show)


@connection.command("test")
@click.argument("name", required=False)
@pass_session
def connection_test(session: Session, name: str | None) -> None:
    """Test connection NAME (or id)."""
    actor = session.actor()
    found = session.desk.connect.find(name)
    report = session.desk.connect.test(actor, found.connection_id, _listener(session))
    _emit_report(session, found.connection_id, found.settings.name, report)


@connection.command("disconnect")
@click.argument("name", required=False)
@pass_session
def connection_disconnect(session: Session, name: str | None) -> None:
    """Stop using connection NAME and remove its credentials; what was written stays in the chart."""
    actor = session.actor()
    found = session.desk.connect.find(name)
    session.desk.connect.disconnect(actor, found.connection_id)
    session.emit(
        {"connection_id": found.connection_id, "name": found.settings.name, "is_enabled": False},
        lambda: say(f"{found.settings.name} is disconnected. Its credentials are gone from this computer."),
    )


@connection.command("reconnect")
@click.argument("name", required=False)
@pass_session
def connection_reconnect(session: Session, name: str | None) -> None:
    """Use connection NAME again, with new credentials or the stored ones; without NAME the one that needs it."""
    actor = session.actor()
    found = session.desk.connect.find_to_reconnect(name)
    given = {key: value for key, value in session.secrets().items() if key != "password"}
    secrets = ConnectionSecrets(given) if given else None
    if secrets is None and not found.is_enabled:
        secrets = _secrets_for(session, found.settings.pms_key)
    report = session.desk.connect.reconnect(actor, found.connection_id, secrets, _listener(session))
    _emit_report(session, found.connection_id, found.settings.name, report)


@connection.command("choose")
@click.argument("name", required=False)
@click.option("--location", metavar="ID", help="PMS location, of the list that `sync` brought.")
@click.option("--default-provider", metavar="ID", help="PMS provider for Labs whose provider is not matched.")
@pass_session
def connection_choose(session: Session, name: str | None, location: str | None, default_provider: str | None) -> None:
    """Choose location or default provider of connection NAME after its first sync."""
    if location is None and default_provider is None:
        raise click.UsageError("Say what to choose: --location, --default-provider or both.")
    actor = session.actor()
    connection_id = session.desk.connect.find(name).connection_id
    if location is not None:
        session.desk.connect.choose_location(actor, connection_id, PmsLocationId(location))
    if default_provider is not None:
        session.desk.connect.set_default_provider(actor, connection_id, PmsProviderId(default_provider))
    found = session.desk.connect.find(str(connection_id))
    session.emit(_connection(found), lambda: say(f"{found.settings.name} is changed."))


def _secrets_for(session: Session, pms_key: PmsKey) -> ConnectionSecrets:
    """The secrets that this PMS's profile names; the service says which one is missing or wrong."""
    values: dict[str, str] = {}
    for profile in session.program.profiles():
        for field in profile.fields if profile.pms_key == pms_key else ():
            if field.is_secret:
                values[field.name] = session.secret(field.name, is_required=field.is_required) or ""
    return ConnectionSecrets({name: value for name, value in values.items() if value})


def _listener(session: Session) -> Any:
    def on_check(check: Check) -> None:
        if not session.is_json:
            note(f"{check.name}: {SIGNS[check.outcome]}. {check.words}")

    return on_check


def report_fields(report: ConnectionReport) -> dict[str, Any]:
    """A test's result as scripts read it."""
    return {
        "status": report.light.value,
        "checks": as_json(report.checks),
        "missing_permissions": as_json(report.missing_permissions),
        "unconfirmed_permissions": as_json(report.unconfirmed_permissions),
        "reason": as_json(report.reason),
        "sentence": report.sentence,
        "next_step": report.next_step,
        "organization_name": report.organization_name,
    }


def _emit_report(session: Session, connection_id: ConnectionId | None, name: str, report: ConnectionReport) -> None:
    def show() -> None:
        words = {Light.GREEN: "Ready", Light.YELLOW: "Limited", Light.FAILED: "Failed"}[report.light]
        say(f"{name}: {words}. {report.sentence}".rstrip())
        if report.missing_permissions:
            say(f"Missing permissions: {', '.join(report.missing_permissions)}.")
        if report.unconfirmed_permissions:
            say(f"Not yet confirmed for writing: {', '.join(report.unconfirmed_permissions)}.")
        if report.next_step:
            say(report.next_step)

    result = {"connection_id": connection_id, "name": name, **report_fields(report)}
    session.emit(result, show, _EXIT[report.light])


def _connection(found: Connection) -> dict[str, Any]:
    settings = found.settings
    return {
        "connection_id": found.connection_id,
        "name": settings.name,
        "pms": settings.pms_key,
        "environment": settings.environment.value,
        "host": settings.host,
        "organization_id": settings.organization_id,
        "location_id": settings.location_id,
        "default_provider_id": settings.default_provider_id,
        "settle_s": settings.settle_s,
        "is_enabled": found.is_enabled,
        "status": found.report.light.value if found.report else None,
        "missing_permissions": as_json(found.report.missing_permissions) if found.report else [],
        "reason": as_json(found.report.reason) if found.report else None,
        "next_step": found.report.next_step if found.report else "",
        "checks": as_json(found.report.checks) if found.report else [],
        "hold": as_json(found.hold),
        "tested_at": as_json(found.tested_at),
        "last_good_read_at": as_json(found.last_good_read_at),
        "last_good_write_at": as_json(found.last_good_write_at),
        "calls_this_month": found.calls_this_month,
    }
