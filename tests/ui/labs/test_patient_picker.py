"""Whom a Lab is about: searched in the PMS's list or typed in, matched by the person's choice, told to the audit."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QPushButton
from pytestqt.qtbot import QtBot

from denticode_desktop.domain.entity_link import LinkRule
from denticode_desktop.domain.ids import PatientId, PmsPatientId
from denticode_desktop.domain.people import Demographics, PmsPatient, PmsPatientStatus, Sex
from denticode_desktop.ui.labs.drafts import ChosenChart, TypedPerson
from denticode_desktop.ui.labs.patient_picker import PatientPicker
from tests.ui.hands import WAIT_MS, click, find, press, texts
from tests.ui.labs.editor_world import (
    ONE,
    EditorWorld,
    editor_world,
    pick_chart,
    picks,
    save,
    type_into,
    type_note,
)
from tests.ui.window_world import WindowWorld

HOSTILE = "<img src='file:///x'><b>Smith</b>\u202e\n"


@pytest.fixture
def editing(world: WindowWorld, qtbot: QtBot) -> EditorWorld:
    made = EditorWorld(world)
    qtbot.addWidget(made.window)
    made.show()
    return made


def rows(picker: PatientPicker) -> list[str]:
    return [picker.list.item(row).text() for row in range(picker.list.count())]


def put_roster(editing: EditorWorld, chosen: PmsPatient, **changes: object) -> None:
    """The PMS's list as another sync would leave it."""
    sets = ", ".join(f"{name} = ?" for name in changes)
    with editing.practice.store.write() as uow:
        session = uow.roster._session  # type: ignore[attr-defined]
        session.change(f"UPDATE pms_patient SET {sets} WHERE pms_patient_id = ?",
                       (*changes.values(), chosen.pms_patient_id))  # fmt: skip


def test_choice_creates_our_patient_the_link_and_its_audit_event(editing: EditorWorld, qtbot: QtBot) -> None:
    chosen = editing.patient()
    editor = editing.new(qtbot)
    before = len(editing.events("patient.linked"))
    pick_chart(editing, qtbot, chosen)
    assert chosen.person.display_name in texts(editor)
    assert "Saving matches the Lab with this chart." in texts(editor)
    assert len(editing.events("patient.linked")) == before, "nothing is written before it is saved"
    type_note(editor, "S: fine")
    lab_id = save(editing, qtbot)

    content = editing.stored(lab_id)
    with editing.practice.store.read() as uow:
        link = uow.people.patient_link(ONE, content.patient_id)
        assert uow.people.patient(content.patient_id).person == chosen.person
    assert link is not None
    assert (link.pms_patient_id, link.rule, link.by) == (chosen.pms_patient_id, LinkRule.PERSON, "Sam Lee")
    [event] = editing.events("patient.linked")[before:]
    assert event.draft.pms_patient_id == chosen.pms_patient_id
    assert event.draft.actor == "Sam Lee"
    assert "Matched with a chart in" in texts(editor)


def test_second_lab_of_a_chart_is_the_same_patient_and_links_nothing_anew(editing: EditorWorld, qtbot: QtBot) -> None:
    imported = editing.draft()
    ours = editing.stored(imported).patient_id
    before = len(editing.events("patient.linked"))
    editing.new(qtbot)
    pick_chart(editing, qtbot, editing.patient())
    lab_id = save(editing, qtbot)

    assert editing.stored(lab_id).patient_id == ours
    assert len(editing.events("patient.linked")) == before


def test_search_goes_on_while_typing_and_the_keyboard_is_enough(editing: EditorWorld, qtbot: QtBot) -> None:
    chosen = editing.patient()
    editing.new(qtbot)

    def choose(picker: PatientPicker) -> None:
        assert not picker.go.isEnabled()
        assert picker.focusWidget() is picker.search
        QTest.keyClicks(picker.search, chosen.person.chart_number)
        qtbot.waitUntil(lambda: len(rows(picker)) == 1, timeout=WAIT_MS)
        assert not picker.go.isEnabled(), "nothing is chosen beforehand"
        QTest.keyClick(picker.search, Qt.Key.Key_Down)
        assert picker.focusWidget() is picker.list
        assert chosen.person.last_name in picker.go.text()
        QTest.keyClick(picker.list, Qt.Key.Key_Return)

    expected = picks(qtbot, choose)
    press(qtbot, editing.editor, "labChoosePatient")

    assert expected.is_done
    assert isinstance(editing.editor.visit.patient.choice, ChosenChart)
    assert editing.editor.has_changes


@pytest.mark.parametrize("how", ["born", "phone", "first"])
def test_patients_are_found_by_what_a_front_desk_has(editing: EditorWorld, qtbot: QtBot, how: str) -> None:
    chosen = editing.patient()
    born = chosen.person.date_of_birth
    assert born is not None
    wanted = {"born": f"{born:%m/%d/%Y}", "phone": chosen.person.phone, "first": chosen.person.first_name}[how]
    editing.new(qtbot)

    def choose(picker: PatientPicker) -> None:
        QTest.keyClicks(picker.search, wanted)
        qtbot.waitUntil(lambda: any(chosen.person.display_name in row for row in rows(picker)), timeout=WAIT_MS)
        QTest.keyClicks(picker.search, "zzzz")
        qtbot.waitUntil(lambda: "Nobody fits." in texts(picker), timeout=WAIT_MS)
        picker.search.clear()
        qtbot.waitUntil(lambda: not rows(picker), timeout=WAIT_MS)
        picker.reject()

    expected = picks(qtbot, choose)
    press(qtbot, editing.editor, "labChoosePatient")

    assert expected.is_done
    assert not editing.editor.has_changes, "Cancel leaves everything as it was"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"status": PmsPatientStatus.INACTIVE.value}, "That chart is not active in the PMS."),
        ({"date_of_birth": None}, "That chart has no birth date."),
    ],
)
def test_chart_that_cannot_be_written_to_is_not_chosen(
    editing: EditorWorld, qtbot: QtBot, changes: dict[str, object], sentence: str
) -> None:
    chosen = editing.patient()
    put_roster(editing, chosen, **changes)
    editing.new(qtbot)

    def choose(picker: PatientPicker) -> None:
        QTest.keyClicks(picker.search, chosen.person.chart_number)
        qtbot.waitUntil(lambda: len(rows(picker)) == 1, timeout=WAIT_MS)
        picker.list.setCurrentRow(0)
        assert sentence in texts(picker)
        assert not picker.go.isEnabled()
        QTest.keyClick(picker.list, Qt.Key.Key_Return)
        assert picker.isVisible()
        picker.reject()

    expected = picks(qtbot, choose)
    press(qtbot, editing.editor, "labChoosePatient")
    assert expected.is_done


def test_hostile_name_is_plain_text_everywhere(editing: EditorWorld, qtbot: QtBot) -> None:
    chosen = editing.patient()
    put_roster(editing, chosen, last_name=HOSTILE)
    editing.new(qtbot)

    def choose(picker: PatientPicker) -> None:
        QTest.keyClicks(picker.search, chosen.person.chart_number)
        qtbot.waitUntil(lambda: len(rows(picker)) == 1, timeout=WAIT_MS)
        [row] = rows(picker)
        assert row.startswith("<img src='file:///x'><b>Smith</b>\u25af ")
        assert row.count("\n") == 1
        picker.list.setCurrentRow(0)
        assert "<img" in picker.go.text()
        click(picker.go)

    expected = picks(qtbot, choose)
    press(qtbot, editing.editor, "labChoosePatient")

    assert expected.is_done
    assert "<b>Smith</b>\u25af" in texts(editing.editor)
    assert "\u202e" not in texts(editing.editor)


def test_person_who_is_not_in_the_list_is_typed_in(editing: EditorWorld, qtbot: QtBot) -> None:
    editing.new(qtbot)

    def fill(picker: PatientPicker) -> None:
        QTest.keyClicks(picker.search, "Nobody, Jo")
        press(qtbot, picker, "pickerOther")
        form = picker.form
        assert (form.last.text(), form.first.text()) == ("Nobody", "Jo")
        form.first.clear()
        click(picker.go)
        assert "Type the first name." in texts(picker)
        assert "Type the birth date" in texts(picker)
        assert picker.focusWidget() is form.first
        type_into(picker, "personFirst", "Jo")
        for wrong, sentence in (
            ("17.5.1990", "A date is written like"), ("1890-01-01", "between 1900 and today"),
            ("2199-01-01", "between 1900 and today"),
        ):  # fmt: skip
            type_into(picker, "personBorn", wrong)
            click(picker.go)
            assert sentence in texts(picker)
            assert picker.focusWidget() is form.born
        type_into(picker, "personBorn", "05/17/1990")
        type_into(picker, "personPhone", "555-0100")
        sex = find(picker, QComboBox, "personSex")
        sex.setCurrentIndex(sex.findText("Female"))
        QTest.keyClick(form.phone, Qt.Key.Key_Return)

    expected = picks(qtbot, fill)
    press(qtbot, editing.editor, "labChoosePatient")
    assert expected.is_done
    choice = editing.editor.visit.patient.choice
    assert isinstance(choice, TypedPerson)
    lab_id = save(editing, qtbot)

    with editing.practice.store.read() as uow:
        person = uow.people.patient(editing.stored(lab_id).patient_id).person
        assert uow.people.patient_link(ONE, editing.stored(lab_id).patient_id) is None
    assert person == choice.person
    assert (person.display_name, person.sex, person.phone) == ("Nobody, Jo", Sex.FEMALE, "555-0100")
    assert any(event.draft.outcome == "patient_added" for event in editing.events("lab.edited"))


def test_invisible_signs_are_refused_in_a_typed_name(editing: EditorWorld, qtbot: QtBot) -> None:
    editing.new(qtbot)

    def fill(picker: PatientPicker) -> None:
        press(qtbot, picker, "pickerOther")
        picker.form.first.setText("Jo\u202e")
        picker.form.last.setText("Nobody")
        picker.form.born.setText("1990-05-17")
        click(picker.go)
        assert "a sign that cannot be seen" in texts(picker)
        press(qtbot, picker, "pickerOther")
        assert picker.search.isVisible()
        picker.reject()

    expected = picks(qtbot, fill)
    press(qtbot, editing.editor, "labChoosePatient")
    assert expected.is_done


def test_without_a_pms_the_person_is_typed_in(tmp_path: Path, qtbot: QtBot) -> None:
    with editor_world(tmp_path / "data", is_connected=False) as editing:
        qtbot.addWidget(editing.window)
        editing.show()
        editing.new(qtbot)

        def look(picker: PatientPicker) -> None:
            assert "No PMS is connected" in texts(picker)
            assert picker.form.isVisible()
            assert not find(picker, QPushButton, "pickerOther").isVisible()
            picker.reject()

        expected = picks(qtbot, look)
        press(qtbot, editing.editor, "labChoosePatient")
        assert expected.is_done


def link_of(editing: EditorWorld, patient_id: PatientId) -> PmsPatientId | None:
    with editing.practice.store.read() as uow:
        link = uow.people.patient_link(ONE, patient_id)
    return None if link is None else link.pms_patient_id


def test_namesake_with_another_chart_is_never_moved_to_this_one(editing: EditorWorld, qtbot: QtBot) -> None:
    chosen, other = editing.patient(3), editing.patient(5)
    ours = editing.practice.labs.add_patient(editing.world.actor, other.person)
    editing.practice.linking.choose(editing.world.actor, ONE, ours, chosen.pms_patient_id)
    editing.new(qtbot)
    pick_chart(editing, qtbot, other)
    patient_id = editing.stored(save(editing, qtbot)).patient_id

    assert patient_id != ours
    assert link_of(editing, patient_id) == other.pms_patient_id
    assert link_of(editing, ours) == chosen.pms_patient_id


def test_one_of_two_charts_alike_never_takes_over_a_waiting_namesake(editing: EditorWorld, qtbot: QtBot) -> None:
    chosen, twin = editing.patient(3), editing.patient(5)
    alike = {name: getattr(chosen.person, name) for name in ("first_name", "last_name")}
    born = chosen.person.date_of_birth
    assert born is not None
    sex = None if chosen.person.sex is None else chosen.person.sex.value
    put_roster(editing, chosen, chart_number="")
    put_roster(editing, twin, chart_number="", date_of_birth=born.isoformat(), sex=sex, suffix="", **alike)
    person = replace(chosen.person, chart_number="")
    waiting = editing.practice.labs.add_patient(editing.world.actor, person)
    editing.new(qtbot)
    pick_chart(editing, qtbot, chosen)
    patient_id = editing.stored(save(editing, qtbot)).patient_id

    assert patient_id != waiting
    assert (link_of(editing, patient_id), link_of(editing, waiting)) == (chosen.pms_patient_id, None)
    editing.new(qtbot)
    editing.editor.visit.patient.show_choice(TypedPerson(person), is_fixed=False)
    press(qtbot, editing.editor, "labSave")
    qtbot.waitUntil(lambda: "Several patients here have this name" in texts(editing.editor), timeout=WAIT_MS)


def test_waiting_namesake_is_matched_where_nobody_else_fits(editing: EditorWorld, qtbot: QtBot) -> None:
    chosen = editing.patient(8)
    put_roster(editing, chosen, chart_number="")
    waiting = editing.practice.labs.add_patient(editing.world.actor, replace(chosen.person, chart_number=""))
    editing.new(qtbot)
    pick_chart(editing, qtbot, chosen)

    assert editing.stored(save(editing, qtbot)).patient_id == waiting
    assert link_of(editing, waiting) == chosen.pms_patient_id


def test_chart_that_is_gone_at_the_save_is_told_at_the_patient(editing: EditorWorld, qtbot: QtBot) -> None:
    chosen = editing.patient()
    gone = replace(chosen, pms_patient_id=PmsPatientId("999"), person=Demographics("Jo", "Gone", None))
    editing.new(qtbot)
    editing.editor.visit.patient.show_choice(ChosenChart(ONE, gone), is_fixed=False)
    press(qtbot, editing.editor, "labSave")

    qtbot.waitUntil(lambda: "There is no such patient in the PMS's list." in texts(editing.editor), timeout=WAIT_MS)
    assert not editing.saved
