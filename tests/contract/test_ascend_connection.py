"""The connection test: what is green, yellow and failed, and that each failure is told apart."""

import socket
from typing import Any

import pytest

from denticode_desktop.domain.connection import (
    CheckOutcome,
    ConnectionReport,
    Environment,
    FailureReason,
    Light,
    Permission,
)
from tests.unit.pms.helpers import serving

from .ascend_practice import AscendPractice


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
    practice.simulator.switches.wrong_environment_told = False
    report = practice.test(environment=Environment.PRODUCTION)
    assert_failed(report, FailureReason.CREDENTIALS_REFUSED)
    assert "sandbox" in report.next_step


def test_key_of_another_environment_is_told_where_the_pms_says_so(practice: AscendPractice) -> None:
    practice.simulator.switches.wrong_environment = True
    assert_failed(practice.test(), FailureReason.WRONG_ENVIRONMENT)


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


@pytest.mark.parametrize("status", [400, 404, 410])
def test_list_that_is_not_there_is_no_missing_permission(practice: AscendPractice, status: int) -> None:
    practice.fault("status", method="GET", resource="appointments", status=status, times=0)
    report = practice.test()
    assert (report.light, report.missing_permissions) == (Light.YELLOW, ())
    check = next(c for c in report.checks if c.name == "appointments")
    assert (check.outcome, check.permission) == (CheckOutcome.FAILED, None)
    assert str(status) in check.words
    assert "Appointments" in report.sentence
    assert "permission" not in report.next_step


def test_list_that_is_not_there_hides_no_missing_permission(practice: AscendPractice) -> None:
    practice.fault("status", method="GET", resource="appointments", status=404, times=0)
    practice.simulator.switches.forbid = {"providers": "all"}
    report = practice.test()
    assert report.missing_permissions == (Permission.PROVIDERS,)
    assert "Providers" in report.sentence
    assert "Appointments" in report.sentence
    assert "permissions" in report.next_step


def test_older_version_of_a_list_does_as_well(practice: AscendPractice) -> None:
    practice.simulator.switches.clinicalnotes_versions = "v1"
    assert practice.test().light is Light.GREEN


ODD_ANSWERS: list[tuple[str, dict[str, Any], FailureReason, str]] = [
    ("html", {}, FailureReason.UNEXPECTED_ANSWER, "web page"),
    ("huge", {}, FailureReason.UNEXPECTED_ANSWER, "larger"),
    ("gzip_bomb", {}, FailureReason.UNEXPECTED_ANSWER, "larger"),
    ("empty", {}, FailureReason.UNEXPECTED_ANSWER, "no data"),
    ("status", {"status": 302}, FailureReason.UNEXPECTED_ANSWER, "another address (HTTP 302)"),
    ("status", {"status": 404}, FailureReason.UNEXPECTED_ANSWER, "not at this address (HTTP 404)"),
    ("status", {"status": 503}, FailureReason.OUT_OF_SERVICE, "out of service (HTTP 503)"),
    ("status", {"status": 500}, FailureReason.OUT_OF_SERVICE, "out of service (HTTP 500)"),
]


@pytest.mark.parametrize("resource", ["token", "organizations"])
@pytest.mark.parametrize(("action", "values", "reason", "words"), ODD_ANSWERS)
def test_odd_answers_are_told_apart(
    practice: AscendPractice, resource: str, action: str, values: dict[str, Any], reason: FailureReason, words: str
) -> None:
    practice.simulator.switches.create_status = 200
    practice.fault(action, method="*", resource=resource, times=0, **values)
    report = practice.test()
    assert_failed(report, reason)
    assert words in report.sentence
    assert "support bundle" not in report.next_step


def test_each_odd_answer_has_words_of_its_own(practice: AscendPractice) -> None:
    said = set()
    for action, values, _reason, _words in ODD_ANSWERS:
        practice.simulator.switches.faults = []
        practice.fault(action, method="GET", resource="locations", times=0, **values)
        report = practice.test()
        said.add(report.sentence)
    assert len(said) == len(ODD_ANSWERS) - 1  # the two that are too large are told alike


def test_swapped_credentials_are_hinted_at(practice: AscendPractice) -> None:
    report = practice.test(secret="wrong")
    assert "not swapped" in report.next_step


def test_stopped_rehearsal_is_told_to_start_the_simulator(practice: AscendPractice) -> None:
    practice.simulator.switches.refuse_connections = True
    report = practice.test()
    assert_failed(report, FailureReason.NOT_REACHABLE)
    assert "simulator" in report.next_step
    assert "internet" not in report.next_step


def test_only_the_odd_field_is_named(practice: AscendPractice) -> None:
    report = practice.test(organization_id="\u0430bc")
    assert "Organization ID" in report.sentence
    assert "Client" not in report.sentence
