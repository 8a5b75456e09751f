"""Today: what needs a person, what waits and why, what is in the chart - one sentence and one button a row."""

# ruff: noqa: PLC0415 - imports inside functions: the first lists do not wait for the dialogs that their buttons open

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QDialog, QHBoxLayout

from denticode_desktop.domain.access import Action
from denticode_desktop.services.status_board import RowAction
from denticode_desktop.ui.page import Page, PageState
from denticode_desktop.ui.reader import Reader
from denticode_desktop.ui.rights import may
from denticode_desktop.ui.shortcuts import Command, with_key
from denticode_desktop.ui.theme import SPACE_3
from denticode_desktop.ui.times import clock_time, local_midnight
from denticode_desktop.ui.widgets import BusyBar, EmptyState, button
from denticode_desktop.ui.widgets.chips import IN_CHART, NEEDS_YOU, WAITING
from denticode_desktop.ui.words import tr

from .rows import Press, RowWords, words_of_row
from .section import Section
from .tile import Tile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QHideEvent, QShowEvent

    from denticode_desktop.domain.connection import ConnectionReport
    from denticode_desktop.domain.errors import DenticodeError
    from denticode_desktop.domain.ids import ConnectionId, ItemId, LabId
    from denticode_desktop.domain.write_back import DecisionRequest
    from denticode_desktop.services.status_board import StripView, TodayRow, TodayView
    from denticode_desktop.ui.operations import Decision, MatchCase, Sent, ToSend
    from denticode_desktop.ui.task_runner import Task
    from denticode_desktop.ui.window_services import PageContext

    _Read = tuple[TodayView, StripView, list[DecisionRequest]]

AGES_EVERY_MS = 20_000
T = TypeVar("T")


class TodayPage(Page):
    """Three counts, three lists."""

    def __init__(self, context: PageContext) -> None:
        super().__init__(tr("Today"), tr("Reading \u2026"))
        self._context = context
        self._services = context.services
        self._view: TodayView | None = None
        self._asked: list[int] = []
        self._sending: Task | None = None
        self._send_all = button(
            tr("Send all finalized"), self._on_send_all, name="sendAll", kind="primary", icon_name="send",
            tip=with_key(tr("Send all finalized"), Command.SEND),
        )  # fmt: skip
        self._send_all.setEnabled(False)
        self.add_action(self._send_all)
        self.busy = BusyBar(name="sendBusy", on_cancel=self._stop_sending)
        self.body.addWidget(self.busy)
        self._build_lists()
        self._reader = Reader(self, context.tasks, self._read, self._show, self._read_failed)
        self._ages = QTimer(self)
        self._ages.setInterval(AGES_EVERY_MS)
        self._ages.timeout.connect(self._show_ages)
        self.show_state(PageState.LOADING)

    def _build_lists(self) -> None:
        now = self._services.utc_now
        self._sections = {
            "needs_you": Section("needs_you", tr("Needs you"), tr("Nothing needs you right now."), NEEDS_YOU, now),
            "waiting": Section("waiting", tr("Waiting"), tr("Nothing waits."), WAITING, now),
            "in_chart": Section(
                "in_chart", tr("In chart today"), tr("Nothing was written today yet."), IN_CHART, now, is_done=True
            ),
        }  # fmt: skip
        words = {"needs_you": (tr("Needs you"), NEEDS_YOU), "waiting": (tr("Waiting"), WAITING)}
        words["in_chart"] = (tr("In chart today"), IN_CHART)
        self._tiles = {name: Tile(f"{name}Tile", word, status) for name, (word, status) in words.items()}
        line = QHBoxLayout()
        line.setSpacing(SPACE_3)
        for name, tile in self._tiles.items():
            tile.clicked.connect(lambda _checked=False, wanted=name: self._go_to(wanted))
            line.addWidget(tile)
        self.body.addLayout(line)
        for section in self._sections.values():
            section.pressed.connect(self._act)
            self.body.addWidget(section)
        self.body.addStretch(1)

    # -- reading -------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Reads the lists off the UI thread; many calls are one read."""
        self._reader.read()

    def _read(self) -> _Read:
        board = self._services.board
        midnight = local_midnight(self._services.utc_now())
        return board.today(midnight), board.strip(), [self._services.decision(number) for number in self._asked]

    def _show(self, read: _Read) -> None:
        view, strip, requests = read
        self._view = view
        self._tell_results(requests)
        self.subtitle.say(tr("Checked at {time}").format(time=clock_time(self._services.utc_now())))
        self.subtitle.show()
        is_new = not (view.needs_you or view.waiting or view.in_chart)
        if is_new and not strip.cards:
            self._show_welcome()
            return
        for name, section in self._sections.items():
            rows: Sequence[TodayRow] = getattr(view, name)
            self._tiles[name].show_count(len(rows))
            section.show_rows(rows)
        unsent = sum(1 for row in view.waiting if _is_unsent(row))
        can_send = may(self._services.actor, Action.SEND_LABS)
        self._send_all.setVisible(can_send)
        self._send_all.setEnabled(unsent > 0 and self._sending is None)
        words = tr("Send all finalized ({n})").format(n=unsent) if unsent else tr("Send all finalized")
        self._send_all.set_words(words)
        self.show_full()

    def _show_welcome(self) -> None:
        self._send_all.hide()
        if self.state is PageState.EMPTY:
            return
        self.show_empty(
            EmptyState(
                "plug", tr("No PMS is connected yet"),
                tr("Connect your practice-management system first. Then finalized Labs go into the right chart."),
                button_text=tr("Add Connection \u2026"), button_name="welcomeConnect",
                on_press=lambda: self._context.go.open_page("connections"),
            )
        )  # fmt: skip

    def _read_failed(self, error: DenticodeError) -> None:
        if self._view is None:
            self.subtitle.hide()
            self.show_error(error)
        else:
            self.tell_error(error)

    def _tell_results(self, requests: Sequence[DecisionRequest]) -> None:
        """How earlier decisions ended, once each."""
        for request in requests:
            if request.result and request.request_id in self._asked:
                from .offers import RESULT_WORDS

                self._asked.remove(request.request_id)
                words = RESULT_WORDS.get(request.result)
                self.tell(tr(words) if words else "", "warn")

    def _show_ages(self) -> None:
        for section in self._sections.values():
            section.show_ages()

    def showEvent(self, event: QShowEvent) -> None:
        """Ages move only while somebody can see them."""
        super().showEvent(event)
        self._ages.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """As above."""
        super().hideEvent(event)
        self._ages.stop()

    def _go_to(self, name: str) -> None:
        section = self._sections[name]
        self.scroll_to(section)
        section.focus_first()

    def on_command(self, command: Command) -> bool:
        """Ctrl+Enter sends all that is finalized, after the check."""
        if command is Command.SEND and self._send_all.isEnabled():
            self._on_send_all()
            return True
        return False

    # -- acting --------------------------------------------------------------------------------------------------

    def _act(self, words: RowWords) -> None:
        row = words.row
        if words.press is Press.OPEN_LAB and row.lab_id is not None:
            self._context.go.open_lab(row.lab_id)
        elif words.press is Press.SEND and row.lab_id is not None:
            self._send([_to_send(words)])
        elif words.press is Press.CHOOSE_PATIENT and row.lab_id is not None:
            self._open_match(row.lab_id, None)
        elif words.press is Press.DECIDE and row.item_id is not None:
            self._open_decision(row.item_id)
        elif words.press is Press.RESUME and row.item_id is not None:
            self._resume(row.item_id)
        elif words.press is Press.TEST and row.connection_id is not None:
            self._test(row.connection_id)
        elif words.press is Press.RECONNECT:
            self._context.go.open_connection(row.connection_id, reconnect=True)
        else:
            self._context.go.open_connection(row.connection_id)

    def _open_decision(self, item_id: ItemId) -> None:
        from denticode_desktop.ui.operations import read_decision

        self._run(lambda: read_decision(self._services, item_id), self._show_decision)

    def _resume(self, item_id: ItemId) -> None:
        from denticode_desktop.ui.operations import resume_item

        self._run(lambda: resume_item(self._services, item_id), lambda _none: self._context.go.changed())

    def _run(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        self.tell("")
        self._context.tasks.run(work, done, self.tell_error, owner=self)

    def _unsent(self) -> list[ToSend]:
        rows = self._view.waiting if self._view else ()
        return [_to_send(words_of_row(row)) for row in rows if _is_unsent(row)]

    def _on_send_all(self) -> None:
        from .send_all import SendAllDialog

        dialog = SendAllDialog(self, self._unsent())
        if dialog.exec() == QDialog.DialogCode.Accepted and dialog.chosen:
            self._send(dialog.chosen)

    def _send(self, labs: Sequence[ToSend]) -> None:
        from denticode_desktop.ui.operations import send_labs

        self.tell("")
        total = len(labs)
        self._send_all.setEnabled(False)
        if total > 1:
            self.busy.show_work(tr("Queueing {n} Labs \u2026").format(n=total), 0, total)
        self._sending = self._context.tasks.run_task(
            lambda task: send_labs(self._services, labs, task), self._sent, self._send_failed,
            progress=lambda done: self.busy.show_work(tr("Queueing {n} Labs \u2026").format(n=total), done, total),
            owner=self,
        )  # fmt: skip

    def _stop_sending(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
        self._end_sending()
        self.tell(tr("Stopped. What was queued before goes; the rest waits until you send it."), "info")
        self._context.go.changed()

    def _end_sending(self) -> None:
        self._sending = None
        self.busy.rest()

    def _sent(self, sent: Sent) -> None:
        self._end_sending()
        queued = tr("1 Lab is queued and goes by itself.")
        if sent.count != 1:
            queued = tr("{n} Labs are queued and go by themselves.").format(n=sent.count)
        if sent.refused:
            self.tell("\n".join([queued if sent.count else "", *sent.refused]).strip(), "warn")
        else:
            self.tell(queued, "good")
        self._context.go.changed()

    def _send_failed(self, error: DenticodeError) -> None:
        self._end_sending()
        self.tell_error(error)
        self.refresh()

    def _open_match(self, lab_id: LabId, connection_id: ConnectionId | None) -> None:
        from denticode_desktop.ui.operations import read_match

        self._run(lambda: read_match(self._services, lab_id, connection_id), self._show_match)

    def _show_match(self, case: MatchCase) -> None:
        if case.connection_id is None:
            self._offer_to_send(case)
            return
        from .choose_patient import ChoosePatientDialog

        dialog = ChoosePatientDialog(self, self._context, case)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.tell(dialog.result_words, "good")
            self._context.go.changed()

    def _offer_to_send(self, case: MatchCase) -> None:
        """The patient is matched; the Lab only waits for Send."""
        from denticode_desktop.ui.operations import ToSend
        from denticode_desktop.ui.widgets import confirm

        name = case.patient.person.display_name
        text = tr("The patient {name} is matched. Send this Lab to the PMS now?").format(name=name)
        if confirm(self, tr("Send Lab to PMS"), text, tr("Send")):
            self._send([ToSend(case.lab_id, None, name)])

    def _show_decision(self, decision: Decision) -> None:
        from .decide import DecideDialog
        from .offers import Offer

        dialog = DecideDialog(self, self._context, decision)
        if dialog.exec() != QDialog.DialogCode.Accepted:
            return
        if dialog.leads_to is Offer.OPEN_LAB:
            self._context.go.open_lab(decision.view.lab_id)
        elif dialog.leads_to is Offer.MATCH:
            self._open_match(decision.view.lab_id, decision.view.item.connection_id)
        elif dialog.request is not None:
            self._asked.append(dialog.request.request_id)
            self.tell(tr("Noted. The chart is looked at first, then it is done as you said."), "good")
            self._context.go.changed()

    def _test(self, connection_id: ConnectionId) -> None:
        from denticode_desktop.ui.operations import test_connection

        self.tell(tr("Testing the connection \u2026"), "muted")
        self._context.tasks.run(
            lambda: test_connection(self._services, connection_id), self._tested, self.tell_error, owner=self
        )  # fmt: skip

    def _tested(self, report: ConnectionReport) -> None:
        from denticode_desktop.domain.connection import Light

        kind = {Light.GREEN: "good", Light.YELLOW: "warn", Light.FAILED: "bad"}[report.light]
        words = " ".join(part for part in (report.sentence, report.next_step) if part)
        self.tell(words or tr("The connection was tested."), kind)
        self._context.go.changed()


def _is_unsent(row: TodayRow) -> bool:
    return row.action is RowAction.SEND and row.lab_id is not None


def _to_send(words: RowWords) -> ToSend:
    from denticode_desktop.ui.operations import ToSend

    assert words.row.lab_id is not None
    about = "  \u00b7  ".join(part for part in (words.headline, words.about) if part)
    return ToSend(words.row.lab_id, words.row.connection_id, about or words.whole)

