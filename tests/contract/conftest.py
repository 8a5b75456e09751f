"""The practice that the Ascend tests share."""

from collections.abc import Iterator

import pytest

from denticode_desktop.rehearsal.ascend_server import AscendSimulator

from .ascend_practice import AscendPractice


@pytest.fixture
def practice() -> Iterator[AscendPractice]:
    with AscendSimulator(patients=60) as simulator:
        made = AscendPractice(simulator)
        yield made
        for gateway in made.gateways:
            gateway.close()
        assert simulator.failures == []
        assert made.requests_that_change() == []
