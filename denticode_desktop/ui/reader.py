"""Reader: reads for a page, one read at a time. Asked again during a read, it reads once more afterwards."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject

from denticode_desktop.domain.errors import DenticodeError
from denticode_desktop.ui.task_runner import TaskRunner


class Reader(QObject):
    """Made on the UI thread by the page that owns it. `work` runs on a pool thread."""

    def __init__(
        self,
        parent: QObject,
        tasks: TaskRunner,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[DenticodeError], None],
    ) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._work = work
        self._done = done
        self._failed = failed
        self._is_reading = False
        self._is_wanted = False

    def read(self) -> None:
        """Soon; many calls are one read."""
        if self._is_reading:
            self._is_wanted = True
            return
        self._is_reading = True
        self._tasks.run(self._work, self._on_done, self._on_failed)

    def _on_done(self, result: object) -> None:
        self._is_reading = False
        self._done(result)
        self._again()

    def _on_failed(self, error: DenticodeError) -> None:
        self._is_reading = False
        self._failed(error)
        self._again()

    def _again(self) -> None:
        if self._is_wanted:
            self._is_wanted = False
            self.read()
