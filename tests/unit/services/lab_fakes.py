"""Behaving stand-ins for what lab desk, composer and outbox need from outside: a PMS's rules, a clock, an ear."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

from denticode_desktop.domain.chart_match import Look
from denticode_desktop.domain.charting import CatalogueCode, Procedure, TreatmentArea
from denticode_desktop.domain.connection import (
    Check,
    Connection,
    ConnectionReport,
    ConnectionSettings,
    Environment,
)
from denticode_desktop.domain.errors import BugError
from denticode_desktop.domain.events import Event
from denticode_desktop.domain.fingerprint import fingerprint_of
from denticode_desktop.domain.ids import (
    ConnectionId,
    LabId,
    PatientId,
    PmsCodeId,
    PmsKey,
    PmsLocationId,
    PmsPatientId,
    ProviderId,
)
from denticode_desktop.domain.lab import LabContent, LabRevision, RevisionKind
from denticode_desktop.domain.people import PmsPatient
from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.domain.write_back import Item, ItemKind, ItemPayload, SendOutcome
from denticode_desktop.ports.pms import ConnectionSecrets, PmsCapabilities, PmsPage, PmsProfile, PreparedSend

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
VISIT = date(2026, 11, 20)
ALL_KINDS = frozenset(ItemKind)


class SteppingClock:
    """A clock that a test moves."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now
        self.mono_s = 0.0

    def utc_now(self) -> datetime:
        """Aware UTC."""
        return self.now

    def monotonic_s(self) -> float:
        """As set."""
        return self.mono_s


class CountedRandomness:
    """Chance without surprise: every token differs."""

    def __init__(self) -> None:
        self._n = 0

    def unit(self) -> float:
        """The middle."""
        return 0.5

    def token_bytes(self, n: int) -> bytes:
        """The next number."""
        self._n += 1
        return self._n.to_bytes(n, "big")


class HeardEvents:
    """An EventSink that remembers."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def publish(self, event: Event) -> None:
        """Keeps it."""
        self.events.append(event)


class FakeRules:
    """A PMS's rules as a gateway gives them, opened without network. Everything that needs the network is a bug."""

    def __init__(
        self,
        *,
        writes: frozenset[ItemKind] = ALL_KINDS,
        marks: frozenset[ItemKind] = frozenset({ItemKind.NOTE}),
        can_complete: bool = True,
        takes_fees: bool = True,
        by_hand_codes: frozenset[str] = frozenset(),
    ) -> None:
        self._by_hand_codes = by_hand_codes
        self.is_open = True
        self._capabilities = PmsCapabilities(
            reads=frozenset(SyncKind), looks=writes, writes=writes,
            why_not={ItemKind.DOCUMENT: "This PMS takes no document from outside."}, marker_kinds=marks,
            settle_s=0, can_complete_procedures=can_complete, page_size=50, takes_fees=takes_fees,
        )  # fmt: skip

    @property
    def capabilities(self) -> PmsCapabilities:
        """As given."""
        return self._capabilities

    def fingerprint(self, payload: ItemPayload) -> str:
        """The full rule."""
        return fingerprint_of(payload)

    def by_hand_reason(self, procedure: Procedure, code: CatalogueCode) -> str | None:
        """Codes that were named."""
        return "This PMS takes no tooth from outside." if procedure.code in self._by_hand_codes else None

    def close(self) -> None:
        """Closed."""
        self.is_open = False

    def check_connection(self, on_check: Callable[[Check], None]) -> ConnectionReport:
        """Not without network."""
        raise BugError("network")

    def read_page(
        self, kind: SyncKind, *, since: datetime | None, after_id: str | None, keys_only: bool = False
    ) -> PmsPage:
        """Not without network."""
        raise BugError("network")

    def fetch_patient(self, pms_patient_id: PmsPatientId) -> PmsPatient | None:
        """Not without network."""
        raise BugError("network")

    def look(self, pms_patient_id: PmsPatientId, kind: ItemKind, *, since: datetime | None) -> Look:
        """Not without network."""
        raise BugError("network")

    def prepare(self, item: Item, document: bytes | None = None) -> PreparedSend:
        """Not asked here."""
        raise BugError("network")

    def make_ready(self, deadline_s: float) -> None:
        """Not without network."""
        raise BugError("network")

    def send(self, prepared: PreparedSend, *, may_send: Callable[[], bool]) -> SendOutcome:
        """Not without network."""
        raise BugError("network")

    def drop_token(self) -> None:
        """Not without network."""
        raise BugError("network")

    def take_call_count(self) -> int:
        """None."""
        return 0

    def take_token_count(self) -> int:
        """None."""
        return 0


class FakeDirectory:
    """A PmsDirectory of one PMS whose rules a test sets."""

    def __init__(self) -> None:
        self.make_rules: Callable[[], FakeRules] = FakeRules
        self.opened: list[FakeRules] = []

    def profiles(self) -> Sequence[PmsProfile]:
        """None."""
        return ()

    def profile(self, pms_key: PmsKey) -> PmsProfile:
        """Not asked here."""
        raise BugError("profile")

    def checked_host(self, pms_key: PmsKey, environment: Environment, host: str | None) -> str:
        """Not asked here."""
        raise BugError("host")

    def open(self, settings: ConnectionSettings, secrets: ConnectionSecrets) -> FakeRules:
        """Rules; no secret is needed for them."""
        assert secrets.values == {}
        self.opened.append(self.make_rules())
        return self.opened[-1]


def settings(
    name: str = "Oak Street Ascend",
    *,
    is_marker_on: bool = True,
    may_complete_procedures: bool = False,
    location_id: PmsLocationId | None = None,
) -> ConnectionSettings:
    """A rehearsal connection's settings."""
    return ConnectionSettings(
        name=name, pms_key=PmsKey("dentrix-ascend"), environment=Environment.REHEARSAL, host="http://127.0.0.1:1",
        organization_id="org-1", client_id="client-1", time_zone="America/Denver", is_marker_on=is_marker_on,
        may_complete_procedures=may_complete_procedures, location_id=location_id,
    )  # fmt: skip


def connection(chosen: ConnectionSettings | None = None, number: int = 1) -> Connection:
    """A connection as stored."""
    return Connection(
        ConnectionId(number), chosen or settings(), is_enabled=True, hold=None, hold_detail="", report=None,
        tested_at=None, last_good_read_at=None, last_good_write_at=None, largest_lag_ticks=0, settle_factor=1,
        calls_this_month=0,
    )  # fmt: skip


def code(
    code: str,
    code_id: str | None = None,
    *,
    extension: str = "",
    is_active: bool = True,
    treatment_area: TreatmentArea = TreatmentArea.OTHER,
) -> CatalogueCode:
    """A row of the practice's code list."""
    return CatalogueCode(
        PmsCodeId(code_id or f"id-{code}"), code, "invented", is_active=is_active, extension=extension,
        treatment_area=treatment_area,
    )  # fmt: skip


def revision(
    *procedures: Procedure,
    number: int = 1,
    kind: RevisionKind = RevisionKind.ORIGINAL,
    note: str = "S: invented.",
    content: LabContent | None = None,
) -> LabRevision:
    """A finalized revision of an invented Lab."""
    made = content or LabContent(VISIT, PatientId(1), ProviderId(1), note, tuple(procedures))
    return LabRevision(
        LabId("Labcdefghijklmno"), number, kind, made, NOW, finalized_at=NOW, finalized_by="owner",
        content_sha256="0" * 64,
    )  # fmt: skip
