"""A lane: what the sender knows, in memory, about one connection while it works on it."""

from dataclasses import dataclass, field

from denticode_desktop.domain.chart_match import Look
from denticode_desktop.domain.connection import Connection, Environment
from denticode_desktop.domain.ids import ItemId, PmsPatientId
from denticode_desktop.domain.people import PmsPatient
from denticode_desktop.domain.write_back import LOOK_FRESH_S, PATIENT_CHECK_FRESH_S, Item, ItemKind
from denticode_desktop.ports.clock import Clock
from denticode_desktop.ports.pms import PmsGateway

from .sender_lag import Absence
from .sender_pace import Pace, Troubles
from .ticks import Moment

_READ_BACK_STEPS = (1, 2, 4, 8, 15, 30, 60)
_EARLY_LOOKS = (1, 5, 20, 60)
"""Ticks after an unknown outcome at which a look may already find the record: presence can be proven at any time,
only absence needs the whole settle. Without them the lag of a slow PMS would never be measured."""


@dataclass(frozen=True, slots=True)
class KeptLook:
    """A complete look with the moment before its first request left. `order`: see `Lane.order`."""

    look: Look
    began: Moment
    order: int

    def is_fresh(self, clock: Clock) -> bool:
        """Whether it is at most 10 s old by either clock: one may stand still while the computer sleeps."""
        age_s = max(self.began.age_s(clock), clock.monotonic_s() - self.look.started_monotonic_s)
        return age_s <= LOOK_FRESH_S


@dataclass(frozen=True, slots=True)
class FetchedPatient:
    """A patient as the chart named them, with the moment before the request left."""

    patient: PmsPatient
    asked: Moment

    def is_fresh(self, clock: Clock) -> bool:
        """Whether it is at most ten minutes old by either clock."""
        return self.asked.age_s(clock) <= PATIENT_CHECK_FRESH_S


@dataclass(slots=True)
class Lane:
    """One connection at work."""

    connection: Connection
    gateway: PmsGateway
    pace: Pace
    clock: Clock
    troubles: Troubles
    looks: dict[tuple[PmsPatientId, ItemKind], KeptLook] = field(default_factory=dict)
    patients: dict[PmsPatientId, FetchedPatient] = field(default_factory=dict)
    """As last fetched; each write-back compares with its own snapshot."""
    waits: dict[PmsPatientId, int] = field(default_factory=dict)
    """Until which tick a patient's item in flight waits."""
    idle: dict[PmsPatientId, int] = field(default_factory=dict)
    """Until which tick a patient has nothing to do."""
    absent: dict[ItemId, Absence] = field(default_factory=dict)
    """Items in flight whose record was not seen yet: since when, and when it is looked for."""
    tries: dict[ItemId, int] = field(default_factory=dict)
    sent: dict[PmsPatientId, int] = field(default_factory=dict)
    order: int = 0
    """Counts looks and sends, so that "after the last send" does not hang on a clock's resolution."""
    good_read_noted_s: float | None = None

    def look_for_intent(self, item: Item) -> KeptLook:
        """A kept look that is fresh and began after the last send to this patient, else a new one."""
        kept = self.looks.get((item.pms_patient_id, item.kind))
        if kept is not None and kept.is_fresh(self.clock) and kept.order > self.sent.get(item.pms_patient_id, 0):
            return kept
        return self._keep_look(item)

    def take_look(self, item: Item) -> Look:
        """A new complete look, kept for the next item of the kind. Raises what the gateway raises."""
        return self._keep_look(item).look

    def _keep_look(self, item: Item) -> KeptLook:
        self.order += 1
        order, began = self.order, Moment.now(self.clock)
        kept = KeptLook(self.gateway.look(item.pms_patient_id, item.kind, since=None), began, order)
        self.looks[(item.pms_patient_id, item.kind)] = kept
        return kept

    def kept_patient(self, patient: PmsPatientId) -> FetchedPatient | None:
        """The patient as fetched in the last ten minutes."""
        kept = self.patients.get(patient)
        return kept if kept is not None and kept.is_fresh(self.clock) else None

    def fetch_patient(self, patient: PmsPatientId) -> FetchedPatient | None:
        """Asks the PMS and keeps the answer; None when there is no such patient. Raises what the gateway raises."""
        self.patients.pop(patient, None)
        asked = Moment.now(self.clock)
        found = self.gateway.fetch_patient(patient)
        if found is None:
            return None
        self.patients[patient] = FetchedPatient(found, asked)
        return self.patients[patient]

    def note_send(self, patient: PmsPatientId) -> None:
        """Every look kept from before is worth nothing for this patient."""
        self.order += 1
        self.sent[patient] = self.order

    def forget_patient(self, patient: PmsPatientId) -> None:
        """Nothing is open for the patient: gives the memory back."""
        for kind in ItemKind:
            self.looks.pop((patient, kind), None)
        self.patients.pop(patient, None)
        self.sent.pop(patient, None)

    def settle_ticks(self) -> int:
        """max(declared, 4 x largest lag seen), doubled for each twin that the watch found."""
        declared = self.connection.settings.settle_s
        if self.connection.settings.environment is not Environment.REHEARSAL:
            declared = max(declared, self.gateway.capabilities.settle_s)
        return max(declared, 4 * self.connection.largest_lag_ticks) * max(1, self.connection.settle_factor)

    def next_read_back(self, item_id: ItemId) -> int:
        """Ticks until an accepted but unseen record is looked for again: longer each time."""
        n = self.tries.get(item_id, 0)
        self.tries[item_id] = n + 1
        return _READ_BACK_STEPS[min(n, len(_READ_BACK_STEPS) - 1)]

    def forget_item(self, item_id: ItemId) -> None:
        """The item is no longer in flight."""
        self.absent.pop(item_id, None)
        self.tries.pop(item_id, None)

    def drop_waits(self, now_tick: int) -> None:
        """Takes patients whose wait has passed off both lists, and off the list of trouble who have no work left."""
        for waiting in (self.waits, self.idle):
            for patient in [p for p, until in waiting.items() if now_tick >= until]:
                del waiting[patient]
        self.troubles.drop_old()


def next_early_look(elapsed_ticks: int, left_ticks: int) -> int:
    """Ticks until the next look during a settle: at an early step, then at twice the time each, or when it is over.

    Without looks in its second half, a record that shows late would be found by the last one only, and the whole settle
    be taken for the PMS's lag: four times as long each time.
    """
    step = next((s for s in _EARLY_LOOKS if s > elapsed_ticks), _EARLY_LOOKS[-1])
    while step <= elapsed_ticks:
        step *= 2
    return max(1, min(step - elapsed_ticks, left_ticks))
