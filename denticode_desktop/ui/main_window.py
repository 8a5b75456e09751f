"""The main window: rail, pages, environment band, status strip. Built and painted before the services are there."""

# ruff: noqa: PLC0415 - imports inside functions: what the frame does not need is loaded after it is painted

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from .environment_band import EnvironmentBand
from .pages import PAGES
from .rail import Rail
from .shortcuts import KEYS, PAGE_KEYS, Command
from .status_strip import StatusStrip
from .widgets import LoadingState
from .words import tr

if TYPE_CHECKING:
    from datetime import datetime

    from PySide6.QtGui import QCloseEvent, QPaintEvent, QResizeEvent

    from denticode_desktop.domain.errors import DenticodeError
    from denticode_desktop.domain.ids import ConnectionId, LabId
    from denticode_desktop.services.status_board import StripView, TodayView

    from .event_bridge import EventBridge
    from .page import Page
    from .task_runner import TaskRunner
    from .window_services import PageContext, WindowServices

REFRESH_GAP_MS = 150
STRIP_EVERY_MS = 60_000
STRIP_AFTER_MS = 60
"""The lists first: both are read from the same database."""
FINISH_AFTER_MS = 250
"""What nobody presses in the first moment is made after the first lists."""
NARROW_BELOW = 1000


class MainWindow(QMainWindow):
    """Navigator for its pages. `look_chosen` tells light or dark to whoever keeps it; `painted` comes once."""

    look_chosen = Signal(str)
    painted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("Denticode Desktop")
        self.resize(1180, 760)
        self.setMinimumSize(720, 420)
        self.band = EnvironmentBand()
        self.rail = Rail()
        self.strip = StatusStrip()
        self._stack = QStackedWidget()
        self._stack.setObjectName("pages")
        self._stack.addWidget(LoadingState(tr("Opening the practice \u2026")))
        self.setCentralWidget(self._frame())
        self._pages: dict[str, Page] = {}
        self._services: WindowServices | None = None
        self._context: PageContext | None = None
        self._key = PAGES[0].key
        self._is_let_go = self._is_asking = False
        self._is_painted = False
        self._next_sync_epoch_s: float | None = None
        self._later = _single_shot(self, REFRESH_GAP_MS, self._refresh_now)
        self._ages = QTimer(self)
        self._ages.setInterval(STRIP_EVERY_MS)
        self._ages.timeout.connect(self._read_strip)
        self.rail.chosen.connect(self._show_page)
        self.rail.look_chosen.connect(self.look_chosen)

    def _frame(self) -> QWidget:
        central = QWidget()
        outer = QVBoxLayout(central)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.band)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addWidget(self._stack, 1)
        outer.addLayout(row, 1)
        outer.addWidget(self.strip)
        return central

    # -- filling -------------------------------------------------------------------------------------------------

    def attach(self, services: WindowServices, tasks: TaskRunner, events: EventBridge) -> None:
        """Fills the window over an open practice and opens Today."""
        from .window_services import PageContext

        self._services = services
        self._context = PageContext(services, tasks, events, self)
        self.rail.set_names(services.practice_name, f"{services.actor.name} \u00b7 {services.actor.role.value}")
        events.happened.connect(self.on_event)
        for key in KEYS:
            self._shortcut(key.keys, lambda wanted=key.command: self.command(wanted))
        for keys, spec in zip(PAGE_KEYS, PAGES, strict=False):
            self._shortcut(keys, lambda wanted=spec.key: self.open_page(wanted))
        self.open_page(PAGES[0].key)
        QTimer.singleShot(STRIP_AFTER_MS, self._read_strip)
        self._ages.start()

    def fail(self, error: DenticodeError) -> None:
        """The practice could not be opened: what is the matter instead of the pages."""
        from .messages import message_of
        from .widgets import ErrorPanel

        message = message_of(error)
        panel = ErrorPanel()
        panel.show_error(message.sentence, message.next_step, message.details)
        self._stack.setCurrentIndex(self._stack.addWidget(panel))
        self.strip.say(tr("Nothing was changed."))

    def page(self, key: str) -> Page:
        """The page of that key, made when it is first wanted."""
        found = self._pages.get(key)
        if found is None:
            assert self._context is not None
            found = next(spec for spec in PAGES if spec.key == key).factory(self._context)
            self._pages[key] = found
            self._stack.addWidget(found)
        return found

    @property
    def _open_page(self) -> Page | None:
        """None while the practice is being opened, and where it could not be."""
        current = self._stack.currentWidget()
        return next((page for page in self._pages.values() if page is current), None)

    def _shortcut(self, keys: str, act: object) -> None:
        from PySide6.QtGui import QKeySequence, QShortcut

        made = QShortcut(QKeySequence(keys), self)
        made.activated.connect(act)

    # -- Navigator -----------------------------------------------------------------------------------------------

    def open_page(self, key: str) -> None:
        """As Navigator."""
        if self._stack.currentWidget() is not self._pages.get(key):
            self._show_page(key)

    def open_lab(self, lab_id: LabId) -> None:
        """As Navigator."""
        self.open_page("labs")
        show = getattr(self.page("labs"), "open_lab", None)
        if show is not None:
            show(lab_id)

    def open_connection(self, connection_id: ConnectionId | None, *, reconnect: bool = False) -> None:
        """As Navigator."""
        self.open_page("connections")
        show = getattr(self.page("connections"), "open_connection", None)
        if show is not None:
            show(connection_id, reconnect=reconnect)

    def changed(self) -> None:
        """As Navigator."""
        if self._services is not None:
            self._services.engine.wake()
        self._refresh_soon()

    # -- what happens --------------------------------------------------------------------------------------------

    @Slot(str)
    def _show_page(self, key: str) -> None:
        """Asks the page that is open first: until it lets go, the rail stays where it was."""
        current = self._stack.currentWidget()
        if self._context is None or current is self._pages.get(key):
            return
        page = self._open_page
        if page is None:
            self._turn_to(key)
            return
        self.rail.set_current(self._key)
        page.leave(lambda: self._turn_to(key))

    def _turn_to(self, key: str) -> None:
        page = self.page(key)
        self._key = key
        self._stack.setCurrentWidget(page)
        self.rail.set_current(key)
        page.on_shown()

    def closeEvent(self, event: QCloseEvent) -> None:
        """As for another page; an answer that comes later closes the window then."""
        page = self._open_page
        if page is not None and not self._is_let_go:
            self._is_asking = True
            page.leave(self._let_go)
            self._is_asking = False
        if page is not None and not self._is_let_go:
            event.ignore()
            return
        self._is_let_go = False
        super().closeEvent(event)

    def _let_go(self) -> None:
        self._is_let_go = True
        if not self._is_asking:  # Qt does not close a window from within its own closing
            self.close()

    def command(self, wanted: Command) -> None:
        """A key of the table: the page first, else the window."""
        page = self._open_page
        if page is not None and page.on_command(wanted):
            return
        if wanted is Command.SYNC and self._services is not None:
            services = self._services
            self._tasks().run(
                lambda: [c.connection_id for c in services.connect.connections() if c.is_enabled], self._sync_all,
                self._ignore,
            )  # fmt: skip

    def _sync_all(self, connection_ids: list[ConnectionId]) -> None:
        assert self._services is not None
        for connection_id in connection_ids:
            self._services.engine.sync_now(connection_id)

    @Slot(object)
    def on_event(self, event: object) -> None:
        """Every event reaches strip and pages at once; reading again happens once for many."""
        from denticode_desktop.domain.events import EngineStopped, SyncProgressed, SyncScheduled

        self.strip.hear(event)
        for page in self._pages.values():
            page.on_event(event)
        if isinstance(event, (SyncScheduled, EngineStopped)):
            self._next_sync_epoch_s = event.next_epoch_s if isinstance(event, SyncScheduled) else None
        if isinstance(event, SyncScheduled):
            self._read_strip()
        elif not isinstance(event, SyncProgressed):  # which says nothing that a list would show
            self._refresh_soon()

    def _refresh_soon(self) -> None:
        if not self._later.isActive():
            self._later.start()

    def _refresh_now(self) -> None:
        page = self._open_page
        if page is not None:
            page.refresh()
        self._read_strip()

    @Slot()
    def _read_strip(self) -> None:
        if self._services is not None:
            self._tasks().run(self._board, self._show_strip, self._ignore)

    def _board(self) -> tuple[StripView, TodayView]:
        from .times import local_midnight

        assert self._services is not None
        board = self._services.board
        return board.strip(self._next_sync_at()), board.today(local_midnight(self._services.utc_now()))

    def _next_sync_at(self) -> datetime | None:
        from datetime import UTC, datetime

        next_s = self._next_sync_epoch_s
        return None if next_s is None else datetime.fromtimestamp(next_s, UTC)

    def _show_strip(self, board: tuple[StripView, TodayView]) -> None:
        assert self._services is not None
        view, today = board
        self.rail.set_count("today", len(today.needs_you))
        is_rehearsal_only = view.is_rehearsal_only
        self.band.show_environments(view.environments, is_rehearsal_only=is_rehearsal_only)
        names = sorted({e.value.capitalize() for e in view.environments}) or ["Rehearsal"] * is_rehearsal_only
        where = " / ".join(names) if names else tr("no PMS connected")
        self.setWindowTitle(f"Denticode Desktop \u2013 {where}")
        self.strip.show_view(view, len(today.needs_you), len(today.waiting), self._services.utc_now())

    def _ignore(self, error: DenticodeError) -> None:
        from .messages import message_of

        self.strip.say(message_of(error).sentence)

    def _tasks(self) -> TaskRunner:
        assert self._context is not None
        return self._context.tasks

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tells when everything in the window has been painted for the first time."""
        super().paintEvent(event)
        if not self._is_painted:
            self._is_painted = True
            QTimer.singleShot(0, self._tell_painted)

    @Slot()
    def _tell_painted(self) -> None:
        self.painted.emit()
        QTimer.singleShot(FINISH_AFTER_MS, self.rail.finish)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrow window keeps its room for the page."""
        super().resizeEvent(event)
        self.rail.set_narrow(self.width() < NARROW_BELOW)


def _single_shot(parent: QMainWindow, interval_ms: int, act: object) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(interval_ms)
    timer.timeout.connect(act)
    return timer
