"""What the window needs of the program: Protocols that the composition root fulfils (app/window.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from denticode_desktop.domain.access import Actor
    from denticode_desktop.domain.chart_match import Look
    from denticode_desktop.domain.events import Event
    from denticode_desktop.domain.ids import ConnectionId, PmsPatientId
    from denticode_desktop.domain.write_back import DecisionRequest, ItemKind
    from denticode_desktop.ports.engine import EngineLink
    from denticode_desktop.services.audit_log import AuditLog
    from denticode_desktop.services.connect_practice import ConnectPractice
    from denticode_desktop.services.draft_desk import DraftDesk
    from denticode_desktop.services.entity_linking import EntityLinking
    from denticode_desktop.services.lab_desk import LabDesk
    from denticode_desktop.services.outbox import Outbox
    from denticode_desktop.services.people_search import PeopleSearch
    from denticode_desktop.services.practice_setup import PracticeSetup
    from denticode_desktop.services.status_board import StatusBoard


class UtcClock(Protocol):
    """The Clock port's utc_now."""

    def utc_now(self) -> datetime: ...


class Practice(Protocol):
    """An open data folder's services."""

    @property
    def setup(self) -> PracticeSetup: ...

    @property
    def connect(self) -> ConnectPractice: ...

    @property
    def labs(self) -> LabDesk: ...

    @property
    def drafts(self) -> DraftDesk: ...

    @property
    def outbox(self) -> Outbox: ...

    @property
    def linking(self) -> EntityLinking: ...

    @property
    def people(self) -> PeopleSearch: ...

    @property
    def status(self) -> StatusBoard: ...

    @property
    def audit(self) -> AuditLog: ...

    @property
    def clock(self) -> UtcClock: ...

    def listen(self, listener: Callable[[Event], None]) -> None: ...

    def read_back(
        self, actor: Actor, connection_id: ConnectionId, pms_patient_id: PmsPatientId, kind: ItemKind
    ) -> Look:
        """The chart itself, now: over the network. Raises NotAllowedError, the PMS errors."""
        ...

    def decision(self, request_id: int) -> DecisionRequest: ...


class Created(Protocol):
    """A new data folder; the recovery key is given this once."""

    @property
    def recovery_key(self) -> str: ...


class Program(Protocol):
    """The program as the window sees it: paints first, opens afterwards."""

    version: str
    demo_note: str

    @property
    def data_dir(self) -> Path: ...

    @property
    def has_practice(self) -> bool: ...

    def create(self, *, practice: str, owner: str, password: str, is_rehearsal_only: bool) -> Created: ...

    def open(self) -> Practice: ...

    def start_engine(self, practice: Practice) -> EngineLink: ...
