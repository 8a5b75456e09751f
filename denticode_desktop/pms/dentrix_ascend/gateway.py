"""Dentrix Ascend's PmsGateway: joins client, pages, looks and requests; holds no rule of its own."""

import contextlib
from collections.abc import Callable
from datetime import datetime

from denticode_desktop.domain.chart_match import Look
from denticode_desktop.domain.charting import CatalogueCode, Procedure
from denticode_desktop.domain.connection import Check, ConnectionReport, ConnectionSettings, Permission
from denticode_desktop.domain.errors import BugError, PmsForbiddenError, PmsProtocolError, PmsRefusedError
from denticode_desktop.domain.ids import PmsPatientId
from denticode_desktop.domain.people import PmsPatient
from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.domain.write_back import Item, ItemKind, ItemPayload, OutcomeKind, SendOutcome
from denticode_desktop.pms.field_map import api_facts, load_vendor
from denticode_desktop.pms.http import Answer, Call, HttpClient
from denticode_desktop.pms.http_limits import parse_strict
from denticode_desktop.pms.outcome import outcome_of
from denticode_desktop.ports.clock import Clock
from denticode_desktop.ports.pms import ConnectionSecrets, PmsCapabilities, PmsPage, PreparedSend

from . import creates
from .auth import SHARED_TOKENS, TokenCache
from .checks import ConnectionCheck
from .client import AscendClient, Params
from .error_words import words_of
from .looks import look_through, to_look
from .mapping import to_patient, utc_text, zone_of
from .pages import AscendPage, is_after
from .rows import PMS_KEY, PatientRow, id_text, tolerant_row

TOKEN_SPARE_S = 60.0
"""How long a token must outlive a send's deadline (protocol section 6)."""

_PATHS: dict[SyncKind, tuple[str, str]] = {
    SyncKind.LOCATIONS: ("locations", "Locations"),
    SyncKind.PROVIDERS: ("providers", Permission.PROVIDERS.value),
    SyncKind.CODES: ("codes", Permission.TREATMENT_PLANS.value),
    SyncKind.PATIENTS: ("patients", Permission.PATIENTS.value),
    SyncKind.APPOINTMENTS: ("appointments", Permission.APPOINTMENTS.value),
}

_ALL_FIELDS = "ALL"
_ID, _VERSION = (api_facts(PMS_KEY).members("patient")[name] for name in ("patient_id", "last_modified"))


class AscendGateway:
    """One organization at Dentrix Ascend. One thread at a time; opens no socket before it is asked something."""

    def __init__(
        self,
        settings: ConnectionSettings,
        secrets: ConnectionSecrets,
        clock: Clock,
        *,
        tokens: TokenCache = SHARED_TOKENS,
        http: HttpClient | None = None,
    ) -> None:
        self._settings = settings
        self._facts = api_facts(PMS_KEY)
        self._clock = clock
        self._http = http if http is not None else HttpClient(settings.host, clock)
        self._client = AscendClient(settings, secrets, facts=self._facts, clock=clock, tokens=tokens, http=self._http)
        self._capabilities = load_vendor(PMS_KEY).capabilities()
        self._served: dict[ItemKind, str] = {}  # path of a kind that answered other than 404
        self._filter_level: dict[ItemKind, int] = {}
        self._can_leave_fields_out = True
        self._previous_page: dict[SyncKind, tuple[str | None, frozenset[str]]] = {}

    def __repr__(self) -> str:
        return f"AscendGateway({self._settings.host})"

    @property
    def capabilities(self) -> PmsCapabilities:
        """From the data file."""
        return self._capabilities

    def check_connection(self, on_check: Callable[[Check], None]) -> ConnectionReport:
        """Tests in the contract's order; see `checks`."""
        return ConnectionCheck(self._client, self._settings, on_check).run()

    def read_page(
        self, kind: SyncKind, *, since: datetime | None, after_id: str | None, keys_only: bool = False
    ) -> PmsPage:
        """One page; a page that does not move on raises PmsProtocolError `endless_pages`.

        Where the PMS refuses to leave fields out, whole pages are asked for from then on.
        """
        if keys_only and self._can_leave_fields_out:
            try:
                return self._read_page(kind, since, after_id, fields=",".join((_ID, _VERSION)))
            except PmsRefusedError:
                self._can_leave_fields_out = False
        return self._read_page(kind, since, after_id, fields=_ALL_FIELDS)

    def _read_page(self, kind: SyncKind, since: datetime | None, after_id: str | None, *, fields: str) -> PmsPage:
        facts, (path, permission) = self._facts, _PATHS[kind]
        asked = facts.limit("page_size")
        params = [(facts.word("page_size"), str(asked)), (facts.word("response_fields"), fields)]
        if since is not None:
            params.append((facts.word("filter"), f"{facts.word('modified_since')}{utc_text(since)}"))
        if after_id is not None:
            params.append((facts.word("after_id"), after_id))
        answer = self._client.get(facts.path(path), params, permission=permission)
        page = AscendPage(answer.body, kind, asked=asked, is_keys_only=fields != _ALL_FIELDS)
        self._check_progress(kind, after_id, page)
        return page

    def _check_progress(self, kind: SyncKind, after_id: str | None, page: AscendPage) -> None:
        """Numbers must grow from page to page; ids that are no numbers must at least not be the page before again."""
        ids = frozenset(page.ids)
        before, earlier = self._previous_page.get(kind, (None, frozenset()))
        if after_id is not None and page.largest_id is not None:
            is_same = after_id != before and ids <= earlier
            if is_same or not is_after(page.largest_id, after_id):
                raise PmsProtocolError("endless_pages")
        self._previous_page[kind] = (after_id, ids)

    def fetch_patient(self, pms_patient_id: PmsPatientId) -> PmsPatient | None:
        """The patient as the chart names them now; after a merge a PMS may answer with who stays."""
        if not _is_plain(pms_patient_id):
            return None  # it would be another address
        path = self._facts.path("patients")
        fields = [(self._facts.word("response_fields"), "ALL")]
        try:
            answer = self._client.get(
                f"{path}/{pms_patient_id}", fields, permission=Permission.PATIENTS.value,
                template=f"{path}/{{id}}", is_fresh=True,
            )  # fmt: skip
        except PmsRefusedError as error:
            if error.status in (404, 410):
                return None
            raise
        body = parse_strict(answer.body)
        data = body.get("data", body) if isinstance(body, dict) else body
        if isinstance(data, list):
            data = data[0] if len(data) == 1 else None
        if not isinstance(data, dict):
            raise PmsProtocolError("no_data")
        row = tolerant_row(data, PatientRow)
        if not id_text(row.patient_id):
            raise PmsProtocolError("missing_id")
        return to_patient(row)

    def look(self, pms_patient_id: PmsPatientId, kind: ItemKind, *, since: datetime | None) -> Look:
        """All records of a kind; a voided procedure is not one of them (see `looks`)."""
        if kind not in self._capabilities.looks:
            raise BugError(f"{kind.value} cannot be read back here")
        if not _is_plain(pms_patient_id):
            raise PmsProtocolError("bad_patient_id")  # it would be another filter
        started_s = self._clock.monotonic_s()

        def fetch(params: Params) -> Answer:
            return self._get_of_kind(kind, params)

        level = self._filter_level.get(kind, 0) if since is not None else 0
        found, used = look_through(fetch, self._facts, pms_patient_id, since, level)
        if since is not None:
            self._filter_level[kind] = used
        return to_look(found, kind, pms_patient_id, zone_of(self._settings.time_zone), started_s)

    def fingerprint(self, payload: ItemPayload) -> str:
        """See `creates.fingerprint`."""
        return creates.fingerprint(payload)

    def by_hand_reason(self, procedure: Procedure, code: CatalogueCode) -> str | None:
        """A code that needs a place in the mouth is charted by hand."""
        return creates.by_hand_reason(procedure, code)

    def prepare(self, item: Item, document: bytes | None = None) -> PreparedSend:
        """See `creates.prepare`."""
        return creates.prepare(item, self._facts, may_complete=self._settings.may_complete_procedures)

    def make_ready(self, deadline_s: float) -> None:
        """A token that outlives the deadline, and the path version that this PMS serves for notes."""
        for kind in self._capabilities.writes - self._served.keys():
            candidates = self._facts.paths[creates.RESOURCES[kind].path].value
            if len(candidates) == 1:
                self._served[kind] = candidates[0]
            else:
                self._probe(kind)
        self._client.ready_token(deadline_s + TOKEN_SPARE_S)

    def send(self, prepared: PreparedSend, *, may_send: Callable[[], bool]) -> SendOutcome:
        """Once, with what `make_ready` left in memory; nothing is fetched here."""
        token, path = self._client.held_token(), self._served.get(prepared.kind)
        if token is None or path is None:
            return SendOutcome(OutcomeKind.NOT_SENT, error_kind="no_token" if token is None else "no_path")
        call = Call(
            prepared.method,
            f"{self._http.base}{self._facts.path('api_base')}{path}",
            path,
            headers=self._client.headers(token) | {"Content-Type": prepared.content_type},
            body=prepared.body,
            deadline_s=prepared.deadline_s,
        )
        return outcome_of(
            self._http.send(call, may_send=may_send),
            judge=lambda answer: creates.judge_created(answer, prepared, self._facts),
            words_of=words_of,
            permission=creates.RESOURCES[prepared.kind].permission.value,
        )

    def drop_token(self) -> None:
        """After a 401 on a send."""
        self._client.drop_token()

    def take_call_count(self) -> int:
        """Requests made since last asked, token requests included."""
        return self._http.take_call_count()

    def take_token_count(self) -> int:
        """Since last asked."""
        return self._client.take_token_count()

    def close(self) -> None:
        """Gives sockets back."""
        self._http.close()

    def _probe(self, kind: ItemKind) -> None:
        # Forbidden: it exists, and the send will be told the same and name the permission. Refused everywhere: then
        # this kind has no path, and only its own sends and looks fail.
        with contextlib.suppress(PmsForbiddenError, PmsRefusedError):
            self._get_of_kind(kind, [(self._facts.word("page_size"), "1")])

    def _get_of_kind(self, kind: ItemKind, params: Params) -> Answer:
        """A list of chart records from the first path that is not 404, which is then remembered."""
        resource = creates.RESOURCES[kind]
        candidates = self._facts.paths[resource.path].value
        known = self._served.get(kind)
        ordered = [known, *(c for c in candidates if c != known)] if known else candidates
        for path in ordered:
            try:
                answer = self._client.get(path, params, permission=resource.permission.value, is_fresh=True)
            except PmsForbiddenError:
                self._served[kind] = path
                raise
            except PmsRefusedError as error:
                if error.status != 404:
                    self._served[kind] = path
                    raise
                missing = error
            else:
                self._served[kind] = path
                return answer
        raise missing


def _is_plain(patient_id: str) -> bool:
    """Whether an id can stand in a path and in a filter as it is."""
    return patient_id.isascii() and patient_id.replace("-", "").isalnum()
