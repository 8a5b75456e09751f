"""The main window: rail, pages, environment band, status strip. One shortcut table feeds keys and tool tips."""

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from denticode_desktop.domain.access import Actor
from denticode_desktop.domain.connection import Environment
from denticode_desktop.domain.events import EngineStarted, EngineStopped, SyncFinished, SyncProgressed
from denticode_desktop.domain.ids import LabId
from denticode_desktop.ports.engine import EngineLink
from denticode_desktop.services.status_board import CardLight, StripView

from .audit_page import AuditPage
from .connections_page import ConnectionsPage
from .labs_page import LabsPage
from .program import Practice
from .task_runner import EventBridge, TaskRunner
from .today_page import TodayPage
from .widgets import Page, PlainLabel

SHORTCUTS = {"F5": "Sync Now", "Ctrl+1": "Today", "Ctrl+2": "Lab sessions", "Ctrl+3": "PMS Integrations",
             "Ctrl+4": "Audit log"}  # fmt: skip
LIGHT_WORDS = {
    CardLight.GREEN: "\u25cf Ready",
    CardLight.YELLOW: "\u25b2 Limited",
    CardLight.FAILED: "\u2716 Not working",
    CardLight.GREY: "\u25cb Not proven now",
}
REFRESH_DELAY_MS = 150


class MainWindow(QMainWindow):
    """Built before the services are there; `attach` fills it."""

    def __init__(self, *, demo_note: str = "") -> None:
        super().__init__()
        self.setWindowTitle("Denticode Desktop")
        self.resize(1180, 760)
        self.setMinimumSize(760, 460)
        central = QWidget()
        outer = QVBoxLayout(central)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        self._band = PlainLabel(demo_note, name="band")
        self._band.setVisible(bool(demo_note))
        outer.addWidget(self._band)
        row = QHBoxLayout()
        row.setSpacing(0)
        self._rail = QListWidget()
        self._rail.setObjectName("rail")
        self._rail.setAccessibleName("Pages")
        self._rail.setFixedWidth(190)
        self._rail.currentRowChanged.connect(self._show_page)
        self._stack = QStackedWidget()
        self._stack.addWidget(PlainLabel("   Opening the practice \u2026", kind="muted"))
        row.addWidget(self._rail)
        row.addWidget(self._stack, 1)
        outer.addLayout(row, 1)
        self.setCentralWidget(central)
        self._strip = PlainLabel("Starting \u2026", name="strip")
        self._strip.setWordWrap(False)
        self._strip.setContentsMargins(12, 4, 12, 4)
        self.statusBar().addWidget(self._strip, 1)
        self._pages: list[Page] = []
        self._engine_words = ""
        self._sync_words = ""
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(REFRESH_DELAY_MS)
        self._later.timeout.connect(self._refresh_now)

    def attach(
        self,
        practice: Practice,
        actor: Actor,
        tasks: TaskRunner,
        bridge: EventBridge,
        engine: EngineLink,
        now: Callable[[], datetime],
    ) -> None:
        """Fills the window with pages over these services."""
        self._practice = practice
        self._tasks = tasks
        self._labs = LabsPage(practice, actor, tasks, engine.wake)
        connections = ConnectionsPage(practice, actor, tasks, engine)
        today = TodayPage(
            practice, actor, tasks, now, self._open_lab, lambda: self._rail.setCurrentRow(2), engine.wake
        )
        audit = AuditPage(practice, actor, tasks)
        self._connections = connections
        self._pages = [today, self._labs, connections, audit]
        names = ("\u2600  Today", "\u270e  Lab sessions", "\u2699  PMS Integrations", "\u2630  Audit log")
        for page, name in zip(self._pages, names, strict=True):
            self._stack.addWidget(page)
            self._rail.addItem(name)
        for number in range(len(self._pages)):
            key = QShortcut(QKeySequence(f"Ctrl+{number + 1}"), self)
            key.activated.connect(lambda row=number: self._rail.setCurrentRow(row))
        QShortcut(QKeySequence("F5"), self).activated.connect(connections.sync_all)
        bridge.happened.connect(self.on_event)
        self._rail.setCurrentRow(0)
        self._refresh_now()

    def fail(self, words: str) -> None:
        """The practice could not be opened: one sentence instead of the pages."""
        self._stack.addWidget(PlainLabel(words, kind="bad"))
        self._stack.setCurrentIndex(self._stack.count() - 1)
        self._strip.set_words("Nothing was changed.")

    def _open_lab(self, lab_id: LabId) -> None:
        self._rail.setCurrentRow(1)
        self._labs.open(lab_id)

    def _show_page(self, row: int) -> None:
        if 0 <= row < len(self._pages):
            self._stack.setCurrentWidget(self._pages[row])
            self._pages[row].refresh()

    @Slot(object)
    def on_event(self, event: object) -> None:
        """Coalesced: many events, one refresh."""
        if isinstance(event, SyncProgressed):
            total = f" of {event.total}" if event.total else ""
            self._sync_words = f"Reading {event.kind}: {event.done}{total}"
            self._connections.on_progress(event)
            self._say_strip()
            return
        if isinstance(event, SyncFinished):
            self._sync_words = event.sentence
            self._connections.on_finished(event)
        elif isinstance(event, EngineStopped):
            self._engine_words = "Sending stopped; it is being started again." if event.will_restart else ""
        elif isinstance(event, EngineStarted):
            self._engine_words = "" if event.is_sender else "Sending is off here: another Denticode is running."
        self._later.start()

    def _refresh_now(self) -> None:
        current = self._stack.currentWidget()
        if isinstance(current, Page):
            current.refresh()
        self._tasks.run(self._practice.status.strip, self._show_strip, lambda _error: None)

    def _show_strip(self, view: StripView) -> None:
        self._view = view
        names = sorted({e.value.capitalize() for e in view.environments})
        title = " / ".join(names) if names else "no PMS connected"
        self.setWindowTitle(f"Denticode Desktop \u2013 {title}")
        if Environment.REHEARSAL in view.environments or view.is_rehearsal_only:
            self._band.setVisible(True)
            if not self._band.text():
                self._band.setText("REHEARSAL \u2013 nothing here is real")
        lights = [f"{card.connection.settings.name}: {LIGHT_WORDS[card.light]}" for card in view.cards]
        counts = view.counts
        queue = f"Needs you {counts.needs_person} \u00b7 Waiting {counts.waiting} \u00b7 Checking {counts.checking}"
        age = " \u00b7 \u26a0 something waits for more than a day" if view.is_alert else ""
        self._strip_words = "   |   ".join([*(lights or ["No PMS connected"]), queue + age])
        self._say_strip()

    def _say_strip(self) -> None:
        parts = [getattr(self, "_strip_words", ""), self._sync_words, self._engine_words]
        self._strip.set_words("   |   ".join(part for part in parts if part))
