"""The code table of the editor: typed by keyboard alone, faults at the cell and in words below."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QHeaderView, QTableView

from denticode_desktop.domain.lab import MAX_PROCEDURES
from denticode_desktop.ui.theme import SPACE_2
from denticode_desktop.ui.widgets import PlainLabel, button, name_for
from denticode_desktop.ui.words import tr

from .code_cells import CellDelegate, CodeList
from .code_model import NAMES, LinesModel, column_of
from .draft_form import CodeLine, unreadable
from .drafts import OfferedCode
from .editor_parts import Fault, Section

ROW_PX = 34
MAX_ROWS_SHOWN = 8
SHOWN_FAULTS = 6
_WIDTHS = {"code": 78, "tooth": 52, "surfaces": 66, "quadrant": 70, "status": 78, "fee": 74, "date": 90}
SQUEEZE = 0.97
"""As narrow as a date can still be read."""
_EDITS = QAbstractItemView.EditTrigger


class CodeTable(QTableView):
    """Tab goes from cell to cell and leaves the table after the last one; Enter, F2 or typing opens a cell."""

    def __init__(self, model: LinesModel, codes: CodeList) -> None:
        super().__init__()
        name_for(self, "labCodes", tr("Code lines"), tr("Type into a cell. Tab goes to the next one."))
        self.setModel(model)
        self._lines = model
        self.cells = CellDelegate(self, model, codes)
        self.setItemDelegate(self.cells)
        self.cells.left.connect(model.tidy)
        self.setEditTriggers(
            _EDITS.AnyKeyPressed | _EDITS.DoubleClicked | _EDITS.EditKeyPressed | _EDITS.SelectedClicked
        )  # fmt: skip
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setCornerButtonEnabled(False)
        self.setIconSize(QSize(12, 12))
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(ROW_PX)
        self.verticalHeader().setHighlightSections(False)
        for signal in (model.rowsInserted, model.rowsRemoved, model.modelReset):
            signal.connect(self._fit)
        self._fit()

    def commit(self) -> None:
        """Closes the cell that is being typed in and keeps what it holds."""
        editor = self.cells.editor
        if editor is not None:
            self.commitData(editor)
            self.cells.editor = None
            self.closeEditor(editor, CellDelegate.EndEditHint.NoHint)
            self._lines.tidy(self.currentIndex().row())

    def open_cell(self, index: QModelIndex) -> None:
        """Goes there and begins to type."""
        self.commit()
        self.setFocus()
        self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self.scrollTo(index)
        self.edit(index)

    def focusNextPrevChild(self, is_next: bool) -> bool:
        """No trap: at the table's end the focus goes on."""
        current = self.currentIndex()
        last = (self._lines.rowCount() - 1, self._lines.columnCount() - 1)
        is_edge = (current.row(), current.column()) == (last if is_next else (0, 0))
        if not (is_edge or not current.isValid()):
            return super().focusNextPrevChild(is_next)
        self.setTabKeyNavigation(False)
        try:
            return super().focusNextPrevChild(is_next)
        finally:
            self.setTabKeyNavigation(True)

    def moveCursor(
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:  # fmt: skip
        """Never around from the last cell to the first."""
        current, model = self.currentIndex(), self._lines
        moves = QAbstractItemView.CursorAction
        at = (current.row(), current.column())
        if action is moves.MoveNext and at == (model.rowCount() - 1, model.columnCount() - 1):
            return QModelIndex()
        if action is moves.MovePrevious and at == (0, 0):
            return QModelIndex()
        return super().moveCursor(action, modifiers)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens the cell, Delete empties it."""
        index = self.currentIndex()
        is_plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        if index.isValid() and self._lines.is_writable and is_plain:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                if self.state() is not QAbstractItemView.State.EditingState:
                    self.edit(index)  # else it closes the cell, and the key comes here all the same
                return
            if event.key() == Qt.Key.Key_Delete and NAMES[index.column()] != "status":
                self._lines.setData(index, None if NAMES[index.column()] == "quadrant" else "")
                return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Columns share what room there is; where there is too little, the table scrolls sideways."""
        super().resizeEvent(event)
        factor = max(SQUEEZE, self.viewport().width() / sum(_WIDTHS.values()))
        for column, name in enumerate(NAMES):
            self.setColumnWidth(column, int(_WIDTHS[name] * factor))
        rest = self.viewport().width() - self.horizontalHeader().length()
        self.setColumnWidth(0, self.columnWidth(0) + max(0, rest))
        self._fit()

    def _fit(self) -> None:
        """As high as its lines, up to eight; the form scrolls, the table only then."""
        rows = min(self._lines.rowCount(), MAX_ROWS_SHOWN)
        is_wide = sum(_WIDTHS.values()) * SQUEEZE > self.viewport().width()
        bar = self.horizontalScrollBar().sizeHint().height() if is_wide else 0
        head = self.horizontalHeader().sizeHint().height()
        self.setFixedHeight(head + rows * ROW_PX + 2 * self.frameWidth() + 4 + bar)


class CodeLines(Section):
    """Table, buttons, sentences. `edited` after every change, `opened` when the focus was brought to a cell."""

    edited = Signal()
    opened = Signal()

    def __init__(self) -> None:
        super().__init__(tr("&Codes"), name="labCodesCard")
        self._codes = CodeList()
        self.model = LinesModel()
        self.table = CodeTable(self.model, self._codes)
        self.title.setBuddy(self.table)
        self._about = PlainLabel("", kind="caption", name="labCodeAbout")
        self._about.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.head.addWidget(self._about, 3)
        self._none = PlainLabel(tr("No codes yet."), kind="muted", name="labNoCodes")
        self.faults = Fault(name="labCodeFaults")
        self.doubts = Fault(name="labCodeDoubts", role="warn")
        for widget in (self._none, self.table, self.faults, self.doubts):
            self.inner.addWidget(widget)
        self.inner.addLayout(self._buttons())
        self.model.edited.connect(self._on_edited)
        self.table.selectionModel().currentChanged.connect(lambda *_: self._show_state())
        self.model.modelReset.connect(self._show_state)
        self._show_state()

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(SPACE_2)
        self._add = button(tr("Add c&ode"), self.add_line, name="labAddLine", icon_name="plus")
        self._actions = (
            button(tr("Duplicate"), self._duplicate, name="labDuplicateLine", kind="quiet", icon_name="copy",
                   tip=tr("The same line once more (Ctrl+D)")),
            button(tr("Remove"), self._remove, name="labRemoveLine", kind="quiet", icon_name="trash",
                   tip=tr("Take this line out (Ctrl+Delete)")),
            button(tr("Up"), lambda: self._move(-1), name="labLineUp", kind="quiet", tip=tr("One line up (Ctrl+Up)")),
            button(tr("Down"), lambda: self._move(1), name="labLineDown", kind="quiet",
                   tip=tr("One line down (Ctrl+Down)")),
        )  # fmt: skip
        for widget in (self._add, *self._actions):
            row.addWidget(widget)
        row.addStretch(1)
        for keys, act in (
            ("Ctrl+D", self._duplicate), ("Ctrl+Del", self._remove), ("Ctrl+Up", lambda: self._move(-1)),
            ("Ctrl+Down", lambda: self._move(1)),
        ):  # fmt: skip
            made = QShortcut(QKeySequence(keys), self.table)
            made.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            made.activated.connect(act)
        return row

    # -- for the editor ------------------------------------------------------------------------------------------

    def show_lines(self, lines: Sequence[CodeLine], *, is_writable: bool) -> None:
        """Those of a draft."""
        self.table.commit()
        self.model.is_writable = is_writable
        for widget in (self._add, *self._actions):
            widget.setVisible(is_writable)
        self.model.show_lines(lines)

    def show_codes(self, codes: Mapping[str, OfferedCode]) -> None:
        """What the practice has, by written code in capitals."""
        self._codes.show_codes(codes)
        self.model.show_codes(codes)
        self._show_state()

    def show_unreadable(self) -> bool:
        """Goes to the first cell that cannot be stored as it is; whether there is one."""
        for number, line in enumerate(self.model.lines):
            if (name := unreadable(line)) is not None:
                self.go_to(self.model.tell_fault(number, name, self.model.fault(number, name)))
                return True
        return False

    def go_to(self, index: QModelIndex) -> None:
        """The focus into that cell."""
        if index.isValid():
            self.table.open_cell(index)
            self.opened.emit()
        else:
            self._add.setFocus()

    def tell_fault(self, number: int, name: str, sentence: str) -> QModelIndex:
        """A service's sentence about a saved line."""
        return self.model.tell_fault(number, name if name in NAMES else "code", sentence)

    # -- what a person does --------------------------------------------------------------------------------------

    def add_line(self) -> None:
        """A blank line, ready to be typed in."""
        self.table.commit()
        if self.model.rowCount() < MAX_PROCEDURES:
            self.go_to(self.model.index(self.model.add(), column_of("code")))

    def _row(self) -> int | None:
        self.table.commit()
        current = self.table.currentIndex()
        return current.row() if current.isValid() and self.model.is_writable else None

    def _duplicate(self) -> None:
        row = self._row()
        if row is not None and self.model.rowCount() < MAX_PROCEDURES:
            self._stand(self.model.duplicate(row))

    def _remove(self) -> None:
        row = self._row()
        if row is None:
            return
        self.model.remove(row)
        if self.model.rowCount():
            self._stand(min(row, self.model.rowCount() - 1))
        else:
            self._add.setFocus()

    def _move(self, by: int) -> None:
        row = self._row()
        if row is not None:
            self._stand(self.model.move(row, by))

    def _stand(self, row: int) -> None:
        column = max(0, self.table.currentIndex().column())
        index = self.model.index(row, column)
        self.table.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self._show_state()

    def _on_edited(self) -> None:
        self._show_state()
        self.edited.emit()

    def _show_state(self) -> None:
        rows, current = self.model.rowCount(), self.table.currentIndex()
        if not rows and self.table.hasFocus():
            self._add.setFocus()
        self.table.setVisible(rows > 0)
        self._none.setVisible(rows == 0)
        self._add.setEnabled(rows < MAX_PROCEDURES)
        row = current.row() if current.isValid() else -1
        duplicate, remove, up, down = self._actions
        duplicate.setEnabled(row >= 0 and rows < MAX_PROCEDURES)
        remove.setEnabled(row >= 0)
        up.setEnabled(row > 0)
        down.setEnabled(0 <= row < rows - 1)
        self.faults.say(_some(self.model.fault_words()))
        self.doubts.say(_some(self.model.doubt_words()))
        self._about.say(self.model.about(row))


def _some(words: Sequence[str]) -> str:
    """The first few, and how many more."""
    more = len(words) - SHOWN_FAULTS
    rest = [tr("And {n} more.").format(n=more)] if more > 0 else []
    return "\n".join([*words[:SHOWN_FAULTS], *rest])
