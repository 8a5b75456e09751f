"""Add Connection: what to ask for, the fields, the result. Secrets are write-only and gone after Connect."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QDialog, QFormLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from denticode_desktop.domain.access import Actor
from denticode_desktop.domain.connection import Check, CheckOutcome, Environment, Light
from denticode_desktop.domain.errors import DenticodeError
from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.ports.pms import ConnectionSecrets, PmsProfile
from denticode_desktop.services.connect_practice import AddResult
from denticode_desktop.services.connection_rules import NewConnection

from .messages import words_of
from .program import Practice
from .task_runner import TaskRunner
from .widgets import PlainLabel, button
from .window_services import WindowServices

_SIGNS = {
    CheckOutcome.OK: "\u2714",
    CheckOutcome.MISSING: "\u25b2",
    CheckOutcome.FAILED: "\u2716",
    CheckOutcome.NOT_CONFIRMED: "?",
    CheckOutcome.SKIPPED: "\u2014",
}


class AddConnectionDialog(QDialog):
    """One form for an available PMS; every check appears as it ends. Nothing is kept where the test fails."""

    _checked = Signal(object)

    def __init__(self, parent: QWidget, practice: Practice | WindowServices, actor: Actor, tasks: TaskRunner) -> None:
        super().__init__(parent)
        self.setWindowTitle("Add Connection")
        self.setMinimumWidth(560)
        self._practice = practice
        self._actor = actor
        self._tasks = tasks
        self.connection_id: ConnectionId | None = None
        self._profiles = [p for p in practice.connect.profiles() if p.availability == "available"]
        self._fields: dict[str, QLineEdit] = {}
        layout = QVBoxLayout(self)
        self._pms = QComboBox()
        self._pms.setObjectName("addPms")
        self._pms.setAccessibleName("PMS")
        for profile in self._profiles:
            self._pms.addItem(profile.title)
        self._environment = QComboBox()
        self._environment.setObjectName("addEnvironment")
        self._environment.setAccessibleName("Environment")
        for environment in Environment:
            self._environment.addItem(environment.value.capitalize(), environment)
        form = QFormLayout()
        form.addRow("&PMS", self._pms)
        form.addRow("&Environment", self._environment)
        self._line(form, "name", "Connection &name", "for example: Springvale Main Street", is_secret=False)
        self._line(form, "host", "&Host", "empty = the vendor's own; Rehearsal: http://127.0.0.1:PORT", is_secret=False)
        for field in self._profile.fields:
            self._line(form, field.name, field.label, field.hint, is_secret=field.is_secret)
        layout.addLayout(form)
        self._result = PlainLabel("", name="addResult")
        layout.addWidget(self._result)
        row = QHBoxLayout()
        row.addWidget(button("Copy text for your IT team", self._copy, name="addCopy"))
        row.addStretch(1)
        row.addWidget(button("Cancel", self.reject, name="addCancel"))
        self._connect = button("Connect", self._on_connect, name="addConnect", kind="primary")
        self._connect.setDefault(True)
        row.addWidget(self._connect)
        layout.addLayout(row)
        self._steps: list[str] = []
        self._checked.connect(self._on_checked)

    @property
    def _profile(self) -> PmsProfile:
        return self._profiles[max(0, self._pms.currentIndex())]

    def _line(self, form: QFormLayout, name: str, label: str, hint: str, *, is_secret: bool) -> None:
        line = QLineEdit()
        line.setObjectName(f"add_{name}")
        line.setAccessibleName(label.replace("&", ""))
        line.setPlaceholderText(hint)
        if is_secret:
            line.setEchoMode(QLineEdit.EchoMode.Password)
        self._fields[name] = line
        form.addRow(label, line)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._profile.it_request)
        self._result.set_words("Copied. Paste it into an e-mail to your IT team or PMS administrator.", "good")

    def _on_connect(self) -> None:
        values = {name: line.text().strip() for name, line in self._fields.items()}
        secret_names = [field.name for field in self._profile.fields if field.is_secret]
        secrets = ConnectionSecrets({name: values[name] for name in secret_names if values[name]})
        new = NewConnection(
            name=values["name"], pms_key=self._profile.pms_key, environment=self._environment.currentData(),
            host=values["host"] or None, organization_id=values.get("organization_id", ""),
            client_id=values.get("client_id", ""),
        )  # fmt: skip
        self._steps = []
        self._connect.setEnabled(False)
        self._result.set_words("Connecting \u2026", "muted")
        self._tasks.run(
            lambda: self._practice.connect.add(self._actor, new, secrets, self._checked.emit), self._ended, self._failed
        )

    def _on_checked(self, check: Check) -> None:
        self._steps.append(f"{_SIGNS[check.outcome]} {check.words or check.name}")
        self._result.set_words("\n".join(self._steps), "muted")

    def _ended(self, result: AddResult) -> None:
        self._connect.setEnabled(True)
        report = result.report
        if result.connection_id is not None:
            self.connection_id = result.connection_id
            for field in self._profile.fields:
                if field.is_secret:
                    self._fields[field.name].clear()
            if report.light is Light.GREEN:
                self.accept()
                return
        missing = [f"Missing permission: {p.value}." for p in report.missing_permissions]
        words = " ".join(part for part in (report.sentence, *missing, report.next_step) if part)
        self._result.set_words(words, "bad" if report.light is Light.FAILED else "warn")
        if result.connection_id is not None:
            self._connect.setText("Go on")
            self._connect.clicked.disconnect()
            self._connect.clicked.connect(self.accept)

    def _failed(self, error: DenticodeError) -> None:
        self._connect.setEnabled(True)
        self._result.set_words(words_of(error), "bad")
        named = self._fields.get(getattr(error, "field", "") or "")
        if named is not None:
            named.setFocus()


class SecretsDialog(QDialog):
    """New secrets for a connection, or none to use those in the credential store."""

    def __init__(self, parent: QWidget, profile: PmsProfile) -> None:
        super().__init__(parent)
        self.setWindowTitle("Reconnect")
        self.setMinimumWidth(460)
        layout = QVBoxLayout(self)
        layout.addWidget(PlainLabel("Leave empty to use the credentials that this computer keeps."))
        form = QFormLayout()
        self._fields: dict[str, QLineEdit] = {}
        for field in (f for f in profile.fields if f.is_secret):
            line = QLineEdit()
            line.setEchoMode(QLineEdit.EchoMode.Password)
            line.setAccessibleName(field.label)
            line.setObjectName(f"reconnect_{field.name}")
            self._fields[field.name] = line
            form.addRow(field.label, line)
        layout.addLayout(form)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(button("Cancel", self.reject, name="reconnectCancel"))
        row.addWidget(button("Reconnect", self.accept, name="reconnectGo", kind="primary"))
        layout.addLayout(row)

    def take(self) -> ConnectionSecrets | None:
        """What was typed, None where nothing was; the fields are empty afterwards."""
        values = {name: line.text().strip() for name, line in self._fields.items() if line.text().strip()}
        for line in self._fields.values():
            line.clear()
        return ConnectionSecrets(values) if values else None
