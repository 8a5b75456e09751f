"""Facts that a screen may hear. Frozen; ids, counts and words only, no patient data but where a field says so."""

from dataclasses import dataclass

from .ids import ConnectionId, ItemId


@dataclass(frozen=True, slots=True)
class SyncProgressed:
    """How far a sync is; `total` and `left_s` None where not known yet."""

    connection_id: ConnectionId
    kind: str
    done: int
    total: int | None
    left_s: float | None


@dataclass(frozen=True, slots=True)
class SyncFinished:
    """A sync ended. `outcome`: `ok`, `cancelled`, or the error's code; `sentence` is for a person.

    blamed_list: the kind whose list the PMS did not give as it should, empty where none is to blame.
    """

    connection_id: ConnectionId
    outcome: str
    sentence: str
    seen: int
    added: int
    changed: int
    gone: int
    blamed_list: str = ""


@dataclass(frozen=True, slots=True)
class SyncScheduled:
    """When the next sync of any connection is due: seconds since 1970 UTC, None where none is planned."""

    next_epoch_s: float | None


@dataclass(frozen=True, slots=True)
class QueueChanged:
    """Some item or its waiting reason changed; read the status board again."""

    connection_id: ConnectionId
    item_id: ItemId | None = None


@dataclass(frozen=True, slots=True)
class ConnectionChanged:
    """Light, hold or last-good time of a connection changed."""

    connection_id: ConnectionId


@dataclass(frozen=True, slots=True)
class LabsChanged:
    """A Lab came, changed or was finalized."""

    lab_id: str | None = None


@dataclass(frozen=True, slots=True)
class EngineStopped:
    """The engine process ended; it is started again where `will_restart`."""

    will_restart: bool


@dataclass(frozen=True, slots=True)
class EngineStarted:
    """The engine runs and holds the sender's lock (`is_sender`), or another program does."""

    is_sender: bool


@dataclass(frozen=True, slots=True)
class ImportFailed:
    """A file in the watched folder was refused; `sentence` names file and field."""

    file_name: str
    sentence: str


Event = (
    SyncProgressed | SyncFinished | SyncScheduled | QueueChanged | ConnectionChanged | LabsChanged | EngineStopped
    | EngineStarted | ImportFailed
)  # fmt: skip
