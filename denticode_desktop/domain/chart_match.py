"""Which records of a look are ours: the protocol's section 7 as pure functions.

A look gives `ChartRecord`s in canonical form. Records owned by another item and records dismissed for this very item
never match. With a marker, the marker decides; without one, the fingerprint does, and before the first send any
unowned look-alike goes to a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .ids import ItemId, PmsPatientId, RemoteId
from .marker import canonical_text, find_markers, without_marker
from .write_back import Item, ItemKind, NotePayload

TRUNCATED_MIN_CHARS = 24
"""A note that starts like ours for at least this long and then ends is taken for ours, cut off."""


@dataclass(frozen=True, slots=True)
class ChartRecord:
    """One record of a chart as a look found it.

    text: canonical text of a note (entities and tags undone by the adapter), empty for other kinds.
    fingerprint: same rule as the item's (domain.fingerprint), so that equal means equal content.
    author_is_other: the PMS names another author than the integration.
    summary: short plain words for the side-by-side view (patient data: screen only).
    version: the PMS's change mark, for evidence.
    """

    remote_id: RemoteId
    pms_patient_id: PmsPatientId
    kind: ItemKind
    fingerprint: str
    text: str = ""
    author_is_other: bool = False
    is_locked: bool = False
    summary: str = ""
    version: str = ""
    dated_at: datetime | None = None

    def __repr__(self) -> str:
        return f"ChartRecord({self.kind.value} {self.remote_id})"


@dataclass(frozen=True, slots=True)
class Look:
    """A complete read of the patient's records of one kind. `pages` and `evidence_sha256` go into the audit log."""

    kind: ItemKind
    pms_patient_id: PmsPatientId
    records: tuple[ChartRecord, ...]
    pages: int
    evidence_sha256: str
    started_monotonic_s: float
    """Monotonic seconds when the first request of this look left; a look is as old as its start."""


class MatchBy(StrEnum):
    """What ties a record to an item."""

    MARKER = "marker"
    REMOTE_ID = "remote_id"
    FINGERPRINT = "fingerprint"
    CUT_OFF = "cut_off"


@dataclass(frozen=True, slots=True)
class Match:
    """A record that is, or looks like, the item."""

    record: ChartRecord
    by: MatchBy
    is_equal: bool


def is_equal_content(item: Item, record: ChartRecord) -> bool:
    """Whether the record holds what was finalized, in canonical form."""
    if item.kind is ItemKind.NOTE and isinstance(item.payload, NotePayload):
        return canonical_text(item.payload.text) == canonical_text(record.text)
    return item.fingerprint == record.fingerprint


def carries_marker(item: Item) -> bool:
    """Whether the finalized payload itself holds the marker, so that its record can be known by it."""
    return isinstance(item.payload, NotePayload) and item.marker in find_markers(item.payload.text)


def _look_alike(item: Item, record: ChartRecord) -> MatchBy | None:
    """How an unmarked record resembles the item, if it does."""
    if not isinstance(item.payload, NotePayload):
        return MatchBy.FINGERPRINT if record.fingerprint == item.fingerprint else None
    if find_markers(record.text):
        return None
    ours, theirs = canonical_text(without_marker(item.payload.text)), canonical_text(record.text)
    if theirs == ours:
        return MatchBy.FINGERPRINT
    if len(theirs) >= min(TRUNCATED_MIN_CHARS, len(ours)) and theirs and canonical_text(item.payload.text).startswith(
        theirs
    ):
        return MatchBy.CUT_OFF
    return None


def matches_of(item: Item, look: Look, owners: Mapping[RemoteId, ItemId]) -> list[Match]:
    """Every unowned, undismissed record that is or looks like the item, marked ones first.

    owners: remote ids of this connection and kind that items own.
    """
    found: list[Match] = []
    for record in look.records:
        owner = owners.get(record.remote_id)
        if (owner is not None and owner != item.item_id) or record.remote_id in item.dismissed:
            continue
        if carries_marker(item) and item.marker in find_markers(record.text):
            found.append(Match(record, MatchBy.MARKER, is_equal_content(item, record)))
        elif (by := _look_alike(item, record)) is not None:
            found.append(Match(record, by, by is not MatchBy.CUT_OFF and is_equal_content(item, record)))
    return sorted(found, key=lambda m: (m.by is not MatchBy.MARKER, m.record.remote_id))


def find_by_id(item: Item, look: Look, remote_id: RemoteId) -> Match | None:
    """The record with the id that an accepted send named."""
    for record in look.records:
        if record.remote_id == remote_id:
            return Match(record, MatchBy.REMOTE_ID, is_equal_content(item, record))
    return None


def twins_of(item: Item, look: Look, owners: Mapping[RemoteId, ItemId]) -> Sequence[Match]:
    """Records beside the item's own that are ours by marker or, where no marker is carried, equal to it."""
    others = [m for m in matches_of(item, look, owners) if m.record.remote_id != item.remote_id]
    if carries_marker(item):
        return [m for m in others if m.by is MatchBy.MARKER]
    return [m for m in others if m.is_equal]
