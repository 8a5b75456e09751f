"""The window as a person uses it: real services, store and simulator; only the engine process is a stand-in."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from denticode_desktop.domain.events import EngineStarted, EngineStopped, SyncFinished, SyncProgressed, SyncScheduled
from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.ui.light import Light
from denticode_desktop.ui.pages import PAGES
from denticode_desktop.ui.status_strip import StatusStrip
from denticode_desktop.ui.theme import DARK, LIGHT, Tokens, contrast
from denticode_desktop.ui.theme.style import style_sheet
from denticode_desktop.ui.widgets import LineLabel, PlainLabel, shown
from tests.ui.window_world import WindowWorld

WAIT_MS = 10_000
CONTROLS = (QAbstractButton, QLineEdit, QPlainTextEdit, QComboBox, QAbstractItemView, QAbstractSpinBox)


def texts(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def is_part_of_another(control: QWidget) -> bool:
    """Qt's own parts: the view and edit of a combo, the buttons of a calendar, a header's corner, a clear button."""
    names = {"qt_spinbox_lineedit", "qt_calendar_calendarview", "qt_tabwidget_tabbar"}
    parent = control.parentWidget()
    while parent is not None:
        if isinstance(parent, (QComboBox, QLineEdit, QAbstractSpinBox)) or parent.inherits("QCalendarWidget"):
            return True
        parent = parent.parentWidget()
    return control.objectName() in names or control.inherits("QHeaderView") or control.inherits("QTableCornerButton")


def nameless(root: QWidget) -> list[str]:
    """Controls that a screen reader or a test could not tell, and labels that could draw what they are given."""
    found = []
    for kind in CONTROLS:
        for control in root.findChildren(kind):
            if is_part_of_another(control):
                continue
            name = control.accessibleName() or (control.text() if isinstance(control, QAbstractButton) else "")
            if not name or not control.objectName():
                found.append(f"{type(control).__name__} {control.objectName()!r} {name!r}")
    for label in root.findChildren(QLabel):
        if label.textFormat() is not Qt.TextFormat.PlainText and label.text():
            found.append(f"label {label.text()!r} is not plain text")
    return found


def test_every_control_of_every_page_has_a_name_and_every_label_is_plain_text(
    world: WindowWorld, qtbot: QtBot
) -> None:
    world.fill_today()
    for spec in PAGES:
        world.window.open_page(spec.key)
        qtbot.waitUntil(lambda: world.tasks.is_idle, timeout=WAIT_MS)

        assert not nameless(world.window), spec.key


def test_pages_are_reached_by_keys_and_the_rail_follows(world: WindowWorld, qtbot: QtBot) -> None:
    for number, spec in enumerate(PAGES, 1):
        QTest.keyClick(world.window, getattr(Qt.Key, f"Key_{number}"), Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(world.window.page(spec.key).isVisible, timeout=WAIT_MS)
        assert world.window.rail.list.currentRow() == number - 1


def test_f5_syncs_every_connection(world: WindowWorld, qtbot: QtBot) -> None:
    QTest.keyClick(world.window, Qt.Key.Key_F5)

    qtbot.waitUntil(lambda: "sync 1" in world.engine.asked, timeout=WAIT_MS)


def test_environment_is_named_and_no_patient_is_in_the_title(world: WindowWorld, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: "Rehearsal" in world.window.windowTitle(), timeout=WAIT_MS)

    assert world.window.band.words.text() == "Rehearsal - nothing here is real"
    assert world.window.band.property("environment") == "rehearsal"
    world.fill_today()
    world.window.open_page("labs")
    qtbot.waitUntil(lambda: world.tasks.is_idle, timeout=WAIT_MS)
    assert "Ruiz" not in world.window.windowTitle()


def test_strip_tells_lights_counts_sync_and_the_engine(world: WindowWorld, qtbot: QtBot) -> None:
    strip = world.window.strip
    qtbot.waitUntil(lambda: "Ready" in strip.words and "Needs you 0" in strip.words, timeout=WAIT_MS)

    world.bridge.publish(SyncProgressed(ConnectionId(1), "patients", 1_200, 40_000, None))
    qtbot.waitUntil(lambda: "Reading patients: 1,200 of 40,000" in strip.words, timeout=WAIT_MS)
    world.bridge.publish(SyncFinished(ConnectionId(1), "ok", "Main office is up to date.", 1, 1, 0, 0))
    qtbot.waitUntil(lambda: "Main office is up to date." in strip.words, timeout=WAIT_MS)
    world.bridge.publish(EngineStarted(is_sender=False))
    qtbot.waitUntil(lambda: "another Denticode is running on this computer" in strip.words, timeout=WAIT_MS)
    world.bridge.publish(EngineStopped(will_restart=True))
    qtbot.waitUntil(lambda: "being started again" in strip.words, timeout=WAIT_MS)
    world.bridge.publish(EngineStarted(is_sender=True))
    qtbot.waitUntil(lambda: "Sending" not in strip.words, timeout=WAIT_MS)


def test_strip_tells_the_next_sync_that_the_engine_named(world: WindowWorld, qtbot: QtBot) -> None:
    strip = world.window.strip
    qtbot.waitUntil(lambda: "Ready" in strip.words, timeout=WAIT_MS)
    assert "Next sync" not in strip.words
    now_s = world.practice.clock.utc_now().timestamp()
    world.bridge.publish(SyncScheduled(now_s + 14 * 60 + 30))
    qtbot.waitUntil(lambda: "Next sync in 14 min" in strip.words, timeout=WAIT_MS)
    world.bridge.publish(SyncScheduled(now_s + 20))
    qtbot.waitUntil(lambda: "Next sync soon" in strip.words, timeout=WAIT_MS)
    world.bridge.publish(EngineStopped(will_restart=True))
    qtbot.waitUntil(lambda: "Next sync" not in strip.words, timeout=WAIT_MS)


def test_strip_keeps_a_light_for_each_of_three_connections_and_counts_the_rest(
    world: WindowWorld, qtbot: QtBot
) -> None:
    [card] = world.services.board.connection_cards()
    strip, now = StatusStrip(), world.practice.clock.utc_now()
    qtbot.addWidget(strip)
    view = world.services.board.strip()
    strip.show_view(replace(view, cards=(card, card, card, card, card)), 0, 0, now)
    assert strip.words.count("Ready") == 3
    assert "and 2 more" in strip.words
    first = strip.findChildren(Light)[0]
    strip.show_view(replace(view, cards=(card,)), 0, 0, now)
    assert strip.words.count("Ready") == 1
    assert "more" not in strip.words
    assert strip.findChildren(Light) == [first]
    strip.show_view(replace(view, cards=()), 0, 0, now)
    assert "No PMS connected" in strip.words
    strip.show_view(view, 0, 0, now)
    assert strip.words.count("Ready") == 1
    assert strip.findChildren(Light) != [first]


def test_narrow_window_keeps_the_rail_as_icons_with_names_for_screen_readers(world: WindowWorld, qtbot: QtBot) -> None:
    world.window.resize(911, 512)
    qtbot.waitUntil(lambda: world.window.rail.width() < 80, timeout=WAIT_MS)

    item = world.window.rail.list.item(2)
    assert item.data(Qt.ItemDataRole.AccessibleTextRole) == "PMS Integrations"
    assert world.window.width() == 911
    world.window.resize(1180, 760)
    qtbot.waitUntil(lambda: world.window.rail.width() > 150, timeout=WAIT_MS)


def test_hostile_text_is_shown_and_never_drawn(qtbot: QtBot) -> None:
    label = PlainLabel("<img src=x> \u202egnp.exe \x07\u200b" + "x" * 10_000)
    qtbot.addWidget(label)

    assert label.textFormat() is Qt.TextFormat.PlainText
    assert not set("\u202e\x07\u200b") & set(label.text())
    assert len(shown("y" * 10_000)) < 2_100


def test_line_with_ten_thousand_letters_takes_no_more_room_than_it_has(qtbot: QtBot) -> None:
    label = LineLabel("Nguyen " * 1_500)
    qtbot.addWidget(label)
    label.resize(200, 24)
    label.show()

    assert label.minimumSizeHint().width() < 60
    assert "<" not in LineLabel("<b>x</b>").toolTip()


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_text_has_enough_contrast(tokens: Tokens) -> None:
    for ground in (tokens.ground, tokens.surface, tokens.sunken):
        for text in (tokens.text, tokens.muted, tokens.good, tokens.warn, tokens.bad, tokens.info, tokens.accent):
            assert contrast(text, ground) >= 4.5, (text, ground)
    for role in ("good", "warn", "bad", "info", "accent"):
        assert contrast(getattr(tokens, role), getattr(tokens, f"{role}_soft")) >= 4.5, role
        assert contrast(tokens.text, getattr(tokens, f"{role}_soft")) >= 4.5, role
    assert contrast(tokens.on_accent, tokens.accent) >= 4.5
    assert contrast(tokens.on_accent, tokens.accent_hover) >= 4.5
    for rail in (tokens.rail, tokens.rail_hover, tokens.rail_selected):
        assert contrast(tokens.on_rail, rail) >= 4.5
    for band in (tokens.band_production, tokens.band_sandbox, tokens.band_rehearsal):
        assert contrast(tokens.on_band, band) >= 4.5
    assert contrast(tokens.edge, tokens.surface) >= 3.0


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_style_sheet_has_no_place_left_open(tokens: Tokens) -> None:
    assert "$" not in style_sheet(tokens)
