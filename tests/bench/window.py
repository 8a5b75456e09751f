"""The window beside a blank one: `python -m tests.bench.window [--rounds 5] [--seconds 20]`. Linux only.

From the start of the process to the first paint, of a blank PySide6 window and of ours, in interleaved rounds; to the
lists of Today, read from an encrypted data folder with 100,000 patients unless `--patients` says otherwise; memory and
CPU at rest. Only the ratios of one run count. Prints a table and, as the last line, one JSON object.
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
from pathlib import Path
from typing import Any

from tests.bench.idle import cpu_s, rss_mb

BLANK = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
application = QApplication([])
window = QMainWindow()
window.resize(1180, 760)
window.show()
application.processEvents()
print("painted", flush=True)
QTimer.singleShot(0, lambda: print("usable", flush=True))
application.exec()
"""
OURS = """
import sys
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication
import denticode_desktop.ui.run as run
from denticode_desktop.ui.main_window import MainWindow
from denticode_desktop.ui.page import PageState

class Eye(QObject):
    def __init__(self):
        super().__init__()
        self.said = set()
        self.timer = QTimer(self)
        self.timer.setInterval(2)
        self.timer.timeout.connect(self.look)
    def say(self, word):
        if word not in self.said:
            self.said.add(word)
            print(word, flush=True)
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and "painted" not in self.said:
            QTimer.singleShot(0, lambda: self.say("painted"))
            self.timer.start()
        return False
    def look(self):
        window = next((w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow)), None)
        page = window._pages.get("today") if window else None
        if page is not None and page.state in (PageState.FULL, PageState.EMPTY):
            self.say("usable")
            self.timer.stop()
            QApplication.instance().removeEventFilter(self)

eye = Eye()
make = run._application
def watched():
    application = make()
    application.installEventFilter(eye)
    return application
run._application = watched
from denticode_desktop.app.window import run_window
from pathlib import Path
run_window(Path(sys.argv[1]))
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

    def until(self, word: str) -> float:
        """Milliseconds from the start to that word."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.strip().decode() == word:
                return (time.perf_counter() - self._began) * 1000
        raise SystemExit(f"the window ended before it said {word}")

    def end(self) -> None:
        """Takes it away, and what it started."""
        self.process.terminate()
        self.process.wait()


def make_folder(folder: Path, patients: int) -> None:
    """A rehearsal practice with a synced roster."""
    from denticode_desktop.app.program import Denticode
    from tests.bench.idle import make_folder as make
    from tests.bench.sync_server import SimulatorProcess

    with SimulatorProcess(patients) as simulator:
        make(folder, simulator.base_url)
        with Denticode().open(folder) as practice:
            actor = practice.setup.actor(None)
            [connection] = practice.connect.connections()
            practice.sync.run(actor, connection.connection_id, is_cancelled=lambda: False)


def one_round(folder: Path) -> dict[str, float]:
    """Both, one after the other."""
    figures: dict[str, float] = {}
    for name, code, arguments in (("blank", BLANK, ()), ("ours", OURS, (str(folder),))):
        started = Started(code, *arguments)
        try:
            figures[f"{name}_painted_ms"] = started.until("painted")
            figures[f"{name}_usable_ms"] = started.until("usable")
        finally:
            started.end()
    return figures


def at_rest(code: str, seconds: float, *arguments: str) -> dict[str, float]:
    """Memory and CPU of the window's own process."""
    silence = threading.Event()
    started = Started(code, *arguments)
    try:
        started.until("usable")
        silence.wait(8.0)
        before = cpu_s(started.process.pid)
        silence.wait(seconds)
        percent = 100 * (cpu_s(started.process.pid) - before) / seconds
        return {"rss_mb": round(rss_mb(started.process.pid), 1), "cpu_percent": round(percent, 3)}
    finally:
        started.end()


def main() -> None:
    """Measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long it is watched at rest")
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
    result: dict[str, Any] = {
        "bench": "window", "patients": args.patients, "rounds": args.rounds,
        "painted_ms": round(median["ours_painted_ms"]), "blank_ms": round(median["blank_painted_ms"]),
        "painted_ratio": round(median["ours_painted_ms"] / median["blank_painted_ms"], 2),
        "usable_ms": round(median["ours_usable_ms"]),
        "usable_ratio": round(median["ours_usable_ms"] / median["blank_painted_ms"], 2),
        "rss_mb": ours["rss_mb"], "blank_rss_mb": blank["rss_mb"],
        "cpu_percent": ours["cpu_percent"], "blank_cpu_percent": blank["cpu_percent"],
    }  # fmt: skip
    print(f"{'':24}{'blank':>10}{'ours':>10}{'ratio':>8}")
    print(f"{'first paint, ms':24}{result['blank_ms']:>10}{result['painted_ms']:>10}{result['painted_ratio']:>8}")
    print(f"{'lists filled, ms':24}{result['blank_ms']:>10}{result['usable_ms']:>10}{result['usable_ratio']:>8}")
    print(f"{'memory at rest, MB':24}{result['blank_rss_mb']:>10}{result['rss_mb']:>10}")
    print(f"{'CPU at rest, %':24}{result['blank_cpu_percent']:>10}{result['cpu_percent']:>10}")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
