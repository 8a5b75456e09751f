"""How fast the queue empties: `python -m tests.bench.outbox [--labs 100] [--rounds 3]`.

The real sender on a real encrypted store against a PMS in memory that answers at once: look, intent, anchor, send,
result, look, audit, everything durable. The limit is measured beside it in the same folder and the same rounds: units
that write one row and commit. The anchor goes to memory here; a real credential store takes its own time on top.

Prints a table and, as the last line, one JSON object: items a second, commits an item, and which share of the commit
limit that is; milliseconds from Send to the first request with an empty queue.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from denticode_desktop.domain.ids import PmsPatientId
from denticode_desktop.domain.people import Demographics, PmsPatient, PmsPatientStatus
from denticode_desktop.domain.write_back import ItemState
from denticode_desktop.ports.unit_of_work import UnitOfWork
from denticode_desktop.storage.store import SqlStore
from tests.fakes.fake_pms import FakePmsGateway
from tests.unit.services.sender_world import SenderWorld

CODES = ("T0101", "T0102", "T0103")
ITEMS_EACH = 1 + len(CODES)
COMMITS = 300
ALONE = 50
NEED_ITEMS_S, NEED_COMMITS, NEED_SHARE = 300, 6.0, 0.7


class BusyPractice(SenderWorld):
    """A practice with a patient for every Lab."""

    def person(self, patient: PmsPatientId) -> PmsPatient:
        """Everybody has a name of their own, so that nobody is linked twice."""
        person = Demographics(f"P{patient}", "Ruiz", super().person(patient).person.date_of_birth)
        return PmsPatient(patient, person, PmsPatientStatus.ACTIVE)

    def queue(self, first: int, labs: int) -> None:
        """That many Labs, sent."""
        for number in range(first, first + labs):
            patient = PmsPatientId(str(10_000 + number))
            self.pms.put(self.person(patient))
            self.lab(*CODES, patient=patient)


@contextmanager
def counted_writes() -> Iterator[list[int]]:
    """How many write units end meanwhile; each is one durable commit."""
    count = [0]
    write = SqlStore.write

    @contextmanager
    def counting(store: SqlStore) -> Iterator[UnitOfWork]:
        with write(store) as uow:
            yield uow
        count[0] += 1

    setattr(SqlStore, "write", counting)  # noqa: B010
    try:
        yield count
    finally:
        setattr(SqlStore, "write", write)  # noqa: B010


def commits_a_second(world: SenderWorld) -> float:
    """Write units of one small row, one after the other."""
    start = time.perf_counter()
    for number in range(COMMITS):
        with world.store.write() as uow:
            uow.practice.set_setting("bench", str(number))
    return COMMITS / (time.perf_counter() - start)


def drained(world: BusyPractice, first: int, labs: int) -> tuple[float, float]:
    """(items a second, commits an item)."""
    world.queue(first, labs)
    with counted_writes() as count:
        start = time.perf_counter()
        for _ in range(labs * ITEMS_EACH):
            world.turn()
            with world.store.read() as uow:
                counts = uow.outbox.counts()
            if counts.waiting == counts.checking == 0:
                break
        taken = time.perf_counter() - start
    with world.store.read() as uow:
        done = len(uow.outbox.views(states={ItemState.DONE}, limit=1_000_000))
    assert done >= labs * ITEMS_EACH, f"only {done} items are in the chart"
    return labs * ITEMS_EACH / taken, count[0] / (labs * ITEMS_EACH)


def first_requests_ms(world: BusyPractice, first: int) -> list[float]:
    """From the row that says Send to the first request of the Lab, the queue being empty."""
    taken: list[float] = []
    began = [0.0]
    send = FakePmsGateway.send

    def timed(gateway: FakePmsGateway, *args: Any, **named: Any) -> Any:
        if began[0]:
            taken.append((time.perf_counter() - began[0]) * 1000)
            began[0] = 0.0
        return send(gateway, *args, **named)

    setattr(FakePmsGateway, "send", timed)  # noqa: B010
    for number in range(first, first + ALONE):
        world.queue(number, 1)
        began[0] = time.perf_counter()
        world.turn()
    setattr(FakePmsGateway, "send", send)  # noqa: B010
    return sorted(taken)


def main() -> None:
    """Measures in rounds, limit and queue in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labs", type=int, default=100, help=f"Labs a round, {ITEMS_EACH} items each")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    limits: list[float] = []
    rates: list[float] = []
    commits = 0.0
    with tempfile.TemporaryDirectory() as folder:
        world = BusyPractice(Path(folder))
        for number in range(options.rounds):
            limits.append(commits_a_second(world))
            rate, commits = drained(world, number * options.labs, options.labs)
            rates.append(rate)
        alone = first_requests_ms(world, options.rounds * options.labs)
        world.store.close()
    limit, rate = statistics.median(limits), statistics.median(rates)
    result = {
        "items_s": round(rate, 1), "commits_an_item": round(commits, 2), "commit_limit_s": round(limit, 1),
        "share_of_limit": round(rate * commits / limit, 2), "first_request_p50_ms": round(alone[len(alone) // 2], 2),
        "first_request_max_ms": round(alone[-1], 2),
        "aim": {"items_s": NEED_ITEMS_S, "commits_an_item": NEED_COMMITS, "share_of_limit": NEED_SHARE},
    }  # fmt: skip
    print(f"commits a second, one row each   {limit:10.1f}")
    print(f"items a second                   {rate:10.1f}   aim {NEED_ITEMS_S}")
    print(f"commits an item                  {commits:10.2f}   aim {NEED_COMMITS}")
    print(f"share of the commit limit        {result['share_of_limit']:10.2f}   aim {NEED_SHARE}")
    print(f"Send to first request, ms        {result['first_request_p50_ms']:10.2f} (p50)")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
