"""The slim band on top: which environment this is, in words and colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout

from denticode_desktop.ui.theme import SPACE_4
from denticode_desktop.ui.widgets import LineLabel, PlainLabel, restyle
from denticode_desktop.ui.words import tr

if TYPE_CHECKING:
    from denticode_desktop.domain.connection import Environment

_WORDS = {  # the most serious first
    "production": "Production",
    "sandbox": "Sandbox - test charts of the PMS, no real patients",
    "rehearsal": "Rehearsal - nothing here is real",
    "none": "No PMS connected",
}


class EnvironmentBand(QFrame):
    """Shows the most serious environment that is connected."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("band")
        line = QHBoxLayout(self)
        line.setContentsMargins(SPACE_4, 3, SPACE_4, 3)
        self.words: PlainLabel = LineLabel("", name="bandWords")
        self.words.setAlignment(Qt.AlignmentFlag.AlignLeft)
        line.addWidget(self.words)
        self.hide()

    def show_environments(self, environments: frozenset[Environment], *, is_rehearsal_only: bool) -> None:
        """Production before sandbox before rehearsal, and all of them named."""
        connected = {environment.value for environment in environments}
        order = [key for key in _WORDS if key in connected]
        key = order[0] if order else "rehearsal" if is_rehearsal_only else "none"
        others = [tr(_WORDS[other]) for other in order[1:]]
        self.words.say("   \u00b7   ".join([tr(_WORDS[key]), *others]))
        if self.property("environment") != key:
            self.setProperty("environment", key)
            restyle(self)
            restyle(self.words)
        self.show()
