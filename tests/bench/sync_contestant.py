"""One measured sync in a process of its own: `lean`, `limit` or `ours`, one JSON line at the end.

Seconds begin after the imports. Peak memory is what the process needed above its size right before the work.
"""

from __future__ import annotations

import argparse
import json
import resource
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from denticode_desktop.domain.access import SYSTEM
from denticode_desktop.domain.connection import ConnectionSettings, Environment
from denticode_desktop.domain.events import Event
from denticode_desktop.domain.ids import ConnectionId, PmsKey, PmsLocationId
from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.pms.registry import PmsRegistry
from denticode_desktop.ports.secrets import connection_secret
from denticode_desktop.rehearsal import practice_data as practice
from denticode_desktop.services.gateways import Gateways
from denticode_desktop.services.sync_engine import SyncEngine
from denticode_desktop.storage.store import SqlStore, create_store, open_store
from denticode_desktop.storage.sync_store import SqlSyncStore
from tests.bench.sync_limit import run_limit

KEY = bytes(range(32))
CONNECTION_ID = ConnectionId(1)


class SystemClock:
    """The computer's own."""

    def utc_now(self) -> datetime:
        """As the port."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """As the port."""
        return time.monotonic()


class RehearsalSecrets:
    """The simulator's credentials, under the names that a connection uses."""

    kind = "bench"
    is_real = False

    def get(self, name: str) -> str | None:
        """As the port."""
        is_secret = name == connection_secret(CONNECTION_ID, "client_secret")
        return practice.CLIENT_SECRET if is_secret else None

    def put(self, name: str, value: str) -> None:
        """Not needed."""

    def delete(self, name: str) -> None:
        """Not needed."""


class QuietSink:
    """Counts progress events."""

    def __init__(self) -> None:
        self.count = 0

    def publish(self, event: Event) -> None:
        """As the port."""
        self.count += 1


def open_world(base_url: str, path: Path) -> tuple[SqlStore, SyncEngine]:
    """The real parts on a database that is made when it is not there."""
    clock = SystemClock()
    if path.exists():
        store = open_store(path, KEY, clock, "bench", "0")
    else:
        store = create_store(path, KEY, clock, "bench", "0")
        settings = ConnectionSettings(
            "Bench", PmsKey("dentrix-ascend"), Environment.REHEARSAL, base_url, practice.ORGANIZATION_ID,
            practice.CLIENT_ID, PmsLocationId(practice.entity_id(practice.FIRST_LOCATION_ID, 0)),
        )  # fmt: skip
        with store.write() as uow:
            uow.practice.create_practice("Bench", is_rehearsal_only=True)
            uow.connections.add(settings)
    gateways = Gateways(store, PmsRegistry(clock), RehearsalSecrets())
    return store, SyncEngine(store, SqlSyncStore(store), gateways, clock, QuietSink())


def run_ours(base_url: str, path: Path, mode: str) -> dict[str, Any]:
    """The product's sync; only patients are of any size here."""
    is_new = not path.exists()
    store, engine = open_world(base_url, path)
    began, cpu_began = time.perf_counter(), time.process_time()
    first: dict[str, float] = {}
    over = threading.Event()
    watcher = threading.Thread(target=_watch_for_rows, args=(store, began, first, over), daemon=True)
    if is_new:
        watcher.start()
    report = engine.run(SYSTEM, CONNECTION_ID, full=mode == "again")
    seconds, cpu_s = time.perf_counter() - began, time.process_time() - cpu_began
    over.set()
    store.close()
    counts = report.kinds[SyncKind.PATIENTS]
    return {"s": seconds, "cpu_s": cpu_s, "rows": counts.added + counts.changed, "seen": counts.seen, **first}


def _watch_for_rows(store: SqlStore, began: float, first: dict[str, float], over: threading.Event) -> None:
    """When the first patient can be found by the beginning of a name."""
    while not over.wait(0.01):
        with store.read() as uow:
            if uow.roster.search_patients("ru", connection_id=None, limit=5):
                first["searchable_s"] = time.perf_counter() - began
                return


def main() -> None:
    """Runs one contestant."""
    parser = argparse.ArgumentParser()
    parser.add_argument("who", choices=["lean", "limit", "ours"])
    parser.add_argument("mode", choices=["first", "again", "changed"])
    parser.add_argument("base_url")
    parser.add_argument("path", type=Path)
    args = parser.parse_args()
    if args.who == "limit" and not args.path.exists():
        open_world(args.base_url, args.path)[0].close()
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if args.who == "ours":
        result = run_ours(args.base_url, args.path, args.mode)
    else:
        began, cpu_began = time.perf_counter(), time.process_time()
        rows = run_limit(args.base_url, args.path, args.mode, is_lean=args.who == "lean")
        cpu_s = time.process_time() - cpu_began
        result = {"s": time.perf_counter() - began, "cpu_s": cpu_s, "rows": rows}
    result["peak_mb"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) / 1024
    print(json.dumps(result))


if __name__ == "__main__":
    main()
