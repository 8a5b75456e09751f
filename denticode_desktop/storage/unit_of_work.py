"""SqlUnitOfWork: one transaction's repositories (ports.unit_of_work.UnitOfWork)."""

# ruff: noqa: PLC0415 - imports inside functions: Today's lists do not wait for repositories that they do not ask

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from denticode_desktop.ports.clock import Clock
    from denticode_desktop.ports.outbox_repository import OutboxRepository, SenderRepository
    from denticode_desktop.ports.unit_of_work import (
        AuditRepository,
        ConnectionRepository,
        LabRepository,
        PeopleRepository,
        PracticeRepository,
        RosterRepository,
    )

    from .session import Session


class SqlUnitOfWork:
    """All repositories on one session, each made when it is first asked for; none of them works after its end."""

    practice: PracticeRepository
    connections: ConnectionRepository
    people: PeopleRepository
    roster: RosterRepository
    labs: LabRepository
    outbox: OutboxRepository
    sender: SenderRepository
    audit: AuditRepository

    def __init__(self, session: Session, clock: Clock, workstation: str, app_version: str) -> None:
        self._session = session
        self._clock = clock
        self._workstation = workstation
        self._app_version = app_version

    if not TYPE_CHECKING:  # a type checker would believe every name

        def __getattr__(self, name: str) -> Any:
            make = _MAKERS.get(name)
            if make is None:
                raise AttributeError(f"a unit of work has no {name!r}")
            made = make(self)
            setattr(self, name, made)
            return made


def _practice(unit: SqlUnitOfWork) -> PracticeRepository:
    from .repo_practice import SqlPractice

    return SqlPractice(unit._session, unit._clock)


def _connections(unit: SqlUnitOfWork) -> ConnectionRepository:
    from .repo_connections import SqlConnections

    return SqlConnections(unit._session, unit._clock)


def _people(unit: SqlUnitOfWork) -> PeopleRepository:
    from .repo_people import SqlPeople

    return SqlPeople(unit._session)


def _roster(unit: SqlUnitOfWork) -> RosterRepository:
    from .repo_roster import SqlRoster

    return SqlRoster(unit._session)


def _labs(unit: SqlUnitOfWork) -> LabRepository:
    from .repo_labs import SqlLabs

    return SqlLabs(unit._session)


def _outbox(unit: SqlUnitOfWork) -> OutboxRepository:
    from .repo_outbox import SqlOutbox

    return SqlOutbox(unit._session)


def _sender(unit: SqlUnitOfWork) -> SenderRepository:
    from .repo_sender import SqlSender

    return SqlSender(unit._session)


def _audit(unit: SqlUnitOfWork) -> AuditRepository:
    from .repo_audit import SqlAudit

    return SqlAudit(unit._session, unit._clock, unit._workstation, unit._app_version)


_MAKERS = {
    "practice": _practice, "connections": _connections, "people": _people, "roster": _roster, "labs": _labs,
    "outbox": _outbox, "sender": _sender, "audit": _audit,
}  # fmt: skip
