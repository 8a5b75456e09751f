"""The page of Lab sessions as a person uses it."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPlainTextEdit
from pytestqt.qtbot import QtBot

from denticode_desktop.domain.access import Actor, Role
from denticode_desktop.domain.ids import LabId
from denticode_desktop.ui.labs import LabsPage
from denticode_desktop.ui.labs.items import WriteBackBox
from denticode_desktop.ui.window_services import PageContext
from tests.ui.hands import WAIT_MS
from tests.ui.window_world import WindowWorld

CODES = [
    {"code": "T0101", "status": "treatment_planned"},
    {"code": "T0501", "tooth": "14", "surfaces": "MO", "status": "treatment_planned", "fee_cents": 18500},
]


def labs_page(world: WindowWorld, qtbot: QtBot) -> LabsPage:
    """Opened, with its list."""
    world.window.open_page("labs")
    page = world.window.page("labs")
    assert isinstance(page, LabsPage)
    qtbot.waitUntil(lambda: page.model.has_read and world.tasks.is_idle, timeout=WAIT_MS)
    return page


def page_as(world: WindowWorld, qtbot: QtBot, role: Role) -> LabsPage:
    """The same page for somebody else, as a widget of its own."""
    services = replace(world.services, actor=Actor("Kim", role))
    page = LabsPage(PageContext(services, world.tasks, world.bridge, world.window))
    qtbot.addWidget(page)
    page.resize(1000, 700)
    page.show()
    page.refresh()
    qtbot.waitUntil(lambda: page.model.has_read and world.tasks.is_idle, timeout=WAIT_MS)
    return page


def names(page: LabsPage) -> list[str]:
    """Every row that was read, as a screen reader says it."""
    role = Qt.ItemDataRole.AccessibleTextRole
    return [str(page.model.data(page.model.index(n), role)) for n in range(page.model.rowCount())]


def row_of(page: LabsPage, name: str) -> int:
    """The row of that patient."""
    return next(n for n, words in enumerate(names(page)) if words.startswith(name))


def click_row(page: LabsPage, number: int) -> None:
    """With the mouse."""
    place = page.list.view.visualRect(page.model.index(number)).center()
    QTest.mouseClick(page.list.view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(60, place.y()))


def show_lab(world: WindowWorld, qtbot: QtBot, page: LabsPage, lab_id: LabId) -> None:
    """Opens it and waits until it is there."""
    page.open_lab(lab_id)
    wait_for_lab(world, qtbot, page, lab_id)


def wait_for_lab(world: WindowWorld, qtbot: QtBot, page: LabsPage, lab_id: LabId) -> None:
    """Until that Lab is shown and nothing is read any more."""

    def is_there() -> bool:
        is_shown = page.side.picture is not None and page.side.picture.view.lab_id == lab_id
        return is_shown and world.tasks.is_idle and not is_building()

    qtbot.waitUntil(is_there, timeout=WAIT_MS)


def rest(world: WindowWorld, qtbot: QtBot, is_so: Callable[[], bool] = lambda: True) -> None:
    """Until nothing is read or refreshed."""

    def is_quiet() -> bool:
        return world.tasks.is_idle and not world.window._later.isActive() and not is_building()

    qtbot.waitUntil(lambda: is_quiet() and is_so(), timeout=WAIT_MS)


def is_building() -> bool:
    """Whether rows of entries are still to be made."""
    return any(box.is_building for box in QApplication.allWidgets() if isinstance(box, WriteBackBox))


def type_note(page: LabsPage, words: str) -> None:
    """Into the editor that is shown."""
    note = page.side.findChild(QPlainTextEdit, "labNote")
    assert note is not None and note.isVisible()
    note.setFocus()
    QTest.keyClicks(note, words)
