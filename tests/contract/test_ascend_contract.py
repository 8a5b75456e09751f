"""The Ascend gateway against the rehearsal PMS over real sockets: the contract, then the faults of section 13."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from denticode_desktop.domain.chart_match import matches_of
from denticode_desktop.domain.charting import ProcedureStatus
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
from denticode_desktop.domain.errors import (
    ExternalError,
    PmsForbiddenError,
    PmsProtocolError,
    PmsUnavailableError,
)
from denticode_desktop.domain.ids import (
    ConnectionId,
    ItemId,
    PmsCodeId,
    PmsKey,
    PmsLocationId,
    PmsPatientId,
    PmsProviderId,
    WriteBackId,
)
from denticode_desktop.domain.marker import with_marker
from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.domain.write_back import (
    Item,
    ItemKind,
    ItemPayload,
    ItemState,
    NotePayload,
    OutcomeClass,
    OutcomeKind,
    ProcedurePayload,
    SendOutcome,
)
from denticode_desktop.pms.dentrix_ascend.auth import TokenCache
from denticode_desktop.pms.dentrix_ascend.gateway import AscendGateway
from denticode_desktop.ports.pms import ConnectionSecrets, PmsGateway
from denticode_desktop.rehearsal.ascend_server import AscendSimulator
from denticode_desktop.rehearsal.switches import Fault
from tests.unit.pms.helpers import serving

from .gateway_contract import SINCE, GatewayContract, send

PATIENT = PmsPatientId("9000000000001")
OTHER = PmsPatientId("9000000000002")
PROVIDER = PmsProviderId("9100000000001")
LOCATION = PmsLocationId("9200000000001")
ZONE = "America/New_York"
MARKER = "ABCDEFGHABCDEFGH"
NOTE = 'S: 3 < 4 & "quoted" é\nO: sample\n\nP: none'


class WallClock:
    """The computer's time, or one that is off by `off_s`; the monotonic clock counts calls."""

    off_s = 0.0
    ticks = 0.0

    def utc_now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.off_s)

    def monotonic_s(self) -> float:
        self.ticks += 0.001
        return self.ticks


class AscendPractice:
    """`Practice` over the simulator."""

    patient_id = PATIENT
    other_patient_id = OTHER
    unknown_patient_id = PmsPatientId("8999999999999")

    def __init__(self, simulator: AscendSimulator) -> None:
        self.simulator = simulator
        self.clock = WallClock()
        self.gateways: list[AscendGateway] = []
        self.host = simulator.base_url

    def open(self, *, secret: str | None = None, **changes: Any) -> AscendGateway:
        values: dict[str, Any] = {
            "name": "Invented", "pms_key": PmsKey("dentrix-ascend"), "environment": Environment.REHEARSAL,
            "host": self.host, "organization_id": self.simulator.organization_id,
            "client_id": self.simulator.client_id, "time_zone": ZONE,
        }  # fmt: skip
        secrets = ConnectionSecrets({"client_secret": secret or self.simulator.client_secret})
        gateway = AscendGateway(ConnectionSettings(**(values | changes)), secrets, self.clock, tokens=TokenCache())
        self.gateways.append(gateway)
        return gateway

    def payload(self, kind: ItemKind, marker: str = MARKER) -> ItemPayload:
        day = date(2026, 11, 20)
        if kind is ItemKind.NOTE:
            return NotePayload(with_marker(NOTE, marker), day, PROVIDER, LOCATION, ZONE)
        return ProcedurePayload(
            "T0101", PmsCodeId("9300000000001"), None, None, None, ProcedureStatus.TREATMENT_PLANNED, None, day,
            PROVIDER, LOCATION, ZONE,
        )  # fmt: skip

    def item(self, kind: ItemKind, patient_id: PmsPatientId, *, marker: str = MARKER) -> Item:
        payload = self.payload(kind, marker)
        fingerprint = self.open().fingerprint(payload)
        return Item(
            ItemId(1), WriteBackId(1), ConnectionId(1), patient_id, 0, kind, payload, "0" * 64, marker, fingerprint,
            ItemState.PLANNED,
        )  # fmt: skip

    def stored(self, kind: ItemKind) -> list[str]:
        resource = "clinicalnotes" if kind is ItemKind.NOTE else "patientprocedures"
        return [record["id"] for record in self.simulator.state.records(resource)]

    def type_note(self, patient_id: PmsPatientId, text: str) -> str:
        return self.simulator.state.type_note(patient_id, text)

    def deactivate(self, patient_id: PmsPatientId) -> None:
        self.simulator.state.deactivate_patient(patient_id)

    def fault(self, action: Any, **values: Any) -> None:
        self.simulator.switches.add(Fault(action=action, **values))

    def lose_next_answer(self) -> None:
        self.fault("close", method="POST", resource="clinicalnotes")

    def break_next_list(self) -> None:
        self.fault("status", method="GET", resource="clinicalnotes", status=503)

    def requests_that_change(self) -> list[str]:
        return [request.method for request in self.simulator.state.forbidden_requests]

    def test(self, **changes: Any) -> ConnectionReport:
        heard: list[Check] = []
        report = self.open(**changes).check_connection(heard.append)
        assert tuple(heard) == report.checks
        return report


@pytest.fixture
def practice() -> Iterator[AscendPractice]:
    with AscendSimulator(patients=60) as simulator:
        made = AscendPractice(simulator)
        yield made
        for gateway in made.gateways:
            gateway.close()
        assert simulator.failures == []
        assert made.requests_that_change() == []


class TestAscendContract(GatewayContract):
    """The suite every gateway runs through."""


def send_note(practice: AscendPractice, action: str, *, deadline_s: float = 30.0, **values: Any) -> SendOutcome:
    gateway = practice.open()
    gateway.make_ready(30.0)
    prepared = replace(gateway.prepare(practice.item(ItemKind.NOTE, PATIENT)), deadline_s=deadline_s)
    practice.fault(action, resource="clinicalnotes", **values)
    return gateway.send(prepared, may_send=lambda: True)


@pytest.mark.parametrize("commit", ["no", "yes"])
@pytest.mark.parametrize(
    ("action", "values"),
    [
        ("close", {}), ("reset", {}), ("html", {}), ("empty", {}),
        *[("status", {"status": s}) for s in (408, 409, 412, 423, 500, 502, 503, 504, 302)],
    ],
)  # fmt: skip
def test_lost_or_unlisted_answer_is_unknown_whether_or_not_it_took_effect(
    practice: AscendPractice, action: str, values: dict[str, Any], commit: str
) -> None:
    outcome = send_note(practice, action, commit=commit, **values)
    assert outcome.outcome_class is OutcomeClass.UNKNOWN
    assert len(practice.stored(ItemKind.NOTE)) == (1 if commit == "yes" else 0)


@pytest.mark.parametrize("action", ["no_id", "other_patient", "cut_body", "close_mid_request", "huge", "gzip_bomb"])
def test_spoilt_answer_is_unknown(practice: AscendPractice, action: str) -> None:
    outcome = send_note(practice, action, size_bytes=20_000_000)
    assert outcome.outcome_class is OutcomeClass.UNKNOWN
    assert outcome.remote_id is None


@pytest.mark.parametrize("action", ["hang", "drip"])
def test_endless_answer_ends_at_the_total_deadline(practice: AscendPractice, action: str) -> None:
    outcome = send_note(practice, action, deadline_s=0.3, drip_ms=50)
    assert (outcome.outcome_class, outcome.error_kind) == (OutcomeClass.UNKNOWN, "deadline")


def test_connection_closed_on_accept_is_unknown(practice: AscendPractice) -> None:
    assert send_note(practice, "accept_close").outcome_class is OutcomeClass.UNKNOWN


@pytest.mark.parametrize("action", ["wrong_id", "used_id", "misfiled", "never_stored"])
def test_lying_answer_is_accepted_and_only_the_look_tells(practice: AscendPractice, action: str) -> None:
    outcome = send_note(practice, action)
    assert outcome.kind is OutcomeKind.ACCEPTED
    found = practice.gateways[-1].look(PATIENT, ItemKind.NOTE, since=SINCE)
    assert len(found.records) == (0 if action in ("misfiled", "never_stored") else 1)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, OutcomeKind.UNAUTHORIZED), (403, OutcomeKind.FORBIDDEN), (429, OutcomeKind.THROTTLED),
        *[(s, OutcomeKind.REFUSED) for s in (400, 404, 405, 410, 413, 414, 415, 422, 431)],
    ],
)  # fmt: skip
def test_listed_refusals_have_no_effect(practice: AscendPractice, status: int, kind: OutcomeKind) -> None:
    outcome = send_note(practice, "status", status=status, commit="no", retry_after="7")
    assert outcome.kind is kind
    assert outcome.retry_after_s == 7
    assert outcome.permission == ("Chart notes" if status == 403 else "")


def test_refused_connection_is_not_sent(practice: AscendPractice) -> None:
    gateway = practice.open()
    gateway.make_ready(30.0)
    prepared = gateway.prepare(practice.item(ItemKind.NOTE, PATIENT))
    practice.simulator.switches.refuse_connections = True
    assert gateway.send(prepared, may_send=lambda: True).kind is OutcomeKind.NOT_SENT


def test_refusal_by_the_pms_carries_its_words(practice: AscendPractice) -> None:
    practice.simulator.switches.text_limit_chars = 5
    gateway = practice.open()
    gateway.make_ready(30.0)
    outcome = gateway.send(gateway.prepare(practice.item(ItemKind.NOTE, PATIENT)), may_send=lambda: True)
    assert outcome.kind is OutcomeKind.REFUSED
    assert "at most 5 characters" in outcome.pms_words


@pytest.mark.parametrize("form", ["envelope", "array", "fault", "html", "empty"])
def test_error_body_in_any_form_is_a_refusal(practice: AscendPractice, form: Any) -> None:
    practice.simulator.switches.text_limit_chars = 5
    practice.simulator.switches.error_body = form
    assert send(practice.open(), practice.item(ItemKind.NOTE, PATIENT)) is OutcomeKind.REFUSED


def test_expired_token_on_a_send_is_told_and_the_next_try_works(practice: AscendPractice) -> None:
    gateway = practice.open()
    gateway.make_ready(30.0)
    prepared = gateway.prepare(practice.item(ItemKind.NOTE, PATIENT))
    practice.simulator.switches.expire_token_after_calls = 0
    assert gateway.send(prepared, may_send=lambda: True).kind is OutcomeKind.UNAUTHORIZED
    gateway.drop_token()
    gateway.make_ready(30.0)
    assert gateway.send(prepared, may_send=lambda: True).kind is OutcomeKind.ACCEPTED


@pytest.mark.parametrize("switch", [
    {"id_type": "number"}, {"status_code_type": "string"}, {"single_data": "array"}, {"create_status": 200},
    {"expires_in_type": "number"}, {"expires_in_type": "missing"}, {"expires_in_type": "text"},
    {"clinicalnotes_versions": "v1"}, {"clinicalnotes_versions": "both"}, {"unknown_enums": True},
    {"alter_text": "html"}, {"alter_text": "crlf"}, {"alter_text": "trim"}, {"list_order": "descending"},
    {"list_order": "shuffled"}, {"error_body": "array"}, {"missing_fields": ["phones", "lastModified"]},
])  # fmt: skip
def test_note_is_written_and_known_again_whatever_form_the_pms_gives(
    practice: AscendPractice, switch: dict[str, Any]
) -> None:
    practice.simulator.switches.update(switch)
    gateway, item = practice.open(), practice.item(ItemKind.NOTE, PATIENT)
    assert send(gateway, item) is OutcomeKind.ACCEPTED
    (match,) = matches_of(item, gateway.look(PATIENT, ItemKind.NOTE, since=SINCE), {})
    assert match.is_equal
    assert gateway.fetch_patient(PATIENT) is not None
    page = gateway.read_page(SyncKind.PATIENTS, since=None, after_id=None)
    assert len(page.records({row_id for row_id, _ in page.keys})) == 60


def test_cut_off_note_is_found_and_differs(practice: AscendPractice) -> None:
    practice.simulator.switches.update({"alter_text": "cut", "cut_text_at": 30})
    gateway, item = practice.open(), practice.item(ItemKind.NOTE, PATIENT)
    assert send(gateway, item) is OutcomeKind.ACCEPTED
    (match,) = matches_of(item, gateway.look(PATIENT, ItemKind.NOTE, since=SINCE), {})
    assert not match.is_equal


def fill_chart(practice: AscendPractice, count: int) -> None:
    for number in range(count):
        practice.type_note(PATIENT, f"Sample note {number}")


def test_look_reads_all_pages_and_reads_the_first_again(practice: AscendPractice) -> None:
    fill_chart(practice, 250)
    found = practice.open().look(PATIENT, ItemKind.NOTE, since=SINCE)
    assert (len(found.records), found.pages) == (250, 4)


@pytest.mark.parametrize("order", ["descending", "shuffled"])
def test_look_is_complete_in_any_order_within_pages(practice: AscendPractice, order: Any) -> None:
    fill_chart(practice, 250)
    practice.simulator.switches.list_order = order
    assert len(practice.open().look(PATIENT, ItemKind.NOTE, since=SINCE).records) == 250


def test_look_with_a_row_that_slips_between_pages_is_an_error(practice: AscendPractice) -> None:
    fill_chart(practice, 250)
    practice.simulator.switches.page_drift = "skip"
    with pytest.raises(PmsUnavailableError, match="list_keeps_changing"):
        practice.open().look(PATIENT, ItemKind.NOTE, since=SINCE)


def test_look_with_a_repeated_row_counts_it_once(practice: AscendPractice) -> None:
    fill_chart(practice, 250)
    practice.simulator.switches.page_drift = "repeat"
    assert len(practice.open().look(PATIENT, ItemKind.NOTE, since=SINCE).records) == 250


def test_endless_pages_end(practice: AscendPractice) -> None:
    fill_chart(practice, 250)
    practice.simulator.switches.endless_pages = True
    with pytest.raises(PmsProtocolError, match="endless_pages"):
        practice.open().look(PATIENT, ItemKind.NOTE, since=SINCE)


def test_endless_pages_end_a_sync_too(practice: AscendPractice) -> None:
    practice.simulator.switches.endless_pages = True
    gateway = practice.open()
    first = gateway.read_page(SyncKind.PATIENTS, since=None, after_id=None)
    with pytest.raises(PmsProtocolError, match="endless_pages"):
        gateway.read_page(SyncKind.PATIENTS, since=None, after_id=first.keys[-1][0])


@pytest.mark.parametrize("page", [1, 2, 3, 4])
@pytest.mark.parametrize("action", ["status", "close", "reset", "html", "cut_body", "huge", "gzip_bomb"])
def test_error_on_any_page_of_a_look_is_an_error(practice: AscendPractice, action: str, page: int) -> None:
    fill_chart(practice, 250)
    gateway = practice.open()
    gateway.make_ready(30.0)
    # A kept connection that breaks is tried once more on a fresh one, so the network faults strike twice.
    practice.fault(action, method="GET", resource="clinicalnotes", nth=page, times=2, size_bytes=20_000_000)
    with pytest.raises(ExternalError):
        gateway.look(PATIENT, ItemKind.NOTE, since=SINCE)


def test_record_that_changes_meanwhile_makes_the_look_begin_again(practice: AscendPractice) -> None:
    fill_chart(practice, 250)
    gateway, first_id = practice.open(), practice.stored(ItemKind.NOTE)[0]
    gateway.make_ready(30.0)
    calls: list[int] = []

    def edit_at_the_second_page(record: Any) -> None:
        calls.append(1)
        if len(calls) == 2:
            practice.simulator.state.edit_note(first_id, "Changed meanwhile")

    practice.simulator.hooks.append(edit_at_the_second_page)
    found = gateway.look(PATIENT, ItemKind.NOTE, since=SINCE)
    assert found.pages == 8
    assert found.records[0].text == "Changed meanwhile"


def test_filter_that_is_refused_is_weakened_and_the_patient_is_matched_here(practice: AscendPractice) -> None:
    practice.type_note(OTHER, "Of somebody else")
    note_id = practice.type_note(PATIENT, "Of ours")
    gateway = practice.open()
    gateway.make_ready(30.0)
    practice.fault("status", method="GET", resource="clinicalnotes", status=400, times=2)
    found = gateway.look(PATIENT, ItemKind.NOTE, since=SINCE)
    assert [r.remote_id for r in found.records] == [note_id]


def test_record_without_its_patient_makes_no_look(practice: AscendPractice) -> None:
    practice.type_note(PATIENT, "Sample")
    practice.simulator.state.tables["clinicalnotes"].entries[practice.stored(ItemKind.NOTE)[0]].record.pop("patient")
    gateway = practice.open()
    gateway.make_ready(30.0)
    practice.fault("status", method="GET", resource="clinicalnotes", status=400)  # so that all patients are listed
    with pytest.raises(PmsProtocolError, match="missing_patient"):
        gateway.look(PATIENT, ItemKind.NOTE, since=None)


def test_voided_procedure_is_not_in_the_chart(practice: AscendPractice) -> None:
    gateway = practice.open()
    assert send(gateway, practice.item(ItemKind.PROCEDURE, PATIENT)) is OutcomeKind.ACCEPTED
    entry = practice.simulator.state.tables["patientprocedures"].entries[practice.stored(ItemKind.PROCEDURE)[0]]
    assert len(gateway.look(PATIENT, ItemKind.PROCEDURE, since=SINCE).records) == 1
    entry.record = entry.record | {"state": "VOIDED"}
    assert gateway.look(PATIENT, ItemKind.PROCEDURE, since=SINCE).records == ()
    entry.record = entry.record | {"state": "NOT SEEN BEFORE"}
    assert len(gateway.look(PATIENT, ItemKind.PROCEDURE, since=SINCE).records) == 1


def test_signed_note_is_shown_as_locked(practice: AscendPractice) -> None:
    note_id = practice.type_note(PATIENT, "Sample")
    practice.simulator.state.sign_note(note_id)
    assert practice.open().look(PATIENT, ItemKind.NOTE, since=SINCE).records[0].is_locked


def test_merged_patient_names_the_one_that_stays(practice: AscendPractice) -> None:
    practice.simulator.state.merge_patient(PATIENT, OTHER)
    found = practice.open().fetch_patient(PATIENT)
    assert found is not None
    assert found.merged_into == OTHER


@pytest.mark.parametrize("patient_id", ["", "../providers/9100000000001", "1?x=1", "1/2", "1%2f2"])
def test_patient_id_that_is_a_path_asks_nothing(practice: AscendPractice, patient_id: str) -> None:
    assert practice.open().fetch_patient(PmsPatientId(patient_id)) is None
    assert practice.simulator.state.requests == []


def test_forbidden_list_names_its_permission(practice: AscendPractice) -> None:
    practice.simulator.switches.forbid = {"patients": "read"}
    with pytest.raises(PmsForbiddenError, match="Patients"):
        practice.open().read_page(SyncKind.PATIENTS, since=None, after_id=None)


@pytest.mark.parametrize(
    ("resource", "permission"),
    [
        ("patients", Permission.PATIENTS), ("providers", Permission.PROVIDERS),
        ("appointments", Permission.APPOINTMENTS), ("clinicalnotes", Permission.CHART_NOTES),
        ("txcases", Permission.TREATMENT_PLANS), ("patientprocedures", Permission.TREATMENT_PLANS),
    ],
)  # fmt: skip
def test_missing_permission_is_yellow_and_named(
    practice: AscendPractice, resource: str, permission: Permission
) -> None:
    practice.simulator.switches.forbid = {resource: "all"}
    report = practice.test()
    assert (report.light, report.missing_permissions) == (Light.YELLOW, (permission,))
    assert permission not in report.unconfirmed_permissions
    assert permission.value in report.next_step


def test_write_permissions_are_never_claimed(practice: AscendPractice) -> None:
    report = practice.test()
    assert report.unconfirmed_permissions == (Permission.CHART_NOTES, Permission.TREATMENT_PLANS)
    assert [c.permission for c in report.checks if c.outcome is CheckOutcome.NOT_CONFIRMED] == [
        Permission.CHART_NOTES, Permission.TREATMENT_PLANS,
    ]  # fmt: skip
    assert report.organization_name == "Rehearsal Dental (invented)"
    assert {r.method for r in practice.simulator.state.requests if r.resource != "token"} == {"GET"}


def assert_failed(report: ConnectionReport, reason: FailureReason) -> None:
    assert (report.light, report.reason) == (Light.FAILED, reason)
    assert report.sentence
    assert report.next_step
    assert report.checks[-1].outcome is CheckOutcome.FAILED


def test_wrong_secret_is_told(practice: AscendPractice) -> None:
    assert practice.test().light is Light.GREEN
    assert_failed(practice.test(secret="wrong"), FailureReason.CREDENTIALS_REFUSED)


def test_refused_credentials_offer_the_other_environment(practice: AscendPractice) -> None:
    practice.simulator.switches.wrong_environment = True
    report = practice.test(environment=Environment.PRODUCTION)
    assert_failed(report, FailureReason.CREDENTIALS_REFUSED)
    assert "sandbox" in report.next_step


def test_organization_that_is_not_linked_is_told(practice: AscendPractice) -> None:
    practice.simulator.switches.organization_linked = False
    assert_failed(practice.test(), FailureReason.ORGANIZATION_NOT_LINKED)


@pytest.mark.parametrize("status", [403, 404])
def test_organization_is_told_also_where_the_list_of_linked_ones_is_closed(
    practice: AscendPractice, status: int
) -> None:
    practice.fault("status", method="GET", resource="linkedorgs", status=status, times=0)
    assert practice.test().light is Light.GREEN
    assert_failed(practice.test(organization_id="ffffffffffffffffffffffff"), FailureReason.ORGANIZATION_NOT_LINKED)


@pytest.mark.parametrize("organization", ["", "with space", "\u0430bc"])
def test_empty_or_odd_organization_is_told_before_anything_is_asked(
    practice: AscendPractice, organization: str
) -> None:
    assert_failed(practice.test(organization_id=organization), FailureReason.CREDENTIALS_REFUSED)
    assert practice.simulator.state.requests == []


def test_pms_that_does_not_listen_is_told(practice: AscendPractice) -> None:
    practice.simulator.switches.refuse_connections = True
    assert_failed(practice.test(), FailureReason.NOT_REACHABLE)


def test_port_without_tls_is_told(practice: AscendPractice) -> None:
    def answer_in_clear(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with serving(answer_in_clear) as server:
        practice.host = server.base.replace("http:", "https:")
        assert_failed(practice.test(), FailureReason.TLS_REFUSED)


@pytest.mark.parametrize("skew_s", [-3600, 3600])
def test_wrong_clock_is_told(practice: AscendPractice, skew_s: float) -> None:
    practice.clock.off_s = skew_s
    report = practice.test()
    assert_failed(report, FailureReason.CLOCK_WRONG)
    assert "60 min" in report.sentence


def test_throttled_and_odd_answers_are_told(practice: AscendPractice) -> None:
    practice.fault("status", method="GET", resource="appointments", status=429)
    assert_failed(practice.test(), FailureReason.THROTTLED)
    practice.fault("html", method="GET", resource="providers")
    assert_failed(practice.test(), FailureReason.UNEXPECTED_ANSWER)


def test_notes_path_is_probed_once_and_remembered(practice: AscendPractice) -> None:
    gateway: PmsGateway = practice.open()
    for _ in range(3):
        gateway.look(PATIENT, ItemKind.NOTE, since=SINCE)
    paths = [r.path for r in practice.simulator.state.requests if r.resource == "clinicalnotes"]
    assert [p.split("/")[3] for p in paths] == ["v1", "v0", "v0", "v0"]


def test_look_asks_caches_to_stay_out_and_repeats_the_filter(practice: AscendPractice) -> None:
    fill_chart(practice, 150)
    practice.open().look(PATIENT, ItemKind.NOTE, since=SINCE)
    looks = [r for r in practice.simulator.state.requests if r.resource == "clinicalnotes"]
    assert all(r.headers.get("cache-control") == "no-cache" for r in looks)
    assert all("filter=patient.id%3D%3D9000000000001%2ClastModified%3E%3D" in r.query for r in looks)
