"""The rows of Today's three lists: one plain sentence and at most one button each, made from what the store has."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from denticode_desktop.domain.connection import PROBED_HOLDS, Connection, HoldReason
from denticode_desktop.domain.ids import ConnectionId, ItemId, LabId, WriteBackId
from denticode_desktop.domain.write_back import ItemState
from denticode_desktop.ports.views import ItemView, LabSummary

from .sentences import SENTENCES, Sentence, say


class RowAction(StrEnum):
    """What the one button of a row does."""

    NONE = "none"
    OPEN_LAB = "open_lab"
    SEND = "send"
    DECIDE = "decide"
    CONNECTION = "connection"


@dataclass(frozen=True, slots=True)
class TodayRow:
    """One row: one plain sentence and at most one button. Sentences may hold names: for the screen only."""

    sentence: Sentence
    next_step: Sentence | None
    action: RowAction
    lab_id: LabId | None = None
    item_id: ItemId | None = None
    connection_id: ConnectionId | None = None
    since: datetime | None = None
    next_try_at: datetime | None = None

    def __repr__(self) -> str:
        return f"TodayRow({self.sentence!r})"


def connection_rows(connections: Sequence[Connection], with_open: AbstractSet[ConnectionId]) -> list[TodayRow]:
    """Connections that wait for a person: held, failed, or switched off while something is to be sent (`with_open`).

    Holds that end by themselves are no person's business: the items that wait for them say so.
    """
    rows = []
    for connection in connections:
        is_off = connection.hold is HoldReason.DISCONNECTED or not connection.is_enabled
        if is_off and connection.connection_id not in with_open:
            continue
        key, sentence_key = _connection_trouble(connection)
        if not key:
            continue
        sentence = say(sentence_key, connection=connection.settings.name, why=say(key))
        rows.append(
            TodayRow(
                sentence, say(f"{key}.next"), RowAction.CONNECTION, connection_id=connection.connection_id,
                since=None if connection.hold else connection.tested_at, next_try_at=connection.next_try_at,
            )
        )  # fmt: skip
    return rows


def _connection_trouble(connection: Connection) -> tuple[str, str]:
    """(key of what is the matter, key of the row's sentence), empty where nothing waits for a person."""
    if connection.hold is not None and connection.hold not in PROBED_HOLDS:
        return f"hold.{connection.hold.value}", "today.connection_held"
    report = connection.report
    if connection.hold is None and report is not None and connection.has_failed and report.reason is not None:
        return f"failure.{report.reason.value}", "today.connection_failed"
    return "", ""


def unlinked_row(lab: LabSummary) -> TodayRow:
    """A finalized Lab whose patient has no chart over any connection."""
    sentence = say("today.unlinked", patient=lab.patient_name, visit=lab.visit_on.isoformat())
    return TodayRow(sentence, None, RowAction.OPEN_LAB, lab_id=lab.lab_id, since=lab.finalized_at)


def unsent_row(lab: LabSummary) -> TodayRow:
    """A finalized Lab that was not queued yet: sending makes its write-back, or says what is missing."""
    sentence = say("today.not_requested", patient=lab.patient_name, visit=lab.visit_on.isoformat())
    return TodayRow(sentence, None, RowAction.SEND, lab_id=lab.lab_id, since=lab.finalized_at)


def no_connection_row(labs: Sequence[LabSummary]) -> TodayRow:
    """All finalized Labs wait, because there is nothing to send them to."""
    return TodayRow(say("today.no_connection", count=len(labs)), None, RowAction.CONNECTION)


def grouped(views: Iterable[ItemView]) -> dict[WriteBackId, list[ItemView]]:
    """By write-back, in the order of the first item."""
    groups: dict[WriteBackId, list[ItemView]] = {}
    for view in views:
        groups.setdefault(view.item.writeback_id, []).append(view)
    return groups


def review_rows(views: Sequence[ItemView]) -> list[TodayRow]:
    """A row a write-back; `views` are items in REVIEW."""
    rows = []
    for group in grouped(views).values():
        first = group[0]
        assert first.item.review_reason is not None  # a CHECK of the store
        key = f"review.{first.item.review_reason.value}"
        names: dict[str, str | int | Sentence] = {
            "patient": first.patient_name, "visit": first.visit_on.isoformat(), "why": say(key),
        }  # fmt: skip
        if len(group) == 1:
            sentence = say("today.review_one", what=say(f"what.{first.item.kind.value}"), **names)
        else:
            sentence = say("today.review_many", count=len(group), **names)
        rows.append(
            TodayRow(
                sentence, say(f"{key}.next"), RowAction.DECIDE, lab_id=first.lab_id, item_id=first.item.item_id,
                connection_id=first.item.connection_id, since=first.requested_at,
            )
        )  # fmt: skip
    return rows


def waiting_rows(
    views: Sequence[ItemView], in_review: AbstractSet[WriteBackId], unlinked: AbstractSet[WriteBackId]
) -> tuple[list[TodayRow], list[TodayRow]]:
    """(rows of Needs you, rows of Waiting) for open items, a row a write-back.

    in_review: write-backs with an entry that a person must decide first. unlinked: paused ones whose patient was
    unlinked since.
    """
    needs: list[TodayRow] = []
    waiting: list[TodayRow] = []
    for writeback_id, group in grouped(views).items():
        first = next((v for v in group if v.item.state is ItemState.INFLIGHT), group[0])
        names = {"patient": first.patient_name, "visit": first.visit_on.isoformat()}
        action, rows = RowAction.OPEN_LAB, waiting
        if first.item.state is ItemState.PLANNED and writeback_id in unlinked:
            sentence, rows = say("today.unlink_paused", **names), needs
        elif first.item.state is ItemState.PLANNED and first.requested_at is None:
            sentence, action = say("today.not_requested", **names), RowAction.SEND
        elif first.item.state is ItemState.PLANNED and first.is_paused:
            sentence = say("today.paused", **names)
        else:
            sentence = say("today.waiting", why=why_waiting(first, is_blocked=writeback_id in in_review), **names)
        rows.append(
            TodayRow(
                sentence, None, action, lab_id=first.lab_id, item_id=first.item.item_id,
                connection_id=first.item.connection_id, since=first.requested_at,
                next_try_at=first.item.next_try_at or first.connection_next_try_at,
            )
        )  # fmt: skip
    return needs, waiting


def why_waiting(view: ItemView, *, is_blocked: bool = False) -> Sentence:
    """Why an open item is not moved on right now. `is_blocked`: an entry of its Lab waits for a person."""
    if view.connection_hold is not None:
        return say(f"hold.{view.connection_hold.value}")
    if is_blocked and view.item.state is ItemState.PLANNED:
        return say("wait.earlier")
    for code in (view.item.waiting_why, view.connection_waiting_why):
        if f"waiting.{code}" in SENTENCES:
            return say(f"waiting.{code}")
    return say("wait.checking" if view.item.state is ItemState.INFLIGHT else "wait.turn")


def done_rows(views: Sequence[ItemView], by_hand: Mapping[WriteBackId, int]) -> list[TodayRow]:
    """What was seen in a chart, a row a write-back, newest first; `since` is when it was last checked."""
    rows: list[tuple[datetime, TodayRow]] = []
    for writeback_id, group in grouped(views).items():
        first = group[0]
        names: dict[str, str | int | Sentence] = {
            "patient": first.patient_name, "visit": first.visit_on.isoformat(), "count": len(group),
        }  # fmt: skip
        left = by_hand.get(writeback_id, 0)
        sentence = say("today.in_chart_by_hand", by_hand=left, **names) if left else say("today.in_chart", **names)
        done = max(v.item.done_at for v in group if v.item.done_at is not None)
        rows.append((done, TodayRow(sentence, None, RowAction.OPEN_LAB, lab_id=first.lab_id, since=done)))
    return [row for _, row in sorted(rows, key=lambda pair: pair[0], reverse=True)]
