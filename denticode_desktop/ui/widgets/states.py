"""What a page shows when it has nothing to show yet: loading, empty, error; and a bar for long work."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from denticode_desktop.ui.theme import SPACE_2, SPACE_3, SPACE_5
from denticode_desktop.ui.words import tr

from .buttons import button
from .icon_label import IconLabel
from .plain import PlainLabel

_WIDTH = 420
_CENTRE = Qt.AlignmentFlag.AlignHCenter


def _column(parent: QWidget) -> QVBoxLayout:
    """A narrow column in the middle of `parent`, a little above its centre."""
    outer = QVBoxLayout(parent)
    outer.setContentsMargins(SPACE_5, SPACE_5, SPACE_5, SPACE_5)
    outer.addStretch(2)
    holder = QWidget()
    holder.setMaximumWidth(_WIDTH)
    middle = QHBoxLayout()
    middle.addStretch(1)
    middle.addWidget(holder, 8)
    middle.addStretch(1)
    outer.addLayout(middle)
    outer.addStretch(3)
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(SPACE_2)
    return column


def _centred(text: str, kind: str, name: str = "") -> PlainLabel:
    label = PlainLabel(text, kind=kind, name=name)
    label.setAlignment(_CENTRE)
    return label


class EmptyState(QWidget):
    """Icon, a headline, one sentence and at most one button."""

    def __init__(
        self, icon_name: str, title: str, sentence: str = "", *, button_text: str = "", button_name: str = "",
        on_press: Callable[[], None] | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        column = _column(self)
        column.addWidget(IconLabel(icon_name, "muted", 40), 0, _CENTRE)
        column.addWidget(_centred(title, "section", "emptyTitle"))
        if sentence:
            column.addWidget(_centred(sentence, "muted", "emptySentence"))
        if button_text and on_press is not None:
            column.addSpacing(SPACE_2)
            column.addWidget(button(button_text, on_press, name=button_name, kind="primary"), 0, _CENTRE)


class LoadingState(QWidget):
    """Says what is being read."""

    def __init__(self, sentence: str = "") -> None:
        super().__init__()
        column = _column(self)
        column.addWidget(_centred(sentence or tr("Reading \u2026"), "muted", "loadingSentence"))


class ErrorPanel(QWidget):
    """What did not work, the one next step, Try again, and the details to copy for IT."""

    def __init__(self, on_retry: Callable[[], None] | None = None) -> None:
        super().__init__()
        self._details = ""
        column = _column(self)
        column.addWidget(IconLabel("warning", "bad", 40), 0, _CENTRE)
        self._sentence = _centred("", "section", "errorSentence")
        self._next = _centred("", "muted", "errorNext")
        column.addWidget(self._sentence)
        column.addWidget(self._next)
        column.addSpacing(SPACE_2)
        row = QHBoxLayout()
        row.setSpacing(SPACE_3)
        row.addStretch(1)
        if on_retry is not None:
            row.addWidget(button(tr("Try again"), on_retry, name="errorRetry", kind="primary"))
        row.addWidget(button(tr("Copy details"), self._copy, name="errorCopy", kind="quiet", icon_name="copy"))
        row.addStretch(1)
        column.addLayout(row)

    @property
    def sentence(self) -> str:
        """What it says."""
        return self._sentence.text()

    def show_error(self, sentence: str, next_step: str = "", details: str = "") -> None:
        """details: kinds and codes only, no patient data."""
        self._sentence.say(sentence)
        self._next.say(next_step)
        self._next.setVisible(bool(next_step))
        self._details = "\n".join(part for part in (sentence, next_step, details) if part)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._details)


class BusyBar(QWidget):
    """One line about long work: words, a thin bar, Cancel where that is possible. Hidden at rest."""

    def __init__(self, *, name: str = "busy", on_cancel: Callable[[], None] | None = None) -> None:
        super().__init__()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(SPACE_3)
        self._words = PlainLabel("", kind="muted", name=f"{name}Words")
        self._bar = QProgressBar()
        self._bar.setObjectName(f"{name}Bar")
        self._bar.setAccessibleName(tr("Progress"))
        self._bar.setTextVisible(False)
        self._bar.setMaximumWidth(220)
        line.addWidget(self._words, 2)
        line.addWidget(self._bar, 1)
        if on_cancel is not None:
            line.addWidget(button(tr("Cancel"), on_cancel, name=f"{name}Cancel", kind="quiet"))
        self.hide()

    @property
    def words(self) -> str:
        """What it says."""
        return self._words.text()

    def show_work(self, words: str, done: int | None = None, total: int | None = None) -> None:
        """With `total` the bar fills; without it, it only moves."""
        self._words.say(words)
        self._bar.setRange(0, total or 0)
        if total:
            self._bar.setValue(min(done or 0, total))
        self.show()

    def rest(self) -> None:
        """Nothing is being done."""
        self.hide()
