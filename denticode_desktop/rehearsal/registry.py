"""Which PMS can be rehearsed: vendor key to simulator. Another vendor is one line here."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from denticode_desktop.rehearsal.ascend_server import PMS_KEY, AscendSimulator


class Simulator(Protocol):
    """What every rehearsal PMS offers to the program."""

    base_url: str
    control_url: str
    organization_id: str
    client_id: str
    client_secret: str

    def start(self) -> None:
        """Begin to listen on loopback."""

    def warm(self) -> None:
        """Make everything now that would otherwise be made when it is asked for."""

    def stop(self) -> None:
        """Stop and release the port."""


class SimulatorFactory(Protocol):
    """Makes a simulator that does not run yet."""

    def __call__(self, *, seed: int = ..., patients: int = ..., port: int = ...) -> Simulator:
        """Make one; port 0 lets the system choose. Raises: OSError when the port is not free."""


SIMULATORS: dict[str, SimulatorFactory] = {PMS_KEY: AscendSimulator}


def run_simulator(
    patients: int,
    port: int,
    seed: int,
    announce: Callable[[dict[str, object]], None],
    stop: threading.Event,
    *,
    pms: str = PMS_KEY,
) -> None:
    """Run a rehearsal PMS until `stop` is set; `announce` is called once, when it listens.

    What is announced holds no secret: the client secret is a documented constant of the simulator.
    Raises: KeyError for a PMS that cannot be rehearsed, OSError when the port is not free.
    """
    simulator = SIMULATORS[pms](seed=seed, patients=patients, port=port)
    try:
        simulator.warm()
        simulator.start()
        announce(
            {
                "base_url": simulator.base_url,
                "organization_id": simulator.organization_id,
                "client_id": simulator.client_id,
                "pms": pms,
                "patients": patients,
                "control_url": simulator.control_url,
            }
        )
        stop.wait()
    finally:
        simulator.stop()
