"""The Ascend gateway against the rehearsal PMS over real sockets: the contract, then the faults of section 13."""

from dataclasses import replace
from typing import Any

import pytest

from denticode_desktop.domain.chart_match import matches_of
from denticode_desktop.domain.errors import (
    ExternalError,
    PmsForbiddenError,
    PmsProtocolError,
    PmsUnavailableError,
)
from denticode_desktop.domain.ids import (
    PmsPatientId,
)
from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.domain.write_back import (
    ItemKind,
    OutcomeClass,
    OutcomeKind,
    SendOutcome,
)
from denticode_desktop.ports.pms import PmsGateway

from .ascend_practice import OTHER, PATIENT, AscendPractice
from .gateway_contract import SINCE, GatewayContract, send


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


def test_tokens_that_were_fetched_are_counted_once(practice: AscendPractice) -> None:
    gateway = practice.open()
    gateway.make_ready(30.0)
    gateway.make_ready(30.0)
    assert (gateway.take_token_count(), gateway.take_token_count()) == (1, 0)
    gateway.drop_token()
    gateway.make_ready(30.0)
    assert gateway.take_token_count() == 1


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


def test_page_of_keys_is_the_same_list_and_a_whole_one_where_the_pms_refuses(practice: AscendPractice) -> None:
    gateway = practice.open()
    whole = gateway.read_page(SyncKind.PATIENTS, since=None, after_id=None)
    keys = gateway.read_page(SyncKind.PATIENTS, since=None, after_id=None, keys_only=True)
    assert (keys.is_keys_only, whole.is_keys_only) == (True, False)
    assert (keys.keys, keys.total, keys.newest) == (whole.keys, whole.total, whole.newest)
    practice.fault("status", method="GET", resource="patients", status=400)
    refused = gateway.read_page(SyncKind.PATIENTS, since=None, after_id=None, keys_only=True)
    assert not refused.is_keys_only
    assert len(refused.records({refused.keys[0][0]})) == 1
    assert not gateway.read_page(SyncKind.PATIENTS, since=None, after_id=None, keys_only=True).is_keys_only


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


@pytest.mark.parametrize("patient_id", ["", "1,lastModified>=2000", "1]", "\u0661"])
def test_patient_id_that_is_a_filter_is_not_looked_for(practice: AscendPractice, patient_id: str) -> None:
    with pytest.raises(PmsProtocolError, match="bad_patient_id"):
        practice.open().look(PmsPatientId(patient_id), ItemKind.NOTE, since=None)
    assert practice.simulator.state.requests == []


def test_page_may_be_read_twice(practice: AscendPractice) -> None:
    gateway = practice.open()
    for _ in range(2):
        page = gateway.read_page(SyncKind.PATIENTS, since=None, after_id="9000000000030")
        assert len(page.keys) == 30


def test_missing_notes_resource_keeps_procedures_going(practice: AscendPractice) -> None:
    gateway = practice.open()
    practice.fault("status", method="GET", resource="clinicalnotes", status=404, times=0)
    assert send(gateway, practice.item(ItemKind.PROCEDURE, PATIENT)) is OutcomeKind.ACCEPTED
    outcome = gateway.send(gateway.prepare(practice.item(ItemKind.NOTE, PATIENT)), may_send=lambda: True)
    assert (outcome.kind, outcome.error_kind) == (OutcomeKind.NOT_SENT, "no_path")


def test_forbidden_list_names_its_permission(practice: AscendPractice) -> None:
    practice.simulator.switches.forbid = {"patients": "read"}
    with pytest.raises(PmsForbiddenError, match="Patients"):
        practice.open().read_page(SyncKind.PATIENTS, since=None, after_id=None)


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
