"""HeartBeat: a 10 ms timer in the UI thread that remembers the largest gap between two beats."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer

BEAT_MS = 10


class HeartBeat(QObject):
    """`largest_gap_ms` is how long the UI thread was held at most, a beat included.

    `largest_busy_ms` is the most CPU that this process used between two beats: what it held the thread itself, when
    other programs have the cores.
    """

    def __init__(self) -> None:
        super().__init__()
        self.largest_gap_ms = 0.0
        self.largest_busy_ms = 0.0
        self._cpu_s = 0.0
        self.beats = 0
        self._since_beat = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(BEAT_MS)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        """From now on."""
        self._since_beat.start()
        self._cpu_s = time.process_time()
        self._timer.start()

    def stop(self) -> None:
        """Takes a last look."""
        self._beat()
        self._timer.stop()

    def _beat(self) -> None:
        self.largest_gap_ms = max(self.largest_gap_ms, self._since_beat.nsecsElapsed() / 1e6)
        self._since_beat.restart()
        now_s = time.process_time()
        self.largest_busy_ms = max(self.largest_busy_ms, (now_s - self._cpu_s) * 1000)
        self._cpu_s = now_s
        self.beats += 1


@contextmanager
def heart_beat() -> Iterator[HeartBeat]:
    """Beats while the block runs."""
    beat = HeartBeat()
    beat.start()
    try:
        yield beat
    finally:
        beat.stop()
