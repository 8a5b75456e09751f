"""What the engine process costs when there is nothing to do: `python -m tests.bench.idle [--seconds 60]`.

The program's own engine (scheduler, ticker, sender, due loop) on an encrypted rehearsal folder with one connection,
started the way the window starts it, after the sync that follows a start. Linux only. Prints a line for people and, as
the last line, one JSON object.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

from denticode_desktop.background.engine_process import engine_command
from denticode_desktop.rehearsal import practice_data as practice
from tests.bench.sync_server import SimulatorProcess

CONSOLE = [sys.executable, "-c", "import sys; from denticode_desktop.app import console_main; sys.exit(console_main())"]
FIRST_SYNC_S = 40.0
"""The first sync, and the ten turns of a second after which the sender rests."""


def cpu_s(pid: int) -> float:
    """Seconds of CPU that a process has used, to the nanosecond: `stat` counts in hundredths."""
    return time.clock_gettime(~pid << 3 | 2)  # what clock_getcpuclockid makes of a process on Linux


def children_of(pid: int) -> list[int]:
    """Processes that it started."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def rss_mb(pid: int) -> float:
    """Resident memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def make_folder(folder: Path, base_url: str) -> None:
    """A rehearsal practice with one connection, through the console."""
    console = [*CONSOLE, "--data-dir", str(folder), "--json"]
    subprocess.run(
        [*console, "init", "--practice", "Bench", "--owner", "Ann", "--rehearsal-only"], check=True, capture_output=True
    )
    subprocess.run(
        [
            *console, "--secrets-stdin", "connection", "add", "--pms", "dentrix-ascend", "--name", "Bench office",
            "--environment", "rehearsal", "--host", base_url, "--organization-id", practice.ORGANIZATION_ID,
            "--client-id", practice.CLIENT_ID,
        ],
        input=json.dumps({"client_secret": practice.CLIENT_SECRET}).encode(), check=True, capture_output=True,
    )  # fmt: skip


def measure(folder: Path, seconds: float) -> dict[str, float | int]:
    """One engine process at rest."""
    silence = threading.Event()
    with subprocess.Popen(engine_command(folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None and child.stdout is not None
        started = child.stdout.readline()
        silence.wait(FIRST_SYNC_S)
        before = cpu_s(child.pid)
        silence.wait(seconds)
        percent = 100 * (cpu_s(child.pid) - before) / seconds
        memory = rss_mb(child.pid)
        child.stdin.close()
        events = [json.loads(line)["event"] for line in (started, *child.stdout)]
    return {
        "cpu_percent": round(percent, 4), "rss_mb": round(memory, 1), "exit_code": child.returncode,
        "syncs": events.count("SyncFinished"),
    }  # fmt: skip


def main() -> None:
    """Measures one engine."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as parent, SimulatorProcess(40) as simulator:
        folder = Path(parent) / "data"
        make_folder(folder, simulator.base_url)
        result = measure(folder, args.seconds)
    print(f"engine at rest for {args.seconds:g} s: {result['cpu_percent']} % of a core, {result['rss_mb']} MB")
    print(json.dumps({"bench": "idle", "seconds": args.seconds, **result}))


if __name__ == "__main__":
    main()
