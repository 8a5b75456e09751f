"""A small world for the sync engine: a PMS that lists rows by id, a store with the repositories it touches, a clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

from denticode_desktop.domain.access import Actor, Role
from denticode_desktop.domain.audit_event import AuditDraft
from denticode_desktop.domain.charting import CatalogueCode
from denticode_desktop.domain.connection import Connection, ConnectionSettings, Environment, HoldReason
from denticode_desktop.domain.entity_link import LinkRule, PatientLink
from denticode_desktop.domain.events import Event
from denticode_desktop.domain.ids import (
    ConnectionId,
    PatientId,
    PmsCodeId,
    PmsKey,
    PmsLocationId,
    PmsPatientId,
    PmsProviderId,
)
from denticode_desktop.domain.people import (
    Demographics,
    Patient,
    PmsLocation,
    PmsPatient,
    PmsPatientStatus,
    PmsProvider,
)
from denticode_desktop.domain.schedule import PmsAppointment
from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.ports.pms import PmsCapabilities, PmsRecord
from denticode_desktop.ports.unit_of_work import Store
from denticode_desktop.services.gateways import Gateways
from denticode_desktop.services.sync_engine import SyncEngine
from tests.fakes.sync_store import InMemorySyncStore, record_id

CONNECTION_ID = ConnectionId(1)
ANN = Actor("Ann", Role.FRONT_OFFICE)
EPOCH = datetime(2026, 3, 1, 8, tzinfo=UTC)


class FakeClock:
    """Stands still unless moved."""

    def __init__(self) -> None:
        self.now = EPOCH
        self.monotonic = 100.0

    def utc_now(self) -> datetime:
        """As the port."""
        return self.now

    def monotonic_s(self) -> float:
        """As the port."""
        return self.monotonic

    def move(self, seconds: float) -> None:
        """Both clocks go on."""
        self.now += timedelta(seconds=seconds)
        self.monotonic += seconds


@dataclass
class ListSink:
    """Keeps what was published."""

    events: list[Event] = field(default_factory=list)

    def publish(self, event: Event) -> None:
        """As the port."""
        self.events.append(event)


def make_patient(number: int, changed: datetime, *, name: str = "", born: date = date(1990, 1, 2)) -> PmsPatient:
    """An invented patient whose version is the time of change."""
    person = Demographics("Ada", name or f"Abara{number}", born, phone=f"20155501{number % 100:02d}")
    return PmsPatient(PmsPatientId(str(number)), person, PmsPatientStatus.ACTIVE, None, changed.isoformat())


@dataclass
class FakePage:
    """A page over parsed rows; counts what was parsed."""

    rows: list[PmsRecord]
    next_after_id: str | None
    total: int | None
    parsed: list[str]
    is_keys_only: bool = False

    @property
    def keys(self) -> Sequence[tuple[str, str]]:
        """As the port."""
        return [(record_id(row), row.version) for row in self.rows]

    @property
    def newest(self) -> datetime | None:
        """As the port."""
        times = [datetime.fromisoformat(row.version) for row in self.rows if row.version]
        return max(times, default=None)

    def records(self, wanted: AbstractSet[str]) -> Sequence[PmsRecord]:
        """As the port."""
        assert not self.is_keys_only, "a page of keys has no rows"
        chosen = [row for row in self.rows if record_id(row) in wanted]
        self.parsed.extend(map(record_id, chosen))
        return chosen


@dataclass
class FakePms:
    """A PmsGateway for reads: lists by ascending id, `since` by the rows' own change times.

    before_page is called before each page is read and may raise or change rows; tamper may replace the page.
    """

    rows: dict[SyncKind, dict[str, PmsRecord]] = field(default_factory=lambda: {kind: {} for kind in SyncKind})
    page_size: int = 3
    before_page: Callable[[SyncKind, str | None], None] = lambda _kind, _after: None
    tamper: Callable[[SyncKind, FakePage], FakePage] = lambda _kind, page: page
    asked: list[tuple[SyncKind, datetime | None, str | None]] = field(default_factory=list)
    parsed: list[str] = field(default_factory=list)
    calls: int = 0
    pages_of_keys: int = 0
    is_closed: bool = False

    @property
    def capabilities(self) -> PmsCapabilities:
        """Everything can be read."""
        return PmsCapabilities(
            reads=frozenset(SyncKind), looks=frozenset(), writes=frozenset(), why_not={}, marker_kinds=frozenset(),
            settle_s=1, can_complete_procedures=False, page_size=self.page_size,
        )  # fmt: skip

    def put(self, kind: SyncKind, *records: PmsRecord) -> None:
        """Adds or replaces rows."""
        self.rows[kind].update({record_id(record): record for record in records})

    def add_patients(self, count: int, *, changed: datetime = EPOCH, first: int = 1) -> None:
        """Invented patients with ascending ids, each changed a second after the last."""
        numbers = range(first, first + count)
        self.put(SyncKind.PATIENTS, *(make_patient(1000 + n, changed + timedelta(seconds=n)) for n in numbers))

    def read_page(
        self, kind: SyncKind, *, since: datetime | None, after_id: str | None, keys_only: bool = False
    ) -> FakePage:
        """As the port."""
        self.calls += 1
        self.asked.append((kind, since, after_id))
        self.before_page(kind, after_id)
        ordered = sorted(self.rows[kind].values(), key=lambda row: int(record_id(row)))
        listed = [row for row in ordered if since is None or datetime.fromisoformat(row.version) >= since]
        left = [row for row in listed if after_id is None or int(record_id(row)) > int(after_id)]
        chosen = left[: self.page_size]
        is_last = len(chosen) < self.page_size
        next_after_id = None if is_last else record_id(chosen[-1])
        self.pages_of_keys += keys_only
        return self.tamper(kind, FakePage(chosen, next_after_id, len(listed), self.parsed, is_keys_only=keys_only))

    def fetch_patient(self, pms_patient_id: PmsPatientId) -> PmsPatient | None:
        """As the port."""
        self.calls += 1
        return cast(PmsPatient | None, self.rows[SyncKind.PATIENTS].get(pms_patient_id))

    def take_call_count(self) -> int:
        """As the port."""
        calls, self.calls = self.calls, 0
        return calls

    def close(self) -> None:
        """As the port."""
        self.is_closed = True


@dataclass
class FakeUnit:
    """One unit: the repositories that a sync touches, and the events that its commit appends."""

    world: SyncWorld
    drafts: list[AuditDraft] = field(default_factory=list)

    @property
    def connections(self) -> FakeUnit:
        return self

    practice = people = roster = audit = connections

    def get(self, _: ConnectionId) -> Connection:
        return self.world.connection

    def set_hold(self, _: ConnectionId, hold: HoldReason | None, detail: str = "") -> None:
        self.world.connection = replace(self.world.connection, hold=hold, hold_detail=detail)

    def note_good_read(self, _: ConnectionId, at: datetime) -> None:
        self.world.connection = replace(self.world.connection, last_good_read_at=at)

    def note_waiting(self, _: ConnectionId, why: str, next_try_at: datetime | None) -> None:
        self.world.connection = replace(self.world.connection, waiting_why=why, next_try_at=next_try_at)

    def add_calls(self, _: ConnectionId, month: str, calls: int) -> None:
        self.world.calls_by_month[month] = self.world.calls_by_month.get(month, 0) + calls

    def setting(self, key: str) -> str | None:
        return self.world.settings.get(key)

    def set_setting(self, key: str, value: str) -> None:
        self.world.settings[key] = value

    def patients(self, *, limit: int) -> Sequence[Patient]:
        return self.world.people[:limit]

    def patient_link(self, _: ConnectionId, patient_id: PatientId) -> PatientLink | None:
        return self.world.links.get(patient_id)

    def counts(self, connection_id: ConnectionId) -> dict[str, int]:
        return {kind.value: len(self.world.sync_store.live(connection_id, kind)) for kind in SyncKind}

    def append(self, draft: AuditDraft) -> None:
        self.drafts.append(draft)


class SyncWorld:
    """Everything around one SyncEngine."""

    def __init__(self, environment: Environment = Environment.REHEARSAL) -> None:
        self.clock = FakeClock()
        self.sink = ListSink()
        self.pms = FakePms()
        self.sync_store = InMemorySyncStore()
        self.settings: dict[str, str] = {}
        self.people: list[Patient] = []
        self.links: dict[PatientId, PatientLink] = {}
        self.calls_by_month: dict[str, int] = {}
        self.audited: list[AuditDraft] = []
        self.waits: list[float] = []
        self.is_wait_cut = False
        self.connection = Connection(
            CONNECTION_ID,
            ConnectionSettings("Main office", PmsKey("dentrix-ascend"), environment, "http://127.0.0.1:1", "org", "id"),
            is_enabled=True, hold=None, hold_detail="", report=None, tested_at=None, last_good_read_at=None,
            last_good_write_at=None, largest_lag_ticks=0, settle_factor=1, calls_this_month=0,
        )  # fmt: skip
        self.engine = self.new_engine()

    def new_engine(
        self, exclusive: Callable[[ConnectionId], AbstractContextManager[object]] = lambda _: nullcontext()
    ) -> SyncEngine:
        """As after a restart: same database, same PMS."""
        return SyncEngine(
            cast(Store, self), self.sync_store, cast(Gateways, self), self.clock, self.sink, wait=self.wait,
            exclusive=exclusive,
        )  # fmt: skip

    def open(self, _: ConnectionId) -> Any:
        """Stands for Gateways.open."""
        self.pms.is_closed = False
        return self.pms

    def wait(self, seconds: float, is_cancelled: Callable[[], bool]) -> bool:
        """Stands for the waiter: time passes at once."""
        self.waits.append(seconds)
        if self.is_wait_cut or is_cancelled():
            return False
        self.clock.move(seconds)
        return True

    @contextmanager
    def read(self) -> Iterator[FakeUnit]:
        """Stands for Store.read."""
        yield FakeUnit(self)

    @contextmanager
    def write(self) -> Iterator[FakeUnit]:
        """Stands for Store.write: audit events only come with the commit."""
        unit = FakeUnit(self)
        yield unit
        self.audited.extend(unit.drafts)

    def link(self, number: int, person: Demographics) -> None:
        """A patient of ours who is linked to the PMS patient of that number."""
        patient_id = PatientId(number)
        self.people.append(Patient(patient_id, person))
        self.links[patient_id] = PatientLink(
            CONNECTION_ID, patient_id, PmsPatientId(str(number)), 1, LinkRule.PERSON, "Ann", EPOCH
        )

    def fill_small_kinds(self) -> None:
        """One row of each other kind."""
        version = EPOCH.isoformat()
        self.pms.put(SyncKind.LOCATIONS, PmsLocation(PmsLocationId("1"), "Springvale", "America/New_York", version))
        self.pms.put(SyncKind.PROVIDERS, PmsProvider(PmsProviderId("1"), "Sam", "Lee", version=version))
        self.pms.put(SyncKind.CODES, CatalogueCode(PmsCodeId("1"), "T0101", "Sample exam", version=version))
        self.pms.put(
            SyncKind.APPOINTMENTS,
            PmsAppointment("1", PmsPatientId("1001"), None, None, EPOCH, 30, "CONFIRMED", version),
        )


def held_patients(world: SyncWorld) -> dict[str, str]:
    """id -> version of the live patients in the store."""
    live = world.sync_store.live(CONNECTION_ID, SyncKind.PATIENTS)
    return {row_id: row.version for row_id, row in live.items()}


def pms_patients(world: SyncWorld) -> dict[str, str]:
    """id -> version of the patients in the PMS."""
    return {row_id: row.version for row_id, row in world.pms.rows[SyncKind.PATIENTS].items()}


def at_patients_page(number: int, act: Callable[[], None]) -> Callable[[SyncKind, str | None], None]:
    """A hook that acts before the n-th read of patients (from 1)."""
    seen: list[str | None] = []

    def hook(kind: SyncKind, after_id: str | None) -> None:
        if kind is SyncKind.PATIENTS:
            seen.append(after_id)
            if len(seen) == number:
                act()

    return hook


def raiser(error: Exception) -> Callable[[], None]:
    """A function that raises."""

    def act() -> None:
        raise error

    return act
