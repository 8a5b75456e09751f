"""Who the Lab is about: name, what tells them from others, and whether they have a chart."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QVBoxLayout

from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.domain.people import Demographics, Patient
from denticode_desktop.services.lab_views import LinkView
from denticode_desktop.ui.theme import SPACE_1, SPACE_3
from denticode_desktop.ui.widgets import LineLabel, PlainLabel, button, shown
from denticode_desktop.ui.window_services import PageContext
from denticode_desktop.ui.words import tr

from .drafts import ChosenChart, PatientChoice
from .editor_parts import Clear, Fault
from .patient_picker import PatientPicker


class PatientBox(Clear):
    """`edited` after another choice. A fixed patient has no button."""

    edited = Signal()

    def __init__(self, context: PageContext) -> None:
        super().__init__()
        self._context = context
        self._connections: Mapping[ConnectionId, str] = {}
        self._choice: PatientChoice | None = None
        self._own_words = ""
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_3)
        column = QVBoxLayout()
        column.setSpacing(SPACE_1)
        label = QLabel(tr("P&atient"))
        label.setTextFormat(Qt.TextFormat.PlainText)
        self._name = LineLabel("", kind="section", name="labPatientName")
        self._about = LineLabel("", kind="muted", name="labPatientAbout")
        self._links = PlainLabel("", kind="caption", name="labPatientLinks")
        self.fault = Fault(name="labPatientFault")
        for widget in (label, self._name, self._about, self._links, self.fault):
            column.addWidget(widget)
        row.addLayout(column, 1)
        self._choose = button(tr("Choose patient \u2026"), self._pick, name="labChoosePatient", icon_name="person")
        label.setBuddy(self._choose)
        row.addWidget(self._choose, 0, Qt.AlignmentFlag.AlignBottom)

    @property
    def choice(self) -> PatientChoice | None:
        """None while nobody is chosen."""
        return self._choice

    @property
    def first_name(self) -> str:
        """For a template."""
        return "" if self._choice is None else self._choice.person.first_name

    def show_connections(self, connections: Mapping[ConnectionId, str]) -> None:
        """Names of the PMSs that can be searched."""
        self._connections = connections
        self._show_words()

    def show_choice(self, choice: PatientChoice | None, *, is_fixed: bool) -> None:
        """Of a draft; where it has charts comes by `show_links`."""
        self._choice = choice
        self.fault.say("")
        self._choose.setVisible(not is_fixed)
        self._show_words()

    def take_saved(self, patient: Patient) -> None:
        """The choice is on the disk: our own patient now."""
        was_chart = self._choice if isinstance(self._choice, ChosenChart) else None
        self._choice = patient
        if was_chart is not None:
            words = tr("Matched with a chart in {name}.")
            self._own_words = words.format(name=self._connections.get(was_chart.connection_id, ""))
        self._show_words()

    def show_links(self, links: Sequence[LinkView]) -> None:
        """Where our own patient has a chart."""
        words = [
            tr("Matched with chart {chart} in {name}.").format(chart=link.pms_patient_id, name=link.connection_name)
            if link.pms_patient_id
            else tr("Not matched with a chart in {name} yet.").format(name=link.connection_name)
            for link in links
        ]
        self._own_words = "\n".join(words)
        self._show_words()

    def say_fault(self, text: str) -> None:
        """One sentence; empty takes it away."""
        self.fault.say(text)
        self._choose.setAccessibleDescription(text)

    def go_to(self, sentence: str) -> None:
        """What is wrong, and the focus where it is put right."""
        self.say_fault(sentence)
        self._choose.setFocus()

    def _pick(self) -> None:
        picker = PatientPicker(self.window(), self._context, self._connections)
        if picker.exec() == QDialog.DialogCode.Accepted and picker.choice is not None:
            self._choice = picker.choice
            self.say_fault("")
            self._show_words()
            self.edited.emit()
        picker.deleteLater()
        self._choose.setFocus()

    def _show_words(self) -> None:
        choice = self._choice
        self._choose.set_words(tr("Choose patient \u2026") if choice is None else tr("Change patient \u2026"))
        self._about.setVisible(choice is not None)
        if choice is None:
            self._name.set_words(tr("Nobody chosen yet"), "muted")
        else:
            self._name.set_words(choice.person.display_name or tr("no name"), "section")
            self._about.say(_about(choice.person))
        words = self._chart_words()
        self._links.say(words)
        self._links.setVisible(bool(words))

    def _chart_words(self) -> str:
        if isinstance(self._choice, Patient):
            return self._own_words
        if isinstance(self._choice, ChosenChart):
            words = tr("From the list of {name}. Saving matches the Lab with this chart.")
            return words.format(name=self._connections.get(self._choice.connection_id, ""))
        if self._choice is None:
            return ""
        return tr("Not from the PMS's list: matched with a chart before the Lab is sent.")


def _about(person: Demographics) -> str:
    born = person.date_of_birth.isoformat() if person.date_of_birth else tr("not known")
    parts = (
        tr("born {born}").format(born=born),
        tr("chart {number}").format(number=person.chart_number) if person.chart_number else "", person.phone,
    )  # fmt: skip
    return shown(" \u00b7 ".join(part for part in parts if part), 200)
