"""Shapes that repositories hand to services and screens: rows joined for reading, no behaviour."""

from dataclasses import dataclass
from datetime import date, datetime

from denticode_desktop.domain.access import Role
from denticode_desktop.domain.connection import HoldReason
from denticode_desktop.domain.ids import ConnectionId, ItemId, LabId, PmsPatientId, UserId
from denticode_desktop.domain.people import PmsPatient
from denticode_desktop.domain.write_back import Item, ItemKind, ItemState


@dataclass(frozen=True, slots=True)
class User:
    """A named user. `password_hash` empty = none set yet (sign-in is by name only on this data folder)."""

    user_id: UserId
    name: str
    role: Role
    is_enabled: bool
    password_hash: str

    def __repr__(self) -> str:
        return f"User({self.user_id})"


@dataclass(frozen=True, slots=True)
class PmsPatientHit:
    """One row of a patient search."""

    connection_id: ConnectionId
    patient: PmsPatient


@dataclass(frozen=True, slots=True)
class LabSummary:
    """One row of the Lab list. `patient_name` is for the screen only. `item_states` of the latest revision's items.

    sent_states: items of every revision for which a person pressed Send. done_at: when an item of the Lab was last seen
    in a chart. is_unmatched: a PMS is connected, and the patient has a chart in none.
    """

    lab_id: LabId
    revision: int
    visit_on: date
    patient_name: str
    provider_name: str
    is_finalized: bool
    finalized_at: datetime | None
    item_states: tuple[ItemState, ...]
    is_requested: bool
    has_writeback: bool
    sent_states: tuple[ItemState, ...] = ()
    done_at: datetime | None = None
    is_unmatched: bool = False


@dataclass(frozen=True, slots=True)
class ItemView:
    """An item with what a screen shows beside it. Names are for the screen only."""

    item: Item
    lab_id: LabId
    revision: int
    visit_on: date
    patient_name: str
    provider_name: str
    connection_name: str
    connection_hold: HoldReason | None
    connection_waiting_why: str
    connection_next_try_at: datetime | None
    requested_at: datetime | None
    is_paused: bool


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """Items by what they need. `not_requested`: finalized, but Send was not pressed."""

    needs_person: int
    waiting: int
    checking: int
    not_requested: int
    oldest_open_requested_at: datetime | None


@dataclass(frozen=True, slots=True)
class WatchDue:
    """A DONE item to be looked at again; `step` counts its watch looks."""

    item_id: ItemId
    connection_id: ConnectionId
    pms_patient_id: PmsPatientId
    kind: ItemKind
    step: int


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What of the audit log to show; None = all. `text` is compared with kind, actor, reason, Lab and remote id."""

    since: datetime | None = None
    until: datetime | None = None
    actor: str | None = None
    kinds: tuple[str, ...] = ()
    outcome: str | None = None
    pms_patient_id: str | None = None
    text: str = ""
