"""Starts Qt, paints the frame first and opens the practice afterwards, on another thread."""

# ruff: noqa: PLC0415 - imports inside functions: the frame is painted before services are loaded

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QTimer
from PySide6.QtWidgets import QApplication

from .event_bridge import EventBridge
from .late import LateEngine, load
from .main_window import MainWindow
from .messages import message_of
from .task_runner import TaskRunner
from .theme import Look, ThemeSwitch, apply_theme
from .window_memory import WindowMemory

if TYPE_CHECKING:
    from denticode_desktop.domain.errors import DenticodeError

    from .program import Practice, Program
    from .window_services import WindowServices

LOAD_AFTER_MS = 300
"""Time for the first lists."""


def _application() -> QApplication:
    found = QApplication.instance()
    application = found if isinstance(found, QApplication) else QApplication(sys.argv[:1])
    application.setApplicationName("Denticode Desktop")
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))
    return application


def run(program: Program) -> int:
    """Shows the window until it is closed; the exit code."""
    application = _application()
    memory = WindowMemory(program.data_dir) if program.has_practice else None
    theme = ThemeSwitch(application, memory.look if memory else Look.SYSTEM)
    if memory is None:
        from .set_up import set_up

        if not set_up(program, TaskRunner(application)):
            return 0
        memory = WindowMemory(program.data_dir)
    window = MainWindow()
    if not memory.geometry.isEmpty():
        window.restoreGeometry(memory.geometry)
    opener = Opener(program, window, theme, memory)
    window.show()
    QTimer.singleShot(0, opener.begin)
    code = application.exec()
    memory.keep_geometry(window.saveGeometry())
    opener.tasks.stop()
    return code


class Opener:
    """Opens the practice and starts the engine off the UI thread, then fills the window."""

    def __init__(self, program: Program, window: MainWindow, theme: ThemeSwitch, memory: WindowMemory) -> None:
        self._program = program
        self._window = window
        self._theme = theme
        self._memory = memory
        self._engine = LateEngine()
        self._practice: Practice
        self._services: WindowServices
        self.tasks = TaskRunner(window)
        self._bridge = EventBridge(window)
        window.look_chosen.connect(self._choose_look)

    def begin(self) -> None:
        """On the UI thread, after the first paint."""
        gc.freeze()
        gc.enable()
        self.tasks.run(self._open, self._fill, self._failed)

    def _open(self) -> WindowServices:
        from .window_services import WindowServices

        practice = self._program.open()
        practice.listen(self._bridge.publish)
        self._practice = practice
        return WindowServices.of(practice, self._engine)

    def _fill(self, services: WindowServices) -> None:
        self._window.attach(services, self.tasks, self._bridge)
        self._services = services
        QTimer.singleShot(LOAD_AFTER_MS, self._load_rest)

    def _load_rest(self) -> None:
        self.tasks.run(self._start_engine, lambda _none: None, self._not_started)

    def _start_engine(self) -> None:
        """Everything else, while a person reads the first lists."""
        self._engine.begin(self._program.start_engine(self._practice))
        load(self._services)

    def _failed(self, error: DenticodeError) -> None:
        self._window.fail(error)

    def _not_started(self, error: DenticodeError) -> None:
        self._window.strip.say(message_of(error).sentence)

    def _choose_look(self, look: str) -> None:
        self._theme.choose(Look(look))
        self._memory.keep_look(Look(look))


def build_unseen(version: str) -> str:
    """Builds the window without showing it; one sentence."""
    application = _application()
    apply_theme(application)
    window = MainWindow()
    window.ensurePolished()
    window.deleteLater()
    return f"main window of {version} built"
