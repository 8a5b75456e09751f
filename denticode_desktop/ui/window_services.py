"""WindowServices: all that pages may call. PageContext: the services with runner, events and the way to other pages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from denticode_desktop.ui.late import late

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from denticode_desktop.domain.access import Actor
    from denticode_desktop.domain.chart_match import Look
    from denticode_desktop.domain.ids import ConnectionId, LabId, PmsPatientId
    from denticode_desktop.domain.write_back import DecisionRequest, ItemKind
    from denticode_desktop.ports.engine import EngineLink
    from denticode_desktop.services.audit_log import AuditLog
    from denticode_desktop.services.connect_practice import ConnectPractice
    from denticode_desktop.services.draft_desk import DraftDesk
    from denticode_desktop.services.entity_linking import EntityLinking
    from denticode_desktop.services.lab_desk import LabDesk
    from denticode_desktop.services.outbox import Outbox
    from denticode_desktop.services.people_search import PeopleSearch
    from denticode_desktop.services.status_board import StatusBoard

    from .event_bridge import EventBridge
    from .program import Practice
    from .task_runner import TaskRunner


@dataclass(frozen=True, slots=True)
class WindowServices:
    """Services of an open practice for one person. Calls that read disk or network go through TaskRunner.

    read_chart reads the chart itself over the network and raises the PMS errors. decision: how a request ended.
    """

    practice_name: str
    is_rehearsal_only: bool
    actor: Actor
    connect: ConnectPractice
    labs: LabDesk
    drafts: DraftDesk
    outbox: Outbox
    linking: EntityLinking
    people: PeopleSearch
    board: StatusBoard
    audit: AuditLog
    engine: EngineLink
    utc_now: Callable[[], datetime]
    read_chart: Callable[[ConnectionId, PmsPatientId, ItemKind], Look]
    decision: Callable[[int], DecisionRequest]

    @classmethod
    def of(cls, practice: Practice, engine: EngineLink) -> WindowServices:
        """What the first lists need is built at once, everything else at its first use or by `late.load`.

        Reads the database: not on the UI thread. Raises NotAllowedError, StorageError.
        """
        actor = practice.setup.actor(None)
        return cls(
            practice_name=practice.setup.practice_name(), is_rehearsal_only=practice.setup.is_rehearsal_only(),
            actor=actor, connect=late(lambda: practice.connect),
            labs=late(lambda: practice.labs), drafts=late(lambda: practice.drafts),
            outbox=late(lambda: practice.outbox), linking=late(lambda: practice.linking),
            people=late(lambda: practice.people), board=practice.status, audit=late(lambda: practice.audit),
            engine=engine, utc_now=practice.clock.utc_now, read_chart=partial(practice.read_back, actor),
            decision=practice.decision,
        )  # fmt: skip


class Navigator(Protocol):
    """The way from a page to the window and to other pages. On the UI thread."""

    def open_page(self, key: str) -> None:
        """`today`, `labs`, `connections`, `audit`."""
        ...

    def open_lab(self, lab_id: LabId) -> None:
        """Lab sessions with that Lab open."""
        ...

    def open_connection(self, connection_id: ConnectionId | None, *, reconnect: bool = False) -> None:
        """PMS Integrations with that connection in view; `reconnect` opens its dialog where the page has one."""
        ...

    def changed(self) -> None:
        """Something was changed by a person: wakes the engine and refreshes, soon and once."""
        ...


@dataclass(frozen=True, slots=True)
class PageContext:
    """What a page is made with."""

    services: WindowServices
    tasks: TaskRunner
    events: EventBridge
    go: Navigator
