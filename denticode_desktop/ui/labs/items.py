"""How far each note, code and document of a write-back is: rows that are kept and changed, never made anew."""

from collections.abc import Callable, Sequence
from datetime import datetime

from PySide6.QtCore import QElapsedTimer, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from denticode_desktop.domain.write_back import ItemState
from denticode_desktop.services.lab_views import WriteBackView
from denticode_desktop.ui.theme import SPACE_1, SPACE_2, SPACE_3
from denticode_desktop.ui.widgets import Card, IconLabel, LineLabel, PlainLabel, button, name_for, rule, set_kind
from denticode_desktop.ui.words import tr

from .words import ItemLine, item_line, write_back_words

SLICE_MS = 4
"""So long at a time may rows be made: the window stays answerable with hundreds of them."""


class ItemRow(QWidget):
    """Sign, what, state; below it why, and for IT where. `decide` tells an ItemId."""

    decide = Signal(object)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._line: ItemLine | None = None
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(rule())
        line = QHBoxLayout()
        line.setContentsMargins(0, SPACE_2, 0, SPACE_2)
        line.setSpacing(SPACE_3)
        self._sign = IconLabel("circle", "muted", 18)
        line.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        top = QHBoxLayout()
        top.setSpacing(SPACE_3)
        self._what = LineLabel("", kind="strong")
        self._state = LineLabel("", is_stretchy=False)
        top.addWidget(self._what, 1)
        top.addWidget(self._state)
        words.addLayout(top)
        self._why = PlainLabel("", kind="muted")
        self._details = PlainLabel("", kind="caption")
        self._details.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words.addWidget(self._why)
        words.addWidget(self._details)
        line.addLayout(words, 1)
        self.button = button(tr("Decide \u2026"), self._press, name=f"{name}Decide")
        line.addWidget(self.button, 0, Qt.AlignmentFlag.AlignVCenter)
        outer.addLayout(line)

    def show_line(self, shown: ItemLine, *, has_details: bool) -> None:
        """What it is about now."""
        self._line = shown
        self._sign.set_icon(shown.status.icon_name, shown.status.role)
        self._what.say(shown.what)
        self._state.say(shown.state)
        set_kind(self._state, shown.status.role)
        self._why.say(shown.why)
        self._why.setVisible(bool(shown.why))
        self._details.say(shown.details)
        self._details.setVisible(has_details)
        self.button.setVisible(shown.can_decide)
        whole = " ".join(part for part in (f"{shown.what}: {shown.state}.", shown.why) if part)
        name_for(self.button, f"{self._name}Decide", tr("Decide about {what}").format(what=shown.what), whole)
        name_for(self, self._name, whole)

    def _press(self) -> None:
        if self._line is not None:
            self.decide.emit(self._line.item_id)


class WriteBackBox(Card):
    """One write-back: its PMS, its state, its entries, what must be charted by hand.

    `decide` tells an ItemId; `grown`: there are more `stops`.
    """

    decide = Signal(object)
    grown = Signal()

    def __init__(self, number: int, now: Callable[[], datetime]) -> None:
        super().__init__(name=f"labWriteBack{number}")
        self._number = number
        self._now = now
        self._shown: WriteBackView | None = None
        self._has_details = False
        self._rows: list[ItemRow] = []
        self._by_hand: list[PlainLabel] = []
        self._next, self._is_blocked, self._chained = 0, False, 0
        self._builder = QTimer(self)
        self._builder.setInterval(0)
        self._builder.timeout.connect(self._build_some)
        self.inner.setSpacing(0)
        self.inner.addLayout(self._head())
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        self.inner.addLayout(self._list)
        self.hand = Card(kind="inset", name=f"labByHand{number}")
        self.hand.inner.setSpacing(SPACE_1)
        self.hand.inner.addWidget(PlainLabel(tr("To be charted by hand in the PMS"), kind="strong"))
        self.inner.addWidget(self.hand)
        self._toggle = button(tr("Details for IT"), self._turn, name=f"labForIt{number}", kind="quiet")
        self._toggle.setCheckable(True)
        self.inner.addWidget(self._toggle, 0, Qt.AlignmentFlag.AlignLeft)

    def _head(self) -> QVBoxLayout:
        head = QVBoxLayout()
        head.setContentsMargins(0, 0, 0, SPACE_2)
        head.setSpacing(2)
        line = QHBoxLayout()
        line.setSpacing(SPACE_3)
        self._title = LineLabel("", kind="section")
        line.addWidget(self._title, 1)
        self._sign = IconLabel("circle", "muted", 16)
        self._state = LineLabel("", is_stretchy=False)
        line.addWidget(self._sign)
        line.addWidget(self._state)
        head.addLayout(line)
        self._provider = LineLabel("", kind="muted")
        head.addWidget(self._provider)
        return head

    def show_write_back(self, write_back: WriteBackView, provider: str) -> None:
        """As it is now."""
        self._shown = write_back
        self._title.say(write_back.connection_name)
        self._provider.say(tr("under {provider}").format(provider=provider) if provider else "")
        self._provider.setVisible(bool(provider))
        self._show_by_hand(write_back.writeback.by_hand)
        self.show_ages()

    def show_ages(self) -> None:
        """States with their times."""
        if self._shown is None:
            return
        now = self._now()
        status, words = write_back_words(self._shown, now)
        self._sign.set_icon(status.icon_name, status.role)
        self._state.say(words)
        set_kind(self._state, status.role)
        self._next, self._is_blocked = 0, False
        self._build_some()
        self._toggle.setVisible(bool(self._shown.items))

    @property
    def stops(self) -> list[QWidget]:
        """Where Tab stops, in reading order."""
        return [*(row.button for row in self._rows), self._toggle]

    @property
    def is_building(self) -> bool:
        """Whether rows are still to be made."""
        return self._builder.isActive()

    def _build_some(self) -> None:
        """Fills rows until the slice is used up; a Lab may have 200 codes."""
        views = self._shown.items if self._shown is not None else ()
        spent = QElapsedTimer()
        spent.start()
        now = self._now()
        while self._next < len(views) and spent.elapsed() < SLICE_MS:
            view = views[self._next]
            if self._next == len(self._rows):
                row = ItemRow(f"labItem{self._number}x{self._next}")
                row.decide.connect(self.decide)
                self._rows.append(row)
                self._list.addWidget(row)
            row = self._rows[self._next]
            row.show_line(item_line(view, is_blocked=self._is_blocked, now=now), has_details=self._has_details)
            row.show()
            self._is_blocked = self._is_blocked or view.item.state is ItemState.REVIEW
            self._next += 1
        if self._next < len(views):
            self._builder.start()
            return
        self._builder.stop()
        for row in self._rows[len(views) :]:
            row.hide()
        if len(self._rows) != self._chained:
            self._chained = len(self._rows)
            self.grown.emit()

    def _show_by_hand(self, lines: Sequence[str]) -> None:
        while len(self._by_hand) < len(lines):
            label = PlainLabel("")
            self._by_hand.append(label)
            self.hand.inner.addWidget(label)
        for label, line in zip(self._by_hand, lines, strict=False):
            label.say(f"\u2022 {line}")
            label.show()
        for label in self._by_hand[len(lines) :]:
            label.hide()
        self.hand.setVisible(bool(lines))

    def _turn(self) -> None:
        self._has_details = self._toggle.isChecked()
        self.show_ages()
