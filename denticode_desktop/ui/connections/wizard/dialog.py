"""The wizard's dialog: step rail, one step at a time, Back, Next, and a way out that loses nothing silently."""

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from denticode_desktop.domain.connection import Environment
from denticode_desktop.domain.errors import DenticodeError, UserError
from denticode_desktop.domain.ids import ConnectionId, PmsKey
from denticode_desktop.services.connect_practice import AddResult
from denticode_desktop.ui.messages import words_of
from denticode_desktop.ui.theme import SPACE_1, SPACE_2, SPACE_3, SPACE_4, SPACE_5
from denticode_desktop.ui.widgets import PlainLabel, button, confirm, rule
from denticode_desktop.ui.words import tr

from ..attempt import Attempt, StoppedByPersonError
from ..model import ConnectionsModel
from .fields_step import FieldsStep
from .rail import StepRail
from .step import Step
from .steps_after import ConnectStep, FinishStep, ResultStep
from .steps_before import AskStep, ChooseStep

CHOOSE, ASK, FIELDS, CONNECT, RESULT, FINISH = range(6)
USUAL = QSize(840, 600)
MARGIN = 48
RAIL_FROM = 680


class AddConnectionWizard(QDialog):
    """Add Connection. What it stores is stored by the service, when the test is green or yellow."""

    def __init__(self, parent: QWidget | None, model: ConnectionsModel, pms_key: PmsKey | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("addConnectionWizard")
        self.setWindowTitle(tr("Add Connection"))
        self._model = model
        self._attempt: Attempt | None = None
        self._index = CHOOSE
        self.connection_id: ConnectionId | None = None
        profiles = model.snapshot.profiles if model.snapshot else ()
        self.choose = ChooseStep(profiles, pms_key)
        self.ask = AskStep()
        self.fields: FieldsStep | None = None
        self.live = ConnectStep()
        self.result_step = ResultStep()
        self.finish = FinishStep(model)
        self._build()
        self._show(ASK if pms_key and self.choose.profile else CHOOSE)

    def _build(self) -> None:
        names = (tr("Choose PMS"), tr("Ask your IT team"), tr("Values"), tr("Connect"), tr("Result"), tr("First sync"))
        outer = QHBoxLayout(self)
        outer.setContentsMargins(SPACE_3, SPACE_3, SPACE_5, SPACE_3)
        outer.setSpacing(SPACE_5)
        self.rail = StepRail(names)
        outer.addWidget(self.rail)
        column = QVBoxLayout()
        column.setContentsMargins(0, SPACE_2, 0, SPACE_1)
        column.setSpacing(SPACE_2)
        outer.addLayout(column, 1)
        self.where = PlainLabel("", kind="caption", name="wizardWhere")
        self.head = PlainLabel("", kind="title", name="wizardTitle")
        self.lead = PlainLabel("", kind="muted", name="wizardLead")
        for label in (self.where, self.head, self.lead):
            column.addWidget(label)
        self._stack = QStackedWidget()
        self._areas: list[QScrollArea] = []
        for step in (self.choose, self.ask, None, self.live, self.result_step, self.finish):
            self._areas.append(self._area(step))
            self._stack.addWidget(self._areas[-1])
        column.addWidget(self._stack, 1)
        column.addWidget(rule())
        column.addLayout(self._foot())
        self.choose.changed.connect(self._show_buttons)
        self.setMinimumSize(480, 360)

    def _area(self, step: Step | None) -> QScrollArea:
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setAccessibleName(tr("Step"))
        area.setWidget(_padded(step) if step is not None else QWidget())
        return area

    def _foot(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setContentsMargins(0, SPACE_1, 0, 0)
        line.setSpacing(SPACE_2)
        self.cancel = button(tr("Cancel"), self.reject, name="wizardCancel", kind="quiet")
        self.back = button(tr("&Back"), self._on_back, name="wizardBack")
        self.next = button(tr("Next"), self._on_next, name="wizardNext", kind="primary")
        self.next.setDefault(True)
        line.addWidget(self.cancel)
        line.addStretch(1)
        line.addWidget(self.back)
        line.addWidget(self.next)
        return line

    # -- steps ---------------------------------------------------------------------------------------------------

    @property
    def index(self) -> int:
        """The step shown: CHOOSE to FINISH."""
        return self._index

    @property
    def step(self) -> Step:
        """The step shown."""
        steps = (self.choose, self.ask, self.fields, self.live, self.result_step, self.finish)
        found = steps[self._index]
        assert found is not None  # made before FIELDS is shown
        return found

    def _show(self, index: int) -> None:
        if index == ASK and self.choose.profile is not None:
            self.ask.show_profile(self.choose.profile)
        if index == FIELDS:
            self._make_fields()
        self._index = index
        step = self.step
        self._stack.setCurrentIndex(index)
        has_failed = index == RESULT and self.result_step.is_failed
        self.rail.set_current(index, failed=CONNECT if has_failed else None)
        self.where.say(tr("Step {n} of {total}").format(n=index + 1, total=FINISH + 1))
        self.head.say(step.title)
        self.lead.say(step.lead)
        self.lead.setVisible(bool(step.lead))
        self._areas[index].verticalScrollBar().setValue(0)
        self._show_buttons()
        self._focus(step.first_focus())

    def _focus(self, wanted: QWidget | None) -> None:
        target = wanted or (self.next if self.next.isEnabled() else self.cancel)
        target.setFocus(Qt.FocusReason.TabFocusReason)
        self._bring_into_view(target)

    def _bring_into_view(self, target: QWidget | None) -> None:
        """The field with its label and its sentence, not only its line."""
        area = self._areas[self._index]
        row = target.parentWidget() if target is not None else None
        if row is not None and area.isAncestorOf(row) and row is not area.widget():
            area.ensureWidgetVisible(row, 0, SPACE_3)

    def _make_fields(self) -> None:
        """New for another PMS; what was typed for this one stays."""
        profile = self.choose.profile
        if profile is None or (self.fields is not None and self.fields.profile.pms_key == profile.pms_key):
            return
        snapshot = self._model.snapshot
        is_rehearsal_only = snapshot.is_rehearsal_only if snapshot else self._model.services.is_rehearsal_only
        self.fields = FieldsStep(profile, is_rehearsal_only=is_rehearsal_only)
        self._areas[FIELDS].setWidget(_padded(self.fields))

    @Slot()
    def _show_buttons(self) -> None:
        step = self.step
        is_stored = self.connection_id is not None
        self.next.set_words(step.next_words)
        self.next.setEnabled(step.may_go_on)
        self.back.setVisible(self._index in (ASK, FIELDS))
        is_stopping = self._attempt is not None and self._attempt.is_stopping
        stop = tr("Close") if is_stopping else tr("Stop")
        self.cancel.set_words(stop if self._index == CONNECT else tr("Close") if is_stored else tr("Cancel"))
        self.cancel.setVisible(self._index != FINISH)

    def _on_next(self) -> None:
        if self._index == FIELDS:
            if self.fields is not None and self.fields.check():
                self._connect()
            else:
                self._bring_into_view(self.focusWidget())
        elif self._index == RESULT and self.result_step.is_failed:
            self._show(FIELDS)
        elif self._index == RESULT and self.connection_id is not None:
            self._show(FINISH)
            self.finish.begin(self.connection_id)
        elif self._index == FINISH:
            self.accept()
        elif self._index in (CHOOSE, ASK):
            self._show(self._index + 1)

    def _on_back(self) -> None:
        self._show(self._index - 1)

    # -- the try -------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        assert self.fields is not None
        self._new = self.fields.new_connection()
        self.live.begin()
        self._attempt = self._model.add(self._new, self.fields.secrets())
        self._attempt.stepped.connect(self.live.on_step)
        self._attempt.ended.connect(self._on_ended)
        self._attempt.failed.connect(self._on_failed)
        self._show(CONNECT)

    @Slot(object)
    def _on_ended(self, result: AddResult) -> None:
        assert self.fields is not None
        came_late = self._attempt is not None and self._attempt.is_stopping
        self._attempt = None
        self.live.steps.end()
        self.fields.forget()
        self.connection_id = result.connection_id
        environment = self._new.environment or Environment.REHEARSAL
        name = " ".join(self._new.name.split())
        self.result_step.show_report(
            result.report, self.fields.profile, name, environment, self._new.organization_id
        )
        if came_late and result.connection_id is not None:
            self.result_step.note.tell(
                tr("It was connected before Stop arrived. Disconnect it on the page if you do not want it."), "info"
            )
        self._show(RESULT)

    @Slot(object)
    def _on_failed(self, error: DenticodeError) -> None:
        assert self.fields is not None
        self._attempt = None
        self.live.steps.clear_steps()
        if isinstance(error, StoppedByPersonError):
            self.fields.forget()
            self._show(FIELDS)
            self.fields.notice.tell(tr("Stopped. Nothing was stored. Enter the secret again to connect."), "info")
        elif isinstance(error, UserError):
            self.fields.show_error(error)
            self._show(FIELDS)
        else:
            self.fields.forget()
            self.result_step.show_failure(words_of(error), self._new.name)
            self._show(RESULT)

    # -- the way out ---------------------------------------------------------------------------------------------

    def reject(self) -> None:
        """Esc, Cancel and the window's own cross."""
        if self.connection_id is not None:
            self.accept()
        elif self._attempt is not None and not self._attempt.is_stopping:
            self._attempt.stop()
            self.live.say_stopping()
            self._show_buttons()
        elif self._attempt is not None or self._may_leave():
            if self.fields is not None:
                self.fields.forget()
            super().reject()

    def _may_leave(self) -> bool:
        if self.fields is None or not self.fields.has_input:
            return True
        return confirm(
            self, tr("Leave without connecting?"), tr("What you entered is not kept."), tr("Leave"), kind="danger"
        )

    # -- Qt ------------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """As large as it needs and the screen allows."""
        super().showEvent(event)
        room = self.screen().availableSize() - QSize(MARGIN, MARGIN)
        self.resize(USUAL.boundedTo(room).expandedTo(self.minimumSize()))
        self._focus(self.step.first_focus())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrow dialog keeps its room for the step; "Step 3 of 6" stays."""
        super().resizeEvent(event)
        self.rail.setVisible(self.width() >= RAIL_FROM)


def _padded(step: Step) -> Step:
    step.inner.setContentsMargins(2, SPACE_2, SPACE_4, SPACE_2)
    return step
