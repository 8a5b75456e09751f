"""What earlier revisions of a Lab sent to the same chart, so that a changed one writes only what is new."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from denticode_desktop.domain.charting import Procedure, sorted_surfaces
from denticode_desktop.domain.lab import Document, LabContent, LabRevision, RevisionKind
from denticode_desktop.domain.marker import canonical_text
from denticode_desktop.domain.write_back import (
    DocumentPayload,
    Item,
    ItemKind,
    ItemPayload,
    ItemState,
    ProcedurePayload,
    WriteBack,
)

from .compose_words import procedure_words


@dataclass(frozen=True, slots=True)
class EarlierWriteBack:
    """One earlier revision with its write-back for the same connection and its items."""

    revision: LabRevision
    writeback: WriteBack
    items: tuple[Item, ...]

    @property
    def is_base(self) -> bool:
        """Whether a later file takes its place; an addendum stands beside it instead."""
        return self.revision.kind is not RevisionKind.ADDENDUM


class AlreadySent:
    """Takes lines off what earlier revisions brought; each sent record answers for one equal line only.

    Items that a person decided not to write (VOID) do not count: the same line in a changed Lab is new again.
    """

    def __init__(self, earlier: Sequence[EarlierWriteBack], before: LabContent | None = None) -> None:
        """before: what this Lab held before it was changed, addenda aside."""
        self._own: Counter[tuple[object, ...]] = Counter(_lines_of(before) if before is not None else ())
        self._earlier = sorted(earlier, key=lambda e: e.revision.revision)
        self._base = [i for e in self._earlier if e.is_base for i in e.items if i.state is not ItemState.VOID]
        self._beside = [i for e in self._earlier if not e.is_base for i in e.items if i.state is not ItemState.VOID]
        self._by_hand = Counter(line for e in self._earlier for line in e.writeback.by_hand)

    def note_revision(self) -> LabRevision | None:
        """The latest revision whose note went (or goes) to this chart, addenda aside."""
        for earlier in reversed(self._earlier):
            is_sent = any(i.kind is ItemKind.NOTE and i.state is not ItemState.VOID for i in earlier.items)
            if earlier.is_base and is_sent:
                return earlier.revision
        return None

    def take(self, kind: ItemKind, fingerprint: str, line: Procedure | Document) -> bool:
        """Whether an equal record was sent before; it is used up then.

        A line that the Lab held before is never taken for the equal one of an addendum: both were finalized.
        """
        key = _line_key(line)
        is_own = self._own[key] > 0
        self._own[key] -= 1
        for pool in (self._base,) if is_own else (self._base, self._beside):
            for item in pool:
                if item.kind is kind and item.fingerprint == fingerprint:
                    pool.remove(item)
                    return True
        return False

    def take_by_hand(self, line: str) -> bool:
        """Whether an equal by-hand line was given before; it is used up then."""
        if self._by_hand[line] == 0:
            return False
        self._by_hand[line] -= 1
        return True

    def has_alike(self, payload: ItemPayload) -> bool:
        """Whether a procedure on the same place and day, with another status, fee or provider, was sent before."""
        return isinstance(payload, ProcedurePayload) and any(
            isinstance(item.payload, ProcedurePayload) and _place(item.payload) == _place(payload)
            for item in self._base + self._beside
        )

    def left_words(self) -> list[str]:
        """What was sent before and is in the Lab no more, addenda aside."""
        payloads = [item.payload for item in self._base]
        procedures = [procedure_words(p, p.service_on) for p in payloads if isinstance(p, ProcedurePayload)]
        return procedures + [f"document {p.title}" for p in payloads if isinstance(p, DocumentPayload)]


def _lines_of(content: LabContent) -> list[tuple[object, ...]]:
    return [*map(_line_key, content.procedures), *map(_line_key, content.documents)]


def _line_key(line: Procedure | Document) -> tuple[object, ...]:
    if isinstance(line, Document):
        return (line.sha256,)
    surfaces = sorted_surfaces(line.surfaces) if line.surfaces else None
    return (line.code.casefold(), line.tooth, surfaces, line.quadrant, line.service_on)


def is_same_note(ours: str, theirs: str) -> bool:
    """Whether two notes mean the same to a chart."""
    return canonical_text(ours) == canonical_text(theirs)


def _place(payload: ProcedurePayload) -> tuple[object, ...]:
    return (payload.code_id, payload.tooth, payload.surfaces, payload.quadrant, payload.service_on)
