"""The real window over a real rehearsal folder and simulator, offscreen; the engine is a stand-in that does nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from denticode_desktop.app.practice import Practice
from denticode_desktop.app.program import Denticode
from denticode_desktop.console.demo import Demo, DemoPms
from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.ui.event_bridge import EventBridge
from denticode_desktop.ui.main_window import MainWindow
from denticode_desktop.ui.task_runner import TaskRunner
from denticode_desktop.ui.window_services import WindowServices


class IdleEngine:
    """EngineLink that remembers what it was asked."""

    is_running = True

    def __init__(self) -> None:
        self.asked: list[str] = []

    def wake(self) -> None:
        self.asked.append("wake")

    def sync_now(self, connection_id: ConnectionId, *, full: bool = False) -> None:
        self.asked.append(f"sync {connection_id}")

    def cancel_sync(self, connection_id: ConnectionId) -> None:
        self.asked.append(f"cancel {connection_id}")

    def reload(self) -> None:
        self.asked.append("reload")

    def stop(self) -> None:
        self.asked.append("stop")


class WindowWorld:
    """A window with everything behind it."""

    def __init__(self, practice: Practice, demo: Demo | None) -> None:
        self.practice = practice
        self.demo = demo
        self.engine = IdleEngine()
        self.window = MainWindow()
        self.tasks = TaskRunner(self.window)
        self.bridge = EventBridge(self.window)
        practice.listen(self.bridge.publish)
        self.services = WindowServices.of(practice, self.engine)
        self.window.attach(self.services, self.tasks, self.bridge)

    def close(self) -> None:
        self.tasks.stop()
        self.window.close()


@contextmanager
def window_world(folder: Path, *, is_connected: bool = True) -> Iterator[WindowWorld]:
    """A practice with one imported Lab over a connected simulator, or an empty one."""
    program = Denticode()
    with program.simulator("dentrix-ascend", port=0, patients=40, switches={}) as running:
        program.create(folder, practice="Springvale Dental", owner="Sam Lee", password="", is_rehearsal_only=True)
        with program.open(folder) as practice:
            demo = None
            if is_connected:
                simulator = running.simulator
                pms = DemoPms(
                    running.base_url, simulator.organization_id, simulator.client_id, simulator.client_secret
                )
                demo = Demo(practice, practice.setup.actor(None), pms, folder, date(2026, 11, 20))
                demo.connect()
                demo.sync()
                demo.import_lab()
            world = WindowWorld(practice, demo)
            try:
                yield world
            finally:
                world.close()
