"""The start: the frame first, then the practice; nothing is loaded before it is needed."""

import json
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from denticode_desktop.app.program import Denticode
from denticode_desktop.app.window import WindowHandles
from denticode_desktop.ui import widgets
from denticode_desktop.ui.main_window import MainWindow
from denticode_desktop.ui.opening import Opening
from denticode_desktop.ui.program import Program
from denticode_desktop.ui.rail import Rail
from denticode_desktop.ui.theme import LIGHT, apply_theme
from tests.ui.hands import WAIT_MS, texts

LOADED = "import json, sys; print(json.dumps(sorted(sys.modules)))"
FRAME = """
from pathlib import Path
from denticode_desktop.app.window import WindowHandles
import denticode_desktop.ui.run as run
application = run._application()
window = run.MainWindow()
window.show()
application.processEvents()
"""
FIRST_LISTS = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from denticode_desktop.app.window import WindowHandles
from denticode_desktop.ui.late import LateEngine
from denticode_desktop.ui.pages import load_first
from denticode_desktop.ui.window_services import WindowServices
handles = WindowHandles(Path(sys.argv[1]))
services = WindowServices.of(handles.open(), LateEngine())
services.board.today(datetime.now(UTC)), services.board.strip()
load_first()
handles.close()
"""
HEAVY = ("sqlalchemy", "alembic", "apscheduler", "httpx", "keyring", "cryptography", "asyncio", "email")


def loaded_by(code: str, *arguments: str) -> set[str]:
    """Names of the modules that a fresh process has loaded after that code."""
    ran = subprocess.run(
        [sys.executable, "-c", code + LOADED, *arguments], check=True, capture_output=True, text=True
    )  # fmt: skip
    return set(json.loads(ran.stdout))


def test_frame_is_painted_before_any_service_is_loaded() -> None:
    loaded = loaded_by(FRAME)
    ours = {name for name in loaded if name.startswith("denticode_desktop.")}
    assert not {name for name in ours if name.split(".")[1] in ("services", "storage", "pms", "security", "background")}
    assert not {"denticode_desktop.domain.write_back", "denticode_desktop.ui.today"} & ours
    assert not set(HEAVY) & loaded


def test_first_lists_load_neither_network_nor_scheduler_nor_sqlalchemy(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    Denticode().create(folder, practice="Springvale", owner="Sam Lee", password="", is_rehearsal_only=True)
    loaded = loaded_by(FIRST_LISTS, str(folder))
    assert "denticode_desktop.ui.today.page" in loaded
    assert not set(HEAVY) & loaded


@pytest.mark.parametrize("demo_note", ["This is a rehearsal: press anything.", ""])
def test_demo_says_what_to_try_on_its_first_page(tmp_path: Path, qtbot: QtBot, demo_note: str) -> None:
    Denticode().create(tmp_path / "d", practice="Springvale", owner="Sam Lee", password="", is_rehearsal_only=True)
    handles, window = WindowHandles(tmp_path / "d", demo_note=demo_note), MainWindow()
    qtbot.addWidget(window)
    window.show()
    opening = Opening(cast("Program", handles), window)
    opening.begin()
    try:
        qtbot.waitUntil(lambda: opening.tasks.is_idle and "No PMS is connected yet" in texts(window), timeout=WAIT_MS)
        assert ("press anything" in texts(window)) is bool(demo_note)
    finally:
        opening.end()
        handles.close()


def test_window_tells_once_that_it_was_painted(qtbot: QtBot) -> None:
    window = MainWindow()
    qtbot.addWidget(window)
    heard: list[bool] = []
    window.painted.connect(lambda: heard.append(True))
    with qtbot.waitSignal(window.painted, timeout=WAIT_MS):
        window.show()
    window.repaint()
    QApplication.processEvents()
    assert heard == [True]
    qtbot.waitUntil(lambda: window.rail.theme_button.menu() is not None, timeout=WAIT_MS)


def test_every_widget_of_the_package_is_found_under_its_name() -> None:
    for name in widgets.__all__:
        assert getattr(widgets, name) is not None
    with pytest.raises(AttributeError, match="Sparkles"):
        getattr(widgets, "Sparkles")  # noqa: B009 - a type checker would refuse it


def picture(widget: QWidget) -> QImage:
    return widget.grab().toImage()


def colours_of(image: QImage, x: int) -> set[str]:
    return {image.pixelColor(QPoint(x, y)).name() for y in range(image.height())}


def test_rail_marks_the_open_page_and_counts_it(qtbot: QtBot) -> None:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    apply_theme(application, is_dark=False)
    rail = Rail()
    qtbot.addWidget(rail)
    rail.resize(208, 500)
    rail.show()
    assert LIGHT.rail_selected not in colours_of(picture(rail.list), 60)
    rail.set_current("labs")
    assert LIGHT.rail_selected in colours_of(picture(rail.list), 60)
    before = picture(rail.list)
    rail.set_count("today", 7)
    assert picture(rail.list) != before
