"""What the console asks of the program: the composition root and an open data folder, as Protocols.

The console is one caller among several, so it imports no outer package; `app.py` hands these in.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from denticode_desktop.domain.events import Event

if TYPE_CHECKING:
    from denticode_desktop.domain.access import Actor
    from denticode_desktop.domain.chart_match import Look
    from denticode_desktop.domain.ids import ConnectionId, PmsPatientId, WriteBackId
    from denticode_desktop.domain.people import PmsLocation
    from denticode_desktop.domain.write_back import DecisionRequest, ItemKind
    from denticode_desktop.ports.pms import PmsProfile
    from denticode_desktop.ports.views import ItemView
    from denticode_desktop.services.audit_log import AuditLog
    from denticode_desktop.services.connect_practice import ConnectPractice
    from denticode_desktop.services.doctor import Doctor
    from denticode_desktop.services.entity_linking import EntityLinking
    from denticode_desktop.services.lab_desk import LabDesk
    from denticode_desktop.services.match_review import MatchReview
    from denticode_desktop.services.outbox import Outbox
    from denticode_desktop.services.people_search import PeopleSearch
    from denticode_desktop.services.practice_setup import PracticeSetup
    from denticode_desktop.services.queue_run import QueueRun
    from denticode_desktop.services.sync_engine import SyncEngine

EventListener = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class CreatedFolder:
    """A new data folder. `recovery_key` is shown once and kept nowhere; masked in repr."""

    data_dir: Path
    database_id: str
    recovery_key: str
    secret_store: str
    is_rehearsal_only: bool

    def __repr__(self) -> str:
        return f"CreatedFolder({self.data_dir})"


@dataclass(frozen=True, slots=True)
class FolderFacts:
    """What can be told of a data folder that does not open. free_bytes: None where the system does not say."""

    data_dir: Path
    free_bytes: int | None


class RunningSimulator(Protocol):
    """A simulated PMS that listens."""

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:port`."""
        ...

    def describe(self) -> Mapping[str, object]:
        """What one needs to connect to it, and a few invented patients to try with."""
        ...


class Desk(Protocol):
    """The services of an open data folder."""

    @property
    def data_dir(self) -> Path:
        """Where it is."""
        ...

    @property
    def secret_store(self) -> str:
        """Plain name of the store that holds its keys."""
        ...

    @property
    def setup(self) -> "PracticeSetup": ...

    @property
    def connect(self) -> "ConnectPractice": ...

    @property
    def sync(self) -> "SyncEngine": ...

    @property
    def labs(self) -> "LabDesk": ...

    @property
    def outbox(self) -> "Outbox": ...

    @property
    def linking(self) -> "EntityLinking": ...

    @property
    def matching(self) -> "MatchReview": ...

    @property
    def people(self) -> "PeopleSearch": ...

    @property
    def audit(self) -> "AuditLog": ...

    def listen(self, listener: EventListener) -> None:
        """From now on `listener` hears every event."""
        ...

    def hash_password(self, password: str) -> str:
        """Raises UserError (field `password`)."""
        ...

    def is_right_password(self, password: str, encoded: str) -> bool: ...

    def items_of(self, writeback_ids: "Sequence[WriteBackId]") -> "Sequence[ItemView]":
        """The items of these write-backs, by write-back and seq."""
        ...

    def by_hand_of(self, writeback_ids: "Sequence[WriteBackId]") -> Sequence[str]:
        """Lines of these write-backs that a person charts, since their PMS does not take them."""
        ...

    def read_back(
        self, actor: "Actor", connection_id: "ConnectionId", pms_patient_id: "PmsPatientId", kind: "ItemKind"
    ) -> "Look":
        """What the chart itself holds now. Raises NotAllowedError, the PMS errors."""
        ...

    def locations(self, connection_id: "ConnectionId") -> "Sequence[PmsLocation]":
        """Synced locations."""
        ...

    def decision(self, request_id: int) -> "DecisionRequest":
        """A decision as it is now. Raises NotFoundError."""
        ...

    def wait_for(self, is_so: Callable[[], bool], *, timeout_s: float) -> bool:
        """Asks again and again while another program works; False when the time is over."""
        ...

    def queue_run(self) -> AbstractContextManager["QueueRun"]:
        """The sender under the engine lock. Raises BusyError when another program holds it."""
        ...

    def doctor(self) -> "Doctor": ...


class Program(Protocol):
    """The composition root."""

    @property
    def version(self) -> str: ...

    def create(
        self, data_dir: Path | None, *, practice: str, owner: str, password: str, is_rehearsal_only: bool
    ) -> CreatedFolder:
        """A new data folder with its practice. Raises UserError, SecretStoreError, StorePlaceError."""
        ...

    def open(self, data_dir: Path | None) -> AbstractContextManager[Desk]:
        """An existing one. Raises StorePlaceError (`missing` …), StoreKeyError, SecretStoreError."""
        ...

    def folder(self, data_dir: Path | None) -> FolderFacts:
        """About the folder itself, open or not."""
        ...

    def recover(self, data_dir: Path | None, recovery_key: str) -> Path:
        """Puts the database key back into the credential store; the data folder. Raises UserError, StoreKeyError."""
        ...

    def profiles(self) -> "Sequence[PmsProfile]":
        """Every PMS of the seeds."""
        ...

    def simulator(
        self, pms_key: str, *, port: int, patients: int, switches: Mapping[str, object]
    ) -> AbstractContextManager[RunningSimulator]:
        """Raises UserError (fields `pms`, `port`, `switch`)."""
        ...
