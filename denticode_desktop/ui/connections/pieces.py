"""Small parts that several of these screens use: steps as they happen, what is missing, a sync's progress."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from denticode_desktop.domain.connection import Check, ConnectionReport
from denticode_desktop.ui.widgets import PlainLabel, button, clear
from denticode_desktop.ui.words import tr

from .model import SyncState
from .signs import Clear, SignLine
from .words import kind_words, left_words, other_gaps, step_status, step_words, stops_words


class CalmCombo(QComboBox):
    """A list of choices that bounded names fit into and that the wheel does not change by accident."""

    def __init__(self, name: str, spoken: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(spoken)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(16)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scrolls the page instead."""
        event.ignore()


class CheckList(Clear):
    """Steps of a test, each with its sign as it ends, and a last line while it runs."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(6)
        self._running = SignLine("", "hourglass", "info", name=f"{name}Running")
        self._layout.addWidget(self._running)
        self._running.hide()
        self.hide()

    def begin(self, words: str) -> None:
        """Empty, running."""
        self.clear_steps()
        self._running.set_sign(words, "hourglass", "info")
        self._running.show()
        self.show()

    def add(self, check: Check) -> None:
        """A step ended."""
        sign = step_status(check.outcome)
        line = SignLine(step_words(check), sign.icon_name, sign.role)
        line.setToolTip(tr(sign.word))
        self._layout.insertWidget(self._layout.count() - 1, line)
        self.show()

    def say_running(self, words: str) -> None:
        """Another last line while it runs."""
        self._running.set_sign(words, "hourglass", "info")

    def end(self) -> None:
        """No step comes any more."""
        self._running.hide()

    def clear_steps(self) -> None:
        """No steps shown."""
        while self._layout.count() > 1:
            entry = self._layout.takeAt(0)
            widget = entry.widget() if entry is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._running.hide()
        self.hide()


class MissingBox(Clear):
    """Missing permissions, what each stops, and the text for the PMS administrator with a Copy button."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._text = ""
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 4, 0, 4)
        self._layout.setSpacing(6)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(6)
        self._layout.addLayout(self._lines)
        self._quoted = PlainLabel("", kind="caption", name=f"{name}Text")
        self._layout.addWidget(self._quoted)
        row = QHBoxLayout()
        words = tr("Copy text for the PMS administrator")
        self._copy = button(words, self._on_copy, name=f"{name}Copy", icon_name="copy")
        self._said = SignLine(tr("Copied"), "check-circle", "good", name=f"{name}Copied")
        self._said.hide()
        row.addWidget(self._copy)
        row.addWidget(self._said, 1)
        row.addStretch(1)
        self._layout.addLayout(row)
        self.hide()

    def show_report(self, report: ConnectionReport | None, text: str) -> None:
        """Hidden where nothing is missing. `text`: what Copy gives."""
        lines = [] if report is None else [
            *((permission.value, stops_words(permission)) for permission in report.missing_permissions),
            *(("", gap) for gap in other_gaps(report)),
        ]  # fmt: skip
        clear(self._lines)
        self._said.hide()
        self._text = text
        self._quoted.say(text)
        for title, words in lines:
            label = tr("Missing permission: {name}. {words}").format(name=title, words=words) if title else words
            self._lines.addWidget(SignLine(label, "warning", "warn"))
        self.setVisible(bool(lines))

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._text)
        self._said.show()


class SyncBar(Clear):
    """A sync under way: what is read, count, total, time left, and Cancel."""

    cancelled = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 4)
        layout.setSpacing(6)
        head = QHBoxLayout()
        self.words = PlainLabel("", name=f"{name}Words")
        head.addWidget(self.words, 1)
        self.cancel: QPushButton = button(tr("Cancel sync"), self.cancelled.emit, name=f"{name}Cancel", kind="quiet")
        head.addWidget(self.cancel, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(head)
        self.bar = QProgressBar()
        self.bar.setObjectName(f"{name}Bar")
        self.bar.setAccessibleName(tr("Sync progress"))
        self.bar.setTextVisible(False)
        layout.addWidget(self.bar)
        self.hide()

    def show_state(self, state: SyncState | None) -> None:
        """Hidden where None."""
        self.setVisible(state is not None)
        if state is None:
            return
        self.cancel.setEnabled(not state.is_stopping)
        self.bar.setMaximum(state.total or 0)
        self.bar.setValue(min(state.done, state.total) if state.total else 0)
        self.words.say(self._words(state))

    def _words(self, state: SyncState) -> str:
        if state.is_stopping:
            return tr("Stopping after the page under way. What was read is kept.")
        if not state.kind:
            return tr("Starting the sync \u2026")
        is_through = state.total is not None and state.done >= state.total
        left = "" if is_through else left_words(state.left_s)
        if state.total:
            text = tr("{what}: {done} of {total}") + (tr(", {left}") if left else "")
        else:
            text = tr("{what}: {done}")
        done, total = f"{state.done:,}", f"{state.total or 0:,}"
        return text.format(what=kind_words(state.kind), done=done, total=total, left=left)


def caption(text: str, value: str, name: str) -> tuple[QWidget, PlainLabel]:
    """A small fact: its caption above its value; gives the holder and the value's label."""
    holder = Clear()
    layout = QVBoxLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(2)
    layout.addWidget(PlainLabel(text, kind="caption"))
    shown_value = PlainLabel(value, name=name)
    layout.addWidget(shown_value)
    return holder, shown_value


def set_choices(combo: QComboBox, first: str, choices: Sequence[tuple[str, object]], chosen: object) -> None:
    """Fills without a signal; `first` stands for none."""
    combo.blockSignals(True)
    combo.clear()
    combo.addItem(first, None)
    for text, value in choices:
        combo.addItem(text, value)
    found = [i for i in range(combo.count()) if combo.itemData(i) == chosen]
    combo.setCurrentIndex(found[0] if found else 0)
    combo.blockSignals(False)
