"""Gateways open with the connection's own secrets; the fake PMS behaves as its scripts say."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from denticode_desktop.domain.charting import ProcedureStatus, Quadrant
from denticode_desktop.domain.errors import NotFoundError, PmsUnavailableError, SecretStoreError
from denticode_desktop.domain.ids import (
    ConnectionId,
    ItemId,
    PmsCodeId,
    PmsLocationId,
    PmsPatientId,
    PmsProviderId,
    WriteBackId,
)
from denticode_desktop.domain.payload import payload_bytes, payload_sha256
from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.domain.write_back import (
    DocumentPayload,
    Item,
    ItemKind,
    ItemPayload,
    ItemState,
    NotePayload,
    OutcomeClass,
    OutcomeKind,
    ProcedurePayload,
)
from denticode_desktop.ports.secrets import connection_secret
from tests.fakes.fake_pms import FakePms, FakePmsGateway, SendScript, payload_from_bytes

from .connect_world import SECRETS, ConnectWorld, pms_patient

ANA = PmsPatientId("9001")
NOTE = NotePayload("S: hurts.\r\nÄ.", date(2026, 11, 20), PmsProviderId("p1"), PmsLocationId("l1"), "America/Denver")
PROCEDURE = ProcedurePayload(
    "T0101", PmsCodeId("c1"), "14", "MO", Quadrant.UPPER_LEFT, ProcedureStatus.TREATMENT_PLANNED, 12_500,
    date(2026, 11, 20), PmsProviderId("p1"), None, "",
)  # fmt: skip
DOCUMENT = DocumentPayload("Consent", "consent.pdf", "a" * 64, 12, date(2026, 11, 20), PmsProviderId("p1"), None)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ConnectWorld]:
    made = ConnectWorld(tmp_path)
    yield made
    made.close()


def note_item() -> Item:
    return Item(
        ItemId(1), WriteBackId(1), ConnectionId(1), ANA, 1, ItemKind.NOTE, NOTE, payload_sha256(NOTE), "M" * 16, "f",
        ItemState.PLANNED,
    )  # fmt: skip


def test_open_gives_the_gateway_the_stored_secrets(world: ConnectWorld) -> None:
    connection_id = world.stored()
    world.secrets.put(connection_secret(connection_id, "client_secret"), SECRETS.values["client_secret"])
    gateway = world.gateways.open(connection_id)
    report = gateway.check_connection(lambda check: None)
    assert report.reason is None


def test_open_without_the_secret_says_missing(world: ConnectWorld) -> None:
    with pytest.raises(SecretStoreError) as caught:
        world.gateways.open(world.stored())
    assert caught.value.kind == "missing"
    assert "Reconnect" in caught.value.hint


def test_open_of_an_unknown_connection_raises_not_found(world: ConnectWorld) -> None:
    with pytest.raises(NotFoundError):
        world.gateways.open(ConnectionId(99))


@pytest.mark.parametrize("payload", [NOTE, PROCEDURE, DOCUMENT])
def test_fake_reads_a_body_back_to_the_same_payload(payload: ItemPayload) -> None:
    assert payload_from_bytes(payload_bytes(payload)) == payload


@pytest.mark.parametrize(
    ("script", "outcome", "copies"),
    [
        (SendScript.ACCEPT, OutcomeClass.ACCEPTED, 1),
        (SendScript.COMMIT_THEN_UNKNOWN, OutcomeClass.UNKNOWN, 1),
        (SendScript.LOST, OutcomeClass.UNKNOWN, 0),
        (SendScript.COMMIT_LATE, OutcomeClass.UNKNOWN, 1),
        (SendScript.COMMIT_TWICE, OutcomeClass.UNKNOWN, 2),
        (SendScript.ACCEPT_WRONG_ID, OutcomeClass.ACCEPTED, 1),
        (SendScript.ACCEPT_NOT_STORED, OutcomeClass.ACCEPTED, 0),
        (SendScript.OTHER_PATIENT, OutcomeClass.UNKNOWN, 1),
        (SendScript.REFUSE, OutcomeClass.NO_EFFECT, 0),
        (SendScript.NOT_SENT, OutcomeClass.NO_EFFECT, 0),
        (SendScript.THROTTLE, OutcomeClass.NO_EFFECT, 0),
    ],
)
def test_fake_send_does_what_its_script_says(script: SendScript, outcome: OutcomeClass, copies: int) -> None:
    pms = FakePms()
    gateway = FakePmsGateway(pms)
    pms.script_sends(script)
    result = gateway.send(gateway.prepare(note_item()), may_send=lambda: True)
    assert result.outcome_class is outcome
    assert len(pms.chart(ANA)) == copies


def test_fake_send_that_may_not_leave_reaches_nothing() -> None:
    pms = FakePms()
    gateway = FakePmsGateway(pms)
    assert gateway.send(gateway.prepare(note_item()), may_send=lambda: False).kind is OutcomeKind.NOT_SENT
    assert pms.calls == []


def test_fake_record_shows_only_after_its_lag() -> None:
    pms = FakePms(lag_s=5.0)
    gateway = FakePmsGateway(pms)
    gateway.send(gateway.prepare(note_item()), may_send=lambda: True)
    assert gateway.look(ANA, ItemKind.NOTE, since=None).records == ()
    pms.advance(5.0)
    assert len(gateway.look(ANA, ItemKind.NOTE, since=None).records) == 1


def test_fake_pages_give_every_row_once_and_failures_pass() -> None:
    pms = FakePms()
    gateway = FakePmsGateway(pms)
    pms.put(*(pms_patient(f"{n:03d}") for n in range(7)))
    pms.fail("read_page", PmsUnavailableError("http_503"))
    with pytest.raises(PmsUnavailableError):
        gateway.read_page(SyncKind.PATIENTS, since=None, after_id=None)
    seen: list[str] = []
    after_id: str | None = None
    while True:
        page = gateway.read_page(SyncKind.PATIENTS, since=None, after_id=after_id)
        seen += [key for key, _ in page.keys]
        after_id = page.next_after_id
        if after_id is None:
            break
    assert seen == [f"{n:03d}" for n in range(7)]
    assert gateway.take_call_count() == 4
