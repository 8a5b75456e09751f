"""States of the connection screens for the pictures tool, over the real simulator. Invented practice only.

`take_states(folder, take, size)` walks through them and calls `take(name, widget, tasks)` at each; the tool saves what
it likes. Alone: `python -m tests.ui.connections.picture_states --out DIR [--scale 150]`.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtCore import QSize
    from PySide6.QtWidgets import QWidget

    from denticode_desktop.ui.task_runner import TaskRunner

    from .connection_world import ConnectionWorld

    Take = Callable[[str, QWidget, TaskRunner], None]

SIZES = {100: (1100, 740), 150: (855, 440), 200: (904, 470)}
"""The page without rail, band and strip, in logical pixels: 1366 x 768 at 150 % leaves 911 x 512."""


class Patience:
    """What the helpers need of pytest-qt's bot, for a tool."""

    def addWidget(self, widget: QWidget) -> None:
        """Nothing to tidy up."""

    def waitUntil(self, is_so: Callable[[], bool], *, timeout: int) -> None:
        """Runs the event loop until it is so."""
        from PySide6.QtCore import QElapsedTimer

        spent = QElapsedTimer()
        spent.start()
        while not is_so():
            turn(30)
            if spent.elapsed() > timeout:
                raise TimeoutError


def turn(ms: int) -> None:
    """Runs the event loop for a while."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(ms, loop.quit)
    loop.exec()


def take_states(folder: Path, take: Take, size: QSize) -> None:
    """Wizard first, then the page with its connection in every light."""
    from .connection_world import simulator_world

    bot = Patience()
    with simulator_world(folder / "data", patients=2_000) as world:
        world.window.resize(size)
        world.start(bot)  # type: ignore[arg-type]
        turn(150)
        take("connections-empty", world.window, world.tasks)
        _take_wizard(world, bot, take, size)
        _take_page(world, bot, take)


def _take_wizard(world: ConnectionWorld, bot: Patience, take: Take, size: QSize) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QLineEdit

    from denticode_desktop.rehearsal.switches import Fault

    from . import connection_world as act

    assert world.simulator is not None
    switches = world.simulator.switches
    wizard = act.open_wizard(world, bot)  # type: ignore[arg-type]
    wizard.resize(min(840, size.width() - 8), min(600, size.height() + 20))

    def shoot(name: str) -> None:
        take(f"wizard-{name}", wizard, world.tasks)

    def on() -> None:
        QTest.mouseClick(wizard.next, Qt.MouseButton.LeftButton)
        turn(60)

    shoot("1-choose")
    on()
    shoot("2-ask")
    on()
    shoot("3-fields")
    act.fill(world, wizard, name="Connection 1")
    act.find(wizard, QLineEdit, "add_client_secret").setText("")
    on()
    shoot("3-errors")
    act.fill(world, wizard, secret="wrong")
    on()
    act.wait_for_step(bot, wizard, 4)  # type: ignore[arg-type]
    shoot("5-failed")
    on()
    switches.forbid = {"clinicalnotes": "all"}
    act.fill(world, wizard)
    switches.faults.append(Fault(action="normal", method="GET", resource="*", times=0, delay_ms=700.0))
    on()
    bot.waitUntil(lambda: "Signed in." in act.texts(wizard), timeout=act.WAIT_MS)
    shoot("4-connect")
    switches.faults.clear()
    act.wait_for_step(bot, wizard, 4)  # type: ignore[arg-type]
    shoot("5-yellow")
    switches.page_delay_ms = 900.0
    on()
    bot.waitUntil(lambda: "Reading patients" in act.texts(wizard), timeout=act.WAIT_MS)
    shoot("6-sync")
    switches.page_delay_ms = 0.0
    bot.waitUntil(lambda: "up to date" in act.texts(wizard), timeout=act.WAIT_MS)
    shoot("6-done")
    on()


def _take_page(world: ConnectionWorld, bot: Patience, take: Take) -> None:
    from denticode_desktop.domain.connection import HoldReason
    from denticode_desktop.ui.connections.reconnect_dialog import ReconnectDialog

    from . import connection_world as act

    assert world.simulator is not None
    page, window, one = world.page, world.window, world.practice.connect.connections()[0].connection_id
    shoot: Callable[[str], None] = lambda name: take(f"connections-{name}", window, world.tasks)  # noqa: E731
    turn(300)
    shoot("yellow")
    world.simulator.switches.forbid = {}
    page.model.test(one)
    bot.waitUntil(lambda: "Ready" in act.texts(page), timeout=act.WAIT_MS)
    page.model.notes.clear()
    page.model.choose_location(one, world.practice.locations(one)[0].pms_location_id)
    bot.waitUntil(lambda: "was saved" in act.texts(page), timeout=act.WAIT_MS)
    turn(300)
    shoot("green")
    world.simulator.switches.page_delay_ms = 900.0
    page.model.sync(one)
    bot.waitUntil(lambda: "Reading" in act.texts(page), timeout=act.WAIT_MS)
    shoot("syncing")
    page.model.cancel_sync(one)
    world.simulator.switches.page_delay_ms = 0.0
    bot.waitUntil(lambda: one not in page.model.syncs, timeout=act.WAIT_MS)
    with world.practice.store.write() as uow:
        uow.connections.set_hold(one, HoldReason.SIGN_IN)
    page.refresh()
    bot.waitUntil(lambda: "no longer accepts" in act.texts(page), timeout=act.WAIT_MS)
    shoot("held")
    page.open_connection(one, reconnect=True)
    turn(200)
    dialog = window.findChild(ReconnectDialog)
    assert dialog is not None
    dialog.fresh.setChecked(True)
    turn(100)
    take("reconnect", dialog, world.tasks)
    dialog.reject()
    page.model.disconnect_connection(one)
    bot.waitUntil(lambda: "Disconnected" in act.texts(page), timeout=act.WAIT_MS)
    turn(300)
    shoot("off")


def main() -> None:
    """Saves every state, light and dark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--scale", type=int, default=100, choices=sorted(SIZES))
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ["QT_SCALE_FACTOR"] = str(options.scale / 100)
    from PySide6.QtCore import QSize
    from PySide6.QtWidgets import QApplication

    from denticode_desktop.ui.theme import apply_theme

    application = QApplication([])
    options.out.mkdir(parents=True, exist_ok=True)

    def save(name: str, widget: QWidget, _tasks: TaskRunner) -> None:
        for look in ("dark", "light"):
            apply_theme(application, is_dark=look == "dark")
            turn(120)
            widget.grab().save(str(options.out / f"{name}-{look}-{options.scale}.png"))

    apply_theme(application, is_dark=False)
    with tempfile.TemporaryDirectory() as scratch:
        take_states(Path(scratch), save, QSize(*SIZES[options.scale]))


if __name__ == "__main__":
    main()
