"""The main job in the window: a new Lab is written, finalized, sent, proven, and added to."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from denticode_desktop.domain.connection import HoldReason
from denticode_desktop.domain.events import ConnectionChanged
from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.domain.lab import FinalizeProblem
from denticode_desktop.domain.write_back import ItemKind, ItemState
from denticode_desktop.ui.labs.patient_picker import PatientPicker
from denticode_desktop.ui.labs.preview import PreviewDialog
from denticode_desktop.ui.labs.reading import Settle, _of_problem
from denticode_desktop.ui.widgets import ConfirmDialog
from tests.ui.hands import WAIT_MS, click, find, in_dialog, press, texts, wait_for_words
from tests.ui.window_world import WindowWorld

from .page_hands import labs_page, names, rest, show_lab, type_note

ONE = ConnectionId(1)
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def finalize_and_send(world: WindowWorld, qtbot: QtBot) -> str:
    """The editor's Finalize, then the preview's button; what the preview said."""
    page = labs_page(world, qtbot)
    said: list[str] = []

    def answer(dialog: PreviewDialog) -> None:
        said.append(texts(dialog))
        click(find(dialog, QPushButton, "previewSend"))

    expected = in_dialog(PreviewDialog, answer)
    press(qtbot, page.side, "labFinalize")
    qtbot.waitUntil(lambda: expected.is_done, timeout=WAIT_MS)
    wait_for_words(qtbot, page, "Finalized. Queued. It goes into the chart by itself")
    rest(world, qtbot)
    return said[0]


def test_new_lab_is_written_finalized_sent_proven_and_added_to(world: WindowWorld, qtbot: QtBot) -> None:
    chosen = world.patients()[12]
    page = labs_page(world, qtbot)
    press(qtbot, page, "labNew")
    rest(world, qtbot)

    def choose(picker: PatientPicker) -> None:
        picker.search.setText(chosen.person.last_name)
        born = str(chosen.person.date_of_birth)

        def rows() -> list[int]:
            return [n for n in range(picker.list.count()) if born in picker.list.item(n).text()]

        qtbot.waitUntil(lambda: bool(rows()), timeout=WAIT_MS)
        picker.list.setCurrentRow(rows()[0])
        click(picker.go)

    expected = in_dialog(PatientPicker, choose)
    press(qtbot, page.side, "labChoosePatient")
    assert expected.is_done
    begins = Qt.MatchFlag.MatchStartsWith
    provider = next(c for c in page.side.findChildren(QComboBox) if c.findText("Lee", begins) >= 0)
    provider.setFocus()
    QTest.keyClick(provider, Qt.Key.Key_Down)
    type_note(page, "S: A story that is told once.")
    finalize_and_send(world, qtbot)

    assert any(name.startswith(chosen.person.display_name) for name in names(page))
    assert page.list.view.currentIndex().isValid()
    world.drain()
    wait_for_words(qtbot, page.side, "In chart, seen ")
    look = world.services.read_chart(ONE, chosen.pms_patient_id, ItemKind.NOTE)
    assert sum("A story that is told once." in record.text for record in look.records) == 1

    press(qtbot, page.side, "labAddendum")
    qtbot.waitUntil(lambda: page.side.is_editing and world.tasks.is_idle, timeout=WAIT_MS)
    type_note(page, "Addendum: one more word.")
    finalize_and_send(world, qtbot)
    world.drain()
    rest(world, qtbot)
    look = world.services.read_chart(ONE, chosen.pms_patient_id, ItemKind.NOTE)
    assert sum("A story that is told once." in record.text for record in look.records) == 1
    assert sum("Addendum: one more word." in record.text for record in look.records) == 1
    assert "Addendum, finalized" in find(page, QComboBox, "labRevision").currentText()
    assert len(world.practice.outbox.queue({ItemState.DONE})) == 2


def test_addendum_begun_by_mistake_is_taken_back(world: WindowWorld, qtbot: QtBot) -> None:
    lab_id = world.sent_lab(world.patients()[12])
    world.drain()
    page = labs_page(world, qtbot)
    show_lab(world, qtbot, page, lab_id)
    press(qtbot, page.side, "labAddendum")
    qtbot.waitUntil(lambda: page.side.is_editing and world.tasks.is_idle, timeout=WAIT_MS)
    type_note(page, "by mistake")

    expected = in_dialog(ConfirmDialog, lambda dialog: click(find(dialog, QPushButton, "confirmYes")))
    press(qtbot, page.side, "labDropDraft")
    qtbot.waitUntil(lambda: expected.is_done, timeout=WAIT_MS)
    wait_for_words(qtbot, page, "The draft was deleted.")
    rest(world, qtbot)

    assert not page.side.is_editing
    with world.practice.store.read() as uow:
        assert [r.revision for r in uow.labs.revisions(lab_id)] == [1]
        assert list(uow.audit.iterate())[-1].draft.outcome == "draft deleted"


def test_documents_of_a_frozen_lab_are_named_with_file_and_size(world: WindowWorld, qtbot: QtBot) -> None:
    (world._folder / "consent.pdf").write_bytes(PDF)
    lab_id = world.finalized_lab(world.patients()[3], documents=[{"file": "consent.pdf", "title": "Consent"}])
    page = labs_page(world, qtbot)
    show_lab(world, qtbot, page, lab_id)

    assert "Consent (consent.pdf, 1 kB)" in texts(page.side)
    assert "To be charted by hand in the PMS" in texts(page.side)


def test_connection_is_tested_where_the_lab_waits_for_it(world: WindowWorld, qtbot: QtBot) -> None:
    lab_id = world.sent_lab(world.patients()[3])
    with world.practice.store.write() as uow:
        uow.connections.set_hold(ONE, HoldReason.PERMISSION_MISSING, "")
    world.bridge.publish(ConnectionChanged(ONE))
    page = labs_page(world, qtbot)
    show_lab(world, qtbot, page, lab_id)
    assert "A permission is missing in the PMS." in texts(page.side)
    button = find(page, QPushButton, "labObstacle0Button")
    assert button.text() == "Test Connection"

    press(qtbot, page, "labObstacle0Button")
    rest(world, qtbot, lambda: "Testing" not in page.notice.words and page.notice.isVisible())
    assert "reload" in world.engine.asked
    assert not button.isVisible()


def test_note_that_changed_again_and_again_is_shown_as_it_is_now(world: WindowWorld, qtbot: QtBot) -> None:
    lab_id = world.finalized_lab(world.patients()[3])
    page = labs_page(world, qtbot)
    show_lab(world, qtbot, page, lab_id)
    world.finalized_lab(world.patients()[3], note={"text": "S: Changed later."})
    rest(world, qtbot, lambda: "Changed later" in find(page, QPlainTextEdit, "labNoteText").toPlainText())

    assert "2: Changed, finalized" in find(page, QComboBox, "labRevision").currentText()


@pytest.mark.parametrize(
    ("field", "sentence", "settle"),
    [
        ("patient", "The patient is not matched.", Settle.CHOOSE_PATIENT),
        ("patient.date_of_birth", "The chart has another birth date.", Settle.NOTHING),
        ("provider", "The provider is not matched.", Settle.PROVIDER),
        ("location", "No location is chosen.", Settle.INTEGRATIONS),
        ("procedures", "The code list is not here yet. Sync Now, then send again.", Settle.SYNC),
        ("procedures[0]", "The line names no tooth.", Settle.NOTHING),
    ],
)
def test_every_obstacle_has_the_one_button_that_settles_it(
    world: WindowWorld, field: str, sentence: str, settle: Settle
) -> None:
    view = world.services.labs.show(world.actor, world.finalized_lab(world.patients()[3]))
    obstacle = _of_problem(world.services, view, FinalizeProblem(field, sentence, is_blocking=False))

    assert obstacle.settle is settle
    assert obstacle.connection_id == ONE
