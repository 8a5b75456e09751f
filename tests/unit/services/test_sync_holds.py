"""Who may sync when: holds, a strange roster, and what a person hears of a sync that cannot begin."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace

import pytest

from denticode_desktop.domain.access import SYSTEM
from denticode_desktop.domain.connection import Environment, HoldReason
from denticode_desktop.domain.errors import (
    BusyError,
    DenticodeError,
    PersonNeededError,
    PmsAuthError,
    PmsThrottledError,
    SecretStoreError,
)
from denticode_desktop.domain.events import SyncFinished
from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.domain.people import Demographics
from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.services.sync_engine import scheduled
from tests.fakes.sync_world import (
    ANN,
    CONNECTION_ID,
    EPOCH,
    SyncWorld,
    at_patients_page,
    held_patients,
    make_patient,
    pms_patients,
    raiser,
)


@pytest.fixture
def world() -> SyncWorld:
    """Ten patients in pages of three, one row of each other kind."""
    made = SyncWorld()
    made.fill_small_kinds()
    made.pms.add_patients(10)
    return made


def test_roster_of_test_patients_holds_and_asks_once() -> None:
    world = SyncWorld(Environment.PRODUCTION)
    world.pms.page_size = 20
    world.pms.put(SyncKind.PATIENTS, *(make_patient(1000 + n, EPOCH, name=f"Test{n}") for n in range(15)))
    with pytest.raises(PersonNeededError, match="look like test data"):
        world.engine.run(ANN, CONNECTION_ID)
    assert world.connection.hold is HoldReason.WRONG_ROSTER
    assert held_patients(world) == {}
    with pytest.raises(PersonNeededError):
        world.engine.run(ANN, CONNECTION_ID)
    world.connection = replace(world.connection, hold=None)
    assert world.engine.run(ANN, CONNECTION_ID).added == 15


def test_sandbox_may_hold_test_patients() -> None:
    world = SyncWorld(Environment.SANDBOX)
    world.pms.put(SyncKind.PATIENTS, *(make_patient(1000 + n, EPOCH, name="Zztest") for n in range(15)))
    assert world.engine.run(ANN, CONNECTION_ID).added == 15


def test_roster_without_any_linked_patient_holds_before_anything_is_gone(world: SyncWorld) -> None:
    for number in (1001, 1002, 1003):
        world.link(number, make_patient(number, EPOCH).person)
    world.engine.run(ANN, CONNECTION_ID)
    world.pms.rows[SyncKind.PATIENTS] = {}
    world.pms.add_patients(10, first=500)
    with pytest.raises(PersonNeededError, match="None of the patients linked before"):
        world.engine.run(ANN, CONNECTION_ID, full=True)
    assert world.connection.hold is HoldReason.WRONG_ROSTER
    assert len(held_patients(world)) == 10


def test_linked_id_that_is_somebody_else_holds(world: SyncWorld) -> None:
    world.link(1001, Demographics("Pia", "Quispe", make_patient(1, EPOCH).person.date_of_birth))
    assert world.engine.run(ANN, CONNECTION_ID).outcome == "ok"
    world.people[0] = replace(world.people[0], person=Demographics("Pia", "Quispe", None))
    with pytest.raises(PersonNeededError):
        world.engine.run(ANN, CONNECTION_ID, full=True)


def test_one_linked_patient_who_left_proves_nothing(world: SyncWorld) -> None:
    world.link(7777, make_patient(7777, EPOCH).person)
    assert world.engine.run(ANN, CONNECTION_ID).outcome == "ok"


@pytest.mark.parametrize("hold", [HoldReason.PAUSED, HoldReason.PERMISSION_MISSING, HoldReason.UNKNOWN_STREAK])
def test_schedule_reads_on_under_a_hold_that_is_about_sending(world: SyncWorld, hold: HoldReason) -> None:
    world.connection = replace(world.connection, hold=hold)
    assert world.engine.run(SYSTEM, CONNECTION_ID).outcome == "ok"
    assert held_patients(world) == pms_patients(world)
    assert world.connection.hold is hold


@pytest.mark.parametrize(
    "hold",
    [HoldReason.SIGN_IN, HoldReason.WRONG_ROSTER, HoldReason.DISCONNECTED, HoldReason.THROTTLED_LONG],
)
def test_schedule_asks_nothing_under_a_hold_that_is_about_the_account(world: SyncWorld, hold: HoldReason) -> None:
    world.connection = replace(world.connection, hold=hold)
    with pytest.raises(DenticodeError):
        world.engine.run(SYSTEM, CONNECTION_ID)
    assert world.pms.asked == []
    assert world.sink.events == []


def test_refused_sign_in_takes_the_place_of_a_hold_about_sending(world: SyncWorld) -> None:
    world.connection = replace(world.connection, hold=HoldReason.PERMISSION_MISSING)
    world.pms.before_page = lambda _kind, _after: raiser(PmsAuthError())()
    with pytest.raises(PmsAuthError):
        world.engine.run(SYSTEM, CONNECTION_ID)
    assert world.connection.hold is HoldReason.SIGN_IN
    asked = len(world.pms.asked)
    with pytest.raises(PmsAuthError):
        world.engine.run(SYSTEM, CONNECTION_ID)
    assert len(world.pms.asked) == asked


def test_schedule_knows_held_connections_and_no_disconnected_one(world: SyncWorld) -> None:
    held = replace(world.connection, hold=HoldReason.PAUSED)
    off = replace(world.connection, connection_id=ConnectionId(2), is_enabled=False)
    assert scheduled([held, off]) == [CONNECTION_ID]


def finished(world: SyncWorld) -> SyncFinished:
    """The one event of a run that did not begin."""
    (event,) = world.sink.events
    assert isinstance(event, SyncFinished)
    return event


@pytest.mark.parametrize(
    ("hold", "outcome", "words"),
    [
        (HoldReason.SIGN_IN, "sign_in", "Main office refuses the sign-in"),
        (HoldReason.WRONG_ROSTER, "person_needed", "its patients look wrong"),
        (HoldReason.DISCONNECTED, "person_needed", "press Reconnect"),
    ],
)
def test_person_hears_at_once_of_a_hold(world: SyncWorld, hold: HoldReason, outcome: str, words: str) -> None:
    world.connection = replace(world.connection, hold=hold)
    with pytest.raises(DenticodeError):
        world.engine.run(ANN, CONNECTION_ID)
    assert finished(world).outcome == outcome
    assert words in finished(world).sentence


def test_person_hears_at_once_of_a_pause_that_the_pms_asked_for(world: SyncWorld) -> None:
    world.pms.before_page = at_patients_page(1, raiser(PmsThrottledError(1200.0)))
    with pytest.raises(PmsThrottledError):
        world.engine.run(SYSTEM, CONNECTION_ID)
    world.sink.events.clear()
    with pytest.raises(PmsThrottledError):
        world.engine.run(ANN, CONNECTION_ID)
    assert finished(world).outcome == "throttled"


def test_person_hears_at_once_that_another_program_syncs(world: SyncWorld) -> None:
    def taken(_: ConnectionId) -> AbstractContextManager[object]:
        raise BusyError("Main office is being synced by another program. Wait until it has finished.")

    engine = world.new_engine(exclusive=taken)
    with pytest.raises(BusyError):
        engine.run(ANN, CONNECTION_ID)
    assert "another program" in finished(world).sentence
    with pytest.raises(BusyError):
        engine.run(SYSTEM, CONNECTION_ID)
    assert len(world.sink.events) == 1


def test_person_hears_of_credentials_that_are_not_on_this_computer(world: SyncWorld) -> None:
    def missing(_: ConnectionId) -> None:
        raise SecretStoreError("missing", "Reconnect it.")

    world.open = missing  # type: ignore[method-assign]
    with pytest.raises(SecretStoreError):
        world.engine.run(ANN, CONNECTION_ID)
    (event,) = [event for event in world.sink.events if isinstance(event, SyncFinished)]
    assert event.outcome == "secret_store"


def test_run_under_way_is_not_told_as_finished_by_a_second_one(world: SyncWorld) -> None:
    def act() -> None:
        with pytest.raises(BusyError):
            world.engine.run(ANN, CONNECTION_ID)
        assert not [event for event in world.sink.events if isinstance(event, SyncFinished)]

    world.pms.before_page = at_patients_page(1, act)
    assert world.engine.run(ANN, CONNECTION_ID).outcome == "ok"


def test_hold_by_a_person_is_not_overwritten(world: SyncWorld) -> None:
    world.connection = replace(world.connection, hold=HoldReason.PAUSED)
    world.pms.before_page = lambda _kind, _after: raiser(PmsAuthError())()
    with pytest.raises(PmsAuthError):
        world.engine.run(ANN, CONNECTION_ID)
    assert world.connection.hold is HoldReason.PAUSED
