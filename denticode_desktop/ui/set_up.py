"""The first start: practice and owner, then the recovery key, once."""

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QDialog, QFormLayout, QLineEdit

from denticode_desktop.domain.errors import DenticodeError
from denticode_desktop.ui.messages import words_of
from denticode_desktop.ui.program import Created, Program
from denticode_desktop.ui.task_runner import TaskRunner
from denticode_desktop.ui.widgets import BusyBar, Notice, PlainDialog, PlainLabel, add_field, button
from denticode_desktop.ui.words import tr


class SetUpDialog(PlainDialog):
    """Names the practice and its owner and makes the data folder. Accepted = made, with its recovery key."""

    def __init__(self, program: Program, tasks: TaskRunner) -> None:
        super().__init__(None, tr("Set up Denticode Desktop"), name="setUp", width=500)
        self._program = program
        self._tasks = tasks
        self.recovery_key = ""
        self.inner.addWidget(PlainLabel(tr("Everything is kept encrypted on this computer."), kind="muted"))
        form = QFormLayout()
        self.practice, self.owner = QLineEdit(), QLineEdit()
        self.practice.setObjectName("setUpPractice")
        self.owner.setObjectName("setUpOwner")
        add_field(form, tr("&Practice"), self.practice)
        add_field(form, tr("&Owner (your name)"), self.owner)
        self.inner.addLayout(form)
        self.is_rehearsal_only = QCheckBox(tr("&Rehearsal only: to try it out, nothing real can be connected"))
        self.is_rehearsal_only.setObjectName("setUpRehearsal")
        self.is_rehearsal_only.setAccessibleName(tr("Rehearsal only"))
        self.inner.addWidget(self.is_rehearsal_only)
        self.notice = Notice(name="setUpNotice")
        self.inner.addWidget(self.notice)
        self.busy = BusyBar(name="setUpBusy")
        self.inner.addWidget(self.busy)
        self.go = self.add_button(button(tr("Set up"), self._start, name="setUpGo", kind="primary"))
        self.go.setDefault(True)

    def _start(self) -> None:
        practice, owner = self.practice.text().strip(), self.owner.text().strip()
        is_rehearsal_only = self.is_rehearsal_only.isChecked()
        self.go.setEnabled(False)
        self.notice.tell("")
        self.busy.show_work(tr("Making the data folder \u2026"))
        self._tasks.run(
            lambda: self._program.create(
                practice=practice, owner=owner, password="", is_rehearsal_only=is_rehearsal_only
            ),
            self._made,
            self._failed,
        )

    def _made(self, created: Created) -> None:
        self.recovery_key = created.recovery_key
        self.accept()

    def _failed(self, error: DenticodeError) -> None:
        self.busy.rest()
        self.go.setEnabled(True)
        self.notice.tell(words_of(error), "bad")
        field = self.owner if getattr(error, "field", "") == "owner" else self.practice
        field.setFocus()


class RecoveryKeyDialog(PlainDialog):
    """Shows the recovery key this once; closes only when the person says that it is kept."""

    def __init__(self, recovery_key: str) -> None:
        super().__init__(None, tr("Keep the recovery key"), name="recoveryKey", width=540)
        self.cancel.hide()
        words = tr("It opens the data on a new PC. Write it down or print it: it is shown once.")
        self.inner.addWidget(PlainLabel(words))
        key = QLineEdit(recovery_key)
        key.setObjectName("recoveryKeyText")
        key.setAccessibleName(tr("Recovery key"))
        key.setReadOnly(True)
        self.inner.addWidget(key)
        copy = button(tr("Copy"), lambda: QGuiApplication.clipboard().setText(recovery_key), name="recoveryKeyCopy",
                      kind="quiet", icon_name="copy")  # fmt: skip
        self.inner.addWidget(copy)
        self.kept = QCheckBox(tr("I have &written it down"))
        self.kept.setObjectName("recoveryKeyKept")
        self.kept.setAccessibleName(tr("I have written it down"))
        self.inner.addWidget(self.kept)
        self.go = self.add_button(button(tr("Go on"), self.accept, name="recoveryKeyGo", kind="primary"))
        self.go.setEnabled(False)
        self.kept.toggled.connect(self.go.setEnabled)

    def reject(self) -> None:
        """Esc does not lose the key."""
        if self.kept.isChecked():
            super().reject()


def set_up(program: Program, tasks: TaskRunner) -> bool:
    """Makes the practice; False = the person cancelled."""
    dialog = SetUpDialog(program, tasks)
    if dialog.exec() != QDialog.DialogCode.Accepted:
        return False
    RecoveryKeyDialog(dialog.recovery_key).exec()
    return True
