"""Lab sessions: the list, what is shown of a Lab, importing, and leaving unsaved words."""

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from denticode_desktop.console.demo import sample_lab
from denticode_desktop.domain.access import Role
from denticode_desktop.domain.audit_event import AuditKind
from denticode_desktop.domain.events import ImportFailed
from denticode_desktop.domain.ids import LabId
from denticode_desktop.ports.views import AuditFilter
from denticode_desktop.ui.labs import LabsPage
from denticode_desktop.ui.labs.imports import ImportedDialog
from denticode_desktop.ui.labs.leave import LeaveDialog
from denticode_desktop.ui.page import PageState
from tests.ui.hands import WAIT_MS, click, find, in_dialog, press, texts, wait_for_words
from tests.ui.window_world import VISIT_ON, WindowWorld, window_world

from .page_hands import (
    click_row,
    labs_page,
    names,
    page_as,
    rest,
    row_of,
    show_lab,
    type_note,
    wait_for_lab,
)


def choose_filter(page: LabsPage, words: str) -> None:
    """As a person does with the keyboard."""
    combo = find(page, QComboBox, "labFilter")
    combo.setFocus()
    row = combo.findText(words)
    QTest.keyClick(combo, Qt.Key.Key_Home)
    for _ in range(row):
        QTest.keyClick(combo, Qt.Key.Key_Down)
    combo.activated.emit(row)


# -- the list ---------------------------------------------------------------------------------------------------------


def test_rows_tell_patient_visit_provider_and_state_in_words(world: WindowWorld, qtbot: QtBot) -> None:
    world.fill_today()
    world.import_lab(world.patients()[5])
    page = labs_page(world, qtbot)

    words = "\n".join(names(page))
    assert "Nobody, Jo, visit of Nov 20, 2026, Lee, Sam: Choose the patient" in words
    assert ": Needs you" in words
    assert ": In chart, seen " in words
    assert ": Waiting" in words
    assert words.count(": Finalized, not sent") == 3
    assert words.count(": Draft") == 1
    assert find(page, QPushButton, "labNew").isVisible()
    assert "9 Labs" in texts(page)


def test_search_filters_as_one_types_and_says_when_nothing_fits(world: WindowWorld, qtbot: QtBot) -> None:
    world.fill_today()
    page = labs_page(world, qtbot)
    QTest.keyClick(world.window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    search = find(page, QLineEdit, "labSearch")
    qtbot.waitUntil(search.hasFocus, timeout=WAIT_MS)
    QTest.keyClicks(search, "nobody")
    qtbot.waitUntil(lambda: page.model.rowCount() == 1, timeout=WAIT_MS)
    assert names(page)[0].startswith("Nobody, Jo")

    QTest.keyClicks(search, "xyz")
    wait_for_words(qtbot, page, "No Lab fits what is searched and filtered.")
    press(qtbot, page, "labShowAll")
    qtbot.waitUntil(lambda: page.model.rowCount() == 8, timeout=WAIT_MS)
    assert search.text() == ""


@pytest.mark.parametrize(
    ("wanted", "count", "words"),
    [
        ("Drafts", 1, "Draft"), ("Not sent", 4, ""), ("Waiting", 2, ""), ("Needs you", 2, ""),
        ("In chart", 2, "In chart, seen"), ("All Labs", 9, ""),
    ],
)  # fmt: skip
def test_filter_shows_only_labs_in_that_state(
    world: WindowWorld, qtbot: QtBot, wanted: str, count: int, words: str
) -> None:
    world.fill_today()
    world.import_lab(world.patients()[5])
    page = labs_page(world, qtbot)
    choose_filter(page, "Drafts" if wanted == "All Labs" else "All Labs")
    rest(world, qtbot)
    choose_filter(page, wanted)

    qtbot.waitUntil(lambda: page.model.rowCount() == count and world.tasks.is_idle, timeout=WAIT_MS)
    assert all(words in name for name in names(page))


def test_arrow_keys_open_the_lab_where_they_stop(world: WindowWorld, qtbot: QtBot) -> None:
    world.fill_today()
    page = labs_page(world, qtbot)
    click_row(page, 0)
    first = page.model.row_at(0)
    assert first is not None
    wait_for_lab(world, qtbot, page, first.lab_id)
    for _ in range(3):
        QTest.keyClick(page.list.view, Qt.Key.Key_Down)
    last = page.model.row_at(3)
    assert last is not None
    wait_for_lab(world, qtbot, page, last.lab_id)

    assert last.name in texts(page.side)
    events = world.services.audit.page(world.actor, AuditFilter(), None, 200)
    assert sum(event.draft.kind is AuditKind.LAB_VIEWED for event in events) == 2


def test_selection_focus_and_place_survive_a_refresh_with_new_labs(world: WindowWorld, qtbot: QtBot) -> None:
    world.fill_today()
    page = labs_page(world, qtbot)
    number = row_of(page, "Nobody, Jo")
    click_row(page, number)
    chosen = page.model.row_at(number)
    assert chosen is not None
    wait_for_lab(world, qtbot, page, chosen.lab_id)
    page.list.view.setFocus()
    for patient in world.patients()[9:12]:
        world.import_lab(patient)
    qtbot.waitUntil(lambda: page.model.rowCount() == 11 and world.tasks.is_idle, timeout=WAIT_MS)

    current = page.model.row_at(page.list.view.currentIndex().row())
    assert current is not None and current.lab_id == chosen.lab_id
    assert page.list.view.selectionModel().isSelected(page.model.index_of(chosen.lab_id))
    assert page.list.view.hasFocus()


def test_practice_without_labs_is_invited_to_import_or_write_one(tmp_path: Path, qtbot: QtBot) -> None:
    with window_world(tmp_path / "data", is_connected=False) as world:
        qtbot.addWidget(world.window)
        world.window.show()
        page = labs_page(world, qtbot)

        assert page.state.name == "EMPTY"
        assert "No Lab yet" in texts(page)
        assert find(page, QPushButton, "welcomeImport").isVisible()
        press(qtbot, page, "labNew")
        assert page.state.name == "FULL"
        assert page.side.is_new


def test_store_that_cannot_be_read_says_so_and_is_tried_again(world: WindowWorld, qtbot: QtBot) -> None:
    world.practice.store.close()
    world.window.open_page("labs")
    page = world.window.page("labs")
    qtbot.waitUntil(lambda: page.state is PageState.ERROR, timeout=WAIT_MS)

    assert find(page, QPushButton, "errorRetry").isVisible()


# -- importing --------------------------------------------------------------------------------------------------------


def lab_file(world: WindowWorld, folder: Path, name: str, number: int, **changes: object) -> Path:
    path = folder / name
    path.write_text(json.dumps({**sample_lab(world.patients()[number], VISIT_ON), **changes}), encoding="utf-8")
    return path


def test_chosen_file_is_imported_and_shown(
    world: WindowWorld, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = labs_page(world, qtbot)
    path = lab_file(world, tmp_path, "visit.json", 7)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_args: ([str(path)], ""))
    press(qtbot, page, "labImport")

    wait_for_words(qtbot, page, "visit.json: a new Lab.")
    rest(world, qtbot, lambda: page.side.picture is not None)
    assert page.side.is_editing
    assert world.patients()[7].person.display_name in texts(page.side)


def test_dropped_files_are_each_said_new_changed_unchanged_or_refused(
    world: WindowWorld, qtbot: QtBot, tmp_path: Path
) -> None:
    page = labs_page(world, qtbot)
    world.import_lab(world.patients()[8])
    world.import_lab(world.patients()[9])
    paths = [
        lab_file(world, tmp_path, "a.json", 7),
        lab_file(world, tmp_path, "b.json", 8, note={"text": "S: Another story."}),
        world._folder / f"lab-{world.patients()[9].pms_patient_id}.json",
        lab_file(world, tmp_path, "d.json", 10, visit_date="never"),
    ]
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    seen: list[str] = []

    def read(dialog: ImportedDialog) -> None:
        seen.append(texts(dialog))
        click(dialog.cancel)

    expected = in_dialog(ImportedDialog, read)
    place, copy = QPoint(200, 200), Qt.DropAction.CopyAction
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(place, copy, data, left, none)
    QApplication.sendEvent(page, enter)
    assert enter.isAccepted()
    assert "Let go here to import the Lab files." in texts(page)
    drop = QDropEvent(QPointF(place), copy, data, left, none)
    QApplication.sendEvent(page, drop)
    qtbot.waitUntil(lambda: expected.is_done, timeout=WAIT_MS)

    assert drop.isAccepted()
    assert "a.json: a new Lab." in seen[0]
    assert "b.json: the Lab was changed." in seen[0]
    assert f"{paths[2].name}: unchanged" in seen[0]
    assert "d.json: refused." in seen[0] and "visit_date" in seen[0]
    assert "4 files were read, 1 refused." in seen[0]


def test_refused_file_of_the_watched_folder_is_said(world: WindowWorld, qtbot: QtBot) -> None:
    page = labs_page(world, qtbot)
    world.bridge.publish(ImportFailed("late.json", "late.json: visit_date is missing. Add it, then drop it again."))

    wait_for_words(qtbot, page, "visit_date is missing")


# -- leaving ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def typing(world: WindowWorld, qtbot: QtBot) -> LabsPage:
    """A draft with words that are not saved."""
    world.import_lab(world.patients()[5])
    page = labs_page(world, qtbot)
    draft = next(lab.lab_id for lab in world.services.labs.list(world.actor) if not lab.is_finalized)
    show_lab(world, qtbot, page, draft)
    type_note(page, "Unsaved. ")
    assert page.side.has_changes
    return page


def stored_notes(world: WindowWorld) -> str:
    with world.practice.store.read() as uow:
        return "\n".join(uow.labs.revision(lab.lab_id).content.note_text for lab in uow.labs.summaries())


def other_lab(world: WindowWorld, page: LabsPage) -> LabId:
    shown = page.side.picture
    assert shown is not None
    return next(lab.lab_id for lab in world.services.labs.list(world.actor) if lab.lab_id != shown.view.lab_id)


def answer(qtbot: QtBot, page: LabsPage, name: str) -> None:
    """Presses a button of the question."""
    qtbot.waitUntil(lambda: page.findChild(LeaveDialog) is not None, timeout=WAIT_MS)
    dialog = page.findChild(LeaveDialog)
    assert dialog is not None
    press(qtbot, dialog, name)


def test_other_row_asks_and_stay_keeps_words_and_row(world: WindowWorld, qtbot: QtBot, typing: LabsPage) -> None:
    before = typing.side.picture
    assert before is not None
    other = typing.model.index_of(other_lab(world, typing)).row()
    click_row(typing, other)
    answer(qtbot, typing, "leaveDraftCancel")

    assert typing.side.has_changes
    current = typing.model.row_at(typing.list.view.currentIndex().row())
    assert current is not None and current.lab_id == before.view.lab_id
    assert "Unsaved." not in stored_notes(world)
    typing.side.forget_changes()


def test_other_row_after_save_is_shown_and_the_words_are_stored(
    world: WindowWorld, qtbot: QtBot, typing: LabsPage
) -> None:
    other = other_lab(world, typing)
    click_row(typing, typing.model.index_of(other).row())
    answer(qtbot, typing, "leaveSave")

    wait_for_lab(world, qtbot, typing, other)
    assert "Unsaved." in stored_notes(world)
    assert not typing.side.has_changes


def test_new_lab_after_drop_begins_empty(world: WindowWorld, qtbot: QtBot, typing: LabsPage) -> None:
    press(qtbot, typing, "labNew")
    answer(qtbot, typing, "leaveDrop")

    assert typing.side.is_new
    assert not typing.side.has_changes
    assert "Unsaved." not in stored_notes(world)
    assert not typing.list.view.currentIndex().isValid()


def test_other_page_asks_first_and_the_rail_stays(world: WindowWorld, qtbot: QtBot, typing: LabsPage) -> None:
    QTest.keyClick(world.window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert typing.isVisible()
    assert world.window.rail.list.currentRow() == 1
    answer(qtbot, typing, "leaveDrop")

    qtbot.waitUntil(world.window.page("today").isVisible, timeout=WAIT_MS)
    assert world.window.rail.list.currentRow() == 0


def test_closing_the_window_asks_first(world: WindowWorld, qtbot: QtBot, typing: LabsPage) -> None:
    world.window.close()
    assert world.window.isVisible()
    answer(qtbot, typing, "leaveSave")

    qtbot.waitUntil(lambda: not world.window.isVisible(), timeout=WAIT_MS)
    assert "Unsaved." in stored_notes(world)


def test_window_without_unsaved_words_closes_at_once(world: WindowWorld, qtbot: QtBot) -> None:
    labs_page(world, qtbot)
    world.window.close()

    assert not world.window.isVisible()


def test_events_do_not_take_away_what_is_being_typed(world: WindowWorld, qtbot: QtBot, typing: LabsPage) -> None:
    shown = typing.side.picture
    assert shown is not None
    content = shown.view.revisions[-1].content
    assert content is not None
    for patient in world.patients()[9:12]:
        world.import_lab(patient)
    rest(world, qtbot, lambda: typing.model.rowCount() == 5)

    assert typing.side.has_changes
    typing.side.forget_changes()


# -- roles ------------------------------------------------------------------------------------------------------------


def test_front_office_sees_how_far_a_lab_is_and_no_clinical_text(world: WindowWorld, qtbot: QtBot) -> None:
    world.fill_today()
    note = "No complaints since the last visit"
    page = page_as(world, qtbot, Role.FRONT_OFFICE)
    for number in range(page.model.rowCount()):
        row = page.model.row_at(number)
        assert row is not None
        show_lab(world, qtbot, page, row.lab_id)
        assert row.name in texts(page.side)
        assert "Your role sees how far the Lab is" in texts(page)
        assert note not in texts(page)
        assert not page.side.details.note.isVisible()
        assert not page.side.is_editing
    assert not find(page, QPushButton, "labNew").isVisible()
    assert not find(page, QPushButton, "labImport").isVisible()
    assert not page.acceptDrops()
