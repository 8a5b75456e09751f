"""The table of events: one row height, each cell painted from the model's row without asking for roles."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from denticode_desktop.ui.theme import icon_pixmap, tokens
from denticode_desktop.ui.words import tr

from .model import AuditModel

ROW_HEIGHT = 30
_WIDTHS = (64, 144, 112, 184, 106)
_OUTCOME = 4
ABOUT_FROM, NUMBER_FROM = 620, 560
"""Narrower tables leave these columns to the details."""
_SIGNS = {"good": "check-circle", "warn": "warning", "bad": "x-circle"}
Index = QModelIndex | QPersistentModelIndex


class _CellPainter(QStyledItemDelegate):
    def __init__(self, parent: QWidget, model: AuditModel) -> None:
        super().__init__(parent)
        self._model = model

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(_WIDTHS[0], ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        used = tokens()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(used.accent_soft))
        painter.setPen(QPen(QColor(used.line), 1))
        painter.drawLine(area.left(), area.bottom(), area.right(), area.bottom())
        row = self._model.row_at(index.row())
        column = index.column()
        inner = area.adjusted(8, 0, -6, 0)
        if row is None:
            painter.setPen(QColor(used.muted))
            painter.drawText(inner, int(Qt.AlignmentFlag.AlignVCenter), "\u2026")
            return
        if column == _OUTCOME and row.role in _SIGNS:
            ratio = painter.device().devicePixelRatioF()
            pixmap = icon_pixmap(_SIGNS[row.role], getattr(used, row.role), 14, ratio)
            painter.drawPixmap(inner.left(), inner.center().y() - 6, pixmap)
            inner = inner.adjusted(20, 0, 0, 0)
        painter.setPen(QColor(used.muted if column in (0, 5) else used.text))
        text = painter.fontMetrics().elidedText(row.cells[column], Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, int(Qt.AlignmentFlag.AlignVCenter), text)


class AuditTable(QTableView):
    """Read-only, a row at a time."""

    def __init__(self, model: AuditModel) -> None:
        super().__init__()
        self.setObjectName("auditTable")
        self.setAccessibleName(tr("Audit events, newest first"))
        self.setModel(model)
        self.setItemDelegate(_CellPainter(self, model))
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(ROW_HEIGHT)
        columns = self.horizontalHeader()
        columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        columns.setHighlightSections(False)
        columns.setStretchLastSection(True)
        columns.setMinimumSectionSize(48)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Narrow tables give every column a little less; the last one takes what is left."""
        super().resizeEvent(event)
        room = self.viewport().width()
        self.setColumnHidden(len(_WIDTHS), room < ABOUT_FROM)
        self.setColumnHidden(0, room < NUMBER_FROM)
        left_out = (140 if room >= ABOUT_FROM else 0) - (_WIDTHS[0] if room < NUMBER_FROM else 0)
        share = min(1.0, room / (sum(_WIDTHS) + left_out))
        for column, width in enumerate(_WIDTHS):
            self.setColumnWidth(column, round(width * share))
