"""What the window needs of the program: Protocols that the composition root fulfils."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from denticode_desktop.domain.events import Event
from denticode_desktop.ports.engine import EngineLink
from denticode_desktop.services.audit_log import AuditLog
from denticode_desktop.services.connect_practice import ConnectPractice
from denticode_desktop.services.entity_linking import EntityLinking
from denticode_desktop.services.lab_desk import LabDesk
from denticode_desktop.services.outbox import Outbox
from denticode_desktop.services.practice_setup import PracticeSetup
from denticode_desktop.services.status_board import StatusBoard


class Practice(Protocol):
    """An open data folder's services."""

    @property
    def setup(self) -> PracticeSetup: ...

    @property
    def connect(self) -> ConnectPractice: ...

    @property
    def labs(self) -> LabDesk: ...

    @property
    def outbox(self) -> Outbox: ...

    @property
    def linking(self) -> EntityLinking: ...

    @property
    def status(self) -> StatusBoard: ...

    @property
    def audit(self) -> AuditLog: ...

    def listen(self, listener: Callable[[Event], None]) -> None: ...


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
