"""The rehearsal PMS in a process of its own, so that it does not share the GIL of what is measured.

Run as a child by `SimulatorProcess`; commands are JSON lines on standard input, each answered by a line.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from denticode_desktop.rehearsal.ascend_server import AscendSimulator


class SimulatorProcess:
    """A warm simulator; stops with its context."""

    def __init__(self, patients: int) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.sync_server", str(patients)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.base_url: str = self._read()["base_url"]

    def set_page_delay(self, delay_ms: float) -> None:
        """Each answer comes so much later."""
        self._ask({"page_delay_ms": delay_ms})

    def touch(self, share: float) -> int:
        """Changes a share of the patients; how many."""
        return int(self._ask({"touch": share})["touched"])

    def __enter__(self) -> SimulatorProcess:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._child.stdin is not None and self._child.stdout is not None
        self._child.stdin.close()
        self._child.wait()
        self._child.stdout.close()

    def _ask(self, command: dict[str, float]) -> Any:
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps(command) + "\n")
        self._child.stdin.flush()
        return self._read()

    def _read(self) -> Any:
        assert self._child.stdout is not None
        return json.loads(self._child.stdout.readline())


class _Clock:
    """The computer's, a day on for each touch, so that nothing unchanged lies within the margin of the mark."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def main() -> None:
    """Serves until standard input ends."""
    clock = _Clock()
    with AscendSimulator(seed=7, patients=int(sys.argv[1]), clock=clock) as simulator:
        simulator.warm()
        print(json.dumps({"base_url": simulator.base_url}), flush=True)
        for line in sys.stdin:
            command = json.loads(line)
            answer: dict[str, int] = {}
            if "page_delay_ms" in command:
                simulator.switches.page_delay_ms = command["page_delay_ms"]
            if "touch" in command:
                # tokens last an hour of this clock, so every contestant signs in anew
                clock.ahead += timedelta(days=1)
                answer["touched"] = simulator.state.touch_patients(command["touch"])
                simulator.warm()
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
