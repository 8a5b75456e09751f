"""How fast one connection may be asked: back-off, Retry-After, streaks of unknown outcomes. In ticks, in memory."""

import math

from denticode_desktop.domain.ids import ItemId, PmsPatientId
from denticode_desktop.domain.retry import back_off_s
from denticode_desktop.domain.write_back import WaitingWhy
from denticode_desktop.ports.clock import Randomness

from .ticks import Ticks

LONG_WAIT_S = 24 * 3600
STREAK = 3
BAD_CHARTS = 3
"""So many charts that newly cannot be read, with none between that can, are the connection's trouble."""

FORGOTTEN_TICKS = 600


def whole_ticks(seconds: float | None) -> int:
    """Ticks that are at least that many seconds; none = 0."""
    return math.ceil(max(0.0, seconds or 0.0))


class Pace:
    """One connection's pace. A back-off is reset by one good read, what the PMS asked for (Retry-After) never is."""

    def __init__(self, ticks: Ticks, randomness: Randomness) -> None:
        self._ticks = ticks
        self._randomness = randomness
        self._failures = 0
        self._not_before = 0
        self._asked_until = 0
        self.outage = Outage(ticks, randomness)
        self.unknown_streak = 0
        self.fresh_token_tried = False
        self.seen_request = 0
        """The newest decision that the loop knows of: a newer one ends a drain, so that it is carried out first."""
        self.why: WaitingWhy | None = None

    @property
    def is_open(self) -> bool:
        """Whether a request may leave now."""
        return self.wait_ticks == 0

    @property
    def wait_ticks(self) -> int:
        """Ticks until the next try."""
        return max(0, self._not_before - self._ticks.count, self._asked_until - self._ticks.count)

    def good_read(self) -> None:
        """A complete answer came."""
        self._failures = 0
        self._not_before = 0
        self.why = WaitingWhy.THROTTLED if self._asked_until > self._ticks.count else None

    def back_off(self, why: WaitingWhy, retry_after_s: float | None = None) -> None:
        """Waits longer each time, at least one tick and at least what the PMS asked for."""
        wait_s = back_off_s(self._failures, self._randomness.unit())
        self._failures += 1
        self.why = why
        self._not_before = max(self._not_before, self._ticks.count + max(1, whole_ticks(wait_s)))
        if retry_after_s:
            self.wait_as_asked(retry_after_s)

    def wait_as_asked(self, seconds: float) -> None:
        """Retry-After: nothing at all is asked before it is over, whatever else happens."""
        self.why = WaitingWhy.THROTTLED
        self._asked_until = max(self._asked_until, self._ticks.count + whole_ticks(seconds))

    def try_now(self) -> None:
        """A person asked for it: the next turn may try, the back-off's length is kept. A Retry-After stays."""
        if self.why is not WaitingWhy.THROTTLED:
            self._not_before = 0


class Outage:
    """Sends over a connection came to nothing known, one after the other: it is asked by reads, then by one item.

    The item that goes first is the trial; no other goes until it is resolved, and the wait for the next one grows
    until one is accepted and seen in the chart.
    """

    def __init__(self, ticks: Ticks, randomness: Randomness) -> None:
        self._ticks = ticks
        self._randomness = randomness
        self._trials = 0
        self._next_trial = 0
        self.is_on = False
        self.is_readable = False
        """Reads answer again, as far as is known."""
        self.accepted: ItemId | None = None
        """The trial that the PMS accepted; seen in the chart it ends the outage."""

    def begin(self) -> None:
        """From now on, unless it is on already (also found so at start)."""
        if not self.is_on:
            self.is_on, self.is_readable = True, False

    @property
    def may_try(self) -> bool:
        """Whether the wait for the next trial is over."""
        return self._ticks.count >= self._next_trial

    def note_trial(self, item_id: ItemId, *, is_accepted: bool) -> None:
        """One went. Whatever comes of it, the next one waits longer than it did."""
        self._trials += 1
        wait_s = back_off_s(self._trials, self._randomness.unit())
        self._next_trial = self._ticks.count + max(1, whole_ticks(wait_s))
        self.accepted = item_id if is_accepted else None

    def end(self) -> None:
        """A trial is in the chart, or a person lifted the hold."""
        self._trials, self._next_trial = 0, 0
        self.is_on, self.is_readable, self.accepted = False, False, None


class Troubles:
    """Patients whose chart cannot be read though the PMS answers: each waits alone, longer each time."""

    def __init__(self, ticks: Ticks, randomness: Randomness) -> None:
        self._ticks = ticks
        self._randomness = randomness
        self._failures: dict[PmsPatientId, int] = {}
        self._until: dict[PmsPatientId, int] = {}
        self._forbidden: set[PmsPatientId] = set()
        self._in_a_row = 0

    def __len__(self) -> int:
        """How many patients are in trouble."""
        return len(self._until)

    def note(self, patient: PmsPatientId, *, is_forbidden: bool = False) -> int:
        """Ticks until this patient is tried again."""
        n = self._failures.get(patient, 0)
        self._failures[patient] = n + 1
        wait = max(1, whole_ticks(back_off_s(n, self._randomness.unit())))
        self._until[patient] = self._ticks.count + wait
        if is_forbidden:
            self._forbidden.add(patient)
        self._in_a_row += n == 0  # what is known to be bad says nothing new of the connection
        return wait

    def try_now(self, patient: PmsPatientId) -> None:
        """A person asked for it: the wait is over, its length is kept."""
        if patient in self._until:
            self._until[patient] = self._ticks.count

    def clear(self, patient: PmsPatientId) -> None:
        """This patient's chart was read."""
        self._in_a_row = 0
        self._failures.pop(patient, None)
        self._until.pop(patient, None)
        self._forbidden.discard(patient)

    def drop_old(self) -> None:
        """Forgets who was not tried again for long after the wait: nothing is open for them any more."""
        for patient in [p for p, until in self._until.items() if self._ticks.count - until > FORGOTTEN_TICKS]:
            self._failures.pop(patient, None)
            self._until.pop(patient, None)
            self._forbidden.discard(patient)

    def is_known_forbidden(self, patient: PmsPatientId) -> bool:
        """Whether it was found before that this patient alone may not be read."""
        return patient in self._forbidden

    def all(self) -> set[PmsPatientId]:
        """Every patient in trouble, waiting or to be tried now."""
        return set(self._until)

    def waiting(self) -> set[PmsPatientId]:
        """Those who are not to be tried now."""
        return {p for p, until in self._until.items() if self._ticks.count < until}

    def take_many(self) -> bool:
        """True once when so many charts newly failed in a row that the connection itself seems to be in trouble."""
        is_many = self._in_a_row >= BAD_CHARTS
        if is_many:
            self._in_a_row = 0
        return is_many
