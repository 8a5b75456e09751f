"""The sentences about a sync: which list, what happened to it, and a next step that the program really has."""

from __future__ import annotations

import pytest

from denticode_desktop.domain.access import Actor, Role
from denticode_desktop.domain.errors import (
    BugError,
    DenticodeError,
    PmsAuthError,
    PmsForbiddenError,
    PmsProtocolError,
    PmsRefusedError,
    PmsThrottledError,
    PmsUnavailableError,
    SecretStoreError,
    StorageError,
)
from denticode_desktop.domain.events import SyncFinished
from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.services.sync_report import (
    KindCounts,
    SkippedKind,
    failed_sentence,
    finished_sentence,
    list_to_blame,
)
from tests.fakes.sync_world import CONNECTION_ID, SyncWorld

KIND = SyncKind.PATIENTS
LIST_AT_FAULT: list[tuple[DenticodeError, str]] = [
    (PmsProtocolError("endless_pages"), "the same page of its patients list twice"),
    (PmsProtocolError("web_page"), "A web page came back instead of Oak Street's patients list"),
    (PmsProtocolError("not_json"), "something that is no data"),
    (PmsProtocolError("bad_encoding"), "something that is no data"),
    (PmsProtocolError("too_large"), "far larger"),
    (PmsProtocolError("too_deep"), "far larger"),
    (PmsProtocolError("missing_id"), "a row without its id"),
    (PmsProtocolError("no_data"), "without rows"),
    (PmsProtocolError("another"), "does not fit its contract (another)"),
    (PmsRefusedError(404), "refused a request for its patients list (HTTP 404)"),
    (PmsUnavailableError("list_errors"), "could not make its patients list"),
]
OTHERS: list[tuple[DenticodeError, str]] = [
    (PmsUnavailableError("http_503"), "out of service (HTTP 503)"),
    (PmsUnavailableError("http_408"), "out of service (HTTP 408)"),
    (PmsUnavailableError("http_302"), "another address (HTTP 302)"),
    (PmsUnavailableError("connect_refused"), "does not answer"),
    (PmsThrottledError(3.0), "asks for a pause"),
    (PmsAuthError(), "refuses the sign-in"),
    (PmsForbiddenError("Patients"), "permission Patients"),
    (PmsProtocolError("no_token"), "sign-in"),
    (SecretStoreError("locked"), "credential store"),
    (StorageError("disk_full"), "disk is full"),
    (StorageError("locked"), "Another program"),
    (StorageError("damaged"), "damaged"),
    (StorageError("failed"), "could not be read or written"),
    (BugError("x"), "our own mistake"),
]


@pytest.mark.parametrize(("error", "words"), [*LIST_AT_FAULT, *OTHERS], ids=lambda value: str(value)[:30])
def test_each_failure_has_its_own_words_and_a_next_step(error: DenticodeError, words: str) -> None:
    sentence = failed_sentence(error, "Oak Street", KIND)
    assert words in sentence
    assert sentence.endswith(".")
    assert sentence.count(". ") >= 1, "no next step"
    assert "support bundle" not in sentence
    assert "by itself" not in sentence, "nothing goes by itself where no engine runs"


@pytest.mark.parametrize("error", [error for error, _ in LIST_AT_FAULT], ids=str)
def test_list_at_fault_is_named(error: DenticodeError) -> None:
    assert list_to_blame(error, KIND) == "patients"
    assert list_to_blame(error, None) == ""


@pytest.mark.parametrize("error", [error for error, _ in OTHERS], ids=str)
def test_no_list_is_blamed_for_what_it_did_not_do(error: DenticodeError) -> None:
    assert list_to_blame(error, KIND) == ""


def test_sentence_about_a_part_does_not_say_up_to_date() -> None:
    skipped = [SkippedKind(SyncKind.APPOINTMENTS, "Appointments", "x")]
    whole = finished_sentence("Oak Street", {KIND: KindCounts(3, 2, 1)}, [])
    part = finished_sentence("Oak Street", {KIND: KindCounts(3, 2, 1)}, skipped)
    assert whole == "Oak Street is up to date: 2 new, 1 changed, 0 gone."
    assert "up to date" not in part
    assert "appointments" in part
    assert "Ask your PMS administrator" in part


def test_event_of_a_failed_run_names_the_list() -> None:
    world = SyncWorld()
    world.pms.add_patients(3)

    def fail(kind: SyncKind, _after: str | None) -> None:
        if kind is KIND:
            raise PmsProtocolError("missing_id")

    world.pms.before_page = fail
    with pytest.raises(PmsProtocolError):
        world.engine.run(Actor("ann", Role.OWNER), CONNECTION_ID)
    [finished] = [event for event in world.sink.events if isinstance(event, SyncFinished)]
    assert finished.blamed_list == "patients"
    assert "patients list" in finished.sentence
