"""Settings -> PMS Integrations: every PMS as a card, and each connection with its light, Test, Sync, Disconnect."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtWidgets import QDialog, QHBoxLayout, QProgressBar, QWidget

from denticode_desktop.domain.connection import ConnectionReport
from denticode_desktop.domain.errors import DenticodeError
from denticode_desktop.domain.events import SyncFinished, SyncProgressed
from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.ports.pms import ConnectionSecrets, PmsProfile
from denticode_desktop.services.status_board import CardLight, ConnectionCard

from .add_connection import AddConnectionDialog, SecretsDialog
from .messages import words_of
from .page import Page
from .widgets import PlainLabel, button, card, clear, confirm
from .window_services import PageContext

LIGHTS = {
    CardLight.GREEN: ("\u25cf Ready", "good"),
    CardLight.YELLOW: ("\u25b2 Limited", "warn"),
    CardLight.FAILED: ("\u2716 Not working", "bad"),
    CardLight.GREY: ("\u25cb Not proven now", "muted"),
}


class ConnectionsPage(Page):
    """Connections first, then what each PMS can do."""

    def __init__(self, context: PageContext) -> None:
        super().__init__("PMS Integrations")
        self._practice = context.services
        self._actor = context.services.actor
        self._tasks = context.tasks
        self._engine = context.services.engine
        self._cards: Sequence[ConnectionCard] = ()
        self._bars: dict[ConnectionId, QProgressBar] = {}
        self.bar.addWidget(button("Add Connection \u2026", self._add, name="connectionAdd", kind="primary"))

    def refresh(self) -> None:
        """Reads cards and profiles off the UI thread."""

        def read() -> tuple[Sequence[ConnectionCard], Sequence[PmsProfile]]:
            return self._practice.board.connection_cards(), self._practice.connect.profiles()

        self._tasks.run(read, lambda found: self._show(*found), self._failed)

    def _show(self, cards: Sequence[ConnectionCard], profiles: Sequence[PmsProfile]) -> None:
        self._cards = cards
        self._bars.clear()
        clear(self.body)
        if not cards:
            frame, layout = card()
            layout.addWidget(PlainLabel("No PMS connected yet.", name="sectionTitle"))
            layout.addWidget(PlainLabel("Press Add Connection. You need three values from your PMS administrator."))
            self.body.addWidget(frame)
        for entry in cards:
            self.body.addWidget(self._connection(entry))
        for profile in profiles:
            self.body.addWidget(_profile_card(profile))
        self.body.addStretch(1)

    def _connection(self, entry: ConnectionCard) -> QWidget:
        connection = entry.connection
        frame, layout = card()
        head = QHBoxLayout()
        name = f"{connection.settings.name} \u00b7 {connection.settings.environment.value.capitalize()}"
        head.addWidget(PlainLabel(name, name="sectionTitle"), 1)
        words, kind = LIGHTS[entry.light]
        head.addWidget(PlainLabel(words, kind=kind), 1)
        layout.addLayout(head)
        layout.addWidget(PlainLabel(str(entry.words)))
        if entry.hold is not None:
            layout.addWidget(PlainLabel(str(entry.hold), kind="warn"))
        if entry.next_step is not None:
            layout.addWidget(PlainLabel(f"Next step: {entry.next_step}", kind="warn"))
        report = connection.report
        for permission in report.missing_permissions if report else ():
            layout.addWidget(PlainLabel(f"\u25b2 Missing permission: {permission.value}", kind="warn"))
        unproven = [p.value for p in (report.unconfirmed_permissions if report else ())
                    if p not in connection.write_confirmed]  # fmt: skip
        if unproven:
            layout.addWidget(PlainLabel("Writing not yet confirmed: " + ", ".join(unproven), kind="muted"))
        times = [
            f"{label} {at.astimezone():%d %b %H:%M}"
            for label, at in (
                ("tested", connection.tested_at), ("last good read", connection.last_good_read_at),
                ("last good write", connection.last_good_write_at),
            )
            if at is not None
        ]  # fmt: skip
        times.append(f"{connection.calls_this_month} calls this month")
        layout.addWidget(PlainLabel(" \u00b7 ".join(times), kind="muted"))
        bar = QProgressBar()
        bar.setAccessibleName("Sync progress")
        bar.hide()
        self._bars[connection.connection_id] = bar
        layout.addWidget(bar)
        layout.addLayout(self._buttons(entry))
        return frame

    def _buttons(self, entry: ConnectionCard) -> QHBoxLayout:
        connection_id, number = entry.connection.connection_id, entry.connection.connection_id
        line = QHBoxLayout()
        if entry.connection.is_enabled:
            line.addWidget(button("Test Connection", partial(self._test, connection_id), name=f"test{number}"))
            line.addWidget(
                button("Sync Now", partial(self._engine.sync_now, connection_id), name=f"sync{number}", kind="primary")
            )
            line.addWidget(button("Stop sync", partial(self._engine.cancel_sync, connection_id), name=f"stop{number}"))
            line.addWidget(button("Disconnect \u2026", partial(self._disconnect, entry), name=f"disconnect{number}"))
        line.addWidget(button("Reconnect \u2026", partial(self._reconnect, entry), name=f"reconnect{number}"))
        line.addStretch(1)
        return line

    def sync_all(self) -> None:
        """Sync Now for every enabled connection (F5)."""
        for entry in self._cards:
            if entry.connection.is_enabled:
                self._engine.sync_now(entry.connection.connection_id)

    def on_event(self, event: object) -> None:
        """As Page."""
        if isinstance(event, SyncProgressed):
            self.on_progress(event)
        elif isinstance(event, SyncFinished):
            self.on_finished(event)

    def on_progress(self, event: SyncProgressed) -> None:
        """Moves the bar."""
        bar = self._bars.get(event.connection_id)
        if bar is None:
            return
        bar.show()
        bar.setMaximum(event.total or 0)
        bar.setValue(event.done if event.total else 0)
        bar.setFormat(f"{event.kind}: %v of %m" if event.total else f"{event.kind}: {event.done}")

    def on_finished(self, event: SyncFinished) -> None:
        """Says how it ended."""
        bar = self._bars.get(event.connection_id)
        if bar is not None:
            bar.hide()
        self.tell(event.sentence, "good" if event.outcome == "ok" else "warn")

    def _test(self, connection_id: ConnectionId) -> None:
        self.tell("Testing \u2026")
        self._tasks.run(
            lambda: self._practice.connect.test(self._actor, connection_id, lambda _check: None),
            self._tested,
            self._failed,
        )

    def _tested(self, report: ConnectionReport) -> None:
        kind = {"green": "good", "yellow": "warn", "failed": "bad"}[report.light.value]
        words = " ".join(part for part in (report.sentence, report.next_step) if part)
        self.tell(words or f"Result: {report.light.value}.", kind)
        self._engine.reload()
        self.refresh()

    def _disconnect(self, entry: ConnectionCard) -> None:
        text = "Nothing is sent over it until you reconnect. What waits stays queued; its credentials are removed."
        if confirm(self, f"Disconnect {entry.connection.settings.name}", text, "Disconnect"):
            connection_id = entry.connection.connection_id
            self._tasks.run(
                lambda: self._practice.connect.disconnect(self._actor, connection_id),
                lambda _: self._changed(),
                self._failed,
            )

    def _reconnect(self, entry: ConnectionCard) -> None:
        profile = next(
            p for p in self._practice.connect.profiles() if p.pms_key == entry.connection.settings.pms_key
        )
        dialog = SecretsDialog(self, profile)
        if dialog.exec() != QDialog.DialogCode.Accepted:
            return
        secrets: ConnectionSecrets | None = dialog.take()
        connection_id = entry.connection.connection_id
        self._tasks.run(
            lambda: self._practice.connect.reconnect(self._actor, connection_id, secrets, lambda _check: None),
            self._tested,
            self._failed,
        )

    def _add(self) -> None:
        dialog = AddConnectionDialog(self, self._practice, self._actor, self._tasks)
        if dialog.exec() == QDialog.DialogCode.Accepted and dialog.connection_id is not None:
            self._engine.reload()
            self._engine.sync_now(dialog.connection_id)
            self.tell("Connected. The first sync is running.", "good")
        self.refresh()

    def _changed(self) -> None:
        self._engine.reload()
        self.refresh()

    def _failed(self, error: DenticodeError) -> None:
        self.tell(words_of(error), "bad")


def _profile_card(profile: PmsProfile) -> QWidget:
    frame, layout = card()
    layout.addWidget(PlainLabel(f"{profile.title} \u00b7 {profile.availability}", name="sectionTitle"))
    layout.addWidget(PlainLabel(profile.summary))
    layout.addWidget(PlainLabel(f"Route: {profile.route}. {profile.confidence}", kind="muted"))
    for kind, why in (profile.capabilities.why_not if profile.capabilities else {}).items():
        layout.addWidget(PlainLabel(f"{kind.value.capitalize()}s: {why}", kind="muted"))
    return frame
