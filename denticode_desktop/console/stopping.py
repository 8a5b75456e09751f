"""Ctrl+C and SIGTERM: the first asks long work to end in order, the next ends the command at once."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_asked() -> Iterator[threading.Event]:
    """An event that is set by the first signal; signals mean again what they did, for a person who cannot wait."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked  # nobody but the main thread may listen to signals
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def stop(number: int, frame: FrameType | None) -> None:
        asked.set()
        restore()

    for number in _SIGNALS:
        signal.signal(number, stop)
    try:
        yield asked
    finally:
        restore()


@contextmanager
def terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM as Ctrl+C: KeyboardInterrupt, so that files are closed and the end is told."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
