"""Who treated: one of Denticode's providers, or a new one by name and NPI."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QDialog, QLineEdit, QVBoxLayout, QWidget

from denticode_desktop.domain.errors import DenticodeError
from denticode_desktop.domain.ids import ProviderId
from denticode_desktop.domain.people import Provider
from denticode_desktop.ui.messages import words_of
from denticode_desktop.ui.widgets import Notice, PlainDialog, PlainLabel, button, shown
from denticode_desktop.ui.window_services import PageContext
from denticode_desktop.ui.words import tr

from .drafts import add_provider
from .editor_parts import Clear, Field, keep_still

MAX_NAME_CHARS = 200
NPI_DIGITS = 10
DIALOG_PX = 320


class NewProviderDialog(PlainDialog):
    """Accepted = `provider` is on the disk."""

    def __init__(self, parent: QWidget, context: PageContext) -> None:
        super().__init__(parent, tr("New provider"), name="newProvider", width=420)
        self._context = context
        self.provider: Provider | None = None
        self.name = QLineEdit()
        self.name.setObjectName("newProviderName")
        self.name.setMaxLength(MAX_NAME_CHARS)
        self.name.setPlaceholderText(tr("such as Lee, Sam"))
        self.npi = QLineEdit()
        self.npi.setObjectName("newProviderNpi")
        self.npi.setMaxLength(2 * NPI_DIGITS)
        self.npi.setPlaceholderText(tr("10 digits"))
        self._name_row = Field(tr("&Last name, first name"), self.name)
        self._npi_row = Field(tr("&NPI, if it is known"), self.npi)
        self.inner.addWidget(self._name_row)
        self.inner.addWidget(self._npi_row)
        words = tr("The NPI finds this provider in the PMS without a doubt. Without it the names must be the same.")
        self.inner.addWidget(PlainLabel(words, kind="caption"))
        self.notice = Notice(name="newProviderNotice")
        self.inner.addWidget(self.notice)
        self.inner.addStretch(1)
        self.setMinimumHeight(DIALOG_PX)  # room for what may be wrong: a dialog that grows under the pointer is missed
        self.go = self.add_button(button(tr("Add provider"), self._add, name="newProviderGo", kind="primary"))
        self.go.setDefault(True)
        self.name.textEdited.connect(lambda _text: self._name_row.say_fault(""))
        self.npi.textEdited.connect(lambda _text: self._npi_row.say_fault(""))

    def _add(self) -> None:
        name, npi = self.name.text().strip(), self.npi.text().strip()
        is_npi = not npi or (len(npi) == NPI_DIGITS and npi.isascii() and npi.isdigit())
        self._npi_row.say_fault("" if is_npi else tr("An NPI has 10 digits. Correct it or leave it empty."))
        if not name:
            self._name_row.say_fault(tr("Type the provider's name."))
        elif shown(name) != name:
            self._name_row.say_fault(tr("This holds a sign that cannot be seen. Type it again."))
        wrong = self.name if self._name_row.fault.text else None if is_npi else self.npi
        if wrong is not None:
            wrong.setFocus()
            return
        services = self._context.services
        self.go.setEnabled(False)
        self._context.tasks.run(
            lambda: Provider(add_provider(services, name, npi), name, npi), self._added, self._failed
        )  # fmt: skip

    def _added(self, provider: Provider) -> None:
        self.provider = provider
        self.accept()

    def _failed(self, error: DenticodeError) -> None:
        self.go.setEnabled(True)
        self.notice.tell(words_of(error), "bad")


class ProviderBox(Clear):
    """`edited` after another choice."""

    edited = Signal()

    def __init__(self, context: PageContext) -> None:
        super().__init__()
        self._context = context
        self._providers: list[Provider] = []
        self.combo = QComboBox()
        self.combo.setObjectName("labProvider")
        self.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.combo.setMinimumContentsLength(16)
        self.combo.setMaxVisibleItems(12)
        keep_still(self.combo)
        self._new = button(tr("New provider \u2026"), self._add, name="labNewProvider", kind="quiet", icon_name="plus")
        self._field = Field(tr("Pro&vider"), self.combo, beside=self._new)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._field)
        self.combo.currentIndexChanged.connect(self._on_chosen)

    @property
    def provider_id(self) -> ProviderId | None:
        """None while nobody is chosen."""
        number = self.combo.currentIndex() - 1
        return self._providers[number].provider_id if number >= 0 else None

    @property
    def provider_name(self) -> str:
        """For a template."""
        number = self.combo.currentIndex() - 1
        return self._providers[number].name if number >= 0 else ""

    def show_provider(self, provider_id: ProviderId | None, name: str, *, is_writable: bool) -> None:
        """Of a draft, also before the list has been read."""
        self.combo.setEnabled(is_writable)
        self._new.setVisible(is_writable)
        self.say_fault("")
        if provider_id is not None and all(p.provider_id != provider_id for p in self._providers):
            self._providers.append(Provider(provider_id, name))
        self._fill(provider_id)

    def show_providers(self, providers: Sequence[Provider]) -> None:
        """The list; what is chosen stays chosen."""
        chosen = self.provider_id
        known = {provider.provider_id for provider in providers}
        kept = [p for p in self._providers if p.provider_id == chosen and chosen not in known]
        self._providers = [*providers, *kept]
        self._fill(chosen)

    def say_fault(self, text: str) -> None:
        """One sentence; empty takes it away."""
        self._field.say_fault(text)

    def go_to(self, sentence: str) -> None:
        """What is wrong, and the focus where it is put right."""
        self.say_fault(sentence)
        self.combo.setFocus()

    def _fill(self, chosen: ProviderId | None) -> None:
        with QSignalBlocker(self.combo):
            self.combo.clear()
            self.combo.addItem(tr("Choose a provider"))
            for provider in self._providers:
                npi = f" \u00b7 NPI {provider.npi}" if provider.npi else ""
                self.combo.addItem(f"{shown(provider.name, 80)}{npi}".replace("\n", " "))
            ids: list[ProviderId | None] = [provider.provider_id for provider in self._providers]
            self.combo.setCurrentIndex(ids.index(chosen) + 1 if chosen in ids else 0)
        self._tip()

    def _tip(self) -> None:
        """The whole name where a narrow window cuts it; nothing of it draws."""
        self.combo.setToolTip(self.combo.currentText().replace("<", "\u2039") if self.provider_id is not None else "")

    def _on_chosen(self, _number: int) -> None:
        self._tip()
        self.say_fault("")
        self.edited.emit()

    def _add(self) -> None:
        dialog = NewProviderDialog(self.window(), self._context)
        if dialog.exec() == QDialog.DialogCode.Accepted and dialog.provider is not None:
            made = dialog.provider
            if all(p.provider_id != made.provider_id for p in self._providers):
                self._providers.append(made)
            self._fill(made.provider_id)
            self._on_chosen(0)
        dialog.deleteLater()
        self.combo.setFocus()
