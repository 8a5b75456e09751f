"""What the typed models would cost at run time: `python -m tests.bench.models [--rounds 7] [--statements 3000]`.

First the start: a process that opens a practice and reads its name, as it is, with SQLAlchemy's Core imported, and with
the typed models. Then one row by its id, written or read through the driver (what the repositories do), through Core
and through the ORM. Prints a table and, as the last line, one JSON object.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, select, update
from sqlalchemy.orm import Session

from denticode_desktop.storage.engine import single_engine
from denticode_desktop.storage.store import SqlStore
from denticode_desktop.storage.tables_practice import ConnectionRow
from tests.unit.storage.helpers import KEY, reopen_store
from tests.unit.storage.outbox_world import make_world

PROCESS = """
import sys, time
from pathlib import Path
from denticode_desktop.storage.store import open_store
from denticode_desktop.config.system_clock import SystemClock
start = time.perf_counter()
{before}
store = open_store(Path(sys.argv[1]), bytes(range(32)), SystemClock(), "bench", "0")
with store.read() as uow:
    uow.practice.practice_name()
print((time.perf_counter() - start) * 1000)
store.close()
"""
STARTS = {
    "text": "",
    "core": "import sqlalchemy",
    "models": "import sqlalchemy.orm, denticode_desktop.storage.tables; sqlalchemy.orm.configure_mappers()",
}


def start_ms(path: Path, before: str) -> float:
    """Milliseconds from the imports named until the practice's name is read, in a process of its own."""
    words = [sys.executable, "-c", PROCESS.format(before=before), str(path)]
    return float(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def each_us(act: Callable[[], object], times: int) -> float:
    """Median microseconds a call."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1e6


def by_text(store: SqlStore, times: int) -> dict[str, float]:
    """The repositories' way."""
    with store.write_session() as session:
        read = each_us(lambda: session.one("SELECT name, host FROM connection WHERE id = ?", (1,)), times)
        write = each_us(lambda: session.change("UPDATE connection SET calls = ? WHERE id = ?", (1, 1)), times)
    return {"read_us": read, "write_us": write}


def by_core(connection: Connection, times: int) -> dict[str, float]:
    """Statements built from the models, as Core runs them (compiled once, kept in its cache)."""
    row = ConnectionRow.__table__.c
    read = each_us(lambda: connection.execute(select(row.name, row.host).where(row.id == 1)).one(), times)
    write = each_us(
        lambda: connection.execute(update(ConnectionRow.__table__).where(row.id == 1).values(calls=1)),  # type: ignore[arg-type]
        times,
    )
    return {"read_us": read, "write_us": write}


def by_orm(connection: Connection, times: int) -> dict[str, float]:
    """Objects of the models."""
    with Session(connection) as session:

        def read() -> None:
            session.expunge_all()
            session.scalars(select(ConnectionRow).where(ConnectionRow.id == 1)).one()

        def write() -> None:
            session.get_one(ConnectionRow, 1).calls += 1
            session.flush()

        return {"read_us": each_us(read, times), "write_us": each_us(write, times)}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--statements", type=int, default=3_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make_world(Path(folder)).store.close()
        path = Path(folder) / "denticode.db"
        starts: dict[str, list[float]] = {name: [] for name in STARTS}
        for _ in range(options.rounds):
            for name, before in STARTS.items():
                starts[name].append(start_ms(path, before))
        store = reopen_store(Path(folder))
        ways = {"text": by_text(store, options.statements)}
        store.close()
        with single_engine(path, KEY).begin() as connection:
            ways["core"] = by_core(connection, options.statements)
            ways["orm"] = by_orm(connection, options.statements)
    start = {name: statistics.median(taken) for name, taken in starts.items()}
    for name, ms in start.items():
        print(f"open a practice, {name:<7} {ms:8.1f} ms")
    for name, way in ways.items():
        print(f"one row, {name:<7} read {way['read_us']:7.1f} us   write {way['write_us']:7.1f} us")
    print(json.dumps({"open_ms": start, "statement": ways, "models_over_text_ms": start["models"] - start["text"]}))


if __name__ == "__main__":
    main()
