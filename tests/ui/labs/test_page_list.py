"""A list of thousands of Labs: it grows as one scrolls, keeps its place, and never holds the window."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import cast

import pytest
from PySide6.QtCore import QModelIndex, QObject, QRect, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtTest import QAbstractItemModelTester, QTest
from pytestqt.qtbot import QtBot

from denticode_desktop.domain.access import Actor, Role
from denticode_desktop.domain.errors import DenticodeError, StorageError
from denticode_desktop.domain.ids import LabId
from denticode_desktop.domain.write_back import ItemState
from denticode_desktop.ports.views import LabSummary
from denticode_desktop.services.lab_desk import LabDesk
from denticode_desktop.ui.labs.list_view import ListPane
from denticode_desktop.ui.labs.model import BLOCK, LabListModel, Query
from denticode_desktop.ui.labs.words import LabFilter, fits, row_of, status_of
from denticode_desktop.ui.task_runner import TaskRunner
from denticode_desktop.ui.widgets.chips import CHECKING, IN_CHART, NEEDS_YOU, NOT_WRITTEN, WAITING
from denticode_desktop.ui.window_services import WindowServices
from tests.ui.hands import WAIT_MS
from tests.ui.heart_beat import heart_beat

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DONE, REVIEW, PLANNED = ItemState.DONE, ItemState.REVIEW, ItemState.PLANNED
CI_GAP_MS = 400.0
"""On a machine that runs other tests at the same time; by itself the window stays below 50."""


def lab(number: int, **changes: object) -> LabSummary:
    made = LabSummary(
        LabId(f"L{number:06}"), 1, date(2026, 11, 20) - timedelta(days=number // 50),
        f"Nguyen-Castellanos {number}, Ana", "Lee, Sam", True, NOW, (DONE,), True, True, (DONE,), NOW,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


class FakeDesk:
    """LabDesk.list over rows in memory; `error` is raised by the next read."""

    def __init__(self, count: int) -> None:
        self.labs = [lab(number, **({"sent_states": (REVIEW,)} if number % 40 == 0 else {})) for number in range(count)]
        self.error: DenticodeError | None = None
        self.reads = 0

    def list(self, actor: Actor, text: str = "", *, limit: int = 200, offset: int = 0) -> Sequence[LabSummary]:
        self.reads += 1
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        found = [one for one in self.labs if text.casefold() in one.patient_name.casefold()]
        return found[offset : offset + limit]


class Services:
    """The part of WindowServices that the list needs."""

    def __init__(self, desk: FakeDesk) -> None:
        self.labs = cast(LabDesk, desk)
        self.actor = Actor("Sam Lee", Role.OWNER)

    def utc_now(self) -> datetime:
        return NOW


class ListWorld:
    """A list pane over a desk of so many Labs, opened."""

    def __init__(self, qtbot: QtBot, count: int) -> None:
        self.desk = FakeDesk(count)
        self.owner = QObject()
        self.tasks = TaskRunner(self.owner)
        self.model = LabListModel(self.owner, cast(WindowServices, Services(self.desk)), self.tasks)
        self.tester = QAbstractItemModelTester(self.model)
        self.tester.setUseFetchMore(False)
        self.pane = ListPane(self.model)
        self.chosen: LabId | None = None
        self.pane.wanted.connect(self._choose)
        self.pane.asked.connect(self.model.open)
        for signal in (self.model.opened, self.model.refreshed):
            signal.connect(self._on_rows)
        self._qtbot = qtbot
        qtbot.addWidget(self.pane)
        self.pane.resize(280, 520)
        self.pane.show()
        self.model.open(Query())
        self.rest()

    def _on_rows(self) -> None:
        self.pane.view.settle(self.chosen)
        self.pane.show_counts()

    def _choose(self, lab_id: LabId) -> None:
        self.chosen = lab_id

    def rest(self) -> None:
        self._qtbot.waitUntil(lambda: self.tasks.is_idle, timeout=WAIT_MS)

    def top(self) -> str:
        """The first row in view."""
        row = self.model.row_at(self.pane.view.indexAt(self.pane.view.viewport().rect().topLeft()).row())
        assert row is not None
        return row.lab_id


@pytest.fixture
def thousands(qtbot: QtBot) -> ListWorld:
    return ListWorld(qtbot, 5_000)


def scroll_down(listed: ListWorld, blocks: int) -> None:
    for _ in range(blocks):
        listed.pane.view.scrollToBottom()
        listed.rest()


def test_first_block_is_enough_to_begin_and_the_list_grows(thousands: ListWorld) -> None:
    assert thousands.model.rowCount() == BLOCK
    assert thousands.desk.reads == 1
    assert "200+ Labs" in thousands.pane.count.text()

    scroll_down(thousands, 3)
    assert thousands.model.rowCount() >= 3 * BLOCK
    ids = [thousands.model.row_at(n) for n in range(thousands.model.rowCount())]
    assert len({row.lab_id for row in ids if row}) == len(ids)


def test_last_block_ends_the_list(qtbot: QtBot) -> None:
    listed = ListWorld(qtbot, BLOCK + 7)
    scroll_down(listed, 2)

    assert listed.model.rowCount() == BLOCK + 7
    assert listed.pane.count.text() == f"{BLOCK + 7} Labs"


def test_refresh_of_a_long_list_changes_only_what_is_different(qtbot: QtBot, thousands: ListWorld) -> None:
    scroll_down(thousands, 3)
    changed: list[int] = []
    resets: list[int] = []
    thousands.model.dataChanged.connect(lambda first, _last: changed.append(first.row()))
    thousands.model.modelReset.connect(lambda: resets.append(1))
    thousands.desk.labs[77] = lab(77, sent_states=(PLANNED,))
    thousands.model.refresh()
    thousands.rest()

    assert changed == [77]
    assert not resets


def test_place_in_the_list_stays_while_labs_come_and_go_above(thousands: ListWorld) -> None:
    scroll_down(thousands, 2)
    view = thousands.pane.view
    view.verticalScrollBar().setValue(4_000)
    before = thousands.top()
    thousands.desk.labs[:0] = [lab(900_000 + number) for number in range(5)]
    del thousands.desk.labs[12:14]
    thousands.model.refresh()
    thousands.rest()

    assert thousands.top() == before
    thousands.desk.labs[:0] = [lab(800_000 + number) for number in range(300)]  # as many as a new day brings
    thousands.model.refresh()
    thousands.rest()
    assert thousands.model.row_at(0) == row_of(lab(800_000), NOW)


def test_chosen_lab_stays_chosen_when_its_row_moves_or_the_list_is_made_anew(thousands: ListWorld) -> None:
    view = thousands.pane.view
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Down)
    QTest.keyClick(view, Qt.Key.Key_Down)
    chosen = thousands.chosen
    assert chosen == "L000002"
    thousands.desk.labs.insert(0, thousands.desk.labs.pop(2))
    thousands.model.refresh()
    thousands.rest()
    assert thousands.model.index_of(chosen).row() == 0
    assert view.currentIndex().row() == 0
    assert thousands.chosen == chosen

    thousands.desk.labs[:0] = [lab(700_000 + number) for number in range(150)]
    thousands.model.refresh()
    thousands.rest()
    assert view.currentIndex() == thousands.model.index_of(chosen)
    assert view.selectionModel().isSelected(thousands.model.index_of(chosen))
    del thousands.desk.labs[thousands.model.index_of(chosen).row()]
    thousands.model.refresh()
    thousands.rest()
    assert not view.selectionModel().hasSelection()
    assert thousands.chosen == chosen


def test_growing_goes_on_where_a_refresh_came_in_between(thousands: ListWorld) -> None:
    thousands.model.fetchMore(QModelIndex())
    thousands.model.refresh()
    thousands.rest()

    assert thousands.model.rowCount() == 2 * BLOCK
    rows = [thousands.model.row_at(number) for number in range(2 * BLOCK)]
    assert [row.lab_id for row in rows if row] == [one.lab_id for one in thousands.desk.labs[: 2 * BLOCK]]


def test_filter_looks_through_the_whole_list(thousands: ListWorld) -> None:
    thousands.model.open(Query(wanted=LabFilter.NEEDS_YOU))
    thousands.rest()

    assert thousands.model.rowCount() == 125
    assert thousands.model.is_end


def test_answer_to_an_older_question_is_dropped(thousands: ListWorld) -> None:
    thousands.model.open(Query("castellanos 4"))
    thousands.model.open(Query("castellanos 4999"))
    thousands.rest()

    assert thousands.model.rowCount() == 1


def test_failed_read_is_told_and_the_rows_stay(thousands: ListWorld) -> None:
    failed: list[object] = []
    thousands.model.failed.connect(failed.append)
    thousands.desk.error = StorageError("full")
    thousands.model.refresh()
    thousands.rest()
    assert len(failed) == 1
    assert thousands.model.rowCount() == BLOCK

    thousands.model.refresh()
    thousands.rest()
    assert len(failed) == 1


def test_window_is_never_held_while_a_long_list_is_scrolled_and_refreshed(thousands: ListWorld) -> None:
    scroll_down(thousands, 4)
    bar = thousands.pane.view.verticalScrollBar()
    with heart_beat() as beat:
        for round_no in range(10):
            thousands.desk.labs[round_no] = lab(round_no, sent_states=(PLANNED,))
            thousands.model.refresh()
            bar.setValue(round_no * bar.maximum() // 10)
            thousands.rest()

    assert beat.largest_gap_ms < CI_GAP_MS


def test_rows_of_any_length_are_painted_within_their_room(qtbot: QtBot) -> None:
    listed = ListWorld(qtbot, 1)
    listed.desk.labs[0] = lab(1, patient_name="Nguyen " * 2_000, provider_name="\u202eLee, Sam" * 500)
    listed.model.refresh()
    listed.rest()
    view = listed.pane.view

    picture: QPixmap = view.grab()
    assert not picture.isNull()
    assert view.visualRect(listed.model.index(0)).width() <= view.viewport().width()
    assert view.visualRect(listed.model.index(0)).height() < 70
    assert not QRect(view.visualRect(listed.model.index(0))).isEmpty()
    said = listed.model.data(listed.model.index(0), Qt.ItemDataRole.AccessibleTextRole)
    assert len(said) < 500


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, IN_CHART),
        ({"sent_states": (DONE, PLANNED)}, WAITING),
        ({"sent_states": (DONE, ItemState.INFLIGHT)}, CHECKING),
        ({"sent_states": (DONE, REVIEW), "is_finalized": False}, NEEDS_YOU),
        ({"sent_states": (ItemState.VOID,), "item_states": (ItemState.VOID,)}, NOT_WRITTEN),
        ({"sent_states": (), "is_requested": False, "has_writeback": False, "is_unmatched": True}, NEEDS_YOU),
    ],
)
def test_worst_state_of_a_lab_is_shown(changes: dict[str, object], status: object) -> None:
    assert status_of(lab(1, **changes)) is status


def test_draft_of_an_addendum_is_a_draft_and_still_waits_for_its_earlier_part() -> None:
    both = lab(1, is_finalized=False, revision=2, sent_states=(PLANNED,))

    assert fits(both, LabFilter.DRAFTS) and fits(both, LabFilter.WAITING)
    assert row_of(both, NOW).state == "Draft of revision 2"
    assert fits(lab(2, is_requested=False, sent_states=()), LabFilter.UNSENT)
