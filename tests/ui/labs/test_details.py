"""What is shown of a frozen Lab: states, sentences and buttons, over real services and a simulated PMS."""

from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPlainTextEdit, QPushButton, QRadioButton
from pytestqt.qtbot import QtBot

from denticode_desktop.domain.access import Role
from denticode_desktop.domain.connection import HoldReason
from denticode_desktop.domain.events import ConnectionChanged
from denticode_desktop.domain.ids import ConnectionId, LabId, PmsProviderId
from denticode_desktop.domain.write_back import ItemState
from denticode_desktop.ui.today.choose_patient import ChoosePatientDialog
from denticode_desktop.ui.today.decide import DecideDialog
from denticode_desktop.ui.widgets import ConfirmDialog
from tests.ui.hands import WAIT_MS, click, find, in_dialog, press, texts, wait_for_words
from tests.ui.window_world import WindowWorld

from .page_hands import CODES, labs_page, page_as, rest, show_lab

ONE = ConnectionId(1)


def hold(world: WindowWorld, reason: HoldReason) -> None:
    with world.practice.store.write() as uow:
        uow.connections.set_hold(ONE, reason, "")
    world.bridge.publish(ConnectionChanged(ONE))


def test_every_part_says_how_far_it_is_and_it_finds_the_records(world: WindowWorld, qtbot: QtBot) -> None:
    lab_id = world.finalized_lab(world.patients()[3], procedures=CODES)
    world.practice.outbox.send(world.actor, lab_id, None)
    world.drain()
    page = labs_page(world, qtbot)
    show_lab(world, qtbot, page, lab_id)

    words = texts(page.side)
    assert words.count("In chart, seen ") == 3  # the PMS, its note, one code
    assert "Code T0101" in words
    assert "To be charted by hand in the PMS" in words
    assert "T0501 tooth 14 MO" in words
    assert "matched by its id" in words
    assert "finalized " in words and "by Sam Lee" in words
    assert not find(page, QPushButton, "labSend").isVisible()
    assert "PMS record" not in words
    press(qtbot, page, "labForIt0")
    remote = [view.item.remote_id for view in world.practice.outbox.queue({ItemState.DONE})]
    assert len(remote) == 2
    assert all(f"PMS record {found}" in texts(page.side) for found in remote)
    note = find(page, QPlainTextEdit, "labNoteText")
    assert note.isReadOnly() and "No complaints" in note.toPlainText()
    cells = [page.side.details.codes.item(1, column) for column in range(6)]
    assert [cell.text() for cell in cells if cell] == ["T0501", "14", "MO", "", "planned", "185.00"]


def test_ctrl_enter_sends_and_says_that_it_goes_by_itself(world: WindowWorld, qtbot: QtBot) -> None:
    lab_id = world.finalized_lab(world.patients()[3])
    page = labs_page(world, qtbot)
    show_lab(world, qtbot, page, lab_id)
    assert find(page, QPushButton, "labSend").isVisible()
    assert "Not sent" in texts(page.side)

    QTest.keyClick(world.window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    wait_for_words(qtbot, page, "Queued. It goes into the chart by itself")
    rest(world, qtbot)
    assert "wake" in world.engine.asked
    assert not find(page, QPushButton, "labSend").isVisible()
    assert "Waits for its turn." in texts(page.side)
    world.drain()
    wait_for_words(qtbot, page.side, "In chart, seen ")


def test_send_never_means_a_lab_that_the_person_has_left(world: WindowWorld, qtbot: QtBot) -> None:
    before, after = (world.finalized_lab(world.patients()[number]) for number in (3, 5))
    page = labs_page(world, qtbot)
    show_lab(world, qtbot, page, before)
    page.list.view.setFocus()
    page.list.view.setCurrentIndex(page.model.index_of(after))  # an arrow key; the other Lab is not read yet
    assert page.side.can_send
    QTest.keyClick(world.window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    rest(world, qtbot, lambda: page.side.picture is not None and page.side.picture.view.lab_id == after)

    assert all(view.requested_at is None for view in world.practice.outbox.queue())


@pytest.mark.parametrize(
    ("reason", "said", "press_name"),
    [
        (HoldReason.SIGN_IN, "Queued, but it cannot go yet. The PMS no longer accepts the sign-in", "Reconnect"),
        (HoldReason.PERMISSION_MISSING, "Queued, but it cannot go yet. A permission is missing", "Test Connection"),
        (HoldReason.UNKNOWN_STREAK, "Queued. The PMS gave no clear answer 3 times in a row", ""),
    ],
)
def test_lab_that_cannot_go_now_is_queued_and_says_what_it_waits_for(
    world: WindowWorld, qtbot: QtBot, reason: HoldReason, said: str, press_name: str
) -> None:
    lab_id = world.finalized_lab(world.patients()[3])
    hold(world, reason)
    page = labs_page(world, qtbot)
    show_lab(world, qtbot, page, lab_id)
    press(qtbot, page, "labSend")

    wait_for_words(qtbot, page, said)
    assert all(view.requested_at is not None for view in world.practice.outbox.queue())
    rest(world, qtbot)
    button = find(page, QPushButton, "labObstacle0Button") if press_name else None
    assert button is None or (button.isVisible() and press_name in button.text())


def test_obstacle_leads_to_the_patient_who_is_chosen_and_the_lab_sent(world: WindowWorld, qtbot: QtBot) -> None:
    lab_id = world.lab_of_a_stranger()
    chosen = world.patients()[12]
    page = labs_page(world, qtbot)
    show_lab(world, qtbot, page, lab_id)
    assert "The Lab's patient is not matched" in texts(page.side)
    assert not find(page, QPushButton, "labSend").isVisible()

    def choose(dialog: ChoosePatientDialog) -> None:
        dialog.search.setText(chosen.person.last_name)
        fits = f"{chosen.person.display_name}   born {chosen.person.date_of_birth}"

        def rows() -> list[int]:
            return [n for n in range(dialog.list.count()) if fits in dialog.list.item(n).text()]

        qtbot.waitUntil(lambda: bool(rows()), timeout=WAIT_MS)
        dialog.list.setCurrentRow(rows()[0])
        asked = in_dialog(ConfirmDialog, lambda ask: click(ask.yes))
        click(dialog.go)
        assert asked.is_done

    expected = in_dialog(ChoosePatientDialog, choose)
    press(qtbot, page, "labObstacle0Button")
    wait_for_words(qtbot, page, "The patient is matched and the Lab is queued.")
    rest(world, qtbot)

    assert expected.is_done
    assert "The Lab's patient is not matched" not in texts(page.side)
    assert "chosen by a person" in texts(page.side)
    assert {view.lab_id for view in world.practice.outbox.queue()} == {lab_id}


def test_entry_that_needs_a_person_opens_the_decision_and_then_goes_on(world: WindowWorld, qtbot: QtBot) -> None:
    lab_id = world.lab_with_look_alike(world.patients()[34])
    world.drain()
    page = labs_page(world, qtbot)
    show_lab(world, qtbot, page, lab_id)
    assert "The chart already holds a record that looks like this one." in texts(page.side)
    assert "Waits until a person has decided about an earlier entry of this Lab." in texts(page.side)

    def decide(dialog: DecideDialog) -> None:
        wait_for_words(qtbot, dialog, "Looks like ours")
        click(find(dialog, QRadioButton, "offer_this_one"))
        QTest.keyClicks(find(dialog, QLineEdit, "decideReason"), "same visit")
        click(dialog.go)

    expected = in_dialog(DecideDialog, decide)
    press(qtbot, page, "labItem0x0Decide")
    wait_for_words(qtbot, page, "Noted. The chart is looked at first")
    assert expected.is_done
    world.drain()
    wait_for_words(qtbot, page.side, "In chart, seen ")
    rest(world, qtbot)
    assert texts(page.side).count("In chart, seen ") == 3


def test_default_provider_is_shown_as_default(world: WindowWorld, qtbot: QtBot) -> None:
    _rows, theirs = world.services.people.providers(world.actor, ONE)
    default = next(p for p in theirs if p.is_person and p.is_active and p.last_name != "Lee")
    world.services.connect.set_default_provider(world.actor, ONE, PmsProviderId(default.pms_provider_id))
    lab_id = world.finalized_lab(world.patients()[3], provider={"name": "Guest, Gail"})
    page = labs_page(world, qtbot)
    show_lab(world, qtbot, page, lab_id)

    assert f"under {default.display_name} (default)" in texts(page.side)
    assert "Guest, Gail" in texts(page.side)


def test_provider_found_by_npi_is_not_called_default(world: WindowWorld, qtbot: QtBot) -> None:
    lab_id = world.finalized_lab(world.patients()[3])
    page = labs_page(world, qtbot)
    show_lab(world, qtbot, page, lab_id)

    assert "under Lee, Sam" in texts(page.side)
    assert "(default)" not in texts(page.side)


def test_addendum_is_a_revision_of_its_own_and_the_original_can_be_read(world: WindowWorld, qtbot: QtBot) -> None:
    lab_id = world.sent_lab(world.patients()[3])
    world.drain()
    page = labs_page(world, qtbot)
    show_lab(world, qtbot, page, lab_id)
    assert not find(page, QComboBox, "labRevision").isVisible()
    press(qtbot, page, "labAddendum")
    qtbot.waitUntil(lambda: page.side.is_editing and world.tasks.is_idle, timeout=WAIT_MS)
    chooser = find(page, QComboBox, "labRevision")
    assert chooser.isVisible()
    assert "2: Addendum, draft" in chooser.currentText()

    chooser.setFocus()
    QTest.keyClick(chooser, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: not page.side.is_editing, timeout=WAIT_MS)
    assert "1: Original, finalized" in chooser.currentText()
    assert "No complaints" in page.side.details.note.toPlainText()
    rest(world, qtbot)
    page.refresh()
    rest(world, qtbot)
    assert not page.side.is_editing
    assert "Draft of revision 2" in page.model.data(page.model.index_of(lab_id), Qt.ItemDataRole.AccessibleTextRole)


def test_refresh_keeps_place_focus_and_selected_words(world: WindowWorld, qtbot: QtBot) -> None:
    lab_id = world.sent_lab(world.patients()[3])
    page = labs_page(world, qtbot)
    world.window.resize(911, 512)
    show_lab(world, qtbot, page, lab_id)
    note = find(page, QPlainTextEdit, "labNoteText")
    note.setFocus()
    note.selectAll()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is note, timeout=WAIT_MS)
    bar = page.side.details._scroll.verticalScrollBar()
    bar.setValue(bar.maximum())
    chosen, place = note.textCursor().selectedText(), bar.value()
    world.drain()
    wait_for_words(qtbot, page.side, "In chart, seen ")
    rest(world, qtbot)

    assert QApplication.focusWidget() is note
    assert note.textCursor().selectedText() == chosen
    assert place > 0 and abs(bar.value() - place) <= 80  # a sentence less above it


def test_paused_sending_is_resumed_where_it_is_seen(world: WindowWorld, qtbot: QtBot) -> None:
    lab_id = world.sent_lab(world.patients()[3])
    [view, *_] = world.practice.outbox.queue()
    world.practice.outbox.pause(world.actor, view.item.writeback_id)
    page = labs_page(world, qtbot)
    show_lab(world, qtbot, page, lab_id)
    assert "sending of this Lab is paused" in texts(page.side)

    press(qtbot, page, "labObstacle0Button")
    wait_for_words(qtbot, page, "Sending goes on.")
    assert not any(view.is_paused for view in world.practice.outbox.queue())


def test_unlinked_patient_stops_the_lab_and_is_chosen_again(world: WindowWorld, qtbot: QtBot) -> None:
    lab_id = world.sent_lab(world.patients()[3])
    patient = world.services.labs.show(world.actor, lab_id).patient
    world.services.linking.unlink(world.actor, ONE, patient.patient_id)
    page = labs_page(world, qtbot)
    show_lab(world, qtbot, page, lab_id)

    assert "sending stopped because the patient was unlinked" in texts(page.side)
    assert find(page, QPushButton, "labObstacle0Button").text() == "Choose patient \u2026"


def test_front_office_sends_but_chooses_no_patient(world: WindowWorld, qtbot: QtBot) -> None:
    stranger = world.lab_of_a_stranger()
    ready = world.finalized_lab(world.patients()[3])
    page = page_as(world, qtbot, Role.FRONT_OFFICE)
    show_lab(world, qtbot, page, stranger)
    assert "The Lab's patient is not matched" in texts(page.side)
    assert not find(page, QPushButton, "labObstacle0Button").isVisible()
    assert not find(page, QPushButton, "labAddendum").isVisible()

    show_lab(world, qtbot, page, ready)
    press(qtbot, page, "labSend")
    wait_for_words(qtbot, page, "Queued. It goes into the chart by itself")


def test_lab_without_any_pms_says_that_it_is_kept(world: WindowWorld, qtbot: QtBot) -> None:
    lab_id = world.finalized_lab(world.patients()[3])
    stranger = world.lab_of_a_stranger()
    world.services.connect.disconnect(world.actor, ONE)
    page = labs_page(world, qtbot)
    role = Qt.ItemDataRole.AccessibleTextRole
    assert "Finalized, not sent" in page.model.data(page.model.index_of(stranger), role)
    show_lab(world, qtbot, page, lab_id)

    assert "No PMS is connected. The Lab is kept" in texts(page.side)
    assert not find(page, QPushButton, "labSend").isVisible()
    press(qtbot, page, "labObstacle0Button")
    qtbot.waitUntil(partial(world.window.page("connections").isVisible), timeout=WAIT_MS)


def test_hostile_words_are_shown_as_they_are(world: WindowWorld, qtbot: QtBot) -> None:
    person = {"first_name": "<b>Ana</b>" * 20, "last_name": "O'Shea & Sons", "date_of_birth": "1990-05-17"}
    note = {"text": "<h1>Loud</h1>\r\n\u202egnp.exe " + "word " * 4_000}
    lab_id: LabId = world.finalized_lab(world.patients()[3], external_id="hostile", patient=person, note=note)
    page = labs_page(world, qtbot)
    show_lab(world, qtbot, page, lab_id)

    assert "<b>Ana</b>" in texts(page.side)
    shown = page.side.details.note.toPlainText()
    assert shown.startswith("<h1>Loud</h1>\n")
    assert "\u202e" not in shown and shown.count("word") == 4_000
    tip = page.model.data(page.model.index_of(lab_id), Qt.ItemDataRole.ToolTipRole)
    assert "<" not in tip
    assert page.side.details.note.height() < 420
