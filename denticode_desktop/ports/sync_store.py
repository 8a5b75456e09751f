"""SyncStore: where a pull puts its pages. Pages and cursor are stored in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.domain.sync_cursor import SyncCursor, SyncKind

from .pms import PmsRecord


@dataclass(frozen=True, slots=True)
class StoredPage:
    """One page to store: the parsed rows that are new or changed, and the ids of those that are not."""

    changed: Sequence[PmsRecord]
    unchanged_ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class PageCounts:
    """What storing did."""

    added: int
    changed: int


class SyncStore(Protocol):
    """Bulk writes of synced rows. Used by one sync run at a time per connection. Raises StorageError."""

    def cursor(self, connection_id: ConnectionId, kind: SyncKind) -> SyncCursor:
        """Where this kind is; a fresh cursor when it was never pulled."""
        ...

    def save_cursor(self, connection_id: ConnectionId, kind: SyncKind, cursor: SyncCursor) -> None:
        """Alone, at the start of a run."""
        ...

    def known_versions(self, connection_id: ConnectionId, kind: SyncKind, ids: Sequence[str]) -> Mapping[str, str]:
        """id -> stored version, of live rows."""
        ...

    def begin_bulk(self, connection_id: ConnectionId, kind: SyncKind) -> None:
        """Before a first full load into an empty kind: secondary indexes may be dropped until `finish`."""
        ...

    def store(
        self, connection_id: ConnectionId, kind: SyncKind, pages: Sequence[StoredPage], cursor: SyncCursor
    ) -> PageCounts:
        """Upserts by id, stamps every row with `cursor.run`, saves the cursor: all in one transaction."""
        ...

    def finish(
        self, connection_id: ConnectionId, kind: SyncKind, cursor: SyncCursor, total: int | None = None
    ) -> int:
        """Ends a run: rebuilds dropped indexes; after a full run marks rows not seen in `cursor.run` as gone.

        total: how many rows the PMS counted, if it says. Where fewer were seen, some slipped between two pages, and
        nobody is marked. Returns how many are newly gone, or minus the number that is missing. Idempotent.
        """
        ...
