"""The pull of one kind: begins or resumes at the stored cursor, stores batches of pages, ends the run."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from denticode_desktop.domain.connection import Connection
from denticode_desktop.domain.errors import ExternalError, PersonNeededError, PmsProtocolError, StorageError
from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.domain.people import PmsPatient, has_name
from denticode_desktop.domain.sync_cursor import SyncCursor, SyncKind
from denticode_desktop.ports.clock import Clock
from denticode_desktop.ports.pms import PmsGateway, PmsPage, PmsRecord
from denticode_desktop.ports.sync_store import StoredPage, SyncStore
from denticode_desktop.ports.unit_of_work import Store

from .sync_batches import BatchWriter
from .sync_pages import CancelledError, FetchedPage, KeysFirst, PageGuard, PageSource, Patience
from .sync_progress import SyncProgress
from .sync_report import KindCounts
from .sync_roster_check import (
    NO_SHARED_PATIENTS,
    SENTENCES,
    TEST_DATA,
    asked_key,
    asked_value,
    is_checked_for_test_data,
    linked_sample,
    looks_like_test_data,
    shares_nobody,
)

BATCH_PAGES = 8
MOST_PAGES = 64
BATCH_S = 0.25
"""A batch is stored at so many pages with news (of others only the ids are kept), so many pages, or this age: what a
kill loses is read again, each commit costs a flush."""
FEWEST_TO_SHRINK = 20


class WrongRosterError(PersonNeededError):
    """The roster is a strange one. `finding`: `test_data` or `no_shared_patients`."""

    def __init__(self, finding: str, name: str) -> None:
        super().__init__(SENTENCES[finding].format(name=name))
        self.finding = finding


class LiveRows:
    """Rows before the run, counted once for all kinds and only if somebody asks: counting reads every stamp."""

    def __init__(self, store: Store, connection_id: ConnectionId) -> None:
        self._store = store
        self._connection_id = connection_id
        self._counts: Mapping[str, int] | None = None

    def count(self, kind: SyncKind) -> int:
        """Of one kind."""
        if self._counts is None:
            with self._store.read() as uow:
                self._counts = uow.roster.counts(self._connection_id)
        return self._counts.get(kind.value, 0)


@dataclass(frozen=True, slots=True)
class PullContext:
    """What the kinds of one run share. is_by_person: a person asked for it, not the schedule."""

    connection: Connection
    gateway: PmsGateway
    store: Store
    sync_store: SyncStore
    live_rows: LiveRows
    clock: Clock
    patience: Patience
    progress: SyncProgress
    is_cancelled: Callable[[], bool]
    is_full_asked: bool
    is_by_person: bool


class KindPull:
    """Pulls one kind once. `counts` and `is_resumed` may be read at any time, also after an error."""

    def __init__(self, context: PullContext, kind: SyncKind) -> None:
        self._context = context
        self._kind = kind
        self._connection_id = context.connection.connection_id
        self._sync_store = context.sync_store
        self._began = self._now()
        self._before = context.sync_store.cursor(self._connection_id, kind)
        self.is_resumed = (
            self._before.is_running
            and self._before.after_id is not None
            and (self._before.is_full or not context.is_full_asked)
        )
        self._cursor = self._before if self.is_resumed else self._new_cursor(self._before)
        self._is_first_load = self._cursor.is_full and self._cursor.mark is None and self._cursor.run <= 1
        self._rows_before = self._count_rows()
        self._batch: list[StoredPage] = []
        self._changed_pages = 0
        self._writer: BatchWriter
        self._stored_s = self._began[0]
        self._is_first_page = True
        self._is_bulk = False
        self._total: int | None = None
        self._kept_as_known: list[str] = []
        self._read_whole: Callable[[str | None], PmsPage]
        self._keys = KeysFirst(self._kind is SyncKind.PATIENTS and self._cursor.is_full and not self._is_first_load)
        self.counts = KindCounts(is_full=self._cursor.is_full)

    def run(self) -> bool:
        """True when the list was read to its end, False when a person cancelled. Raises the PMS errors of `read_page`,
        WrongRosterError, StorageError, CancelledError (while waiting)."""
        if self._kind is SyncKind.PATIENTS and self._cursor.is_full and not self.is_resumed:
            self._check_links()
        self._context.progress.begin(self._kind, self._rows_before if self.is_resumed else 0)
        if self._is_first_load and self.is_resumed:
            self._sync_store.begin_bulk(self._connection_id, self._kind)
            self._is_bulk = True
        if not self._read_list():
            return False
        self._check_length()
        self._finish()
        return True

    def _new_cursor(self, before: SyncCursor) -> SyncCursor:
        is_full = self._context.is_full_asked or before.mark is None
        return SyncCursor(mark=before.mark, is_full=is_full, is_running=True, run=before.run + 1)

    def _count_rows(self) -> int:
        """Live rows before this run, where a check or the progress needs them."""
        if not self._cursor.is_full or (self._is_first_load and not self.is_resumed):
            return 0
        return self._context.live_rows.count(self._kind)

    def _read_list(self) -> bool:
        since = self._cursor.since()

        gateway_turn = threading.Lock()

        def ask(after_id: str | None, *, keys_only: bool) -> PmsPage:
            with gateway_turn:  # the pages are read ahead in a thread; this one asks again for a page with news
                return self._context.patience.call(
                    lambda: self._context.gateway.read_page(
                        self._kind, since=since, after_id=after_id, keys_only=keys_only
                    )
                )

        def read(after_id: str | None) -> PmsPage:
            return ask(after_id, keys_only=self._keys.are_enough)

        self._read_whole = partial(ask, keys_only=False)
        with (
            BatchWriter(self._sync_store, self._connection_id, self._kind) as self._writer,
            PageSource(read, self._cursor.after_id) as source,
        ):
            try:
                return self._take_all(source)
            except StorageError:
                raise
            except (ExternalError, CancelledError):
                self._flush()
                self._settle()
                raise

    def _take_all(self, source: PageSource) -> bool:
        guard, is_whole = PageGuard(), True
        for fetched in source:
            guard.check(fetched)
            self._take(fetched)
            if fetched.next_after_id is not None and self._context.is_cancelled():
                is_whole = False
                break
        self._flush()
        self._settle()
        return is_whole

    def _take(self, fetched: FetchedPage) -> None:
        """Puts a page into the batch: new and changed rows parsed, the others by id only."""
        page, listed = fetched.page, fetched.versions()
        wanted = self._wanted(listed)
        if page.is_keys_only:
            self._keys.note(has_news=bool(wanted))
            if wanted:
                page = self._read_whole(fetched.after_id)
                listed = dict(page.keys)
                wanted = self._wanted(listed)
        records = self._with_names(page.records(wanted) if wanted else ())
        if self._is_first_page:
            self._check_for_test_data(records)
        unchanged = [key for key in listed if key not in wanted] if wanted else list(listed)
        unchanged += self._kept_as_known
        self._batch.append(StoredPage(records, unchanged))
        after_id = fetched.next_after_id or (next(reversed(listed)) if listed else self._cursor.after_id)
        self._cursor = replace(self._cursor, after_id=after_id, run_mark=self._mark_after(page.newest))
        self._total = page.total if page.total is not None else self._total
        self.counts = replace(self.counts, seen=self.counts.seen + len(page.keys))
        self._changed_pages += bool(wanted)
        if self._is_batch_due():
            self._flush()
        self._context.progress.advance(len(page.keys), self._total)
        if self._is_first_load and not self._is_bulk and fetched.next_after_id is not None:
            self._begin_bulk()
        self._is_first_page = False

    def _with_names(self, records: Sequence[PmsRecord]) -> Sequence[PmsRecord]:
        """Patients without any name are no news: what is known of them stays as it is.

        Raises PmsProtocolError `no_names` where a whole page has none: the PMS sends something else than it says.
        """
        self._kept_as_known = []
        nameless = [r.pms_patient_id for r in records if isinstance(r, PmsPatient) and not has_name(r.person)]
        if not nameless:
            return records
        if len(nameless) == len(records) and len(records) >= FEWEST_TO_SHRINK:
            raise PmsProtocolError("no_names")
        self.counts = replace(self.counts, nameless=self.counts.nameless + len(nameless))
        self._kept_as_known = list(self._sync_store.known_versions(self._connection_id, self._kind, nameless))
        left_out = frozenset(nameless)
        return [r for r in records if not (isinstance(r, PmsPatient) and r.pms_patient_id in left_out)]

    def _wanted(self, listed: Mapping[str, str]) -> frozenset[str]:
        """Ids whose rows must be parsed. A row without a version may have changed."""
        if self._is_first_load or not listed:
            return frozenset(listed)
        known = self._sync_store.known_versions(self._connection_id, self._kind, list(listed))
        if known == listed and "" not in known.values():
            return frozenset()
        return frozenset(key for key, version in listed.items() if not version or known.get(key) != version)

    def _mark_after(self, newest: datetime | None) -> datetime | None:
        """Largest change time seen, set back by the age of this run.

        A row that was read early may change while the rest is read, so the next run must ask from the *beginning* of
        this one. The PMS's time at the beginning is at least (a time seen now) minus (how long we have been reading).
        A resumed run cannot tell how long it was away: the mark from before the break stands.
        """
        if newest is None or self.is_resumed:
            return self._cursor.run_mark
        monotonic_s, utc = self._now()
        age_s = max(monotonic_s - self._began[0], (utc - self._began[1]).total_seconds(), 0.0)
        mark = newest - timedelta(seconds=age_s)
        return mark if self._cursor.run_mark is None else max(mark, self._cursor.run_mark)

    def _is_batch_due(self) -> bool:
        """The first page at once, so that a screen has rows to show."""
        is_old = self._context.clock.monotonic_s() - self._stored_s >= BATCH_S
        is_large = self._changed_pages >= BATCH_PAGES or len(self._batch) >= MOST_PAGES
        return self._is_first_page or is_old or is_large

    def _flush(self) -> None:
        if not self._batch:
            return
        self._settle()
        self._writer.store(self._batch, self._cursor)
        self._batch, self._changed_pages = [], 0
        self._stored_s = self._context.clock.monotonic_s()

    def _settle(self) -> None:
        """The batch under way is in the database."""
        stored = self._writer.settle()
        self.counts = replace(
            self.counts, added=self.counts.added + stored.added, changed=self.counts.changed + stored.changed
        )

    def _begin_bulk(self) -> None:
        """After the first page of a first load, which is stored with all indexes so that it can be searched at once."""
        self._settle()
        self._sync_store.begin_bulk(self._connection_id, self._kind)
        self._is_bulk = True

    def _check_length(self) -> None:
        """Nothing is marked as gone because a list ended too early. The next run then starts anew."""
        if not self._cursor.is_full or self.is_resumed:
            return
        seen = self.counts.seen
        is_short = self._total is not None and self._total - seen > max(FEWEST_TO_SHRINK, self._total // 20)
        has_shrunk = self._rows_before >= FEWEST_TO_SHRINK and 2 * seen < self._rows_before
        if is_short or (has_shrunk and not (self._context.is_by_person and self._context.is_full_asked)):
            self._sync_store.save_cursor(
                self._connection_id, self._kind, replace(self._before, is_running=False, run=self._cursor.run)
            )
            raise PmsProtocolError("short_list" if is_short else "list_shrank")

    def _finish(self) -> None:
        marks = [mark for mark in (self._cursor.mark, self._cursor.run_mark) if mark is not None]
        ended = SyncCursor(
            mark=max(marks, default=None), is_full=self._cursor.is_full, is_running=False, run=self._cursor.run
        )
        gone = self._sync_store.finish(self._connection_id, self._kind, ended, self._total)
        self.counts = replace(self.counts, gone=max(gone, 0), missing=max(-gone, 0))

    def _check_links(self) -> None:
        with self._context.store.read() as uow:
            sample = linked_sample(uow, self._context.connection)
        fetch = self._context.gateway.fetch_patient
        if sample and shares_nobody(sample, lambda who: self._context.patience.call(lambda: fetch(who))):
            self._refuse(NO_SHARED_PATIENTS)

    def _check_for_test_data(self, records: Sequence[PmsRecord]) -> None:
        is_checked = (
            self._kind is SyncKind.PATIENTS
            and self._cursor.is_full
            and not self.is_resumed
            and is_checked_for_test_data(self._context.connection.settings.environment)
        )
        if is_checked and looks_like_test_data(records):
            self._refuse(TEST_DATA)

    def _refuse(self, finding: str) -> None:
        """Asks once: who lifts the hold has answered."""
        with self._context.store.read() as uow:
            asked = uow.practice.setting(asked_key(self._context.connection))
        if asked != asked_value(self._context.connection, finding):
            raise WrongRosterError(finding, self._context.connection.settings.name)

    def _now(self) -> tuple[float, datetime]:
        return self._context.clock.monotonic_s(), self._context.clock.utc_now()
