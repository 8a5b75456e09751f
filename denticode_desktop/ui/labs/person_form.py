"""A person who is not in the PMS's list: name, birth date and what else is known."""

from collections.abc import Callable
from datetime import date, datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QLineEdit

from denticode_desktop.domain.people import Demographics, Sex
from denticode_desktop.services.lab_checks import EARLIEST
from denticode_desktop.ui.theme import SPACE_2, SPACE_3
from denticode_desktop.ui.widgets import PlainLabel, name_for, shown
from denticode_desktop.ui.words import tr

from .draft_form import DATE_WORDS, NotReadableError, date_of
from .drafts import TypedPerson
from .editor_parts import Clear, Field, keep_still

MAX_CHARS = 200
_SEXES = (("not known", None), ("Female", Sex.FEMALE), ("Male", Sex.MALE), ("Other", Sex.OTHER))


class PersonForm(Clear):
    """`person` is whole or None, with a sentence at the first field that is wrong."""

    edited = Signal()

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._now = now
        self.first = self._edit("personFirst")
        self.last = self._edit("personLast")
        self.born = self._edit("personBorn")
        self.born.setPlaceholderText(tr("such as 1984-03-02 or 03/02/1984"))
        self.chart = self._edit("personChart")
        self.phone = self._edit("personPhone")
        self.sex = QComboBox()
        name_for(self.sex, "personSex", tr("Sex"))
        for words, sex in _SEXES:
            self.sex.addItem(tr(words), sex.value if sex else "")
        keep_still(self.sex)
        self._rows = {
            "first": Field(tr("&First name"), self.first), "last": Field(tr("L&ast name"), self.last),
            "born": Field(tr("&Birth date"), self.born), "sex": Field(tr("Se&x"), self.sex),
            "chart": Field(tr("C&hart number, if there is one"), self.chart), "phone": Field(tr("&Phone"), self.phone),
        }  # fmt: skip
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(SPACE_3)
        grid.setVerticalSpacing(SPACE_2)
        words = tr("The Lab can be written now. Before it is sent, this person must be matched with a chart.")
        grid.addWidget(PlainLabel(words, kind="muted"), 0, 0, 1, 2)
        for number, field in enumerate(self._rows.values()):
            grid.addWidget(field, 1 + number // 2, number % 2)
        grid.setRowStretch(4, 1)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)

    def _edit(self, name: str) -> QLineEdit:
        made = QLineEdit()
        made.setObjectName(name)
        made.setMaxLength(MAX_CHARS)
        made.textEdited.connect(self._on_edited)
        return made

    def begin(self, searched: str) -> None:
        """Takes over what was searched for where it can be a name: `Ruiz, Ana` or `Ana Ruiz`."""
        is_empty = not (self.first.text() or self.last.text())
        if is_empty and searched and not any(c.isdigit() for c in searched):
            last, comma, first = searched.partition(",")
            if not comma:
                first, _, last = searched.rpartition(" ")
            self.first.setText(first.strip())
            self.last.setText(last.strip())
        self.first.setFocus()

    def person(self) -> TypedPerson | None:
        """As typed, trimmed; None with a sentence where something is missing or wrong."""
        born = self._born()
        wrong = {
            "first": _name_fault(self.first.text(), tr("Type the first name.")),
            "last": _name_fault(self.last.text(), tr("Type the last name.")),
            "born": born if isinstance(born, str) else "",
            "chart": _sign_fault(self.chart.text()),
            "phone": _sign_fault(self.phone.text()),
        }
        for name, sentence in wrong.items():
            self._rows[name].say_fault(sentence)
        first_wrong = next((name for name, sentence in wrong.items() if sentence), None)
        if first_wrong is not None:
            self._rows[first_wrong].field.setFocus()
            return None
        chosen = str(self.sex.currentData())
        return TypedPerson(
            Demographics(
                self.first.text().strip(), self.last.text().strip(), born if isinstance(born, date) else None,
                Sex(chosen) if chosen else None, phone=self.phone.text().strip(),
                chart_number=self.chart.text().strip(),
            )
        )  # fmt: skip

    def _born(self) -> date | str:
        try:
            found = date_of(self.born.text())
        except NotReadableError:
            return tr(DATE_WORDS)
        if found is None:
            return tr("Type the birth date: a Lab cannot be finalized without it.")
        if not EARLIEST <= found <= self._now().astimezone().date():
            return tr("The birth date must be between 1900 and today.")
        return found

    def _on_edited(self) -> None:
        for row in self._rows.values():
            if row.field is self.sender():
                row.say_fault("")
        self.edited.emit()


def _name_fault(text: str, if_empty: str) -> str:
    return _sign_fault(text) if text.strip() else if_empty


def _sign_fault(text: str) -> str:
    return tr("This holds a sign that cannot be seen. Type it again.") if shown(text) != text else ""
