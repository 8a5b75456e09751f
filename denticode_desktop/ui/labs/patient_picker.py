"""Whom a Lab is about: searched in the PMS's list as one types, or typed in. Nothing is chosen beforehand."""

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QListWidgetItem, QStackedWidget, QVBoxLayout, QWidget

from denticode_desktop.domain.errors import DenticodeError
from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.domain.people import PmsPatient, PmsPatientStatus
from denticode_desktop.services.draft_desk import is_open_chart
from denticode_desktop.ui.messages import words_of
from denticode_desktop.ui.theme import SPACE_2
from denticode_desktop.ui.widgets import Notice, PlainDialog, PlainList, SearchField, button, shown
from denticode_desktop.ui.window_services import PageContext
from denticode_desktop.ui.words import tr

from .drafts import ChosenChart, PatientChoice, search_charts
from .person_form import PersonForm

_CLOSED_WORDS = {
    PmsPatientStatus.INACTIVE: "inactive chart", PmsPatientStatus.MERGED: "merged into another chart",
    PmsPatientStatus.DELETED: "gone from the PMS",
}  # fmt: skip
_LIST, _FORM = 0, 1


class PatientPicker(PlainDialog):
    """Accepted = `choice` is set."""

    def __init__(self, parent: QWidget, context: PageContext, connections: Mapping[ConnectionId, str]) -> None:
        super().__init__(parent, tr("Whom is this Lab about?"), name="patientPicker", width=640)
        self.setMinimumHeight(450)
        self._context = context
        self._connections = connections
        self._charts: tuple[ChosenChart, ...] = ()
        self.choice: PatientChoice | None = None
        self.notice = Notice(name="pickerNotice")
        self.form = PersonForm(context.services.utc_now)
        self._other = button("", self._turn, name="pickerOther", kind="quiet", icon_name="person")
        self._pages = QStackedWidget()
        self._pages.addWidget(self._search_page())
        self._pages.addWidget(self.form)
        self.inner.addWidget(self._pages, 1)
        self.inner.addWidget(self._other, 0, Qt.AlignmentFlag.AlignLeft)
        self.inner.addWidget(self.notice)
        self.go = self.add_button(button(tr("Choose a patient first"), self._accept, name="pickerGo", kind="primary"))
        self.form.edited.connect(lambda: self.notice.tell(""))
        self._show_page(_LIST if connections else _FORM)
        if not connections:
            self._other.hide()
            self.notice.tell(tr("No PMS is connected, so there is no list to choose from. Type the person in."), "info")

    def _search_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_2)
        self.search = SearchField(tr("Search name, birth date, chart number or phone"), name="pickerSearch")
        self.search.searched.connect(self._search)
        self.search.installEventFilter(self)
        self.list = PlainList(name="pickerList", accessible=tr("Patients of the PMS"))
        self.list.currentRowChanged.connect(self._show_choice)
        self.list.itemDoubleClicked.connect(lambda _entry: self._accept())
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        return page

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Down and Enter go from the search into its list."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            is_down = event.key() == Qt.Key.Key_Down
            is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not self.search.isModified()
            if (is_down or is_enter) and self.list.count():
                self.list.setFocus()
                self.list.setCurrentRow(max(0, self.list.currentRow()))
                return True
        return super().eventFilter(watched, event)

    # -- the list ------------------------------------------------------------------------------------------------

    def _search(self, text: str) -> None:
        self.search.setModified(False)
        if not text:
            self._show_charts(())
            return
        services = self._context.services
        self._context.tasks.run(
            lambda: search_charts(services, text), lambda charts: self._found(text, charts), self._failed, owner=self
        )

    def _found(self, text: str, charts: tuple[ChosenChart, ...]) -> None:
        if text == self.search.wanted:  # else a later answer is on its way
            self._show_charts(charts)

    def _show_charts(self, charts: tuple[ChosenChart, ...]) -> None:
        self._charts = charts
        self.list.blockSignals(True)
        self.list.clear()
        for chart in charts:
            where = self._connections.get(chart.connection_id, "") if len(self._connections) > 1 else ""
            self.list.addItem(_entry(chart.patient, where))
        self.list.setCurrentRow(-1)
        self.list.blockSignals(False)
        self._show_choice()
        if self.search.wanted and not charts:
            words = tr("Nobody fits. Search by another part of the name, or press Sync Now and try again.")
            self.notice.tell(words, "info")

    def _chosen(self) -> ChosenChart | None:
        row = self.list.currentRow()
        return self._charts[row] if 0 <= row < len(self._charts) else None

    def _show_choice(self, _row: int = -1) -> None:
        chart = self._chosen()
        why = "" if chart is None else _why_not(chart.patient)
        self.notice.tell(why, "warn")
        self.go.setEnabled(chart is not None and not why)
        self.go.setDefault(self.go.isEnabled())
        if chart is None:
            self.go.set_words(tr("Choose a patient first"))
            return
        words = tr("This is {name}, born {born}").format(name=shown(chart.person.display_name, 40), born=_born(chart))
        self.go.set_words(words.replace("&", "&&"))

    def _failed(self, error: DenticodeError) -> None:
        self.notice.tell(words_of(error), "bad")

    # -- somebody else -------------------------------------------------------------------------------------------

    def _turn(self) -> None:
        self._show_page(_FORM if self._pages.currentIndex() == _LIST else _LIST)

    def _show_page(self, number: int) -> None:
        self._pages.setCurrentIndex(number)
        self.notice.tell("")
        if number == _LIST:
            self._other.set_words(tr("A person who is &not in the list \u2026"))
            self._show_choice()
            self.search.setFocus()
            return
        self._other.set_words(tr("Back to the &list"))
        self.form.begin(self.search.wanted)
        self.go.set_words(tr("Use this person"))
        self.go.setEnabled(True)
        self.go.setDefault(True)

    def _accept(self) -> None:
        if self._pages.currentIndex() == _LIST:
            chart = self._chosen()
            if chart is None or _why_not(chart.patient):
                return
            self.choice = chart
        else:
            self.choice = self.form.person()
            if self.choice is None:
                return
        self.accept()


def _born(chart: ChosenChart) -> str:
    born = chart.person.date_of_birth
    return born.isoformat() if born else tr("not known")


def _why_not(patient: PmsPatient) -> str:
    if not is_open_chart(patient):
        return tr("That chart is not active in the PMS. Choose the patient's active chart.")
    if patient.person.date_of_birth is None:
        return tr("That chart has no birth date. Add it in the PMS, press Sync Now, then choose again.")
    return ""


def _entry(patient: PmsPatient, where: str) -> QListWidgetItem:
    person = patient.person
    born = person.date_of_birth.isoformat() if person.date_of_birth else tr("not known")
    closed = _CLOSED_WORDS.get(patient.status, _CLOSED_WORDS[PmsPatientStatus.MERGED] if patient.merged_into else "")
    parts = (
        tr("born {born}").format(born=born),
        tr("chart {number}").format(number=shown(person.chart_number, 40)) if person.chart_number else "",
        shown(person.phone, 40), shown(where, 60), tr(closed) if closed else "",
    )  # fmt: skip
    preferred = f" ({shown(person.preferred_name, 40)})" if person.preferred_name else ""
    first = f"{shown(person.display_name, 80)}{preferred}".replace("\n", " ")
    return QListWidgetItem(f"{first}\n{'   '.join(part for part in parts if part)}".strip())
