"""What a PMS, or something in its place, may answer to a sync: each limit holds, is said in a sentence, and passes.

The whole way: HTTP over loopback, the adapter, the engine and the encrypted database.
"""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from denticode_desktop.domain.access import Actor, Role
from denticode_desktop.domain.errors import DenticodeError, PmsProtocolError, PmsUnavailableError
from denticode_desktop.domain.events import Event, SyncFinished
from denticode_desktop.domain.people import PmsPatientStatus
from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.pms.dentrix_ascend.pages import AscendPage
from denticode_desktop.pms.http_limits import MAX_DEPTH, MAX_JSON_BYTES
from denticode_desktop.pms.registry import PmsRegistry
from denticode_desktop.rehearsal import ascend_lists
from denticode_desktop.rehearsal.ascend_server import AscendSimulator
from denticode_desktop.rehearsal.switches import Fault
from denticode_desktop.services.gateways import Gateways
from denticode_desktop.services.sync_engine import SyncEngine
from denticode_desktop.storage.store import SqlStore
from denticode_desktop.storage.sync_store import SqlSyncStore
from tests.fault.sync_victim import CONNECTION_ID, RehearsalSecrets, SystemClock, make_database, open_database

ANN = Actor("Ann", Role.FRONT_OFFICE)
PATIENTS = 120
PAGE = 50
PLENTY_BYTES = 6 * MAX_JSON_BYTES
"""Far below the 200 MB that come, far above what one refused reply may leave in memory."""


@dataclass
class ListSink:
    """Keeps what was published."""

    events: list[Event] = field(default_factory=list)

    def publish(self, event: Event) -> None:
        """As the port."""
        self.events.append(event)


@dataclass
class World:
    """A practice whose PMS can be made hostile."""

    simulator: AscendSimulator
    store: SqlStore
    sink: ListSink
    engine: SyncEngine

    def patients(self) -> int:
        """Live ones in the database."""
        with self.store.read() as uow:
            return uow.roster.counts(CONNECTION_ID).get(SyncKind.PATIENTS.value, 0)

    def sentence(self) -> str:
        """What the person is told."""
        (finished,) = [event for event in self.sink.events if isinstance(event, SyncFinished)]
        return finished.sentence


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Three pages of patients; pauses cost no time."""
    monkeypatch.setattr(ascend_lists, "MAX_PAGE_SIZE", PAGE)
    with AscendSimulator(seed=5, patients=PATIENTS) as simulator:
        simulator.switches.oversize_page = "clamp"
        path = tmp_path / "practice.db"
        make_database(path, simulator.base_url)
        store, clock, sink = open_database(path), SystemClock(), ListSink()
        gateways = Gateways(store, PmsRegistry(clock), RehearsalSecrets())
        engine = SyncEngine(store, SqlSyncStore(store), gateways, clock, sink, wait=lambda _s, _is_cancelled: True)
        yield World(simulator, store, sink, engine)
        store.close()


def spoil_patients(world: World, action: str, *, nth: int, times: int = 1) -> None:
    """The n-th page of patients and so many after it come spoilt."""
    fault = Fault(action=action, method="GET", resource="patients", scope="list", nth=nth, times=times)  # type: ignore[arg-type]
    world.simulator.switches.add(fault)


def assert_next_run_is_whole(world: World) -> None:
    """Nothing that was stored before is lost or doubled."""
    world.simulator.switches.faults.clear()
    world.engine.run(ANN, CONNECTION_ID)
    assert world.patients() == PATIENTS


@pytest.mark.parametrize("action", ["huge", "gzip_bomb"])
def test_reply_of_200_megabytes_is_not_taken_into_memory(world: World, action: str) -> None:
    spoil_patients(world, action, nth=2)
    tracemalloc.start()
    try:
        with pytest.raises(PmsProtocolError, match="too_large"):
            world.engine.run(ANN, CONNECTION_ID)
        assert tracemalloc.get_traced_memory()[1] < PLENTY_BYTES
    finally:
        tracemalloc.stop()
    assert "larger data than it ever sends" in world.sentence()
    assert world.patients() == PAGE
    assert_next_run_is_whole(world)


@pytest.mark.parametrize("action", ["html", "cut_body", "empty"])
def test_answer_that_is_no_list_is_told_and_nothing_of_it_is_stored(world: World, action: str) -> None:
    spoil_patients(world, action, nth=2, times=0)
    with pytest.raises(PmsUnavailableError if action == "cut_body" else DenticodeError):
        world.engine.run(ANN, CONNECTION_ID)
    assert "Main office" in world.sentence()
    assert "<" not in world.sentence()
    assert world.patients() == PAGE
    assert_next_run_is_whole(world)


def test_answer_that_is_cut_off_once_is_only_a_pause(world: World) -> None:
    spoil_patients(world, "cut_body", nth=2)
    assert world.engine.run(ANN, CONNECTION_ID).outcome == "ok"
    assert world.patients() == PATIENTS


def test_list_without_an_end_is_stopped(world: World) -> None:
    world.simulator.switches.endless_pages = True
    with pytest.raises(DenticodeError):
        world.engine.run(ANN, CONNECTION_ID)
    assert "sync was stopped" in world.sentence()
    world.simulator.switches.endless_pages = False
    assert_next_run_is_whole(world)


def test_rows_with_missing_fields_and_unknown_words_are_kept_with_what_they_have(world: World) -> None:
    world.simulator.switches.missing_fields = ["dateOfBirth", "phones", "lastName", "chartNumber"]
    world.simulator.switches.unknown_enums = True
    assert world.engine.run(ANN, CONNECTION_ID).outcome == "ok"
    assert world.patients() == PATIENTS
    with world.store.read() as uow:
        found = uow.roster.search_patients("a", connection_id=CONNECTION_ID, limit=PATIENTS)
    assert found
    assert PmsPatientStatus.OTHER in {hit.patient.status for hit in found}  # every second one has a word of its own
    assert {hit.patient.person.date_of_birth for hit in found} == {None}


def nested(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("where", ["lastName", "somethingNew"])
def test_nesting_over_the_limit_is_refused_wherever_it_is(where: str) -> None:
    def page(levels: int) -> AscendPage:
        rows = [{"id": str(n), "lastModified": "2026-01-01T00:00:00Z"} for n in range(1, 51)]
        body = json.dumps({"statusCode": 200, "data": [*rows, {"id": "99", where: nested(levels)}]}).encode()
        return AscendPage(body, SyncKind.PATIENTS, asked=500)

    room = MAX_DEPTH - 3  # envelope, list and row
    assert len(page(room).records({"99"})) == 1
    with pytest.raises(PmsProtocolError, match="too_deep"):
        page(room + 1)


def test_nesting_that_would_end_the_program_is_refused() -> None:
    body = b'{"data":[{"id":"1","lastModified":' + b"[" * 1_000_000
    with pytest.raises(PmsProtocolError, match="too_deep"):
        AscendPage(body, SyncKind.PATIENTS, asked=500)
