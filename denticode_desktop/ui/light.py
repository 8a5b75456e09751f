"""A connection's light in the status strip: shape, name and word; more in its tool tip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from denticode_desktop.ui.theme import SPACE_1
from denticode_desktop.ui.times import ago
from denticode_desktop.ui.widgets import IconLabel, LineLabel, PlainLabel, Status, name_for
from denticode_desktop.ui.widgets.chips import LIMITED, NOT_PROVEN, NOT_WORKING, READY
from denticode_desktop.ui.words import say_sentence, tr

if TYPE_CHECKING:
    from datetime import datetime

    from denticode_desktop.services.status_board import ConnectionCard

LIGHT_STATUS: dict[str, Status] = {"green": READY, "yellow": LIMITED, "failed": NOT_WORKING, "grey": NOT_PROVEN}
"""By CardLight's values."""


class Light(QWidget):
    """One connection: shape, name, word."""

    def __init__(self, card: ConnectionCard, now: datetime) -> None:
        super().__init__()
        status = LIGHT_STATUS[card.light]
        name = card.connection.settings.name
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(SPACE_1)
        line.addWidget(IconLabel(status.icon_name, status.role, 14))
        label = LineLabel(name, kind="muted", is_stretchy=False)
        label.setMaximumWidth(260)
        line.addWidget(label)
        word = PlainLabel(tr(status.word), kind=status.role if status.role != "muted" else "")
        word.setWordWrap(False)
        word.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        line.addWidget(word)
        read = card.connection.last_good_read_at
        parts = [say_sentence(card.words), tr("Last read {when}.").format(when=ago(read, now)) if read else ""]
        self.setToolTip(" ".join(part for part in parts if part).replace("<", "\u2039"))
        name_for(self, f"light{card.connection.connection_id}", f"{name}: {tr(status.word)}", " ".join(parts))
