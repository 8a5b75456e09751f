"""Each row in words, and what its button does."""

from datetime import timedelta

import pytest

from denticode_desktop.domain.connection import FailureReason, HoldReason
from denticode_desktop.domain.ids import ConnectionId, ItemId, LabId, PmsPatientId, PmsProviderId, WriteBackId
from denticode_desktop.domain.write_back import Item, ItemKind, ItemState, NotePayload, ReviewReason
from denticode_desktop.services.decision_rules import check_may_ask
from denticode_desktop.services.sentences import SENTENCES, say
from denticode_desktop.services.status_board import RowAction, TodayRow
from denticode_desktop.ui.today.offers import OFFERS, RESULT_WORDS, WORDS, Offer
from denticode_desktop.ui.today.rows import Press, words_of_row
from tests.ui.stand_ins import NOON

WHO = {"patient": "Ruiz, Ana", "visit": "2026-11-20"}


@pytest.mark.parametrize("reason", FailureReason)
def test_failed_connection_has_a_button_that_helps(reason: FailureReason) -> None:
    sentence = say("today.connection_failed", connection="Main office", why=say(f"failure.{reason.value}"))
    words = words_of_row(TodayRow(sentence, say(f"failure.{reason.value}.next"), RowAction.CONNECTION))

    assert words.headline == "Main office"
    assert words.sentence.startswith("The last test failed.")
    assert words.press in (Press.TEST, Press.RECONNECT, Press.INTEGRATIONS)
    assert (words.press is Press.RECONNECT) == (reason is FailureReason.CREDENTIALS_REFUSED)


@pytest.mark.parametrize("reason", HoldReason)
def test_held_connection_has_a_button_that_helps(reason: HoldReason) -> None:
    sentence = say("today.connection_held", connection="Main office", why=say(f"hold.{reason.value}"))
    words = words_of_row(TodayRow(sentence, say(f"hold.{reason.value}.next"), RowAction.CONNECTION))

    assert words.button
    assert words.next_step == SENTENCES[f"hold.{reason.value}.next"]


def test_whole_sentence_stands_where_there_is_no_headline() -> None:
    words = words_of_row(TodayRow(say("today.no_connection", count=3), None, RowAction.CONNECTION))

    assert words.headline == ""
    assert words.sentence == "3 finalized Labs wait, and no PMS is connected."
    assert words.press is Press.INTEGRATIONS


def test_times_are_told_as_ages() -> None:
    row = TodayRow(
        say("today.waiting", why=say("waiting.offline"), **WHO), None, RowAction.OPEN_LAB, lab_id=LabId("L1"),
        connection_id=ConnectionId(1), since=NOON - timedelta(hours=2), next_try_at=NOON + timedelta(seconds=40),
    )  # fmt: skip
    words = words_of_row(row)

    assert words.meta(NOON, is_done=False) == "visit of Nov 20, 2026  \u00b7  2 h ago  \u00b7  next try in 40 s"
    assert words.meta(NOON, is_done=True).startswith("visit of Nov 20, 2026  \u00b7  checked at ")
    assert words.whole.startswith("Ruiz, Ana, visit of 2026-11-20: ")


@pytest.mark.parametrize("reason", list(ReviewReason))
def test_what_the_window_offers_may_be_asked_for(reason: ReviewReason) -> None:
    note = NotePayload("S: invented.", NOON.date(), PmsProviderId("p"), None, "America/Denver")
    item = Item(
        ItemId(1), WriteBackId(1), ConnectionId(1), PmsPatientId("pms-1"), 1, ItemKind.NOTE, note, "a" * 64, "M", "F",
        ItemState.REVIEW, review_reason=reason,
    )  # fmt: skip
    for offer in OFFERS[reason]:
        kind = WORDS[offer].kind
        if kind is not None:
            check_may_ask(item, kind)


def test_every_reason_offers_something_and_what_needs_a_record_may_not_be_sent_without() -> None:
    assert set(OFFERS) == set(ReviewReason)
    for offers in OFFERS.values():
        assert Offer.RECHECK in offers or Offer.SKIP in offers
    assert set(WORDS) == set(Offer)
    assert all(text.endswith(".") for text in RESULT_WORDS.values())
