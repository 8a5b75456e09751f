"""Who, by whom and when: the first section of a draft."""

from datetime import date, timedelta

from PySide6.QtCore import QDate, QSignalBlocker, Signal
from PySide6.QtWidgets import QDateEdit, QHBoxLayout

from denticode_desktop.services.lab_checks import EARLIEST
from denticode_desktop.ui.theme import SPACE_4
from denticode_desktop.ui.widgets import rule
from denticode_desktop.ui.window_services import PageContext
from denticode_desktop.ui.words import tr

from .editor_parts import Field, Section, keep_still
from .patient_box import PatientBox
from .provider_box import ProviderBox

DATE_PX = 170


class VisitBox(Section):
    """Patient, provider and visit date. `edited` after every change."""

    edited = Signal()

    def __init__(self, context: PageContext) -> None:
        super().__init__(tr("Visit"), name="labVisitCard")
        self._now = context.services.utc_now
        self.patient = PatientBox(context)
        self.provider = ProviderBox(context)
        self.date = QDateEdit()
        self.date.setObjectName("labVisitDate")
        self.date.setDisplayFormat("yyyy-MM-dd")
        self.date.setCalendarPopup(True)
        self.date.setMinimumDate(QDate(1, 1, 1))  # an imported date must not be moved; `date_fault` says what is wrong
        self.date.setMaximumHeight(self.provider.combo.sizeHint().height())
        keep_still(self.date)
        self._date_field = Field(tr("Visit &date"), self.date)
        self.inner.addWidget(self.patient)
        self.inner.addWidget(rule())
        row = QHBoxLayout()
        row.setSpacing(SPACE_4)
        self._date_field.setMaximumWidth(DATE_PX)
        row.addWidget(self.provider, 3)
        row.addWidget(self._date_field, 1)
        self.inner.addLayout(row)
        self.patient.edited.connect(self.edited)
        self.provider.edited.connect(self.edited)
        self.date.dateChanged.connect(self._on_date)

    @property
    def visit_on(self) -> date:
        """As shown."""
        day = self.date.date()
        return date(day.year(), day.month(), day.day())

    def today(self) -> date:
        """The viewer's own day."""
        return self._now().astimezone().date()

    def show_date(self, visit_on: date, *, is_writable: bool) -> None:
        """Of a draft."""
        with QSignalBlocker(self.date):
            self.date.setDate(QDate(visit_on.year, visit_on.month, visit_on.day))
        self.date.setReadOnly(not is_writable)
        self._date_field.say_fault("")

    def date_fault(self) -> str:
        """As lab_checks will say when the Lab is finalized: the practice's day can be one further than UTC's."""
        if EARLIEST <= self.visit_on <= self._now().date() + timedelta(days=1):
            return ""
        return tr("The visit date must be between 1900 and today.")

    def say_date_fault(self, text: str) -> None:
        """One sentence; empty takes it away."""
        self._date_field.say_fault(text)

    def _on_date(self, _day: QDate) -> None:
        self.say_date_fault(self.date_fault())
        self.edited.emit()
