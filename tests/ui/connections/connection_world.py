"""The page of connections over real services and a real encrypted store: a PMS in memory, or the real simulator."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from denticode_desktop.app.practice import Practice
from denticode_desktop.app.program import Denticode
from denticode_desktop.config.paths import DataFolder
from denticode_desktop.domain.errors import DenticodeError
from denticode_desktop.domain.ids import ConnectionId, LabId, PmsLocationId, PmsProviderId
from denticode_desktop.domain.people import PmsLocation, PmsProvider
from denticode_desktop.rehearsal.ascend_server import AscendSimulator
from denticode_desktop.ui.connections import ConnectionsPage
from denticode_desktop.ui.connections.wizard.dialog import AddConnectionWizard
from denticode_desktop.ui.event_bridge import EventBridge
from denticode_desktop.ui.task_runner import TaskRunner
from denticode_desktop.ui.window_services import PageContext, WindowServices
from tests.fakes.fake_pms import RIGHT_SECRET, FakeDirectory, FakePms
from tests.unit.services.sender_world import MemorySecrets
from tests.unit.storage.helpers import make_store

WAIT_MS = 20_000
HOST = "http://127.0.0.1:4000"
W = TypeVar("W", bound=QWidget)


class ThreadEngine:
    """EngineLink that runs real syncs on a thread of this process."""

    is_running = True

    def __init__(self, practice: Practice) -> None:
        self._practice = practice
        self._cancel = threading.Event()
        self._threads: list[threading.Thread] = []
        self.asked: list[str] = []

    def wake(self) -> None:
        self.asked.append("wake")

    def sync_now(self, connection_id: ConnectionId, *, full: bool = False) -> None:
        self.asked.append(f"sync {connection_id}")
        self._cancel.clear()
        thread = threading.Thread(target=self._run, args=(connection_id, full))
        self._threads.append(thread)
        thread.start()

    def _run(self, connection_id: ConnectionId, full: bool) -> None:
        actor = self._practice.setup.actor(None)
        with suppress(DenticodeError):  # told by SyncFinished
            self._practice.sync.run(actor, connection_id, full=full, is_cancelled=self._cancel.is_set)

    def cancel_sync(self, connection_id: ConnectionId) -> None:
        self.asked.append(f"cancel {connection_id}")
        self._cancel.set()

    def reload(self) -> None:
        self.asked.append("reload")

    def stop(self) -> None:
        self._cancel.set()
        for thread in self._threads:
            thread.join(20.0)


class Nowhere:
    """Navigator without a window."""

    def __init__(self) -> None:
        self.changes = 0

    def open_page(self, key: str) -> None: ...

    def open_lab(self, lab_id: LabId) -> None: ...

    def open_connection(self, connection_id: ConnectionId | None, *, reconnect: bool = False) -> None: ...

    def changed(self) -> None:
        self.changes += 1




class ConnectionWorld:
    """The page in a window of its own."""

    def __init__(self, practice: Practice, *, pms: FakePms | None = None, simulator: AscendSimulator | None = None):
        self.practice = practice
        self.pms = pms
        self.simulator = simulator
        self.engine = ThreadEngine(practice)
        self.window = QWidget()
        self.window.resize(1000, 760)
        self.tasks = TaskRunner(self.window)
        bridge = EventBridge(self.window)
        practice.listen(bridge.publish)
        self.services = WindowServices.of(practice, self.engine)
        self.page = ConnectionsPage(PageContext(self.services, self.tasks, bridge, Nowhere()))
        layout = QVBoxLayout(self.window)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.page)
        bridge.happened.connect(self.page.on_event)

    def start(self, qtbot: QtBot) -> None:
        """Shows it and waits for its first reading."""
        qtbot.addWidget(self.window)
        self.window.show()
        self.page.refresh()
        qtbot.waitUntil(lambda: self.page.model.snapshot is not None, timeout=WAIT_MS)

    @property
    def wizard(self) -> AddConnectionWizard:
        """The one that is open."""
        assert self.page.wizard is not None
        return self.page.wizard

    def close(self) -> None:
        """Ends threads before the store is closed."""
        self.engine.stop()
        self.tasks.stop()
        self.window.close()


@contextmanager
def fake_world(folder: Path, *, is_rehearsal_only: bool = False) -> Iterator[ConnectionWorld]:
    """A PMS in memory, all environments."""
    folder.mkdir()
    store = make_store(folder)
    practice = Practice(DataFolder(folder), store, MemorySecrets())
    pms = FakePms()
    vars(practice)["directory"] = FakeDirectory(pms)  # as the cached property would have made it
    practice.setup.create("Oak Street Dental", "Olga Berg", password_hash="", is_rehearsal_only=is_rehearsal_only)
    pms.put(
        PmsLocation(PmsLocationId("l1"), "Main Street", "America/Chicago"),
        PmsLocation(PmsLocationId("l2"), "Harbor", "America/Chicago"),
        PmsProvider(PmsProviderId("p1"), "Sam", "Lee"),
        PmsProvider(PmsProviderId("p2"), "Ida", "Moe"),
    )
    world = ConnectionWorld(practice, pms=pms)
    try:
        yield world
    finally:
        world.close()
        store.close()


@contextmanager
def simulator_world(folder: Path, *, patients: int = 40) -> Iterator[ConnectionWorld]:
    """The real simulator and adapter, in a rehearsal-only folder."""
    program = Denticode()
    with program.simulator("dentrix-ascend", port=0, patients=patients, switches={}) as running:
        program.create(folder, practice="Springvale Dental", owner="Olga Berg", password="", is_rehearsal_only=True)
        assert isinstance(running.simulator, AscendSimulator)
        with program.open(folder) as practice:
            world = ConnectionWorld(practice, simulator=running.simulator)
            try:
                yield world
            finally:
                world.close()


# -- what a person does --------------------------------------------------------------------------------------------


def find(root: QWidget, kind: type[W], name: str) -> W:
    """The control of that name that a person sees; a hidden one may be on its way out after a refresh."""
    found = root.findChildren(kind, name)
    assert found, name
    return next((widget for widget in found if widget.isVisibleTo(root)), found[-1])


def press(qtbot: QtBot, root: QWidget, name: str) -> None:
    """Waits until the button can be pressed, and presses it."""

    def pressable() -> QAbstractButton | None:
        return next(
            (b for b in root.findChildren(QAbstractButton, name) if b.isVisibleTo(root) and b.isEnabled()), None
        )

    qtbot.waitUntil(lambda: pressable() is not None, timeout=WAIT_MS)
    pressed = pressable()
    assert pressed is not None
    QTest.mouseClick(pressed, Qt.MouseButton.LeftButton)


def type_into(root: QWidget, name: str, text: str) -> None:
    """Key by key, as a person does."""
    edit = find(root, QLineEdit, name)
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, text)


def texts(root: QWidget) -> str:
    """All visible words."""
    return "\n".join(label.text() for label in root.findChildren(QLabel) if label.isVisibleTo(root))


def every_text(root: QWidget) -> str:
    """Every text of every widget, visible or not."""
    found: list[str] = []
    for widget in root.findChildren(QWidget):
        found += [widget.toolTip(), widget.accessibleName(), widget.accessibleDescription(), widget.windowTitle()]
        if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
            found.append(widget.text())
        elif isinstance(widget, QPlainTextEdit):
            found.append(widget.toPlainText())
    return "\n".join(found)


def open_wizard(world: ConnectionWorld, qtbot: QtBot) -> AddConnectionWizard:
    """By the button of the empty page or the head."""
    has_any = bool(world.page.model.snapshot and world.page.model.snapshot.cards)
    press(qtbot, world.window, "connectionAdd" if has_any else "connectionAddFirst")
    return world.wizard


def go_to_fields(qtbot: QtBot, wizard: AddConnectionWizard) -> None:
    """Through the first two steps."""
    press(qtbot, wizard, "wizardNext")
    press(qtbot, wizard, "wizardNext")
    assert wizard.fields is not None


def fill(
    world: ConnectionWorld, wizard: AddConnectionWizard, *, name: str = "Oak Street - Ascend", secret: str = ""
) -> None:
    """Right values, of the PMS behind this world, in Rehearsal."""
    assert wizard.fields is not None
    box = wizard.fields.environment
    box.setCurrentIndex(box.findText("Rehearsal"))
    simulator, pms = world.simulator, world.pms
    organization = simulator.organization_id if simulator else pms.organization_id if pms else ""
    right = simulator.client_secret if simulator else RIGHT_SECRET
    type_into(wizard, "add_name", name)
    type_into(wizard, "add_host", simulator.base_url if simulator else HOST)
    type_into(wizard, "add_organization_id", organization)
    type_into(wizard, "add_client_id", simulator.client_id if simulator else "client-1")
    type_into(wizard, "add_client_secret", secret or right)


def connect(world: ConnectionWorld, qtbot: QtBot, *, secret: str = "", name: str = "Oak Street - Ascend") -> None:
    """The wizard from its start to its result."""
    wizard = open_wizard(world, qtbot)
    go_to_fields(qtbot, wizard)
    fill(world, wizard, name=name, secret=secret)
    press(qtbot, wizard, "wizardNext")
    wait_for_step(qtbot, wizard, 4)


def wait_for_step(qtbot: QtBot, wizard: AddConnectionWizard, index: int) -> None:
    """Until the wizard shows that step."""
    qtbot.waitUntil(lambda: wizard.index == index, timeout=WAIT_MS)


def wait(qtbot: QtBot, is_so: Callable[[], bool]) -> None:
    """Until it is so."""
    qtbot.waitUntil(is_so, timeout=WAIT_MS)
