"""SqlUnitOfWork: one transaction's repositories (ports.unit_of_work.UnitOfWork)."""

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

from .repo_audit import SqlAudit
from .repo_connections import SqlConnections
from .repo_labs import SqlLabs
from .repo_outbox import SqlOutbox
from .repo_people import SqlPeople
from .repo_practice import SqlPractice
from .repo_roster import SqlRoster
from .repo_sender import SqlSender
from .session import Session


class SqlUnitOfWork:
    """All repositories on one session; none of them works after its end."""

    def __init__(self, session: Session, clock: Clock, workstation: str, app_version: str) -> None:
        self.practice: PracticeRepository = SqlPractice(session, clock)
        self.connections: ConnectionRepository = SqlConnections(session, clock)
        self.people: PeopleRepository = SqlPeople(session)
        self.roster: RosterRepository = SqlRoster(session)
        self.labs: LabRepository = SqlLabs(session)
        self.outbox: OutboxRepository = SqlOutbox(session)
        self.sender: SenderRepository = SqlSender(session)
        self.audit: AuditRepository = SqlAudit(session, clock, workstation, app_version)
