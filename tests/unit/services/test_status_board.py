"""What Today, the strip and the cards say: only what is known, green only with a time."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from denticode_desktop.domain.connection import (
    PROBED_HOLDS,
    ConnectionReport,
    FailureReason,
    HoldReason,
    Light,
    Permission,
)
from denticode_desktop.domain.ids import ConnectionId, PatientId, PmsPatientId, WriteBackId
from denticode_desktop.domain.write_back import ItemState, ReviewReason, WaitingWhy
from denticode_desktop.services.entity_linking import EntityLinking
from denticode_desktop.services.sentences import (
    FAILURE_ADVICE,
    HOLD_ADVICE,
    REVIEW_ADVICE,
    SENTENCES,
    WAITING_SENTENCES,
    say,
)
from denticode_desktop.services.status_board import CardLight, RowAction, StatusBoard, TodayRow, TodayView

from .connect_world import DENTIST, OWNER, ConnectWorld, pms_patient

ANA = PmsPatientId("9001")
GREEN = ConnectionReport(Light.GREEN, ())
MIDNIGHT = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)


class BoardWorld(ConnectWorld):
    """With one connection, Ana in its roster, and the board."""

    def __init__(self, tmp_path: Path) -> None:
        super().__init__(tmp_path)
        self.linking = EntityLinking(self.store, self.clock, self.sink)
        self.board = StatusBoard(self.store, self.clock)
        self.connection_id = self.stored()
        self.sync(self.connection_id, pms_patient(ANA))
        self.ana = self.ours()

    def today(self) -> TodayView:
        return self.board.today(MIDNIGHT)

    def linked(self) -> PatientId:
        self.linking.choose(DENTIST, self.connection_id, self.ana, ANA)
        return self.ana

    def writeback(self, *, notes: int = 1, send: bool = True, by_hand: tuple[str, ...] = ()) -> WriteBackId:
        return self.queued(self.connection_id, self.ana, ANA, notes=notes, send=send, by_hand=by_hand)

    def move(
        self, writeback_id: WriteBackId, to: ItemState, *, index: int = 0, why: ReviewReason | None = None
    ) -> None:
        is_done = to is ItemState.DONE
        with self.store.write() as uow:
            item = uow.outbox.items(writeback_id)[index]
            assert uow.outbox.move(
                item, to, epoch=None, review_reason=why, remote_id=self.pms.new_id() if is_done else None,
                sends=1 if to is ItemState.INFLIGHT else None, done_at=self.clock.utc_now() if is_done else None,
            )  # fmt: skip

    def set(
        self, *, report: ConnectionReport | None = None, at: datetime | None = None, hold: HoldReason | None = None
    ) -> None:
        with self.store.write() as uow:
            if report is not None:
                uow.connections.set_report(self.connection_id, report, at or self.clock.utc_now())
            uow.connections.set_hold(self.connection_id, hold)

    def light(self) -> CardLight:
        return self.board.connection_cards()[0].light


@pytest.fixture
def world(tmp_path: Path) -> Iterator[BoardWorld]:
    made = BoardWorld(tmp_path)
    yield made
    made.close()


def only(rows: tuple[TodayRow, ...]) -> TodayRow:
    assert len(rows) == 1, [str(r.sentence) for r in rows]
    return rows[0]


# -- sentences ---------------------------------------------------------------------------------------------------


def test_every_reason_has_a_sentence_a_next_step_and_a_person() -> None:
    assert set(REVIEW_ADVICE) == set(ReviewReason)
    assert set(HOLD_ADVICE) == set(HoldReason)
    assert set(FAILURE_ADVICE) == set(FailureReason)
    assert set(WAITING_SENTENCES) == set(WaitingWhy)
    for table in (REVIEW_ADVICE, HOLD_ADVICE, FAILURE_ADVICE):
        for advice in table.values():
            assert advice.sentence.endswith(".")
            assert advice.next_step.endswith(".")


def test_expired_sign_in_never_reads_as_not_reachable() -> None:
    for words in (HOLD_ADVICE[HoldReason.SIGN_IN], FAILURE_ADVICE[FailureReason.CREDENTIALS_REFUSED]):
        assert "reach" not in words.sentence
        assert "answer" not in words.sentence


def test_sentence_masks_its_names_and_refuses_an_unknown_key() -> None:
    sentence = say("today.paused", patient="Ruiz, Ana", visit="2026-11-20")
    assert str(sentence).startswith("Ruiz, Ana")
    assert "Ruiz" not in repr(sentence)
    with pytest.raises(KeyError):
        say("today.unheard_of")
    with pytest.raises(KeyError):
        say("today.paused", patient="Ruiz, Ana")
    assert all("  " not in text for text in SENTENCES.values())


# -- needs you ---------------------------------------------------------------------------------------------------


def test_nothing_to_do_shows_three_empty_lists(world: BoardWorld) -> None:
    assert world.today() == TodayView((), (), ())


def test_review_is_one_row_a_lab_with_the_decision_as_its_button(world: BoardWorld) -> None:
    writeback_id = world.writeback(notes=3)
    world.move(writeback_id, ItemState.REVIEW, index=0, why=ReviewReason.LOOK_ALIKE)
    row = only(world.today().needs_you)
    assert row.action is RowAction.DECIDE
    assert row.item_id == world.items(writeback_id)[0].item_id
    assert str(row.sentence) == (
        "Ruiz, Ana, visit of 2026-11-20: the note needs a decision. " + REVIEW_ADVICE[ReviewReason.LOOK_ALIKE].sentence
    )
    assert str(row.next_step) == REVIEW_ADVICE[ReviewReason.LOOK_ALIKE].next_step
    world.move(writeback_id, ItemState.REVIEW, index=1, why=ReviewReason.LOOK_ALIKE)
    assert "2 entries need a decision" in str(only(world.today().needs_you).sentence)
    waiting = only(world.today().waiting)
    assert waiting.sentence.args[0] == ("why", say("wait.earlier"))


def test_finalized_lab_whose_patient_has_no_chart_asks_to_choose(world: BoardWorld) -> None:
    lab_id = world.finalized(world.ana)
    row = only(world.today().needs_you)
    assert (row.action, row.lab_id, row.since) == (RowAction.OPEN_LAB, lab_id, world.clock.utc_now())
    assert "choose which patient" in str(row.sentence)
    assert world.today().waiting == ()


def test_finalized_lab_whose_patient_has_a_chart_only_waits_to_be_sent(world: BoardWorld) -> None:
    lab_id = world.finalized(world.linked())
    row = only(world.today().waiting)
    assert (row.action, row.lab_id) == (RowAction.SEND, lab_id)
    assert world.today().needs_you == ()


def test_finalized_labs_without_any_connection_are_one_row(world: BoardWorld) -> None:
    world.connect.disconnect(OWNER, world.connection_id)
    world.finalized(world.ana)
    world.finalized(world.ana)
    row = only(world.today().needs_you)
    assert row.action is RowAction.CONNECTION
    assert str(row.sentence).startswith("2 finalized Labs")


@pytest.mark.parametrize("hold", sorted(set(HoldReason) - PROBED_HOLDS - {HoldReason.DISCONNECTED}))
def test_hold_that_only_a_person_ends_needs_one(world: BoardWorld, hold: HoldReason) -> None:
    world.set(hold=hold)
    row = only(world.today().needs_you)
    assert (row.action, row.connection_id) == (RowAction.CONNECTION, world.connection_id)
    assert str(row.sentence) == f"Oak Street: {HOLD_ADVICE[hold].sentence}"


@pytest.mark.parametrize("hold", sorted(PROBED_HOLDS))
def test_hold_that_ends_by_itself_only_explains_the_waiting(world: BoardWorld, hold: HoldReason) -> None:
    world.writeback()
    world.set(hold=hold)
    view = world.today()
    assert view.needs_you == ()
    assert HOLD_ADVICE[hold].sentence in str(only(view.waiting).sentence)


def test_disconnected_connection_needs_somebody_only_while_something_waits(world: BoardWorld) -> None:
    world.connect.disconnect(OWNER, world.connection_id)
    assert world.today().needs_you == ()
    world.writeback()
    assert "disconnected" in str(only(world.today().needs_you).sentence)
    assert "disconnected" in str(only(world.today().waiting).sentence)


def test_failed_test_needs_somebody(world: BoardWorld) -> None:
    world.set(report=ConnectionReport(Light.FAILED, (), reason=FailureReason.NOT_REACHABLE))
    row = only(world.today().needs_you)
    assert "the last test failed" in str(row.sentence)
    assert str(row.next_step) == FAILURE_ADVICE[FailureReason.NOT_REACHABLE].next_step


def test_unlinked_patient_stops_the_lab_and_says_why(world: BoardWorld) -> None:
    world.linked()
    world.writeback()
    world.linking.unlink(OWNER, world.connection_id, world.ana)
    assert "was unlinked" in str(only(world.today().needs_you).sentence)
    assert world.today().waiting == ()


# -- waiting -----------------------------------------------------------------------------------------------------


def test_finalized_and_not_sent_offers_send(world: BoardWorld) -> None:
    world.writeback(send=False)
    row = only(world.today().waiting)
    assert row.action is RowAction.SEND
    assert "Press Send Lab to PMS" in str(row.sentence)


def test_paused_lab_says_so(world: BoardWorld) -> None:
    world.linked()
    writeback_id = world.writeback()
    with world.store.write() as uow:
        uow.outbox.set_paused(writeback_id, True)
    assert str(only(world.today().waiting).sentence).endswith("sending is paused.")


@pytest.mark.parametrize("why", sorted(WaitingWhy))
def test_waiting_row_says_why_and_when_it_is_tried_next(world: BoardWorld, why: WaitingWhy) -> None:
    writeback_id = world.writeback(notes=2)
    next_try_at = world.clock.utc_now() + timedelta(seconds=30)
    with world.store.write() as uow:
        uow.outbox.note_waiting([i.item_id for i in uow.outbox.items(writeback_id)], why.value, next_try_at)
    row = only(world.today().waiting)
    assert WAITING_SENTENCES[why] in str(row.sentence)
    assert row.next_try_at == next_try_at


def test_item_in_flight_is_being_looked_for(world: BoardWorld) -> None:
    writeback_id = world.writeback(notes=2)
    world.move(writeback_id, ItemState.INFLIGHT)
    assert str(SENTENCES["wait.checking"]) in str(only(world.today().waiting).sentence)


def test_many_waiting_items_do_not_hide_a_decision(world: BoardWorld) -> None:
    for _ in range(3):
        world.writeback(notes=200)
    late = world.writeback()
    world.move(late, ItemState.REVIEW, why=ReviewReason.REFUSED)
    assert only(world.today().needs_you).item_id == world.items(late)[0].item_id


# -- in chart ----------------------------------------------------------------------------------------------------


def test_in_chart_tells_how_many_were_seen_when_and_what_is_left_by_hand(world: BoardWorld) -> None:
    writeback_id = world.writeback(notes=3, by_hand=("T0101 needs a tooth.",))
    world.move(writeback_id, ItemState.DONE, index=0)
    world.clock.advance(60)
    world.move(writeback_id, ItemState.DONE, index=1)
    row = only(world.today().in_chart)
    assert str(row.sentence) == ("Ruiz, Ana, visit of 2026-11-20: 2 seen in the chart; 1 more must be charted by hand.")
    assert row.since == world.clock.utc_now()
    assert len(world.today().waiting) == 1


def test_in_chart_today_begins_at_the_callers_midnight(world: BoardWorld) -> None:
    world.move(world.writeback(), ItemState.DONE)
    assert len(world.board.today(world.clock.utc_now()).in_chart) == 1
    assert world.board.today(world.clock.utc_now() + timedelta(seconds=1)).in_chart == ()


# -- lights ------------------------------------------------------------------------------------------------------


def test_light_is_grey_before_any_test(world: BoardWorld) -> None:
    assert world.light() is CardLight.GREY


@pytest.mark.parametrize(
    ("age_s", "light"),
    [(0, CardLight.GREEN), (86_400, CardLight.GREEN), (86_401, CardLight.GREY), (-240, CardLight.GREEN),
     (-3_600, CardLight.GREY)],
)  # fmt: skip
def test_green_decays_to_grey_after_a_day_and_is_not_taken_from_the_future(
    world: BoardWorld, age_s: int, light: CardLight
) -> None:
    world.set(report=GREEN, at=world.clock.utc_now() - timedelta(seconds=age_s))
    assert world.light() is light


def test_good_read_keeps_the_light(world: BoardWorld) -> None:
    world.set(report=GREEN, at=world.clock.utc_now() - timedelta(days=3))
    with world.store.write() as uow:
        uow.connections.note_good_read(world.connection_id, world.clock.utc_now())
    assert world.light() is CardLight.GREEN


@pytest.mark.parametrize(
    ("hold", "light"),
    [
        (HoldReason.SIGN_IN, CardLight.FAILED),
        (HoldReason.WRONG_ROSTER, CardLight.FAILED),
        (HoldReason.PERMISSION_MISSING, CardLight.YELLOW),
        (HoldReason.UNKNOWN_STREAK, CardLight.YELLOW),
    ],
)
def test_held_connection_is_never_green(world: BoardWorld, hold: HoldReason, light: CardLight) -> None:
    world.set(report=GREEN, hold=hold)
    card = world.board.connection_cards()[0]
    assert card.light is light
    assert str(card.hold) == HOLD_ADVICE[hold].sentence
    assert str(card.next_step) == HOLD_ADVICE[hold].next_step


def test_good_read_after_a_failed_test_ends_the_red_but_is_no_green(world: BoardWorld) -> None:
    world.set(report=ConnectionReport(Light.FAILED, (), reason=FailureReason.NOT_REACHABLE))
    assert world.today().needs_you
    with world.store.write() as uow:
        uow.connections.note_good_read(world.connection_id, world.clock.utc_now() + timedelta(minutes=1))
    assert not world.today().needs_you
    (card,) = world.board.connection_cards()
    assert card.light is CardLight.GREY
    assert "was read since" in str(card.words)


def test_failed_and_yellow_reports_show_as_such(world: BoardWorld) -> None:
    world.set(report=replace(GREEN, light=Light.YELLOW))
    assert world.light() is CardLight.YELLOW
    world.set(report=ConnectionReport(Light.FAILED, (), reason=FailureReason.TLS_REFUSED))
    card = world.board.connection_cards()[0]
    assert card.light is CardLight.FAILED
    assert str(card.words) == FAILURE_ADVICE[FailureReason.TLS_REFUSED].sentence


def test_write_permission_is_unconfirmed_until_a_first_success(world: BoardWorld) -> None:
    world.set(report=replace(GREEN, unconfirmed_permissions=(Permission.CHART_NOTES, Permission.TREATMENT_PLANS)))
    with world.store.write() as uow:
        uow.connections.note_good_write(world.connection_id, world.clock.utc_now(), Permission.CHART_NOTES)
    assert world.board.connection_cards()[0].unconfirmed == (Permission.TREATMENT_PLANS,)


def test_strip_passes_on_when_the_next_sync_is(world: BoardWorld) -> None:
    assert world.board.strip().next_sync_at is None
    assert world.board.strip(MIDNIGHT).next_sync_at == MIDNIGHT


def test_disconnected_connection_is_grey(world: BoardWorld) -> None:
    world.set(report=GREEN)
    world.connect.disconnect(OWNER, ConnectionId(world.connection_id))
    assert world.light() is CardLight.GREY


@pytest.mark.parametrize(
    ("age_h", "is_notice", "is_alert"), [(3.99, False, False), (4, True, False), (23.99, True, False), (24, True, True)]
)
def test_strip_gives_notice_after_four_hours_and_alert_after_a_day(
    world: BoardWorld, age_h: float, is_notice: bool, is_alert: bool
) -> None:
    world.writeback()
    world.writeback(send=False)
    world.clock.advance(age_h * 3_600)
    strip = world.board.strip()
    assert (strip.is_notice, strip.is_alert) == (is_notice, is_alert)
    assert (strip.counts.waiting, strip.counts.not_requested) == (1, 1)
    assert not strip.is_rehearsal_only
