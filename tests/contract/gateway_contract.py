"""What every PmsGateway promises (ports/pms.py), as a suite: a vendor's test class gives a `Practice` and inherits it.

The practice is a PMS that really stores things: what a test believes is compared with what it holds.
"""

from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from denticode_desktop.domain.connection import Check, Light
from denticode_desktop.domain.errors import ExternalError
from denticode_desktop.domain.ids import PmsPatientId
from denticode_desktop.domain.people import PmsPatient, PmsPatientStatus
from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.domain.write_back import Item, ItemKind, OutcomeClass, OutcomeKind
from denticode_desktop.ports.pms import PmsGateway

SINCE = datetime.now(UTC) - timedelta(days=1)


class Practice(Protocol):
    """A PMS to test against, and what staff there see and do."""

    patient_id: PmsPatientId
    other_patient_id: PmsPatientId
    unknown_patient_id: PmsPatientId

    def open(self) -> PmsGateway:
        """A new gateway with good credentials; closed with the practice."""
        ...

    def item(self, kind: ItemKind, patient_id: PmsPatientId, *, marker: str = ...) -> Item:
        """A finalized item that this PMS takes."""
        ...

    def stored(self, kind: ItemKind) -> list[str]:
        """Ids of all records of a kind in all charts."""
        ...

    def type_note(self, patient_id: PmsPatientId, text: str) -> str:
        """A note typed by staff; its id."""
        ...

    def deactivate(self, patient_id: PmsPatientId) -> None:
        """The patient is inactive from now on."""
        ...

    def lose_next_answer(self) -> None:
        """The next create takes effect and its answer is lost."""
        ...

    def break_next_list(self) -> None:
        """The next list of chart records fails."""
        ...

    def requests_that_change(self) -> list[str]:
        """Method of every request that could delete or overwrite."""
        ...


def send(gateway: PmsGateway, item: Item, *, may_send: bool = True) -> OutcomeKind:
    """Ready, prepare, send; the outcome's kind."""
    gateway.make_ready(30.0)
    return gateway.send(gateway.prepare(item), may_send=lambda: may_send).kind


class GatewayContract:
    """Inherit and give the fixture `practice`."""

    @pytest.mark.parametrize("kind", list(ItemKind))
    def test_created_record_is_seen_by_the_next_look_and_equals_the_item(
        self, practice: Practice, kind: ItemKind
    ) -> None:
        gateway = practice.open()
        if kind not in gateway.capabilities.writes:
            assert gateway.capabilities.why_not[kind]
            return
        item = practice.item(kind, practice.patient_id)
        assert gateway.look(practice.patient_id, kind, since=SINCE).records == ()
        assert send(gateway, item) is OutcomeKind.ACCEPTED
        (record,) = gateway.look(practice.patient_id, kind, since=SINCE).records
        assert [record.remote_id] == practice.stored(kind)
        assert record.pms_patient_id == practice.patient_id
        assert record.fingerprint == gateway.fingerprint(item.payload)
        assert gateway.look(practice.other_patient_id, kind, since=SINCE).records == ()
        assert practice.requests_that_change() == []

    def test_guard_that_says_no_stores_nothing(self, practice: Practice) -> None:
        gateway = practice.open()
        item = practice.item(ItemKind.NOTE, practice.patient_id)
        assert send(gateway, item, may_send=False) is OutcomeKind.NOT_SENT
        assert practice.stored(ItemKind.NOTE) == []

    def test_lost_answer_is_unknown_and_the_look_finds_the_record(self, practice: Practice) -> None:
        gateway = practice.open()
        gateway.make_ready(30.0)
        prepared = gateway.prepare(practice.item(ItemKind.NOTE, practice.patient_id))
        practice.lose_next_answer()
        outcome = gateway.send(prepared, may_send=lambda: True)
        assert outcome.outcome_class is OutcomeClass.UNKNOWN
        assert len(practice.stored(ItemKind.NOTE)) == 1
        assert len(gateway.look(practice.patient_id, ItemKind.NOTE, since=SINCE).records) == 1

    def test_prepare_gives_the_same_bytes_each_time_and_by_each_gateway(self, practice: Practice) -> None:
        item = practice.item(ItemKind.NOTE, practice.patient_id)
        assert practice.open().prepare(item) == practice.open().prepare(item)

    def test_failed_list_is_an_error_and_no_empty_look(self, practice: Practice) -> None:
        gateway = practice.open()
        gateway.make_ready(30.0)
        practice.type_note(practice.patient_id, "Sample note")
        practice.break_next_list()
        with pytest.raises(ExternalError):
            gateway.look(practice.patient_id, ItemKind.NOTE, since=SINCE)
        assert len(gateway.look(practice.patient_id, ItemKind.NOTE, since=SINCE).records) == 1

    def test_same_chart_gives_the_same_evidence_and_another_does_not(self, practice: Practice) -> None:
        gateway = practice.open()
        before = gateway.look(practice.patient_id, ItemKind.NOTE, since=SINCE)
        again = gateway.look(practice.patient_id, ItemKind.NOTE, since=SINCE)
        practice.type_note(practice.patient_id, "Sample note")
        after = gateway.look(practice.patient_id, ItemKind.NOTE, since=SINCE)
        assert before.evidence_sha256 == again.evidence_sha256 != after.evidence_sha256
        assert before.started_monotonic_s <= again.started_monotonic_s

    def test_look_without_since_reads_the_whole_chart(self, practice: Practice) -> None:
        note_id = practice.type_note(practice.patient_id, "Sample note")
        found = practice.open().look(practice.patient_id, ItemKind.NOTE, since=None)
        assert [(r.remote_id, r.text) for r in found.records] == [(note_id, "Sample note")]

    def test_patient_is_fetched_as_the_chart_names_them_now(self, practice: Practice) -> None:
        gateway = practice.open()
        found = gateway.fetch_patient(practice.patient_id)
        assert found is not None
        assert found.pms_patient_id == practice.patient_id
        assert found.status is PmsPatientStatus.ACTIVE
        assert found.person.last_name
        assert found.person.date_of_birth
        practice.deactivate(practice.patient_id)
        changed = gateway.fetch_patient(practice.patient_id)
        assert changed is not None
        assert changed.status is PmsPatientStatus.INACTIVE
        assert gateway.fetch_patient(practice.unknown_patient_id) is None

    @pytest.mark.parametrize("kind", list(SyncKind))
    def test_list_pages_end_and_give_every_wanted_row(self, practice: Practice, kind: SyncKind) -> None:
        gateway = practice.open()
        if kind not in gateway.capabilities.reads:
            return
        after, seen = None, 0
        while True:
            page = gateway.read_page(kind, since=None, after_id=after)
            ids = [row_id for row_id, _ in page.keys]
            assert len(set(ids)) == len(ids)
            assert len(page.records(set(ids))) == len(ids)
            assert len(page.records(set(ids[:1]))) == len(ids[:1])
            seen += len(ids)
            after = page.next_after_id
            if after is None:
                break
        assert seen > 0

    def test_list_since_the_newest_change_leaves_out_the_rest(self, practice: Practice) -> None:
        gateway = practice.open()
        whole = gateway.read_page(SyncKind.PATIENTS, since=None, after_id=None)
        assert whole.newest is not None
        later = gateway.read_page(SyncKind.PATIENTS, since=whole.newest, after_id=None)
        assert 0 < len(later.keys) < len(whole.keys)
        assert all(isinstance(r, PmsPatient) for r in later.records({row_id for row_id, _ in later.keys}))

    def test_connection_test_is_green_and_says_each_step(self, practice: Practice) -> None:
        heard: list[Check] = []
        report = practice.open().check_connection(heard.append)
        assert report.light is Light.GREEN
        assert tuple(heard) == report.checks
        assert practice.requests_that_change() == []

    def test_calls_are_counted_once(self, practice: Practice) -> None:
        gateway = practice.open()
        assert gateway.take_call_count() == 0
        gateway.fetch_patient(practice.patient_id)
        assert gateway.take_call_count() > 0
        assert gateway.take_call_count() == 0
