"""Filters of the audit log: time span, person, group of kinds, outcome, text. `changed` tells the AuditFilter."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from PySide6.QtCore import QDate, QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QDateEdit, QHBoxLayout, QWidget

from denticode_desktop.ports.views import AuditFilter
from denticode_desktop.ui.theme import SPACE_2
from denticode_desktop.ui.times import local_midnight
from denticode_desktop.ui.widgets import PlainLabel, SearchField, button, name_for
from denticode_desktop.ui.words import tr

from .words import GROUPS, kinds_of

_SPANS: tuple[tuple[str, int | None], ...] = (
    ("Any time", None), ("Today", 0), ("Last 7 days", 6), ("Last 30 days", 29), ("Last 12 months", 364),
    ("From \u2026 to", -1),
)  # fmt: skip


class FilterBar(QWidget):
    """One line; the dates show when they are asked for."""

    changed = Signal(object)

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._now = now
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(SPACE_2)
        self.span = self._combo("auditSpan", tr("Time"), [tr(words) for words, _ in _SPANS])
        self.since = self._date("auditSince", tr("From"))
        self.until = self._date("auditUntil", tr("To"))
        self.person = self._combo("auditPerson", tr("Person"), [tr("Everybody")])
        self.group = self._combo("auditGroup", tr("Kind"), [tr(words) for words, _ in GROUPS])
        self.outcome = self._combo("auditOutcome", tr("Outcome"), [tr("Any outcome")])
        self.text = SearchField(tr("Search event, person, Lab or reason"), name="auditFilter")
        self.text.searched.connect(lambda _text: self._tell())
        self._dash = PlainLabel("\u2013", kind="muted")
        self._dash.setMaximumWidth(12)
        self._clear = button(tr("Clear"), self.clear, name="auditClear", kind="quiet")
        for widget in (self.span, self.since, self._dash, self.until, self.person, self.group, self.outcome):
            line.addWidget(widget)
        line.addWidget(self.text, 1)
        line.addWidget(self._clear)
        self._clear.hide()
        self._show_dates()

    def _combo(self, name: str, accessible: str, words: Sequence[str]) -> QComboBox:
        made = QComboBox()
        name_for(made, name, accessible)
        made.setToolTip(accessible)
        made.addItems(list(words))
        made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        made.setMinimumContentsLength(8)
        made.view().setMinimumWidth(220)
        made.currentIndexChanged.connect(lambda _index: self._tell())
        return made

    def _date(self, name: str, accessible: str) -> QDateEdit:
        made = QDateEdit(QDate.currentDate())
        name_for(made, name, accessible)
        made.setToolTip(accessible)
        made.setDisplayFormat("yyyy-MM-dd")
        made.setCalendarPopup(True)
        made.dateChanged.connect(lambda _date: self._tell())
        return made

    @property
    def is_set(self) -> bool:
        """Whether anything is left out."""
        return self.wanted() != AuditFilter()

    def wanted(self) -> AuditFilter:
        """What is chosen."""
        since, until = self._times()
        return AuditFilter(
            since=since, until=until,
            actor=self.person.currentData() if self.person.currentIndex() > 0 else None,
            kinds=kinds_of(GROUPS[self.group.currentIndex()][1]),
            outcome=self.outcome.currentData() if self.outcome.currentIndex() > 0 else None,
            text=self.text.wanted,
        )  # fmt: skip

    def offer(self, people: Sequence[str], outcomes: Sequence[str]) -> None:
        """Adds what was seen in the log."""
        for combo, values in ((self.person, people), (self.outcome, outcomes)):
            with QSignalBlocker(combo):
                for value in values:
                    if value and combo.findData(value) < 0:
                        combo.addItem(value.replace("_", " ")[:60], value)

    def clear(self) -> None:
        """Everything again."""
        with QSignalBlocker(self.text):
            self.text.clear()
        for combo in (self.span, self.person, self.group, self.outcome):
            with QSignalBlocker(combo):
                combo.setCurrentIndex(0)
        self._tell()

    def _times(self) -> tuple[datetime | None, datetime | None]:
        days = _SPANS[self.span.currentIndex()][1]
        if days is None:
            return None, None
        midnight = local_midnight(self._now())
        if days >= 0:
            return midnight - timedelta(days=days), None
        zone = midnight.tzinfo
        chosen = [edit.date() for edit in (self.since, self.until)]
        first, last = (datetime(day.year(), day.month(), day.day(), tzinfo=zone) for day in chosen)
        return min(first, last), max(first, last) + timedelta(days=1)

    def _show_dates(self) -> None:
        is_custom = _SPANS[self.span.currentIndex()][1] == -1
        for widget in (self.since, self._dash, self.until):
            widget.setVisible(is_custom)

    def _tell(self) -> None:
        self._show_dates()
        self._clear.setVisible(self.is_set)
        self.changed.emit(self.wanted())
