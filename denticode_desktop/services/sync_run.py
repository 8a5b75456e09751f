"""One sync run over all kinds, and the unit of work that ends it: counts, holds, audit event."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from denticode_desktop.domain.access import SYSTEM, Actor
from denticode_desktop.domain.audit_event import AuditDraft, AuditKind
from denticode_desktop.domain.connection import PROBED_HOLDS, Connection, HoldReason
from denticode_desktop.domain.errors import (
    DenticodeError,
    PmsAuthError,
    PmsForbiddenError,
    PmsThrottledError,
    PmsUnavailableError,
    StorageError,
)
from denticode_desktop.domain.events import ConnectionChanged, SyncFinished
from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.ports.clock import Clock
from denticode_desktop.ports.event_sink import EventSink
from denticode_desktop.ports.sync_store import SyncStore
from denticode_desktop.ports.unit_of_work import Store, UnitOfWork

from .gateways import Gateways
from .sync_kind import KindPull, LiveRows, PullContext, WrongRosterError
from .sync_pages import CancelledError, Patience, Waiter
from .sync_progress import SyncProgress
from .sync_report import (
    KindCounts,
    SkippedKind,
    SyncReport,
    cancelled_sentence,
    failed_sentence,
    finished_sentence,
    list_to_blame,
    outcome_code,
    skipped_sentence,
)
from .sync_roster_check import asked_key, asked_value

REPLACED_HOLDS = PROBED_HOLDS | {HoldReason.PERMISSION_MISSING}
"""Holds about sending, under which a sync goes on. What it finds out is worse and takes their place: a sign-in that is
refused must not be tried again by every run. A person's own pause or disconnect stays."""
LONG_THROTTLE = timedelta(hours=24)
"""A PMS that asks for a longer pause holds the connection (write-back-protocol.md section 6)."""


@dataclass(frozen=True, slots=True)
class SyncTools:
    """What every run needs from outside."""

    store: Store
    sync_store: SyncStore
    gateways: Gateways
    clock: Clock
    sink: EventSink
    wait: Waiter
    random_unit: Callable[[], float]


class SyncRun:
    """One run, from the first page to the unit that ends it."""

    def __init__(
        self, tools: SyncTools, actor: Actor, connection: Connection, *, full: bool, is_cancelled: Callable[[], bool]
    ) -> None:
        self._tools = tools
        self._actor = actor
        self._connection = connection
        self._full = full
        self._is_cancelled = is_cancelled
        self._began_s = tools.clock.monotonic_s()
        self._kinds: dict[SyncKind, KindCounts] = {}
        self._skipped: list[SkippedKind] = []
        self._kind: SyncKind | None = None
        self._resumed = False
        self._calls = 0

    def run(self) -> SyncReport:
        """Raises as SyncEngine.run; the failure is in the audit log when it does."""
        try:
            is_whole = self._pull_all()
        except DenticodeError as error:
            self._fail(error)
            raise
        return self._finish("ok" if is_whole else "cancelled")

    def _pull_all(self) -> bool:
        """False when a person cancelled."""
        tools = self._tools
        gateway = tools.gateways.open(self._connection.connection_id)
        context = PullContext(
            connection=self._connection, gateway=gateway, store=tools.store, sync_store=tools.sync_store,
            live_rows=LiveRows(tools.store, self._connection.connection_id), clock=tools.clock,
            is_cancelled=self._is_cancelled,
            patience=Patience(tools.wait, self._is_cancelled, tools.random_unit),
            progress=SyncProgress(self._connection.connection_id, tools.clock, tools.sink),
            is_full_asked=self._full, is_by_person=self._actor != SYSTEM,
        )  # fmt: skip
        try:
            for kind in SyncKind:
                if kind in gateway.capabilities.reads and not self._pull(context, kind):
                    return False
        finally:
            self._calls += gateway.take_call_count()
            gateway.close()
        if self._skipped and not self._kinds:
            raise PmsForbiddenError(self._skipped[0].permission)
        return True

    def _pull(self, context: PullContext, kind: SyncKind) -> bool:
        if self._is_cancelled():
            return False
        self._kind = kind
        pull = KindPull(context, kind)
        self._resumed = self._resumed or pull.is_resumed
        try:
            is_whole = pull.run()
        except PmsForbiddenError as error:
            self._skipped.append(SkippedKind(kind, error.permission, skipped_sentence(kind, error.permission)))
            return True
        except CancelledError:
            is_whole = False
        self._kinds[kind] = pull.counts
        return is_whole

    def _finish(self, outcome: str) -> SyncReport:
        """Ends a run in one unit: calls, last good read, audit event."""
        tools, connection_id, name = self._tools, self._connection.connection_id, self._connection.settings.name
        duration_s = tools.clock.monotonic_s() - self._began_s
        report = SyncReport(
            connection_id, outcome, self._kinds, tuple(self._skipped), duration_s, self._resumed, self._calls,
            cancelled_sentence(name) if outcome == "cancelled" else finished_sentence(name, self._kinds, self._skipped),
        )  # fmt: skip
        with tools.store.write() as uow:
            self._count_calls(uow)
            if outcome == "ok":
                uow.connections.note_good_read(connection_id, tools.clock.utc_now())
                if all(counts.is_full for counts in self._kinds.values()):
                    uow.practice.set_setting(full_at_key(connection_id), tools.clock.utc_now().isoformat())
                if self._connection.waiting_why:
                    uow.connections.note_waiting(connection_id, "", None)
            self._audit(uow, AuditKind.SYNC_FINISHED, outcome, duration_s=duration_s)
        self._publish(outcome, report.sentence)
        return report

    def _fail(self, error: DenticodeError) -> None:
        """Ends a failed run in one unit: hold where a person is needed, calls, why it waits, audit event."""
        code = "wrong_roster" if isinstance(error, WrongRosterError) else outcome_code(error)
        sentence = failed_sentence(error, self._connection.settings.name, self._kind)
        try:
            with self._tools.store.write() as uow:
                self._count_calls(uow)
                self._hold(uow, error)
                if isinstance(error, PmsThrottledError | PmsUnavailableError):
                    again_at = self._again_at(error.retry_after_s)
                    uow.connections.note_waiting(self._connection.connection_id, sentence, again_at)
                duration_s = self._tools.clock.monotonic_s() - self._began_s
                self._audit(uow, AuditKind.SYNC_FAILED, code, duration_s=duration_s)
        except StorageError:
            if not isinstance(error, StorageError):
                raise
            # The disk that stopped the run does not take its end either: the first error is the one to tell.
        self._publish(code, sentence, list_to_blame(error, self._kind))

    def _hold(self, uow: UnitOfWork, error: DenticodeError) -> None:
        hold, detail = _hold_for(error)
        connection = uow.connections.get(self._connection.connection_id)
        if hold is None or not (connection.hold is None or connection.hold in REPLACED_HOLDS):
            return
        uow.connections.set_hold(connection.connection_id, hold, detail)
        if isinstance(error, WrongRosterError):
            uow.practice.set_setting(asked_key(connection), asked_value(connection, error.finding))
        uow.audit.append(
            AuditDraft(
                AuditKind.CONN_HELD, self._actor.name, self._actor.role.value, outcome=hold.value,
                connection_id=connection.connection_id, reason=detail,
            )
        )  # fmt: skip

    def _count_calls(self, uow: UnitOfWork) -> None:
        if self._calls:
            month = self._tools.clock.utc_now().strftime("%Y-%m")
            uow.connections.add_calls(self._connection.connection_id, month, self._calls)

    def _again_at(self, retry_after_s: float | None) -> datetime | None:
        return None if retry_after_s is None else self._tools.clock.utc_now() + timedelta(seconds=retry_after_s)

    def _audit(self, uow: UnitOfWork, kind: AuditKind, outcome: str, *, duration_s: float) -> None:
        detail: dict[str, str | int | bool | None] = {
            "full": self._full,
            "resumed": self._resumed,
            "calls": self._calls,
            "duration_ms": round(duration_s * 1000),
        }
        for kind_read, counts in self._kinds.items():
            words = f"{counts.seen} seen, {counts.added} added, {counts.changed} changed, {counts.gone} gone"
            detail[kind_read.value] = words
        for skipped in self._skipped:
            detail[skipped.kind.value] = "no permission"
        uow.audit.append(
            AuditDraft(
                kind, self._actor.name, self._actor.role.value, outcome=outcome,
                connection_id=self._connection.connection_id, detail=detail,
            )
        )  # fmt: skip

    def _publish(self, outcome: str, sentence: str, blamed_list: str = "") -> None:
        counts = self._kinds.values()
        self._tools.sink.publish(
            SyncFinished(
                self._connection.connection_id, outcome, sentence, sum(c.seen for c in counts),
                sum(c.added for c in counts), sum(c.changed for c in counts), sum(c.gone for c in counts), blamed_list,
            )
        )  # fmt: skip
        self._tools.sink.publish(ConnectionChanged(self._connection.connection_id))


def full_at_key(connection_id: ConnectionId) -> str:
    """Name of the practice setting that tells when everything was listed last (ISO, UTC)."""
    return f"sync.full_at.{connection_id}"


def _hold_for(error: DenticodeError) -> tuple[HoldReason | None, str]:
    if isinstance(error, PmsAuthError):
        return HoldReason.SIGN_IN, error.kind
    if isinstance(error, WrongRosterError):
        return HoldReason.WRONG_ROSTER, error.finding
    if isinstance(error, PmsThrottledError) and (error.retry_after_s or 0) > LONG_THROTTLE.total_seconds():
        return HoldReason.THROTTLED_LONG, "throttled"
    return None, ""
