"""PMS Integrations: every button of a connection's card, over real services and a real encrypted store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from denticode_desktop.domain.access import Actor, Role
from denticode_desktop.domain.connection import Environment, HoldReason, Permission
from denticode_desktop.domain.events import EngineStopped, SyncFinished, SyncProgressed
from denticode_desktop.domain.ids import ConnectionId, PmsProviderId
from denticode_desktop.domain.people import PmsProvider
from denticode_desktop.ports.pms import ConnectionSecrets
from denticode_desktop.services.connection_rules import NewConnection
from denticode_desktop.ui.connections import model as model_module
from denticode_desktop.ui.connections import page as page_module
from denticode_desktop.ui.shortcuts import Command
from tests.fakes.fake_pms import ASCEND, RIGHT_SECRET
from tests.unit.services.sender_world import MemorySecrets

from .connection_world import (
    HOST,
    ConnectionWorld,
    every_text,
    fake_world,
    find,
    press,
    simulator_world,
    texts,
    type_into,
    wait,
)

ONE = ConnectionId(1)


def add(world: ConnectionWorld, name: str = "Oak Street - Ascend") -> ConnectionId:
    """A connection that was added before this window."""
    simulator, pms = world.simulator, world.pms
    organization = simulator.organization_id if simulator else pms.organization_id if pms else ""
    new = NewConnection(
        name, ASCEND, Environment.REHEARSAL, simulator.base_url if simulator else HOST, organization,
        simulator.client_id if simulator else "client-1",
    )  # fmt: skip
    secrets = ConnectionSecrets({"client_secret": simulator.client_secret if simulator else RIGHT_SECRET})
    result = world.practice.connect.add(world.practice.setup.actor(None), new, secrets, lambda check: None)
    assert result.connection_id is not None
    return result.connection_id


@pytest.fixture
def world(tmp_path: Path, qtbot: QtBot) -> Iterator[ConnectionWorld]:
    with fake_world(tmp_path / "data") as found:
        add(found)
        found.start(qtbot)
        yield found


def sync_in_test(world: ConnectionWorld) -> None:
    """A whole sync, here and now."""
    world.practice.sync.run(world.practice.setup.actor(None), ONE, is_cancelled=lambda: False)


def open_dialogs(name: str) -> list[QDialog]:
    """Dialogs of that name that are open; a closed one is soon deleted and must not be touched."""
    found = [d for d in QApplication.topLevelWidgets() if isinstance(d, QDialog) and d.objectName() == name]
    return [d for d in found if d.isVisible()]


def the_dialog(name: str) -> QDialog:
    """The one that is open."""
    [found] = open_dialogs(name)
    return found


def test_the_empty_page_says_what_to_press(tmp_path: Path, qtbot: QtBot) -> None:
    with fake_world(tmp_path / "data") as world:
        world.start(qtbot)
        assert "No PMS connected yet" in texts(world.page)
        assert not find(world.page, QPushButton, "connectionAdd").isVisible()
        press(qtbot, world.page, "connectionAddFirst")
        assert world.wizard.isVisible()


def test_every_pms_is_a_card_with_what_it_can_and_how_sure_we_are(tmp_path: Path, qtbot: QtBot) -> None:
    with simulator_world(tmp_path / "data") as world:
        world.start(qtbot)
        shown = texts(world.page)
        for words in (
            "Dentrix Ascend", "Open Dental", "Eaglesoft", "Curve Hero", "Available", "Planned",
            "Reads locations, providers, code list, patients, appointments", "Writes clinical notes, procedures",
            "Documents by hand:", "Route: Henry Schein One", "How sure we are: Built from public client code",
        ):  # fmt: skip
            assert words in shown, words


def test_a_card_names_light_environment_times_and_calls(world: ConnectionWorld) -> None:
    shown = texts(world.page)
    for words in ("Ready", "Rehearsal", "checked just now", "Last good read", "Last good write", "never",
                  "Calls this month", "Writing is not yet confirmed for: Chart notes"):  # fmt: skip
        assert words in shown, words


def test_green_decays_to_grey_with_its_age(tmp_path: Path, qtbot: QtBot) -> None:
    with fake_world(tmp_path / "data") as world:
        add(world)
        practice = world.practice
        with practice.store.write() as uow:
            found = uow.connections.get(ONE)
            assert found.report is not None
            assert found.tested_at is not None
            long_ago = found.tested_at - timedelta(days=3)
            uow.connections.set_report(ONE, found.report, long_ago)
            uow.connections.note_good_read(ONE, long_ago)
        world.start(qtbot)
        assert "Not proven now" in texts(world.page)
        assert "checked 3 days ago" in texts(world.page)
        assert "Press Test Connection." in texts(world.page)


def test_test_connection_shows_its_steps_and_its_result(tmp_path: Path, qtbot: QtBot) -> None:
    with simulator_world(tmp_path / "data") as world:
        add(world)
        world.start(qtbot)
        seen: set[str] = set()
        steps = find(world.page, QWidget, f"testSteps{ONE}")
        press(qtbot, world.page, f"test{ONE}")

        def is_done() -> bool:
            seen.update(texts(steps).splitlines())
            return "Everything needed can be read." in texts(world.page)

        wait(qtbot, is_done)
        assert any("Signed in." in line for line in seen)
        assert "reload" in world.engine.asked


def test_missing_permissions_say_what_they_stop_and_can_be_copied(world: ConnectionWorld, qtbot: QtBot) -> None:
    assert world.pms is not None
    world.pms.missing_permissions = (Permission.TREATMENT_PLANS, Permission.PATIENTS)
    press(qtbot, world.page, f"test{ONE}")
    wait(qtbot, lambda: "Limited" in texts(world.page))
    assert "Missing permission: Patients. Patients cannot be synced" in texts(world.page)
    press(qtbot, world.page, f"missing{ONE}Copy")
    assert "Treatment plans" in QGuiApplication.clipboard().text()


def test_a_failed_test_says_one_sentence_and_one_next_step(world: ConnectionWorld, qtbot: QtBot) -> None:
    secrets = world.practice.secrets
    assert isinstance(secrets, MemorySecrets)
    for name in secrets.values:
        secrets.values[name] = "changed-at-the-pms"
    press(qtbot, world.page, f"test{ONE}")
    wait(qtbot, lambda: "Not working" in texts(world.page))
    assert "The PMS refused the credentials." in texts(world.page)
    assert "press Reconnect" in texts(world.page)


def test_sync_now_shows_progress_and_is_cancelled(tmp_path: Path, qtbot: QtBot) -> None:
    with simulator_world(tmp_path / "data", patients=3000) as world:
        add(world)
        assert world.simulator is not None
        world.simulator.switches.page_delay_ms = 150.0
        world.start(qtbot)
        press(qtbot, world.page, f"sync{ONE}")
        bar = find(world.page, QProgressBar, f"sync{ONE}ProgressBar")
        wait(qtbot, lambda: "Reading patients" in texts(world.page))
        assert bar.isVisible()
        assert not find(world.page, QPushButton, f"sync{ONE}").isEnabled()
        press(qtbot, world.page, f"sync{ONE}ProgressCancel")
        wait(qtbot, lambda: "was stopped" in texts(world.page))
        assert not bar.isVisible()
        assert f"cancel {ONE}" in world.engine.asked
        world.simulator.switches.page_delay_ms = 0.0
        press(qtbot, world.page, f"sync{ONE}")
        wait(qtbot, lambda: "is up to date" in texts(world.page))


def test_progress_names_count_total_and_time_left(world: ConnectionWorld) -> None:
    world.page.on_event(SyncProgressed(ONE, "patients", 1200, 4000, 42.0))
    assert "Reading patients: 1,200 of 4,000, about 40 seconds left" in texts(world.page)
    world.page.on_event(SyncProgressed(ONE, "patients", 1300, None, None))
    assert "Reading patients: 1,300" in texts(world.page)
    world.page.on_event(EngineStopped(will_restart=True))
    assert "The sync was interrupted" in texts(world.page)
    world.page.on_event(SyncFinished(ONE, "not_reachable", "Oak Street does not answer.", 0, 0, 0, 0))
    assert "Oak Street does not answer." in texts(world.page)


def test_a_sync_that_never_starts_is_not_promised_for_ever(
    world: ConnectionWorld, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_module, "START_WITHIN_MS", 0)
    monkeypatch.setattr(world.engine, "sync_now", lambda _connection_id: None)
    press(qtbot, world.page, f"sync{ONE}")
    wait(qtbot, lambda: "The sync has not started." in texts(world.page))
    assert find(world.page, QPushButton, f"sync{ONE}").isEnabled()


def test_f5_syncs_what_can_be_read(world: ConnectionWorld, qtbot: QtBot) -> None:
    assert world.page.on_command(Command.SYNC)
    wait(qtbot, lambda: "is up to date" in texts(world.page))
    assert not world.page.on_command(Command.SEND)


def test_location_and_default_provider_are_chosen_from_the_synced_lists(world: ConnectionWorld, qtbot: QtBot) -> None:
    location = find(world.page, QComboBox, f"places{ONE}Location")
    assert not location.isEnabled()
    press(qtbot, world.page, f"sync{ONE}")
    wait(qtbot, lambda: "is up to date" in texts(world.page))
    wait(qtbot, lambda: location.isEnabled() and location.count() == 3)
    location.setFocus()
    QTest.keyClick(location, Qt.Key.Key_Down)
    location.activated.emit(location.currentIndex())
    wait(qtbot, lambda: world.practice.connect.connections()[0].settings.location_id is not None)
    wait(qtbot, lambda: "The location was saved." in texts(world.page) and world.tasks.is_idle)
    provider = find(world.page, QComboBox, f"places{ONE}Provider")
    wait(qtbot, provider.isEnabled)
    assert [provider.itemText(i) for i in range(provider.count())] == ["None", "Lee, Sam", "Moe, Ida"]
    provider.setCurrentIndex(2)
    provider.activated.emit(2)
    wait(qtbot, lambda: world.practice.connect.connections()[0].settings.default_provider_id == "p2")
    wait(qtbot, lambda: "The default provider was saved." in texts(world.page))


def test_a_provider_of_denticode_is_linked_on_the_card(world: ConnectionWorld, qtbot: QtBot) -> None:
    with world.practice.store.write() as uow:
        provider_id = uow.people.find_or_add_provider("Lee, Sam", "")
    sync_in_test(world)
    world.page.refresh()
    choice = f"links{ONE}Choice{provider_id}"
    wait(qtbot, lambda: any(b.count() == 3 for b in world.page.findChildren(QComboBox, choice)))
    wait(qtbot, lambda: world.tasks.is_idle)
    find(world.page, QComboBox, choice).setCurrentIndex(1)
    press(qtbot, world.page, f"links{ONE}Go{provider_id}")
    wait(qtbot, lambda: "The provider was linked." in texts(world.page))
    rows, _ = world.practice.people.providers(world.practice.setup.actor(None), ONE)
    assert rows[0].link is not None
    assert rows[0].link.pms_provider_id == PmsProviderId("p1")


def test_disconnect_asks_and_says_what_stays(
    world: ConnectionWorld, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(_parent: QWidget, _title: str, text: str, _yes: str, **_more: object) -> bool:
        asked.append(text)
        return len(asked) > 1

    monkeypatch.setattr(page_module, "confirm", answer)
    press(qtbot, world.page, f"disconnect{ONE}")
    assert "stays queued" in asked[0]
    assert world.practice.connect.connections()[0].is_enabled
    press(qtbot, world.page, f"disconnect{ONE}")
    wait(qtbot, lambda: not find(world.page, QPushButton, f"sync{ONE}").isVisible())
    assert "Disconnected. The credentials were removed" in texts(world.page)
    secrets = world.practice.secrets
    assert isinstance(secrets, MemorySecrets)
    assert secrets.values == {}
    press(qtbot, world.page, f"reconnect{ONE}")
    dialog = the_dialog("reconnectDialog")
    assert not find(dialog, QAbstractButton, "reconnectStored").isVisible()
    press(qtbot, dialog, "reconnectGo")
    assert "Client secret is missing" in texts(dialog)
    type_into(dialog, "reconnect_client_secret", "wrong-secret")
    press(qtbot, dialog, "reconnectGo")
    wait(qtbot, lambda: "The PMS refused the credentials." in texts(dialog))
    edit = find(dialog, QLineEdit, "reconnect_client_secret")
    assert edit.text() == ""
    assert "wrong-secret" not in every_text(world.window) + every_text(dialog)
    assert not world.practice.connect.connections()[0].is_enabled
    type_into(dialog, "reconnect_client_secret", RIGHT_SECRET)
    QTest.keyClick(edit, Qt.Key.Key_Return)
    wait(qtbot, lambda: not open_dialogs("reconnectDialog"))
    wait(qtbot, lambda: "Ready" in texts(world.page))
    assert RIGHT_SECRET not in every_text(world.window)


def test_reconnect_with_the_stored_credentials_lifts_the_hold(world: ConnectionWorld, qtbot: QtBot) -> None:
    with world.practice.store.write() as uow:
        uow.connections.set_hold(ONE, HoldReason.SIGN_IN)
    world.page.refresh()
    wait(qtbot, lambda: "no longer accepts the sign-in" in texts(world.page))
    assert not find(world.page, QPushButton, f"sync{ONE}").isEnabled()
    world.page.open_connection(ONE, reconnect=True)
    dialog = the_dialog("reconnectDialog")
    assert find(dialog, QAbstractButton, "reconnectStored").isVisible()
    press(qtbot, dialog, "reconnectGo")
    wait(qtbot, lambda: not open_dialogs("reconnectDialog"))
    wait(qtbot, lambda: "no longer accepts the sign-in" not in texts(world.page))
    assert world.practice.connect.connections()[0].hold is None


def test_front_office_may_sync_and_test_but_not_manage(tmp_path: Path, qtbot: QtBot) -> None:
    with fake_world(tmp_path / "data") as world:
        add(world)
        object.__setattr__(world.services, "actor", Actor("Fran", Role.FRONT_OFFICE))
        world.start(qtbot)
        assert find(world.page, QPushButton, f"sync{ONE}").isEnabled()
        assert find(world.page, QPushButton, f"test{ONE}").isEnabled()
        for name in (f"reconnect{ONE}", f"disconnect{ONE}"):
            assert not find(world.page, QPushButton, name).isEnabled(), name


def test_cards_stay_the_same_widgets_when_something_changes(world: ConnectionWorld, qtbot: QtBot) -> None:
    before = find(world.page, QWidget, f"connection{ONE}")
    snapshot = world.page.model.snapshot
    world.page.refresh()
    wait(qtbot, lambda: world.page.model.snapshot is not snapshot)
    assert find(world.page, QWidget, f"connection{ONE}") is before


def test_a_long_and_hostile_name_breaks_no_layout(world: ConnectionWorld, qtbot: QtBot) -> None:
    assert world.pms is not None
    world.pms.organization_name = "\u202e<b>" + "x" * 10_000
    world.pms.put(PmsProvider(PmsProviderId("p9"), "A" * 10_000, "<img src=x>\u202e"))
    sync_in_test(world)
    press(qtbot, world.page, f"test{ONE}")
    wait(qtbot, lambda: "<b>xxx" in texts(world.page))
    assert world.page.minimumSizeHint().width() < 900
    assert "\u202e" not in texts(world.page)


def test_every_control_has_a_name_and_every_label_is_plain(world: ConnectionWorld, qtbot: QtBot) -> None:
    press(qtbot, world.page, "connectionAdd")
    wizard = world.wizard
    press(qtbot, wizard, "wizardNext")
    press(qtbot, wizard, "wizardNext")
    for root in (world.window, wizard):
        for kind in (QAbstractButton, QLineEdit, QComboBox, QProgressBar):
            for widget in root.findChildren(kind):
                if widget.focusPolicy() is not Qt.FocusPolicy.NoFocus and widget.objectName() != "qt_spinbox_lineedit":
                    assert widget.accessibleName(), (kind, widget.objectName())
                    assert widget.objectName(), (kind, widget.accessibleName())
        for label in root.findChildren(QLabel):
            assert label.textFormat() is Qt.TextFormat.PlainText, label.text()
