"""What a connection test's report says and what it proves about a hold: pure."""

from dataclasses import replace

from denticode_desktop.domain.connection import (
    Check,
    CheckOutcome,
    Connection,
    ConnectionReport,
    ConnectionSettings,
    FailureReason,
    HoldReason,
    Light,
    Permission,
)

from .connection_places import LOCATION_CHECK
from .connection_rules import SWAP_HINT, looks_swapped
from .gateways import MISSING_HINT
from .sentences import FAILURE_ADVICE

ReportDetail = dict[str, str | int | bool | None]


def with_advice(report: ConnectionReport) -> ConnectionReport:
    """The report with our own sentence and next step where the adapter gave none."""
    if report.light is not Light.FAILED or report.reason is None:
        return report
    advice = FAILURE_ADVICE[report.reason]
    return replace(report, sentence=report.sentence or advice.sentence, next_step=report.next_step or advice.next_step)


def with_swap_hint(report: ConnectionReport, settings: ConnectionSettings) -> ConnectionReport:
    """A refused sign-in whose client id looks like an organization id says so."""
    if report.reason is not FailureReason.CREDENTIALS_REFUSED or not looks_swapped(settings.client_id):
        return report
    return replace(report, next_step=f"{SWAP_HINT} {report.next_step}".strip())


def missing_secrets_report() -> ConnectionReport:
    """The result of testing a connection whose secrets are not on this computer: nothing was asked of the PMS."""
    check = Check("sign_in", CheckOutcome.FAILED, "The credentials are not on this computer.")
    report = ConnectionReport(Light.FAILED, (check,), reason=FailureReason.CREDENTIALS_REFUSED)
    return replace(report, sentence="The credentials are not on this computer.", next_step=MISSING_HINT)


def with_kept_location(report: ConnectionReport, earlier: ConnectionReport | None) -> ConnectionReport:
    """A new report with the earlier one's step about the location, which only adding and choosing make."""
    if earlier is None or report.light is Light.FAILED:
        return report
    return replace(report, checks=(*report.checks, *(c for c in earlier.checks if c.name == LOCATION_CHECK)))


def lifts_hold(connection: Connection, report: ConnectionReport) -> bool:
    """Whether a test's result disproves the connection's hold.

    SIGN_IN and UNKNOWN_STREAK end with any light but failed. PERMISSION_MISSING ends when the permission it names is
    not among the missing ones; where it names none, when none is missing. Other holds are not about a test.
    """
    if report.light is Light.FAILED:
        return False
    if connection.hold in (HoldReason.SIGN_IN, HoldReason.UNKNOWN_STREAK):
        return True
    if connection.hold is not HoldReason.PERMISSION_MISSING:
        return False
    named = {p for p in Permission if p.value == connection.hold_detail}
    return not (named & set(report.missing_permissions) if named else report.missing_permissions)


def report_detail(report: ConnectionReport) -> ReportDetail:
    """What of a report goes into the audit log: codes and counts."""
    return {
        "light": report.light.value,
        "reason": report.reason.value if report.reason else None,
        "missing": ",".join(p.value for p in report.missing_permissions),
        "checks": len(report.checks),
    }
