"""An icon that takes its colour from the theme when it is drawn."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from denticode_desktop.ui.theme import icon_pixmap, tokens


class IconLabel(QWidget):
    """`role` is the name of a token: text, muted, good, warn, bad, info, accent, on_band, on_rail."""

    def __init__(self, name: str, role: str = "text", size: int = 18) -> None:
        super().__init__()
        self._name = name
        self._role = role
        self._size = size
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def set_icon(self, name: str, role: str) -> None:
        """Another one."""
        if (name, role) != (self._name, self._role):
            self._name, self._role = name, role
            self.update()

    def sizeHint(self) -> QSize:
        """A square."""
        return QSize(self._size, self._size)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The icon, in the middle."""
        painter = QPainter(self)
        pixmap = icon_pixmap(self._name, getattr(tokens(), self._role), self._size, self.devicePixelRatioF())
        painter.drawPixmap((self.width() - self._size) // 2, (self.height() - self._size) // 2, pixmap)
