"""What the sender asks each tick with a long queue: `python -m tests.bench.queue_claim [--items 100000]`.

An encrypted store with that many waiting items (four a write-back, a patient each), half as many in the chart, and no
statistics. Measured are the claim (the next 50 patients and the first one's items), the same with patients in front of
the queue that wait for something, what is asked now and then, and what undoing a link and a disconnect take. The plans
are SQLite's own. Prints a table and, as the last line, one JSON object.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from denticode_desktop.domain.ids import PmsPatientId, RemoteId
from denticode_desktop.domain.write_back import ItemState
from denticode_desktop.ports.outbox_repository import OutboxRepository
from denticode_desktop.storage.repo_outbox import SqlOutbox
from denticode_desktop.storage.session import Params, Session
from tests.unit.storage.outbox_world import AT, OutboxWorld, make_world, note, procedure

ITEMS_EACH = 4
PATIENTS_A_READ = 50
TARGET_MS = 5.0
Ask = Callable[[OutboxRepository], object]
PAYLOADS = (note(), procedure("T0101"), procedure("T0102"), procedure("T0103"))


def fill(world: OutboxWorld, items: int) -> None:
    """Half as many DONE items in front, then the waiting ones: a practice has a history."""
    for n in range(0, items // ITEMS_EACH // 2, 500):
        with world.store.write() as uow:
            for k in range(n, n + 500):
                writeback_id = world.add_writeback(uow, PAYLOADS, pms_patient_id=f"pms-{k}")
                for item in uow.outbox.items(writeback_id):
                    remote_id = RemoteId(f"r-{item.item_id}")
                    uow.outbox.move(item, ItemState.DONE, epoch=None, remote_id=remote_id, done_at=AT)
    for n in range(0, items // ITEMS_EACH, 500):
        with world.store.write() as uow:
            for k in range(n, n + 500):
                world.add_writeback(uow, PAYLOADS, pms_patient_id=f"pms-{k}")


def measured(world: OutboxWorld, ask: Ask, times: int) -> dict[str, float]:
    """Milliseconds of a read unit that asks this."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        with world.store.read() as uow:
            ask(uow.outbox)
        taken.append((time.perf_counter() - start) * 1000)
    taken.sort()
    return {"p50_ms": taken[len(taken) // 2], "p99_ms": taken[int(len(taken) * 0.99)], "max_ms": taken[-1]}


def changed(world: OutboxWorld, change: Ask) -> dict[str, float]:
    """Milliseconds of one write unit with its commit."""
    start = time.perf_counter()
    with world.store.write() as uow:
        change(uow.outbox)
    taken = (time.perf_counter() - start) * 1000
    return {"p50_ms": taken, "p99_ms": taken, "max_ms": taken}


class WatchedSession(Session):
    """Keeps what it is asked."""

    __slots__ = ("run",)

    def __init__(self, connection: object) -> None:
        super().__init__(connection)
        self.run: list[tuple[str, Params]] = []

    def execute(self, sql: str, params: Params = ()) -> object:
        """As Session."""
        self.run.append((sql, params))
        return super().execute(sql, params)


def plans(world: OutboxWorld, ask: Ask) -> list[str]:
    """The first step of each statement's plan."""
    with world.store.bare_connection() as connection:
        session = WatchedSession(connection)
        ask(SqlOutbox(session))
        return [str(connection.execute(f"EXPLAIN QUERY PLAN {s}", values).fetchone()[3]) for s, values in session.run]


def claim(world: OutboxWorld, waiting: int) -> Ask:
    """The sender's question, with so many patients passed over in front of the queue."""
    skip = {PmsPatientId(f"pms-{k}") for k in range(waiting)}

    def ask(outbox: OutboxRepository) -> object:
        patients = outbox.next_patients(world.connection_id, skip=skip, limit=PATIENTS_A_READ)
        return outbox.open_items(world.connection_id, patients[0])

    return ask


def figures(world: OutboxWorld, items: int, times: int) -> dict[str, dict[str, float]]:
    """Every question by its name."""
    key = world.connection_id
    middle = PmsPatientId(f"pms-{items // ITEMS_EACH // 4}")
    return {
        "claim": measured(world, claim(world, 0), times),
        "claim, 100 patients wait in front": measured(world, claim(world, 100), times),
        "claim, 1,000 patients wait in front": measured(world, claim(world, 1_000), times),
        "stale (once a minute)": measured(world, lambda outbox: outbox.stale(AT, 100), times),
        "stale, all of them are": measured(world, lambda outbox: outbox.stale(AT + timedelta(days=9), 100), 20),
        "counts": measured(world, lambda outbox: outbox.counts(), 20),
        "all items of a patient": measured(
            world, lambda outbox: outbox.items_of_patient(key, middle, states=set(ItemState)), times
        ),
        "disconnect: every item is told": changed(world, lambda o: o.note_connection_waiting(key, "held")),
        "disconnect again": changed(world, lambda o: o.note_connection_waiting(key, "held")),
    }


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=300)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        world = make_world(Path(folder))
        fill(world, options.items)
        found = figures(world, options.items, options.times)
        how = plans(world, claim(world, 0))
        world.store.close()
    for name, ms in found.items():
        print(f"{name:<38} p50 {ms['p50_ms']:9.3f}   p99 {ms['p99_ms']:9.3f}   max {ms['max_ms']:9.3f} ms")
    for step in how:
        print(f"  claim: {step}")
    is_reached = found["claim"]["p99_ms"] <= TARGET_MS
    print(json.dumps({"items": options.items, "claim_target_ms": TARGET_MS, "is_reached": is_reached,
                      "figures": found, "plan": how}))  # fmt: skip


if __name__ == "__main__":
    main()
