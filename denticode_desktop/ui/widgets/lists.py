"""A list whose rows end in an ellipsis instead of scrolling sideways."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtWidgets import QListWidget, QStyledItemDelegate, QStyleOptionViewItem

from .buttons import name_for


class _NarrowRow(QStyledItemDelegate):
    """As wide as the list, whatever the text."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(10, super().sizeHint(option, index).height())


class PlainList(QListWidget):
    """Rows of plain text."""

    def __init__(self, *, name: str, accessible: str) -> None:
        super().__init__()
        name_for(self, name, accessible)
        self.setItemDelegate(_NarrowRow(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
