"""Dialogs with one look: title, words, what it is about, one primary button, Cancel as the safe default."""

from collections.abc import Sequence

from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from denticode_desktop.ui.theme import SPACE_2, SPACE_3, SPACE_5
from denticode_desktop.ui.words import tr

from .buttons import ActionButton, button
from .lists import PlainList
from .plain import PlainLabel, shown


class PlainDialog(QDialog):
    """A modal dialog; put things into `inner`, buttons with `add_button`. Esc and Cancel leave everything as it was."""

    def __init__(self, parent: QWidget | None, title: str, *, name: str, width: int = 480, cancel: str = "") -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setWindowTitle(title)
        self.setMinimumWidth(width)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(SPACE_5, SPACE_5, SPACE_5, SPACE_5)
        outer.setSpacing(SPACE_3)
        outer.addWidget(PlainLabel(title, kind="section"))
        self.inner = QVBoxLayout()
        self.inner.setSpacing(SPACE_2)
        outer.addLayout(self.inner, 1)
        self.foot = QHBoxLayout()
        self.foot.setSpacing(SPACE_2)
        self.foot.addStretch(1)
        self.cancel = button(cancel or tr("Cancel"), self.reject, name=f"{name}Cancel")
        self.foot.addWidget(self.cancel)
        outer.addLayout(self.foot)

    def add_button(self, made: ActionButton) -> ActionButton:
        """At the right end of the row."""
        self.foot.addWidget(made)
        return made


class ConfirmDialog(PlainDialog):
    """Asks; lists what it is about."""

    def __init__(
        self, parent: QWidget | None, title: str, text: str, yes: str, *, lines: Sequence[str] = (),
        kind: str = "primary",
    ) -> None:  # fmt: skip
        super().__init__(parent, title, name="confirm")
        self.inner.addWidget(PlainLabel(text, name="confirmText"))
        if lines:
            rows = PlainList(name="confirmLines", accessible=title)
            rows.addItems([shown(line, 300) for line in lines])
            rows.setMinimumHeight(min(240, 28 * len(lines) + 12))
            self.inner.addWidget(rows, 1)
        self.yes = self.add_button(button(yes, self.accept, name="confirmYes", kind=kind))
        self.cancel.setDefault(True)
        self.cancel.setFocus()


def confirm(
    parent: QWidget | None, title: str, text: str, yes: str, *, lines: Sequence[str] = (), kind: str = "primary"
) -> bool:
    """Whether the person pressed `yes`. The safe button has the focus."""
    return ConfirmDialog(parent, title, text, yes, lines=lines, kind=kind).exec() == QDialog.DialogCode.Accepted
