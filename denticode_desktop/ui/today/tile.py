"""A large count with its word; pressing it leads to its list."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout

from denticode_desktop.ui.theme import SPACE_2, SPACE_3, SPACE_4
from denticode_desktop.ui.widgets import IconLabel, LineLabel, PlainLabel, Status, name_for
from denticode_desktop.ui.words import tr

MAX_COUNT = 500


class Tile(QPushButton):
    """Word, shape, number."""

    def __init__(self, name: str, word: str, status: Status) -> None:
        super().__init__()
        self.setProperty("kind", "tile")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumHeight(66)
        self._word = word
        name_for(self, name, word)
        line = QHBoxLayout(self)
        line.setContentsMargins(SPACE_4, SPACE_2, SPACE_4, SPACE_2)
        line.setSpacing(SPACE_3)
        self._icon = IconLabel(status.icon_name, status.role, 26)
        self._status = status
        line.addWidget(self._icon)
        words = QVBoxLayout()
        words.setSpacing(0)
        self._number = PlainLabel("\u2013", kind="numeral", name=f"{name}Number")
        words.addWidget(self._number)
        words.addWidget(LineLabel(word, kind="muted"))
        line.addLayout(words, 1)
        for label in (self._icon, self._number):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def show_count(self, count: int) -> None:
        """The lists are whole up to 500."""
        number = f"{MAX_COUNT}+" if count >= MAX_COUNT else str(count)
        self._number.say(number)
        self._icon.set_icon(self._status.icon_name, self._status.role if count else "muted")
        self.setAccessibleName(tr("{word}: {count}").format(word=self._word, count=number))
