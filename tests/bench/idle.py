"""What the engine process costs when there is nothing to do: `python -m tests.bench.idle [--seconds 30]`.

A real worker in a child process: the real scheduler, sender and ticker on an empty encrypted database with one
connection, with the window's pipes. Prints a table and, as the last line, one JSON object.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

CHILD = "tests.bench.idle_engine"


def cpu_s(pid: int) -> float:
    """Seconds of CPU that a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100.0


def rss_mb(pid: int) -> float:
    """Resident memory (Linux)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def main() -> None:
    """Measures one child."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    args = parser.parse_args()
    silence = threading.Event()
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen([sys.executable, "-m", CHILD, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child,
    ):
        assert child.stdout is not None and child.stdin is not None
        child.stdout.readline()
        silence.wait(3.0)
        before = cpu_s(child.pid)
        silence.wait(args.seconds)
        percent = 100 * (cpu_s(child.pid) - before) / args.seconds
        memory = rss_mb(child.pid)
        child.stdin.close()
        code = child.wait()
    print(f"engine at rest for {args.seconds:g} s: {percent:.2f} % of a core, {memory:.0f} MB, ended with {code}")
    print(json.dumps({"bench": "idle", "seconds": args.seconds, "cpu_percent": round(percent, 3), "rss_mb": memory}))


if __name__ == "__main__":
    main()
