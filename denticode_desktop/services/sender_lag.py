"""How long a PMS takes to show a record: the lag that the settle is four times of (write-back-protocol.md section 8).

In ticks of an awake process. A lag is measured between looks: the record was still absent at one and there at the next.
"""

from dataclasses import dataclass

LATE_LOOK_TICKS = 10
"""A busy queue makes a look a few ticks late; later than this it was an outage, a hold or a pause."""
NOTE_TICKS = 15
"""How much longer a wait in vain must have become to be stored again."""


@dataclass(slots=True)
class Absence:
    """An item in flight whose record no complete look has shown yet.

    since: tick of the answer (accepted) or of the attempt's close (unknown). absent_at: tick of the last complete look
    without it. due_at: tick at which the next look was meant to be; always after `absent_at`.
    """

    since: int
    absent_at: int
    due_at: int
    noted: int = 0
    """How much of the wait is stored."""

    def was_absent(self, now: int, *, next_look: int) -> None:
        """A complete look did not show it; the next one is meant to be `next_look` ticks later."""
        self.absent_at, self.due_at = now, now + max(1, next_look)

    def lag(self, now: int) -> int:
        """The lag in ticks of a record that the complete look of now has found.

        It is rounded up to that look while looks were regular. After a gap without looks nothing says when within the
        gap it became visible, so the lag goes to the look that was due: a look missed for hours would otherwise make
        the settle days long. Neither is ever below the longest absence that a look really saw, since the next look is
        due after the last one in vain: a settle is never shortened below what was observed.
        """
        return (now if now - self.due_at <= LATE_LOOK_TICKS else self.due_at) - self.since

    def waited(self, now: int) -> int:
        """Ticks since the answer."""
        return now - self.since


def absence_since(now: int, already: int = 0) -> Absence:
    """A wait that begins now; `already`: awake ticks that earlier processes looked for it in vain."""
    return Absence(now - already, now, now + 1, already)
