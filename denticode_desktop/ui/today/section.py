"""One of Today's lists: heading with count, rows that are kept and moved rather than made anew, Show more."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from PySide6.QtCore import QElapsedTimer, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from denticode_desktop.services.status_board import TodayRow
from denticode_desktop.ui.theme import SPACE_1, SPACE_2, SPACE_3
from denticode_desktop.ui.widgets import (
    Card,
    IconLabel,
    LineLabel,
    PlainLabel,
    Status,
    button,
    name_for,
    rule,
)
from denticode_desktop.ui.words import tr

from .rows import RowWords, words_of_row

FIRST_ROWS = 6
MORE_ROWS = 20
SLICE_MS = 4
"""So long at a time may rows be made: the window stays answerable with hundreds of them."""
STEADY_MS = 400
"""A row that has just moved under the mouse does not take a press that was meant for another."""
SENTENCE_CHARS = 400


class Row(QWidget):
    """Icon, who, what, and one button. `pressed` tells the row."""

    pressed = Signal(object)

    def __init__(self, status: Status, *, is_done: bool) -> None:
        super().__init__()
        self._is_done = is_done
        self._words: RowWords | None = None
        self._since_moved = QElapsedTimer()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(rule())
        line = QHBoxLayout()
        line.setContentsMargins(0, SPACE_2, 0, SPACE_2)
        line.setSpacing(SPACE_3)
        outer.addLayout(line)
        line.addWidget(IconLabel(status.icon_name, status.role, 20), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        top = QHBoxLayout()
        top.setSpacing(SPACE_2)
        self._headline = LineLabel("", kind="strong", is_stretchy=False)
        self._meta = LineLabel("", kind="caption")
        top.addWidget(self._headline)
        top.addWidget(self._meta, 1)
        words.addLayout(top)
        self._sentence = PlainLabel("", limit=SENTENCE_CHARS)
        words.addWidget(self._sentence)
        self._next = PlainLabel("", kind="muted", limit=SENTENCE_CHARS)
        words.addWidget(self._next)
        line.addLayout(words, 1)
        self.button = button(tr("Open Lab"), self._press, name="rowButton")
        line.addWidget(self.button, 0, Qt.AlignmentFlag.AlignVCenter)

    def show_words(self, words: RowWords, now: datetime, name: str) -> None:
        """What it is about now."""
        self._words = words
        self._headline.say(words.headline)
        self._headline.setVisible(bool(words.headline))
        self._sentence.say(words.sentence)
        self._next.say(words.next_step)
        self._next.setVisible(bool(words.next_step))
        self.button.setVisible(words.press is not None)
        self.button.set_words(words.button)
        name_for(self.button, name, f"{words.button}: {words.whole}" if words.press else words.whole)
        name_for(self, f"{name}Row", words.whole)
        self.show_age(now)

    def show_age(self, now: datetime) -> None:
        """Only the times."""
        if self._words is not None:
            self._meta.say(self._words.meta(now, is_done=self._is_done))

    def has_moved(self) -> None:
        """It is somewhere else now."""
        self._since_moved.restart()

    @property
    def is_steady(self) -> bool:
        """Whether it has stood still long enough to be pressed on purpose."""
        return not self._since_moved.isValid() or self._since_moved.elapsed() >= STEADY_MS

    def _press(self) -> None:
        if self.is_steady and self._words is not None:
            self.pressed.emit(self._words)


class Section(Card):
    """A list. `pressed` tells the RowWords whose button was pressed."""

    pressed = Signal(object)

    def __init__(
        self, name: str, title: str, empty: str, status: Status, now: Callable[[], datetime], *, is_done: bool = False
    ) -> None:
        super().__init__(name=name)
        self._name = name
        self._title = title
        self._status = status
        self._now = now
        self._is_done = is_done
        self._limit = FIRST_ROWS
        self._all: Sequence[TodayRow] = ()
        self._wanted: list[RowWords] = []
        self._rows: dict[tuple[object, ...], Row] = {}
        self._order: list[tuple[object, ...]] = []
        self._next = 0
        self.inner.setSpacing(SPACE_1)
        self.heading = PlainLabel(title, kind="section", name=f"{name}Title")
        self.inner.addWidget(self.heading)
        self._empty = PlainLabel(empty, kind="muted", name=f"{name}Empty")
        self.inner.addWidget(self._empty)
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        self.inner.addLayout(self._list)
        self._more = button(tr("Show more"), self._show_more, name=f"{name}More", kind="quiet")
        self._more.hide()
        self.inner.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        self._builder = QTimer(self)
        self._builder.setInterval(0)
        self._builder.timeout.connect(self._build_some)

    @property
    def is_building(self) -> bool:
        """Whether rows are still to be made."""
        return self._builder.isActive()

    @property
    def is_steady(self) -> bool:
        """Whether every row is made and has stood still long enough to be pressed on purpose."""
        return not self.is_building and all(row.is_steady for row in self._rows.values())

    def show_rows(self, rows: Sequence[TodayRow]) -> None:
        """Rows that were here before are kept, with the focus on them."""
        self._all = rows
        self._wanted = self._first_words()
        self._next = 0
        self.heading.say(tr("{title} ({count})").format(title=self._title, count=len(rows)))
        self._empty.setVisible(not rows)
        wanted = {words.key for words in self._wanted}
        for key in [key for key in self._order if key not in wanted]:
            self._drop(key)
        self._builder.start()

    def focus_first(self) -> None:
        """The first row's button."""
        if self._order:
            self._rows[self._order[0]].button.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_ages(self) -> None:
        """Only the times, again."""
        now = self._now()
        for row in self._rows.values():
            row.show_age(now)

    def _drop(self, key: tuple[object, ...]) -> None:
        row = self._rows.pop(key)
        self._order.remove(key)
        self._list.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _build_some(self) -> None:
        """Puts rows in their places until the slice is used up."""
        spent = QElapsedTimer()
        spent.start()
        now = self._now()
        for index in range(self._next, len(self._wanted)):
            words = self._wanted[index]
            is_in_place = index < len(self._order) and self._order[index] == words.key
            row = self._rows.get(words.key)
            if row is None:
                row = Row(self._status, is_done=self._is_done)
                row.pressed.connect(self.pressed)
                self._rows[words.key] = row
            elif not is_in_place:
                self._order.remove(words.key)
                self._list.removeWidget(row)
            if not is_in_place:
                self._list.insertWidget(index, row)
                self._order.insert(index, words.key)
                row.has_moved()
            row.show_words(words, now, f"{self._name}Button{index}")
            self._next = index + 1
            if spent.elapsed() >= SLICE_MS:
                return
        for key in self._order[len(self._wanted) :]:
            self._drop(key)
        left = len(self._all) - len(self._wanted)
        self._more.setVisible(left > 0)
        self._more.set_words(tr("Show {n} more").format(n=min(left, MORE_ROWS)) if left > 0 else tr("Show more"))
        self._builder.stop()

    def _show_more(self) -> None:
        self._limit += MORE_ROWS
        self._wanted = self._first_words()
        self._builder.start()

    def _first_words(self) -> list[RowWords]:
        """Only of rows that are shown: a long list costs no more than a short one."""
        return _told_apart([words_of_row(row) for row in self._all[: self._limit]])


def _told_apart(rows: Sequence[RowWords]) -> list[RowWords]:
    """Two rows never share a key."""
    seen: dict[tuple[object, ...], int] = {}
    found = []
    for words in rows:
        number = seen.get(words.key, 0)
        seen[words.key] = number + 1
        found.append(replace(words, key=(*words.key, number)) if number else words)
    return found
