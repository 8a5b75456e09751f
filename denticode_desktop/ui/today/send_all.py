"""The check before Send all finalized: what would go, each with a tick."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidgetItem, QWidget

from denticode_desktop.ui.operations import ToSend
from denticode_desktop.ui.widgets import PlainDialog, PlainLabel, PlainList, button, shown
from denticode_desktop.ui.words import tr


class SendAllDialog(PlainDialog):
    """`chosen` after it was accepted."""

    def __init__(self, parent: QWidget, labs: Sequence[ToSend]) -> None:
        super().__init__(parent, tr("Send all finalized"), name="sendAllDialog", width=520)
        self._labs = list(labs)
        words = tr("These Labs are finalized and go into their charts now. Take out what should wait.")
        self.inner.addWidget(PlainLabel(words))
        self._list = PlainList(name="sendAllLabs", accessible=tr("Labs to send"))
        for lab in self._labs:
            entry = QListWidgetItem(shown(lab.words, 200))
            entry.setFlags(
                Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
            )  # fmt: skip
            entry.setCheckState(Qt.CheckState.Checked)
            self._list.addItem(entry)
        self._list.setMinimumHeight(min(320, 34 * len(self._labs) + 16))
        self._list.itemChanged.connect(lambda _entry: self._count())
        self.inner.addWidget(self._list, 1)
        self.go = self.add_button(button("", self.accept, name="sendAllGo", kind="primary", icon_name="send"))
        self._count()

    @property
    def chosen(self) -> list[ToSend]:
        """Those with a tick."""
        return [
            lab
            for number, lab in enumerate(self._labs)
            if self._list.item(number).checkState() is Qt.CheckState.Checked
        ]

    def _count(self) -> None:
        count = len(self.chosen)
        self.go.set_words(tr("Send 1 Lab") if count == 1 else tr("Send {n} Labs").format(n=count))
        self.go.setEnabled(count > 0)
