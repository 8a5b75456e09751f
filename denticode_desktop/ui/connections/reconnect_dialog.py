"""Reconnect: with the credentials on this computer or new ones, live. Secret fields are write-only."""

from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from denticode_desktop.domain.connection import Check, Connection, ConnectionReport, Light
from denticode_desktop.domain.errors import DenticodeError, UserError
from denticode_desktop.ports.pms import ConnectionSecrets, PmsProfile
from denticode_desktop.services.connection_rules import checked_secrets
from denticode_desktop.ui.messages import words_of
from denticode_desktop.ui.theme import SPACE_3, SPACE_5
from denticode_desktop.ui.widgets import Notice, PlainDialog, PlainLabel, button
from denticode_desktop.ui.words import tr

from .attempt import Attempt, StoppedByPersonError
from .fields import FieldRow, PasteEdit, amp, forget_error_when
from .model import ConnectionsModel
from .pieces import CheckList
from .signs import ChoiceButton, Clear

MARGIN = 48
"""Of the screen's height left free."""


class ReconnectDialog(PlainDialog):
    """Closes by itself when the connection works again; says what is wrong and stays otherwise."""

    def __init__(
        self, parent: QWidget | None, model: ConnectionsModel, connection: Connection, profile: PmsProfile
    ) -> None:
        title = tr("Reconnect {name}").format(name=connection.settings.name)
        super().__init__(parent, title, name="reconnectDialog", width=520)
        self._model = model
        self._connection = connection
        self._profile = profile
        self._attempt: Attempt | None = None
        self._add_choice()
        self._add_fields()
        self.steps = CheckList("reconnectSteps")
        self.inner.addWidget(self.steps)
        self.notice = Notice(name="reconnectMessage")
        self.inner.addWidget(self.notice)
        self.inner.addStretch(1)
        self.go = self.add_button(button(tr("Reconnect"), self._on_go, name="reconnectGo", kind="primary"))
        self.go.setDefault(True)
        self._on_choice()

    def _add_choice(self) -> None:
        """After a disconnect there are no stored credentials to choose."""
        self.stored = ChoiceButton(tr("Use the &credentials on this computer"), name="reconnectStored")
        self.fresh = ChoiceButton(tr("Enter &new credentials"), name="reconnectFresh")
        has_stored = self._connection.is_enabled
        self.stored.setVisible(has_stored)
        self.fresh.setVisible(has_stored)
        (self.stored if has_stored else self.fresh).setChecked(True)
        if not has_stored:
            words = tr("The credentials were removed when this connection was disconnected. Enter them again.")
            self.inner.addWidget(PlainLabel(words, kind="muted"))
        self.inner.addWidget(self.stored)
        self.inner.addWidget(self.fresh)
        self.fresh.toggled.connect(self._on_choice)

    def _add_fields(self) -> None:
        self.rows: dict[str, FieldRow] = {}
        self._holder = Clear()
        column = QVBoxLayout(self._holder)
        column.setContentsMargins(SPACE_5 if self._connection.is_enabled else 0, 0, 0, 0)
        column.setSpacing(SPACE_3)
        for field in self._profile.fields:
            if not field.is_secret:
                continue
            edit = PasteEdit(f"reconnect_{field.name}", field.label, is_secret=True)
            row = self.rows[field.name] = FieldRow(amp(field.label), edit, hint=field.hint)
            forget_error_when(row, edit.textEdited.connect)
            column.addWidget(row)
        self.inner.addWidget(self._holder)

    @property
    def is_busy(self) -> bool:
        """Whether a try is under way."""
        return self._attempt is not None

    @Slot()
    def _on_choice(self) -> None:
        is_fresh = self.fresh.isChecked()
        self._holder.setVisible(is_fresh)
        if is_fresh and self.rows:
            next(iter(self.rows.values())).field.setFocus()
        self._fit()

    def _fit(self) -> None:
        """As high as its words need: wrapped lines do not count in a size hint."""
        frame = self.layout()
        if frame is None:
            return
        frame.activate()
        hint = frame.totalSizeHint().height()
        needed = frame.totalHeightForWidth(self.width()) if frame.hasHeightForWidth() else hint
        room = self.screen().availableSize().height() - MARGIN
        self.setMinimumHeight(min(needed, room))
        self.resize(self.width(), min(needed, room))

    def _on_go(self) -> None:
        if self._attempt is not None:
            return
        secrets: ConnectionSecrets | None = None
        if self.fresh.isChecked():
            typed = {name: row.field.value for name, row in self.rows.items() if isinstance(row.field, PasteEdit)}
            try:
                secrets = checked_secrets(ConnectionSecrets(typed), self._profile)
            except UserError as error:
                self._say_at_field(error)
                return
        attempt = self._model.reconnect(self._connection.connection_id, secrets)
        if attempt is None:
            self.notice.tell(tr("A test of this connection is under way. Wait until it has ended."), "info")
            return
        self._forget()
        self._attempt = attempt
        attempt.stepped.connect(self._on_step)
        attempt.ended.connect(self._on_ended)
        attempt.failed.connect(self._on_failed)
        self.notice.tell("")
        self.steps.begin(tr("Connecting \u2026"))
        self._show_busy(is_busy=True)

    def _say_at_field(self, error: UserError) -> None:
        row = self.rows.get(error.field or "")
        if row is None:
            self.notice.tell(error.sentence, "bad")
            return
        row.say_error(error.sentence)
        row.field.setFocus()
        self._fit()

    def _forget(self) -> None:
        """The secrets live on in the try only."""
        for row in self.rows.values():
            if isinstance(row.field, PasteEdit):
                row.field.forget()

    def _show_busy(self, *, is_busy: bool) -> None:
        self.go.setEnabled(not is_busy)
        self._holder.setEnabled(not is_busy)
        self.stored.setEnabled(not is_busy)
        self.fresh.setEnabled(not is_busy)
        self.cancel.set_words(tr("Stop") if is_busy else tr("Cancel"))
        self.cancel.setEnabled(True)

    @Slot(object)
    def _on_step(self, check: Check) -> None:
        self.steps.add(check)
        self._fit()

    @Slot(object)
    def _on_ended(self, report: ConnectionReport) -> None:
        self._attempt = None
        self.steps.end()
        if report.light is not Light.FAILED:
            self.accept()
            return
        self._show_busy(is_busy=False)
        self.steps.clear_steps()
        self.notice.tell(f"{report.sentence} {report.next_step}".strip(), "bad")
        self._on_choice()

    @Slot(object)
    def _on_failed(self, error: DenticodeError) -> None:
        self._attempt = None
        self.steps.clear_steps()
        self._show_busy(is_busy=False)
        if isinstance(error, StoppedByPersonError):
            self.notice.tell(tr("Stopped. Nothing was changed."), "muted")
        elif isinstance(error, UserError):
            self._say_at_field(error)
        else:
            self.notice.tell(words_of(error), "bad")
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        """As high as it needs."""
        super().showEvent(event)
        self._fit()

    def reject(self) -> None:
        """Esc and Cancel: a try under way is stopped first."""
        if self._attempt is not None and not self._attempt.is_stopping:
            self._attempt.stop()
            self.steps.say_running(tr("Stopping after the step under way \u2026"))
            self.cancel.set_words(tr("Close"))
            return
        self._forget()
        super().reject()
