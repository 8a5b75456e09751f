"""How long the UI thread is held with long lists: `python -m tests.bench.window_stalls [--rows 10000]`.

A 10 ms timer in the UI thread, and the longest gap between two of its beats while Today's lists of so many rows come,
move by one and grow, and while an audit log of so many events is scrolled from end to end; and the most CPU that the
process used in a gap, which other programs on the machine do not lengthen. Window, runner and pages are the real ones.
Prints a line for people and, as the last line, one JSON object.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.ui.heart_beat import HeartBeat
    from tests.ui.window_world import WindowWorld

READS = 12
STEPS = 200


def wait_until(is_so: Callable[[], bool]) -> None:
    """Runs the event loop until then."""
    from PySide6.QtCore import QCoreApplication, QEventLoop

    while not is_so():
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


def today_stall(world: WindowWorld, rows: int) -> HeartBeat:
    """Lists that come and move."""
    from denticode_desktop.ui.today import TodayPage
    from denticode_desktop.ui.today.section import Section
    from denticode_desktop.ui.widgets import ActionButton
    from denticode_desktop.ui.window_services import PageContext
    from tests.ui.hands import find
    from tests.ui.heart_beat import heart_beat
    from tests.ui.stand_ins import FakeBoard, with_stand_ins

    board = FakeBoard(world.services.board, rows=rows)
    page = TodayPage(PageContext(with_stand_ins(world.services, board=board), world.tasks, world.bridge, world.window))
    page.resize(1000, 700)
    page.show()
    sections = page.findChildren(Section)
    with heart_beat() as beat:
        for number in range(1, READS + 1):
            wanted = board.reads + 1
            page.refresh()
            wait_until(
                lambda wanted=wanted: board.reads >= wanted and world.tasks.is_idle  # type: ignore[misc]
                and not any(section.is_building for section in sections)
            )  # fmt: skip
            if number % 4 == 0:
                for more in ("needs_youMore", "in_chartMore"):
                    find(page, ActionButton, more).click()
    page.close()
    return beat


def audit_stall(world: WindowWorld, rows: int) -> HeartBeat:
    """A log that is scrolled."""
    from PySide6.QtCore import QCoreApplication

    from denticode_desktop.ui.audit import AuditPage
    from denticode_desktop.ui.window_services import PageContext
    from tests.ui.heart_beat import heart_beat
    from tests.ui.stand_ins import FakeLog, with_stand_ins

    log = FakeLog(rows)
    page = AuditPage(PageContext(with_stand_ins(world.services, log=log), world.tasks, world.bridge, world.window))
    page.resize(1000, 700)
    page.show()
    page.refresh()
    bar = page.table.verticalScrollBar()
    wait_until(lambda: world.tasks.is_idle and page.model.rowCount() > 0)
    with heart_beat() as beat:
        for step in range(STEPS):
            bar.setValue(bar.maximum() * step // STEPS)
            QCoreApplication.processEvents()
            wait_until(lambda: not page.model.is_reading)
    page.close()
    return beat


def main() -> None:
    """Measures both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000)
    args = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from denticode_desktop.ui.theme import apply_theme
    from tests.ui.window_world import window_world

    application = QApplication([])
    apply_theme(application)
    with tempfile.TemporaryDirectory() as parent, window_world(Path(parent) / "data") as world:
        world.window.show()
        wait_until(lambda: world.tasks.is_idle)
        gc.freeze()  # as the program does after its start
        beats = {"today": today_stall(world, args.rows), "audit": audit_stall(world, args.rows)}
    rounded = {f"{name}_stall_ms": round(beat.largest_gap_ms, 1) for name, beat in beats.items()}
    rounded |= {f"{name}_busy_ms": round(beat.largest_busy_ms, 1) for name, beat in beats.items()}
    print(f"longest hold of the UI thread with {args.rows:,} rows: {rounded}")
    print(json.dumps({"bench": "window_stalls", "rows": args.rows, **rounded}))


if __name__ == "__main__":
    main()
