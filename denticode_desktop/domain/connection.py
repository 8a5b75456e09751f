"""A connection: the practice's account at one PMS, its test result and its holds."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .ids import ConnectionId, PmsKey, PmsLocationId, PmsProviderId


class Environment(StrEnum):
    """Where a connection leads. `rehearsal` accepts loopback hosts only; the others only the vendor's hosts."""

    PRODUCTION = "production"
    SANDBOX = "sandbox"
    REHEARSAL = "rehearsal"


class Light(StrEnum):
    """Result of a test (product.md section 4)."""

    GREEN = "green"
    YELLOW = "yellow"
    FAILED = "failed"


class Permission(StrEnum):
    """The permissions of the help text, by its names."""

    PATIENTS = "Patients"
    PROVIDERS = "Providers"
    APPOINTMENTS = "Appointments"
    CHART_NOTES = "Chart notes"
    TREATMENT_PLANS = "Treatment plans"


class FailureReason(StrEnum):
    """Why a connection test failed, told apart for the person."""

    CREDENTIALS_REFUSED = "credentials_refused"
    WRONG_ENVIRONMENT = "wrong_environment"
    ORGANIZATION_NOT_LINKED = "organization_not_linked"
    NOT_REACHABLE = "not_reachable"
    TLS_REFUSED = "tls_refused"
    CLOCK_WRONG = "clock_wrong"
    UNEXPECTED_ANSWER = "unexpected_answer"
    OUT_OF_SERVICE = "out_of_service"
    THROTTLED = "throttled"


class CheckOutcome(StrEnum):
    """One step of a connection test."""

    OK = "ok"
    MISSING = "missing"
    FAILED = "failed"
    NOT_CONFIRMED = "not_confirmed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """One step of a connection test, in the order it was made. `name` is a stable key; `words` is one sentence."""

    name: str
    outcome: CheckOutcome
    words: str = ""
    permission: Permission | None = None


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """What a test found. `organization_name` is None where the PMS did not get as far as telling it."""

    light: Light
    checks: tuple[Check, ...]
    missing_permissions: tuple[Permission, ...] = ()
    unconfirmed_permissions: tuple[Permission, ...] = ()
    reason: FailureReason | None = None
    sentence: str = ""
    next_step: str = ""
    organization_name: str | None = None


class HoldReason(StrEnum):
    """Why nothing is sent over a connection for now."""

    SIGN_IN = "sign_in"
    PERMISSION_MISSING = "permission_missing"
    THROTTLED_LONG = "throttled_long"
    UNKNOWN_STREAK = "unknown_streak"
    DISCONNECTED = "disconnected"
    PAUSED = "paused"
    WRONG_ROSTER = "wrong_roster"


PROBED_HOLDS = frozenset({HoldReason.UNKNOWN_STREAK, HoldReason.THROTTLED_LONG})
"""Holds that the sender lifts by itself after a good read; the others end by a person's Test or Reconnect."""


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """What a person chose for a connection. No secret is in here."""

    name: str
    pms_key: PmsKey
    environment: Environment
    host: str
    """`https://prod.example` - scheme and host (and port for Rehearsal), no path."""
    organization_id: str
    client_id: str
    location_id: PmsLocationId | None = None
    default_provider_id: PmsProviderId | None = None
    settle_s: int = 120
    """Settle time in ticks of about a second; the adapter's declared value is the minimum outside Rehearsal."""
    is_marker_on: bool = True
    may_complete_procedures: bool = False
    """Send procedures as completed where the Lab says so: posts to the ledger in some PMSs."""
    time_zone: str = ""
    """IANA name of the chosen location; empty = the computer's own."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A stored connection and what is known of its state."""

    connection_id: ConnectionId
    settings: ConnectionSettings
    is_enabled: bool
    hold: HoldReason | None
    hold_detail: str
    report: ConnectionReport | None
    tested_at: datetime | None
    last_good_read_at: datetime | None
    last_good_write_at: datetime | None
    largest_lag_ticks: int
    settle_factor: int
    """1, doubled each time the watch found a twin."""
    calls_this_month: int
    write_confirmed: frozenset[Permission] = frozenset()
    """Write permissions proven by a first success."""
    waiting_why: str = ""
    next_try_at: datetime | None = None

    @property
    def has_failed(self) -> bool:
        """Whether the last thing known is a failed test: a good read since then says otherwise."""
        if self.report is None or self.report.light is not Light.FAILED:
            return False
        return self.tested_at is None or self.last_good_read_at is None or self.last_good_read_at <= self.tested_at
