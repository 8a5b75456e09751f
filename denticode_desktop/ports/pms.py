"""PmsGateway: everything the core asks of a practice-management system.

A gateway is opened for one connection and used by one thread at a time. It lets no exception of its HTTP library out:
reads raise the PMS errors of `domain.errors`, a send never raises for an answer but returns an outcome.
"""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from denticode_desktop.domain.chart_match import Look
from denticode_desktop.domain.charting import CatalogueCode, Procedure
from denticode_desktop.domain.connection import Check, ConnectionReport, ConnectionSettings, Environment, Permission
from denticode_desktop.domain.ids import PmsKey, PmsPatientId
from denticode_desktop.domain.people import PmsLocation, PmsPatient, PmsProvider
from denticode_desktop.domain.schedule import PmsAppointment
from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.domain.write_back import Item, ItemKind, ItemPayload, SendOutcome

PmsRecord = PmsLocation | PmsProvider | CatalogueCode | PmsPatient | PmsAppointment


@dataclass(frozen=True, slots=True)
class PmsCapabilities:
    """What this PMS can do through this route, so that nobody writes `if vendor ==`.

    reads: what a sync can pull. looks: kinds of item whose records can be read back. writes: kinds that can be
    created. why_not: for each kind that cannot be written, one sentence. marker_kinds: kinds whose text field comes
    back unchanged, so that the marker decides. settle_s: declared settle time. permissions: which of the help text's
    permissions each kind of item or read needs. takes_fees: whether a procedure's fee can be written; where not, the
    PMS charges by its own fee schedule.
    """

    reads: frozenset[SyncKind]
    looks: frozenset[ItemKind]
    writes: frozenset[ItemKind]
    why_not: dict[ItemKind, str]
    marker_kinds: frozenset[ItemKind]
    settle_s: int
    can_complete_procedures: bool
    page_size: int
    notes: tuple[str, ...] = ()
    takes_fees: bool = True


@dataclass(frozen=True, slots=True)
class CredentialField:
    """One field of the Add Connection wizard. `name` is the setting's or secret's key, `label` what a person reads."""

    name: str
    label: str
    is_secret: bool
    is_required: bool
    hint: str = ""


@dataclass(frozen=True, slots=True)
class PmsProfile:
    """A PMS as a card shows it, before any connection.

    availability: `available` or `planned`. hosts: default `https://host` per environment, None for rehearsal.
    it_request: text for the practice's IT or PMS administrator. confidence: how the facts are known, in plain words.
    """

    pms_key: PmsKey
    title: str
    route: str
    availability: str
    summary: str
    confidence: str
    hosts: dict[Environment, str]
    fields: tuple[CredentialField, ...]
    it_request: str
    capabilities: PmsCapabilities | None
    permissions: tuple[Permission, ...] = ()


@dataclass(frozen=True, slots=True)
class ConnectionSecrets:
    """Secrets of one connection by field name; masked in repr."""

    values: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"ConnectionSecrets({sorted(self.values)})"


class PmsPage(Protocol):
    """One page of a list, parsed as late as possible: ids and versions first, the rest only for what changed."""

    @property
    def keys(self) -> Sequence[tuple[str, str]]:
        """(id, version) of each row, in the PMS's order. A row without an id raises PmsProtocolError."""
        ...

    @property
    def next_after_id(self) -> str | None:
        """Where the next page starts, or None when this is the last one."""
        ...

    @property
    def total(self) -> int | None:
        """How many rows the PMS says there are, if it does."""
        ...

    @property
    def newest(self) -> datetime | None:
        """Largest change time on this page, aware UTC."""
        ...

    @property
    def is_keys_only(self) -> bool:
        """Whether the rows hold ids and versions and nothing else, as was asked: `records` has nothing to give."""
        ...

    def records(self, wanted: AbstractSet[str]) -> Sequence[PmsRecord]:
        """The rows whose id is in `wanted`, fully parsed. A field that breaks the contract is left empty, not fatal."""
        ...


@dataclass(frozen=True, slots=True)
class PreparedSend:
    """One create, ready to go: pure data made before the intent. `sha256` (hex) is over method, path and body."""

    kind: ItemKind
    pms_patient_id: PmsPatientId
    method: str
    path: str
    body: bytes
    content_type: str
    sha256: str
    deadline_s: float

    def __repr__(self) -> str:
        return f"PreparedSend({self.kind.value} {self.sha256[:12]})"


class PmsGateway(Protocol):
    """One connection to one PMS."""

    @property
    def capabilities(self) -> PmsCapabilities:
        """What can be done here."""
        ...

    def check_connection(self, on_check: Callable[[Check], None]) -> ConnectionReport:
        """Tries sign-in, organization and each permission in the contract's order; never raises for an answer.

        `on_check` hears every step as it ends. Writing is never tried: such permissions are `not yet confirmed`.
        """
        ...

    def read_page(
        self, kind: SyncKind, *, since: datetime | None, after_id: str | None, keys_only: bool = False
    ) -> PmsPage:
        """One page of a list, `since` repeated on every page.

        keys_only: ids and versions are enough, which a PMS may give in a fraction of the time. An adapter whose PMS
        cannot gives the whole page.

        Raises PmsUnavailableError, PmsThrottledError, PmsAuthError, PmsForbiddenError, PmsProtocolError.
        """
        ...

    def fetch_patient(self, pms_patient_id: PmsPatientId) -> PmsPatient | None:
        """The patient as the chart names them now, uncached; None when the PMS has no such patient.

        The answer may name another patient (who stays after a merge): callers compare the id. Raises as read_page.
        """
        ...

    def look(self, pms_patient_id: PmsPatientId, kind: ItemKind, *, since: datetime | None) -> Look:
        """Every record of this kind in the patient's chart changed since `since` (the PMS's clock): all, or an error.

        Reads all pages without cache; when the first page changed meanwhile, again. Records of another patient that a
        PMS lists in spite of the filter are left out. Raises as read_page.
        """
        ...

    def fingerprint(self, payload: ItemPayload) -> str:
        """Fingerprint over the fields that this PMS takes and gives back."""
        ...

    def by_hand_reason(self, procedure: Procedure, code: CatalogueCode) -> str | None:
        """Why this line cannot be written here (one sentence), or None when it can."""
        ...

    def prepare(self, item: Item, document: bytes | None = None) -> PreparedSend:
        """The request for an item, the same bytes each time. Pure.

        Raises PmsRefusedError where the item cannot be expressed for this PMS.
        """
        ...

    def make_ready(self, deadline_s: float) -> None:
        """Fetches a token that outlives the deadline by 60 s, so that none is fetched between intent and send.

        Raises as read_page.
        """
        ...

    def send(self, prepared: PreparedSend, *, may_send: Callable[[], bool]) -> SendOutcome:
        """Sends once over a fresh connection: no retry, no redirect, own total deadline.

        `may_send` is asked right before the first byte; False = nothing leaves, outcome NOT_SENT. Never raises for
        what the network or PMS does; whatever is not proven is UNKNOWN.
        """
        ...

    def drop_token(self) -> None:
        """After a 401 on a send: the next make_ready fetches a fresh one."""
        ...

    def take_call_count(self) -> int:
        """Requests made since last asked, for the vendor's monthly allowance."""
        ...

    def take_token_count(self) -> int:
        """Access tokens that this gateway fetched since last asked, for the audit log."""
        ...

    def close(self) -> None:
        """Gives sockets back."""
        ...


class PmsDirectory(Protocol):
    """All vendors that the program knows."""

    def profiles(self) -> Sequence[PmsProfile]:
        """Every PMS of the seeds, available or planned."""
        ...

    def profile(self, pms_key: PmsKey) -> PmsProfile:
        """One of them. Raises NotFoundError."""
        ...

    def checked_host(self, pms_key: PmsKey, environment: Environment, host: str | None) -> str:
        """`scheme://host[:port]` fit for the environment, the default where None.

        Raises UserError (field `host`) for http, a look-alike, user info, a port or path, or - in rehearsal -
        anything but loopback.
        """
        ...

    def open(self, settings: ConnectionSettings, secrets: ConnectionSecrets) -> PmsGateway:
        """A gateway for one connection. Opens no socket yet."""
        ...
