"""What a person does with one Lab: preview and finalize, send, settle what stands in the way, decide, add."""

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog

from denticode_desktop.domain.access import Action
from denticode_desktop.domain.connection import ConnectionReport, Light
from denticode_desktop.domain.errors import DenticodeError, UserError
from denticode_desktop.domain.ids import ConnectionId, ItemId, LabId
from denticode_desktop.domain.write_back import DecisionRequest
from denticode_desktop.ui.messages import words_of
from denticode_desktop.ui.operations import Decision, MatchCase, may, read_decision, read_match, test_connection
from denticode_desktop.ui.page import Page
from denticode_desktop.ui.today.choose_patient import ChoosePatientDialog
from denticode_desktop.ui.today.decide import DecideDialog
from denticode_desktop.ui.today.offers import RESULT_WORDS, Offer
from denticode_desktop.ui.window_services import PageContext
from denticode_desktop.ui.words import tr

from .preview import FinalizeCase, Outcome, PreviewDialog, read_case
from .reading import LabPicture, Obstacle, Settle
from .send import ChoosePmsDialog, Finalized, Queued, Target, finalize_lab, send_lab, targets_of

T = TypeVar("T")


class LabActions(QObject):
    """Speaks through the page's notice. `changed`: the Lab of that id is to be read again."""

    changed = Signal(object)

    def __init__(self, page: Page, context: PageContext) -> None:
        super().__init__(page)
        self._page = page
        self._context = context
        self._services = context.services
        self._asked: list[int] = []
        self._is_sending = False

    def _run(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        self._page.tell("")
        self._context.tasks.run(work, done, self._page.tell_error, owner=self._page)

    def _end(self, lab_id: LabId, words: str, kind: str = "good") -> None:
        self._page.tell(words, kind)
        self._context.go.changed()
        self.changed.emit(lab_id)

    # -- finalize ------------------------------------------------------------------------------------------------

    def preview(self, lab_id: LabId) -> None:
        """What finalizing would do, then as the person chooses."""
        services = self._services
        self._run(lambda: read_case(services, lab_id), self._show_case)

    def _show_case(self, case: FinalizeCase) -> None:
        dialog = PreviewDialog(self._page, case)
        if dialog.exec() != QDialog.DialogCode.Accepted:
            return
        services, and_send = self._services, dialog.outcome is Outcome.FINALIZE_AND_SEND
        self._run(
            lambda: finalize_lab(services, case.lab_id, and_send=and_send),
            lambda done: self._finalized(case.lab_id, done),
        )

    def _finalized(self, lab_id: LabId, done: Finalized) -> None:
        self._end(lab_id, done.words, done.kind)
        if done.targets:
            self._choose_pms(lab_id, list(done.targets))

    # -- send ----------------------------------------------------------------------------------------------------

    def send(self, picture: LabPicture) -> None:
        """To the only PMS that fits, or to the one that the person chooses."""
        targets = targets_of(picture.view, picture.cards)
        if len(targets) == 1:
            self._send_to(picture.view.lab_id, targets[0].connection_id)
        elif targets:
            self._choose_pms(picture.view.lab_id, targets)

    def _choose_pms(self, lab_id: LabId, targets: list[Target]) -> None:
        dialog = ChoosePmsDialog(self._page, targets)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self._send_to(lab_id, dialog.chosen.connection_id)

    def _send_to(self, lab_id: LabId, connection_id: ConnectionId) -> None:
        if self._is_sending:
            return
        self._is_sending = True
        services = self._services
        self._page.tell("")
        self._context.tasks.run(
            lambda: send_lab(services, lab_id, connection_id),
            lambda queued: self._sent(lab_id, queued),
            lambda error: self._send_failed(lab_id, connection_id, error),
            owner=self._page,
        )

    def _sent(self, lab_id: LabId, queued: Queued) -> None:
        self._is_sending = False
        self._end(lab_id, queued.words, queued.kind)

    def _send_failed(self, lab_id: LabId, connection_id: ConnectionId, error: DenticodeError) -> None:
        self._is_sending = False
        settle = _settle_of(error)
        if settle is Settle.CHOOSE_PATIENT and not may(self._services.actor, Action.LINK_PEOPLE):
            settle = Settle.NOTHING
        obstacle = Obstacle("", settle, "bad", connection_id)
        self._page.tell(
            words_of(error), "bad", button_text=tr(settle.value) if settle else "",
            on_press=lambda: self.settle(lab_id, obstacle),
        )  # fmt: skip
        self.changed.emit(lab_id)

    # -- what stands in the way ----------------------------------------------------------------------------------

    def settle(self, lab_id: LabId, obstacle: Obstacle) -> None:
        """Presses an obstacle's button."""
        connection_id = obstacle.connection_id
        if obstacle.settle is Settle.CHOOSE_PATIENT:
            self._choose_patient(lab_id, connection_id)
        elif obstacle.settle is Settle.TEST and connection_id is not None:
            self._test(lab_id, connection_id)
        elif obstacle.settle is Settle.SYNC and connection_id is not None:
            self._services.engine.sync_now(connection_id)
            self._page.tell(tr("Sync Now is running. This Lab is looked at again when it is done."), "info")
        elif obstacle.settle is Settle.RESUME and obstacle.writeback_id is not None:
            services, writeback_id = self._services, obstacle.writeback_id
            self._run(
                lambda: services.outbox.resume(services.actor, writeback_id),
                lambda _none: self._end(lab_id, tr("Sending goes on.")),
            )
        else:
            self._context.go.open_connection(connection_id, reconnect=obstacle.settle is Settle.RECONNECT)

    def _choose_patient(self, lab_id: LabId, connection_id: ConnectionId | None) -> None:
        services = self._services
        self._run(lambda: read_match(services, lab_id, connection_id), self._show_match)

    def _show_match(self, case: MatchCase) -> None:
        if case.connection_id is None:
            self._end(case.lab_id, tr("The patient is matched already. Press Send Lab to PMS."), "info")
            return
        can_send = may(self._services.actor, Action.SEND_LABS)
        dialog = ChoosePatientDialog(self._page, self._context, case, can_send=can_send)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self._end(case.lab_id, dialog.result_words)

    def _test(self, lab_id: LabId, connection_id: ConnectionId) -> None:
        services = self._services
        self._page.tell(tr("Testing the connection \u2026"), "muted")
        self._context.tasks.run(
            lambda: test_connection(services, connection_id), lambda report: self._tested(lab_id, report),
            self._page.tell_error, owner=self._page,
        )  # fmt: skip

    def _tested(self, lab_id: LabId, report: ConnectionReport) -> None:
        kind = {Light.GREEN: "good", Light.YELLOW: "warn", Light.FAILED: "bad"}[report.light]
        words = " ".join(part for part in (report.sentence, report.next_step) if part)
        self._end(lab_id, words or tr("The connection was tested."), kind)

    # -- deciding ------------------------------------------------------------------------------------------------

    def decide(self, item_id: ItemId) -> None:
        """Our entry and the chart's side by side."""
        services = self._services
        self._run(lambda: read_decision(services, item_id), self._show_decision)

    def _show_decision(self, decision: Decision) -> None:
        dialog = DecideDialog(self._page, self._context, decision)
        if dialog.exec() != QDialog.DialogCode.Accepted:
            return
        lab_id = decision.view.lab_id
        if dialog.leads_to is Offer.OPEN_LAB:
            self._page.tell(tr("Write an addendum with what is right, then finalize and send it."), "info")
        elif dialog.leads_to is Offer.MATCH:
            self._choose_patient(lab_id, decision.view.item.connection_id)
        elif dialog.request is not None:
            self._asked.append(dialog.request.request_id)
            self._end(lab_id, tr("Noted. The chart is looked at first, then it is done as you said."))

    def read_results(self) -> list[DecisionRequest]:
        """Off the UI thread: how earlier decisions stand."""
        return [self._services.decision(number) for number in list(self._asked)]

    def tell_results(self, requests: list[DecisionRequest]) -> None:
        """Those that ended without a change are said, once each."""
        for request in requests:
            if request.result and request.request_id in self._asked:
                self._asked.remove(request.request_id)
                words = RESULT_WORDS.get(request.result)
                if words:
                    self._page.tell(tr(words), "warn")

    # -- addendum ------------------------------------------------------------------------------------------------

    def addendum(self, lab_id: LabId) -> None:
        """An empty draft of the next revision."""
        services = self._services
        self._run(
            lambda: services.labs.addendum(services.actor, lab_id),
            lambda _revision: self._end(lab_id, tr("Write the addendum, then finalize it."), "info"),
        )


    def drop_draft(self, lab_id: LabId) -> None:
        """Takes the draft back; what was finalized before stays as it is."""
        services = self._services
        self._run(
            lambda: services.labs.discard_draft(services.actor, lab_id),
            lambda _none: self._end(lab_id, tr("The draft was deleted. What was finalized is as it was."), "info"),
        )


def _settle_of(error: DenticodeError) -> Settle:
    """The button that leads on from why Send was refused."""
    field = error.field if isinstance(error, UserError) else ""
    if field == "patient":
        return Settle.CHOOSE_PATIENT
    if field == "provider":
        return Settle.PROVIDER
    return Settle.INTEGRATIONS if field in ("location", "connection") else Settle.NOTHING
