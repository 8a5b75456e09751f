"""One connection on the page: light, facts, what is wrong with its next step, choices and buttons."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout

from denticode_desktop.domain.access import Action
from denticode_desktop.domain.connection import Check, Connection
from denticode_desktop.domain.ids import ConnectionId, PmsLocationId, PmsProviderId, ProviderId
from denticode_desktop.services.status_board import ConnectionCard
from denticode_desktop.ui.theme import SPACE_1, SPACE_2, SPACE_4
from denticode_desktop.ui.times import ago
from denticode_desktop.ui.widgets import Card, LineLabel, Notice, PlainLabel, StatusChip, button, rule, set_kind
from denticode_desktop.ui.words import say_sentence, tr

from .attempt import Attempt
from .model import ConnectionsModel, may_be_read, of_connection
from .pieces import CheckList, MissingBox, SyncBar, caption
from .places_box import LinkBox, PlacesBox
from .signs import EnvironmentBadge
from .words import administrator_text, checked_words, light_status

_NOTICE_OF_LIGHT = {"failed": "bad", "yellow": "warn", "grey": "info", "green": "good"}


class ConnectionView(Card):
    """Shows one connection of the model and acts through it. Signals ask the page for a dialog."""

    reconnect_asked = Signal(int)
    disconnect_asked = Signal(int)

    def __init__(self, model: ConnectionsModel, entry: ConnectionCard) -> None:
        connection = entry.connection
        super().__init__(name=f"connection{connection.connection_id}")
        self._model = model
        self._id: ConnectionId = connection.connection_id
        self._attempt: Attempt | None = None
        self.setAccessibleName(connection.settings.name)
        self._add_head(entry)
        self.trouble = Notice(name=f"connectionTrouble{self._id}")
        self.inner.addWidget(self.trouble)
        self.missing = MissingBox(f"missing{self._id}")
        self.inner.addWidget(self.missing)
        self._add_buttons()
        self._add_answers()
        self.inner.addWidget(rule())
        self._add_facts()
        self.unproven = PlainLabel("", kind="caption", name=f"unproven{self._id}")
        self.inner.addWidget(self.unproven)
        self._add_places()
        self.show_entry(entry)

    def _add_head(self, entry: ConnectionCard) -> None:
        settings = entry.connection.settings
        head = QHBoxLayout()
        head.setSpacing(SPACE_2)
        self.name = LineLabel(settings.name, kind="section", name=f"connectionName{self._id}")
        head.addWidget(self.name, 1)
        head.addWidget(EnvironmentBadge(settings.environment))
        self.chip = StatusChip(light_status(entry))
        self.chip.setObjectName(f"light{self._id}")
        head.addWidget(self.chip)
        self.inner.addLayout(head)
        self.about = PlainLabel("", kind="muted", name=f"connectionAbout{self._id}")
        self.inner.addWidget(self.about)

    def _add_facts(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE_4)
        grid.setContentsMargins(0, SPACE_1, 0, SPACE_1)
        self.facts: dict[str, PlainLabel] = {}
        names = (
            ("checked", tr("Last test")),
            ("read", tr("Last good read")),
            ("write", tr("Last good write")),
            ("calls", tr("Calls this month")),
        )
        for column, (key, text) in enumerate(names):
            holder, self.facts[key] = caption(text, "", f"{key}{self._id}")
            grid.addWidget(holder, 0, column)
            grid.setColumnStretch(column, 1)
        self.inner.addLayout(grid)

    def _add_places(self) -> None:
        self.places = PlacesBox(f"places{self._id}")
        self.places.location_chosen.connect(self._on_location)
        self.places.provider_chosen.connect(self._on_provider)
        self.inner.addWidget(self.places)
        self.links = LinkBox(f"links{self._id}")
        self.links.linked.connect(self._on_linked)
        self.inner.addWidget(self.links)

    def _add_answers(self) -> None:
        """Right below the buttons: what came of pressing them."""
        self.steps = CheckList(f"testSteps{self._id}")
        self.inner.addWidget(self.steps)
        self.progress = SyncBar(f"sync{self._id}Progress")
        self.progress.cancelled.connect(self._on_cancel_sync)
        self.inner.addWidget(self.progress)
        self.said = Notice(name=f"connectionNote{self._id}")
        self.inner.addWidget(self.said)

    def _add_buttons(self) -> None:
        line = QHBoxLayout()
        line.setContentsMargins(0, SPACE_1, 0, SPACE_1)
        line.setSpacing(SPACE_2)
        number = self._id
        self.sync = button(
            tr("Sync Now"), self._on_sync, name=f"sync{number}", kind="primary", icon_name="refresh",
            tip=tr("Read what changed in the PMS (F5)"),
        )  # fmt: skip
        self.test = button(tr("Test Connection"), self._on_test, name=f"test{number}")
        self.stop = button(tr("Stop test"), self._on_stop, name=f"stopTest{number}")
        self.reconnect = button(
            tr("Reconnect \u2026"), lambda: self.reconnect_asked.emit(number), name=f"reconnect{number}"
        )
        self.off = button(
            tr("Disconnect \u2026"), lambda: self.disconnect_asked.emit(number), name=f"disconnect{number}",
            kind="danger",
        )  # fmt: skip
        for made in (self.sync, self.test, self.stop, self.reconnect):
            line.addWidget(made)
        line.addStretch(1)
        line.addWidget(self.off)
        self.inner.addLayout(line)

    def show_entry(self, entry: ConnectionCard) -> None:
        """Everything that the store knows."""
        connection = entry.connection
        report = connection.report
        now = self._model.services.utc_now()
        self.name.say(connection.settings.name)
        self.chip.set_status(light_status(entry))
        self.about.say(self._about(connection))
        self._show_trouble(entry)
        snapshot = self._model.snapshot
        profile = snapshot.profile(connection.settings.pms_key) if snapshot else None
        title = profile.title if profile else connection.settings.pms_key
        text = administrator_text(title, connection.settings.organization_id, report) if report else ""
        self.missing.show_report(report if connection.is_enabled else None, text)
        never = tr("never")
        self.facts["checked"].say(ago(connection.tested_at, now) if connection.tested_at else never)
        read_at, write_at = connection.last_good_read_at, connection.last_good_write_at
        self.facts["read"].say(ago(read_at, now) if read_at else never)
        self.facts["write"].say(ago(write_at, now) if write_at else never)
        self.facts["calls"].say(f"{connection.calls_this_month:,}")
        unconfirmed = report.unconfirmed_permissions if report else ()
        waiting = [p.value for p in unconfirmed if p not in connection.write_confirmed]
        words = tr("Writing is not yet confirmed for: {names}. The first item sent will show it.")
        self.unproven.say(words.format(names=", ".join(waiting)))
        self.unproven.setVisible(bool(waiting) and connection.is_enabled)
        self._show_places(connection)
        self.show_work()

    def _about(self, connection: Connection) -> str:
        snapshot = self._model.snapshot
        profile = snapshot.profile(connection.settings.pms_key) if snapshot else None
        organization = connection.report.organization_name if connection.report else None
        title = profile.title if profile else str(connection.settings.pms_key)
        checked = checked_words(connection, self._model.services.utc_now())
        return " \u00b7 ".join(part for part in (title, organization, checked) if part)

    def _show_trouble(self, entry: ConnectionCard) -> None:
        """A hold or a failed test: its sentence and the one next step. A light that is fine says nothing more."""
        if entry.hold is not None:
            kind, sentences = "warn", (entry.hold, entry.next_step)
        elif entry.light.value == "green" or (entry.connection.is_enabled and entry.light.value == "yellow"):
            self.trouble.tell("")
            return
        else:
            kind, sentences = _NOTICE_OF_LIGHT[entry.light.value], (entry.words, entry.next_step)
        words = " ".join(say_sentence(sentence) for sentence in sentences if sentence is not None)
        if entry.light.value == "grey" and entry.next_step is None:
            words = f"{words} {tr('Press Test Connection.')}"
        self.trouble.tell(words, kind)

    def _show_places(self, connection: Connection) -> None:
        model = self._model
        snapshot = model.snapshot
        places = of_connection(snapshot.places, self._id) if snapshot else of_connection({}, self._id)
        self.places.setVisible(connection.is_enabled)
        self.places.show_places(connection, places, may_change=model.may(Action.MANAGE_CONNECTIONS))
        self.links.show_places(places, may_change=model.may(Action.LINK_PEOPLE))
        self.links.setVisible(connection.is_enabled and any(row.link is None for row in places.providers))

    def show_work(self) -> None:
        """What is under way: sync, test, the last answer."""
        model = self._model
        entry = model.snapshot.card(self._id) if model.snapshot else None
        is_enabled = entry is None or entry.connection.is_enabled
        attempt = model.tests.get(self._id)
        if attempt is not self._attempt:
            self._attempt = attempt
            if attempt is not None:
                self.steps.begin(tr("Testing \u2026"))
                attempt.stepped.connect(self._on_step)
            else:
                self.steps.clear_steps()
        is_busy = attempt is not None
        sync = model.syncs.get(self._id)
        self.progress.show_state(sync)
        note = model.notes.get(self._id)
        self.said.tell(note.words if note and not is_busy else "", note.kind if note else "muted")
        may_sync, may_manage = model.may(Action.SYNC), model.may(Action.MANAGE_CONNECTIONS)
        self.sync.setVisible(is_enabled)
        self.sync.setEnabled(may_sync and sync is None and (entry is None or may_be_read(entry.connection)))
        self.test.setVisible(is_enabled and not is_busy)
        self.test.setEnabled(may_sync)
        self.stop.setVisible(is_busy)
        self.stop.setEnabled(attempt is not None and not attempt.is_stopping)
        self.reconnect.setEnabled(may_manage and not is_busy)
        needs_reconnect = entry is not None and not may_be_read(entry.connection)
        set_kind(self.reconnect, "primary" if needs_reconnect else "")
        set_kind(self.sync, "" if needs_reconnect else "primary")
        self.off.setVisible(is_enabled)
        self.off.setEnabled(may_manage and not is_busy)

    def _on_step(self, check: Check) -> None:
        self.steps.add(check)

    def _on_sync(self) -> None:
        self._model.sync(self._id)

    def _on_cancel_sync(self) -> None:
        self._model.cancel_sync(self._id)

    def _on_test(self) -> None:
        self._model.test(self._id)

    def _on_stop(self) -> None:
        if self._attempt is not None:
            self._attempt.stop()
            self.steps.say_running(tr("Stopping after the step under way \u2026"))
            self.show_work()

    def _on_location(self, location_id: str) -> None:
        self._model.choose_location(self._id, PmsLocationId(location_id))

    def _on_provider(self, pms_provider_id: object) -> None:
        chosen = PmsProviderId(pms_provider_id) if isinstance(pms_provider_id, str) else None
        self._model.set_default_provider(self._id, chosen)

    def _on_linked(self, provider_id: int, pms_provider_id: str) -> None:
        self._model.link_provider(self._id, ProviderId(provider_id), PmsProviderId(pms_provider_id))


