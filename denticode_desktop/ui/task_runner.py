"""Runs calls off the UI thread; success, failure and progress all arrive on it."""

import logging
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from PySide6.QtCore import QElapsedTimer, QObject, QRunnable, QThreadPool, Signal, SignalInstance, Slot
from shiboken6 import isValid

from denticode_desktop.domain.errors import BugError, DenticodeError

_log = logging.getLogger(__name__)

POOL_THREADS = 4
PROGRESS_GAP_MS = 100
STOP_MS = 10_000

T = TypeVar("T")


class Task:
    """One call under way. `cancel` asks it to stop; whether it can is the call's business, its answer is dropped."""

    def __init__(self, progressed: SignalInstance | None = None, number: int = 0) -> None:
        self._cancelled = threading.Event()
        self._progressed = progressed
        self._number = number
        self._since_told: QElapsedTimer | None = None

    @property
    def is_cancelled(self) -> bool:
        """From any thread."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """From any thread."""
        self._cancelled.set()

    def tell(self, value: object) -> None:
        """From the call's own thread; the page hears it at most ten times a second."""
        if self._progressed is None:
            return
        if self._since_told is not None and self._since_told.elapsed() < PROGRESS_GAP_MS:
            return
        self._since_told = QElapsedTimer()
        self._since_told.start()
        self._progressed.emit(self._number, value)


@dataclass(slots=True)
class _Waiting:
    task: Task
    done: Callable[[Any], None]
    failed: Callable[[DenticodeError], None]
    progress: Callable[[Any], None] | None
    owner: QObject | None


class _Call(QRunnable):
    def __init__(self, number: int, work: Callable[[], Any], ended: SignalInstance) -> None:
        super().__init__()
        self._number = number
        self._work = work
        self._ended = ended

    def run(self) -> None:
        """On a pool thread: nothing but the call."""
        result, error = None, None
        try:
            result = self._work()
        except DenticodeError as caught:
            error = caught
        except Exception as caught:
            error = BugError(type(caught).__name__)
            # where it happened, and not its text, which may name somebody
            frame = traceback.extract_tb(caught.__traceback__)[-1]
            _log.error("a call failed with %s at %s:%s", type(caught).__name__, frame.name, frame.lineno)
        try:
            self._ended.emit(self._number, result, error)
        except RuntimeError:
            _log.info("an answer came after the window was gone")


class TaskRunner(QObject):
    """Made on the UI thread; answers on it. Answers for a widget that is gone or a cancelled task are dropped."""

    _ended = Signal(int, object, object)
    _progressed = Signal(int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(POOL_THREADS)
        self._waiting: dict[int, _Waiting] = {}
        self._last = 0
        self._ended.connect(self._on_ended)
        self._progressed.connect(self._on_progressed)

    def run(
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[DenticodeError], None],
        *,
        owner: QObject | None = None,
    ) -> Task:
        """`work` on a pool thread, then `done` with its result or `failed` with its error.

        owner: the widget that the callbacks touch; found by itself where they are its methods.
        """
        return self.run_task(lambda _task: work(), done, failed, owner=owner)

    def run_task(
        self,
        work: Callable[[Task], T],
        done: Callable[[T], None],
        failed: Callable[[DenticodeError], None],
        *,
        progress: Callable[[Any], None] | None = None,
        owner: QObject | None = None,
    ) -> Task:
        """As `run`; `work` gets its Task, to tell progress and to see that it is cancelled."""
        self._last += 1
        task = Task(self._progressed, self._last)
        self._waiting[self._last] = _Waiting(task, done, failed, progress, owner or _owner_of(done))
        self._pool.start(_Call(self._last, lambda: work(task), self._ended))
        return task

    @property
    def is_idle(self) -> bool:
        """Whether every answer has been given out."""
        return not self._waiting

    def stop(self) -> None:
        """Forgets all callbacks and waits for the calls under way."""
        for waiting in self._waiting.values():
            waiting.task.cancel()
        self._waiting.clear()
        self._pool.clear()
        self._pool.waitForDone(STOP_MS)

    @Slot(int, object, object)
    def _on_ended(self, number: int, result: object, error: object) -> None:
        waiting = self._waiting.pop(number, None)
        if waiting is None or waiting.task.is_cancelled or not _is_there(waiting.owner):
            return
        if isinstance(error, DenticodeError):
            waiting.failed(error)
        else:
            waiting.done(result)

    @Slot(int, object)
    def _on_progressed(self, number: int, value: object) -> None:
        waiting = self._waiting.get(number)
        if waiting is None or waiting.progress is None or waiting.task.is_cancelled or not _is_there(waiting.owner):
            return
        waiting.progress(value)


def _owner_of(callback: Callable[..., object]) -> QObject | None:
    bound = getattr(callback, "__self__", None)
    return bound if isinstance(bound, QObject) else None


def _is_there(owner: QObject | None) -> bool:
    return owner is None or isValid(owner)
