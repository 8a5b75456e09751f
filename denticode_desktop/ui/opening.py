"""Opens the practice off the UI thread, fills the window, then loads the rest and starts the engine."""

# ruff: noqa: PLC0415 - imports inside functions: on the pool's thread, while the window stays answerable

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer

from .event_bridge import EventBridge
from .late import LateEngine, load
from .task_runner import TaskRunner

if TYPE_CHECKING:
    from denticode_desktop.domain.errors import DenticodeError

    from .main_window import MainWindow
    from .program import Practice, Program
    from .window_services import WindowServices

LOAD_AFTER_MS = 300
"""Time for the first lists: the engine's start would take the other core from them."""


class Opening:
    """From the painted frame to a window with services, lists and engine."""

    def __init__(self, program: Program, window: MainWindow) -> None:
        self._program = program
        self._window = window
        self._engine = LateEngine()
        self._practice: Practice
        self._services: WindowServices
        self.tasks = TaskRunner(window)
        self._bridge = EventBridge(window)
        self._rest = QTimer(window)
        self._rest.setSingleShot(True)
        self._rest.setInterval(LOAD_AFTER_MS)
        self._rest.timeout.connect(self._load_rest)

    def end(self) -> None:
        """The window is closed: nothing more is begun, and what runs is waited for."""
        self._rest.stop()
        self.tasks.stop()

    def begin(self) -> None:
        """On the UI thread, after the first paint."""
        self.tasks.run(self._open, self._fill, self._failed)

    def _open(self) -> WindowServices:
        from .pages import load_first
        from .window_services import WindowServices

        practice = self._program.open()
        practice.listen(self._bridge.publish)
        self._practice = practice
        services = WindowServices.of(practice, self._engine)
        load_first()
        return services

    def _fill(self, services: WindowServices) -> None:
        self._window.attach(services, self.tasks, self._bridge)
        self._services = services
        if self._program.demo_note:
            self._window.page("today").tell(self._program.demo_note, "info")
        self._rest.start()

    def _load_rest(self) -> None:
        gc.freeze()
        gc.enable()
        self.tasks.run(self._start_engine, lambda _none: None, self._not_started)

    def _start_engine(self) -> None:
        """Everything else, while a person reads the first lists."""
        from .pages import load_rest

        self._engine.begin(self._program.start_engine(self._practice))
        load_rest()
        load(self._services)

    def _failed(self, error: DenticodeError) -> None:
        gc.enable()
        self._window.fail(error)

    def _not_started(self, error: DenticodeError) -> None:
        from .messages import message_of

        self._window.strip.say(message_of(error).sentence)
