"""Steps before anything is tried: choose the PMS, what to ask the IT team for."""

from collections.abc import Sequence

from PySide6.QtCore import QUrl, QUrlQuery, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication, QMouseEvent, QTextDocument
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QDialog, QHBoxLayout, QPlainTextEdit, QWidget

from denticode_desktop.domain.ids import PmsKey
from denticode_desktop.ports.pms import PmsProfile
from denticode_desktop.ui.theme import SPACE_2
from denticode_desktop.ui.widgets import Card, PlainLabel, StatusChip, button, shown
from denticode_desktop.ui.words import tr

from ..fields import amp
from ..pms_card import AVAILABLE, PLANNED
from ..signs import ChoiceButton, SignLine
from .step import Step


class PmsChoice(Card):
    """A PMS to choose: the whole box can be clicked."""

    def __init__(self, profile: PmsProfile) -> None:
        super().__init__(name=f"choice-{profile.pms_key}")
        self.profile = profile
        is_available = profile.availability == "available"
        head = QHBoxLayout()
        head.setSpacing(SPACE_2)
        self.radio = ChoiceButton(amp(profile.title), name=f"choose-{profile.pms_key}")
        self.radio.setAccessibleDescription(profile.summary)
        self.radio.setEnabled(is_available)
        head.addWidget(self.radio, 1)
        head.addWidget(StatusChip(AVAILABLE if is_available else PLANNED))
        self.inner.addLayout(head)
        if is_available:
            self.inner.addWidget(PlainLabel(profile.route, kind="caption"))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Anywhere in the box chooses it."""
        if self.radio.isEnabled():
            self.radio.setChecked(True)
            self.radio.setFocus()
        super().mousePressEvent(event)


class ChooseStep(Step):
    """1: the PMS. The first available one is chosen already, so that Enter goes on."""

    def __init__(self, profiles: Sequence[PmsProfile], chosen: PmsKey | None) -> None:
        super().__init__("wizardChoose")
        self.title = tr("Which PMS does your practice use?")
        self.lead = tr("Choose the system that holds your charts. Planned ones are not built yet.")
        self.next_words = tr("Next")
        self._group = QButtonGroup(self)
        self._choices = [PmsChoice(profile) for profile in profiles]
        for choice in self._choices:
            self._group.addButton(choice.radio)
            self.inner.addWidget(choice)
        self.inner.addStretch(1)
        wanted = [c for c in self._choices if c.profile.pms_key == chosen and c.radio.isEnabled()]
        for choice in (*wanted, *(c for c in self._choices if c.radio.isEnabled())):
            choice.radio.setChecked(True)
            break
        self._group.buttonToggled.connect(self._on_toggled)

    @Slot(QAbstractButton, bool)
    def _on_toggled(self, _button: QAbstractButton, _is_on: bool) -> None:
        self.changed.emit()

    @property
    def profile(self) -> PmsProfile | None:
        """The chosen one."""
        return next((c.profile for c in self._choices if c.radio.isChecked()), None)

    @property
    def may_go_on(self) -> bool:
        """As Step."""
        return self.profile is not None

    def first_focus(self) -> QWidget | None:
        """As Step."""
        return self._group.checkedButton()


class AskStep(Step):
    """2: the text for whoever manages the PMS. Nothing leaves this computer unless a button is pressed."""

    def __init__(self) -> None:
        super().__init__("wizardAsk")
        self.title = tr("What to ask your IT team for")
        self.lead = tr(
            "Three values come from whoever manages your PMS. Send them this text. Have the values already? Go on."
        )
        self.next_words = tr("I have the values")
        self.text = QPlainTextEdit()
        self.text.setObjectName("wizardItText")
        self.text.setAccessibleName(tr("Text for your IT team"))
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setMinimumHeight(130)
        self.text.setMaximumHeight(240)
        self.inner.addWidget(self.text, 1)
        row = QHBoxLayout()
        row.setSpacing(SPACE_2)
        self.copy = button(tr("Copy"), self._copy, name="wizardItCopy", icon_name="copy")
        self.print = button(tr("Print \u2026"), self._print, name="wizardItPrint")
        self.mail = button(tr("E-mail \u2026"), self._mail, name="wizardItMail", icon_name="send")
        for made in (self.copy, self.print, self.mail):
            row.addWidget(made)
        row.addStretch(1)
        self.inner.addLayout(row)
        self.said = SignLine("", "check-circle", "good", name="wizardItSaid")
        self.said.hide()
        self.inner.addWidget(self.said)
        self.inner.addStretch(1)
        self._subject = ""

    def show_profile(self, profile: PmsProfile) -> None:
        """The text of that PMS."""
        self.text.setPlainText(shown(profile.it_request))
        self._subject = tr("Values to connect {pms}").format(pms=profile.title)
        self.said.hide()

    def _say(self, words: str) -> None:
        self.said.set_sign(words, "check-circle", "good")
        self.said.show()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())
        self._say(tr("Copied. Paste it into a message to your IT team."))

    def _print(self) -> None:
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setDocName(self._subject)
        if QPrintDialog(printer, self).exec() == QDialog.DialogCode.Accepted:
            document = QTextDocument()
            document.setPlainText(f"{self._subject}\n\n{self.text.toPlainText()}")
            document.print_(printer)
            self._say(tr("Sent to the printer."))

    def _mail(self) -> None:
        """Opens the person's own mail program, with no address and nothing sent."""
        if QDesktopServices.openUrl(mail_link(self._subject, self.text.toPlainText())):
            self._say(tr("Your mail program opens with the text. Choose who gets it."))
        else:
            self.said.set_sign(tr("No mail program answered. Press Copy instead."), "warning", "warn")
            self.said.show()

    def first_focus(self) -> QWidget | None:
        """As Step."""
        return None


def mail_link(subject: str, body: str) -> QUrl:
    """`mailto:` with subject and body, percent-encoded whole: a `+` or `&` of the text stays one."""
    link = QUrl("mailto:")
    query = QUrlQuery()
    for name, value in (("subject", subject), ("body", body.replace("\n", "\r\n"))):
        query.addQueryItem(name, bytes(QUrl.toPercentEncoding(value).data()).decode("ascii"))
    link.setQuery(query)
    return link


