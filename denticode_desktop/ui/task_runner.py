"""Runs calls off the UI thread; success and failure both arrive on it. Engine events take the same way."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal, Slot

from denticode_desktop.domain.errors import BugError, DenticodeError
from denticode_desktop.domain.events import Event


class _Call(QRunnable):
    def __init__(self, number: int, work: Callable[[], Any], ended: Any) -> None:
        super().__init__()
        self._number = number
        self._work = work
        self._ended = ended

    def run(self) -> None:
        """On a pool thread: nothing but the call."""
        try:
            result, error = self._work(), None
        except DenticodeError as caught:
            result, error = None, caught
        except Exception as caught:
            result, error = None, BugError(type(caught).__name__)
        self._ended.emit(self._number, result, error)


class TaskRunner(QObject):
    """Made on the UI thread; answers on it. A late answer for a closed page is dropped with its callbacks."""

    _ended = Signal(int, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(4)
        self._waiting: dict[int, tuple[Callable[[Any], None], Callable[[DenticodeError], None]]] = {}
        self._last = 0
        self._ended.connect(self._on_ended)

    def run(
        self, work: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[DenticodeError], None]
    ) -> None:
        """`work` on a pool thread, then `done` with its result or `failed` with its error."""
        self._last += 1
        self._waiting[self._last] = (done, failed)
        self._pool.start(_Call(self._last, work, self._ended))

    def stop(self) -> None:
        """Forgets all callbacks and waits for the calls under way."""
        self._waiting.clear()
        self._pool.waitForDone(10_000)

    @Slot(int, object, object)
    def _on_ended(self, number: int, result: object, error: object) -> None:
        callbacks = self._waiting.pop(number, None)
        if callbacks is None:
            return
        if isinstance(error, DenticodeError):
            callbacks[1](error)
        else:
            callbacks[0](result)


class EventBridge(QObject):
    """Takes engine events from any thread and gives them out on the UI thread."""

    happened = Signal(object)

    def hear(self, event: Event) -> None:
        """From any thread."""
        self.happened.emit(event)


def words_of(error: DenticodeError) -> str:
    """One sentence for a person."""
    sentence = getattr(error, "sentence", "")
    if sentence:
        return str(sentence)
    return f"This did not work ({type(error).__name__}: {error}). Nothing was lost; try again."
