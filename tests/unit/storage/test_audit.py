"""The audit log: sealed in the unit of its change, never going back in time, filtered without reading it all."""

from datetime import timedelta

import pytest

from denticode_desktop.domain.audit_event import GENESIS_HASH, AuditDraft, AuditKind, is_intact
from denticode_desktop.ports.views import AuditFilter

from .outbox_world import OutboxWorld

START_S = 3600


def fill(world: OutboxWorld, count: int = 60) -> None:
    """Events an hour apart: every third by lee about patient p1, every tenth gone wrong."""
    for n in range(count):
        with world.store.write() as uow:
            uow.audit.append(AuditDraft(
                AuditKind.LAB_VIEWED if n % 3 == 0 else AuditKind.LOOK_DONE,
                "lee" if n % 3 == 0 else "system", "Owner", outcome="failed" if n % 10 == 0 else "ok",
                pms_patient_id="p1" if n % 3 == 0 else None, lab_id=f"Llab{n}", remote_id="100%_r" if n == 7 else None,
                connection_id=1, writeback_id=2, item_id=3, attempt_id=4, epoch=5, ticks=6, content_sha256="a" * 64,
                reason="why", detail={"pages": n, "is_it": True, "none": None, "é": "ü"},
            ))  # fmt: skip
        world.clock.advance(START_S)


def seqs(world: OutboxWorld, filters: AuditFilter, *, before: int | None = None, limit: int = 100) -> list[int]:
    with world.store.read() as uow:
        page = [e.seq for e in uow.audit.page(filters, before_seq=before, limit=limit)]
        if before is None and len(page) < limit:
            assert uow.audit.count(filters) == len(page)
    return page


def test_chain_holds_and_every_field_comes_back_under_its_hash(world: OutboxWorld) -> None:
    fill(world, 5)
    with world.store.read() as uow:
        previous = GENESIS_HASH
        for seq, event in enumerate(uow.audit.iterate(), 1):
            assert is_intact(event, previous, seq)
            assert uow.audit.event(seq) == event
            previous = event.hash
        assert (uow.audit.head().seq, uow.audit.head().hash) == (5, previous)
        assert uow.audit.event(6) is None
        assert [e.seq for e in uow.audit.iterate(3)] == [4, 5]
        first = uow.audit.event(1)
    assert first is not None
    assert first.draft.detail == {"pages": 0, "is_it": True, "none": None, "é": "ü"}
    assert (first.workstation, first.app_version) == ("test-pc", "0.0-test")


def test_empty_log_starts_at_genesis(world: OutboxWorld) -> None:
    with world.store.read() as uow:
        assert (uow.audit.head().seq, uow.audit.head().hash) == (0, GENESIS_HASH)
        assert uow.audit.count(AuditFilter()) == 0
        assert uow.audit.page(AuditFilter(since=world.clock.utc_now()), before_seq=None, limit=5) == []


def test_clock_that_goes_back_does_not_take_the_log_with_it(world: OutboxWorld) -> None:
    fill(world, 1)
    world.clock.advance(-10 * 86_400)
    fill(world, 1)
    with world.store.read() as uow:
        first, second = uow.audit.iterate()
    assert second.at == first.at


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        (AuditFilter(), lambda n: True),
        (AuditFilter(actor="lee"), lambda n: n % 3 == 0),
        (AuditFilter(actor="system"), lambda n: n % 3 != 0),
        (AuditFilter(actor="nobody"), lambda n: False),
        (AuditFilter(outcome="failed"), lambda n: n % 10 == 0),
        (AuditFilter(outcome="ok"), lambda n: n % 10 != 0),
        (AuditFilter(pms_patient_id="p1"), lambda n: n % 3 == 0),
        (AuditFilter(kinds=("lab.viewed",)), lambda n: n % 3 == 0),
        (AuditFilter(kinds=("lab.viewed", "look.done")), lambda n: True),
        (AuditFilter(kinds=("lab.viewed", "user.added"), outcome="failed"), lambda n: n % 30 == 0),
        (AuditFilter(text="llab5"), lambda n: n == 5 or 50 <= n < 60),
        (AuditFilter(text="100%_R"), lambda n: n == 7),
        (AuditFilter(text="%"), lambda n: n == 7),
        (AuditFilter(text="VIEWED", actor="lee"), lambda n: n % 3 == 0),
    ],
)
def test_each_filter_finds_its_events_newest_first(world: OutboxWorld, filters: AuditFilter, wanted: object) -> None:
    fill(world)
    assert callable(wanted)
    assert seqs(world, filters) == [n + 1 for n in reversed(range(60)) if wanted(n)]


def test_times_include_the_start_and_leave_out_the_end(world: OutboxWorld) -> None:
    start = world.clock.utc_now()
    fill(world, 20)
    hour = timedelta(hours=1)
    assert seqs(world, AuditFilter(since=start + 5 * hour)) == list(range(20, 5, -1))
    assert seqs(world, AuditFilter(until=start + 5 * hour)) == list(range(5, 0, -1))
    assert seqs(world, AuditFilter(since=start + 5 * hour, until=start + 7 * hour)) == [7, 6]
    assert seqs(world, AuditFilter(since=start + 4.5 * hour, until=start + 5.5 * hour)) == [6]
    assert seqs(world, AuditFilter(since=start + 99 * hour)) == []
    assert seqs(world, AuditFilter(until=start)) == []


def test_pages_follow_each_other_without_gap_or_repeat(world: OutboxWorld) -> None:
    fill(world)
    filters = AuditFilter(kinds=("lab.viewed", "look.done"), actor="system")
    found: list[int] = []
    while page := seqs(world, filters, before=found[-1] if found else None, limit=7):
        found += page
    assert found == seqs(world, filters)
