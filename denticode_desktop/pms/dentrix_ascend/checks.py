"""The connection test, in the order of the contract's section 6. Nothing is written: that stays "not yet confirmed"."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from denticode_desktop.domain.connection import (
    Check,
    CheckOutcome,
    ConnectionReport,
    ConnectionSettings,
    FailureReason,
    Light,
    Permission,
)
from denticode_desktop.domain.errors import (
    ExternalError,
    PmsAuthError,
    PmsForbiddenError,
    PmsProtocolError,
    PmsRefusedError,
    PmsThrottledError,
    PmsUnavailableError,
)
from denticode_desktop.pms.http_limits import parse_strict

from .client import AscendClient
from .failure_words import (
    MAX_CLOCK_SKEW_S,
    administrator_text,
    clock_words,
    failure_words,
    unanswered_advice,
    unanswered_words,
)
from .rows import id_text

NOT_FOUND = 404
UNREADABLE = "The list of linked organizations was not readable."
_ROUTES_OF_WRITES = (Permission.CHART_NOTES, Permission.TREATMENT_PLANS)


@dataclass(frozen=True, slots=True)
class _Probe:
    """One read that shows a permission. `paths` names candidates in the data file."""

    name: str
    paths: str
    permission: Permission | None
    words: str


_PROBES = (
    _Probe("locations", "locations", None, "Locations"),
    _Probe("patients", "patients", Permission.PATIENTS, "Patients"),
    _Probe("providers", "providers", Permission.PROVIDERS, "Providers"),
    _Probe("appointments", "appointments", Permission.APPOINTMENTS, "Appointments"),
    _Probe("chart_notes", "notes", Permission.CHART_NOTES, "Chart notes"),
    _Probe("treatment_plans", "treatment_plans", Permission.TREATMENT_PLANS, "Treatment plans"),
    _Probe("procedures", "procedures", Permission.TREATMENT_PLANS, "The patients' procedures"),
    _Probe("codes", "codes", Permission.TREATMENT_PLANS, "The practice's code list"),
)


class _StopError(Exception):
    """The test cannot go on."""

    def __init__(self, reason: FailureReason, words: tuple[str, str]) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.sentence, self.next_step = words


class ConnectionCheck:
    """One run of the test. `on_check` hears every step as it ends."""

    def __init__(self, client: AscendClient, settings: ConnectionSettings, on_check: Callable[[Check], None]) -> None:
        self._client = client
        self._settings = settings
        self._on_check = on_check
        self._checks: list[Check] = []
        self._unanswered: list[str] = []
        self._organization_name: str | None = None

    def run(self) -> ConnectionReport:
        """Never raises for an answer."""
        try:
            self._check_fields()
            self._check_token()
            self._check_linked()
            self._check_organization()
            for probe in _PROBES:
                self._check_probe(probe)
            self._check_clock()
        except _StopError as stop:
            return self._failed(stop)
        return self._finished()

    def _note(self, name: str, outcome: CheckOutcome, words: str = "", permission: Permission | None = None) -> None:
        check = Check(name, outcome, words, permission)
        self._checks.append(check)
        self._on_check(check)

    def _check_fields(self) -> None:
        organization = self._settings.organization_id
        wrong = [
            label
            for label, is_good in (
                ("Organization ID", _is_plain(organization)),
                ("Client ID", _is_plain(self._settings.client_id)),
                ("Client secret", self._client.has_secret),
            )
            if not is_good
        ]
        if wrong:
            words = f"Missing, or with a blank or a foreign letter inside: {', '.join(wrong)}."
            self._note("fields", CheckOutcome.FAILED, words)
            raise _StopError(FailureReason.CREDENTIALS_REFUSED, (words, "Copy it again from the API application."))
        self._note("fields", CheckOutcome.OK, "All fields are filled in.")

    def _check_token(self) -> None:
        self._client.drop_token()  # a test tries the credentials, not what is left of an earlier sign-in
        try:
            self._client.ready_token(0.0)
        except ExternalError as error:
            self._stop("token", error, auth=FailureReason.CREDENTIALS_REFUSED)
        self._note("token", CheckOutcome.OK, "Signed in.")

    def _check_linked(self) -> None:
        """Whether the organization has enabled these credentials; a PMS that does not tell is asked otherwise."""
        path = self._client.facts.path("linked_organizations")
        try:
            answer = self._client.get_absolute(path, permission="Organization", with_organization=False)
            body = parse_strict(answer.body)
        except (PmsForbiddenError, PmsRefusedError):
            self._note(
                "linked_organizations", CheckOutcome.SKIPPED, "The list of linked organizations is not open to us."
            )
            return
        except PmsProtocolError:
            self._note("linked_organizations", CheckOutcome.SKIPPED, UNREADABLE)
            return
        except ExternalError as error:
            self._stop("linked_organizations", error)
        listed = body.get("organizations") if isinstance(body, dict) else None
        if not isinstance(listed, list):
            self._note("linked_organizations", CheckOutcome.SKIPPED, UNREADABLE)
        elif self._settings.organization_id not in {id_text(entry) for entry in listed}:
            self._note(
                "linked_organizations", CheckOutcome.FAILED, "This organization is not linked to these credentials."
            )
            raise self._stopped(FailureReason.ORGANIZATION_NOT_LINKED)
        else:
            self._note("linked_organizations", CheckOutcome.OK, "The organization is linked to these credentials.")

    def _check_organization(self) -> None:
        facts = self._client.facts
        try:
            answer = self._client.get(
                facts.path("organizations"), [(facts.word("response_fields"), "name")], permission="Organization"
            )
            body = parse_strict(answer.body)
        except ExternalError as error:
            # The first 403 after a good token is how an organization says that the vendor is switched off for it.
            self._stop("organization", error, refused=FailureReason.ORGANIZATION_NOT_LINKED)
        data = body.get("data") if isinstance(body, dict) else None
        first = data[0] if isinstance(data, list) and data else data
        name = first.get("name") if isinstance(first, dict) else None
        self._organization_name = name if isinstance(name, str) and name else None
        words = "The organization answers." if self._organization_name else "The organization answers without its name."
        self._note("organization", CheckOutcome.OK, words)

    def _check_probe(self, probe: _Probe) -> None:
        """200 = readable, 403 = permission missing; other refusals are no permission's fault (contract section 6)."""
        facts = self._client.facts
        one = [(facts.word("page_size"), "1")]
        refused: PmsRefusedError | None = None
        for path in facts.paths[probe.paths].value:
            try:
                self._client.get(path, one, permission=probe.name)
            except PmsForbiddenError:
                self._note(probe.name, CheckOutcome.MISSING, f"{probe.words} may not be read.", probe.permission)
                return
            except PmsRefusedError as error:  # 404: the list may be there in another version
                refused = error if refused is None or refused.status == NOT_FOUND else refused
                continue
            except ExternalError as error:
                self._stop(probe.name, error)
            self._note(probe.name, CheckOutcome.OK, f"{probe.words} can be read.", probe.permission)
            return
        if refused is not None:
            self._unanswered.append(probe.words)
            words = unanswered_words(probe.words, refused.status, refused.words)
            self._note(probe.name, CheckOutcome.FAILED, words)

    def _check_clock(self) -> None:
        skew_s = self._client.http.clock_skew_s
        if skew_s is not None and abs(skew_s) > MAX_CLOCK_SKEW_S:
            words = clock_words(skew_s)
            self._note("clock", CheckOutcome.FAILED, words)
            next_step = failure_words(FailureReason.CLOCK_WRONG, self._settings.environment)[1]
            raise _StopError(FailureReason.CLOCK_WRONG, (words, next_step))
        self._note("clock", CheckOutcome.OK if skew_s is not None else CheckOutcome.SKIPPED)

    def _stop(
        self,
        name: str,
        error: ExternalError,
        *,
        auth: FailureReason = FailureReason.CREDENTIALS_REFUSED,
        refused: FailureReason = FailureReason.UNEXPECTED_ANSWER,
    ) -> NoReturn:
        """Ends the test with what the error means here."""
        reason, kind = FailureReason.UNEXPECTED_ANSWER, _kind_of(error)
        if isinstance(error, PmsAuthError):
            reason = FailureReason.WRONG_ENVIRONMENT if error.kind == "wrong_environment" else auth
        elif isinstance(error, PmsForbiddenError) or (isinstance(error, PmsRefusedError) and error.status != NOT_FOUND):
            reason = refused
        elif isinstance(error, PmsThrottledError):
            reason = FailureReason.THROTTLED
        elif isinstance(error, PmsUnavailableError):
            reason = _reason_of_kind(kind)
        stop = self._stopped(reason, kind)
        self._note(name, CheckOutcome.FAILED, stop.sentence)
        raise stop

    def _stopped(self, reason: FailureReason, kind: str = "") -> _StopError:
        return _StopError(reason, failure_words(reason, self._settings.environment, kind))

    def _failed(self, stop: _StopError) -> ConnectionReport:
        return ConnectionReport(
            Light.FAILED, tuple(self._checks), reason=stop.reason, sentence=stop.sentence, next_step=stop.next_step,
            organization_name=self._organization_name,
        )  # fmt: skip

    def _finished(self) -> ConnectionReport:
        lost = {c.permission for c in self._checks if c.outcome is CheckOutcome.MISSING and c.permission}
        missing = tuple(p for p in Permission if p in lost)
        unconfirmed = tuple(p for p in _ROUTES_OF_WRITES if p not in lost)
        for permission in unconfirmed:
            name = f"{permission.name.lower()}_write"
            words = f"Writing to {permission.value} is not yet confirmed: the first item sent will show it."
            self._note(name, CheckOutcome.NOT_CONFIRMED, words, permission)
        limits = self._limits(missing)
        sentence = "Everything needed can be read."
        next_step = "Writing is confirmed by the first item that is sent."
        if limits:
            sentence, next_step = (" ".join(words) for words in zip(*limits, strict=True))
        return ConnectionReport(
            Light.YELLOW if limits else Light.GREEN, tuple(self._checks), missing, unconfirmed,
            sentence=sentence, next_step=next_step, organization_name=self._organization_name,
        )  # fmt: skip

    def _limits(self, missing: tuple[Permission, ...]) -> list[tuple[str, str]]:
        """(sentence, next step) of each thing that limits the connection."""
        limits = []
        if any(c.outcome is CheckOutcome.MISSING for c in self._checks):
            names = ", ".join(p.value for p in missing) or "Locations"
            asked = administrator_text(missing, self._settings.organization_id)
            limits.append((f"Signed in, but something is missing: {names}.", asked))
        if self._unanswered:
            limits.append(unanswered_advice(self._unanswered))
        return limits


def _is_plain(text: str) -> bool:
    """Whether a typed id can be one: something, in English letters, without a blank."""
    return bool(text) and text.isascii() and not any(c.isspace() for c in text)


def _reason_of_kind(kind: str) -> FailureReason:
    if kind == "tls_not_yet_valid":
        return FailureReason.CLOCK_WRONG
    if kind.startswith("tls_"):
        return FailureReason.TLS_REFUSED
    if kind.startswith("http_5") or kind == "http_408":
        return FailureReason.OUT_OF_SERVICE
    if kind == "list_errors" or kind.startswith("http_"):
        return FailureReason.UNEXPECTED_ANSWER
    return FailureReason.NOT_REACHABLE


def _kind_of(error: ExternalError) -> str:
    return f"http_{error.status}" if isinstance(error, PmsRefusedError) else str(error)
