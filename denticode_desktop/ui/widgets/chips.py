"""StatusChip: a state by word, shape and colour together."""

from dataclasses import dataclass

from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy

from denticode_desktop.ui.words import tr

from .icon_label import IconLabel
from .plain import PlainLabel, set_kind


@dataclass(frozen=True, slots=True)
class Status:
    """How a state is shown. `word` is a source text; `role`: good, warn, bad, info, muted."""

    word: str
    icon_name: str
    role: str


IN_CHART = Status("In chart", "check-circle", "good")
WAITING = Status("Waiting", "hourglass", "muted")
NEEDS_YOU = Status("Needs you", "hand", "bad")
CHECKING = Status("Checking", "question-circle", "info")
NOT_WRITTEN = Status("Not written", "dash-circle", "muted")
READY = Status("Ready", "check-circle", "good")
LIMITED = Status("Limited", "warning", "warn")
NOT_WORKING = Status("Not working", "x-circle", "bad")
NOT_PROVEN = Status("Not proven now", "circle", "muted")

ITEM_STATUS: dict[str, Status] = {
    "PLANNED": WAITING, "INFLIGHT": CHECKING, "DONE": IN_CHART, "REVIEW": NEEDS_YOU, "VOID": NOT_WRITTEN,
}  # fmt: skip
"""By ItemState's values (an ItemState is one)."""


class StatusChip(QFrame):
    """A rounded box with icon and word."""

    def __init__(self, status: Status, *, words: str = "") -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        line = QHBoxLayout(self)
        line.setContentsMargins(8, 2, 10, 2)
        line.setSpacing(6)
        self._icon = IconLabel(status.icon_name, status.role, 14)
        self._word = PlainLabel("")
        self._word.setWordWrap(False)
        self._word.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        line.addWidget(self._icon)
        line.addWidget(self._word)
        self.set_status(status, words=words)

    @property
    def words(self) -> str:
        """What it says."""
        return self._word.text()

    def set_status(self, status: Status, *, words: str = "") -> None:
        """Another state; `words` (translated) instead of the state's own word."""
        self._icon.set_icon(status.icon_name, status.role)
        self._word.set_words(words or tr(status.word), status.role)
        set_kind(self, f"chip-{status.role}")
