"""What a person's hands do: press, choose, type; also in a modal dialog, which has an event loop of its own."""

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QLabel, QWidget
from pytestqt.qtbot import QtBot

WAIT_MS = 10_000
W = TypeVar("W", bound=QObject)
D = TypeVar("D", bound=QDialog)


def find(root: QWidget, kind: type[W], name: str) -> W:
    """The child of that name, which must be there."""
    found = root.findChild(kind, name)
    assert found is not None, name
    return found


def texts(widget: QWidget) -> str:
    """Every label that can be seen."""
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def wait_for_words(qtbot: QtBot, widget: QWidget, words: str) -> None:
    """Until somebody can read them."""
    qtbot.waitUntil(lambda: words in texts(widget), timeout=WAIT_MS)


def click(control: QAbstractButton) -> None:
    """With the mouse."""
    assert control.isVisible() and control.isEnabled(), control.objectName()
    QTest.mouseClick(control, Qt.MouseButton.LeftButton)


def press(qtbot: QtBot, root: QWidget, name: str) -> None:
    """Waits for the button, then clicks."""

    def found() -> QAbstractButton | None:
        buttons = root.findChildren(QAbstractButton, name)
        return next((b for b in buttons if b.isVisible() and b.isEnabled()), None)

    qtbot.waitUntil(lambda: found() is not None, timeout=WAIT_MS)
    control = found()
    assert control is not None
    click(control)


def in_dialog(kind: type[D], act: Callable[[D], None]) -> "Expected":
    """Before the press that opens a dialog: when it is open, `act` is called with it, once."""
    return Expected(kind, act)


class Expected(QObject):
    """Waits for a dialog and acts in it. `is_done` afterwards."""

    def __init__(self, kind: type[QDialog], act: Callable[..., None]) -> None:
        super().__init__()
        self._kind = kind
        self._act = act
        self.is_done = False
        self.error: BaseException | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(20)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _look(self) -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, self._kind):
            return
        self._timer.stop()
        try:
            self._act(dialog)
        except BaseException as error:
            self.error = error
            dialog.reject()
            raise
        self.is_done = True
