"""SyncEngine: who may sync what now, and one run at a time per connection.

A hold that is about sending (a person's pause, a permission to write, unclear answers to sends) does not stop reading:
whoever comes back to it finds patients and appointments as they are now.

Killed at any point, a run goes on at the stored cursor and loses and doubles nothing: rows are stored by id, in the
transaction that moves the cursor (sync_kind.py). Each kind asks for what changed since the largest change time seen in
its last finished run, never since a time of our clock; a full run lists everything, and what it does not see is gone.
"""

import gc
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from datetime import datetime, timedelta

from denticode_desktop.domain.access import SYSTEM, Action, Actor, require
from denticode_desktop.domain.connection import Connection, HoldReason
from denticode_desktop.domain.errors import (
    BusyError,
    DenticodeError,
    NotFoundError,
    PersonNeededError,
    PmsAuthError,
    PmsThrottledError,
    StorageError,
    UserError,
)
from denticode_desktop.domain.events import SyncFinished
from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.ports.clock import Clock
from denticode_desktop.ports.event_sink import EventSink
from denticode_desktop.ports.sync_store import SyncStore
from denticode_desktop.ports.unit_of_work import Store

from .gateways import Gateways
from .sync_pages import Waiter, wait_in_slices
from .sync_report import SyncReport, failed_sentence, outcome_code
from .sync_run import SyncRun, SyncTools, full_at_key

MONTHLY_LIMIT_SETTING = "sync.monthly_call_limit"
"""Practice setting: calls a month and connection after which scheduled runs stop; a person's Sync Now still goes."""

FULL_AFTER = timedelta(hours=26)
CALM_THRESHOLD = 100_000
_USUAL_THRESHOLD = gc.get_threshold()[0]


def scheduled(connections: Iterable[Connection]) -> list[ConnectionId]:
    """Those that the schedule knows: all that are switched on. Whether one may be read is asked when it is due, since
    a hold comes and goes meanwhile."""
    return [connection.connection_id for connection in connections if connection.is_enabled]


def _never() -> bool:
    return False


def _open_to_all(_: ConnectionId) -> AbstractContextManager[object]:
    return nullcontext()


def _middle() -> float:
    return 0.5


@contextmanager
def calm_collector() -> Iterator[None]:
    """Collects garbage rarely while thousands of rows live for a moment and hold no cycles (a third of the parsing)."""
    gc.set_threshold(CALM_THRESHOLD, *gc.get_threshold()[1:])
    try:
        yield
    finally:
        gc.set_threshold(_USUAL_THRESHOLD, *gc.get_threshold()[1:])


class SyncEngine:
    """Runs syncs. Thread-safe.

    wait: how to wait for a PMS that asks for a pause; a cancel interrupts it. random_unit: spreads repeated tries, in
    [0, 1). exclusive: held during a run, so that no other process pulls the same connection; raises BusyError.
    """

    def __init__(
        self, store: Store, sync_store: SyncStore, gateways: Gateways, clock: Clock, sink: EventSink, *,
        wait: Waiter = wait_in_slices, random_unit: Callable[[], float] = _middle,
        exclusive: Callable[[ConnectionId], AbstractContextManager[object]] = _open_to_all,
    ) -> None:  # fmt: skip
        self._tools = SyncTools(store, sync_store, gateways, clock, sink, wait, random_unit)
        self._exclusive = exclusive
        self._guard = threading.Lock()
        self._running: set[ConnectionId] = set()
        self._not_before_s: dict[ConnectionId, float] = {}

    def run(
        self, actor: Actor, connection_id: ConnectionId, *, full: bool = False,
        is_cancelled: Callable[[], bool] = _never,
    ) -> SyncReport:  # fmt: skip
        """Pulls every kind that this PMS can be read for; a kind without permission is skipped and named.

        full: list everything, so that gone rows are found; a scheduled run is full by itself when the last full one is
        more than a day old. Raises NotAllowedError, NotFoundError, UserError
        (disconnected), BusyError (a run is under way), PersonNeededError (the roster is a strange one; the connection
        is held), PmsAuthError (held until somebody reconnects), the other PMS errors, SecretStoreError, StorageError.
        What was read before an error is kept and the next run goes on from there. A person's run that does not even
        begin is told as finished too, so that no screen waits for it; one of the schedule has nobody who waits.
        """
        with self._told_to(actor, connection_id):
            require(actor, Action.SYNC)
            connection = self._checked(actor, connection_id)
        full = full or (actor == SYSTEM and self._is_full_overdue(connection_id))
        self._enter(connection)
        try:
            with ExitStack() as held:
                with self._told_to(actor, connection_id):
                    held.enter_context(self._exclusive(connection_id))
                held.enter_context(calm_collector())
                return SyncRun(self._tools, actor, connection, full=full, is_cancelled=is_cancelled).run()
        except PmsThrottledError as error:
            self._not_before_s[connection_id] = self._tools.clock.monotonic_s() + (error.retry_after_s or 0.0)
            raise
        finally:
            with self._guard:
                self._running.discard(connection_id)

    @contextmanager
    def _told_to(self, actor: Actor, connection_id: ConnectionId) -> Iterator[None]:
        """Publishes what stops a person's run before it begins. One under way here tells its own end."""
        try:
            yield
        except DenticodeError as error:
            if actor != SYSTEM:
                sentence = failed_sentence(error, self._name_of(connection_id), None)
                told = SyncFinished(connection_id, outcome_code(error), sentence, 0, 0, 0, 0)
                self._tools.sink.publish(told)
            raise

    def _name_of(self, connection_id: ConnectionId) -> str:
        try:
            with self._tools.store.read() as uow:
                return uow.connections.get(connection_id).settings.name
        except (NotFoundError, StorageError):
            return "The connection"

    def _is_full_overdue(self, connection_id: ConnectionId) -> bool:
        """A computer that is switched off at night makes up for the nightly reconciliation in the morning."""
        with self._tools.store.read() as uow:
            told = uow.practice.setting(full_at_key(connection_id))
        if told is None:
            return False
        age = self._tools.clock.utc_now() - datetime.fromisoformat(told)
        return not timedelta(0) <= age <= FULL_AFTER

    def _enter(self, connection: Connection) -> None:
        with self._guard:
            if connection.connection_id in self._running:
                raise BusyError(f"{connection.settings.name} is being synced already. Wait until it has finished.")
            self._running.add(connection.connection_id)

    def _checked(self, actor: Actor, connection_id: ConnectionId) -> Connection:
        """The connection, if it may be read now."""
        with self._tools.store.read() as uow:
            connection = uow.connections.get(connection_id)
            limit = uow.practice.setting(MONTHLY_LIMIT_SETTING)
        name = connection.settings.name
        if not connection.is_enabled or connection.hold is HoldReason.DISCONNECTED:
            raise UserError(f"{name} is disconnected. Open Settings, PMS Integrations and press Reconnect.")
        if connection.hold is HoldReason.SIGN_IN:
            raise PmsAuthError("held")
        if connection.hold is HoldReason.WRONG_ROSTER:
            raise PersonNeededError(
                f"{name} is held because its patients look wrong. Check environment and organization, then press "
                "Test Connection."
            )
        if connection.hold is HoldReason.THROTTLED_LONG and actor == SYSTEM:
            raise PmsThrottledError(None)  # after a restart nobody knows any more how long
        left_s = self._not_before_s.get(connection_id, 0.0) - self._tools.clock.monotonic_s()
        if left_s > 0:
            raise PmsThrottledError(left_s)
        if limit is not None and actor == SYSTEM and connection.calls_this_month >= int(limit):
            raise UserError(
                f"{name} has used its {int(limit):,} calls of this month. Press Sync Now to read all the same."
            )
        return connection
