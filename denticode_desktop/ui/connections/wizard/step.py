"""What every step of the wizard has."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from denticode_desktop.ui.theme import SPACE_3

from ..signs import Clear


class Step(Clear):
    """title and lead: above the step. next_words: on the primary button. `changed`: the buttons may have to change."""

    changed = Signal()
    title = ""
    lead = ""
    next_words = ""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.inner = QVBoxLayout(self)
        self.inner.setContentsMargins(0, 0, 0, 0)
        self.inner.setSpacing(SPACE_3)

    @property
    def may_go_on(self) -> bool:
        """Whether the primary button is enabled."""
        return True

    def first_focus(self) -> QWidget | None:
        """What takes the focus when the step is shown; None = the primary button."""
        return None
