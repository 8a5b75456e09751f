"""Today's lists and buttons, pressed over real services and a simulated PMS."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QListWidget, QMainWindow, QPushButton, QRadioButton
from pytestqt.qtbot import QtBot

from denticode_desktop.domain.access import Actor, Role
from denticode_desktop.domain.connection import HoldReason
from denticode_desktop.domain.events import ConnectionChanged
from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.domain.write_back import ItemState
from denticode_desktop.ui import operations
from denticode_desktop.ui.page import PageState
from denticode_desktop.ui.today import TodayPage
from denticode_desktop.ui.today.choose_patient import ChoosePatientDialog
from denticode_desktop.ui.today.decide import DecideDialog
from denticode_desktop.ui.today.rows import words_of_row
from denticode_desktop.ui.today.section import Row, Section
from denticode_desktop.ui.today.send_all import SendAllDialog
from denticode_desktop.ui.widgets import ConfirmDialog
from denticode_desktop.ui.widgets.chips import WAITING
from denticode_desktop.ui.window_services import PageContext
from tests.ui.hands import WAIT_MS, click, find, in_dialog, press, texts, wait_for_words
from tests.ui.heart_beat import heart_beat
from tests.ui.stand_ins import NOON, FakeBoard, with_stand_ins
from tests.ui.window_world import WindowWorld, window_world

ONE = ConnectionId(1)
CI_GAP_MS = 400.0
"""On a machine that runs other tests at the same time; by itself the window stays below 50."""


def today(world: WindowWorld) -> TodayPage:
    page = world.window.page("today")
    assert isinstance(page, TodayPage)
    return page


def rest(qtbot: QtBot, world: WindowWorld) -> None:
    """Until nothing is read and no row is made, and rows have stood still long enough to be pressed."""
    sections = today(world).findChildren(Section)
    qtbot.waitUntil(lambda: world.tasks.is_idle and all(s.is_steady for s in sections), timeout=WAIT_MS)


def hold(world: WindowWorld, reason: HoldReason) -> None:
    with world.practice.store.write() as uow:
        uow.connections.set_hold(ONE, reason, "")
    world.bridge.publish(ConnectionChanged(ONE))


def test_lists_are_counted_and_every_row_has_a_sentence_and_a_button(world: WindowWorld, qtbot: QtBot) -> None:
    world.fill_today()
    page = today(world)
    wait_for_words(qtbot, page, "Needs you (2)")
    rest(qtbot, world)

    words = texts(page)
    assert "Waiting (5)" in words
    assert "In chart today (2)" in words
    assert "The note needs a decision. The chart already holds a record that looks like this one." in words
    assert "Choose which patient of the PMS this is." in words
    assert "2 seen in the chart" in words
    assert "checked at" in words
    assert "Send all finalized (3)" in find(page, QPushButton, "sendAll").text()
    named = find(page, QPushButton, "needs_youButton0").accessibleName()
    assert "Nobody, Jo, visit of 2026-11-20" in named
    qtbot.waitUntil(lambda: "Needs you 2" in world.window.strip.words, timeout=WAIT_MS)


def test_send_all_asks_first_and_sends_only_what_is_ticked(world: WindowWorld, qtbot: QtBot) -> None:
    people = world.patients()
    kept, *others = [world.finalized_lab(patient) for patient in people[8:20:4]]
    wait_for_words(qtbot, today(world), "Waiting (3)")

    def send_two(dialog: SendAllDialog) -> None:
        rows = find(dialog, QListWidget, "sendAllLabs")
        assert rows.count() == 3
        assert people[8].person.display_name in rows.item(0).text()
        assert dialog.go.text() == "Send 3 Labs"
        rows.item(0).setCheckState(Qt.CheckState.Unchecked)
        click(dialog.go)

    expected = in_dialog(SendAllDialog, send_two)
    press(qtbot, today(world), "sendAll")

    wait_for_words(qtbot, today(world), "2 Labs are queued and go by themselves.")
    assert expected.is_done
    assert "wake" in world.engine.asked
    asked = {view.lab_id for view in world.practice.outbox.queue() if view.requested_at is not None}
    assert asked == set(others)
    assert kept not in asked


def test_one_lab_is_sent_from_its_row(world: WindowWorld, qtbot: QtBot) -> None:
    world.finalized_lab(world.patients()[8])
    wait_for_words(qtbot, today(world), "Finalized, not sent yet.")
    rest(qtbot, world)
    press(qtbot, today(world), "waitingButton0")

    wait_for_words(qtbot, today(world), "1 Lab is queued and goes by itself.")
    assert all(view.requested_at is not None for view in world.practice.outbox.queue())


def test_patient_is_searched_compared_chosen_and_the_lab_sent(world: WindowWorld, qtbot: QtBot) -> None:
    lab_id = world.lab_of_a_stranger()
    chosen = world.patients()[12]
    wait_for_words(qtbot, today(world), "Choose which patient of the PMS this is.")
    rest(qtbot, world)

    said: list[str] = []

    def choose(dialog: ChoosePatientDialog) -> None:
        assert "Nobody fits." in texts(dialog)
        assert not dialog.go.isEnabled()
        assert dialog.focusWidget() is dialog.search
        QTest.keyClicks(dialog.search, chosen.person.last_name)
        QTest.keyClick(dialog.search, Qt.Key.Key_Return)
        assert dialog.isVisible()
        fits = f"{chosen.person.display_name}   born {chosen.person.date_of_birth}"
        qtbot.waitUntil(
            lambda: any(fits in dialog.list.item(row).text() for row in range(dialog.list.count())), timeout=WAIT_MS
        )
        dialog.list.setCurrentRow(
            next(row for row in range(dialog.list.count()) if fits in dialog.list.item(row).text())
        )
        wait_for_words(qtbot, dialog, "differs")
        assert dialog.go.text() == f"This is {chosen.person.display_name}, born {chosen.person.date_of_birth}"
        assert dialog.send_now.isChecked()

        def confirmed(ask: ConfirmDialog) -> None:
            said.append(texts(ask))
            click(ask.yes)

        asked = in_dialog(ConfirmDialog, confirmed)
        click(dialog.go)
        assert asked.is_done

    expected = in_dialog(ChoosePatientDialog, choose)
    press(qtbot, today(world), "needs_youButton0")

    wait_for_words(qtbot, today(world), "The patient is matched and the Lab is queued.")
    assert expected.is_done
    assert f"The chart is of {chosen.person.display_name}" in said[0]
    [view, *_] = world.practice.outbox.queue()
    assert view.lab_id == lab_id
    assert view.item.pms_patient_id == chosen.pms_patient_id
    assert view.requested_at is not None


def test_patient_may_be_matched_now_and_the_lab_sent_later(world: WindowWorld, qtbot: QtBot) -> None:
    world.lab_of_a_stranger()
    wait_for_words(qtbot, today(world), "Choose which patient of the PMS this is.")
    rest(qtbot, world)

    def choose(dialog: ChoosePatientDialog) -> None:
        dialog.search.setText("ruiz")
        qtbot.waitUntil(lambda: dialog.list.count() > 0, timeout=WAIT_MS)
        dialog.list.setCurrentRow(dialog.list.count() - 1)
        dialog.send_now.setChecked(False)
        asked = in_dialog(ConfirmDialog, lambda ask: click(ask.yes))
        click(dialog.go)
        assert asked.is_done

    expected = in_dialog(ChoosePatientDialog, choose)
    press(qtbot, today(world), "needs_youButton0")

    qtbot.waitUntil(lambda: expected.is_done or expected.error is not None, timeout=WAIT_MS)
    wait_for_words(qtbot, today(world), "The patient is matched. Press Send")
    assert not world.practice.outbox.queue()


@pytest.mark.parametrize(
    ("offer", "notes"), [("this_one", 1), ("different", 2)], ids=["it is this one", "send ours beside it"]
)
def test_look_alike_is_shown_beside_ours_and_decided(
    world: WindowWorld, qtbot: QtBot, offer: str, notes: int
) -> None:
    patient = world.patients()[34]
    world.lab_with_look_alike(patient)
    world.drain()
    wait_for_words(qtbot, today(world), "The note needs a decision.")
    rest(qtbot, world)

    def decide(dialog: DecideDialog) -> None:
        wait_for_words(qtbot, dialog, "Looks like ours")
        assert texts(dialog).count("S: No complaints since the last visit.") == 2
        assert not dialog.go.isEnabled()
        find(dialog, QRadioButton, f"offer_{offer}").setChecked(True)
        assert not dialog.go.isEnabled()
        QTest.keyClicks(find(dialog, QLineEdit, "decideReason"), "Compared with the chart.")
        click(dialog.go)

    expected = in_dialog(DecideDialog, decide)
    press(qtbot, today(world), "needs_youButton0")

    wait_for_words(qtbot, today(world), "The chart is looked at first, then it is done as you said.")
    assert expected.is_done
    world.drain()
    assert {view.item.state for view in world.practice.outbox.queue()} == {ItemState.DONE}
    assert len(world.simulator.state.records("clinicalnotes", patient.pms_patient_id)) == notes
    wait_for_words(qtbot, today(world), "Needs you (0)")


def test_decision_that_changed_nothing_is_told(world: WindowWorld, qtbot: QtBot) -> None:
    world.lab_with_look_alike(world.patients()[34])
    world.drain()
    wait_for_words(qtbot, today(world), "The note needs a decision.")
    rest(qtbot, world)

    def recheck(dialog: DecideDialog) -> None:
        find(dialog, QRadioButton, "offer_recheck").setChecked(True)
        assert not find(dialog, QLineEdit, "decideReason").isEnabled()
        click(dialog.go)

    in_dialog_recheck = in_dialog(DecideDialog, recheck)
    press(qtbot, today(world), "needs_youButton0")
    wait_for_words(qtbot, today(world), "Noted.")
    assert in_dialog_recheck.is_done
    world.drain()

    wait_for_words(qtbot, today(world), "The chart was looked at. A person still has to decide.")


def test_front_office_sees_the_choices_and_may_only_look_again(world: WindowWorld, qtbot: QtBot) -> None:
    world.lab_with_look_alike(world.patients()[34])
    world.drain()
    [view] = world.services.outbox.queue({ItemState.REVIEW})
    services = replace(world.services, actor=Actor("Kim", Role.FRONT_OFFICE))
    context = PageContext(services, world.tasks, world.bridge, world.window)
    dialog = DecideDialog(world.window, context, operations.read_decision(services, view.item.item_id))
    qtbot.addWidget(dialog)

    assert not find(dialog, QRadioButton, "offer_this_one").isEnabled()
    assert not find(dialog, QRadioButton, "offer_different").isEnabled()
    assert find(dialog, QRadioButton, "offer_recheck").isEnabled()
    assert find(dialog, QLabel, "decideOursText").text().startswith("Clinical text is shown to providers")
    assert not dialog.findChildren(QRadioButton, "record0"), "nor is the chart read for this role"
    qtbot.waitUntil(lambda: world.tasks.is_idle, timeout=WAIT_MS)


def test_held_connection_is_tested_from_its_row(world: WindowWorld, qtbot: QtBot) -> None:
    hold(world, HoldReason.PERMISSION_MISSING)
    wait_for_words(qtbot, today(world), "A permission is missing in the PMS.")
    rest(qtbot, world)
    assert find(today(world), QPushButton, "needs_youButton0").text() == "Test Connection"
    press(qtbot, today(world), "needs_youButton0")

    qtbot.waitUntil(lambda: "reload" in world.engine.asked, timeout=WAIT_MS)
    wait_for_words(qtbot, today(world), "Needs you (0)")


def test_refused_sign_in_leads_to_the_connections_page(world: WindowWorld, qtbot: QtBot) -> None:
    hold(world, HoldReason.SIGN_IN)
    wait_for_words(qtbot, today(world), "no longer accepts the sign-in")
    rest(qtbot, world)
    opened: list[tuple[ConnectionId | None, bool]] = []
    page = world.window.page("connections")
    setattr(page, "open_connection", lambda wanted, *, reconnect=False: opened.append((wanted, reconnect)))  # noqa: B010 - in place of a modal dialog
    press(qtbot, today(world), "needs_youButton0")

    assert opened == [(ONE, True)]
    assert page.isVisible()


def test_row_leads_to_its_lab(world: WindowWorld, qtbot: QtBot) -> None:
    world.sent_lab(world.patients()[8])
    wait_for_words(qtbot, today(world), "Waits for its turn.")
    rest(qtbot, world)
    press(qtbot, today(world), "waitingButton0")

    qtbot.waitUntil(lambda: world.window.page("labs").isVisible(), timeout=WAIT_MS)
    wait_for_words(qtbot, world.window.page("labs"), world.patients()[8].person.display_name)


def test_row_that_has_just_moved_takes_no_press(world: WindowWorld, qtbot: QtBot) -> None:
    world.finalized_lab(world.patients()[8])
    section = find(today(world), Section, "waiting")
    wait_for_words(qtbot, today(world), "Finalized, not sent yet.")
    pressed: list[object] = []
    section.pressed.connect(pressed.append)
    button = find(section, QPushButton, "waitingButton0")
    row = button.parentWidget()
    assert row is not None
    row.has_moved()  # type: ignore[attr-defined]
    click(button)

    assert not pressed


def test_practice_without_a_pms_is_told_to_connect_one(tmp_path: Path, qtbot: QtBot) -> None:
    with window_world(tmp_path / "data", is_connected=False) as world:
        qtbot.addWidget(world.window)
        world.window.show()
        wait_for_words(qtbot, today(world), "No PMS is connected yet")
        press(qtbot, today(world), "welcomeConnect")

        qtbot.waitUntil(lambda: world.window.page("connections").isVisible(), timeout=WAIT_MS)


def test_page_that_cannot_be_read_says_so_and_reads_again(
    world: WindowWorld, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    qtbot.waitUntil(lambda: world.tasks.is_idle, timeout=WAIT_MS)
    page = TodayPage(PageContext(with_stand_ins(world.services), world.tasks, world.bridge, world.window))
    qtbot.addWidget(page)
    world.practice.store.close()
    page.show()
    page.refresh()
    qtbot.waitUntil(lambda: page.state is PageState.ERROR, timeout=WAIT_MS)

    assert page.error_panel.sentence
    press(qtbot, page, "errorRetry")
    qtbot.waitUntil(lambda: world.tasks.is_idle, timeout=WAIT_MS)
    assert page.state is PageState.ERROR


def test_window_answers_while_ten_thousand_rows_come_and_move(world: WindowWorld, qtbot: QtBot) -> None:
    board = FakeBoard(world.services.board, rows=10_000)
    context = PageContext(with_stand_ins(world.services, board=board), world.tasks, world.bridge, world.window)
    page = TodayPage(context)
    qtbot.addWidget(page)
    page.resize(900, 700)
    page.show()
    sections = page.findChildren(Section)

    def is_at_rest(reads: int) -> bool:
        is_building = any(section.is_building for section in sections)
        return board.reads >= reads and world.tasks.is_idle and not is_building

    with heart_beat() as beat:
        for wanted in range(1, 6):
            page.refresh()
            qtbot.waitUntil(partial(is_at_rest, wanted), timeout=WAIT_MS)
            if wanted == 2:
                press(qtbot, page, "needs_youMore")
                press(qtbot, page, "in_chartMore")

    assert "Needs you (10000)" in texts(page)
    assert beat.beats > 3
    assert beat.largest_gap_ms < CI_GAP_MS


def test_row_that_has_just_moved_takes_no_press_until_it_has_stood_still(world: WindowWorld, qtbot: QtBot) -> None:
    board = FakeBoard(world.services.board, rows=1)
    row, holder = Row(WAITING, is_done=False), QMainWindow()
    qtbot.addWidget(holder)
    holder.setCentralWidget(row)
    holder.show()
    words = words_of_row(board.today(NOON).needs_you[0])
    row.show_words(words, NOON, "row")
    pressed: list[object] = []
    row.pressed.connect(pressed.append)
    row.has_moved()
    assert not row.is_steady
    click(row.button)
    assert pressed == []
    qtbot.waitUntil(lambda: row.is_steady, timeout=WAIT_MS)
    click(row.button)
    assert pressed == [words]


def test_paused_lab_is_resumed_from_its_row(world: WindowWorld, qtbot: QtBot) -> None:
    world.sent_lab(world.patients()[8])
    [view, *_] = world.practice.outbox.queue()
    world.practice.outbox.pause(world.actor, view.item.writeback_id)
    wait_for_words(qtbot, today(world), "Sending is paused.")
    rest(qtbot, world)
    press(qtbot, today(world), "waitingButton0")

    qtbot.waitUntil(lambda: not world.practice.outbox.queue()[0].is_paused, timeout=WAIT_MS)
    wait_for_words(qtbot, today(world), "Waits for its turn.")
