"""The rail: practice, pages with icons and a count, who is signed in, light or dark. Collapses to icons."""

# ruff: noqa: PLC0415 - imports inside functions: what the frame does not need is loaded after it is painted

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from denticode_desktop.ui.pages import PAGES
from denticode_desktop.ui.shortcuts import PAGE_KEYS
from denticode_desktop.ui.theme import SPACE_2, SPACE_3, Look, icon_pixmap, tokens
from denticode_desktop.ui.widgets import LineLabel
from denticode_desktop.ui.words import tr

if TYPE_CHECKING:
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QPaintEvent

WIDE, NARROW = 208, 56
ROW_HEIGHT = 42
_ICON = Qt.ItemDataRole.UserRole
_COUNT = Qt.ItemDataRole.UserRole + 1
_NAME = Qt.ItemDataRole.UserRole + 2


class RailList(QListWidget):
    """Paints the pages' rows: bar and ground where a page is open, icon, name, count.

    By itself and not by a delegate: the style options of one take longer to load than the window to paint.
    """

    def __init__(self) -> None:
        super().__init__()
        self.is_narrow = False
        self._under_mouse: QListWidgetItem | None = None
        self._ground = QWidget()
        self.setViewport(self._ground)  # one of ours: to find the Python type of Qt's own, PySide loads many others
        self.setObjectName("railList")
        self.setAccessibleName(tr("Pages"))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.itemEntered.connect(self._enter)
        self.viewportEntered.connect(self._enter)

    def set_narrow(self, is_narrow: bool) -> None:
        """Icons only, or icons with names."""
        self.is_narrow = is_narrow
        self._ground.update()

    def add_page(self, title: str, icon_name: str, tip: str) -> None:
        """One more row."""
        entry = QListWidgetItem()
        entry.setData(_NAME, title)
        entry.setData(_ICON, icon_name)
        entry.setData(Qt.ItemDataRole.AccessibleTextRole, title)
        entry.setSizeHint(QSize(0, ROW_HEIGHT))
        entry.setToolTip(tip)
        self.addItem(entry)

    def leaveEvent(self, event: QEvent) -> None:
        """As Qt."""
        super().leaveEvent(event)
        self._enter()

    def _enter(self, entry: QListWidgetItem | None = None) -> None:
        self._under_mouse = entry
        self._ground.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """All rows: there are few."""
        painter = QPainter(self._ground)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for row in range(self.count()):
            entry = self.item(row)
            self._paint_row(painter, entry, self.visualItemRect(entry).adjusted(8, 2, -8, -2))

    def _paint_row(self, painter: QPainter, entry: QListWidgetItem, area: QRect) -> None:
        used = tokens()
        is_open = entry is self.currentItem()
        ground = used.rail_selected if is_open else used.rail_hover if entry is self._under_mouse else None
        if ground:
            painter.setBrush(QColor(ground))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawRoundedRect(area, 6, 6)
        if is_open and self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(used.on_rail), 2))
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 6, 6)
        drawn = icon_pixmap(entry.data(_ICON), used.on_rail, 19, self.devicePixelRatioF())
        painter.drawPixmap(area.left() + 11, area.center().y() - 9, drawn)
        self._words(painter, area, entry)

    def _words(self, painter: QPainter, area: QRect, entry: QListWidgetItem) -> None:
        used = tokens()
        count = str(entry.data(_COUNT) or "")
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
            text = metrics.elidedText(str(entry.data(_NAME)), Qt.TextElideMode.ElideRight, room.width())
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
        self.list = RailList()
        self._fill()
        self.list.currentRowChanged.connect(self._tell)
        column.addWidget(self.list, 1)
        column.addLayout(self._foot())
        self._is_narrow: bool | None = None
        self.set_narrow(False)

    def _fill(self) -> None:
        for number, spec in enumerate(PAGES):
            title = tr(spec.title)
            where = f"{tr(spec.group)} \u2192 {title}" if spec.group else title
            tip = f"{where} ({PAGE_KEYS[number]})" if number < len(PAGE_KEYS) else where
            self.list.add_page(title, spec.icon_name, tip)

    def _foot(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setContentsMargins(12, 0, 12, 0)
        self._who = LineLabel("", name="railWho")
        line.addWidget(self._who, 1)
        self.theme_button = QToolButton()
        self.theme_button.setObjectName("railTheme")
        self.theme_button.setAccessibleName(tr("Light or dark"))
        self.theme_button.setToolTip(tr("Light or dark"))
        line.addWidget(self.theme_button)
        return line

    @Slot()
    def finish(self) -> None:
        """The button's icon and menu, after the first paint."""
        from PySide6.QtWidgets import QMenu

        from denticode_desktop.ui.theme import icon

        self.theme_button.setIcon(icon("moon", "#e6f2f1", 18))
        menu = QMenu(self.theme_button)
        menu.setObjectName("themeMenu")
        for look, words in ((Look.SYSTEM, tr("As the system")), (Look.LIGHT, tr("Light")), (Look.DARK, tr("Dark"))):
            menu.addAction(words).triggered.connect(lambda _=False, wanted=look: self.look_chosen.emit(wanted.value))
        self.theme_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.theme_button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self.theme_button.setMenu(menu)

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
        if is_narrow is self._is_narrow:
            return
        self._is_narrow = is_narrow
        self.list.set_narrow(is_narrow)
        self.setFixedWidth(NARROW if is_narrow else WIDE)
        self._name.setVisible(not is_narrow)
        self._who.setVisible(not is_narrow)

    def _tell(self, row: int) -> None:
        if row >= 0:
            self.chosen.emit(PAGES[row].key)
