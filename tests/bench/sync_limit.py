"""The hand-tuned limits of a sync: what this machine can do when nothing but speed counts.

Both: http.client with the next page on its way, msgspec straight to tuples, SQLCipher, indexes last, one commit per
eight pages together with the cursor; no audit, no tolerance for odd answers, no permissions, no second connection.
`limit` writes the product's own tables: 26 columns, folded search keys, aliases, stamps, seven indexes. `lean` writes
the reference of performance.md: 27 plain columns, phones in a second table, four indexes, 16 kB pages, no search keys.
"""

from __future__ import annotations

import http.client
import json
import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.parse import quote, urlsplit

import msgspec
import sqlcipher3.dbapi2 as driver

from denticode_desktop.domain.people import Demographics
from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.rehearsal import practice_data as practice
from denticode_desktop.storage import roster_schema as schema
from denticode_desktop.storage.engine import connect as product_connect

PRODUCT_KEY = bytes(range(32))
KEY = "ab" * 32
PAGE = 500
COMMIT_PAGES = 8
COLUMNS = (
    "id TEXT PRIMARY KEY, version TEXT, first TEXT, last TEXT, middle TEXT, preferred TEXT, suffix TEXT, title TEXT,"
    " born TEXT, gender TEXT, chart TEXT, status TEXT, contact TEXT, language TEXT, email TEXT, address1 TEXT,"
    " address2 TEXT, city TEXT, state TEXT, postal TEXT, first_visit TEXT, location TEXT, provider TEXT,"
    " guarantor TEXT, duplicate_of TEXT, phone TEXT, run INTEGER"
)
INDEXES = (
    "CREATE INDEX i1 ON patient (last, first)",
    "CREATE INDEX i2 ON patient (born)",
    "CREATE INDEX i3 ON patient (chart)",
    "CREATE INDEX i4 ON phone (number)",
)


class _Ref(msgspec.Struct, gc=False):
    id: str


class _Phone(msgspec.Struct, gc=False):
    number: str
    phoneType: str = ""  # noqa: N815 - the PMS's name


class _Row(msgspec.Struct, gc=False, rename="camel"):
    id: str
    last_modified: str
    first_name: str = ""
    last_name: str = ""
    middle_name: str | None = msgspec.field(default=None, name="middleInitial")
    preferred_name: str | None = None
    name_suffix: str | None = None
    title: str | None = None
    date_of_birth: str | None = None
    gender: str | None = None
    chart_number: str | None = None
    patient_status: str | None = None
    contact_method: str | None = None
    language_type: str | None = None
    email_address: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    first_visit_date: str | None = None
    phones: list[_Phone] = []
    preferred_location: _Ref | None = None
    primary_provider: _Ref | None = None
    primary_guarantor: _Ref | None = None
    duplicate_of_patient: _Ref | None = None


class _Name(NamedTuple):
    first_name: str
    last_name: str
    middle_name: str
    preferred_name: str


class _Slim(msgspec.Struct, gc=False, rename="camel"):
    id: str
    last_modified: str


class _Page(msgspec.Struct, gc=False):
    data: list[_Row]


class _SlimPage(msgspec.Struct, gc=False):
    data: list[_Slim]


_decode_page = msgspec.json.Decoder(_Page).decode
_decode_slim = msgspec.json.Decoder(_SlimPage).decode


class Pull:
    """Bodies of all pages, up to four read ahead; the last id is cut out of the bytes."""

    def __init__(self, base_url: str) -> None:
        self._netloc = urlsplit(base_url).netloc
        self._http = http.client.HTTPConnection(self._netloc, timeout=30)
        body = f"client_id={practice.CLIENT_ID}&client_secret={practice.CLIENT_SECRET}"
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        token = json.loads(
            self._ask("POST", "/oauth/client_credential/accesstoken?grant_type=client_credentials", form, body)
        )
        self._headers = {
            "Authorization": f"Bearer {token['access_token']}", "Organization-ID": practice.ORGANIZATION_ID,
        }  # fmt: skip

    def bodies(self, since: str | None = None) -> Iterator[bytes]:
        """Every page."""
        ready: queue.Queue[bytes | None] = queue.Queue(4)
        threading.Thread(target=self._fetch, args=(ready, since), daemon=True).start()
        while (body := ready.get()) is not None:
            yield body

    def _fetch(self, ready: queue.Queue[bytes | None], since: str | None) -> None:
        path = f"/ascend-gateway/api/v1/patients?pageSize={PAGE}&responseFields=ALL"
        if since is not None:
            path += f"&filter={quote(f'lastModified>={since}')}"
        after = ""
        while True:
            body = self._ask("GET", path + after, self._headers)
            if (last_id := _last_id(body)) is None:
                break
            ready.put(body)
            after = f"&lastId={last_id}"
        ready.put(None)

    def _ask(self, method: str, path: str, headers: dict[str, str], body: str | None = None) -> bytes:
        self._http.request(method, path, body, headers)
        return self._http.getresponse().read()


def _last_id(body: bytes) -> str | None:
    """Of the last row; a row begins with its id."""
    start = body.rfind(b'{"id":"', 0, body.rfind(b'"type":"PatientV1","firstName"'))
    return None if start < 0 else body[start + 7 : body.index(b'"', start + 7)].decode()


def connect(path: Path) -> Any:
    """SQLCipher, as fast as it is durable."""
    database = driver.connect(str(path), isolation_level=None)
    for pragma in (
        "cipher_log_level = NONE", f"key = \"x'{KEY}'\"", "cipher_page_size = 16384", "journal_mode = WAL",
        "synchronous = FULL", "wal_autocheckpoint = 20000", "temp_store = MEMORY",
    ):  # fmt: skip
        database.execute(f"PRAGMA {pragma}").fetchall()
    return database


def _store(database: Any, rows: list[_Row], run: int) -> None:
    patients = [
        (
            r.id, r.last_modified, r.first_name, r.last_name, r.middle_name, r.preferred_name, r.name_suffix,
            r.title, r.date_of_birth, r.gender, r.chart_number, r.patient_status, r.contact_method, r.language_type,
            r.email_address, r.address1, r.address2, r.city, r.state, r.postal_code, r.first_visit_date,
            r.preferred_location.id if r.preferred_location else None,
            r.primary_provider.id if r.primary_provider else None,
            r.primary_guarantor.id if r.primary_guarantor else None,
            r.duplicate_of_patient.id if r.duplicate_of_patient else None, r.phones[0].number if r.phones else None,
            run,
        )
        for r in rows
    ]  # fmt: skip
    database.executemany(f"INSERT OR REPLACE INTO patient VALUES ({','.join('?' * 27)})", patients)
    database.executemany(
        "INSERT OR REPLACE INTO phone VALUES (?, ?, ?, ?)",
        [(r.id, place, p.phoneType, p.number) for r in rows for place, p in enumerate(r.phones)],
    )


def run_limit(base_url: str, path: Path, mode: str, *, is_lean: bool) -> int:
    """`first`, `again` (everything listed, nothing changed) or `changed` (since the mark); rows written.

    Without `is_lean` the database has been made by the product already.
    """
    target: _Lean | _Full = _Lean(path) if is_lean else _Full(path)
    if mode == "first":
        target.begin_first()
    known = {} if mode == "first" else target.known()
    written = 0
    target.database.execute("BEGIN IMMEDIATE")
    for pages, body in enumerate(Pull(base_url).bodies(max(known.values()) if mode == "changed" else None), 1):
        if mode == "first":
            rows = _decode_page(body).data
        elif any(known.get(row.id) != row.last_modified for row in _decode_slim(body).data):
            rows = [row for row in _decode_page(body).data if known.get(row.id) != row.last_modified]
        else:
            rows = []
        if rows:
            target.store(rows)
            written += len(rows)
        if pages % COMMIT_PAGES == 0:
            target.save(_last_id(body))
            target.database.execute("COMMIT")
            target.database.execute("BEGIN IMMEDIATE")
    target.database.execute("COMMIT")
    if mode == "first":
        target.end_first()
    target.database.close()
    return written


class _Lean:
    """The reference's tables."""

    def __init__(self, path: Path) -> None:
        self.database = connect(path)

    def begin_first(self) -> None:
        self.database.execute(f"CREATE TABLE patient ({COLUMNS})")
        self.database.execute(
            "CREATE TABLE phone (id TEXT, place INTEGER, type TEXT, number TEXT, PRIMARY KEY (id, place))"
        )
        self.database.execute("CREATE TABLE cursor (after_id TEXT)")

    def known(self) -> dict[str, str]:
        return dict(self.database.execute("SELECT id, version FROM patient"))

    def store(self, rows: list[_Row]) -> None:
        _store(self.database, rows, 1)

    def save(self, after_id: str | None) -> None:
        self.database.execute("DELETE FROM cursor")
        self.database.execute("INSERT INTO cursor VALUES (?)", (after_id,))

    def end_first(self) -> None:
        for sql in INDEXES:
            self.database.execute(sql)


class _Full:
    """The product's tables, filled without its engine, adapter, ports and units of work."""

    def __init__(self, path: Path) -> None:
        self.database = product_connect(path, PRODUCT_KEY)
        for pragma in ("wal_autocheckpoint = 20000", "cache_size = -48000"):
            self.database.execute(f"PRAGMA {pragma}").fetchall()

    def begin_first(self) -> None:
        for sql in schema.drop_indexes_sql(SyncKind.PATIENTS):
            self.database.execute(sql)

    def known(self) -> dict[str, str]:
        stamps = self.database.execute("SELECT pms_id, version FROM roster_stamp WHERE kind = 'patients'")
        return dict(stamps.fetchall())

    def store(self, rows: list[_Row]) -> None:
        names = (_Name(r.first_name, r.last_name, r.middle_name or "", r.preferred_name or "") for r in rows)
        keys = [schema.name_keys(cast(Demographics, name)) for name in names]
        patients = [
            (
                1, r.id, r.first_name or "", r.last_name or "", r.date_of_birth, r.gender, r.middle_name or "",
                r.name_suffix or "", r.preferred_name or "", (phone := r.phones[0].number if r.phones else ""),
                r.email_address or "", r.address1 or "", r.city or "", r.state or "", r.postal_code or "",
                r.chart_number or "", "active", None, r.last_modified, last, first, phone,
                (r.chart_number or "").lower(), 0,
            )
            for r, (last, first, _) in zip(rows, keys, strict=True)
        ]  # fmt: skip
        upsert = schema.PATIENTS.upsert_sql
        self.database.executemany(upsert, patients)
        self.database.executemany(schema.STAMP_UPSERT_SQL, [(1, "patients", r.id, r.last_modified, 1) for r in rows])
        aliases = [(1, r.id, key) for r, (_, _, extra) in zip(rows, keys, strict=True) for key in extra]
        self.database.executemany(schema.ALIAS_INSERT_SQL, aliases)

    def save(self, after_id: str | None) -> None:
        self.database.execute(
            "INSERT OR REPLACE INTO sync_cursor VALUES (1, 'patients', NULL, NULL, ?, 1, 1, 1)", (after_id,)
        )

    def end_first(self) -> None:
        for sql in schema.make_indexes_sql(SyncKind.PATIENTS):
            self.database.execute(sql)
