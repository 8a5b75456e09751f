"""The window beside a blank one: `python -m tests.bench.window [--rounds 7] [--seconds 60]`. Linux only.

From the start of the process to the first paint, of a blank PySide6 window and of our whole program, in interleaved
rounds; to the lists of Today with their rows, read from an encrypted data folder with 100,000 patients unless
`--patients` says otherwise, wall time and the process's own CPU time; memory at rest; CPU at rest, of window and engine
together; and the longest that the UI thread was held while lists of 10,000 rows come, move and are scrolled. Only the
ratios of one run count. Prints a table and, as the last line, one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import date
from pathlib import Path
from typing import Any

from tests.bench.idle import FIRST_SYNC_S, children_of, cpu_s, rss_mb

LABS = 12
VISIT_ON = date(2026, 11, 20)
BLANK = """
import sys, time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
def say(word):
    print(word, time.process_time(), flush=True)
application = QApplication([])
window = QMainWindow()
window.resize(1180, 760)
window.show()
application.processEvents()
say("painted")
QTimer.singleShot(0, lambda: say("usable"))
application.exec()
"""
OURS = """
import gc, sys, time
from denticode_desktop import ui
from denticode_desktop.app import window_main
def say(word):
    print(word, time.process_time(), flush=True)
run_window = ui.run_window
def watched(program):
    gc.disable()
    from denticode_desktop.ui import main_window
    class Watched(main_window.MainWindow):
        is_seen = False
        def paintEvent(self, event):
            if not self.is_seen:
                self.is_seen = True
                main_window.QTimer.singleShot(0, lambda: say("painted"))
            super().paintEvent(event)
        def page(self, key):
            is_new = key not in self._pages
            found = super().page(key)
            if is_new:
                self.eye = main_window.QTimer(self)
                self.eye.setInterval(2)
                self.eye.timeout.connect(self.look)
                self.eye.start()
            return found
        def look(self):
            page = self._pages["today"]
            if page.state.name in ("FULL", "EMPTY") and not any(s.is_building for s in page._sections.values()):
                self.eye.stop()
                main_window.QTimer.singleShot(0, lambda: say("usable"))  # after the rows are painted
    main_window.MainWindow = Watched
    return run_window(program)
ui.run_window = watched
sys.exit(window_main(["--data-dir", sys.argv[1]]))
"""


class Started:
    """A process whose words are timed from its start."""

    def __init__(self, code: str, *arguments: str) -> None:
        environment = {**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        self._began = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )

    def until(self, word: str) -> tuple[float, float]:
        """Milliseconds from the start to that word: (wall time, CPU time of the process)."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            said, _, cpu = line.decode().partition(" ")
            if said == word:
                return (time.perf_counter() - self._began) * 1000, float(cpu) * 1000
        raise SystemExit(f"the window ended before it said {word}")

    def end(self) -> None:
        """Takes it away, and what it started."""
        self.process.terminate()
        self.process.wait()


def make_folder(folder: Path, patients: int) -> None:
    """A rehearsal practice with a synced roster and a few finalized Labs that wait."""
    from denticode_desktop.app.program import Denticode
    from denticode_desktop.console.demo import sample_lab
    from tests.bench.idle import make_folder as make
    from tests.bench.sync_server import SimulatorProcess

    with SimulatorProcess(patients) as simulator:
        make(folder, simulator.base_url)
        with Denticode().open(folder) as practice:
            actor = practice.setup.actor(None)
            [connection] = practice.connect.connections()
            practice.sync.run(actor, connection.connection_id, is_cancelled=lambda: False)
            found = practice.people.patients(actor, "a", limit=LABS)
            for number, hit in enumerate(found):
                file = folder.with_name(f"lab-{number}.json")
                file.write_text(json.dumps(sample_lab(hit.patient, VISIT_ON)), encoding="utf-8")
                practice.labs.finalize(actor, practice.labs.import_file(actor, file).lab_id)


def one_round(folder: Path) -> dict[str, float]:
    """Both, one after the other."""
    figures: dict[str, float] = {}
    for name, code, arguments in (("blank", BLANK, ()), ("ours", OURS, (str(folder),))):
        started = Started(code, *arguments)
        try:
            for word in ("painted", "usable"):
                figures[f"{name}_{word}_ms"], figures[f"{name}_{word}_cpu_ms"] = started.until(word)
        finally:
            started.end()
    return figures


def at_rest(code: str, seconds: float, *arguments: str) -> dict[str, float]:
    """Memory of the window's own process; CPU of it and of its engine, after the sync that follows a start."""
    silence = threading.Event()
    started = Started(code, *arguments)
    try:
        started.until("usable")
        silence.wait(FIRST_SYNC_S if arguments else 2.0)
        pids = [started.process.pid, *children_of(started.process.pid)]
        before = [cpu_s(pid) for pid in pids]
        silence.wait(seconds)
        spent = [100 * (cpu_s(pid) - earlier) / seconds for pid, earlier in zip(pids, before, strict=True)]
        return {
            "rss_mb": round(rss_mb(started.process.pid), 1), "cpu_percent": round(sum(spent), 4),
            "window_cpu_percent": round(spent[0], 4),
        }  # fmt: skip
    finally:
        started.end()


def stalls() -> dict[str, float]:
    """`tests.bench.window_stalls`, in a process of its own."""
    environment = {**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    command = [sys.executable, "-m", "tests.bench.window_stalls"]
    ran = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long it is watched at rest")
    parser.add_argument("--patients", type=int, default=100_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as parent:
        # an installed program has its byte code; here the warming round makes it, in a folder of its own
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(parent) / "bytecode")
        folder = Path(parent) / "data"
        make_folder(folder, args.patients)
        one_round(folder)
        rounds = [one_round(folder) for _ in range(args.rounds)]
        blank, ours = at_rest(BLANK, args.seconds), at_rest(OURS, args.seconds, str(folder))
    median = {name: statistics.median(found[name] for found in rounds) for name in rounds[0]}
    result: dict[str, Any] = {"bench": "window", "patients": args.patients, "rounds": args.rounds}
    for word in ("painted", "usable"):
        for unit in ("ms", "cpu_ms"):
            peer, mine = median[f"blank_painted_{unit}"], median[f"ours_{word}_{unit}"]
            result |= {f"{word}_{unit}": round(mine), f"blank_{unit}": round(peer)}
            result[f"{word}_{unit.removesuffix('ms')}ratio"] = round(mine / peer, 2)
    result |= {"rss_mb": ours["rss_mb"], "blank_rss_mb": blank["rss_mb"]}
    result |= {"cpu_percent": ours["cpu_percent"], "blank_cpu_percent": blank["cpu_percent"]}
    result |= {"window_cpu_percent": ours["window_cpu_percent"], **stalls(), "bench": "window"}
    show(result)
    print(json.dumps(result))


def show(result: dict[str, Any]) -> None:
    """The table."""
    print(f"{'':28}{'blank':>9}{'ours':>9}{'ratio':>8}{'limit':>8}")
    for words, word, limit in (("first paint", "painted", 1.6), ("lists filled", "usable", 3.0)):
        for unit, name in (("ms", "ms"), ("cpu_ms", "ms of CPU")):
            ratio = result[f"{word}_{unit.removesuffix('ms')}ratio"]
            peer, mine = result[f"blank_{unit}"], result[f"{word}_{unit}"]
            print(f"{f'{words}, {name}':28}{peer:>9}{mine:>9}{ratio:>8}{limit:>8}")
    for words, key, limit in (("memory at rest, MB", "rss_mb", 130.0), ("CPU at rest, %", "cpu_percent", 0.05)):
        print(f"{words:28}{result[f'blank_{key}']:>9}{result[key]:>9}{'':>8}{limit:>8}")
    for words, name in (("Today", "today"), ("audit log", "audit")):
        for kind, unit in (("stall", "ms"), ("busy", "ms of CPU")):
            print(f"{f'longest hold, {words}, {unit}':37}{result[f'{name}_{kind}_ms']:>9}{'':>8}{50:>8}")


if __name__ == "__main__":
    main()
