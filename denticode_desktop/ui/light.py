"""The connections' lights in the status strip: shape, name and word; more in the tool tip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from denticode_desktop.ui.theme import SPACE_1, SPACE_3
from denticode_desktop.ui.times import ago
from denticode_desktop.ui.widgets import IconLabel, LineLabel, PlainLabel, Status, name_for
from denticode_desktop.ui.widgets.chips import LIMITED, NOT_PROVEN, NOT_WORKING, READY
from denticode_desktop.ui.words import say_sentence, tr

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from denticode_desktop.services.status_board import ConnectionCard

LIGHT_STATUS: dict[str, Status] = {"green": READY, "yellow": LIMITED, "failed": NOT_WORKING, "grey": NOT_PROVEN}
"""By CardLight's values."""


MAX_LIGHTS = 3


class Light(QWidget):
    """One connection: shape, name, word."""

    def __init__(self) -> None:
        super().__init__()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(SPACE_1)
        self._icon = IconLabel(NOT_PROVEN.icon_name, NOT_PROVEN.role, 14)
        line.addWidget(self._icon)
        self._name = LineLabel("", kind="muted", is_stretchy=False)
        self._name.setMaximumWidth(260)
        line.addWidget(self._name)
        self._word = PlainLabel("")
        self._word.setWordWrap(False)
        self._word.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        line.addWidget(self._word)

    def show_card(self, card: ConnectionCard, now: datetime) -> None:
        """What is known of it now."""
        status = LIGHT_STATUS[card.light]
        name = card.connection.settings.name
        self._icon.set_icon(status.icon_name, status.role)
        self._name.say(name)
        self._word.set_words(tr(status.word), status.role if status.role != "muted" else "")
        read = card.connection.last_good_read_at
        parts = [say_sentence(card.words), tr("Last read {when}.").format(when=ago(read, now)) if read else ""]
        self.setToolTip(" ".join(part for part in parts if part).replace("<", "\u2039"))
        name_for(self, f"light{card.connection.connection_id}", f"{name}: {tr(status.word)}", " ".join(parts))


class Lights(QWidget):
    """The first few connections and how many more there are."""

    def __init__(self) -> None:
        super().__init__()
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(SPACE_3)
        self._lights: list[Light] = []
        self._rest = LineLabel("", kind="muted", is_stretchy=False)
        self._line.addWidget(self._rest)

    def show_cards(self, cards: Sequence[ConnectionCard], now: datetime) -> None:
        """Lights that are there are kept: this is said every minute."""
        shown = cards[:MAX_LIGHTS]
        while len(self._lights) > len(shown):
            gone = self._lights.pop()
            self._line.removeWidget(gone)
            gone.hide()
            gone.setParent(None)
            gone.deleteLater()
        for place, card in enumerate(shown):
            if place == len(self._lights):
                self._lights.append(Light())
                self._line.insertWidget(place, self._lights[place])
            self._lights[place].show_card(card, now)
        more = len(cards) - len(shown)
        self._rest.say(tr("and {n} more").format(n=more) if more else "" if cards else tr("No PMS connected"))
        self._rest.setVisible(bool(more) or not cards)
