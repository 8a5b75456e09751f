"""Storing in a thread of its own: SQLite works without Python's lock while the next pages are parsed."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.domain.sync_cursor import SyncCursor, SyncKind
from denticode_desktop.ports.sync_store import PageCounts, StoredPage, SyncStore

NOTHING = PageCounts(0, 0)


class BatchWriter:
    """One batch under way at most, in the order in which they were given. Used by one thread."""

    def __init__(self, sync_store: SyncStore, connection_id: ConnectionId, kind: SyncKind) -> None:
        self._sync_store = sync_store
        self._connection_id = connection_id
        self._kind = kind
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="sync-store")
        self._under_way: Future[PageCounts] | None = None

    def __enter__(self) -> "BatchWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True)

    def store(self, pages: Sequence[StoredPage], cursor: SyncCursor) -> None:
        """Begins to store; `settle` first."""
        self._under_way = self._pool.submit(self._sync_store.store, self._connection_id, self._kind, pages, cursor)

    def settle(self) -> PageCounts:
        """Waits for the batch under way; what it did, nothing where there is none. Raises StorageError."""
        under_way, self._under_way = self._under_way, None
        return NOTHING if under_way is None else under_way.result()
