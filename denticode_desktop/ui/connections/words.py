"""Words of the connection screens: codes, times and reports as a person reads them."""

from datetime import datetime

from denticode_desktop.domain.connection import (
    Check,
    CheckOutcome,
    Connection,
    ConnectionReport,
    Environment,
    Light,
    Permission,
)
from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.domain.write_back import ItemKind
from denticode_desktop.ports.pms import PmsProfile
from denticode_desktop.services.status_board import CardLight, ConnectionCard
from denticode_desktop.ui.times import ago
from denticode_desktop.ui.widgets import Status
from denticode_desktop.ui.words import tr

MAX_CHOICE_CHARS = 80


def light_status(card: ConnectionCard) -> Status:
    """The light as a status. Grey has two words: off, and not proven now."""
    if card.light is CardLight.GREEN:
        return Status("Ready", "check-circle", "good")
    if card.light is CardLight.YELLOW:
        return Status("Limited", "warning", "warn")
    if card.light is CardLight.FAILED:
        return Status("Not working", "x-circle", "bad")
    if not card.connection.is_enabled:
        return Status("Disconnected", "dash-circle", "muted")
    return Status("Not proven now", "circle", "muted")


def result_status(light: Light) -> Status:
    """A test's result as a status."""
    return {
        Light.GREEN: Status("Ready", "check-circle", "good"),
        Light.YELLOW: Status("Limited", "warning", "warn"),
        Light.FAILED: Status("Not connected", "x-circle", "bad"),
    }[light]


def step_status(outcome: CheckOutcome) -> Status:
    """One step of a test as a status; the word is for screen readers."""
    return {
        CheckOutcome.OK: Status("Done", "check-circle", "good"),
        CheckOutcome.MISSING: Status("Missing", "warning", "warn"),
        CheckOutcome.FAILED: Status("Failed", "x-circle", "bad"),
        CheckOutcome.NOT_CONFIRMED: Status("Not yet confirmed", "question-circle", "muted"),
        CheckOutcome.SKIPPED: Status("Left out", "dash-circle", "muted"),
    }[outcome]


def step_words(check: Check) -> str:
    """The step's own sentence, or ours where it has none."""
    if check.words:
        return check.words
    if check.permission is not None:
        is_ok = check.outcome is CheckOutcome.OK
        text = tr("{permission} can be read.") if is_ok else tr("{permission}: missing.")
        return text.format(permission=check.permission.value)
    known = {
        "clock": tr("This computer's clock agrees with the PMS."),
        "sign_in": tr("Signed in."),
        "token": tr("Signed in."),
        "organization": tr("The organization answers."),
    }
    if check.outcome is CheckOutcome.SKIPPED and check.name == "clock":
        return tr("This computer's clock could not be compared.")
    return known.get(check.name) or check.name.replace("_", " ").capitalize()


def environment_word(environment: Environment) -> str:
    """Production, Sandbox, Rehearsal."""
    return {
        Environment.PRODUCTION: tr("Production"),
        Environment.SANDBOX: tr("Sandbox"),
        Environment.REHEARSAL: tr("Rehearsal"),
    }[environment]


def kind_words(kind: str) -> str:
    """What a sync reads right now."""
    known = {
        SyncKind.LOCATIONS.value: tr("Reading locations"),
        SyncKind.PROVIDERS.value: tr("Reading providers"),
        SyncKind.CODES.value: tr("Reading the code list"),
        SyncKind.PATIENTS.value: tr("Reading patients"),
        SyncKind.APPOINTMENTS.value: tr("Reading appointments"),
    }
    return known.get(kind, tr("Reading"))


def left_words(left_s: float | None) -> str:
    """Time left, roundly; empty where it is not known."""
    if left_s is None:
        return ""
    if left_s < 5:
        return tr("a few seconds left")
    if left_s < 90:
        return tr("about {n} seconds left").format(n=max(10, round(left_s / 10) * 10))
    return tr("about {n} minutes left").format(n=max(2, round(left_s / 60)))


def checked_words(connection: Connection, now: datetime) -> str:
    """`checked 3 minutes ago`, of the test or the last good read, whichever is later: what the light rests on."""
    proofs = [at for at in (connection.tested_at, connection.last_good_read_at) if at is not None]
    if not proofs:
        return tr("never checked")
    return tr("checked {ago}").format(ago=ago(max(proofs), now))


def stops_words(permission: Permission) -> str:
    """What a missing permission stops."""
    return {
        Permission.PATIENTS: tr("Patients cannot be synced or matched, so no Lab reaches a chart."),
        Permission.PROVIDERS: tr("Providers cannot be synced, so Labs cannot name theirs in the PMS."),
        Permission.APPOINTMENTS: tr("Appointments are not read. Sending Labs goes on without them."),
        Permission.CHART_NOTES: tr("Notes cannot be written or proven in the chart; they wait here."),
        Permission.TREATMENT_PLANS: tr(
            "Procedures and the practice's code list cannot be used; procedures wait here."
        ),
    }[permission]


def other_gaps(report: ConnectionReport) -> list[str]:
    """What is missing besides the help text's permissions, such as the list of locations."""
    return [step_words(c) for c in report.checks if c.outcome is CheckOutcome.MISSING and c.permission is None]


def administrator_text(title: str, organization_id: str, report: ConnectionReport) -> str:
    """Text to copy to the PMS administrator: the adapter's own, or ours."""
    if report.light is Light.YELLOW and report.next_step:
        return report.next_step
    names = ", ".join(p.value for p in report.missing_permissions) or " ".join(other_gaps(report))
    text = tr(
        "For your {pms} administrator: please give our API application these permissions for organization "
        "{organization}: {names}.",
    )
    return text.format(pms=title, organization=organization_id, names=names)


def report_text(name: str, environment: Environment, report: ConnectionReport) -> str:
    """A result to copy for IT: steps and sentences; no secret is in a report."""
    lines = [f"{name} ({environment_word(environment)}): {tr(result_status(report.light).word)}"]
    lines += [f"- {tr(step_status(c.outcome).word)}: {step_words(c)}" for c in report.checks]
    return "\n".join(line for line in (*lines, report.sentence, report.next_step) if line)


def item_word(kind: ItemKind) -> str:
    """Notes, procedures, documents."""
    return {
        ItemKind.NOTE: tr("Clinical notes"),
        ItemKind.PROCEDURE: tr("Procedures"),
        ItemKind.DOCUMENT: tr("Documents"),
    }[kind]


def read_words(profile: PmsProfile) -> str:
    """What can be read, as one line."""
    words = {
        SyncKind.LOCATIONS: tr("locations"),
        SyncKind.PROVIDERS: tr("providers"),
        SyncKind.CODES: tr("code list"),
        SyncKind.PATIENTS: tr("patients"),
        SyncKind.APPOINTMENTS: tr("appointments"),
    }
    reads = profile.capabilities.reads if profile.capabilities else frozenset()
    return ", ".join(words[kind] for kind in SyncKind if kind in reads)


def write_words(profile: PmsProfile) -> str:
    """What can be written, as one line."""
    writes = profile.capabilities.writes if profile.capabilities else frozenset()
    return ", ".join(item_word(kind).lower() for kind in ItemKind if kind in writes)


def short(text: str) -> str:
    """For a list of choices: one line of bounded length."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_CHOICE_CHARS else line[: MAX_CHOICE_CHARS - 1] + "\u2026"
