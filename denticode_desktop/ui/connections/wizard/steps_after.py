"""Steps after Connect was pressed: live checks, the result, and what to choose while the first sync runs."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QProgressBar

from denticode_desktop.domain.access import Action
from denticode_desktop.domain.connection import Check, CheckOutcome, ConnectionReport, Environment, Light
from denticode_desktop.domain.ids import ConnectionId, PmsLocationId, PmsProviderId, ProviderId
from denticode_desktop.ports.pms import PmsProfile
from denticode_desktop.ui.theme import SPACE_2
from denticode_desktop.ui.widgets import Card, IconLabel, Notice, PlainLabel, button, rule
from denticode_desktop.ui.words import tr

from ..model import ConnectionsModel, of_connection
from ..pieces import CheckList, MissingBox, SyncBar
from ..places_box import LinkBox, PlacesBox
from ..signs import SignLine
from ..words import administrator_text, report_text, result_status
from .step import Step


class ConnectStep(Step):
    """4: every check appears as it ends."""

    def __init__(self) -> None:
        super().__init__("wizardConnect")
        self.title = tr("Connecting \u2026")
        self.lead = tr("The PMS is asked what this connection may do. Nothing is written to any chart.")
        self.next_words = tr("Connecting \u2026")
        self.bar = QProgressBar()
        self.bar.setObjectName("wizardConnectBar")
        self.bar.setAccessibleName(tr("Connecting"))
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.inner.addWidget(self.bar)
        self.steps = CheckList("wizardSteps")
        self.inner.addWidget(self.steps)
        self.inner.addStretch(1)

    @property
    def may_go_on(self) -> bool:
        """As Step: it goes on by itself."""
        return False

    def begin(self) -> None:
        """No step yet."""
        self.steps.begin(tr("Signing in \u2026"))

    @Slot(object)
    def on_step(self, check: Check) -> None:
        """A step ended."""
        self.steps.add(check)
        self.steps.say_running(tr("Checking \u2026"))

    def say_stopping(self) -> None:
        """Stop was pressed."""
        self.steps.say_running(tr("Stopping after the step under way \u2026"))


class ResultStep(Step):
    """5: green, yellow or failed, with one sentence, one next step, and what to copy."""

    def __init__(self) -> None:
        super().__init__("wizardResult")
        head = QHBoxLayout()
        head.setSpacing(SPACE_2)
        self._icon = IconLabel("circle", "muted", 32)
        self.word = PlainLabel("", kind="section", name="wizardResultWord")
        head.addWidget(self._icon)
        head.addWidget(self.word, 1)
        self.inner.addLayout(head)
        self.sentence = PlainLabel("", name="wizardResultSentence")
        self.inner.addWidget(self.sentence)
        self.next_step = PlainLabel("", kind="strong", name="wizardResultNext")
        self.inner.addWidget(self.next_step)
        self.missing = MissingBox("wizardMissing")
        self.inner.addWidget(self.missing)
        self.note = Notice(name="wizardResultNote")
        self.inner.addWidget(self.note)
        self.inner.addWidget(rule())
        self.inner.addWidget(PlainLabel(tr("What was checked"), kind="caption"))
        self.steps = CheckList("wizardResultSteps")
        self.inner.addWidget(self.steps)
        row = QHBoxLayout()
        copy = button(tr("Copy result for IT"), self._copy, name="wizardResultCopy", kind="quiet", icon_name="copy")
        row.addWidget(copy)
        row.addStretch(1)
        self.inner.addLayout(row)
        self.inner.addStretch(1)
        self._text = ""
        self.is_failed = True

    def show_report(
        self, report: ConnectionReport, profile: PmsProfile, name: str, environment: Environment, organization_id: str
    ) -> None:
        """What came of it."""
        status = result_status(report.light)
        self.is_failed = report.light is Light.FAILED
        self._icon.set_icon(status.icon_name, status.role)
        self.word.say(self._headline(report))
        self.title = tr("Result")
        self.lead = name if self.is_failed else tr("{name} is connected and saved.").format(name=name)
        self.sentence.say(report.sentence or ("" if self.is_failed else tr("Everything needed can be read.")))
        is_limited = report.light is Light.YELLOW
        ask = tr("Copy the text below and send it to your PMS administrator. What works goes on working.")
        self.next_step.set_words(ask if is_limited else report.next_step, "strong" if self.is_failed else "")
        self.next_step.setVisible(bool(self.next_step.text()))
        self.missing.show_report(report, administrator_text(profile.title, organization_id, report))
        self.note.tell("")
        self.steps.clear_steps()
        for check in report.checks:
            if check.outcome is not CheckOutcome.SKIPPED or check.words:
                self.steps.add(check)
        self._text = report_text(name, environment, report)
        self.next_words = tr("Back to the values") if self.is_failed else tr("Next")

    def _headline(self, report: ConnectionReport) -> str:
        word = tr(result_status(report.light).word)
        return f"{word}: {report.organization_name}" if report.organization_name and not self.is_failed else word

    def show_failure(self, sentence: str, name: str) -> None:
        """Nothing came of it, and it was not the PMS that said so."""
        self.is_failed = True
        self._icon.set_icon("x-circle", "bad")
        self.word.say(tr("Not connected"))
        self.title, self.lead = tr("Result"), name
        self.sentence.say(sentence)
        self.next_step.hide()
        self.missing.show_report(None, "")
        self.note.tell("")
        self.steps.clear_steps()
        self._text = f"{name}: {sentence}"
        self.next_words = tr("Back to the values")

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._text)
        self.note.tell(tr("Copied. No secret is in it."), "good")


class FinishStep(Step):
    """6: location, default provider, links - while the first sync fills the lists."""

    def __init__(self, model: ConnectionsModel) -> None:
        super().__init__("wizardFinish")
        self.title = tr("First sync")
        self.lead = tr("You can close this window at any time: the sync goes on in the background.")
        self.next_words = tr("Finish")
        self._model = model
        self._id: ConnectionId | None = None
        box = Card(name="wizardSync")
        self.progress = SyncBar("wizardSyncProgress")
        self.progress.cancelled.connect(self._on_cancel)
        box.inner.addWidget(self.progress)
        self.done = SignLine("", "check-circle", "good", name="wizardSyncDone", size=18)
        box.inner.addWidget(self.done)
        self.again = button(tr("Sync Now"), self._on_sync, name="wizardSyncAgain", icon_name="refresh")
        box.inner.addWidget(self.again, 0, Qt.AlignmentFlag.AlignLeft)
        self.inner.addWidget(box)
        self.places = PlacesBox("wizardPlaces")
        self.places.location_chosen.connect(self._on_location)
        self.places.provider_chosen.connect(self._on_provider)
        self.inner.addWidget(self.places)
        self.links = LinkBox("wizardLinks")
        self.links.linked.connect(self._on_linked)
        self.inner.addWidget(self.links)
        self.inner.addStretch(1)
        model.changed.connect(self.show_state)
        model.moved.connect(self._on_moved)

    def begin(self, connection_id: ConnectionId) -> None:
        """Starts the first sync."""
        self._id = connection_id
        self._model.sync(connection_id)
        self._model.refresh()
        self.show_state()

    @Slot(int)
    def _on_moved(self, connection_id: int) -> None:
        if connection_id == self._id:
            self.show_state()

    @Slot()
    def show_state(self) -> None:
        """Progress, the last answer and the lists as they are by now."""
        if self._id is None:
            return
        model = self._model
        sync, note = model.syncs.get(self._id), model.notes.get(self._id)
        self.progress.show_state(sync)
        icons = {"good": "check-circle", "warn": "warning", "bad": "x-circle", "muted": "info"}
        if note is not None:
            self.done.set_sign(note.words, icons.get(note.kind, "info"), note.kind)
        self.done.setVisible(note is not None)
        self.again.setVisible(sync is None and note is not None and note.kind in ("warn", "bad", "muted"))
        entry = model.snapshot.card(self._id) if model.snapshot else None
        if entry is None or model.snapshot is None:
            return
        places = of_connection(model.snapshot.places, self._id)
        self.places.show_places(entry.connection, places, may_change=model.may(Action.MANAGE_CONNECTIONS))
        self.links.show_places(places, may_change=model.may(Action.LINK_PEOPLE))

    def _on_cancel(self) -> None:
        if self._id is not None:
            self._model.cancel_sync(self._id)

    def _on_sync(self) -> None:
        if self._id is not None:
            self._model.sync(self._id)

    def _on_location(self, location_id: str) -> None:
        if self._id is not None:
            self._model.choose_location(self._id, PmsLocationId(location_id))

    def _on_provider(self, pms_provider_id: object) -> None:
        if self._id is not None:
            chosen = PmsProviderId(pms_provider_id) if isinstance(pms_provider_id, str) else None
            self._model.set_default_provider(self._id, chosen)

    def _on_linked(self, provider_id: int, pms_provider_id: str) -> None:
        if self._id is not None:
            self._model.link_provider(self._id, ProviderId(provider_id), PmsProviderId(pms_provider_id))
