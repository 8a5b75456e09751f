"""Small signs: a sentence with its shape, the pill that names an environment, a choice that can be seen."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QRadioButton, QSizePolicy, QWidget

from denticode_desktop.domain.connection import Environment
from denticode_desktop.ui.theme import SPACE_2, tokens
from denticode_desktop.ui.widgets import IconLabel, PlainLabel

from .words import environment_word


class Clear(QWidget):
    """A holder without a ground of its own."""


class SignLine(Clear):
    """A sentence with its shape before it. `role`: good, warn, bad, info, muted, text."""

    def __init__(self, text: str, icon_name: str, role: str, *, name: str = "", size: int = 16) -> None:
        super().__init__()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(SPACE_2)
        self._icon = IconLabel(icon_name, role, size)
        line.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        self.label = PlainLabel(text, name=name)
        line.addWidget(self.label, 1)
        self.set_sign(text, icon_name, role)

    @property
    def text(self) -> str:
        """What it says."""
        return self.label.text()

    def set_sign(self, text: str, icon_name: str, role: str) -> None:
        """Other words, shape and colour. Only the shape is coloured: long coloured sentences tire."""
        self._icon.set_icon(icon_name, role)
        self.label.set_words(text, "muted" if role == "muted" else "")


class EnvironmentBadge(PlainLabel):
    """The environment, named and in the colour of the window's band."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment_word(environment), kind="caption")
        self._environment = environment
        self.setWordWrap(False)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setContentsMargins(10, 3, 10, 3)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A filled pill with light words."""
        used = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(str(getattr(used, f"band_{self._environment.value}"))))
        box = QRectF(self.rect())
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
        painter.setPen(QColor(used.on_band))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())
        painter.end()


class ChoiceButton(QRadioButton):
    """A radio button whose ring stands out on a card, light and dark; its text is one line."""

    _DOT, _GAP, _PAD = 18, 10, 4

    def __init__(self, text: str, *, name: str) -> None:
        super().__init__(text)
        self.setObjectName(name)
        self.setAccessibleName(text.replace("&&", "\0").replace("&", "").replace("\0", "&"))

    def sizeHint(self) -> QSize:
        """Ring, gap, text."""
        width = QFontMetrics(self.font()).size(Qt.TextFlag.TextShowMnemonic, self.text()).width()
        height = max(self._DOT, self.fontMetrics().height()) + 2 * self._PAD
        return QSize(2 * self._PAD + self._DOT + self._GAP + width, height)

    def minimumSizeHint(self) -> QSize:
        """As the hint."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """In the colours of the theme."""
        used = tokens()
        is_on, is_enabled = self.isChecked(), self.isEnabled()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            painter.setPen(QPen(QColor(used.accent), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)
        ring = QRectF(self._PAD, (self.height() - self._DOT) / 2, self._DOT, self._DOT).adjusted(1, 1, -1, -1)
        painter.setBrush(QColor(used.surface))
        colour = used.accent if is_on and is_enabled else used.edge if is_enabled else used.line
        painter.setPen(QPen(QColor(colour), 5.0 if is_on else 1.5))
        inset = 2.0 if is_on else 0.0
        painter.drawEllipse(ring.adjusted(inset, inset, -inset, -inset))
        painter.setPen(QColor(used.text if is_enabled else used.muted))
        room = self.rect().adjusted(2 * self._PAD + self._DOT + self._GAP - self._PAD, 0, -self._PAD, 0)
        flags = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft) | int(Qt.TextFlag.TextShowMnemonic)
        painter.drawText(room, flags, self.text())
        painter.end()
