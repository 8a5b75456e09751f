"""A process whose children sync and die: `python -m tests.fault.sync_victim BASE_URL`.

Each line of standard input is one child: `DATABASE KILL FULL`, where KILL is `-`, `commit:N`, `after:N` (right before
or after the N-th COMMIT of the run) or `line:N` (before the N-th executed line of engine and store). The answer is one
JSON line: how the child ended and, when it lived, how many commits and lines there were. Forked, because the imports
take longer than a sync; the parent has no threads.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from denticode_desktop.domain.access import SYSTEM
from denticode_desktop.domain.connection import ConnectionSettings, Environment
from denticode_desktop.domain.events import Event
from denticode_desktop.domain.ids import ConnectionId, PmsKey, PmsLocationId
from denticode_desktop.pms.registry import PmsRegistry
from denticode_desktop.ports.secrets import connection_secret
from denticode_desktop.rehearsal import practice_data as practice
from denticode_desktop.services import sync_kind
from denticode_desktop.services.gateways import Gateways
from denticode_desktop.services.sync_engine import SyncEngine
from denticode_desktop.storage.session import Session
from denticode_desktop.storage.store import SqlStore, create_store, open_store
from denticode_desktop.storage.sync_store import SqlSyncStore

KEY = bytes(range(32))
CONNECTION_ID = ConnectionId(1)
TRACED = ("services/sync_", "storage/sync_store", "storage/store", "storage/session")
PAGES_A_COMMIT = 2


class SystemClock:
    """The computer's own."""

    def utc_now(self) -> datetime:
        """As the port."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """As the port."""
        return time.monotonic()


class RehearsalSecrets:
    """The simulator's credentials."""

    kind = "test"
    is_real = False

    def get(self, name: str) -> str | None:
        """As the port."""
        return practice.CLIENT_SECRET if name == connection_secret(CONNECTION_ID, "client_secret") else None

    def put(self, name: str, value: str) -> None:
        """Not needed."""

    def delete(self, name: str) -> None:
        """Not needed."""


class DeafSink:
    """Hears nothing."""

    def publish(self, event: Event) -> None:
        """As the port."""


def make_database(path: Path, base_url: str) -> None:
    """A practice with one connection to the simulator."""
    store = create_store(path, KEY, SystemClock(), "victim", "0")
    settings = ConnectionSettings(
        "Main office", PmsKey("dentrix-ascend"), Environment.REHEARSAL, base_url, practice.ORGANIZATION_ID,
        practice.CLIENT_ID, PmsLocationId(practice.entity_id(practice.FIRST_LOCATION_ID, 0)),
    )  # fmt: skip
    with store.write() as uow:
        uow.practice.create_practice("Springvale Dental", is_rehearsal_only=True)
        uow.connections.add(settings)
    store.close()


def open_database(path: Path) -> SqlStore:
    """The same after a death."""
    return open_store(path, KEY, SystemClock(), "victim", "0")


def sync(path: Path, *, full: bool) -> bool:
    """One run with the real engine, store and adapter; whether it resumed another."""
    store = open_database(path)
    clock = SystemClock()
    gateways = Gateways(store, PmsRegistry(clock), RehearsalSecrets())
    report = SyncEngine(store, SqlSyncStore(store), gateways, clock, DeafSink()).run(SYSTEM, CONNECTION_ID, full=full)
    store.close()
    return report.resumed


class Executioner:
    """Counts commits and lines, and ends the process at the one that was named."""

    def __init__(self, kill: str) -> None:
        self._kind, _, number = kill.partition(":")
        self._number = int(number or 0)
        self._lock = threading.Lock()
        self.commits = 0
        self.lines = 0

    def watch(self) -> None:
        """From now on."""
        plain = Session.execute

        def execute(session: Session, sql: str, params: Any = ()) -> Any:
            is_commit = sql == "COMMIT"
            if is_commit:
                self.commits += 1
                self._kill_if("commit", self.commits)
            result = plain(session, sql, params)
            if is_commit:
                self._kill_if("after", self.commits)
            return result

        setattr(Session, "execute", execute)  # noqa: B010 - the one place that sees every statement
        if self._kind in ("line", "-"):
            threading.settrace(self._trace)
            sys.settrace(self._trace)

    def _kill_if(self, kind: str, number: int) -> None:
        if kind == self._kind and number == self._number:
            os.kill(os.getpid(), signal.SIGKILL)

    def _trace(self, frame: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
        if event == "call":
            name = frame.f_code.co_filename.replace(os.sep, "/")
            return self._trace if any(part in name for part in TRACED) else None
        if event == "line":
            with self._lock:
                self.lines += 1
                number = self.lines
            self._kill_if("line", number)
        return self._trace


def run_child(path: Path, kill: str, *, full: bool, answer: int) -> None:
    """In the child: syncs, and tells how it went unless it died."""
    executioner = Executioner(kill)
    executioner.watch()
    resumed = sync(path, full=full)
    sys.settrace(None)
    told = {"resumed": resumed, "commits": executioner.commits, "lines": executioner.lines}
    os.write(answer, json.dumps(told).encode())


def fork_child(line: str) -> dict[str, Any]:
    """One child from its start to its end."""
    path, kill, full = line.split()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            run_child(Path(path), kill, full=full == "full", answer=writer)
            code = 0
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(pid, 0)
    return {"code": os.waitstatus_to_exitcode(status), **(json.loads(told) if told else {})}


def main() -> None:
    """Serves until standard input ends."""
    sync_kind.BATCH_PAGES = sync_kind.MOST_PAGES = PAGES_A_COMMIT
    for line in sys.stdin:
        print(json.dumps(fork_child(line)), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
