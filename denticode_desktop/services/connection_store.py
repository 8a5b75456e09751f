"""What storing a change of a connection has in common: its audit draft, its waiting items, no second one alike."""

from datetime import datetime

from denticode_desktop.domain.access import Actor
from denticode_desktop.domain.audit_event import AuditDraft, AuditKind
from denticode_desktop.domain.connection import (
    Connection,
    ConnectionReport,
    ConnectionSettings,
    Environment,
    HoldReason,
    Light,
)
from denticode_desktop.domain.errors import UserError
from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.domain.write_back import WaitingWhy
from denticode_desktop.ports.unit_of_work import UnitOfWork

from .connection_report import ReportDetail, lifts_hold


def connection_draft(
    kind: AuditKind, actor: Actor, connection_id: ConnectionId, outcome: str, detail: ReportDetail
) -> AuditDraft:
    """An event about a connection."""
    return AuditDraft(kind, actor.name, actor.role.value, outcome=outcome, connection_id=connection_id, detail=detail)


def refuse_second(uow: UnitOfWork, settings: ConnectionSettings) -> None:
    """Raises UserError where the connection to add is there already, in use or disconnected.

    Two connections to one organization would each send a Lab, and procedures carry no marker that tells. In rehearsal
    that is allowed: nothing real is behind it. A disconnected one with the same credentials is taken up again instead,
    since what waits for it would wait for ever beside a new one.
    """
    for other in uow.connections.all():
        theirs = other.settings
        if not other.is_enabled:
            _refuse_if_disconnected(other, settings)
        elif theirs.name.casefold() == settings.name.casefold():
            raise UserError(f"There is a connection named {theirs.name} already. Take another name.", field="name")
        elif _is_same_organization(theirs, settings) and settings.environment is not Environment.REHEARSAL:
            raise UserError(
                f"This organization is connected already as {theirs.name}. Disconnect that one first.",
                field="organization_id",
            )


def refuse_takeover(uow: UnitOfWork, connection: Connection) -> None:
    """Raises UserError where another connection that is in use stands in the way of switching this one on again."""
    ours, number = connection.settings, connection.connection_id
    for other in uow.connections.all():
        theirs = other.settings
        if not other.is_enabled or other.connection_id == number:
            continue
        is_named_alike = theirs.name.casefold() == ours.name.casefold()
        if is_named_alike or (_is_same_organization(theirs, ours) and ours.environment is not Environment.REHEARSAL):
            raise UserError(
                f"{theirs.name} (number {other.connection_id}) is in use with the same name or organization. "
                f"Disconnect that one, then reconnect number {number}.",
                field="name" if is_named_alike else "organization_id",
            )


def _refuse_if_disconnected(other: Connection, settings: ConnectionSettings) -> None:
    """With another client id it is a new connection: Reconnect takes new secrets only."""
    theirs = other.settings
    if _is_same_organization(theirs, settings) and theirs.client_id == settings.client_id:
        raise UserError(
            f"This organization was connected before and is disconnected. Reconnect {theirs.name} "
            f"(number {other.connection_id}) instead, so that what waits for it is sent.",
            field="organization_id",
        )


def _is_same_organization(one: ConnectionSettings, other: ConnectionSettings) -> bool:
    return (one.pms_key, one.host, one.organization_id) == (other.pms_key, other.host, other.organization_id)


def note_report(
    uow: UnitOfWork, connection_id: ConnectionId, report: ConnectionReport, calls: int, now: datetime
) -> None:
    """Stores a test's report, its calls and, where anything was read, the time."""
    uow.connections.set_report(connection_id, report, now)
    note_calls(uow, connection_id, calls, now)
    if report.light is not Light.FAILED:
        uow.connections.note_good_read(connection_id, now)


def note_calls(uow: UnitOfWork, connection_id: ConnectionId, calls: int, now: datetime) -> None:
    """Counts requests towards the vendor's month."""
    uow.connections.add_calls(connection_id, now.strftime("%Y-%m"), calls)


def note_waiting(uow: UnitOfWork, connection_id: ConnectionId, why: WaitingWhy | None) -> int:
    """Tells every open item of the connection why it waits (None = no more); how many there are."""
    return uow.outbox.note_connection_waiting(connection_id, why.value if why else "")


def hold_disconnected(uow: UnitOfWork, actor: Actor, connection_id: ConnectionId) -> None:
    """Switches the connection off; its open items stay and say why. Twice changes nothing."""
    connection = uow.connections.get(connection_id)
    if not connection.is_enabled and connection.hold is HoldReason.DISCONNECTED:
        return
    uow.connections.set_enabled(connection_id, is_enabled=False)
    uow.connections.set_hold(connection_id, HoldReason.DISCONNECTED)
    open_items = note_waiting(uow, connection_id, WaitingWhy.HELD)
    kind = AuditKind.CONNECTION_DISCONNECTED
    uow.audit.append(connection_draft(kind, actor, connection_id, "ok", {"open_items": open_items}))
    held: ReportDetail = {"hold": HoldReason.DISCONNECTED.value}
    uow.audit.append(connection_draft(AuditKind.CONN_HELD, actor, connection_id, "ok", held))


def release_hold(
    uow: UnitOfWork, actor: Actor, connection_id: ConnectionId, report: ConnectionReport, *, is_back: bool = False
) -> None:
    """Lifts the hold that the report disproves; `is_back` = a reconnect, which lifts DISCONNECTED as well."""
    connection = uow.connections.get(connection_id)
    hold = connection.hold
    if hold is None:
        return
    if not ((is_back and hold is HoldReason.DISCONNECTED) or lifts_hold(connection, report)):
        return
    uow.connections.set_hold(connection_id, None)
    note_waiting(uow, connection_id, None)
    detail: ReportDetail = {"hold": hold.value}
    uow.audit.append(connection_draft(AuditKind.CONN_RELEASED, actor, connection_id, "ok", detail))
