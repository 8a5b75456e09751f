"""Which PMS can be rehearsed: vendor key to simulator. Another vendor is one line here."""

from __future__ import annotations

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

    def stop(self) -> None:
        """Stop and release the port."""


class SimulatorFactory(Protocol):
    """Makes a simulator that does not run yet."""

    def __call__(self, *, seed: int = ..., patients: int = ..., port: int = ...) -> Simulator:
        """Make one; port 0 lets the system choose."""


SIMULATORS: dict[str, SimulatorFactory] = {PMS_KEY: AscendSimulator}
