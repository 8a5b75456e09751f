"""The status strip: each connection's light in word and shape, what is being read, the queue, the engine's state."""

# ruff: noqa: PLC0415 - imports inside functions: the frame is painted before services are loaded

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy

from denticode_desktop.ui.theme import SPACE_1, SPACE_3
from denticode_desktop.ui.widgets import IconLabel, LineLabel, PlainLabel
from denticode_desktop.ui.words import tr

if TYPE_CHECKING:
    from datetime import datetime

    from denticode_desktop.services.status_board import StripView
    from denticode_desktop.ui.light import Lights

SOON_S = 90
"""The strip is read once a minute: nearer than this it tells no seconds."""


class StatusStrip(QFrame):
    """At the bottom of the window; words wait for `show_view`."""

    pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("strip")
        line = QHBoxLayout(self)
        line.setContentsMargins(SPACE_3, SPACE_1, SPACE_3, SPACE_1)
        line.setSpacing(SPACE_3)
        self._line = line
        self._lights: Lights | None = None
        self._sync = LineLabel("", kind="muted", name="stripSync")
        line.addWidget(self._sync, 1)
        self._engine_icon = IconLabel("warning", "warn", 14)
        self._engine_icon.hide()
        line.addWidget(self._engine_icon)
        self._engine = PlainLabel("", kind="warn", name="stripEngine")
        self._engine.setWordWrap(False)
        self._engine.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        line.addWidget(self._engine)
        self._counts = PlainLabel(tr("Starting \u2026"), name="stripCounts")
        self._counts.setWordWrap(False)
        self._counts.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        line.addWidget(self._counts)
        self.setFixedHeight(30)

    @property
    def words(self) -> str:
        """Everything that it says, for tests."""
        labels = [label.text() for label in self.findChildren(PlainLabel) if not label.isHidden()]
        return " | ".join(text for text in labels if text)

    def show_view(self, view: StripView, needs_you: int, waiting: int, now: datetime) -> None:
        """Lights and counts; the counts are those of Today's lists."""
        if self._lights is None:
            from denticode_desktop.ui.light import Lights

            self._lights = Lights()
            self._line.insertWidget(0, self._lights)
        self._lights.show_cards(view.cards, now)
        parts = [tr("Needs you {n}").format(n=needs_you), tr("Waiting {n}").format(n=waiting)]
        if view.counts.checking:
            parts.append(tr("Checking {n}").format(n=view.counts.checking))
        if view.next_sync_at is not None:
            parts.append(_next_sync(view.next_sync_at, now))
        if view.is_alert:
            parts.insert(0, tr("Something has waited for more than a day"))
        elif view.is_notice:
            parts.insert(0, tr("Something has waited for more than 4 hours"))
        self._counts.set_words("  \u00b7  ".join(parts), "warn" if view.is_notice or view.is_alert else "")

    def hear(self, event: object) -> None:
        """Progress and the engine's state, as they come."""
        from denticode_desktop.domain.events import EngineStarted, EngineStopped, SyncFinished, SyncProgressed

        if isinstance(event, SyncProgressed):
            of = tr("Reading {kind}: {done} of {total}") if event.total else tr("Reading {kind}: {done}")
            self._sync.say(of.format(kind=event.kind, done=f"{event.done:,}", total=f"{event.total or 0:,}"))
        elif isinstance(event, SyncFinished):
            self._sync.say(event.sentence)
        elif isinstance(event, EngineStopped):
            again = tr("Sending stopped; it is being started again.")
            self._say_engine(again if event.will_restart else tr("Sending is off."))
        elif isinstance(event, EngineStarted):
            other = tr("Sending is off: another Denticode is running on this computer.")
            self._say_engine("" if event.is_sender else other)

    def say(self, words: str) -> None:
        """Instead of the counts, while there is no practice."""
        self._counts.say(words)

    def _say_engine(self, words: str) -> None:
        self._engine.say(words)
        self._engine_icon.setVisible(bool(words))


def _next_sync(at: datetime, now: datetime) -> str:
    from denticode_desktop.ui.times import until

    if (at - now).total_seconds() < SOON_S:
        return tr("Next sync soon")
    return tr("Next sync {when}").format(when=until(at, now))
