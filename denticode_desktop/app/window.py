"""What the window is given. It paints first and calls `open` on a thread of its own afterwards."""

# ruff: noqa: PLC0415 - imports inside functions: the window paints before services and database are loaded

from __future__ import annotations

import importlib
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from denticode_desktop import __version__
from denticode_desktop.config.paths import DataFolder, folder_at

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from denticode_desktop.background.engine_process import EngineProcess
    from denticode_desktop.console.program import CreatedFolder
    from denticode_desktop.domain.events import Event

    from .practice import Practice


class WindowHandles:
    """The program as the window sees it. `demo_note`: what to try in the demo, empty otherwise."""

    version = __version__

    def __init__(self, data_dir: Path | None, *, demo_note: str = "") -> None:
        self.folder: DataFolder = folder_at(data_dir)
        self.demo_note = demo_note
        self._stack = ExitStack()

    @property
    def data_dir(self) -> Path:
        """The data folder."""
        return self.folder.root

    @property
    def has_practice(self) -> bool:
        """Whether the data folder is set up; otherwise the window begins with `create`."""
        return self.folder.identity.exists() and self.folder.database.exists()

    def create(self, *, practice: str, owner: str, password: str, is_rehearsal_only: bool) -> CreatedFolder:
        """Sets the data folder up; shows the recovery key once. Takes a second: not for the UI thread."""
        from .program import Denticode

        return Denticode().create(
            self.data_dir, practice=practice, owner=owner, password=password, is_rehearsal_only=is_rehearsal_only
        )

    def recover(self, recovery_key: str) -> Path:
        """Raises UserError (field `recovery_key`), StoreKeyError, SecretStoreError."""
        from .program import Denticode

        return Denticode().recover(self.data_dir, recovery_key)

    def open(self) -> Practice:
        """The services; kept open until `close`. Takes a second: not for the UI thread. Raises as open_application."""
        from .folders import open_application

        return self._stack.enter_context(open_application(self.data_dir))

    def start_engine(self, practice: Practice, tell: Callable[[Event], None] | None = None) -> EngineProcess:
        """Starts the engine process of this folder; its events reach the practice's listeners."""
        from denticode_desktop.background.engine_process import EngineProcess, engine_command

        if tell is not None:
            practice.listen(tell)
        engine = EngineProcess(engine_command(self.data_dir), practice.events, practice.clock.monotonic_s)
        engine.start()
        self._stack.callback(engine.stop)
        return engine

    def close(self) -> None:
        """Stops the engine, then closes the database."""
        self._stack.close()


def run_window(data_dir: Path | None, *, demo_note: str = "") -> int:
    """Runs the window until it is closed; the exit code."""
    handles = WindowHandles(data_dir, demo_note=demo_note)
    try:
        return int(_ui().run_window(handles))
    finally:
        handles.close()


def has_window() -> bool:
    """Whether a window can be opened here: the console works without PySide6."""
    from importlib.util import find_spec

    return find_spec("PySide6") is not None and hasattr(_ui(), "open_once")


def open_once() -> str:
    """Opens the main window without showing it to anybody and closes it again; a sentence."""
    return str(_ui().open_once(__version__))


def _ui() -> Any:
    """Loaded by name: PySide6 may be missing where only the console is used."""
    return importlib.import_module("denticode_desktop.ui")
