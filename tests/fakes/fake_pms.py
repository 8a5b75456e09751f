"""FakePmsGateway and FakeDirectory: what the program holds of a PMS, for every test that needs one.

Behind every gateway is a `FakePms` (tests.fakes.fake_chart), which is the server and has the switches.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from denticode_desktop.domain.chart_match import Look
from denticode_desktop.domain.charting import CatalogueCode, Procedure
from denticode_desktop.domain.connection import (
    Check,
    CheckOutcome,
    ConnectionReport,
    ConnectionSettings,
    Environment,
    FailureReason,
    Light,
    Permission,
)
from denticode_desktop.domain.errors import NotFoundError, PmsRefusedError, UserError
from denticode_desktop.domain.fingerprint import fingerprint_of
from denticode_desktop.domain.ids import (
    PmsKey,
    PmsPatientId,
)
from denticode_desktop.domain.payload import payload_bytes
from denticode_desktop.domain.people import PmsPatient
from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.domain.write_back import (
    DocumentPayload,
    Item,
    ItemKind,
    ItemPayload,
    OutcomeKind,
    SendOutcome,
)
from denticode_desktop.ports.pms import (
    ConnectionSecrets,
    CredentialField,
    PmsCapabilities,
    PmsDirectory,
    PmsGateway,
    PmsPage,
    PmsProfile,
    PmsRecord,
    PreparedSend,
)

from .fake_chart import EPOCH_AT, FakePms, SendScript, payload_from_bytes, record_of

__all__ = [
    "ASCEND",
    "CAPABILITIES",
    "EPOCH_AT",
    "FIELDS",
    "RIGHT_SECRET",
    "FakeDirectory",
    "FakePage",
    "FakePms",
    "FakePmsGateway",
    "SendScript",
    "opens_of",
    "payload_from_bytes",
    "profile",
    "record_of",
]

ASCEND = PmsKey("dentrix-ascend")
RIGHT_SECRET = "right-secret"

ALL_KINDS = frozenset(ItemKind)
CAPABILITIES = PmsCapabilities(
    reads=frozenset(SyncKind),
    looks=ALL_KINDS,
    writes=ALL_KINDS,
    why_not={},
    marker_kinds=frozenset({ItemKind.NOTE}),
    settle_s=120,
    can_complete_procedures=True,
    page_size=3,
)


@dataclass(frozen=True, slots=True)
class FakePage:
    """One page of a list."""

    rows: tuple[tuple[str, PmsRecord, datetime], ...]
    next_after_id: str | None
    total: int | None
    is_keys_only: bool = False

    @property
    def keys(self) -> Sequence[tuple[str, str]]:
        """(id, version)."""
        return [(key, getattr(record, "version", "") or at.isoformat()) for key, record, at in self.rows]

    @property
    def newest(self) -> datetime | None:
        """Largest change time."""
        return max((at for _, _, at in self.rows), default=None)

    def records(self, wanted: AbstractSet[str]) -> Sequence[PmsRecord]:
        """The wanted rows."""
        return [record for key, record, _ in self.rows if key in wanted]


class FakePmsGateway:
    """What the program holds of a FakePms. Each request counts as one call."""

    def __init__(
        self,
        pms: FakePms,
        *,
        capabilities: PmsCapabilities = CAPABILITIES,
        settings: ConnectionSettings | None = None,
        secrets: ConnectionSecrets | None = None,
    ) -> None:
        self.pms = pms
        self.settings = settings
        self.is_closed = False
        self.dropped_tokens = 0
        self.has_token = False
        self.by_hand: dict[str, str] = {}
        """Code -> why it cannot be written here."""
        self._capabilities = capabilities
        self._secrets = secrets
        self._call_count = 0
        self._token_count = 0

    @property
    def capabilities(self) -> PmsCapabilities:
        """What can be done here."""
        return self._capabilities

    def _called(self, name: str, pms_patient_id: PmsPatientId | None = None, kind: str = "") -> None:
        self._call_count += 1
        self.pms.note_call(name, pms_patient_id, kind)

    def check_connection(self, on_check: Callable[[Check], None]) -> ConnectionReport:
        """Sign-in, organization, then each permission; the switches of the FakePms decide."""
        self._called("check_connection")
        checks: list[Check] = []

        def step(check: Check) -> None:
            checks.append(check)
            on_check(check)

        failure = self._failure()
        if failure is not None:
            step(Check("sign_in", CheckOutcome.FAILED, "Signing in failed."))
            return ConnectionReport(Light.FAILED, tuple(checks), reason=failure)
        step(Check("sign_in", CheckOutcome.OK))
        step(Check("organization", CheckOutcome.OK))
        for permission in Permission:
            is_missing = permission in self.pms.missing_permissions
            outcome = CheckOutcome.MISSING if is_missing else CheckOutcome.OK
            step(Check(f"permission.{permission.name.lower()}", outcome, permission=permission))
        unconfirmed = (Permission.CHART_NOTES,) if Permission.CHART_NOTES not in self.pms.missing_permissions else ()
        light = Light.YELLOW if self.pms.missing_permissions else Light.GREEN
        return ConnectionReport(
            light, tuple(checks), self.pms.missing_permissions, unconfirmed,
            organization_name=self.pms.organization_name,
        )  # fmt: skip

    def _failure(self) -> FailureReason | None:
        if self.pms.failure is not None:
            return self.pms.failure
        if self._secrets is not None and self._secrets.values.get("client_secret") != RIGHT_SECRET:
            return FailureReason.CREDENTIALS_REFUSED
        if self.settings is not None and self.settings.organization_id != self.pms.organization_id:
            return FailureReason.ORGANIZATION_NOT_LINKED
        return None

    def read_page(
        self, kind: SyncKind, *, since: datetime | None, after_id: str | None, keys_only: bool = False
    ) -> PmsPage:
        """The rows after `after_id`, at most a page of them."""
        self._called("read_page", kind=kind.value)
        rows = self.pms.rows(kind, since)
        rest = [row for row in rows if after_id is None or row[0] > after_id]
        page = tuple(rest[: self._capabilities.page_size])
        has_more = len(rest) > len(page)
        return FakePage(page, page[-1][0] if has_more else None, len(rows))

    def fetch_patient(self, pms_patient_id: PmsPatientId) -> PmsPatient | None:
        """As the server holds them now."""
        self._called("fetch_patient", pms_patient_id)
        return self.pms.patient(pms_patient_id)

    def look(self, pms_patient_id: PmsPatientId, kind: ItemKind, *, since: datetime | None) -> Look:
        """What is visible by now."""
        started_s = self.pms.time_s()
        self._called("look", pms_patient_id, kind.value)
        found = tuple(
            r
            for r in self.pms.visible(pms_patient_id, kind)
            if since is None or r.dated_at is None or r.dated_at >= since
        )
        evidence = hashlib.sha256("".join(r.remote_id for r in found).encode()).hexdigest()
        return Look(kind, pms_patient_id, found, 1, evidence, started_s)

    def fingerprint(self, payload: ItemPayload) -> str:
        """The full one: this PMS keeps every field."""
        return fingerprint_of(payload)

    def by_hand_reason(self, procedure: Procedure, code: CatalogueCode) -> str | None:
        """From `by_hand`."""
        return self.by_hand.get(code.code)

    def prepare(self, item: Item, document: bytes | None = None) -> PreparedSend:
        """The payload's own bytes; a document must come with its bytes."""
        if item.kind not in self._capabilities.writes:
            raise PmsRefusedError(0, self._capabilities.why_not.get(item.kind, ""))
        if isinstance(item.payload, DocumentPayload) and (
            document is None or hashlib.sha256(document).hexdigest() != item.payload.sha256
        ):
            raise PmsRefusedError(0, "The document's bytes are not those that were finalized.")
        body, path = payload_bytes(item.payload), f"/fake/{item.kind.value}s"
        digest = hashlib.sha256(b"POST " + path.encode() + b"\n" + body).hexdigest()
        return PreparedSend(item.kind, item.pms_patient_id, "POST", path, body, "application/json", digest, 30.0)

    def make_ready(self, deadline_s: float) -> None:
        """Counts as a call; fetches a token where none is held."""
        self._called("make_ready")
        self._token_count += not self.has_token
        self.has_token = True

    def send(self, prepared: PreparedSend, *, may_send: Callable[[], bool]) -> SendOutcome:
        """Once, by the server's script."""
        if not may_send():
            return SendOutcome(OutcomeKind.NOT_SENT, error_kind="guard")
        self._call_count += 1
        return self.pms.take(prepared)

    def drop_token(self) -> None:
        """Counted."""
        self.dropped_tokens += 1
        self.has_token = False

    def take_call_count(self) -> int:
        """Since last asked."""
        count, self._call_count = self._call_count, 0
        return count

    def take_token_count(self) -> int:
        """Since last asked."""
        count, self._token_count = self._token_count, 0
        return count

    def close(self) -> None:
        """Remembered."""
        self.is_closed = True


FIELDS = (
    CredentialField("organization_id", "Organization ID", is_secret=False, is_required=True),
    CredentialField("client_id", "Client ID", is_secret=False, is_required=True),
    CredentialField("client_secret", "Client secret", is_secret=True, is_required=True),
)


def profile(pms_key: str, title: str, *, availability: str = "available") -> PmsProfile:
    """A card with one route and the usual three fields."""
    return PmsProfile(
        pms_key=PmsKey(pms_key), title=title, route="Public API", availability=availability,
        summary="Notes, procedures and documents.", confidence="invented for tests",
        hosts={Environment.PRODUCTION: "https://prod.fake.example", Environment.SANDBOX: "https://test.fake.example"},
        fields=FIELDS, it_request="Please send us the three values.",
        capabilities=CAPABILITIES if availability == "available" else None, permissions=tuple(Permission),
    )  # fmt: skip


class FakeDirectory:
    """All vendors, of which one FakePms answers every open connection. `opened` keeps the gateways in order."""

    def __init__(self, pms: FakePms | None = None, *, capabilities: PmsCapabilities = CAPABILITIES) -> None:
        self.pms = pms or FakePms()
        self.opened: list[FakePmsGateway] = []
        self._capabilities = capabilities
        self._profiles = (
            profile("dentrix-ascend", "Dentrix Ascend"),
            profile("open-dental", "Open Dental", availability="planned"),
        )

    def profiles(self) -> Sequence[PmsProfile]:
        """Two: one available, one planned."""
        return self._profiles

    def profile(self, pms_key: PmsKey) -> PmsProfile:
        """One of them."""
        for known in self._profiles:
            if known.pms_key == pms_key:
                return known
        raise NotFoundError(f"There is no PMS called {pms_key}.", field="pms")

    def checked_host(self, pms_key: PmsKey, environment: Environment, host: str | None) -> str:
        """Loopback in rehearsal; elsewhere the profile's own host."""
        if environment is Environment.REHEARSAL:
            if host is None or not host.startswith("http://127.0.0.1:"):
                raise UserError("A Rehearsal connection needs the simulator's address.", field="host")
            return host
        wanted = self.profile(pms_key).hosts[environment]
        if host not in (None, wanted):
            raise UserError("That host is not the vendor's.", field="host")
        return wanted

    def open(self, settings: ConnectionSettings, secrets: ConnectionSecrets) -> FakePmsGateway:
        """A gateway to the one FakePms."""
        gateway = FakePmsGateway(self.pms, capabilities=self._capabilities, settings=settings, secrets=secrets)
        self.opened.append(gateway)
        return gateway


def opens_of(directory: FakeDirectory) -> Iterable[FakePmsGateway]:
    """Gateways that were opened and never closed."""
    return [g for g in directory.opened if not g.is_closed]


_is_a_gateway: type[PmsGateway] = FakePmsGateway
_is_a_directory: type[PmsDirectory] = FakeDirectory
_is_a_page: type[PmsPage] = FakePage
