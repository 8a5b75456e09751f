"""How an item of the queue is written: as scripts read it and as a row for a person."""

from collections.abc import Sequence
from typing import Any

from denticode_desktop.domain.write_back import Item, ItemState
from denticode_desktop.ports.views import ItemView
from denticode_desktop.services.sentences import REVIEW_ADVICE

from .output import as_json, say, table


def item_fields(view: ItemView) -> dict[str, Any]:
    """One item without a patient's name."""
    item = view.item
    return {
        "item_id": item.item_id,
        "writeback_id": item.writeback_id,
        "lab_id": view.lab_id,
        "revision": view.revision,
        "connection": view.connection_name,
        "connection_id": item.connection_id,
        "seq": item.seq,
        "kind": item.kind.value,
        "state": item.state.value,
        "sends": item.sends,
        "remote_id": item.remote_id,
        "reason": as_json(item.review_reason) or "",
        "sentence": _sentence(item),
        "waiting_why": (item.waiting_why or view.connection_waiting_why) if item.is_open else "",
        "next_try_at": as_json(item.next_try_at or view.connection_next_try_at) if item.is_open else None,
        "done_at": as_json(item.done_at),
        "requested_at": as_json(view.requested_at),
        "is_paused": view.is_paused,
    }


def _sentence(item: Item) -> str:
    if item.state is not ItemState.REVIEW or item.review_reason is None:
        return ""
    advice = REVIEW_ADVICE[item.review_reason]
    return f"{advice.sentence} {advice.next_step}"


def show_items(rows: Sequence[dict[str, Any]]) -> None:
    """A table, then a sentence for each item that needs a person."""
    names = ["item_id", "lab_id", "seq", "kind", "state", "sends", "remote_id", "done_at", "reason", "waiting_why"]
    headings = ["item", "lab", "seq", "kind", "state", "sends", "PMS record", "in chart at", "reason", "waits for"]
    # A time is proof (green): a record that is gone or doubled keeps its earlier one in JSON only.
    shown = [row if row["state"] == ItemState.DONE.value else {**row, "done_at": None} for row in rows]
    table(headings, [[row[name] for name in names] for row in shown], empty="Nothing is in the queue.")
    for row in rows:
        if row["sentence"]:
            say(f"Item {row['item_id']}: {row['sentence']}")
