"""Starts Qt, paints the frame first and opens the practice afterwards, on another thread."""

import sys
from datetime import UTC, datetime

from PySide6.QtCore import QLocale, QTimer
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QMessageBox,
    QVBoxLayout,
)

from denticode_desktop.domain.errors import DenticodeError
from denticode_desktop.ports.engine import EngineLink

from .main_window import MainWindow
from .program import Practice, Program
from .task_runner import EventBridge, TaskRunner, words_of
from .theme import apply_theme
from .widgets import PlainLabel, button


def _application() -> QApplication:
    found = QApplication.instance()
    application = found if isinstance(found, QApplication) else QApplication(sys.argv[:1])
    application.setApplicationName("Denticode Desktop")
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))
    return application


def run(program: Program) -> int:
    """Shows the window until it is closed; the exit code."""
    application = _application()
    apply_theme(application)
    if not program.has_practice and not _set_up(program):
        return 0
    window = MainWindow(demo_note=program.demo_note)
    window.show()
    opener = Opener(program, window)
    QTimer.singleShot(0, opener.begin)
    code = application.exec()
    opener.tasks.stop()
    return code


class Opener:
    """Opens the practice and starts the engine off the UI thread, then fills the window."""

    def __init__(self, program: Program, window: MainWindow) -> None:
        self._program = program
        self._window = window
        self.tasks = TaskRunner(window)
        self._bridge = EventBridge(window)

    def begin(self) -> None:
        """On the UI thread, after the first paint."""
        self.tasks.run(self._open, self._fill, self._failed)

    def _open(self) -> tuple[Practice, EngineLink]:
        practice = self._program.open()
        practice.listen(self._bridge.hear)
        return practice, self._program.start_engine(practice)

    def _fill(self, opened: tuple[Practice, EngineLink]) -> None:
        practice, engine = opened
        actor = practice.setup.actor(None)
        self._window.attach(practice, actor, self.tasks, self._bridge, engine, lambda: datetime.now(UTC))

    def _failed(self, error: DenticodeError) -> None:
        self._window.fail(words_of(error))


def _set_up(program: Program) -> bool:
    """The first start: practice and owner, then the recovery key once. False = cancelled."""
    dialog = SetUpDialog()
    while dialog.exec() == QDialog.DialogCode.Accepted:
        try:
            created = program.create(
                practice=dialog.practice.text().strip(), owner=dialog.owner.text().strip(), password="",
                is_rehearsal_only=dialog.is_rehearsal_only.isChecked(),
            )  # fmt: skip
        except DenticodeError as error:
            dialog.message.set_words(words_of(error), "bad")
            continue
        QMessageBox.information(
            None, "Recovery key", "Print or write this down now. It is shown once and opens the data on a new PC:"
            f"\n\n{created.recovery_key}",
        )  # fmt: skip
        return True
    return False


class SetUpDialog(QDialog):
    """Names the practice and its owner."""

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("Set up Denticode Desktop")
        self.setMinimumWidth(460)
        layout = QVBoxLayout(self)
        form = QFormLayout()
        self.practice, self.owner = QLineEdit(), QLineEdit()
        self.practice.setObjectName("setUpPractice")
        self.practice.setAccessibleName("Practice")
        self.owner.setObjectName("setUpOwner")
        self.owner.setAccessibleName("Owner")
        form.addRow("&Practice", self.practice)
        form.addRow("&Owner", self.owner)
        layout.addLayout(form)
        self.is_rehearsal_only = QCheckBox("Rehearsal only (no real PMS, no credential store needed)")
        self.is_rehearsal_only.setObjectName("setUpRehearsal")
        layout.addWidget(self.is_rehearsal_only)
        self.message = PlainLabel("")
        layout.addWidget(self.message)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(button("Cancel", self.reject, name="setUpCancel"))
        row.addWidget(button("Set up", self.accept, name="setUpGo", kind="primary"))
        layout.addLayout(row)


def build_unseen(version: str) -> str:
    """Builds the window without showing it; one sentence."""
    application = _application()
    apply_theme(application)
    window = MainWindow()
    window.ensurePolished()
    window.deleteLater()
    return f"main window of {version} built"
