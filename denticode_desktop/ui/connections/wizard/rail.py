"""The steps at the left of the wizard: done, here, still to come - by shape, number and weight."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from denticode_desktop.ui.theme import SPACE_3, SPACE_4, SPACE_5, icon_pixmap, tokens
from denticode_desktop.ui.widgets import PlainLabel, set_kind

DOT = 24
WIDTH = 190


class StepDot(QWidget):
    """A numbered disc: filled here, with a check when done, an outline before."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number
        self.state = "ahead"
        self.setFixedSize(QSize(DOT, DOT))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def set_state(self, state: str) -> None:
        """done, failed, here or ahead."""
        self.state = state
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws it in the colours of the theme."""
        used = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        if self.state in ("done", "failed"):
            name, colour = ("check-circle", used.good) if self.state == "done" else ("x-circle", used.bad)
            pixmap = icon_pixmap(name, colour, DOT, self.devicePixelRatioF())
            painter.drawPixmap(0, 0, pixmap)
            return
        is_here = self.state == "here"
        painter.setPen(QPen(QColor(used.accent if is_here else used.edge), 1.5))
        painter.setBrush(QColor(used.accent) if is_here else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(box)
        painter.setPen(QColor(used.on_accent if is_here else used.muted))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, str(self._number))


class StepRail(QFrame):
    """Names of the steps. Nothing here takes the focus: Back and Next are the way."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self.setObjectName("wizardRail")
        self.setProperty("kind", "inset")
        self.setFixedWidth(WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_4, SPACE_5, SPACE_3, SPACE_5)
        column.setSpacing(SPACE_4)
        self._dots: list[StepDot] = []
        self._labels: list[PlainLabel] = []
        for number, name in enumerate(names, 1):
            line = QHBoxLayout()
            line.setSpacing(SPACE_3)
            dot, label = StepDot(number), PlainLabel(name)
            line.addWidget(dot)
            line.addWidget(label, 1)
            column.addLayout(line)
            self._dots.append(dot)
            self._labels.append(label)
        column.addStretch(1)

    def set_current(self, index: int, *, failed: int | None = None) -> None:
        """Steps before `index` are done, but for `failed`."""
        for number, (dot, label) in enumerate(zip(self._dots, self._labels, strict=True)):
            done = "failed" if number == failed else "done"
            dot.set_state(done if number < index else "here" if number == index else "ahead")
            set_kind(label, "strong" if number == index else "muted" if number > index else "")
