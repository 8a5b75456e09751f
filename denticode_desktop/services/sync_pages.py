"""Pages of one list, read ahead in a thread: the next one is on its way while the last one is parsed and stored.

The lists chain by id, so page n+1 can be asked for as soon as the last id of page n is known - which an adapter cuts
out of the bytes before anything is parsed. Waiting where the PMS asks for it happens in here too.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

from denticode_desktop.domain.errors import PmsProtocolError, PmsThrottledError, PmsUnavailableError
from denticode_desktop.domain.retry import back_off_s
from denticode_desktop.ports.pms import PmsPage

T = TypeVar("T")

PAGES_AHEAD = 4
KEYS_TRIED = 4
LONGEST_WAIT_S = 900.0
"""A run waits this long at most for a Retry-After; a longer one ends the run, which the schedule takes up again."""
MAX_TRIES = 5
MAX_PAGES = 100_000
_POLL_S = 0.2


class CancelledError(Exception):
    """The person cancelled while the run was waiting. Never leaves the engine."""


class Waiter(Protocol):
    """Waits; False when `is_cancelled` became true before the time was over."""

    def __call__(self, seconds: float, is_cancelled: Callable[[], bool]) -> bool:
        """Blocks the calling thread for at most `seconds`."""
        ...


def wait_in_slices(seconds: float, is_cancelled: Callable[[], bool]) -> bool:
    """The real waiter: asks for a cancel five times a second."""
    silence = threading.Event()
    left_s = seconds
    while left_s > 0:
        if is_cancelled():
            return False
        silence.wait(min(_POLL_S, left_s))
        left_s -= _POLL_S
    return not is_cancelled()


class Patience:
    """Asks the PMS, and again after the pause that it wants.

    An outage is waited out only when the PMS answered before in this run: a computer that is offline says so at once.
    Raises what `ask` raises when waiting does not help, CancelledError when a person did not want to wait.
    """

    def __init__(self, wait: Waiter, is_cancelled: Callable[[], bool], random_unit: Callable[[], float]) -> None:
        self._wait = wait
        self._is_cancelled = is_cancelled
        self._random_unit = random_unit
        self._has_answered = False

    def call(self, ask: Callable[[], T]) -> T:
        """The answer of `ask`."""
        for attempt in range(MAX_TRIES):
            try:
                answer = ask()
            except (PmsThrottledError, PmsUnavailableError) as error:
                pause_s = self._pause_s(error, attempt)
                if pause_s is None:
                    raise
                if not self._wait(pause_s, self._is_cancelled):
                    raise CancelledError from error
            else:
                self._has_answered = True
                return answer
        raise AssertionError("unreachable: the last attempt raises")

    def _pause_s(self, error: PmsThrottledError | PmsUnavailableError, attempt: int) -> float | None:
        """How long to wait before asking again; None = give up."""
        is_worth_it = isinstance(error, PmsThrottledError) or self._has_answered or error.retry_after_s is not None
        pause_s = max(error.retry_after_s or 0.0, 1.0 + back_off_s(attempt, self._random_unit()))
        if not is_worth_it or attempt + 1 == MAX_TRIES or pause_s > LONGEST_WAIT_S:
            return None
        return pause_s


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """A page and the id after which it was asked for."""

    page: PmsPage
    after_id: str | None
    next_after_id: str | None

    def versions(self) -> dict[str, str]:
        """id -> version of each row, in the PMS's order: comparing whole dictionaries costs a tenth of going by row."""
        return dict(self.page.keys)


class KeysFirst:
    """Whether a page's ids and versions are asked for before its rows.

    A full pull of a list that is known already finds almost nothing new. Where it does after all, every page would be
    read twice, so whole pages are asked for as soon as half of the first ones had news.
    """

    def __init__(self, are_enough: bool) -> None:
        self.are_enough = are_enough
        self._pages = 0
        self._with_news = 0

    def note(self, *, has_news: bool) -> None:
        """What came of a page of keys."""
        self._pages += 1
        self._with_news += has_news
        if self._pages >= KEYS_TRIED and 2 * self._with_news >= self._pages:
            self.are_enough = False


class PageSource:
    """Iterates over the pages of one list from `after_id` on; raises in the consumer what reading raised.

    Whoever else uses the gateway meanwhile takes turns with `read`. `close` ends it after the request under way.
    """

    def __init__(
        self, read: Callable[[str | None], PmsPage], after_id: str | None, *, ahead: int = PAGES_AHEAD
    ) -> None:
        self._read = read
        self._ahead = ahead
        self._ready: deque[FetchedPage] = deque()
        self._is_closed = False
        self._changed = threading.Condition()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="sync-pages")
        self._fetching: Future[None] = self._pool.submit(self._fetch_all, after_id)
        self._fetching.add_done_callback(self._tell)

    def __enter__(self) -> "PageSource":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[FetchedPage]:
        while (fetched := self._take()) is not None:
            yield fetched

    def close(self) -> None:
        """No further request starts; returns when the one under way has ended."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._pool.shutdown(wait=True)

    def _take(self) -> FetchedPage | None:
        with self._changed:
            self._changed.wait_for(lambda: self._ready or self._fetching.done())
            if self._ready:
                self._changed.notify_all()
                return self._ready.popleft()
        self._fetching.result()
        return None

    def _tell(self, _: Future[None]) -> None:
        with self._changed:
            self._changed.notify_all()

    def _fetch_all(self, after_id: str | None) -> None:
        while True:
            page = self._read(after_id)
            fetched = FetchedPage(page, after_id, page.next_after_id)
            with self._changed:
                self._changed.wait_for(lambda: self._is_closed or len(self._ready) < self._ahead)
                if self._is_closed:
                    return
                self._ready.append(fetched)
                self._changed.notify_all()
            if fetched.next_after_id is None:
                return
            after_id = fetched.next_after_id


class PageGuard:
    """Refuses a list that cannot end: PmsProtocolError `endless_pages` or `backwards`.

    One row seen twice is fine (a row was inserted while we read, and storing is by id); a page that is mostly the page
    before is not.
    """

    def __init__(self) -> None:
        self._previous: frozenset[str] = frozenset()
        self._after_ids: set[str] = set()

    def check(self, fetched: FetchedPage) -> None:
        """Look at the next page of the list."""
        ids = frozenset(dict(fetched.page.keys))
        if not ids.isdisjoint(self._previous):
            if ids <= self._previous:
                raise PmsProtocolError("endless_pages")
            if 2 * len(ids & self._previous) > len(ids):
                raise PmsProtocolError("backwards")
        following = fetched.next_after_id
        if following is not None:
            if following == fetched.after_id or following in self._after_ids or len(self._after_ids) >= MAX_PAGES:
                raise PmsProtocolError("endless_pages")
            if _is_before(following, fetched.after_id):
                raise PmsProtocolError("backwards")
            self._after_ids.add(following)
        self._previous = ids


def _is_before(following: str, current: str | None) -> bool:
    """Whether decimal ids go down; other ids have no order that we know."""
    if current is None or not (following.isdecimal() and current.isdecimal()):
        return False
    return int(following) < int(current)
