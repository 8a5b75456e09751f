"""A window over a real practice for every test that asks for `world`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication, QDialog, QMainWindow, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.window_world import WindowWorld, window_world


class Flashes(QObject):
    """Hears of widgets that are shown as windows of their own without being one: they flash and take the focus."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """As Qt."""
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            is_meant = isinstance(watched, (QMainWindow, QDialog)) or watched.windowType() is not Qt.WindowType.Window
            if not is_meant and not event.spontaneous() and watched.objectName() != "page":
                self.found.append(f"{type(watched).__name__} {watched.objectName()!r}")
        return False


@contextmanager
def no_window_flashes() -> Iterator[None]:
    """Fails a test in which a widget was shown before it had a parent."""
    application = QApplication.instance()
    assert application is not None
    flashes = Flashes()
    application.installEventFilter(flashes)
    try:
        yield
    finally:
        application.removeEventFilter(flashes)
    assert not flashes.found


@pytest.fixture
def world(tmp_path: Path, qtbot: QtBot) -> Iterator[WindowWorld]:
    """Connected and synced, with one imported Lab."""
    with no_window_flashes(), window_world(tmp_path / "data") as found:
        qtbot.addWidget(found.window)
        found.window.show()
        found.window.activateWindow()
        yield found
