"""Pictures of every page: `python -m tests.ui.pictures --out DIR [--only WORD] [--scale 150]`. Invented people only.

Every page, empty and full and in error, light and dark, at 100, 150 and 200 %, with the dialogs. One process a scale,
because Qt takes its scale at the start.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication, QWidget

    from tests.ui.window_world import WindowWorld

SCALES = (100, 150, 200)
SIZES = {100: (1180, 760), 150: (911, 512), 200: (960, 540)}
PAGES = ("today", "labs", "connections", "audit")


def settle(is_ready: Callable[[], bool], most_ms: int = 8_000) -> None:
    """A tool for eyes, not a test: late answers are painted first."""
    from PySide6.QtCore import QElapsedTimer, QEventLoop, QTimer

    spent = QElapsedTimer()
    spent.start()
    quiet = 0
    while quiet < 3 and spent.elapsed() < most_ms:
        loop = QEventLoop()
        QTimer.singleShot(120, loop.quit)
        loop.exec()
        quiet = quiet + 1 if is_ready() else 0


class Camera:
    """Takes pictures of one scale."""

    def __init__(self, application: "QApplication", out: Path, scale: int, only: str) -> None:
        self._application = application
        self._out = out
        self._scale = scale
        self._only = only

    def take(self, name: str, widget: "QWidget", world: "WindowWorld") -> None:
        """In light and in the dark."""
        from denticode_desktop.ui.theme import apply_theme

        if self._only not in name:
            return
        for look in ("light", "dark"):
            apply_theme(self._application, is_dark=look == "dark")
            settle(lambda: world.tasks.is_idle)
            widget.grab().save(str(self._out / f"{name}-{look}-{self._scale}.png"))
        apply_theme(self._application, is_dark=False)

    def wants(self, name: str) -> bool:
        """Whether it is asked for."""
        return self._only in name


def take_pages(camera: Camera, world: "WindowWorld", state: str) -> None:
    """Each page of a world."""
    from PySide6.QtWidgets import QTableView

    for key in PAGES:
        if not camera.wants(f"{key}-{state}") or (key, state) == ("labs", "full"):
            continue
        world.window.open_page(key)
        settle(lambda: world.tasks.is_idle)
        if key == "audit" and state == "full":
            table = world.window.page("audit").findChild(QTableView)
            assert table is not None
            camera.take("audit-table", world.window, world)
            table.selectRow(3)
        camera.take(f"{key}-{state}", world.window, world)


def take_dialogs(camera: Camera, world: "WindowWorld") -> None:
    """Today's dialogs."""
    from denticode_desktop.domain.write_back import ItemState
    from denticode_desktop.services.status_board import RowAction
    from denticode_desktop.ui import operations
    from denticode_desktop.ui.today.choose_patient import ChoosePatientDialog
    from denticode_desktop.ui.today.decide import DecideDialog
    from denticode_desktop.ui.today.send_all import SendAllDialog
    from denticode_desktop.ui.window_services import PageContext

    context = PageContext(world.services, world.tasks, world.bridge, world.window)
    [view, *_] = world.services.outbox.queue({ItemState.REVIEW})
    decide = DecideDialog(world.window, context, operations.read_decision(world.services, view.item.item_id))
    lab_id = world.lab_of_a_stranger(first="Ana", last="Ruiz")
    choose = ChoosePatientDialog(world.window, context, operations.read_match(world.services, lab_id, None))
    rows = world.services.board.today(world.services.utc_now()).waiting
    labs = [operations.ToSend(r.lab_id, None, str(r.sentence)) for r in rows if r.action is RowAction.SEND and r.lab_id]
    send = SendAllDialog(world.window, labs)
    for name, dialog in (("decide", decide), ("choose", choose), ("send-all", send)):
        if camera.wants(f"dialog-{name}"):
            dialog.show()
            settle(lambda: world.tasks.is_idle)
            if isinstance(dialog, ChoosePatientDialog):
                dialog.list.setCurrentRow(0)
            camera.take(f"dialog-{name}", dialog, world)
        dialog.close()


def shoot(out: Path, scale: int, only: str) -> None:
    """All pictures of a scale, in this process."""
    from PySide6.QtWidgets import QApplication

    from denticode_desktop.ui.theme import apply_theme
    from tests.ui.labs.picture_states import take_full
    from tests.ui.window_world import window_world

    application = QApplication([])
    apply_theme(application, is_dark=False)
    camera = Camera(application, out, scale, only)
    for state in ("empty", "full"):
        with tempfile.TemporaryDirectory() as scratch, window_world(
            Path(scratch) / "data", is_connected=state == "full"
        ) as world:
            if state == "full":
                world.fill_today()
            world.window.resize(*SIZES[scale])
            world.window.show()
            take_pages(camera, world, state)
            if state == "full" and (not only or "labs" in only):
                take_full(world, lambda name, widget: camera.take(name, widget, world), settle, camera.wants)
            if state == "full" and (not only or "dialog" in only):
                take_dialogs(camera, world)
            if state == "full":
                world.practice.store.close()
                world.window._pages.clear()
                take_pages(camera, world, "error")


def main() -> None:
    """Renders to PNG."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", default="", help="a part of the names of the pictures")
    parser.add_argument("--scale", type=int, choices=SCALES, help="only this one")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.here:
        shoot(options.out, options.scale, options.only)
        return
    for scale in [options.scale] if options.scale else SCALES:
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": str(scale / 100)}
        command = [sys.executable, "-m", "tests.ui.pictures", "--out", str(options.out), "--scale", str(scale)]
        command += ["--only", options.only, "--here"]
        subprocess.run(command, env=environment, check=True)


if __name__ == "__main__":
    main()
