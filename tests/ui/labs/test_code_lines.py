"""The code table: what was typed becomes lines, faults show at the cell and in words, everything by keyboard."""

from dataclasses import replace
from datetime import date

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit
from pytestqt.qtbot import QtBot

from denticode_desktop.domain.charting import Procedure, ProcedureStatus, Quadrant
from denticode_desktop.ui.labs.draft_form import (
    CodeLine,
    NotReadableError,
    cents_of,
    date_of,
    line_faults,
    line_of,
    money,
    procedure_of,
    size_words,
    tidy,
    unreadable,
)
from denticode_desktop.ui.labs.editor_parts import plain_text_of
from tests.ui.hands import WAIT_MS, press, texts
from tests.ui.labs.editor_world import EditorWorld, cell, key, keys, save, type_cell
from tests.ui.window_world import WindowWorld

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)")  # of offscreen, for any popup
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def editing(world: WindowWorld, qtbot: QtBot) -> EditorWorld:
    made = EditorWorld(world)
    qtbot.addWidget(made.window)
    made.show()
    return made


# -- what was typed --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "cents"),
    [("", None), ("  ", None), ("0", 0), ("125", 12500), ("$1,234.5", 123450), ("0.07", 7), ("12.", 1200)],
)
def test_fee_is_typed_as_money_and_stored_as_cents(typed: str, cents: int | None) -> None:
    assert cents_of(typed) == cents


@pytest.mark.parametrize("typed", ["12,5", "-3", "1.234", "abc", "1,2345", "\u0661\u0662", "1e3", "1 000"])
def test_fee_that_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(NotReadableError):
        cents_of(typed)


@pytest.mark.parametrize("cents", [0, 5, 12500, 123450, 10_000_000])
def test_fee_comes_back_as_it_was(cents: int) -> None:
    assert cents_of(money(cents)) == cents


@pytest.mark.parametrize("typed", ["2026-11-20", "2026-11-2", "11/20/2026", " 1/2/2026 "])
def test_dates_are_read_in_both_ways(typed: str) -> None:
    assert date_of(typed) is not None


@pytest.mark.parametrize("typed", ["2026-02-30", "13/01/2026", "tomorrow", "20.11.2026", "2026-11"])
def test_date_that_is_none_is_refused(typed: str) -> None:
    with pytest.raises(NotReadableError):
        date_of(typed)


def test_untouched_line_comes_back_exactly() -> None:
    stored = Procedure("t0402", "14", "OM", Quadrant.UPPER_LEFT, ProcedureStatus.COMPLETED, 18_000, date(2026, 11, 19))

    assert procedure_of(line_of(stored)) is stored
    changed = procedure_of(replace(line_of(stored), tooth="15"))
    assert (changed.tooth, changed.surfaces, changed.service_on) == ("15", "MO", date(2026, 11, 19))


def test_line_is_tidied() -> None:
    line = tidy(CodeLine(" t0402 ", "a", "dom", fee="$1,000", date="11/2/2026"))

    assert (line.code, line.tooth, line.surfaces) == ("T0402", "A", "MOD")
    assert (line.fee, line.date) == ("1,000.00", "2026-11-02")


def test_every_fault_is_told_by_column_and_a_blank_line_has_none() -> None:
    line = CodeLine("T04", "40", "XQ", fee="12,5", date="soon")

    assert [column for column, _ in line_faults(line)] == ["code", "tooth", "surfaces", "fee", "date"]
    assert unreadable(line) == "fee"
    assert unreadable(CodeLine("T04", "40")) is None
    assert line_faults(CodeLine()) == []
    [(column, sentence)] = line_faults(CodeLine("T0402", surfaces="M"))
    assert (column, sentence) == ("tooth", "Surfaces need a tooth.")
    [(column, sentence)] = line_faults(CodeLine("T0402", fee="100,000.01"))
    assert column == "fee"
    assert "cents" not in sentence


def test_sizes_are_told_in_words() -> None:
    assert [size_words(size) for size in (3, 12_400, 1_440_000)] == ["1 kB", "12 kB", "1.4 MB"]


def test_copied_text_becomes_plain() -> None:
    source = QMimeData()
    source.setHtml("<b>S:</b> pain<br>O: <img src='file:///x.png'>swelling")
    assert plain_text_of(source) == "S: pain\nO: swelling"
    source = QMimeData()
    source.setText("a\r\nb\rc\u2028d\x00e")
    assert plain_text_of(source) == "a\nb\nc\nde"


# -- the table -------------------------------------------------------------------------------------------------------


def test_lines_are_written_by_keyboard_alone(editing: EditorWorld, qtbot: QtBot) -> None:
    lab_id = editing.draft(procedures=[])
    editor = editing.edit(qtbot, lab_id)
    press(qtbot, editor, "labAddLine")
    keys(editor, "t0402")
    key(editor, Qt.Key.Key_Tab)
    keys(editor, "14")
    key(editor, Qt.Key.Key_Tab)
    keys(editor, "om")
    key(editor, Qt.Key.Key_Tab)
    assert isinstance(QApplication.focusWidget(), QComboBox)
    key(editor, Qt.Key.Key_Tab)
    key(editor, Qt.Key.Key_Down)
    key(editor, Qt.Key.Key_Tab)
    keys(editor, "1,180.5")
    key(editor, Qt.Key.Key_Tab)
    keys(editor, "11/19/2026")
    key(editor, Qt.Key.Key_Tab)
    key(editor, Qt.Key.Key_Tab)

    assert QApplication.focusWidget() is not editor.codes.table, "Tab leaves the table at its end"
    assert save(editing, qtbot) == lab_id
    assert editing.stored(lab_id).procedures == (
        Procedure("T0402", "14", "MO", None, ProcedureStatus.COMPLETED, 118_050, date(2026, 11, 19)),
    )


def test_faults_show_while_typing_and_go_when_it_is_right(editing: EditorWorld, qtbot: QtBot) -> None:
    editor = editing.edit(qtbot, editing.draft(procedures=[{"code": "T0101", "status": "completed"}]))
    table, model = editor.codes.table, editor.codes.model
    table.setFocus()
    table.setCurrentIndex(cell(editor, 0, "tooth"))
    keys(editor, "40")

    assert "Line 1, Tooth: A tooth is 1 to 32" in texts(editor)
    wrong = cell(editor, 0, "tooth")
    assert model.data(wrong, Qt.ItemDataRole.BackgroundRole) is not None
    assert model.data(wrong, Qt.ItemDataRole.DecorationRole) is not None
    assert "A tooth is" in model.data(wrong, Qt.ItemDataRole.AccessibleDescriptionRole)
    key(editor, Qt.Key.Key_Backspace)

    assert "Line 1, Tooth" not in texts(editor)
    key(editor, Qt.Key.Key_Escape)
    assert editor.codes.model.lines[0].tooth == "", "Esc brings back what was there"


def test_code_is_offered_from_the_practices_own_list(editing: EditorWorld, qtbot: QtBot) -> None:
    editor = editing.edit(qtbot, editing.draft(procedures=[]))
    press(qtbot, editor, "labAddLine")
    keys(editor, "two sur")
    typed = editor.codes.table.cells.editor
    assert isinstance(typed, QLineEdit)
    popup = typed.completer().popup()
    assert popup is not None
    qtbot.waitUntil(popup.isVisible, timeout=WAIT_MS)
    assert popup.model().rowCount() == 1
    QTest.keyClick(popup, Qt.Key.Key_Down)
    QTest.keyClick(popup, Qt.Key.Key_Return)

    assert typed.text() == "T0402"
    key(editor, Qt.Key.Key_Tab)
    assert editor.codes.model.lines[0].code == "T0402"
    assert "T0402   Sample filling, two surfaces" in texts(editor)
    assert "not in the practice's own code list" not in texts(editor)
    type_cell(editor, 0, "code", "T9999")
    assert "Line 1: T9999 is not in the practice's own code list." in texts(editor)


def test_lines_are_duplicated_moved_and_removed(editing: EditorWorld, qtbot: QtBot) -> None:
    codes = [{"code": code, "status": "treatment_planned"} for code in ("T0101", "T0102")]
    editor = editing.edit(qtbot, editing.draft(procedures=codes))
    table = editor.codes.table
    table.setFocus()
    table.setCurrentIndex(cell(editor, 0, "code"))

    def order() -> list[str]:
        return [line.code for line in editor.codes.model.lines]

    press(qtbot, editor, "labDuplicateLine")
    assert order() == ["T0101", "T0101", "T0102"]
    table.setFocus()
    key(editor, Qt.Key.Key_Down, CTRL)
    assert order() == ["T0101", "T0102", "T0101"]
    assert table.currentIndex().row() == 2
    press(qtbot, editor, "labLineUp")
    assert order() == ["T0101", "T0101", "T0102"]
    press(qtbot, editor, "labLineDown")
    table.setFocus()
    key(editor, Qt.Key.Key_D, CTRL)
    assert order() == ["T0101", "T0102", "T0101", "T0101"]
    key(editor, Qt.Key.Key_Delete, CTRL)
    press(qtbot, editor, "labRemoveLine")
    assert order() == ["T0101", "T0102"]
    press(qtbot, editor, "labRemoveLine")
    press(qtbot, editor, "labRemoveLine")
    assert order() == []
    assert "No codes yet." in texts(editor)
    assert not table.isVisible()


def test_what_a_cell_holds_is_saved_while_it_is_open(editing: EditorWorld, qtbot: QtBot) -> None:
    lab_id = editing.draft(procedures=[{"code": "T0401", "status": "treatment_planned"}])
    editor = editing.edit(qtbot, lab_id)
    editor.codes.table.setFocus()
    editor.codes.table.setCurrentIndex(cell(editor, 0, "tooth"))
    keys(editor, "a")
    key(editor, Qt.Key.Key_S, CTRL)

    qtbot.waitUntil(lambda: bool(editing.saved), timeout=WAIT_MS)
    assert editing.stored(lab_id).procedures[0].tooth == "A"


def test_fee_that_is_no_amount_is_not_saved_and_has_the_focus(editing: EditorWorld, qtbot: QtBot) -> None:
    lab_id = editing.draft()
    editor = editing.edit(qtbot, lab_id)
    type_cell(editor, 0, "fee", "12,5")
    press(qtbot, editor, "labSave")

    assert not editing.saved
    assert editor.has_changes
    assert editor.codes.table.currentIndex() == cell(editor, 0, "fee")
    assert isinstance(QApplication.focusWidget(), QLineEdit)
    assert "Line 1, Fee: A fee is an amount" in texts(editor)


def test_wrong_code_can_be_kept_in_a_draft(editing: EditorWorld, qtbot: QtBot) -> None:
    lab_id = editing.draft()
    editor = editing.edit(qtbot, lab_id)
    type_cell(editor, 0, "code", "T01")
    press(qtbot, editor, "labAddLine")

    assert save(editing, qtbot) == lab_id
    assert [line.code for line in editing.stored(lab_id).procedures] == ["T01"], "blank lines are not saved"


def test_delete_empties_a_cell_and_a_lab_holds_no_more_than_its_limit(editing: EditorWorld, qtbot: QtBot) -> None:
    lines = [{"code": "T0401", "tooth": "3", "status": "completed", "quadrant": "UR"}] * 200
    editor = editing.edit(qtbot, editing.draft(procedures=lines))
    table = editor.codes.table
    table.setFocus()
    for name in ("tooth", "quadrant", "status"):
        table.setCurrentIndex(cell(editor, 0, name))
        key(editor, Qt.Key.Key_Delete)

    first = editor.codes.model.lines[0]
    assert (first.tooth, first.quadrant, first.status) == ("", None, ProcedureStatus.COMPLETED)
    editor.codes.add_line()
    assert editor.codes.model.rowCount() == 200
