"""Who is this patient in the PMS: the Lab's person at the left, charts at the right, told by name and birth date."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QListWidgetItem, QVBoxLayout, QWidget

from denticode_desktop.domain.errors import DenticodeError
from denticode_desktop.services.person_compare import is_other_person
from denticode_desktop.ui.messages import words_of
from denticode_desktop.ui.operations import Chart, MatchCase, choose_chart, search_charts
from denticode_desktop.ui.theme import SPACE_2, SPACE_4
from denticode_desktop.ui.widgets import (
    BusyBar,
    Card,
    IconLabel,
    LineLabel,
    Notice,
    PlainDialog,
    PlainLabel,
    PlainList,
    SearchField,
    button,
    clear,
    confirm,
    shown,
)
from denticode_desktop.ui.window_services import PageContext
from denticode_desktop.ui.words import tr

_ROLE = Qt.ItemDataRole.UserRole


class ChoosePatientDialog(PlainDialog):
    """Accepted = linked; `result_words` tells what was done. Nothing is chosen beforehand."""

    def __init__(self, parent: QWidget, context: PageContext, case: MatchCase, *, can_send: bool = True) -> None:
        super().__init__(parent, tr("Which patient of the PMS is this?"), name="choosePatient", width=760)
        self._context = context
        self._case = case
        self.result_words = ""
        self._charts: list[Chart] = []
        columns = QHBoxLayout()
        columns.setSpacing(SPACE_4)
        columns.addWidget(self._ours(), 2)
        columns.addLayout(self._theirs(), 3)
        self.inner.addLayout(columns, 1)
        self.compare = Card(kind="inset", name="compare")
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(SPACE_4)
        self.compare.inner.addLayout(self._grid)
        self.compare.hide()
        self.inner.addWidget(self.compare)
        self.notice = Notice(name="chooseNotice")
        self.inner.addWidget(self.notice)
        self.busy = BusyBar(name="chooseBusy")
        self.inner.addWidget(self.busy)
        self.send_now = QCheckBox(tr("&Send this Lab to the PMS as soon as the patient is matched"))
        self.send_now.setObjectName("chooseSendNow")
        self.send_now.setAccessibleName(tr("Send this Lab as soon as the patient is matched"))
        if not can_send:
            self.send_now.hide()
        self.send_now.setChecked(can_send)
        self.inner.addWidget(self.send_now)
        self.go = self.add_button(button(tr("Choose a patient first"), self._link, name="chooseGo", kind="primary"))
        self.go.setEnabled(False)
        self._show_charts(case.charts)
        (self.list if case.charts else self.search).setFocus()

    def _ours(self) -> Card:
        person = self._case.patient.person
        frame = Card(name="ours")
        frame.inner.addWidget(PlainLabel(tr("In the Lab"), kind="caption"))
        frame.inner.addWidget(PlainLabel(person.display_name or tr("no name"), kind="section"))
        born = person.date_of_birth.isoformat() if person.date_of_birth else tr("not known")
        for words, value in (
            (tr("born {value}"), born), (tr("chart number {value}"), person.chart_number),
            (tr("phone {value}"), person.phone), ("{value}", person.address),
        ):  # fmt: skip
            if value:
                frame.inner.addWidget(PlainLabel(words.format(value=value), limit=200))
        frame.inner.addStretch(1)
        return frame

    def _theirs(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(SPACE_2)
        name = self._case.connection_name
        column.addWidget(LineLabel(tr("In {connection}").format(connection=name), kind="caption"))
        placeholder = tr("Search name, birth date, chart number or phone")
        self.search = SearchField(placeholder, name="chooseSearch")
        self.search.searched.connect(self._search)
        column.addWidget(self.search)
        self.list = PlainList(name="chooseList", accessible=tr("Patients of the PMS"))
        self.list.setMinimumHeight(150)
        self.list.currentRowChanged.connect(self._chosen)
        column.addWidget(self.list, 1)
        return column

    def _search(self, text: str) -> None:
        if not text:
            self._show_charts(self._case.charts)
            return
        services, case = self._context.services, self._case
        self._context.tasks.run(lambda: search_charts(services, case, text), self._found, self._failed)

    def _found(self, charts: tuple[Chart, ...]) -> None:
        if self.search.wanted:
            self._show_charts(charts)

    def _show_charts(self, charts: tuple[Chart, ...]) -> None:
        self._charts = list(charts)
        self.list.blockSignals(True)
        self.list.clear()
        for chart in charts:
            self.list.addItem(_entry(chart))
        self.list.blockSignals(False)
        self._chosen(-1)
        if not charts:
            words = tr("Nobody fits. Search by another part of the name, or press F5 to sync and try again.")
            self.notice.tell(words, "info")
        else:
            self.notice.tell("")

    def _chosen(self, row: int) -> None:
        chart = self._charts[row] if 0 <= row < len(self._charts) else None
        self.compare.setVisible(chart is not None)
        self.go.setEnabled(chart is not None and not chart.is_taken)
        if chart is None:
            self.go.set_words(tr("Choose a patient first"))
            return
        self._compare(chart)
        if chart.is_taken:
            self.notice.tell(tr("That chart is matched with another patient of ours. Undo that first."), "warn")
            return
        self.notice.tell("")
        born = chart.date_of_birth.isoformat() if chart.date_of_birth else tr("not known")
        words = tr("This is {name}, born {born}")
        self.go.set_words(words.format(name=shown(chart.name, 40), born=born).replace("&", "&&"))

    def _compare(self, chart: Chart) -> None:
        clear(self._grid)
        person = self._case.patient.person
        ours_born = person.date_of_birth.isoformat() if person.date_of_birth else ""
        theirs_born = chart.date_of_birth.isoformat() if chart.date_of_birth else ""
        name_differs = bool({"first name", "last name", "suffix"} & set(chart.differs))
        rows = (
            (tr("Name"), person.display_name, chart.name, name_differs),
            (tr("Birth date"), ours_born, theirs_born, "birth date" in chart.differs),
            (tr("Chart number"), person.chart_number, chart.chart_number, "chart number" in chart.differs),
            (tr("Phone"), person.phone, chart.phone, False),
        )
        for number, (what, ours, theirs, differs) in enumerate(row for row in rows if row[1] or row[2]):
            sign, role = ("warning", "warn") if differs else ("check-circle", "good")
            self._grid.addWidget(LineLabel(what, kind="caption"), number, 0)
            self._grid.addWidget(LineLabel(ours or "\u2013"), number, 1)
            self._grid.addWidget(LineLabel(theirs or "\u2013"), number, 2)
            if ours and theirs:
                self._grid.addWidget(IconLabel(sign, role, 16), number, 3)
                words = tr("differs") if differs else tr("same") if ours == theirs else ""
                self._grid.addWidget(LineLabel(words, kind=role if differs else "caption"), number, 4)
        for column, stretch in enumerate((2, 4, 4, 0, 2)):
            self._grid.setColumnStretch(column, stretch)

    def _link(self) -> None:
        chart = self._charts[self.list.currentRow()]
        if is_other_person(chart.differs) and not self._is_sure(chart):
            return
        services, case, send_now = self._context.services, self._case, self.send_now.isChecked()
        self.go.setEnabled(False)
        self.busy.show_work(tr("Matching \u2026"))
        self._context.tasks.run(
            lambda: choose_chart(services, case, chart.pms_patient_id, send_now=send_now), self._linked, self._failed
        )

    def _is_sure(self, chart: Chart) -> bool:
        """Name and birth date differ: asked once more, with the safe button in focus."""
        person = self._case.patient.person
        text = tr("The Lab is about {ours}, born {ours_born}. The chart is of {theirs}, born {theirs_born}.")
        words = text.format(
            ours=person.display_name, ours_born=person.date_of_birth or tr("not known"), theirs=chart.name,
            theirs_born=chart.date_of_birth or tr("not known"),
        )  # fmt: skip
        return confirm(self, tr("Is this the same person?"), words, tr("Yes, it is the same person"), kind="danger")

    def _linked(self, words: str) -> None:
        self.result_words = words
        self.accept()

    def _failed(self, error: DenticodeError) -> None:
        self.busy.rest()
        self.go.setEnabled(self.list.currentRow() >= 0)
        self.notice.tell(words_of(error), "bad")


def _entry(chart: Chart) -> QListWidgetItem:
    born = chart.date_of_birth.isoformat() if chart.date_of_birth else tr("no birth date")
    more = [tr("chart {number}").format(number=chart.chart_number) if chart.chart_number else "", chart.phone]
    first = "   ".join(part for part in (shown(chart.name, 80), tr("born {born}").format(born=born), *more) if part)
    if chart.is_taken:
        second = tr("Matched with another patient already")
    elif chart.differs:
        second = tr("Differs: {fields}").format(fields=", ".join(tr(field) for field in chart.differs))
    else:
        second = tr("Name and birth date agree")
    entry = QListWidgetItem(f"{first}\n{second}")
    entry.setData(_ROLE, chart.pms_patient_id)
    return entry
