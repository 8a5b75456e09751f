"""A simulator, its clock and a client for each test."""

from collections.abc import Iterator

import pytest

from denticode_desktop.rehearsal.ascend_server import AscendSimulator
from tests.unit.rehearsal.client import Client, HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def simulator(clock: HandClock) -> Iterator[AscendSimulator]:
    with AscendSimulator(seed=7, patients=40, clock=clock) as running:
        yield running
        assert running.failures == []


@pytest.fixture
def client(simulator: AscendSimulator) -> Iterator[Client]:
    made = Client(simulator)
    yield made
    made.close()
