"""Progress of a sync for screens: at most ten events a second."""

from denticode_desktop.domain.events import SyncProgressed
from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.ports.clock import Clock
from denticode_desktop.ports.event_sink import EventSink

SHORTEST_GAP_S = 0.1


class SyncProgress:
    """Counts rows of the kind under way and tells the sink now and then."""

    def __init__(self, connection_id: ConnectionId, clock: Clock, sink: EventSink) -> None:
        self._connection_id = connection_id
        self._clock = clock
        self._sink = sink
        self._told_at_s: float | None = None
        self._kind = SyncKind.LOCATIONS
        self._began_s = 0.0
        self._done_before = 0
        self._done = 0

    def begin(self, kind: SyncKind, done_before: int) -> None:
        """A kind starts; `done_before` rows of it came in the run that is resumed."""
        self._kind = kind
        self._began_s = self._clock.monotonic_s()
        self._done_before = done_before
        self._done = 0

    def advance(self, rows: int, total: int | None) -> None:
        """So many rows more are stored or known unchanged; `total` as the PMS says."""
        self._done += rows
        now_s = self._clock.monotonic_s()
        if self._told_at_s is not None and now_s - self._told_at_s < SHORTEST_GAP_S:
            return
        self._told_at_s = now_s
        done = self._done_before + self._done
        self._sink.publish(
            SyncProgressed(self._connection_id, self._kind.value, done, total, self._left_s(done, total, now_s))
        )

    def _left_s(self, done: int, total: int | None, now_s: float) -> float | None:
        spent_s = now_s - self._began_s
        if total is None or not self._done or spent_s <= 0:
            return None
        return max(0, total - done) * spent_s / self._done
