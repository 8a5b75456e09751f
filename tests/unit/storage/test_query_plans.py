"""With 100,000 open items nothing on the sender's path may read the whole queue: each statement's plan is looked at."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from denticode_desktop.domain.audit_event import AuditDraft, AuditKind
from denticode_desktop.domain.ids import ItemId, PmsPatientId, RemoteId
from denticode_desktop.domain.write_back import ItemKind, ItemState, OutcomeKind, RequestKind, SendOutcome
from denticode_desktop.ports.unit_of_work import UnitOfWork
from denticode_desktop.ports.views import AuditFilter
from denticode_desktop.storage.repo_outbox import SqlOutbox
from denticode_desktop.storage.session import Params, Session

from .outbox_world import AT, OutboxWorld, make_world, procedure

P1 = PmsPatientId("pms-1")
HUGE = (
    "item", "writeback", "attempt", "audit_event", "pms_patient", "pms_patient_alias", "lab_revision", "i", "e", "w",
    "x",
)  # fmt: skip
"""Tables that grow without end, and the short names that the statements give them."""
WHOLE_CONNECTION = re.compile(r"SEARCH \w+ USING .*\(connection_id=\?\)$")
"""Everything that one connection has: no better than the whole table."""
WHOLE_STATE = re.compile(r"SEARCH \w+ USING (COVERING )?INDEX ix_item_open \(state=\?\)$")
"""Every item of a state: few where it is INFLIGHT, the whole queue where it is PLANNED."""
SMALL_INDEXES = ("ix_item_review", "ix_item_watch", "ix_attempt_open", "uq_decision_request_open")
"""Partial indexes that hold only what waits for somebody."""
FOR_GOOD_REASON = re.compile(
    "SCAN (audit_event|chosen)$"  # the newest events by seq with a limit; the few rows chosen before
    "|SEARCH item USING INDEX ix_item_queue "  # in the order asked for, and stopped at the limit
    "|SCAN item USING COVERING INDEX ix_item_"  # counting needs the index of what is counted, not a row
    "|SEARCH item USING COVERING INDEX ix_item_open "  # the oldest of the ids in it; rows only of those shown
)


@contextmanager
def watched(world: OutboxWorld) -> Iterator[tuple[UnitOfWork, list[tuple[str, Params]]]]:
    """A write unit and the statements it runs."""
    run: list[tuple[str, Params]] = []
    real = Session.execute

    def execute(session: Session, sql: str, params: Params = ()) -> object:
        run.append((sql, params))
        return real(session, sql, params)

    with world.store.write() as uow, patch.object(Session, "execute", execute):
        yield uow, run


def whole_table_reads(world: OutboxWorld, statements: list[tuple[str, Params]]) -> list[str]:
    faults = []
    with world.store.read_session() as session:
        for sql, params in statements:
            if not sql.lstrip().startswith(("SELECT", "UPDATE", "WITH", "INSERT", "DELETE")):
                continue
            values = dict(params) if isinstance(params, Mapping) else params
            for row in session.all(f"EXPLAIN QUERY PLAN {sql}", values):
                step = str(row["detail"])
                scan = re.match(r"SCAN (\w+)", step)
                is_bad = scan is not None and scan.group(1) in HUGE and not step.endswith(SMALL_INDEXES)
                is_bad = is_bad or WHOLE_CONNECTION.search(step) is not None
                is_bad = is_bad or (WHOLE_STATE.match(step) is not None and "state = 'PLANNED'" in sql)
                if is_bad and not FOR_GOOD_REASON.match(step):
                    faults.append(f"{step}: {sql}")
    return faults


@pytest.fixture
def queued(tmp_path: Path) -> Iterator[OutboxWorld]:
    """A few write-backs, and the statistics-free plans that a fresh store has."""
    world = make_world(tmp_path)
    for n in range(3):
        world.writeback(pms_patient_id=f"pms-{n + 1}")
    yield world
    world.store.close()


def test_nothing_the_sender_does_reads_a_whole_table(queued: OutboxWorld) -> None:
    with watched(queued) as (uow, run):
        key = queued.connection_id
        for patient in uow.outbox.next_patients(key, skip=set(), limit=50):
            uow.outbox.open_items(key, patient)
        uow.outbox.inflight_of_patient(key, P1)
        item = uow.outbox.item(ItemId(1))
        uow.outbox.owners(key, ItemKind.NOTE, {RemoteId("r-1"), RemoteId("r-2")})
        assert uow.outbox.move(item, ItemState.INFLIGHT, epoch=0, sends=1)
        attempt = uow.outbox.add_attempt(item.item_id, epoch=0, request_sha256="a" * 64, at=AT)
        uow.sender.bump_generation()
        uow.audit.append(AuditDraft(AuditKind.SEND_INTENT, "system", "system"))
        uow.outbox.close_attempt(attempt.attempt_id, SendOutcome(OutcomeKind.UNKNOWN))
        uow.outbox.move(uow.outbox.item(item.item_id), ItemState.DONE, epoch=0, remote_id=RemoteId("r"), done_at=AT)
        uow.outbox.set_watch(item.item_id, AT, 0)
        uow.outbox.watch_due(key, AT, 10)
        uow.outbox.watch_all_done_since(AT, AT)
        uow.outbox.stale(AT, 10)
        uow.outbox.open_attempts()
        uow.outbox.inflight_all()
        uow.outbox.review_all()
        uow.outbox.open_requests(key)
        uow.outbox.items_of_patient(key, P1, states=set(ItemState))
        uow.outbox.attempts(item.item_id)
        uow.outbox.note_unseen(item.item_id, 1)
        uow.outbox.unseen_ticks(item.item_id)
        uow.outbox.open_request(item.item_id)
        uow.outbox.dismiss(item.item_id, {RemoteId("z")})
        uow.outbox.note_waiting([item.item_id], "offline", AT)
        uow.outbox.request_send(item.writeback_id, AT)
        uow.outbox.set_paused(item.writeback_id, True)
        uow.outbox.add_request(ItemId(2), RequestKind.VOID, reason="", by="", role="", at=AT)
    assert len(run) > 25
    assert whole_table_reads(queued, run) == []


def test_nothing_a_screen_asks_again_and_again_reads_a_whole_table(queued: OutboxWorld) -> None:
    with watched(queued) as (uow, run):
        uow.outbox.counts()
        for state in (ItemState.PLANNED, ItemState.INFLIGHT, ItemState.REVIEW):
            uow.outbox.views(states={state})
        uow.outbox.views(states={ItemState.DONE}, done_since=AT)
        writeback = uow.outbox.writeback(queued.writeback_id_of(1))
        uow.outbox.views(lab_id=writeback.lab_id)
        uow.outbox.writebacks_of_lab(writeback.lab_id)
        uow.roster.search_patients("ana ruiz 303", connection_id=queued.connection_id, limit=20)
        uow.roster.search_patients("ana maria ruiz", connection_id=queued.connection_id, limit=20)
        uow.roster.search_patients("1984-03-02", connection_id=queued.connection_id, limit=20)
        uow.roster.patients_born_on(queued.connection_id, AT.date(), 5)
        uow.labs.revisions(writeback.lab_id)
        for filters in (
            AuditFilter(), AuditFilter(kinds=("lab.viewed", "look.done"), actor="lee"), AuditFilter(outcome="failed"),
            AuditFilter(pms_patient_id="p"), AuditFilter(since=AT, until=AT + timedelta(days=1)),
        ):  # fmt: skip
            uow.audit.page(filters, before_seq=None, limit=50)
    assert whole_table_reads(queued, run) == []


def plan_of(world: OutboxWorld, statement: tuple[str, Params]) -> list[str]:
    """The steps of SQLite's plan."""
    sql, params = statement
    values = dict(params) if isinstance(params, Mapping) else params
    with world.store.read_session() as session:
        return [str(row["detail"]) for row in session.all(f"EXPLAIN QUERY PLAN {sql}", values)]


def test_items_of_a_patient_are_found_from_the_patients_write_backs(queued: OutboxWorld) -> None:
    with watched(queued) as (uow, run):
        uow.outbox.items_of_patient(queued.connection_id, P1, states={ItemState.DONE})
    (statement,) = run
    steps = [step for step in plan_of(queued, statement) if " i " in step or " w " in step]
    assert steps == [
        "SEARCH i USING INDEX sqlite_autoindex_item_1 (writeback_id=?)",
        "SEARCH w USING COVERING INDEX ix_writeback_patient (connection_id=? AND pms_patient_id=?)",
    ]


def test_waiting_of_a_connection_is_told_by_the_index_of_open_items(queued: OutboxWorld) -> None:
    with watched(queued) as (uow, run):
        assert uow.outbox.note_connection_waiting(queued.connection_id, "held") == 6
    assert len(run) == 4
    for statement in run:
        (step,) = plan_of(queued, statement)
        assert "INDEX ix_item_open (state=? AND connection_id=?)" in step


def test_claim_walks_the_queue_in_order_and_goes_to_one_patients_items(queued: OutboxWorld) -> None:
    with watched(queued) as (uow, run):
        (patient,) = uow.outbox.next_patients(queued.connection_id, skip={P1}, limit=1)
        uow.outbox.open_items(queued.connection_id, patient)
    walk, inflight, planned = (plan_of(queued, statement) for statement in run)
    assert walk[0] == "SEARCH item USING INDEX ix_item_queue (connection_id=?)"
    one_patient = "SEARCH i USING INDEX ix_item_open (state=? AND connection_id=? AND pms_patient_id=?)"
    assert inflight[0] == planned[0] == one_patient
    for steps in (walk, inflight, planned):
        assert not [step for step in steps if step.startswith("USE TEMP B-TREE")]


def test_stale_items_are_read_in_the_order_in_which_they_are_given(queued: OutboxWorld) -> None:
    with watched(queued) as (uow, run):
        uow.outbox.stale(AT, 10)
    assert plan_of(queued, run[0])[0] == "SEARCH i USING INDEX ix_item_waiting (requested_at<?)"
    assert not [step for step in plan_of(queued, run[0]) if step.startswith("USE TEMP B-TREE")]


@pytest.mark.slow
def test_with_a_long_queue_the_first_patients_take_few_rows(queued: OutboxWorld) -> None:
    """Steps of SQLite's machine instead of a clock: the same on every computer."""
    with queued.store.write() as uow:
        for n in range(1_500):
            queued.add_writeback(uow, (procedure(),) * 4, pms_patient_id=f"many-{n}")
    steps = [0]

    def count() -> int:
        steps[0] += 1
        return 0

    with queued.store.bare_connection() as connection:
        connection.set_progress_handler(count, 1)
        session = Session(connection)
        outbox = SqlOutbox(session)
        patients = outbox.next_patients(queued.connection_id, skip=set(), limit=50)
        found = outbox.open_items(queued.connection_id, patients[-1])
        claim, steps[0] = steps[0], 0
        of_one = outbox.items_of_patient(queued.connection_id, patients[-1], states=set(ItemState))
        unlink, steps[0] = steps[0], 0
        stale = outbox.stale(AT, 10)
        connection.set_progress_handler(None, 0)
    assert (len(patients), len(found), len(of_one), len(stale)) == (50, 1, 4, 0)
    assert claim < 6_000  # 6,000 items are open
    assert unlink < 500
    assert steps[0] < 100
