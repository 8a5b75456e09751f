"""SqlSyncStore: pulled rows into the roster tables, a few pages and their cursor in one transaction.

A first load drops the secondary indexes after its first page and makes them when it ends: with them in place the same
load takes four times as long (performance.md section 1). A process that dies in between leaves a database without them,
which searches slower and is made whole by the run that resumes, by the next run that ends, or at the next opening.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache, partial
from itertools import chain
from typing import NamedTuple, cast

import msgspec
import sqlcipher3.dbapi2 as driver

from denticode_desktop.domain.charting import CatalogueCode
from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.domain.people import PmsPatient, PmsProvider
from denticode_desktop.domain.schedule import PmsAppointment
from denticode_desktop.domain.sync_cursor import SyncCursor, SyncKind
from denticode_desktop.ports.pms import PmsRecord
from denticode_desktop.ports.sync_store import PageCounts, StoredPage

from .roster_schema import (
    ALIAS_DELETE_SQL,
    ALIAS_INSERT_SQL,
    PATIENTS,
    ROSTER,
    STAMP_RUN_SQL,
    STAMP_UPSERT_SQL,
    digits,
    drop_indexes_sql,
    fold,
    make_indexes_sql,
    name_keys,
    person_values,
)
from .session import Session, translated
from .store import SqlStore
from .values import from_time_or_none, to_time_or_none

BULK_CHECKPOINT_PAGES = 20_000
USUAL_CHECKPOINT_PAGES = 1_000
BULK_CACHE_KB = 48_000
USUAL_CACHE_KB = 2_000
"""Each of the indexes reads the whole table: from memory, decrypted once, where it has room."""
STATEMENT_ROWS = (500, 50)
"""Rows a statement, the largest size first: a page of new rows is one statement, in which SQLite works without Python's
lock from end to end."""
FEW_ROWS = 5_000
"""Indexes are dropped only while the table holds no more than this: another connection's patients are searched."""

_CURSOR_SQL = (
    "SELECT mark, run_mark, after_id, is_full, is_running, run FROM sync_cursor WHERE connection_id = ? AND kind = ?"
)
_SAVE_CURSOR_SQL = (
    "INSERT INTO sync_cursor (connection_id, kind, mark, run_mark, after_id, is_full, is_running, run)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (connection_id, kind) DO UPDATE SET mark = excluded.mark,"
    " run_mark = excluded.run_mark, after_id = excluded.after_id, is_full = excluded.is_full,"
    " is_running = excluded.is_running, run = excluded.run"
)
_OF_KIND = "FROM roster_stamp WHERE connection_id = ? AND kind = ?"
_IN_RANGE = " AND pms_id BETWEEN ? AND ?"
_AMONG = " AND pms_id IN (SELECT value FROM json_each(?))"
_STAMPS_SQL = f"SELECT pms_id, is_gone || version AS told {_OF_KIND}"
_VERSIONS_SQL = f"SELECT pms_id, version AS told {_OF_KIND} AND is_gone = 0"
_AS_OBJECT = "SELECT json_group_object(pms_id, told) FROM ({})"
_RUN_OF_RANGE_SQL = (
    "UPDATE roster_stamp SET run = ? WHERE connection_id = ? AND kind = ? AND pms_id BETWEEN ? AND ? AND is_gone = 0"
)
_UNSEEN_SQL = "SELECT pms_id FROM roster_stamp WHERE connection_id = ? AND kind = ? AND is_gone = 0 AND run <> ?"
_SEEN_SQL = "SELECT count(*) FROM roster_stamp WHERE connection_id = ? AND kind = ? AND run = ?"
_STAMP_GONE_SQL = "UPDATE roster_stamp SET is_gone = 1 WHERE connection_id = ? AND kind = ? AND pms_id = ?"
_STAMP_INSERT_SQL = STAMP_UPSERT_SQL.split(" ON CONFLICT")[0]
_FIRST_LOADS_SQL = "SELECT count(*) FROM sync_cursor WHERE kind = ? AND is_running = 1 AND mark IS NULL AND run <= 1"

_FOUND_BY = (
    "first_name", "last_name", "middle_name", "preferred_name", "date_of_birth", "key_last", "key_first", "key_phone",
    "key_chart",
)  # fmt: skip
"""What indexes and aliases of a patient are made of. SQLite writes an index anew for every column that is set."""
_FOUND_BY_PLACES = tuple(PATIENTS.columns.index(column) for column in _FOUND_BY)
_FOUND_BY_SQL = (
    f"SELECT json_group_object(pms_patient_id, json_array({', '.join(_FOUND_BY)})) FROM pms_patient"
    " WHERE connection_id = ? AND pms_patient_id IN (SELECT value FROM json_each(?))"
)
_STEADY_PLACES = tuple(n for n in range(2, len(PATIENTS.columns)) if n not in _FOUND_BY_PLACES)
_STEADY_SQL = (
    f"UPDATE pms_patient SET {', '.join(f'{PATIENTS.columns[n]} = ?' for n in _STEADY_PLACES)}"
    " WHERE connection_id = ? AND pms_patient_id = ?"
)

Values = tuple[object, ...]
_decode_found_by = msgspec.json.Decoder(dict[str, list[str | None]]).decode
_decode_object = msgspec.json.Decoder(dict[str, str]).decode


class SqlSyncStore:
    """The SyncStore port on the encrypted database. Thread-safe: every method is its own transaction."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self._bulk: set[tuple[ConnectionId, SyncKind]] = set()
        self._is_checkpoint_late = False
        self._repair()

    def cursor(self, connection_id: ConnectionId, kind: SyncKind) -> SyncCursor:
        """As the port."""
        with self._store.read_session() as session:
            row = session.one(_CURSOR_SQL, (connection_id, kind.value))
        if row is None:
            return SyncCursor()
        return SyncCursor(
            mark=from_time_or_none(row["mark"]), run_mark=from_time_or_none(row["run_mark"]),
            after_id=row["after_id"], is_full=bool(row["is_full"]), is_running=bool(row["is_running"]), run=row["run"],
        )  # fmt: skip

    def save_cursor(self, connection_id: ConnectionId, kind: SyncKind, cursor: SyncCursor) -> None:
        """As the port."""
        with self._store.write_session() as session:
            _save_cursor(session, connection_id, kind, cursor)

    def known_versions(self, connection_id: ConnectionId, kind: SyncKind, ids: Sequence[str]) -> Mapping[str, str]:
        """As the port."""
        with self._store.read_session() as session:
            return _look_up(session, _VERSIONS_SQL, connection_id, kind, ids)

    def begin_bulk(self, connection_id: ConnectionId, kind: SyncKind) -> None:
        """As the port. A table that other connections have filled keeps its indexes."""
        table = ROSTER[kind].table
        with self._store.read_session() as session:
            others = session.value(
                f"SELECT count(*) FROM (SELECT 1 FROM {table} WHERE connection_id <> ? LIMIT ?)",
                (connection_id, FEW_ROWS + 1),
            )
        if others > FEW_ROWS or not ROSTER[kind].indexes:
            return
        self._bulk.add((connection_id, kind))
        self._set_checkpoint(BULK_CHECKPOINT_PAGES)
        with self._store.write_session() as session:
            for sql in drop_indexes_sql(kind):
                session.execute(sql)

    def store(
        self, connection_id: ConnectionId, kind: SyncKind, pages: Sequence[StoredPage], cursor: SyncCursor
    ) -> PageCounts:
        """As the port."""
        if not self._is_checkpoint_late:
            self._set_checkpoint(BULK_CHECKPOINT_PAGES)
        # Rows of later pages are made while SQLite, which works without Python's lock, stores the first ones.
        with ThreadPoolExecutor(1, thread_name_prefix="sync-rows") as pool:
            made = pool.map(partial(_make_rows, connection_id, kind, cursor.run), pages)
            counts = PageCounts(0, 0)
            with self._store.write_session() as session:
                writer = _PageWriter(session, connection_id, kind, cursor)
                for rows in made:
                    counts = _sum(counts, writer.write(rows))
                if cursor.is_full:
                    writer.stamp_unchanged(set().union(*(page.unchanged_ids for page in pages)))
                _save_cursor(session, connection_id, kind, cursor)
        return counts

    def finish(
        self, connection_id: ConnectionId, kind: SyncKind, cursor: SyncCursor, total: int | None = None
    ) -> int:
        """As the port."""
        self._bulk.discard((connection_id, kind))
        if not any(bulk_kind is kind for _, bulk_kind in self._bulk):
            self._make_indexes(kind)
        if not self._bulk:
            self._set_checkpoint(USUAL_CHECKPOINT_PAGES)
        with self._store.write_session() as session:
            gone = _mark_gone(session, connection_id, kind, cursor.run, total) if cursor.is_full else 0
            _save_cursor(session, connection_id, kind, replace(cursor, is_running=False))
        return gone

    def _repair(self) -> None:
        """Makes the indexes that a dead first load left out, where no first load waits to be resumed."""
        for kind in SyncKind:
            with self._store.read_session() as session:
                waits = session.value(_FIRST_LOADS_SQL, (kind.value,))
            if not waits:
                self._make_indexes(kind)

    def _make_indexes(self, kind: SyncKind) -> None:
        """Each in a transaction of its own, so that the sender waits for one at most."""
        with self._store.read_session() as session:
            present = {row["name"] for row in session.all("SELECT name FROM sqlite_master WHERE type = 'index'")}
        for (name, _), sql in zip(ROSTER[kind].indexes, make_indexes_sql(kind), strict=True):
            if name not in present:
                with self._store.write_session() as session:
                    session.execute(sql)

    def _set_checkpoint(self, pages: int) -> None:
        self._is_checkpoint_late = pages == BULK_CHECKPOINT_PAGES
        cache_kb = BULK_CACHE_KB if self._is_checkpoint_late else USUAL_CACHE_KB
        with self._store.bare_connection() as connection:
            try:
                connection.execute(f"PRAGMA wal_autocheckpoint = {pages}").fetchall()
                connection.execute(f"PRAGMA cache_size = -{cache_kb}").fetchall()
            except driver.Error as error:
                raise translated(error) from error


class _PageWriter:
    """Writes pages of one kind inside one transaction."""

    def __init__(self, session: Session, connection_id: ConnectionId, kind: SyncKind, cursor: SyncCursor) -> None:
        self._session = session
        self._connection_id = connection_id
        self._kind = kind
        self._cursor = cursor
        self._table = ROSTER[kind]
        self._written: set[str] = set()

    def write(self, made: "_MadeRows") -> PageCounts:
        """New rows by plain INSERT, known ones by upsert; a row that was gone and is back counts as added."""
        self._written.update(made)
        known = _stamps(self._session, self._connection_id, self._kind, list(made))
        fresh = [made[pms_id] for pms_id in made if pms_id not in known] if known else list(made.values())
        self._insert(fresh)
        counts = PageCounts(len(fresh), 0)
        if known:
            counts = _sum(counts, self._overwrite({pms_id: made[pms_id] for pms_id in known}, known))
        return counts

    def _insert(self, fresh: Sequence["_MadeRow"]) -> None:
        _insert_many(self._session, self._table.insert_sql, [made.row for made in fresh])
        _insert_many(self._session, _STAMP_INSERT_SQL, [made.stamp for made in fresh])
        _insert_many(self._session, ALIAS_INSERT_SQL, [alias for made in fresh for alias in made.aliases])

    def _overwrite(self, stale: "_MadeRows", known: Mapping[str, tuple[str, bool]]) -> PageCounts:
        added = changed = 0
        for pms_id, made in stale.items():
            version, is_gone = known[pms_id]
            # a row without a version is compared whole
            is_same = version == made.version and (version != "" or self._stored(pms_id) == made.row)
            added += is_gone
            changed += not is_gone and not is_same
        self._session.change_many(STAMP_UPSERT_SQL, [made.stamp for made in stale.values()])
        if self._kind is SyncKind.PATIENTS:
            self._overwrite_patients(stale)
        else:
            self._session.change_many(self._table.upsert_sql, [made.row for made in stale.values()])
        return PageCounts(added, changed)

    def _overwrite_patients(self, stale: "_MadeRows") -> None:
        """Most changes are not about what a patient is found by: then no index and no alias is touched."""
        found = self._session.value(
            _FOUND_BY_SQL, (self._connection_id, msgspec.json.encode(list(stale)).decode())
        )
        before = _decode_found_by(found)
        renamed = {p: made for p, made in stale.items() if before.get(p) != [made.row[n] for n in _FOUND_BY_PLACES]}
        steady = [made.row for pms_id, made in stale.items() if pms_id not in renamed]
        key = (self._connection_id,)
        self._session.change_many(_STEADY_SQL, [(*(row[n] for n in _STEADY_PLACES), *key, row[1]) for row in steady])
        self._session.change_many(self._table.upsert_sql, [made.row for made in renamed.values()])
        self._session.change_many(ALIAS_DELETE_SQL, [(*key, pms_id) for pms_id in renamed])
        _insert_many(self._session, ALIAS_INSERT_SQL, [a for made in renamed.values() for a in made.aliases])

    def _stored(self, pms_id: str) -> tuple[object, ...] | None:
        row = self._session.one(
            f"SELECT {', '.join(self._table.columns)} FROM {self._table.table}"
            f" WHERE connection_id = ? AND {self._table.id_column} = ?",
            (self._connection_id, pms_id),
        )
        return None if row is None else tuple(row[column] for column in self._table.columns)

    def stamp_unchanged(self, ids: set[str]) -> None:
        """After the pages were written; in one statement where this batch is all there is between its ends."""
        if not ids:
            return
        run, connection_id, kind = self._cursor.run, self._connection_id, self._kind.value
        everyone = ids | self._written if self._written else ids
        between = (connection_id, kind, min(everyone), max(everyone))
        self._session.execute("SAVEPOINT stamping")
        if self._session.change(_RUN_OF_RANGE_SQL, (run, *between)) != len(everyone):
            self._session.execute("ROLLBACK TO stamping")  # there are rows that this list has left out
            self._session.change_many(STAMP_RUN_SQL, [(run, connection_id, kind, pms_id) for pms_id in ids])
        self._session.execute("RELEASE stamping")


class _MadeRow(NamedTuple):
    """A record as it is stored."""

    row: Values
    stamp: Values
    aliases: Sequence[Values]
    version: str


_MadeRows = Mapping[str, _MadeRow]


def _make_rows(connection_id: ConnectionId, kind: SyncKind, run: int, page: StoredPage) -> _MadeRows:
    """By id; a row that a page holds twice is stored once."""
    made: dict[str, _MadeRow] = {}
    kind_name = kind.value
    if kind is SyncKind.PATIENTS:
        for patient in cast(Sequence[PmsPatient], page.changed):
            patient_id, version = patient.pms_patient_id, patient.version
            row, aliases = _patient_row(connection_id, patient)
            made[patient_id] = _MadeRow(row, (connection_id, kind_name, patient_id, version, run), aliases, version)
        return made
    make_row = ROSTER[kind].make_row
    for record in page.changed:
        pms_id = _id_of(record)
        stamp = (connection_id, kind_name, pms_id, record.version, run)
        made[pms_id] = _MadeRow(make_row(connection_id, record), stamp, (), record.version)
    return made


def _patient_row(connection_id: ConnectionId, record: PmsPatient) -> tuple[Values, Sequence[Values]]:
    """As PATIENTS.make_row and alias_rows (a test compares), at half their cost."""
    person, pms_id = record.person, record.pms_patient_id
    key_last, key_first, extra = name_keys(person)
    phone = person.phone
    row = (
        connection_id, pms_id, *person_values(person), record.status.value, record.merged_into, record.version,
        key_last, key_first, phone if len(phone) == 10 and phone.isascii() and phone.isdigit() else digits(phone),
        fold(person.chart_number), 0,
    )  # fmt: skip
    return row, [(connection_id, pms_id, key) for key in extra]


def _insert_many(session: Session, sql: str, rows: Sequence[Values]) -> None:
    """Many rows a statement: a third faster than one by one, and SQLite works longer without Python's lock."""
    done = 0
    for size in STATEMENT_ROWS:
        while len(rows) - done >= size:
            session.execute(_of_many_rows(sql, size), tuple(chain.from_iterable(rows[done : done + size])))
            done += size
    if done < len(rows):
        session.change_many(sql, rows[done:])


@lru_cache(maxsize=32)
def _of_many_rows(sql: str, size: int) -> str:
    head, values = sql.split(" VALUES ")
    return f"{head} VALUES {', '.join([values] * size)}"


def _stamps(
    session: Session, connection_id: ConnectionId, kind: SyncKind, ids: Sequence[str]
) -> dict[str, tuple[str, bool]]:
    """id -> (version, is gone) of the stored ones among `ids`."""
    found = _look_up(session, _STAMPS_SQL, connection_id, kind, ids)
    return {pms_id: (stamp[1:], stamp[0] == "1") for pms_id, stamp in found.items()}


def _look_up(
    session: Session, sql: str, connection_id: ConnectionId, kind: SyncKind, ids: Sequence[str]
) -> dict[str, str]:
    """What `sql` tells of each of `ids`: by one range of the B-tree where they lie together.

    The answer is one JSON object: rows one by one give Python's lock away, and wait for it, 500 times a page.
    """
    if not ids:
        return {}
    wanted = frozenset(ids)
    of_kind, ends = (connection_id, kind.value), (min(wanted), max(wanted))
    most = 2 * len(wanted) + 100
    in_range = _AS_OBJECT.format(f"{sql}{_IN_RANGE} LIMIT ?")
    found = _decode_object(session.value(in_range, (*of_kind, *ends, most)))
    if len(found) == most:
        among = msgspec.json.encode(list(wanted)).decode()
        found = _decode_object(session.value(_AS_OBJECT.format(sql + _AMONG), (*of_kind, among)))
    return found if found.keys() <= wanted else {pms_id: found[pms_id] for pms_id in wanted & found.keys()}


def _mark_gone(session: Session, connection_id: ConnectionId, kind: SyncKind, run: int, total: int | None) -> int:
    seen = int(session.value(_SEEN_SQL, (connection_id, kind.value, run))) if total is not None else 0
    if total is not None and seen < total:
        return seen - total
    unseen = [row["pms_id"] for row in session.all(_UNSEEN_SQL, (connection_id, kind.value, run))]
    if unseen:
        table = ROSTER[kind]
        session.change_many(_STAMP_GONE_SQL, [(connection_id, kind.value, pms_id) for pms_id in unseen])
        session.change_many(
            f"UPDATE {table.table} SET is_gone = 1 WHERE connection_id = ? AND {table.id_column} = ?",
            [(connection_id, pms_id) for pms_id in unseen],
        )
    return len(unseen)


def _save_cursor(session: Session, connection_id: ConnectionId, kind: SyncKind, cursor: SyncCursor) -> None:
    session.execute(
        _SAVE_CURSOR_SQL,
        (
            connection_id, kind.value, to_time_or_none(cursor.mark), to_time_or_none(cursor.run_mark), cursor.after_id,
            int(cursor.is_full), int(cursor.is_running), cursor.run,
        ),
    )  # fmt: skip


def _sum(one: PageCounts, other: PageCounts) -> PageCounts:
    return PageCounts(one.added + other.added, one.changed + other.changed)


def _id_of(record: PmsRecord) -> str:
    if isinstance(record, PmsPatient):
        return record.pms_patient_id
    if isinstance(record, PmsAppointment):
        return record.pms_appointment_id
    if isinstance(record, CatalogueCode):
        return record.code_id
    return record.pms_provider_id if isinstance(record, PmsProvider) else record.pms_location_id
