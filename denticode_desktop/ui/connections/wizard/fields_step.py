"""Step 3: name, environment, address, and the fields of the profile. Errors stand at their field."""

from collections.abc import Callable

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from denticode_desktop.domain.connection import Environment
from denticode_desktop.domain.errors import UserError
from denticode_desktop.ports.pms import ConnectionSecrets, PmsProfile
from denticode_desktop.services.connection_rules import (
    MAX_NAME_CHARS,
    NAME_EXAMPLE,
    NewConnection,
    checked_environment,
    checked_name,
    checked_secrets,
    checked_settings,
)
from denticode_desktop.ui.widgets import Notice
from denticode_desktop.ui.words import tr

from ..fields import FieldRow, PasteEdit, amp, forget_error_when
from ..pieces import CalmCombo
from ..words import environment_word
from .step import Step

REHEARSAL_HOST = "http://127.0.0.1:8765"


class FieldsStep(Step):
    """Made for one PMS. Secrets are typed hidden, kept nowhere but in their fields and emptied by `forget`."""

    environment_changed = Signal()

    def __init__(self, profile: PmsProfile, *, is_rehearsal_only: bool) -> None:
        super().__init__("wizardFields")
        self.profile = profile
        self.title = tr("Enter the values for {pms}").format(pms=profile.title)
        self.lead = tr("Copy and paste them: blanks around a value are taken away by themselves.")
        self.next_words = tr("Connect")
        self.rows: dict[str, FieldRow] = {}
        self.notice = Notice(name="wizardFieldsMessage")
        self.inner.addWidget(self.notice)
        self._add_name()
        self._add_environment(is_rehearsal_only)
        self._add_host()
        for field in profile.fields:
            edit = PasteEdit(f"add_{field.name}", field.label, is_secret=field.is_secret)
            self._add_row(field.name, FieldRow(amp(field.label), edit, hint=field.hint))
            forget_error_when(self.rows[field.name], edit.textEdited.connect)
        self.inner.addStretch(1)
        self._on_environment()

    def _add_row(self, name: str, row: FieldRow) -> None:
        self.rows[name] = row
        self.inner.addWidget(row)

    def _add_name(self) -> None:
        self.name = PasteEdit("add_name", tr("Connection name"))
        self.name.setMaxLength(4 * MAX_NAME_CHARS)
        hint = tr("Say which practice it is, such as {example}.").format(example=NAME_EXAMPLE)
        self._add_row("name", FieldRow(tr("Connection &name"), self.name, hint=hint))
        forget_error_when(self.rows["name"], self.name.textEdited.connect)
        self.name.editingFinished.connect(self._on_name)

    def _add_environment(self, is_rehearsal_only: bool) -> None:
        self.environment = CalmCombo("add_environment", tr("Environment"))
        offered = [e for e in Environment if e is Environment.REHEARSAL or e in self.profile.hosts]
        hint = tr("Keys work in one environment only. Production is your real practice.")
        if is_rehearsal_only:
            offered = [Environment.REHEARSAL]
            hint = tr("This data folder is for Rehearsal only, so nothing else is offered. Nothing is real here.")
        else:
            self.environment.addItem(tr("Choose \u2026"), None)
        for environment in offered:
            self.environment.addItem(environment_word(environment), environment)
        self._add_row("environment", FieldRow(tr("&Environment"), self.environment, hint=hint))
        forget_error_when(self.rows["environment"], self.environment.currentIndexChanged.connect)
        self.environment.currentIndexChanged.connect(self._on_environment)

    def _add_host(self) -> None:
        self.host = PasteEdit("add_host", tr("Address"))
        self._add_row("host", FieldRow(tr("&Address"), self.host))
        forget_error_when(self.rows["host"], self.host.textEdited.connect)

    @property
    def chosen_environment(self) -> Environment | None:
        """None while none is chosen."""
        value = self.environment.currentData()
        return Environment(value) if value else None

    @property
    def has_input(self) -> bool:
        """Whether closing would lose something."""
        return any(isinstance(row.field, QLineEdit) and row.field.text() for row in self.rows.values())

    def value_of(self, name: str) -> str:
        """As typed, trimmed; empty where this PMS has no such field."""
        row = self.rows.get(name)
        return row.field.value if row is not None and isinstance(row.field, PasteEdit) else ""

    @Slot()
    def _on_environment(self) -> None:
        chosen = self.chosen_environment
        row = self.rows["host"]
        row.setVisible(chosen in (Environment.REHEARSAL, Environment.SANDBOX))
        if chosen is Environment.REHEARSAL:
            row.say_hint(tr("Of the simulated PMS on this computer, such as {host}.").format(host=REHEARSAL_HOST))
            self.host.setPlaceholderText("")
        elif chosen is Environment.SANDBOX:
            row.say_hint(tr("Leave it empty to use the vendor's own."))
            self.host.setPlaceholderText(self.profile.hosts.get(Environment.SANDBOX, ""))
        self.environment_changed.emit()

    @Slot()
    def _on_name(self) -> None:
        """A vague name is told when the field is left, not while it is typed; an empty one only at Connect."""
        if self.name.value:
            self.rows["name"].say_error(self._sentence(lambda: checked_name(self.name.text())))

    def _sentence(self, check: Callable[[], object]) -> str:
        try:
            check()
        except UserError as error:
            return error.sentence
        return ""

    def new_connection(self) -> NewConnection:
        """What was typed, without secrets. The address counts where it is asked for only."""
        is_asked = self.chosen_environment in (Environment.REHEARSAL, Environment.SANDBOX)
        return NewConnection(
            name=self.name.text(), pms_key=self.profile.pms_key, environment=self.chosen_environment,
            host=(self.host.value or None) if is_asked else None, organization_id=self.value_of("organization_id"),
            client_id=self.value_of("client_id"),
        )  # fmt: skip

    def secrets(self) -> ConnectionSecrets:
        """For the try only."""
        return ConnectionSecrets({f.name: self.value_of(f.name) for f in self.profile.fields if f.is_secret})

    def check(self) -> bool:
        """Every field by the service's own rules, before anything is asked of the PMS; the first wrong one is shown."""
        new, secrets = self.new_connection(), self.secrets()
        self.clear_errors()
        checks: tuple[Callable[[], object], ...] = (
            lambda: checked_name(new.name),
            lambda: checked_environment(new.environment),
            self._check_host,
            lambda: new.environment and checked_settings(new, self.profile, new.host or ""),
            lambda: checked_secrets(secrets, self.profile),
        )
        for check in checks:
            try:
                check()
            except UserError as error:
                self._note_error(error)
        return self.focus_first_error()

    def _check_host(self) -> None:
        if self.chosen_environment is Environment.REHEARSAL and not self.host.value:
            text = tr("Give the address of the simulated PMS, such as {host}.").format(host=REHEARSAL_HOST)
            raise UserError(text, field="host")

    def clear_errors(self) -> None:
        """No sentence at any field."""
        self.notice.tell("")
        for row in self.rows.values():
            row.say_error("")

    def show_error(self, error: UserError) -> None:
        """A sentence of the service at its field, or above all where it is about none of them."""
        self.clear_errors()
        self._note_error(error)
        self.focus_first_error()

    def _note_error(self, error: UserError) -> None:
        row = self.rows.get(error.field or "")
        if row is None:
            self.notice.tell(error.sentence, "bad")
        elif not row.error:
            row.say_error(error.sentence)

    def focus_first_error(self) -> bool:
        """True where there is none."""
        wrong = [row for row in self.rows.values() if row.error]
        for row in wrong:
            row.field.setFocus()
            break
        return not wrong and not self.notice.isVisibleTo(self)

    def forget(self) -> None:
        """Empties the secret fields."""
        for field in self.profile.fields:
            edit = self.rows[field.name].field
            if field.is_secret and isinstance(edit, PasteEdit):
                edit.forget()

    def first_focus(self) -> QWidget | None:
        """The first field that is wrong, else the first that is empty."""
        for row in self.rows.values():
            if row.error:
                return row.field
        for row in self.rows.values():
            if isinstance(row.field, QLineEdit) and row.isVisibleTo(self) and not row.field.text():
                return row.field
        return self.name
