"""The window as a person uses it: real services, store and simulator; only the engine process is a stand-in."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QListWidget, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from denticode_desktop.domain.write_back import ItemState
from denticode_desktop.services.status_board import CardLight
from denticode_desktop.ui import labs_page
from denticode_desktop.ui.add_connection import AddConnectionDialog
from denticode_desktop.ui.theme import DARK, LIGHT, Tokens, contrast
from denticode_desktop.ui.today import page as today_page
from denticode_desktop.ui.widgets import PlainLabel, shown
from tests.ui.window_world import WindowWorld, window_world

WAIT_MS = 10_000


@pytest.fixture
def world(tmp_path: Path, qtbot: QtBot) -> Iterator[WindowWorld]:
    with window_world(tmp_path / "data") as found:
        qtbot.addWidget(found.window)
        found.window.show()
        yield found


def press(world: WindowWorld, qtbot: QtBot, name: str) -> None:
    """Waits for the button and presses it as a mouse does."""

    def found() -> QPushButton | None:
        return next((b for b in world.window.findChildren(QPushButton, name) if b.isVisible()), None)

    qtbot.waitUntil(lambda: found() is not None, timeout=WAIT_MS)
    pressed = found()
    assert pressed is not None
    QTest.mouseClick(pressed, Qt.MouseButton.LeftButton)


def texts(world: WindowWorld) -> str:
    return "\n".join(label.text() for label in world.window.findChildren(QLabel) if label.isVisible())


def open_lab(world: WindowWorld, qtbot: QtBot) -> None:
    rail = world.window.findChild(QListWidget, "railList")
    assert rail is not None
    rail.setCurrentRow(1)
    labs = world.window.findChild(QListWidget, "labList")
    assert labs is not None
    qtbot.waitUntil(lambda: labs.count() == 1 and "Ruiz" in labs.item(0).text(), timeout=WAIT_MS)
    labs.setCurrentRow(0)
    qtbot.waitUntil(lambda: "Ruiz, Ana" in texts(world), timeout=WAIT_MS)


def test_a_lab_is_edited_finalized_and_queued_by_pressing_buttons(
    world: WindowWorld, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def agree(_parent: object, _title: str, text: str, _yes: str) -> bool:
        asked.append(text)
        return True

    monkeypatch.setattr(labs_page, "confirm", agree)
    open_lab(world, qtbot)
    note = world.window.findChild(QPlainTextEdit, "labNote")
    assert note is not None
    note.appendPlainText("P: seen in the window test.")
    press(world, qtbot, "labFinalize")
    qtbot.waitUntil(lambda: "Finalized." in texts(world), timeout=WAIT_MS)
    assert "adds to the chart" in asked[0]
    press(world, qtbot, "labSend")
    qtbot.waitUntil(lambda: "Queued." in texts(world), timeout=WAIT_MS)
    assert "wake" in world.engine.asked
    queued = world.practice.outbox.queue()
    assert {v.item.state for v in queued} == {ItemState.PLANNED}
    assert all(v.requested_at is not None for v in queued)
    assert "seen in the window test" in str(getattr(queued[0].item.payload, "text", ""))


def test_today_sends_all_finalized_after_asking(
    world: WindowWorld, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(today_page, "confirm", lambda *_: True)
    actor = world.practice.setup.actor(None)
    [lab] = world.practice.labs.list(actor)
    world.practice.labs.finalize(actor, lab.lab_id)
    qtbot.waitUntil(lambda: "Waiting (1)" in texts(world), timeout=WAIT_MS)
    press(world, qtbot, "sendAll")
    qtbot.waitUntil(lambda: "wake" in world.engine.asked, timeout=WAIT_MS)
    assert all(v.requested_at is not None for v in world.practice.outbox.queue())


def test_connection_is_tested_and_synced_from_its_card(world: WindowWorld, qtbot: QtBot) -> None:
    rail = world.window.findChild(QListWidget, "railList")
    assert rail is not None
    rail.setCurrentRow(2)
    qtbot.waitUntil(lambda: "Springvale" in texts(world), timeout=WAIT_MS)
    press(world, qtbot, "sync1")
    assert "sync 1" in world.engine.asked
    press(world, qtbot, "test1")
    qtbot.waitUntil(lambda: "reload" in world.engine.asked, timeout=WAIT_MS)
    assert world.practice.status.connection_cards()[0].light is CardLight.GREEN


def test_audit_log_is_verified_on_its_page(world: WindowWorld, qtbot: QtBot) -> None:
    rail = world.window.findChild(QListWidget, "railList")
    assert rail is not None
    rail.setCurrentRow(3)
    press(world, qtbot, "auditVerify")
    qtbot.waitUntil(lambda: "The audit log is whole" in texts(world), timeout=WAIT_MS)


def test_add_connection_says_what_is_wrong_and_keeps_nothing(world: WindowWorld, qtbot: QtBot) -> None:
    dialog = AddConnectionDialog(
        world.window, world.practice, world.practice.setup.actor(None), world.tasks
    )
    qtbot.addWidget(dialog)
    dialog.show()
    fields = {line.objectName(): line for line in dialog.findChildren(QLineEdit)}
    fields["add_name"].setText("Connection 1")
    secret = fields["add_client_secret"]
    assert secret.echoMode() is QLineEdit.EchoMode.Password
    secret.setText("rehearsal-secret")
    go = dialog.findChild(QPushButton, "addConnect")
    result = dialog.findChild(QLabel, "addResult")
    assert go is not None
    assert result is not None
    QTest.mouseClick(go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(go.isEnabled() and result.text() and "Connecting" not in result.text()),
                    timeout=WAIT_MS)  # fmt: skip
    assert "rehearsal-secret" not in result.text()
    assert len(world.practice.connect.connections()) == 1


def test_every_control_has_a_name_and_every_label_is_plain_text(world: WindowWorld, qtbot: QtBot) -> None:
    rail = world.window.findChild(QListWidget, "railList")
    assert rail is not None
    open_lab(world, qtbot)
    for row in range(rail.count()):
        rail.setCurrentRow(row)
    for kind in (QPushButton, QLineEdit, QListWidget, QPlainTextEdit, QComboBox):
        for widget in world.window.findChildren(kind):
            name = widget.accessibleName() or (widget.text() if isinstance(widget, QAbstractButton) else "")
            assert name, widget.objectName()
    for label in world.window.findChildren(QLabel):
        assert label.textFormat() is Qt.TextFormat.PlainText or not label.text(), label.text()


def test_no_patient_is_in_the_title(world: WindowWorld, qtbot: QtBot) -> None:
    open_lab(world, qtbot)
    qtbot.waitUntil(lambda: "Rehearsal" in world.window.windowTitle(), timeout=WAIT_MS)
    assert "Ruiz" not in world.window.windowTitle()


def test_an_empty_practice_says_what_to_press(tmp_path: Path, qtbot: QtBot) -> None:
    with window_world(tmp_path / "data", is_connected=False) as world:
        qtbot.addWidget(world.window)
        world.window.show()
        qtbot.waitUntil(lambda: "Nothing needs you right now." in texts(world), timeout=WAIT_MS)
        rail = world.window.findChild(QListWidget, "railList")
        assert rail is not None
        rail.setCurrentRow(2)
        qtbot.waitUntil(lambda: "No PMS connected yet." in texts(world), timeout=WAIT_MS)


def test_hostile_text_is_shown_and_never_drawn(qtbot: QtBot) -> None:
    label = PlainLabel("<img src=x> \u202egnp.exe \x07 " + "x" * 10_000)
    qtbot.addWidget(label)
    assert label.textFormat() is Qt.TextFormat.PlainText
    assert "\u202e" not in label.text()
    assert "\x07" not in label.text()
    assert len(shown("y" * 10_000)) < 2_100


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_text_has_enough_contrast(tokens: Tokens) -> None:
    for ground in (tokens.ground, tokens.surface):
        for text in (tokens.text, tokens.muted, tokens.good, tokens.warn, tokens.bad):
            assert contrast(text, ground) >= 4.5, (text, ground)
    assert contrast(tokens.on_accent, tokens.accent) >= 4.5
    assert contrast(tokens.on_rail, tokens.rail) >= 4.5
    assert contrast(tokens.on_band, tokens.band_rehearsal) >= 4.5
