"""Unsaved words in the editor: save them, drop them, or stay."""

from enum import IntEnum

from PySide6.QtWidgets import QWidget

from denticode_desktop.ui.widgets import PlainDialog, PlainLabel, button
from denticode_desktop.ui.words import tr


class Leaving(IntEnum):
    """Result of the dialog; Esc is STAY."""

    STAY = 0
    SAVE = 1
    DROP = 2


class LeaveDialog(PlainDialog):
    """Opened with `open`; `finished` tells a Leaving."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, tr("Save this draft first?"), name="leaveDraft", width=440, cancel=tr("Stay"))
        words = tr("You typed something that is not saved yet. Drop changes means that it is gone.")
        self.inner.addWidget(PlainLabel(words))
        self.drop = self.add_button(
            button(tr("Drop changes"), lambda: self.done(int(Leaving.DROP)), name="leaveDrop", kind="danger")
        )
        self.save = self.add_button(
            button(tr("Save"), lambda: self.done(int(Leaving.SAVE)), name="leaveSave", kind="primary")
        )
        self.save.setDefault(True)
        self.save.setFocus()
