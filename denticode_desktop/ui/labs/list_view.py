"""The list at the left: search, filter, rows of one height that are painted, or a sentence where there is none."""

from PySide6.QtCore import QModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QListView,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from denticode_desktop.domain.ids import LabId
from denticode_desktop.ui.theme import SPACE_2, SPACE_4, icon_pixmap, tokens
from denticode_desktop.ui.theme.tokens import CAPTION_PT
from denticode_desktop.ui.widgets import PlainLabel, SearchField, button, name_for, shown
from denticode_desktop.ui.words import tr

from .model import Index, LabListModel, Query
from .words import LabFilter, LabRow

EDGE, GAP, LINE_GAP, SIGN = 12, 10, 4, 14
MIN_WIDTH = 216


class _RowPainter(QStyledItemDelegate):
    """Name and visit above, state and provider below; what does not fit ends in an ellipsis."""

    def __init__(self, parent: QWidget, model: LabListModel) -> None:
        super().__init__(parent)
        self._model = model

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        height: int = option.fontMetrics.height()
        return QSize(10, 2 * height + LINE_GAP + 2 * SPACE_2)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = self._model.row_at(index.row())
        if row is None:
            return
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        used = tokens()
        painter.save()
        is_selected = bool(state & QStyle.StateFlag.State_Selected)
        if is_selected or state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, QColor(used.accent_soft if is_selected else used.sunken))
        if is_selected:
            painter.fillRect(QRect(area.left(), area.top(), 4, area.height()), QColor(used.accent))
        painter.setPen(QPen(QColor(used.line), 1))
        painter.drawLine(area.left() + EDGE, area.bottom(), area.right(), area.bottom())
        inner = area.adjusted(EDGE, SPACE_2, -EDGE, -SPACE_2)
        half = (inner.height() - LINE_GAP) // 2
        self._first_line(painter, QRect(inner.left(), inner.top(), inner.width(), half), row)
        self._second_line(painter, QRect(inner.left(), inner.bottom() - half + 1, inner.width(), half), row)
        painter.restore()

    def _first_line(self, painter: QPainter, area: QRect, row: LabRow) -> None:
        plain = painter.font()
        strong = QFont(plain)
        strong.setWeight(QFont.Weight.DemiBold)
        painter.setFont(_smaller(plain))
        width = min(painter.fontMetrics().horizontalAdvance(row.visit) + 2, area.width() // 2)
        _write(painter, area.adjusted(area.width() - width, 0, 0, 0), row.visit, tokens().muted, is_right=True)
        painter.setFont(strong)
        _write(painter, area.adjusted(0, 0, -width - GAP, 0), shown(row.name, 200), tokens().text)
        painter.setFont(plain)

    def _second_line(self, painter: QPainter, area: QRect, row: LabRow) -> None:
        colour = getattr(tokens(), row.status.role)
        ratio = painter.device().devicePixelRatioF()
        pixmap = icon_pixmap(row.status.icon_name, colour, SIGN, ratio)
        painter.drawPixmap(area.left(), area.center().y() - SIGN // 2 + 1, pixmap)
        room = area.adjusted(SIGN + 6, 0, 0, 0)
        metrics = painter.fontMetrics()
        state = min(metrics.horizontalAdvance(row.state) + 2, room.width())
        _write(painter, QRect(room.left(), room.top(), state, room.height()), row.state, colour)
        rest = room.adjusted(state + GAP, 0, 0, 0)
        painter.setFont(_smaller(painter.font()))
        needed = painter.fontMetrics().horizontalAdvance(row.provider)
        if rest.width() >= min(needed, 12 * metrics.averageCharWidth()):
            _write(painter, rest, shown(row.provider, 200), tokens().muted, is_right=True)


def _smaller(font: QFont) -> QFont:
    made = QFont(font)
    made.setPointSize(CAPTION_PT)
    return made


def _write(painter: QPainter, area: QRect, text: str, colour: str, *, is_right: bool = False) -> None:
    side = Qt.AlignmentFlag.AlignRight if is_right else Qt.AlignmentFlag.AlignLeft
    painter.setPen(QColor(colour))
    words = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, area.width())
    painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter | side | Qt.TextFlag.TextSingleLine), words)


class LabListView(QListView):
    """Rows; one is current. `wanted` tells a Lab that a person went to."""

    wanted = Signal(object)

    def __init__(self, model: LabListModel) -> None:
        super().__init__()
        name_for(self, "labList", tr("Labs, newest visit first"))
        self._lab_model = model
        self._anchor: tuple[LabId | None, int] = (None, 0)
        self._is_quiet = False
        self.setModel(model)
        self.setItemDelegate(_RowPainter(self, model))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.selectionModel().currentChanged.connect(self._on_current)
        model.about_to_change.connect(self._remember)

    def _on_current(self, index: QModelIndex, _before: QModelIndex) -> None:
        row = self._lab_model.row_at(index.row()) if index.isValid() else None
        if row is not None and not self._is_quiet:
            self.wanted.emit(row.lab_id)

    def mark(self, lab_id: LabId | None) -> None:
        """Makes that Lab's row current without telling `wanted`; without a row none is."""
        index = self._lab_model.index_of(lab_id)
        self._is_quiet = True
        if index.isValid():
            if self.currentIndex() != index:
                self.setCurrentIndex(index)
        else:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())
        self._is_quiet = False

    def _remember(self) -> None:
        """Rows are about to come and go: the first one in view stays where it is, unless that is the top."""
        self._is_quiet = True
        first = self.indexAt(self.viewport().rect().topLeft())
        row = self._lab_model.row_at(first.row()) if first.isValid() else None
        is_at_top = self.verticalScrollBar().value() == 0
        offset = self.visualRect(first).top() if row is not None else 0
        self._anchor = (None, 0) if is_at_top or row is None else (row.lab_id, offset)

    def settle(self, lab_id: LabId | None) -> None:
        """After rows came and went: the current Lab and the place in the list as they were."""
        self._is_quiet = True
        index = self._lab_model.index_of(lab_id)
        if index.isValid() and self.currentIndex() != index:
            self.selectionModel().setCurrentIndex(index, self.selectionModel().SelectionFlag.ClearAndSelect)
        elif not index.isValid():
            self.selectionModel().clear()
        self._is_quiet = False
        (anchor, offset), self._anchor = self._anchor, (None, 0)
        place = self._lab_model.index_of(anchor)
        if place.isValid():
            self.doItemsLayout()
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + self.visualRect(place).top() - offset)


class ListPane(QWidget):
    """Search, filter, count, rows. `asked`: a Query. `wanted`: a LabId."""

    asked = Signal(object)
    wanted = Signal(object)

    def __init__(self, model: LabListModel) -> None:
        super().__init__()
        self._model = model
        self.setMinimumWidth(MIN_WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_2)
        self.search = SearchField(tr("Search patient, provider or Lab"), name="labSearch")
        self.search.searched.connect(lambda _text: self._ask())
        self.search.setAcceptDrops(False)  # a dropped Lab file goes to the page
        column.addWidget(self.search)
        self.filter = QComboBox()
        name_for(self.filter, "labFilter", tr("Which Labs are shown"))
        for wanted in LabFilter:
            self.filter.addItem(tr(wanted.value), wanted)
        self.filter.activated.connect(lambda _row: self._ask())
        column.addWidget(self.filter)
        self.view = LabListView(model)
        self.view.wanted.connect(self.wanted)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self._nothing())
        column.addWidget(self._stack, 1)
        self.count = PlainLabel("", kind="caption", name="labCount")
        column.addWidget(self.count)

    def _nothing(self) -> QWidget:
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(SPACE_4, SPACE_4, SPACE_4, SPACE_4)
        self._no_hit = PlainLabel("", kind="muted", name="labNoHit")
        self._no_hit.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._no_hit)
        self._show_all = button(tr("Show all Labs"), self._reset, name="labShowAll", kind="quiet")
        column.addWidget(self._show_all, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        return holder

    @property
    def query(self) -> Query:
        """As typed and chosen."""
        return Query(self.search.wanted, self.filter.currentData())

    def _ask(self) -> None:
        if self.query != self._model.query:
            self.count.say(tr("Looking \u2026"))
            self.asked.emit(self.query)

    def _reset(self) -> None:
        self.search.clear()
        self.filter.setCurrentIndex(0)
        self._ask()
        self.search.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_counts(self) -> None:
        """How many there are, or why there is none."""
        count = self._model.rowCount()
        is_all = self._model.query.is_all
        self._stack.setCurrentIndex(0 if count else 1)
        self._no_hit.say(tr("No Lab yet.") if is_all else tr("No Lab fits what is searched and filtered."))
        self._show_all.setVisible(not is_all)
        number = f"{count:,}" if self._model.is_end else f"{count:,}+"
        words = tr("1 Lab") if count == 1 and self._model.is_end else tr("{n} Labs").format(n=number)
        self.count.say(words if count else "")

    def go_to_search(self) -> None:
        """Ctrl+F."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()
