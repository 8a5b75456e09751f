"""What a look shows of an item in REVIEW: the records known to be ours, those like it, and what is to be asked now."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from denticode_desktop.domain.chart_match import Look, Match, MatchBy, find_by_id, matches_of, twins_of
from denticode_desktop.domain.ids import ItemId, RemoteId
from denticode_desktop.domain.write_back import Item, ItemKind, ItemState, ReviewReason
from denticode_desktop.ports.unit_of_work import UnitOfWork

from .decision_rules import WRONG_CHART
from .sender_moves import review_detail

_ASKED_AS_BEFORE = WRONG_CHART | {ReviewReason.PATIENT_INACTIVE, ReviewReason.REFUSED, ReviewReason.NOT_MAPPED}
"""Reasons that no record in the chart answers."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A look at an item in REVIEW. ours: records with an id that the PMS once named for it, in this chart now.

    matches: every unowned, undismissed record that is or looks like the item. claimed: see `claimed_in_doubt`.
    """

    item: Item
    look: Look
    owners: Mapping[RemoteId, ItemId]
    ours: tuple[Match, ...]
    matches: tuple[Match, ...]
    claimed: tuple[Match, ...]

    @property
    def is_ours_there(self) -> bool:
        """Whether a record that is known to be ours is in the chart, by its id or by its marker; equal or not."""
        return bool(self.ours) or any(m.by is MatchBy.MARKER for m in (*self.matches, *self.claimed))

    @property
    def shown(self) -> list[Match]:
        """All of them, each record once."""
        by_id = {m.record.remote_id: m for m in (*self.claimed, *self.matches, *self.ours)}
        return [by_id[remote_id] for remote_id in sorted(by_id)]

    @property
    def proof(self) -> Match | None:
        """The record that proves the item without a person: its own id or its marker, content equal, no twin beside.

        None in a chart that may be another person's.
        """
        item = self.item
        if item.review_reason in WRONG_CHART:
            return None
        own = next((m for m in self.ours if m.record.remote_id == item.remote_id), None)
        if own is not None:
            has_twin = bool(twins_of(item, self.look, self.owners)) or any(m.by is MatchBy.MARKER for m in self.claimed)
            return own if own.is_equal and not has_twin and own.record.remote_id not in item.dismissed else None
        if len(self.shown) != 1 or len(self.matches) != 1:
            return None
        only = self.matches[0]
        return only if only.by is MatchBy.MARKER and only.is_equal else None

    @property
    def reason(self) -> ReviewReason:
        """What a person is to be asked after this look."""
        before = self.item.review_reason
        assert before is not None
        shown = self.shown
        if before in _ASKED_AS_BEFORE:
            return before
        if before in (ReviewReason.TWIN, ReviewReason.DIFFERS):
            return before if shown else ReviewReason.GONE
        if len(shown) != 1:
            return ReviewReason.SEVERAL if shown else before
        only = shown[0]
        if not only.is_equal and (self.is_ours_there or self.item.sends or self.item.was_unknown):
            return ReviewReason.DIFFERS
        if self.item.kind is not ItemKind.NOTE and only.record.author_is_other:
            return ReviewReason.OTHER_AUTHOR
        return before if only.record.remote_id == self.item.remote_id else ReviewReason.LOOK_ALIKE

    @property
    def detail(self) -> str:
        """The records as REVIEW shows them; the PMS's words and a code from before stay."""
        kept = _text_of(self.item.review_detail)
        return review_detail(self.shown, words=kept.get("words", ""), code=kept.get("code", ""))


def find(uow: UnitOfWork, item: Item, look: Look) -> Finding:
    """Reads whose the look's records are."""
    owners = uow.outbox.owners(item.connection_id, item.kind, {r.remote_id for r in look.records})
    attempts = uow.outbox.attempts(item.item_id)
    named = {item.remote_id, *(a.outcome.remote_id for a in attempts if a.outcome is not None)}
    ids = sorted(i for i in named if i is not None and owners.get(i, item.item_id) == item.item_id)
    ours = [match for remote_id in ids if (match := find_by_id(item, look, remote_id)) is not None]
    matches, claimed = matches_of(item, look, owners), claimed_in_doubt(uow, item, look, owners)
    return Finding(item, look, owners, tuple(ours), tuple(matches), tuple(claimed))


def claimed_in_doubt(uow: UnitOfWork, item: Item, look: Look, owners: Mapping[RemoteId, ItemId]) -> Sequence[Match]:
    """Records like this item that another item owns without proof: it is not DONE, or this item's marker is on them.

    A PMS that answers with a wrong id would else make this item look absent, and be sent twice: a person is asked.
    """
    alike = [m for m in matches_of(item, look, {}) if owners.get(m.record.remote_id, item.item_id) != item.item_id]
    return [
        m
        for m in alike
        if m.by is MatchBy.MARKER or uow.outbox.item(owners[m.record.remote_id]).state is not ItemState.DONE
    ]


def _text_of(detail: str) -> dict[str, str]:
    try:
        value = json.loads(detail or "{}")
    except ValueError:
        return {}
    return {k: v for k, v in value.items() if isinstance(v, str)} if isinstance(value, dict) else {}
