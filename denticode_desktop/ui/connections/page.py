"""Settings -> PMS Integrations: the connections of the practice, then every PMS that the program knows."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QScrollArea, QVBoxLayout, QWidget

from denticode_desktop.domain.access import Action
from denticode_desktop.domain.errors import DenticodeError
from denticode_desktop.domain.ids import ConnectionId, PmsKey
from denticode_desktop.ports.pms import PmsProfile
from denticode_desktop.services.status_board import ConnectionCard
from denticode_desktop.ui.page import Page, PageState
from denticode_desktop.ui.shortcuts import Command
from denticode_desktop.ui.theme import SPACE_2, SPACE_3
from denticode_desktop.ui.widgets import Card, IconLabel, PlainLabel, button, clear, confirm
from denticode_desktop.ui.window_services import PageContext
from denticode_desktop.ui.words import tr

from .connection_card import ConnectionView
from .model import ConnectionsModel
from .pms_card import PmsCard
from .reconnect_dialog import ReconnectDialog
from .wizard.dialog import AddConnectionWizard

AGES_EVERY_MS = 30_000
TWO_COLUMNS_FROM = 760


class ConnectionsPage(Page):
    """Cards stay while their connection does: focus and open lists are not lost when something changes."""

    def __init__(self, context: PageContext) -> None:
        super().__init__(tr("PMS Integrations"), tr("Connections to your practice-management system."))
        self.model = ConnectionsModel(context, self)
        self._views: dict[ConnectionId, ConnectionView] = {}
        self._pms_cards: list[PmsCard] = []
        self._profiles: Sequence[PmsProfile] = ()
        self._to_show: tuple[ConnectionId, bool] | None = None
        self.wizard: AddConnectionWizard | None = None
        self.add = button(
            tr("Add Connection"), self.open_wizard, name="connectionAdd", kind="primary", icon_name="plus"
        )
        self.add.setEnabled(self.model.may(Action.MANAGE_CONNECTIONS))
        self.add_action(self.add)
        self._empty_card = self._empty()
        self.body.addWidget(self._empty_card)
        self._list = QVBoxLayout()
        self._list.setSpacing(SPACE_3)
        self.body.addLayout(self._list)
        self._known_title = PlainLabel(tr("What each PMS can do"), kind="section", name="pmsTitle")
        self.body.addSpacing(SPACE_2)
        self.body.addWidget(self._known_title)
        self._grid = QGridLayout()
        self._grid.setSpacing(SPACE_3)
        self.body.addLayout(self._grid)
        self.body.addStretch(1)
        self._ages = QTimer(self)
        self._ages.setInterval(AGES_EVERY_MS)
        self._ages.timeout.connect(self.model.refresh)
        self.model.changed.connect(self._on_changed)
        self.model.failed.connect(self._on_failed)
        self.model.moved.connect(self._on_moved)

    def _empty(self) -> QWidget:
        box = Card(name="noConnection")
        box.inner.setContentsMargins(SPACE_3, 2 * SPACE_3, SPACE_3, 2 * SPACE_3)
        centre = Qt.AlignmentFlag.AlignHCenter
        box.inner.addWidget(IconLabel("plug", "muted", 40), 0, centre)
        for label in (
            PlainLabel(tr("No PMS connected yet"), kind="section", name="emptyTitle"),
            PlainLabel(
                tr("Connect it once: patients are kept in step, and finalized Labs go into the chart."),
                kind="muted", name="emptySentence",
            ),
        ):  # fmt: skip
            label.setAlignment(centre)
            box.inner.addWidget(label)
        self.add_first = button(
            tr("Add Connection"), self.open_wizard, name="connectionAddFirst", kind="primary", icon_name="plus"
        )
        self.add_first.setEnabled(self.model.may(Action.MANAGE_CONNECTIONS))
        box.inner.addWidget(self.add_first, 0, centre)
        return box

    # -- Page ----------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """As Page."""
        if self.model.snapshot is None:
            self.show_state(PageState.LOADING)
        self.model.refresh()

    def on_event(self, event: object) -> None:
        """As Page."""
        self.model.on_event(event)

    def on_command(self, command: Command) -> bool:
        """F5 reads every connection."""
        if command is not Command.SYNC or self.model.snapshot is None:
            return False
        self.model.sync_all()
        return True

    def open_connection(self, connection_id: ConnectionId | None, *, reconnect: bool = False) -> None:
        """From another page: brings the connection into view, or opens its Reconnect."""
        if connection_id is None:
            return
        if connection_id not in self._views:
            self._to_show = (connection_id, reconnect)  # when it has been read
            return
        view = self._views[connection_id]
        if reconnect:
            self._on_reconnect(connection_id)
        else:
            self.show_widget(view)
            view.test.setFocus()

    def show_widget(self, widget: QWidget) -> None:
        """Scrolls to it."""
        QTimer.singleShot(0, self, lambda: _scroll_to(widget))

    # -- model ---------------------------------------------------------------------------------------------------

    @Slot()
    def _on_changed(self) -> None:
        snapshot = self.model.snapshot
        if snapshot is None:
            return
        self._show_connections(snapshot.cards)
        if tuple(self._profiles) != snapshot.profiles:
            self._profiles = snapshot.profiles
            self._make_pms_cards()
        self._empty_card.setVisible(not snapshot.cards)
        self.add.setVisible(bool(snapshot.cards))
        self.show_full()
        if self._to_show is not None:
            (connection_id, reconnect), self._to_show = self._to_show, None
            if connection_id in self._views:
                self.open_connection(connection_id, reconnect=reconnect)

    def _show_connections(self, cards: Sequence[ConnectionCard]) -> None:
        wanted = {c.connection.connection_id for c in cards}
        for connection_id in [known for known in self._views if known not in wanted]:
            gone = self._views.pop(connection_id)
            self._list.removeWidget(gone)
            gone.deleteLater()
        for position, entry in enumerate(sorted(cards, key=lambda c: not c.connection.is_enabled)):
            connection_id = entry.connection.connection_id
            view = self._views.get(connection_id)
            if view is None:
                view = self._views[connection_id] = ConnectionView(self.model, entry)
                view.reconnect_asked.connect(self._on_reconnect)
                view.disconnect_asked.connect(self._on_disconnect)
            else:
                view.show_entry(entry)
            if self._list.indexOf(view) != position:
                self._list.insertWidget(position, view)

    def _make_pms_cards(self) -> None:
        clear(self._grid)
        may = self.model.may(Action.MANAGE_CONNECTIONS)
        self._pms_cards = [PmsCard(profile, may_connect=may) for profile in self._profiles]
        for made in self._pms_cards:
            made.connect_asked.connect(self.open_wizard_for)
        self._place_pms_cards()

    def _place_pms_cards(self) -> None:
        columns = 2 if self.width() >= TWO_COLUMNS_FROM else 1
        for index, made in enumerate(self._pms_cards):
            self._grid.addWidget(made, index // columns, index % columns)
        for column in range(2):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)

    @Slot(object)
    def _on_failed(self, error: DenticodeError) -> None:
        if self.model.snapshot is None:
            self.show_error(error)
        else:
            self.tell_error(error)

    @Slot(int)
    def _on_moved(self, connection_id: int) -> None:
        view = self._views.get(ConnectionId(connection_id))
        if view is not None:
            view.show_work()

    # -- dialogs -------------------------------------------------------------------------------------------------

    def open_wizard(self) -> None:
        """Add Connection, from its first step."""
        self.open_wizard_for("")

    @Slot(str)
    def open_wizard_for(self, pms_key: str) -> None:
        """Add Connection with a PMS chosen already; one at a time."""
        if self.wizard is not None or self.model.snapshot is None:
            return
        self.wizard = AddConnectionWizard(self.window(), self.model, PmsKey(pms_key) if pms_key else None)
        self.wizard.finished.connect(self._on_wizard_finished)
        self.wizard.open()

    @Slot(int)
    def _on_wizard_finished(self, _result: int) -> None:
        if self.wizard is not None:
            self.wizard.deleteLater()
            self.wizard = None
        self.model.refresh()

    @Slot(int)
    def _on_reconnect(self, connection_id: int) -> None:
        snapshot = self.model.snapshot
        entry = snapshot.card(ConnectionId(connection_id)) if snapshot else None
        profile = snapshot.profile(entry.connection.settings.pms_key) if snapshot and entry else None
        if entry is None or profile is None:
            return
        dialog = ReconnectDialog(self.window(), self.model, entry.connection, profile)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot(int)
    def _on_disconnect(self, connection_id: int) -> None:
        snapshot = self.model.snapshot
        entry = snapshot.card(ConnectionId(connection_id)) if snapshot else None
        if entry is None:
            return
        title = tr("Disconnect {name}?").format(name=entry.connection.settings.name)
        text = tr(
            "Nothing is read or sent until you reconnect. The credentials are removed from this computer. What waits "
            "to be sent stays queued, and synced patients, links and the audit log stay too."
        )
        if confirm(self.window(), title, text, tr("Disconnect"), kind="danger"):
            self.model.disconnect_connection(ConnectionId(connection_id))

    # -- Qt ------------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Ages on screen go on while they are looked at."""
        super().showEvent(event)
        self._ages.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Idle costs nothing."""
        super().hideEvent(event)
        self._ages.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Two columns where there is room."""
        super().resizeEvent(event)
        self._place_pms_cards()


def _scroll_to(widget: QWidget) -> None:
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QScrollArea):
        parent = parent.parentWidget()
    if parent is not None:
        parent.ensureWidgetVisible(widget)
