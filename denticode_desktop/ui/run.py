"""Starts Qt and paints the frame; what opens the practice is loaded afterwards."""

# ruff: noqa: PLC0415 - imports inside functions: the frame is painted before services are loaded

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QTimer
from PySide6.QtWidgets import QApplication

from .main_window import MainWindow
from .theme import Look, ThemeSwitch, apply_theme, new_application
from .window_memory import WindowMemory

if TYPE_CHECKING:
    from .opening import Opening
    from .program import Program

UNSEEN_MS = 1_000
"""A window that starts minimized is not painted: its practice is opened after this."""


def _application() -> QApplication:
    found = QApplication.instance()
    application = found if isinstance(found, QApplication) else new_application(sys.argv[0])
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
        from .task_runner import TaskRunner

        if not set_up(program, TaskRunner(application)):
            return 0
        memory = WindowMemory(program.data_dir)
    window = MainWindow()
    if not memory.geometry.isEmpty():
        window.restoreGeometry(memory.geometry)
    start = Start(program, window, theme, memory)
    window.painted.connect(start.begin)
    QTimer.singleShot(UNSEEN_MS, start.begin)
    window.show()
    code = application.exec()
    memory.keep_geometry(window.saveGeometry())
    start.end()
    return code


class Start:
    """What follows the first paint, once."""

    def __init__(self, program: Program, window: MainWindow, theme: ThemeSwitch, memory: WindowMemory) -> None:
        self._program = program
        self._window = window
        self._theme = theme
        self._memory = memory
        self._opening: Opening | None = None
        window.look_chosen.connect(self._choose_look)

    def begin(self) -> None:
        """On the UI thread: the practice is opened on another one."""
        if self._opening is None:
            from .opening import Opening

            self._opening = Opening(self._program, self._window)
            self._opening.begin()

    def end(self) -> None:
        """The window is closed."""
        if self._opening is not None:
            self._opening.end()

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
