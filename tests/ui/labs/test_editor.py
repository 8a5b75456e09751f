"""The whole form: a Lab written by hand and seen in the store, drafts edited, faults at their fields, nothing lost."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDateEdit,
    QFileDialog,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QTableView,
    QWidget,
)
from pytestqt.qtbot import QtBot

from denticode_desktop.domain.access import Actor, Role
from denticode_desktop.domain.charting import Procedure, ProcedureStatus
from denticode_desktop.domain.errors import NotAllowedError, StorageError, UserError
from denticode_desktop.domain.ids import LabId
from denticode_desktop.domain.lab import MAX_NOTE_CHARS, Document, RevisionKind
from denticode_desktop.services.templates import TEMPLATES, fill_template
from denticode_desktop.ui.labs.provider_box import NewProviderDialog
from denticode_desktop.ui.widgets import ConfirmDialog
from tests.ui.hands import WAIT_MS, click, find, in_dialog, press, texts
from tests.ui.labs.editor_world import (
    ONE,
    PDF,
    EditorWorld,
    cell,
    key,
    keys,
    pick_chart,
    save,
    type_cell,
    type_into,
    type_note,
)
from tests.ui.window_world import VISIT_ON, WindowWorld

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)")  # of offscreen, for any popup
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def editing(world: WindowWorld, qtbot: QtBot) -> EditorWorld:
    made = EditorWorld(world)
    qtbot.addWidget(made.window)
    made.show()
    return made


def words_of_state(editing: EditorWorld) -> str:
    return find(editing.editor, QLabel, "labSaveState").text()


def focused(editing: EditorWorld) -> str:
    return editing.window.focusWidget().objectName()


def choose_provider(editing: EditorWorld, name: str) -> None:
    combo = find(editing.editor, QComboBox, "labProvider")
    number = next(n for n in range(combo.count()) if combo.itemText(n).startswith(name))
    combo.setFocus()
    for _ in range(number - combo.currentIndex()):
        key(combo, Qt.Key.Key_Down)


# -- writing ---------------------------------------------------------------------------------------------------------


def test_whole_lab_is_written_and_stands_in_the_store(editing: EditorWorld, qtbot: QtBot, tmp_path: Path) -> None:
    chosen = editing.patient()
    pdf = tmp_path / "consent.pdf"
    pdf.write_bytes(PDF)
    editor = editing.new(qtbot)
    assert not editor.has_changes
    assert words_of_state(editing) == "Nothing typed yet"
    pick_chart(editing, qtbot, chosen)
    choose_provider(editing, "Lee, Sam")
    visit = find(editor, QDateEdit, "labVisitDate")
    visit.setFocus()
    visit.setSelectedSection(QDateEdit.Section.YearSection)
    keys(visit, "20261120")
    type_note(editor, "S: pain at 14")
    press(qtbot, editor, "labAddLine")
    keys(editor, "t0402")
    key(editor, Qt.Key.Key_Tab)
    keys(editor, "14")
    key(editor, Qt.Key.Key_Tab)
    keys(editor, "om")
    editor.documents.add_files([pdf])
    editing.idle(qtbot)
    type_into(editor, "labDocumentTitle0", "Signed consent")
    assert words_of_state(editing) == "Not saved yet"
    key(editor, Qt.Key.Key_S, CTRL)
    qtbot.waitUntil(lambda: bool(editing.saved), timeout=WAIT_MS)

    content = editing.stored(editing.saved[0])
    assert content.visit_on == date(2026, 11, 20)
    assert content.note_text == "S: pain at 14"
    assert content.procedures == (Procedure("T0402", "14", "MO"),)
    [document] = content.documents
    assert (document.title, document.file_name, document.size_bytes) == ("Signed consent", "consent.pdf", len(PDF))
    with editing.practice.store.read() as uow:
        assert uow.labs.blob(document.sha256) == PDF
        assert uow.people.patient(content.patient_id).person == chosen.person
        assert content.provider_id is not None
        assert uow.people.provider(content.provider_id).name == "Lee, Sam"
    assert not editor.has_changes
    assert words_of_state(editing) == "Saved as a draft"
    result = editing.practice.labs.finalize(editing.world.actor, editing.saved[0])
    assert result.writeback_ids


def test_second_save_changes_the_same_lab(editing: EditorWorld, qtbot: QtBot) -> None:
    editor = editing.new(qtbot)
    pick_chart(editing, qtbot, editing.patient())
    labs = editing.labs()
    lab_id = save(editing, qtbot)
    editor.show_draft(editing.view(lab_id))
    type_note(editor, "more")
    assert save(editing, qtbot) == lab_id

    assert editing.labs() == labs + 1
    assert editing.stored(lab_id).note_text == "more"


def test_pressed_twice_while_it_saves_makes_one_lab(editing: EditorWorld, qtbot: QtBot) -> None:
    editor = editing.new(qtbot)
    pick_chart(editing, qtbot, editing.patient())
    labs = editing.labs()
    editing.drafts.gate.clear()
    press(qtbot, editor, "labSave")
    assert words_of_state(editing) == "Saving \u2026"
    press(qtbot, editor, "labFinalize")
    press(qtbot, editor, "labFinalize")
    type_note(editor, "typed meanwhile")
    editing.drafts.gate.set()
    qtbot.waitUntil(lambda: bool(editing.wanted), timeout=WAIT_MS)
    editing.idle(qtbot)

    assert editing.labs() == labs + 1
    assert editing.wanted == [editing.saved[0]]
    assert editing.stored(editing.saved[0]).note_text == "typed meanwhile"
    assert not editor.has_changes


def test_imported_draft_keeps_what_was_not_touched(editing: EditorWorld, qtbot: QtBot) -> None:
    lines = [
        {"code": "T0402", "tooth": "14", "surfaces": "OM", "status": "completed", "fee_cents": 18_050,
         "date": "2026-11-19"},
        {"code": "T0101", "status": "treatment_planned", "quadrant": "LL"},
    ]  # fmt: skip
    note = {"text": "S:\u00a0pain\n\n  O: none ", "template": "Their own"}
    lab_id = editing.draft(procedures=lines, note=note)
    before = editing.stored(lab_id)
    with editing.practice.store.write() as uow:  # as an import with a document leaves it
        before = replace(before, documents=(Document("Consent", "c.pdf", "0" * 64, 12),))
        uow.labs.update_draft(lab_id, 1, before, "")
    editor = editing.edit(qtbot, lab_id)
    assert not editor.has_changes
    assert not find(editor, QPushButton, "labChoosePatient").isVisible(), "the patient of an imported Lab is fixed"
    assert "Template: Their own" in texts(editor)
    assert "Matched with chart" in texts(editor)
    type_cell(editor, 1, "tooth", "")
    type_cell(editor, 1, "fee", "60")
    save(editing, qtbot)

    fee = replace(before.procedures[1], fee_cents=6_000)
    assert editing.stored(lab_id) == replace(before, procedures=(before.procedures[0], fee))


def test_addendum_has_its_patient_fixed(editing: EditorWorld, qtbot: QtBot) -> None:
    editing.new(qtbot)
    pick_chart(editing, qtbot, editing.patient())
    choose_provider(editing, "Lee, Sam")
    type_note(editing.editor, "first")
    lab_id = save(editing, qtbot)
    assert find(editing.editor, QPushButton, "labChoosePatient").isVisible()
    editing.practice.labs.finalize(editing.world.actor, lab_id)
    editing.practice.labs.addendum(editing.world.actor, lab_id)
    editor = editing.edit(qtbot, lab_id)

    assert editing.view(lab_id).revisions[-1].kind is RevisionKind.ADDENDUM
    assert not find(editor, QPushButton, "labChoosePatient").isVisible()
    assert editing.patient().person.display_name in texts(editor)
    type_note(editor, "more")
    save(editing, qtbot)
    assert editing.stored(lab_id).note_text == "more"


def test_draft_read_again_keeps_cursor_and_undo(editing: EditorWorld, qtbot: QtBot) -> None:
    lab_id = editing.draft()
    editor = editing.edit(qtbot, lab_id)
    type_note(editor, " more")
    save(editing, qtbot)
    editor.show_draft(editing.view(lab_id))

    note = find(editor, QPlainTextEdit, "labNote")
    assert note.document().isUndoAvailable()
    assert note.textCursor().atEnd()
    other = editing.world.import_lab(editing.patient(5))
    editor.show_draft(editing.view(other))
    assert not note.document().isUndoAvailable()
    with pytest.raises(ValueError, match="draft"):
        editor.show_draft(editing.view(editing.world.finalized_lab(editing.patient(8))))


def test_reading_from_before_a_save_does_not_bring_back_the_old_words(editing: EditorWorld, qtbot: QtBot) -> None:
    lab_id = editing.draft()
    editor = editing.edit(qtbot, lab_id)
    old = editing.view(lab_id)
    type_note(editor, " more")
    save(editing, qtbot)
    editor.show_draft(old)
    assert editor.note.text.endswith(" more")
    assert not editor.has_changes
    editing.practice.labs.update_draft(
        editing.world.actor, lab_id, replace(editing.stored(lab_id), note_text="from elsewhere")
    )
    editor.show_draft(editing.view(lab_id))

    assert editor.note.text == "from elsewhere"


def test_what_is_typed_and_taken_back_is_no_change(editing: EditorWorld, qtbot: QtBot) -> None:
    editor = editing.edit(qtbot, editing.draft())
    told: list[bool] = []
    editor.changed.connect(lambda: told.append(editor.has_changes))
    type_note(editor, " x")
    key(editor, Qt.Key.Key_Backspace)
    key(editor, Qt.Key.Key_Backspace)

    assert told == [True, True, True, False]


def test_changes_are_dropped_when_a_person_says_so(editing: EditorWorld, qtbot: QtBot) -> None:
    editor = editing.edit(qtbot, editing.draft())
    before = editor.note.text
    type_note(editor, " y")
    type_cell(editor, 0, "code", "T0102")
    editor.forget_changes()

    assert not editor.has_changes
    assert editor.note.text == before
    assert editor.codes.model.lines[0].code == "T0101"
    editor.new_lab()
    type_note(editor, "z")
    editor.forget_changes()
    assert (editor.note.text, editor.has_changes) == ("", False)


# -- the note --------------------------------------------------------------------------------------------------------


def test_rich_text_is_pasted_as_plain_text(editing: EditorWorld, qtbot: QtBot) -> None:
    editor = editing.new(qtbot)
    copied = QMimeData()
    copied.setHtml("<h1>S: pain</h1><b>O:</b> <a href='http://x'>swelling</a>")
    QGuiApplication.clipboard().setMimeData(copied)
    note = find(editor, QPlainTextEdit, "labNote")
    note.setFocus()
    key(note, Qt.Key.Key_V, CTRL)

    assert editor.note.text == "S: pain\nO: swelling"
    key(note, Qt.Key.Key_Tab)
    assert focused(editing) != "labNote", "Tab goes on"


def test_paste_that_could_never_be_saved_is_refused_in_words(editing: EditorWorld, qtbot: QtBot) -> None:
    editor = editing.new(qtbot)
    type_note(editor, "kept")
    QGuiApplication.clipboard().setText("x" * (MAX_NOTE_CHARS + 1))
    key(editor, Qt.Key.Key_V, CTRL)

    assert editor.note.text == "kept"
    assert "What was pasted has 50,001 characters." in texts(editor)
    QGuiApplication.clipboard().setText("x" * MAX_NOTE_CHARS)
    key(editor, Qt.Key.Key_V, CTRL)
    assert "The note has more than 50,000 characters. Shorten it." in texts(editor)
    assert "50,004 of 50,000 characters" in texts(editor)
    pick_chart(editing, qtbot, editing.patient())
    press(qtbot, editor, "labSave")
    qtbot.waitUntil(lambda: focused(editing) == "labNote", timeout=WAIT_MS)
    assert not editing.saved
    assert editor.has_changes


def test_template_fills_asks_before_it_replaces_and_can_be_undone(editing: EditorWorld, qtbot: QtBot) -> None:
    editor = editing.new(qtbot)
    soap, recall = TEMPLATES[0], TEMPLATES[1]
    pick_chart(editing, qtbot, editing.patient())
    choose_provider(editing, "Lee, Sam")
    press(qtbot, editor, "labTemplate")
    assert editor.note.menu.isVisible()
    QTest.keyClick(editor.note.menu, Qt.Key.Key_Return)
    day = editor.visit.visit_on
    first = editing.patient().person.first_name
    filled = fill_template(soap, patient_first_name=first, visit_on=day, provider_name="Lee, Sam")
    assert editor.note.text == filled
    type_note(editor, "typed")

    refused = in_dialog(ConfirmDialog, lambda dialog: click(dialog.cancel))
    editor.note.menu.actions()[1].trigger()
    assert refused.is_done
    assert editor.note.text == f"{filled}typed"
    agreed = in_dialog(ConfirmDialog, lambda dialog: click(dialog.yes))
    editor.note.menu.actions()[1].trigger()
    assert agreed.is_done
    assert editor.note.template == recall.name
    editing.show()
    note = find(editor, QPlainTextEdit, "labNote")
    QTest.keyClick(note, Qt.Key.Key_Z, CTRL)
    assert editor.note.text == f"{filled}typed"
    assert editor.note.template == soap.name
    lab_id = save(editing, qtbot)
    assert (editing.stored(lab_id).note_text, editing.stored(lab_id).template) == (f"{filled}typed", soap.name)


# -- provider and date -----------------------------------------------------------------------------------------------


def test_new_provider_is_added_by_name_and_npi(editing: EditorWorld, qtbot: QtBot) -> None:
    editor = editing.new(qtbot)

    def fill(dialog: NewProviderDialog) -> None:
        click(dialog.go)
        assert "Type the provider's name." in texts(dialog)
        type_into(dialog, "newProviderName", "Moe, Ida")
        type_into(dialog, "newProviderNpi", "12345")
        click(dialog.go)
        assert "An NPI has 10 digits." in texts(dialog)
        type_into(dialog, "newProviderNpi", "1000000999")
        QTest.keyClick(dialog.npi, Qt.Key.Key_Return)

    expected = in_dialog(NewProviderDialog, fill)
    press(qtbot, editor, "labNewProvider")

    assert expected.is_done
    assert find(editor, QComboBox, "labProvider").currentText() == "Moe, Ida \u00b7 NPI 1000000999"
    pick_chart(editing, qtbot, editing.patient())
    provider_id = editing.stored(save(editing, qtbot)).provider_id
    assert provider_id is not None
    with editing.practice.store.read() as uow:
        assert uow.people.provider(provider_id).npi == "1000000999"


def test_wheel_changes_neither_provider_nor_date(editing: EditorWorld, qtbot: QtBot) -> None:
    editor = editing.edit(qtbot, editing.draft())
    for name, kind in (("labProvider", QComboBox), ("labVisitDate", QDateEdit)):
        target = find(editor, kind, name)
        target.setFocus()
        at = QPointF(target.rect().center())
        turn = QWheelEvent(
            at, QPointF(target.mapToGlobal(at.toPoint())), QPointF(0, 0).toPoint(), QPointF(0, -240).toPoint(),
            Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(target, turn)

    assert not editor.has_changes


def test_visit_date_ahead_is_told_at_once(editing: EditorWorld, qtbot: QtBot) -> None:
    editor = editing.edit(qtbot, editing.draft())
    visit = find(editor, QDateEdit, "labVisitDate")
    today = editing.services.utc_now().date()
    for day, is_wrong in ((today + timedelta(days=2), True), (today + timedelta(days=1), False)):
        visit.setDate(day)  # type: ignore[arg-type]
        assert ("The visit date must be between 1900 and today." in texts(editor)) is is_wrong
        assert bool(visit.accessibleDescription()) is is_wrong


# -- documents -------------------------------------------------------------------------------------------------------


def test_documents_are_chosen_dropped_titled_and_removed(
    editing: EditorWorld, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, bad = tmp_path / "first.pdf", tmp_path / "second.pdf", tmp_path / "bad.pdf"
    first.write_bytes(PDF)
    second.write_bytes(PDF + b"\n%%EOF\n")
    bad.write_bytes(b"<html>")
    lab_id = editing.draft()
    editor = editing.edit(qtbot, lab_id)
    assert "None yet. Add a PDF or drop it here." in texts(editor)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(first), str(bad)], ""))
    press(qtbot, editor, "labAddDocument")
    qtbot.waitUntil(lambda: len(editor.documents.rows) == 1, timeout=WAIT_MS)
    assert "bad.pdf: The document is not a whole PDF of at most 10 MB. Choose another file." in texts(editor)
    assert "first.pdf \u00b7 1 kB" in texts(editor)

    dropped = QMimeData()
    dropped.setUrls([QUrl.fromLocalFile(str(p)) for p in (second, first, tmp_path / "gone.pdf")])
    editor.documents.dropEvent(
        QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, dropped, Qt.MouseButton.LeftButton,
                   Qt.KeyboardModifier.NoModifier)
    )  # fmt: skip
    qtbot.waitUntil(lambda: len(editor.documents.rows) == 2, timeout=WAIT_MS)
    assert "first.pdf: This file is in the Lab already." in texts(editor)
    assert "gone.pdf: The file cannot be read." in texts(editor)
    type_into(editor, "labDocumentTitle0", " ")
    press(qtbot, editor, "labSave")
    assert "Document 1 has no title. Type one." in texts(editor)
    assert focused(editing) == "labDocumentTitle0"
    assert not editing.saved
    press(qtbot, editor, "labRemoveDocument0")
    type_into(editor, "labDocumentTitle0", "Second")
    save(editing, qtbot)
    assert [d.title for d in editing.stored(lab_id).documents] == ["Second"]


# -- what can go wrong -----------------------------------------------------------------------------------------------


def test_failing_save_keeps_everything_and_says_why(editing: EditorWorld, qtbot: QtBot) -> None:
    lab_id = editing.draft()
    editor = editing.edit(qtbot, lab_id)
    before = editing.stored(lab_id)
    type_note(editor, " not lost")
    editing.drafts.error = StorageError("disk_full")
    press(qtbot, editor, "labFinalize")
    qtbot.waitUntil(lambda: "The disk is full" in texts(editor), timeout=WAIT_MS)

    assert editor.note.text == f"{before.note_text} not lost"
    assert editor.has_changes
    assert words_of_state(editing) == "Not saved yet"
    assert (editing.saved, editing.wanted) == ([], [])
    assert editing.stored(lab_id) == before
    assert save(editing, qtbot) == lab_id
    assert editing.stored(lab_id).note_text == f"{before.note_text} not lost"
    assert "The disk is full" not in texts(editor)


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("note.text", "labNote"), ("visit_date", "labVisitDate"), ("provider", "labProvider"),
        ("patient", "labChoosePatient"), ("documents", "labAddDocument"), ("procedures", "labAddLine"),
        ("procedures[0].code", "labCell_code"), ("procedures[0].fee_cents", "labCell_fee"),
    ],
)  # fmt: skip
def test_refused_field_gets_the_sentence_and_the_focus(
    editing: EditorWorld, qtbot: QtBot, field: str, name: str
) -> None:
    editing.new(qtbot)
    pick_chart(editing, qtbot, editing.patient())
    editor = editing.editor
    editor.codes.model.add()
    type_cell(editor, 0, "code", "T0101")
    editing.drafts.error = UserError("This is refused. Correct it.", field=field)
    press(qtbot, editor, "labSave")

    qtbot.waitUntil(lambda: "This is refused. Correct it." in texts(editor), timeout=WAIT_MS)
    assert focused(editing) == name
    assert editor.has_changes
    assert not editing.saved


def test_lab_without_a_patient_is_not_saved(editing: EditorWorld, qtbot: QtBot) -> None:
    editor = editing.new(qtbot)
    type_note(editor, "S: fine")
    labs = editing.labs()
    key(editor, Qt.Key.Key_S, CTRL)

    assert "Choose the patient, then save." in texts(editor)
    assert focused(editing) == "labChoosePatient"
    assert editor.has_changes
    assert editing.labs() == labs


def test_draft_changed_by_an_import_meanwhile_is_not_overwritten(editing: EditorWorld, qtbot: QtBot) -> None:
    lab_id = editing.draft()
    editor = editing.edit(qtbot, lab_id)
    editing.draft(note={"text": "from the scribe"})
    type_note(editor, " mine")
    press(qtbot, editor, "labSave")
    qtbot.waitUntil(lambda: "This draft was changed in the meantime" in texts(editor), timeout=WAIT_MS)

    assert editing.stored(lab_id).note_text == "from the scribe"
    assert editor.note.text.endswith(" mine")


def test_finalize_saves_first_and_marks_what_is_missing(editing: EditorWorld, qtbot: QtBot) -> None:
    editor = editing.new(qtbot)
    pick_chart(editing, qtbot, editing.patient())
    press(qtbot, editor, "labFinalize")
    qtbot.waitUntil(lambda: bool(editing.wanted), timeout=WAIT_MS)

    assert editing.wanted == editing.saved
    assert "The Lab has no provider." in texts(editor)
    assert "The note is empty." in texts(editor)
    assert focused(editing) == "labProvider"
    choose_provider(editing, "Lee, Sam")
    type_note(editor, "S: fine")
    assert "The Lab has no provider." not in texts(editor)
    assert "The note is empty." not in texts(editor)
    press(qtbot, editor, "labFinalize")
    qtbot.waitUntil(lambda: len(editing.wanted) == 2, timeout=WAIT_MS)
    assert editing.stored(editing.wanted[1]).note_text == "S: fine"


def test_answer_for_a_form_that_was_left_does_not_touch_the_next_one(editing: EditorWorld, qtbot: QtBot) -> None:
    first = editing.draft()
    editor = editing.edit(qtbot, first)
    type_note(editor, " kept")
    editing.drafts.gate.clear()
    called: list[LabId] = []
    editor.save(called.append)
    editor.new_lab()
    type_note(editor, "another")
    editing.drafts.gate.set()
    qtbot.waitUntil(lambda: bool(editing.saved), timeout=WAIT_MS)

    assert called == [first]
    assert editor.has_changes
    assert editor.note.text == "another"
    assert editing.stored(first).note_text.endswith(" kept")


# -- who may, and how it can be reached ------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.FRONT_OFFICE])
def test_role_without_the_right_sees_no_edit_buttons(world: WindowWorld, qtbot: QtBot, role: Role) -> None:
    editing = EditorWorld(world, role)
    qtbot.addWidget(editing.window)
    editing.show()
    editor = editing.edit(qtbot, editing.draft())

    assert [b.objectName() for b in editor.findChildren(QPushButton) if b.isVisible()] == []
    assert find(editor, QPlainTextEdit, "labNote").isReadOnly()
    assert find(editor, QDateEdit, "labVisitDate").isReadOnly()
    assert not find(editor, QComboBox, "labProvider").isEnabled()
    table = find(editor, QTableView, "labCodes")
    table.setFocus()
    table.setCurrentIndex(cell(editor, 0, "code"))
    key(table, Qt.Key.Key_X)
    key(table, Qt.Key.Key_Delete)
    key(table, Qt.Key.Key_D, CTRL)
    assert not editor.has_changes
    assert [line.code for line in editor.codes.model.lines] == ["T0101"]
    assert "Your role may read this draft" in texts(editor)


def test_services_of_the_editor_refuse_a_role_without_the_right(editing: EditorWorld) -> None:
    desk, front = editing.practice.drafts, Actor("Jo", Role.FRONT_OFFICE)
    lab_id = editing.draft()
    content = editing.stored(lab_id)
    calls: tuple[Callable[[], object], ...] = (
        lambda: desk.offer(front),
        lambda: desk.patient_of(front, ONE, editing.patient().pms_patient_id),
        lambda: desk.patient_typed(front, editing.patient().person),
        lambda: desk.save(front, lab_id, replace(content, note_text="x"), content),
    )
    for call in calls:
        with pytest.raises(NotAllowedError):
            call()
    assert editing.stored(lab_id) == content


def test_no_key_of_the_form_is_taken_twice(editing: EditorWorld, qtbot: QtBot) -> None:
    editor = editing.new(qtbot)
    words = [label.text() for label in editor.findChildren(QLabel) if label.buddy() is not None]
    words += [made.text() for made in editor.findChildren(QPushButton)]
    taken = [text[text.index("&") + 1].casefold() for text in words if "&" in text]
    assert len(taken) >= 9
    assert len(set(taken)) == len(taken), sorted(taken)


def _is_input(widget: object) -> bool:
    return isinstance(widget, QLineEdit | QPlainTextEdit | QComboBox | QDateEdit | QTableView | QPushButton)


def test_every_input_has_a_name_a_buddy_and_its_turn(editing: EditorWorld, qtbot: QtBot, tmp_path: Path) -> None:
    pdf = tmp_path / "consent.pdf"
    pdf.write_bytes(PDF)
    editor = editing.edit(qtbot, editing.draft())
    editor.documents.add_files([pdf])
    editing.idle(qtbot)
    buddies = {label.buddy() for label in editor.findChildren(QLabel)} - {None}
    inputs: list[QWidget] = []
    for kind in (QLineEdit, QPlainTextEdit, QComboBox, QDateEdit, QTableView):
        inputs += [w for w in editor.findChildren(kind) if w.isVisible() and not _is_input(w.parent())]
    assert len(inputs) == 5
    for widget in inputs:
        assert widget.objectName(), widget
        assert widget.accessibleName(), widget.objectName()
        assert widget in buddies, widget.objectName()

    find(editor, QComboBox, "labProvider").setFocus()
    order = [focused(editing)]
    while len(order) < 40 and order[-1] != "labFinalize":
        key(editor, Qt.Key.Key_Tab)
        if focused(editing) != order[-1]:
            order.append(focused(editing))
    assert order == [
        "labProvider", "labNewProvider", "labVisitDate", "labTemplate", "labNote", "labCodes", "labAddLine",
        "labDuplicateLine", "labRemoveLine", "labDocumentTitle0", "labRemoveDocument0", "labAddDocument", "labSave",
        "labFinalize",
    ]  # fmt: skip


@pytest.mark.parametrize(("width", "height"), [(820, 560), (620, 420)])
def test_it_fits_a_small_area_by_scrolling_inside(
    editing: EditorWorld, qtbot: QtBot, width: int, height: int
) -> None:
    editor = editing.edit(qtbot, editing.draft())
    editing.window.resize(width, height)
    QApplication.processEvents()

    assert (editing.window.width(), editing.window.height()) == (width, height)
    for name in ("labSave", "labFinalize"):
        control = find(editor, QPushButton, name)
        assert editor.rect().contains(control.mapTo(editor, control.rect().bottomRight()))
    scroll: Callable[[], int] = editor._scroll.verticalScrollBar().value
    press(qtbot, editor, "labAddLine")
    assert scroll() > 0, "the new line was brought into view"
    assert not editor._scroll.horizontalScrollBar().isVisible()


def test_status_of_a_line_is_chosen_by_its_first_letter(editing: EditorWorld, qtbot: QtBot) -> None:
    lab_id = editing.draft()
    editor = editing.edit(qtbot, lab_id)
    editor.codes.table.setFocus()
    editor.codes.table.setCurrentIndex(cell(editor, 0, "status"))
    key(editor, Qt.Key.Key_Return)
    key(editor, Qt.Key.Key_C)
    key(editor, Qt.Key.Key_Tab)
    save(editing, qtbot)

    assert editing.stored(lab_id).procedures[0].status is ProcedureStatus.COMPLETED
    assert editing.stored(lab_id).visit_on == VISIT_ON
