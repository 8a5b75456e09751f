"""Finalize: what the preview says is what goes into the chart; and where it goes when several PMSs fit."""

from dataclasses import replace
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QRadioButton
from pytestqt.qtbot import QtBot

from denticode_desktop.domain.errors import PersonNeededError
from denticode_desktop.domain.ids import ConnectionId, LabId, PmsPatientId, WriteBackId
from denticode_desktop.domain.write_back import ItemState
from denticode_desktop.services.lab_views import LabView, LinkView
from denticode_desktop.services.outbox import Outbox, SendResult
from denticode_desktop.services.status_board import ConnectionCard
from denticode_desktop.ui.labs.actions import LabActions
from denticode_desktop.ui.labs.preview import PreviewDialog, field_words
from denticode_desktop.ui.labs.reading import LabPicture, read_picture
from denticode_desktop.ui.labs.send import ChoosePmsDialog, Target, targets_of
from denticode_desktop.ui.window_services import PageContext
from tests.ui.hands import WAIT_MS, click, find, in_dialog, press, texts, wait_for_words
from tests.ui.window_world import WindowWorld

from .page_hands import CODES, labs_page, rest, show_lab

ONE, TWO = ConnectionId(1), ConnectionId(2)


def finalize_with(world: WindowWorld, qtbot: QtBot, lab_id: LabId, name: str) -> str:
    """Opens the draft, presses Finalize and then that button of the preview; what the preview said."""
    page = labs_page(world, qtbot)
    show_lab(world, qtbot, page, lab_id)
    said: list[str] = []

    def answer(dialog: PreviewDialog) -> None:
        said.append(texts(dialog))
        click(find(dialog, QPushButton, name))

    expected = in_dialog(PreviewDialog, answer)
    page.side.finalize_wanted.emit(lab_id)
    qtbot.waitUntil(lambda: expected.is_done, timeout=WAIT_MS)
    rest(world, qtbot)
    return said[0]


def test_preview_says_each_line_and_finalize_and_send_puts_them_into_the_chart(
    world: WindowWorld, qtbot: QtBot
) -> None:
    lab_id = world.import_lab(world.patients()[5], procedures=CODES)
    said = finalize_with(world, qtbot, lab_id, "previewSend")

    assert "Note of 2026-11-20" in said
    assert "Procedure T0101 treatment-planned" in said
    assert "By hand: T0501 tooth 14 MO" in said
    assert "patient 9000" in said
    page = labs_page(world, qtbot)
    wait_for_words(qtbot, page, "Finalized. Queued. It goes into the chart by itself")
    world.drain()
    assert len(world.practice.outbox.queue({ItemState.DONE})) == 2
    wait_for_words(qtbot, page.side, "In chart, seen ")


def test_finalize_alone_sends_nothing(world: WindowWorld, qtbot: QtBot) -> None:
    lab_id = world.import_lab(world.patients()[5])
    finalize_with(world, qtbot, lab_id, "previewFinalize")

    page = labs_page(world, qtbot)
    wait_for_words(qtbot, page, "Finalized. Press Send Lab to PMS when it should go into the chart.")
    assert all(view.requested_at is None for view in world.practice.outbox.queue())
    assert find(page, QPushButton, "labSend").isVisible()


def test_back_changes_nothing(world: WindowWorld, qtbot: QtBot) -> None:
    lab_id = world.import_lab(world.patients()[5])
    finalize_with(world, qtbot, lab_id, "finalizePreviewCancel")

    assert world.services.labs.show(world.actor, lab_id).revisions[-1].finalized_at is None
    assert labs_page(world, qtbot).side.is_editing


def test_what_must_be_corrected_is_said_with_its_field_and_nothing_can_be_finalized(
    world: WindowWorld, qtbot: QtBot
) -> None:
    unknown = {"code": "T9999", "status": "treatment_planned"}
    lab_id = world.import_lab(world.patients()[5], procedures=[CODES[0], unknown])
    said = finalize_with(world, qtbot, lab_id, "finalizePreviewCancel")

    assert "Cannot finalize yet" in said
    assert "Code line 2: The practice's code list in" in said and "has no code T9999" in said
    page = labs_page(world, qtbot)
    expected = in_dialog(PreviewDialog, lambda dialog: dialog.reject())
    page.side.finalize_wanted.emit(lab_id)
    qtbot.waitUntil(lambda: expected.is_done, timeout=WAIT_MS)
    assert world.services.labs.show(world.actor, lab_id).revisions[-1].finalized_at is None


def test_stranger_may_be_finalized_but_send_is_not_offered(world: WindowWorld, qtbot: QtBot) -> None:
    person = {"first_name": "Jo", "last_name": "Nobody", "date_of_birth": "1990-05-17"}
    lab_id = world.import_lab(world.patients()[5], external_id="stranger", patient=person)
    page = labs_page(world, qtbot)
    show_lab(world, qtbot, page, lab_id)

    def answer(dialog: PreviewDialog) -> None:
        assert dialog.findChild(QPushButton, "previewSend") is None
        assert "no chart matched yet" in texts(dialog)
        assert "Nothing can be added there yet." in texts(dialog)
        assert "is not matched to a patient in" in texts(dialog)
        click(find(dialog, QPushButton, "previewFinalize"))

    expected = in_dialog(PreviewDialog, answer)
    page.side.finalize_wanted.emit(lab_id)
    wait_for_words(qtbot, page, "Finalized. It is not sent. The Lab's patient is not matched")
    assert expected.is_done and expected.error is None
    rest(world, qtbot)
    assert find(page, QPushButton, "labObstacle0Button").isVisible()


def test_preview_is_answered_by_keys_and_begins_on_the_safe_button(world: WindowWorld, qtbot: QtBot) -> None:
    lab_id = world.import_lab(world.patients()[5])
    page = labs_page(world, qtbot)
    show_lab(world, qtbot, page, lab_id)

    def answer(dialog: PreviewDialog) -> None:
        assert dialog.cancel.hasFocus() or dialog.focusWidget() is dialog.cancel
        QTest.keyClick(dialog.cancel, Qt.Key.Key_Tab)
        assert dialog.focusWidget() is find(dialog, QPushButton, "previewFinalize")
        QTest.keyClick(dialog, Qt.Key.Key_Escape)

    expected = in_dialog(PreviewDialog, answer)
    page.side.finalize_wanted.emit(lab_id)
    qtbot.waitUntil(lambda: expected.is_done, timeout=WAIT_MS)
    assert expected.error is None
    assert world.services.labs.show(world.actor, lab_id).revisions[-1].finalized_at is None


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("procedures[1].code", "Code line 2"), ("procedures", "Codes"), ("note.text", "Note"),
        ("patient.date_of_birth", "Patient"), ("visit_date", "Visit date"), ("else", "else"),
    ],
)  # fmt: skip
def test_field_of_a_problem_is_named_as_the_person_sees_it(path: str, words: str) -> None:
    assert field_words(path) == words


# -- several PMSs -----------------------------------------------------------------------------------------------------


class RecordingOutbox:
    """Outbox that remembers where a Lab was sent, and refuses one connection."""

    def __init__(self, refused: ConnectionId | None = None) -> None:
        self.sent: list[tuple[LabId, ConnectionId | None]] = []
        self._refused = refused

    def send(self, actor: object, lab_id: LabId, connection_id: ConnectionId | None) -> SendResult:
        if connection_id is not None and connection_id == self._refused:
            raise PersonNeededError("The provider is not matched. Match the provider, then send.", field="provider")
        self.sent.append((lab_id, connection_id))
        return SendResult(WriteBackId(1), ONE)

    def is_all_paused(self) -> bool:
        return False


def with_second_pms(picture: LabPicture) -> LabPicture:
    """As if the patient were matched in a second PMS too."""
    [card] = picture.cards
    settings = replace(card.connection.settings, name="North office")
    second = replace(card, connection=replace(card.connection, connection_id=TWO, settings=settings))
    [link] = picture.view.links
    links = (link, LinkView(TWO, "North office", PmsPatientId("77"), link.rule))
    return replace(picture, view=replace(picture.view, links=links), cards=(card, second))


def test_lab_that_fits_two_pmss_asks_where_to(world: WindowWorld, qtbot: QtBot) -> None:
    lab_id = world.finalized_lab(world.patients()[3])
    page = labs_page(world, qtbot)
    outbox = RecordingOutbox()
    services = replace(world.services, outbox=cast(Outbox, outbox))
    actions = LabActions(page, PageContext(services, world.tasks, world.bridge, world.window))
    picture = with_second_pms(read_picture(world.services, lab_id, is_refresh=True))

    def choose(dialog: ChoosePmsDialog) -> None:
        assert not dialog.go.isEnabled()
        assert "North office" in find(dialog, QRadioButton, "choosePms1").text()
        QTest.keyClick(find(dialog, QRadioButton, "choosePms1"), Qt.Key.Key_Space)
        click(dialog.go)

    expected = in_dialog(ChoosePmsDialog, choose)
    actions.send(picture)
    qtbot.waitUntil(lambda: bool(outbox.sent), timeout=WAIT_MS)
    assert expected.error is None
    assert outbox.sent == [(lab_id, TWO)]


def test_refused_send_says_why_and_offers_the_way_on(world: WindowWorld, qtbot: QtBot) -> None:
    lab_id = world.finalized_lab(world.patients()[3])
    page = labs_page(world, qtbot)
    services = replace(world.services, outbox=cast(Outbox, RecordingOutbox(refused=ONE)))
    actions = LabActions(page, PageContext(services, world.tasks, world.bridge, world.window))
    actions.send(read_picture(world.services, lab_id, is_refresh=True))

    wait_for_words(qtbot, page, "The provider is not matched. Match the provider, then send.")
    assert page.notice.button.text() == "Link provider \u2026"
    press(qtbot, page, "pageMessageButton")
    qtbot.waitUntil(world.window.page("connections").isVisible, timeout=WAIT_MS)


def changed(view: LabView, **of_write_back: object) -> LabView:
    """The view with its only write-back changed."""
    [revision] = view.revisions
    [write_back] = revision.write_backs
    made = replace(write_back.writeback, **of_write_back)  # type: ignore[arg-type]
    return replace(view, revisions=(replace(revision, write_backs=(replace(write_back, writeback=made),)),))


def test_send_is_offered_where_something_is_unsent_and_the_patient_has_a_chart(world: WindowWorld) -> None:
    lab_id = world.finalized_lab(world.patients()[3])
    picture = read_picture(world.services, lab_id, is_refresh=True)
    view, cards = picture.view, picture.cards
    now = world.services.utc_now()
    here = [Target(ONE, cards[0].connection.settings.name)]

    assert targets_of(view, cards) == here
    sent = changed(view, requested_at=now)
    assert targets_of(sent, cards) == []
    elsewhere = changed(sent, pms_patient_id=PmsPatientId("another"))
    assert targets_of(elsewhere, cards) == here
    assert targets_of(replace(view, links=(replace(view.links[0], pms_patient_id=None),)), cards) == []
    off = [ConnectionCard(replace(c.connection, is_enabled=False), c.light, c.words, c.hold, None) for c in cards]
    assert targets_of(view, off) == []
    draft = replace(view, revisions=(replace(view.revisions[0], finalized_at=None, write_backs=()),))
    assert targets_of(draft, cards) == []
