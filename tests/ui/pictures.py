"""Pictures of every page: `python -m tests.ui.pictures --out DIR`. Invented people only."""

import argparse
import os
import tempfile
from pathlib import Path


def main() -> None:
    """Renders each page, empty and full, light and dark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QEventLoop, QTimer
    from PySide6.QtWidgets import QApplication

    from denticode_desktop.ui.theme import apply_theme
    from tests.ui.window_world import window_world

    def settle(ms: int) -> None:
        """A tool for eyes, not a test: late answers are painted first."""
        loop = QEventLoop()
        QTimer.singleShot(ms, loop.quit)
        loop.exec()

    application = QApplication([])
    options.out.mkdir(parents=True, exist_ok=True)
    for state in ("empty", "full"):
        with tempfile.TemporaryDirectory() as scratch, window_world(
            Path(scratch) / "data", is_connected=state == "full"
        ) as world:
            world.window.show()
            for look in ("light", "dark"):
                apply_theme(application, is_dark=look == "dark")
                for row, name in enumerate(("today", "labs", "connections", "audit")):
                    world.window._rail.setCurrentRow(row)
                    settle(900)
                    if name == "labs":
                        world.window._labs._list.setCurrentRow(0)
                        settle(500)
                    suffix = "" if state == "full" else "-empty"
                    world.window.grab().save(str(options.out / f"{name}-{look}{suffix}.png"))


if __name__ == "__main__":
    main()
