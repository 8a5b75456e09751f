"""The rail: practice, pages with icons and a count, who is signed in, light or dark. Collapses to icons."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
)

from denticode_desktop.ui.pages import PAGES
from denticode_desktop.ui.shortcuts import PAGE_KEYS
from denticode_desktop.ui.theme import SPACE_2, SPACE_3, Look, icon, icon_pixmap, tokens
from denticode_desktop.ui.widgets import LineLabel
from denticode_desktop.ui.words import tr

WIDE, NARROW = 208, 56
ROW_HEIGHT = 42
_ICON = Qt.ItemDataRole.UserRole
_COUNT = Qt.ItemDataRole.UserRole + 1
_NAME = Qt.ItemDataRole.UserRole + 2
Index = QModelIndex | QPersistentModelIndex


class _RowPainter(QStyledItemDelegate):
    """Paints a page's row: bar and ground where it is open, icon, name, count."""

    is_narrow = False

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        used = tokens()
        area = QRect(option.rect).adjusted(8, 2, -8, -2)
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = None
        if state & QStyle.StateFlag.State_Selected:
            ground = used.rail_selected
        elif state & QStyle.StateFlag.State_MouseOver:
            ground = used.rail_hover
        if ground:
            painter.setBrush(QColor(ground))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawRoundedRect(area, 6, 6)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(used.on_rail), 2))
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 6, 6)
        ratio = painter.device().devicePixelRatioF()
        drawn = icon_pixmap(index.data(_ICON), used.on_rail, 19, ratio)
        painter.drawPixmap(area.left() + 11, area.center().y() - 9, drawn)
        self._words(painter, area, index)
        painter.restore()

    def _words(self, painter: QPainter, area: QRect, index: Index) -> None:
        used = tokens()
        count = str(index.data(_COUNT) or "")
        metrics = painter.fontMetrics()
        if count:
            width = max(20, metrics.horizontalAdvance(count) + 12)
            left, top = (area.right() - width + 2, area.top()) if self.is_narrow else (
                area.right() - width - 6, area.center().y() - 9
            )  # fmt: skip
            bubble = QRect(left, top, width, 18)
            painter.setBrush(QColor(used.on_rail))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawRoundedRect(bubble, 9, 9)
            painter.setPen(QColor(used.rail))
            painter.drawText(bubble, int(Qt.AlignmentFlag.AlignCenter), count)
        if not self.is_narrow:
            room = area.adjusted(40, 0, -34 if count else -6, 0)
            text = metrics.elidedText(str(index.data(_NAME)), Qt.TextElideMode.ElideRight, room.width())
            painter.setPen(QColor(used.on_rail))
            painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)


class Rail(QFrame):
    """`chosen` tells the key of the page that a person wants."""

    chosen = Signal(str)
    look_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("rail")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACE_3, 0, SPACE_2)
        column.setSpacing(SPACE_2)
        self._name = LineLabel("Denticode", name="railName")
        self._name.setContentsMargins(20, 0, 8, 0)
        column.addWidget(self._name)
        self.list = QListWidget()
        self.list.setObjectName("railList")
        self.list.setAccessibleName(tr("Pages"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMouseTracking(True)
        self._painter = _RowPainter(self.list)
        self.list.setItemDelegate(self._painter)
        self._fill()
        self.list.currentRowChanged.connect(self._tell)
        column.addWidget(self.list, 1)
        column.addLayout(self._foot())
        self.set_narrow(False)

    def _fill(self) -> None:
        for number, spec in enumerate(PAGES):
            title = tr(spec.title)
            entry = QListWidgetItem()
            entry.setData(_NAME, title)
            entry.setData(_ICON, spec.icon_name)
            entry.setData(Qt.ItemDataRole.AccessibleTextRole, title)
            where = f"{tr(spec.group)} \u2192 {title}" if spec.group else title
            entry.setToolTip(f"{where} ({PAGE_KEYS[number]})" if number < len(PAGE_KEYS) else where)
            self.list.addItem(entry)

    def _foot(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setContentsMargins(12, 0, 12, 0)
        self._who = LineLabel("", name="railWho")
        line.addWidget(self._who, 1)
        self.theme_button = QToolButton()
        self.theme_button.setObjectName("railTheme")
        self.theme_button.setAccessibleName(tr("Light or dark"))
        self.theme_button.setToolTip(tr("Light or dark"))
        self.theme_button.setIcon(icon("moon", "#e6f2f1", 18))
        self.theme_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.theme_button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        menu = QMenu(self.theme_button)
        menu.setObjectName("themeMenu")
        for look, words in ((Look.SYSTEM, tr("As the system")), (Look.LIGHT, tr("Light")), (Look.DARK, tr("Dark"))):
            menu.addAction(words).triggered.connect(lambda _=False, wanted=look: self.look_chosen.emit(wanted.value))
        self.theme_button.setMenu(menu)
        line.addWidget(self.theme_button)
        return line

    def set_names(self, practice: str, person: str) -> None:
        """Practice at the top, the signed-in person at the bottom."""
        self._name.say(practice)
        self._who.say(person)

    def set_current(self, key: str) -> None:
        """Marks a page as open; tells `chosen` where it was another one."""
        self.list.setCurrentRow(next(n for n, spec in enumerate(PAGES) if spec.key == key))

    def set_count(self, key: str, count: int) -> None:
        """A number beside a page's name; 0 hides it."""
        row = next(n for n, spec in enumerate(PAGES) if spec.key == key)
        entry = self.list.item(row)
        entry.setData(_COUNT, "" if not count else "99+" if count > 99 else str(count))
        words = tr("{title}, {count} need you").format(title=tr(PAGES[row].title), count=count)
        entry.setData(Qt.ItemDataRole.AccessibleTextRole, words if count else tr(PAGES[row].title))

    def set_narrow(self, is_narrow: bool) -> None:
        """Icons only, or icons with names."""
        self._painter.is_narrow = is_narrow
        self.setFixedWidth(NARROW if is_narrow else WIDE)
        self._name.setVisible(not is_narrow)
        self._who.setVisible(not is_narrow)
        self.list.viewport().update()

    def _tell(self, row: int) -> None:
        if row >= 0:
            self.chosen.emit(PAGES[row].key)
