"""Inputs in the cells of the code table: typed text with the practice's codes offered, and two short choices."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import (
    QComboBox,
    QCompleter,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from denticode_desktop.domain.charting import ProcedureStatus, Quadrant
from denticode_desktop.ui.theme import tokens
from denticode_desktop.ui.widgets import name_for
from denticode_desktop.ui.words import tr

from .code_model import COLUMNS, NAMES, QUADRANT_WORDS, STATUS_WORDS, LinesModel
from .drafts import OfferedCode
from .editor_parts import keep_still

Index = QModelIndex | QPersistentModelIndex
MAX_CELL_CHARS = 60
MAX_OFFERED = 60
_NOWHERE = QModelIndex()


class CodeList(QAbstractListModel):
    """The practice's own codes that fit what is typed: by any part of the code or of the practice's words for it."""

    def __init__(self) -> None:
        super().__init__()
        self._all: tuple[OfferedCode, ...] = ()
        self._rows: tuple[OfferedCode, ...] = ()

    def show_codes(self, codes: Mapping[str, OfferedCode]) -> None:
        """Other ones."""
        self._all = tuple(codes.values())
        self.narrow("")

    def narrow(self, typed: str) -> None:
        """The first ones that hold what was typed."""
        wanted = typed.strip().casefold()
        self.beginResetModel()
        self._rows = tuple(islice((row for row in self._all if wanted in row.folded), MAX_OFFERED)) if wanted else ()
        self.endResetModel()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return self._rows[index.row()].line
        return self._rows[index.row()].code if role == Qt.ItemDataRole.UserRole else None


class PlainListView(QListView):
    """Rows of one height: a long list opens at once."""

    def __init__(self) -> None:
        super().__init__()
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)


class CodeCompleter(QCompleter):
    """Offers what the list was narrowed to; only the code goes into the cell."""

    def __init__(self, codes: CodeList, parent: QWidget) -> None:
        super().__init__(codes, parent)
        self.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self.setMaxVisibleItems(8)
        popup = PlainListView()
        self.setPopup(popup)
        name_for(popup, "labCodeOffer", tr("Codes of the practice"))
        popup.setMinimumWidth(360)

    def pathFromIndex(self, index: Index) -> str:
        return str(index.data(Qt.ItemDataRole.UserRole) or "")


class CellDelegate(QStyledItemDelegate):
    """Puts what is typed into the model key by key, so that faults show at once; Esc brings back what was there.

    `left` tells the row of a cell whose input was closed.
    """

    left = Signal(int)

    def __init__(self, table: QTableView, model: LinesModel, codes: CodeList) -> None:
        super().__init__(table)
        self._table = table
        self._model = model
        self._codes = codes
        self.editor: QWidget | None = None
        self._index = QPersistentModelIndex()
        self._before: object = None
        self.closeEditor.connect(self._on_closed)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        name = NAMES[index.column()]
        self._index, self._before = QPersistentModelIndex(index), index.data(Qt.ItemDataRole.EditRole)
        made = self._choice(parent, name) if name in ("quadrant", "status") else self._input(parent, name)
        words = tr("{column}, line {number}").format(column=tr(COLUMNS[index.column()][1]), number=index.row() + 1)
        name_for(made, f"labCell_{name}", words)
        self.editor = made
        return made

    def _input(self, parent: QWidget, name: str) -> QLineEdit:
        made = QLineEdit(parent)
        made.setMaxLength(MAX_CELL_CHARS)
        if name == "code":
            made.setCompleter(CodeCompleter(self._codes, made))
        if name == "date":
            made.setPlaceholderText(tr("visit date"))
        made.textChanged.connect(self._on_typed)
        return made

    def _choice(self, parent: QWidget, name: str) -> QComboBox:
        made = QComboBox(parent)
        if name == "status":
            for status, words in STATUS_WORDS.items():
                made.addItem(tr(words), status.value)
        else:
            made.addItem(tr("none"), "")
            for quadrant, words in QUADRANT_WORDS.items():
                made.addItem(tr(words), quadrant.value)
        made.view().setMinimumWidth(150)
        keep_still(made)
        made.currentIndexChanged.connect(self._on_chosen)
        return made

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        value = index.data(Qt.ItemDataRole.EditRole)
        if isinstance(editor, QLineEdit):
            if editor.text() != value:
                editor.setText(str(value))
        elif isinstance(editor, QComboBox):
            editor.setCurrentIndex(max(0, editor.findData(str(value or ""))))

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        if isinstance(editor, QComboBox):
            data = str(editor.currentData())
            is_status = NAMES[index.column()] == "status"
            model.setData(index, ProcedureStatus(data) if is_status else Quadrant(data) if data else None)
        elif isinstance(editor, QLineEdit):
            model.setData(index, editor.text())

    def destroyEditor(self, editor: QWidget, index: Index) -> None:
        if editor is self.editor:
            self.editor = None
        super().destroyEditor(editor, index)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        room: QRect = option.rect
        editor.setGeometry(room)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(super().sizeHint(option, index).width(), 32)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """The current cell has a frame that can be seen, also where the cell is red."""
        super().paint(painter, option, index)
        state: QStyle.StateFlag = option.state
        if state & QStyle.StateFlag.State_HasFocus:
            room: QRect = option.rect
            painter.save()
            painter.setPen(QPen(QColor(tokens().accent), 2))
            painter.drawRect(room.adjusted(1, 1, -1, -1))
            painter.restore()

    def _on_typed(self, text: str) -> None:
        if self._index.isValid():
            if NAMES[self._index.column()] == "code":
                self._codes.narrow(text)  # before the completer looks, which is after this signal
            self._model.setData(self._index, text)

    def _on_chosen(self, _number: int) -> None:
        if self.editor is not None and self._index.isValid():
            self.setModelData(self.editor, self._model, self._index)

    def _on_closed(self, editor: QWidget, hint: QStyledItemDelegate.EndEditHint) -> None:
        if editor is self.editor:
            self.editor = None
        if not self._index.isValid():
            return
        if hint is QStyledItemDelegate.EndEditHint.RevertModelCache:
            self._model.setData(self._index, self._before)
        self.left.emit(self._index.row())
