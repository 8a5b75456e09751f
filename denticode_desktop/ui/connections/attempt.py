"""One try at a connection (add, test, reconnect): off the UI thread, step by step, stoppable between two steps."""

import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from denticode_desktop.domain.connection import Check
from denticode_desktop.domain.errors import DenticodeError, UserError
from denticode_desktop.ui.task_runner import TaskRunner

OnCheck = Callable[[Check], None]


class StoppedByPersonError(UserError):
    """Raised inside the try when the person pressed Stop: nothing was stored."""

    def __init__(self) -> None:
        super().__init__("Stopped. Nothing was stored.")


class Attempt(QObject):
    """Lives as long as its call, whatever dialog started it. All signals arrive on the UI thread."""

    stepped = Signal(object)
    """Check: a step ended."""
    ended = Signal(object)
    """What the call gave."""
    failed = Signal(object)
    """DenticodeError; StoppedByPersonError after `stop`."""
    _heard = Signal(object)

    def __init__(self, tasks: TaskRunner) -> None:
        super().__init__(tasks)
        self._tasks = tasks
        self._stop = threading.Event()
        self._heard.connect(self._on_heard)

    @property
    def is_stopping(self) -> bool:
        """Whether `stop` was asked for."""
        return self._stop.is_set()

    def start(self, work: Callable[[OnCheck], Any]) -> None:
        """Runs `work` on a pool thread; it reports its steps to what it is given."""
        self._tasks.run(lambda: work(self._hear), self._on_ended, self._on_failed)

    def stop(self) -> None:
        """Ends the try before its next step. A call that is through by then still arrives as `ended`."""
        self._stop.set()

    def _hear(self, check: Check) -> None:
        """On the pool thread."""
        if self._stop.is_set():
            raise StoppedByPersonError
        self._heard.emit(check)

    @Slot(object)
    def _on_heard(self, check: Check) -> None:
        if not self._stop.is_set():
            self.stepped.emit(check)

    def _on_ended(self, result: object) -> None:
        self.ended.emit(result)
        self.deleteLater()

    def _on_failed(self, error: DenticodeError) -> None:
        self.failed.emit(error)
        self.deleteLater()
