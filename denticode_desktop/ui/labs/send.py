"""Send Lab to PMS: where a Lab can go, what is said after it was queued, and a choice where several PMSs fit."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QButtonGroup, QRadioButton, QWidget

from denticode_desktop.domain.connection import PROBED_HOLDS, Connection, Light
from denticode_desktop.domain.errors import UserError
from denticode_desktop.domain.ids import ConnectionId, LabId
from denticode_desktop.domain.write_back import ItemState
from denticode_desktop.services.lab_views import LabView, RevisionView
from denticode_desktop.services.sentences import SENTENCES, Sentence, say
from denticode_desktop.services.status_board import ConnectionCard
from denticode_desktop.ui.widgets import PlainDialog, PlainLabel, button, name_for
from denticode_desktop.ui.window_services import WindowServices
from denticode_desktop.ui.words import say_sentence, tr


@dataclass(frozen=True, slots=True)
class Target:
    """A PMS that the Lab can be sent to now."""

    connection_id: ConnectionId
    name: str


def targets_of(view: LabView, cards: Sequence[ConnectionCard]) -> list[Target]:
    """Connections that are switched on, hold the patient, and lack something that is finalized."""
    charts = {link.connection_id: link.pms_patient_id for link in view.links}
    found = []
    for card in cards:
        connection = card.connection
        chart = charts.get(connection.connection_id)
        if connection.is_enabled and chart is not None and _lacks(view, connection.connection_id, chart):
            found.append(Target(connection.connection_id, connection.settings.name))
    return found


def _lacks(view: LabView, connection_id: ConnectionId, chart: str) -> bool:
    finalized = [r for r in view.revisions if r.finalized_at is not None]
    if not finalized:
        return False
    if all(w.writeback.connection_id != connection_id for w in finalized[-1].write_backs):
        return True
    return any(_is_unsent(revision, connection_id, chart) for revision in finalized)


def _is_unsent(revision: RevisionView, connection_id: ConnectionId, chart: str) -> bool:
    """Not asked for, or waiting for a chart that the patient is not matched with any more."""
    for write_back in revision.write_backs:
        made = write_back.writeback
        if made.connection_id != connection_id:
            continue
        is_open = any(view.item.state is ItemState.PLANNED for view in write_back.items)
        is_closed = bool(write_back.items) and all(
            view.item.state in (ItemState.DONE, ItemState.VOID) for view in write_back.items
        )
        if (made.requested_at is None and not is_closed) or (is_open and made.pms_patient_id != chart):
            return True
    return False


@dataclass(frozen=True, slots=True)
class Queued:
    """What is said after Send: `kind` as for a notice."""

    words: str
    kind: str


def send_lab(services: WindowServices, lab_id: LabId, connection_id: ConnectionId | None) -> Queued:
    """Queues the Lab. Raises DenticodeError as Outbox.send; nothing is changed then."""
    result = services.outbox.send(services.actor, lab_id, connection_id)
    connection = next(c for c in services.connect.connections() if c.connection_id == result.connection_id)
    if not result.is_new_request:
        return Queued(tr("This Lab was sent before. Nothing is queued twice."), "info")
    if services.outbox.is_all_paused():
        return Queued(tr("Queued. Sending is paused for the practice; it goes when somebody presses Resume."), "warn")
    stop = why_not_now(connection)
    if stop is None:
        return Queued(tr("Queued. It goes into the chart by itself; below you see how far it is."), "good")
    words = tr("Queued, but it cannot go yet. {why} {next_step}")
    if stop.is_by_itself:
        words = tr("Queued. {why} {next_step}")
    next_step = say_sentence(stop.next_step) if stop.next_step else ""
    said = words.format(why=say_sentence(stop.why), next_step=next_step).strip()
    return Queued(said, "info" if stop.is_by_itself else "warn")


@dataclass(frozen=True, slots=True)
class Stop:
    """Why nothing can be sent over a connection now. `is_by_itself`: it goes on without a person."""

    why: Sentence
    next_step: Sentence | None
    is_by_itself: bool


def why_not_now(connection: Connection) -> Stop | None:
    """None where nothing is known to stand in the way."""
    hold, report = connection.hold, connection.report
    if hold is not None:
        return Stop(say(f"hold.{hold.value}"), say(f"hold.{hold.value}.next"), hold in PROBED_HOLDS)
    if f"waiting.{connection.waiting_why}" in SENTENCES:
        return Stop(say(f"waiting.{connection.waiting_why}"), None, is_by_itself=True)
    if report is not None and report.light is Light.FAILED and report.reason is not None:
        reason = f"failure.{report.reason.value}"
        return Stop(say(reason), say(f"{reason}.next"), is_by_itself=False)
    return None


@dataclass(frozen=True, slots=True)
class Finalized:
    """What is said after Finalize. `targets`: several PMSs fit, a person chooses one."""

    words: str
    kind: str
    targets: tuple[Target, ...] = ()


def finalize_lab(services: WindowServices, lab_id: LabId, *, and_send: bool) -> Finalized:
    """Freezes the draft and, where asked, queues it. Raises DenticodeError; a refused Send leaves it finalized."""
    services.labs.finalize(services.actor, lab_id)
    view = services.labs.show(services.actor, lab_id, is_refresh=True)
    targets = targets_of(view, services.board.connection_cards())
    if not targets:
        why = view.problems[0].sentence if view.problems else ""
        return Finalized(tr("Finalized. It is not sent. {why}").format(why=why).strip(), "warn")
    if not and_send:
        return Finalized(tr("Finalized. Press Send Lab to PMS when it should go into the chart."), "good")
    if len(targets) > 1:
        return Finalized(tr("Finalized. Choose where it goes."), "info", tuple(targets))
    try:
        queued = send_lab(services, lab_id, targets[0].connection_id)
    except UserError as error:
        return Finalized(tr("Finalized. It is not sent. {why}").format(why=error.sentence), "warn")
    return Finalized(tr("Finalized. {queued}").format(queued=queued.words), queued.kind)


class ChoosePmsDialog(PlainDialog):
    """Which of several PMSs a Lab goes to. `chosen` after it was accepted."""

    def __init__(self, parent: QWidget, targets: Sequence[Target]) -> None:
        super().__init__(parent, tr("Send Lab to PMS"), name="choosePms", width=420)
        self._targets = list(targets)
        self.inner.addWidget(PlainLabel(tr("The patient is matched in several PMSs. Where should this Lab go?")))
        self._group = QButtonGroup(self)
        for number, target in enumerate(self._targets):
            choice = QRadioButton(target.name.replace("&", "&&"))
            name_for(choice, f"choosePms{number}", target.name)
            self._group.addButton(choice, number)
            self.inner.addWidget(choice)
        self.go = self.add_button(button(tr("Send"), self.accept, name="choosePmsGo", kind="primary", icon_name="send"))
        self.go.setEnabled(False)
        self._group.idToggled.connect(lambda _number, _is_on: self.go.setEnabled(self._group.checkedId() >= 0))

    @property
    def chosen(self) -> Target:
        """The one with the mark."""
        return self._targets[self._group.checkedId()]
