"""The audit page over a real log, and over one that is as long as years make it."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event

import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QProgressBar, QPushButton
from pytestqt.qtbot import QtBot

from denticode_desktop.domain.access import Actor, Role
from denticode_desktop.domain.audit_event import AuditKind
from denticode_desktop.domain.errors import StoppedError
from denticode_desktop.ports.views import AuditFilter
from denticode_desktop.services.audit_log import VerifyResult, Watch
from denticode_desktop.ui.audit import AuditPage
from denticode_desktop.ui.audit.model import BLOCK, KEPT_BLOCKS
from denticode_desktop.ui.audit.words import GROUPS, KIND_WORDS, kinds_of
from denticode_desktop.ui.page import PageState
from denticode_desktop.ui.window_services import PageContext, WindowServices
from tests.ui.hands import WAIT_MS, find, press, texts, wait_for_words
from tests.ui.heart_beat import heart_beat
from tests.ui.stand_ins import FakeLog, with_stand_ins
from tests.ui.window_world import WindowWorld

CI_GAP_MS = 400.0
MANY = 100_000


def opened(world: WindowWorld, qtbot: QtBot, services: WindowServices) -> AuditPage:
    """A page of its own over these services."""
    page = AuditPage(PageContext(services, world.tasks, world.bridge, world.window))
    qtbot.addWidget(page)
    page.resize(1000, 700)
    page.show()
    page.on_shown()
    qtbot.waitUntil(lambda: world.tasks.is_idle and page.state is not PageState.LOADING, timeout=WAIT_MS)
    return page


@pytest.fixture
def page(world: WindowWorld, qtbot: QtBot) -> AuditPage:
    """The window's own."""
    world.window.open_page("audit")
    found = world.window.page("audit")
    assert isinstance(found, AuditPage)
    qtbot.waitUntil(lambda: found.state is PageState.FULL and not found.model.is_reading, timeout=WAIT_MS)
    return found


def has_rows(page: AuditPage, least: int) -> bool:
    return page.model.rowCount() >= least


def cell(page: AuditPage, row: int, column: int) -> str:
    return str(page.model.index(row, column).data())


def test_newest_event_is_first_and_screen_readers_hear_the_same(page: AuditPage) -> None:
    assert cell(page, page.model.rowCount() - 1, 3) == "Practice set up"
    assert cell(page, page.model.rowCount() - 1, 2) == "Sam Lee"
    assert cell(page, 0, 0) == f"{page.model.rowCount():,}"
    assert page.model.index(0, 3).data(Qt.ItemDataRole.AccessibleTextRole) == cell(page, 0, 3)
    assert find(page, QLabel, "auditCount").text() == f"{page.model.rowCount()} events"


def test_chosen_event_is_shown_whole(page: AuditPage, qtbot: QtBot) -> None:
    assert not page.details.isVisible()
    page.table.selectRow(page.model.rowCount() - 1)

    assert page.details.isVisible()
    assert "Code: practice.created" in page.details.words
    assert "Hash before: " + "0" * 64 in page.details.words
    qtbot.waitUntil(page.window().isActiveWindow, timeout=WAIT_MS)
    QTest.keyClick(page.window(), Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not page.details.isVisible(), timeout=WAIT_MS)


def test_filters_narrow_the_log_and_clear_shows_it_again(page: AuditPage, world: WindowWorld, qtbot: QtBot) -> None:
    everything = page.model.rowCount()
    group = find(page, QComboBox, "auditGroup")
    group.setCurrentIndex(next(n for n, (words, _) in enumerate(GROUPS) if words == "Labs"))
    wait_for_words(qtbot, page, "fit the filters")
    assert 0 < page.model.rowCount() < everything
    assert {cell(page, row, 3) for row in range(page.model.rowCount())} <= {"Lab imported", "Lab edited"}

    QTest.keyClicks(find(page, QLineEdit, "auditFilter"), "no such words")
    wait_for_words(qtbot, page, "No event fits the filters.")
    assert not find(page, QPushButton, "auditCsv").isEnabled()
    press(qtbot, page, "auditClear")
    qtbot.waitUntil(lambda: page.model.rowCount() == everything, timeout=WAIT_MS)


def test_person_outcome_and_time_are_filters_too(page: AuditPage, qtbot: QtBot) -> None:
    person = find(page, QComboBox, "auditPerson")
    person.setCurrentIndex(person.findData("Sam Lee"))
    assert page.filters.wanted().actor == "Sam Lee"
    outcome = find(page, QComboBox, "auditOutcome")
    outcome.setCurrentIndex(outcome.findData("new"))
    assert page.filters.wanted().outcome == "new"
    wait_for_words(qtbot, page, "1 event fit the filters")
    page.filters.clear()
    page.filters.span.setCurrentIndex(page.filters.span.count() - 1)
    assert page.filters.since.isVisible()
    wanted = page.filters.wanted()
    assert wanted.since is not None
    assert wanted.until is not None
    assert (wanted.until - wanted.since).days == 1


def test_verify_tells_that_the_log_is_whole(page: AuditPage, qtbot: QtBot) -> None:
    press(qtbot, page, "auditVerify")

    wait_for_words(qtbot, page, "The audit log is whole:")
    assert find(page, QPushButton, "auditVerify").isEnabled()


def test_long_verify_shows_how_far_it_is_and_can_be_stopped(world: WindowWorld, qtbot: QtBot) -> None:
    log, is_stopped = FakeLog(500), Event()

    def verify(_actor: Actor, watch: Watch) -> VerifyResult:
        watch.tell(400, 1000)
        while not watch.is_stopped():
            is_stopped.wait(0.001)
        is_stopped.set()
        raise StoppedError

    setattr(log, "verify", verify)  # noqa: B010
    page = opened(world, qtbot, with_stand_ins(world.services, log=log))
    press(qtbot, page, "auditVerify")
    bar = find(page, QProgressBar, "auditBusyBar")
    qtbot.waitUntil(lambda: (bar.value(), bar.maximum()) == (400, 1000), timeout=WAIT_MS)
    assert not find(page, QPushButton, "auditCsv").isEnabled()
    press(qtbot, page, "auditBusyCancel")
    qtbot.waitUntil(is_stopped.is_set, timeout=WAIT_MS)
    assert "Stopped" in texts(page)
    assert find(page, QPushButton, "auditVerify").isEnabled()


def test_verify_names_the_first_bad_event(world: WindowWorld, qtbot: QtBot) -> None:
    log = FakeLog(500)
    setattr(log, "verify", lambda _actor, _watch: VerifyResult(False, 16, "f" * 64, 17, "Event 17 was changed."))  # noqa: B010
    page = opened(world, qtbot, with_stand_ins(world.services, log=log))
    press(qtbot, page, "auditVerify")

    wait_for_words(qtbot, page, "First bad event: 17. Event 17 was changed.")


def test_export_writes_what_the_filters_show_and_never_over_a_file(
    page: AuditPage, qtbot: QtBot, tmp_path: Path
) -> None:
    out = tmp_path / "audit.csv"
    page.export_to("csv", out)
    wait_for_words(qtbot, page, "events were written to audit.csv")
    assert "practice.created" in out.read_text(encoding="utf-8")

    page.export_to("csv", out)
    qtbot.waitUntil(lambda: "audit.csv" not in page.notice.words or "exists" in page.notice.words, timeout=WAIT_MS)
    whole = tmp_path / "audit.jsonl"
    page.export_to("jsonl", whole)
    wait_for_words(qtbot, page, "events were written to audit.jsonl")
    assert json.loads(whole.read_text(encoding="utf-8").splitlines()[0])


def test_role_that_may_not_read_the_log_is_told_so(world: WindowWorld, qtbot: QtBot) -> None:
    services = replace(world.services, actor=Actor("Kim", Role.FRONT_OFFICE))
    page = opened(world, qtbot, services)

    assert "Your role may not read the audit log." in texts(page)
    assert not find(page, QPushButton, "auditCsv").isVisible()


def test_long_log_opens_at_once_and_any_place_is_a_jump_away(world: WindowWorld, qtbot: QtBot) -> None:
    log = FakeLog(MANY)
    page = opened(world, qtbot, with_stand_ins(world.services, log=log))
    assert log.pages == 1
    assert page.model.rowCount() == MANY

    page.table.scrollToBottom()
    qtbot.waitUntil(lambda: cell(page, MANY - 1, 0) == "1", timeout=WAIT_MS)
    page.table.scrollTo(page.model.index(MANY // 2, 0))
    qtbot.waitUntil(lambda: cell(page, MANY // 2, 0) == f"{MANY - MANY // 2:,}", timeout=WAIT_MS)
    assert log.pages < 12


def test_filtered_log_grows_as_one_scrolls_and_comes_back_the_same(world: WindowWorld, qtbot: QtBot) -> None:
    log = FakeLog(MANY)
    page = opened(world, qtbot, with_stand_ins(world.services, log=log))
    page.model.open(AuditFilter(kinds=(AuditKind.LAB_FINALIZED.value,)))
    qtbot.waitUntil(lambda: page.model.rowCount() == BLOCK, timeout=WAIT_MS)
    first = cell(page, 0, 0)

    for blocks in range(2, 6):
        page.table.scrollToBottom()
        qtbot.waitUntil(partial(has_rows, page, blocks * BLOCK), timeout=WAIT_MS)
    seqs = [int(cell(page, row, 0).replace(",", "")) for row in range(page.model.rowCount())]
    assert seqs == sorted(seqs, reverse=True)
    assert len(set(seqs)) == len(seqs)
    page.table.scrollToTop()
    assert cell(page, 0, 0) == first


def test_window_answers_while_a_long_log_is_scrolled(world: WindowWorld, qtbot: QtBot) -> None:
    page = opened(world, qtbot, with_stand_ins(world.services, log=FakeLog(MANY)))
    bar = page.table.verticalScrollBar()
    with heart_beat() as beat:
        for place in range(0, bar.maximum(), bar.maximum() // 120):
            bar.setValue(place)
            QCoreApplication.processEvents()
        qtbot.waitUntil(lambda: world.tasks.is_idle and not page.model.is_reading, timeout=WAIT_MS)

    assert beat.largest_gap_ms < CI_GAP_MS
    assert len(page.model._blocks) <= KEPT_BLOCKS


def test_every_kind_has_words_and_is_in_a_group() -> None:
    assert set(KIND_WORDS) == set(AuditKind)
    grouped = {kind for _, prefixes in GROUPS for kind in kinds_of(prefixes)}
    assert grouped == {kind.value for kind in AuditKind}
