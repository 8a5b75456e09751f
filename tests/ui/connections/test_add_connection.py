"""The Add Connection wizard, pressed as a person presses it, over real services and a real encrypted store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QRadioButton, QWidget
from pytestqt.qtbot import QtBot

from denticode_desktop.domain.connection import Environment, FailureReason, Light, Permission
from denticode_desktop.domain.events import ConnectionChanged, Event
from denticode_desktop.rehearsal.switches import Fault
from denticode_desktop.ui.connections.wizard import dialog as wizard_dialog
from denticode_desktop.ui.connections.wizard.steps_before import mail_link
from tests.fakes.fake_pms import RIGHT_SECRET
from tests.unit.services.sender_world import MemorySecrets

from .connection_world import (
    ConnectionWorld,
    connect,
    every_text,
    fake_world,
    fill,
    find,
    go_to_fields,
    open_wizard,
    press,
    simulator_world,
    texts,
    type_into,
    wait,
    wait_for_step,
)

CHOOSE, ASK, FIELDS, CONNECT, RESULT, FINISH = range(6)


@pytest.fixture
def world(tmp_path: Path, qtbot: QtBot) -> Iterator[ConnectionWorld]:
    with fake_world(tmp_path / "data") as found:
        found.start(qtbot)
        yield found


@pytest.fixture
def real(tmp_path: Path, qtbot: QtBot) -> Iterator[ConnectionWorld]:
    with simulator_world(tmp_path / "data") as found:
        found.start(qtbot)
        yield found


def error_at(world: ConnectionWorld, name: str) -> str:
    """The sentence at a field."""
    assert world.wizard.fields is not None
    return world.wizard.fields.rows[name].error


def test_a_right_connection_is_green_synced_and_located(real: ConnectionWorld, qtbot: QtBot) -> None:
    assert real.simulator is not None
    connect(real, qtbot)
    wizard = real.wizard
    assert "Ready" in find(wizard, QLabel, "wizardResultWord").text()
    assert "is connected and saved" in texts(wizard)
    press(qtbot, wizard, "wizardNext")
    wait(qtbot, lambda: "is up to date" in texts(wizard))
    location = find(wizard, QComboBox, "wizardPlacesLocation")
    wait(qtbot, lambda: location.count() > 1 and location.isEnabled())
    location.setCurrentIndex(1)
    location.activated.emit(1)
    provider = find(wizard, QComboBox, "wizardPlacesProvider")
    wait(qtbot, lambda: provider.isEnabled() and provider.count() > 1)
    wait(qtbot, lambda: real.practice.connect.connections()[0].settings.location_id == location.itemData(1))
    chosen = provider.itemData(1)
    provider.setCurrentIndex(1)
    provider.activated.emit(1)
    wait(qtbot, lambda: real.practice.connect.connections()[0].settings.default_provider_id == chosen)
    press(qtbot, wizard, "wizardNext")
    wait(qtbot, lambda: real.page.wizard is None)
    wait(qtbot, lambda: "Oak Street - Ascend" in texts(real.page))
    assert real.practice.connect.connections()[0].report is not None
    assert f"sync {real.practice.connect.connections()[0].connection_id}" in real.engine.asked


def test_a_missing_permission_is_yellow_with_text_to_copy(world: ConnectionWorld, qtbot: QtBot) -> None:
    assert world.pms is not None
    world.pms.missing_permissions = (Permission.CHART_NOTES,)
    connect(world, qtbot)
    shown = texts(world.wizard)
    assert "Limited" in shown
    assert "Missing permission: Chart notes. Notes cannot be written" in shown
    press(qtbot, world.wizard, "wizardMissingCopy")
    copied = QGuiApplication.clipboard().text()
    assert "Chart notes" in copied
    assert world.pms.organization_id in copied
    assert "Copied" in texts(world.wizard)
    [connection] = world.practice.connect.connections()
    assert connection.report is not None
    assert connection.report.light is Light.YELLOW


def test_a_wrong_secret_fails_keeps_all_but_the_secret_and_stores_nothing(
    real: ConnectionWorld, qtbot: QtBot
) -> None:
    connect(real, qtbot, secret="not-the-right-one")
    wizard = real.wizard
    assert "Not connected" in texts(wizard)
    assert "did not accept" in texts(wizard)
    assert real.practice.connect.connections() == []
    press(qtbot, wizard, "wizardNext")
    wait_for_step(qtbot, wizard, FIELDS)
    assert find(wizard, QLineEdit, "add_name").text() == "Oak Street - Ascend"
    assert find(wizard, QLineEdit, "add_client_id").text()
    secret = find(wizard, QLineEdit, "add_client_secret")
    assert secret.text() == ""
    secret.undo()
    assert secret.text() == ""
    assert "not-the-right-one" not in every_text(real.window) + every_text(wizard)
    assert real.simulator is not None
    type_into(wizard, "add_client_secret", real.simulator.client_secret)
    press(qtbot, wizard, "wizardNext")
    wait_for_step(qtbot, wizard, RESULT)
    assert "Ready" in texts(wizard)


def test_the_secret_is_in_no_text_afterwards(real: ConnectionWorld, qtbot: QtBot) -> None:
    assert real.simulator is not None
    secret = real.simulator.client_secret
    connect(real, qtbot)
    press(qtbot, real.wizard, "wizardResultCopy")
    everything = every_text(real.window) + every_text(real.wizard) + QGuiApplication.clipboard().text()
    assert secret not in everything
    edit = find(real.wizard, QLineEdit, "add_client_secret")
    assert edit.echoMode() is QLineEdit.EchoMode.Password
    assert edit.text() == ""


def test_a_wrong_environment_says_which_to_choose(real: ConnectionWorld, qtbot: QtBot) -> None:
    assert real.simulator is not None
    real.simulator.switches.wrong_environment = True
    connect(real, qtbot)
    assert "meant for another environment" in texts(real.wizard)
    assert real.practice.connect.connections() == []


def test_an_unreachable_pms_says_what_to_check(real: ConnectionWorld, qtbot: QtBot) -> None:
    assert real.simulator is not None
    real.simulator.switches.refuse_connections = True
    connect(real, qtbot)
    assert "could not be reached" in texts(real.wizard)
    assert "Start the simulator" in texts(real.wizard)
    assert real.practice.connect.connections() == []


@pytest.mark.parametrize("name", ["Connection 1", "", "Test"])
def test_a_vague_name_is_refused_with_an_example_at_the_field(
    world: ConnectionWorld, qtbot: QtBot, name: str
) -> None:
    wizard = open_wizard(world, qtbot)
    go_to_fields(qtbot, wizard)
    fill(world, wizard, name=name)
    press(qtbot, wizard, "wizardNext")
    assert wizard.index == FIELDS
    assert "Main Street - Dentrix Ascend" in error_at(world, "name")
    assert find(wizard, QLineEdit, "add_name").accessibleDescription() == error_at(world, "name")
    assert error_at(world, "client_id") == ""
    type_into(wizard, "add_name", "Oak Street - Ascend")
    assert error_at(world, "name") == ""


def test_swapped_ids_are_told_at_the_field_before_anything_is_asked(world: ConnectionWorld, qtbot: QtBot) -> None:
    assert world.pms is not None
    wizard = open_wizard(world, qtbot)
    go_to_fields(qtbot, wizard)
    fill(world, wizard)
    type_into(wizard, "add_organization_id", "client-1")
    type_into(wizard, "add_client_id", world.pms.organization_id)
    press(qtbot, wizard, "wizardNext")
    assert "swapped" in error_at(world, "client_id")
    assert world.pms.calls == []
    assert find(wizard, QLineEdit, "add_client_secret").text() == RIGHT_SECRET


def test_every_empty_field_says_so_at_once(world: ConnectionWorld, qtbot: QtBot) -> None:
    wizard = open_wizard(world, qtbot)
    go_to_fields(qtbot, wizard)
    press(qtbot, wizard, "wizardNext")
    assert wizard.index == FIELDS
    assert "Choose the environment" in error_at(world, "environment")
    assert "Give the connection a name" in error_at(world, "name")
    assert "Client secret is missing" in error_at(world, "client_secret")


def test_pasted_values_lose_the_blanks_around_them(world: ConnectionWorld, qtbot: QtBot) -> None:
    assert world.pms is not None
    wizard = open_wizard(world, qtbot)
    go_to_fields(qtbot, wizard)
    fill(world, wizard)
    edit = find(wizard, QLineEdit, "add_organization_id")
    edit.setFocus()
    edit.selectAll()
    QGuiApplication.clipboard().setText(f" \t{world.pms.organization_id}\u00a0\n")
    QTest.keyClick(edit, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert edit.text() == world.pms.organization_id
    press(qtbot, wizard, "wizardNext")
    wait_for_step(qtbot, wizard, RESULT)
    assert "Ready" in texts(wizard)


def test_stop_in_the_middle_stores_nothing(real: ConnectionWorld, qtbot: QtBot) -> None:
    assert real.simulator is not None
    real.simulator.switches.faults.append(Fault(action="normal", method="GET", resource="*", times=0, delay_ms=150.0))
    wizard = open_wizard(real, qtbot)
    go_to_fields(qtbot, wizard)
    fill(real, wizard)
    press(qtbot, wizard, "wizardNext")
    wait(qtbot, lambda: "Signed in." in texts(wizard))
    press(qtbot, wizard, "wizardCancel")
    assert "Stopping" in texts(wizard)
    wait_for_step(qtbot, wizard, FIELDS)
    assert "Nothing was stored" in texts(wizard)
    assert real.practice.connect.connections() == []
    assert find(wizard, QLineEdit, "add_client_secret").text() == ""
    assert find(wizard, QLineEdit, "add_name").text() == "Oak Street - Ascend"


def test_stop_that_comes_too_late_says_so(world: ConnectionWorld, qtbot: QtBot) -> None:
    assert world.pms is not None
    wizard = open_wizard(world, qtbot)
    go_to_fields(qtbot, wizard)
    fill(world, wizard)
    publish = world.practice.events.publish

    def stop_after_storing(event: Event) -> None:
        if isinstance(event, ConnectionChanged) and wizard._attempt is not None:
            wizard._attempt.stop()
        publish(event)

    world.practice.events.publish = stop_after_storing  # type: ignore[method-assign]
    press(qtbot, wizard, "wizardNext")
    wait_for_step(qtbot, wizard, RESULT)
    assert "connected before Stop arrived" in texts(wizard)
    assert len(world.practice.connect.connections()) == 1


def test_a_name_in_use_comes_back_to_its_field(world: ConnectionWorld, qtbot: QtBot) -> None:
    connect(world, qtbot)
    press(qtbot, world.wizard, "wizardCancel")
    wait(qtbot, lambda: world.page.wizard is None and "Oak Street" in texts(world.page))
    wizard = open_wizard(world, qtbot)
    go_to_fields(qtbot, wizard)
    fill(world, wizard)
    press(qtbot, wizard, "wizardNext")
    wait(qtbot, lambda: bool(error_at(world, "name")))
    assert "There is a connection named" in error_at(world, "name")
    assert wizard.index == FIELDS


def test_a_locked_credential_store_is_told_and_nothing_typed_is_lost(world: ConnectionWorld, qtbot: QtBot) -> None:
    secrets = world.practice.secrets
    assert isinstance(secrets, MemorySecrets)
    wizard = open_wizard(world, qtbot)
    go_to_fields(qtbot, wizard)
    fill(world, wizard)
    secrets.is_locked = True
    press(qtbot, wizard, "wizardNext")
    wait(qtbot, lambda: "credential store is locked" in texts(wizard))
    assert world.practice.connect.connections() == []
    secrets.is_locked = False
    press(qtbot, wizard, "wizardNext")
    wait_for_step(qtbot, wizard, RESULT)
    assert "Ready" in texts(wizard)


def test_esc_asks_only_when_something_was_entered(
    world: ConnectionWorld, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(_parent: QWidget, title: str, _text: str, _yes: str, **_more: object) -> bool:
        asked.append(title)
        return len(asked) > 1

    monkeypatch.setattr(wizard_dialog, "confirm", answer)
    wizard = open_wizard(world, qtbot)
    QTest.keyClick(wizard, Qt.Key.Key_Escape)
    wait(qtbot, lambda: world.page.wizard is None)
    assert asked == []
    wizard = open_wizard(world, qtbot)
    go_to_fields(qtbot, wizard)
    type_into(wizard, "add_name", "Oak")
    QTest.keyClick(wizard, Qt.Key.Key_Escape)
    assert world.page.wizard is wizard
    QTest.keyClick(wizard, Qt.Key.Key_Escape)
    wait(qtbot, lambda: world.page.wizard is None)
    assert len(asked) == 2


def test_the_keyboard_alone_is_enough(world: ConnectionWorld, qtbot: QtBot) -> None:
    wizard = open_wizard(world, qtbot)
    radio = find(wizard, QRadioButton, "choose-dentrix-ascend")
    assert radio.isChecked()
    QTest.keyClick(radio, Qt.Key.Key_Return)
    assert wizard.index == ASK
    QTest.keyClick(wizard.next, Qt.Key.Key_Return)
    assert wizard.index == FIELDS
    fill(world, wizard)
    QTest.keyClick(find(wizard, QLineEdit, "add_client_secret"), Qt.Key.Key_Return)
    wait_for_step(qtbot, wizard, RESULT)
    QTest.keyClick(wizard, Qt.Key.Key_Return)
    wait_for_step(qtbot, wizard, FINISH)


def test_a_planned_pms_is_shown_and_cannot_be_chosen(world: ConnectionWorld, qtbot: QtBot) -> None:
    wizard = open_wizard(world, qtbot)
    assert not find(wizard, QRadioButton, "choose-open-dental").isEnabled()
    assert "Planned ones are not built yet" in texts(wizard)


def test_a_rehearsal_only_folder_offers_rehearsal_and_says_why(real: ConnectionWorld, qtbot: QtBot) -> None:
    wizard = open_wizard(real, qtbot)
    go_to_fields(qtbot, wizard)
    assert wizard.fields is not None
    box = wizard.fields.environment
    assert [box.itemText(i) for i in range(box.count())] == ["Rehearsal"]
    assert wizard.fields.chosen_environment is Environment.REHEARSAL
    assert "for Rehearsal only" in texts(wizard)


def test_the_text_for_the_it_team_is_copied_and_mailed_by_click_only(
    world: ConnectionWorld, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[QUrl] = []

    def open_url(url: QUrl) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    wizard = open_wizard(world, qtbot)
    press(qtbot, wizard, "wizardNext")
    assert opened == []
    press(qtbot, wizard, "wizardItCopy")
    assert QGuiApplication.clipboard().text() == "Please send us the three values."
    press(qtbot, wizard, "wizardItMail")
    assert opened[0].scheme() == "mailto"
    assert opened[0].path() == ""
    assert "Please%20send%20us" in opened[0].toString(QUrl.ComponentFormattingOption.FullyEncoded)


def test_a_mail_keeps_signs_that_mean_something_in_a_link() -> None:
    link = mail_link("A & B", "1 + 1 = 2 & more?\nend")
    encoded = link.toString(QUrl.ComponentFormattingOption.FullyEncoded)
    assert encoded == "mailto:?subject=A%20%26%20B&body=1%20%2B%201%20%3D%202%20%26%20more%3F%0D%0Aend"


def test_closing_after_success_keeps_the_connection(world: ConnectionWorld, qtbot: QtBot) -> None:
    connect(world, qtbot)
    QTest.keyClick(world.wizard, Qt.Key.Key_Escape)
    wait(qtbot, lambda: world.page.wizard is None)
    assert len(world.practice.connect.connections()) == 1


def test_a_failure_of_each_kind_ends_in_a_result(world: ConnectionWorld, qtbot: QtBot) -> None:
    assert world.pms is not None
    wizard = open_wizard(world, qtbot)
    go_to_fields(qtbot, wizard)
    for reason in FailureReason:
        world.pms.failure = reason
        fill(world, wizard)
        press(qtbot, wizard, "wizardNext")
        wait_for_step(qtbot, wizard, RESULT)
        assert find(wizard, QLabel, "wizardResultSentence").text()
        assert find(wizard, QLabel, "wizardResultNext").text()
        press(qtbot, wizard, "wizardNext")
    assert world.practice.connect.connections() == []
