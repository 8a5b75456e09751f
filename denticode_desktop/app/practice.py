"""An open data folder: every service, built when it is first asked for.

Outer packages are imported inside functions, so that a short command is quick and the window paints first.
"""

# ruff: noqa: PLC0415 - see above

from __future__ import annotations

import shutil
import threading
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from denticode_desktop.config.system_clock import SystemClock, SystemRandomness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from types import FrameType

    from denticode_desktop.background.worker import Worker
    from denticode_desktop.config.paths import DataFolder
    from denticode_desktop.domain.access import Actor
    from denticode_desktop.domain.chart_match import Look
    from denticode_desktop.domain.events import Event
    from denticode_desktop.domain.ids import ConnectionId, PmsPatientId, WriteBackId
    from denticode_desktop.domain.people import PmsLocation
    from denticode_desktop.domain.write_back import DecisionRequest, ItemKind
    from denticode_desktop.pms.registry import PmsRegistry
    from denticode_desktop.ports.secrets import SecretStore
    from denticode_desktop.ports.views import ItemView
    from denticode_desktop.services.audit_log import AuditLog
    from denticode_desktop.services.connect_practice import ConnectPractice
    from denticode_desktop.services.doctor import Doctor
    from denticode_desktop.services.draft_desk import DraftDesk
    from denticode_desktop.services.entity_linking import EntityLinking
    from denticode_desktop.services.gateways import Gateways
    from denticode_desktop.services.lab_desk import LabDesk
    from denticode_desktop.services.match_review import MatchReview
    from denticode_desktop.services.outbox import Outbox
    from denticode_desktop.services.people_search import PeopleSearch
    from denticode_desktop.services.practice_setup import PracticeSetup
    from denticode_desktop.services.queue_run import QueueRun
    from denticode_desktop.services.sender import Sender
    from denticode_desktop.services.status_board import StatusBoard
    from denticode_desktop.services.sync_engine import SyncEngine
    from denticode_desktop.services.ticks import Ticks
    from denticode_desktop.storage.store import SqlStore

POLL_S = 0.5
TICK_S = 1.0


class EventHub:
    """EventSink that hands every event to whoever listens, in the publisher's thread. A listener must not block."""

    def __init__(self) -> None:
        self._listeners: tuple[Callable[[Event], None], ...] = ()

    def listen(self, listener: Callable[[Event], None]) -> None:
        """From now on."""
        self._listeners = (*self._listeners, listener)

    def publish(self, event: Event) -> None:
        """As the port."""
        for listener in self._listeners:
            listener(event)


class Practice:
    """An open data folder: its services, each built when first asked for."""

    def __init__(self, folder: DataFolder, store: SqlStore, secrets: SecretStore) -> None:
        self.folder = folder
        self.store = store
        self.secrets = secrets
        self.clock = SystemClock()
        self.randomness = SystemRandomness()
        self.events = EventHub()

    @property
    def data_dir(self) -> Path:
        """Where it is."""
        return self.folder.root

    @property
    def secret_store(self) -> str:
        """Plain name of the store that holds its keys."""
        return self.secrets.kind

    @cached_property
    def directory(self) -> PmsRegistry:
        """All vendors."""
        from denticode_desktop.pms.registry import PmsRegistry

        return PmsRegistry(self.clock)

    @cached_property
    def gateways(self) -> Gateways:
        """Gateways by connection."""
        from denticode_desktop.services.gateways import Gateways

        return Gateways(self.store, self.directory, self.secrets)

    @cached_property
    def setup(self) -> PracticeSetup:
        """Practice and users."""
        from denticode_desktop.services.practice_setup import PracticeSetup

        return PracticeSetup(self.store, self.clock)

    @cached_property
    def connect(self) -> ConnectPractice:
        """Connections."""
        from denticode_desktop.services.connect_practice import ConnectPractice

        return ConnectPractice(self.store, self.directory, self.secrets, self.gateways, self.clock, self.events)

    @cached_property
    def sync(self) -> SyncEngine:
        """Pulls lists; one process at a time per connection."""
        from denticode_desktop.background.instance_lock import sync_lock
        from denticode_desktop.services.sync_engine import SyncEngine
        from denticode_desktop.storage.sync_store import SqlSyncStore

        def exclusive(connection_id: ConnectionId) -> AbstractContextManager[object]:
            return sync_lock(self.data_dir, connection_id, self.clock.utc_now)

        return SyncEngine(
            self.store, SqlSyncStore(self.store), self.gateways, self.clock, self.events,
            random_unit=self.randomness.unit, exclusive=exclusive,
        )  # fmt: skip

    @cached_property
    def linking(self) -> EntityLinking:
        """Links of patients and providers."""
        from denticode_desktop.services.entity_linking import EntityLinking

        return EntityLinking(self.store, self.clock, self.events)

    @cached_property
    def labs(self) -> LabDesk:
        """Labs."""
        from denticode_desktop.lab_files.denticode_lab import DenticodeLabReader
        from denticode_desktop.services.compose import Composer
        from denticode_desktop.services.lab_desk import LabDesk

        reader, composer = DenticodeLabReader(self.clock), Composer(self.directory)
        return LabDesk(self.store, reader, self.clock, self.randomness, self.events, self.linking, composer)

    @cached_property
    def drafts(self) -> DraftDesk:
        """What the editor of a draft needs beside `labs`."""
        from denticode_desktop.services.draft_desk import DraftDesk

        return DraftDesk(self.store, self.labs, self.linking)

    @cached_property
    def outbox(self) -> Outbox:
        """The queue as people use it."""
        from denticode_desktop.services.compose import Composer
        from denticode_desktop.services.outbox import Outbox

        return Outbox(self.store, self.directory, self.clock, self.events, Composer(self.directory), self.linking)

    @cached_property
    def matching(self) -> MatchReview:
        """Patients of Labs beside their charts."""
        from denticode_desktop.services.match_review import MatchReview

        return MatchReview(self.store, self.linking)

    @cached_property
    def people(self) -> PeopleSearch:
        """Synced patients and providers."""
        from denticode_desktop.services.people_search import PeopleSearch

        return PeopleSearch(self.store)

    @cached_property
    def status(self) -> StatusBoard:
        """What the pages show."""
        from denticode_desktop.services.status_board import StatusBoard

        return StatusBoard(self.store, self.clock)

    @cached_property
    def audit(self) -> AuditLog:
        """The audit log."""
        from denticode_desktop.services.anchor import AnchorStore
        from denticode_desktop.services.audit_log import AuditLog

        return AuditLog(self.store, AnchorStore(self.secrets), self.clock)

    def listen(self, listener: Callable[[Event], None]) -> None:
        """From now on `listener` hears every event."""
        self.events.listen(listener)

    def hash_password(self, password: str) -> str:
        """Raises UserError (field `password`)."""
        from denticode_desktop.security.passwords import hash_password

        return hash_password(password, self.randomness)

    def is_right_password(self, password: str, encoded: str) -> bool:
        """Whether it is the password of that hash."""
        from denticode_desktop.security.passwords import is_right_password

        return is_right_password(password, encoded)

    def items_of(self, writeback_ids: Sequence[WriteBackId]) -> list[ItemView]:
        """The items of these write-backs, by write-back and seq."""
        with self.store.read() as uow:
            labs = {uow.outbox.writeback(writeback_id).lab_id for writeback_id in writeback_ids}
            views = [view for lab_id in labs for view in uow.outbox.views(lab_id=lab_id)]
        chosen = [view for view in views if view.item.writeback_id in set(writeback_ids)]
        return sorted(chosen, key=lambda view: (view.item.writeback_id, view.item.seq))

    def by_hand_of(self, writeback_ids: Sequence[WriteBackId]) -> list[str]:
        """Lines of these write-backs that a person charts, since their PMS does not take them."""
        with self.store.read() as uow:
            return [line for found in writeback_ids for line in uow.outbox.writeback(found).by_hand]

    def read_back(
        self, actor: Actor, connection_id: ConnectionId, pms_patient_id: PmsPatientId, kind: ItemKind
    ) -> Look:
        """What the chart itself holds now. Raises NotAllowedError, the PMS errors."""
        from denticode_desktop.domain.access import Action, require

        require(actor, Action.READ_NOTES)
        gateway = self.gateways.open(connection_id)
        try:
            return gateway.look(pms_patient_id, kind, since=None)
        finally:
            gateway.close()

    def locations(self, connection_id: ConnectionId) -> Sequence[PmsLocation]:
        """Synced locations."""
        with self.store.read() as uow:
            return uow.roster.pms_locations(connection_id)

    def decision(self, request_id: int) -> DecisionRequest:
        """A decision as it is now. Raises NotFoundError."""
        with self.store.read() as uow:
            return uow.outbox.request(request_id)

    def wait_for(self, is_so: Callable[[], bool], *, timeout_s: float) -> bool:
        """Asks again and again while another program works; False when the time is over."""
        pause = threading.Event()
        give_up_s = self.clock.monotonic_s() + timeout_s
        while not is_so():
            if self.clock.monotonic_s() >= give_up_s:
                return False
            pause.wait(POLL_S)
        return True

    @contextmanager
    def queue_run(self) -> Iterator[QueueRun]:
        """The sender under the engine lock, with its ticks counted. Raises BusyError, SecretStoreError."""
        from denticode_desktop.background.instance_lock import engine_lock
        from denticode_desktop.services.queue_run import QueueRun
        from denticode_desktop.services.ticks import Ticks

        lock = engine_lock(self.data_dir, self.clock.utc_now)
        lock.acquire_or_raise("The data folder")
        ticks, stopped = Ticks(self.clock), threading.Event()
        sender = self.make_sender(ticks)

        def count() -> None:
            while not stopped.wait(TICK_S):
                ticks.tick()

        def stop() -> None:
            stopped.set()
            sender.stop()

        ticker = threading.Thread(target=count, name="ticker", daemon=True)
        try:
            sender.start()
            ticker.start()
            with _stop_signals(stop):
                yield QueueRun(self.store, sender, self.clock, stopped.wait)
        finally:
            stopped.set()
            sender.close()
            lock.release()

    def make_sender(self, ticks: Ticks) -> Sender:
        """The one that writes to a PMS; whoever starts it holds the engine lock."""
        from denticode_desktop.services.anchor import AnchorStore
        from denticode_desktop.services.sender import Sender

        anchor = AnchorStore(self.secrets)
        return Sender(self.store, self.gateways, anchor, ticks, self.clock, self.randomness, self.events)

    def doctor(self) -> Doctor:
        """Examines what the program leans on."""
        from denticode_desktop.config.network_probe import SocketProbe
        from denticode_desktop.pms.http import system_proxy
        from denticode_desktop.services.doctor import Doctor

        return Doctor(
            connections=self.connect.connections,
            test=lambda actor, found: self.connect.test(actor, found.connection_id, lambda check: None),
            secrets=self.secrets,
            network=SocketProbe(system_proxy),
            machine=self,
            clock=self.clock,
            randomness=self.randomness,
        )

    def free_bytes(self) -> int:
        """Free space where the data folder is."""
        return shutil.disk_usage(self.data_dir).free

    def database_fault(self) -> str | None:
        """What the database's own check found, None for nothing."""
        faults = self.store.check()
        return f"{len(faults)} faults" if faults else None

    def engine_holder(self) -> str | None:
        """Who holds the engine lock, in words; None when nobody does."""
        from denticode_desktop.background.instance_lock import engine_lock

        lock = engine_lock(self.data_dir, self.clock.utc_now)
        if lock.acquire():
            lock.release()
            return None
        holder = lock.holder()
        return "another program" if holder is None else f"process {holder.pid} since {holder.since:%Y-%m-%d %H:%M} UTC"

    def make_worker(self) -> Worker:
        """The engine: sender, scheduled syncs, watched folder. Its start takes the engine lock when it is free."""
        from pathlib import Path

        from denticode_desktop.background.instance_lock import engine_lock
        from denticode_desktop.background.scheduler import SyncScheduler
        from denticode_desktop.background.worker import Worker, WorkerParts
        from denticode_desktop.config.settings_file import SettingsFile
        from denticode_desktop.domain.access import SYSTEM
        from denticode_desktop.services.sync_engine import scheduled
        from denticode_desktop.services.ticks import Ticks
        from denticode_desktop.services.watched_folder import WatchedFolder

        settings = SettingsFile(self.folder.settings).load()
        ticks = Ticks(self.clock)
        watched = settings.watched_folder and WatchedFolder(
            Path(settings.watched_folder), self.labs, SYSTEM, self.clock, self.events
        )
        parts = WorkerParts(
            sender=_SenderLoop(self.make_sender(ticks)),
            ticks=ticks,
            run_sync=lambda job, is_cancelled: self.sync.run(
                self.setup.actor(None) if job.is_by_person else SYSTEM,
                job.connection_id, full=job.full, is_cancelled=is_cancelled,
            ),
            connections=lambda: scheduled(self.connect.connections()),
            schedule=SyncScheduler(interval_min=settings.sync_interval_min),
            lock=engine_lock(self.data_dir, self.clock.utc_now),
            sink=self.events,
            import_folder=watched.scan if watched else None,
        )  # fmt: skip
        return Worker(parts)


class _SenderLoop:
    """The sender as the engine drives it: what its start found is in the audit log already."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self.tick = sender.tick
        self.stop = sender.stop

    def start(self) -> None:
        self._sender.start()

    def has_open_work(self) -> bool:
        return self._sender.outlook().open_items > 0


@contextmanager
def _stop_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Ctrl+C and SIGTERM end a run in order, where this is the main thread; elsewhere the caller stops it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    import signal

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
