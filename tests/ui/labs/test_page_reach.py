"""Lab sessions without a mouse, for a screen reader, and on a small screen."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QListView, QWidget
from pytestqt.qtbot import QtBot

from denticode_desktop.domain.ids import LabId
from denticode_desktop.ui.labs import LabsPage
from denticode_desktop.ui.labs.imports import Imported, ImportedDialog
from denticode_desktop.ui.labs.leave import LeaveDialog
from denticode_desktop.ui.labs.preview import HEIGHT_MOST, PreviewDialog, read_case
from denticode_desktop.ui.theme import apply_theme
from tests.ui.hands import WAIT_MS, find, press
from tests.ui.test_window import nameless
from tests.ui.window_world import WindowWorld

from .page_hands import CODES, labs_page, rest, show_lab

SMALL = (911, 512)
"""1366 x 768 at 150 %."""


def labs_of_each_kind(world: WindowWorld) -> dict[str, LabId]:
    people = world.patients()
    sent = world.finalized_lab(people[3], procedures=CODES)
    world.practice.outbox.send(world.actor, sent, None)
    review = world.lab_with_look_alike(people[34])
    world.drain()
    return {
        "sent": sent, "review": review, "stranger": world.lab_of_a_stranger(),
        "unsent": world.finalized_lab(people[6]), "draft": world.import_lab(people[5], procedures=CODES),
    }  # fmt: skip


def cut_off(page: QWidget) -> list[str]:
    """Buttons and inputs that reach over the right edge of what they stand in."""
    found = []
    for kind in (QAbstractButton, QLineEdit, QComboBox):
        for control in page.findChildren(kind):
            if not control.isVisible() or control.objectName().startswith("qt_"):
                continue
            right = control.mapTo(page, control.rect().topRight()).x()
            parent = control.parentWidget()
            while parent is not None and parent is not page:
                if parent.mapTo(page, parent.rect().topRight()).x() < right and not isinstance(parent, QLineEdit):
                    found.append(f"{control.objectName()} in {parent.objectName()}")
                    break
                parent = parent.parentWidget()
    return found


def test_every_state_has_names_for_a_screen_reader_and_fits_a_small_screen(world: WindowWorld, qtbot: QtBot) -> None:
    labs = labs_of_each_kind(world)
    page = labs_page(world, qtbot)
    world.window.resize(*SMALL)
    for name, lab_id in labs.items():
        show_lab(world, qtbot, page, lab_id)
        qtbot.waitUntil(lambda: page.width() < SMALL[0], timeout=WAIT_MS)

        assert not nameless(page), name
        assert not cut_off(page), name
        assert page.list.width() >= 200, name
        assert page.side.width() >= 500, name
        assert page.list.view.viewport().height() >= 120, name
    press(qtbot, page, "labNew")
    rest(world, qtbot)
    assert not nameless(page)


def test_tab_goes_through_search_list_and_lab_in_reading_order(world: WindowWorld, qtbot: QtBot) -> None:
    lab_id = world.finalized_lab(world.patients()[6])
    page = labs_page(world, qtbot)
    show_lab(world, qtbot, page, lab_id)
    QTest.keyClick(world.window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    visited: list[str] = []
    for _ in range(12):
        focused = QApplication.focusWidget()
        assert focused is not None
        visited.append(focused.objectName())
        QTest.keyClick(focused, Qt.Key.Key_Tab)

    wanted = ["labSearch", "labFilter", "labList", "labSend", "labAddendum", "labForIt0", "labNoteText", "labCodeTable"]
    assert [name for name in visited if name in wanted][: len(wanted)] == wanted


def test_esc_empties_the_search_and_leads_to_the_list(world: WindowWorld, qtbot: QtBot) -> None:
    page = labs_page(world, qtbot)
    QTest.keyClick(world.window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    search = find(page, QLineEdit, "labSearch")
    QTest.keyClicks(search, "zzz")
    qtbot.waitUntil(lambda: page.model.rowCount() == 0, timeout=WAIT_MS)
    QTest.keyClick(search, Qt.Key.Key_Escape)

    qtbot.waitUntil(lambda: page.model.rowCount() == 1, timeout=WAIT_MS)
    assert find(page, QListView, "labList").hasFocus()


def test_line_between_list_and_lab_stays_where_a_person_put_it(world: WindowWorld, qtbot: QtBot) -> None:
    page = labs_page(world, qtbot)
    page._split.moveSplitter(400, 1)
    page._split.splitterMoved.emit(400, 1)
    before = page.list.width()
    world.window.resize(1400, 800)
    rest(world, qtbot)

    assert abs(page.list.width() - before) < 40


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
def test_dialogs_have_names_and_fit_a_small_screen(
    world: WindowWorld, qtbot: QtBot, qapp: QApplication, is_dark: bool
) -> None:
    draft = world.import_lab(world.patients()[5], procedures=[CODES[0]] * 40)
    apply_theme(qapp, is_dark=is_dark)
    many = [Imported(f"visit-{n}.json", "" if n % 3 else "new", "note.text: missing.", None) for n in range(60)]
    page: LabsPage = labs_page(world, qtbot)
    for dialog in (
        PreviewDialog(page, read_case(world.services, draft)), ImportedDialog(page, many), LeaveDialog(page)
    ):  # fmt: skip
        dialog.show()
        assert not nameless(dialog)
        assert dialog.height() <= HEIGHT_MOST + 10
        assert dialog.width() <= SMALL[0]
        dialog.close()
    apply_theme(qapp, is_dark=False)
