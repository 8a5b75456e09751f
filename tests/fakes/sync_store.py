"""InMemorySyncStore: the SyncStore port with dictionaries, and a crash after any number of commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from denticode_desktop.domain.charting import CatalogueCode
from denticode_desktop.domain.errors import StorageError
from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.domain.people import PmsLocation, PmsPatient, PmsProvider
from denticode_desktop.domain.schedule import PmsAppointment
from denticode_desktop.domain.sync_cursor import SyncCursor, SyncKind
from denticode_desktop.ports.pms import PmsRecord
from denticode_desktop.ports.sync_store import PageCounts, StoredPage

Key = tuple[ConnectionId, SyncKind]


class SimulatedCrashError(BaseException):
    """The process died right before a commit."""


@dataclass(slots=True)
class StoredRow:
    """A row with the run that saw it last."""

    record: PmsRecord
    run: int
    is_gone: bool = False


@dataclass
class InMemorySyncStore:
    """Behaves as the port says; `commits_left` None = never crashes."""

    commits_left: int | None = None
    is_disk_full: bool = False
    cursors: dict[Key, SyncCursor] = field(default_factory=dict)
    rows: dict[Key, dict[str, StoredRow]] = field(default_factory=dict)
    bulk: set[Key] = field(default_factory=set)
    store_calls: list[tuple[SyncKind, int]] = field(default_factory=list)

    def live(self, connection_id: ConnectionId, kind: SyncKind) -> dict[str, PmsRecord]:
        """What a screen would show."""
        rows = self.rows.get((connection_id, kind), {})
        return {row_id: row.record for row_id, row in rows.items() if not row.is_gone}

    def cursor(self, connection_id: ConnectionId, kind: SyncKind) -> SyncCursor:
        """As the port."""
        return self.cursors.get((connection_id, kind), SyncCursor())

    def save_cursor(self, connection_id: ConnectionId, kind: SyncKind, cursor: SyncCursor) -> None:
        """As the port."""
        self._commit()
        self.cursors[connection_id, kind] = cursor

    def known_versions(self, connection_id: ConnectionId, kind: SyncKind, ids: Sequence[str]) -> Mapping[str, str]:
        """As the port."""
        live = self.live(connection_id, kind)
        return {row_id: live[row_id].version for row_id in ids if row_id in live}

    def begin_bulk(self, connection_id: ConnectionId, kind: SyncKind) -> None:
        """As the port."""
        self.bulk.add((connection_id, kind))

    def store(
        self, connection_id: ConnectionId, kind: SyncKind, pages: Sequence[StoredPage], cursor: SyncCursor
    ) -> PageCounts:
        """As the port."""
        self._commit()
        rows = self.rows.setdefault((connection_id, kind), {})
        added = changed = 0
        for page in pages:
            for record in page.changed:
                known = rows.get(record_id(record))
                added += known is None or known.is_gone
                changed += known is not None and not known.is_gone and known.record != record
                rows[record_id(record)] = StoredRow(record, cursor.run)
            for row_id in page.unchanged_ids:
                rows[row_id].run = cursor.run
        self.cursors[connection_id, kind] = cursor
        self.store_calls.append((kind, len(pages)))
        return PageCounts(added, changed)

    def finish(
        self, connection_id: ConnectionId, kind: SyncKind, cursor: SyncCursor, total: int | None = None
    ) -> int:
        """As the port."""
        self._commit()
        self.bulk.discard((connection_id, kind))
        self.cursors[connection_id, kind] = replace(cursor, is_running=False)
        seen = sum(row.run == cursor.run for row in self.rows.get((connection_id, kind), {}).values())
        if cursor.is_full and total is not None and seen < total:
            return seen - total
        unseen = [
            row
            for row in self.rows.get((connection_id, kind), {}).values()
            if cursor.is_full and not row.is_gone and row.run != cursor.run
        ]
        for row in unseen:
            row.is_gone = True
        return len(unseen)

    def _commit(self) -> None:
        if self.is_disk_full:
            raise StorageError("disk_full")
        if self.commits_left is not None:
            if self.commits_left == 0:
                raise SimulatedCrashError
            self.commits_left -= 1


def record_id(record: PmsRecord) -> str:
    """The PMS's id of any record."""
    match record:
        case PmsLocation():
            return record.pms_location_id
        case PmsProvider():
            return record.pms_provider_id
        case CatalogueCode():
            return record.code_id
        case PmsPatient():
            return record.pms_patient_id
        case PmsAppointment():
            return record.pms_appointment_id
