"""ConnectionsModel: what the page shows and every action on it. Calls services off the UI thread, holds no rule."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from denticode_desktop.domain.access import ALLOWED, Action
from denticode_desktop.domain.connection import Connection, ConnectionReport, HoldReason, Light
from denticode_desktop.domain.errors import DenticodeError
from denticode_desktop.domain.events import (
    EngineStopped,
    SyncFinished,
    SyncProgressed,
)
from denticode_desktop.domain.ids import ConnectionId, PmsKey, PmsLocationId, PmsProviderId, ProviderId
from denticode_desktop.domain.people import PmsLocation, PmsProvider
from denticode_desktop.ports.pms import ConnectionSecrets, PmsProfile
from denticode_desktop.services.connection_rules import NewConnection
from denticode_desktop.services.people_search import ProviderRow
from denticode_desktop.services.status_board import ConnectionCard
from denticode_desktop.ui.messages import words_of
from denticode_desktop.ui.window_services import PageContext
from denticode_desktop.ui.words import tr

from .attempt import Attempt, StoppedByPersonError

START_WITHIN_MS = 20_000
"""After so long without a word from the engine the card says so instead of promising a sync."""

_NO_SYNC = frozenset({HoldReason.SIGN_IN, HoldReason.WRONG_ROSTER, HoldReason.DISCONNECTED})
_RESULT_KINDS = {Light.GREEN: "good", Light.YELLOW: "warn", Light.FAILED: "bad"}


@dataclass(frozen=True, slots=True)
class Places:
    """What can be chosen over a connection: from its synced lists, empty before the first sync."""

    locations: tuple[PmsLocation, ...] = ()
    pms_providers: tuple[PmsProvider, ...] = ()
    providers: tuple[ProviderRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One reading of everything on the page."""

    cards: tuple[ConnectionCard, ...] = ()
    profiles: tuple[PmsProfile, ...] = ()
    places: Mapping[ConnectionId, Places] = field(default_factory=dict)
    is_rehearsal_only: bool = False

    def profile(self, pms_key: PmsKey) -> PmsProfile | None:
        """The PMS of that key."""
        return next((p for p in self.profiles if p.pms_key == pms_key), None)

    def card(self, connection_id: ConnectionId) -> ConnectionCard | None:
        """The connection of that id."""
        return next((c for c in self.cards if c.connection.connection_id == connection_id), None)


@dataclass(frozen=True, slots=True)
class SyncState:
    """A sync under way. `kind` empty = asked for, nothing heard yet. `left_s` in seconds."""

    kind: str = ""
    done: int = 0
    total: int | None = None
    left_s: float | None = None
    is_stopping: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """One line about what just happened; `kind` of the style sheet."""

    words: str
    kind: str = "muted"


class ConnectionsModel(QObject):
    """Lives as long as its page. `connection_id` travels as int in signals."""

    changed = Signal()
    """`snapshot` is new."""
    failed = Signal(object)
    """DenticodeError: the page could not be read."""
    moved = Signal(int)
    """Sync state, note or test of this connection changed."""

    def __init__(self, context: PageContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.services = context.services
        self.tasks = context.tasks
        self.snapshot: Snapshot | None = None
        self.syncs: dict[ConnectionId, SyncState] = {}
        self.notes: dict[ConnectionId, Note] = {}
        self.tests: dict[ConnectionId, Attempt] = {}
        self._is_reading = False
        self._is_stale = False

    def may(self, action: Action) -> bool:
        """For enabling buttons only: the services check again and decide."""
        return action in ALLOWED[self.services.actor.role]

    @Slot()
    def refresh(self) -> None:
        """Reads again; many calls while one reading is under way are one more reading."""
        if self._is_reading:
            self._is_stale = True
            return
        self._is_reading = True
        self.tasks.run(self._read, self._show, self._read_failed)

    def _read(self) -> Snapshot:
        strip = self.services.board.strip()
        places = {c.connection.connection_id: self._places(c.connection.connection_id) for c in strip.cards}
        return Snapshot(strip.cards, tuple(self.services.connect.profiles()), places, strip.is_rehearsal_only)

    def _places(self, connection_id: ConnectionId) -> Places:
        rows, pms_providers = self.services.people.providers(self.services.actor, connection_id)
        return Places(tuple(self.services.connect.locations(connection_id)), tuple(pms_providers), tuple(rows))

    def _show(self, snapshot: Snapshot) -> None:
        self._is_reading = False
        self.snapshot = snapshot
        self.changed.emit()
        self._again()

    def _read_failed(self, error: DenticodeError) -> None:
        self._is_reading = False
        self.failed.emit(error)
        self._again()

    def _again(self) -> None:
        if self._is_stale:
            self._is_stale = False
            self.refresh()

    @Slot(object)
    def on_event(self, event: object) -> None:
        """From the engine, on the UI thread."""
        if isinstance(event, SyncProgressed):
            known = self.syncs.get(event.connection_id, SyncState())
            if event.kind != known.kind:
                self.refresh()  # the kind before is through: its list can be chosen from
            self.syncs[event.connection_id] = replace(
                known, kind=event.kind, done=event.done, total=event.total, left_s=event.left_s
            )
            self.moved.emit(event.connection_id)
        elif isinstance(event, SyncFinished):
            self.syncs.pop(event.connection_id, None)
            kind = {"ok": "good", "cancelled": "muted"}.get(event.outcome, "warn")
            self.note(event.connection_id, event.sentence, kind)
            self.refresh()
        elif isinstance(event, EngineStopped):
            self._engine_stopped()

    def _engine_stopped(self) -> None:
        for connection_id in list(self.syncs):
            del self.syncs[connection_id]
            self.note(connection_id, tr("The sync was interrupted. What was read is kept; it goes on by itself."))

    def note(self, connection_id: ConnectionId, words: str, kind: str = "muted") -> None:
        """One line on the connection's card."""
        self.notes[connection_id] = Note(words, kind)
        self.moved.emit(connection_id)

    def sync(self, connection_id: ConnectionId) -> None:
        """Sync Now."""
        self.notes.pop(connection_id, None)
        self.syncs.setdefault(connection_id, SyncState())
        self.services.engine.sync_now(connection_id)
        QTimer.singleShot(START_WITHIN_MS, self, lambda: self._expect_start(connection_id))
        self.moved.emit(connection_id)

    def _expect_start(self, connection_id: ConnectionId) -> None:
        state = self.syncs.get(connection_id)
        if state is not None and not state.kind:
            del self.syncs[connection_id]
            self.note(connection_id, tr("The sync has not started. Press Test Connection, then Sync Now."), "warn")

    def sync_all(self) -> None:
        """Sync Now for every connection that can be read (F5)."""
        for card in self.snapshot.cards if self.snapshot else ():
            if may_be_read(card.connection):
                self.sync(card.connection.connection_id)

    def cancel_sync(self, connection_id: ConnectionId) -> None:
        """Stops after the page under way."""
        state = self.syncs.get(connection_id)
        if state is None or state.is_stopping:
            return
        self.syncs[connection_id] = replace(state, is_stopping=True)
        self.services.engine.cancel_sync(connection_id)
        self.moved.emit(connection_id)

    def test(self, connection_id: ConnectionId) -> Attempt | None:
        """Test Connection, live; None where one is under way."""
        connect, actor = self.services.connect, self.services.actor
        return self._try(connection_id, lambda on_check: connect.test(actor, connection_id, on_check))

    def reconnect(self, connection_id: ConnectionId, secrets: ConnectionSecrets | None) -> Attempt | None:
        """Reconnect with the stored secrets (None) or new ones, live; None where a try is under way."""
        connect, actor = self.services.connect, self.services.actor
        return self._try(connection_id, lambda on_check: connect.reconnect(actor, connection_id, secrets, on_check))

    def _try(self, connection_id: ConnectionId, work: Callable[[Any], ConnectionReport]) -> Attempt | None:
        if connection_id in self.tests:
            return None
        attempt = Attempt(self.tasks)
        self.tests[connection_id] = attempt
        self.notes.pop(connection_id, None)
        attempt.ended.connect(lambda report: self._tried(connection_id, report))
        attempt.failed.connect(lambda error: self._try_failed(connection_id, error))
        attempt.start(work)
        self.moved.emit(connection_id)
        return attempt

    def _tried(self, connection_id: ConnectionId, report: ConnectionReport) -> None:
        self.tests.pop(connection_id, None)
        words = report.sentence or tr("The test is done.")
        if report.light is Light.FAILED:
            words = f"{words} {report.next_step}".strip()
        self.note(connection_id, words, _RESULT_KINDS[report.light])
        self._changed()

    def _try_failed(self, connection_id: ConnectionId, error: DenticodeError) -> None:
        self.tests.pop(connection_id, None)
        if isinstance(error, StoppedByPersonError):
            self.note(connection_id, tr("Stopped. The last result stays."))
        else:
            self.note(connection_id, words_of(error), "bad")

    def add(self, new: NewConnection, secrets: ConnectionSecrets) -> Attempt:
        """Connect, live; `ended` gives an AddResult. Added or not, the page is read again."""
        connect, actor = self.services.connect, self.services.actor
        attempt = Attempt(self.tasks)
        attempt.ended.connect(lambda _result: self._changed())
        attempt.start(lambda on_check: connect.add(actor, new, secrets, on_check))
        return attempt

    def disconnect_connection(self, connection_id: ConnectionId) -> None:
        """Disconnect; what waits stays."""
        connect, actor = self.services.connect, self.services.actor
        self._act(
            connection_id,
            lambda: connect.disconnect(actor, connection_id),
            tr("Disconnected. The credentials were removed from this computer; what waits stays queued."),
        )

    def choose_location(self, connection_id: ConnectionId, location_id: PmsLocationId) -> None:
        """From the synced list."""
        connect, actor = self.services.connect, self.services.actor
        self._act(
            connection_id,
            lambda: connect.choose_location(actor, connection_id, location_id),
            tr("The location was saved."),
        )

    def set_default_provider(self, connection_id: ConnectionId, pms_provider_id: PmsProviderId | None) -> None:
        """From the synced list; None = no default."""
        connect, actor = self.services.connect, self.services.actor
        self._act(
            connection_id,
            lambda: connect.set_default_provider(actor, connection_id, pms_provider_id),
            tr("The default provider was saved."),
        )

    def link_provider(
        self, connection_id: ConnectionId, provider_id: ProviderId, pms_provider_id: PmsProviderId
    ) -> None:
        """A person's confirmation."""
        linking, actor = self.services.linking, self.services.actor
        self._act(
            connection_id,
            lambda: linking.link_provider(actor, connection_id, provider_id, pms_provider_id),
            tr("The provider was linked."),
        )

    def _act(self, connection_id: ConnectionId, work: Callable[[], None], words: str) -> None:
        def done(_result: object) -> None:
            self.note(connection_id, words, "good")
            self._changed()

        def failed(error: DenticodeError) -> None:
            self.note(connection_id, words_of(error), "bad")
            self.refresh()

        self.tasks.run(work, done, failed, owner=self)

    def _changed(self) -> None:
        self.services.engine.reload()
        self._context.go.changed()
        self.refresh()


def may_be_read(connection: Connection) -> bool:
    """Whether Sync Now can do anything: a hold about sign-in or a strange roster ends by a person's act first."""
    return connection.is_enabled and connection.hold not in _NO_SYNC


def of_connection(places: Mapping[ConnectionId, Places], connection_id: ConnectionId) -> Places:
    """The places of a connection, none where it is not read yet."""
    return places.get(connection_id, Places())


def active_people(providers: Sequence[PmsProvider]) -> list[PmsProvider]:
    """Those who can be chosen, by name."""
    return sorted((p for p in providers if p.is_active and p.is_person), key=lambda p: p.display_name.casefold())
