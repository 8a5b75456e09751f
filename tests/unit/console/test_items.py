"""What the console says of an item: why it waits while it waits, and when it was seen in the chart once it was."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from denticode_desktop.console.items import item_fields, show_items
from denticode_desktop.domain.ids import (
    ConnectionId,
    ItemId,
    LabId,
    PmsPatientId,
    PmsProviderId,
    RemoteId,
    WriteBackId,
)
from denticode_desktop.domain.write_back import Item, ItemKind, ItemState, NotePayload, ReviewReason
from denticode_desktop.ports.views import ItemView

AT = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
SEEN = f"{AT.astimezone():%Y-%m-%d %H:%M}"


def view(state: ItemState, **changes: object) -> ItemView:
    """An item over a connection that is offline."""
    note = NotePayload("S: invented.", date(2026, 11, 20), PmsProviderId("p"), None, "America/Denver")
    item = Item(
        ItemId(4), WriteBackId(2), ConnectionId(1), PmsPatientId("pms-1"), 1, ItemKind.NOTE, note, "a" * 64, "M", "F",
        state,
    )  # fmt: skip
    return ItemView(
        item=replace(item, **changes),  # type: ignore[arg-type]
        lab_id=LabId("L1"), revision=1, visit_on=date(2026, 11, 20), patient_name="Ruiz, Ana", provider_name="Lee, Sam",
        connection_name="Main Street", connection_hold=None, connection_waiting_why="offline",
        connection_next_try_at=AT, requested_at=AT, is_paused=False,
    )  # fmt: skip


def test_item_in_the_chart_waits_for_nothing_and_says_when_it_was_seen(capsys: pytest.CaptureFixture[str]) -> None:
    row = item_fields(view(ItemState.DONE, remote_id=RemoteId("R7"), done_at=AT))
    assert (row["waiting_why"], row["next_try_at"], row["done_at"]) == ("", None, AT.isoformat())
    show_items([row])
    heading, _, line = capsys.readouterr().out.splitlines()
    assert "in chart at" in heading
    assert SEEN in line
    assert "offline" not in line


@pytest.mark.parametrize("state", [ItemState.PLANNED, ItemState.INFLIGHT])
def test_open_item_says_why_it_waits(state: ItemState) -> None:
    row = item_fields(view(state))
    assert (row["waiting_why"], row["next_try_at"]) == ("offline", AT.isoformat())
    assert item_fields(view(state, waiting_why="settling"))["waiting_why"] == "settling"


def test_item_that_a_person_is_asked_about_is_not_said_to_be_in_the_chart(capsys: pytest.CaptureFixture[str]) -> None:
    gone = view(ItemState.REVIEW, remote_id=RemoteId("R7"), review_reason=ReviewReason.GONE, done_at=AT)
    show_items([item_fields(gone)])
    shown = capsys.readouterr().out
    assert SEEN not in shown
    assert "R7" in shown
    assert "offline" not in shown
