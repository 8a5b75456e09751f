"""The outbox on the real file: compare-and-set, order of work, ownership, decisions, what screens read."""

import threading
from datetime import timedelta

import pytest

from denticode_desktop.domain.errors import BugError, NotFoundError, UserError
from denticode_desktop.domain.ids import AttemptId, ItemId, LabId, PmsPatientId, RemoteId, WriteBackId
from denticode_desktop.domain.write_back import (
    Item,
    ItemKind,
    ItemState,
    OutcomeKind,
    PatientSnapshot,
    RequestKind,
    ReviewReason,
    SendOutcome,
)
from denticode_desktop.storage.session import ConstraintError

from .outbox_world import AT, OutboxWorld, new_items, note, procedure, settings

P1 = PmsPatientId("pms-1")
SHA = "b" * 64


def reread(world: OutboxWorld, item: Item) -> Item:
    with world.store.read() as uow:
        return uow.outbox.item(item.item_id)


def finish(world: OutboxWorld, item: Item, remote_id: str) -> None:
    with world.store.write() as uow:
        assert uow.outbox.move(item, ItemState.DONE, epoch=None, remote_id=RemoteId(remote_id), done_at=AT)


# -- write-backs -------------------------------------------------------------------------------------------------


def test_writeback_comes_back_as_it_was_added(world: OutboxWorld) -> None:
    items = world.writeback(note("one"), procedure("T0202"), is_requested=False)
    with world.store.read() as uow:
        writeback = uow.outbox.writeback(items[0].writeback_id)
        assert uow.outbox.find_writeback(world.connection_id, writeback.lab_id, 1) == writeback
        assert list(uow.outbox.writebacks_of_lab(writeback.lab_id)) == [writeback]
    assert (writeback.snapshot.last_name, writeback.by_hand) == ("Ruiz", ("a line by hand",))
    assert (writeback.requested_at, writeback.is_paused) == (None, False)
    wanted = new_items(writeback.lab_id, (note("one"), procedure("T0202")))
    assert [(i.seq, i.kind, i.payload, i.payload_sha256, i.marker, i.fingerprint) for i in items] == [
        (n.seq, n.kind, n.payload, n.payload_sha256, n.marker, n.fingerprint) for n in wanted
    ]
    assert {(i.state, i.sends, i.remote_id) for i in items} == {(ItemState.PLANNED, 0, None)}


def test_second_writeback_of_a_revision_is_the_persons_error_and_adds_nothing(world: OutboxWorld) -> None:
    (item, _) = world.writeback()
    with world.store.read() as uow:
        old = uow.outbox.writeback(item.writeback_id)
    with pytest.raises(UserError), world.store.write() as uow:
        uow.outbox.add_writeback(
            connection_id=world.connection_id, lab_id=old.lab_id, revision=1, pms_patient_id=P1, snapshot=old.snapshot,
            content_sha256=old.content_sha256, finalized_at=AT, finalized_by="lee", created_at=AT, by_hand=(),
            items=new_items(old.lab_id, (note(),)),
        )  # fmt: skip
    with world.store.read() as uow:
        assert len(uow.outbox.writebacks_of_lab(old.lab_id)) == 1


def test_what_does_not_exist_is_not_found(world: OutboxWorld) -> None:
    with world.store.read() as uow:
        for ask in (
            lambda: uow.outbox.item(ItemId(9)), lambda: uow.outbox.writeback(WriteBackId(9)),
            lambda: uow.outbox.request(9),
        ):  # fmt: skip
            with pytest.raises(NotFoundError):
                ask()


def test_send_is_requested_once_and_later_requests_change_nothing(world: OutboxWorld) -> None:
    (item, _) = world.writeback()
    with world.store.write() as uow:
        uow.outbox.request_send(item.writeback_id, AT + timedelta(days=1))
        assert uow.outbox.writeback(item.writeback_id).requested_at == AT


# -- compare-and-set ---------------------------------------------------------------------------------------------


def test_second_move_from_the_same_reading_does_nothing(world: OutboxWorld) -> None:
    (item, _) = world.writeback()
    with world.store.write() as uow:
        assert uow.outbox.move(item, ItemState.INFLIGHT, epoch=None, sends=1)
        assert not uow.outbox.move(item, ItemState.INFLIGHT, epoch=None, sends=1)
        assert not uow.outbox.move(item, ItemState.VOID, epoch=None)
    assert (reread(world, item).state, reread(world, item).sends) == (ItemState.INFLIGHT, 1)


def test_move_of_an_older_epoch_does_nothing(world: OutboxWorld) -> None:
    (item, _) = world.writeback()
    with world.store.write() as uow:
        assert uow.sender.begin_epoch() == 1
        assert uow.sender.begin_epoch() == 2
        assert not uow.outbox.move(item, ItemState.INFLIGHT, epoch=1, sends=1)
        assert uow.outbox.move(item, ItemState.INFLIGHT, epoch=2, sends=1)


def test_item_read_before_its_send_was_accepted_cannot_wipe_out_the_id(world: OutboxWorld) -> None:
    (item, _) = world.writeback()
    with world.store.write() as uow:
        assert uow.outbox.move(item, ItemState.INFLIGHT, epoch=None, sends=1)
        stale = uow.outbox.item(item.item_id)
        assert uow.outbox.move(stale, ItemState.INFLIGHT, epoch=None, remote_id=RemoteId("r-1"))
        assert not uow.outbox.move(stale, ItemState.PLANNED, epoch=None)
        assert not uow.outbox.move(stale, ItemState.INFLIGHT, epoch=None, was_unknown=True)
    assert reread(world, item).remote_id == "r-1"


def test_once_unknown_stays_known_as_such(world: OutboxWorld) -> None:
    (item, _) = world.writeback()
    with world.store.write() as uow:
        assert uow.outbox.move(item, ItemState.INFLIGHT, epoch=None, sends=1, was_unknown=True)
        assert uow.outbox.move(uow.outbox.item(item.item_id), ItemState.PLANNED, epoch=None)
    assert reread(world, item).was_unknown


def test_record_owned_by_another_item_moves_nothing_and_keeps_the_unit_alive(world: OutboxWorld) -> None:
    first, second = world.writeback(note("a"), note("b"))
    finish(world, first, "r-1")
    with world.store.write() as uow:
        assert not uow.outbox.move(second, ItemState.DONE, epoch=None, remote_id=RemoteId("r-1"), done_at=AT)
        uow.practice.set_setting("still", "alive")
    assert reread(world, second).state is ItemState.PLANNED
    with world.store.read() as uow:
        assert uow.practice.setting("still") == "alive"
        assert uow.outbox.owners(world.connection_id, ItemKind.NOTE, {RemoteId("r-1"), RemoteId("r-2")}) == {
            "r-1": first.item_id
        }
        assert uow.outbox.owners(world.connection_id, ItemKind.PROCEDURE, {RemoteId("r-1")}) == {}
        assert uow.outbox.owners(world.connection_id, ItemKind.NOTE, set()) == {}


@pytest.mark.parametrize(
    ("to", "named"), [(ItemState.DONE, {}), (ItemState.REVIEW, {}), (ItemState.DONE, {"remote_id": RemoteId("r")})]
)
def test_move_that_lacks_what_its_state_needs_is_our_mistake(
    world: OutboxWorld, to: ItemState, named: dict[str, RemoteId]
) -> None:
    (item, _) = world.writeback()
    with pytest.raises(BugError), world.store.write() as uow:
        uow.outbox.move(item, to, epoch=None, remote_id=named.get("remote_id"))


def test_leaving_review_drops_reason_and_watch_and_planning_again_drops_the_record(world: OutboxWorld) -> None:
    (item, _) = world.writeback()
    finish(world, item, "r-1")
    with world.store.write() as uow:
        uow.outbox.set_watch(item.item_id, AT, 1)
        done = uow.outbox.item(item.item_id)
        assert uow.outbox.move(
            done, ItemState.REVIEW, epoch=None, review_reason=ReviewReason.TWIN, review_detail="{}"
        )
        review = uow.outbox.item(item.item_id)
        assert (review.review_reason, review.review_detail, review.remote_id) == (ReviewReason.TWIN, "{}", "r-1")
        assert uow.outbox.watch_due(world.connection_id, AT, 10) == []
        assert uow.outbox.move(review, ItemState.PLANNED, epoch=None, sends=0)
    planned = reread(world, item)
    assert (planned.review_reason, planned.review_detail, planned.remote_id) == (None, "", None)


def test_of_many_threads_one_wins_the_move(world: OutboxWorld) -> None:
    (item, _) = world.writeback()
    wins: list[bool] = []
    gate = threading.Barrier(6)

    def contend() -> None:
        gate.wait()
        with world.store.write() as uow:
            wins.append(uow.outbox.move(item, ItemState.INFLIGHT, epoch=None, sends=1))

    threads = [threading.Thread(target=contend) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(wins) == [False] * 5 + [True]


# -- whose turn it is --------------------------------------------------------------------------------------------


def work(world: OutboxWorld, patient: str = "pms-1") -> list[ItemId]:
    with world.store.read() as uow:
        return [i.item_id for i in uow.outbox.open_items(world.connection_id, PmsPatientId(patient))]


def queue(world: OutboxWorld, *skip: str, limit: int = 10) -> list[str]:
    with world.store.read() as uow:
        return list(uow.outbox.next_patients(
            world.connection_id, skip={PmsPatientId(s) for s in skip}, limit=limit
        ))  # fmt: skip


def test_nothing_leaves_before_it_is_requested(world: OutboxWorld) -> None:
    (item, _) = world.writeback(is_requested=False)
    assert (queue(world), work(world)) == ([], [])
    with world.store.write() as uow:
        uow.outbox.request_send(item.writeback_id, AT)
    assert (queue(world), work(world)) == (["pms-1"], [item.item_id])


def test_items_go_by_seq_and_stop_behind_one_in_review(world: OutboxWorld) -> None:
    first, second, third = world.writeback(note(), procedure("T0101"), procedure("T0102"))
    assert work(world) == [first.item_id]
    finish(world, first, "r-1")
    assert work(world) == [second.item_id]
    with world.store.write() as uow:
        uow.outbox.move(second, ItemState.REVIEW, epoch=None, review_reason=ReviewReason.REFUSED)
    assert work(world) == []
    with world.store.write() as uow:
        uow.outbox.move(uow.outbox.item(second.item_id), ItemState.VOID, epoch=None)
    assert work(world) == [third.item_id]


def test_item_in_flight_comes_first_and_hides_what_is_behind_it(world: OutboxWorld) -> None:
    world.writeback(note("older"))
    younger = world.writeback(note("younger"), procedure())
    with world.store.write() as uow:
        uow.outbox.move(younger[0], ItemState.INFLIGHT, epoch=None, sends=1)
        assert uow.outbox.inflight_of_patient(world.connection_id, P1) == 1
        assert [i.item_id for i in uow.outbox.inflight_all()] == [younger[0].item_id]
    assert work(world)[0] == younger[0].item_id
    assert younger[1].item_id not in work(world)


def test_in_flight_item_of_a_paused_writeback_is_still_work(world: OutboxWorld) -> None:
    first, _ = world.writeback()
    with world.store.write() as uow:
        uow.outbox.move(first, ItemState.INFLIGHT, epoch=None, sends=1)
        uow.outbox.set_paused(first.writeback_id, True)
    assert (queue(world), work(world)) == (["pms-1"], [first.item_id])


def test_paused_writeback_waits_and_goes_on_when_resumed(world: OutboxWorld) -> None:
    first, _ = world.writeback()
    with world.store.write() as uow:
        uow.outbox.set_paused(first.writeback_id, True)
    assert (queue(world), work(world)) == ([], [])
    with world.store.write() as uow:
        uow.outbox.set_paused(first.writeback_id, False)
    assert (queue(world), work(world)) == (["pms-1"], [first.item_id])


def test_later_revision_waits_for_every_item_of_the_earlier_ones(world: OutboxWorld) -> None:
    (old,) = world.writeback(note("first"), is_requested=False)
    with world.store.write() as uow:
        lab_id = uow.outbox.writeback(old.writeback_id).lab_id
        later_id = world.add_writeback(uow, (note("addendum"),), lab_id=lab_id, revision=2)
        (later,) = uow.outbox.items(later_id)
    assert work(world) == []
    finish(world, old, "r-1")
    assert work(world) == [later.item_id]


def test_patients_come_oldest_first_once_each_without_the_skipped(world: OutboxWorld) -> None:
    for patient in ("c", "a", "b", "a"):
        world.writeback(pms_patient_id=patient)
    assert queue(world) == ["c", "a", "b"]
    assert queue(world, "c") == ["a", "b"]
    assert queue(world, limit=2) == ["c", "a"]


def test_item_without_a_live_attempt_is_found_at_start(world: OutboxWorld) -> None:
    first, second = world.writeback()
    with world.store.write() as uow:
        one = uow.outbox.add_attempt(first.item_id, epoch=1, request_sha256=SHA, at=AT)
        two = uow.outbox.add_attempt(first.item_id, epoch=1, request_sha256=SHA, at=AT)
        assert (one.n, two.n) == (1, 2)
        outcome = SendOutcome(
            OutcomeKind.ACCEPTED, 201, RemoteId("r-1"), "", 1.5, "words", "req-1", "Chart notes", 12
        )
        uow.outbox.close_attempt(one.attempt_id, outcome)
        uow.outbox.close_attempt(one.attempt_id, SendOutcome(OutcomeKind.UNKNOWN))
        uow.outbox.close_attempt(AttemptId(99), outcome)
    with world.store.read() as uow:
        assert uow.outbox.open_attempts() == [two]
        assert [a.outcome for a in uow.outbox.attempts(first.item_id)] == [outcome, None]
        assert uow.outbox.attempts(second.item_id) == []


# -- decisions, watch, screens -----------------------------------------------------------------------------------


def test_newer_decision_replaces_the_open_one(world: OutboxWorld) -> None:
    (item, _) = world.writeback()
    with world.store.write() as uow:
        old = uow.outbox.add_request(item.item_id, RequestKind.RECHECK, reason="", by="a", role="Owner", at=AT)
        new = uow.outbox.add_request(
            item.item_id, RequestKind.SEND_AGAIN, reason="why", by="b", role="Provider", at=AT,
            dismissed={RemoteId("y"), RemoteId("x")},
        )  # fmt: skip
    with world.store.write() as uow:
        assert uow.outbox.request(old.request_id).result == "replaced"
        assert list(uow.outbox.open_requests()) == list(uow.outbox.open_requests(world.connection_id)) == [new]
        uow.outbox.close_request(new.request_id, "done")
        uow.outbox.close_request(new.request_id, "again")
        assert uow.outbox.open_requests() == []
        assert uow.outbox.request(new.request_id).result == "done"


def test_dismissal_is_for_that_item_only_and_adds_up(world: OutboxWorld) -> None:
    first, second = world.writeback()
    with world.store.write() as uow:
        uow.outbox.dismiss(first.item_id, {RemoteId("a")})
        uow.outbox.dismiss(first.item_id, {RemoteId("a"), RemoteId("b")})
        uow.outbox.dismiss(second.item_id, set())
    assert reread(world, first).dismissed == {RemoteId("a"), RemoteId("b")}
    assert not reread(world, second).dismissed


def test_watch_is_due_at_its_time_and_after_a_rollback_at_once(world: OutboxWorld) -> None:
    first, second = world.writeback()
    finish(world, first, "r-1")
    with world.store.write() as uow:
        uow.outbox.set_watch(first.item_id, AT + timedelta(minutes=10), 0)
        assert uow.outbox.watch_due(world.connection_id, AT, 10) == []
        (due,) = uow.outbox.watch_due(world.connection_id, AT + timedelta(minutes=10), 10)
        assert (due.item_id, due.step, due.kind) == (first.item_id, 0, ItemKind.NOTE)
        uow.outbox.set_watch(first.item_id, None, 3)
        assert uow.outbox.watch_due(world.connection_id, AT + timedelta(days=9), 10) == []
        assert uow.outbox.watch_all_done_since(AT - timedelta(days=30), AT) == 1
        assert uow.outbox.watch_all_done_since(AT + timedelta(seconds=1), AT) == 0
        assert [d.item_id for d in uow.outbox.watch_due(world.connection_id, AT, 10)] == [first.item_id]
    assert reread(world, second).state is ItemState.PLANNED


def test_watch_is_asked_for_by_connection_and_passes_over_patients_in_flight(world: OutboxWorld) -> None:
    (first, *_), (second, busy), (third, *_) = (world.writeback(pms_patient_id=f"pms-{n}") for n in (1, 2, 3))
    with world.store.write() as uow:
        for n, item in enumerate((first, second, third)):
            assert uow.outbox.move(item, ItemState.DONE, epoch=None, remote_id=RemoteId(f"r-{n}"), done_at=AT)
            uow.outbox.set_watch(item.item_id, AT + timedelta(minutes=n), 0)
        assert uow.outbox.move(busy, ItemState.INFLIGHT, epoch=None, sends=1)
        other = uow.connections.add(settings("Oak Street rehearsal"))
        late = AT + timedelta(days=1)
        assert [d.item_id for d in uow.outbox.watch_due(world.connection_id, late, 10)] == [
            first.item_id, third.item_id,
        ]  # fmt: skip
        assert [d.item_id for d in uow.outbox.watch_due(world.connection_id, late, 1)] == [first.item_id]
        assert uow.outbox.watch_due(other, late, 10) == []


def test_item_that_is_no_longer_open_waits_for_nothing(world: OutboxWorld) -> None:
    first, second = world.writeback()
    with world.store.write() as uow:
        uow.outbox.note_waiting([first.item_id, second.item_id], "offline", AT)
    assert (reread(world, first).waiting_why, reread(world, first).next_try_at) == ("offline", AT)
    finish(world, first, "r-1")
    with world.store.write() as uow:
        uow.outbox.note_waiting([first.item_id], "offline", AT)
    assert (reread(world, first).waiting_why, reread(world, first).next_try_at) == ("", None)
    assert reread(world, second).waiting_why == "offline"


def test_wait_for_an_accepted_record_is_kept_with_its_attempt(world: OutboxWorld) -> None:
    (item, _) = world.writeback()
    with world.store.write() as uow:
        uow.outbox.note_unseen(item.item_id, 60)
        assert uow.outbox.unseen_ticks(item.item_id) == 0, "nothing was accepted yet"
        for n, ticks in ((1, 60), (2, 15)):
            attempt = uow.outbox.add_attempt(item.item_id, epoch=0, request_sha256="a" * 64, at=AT)
            uow.outbox.close_attempt(
                attempt.attempt_id, SendOutcome(OutcomeKind.ACCEPTED, 201, RemoteId(f"r-{n}"))
            )
            assert uow.outbox.unseen_ticks(item.item_id) == 0, "each acceptance has its own wait"
            uow.outbox.note_unseen(item.item_id, ticks - 5)
            uow.outbox.note_unseen(item.item_id, ticks)
            assert uow.outbox.unseen_ticks(item.item_id) == ticks


def test_stale_are_planned_items_requested_before(world: OutboxWorld) -> None:
    old = world.writeback()
    world.writeback(is_requested=False)
    with world.store.read() as uow:
        assert uow.outbox.stale(AT, 10) == []
        assert [i.item_id for i in uow.outbox.stale(AT + timedelta(seconds=1), 10)] == [i.item_id for i in old]
        assert len(uow.outbox.stale(AT + timedelta(seconds=1), 1)) == 1


def test_open_all_is_every_planned_and_inflight_item_requested_or_not(world: OutboxWorld) -> None:
    first, second = world.writeback(is_requested=False)
    third, fourth = world.writeback()
    finish(world, third, "r-1")
    with world.store.write() as uow:
        uow.outbox.move(fourth, ItemState.INFLIGHT, epoch=None, sends=1)
        assert [i.item_id for i in uow.outbox.open_all()] == [first.item_id, second.item_id, fourth.item_id]


def test_counts_and_views_tell_the_queue_as_it_is(world: OutboxWorld) -> None:
    first, second, third = world.writeback(note(), procedure("T0101"), procedure("T0102"))
    world.writeback(note(), pms_patient_id="pms-2", is_requested=False)
    finish(world, first, "r-1")
    with world.store.write() as uow:
        uow.outbox.move(second, ItemState.REVIEW, epoch=None, review_reason=ReviewReason.REFUSED)
        uow.outbox.note_waiting([third.item_id], "offline", AT)
    with world.store.read() as uow:
        counts = uow.outbox.counts()
        everything = uow.outbox.views()
        review = uow.outbox.views(states={ItemState.REVIEW})
        done = uow.outbox.views(states={ItemState.DONE}, done_since=AT)
        lab = uow.outbox.views(lab_id=LabId("Llab000002"))
        assert uow.outbox.views(states=set()) == []
        assert uow.outbox.views(states={ItemState.DONE}, done_since=AT + timedelta(seconds=1)) == []
        paged = [v.item.item_id for n in range(5) for v in uow.outbox.views(limit=1, offset=n)]
    assert (counts.needs_person, counts.waiting, counts.checking, counts.not_requested) == (1, 1, 0, 1)
    assert counts.oldest_open_requested_at == AT
    assert paged == [v.item.item_id for v in everything] == [1, 2, 3, 4]
    assert [v.item.item_id for v in review] == [second.item_id]
    assert [v.item.item_id for v in done] == [first.item_id]
    assert [(v.lab_id, v.requested_at) for v in lab] == [("Llab000002", None)]
    view = everything[2]
    assert (view.patient_name, view.connection_name, view.item.waiting_why) == (
        "Ruiz, Ana", "Elm Street rehearsal", "offline",
    )  # fmt: skip
    assert view.item.next_try_at == AT


def test_move_clears_what_screens_were_told_of_waiting(world: OutboxWorld) -> None:
    (item, _) = world.writeback()
    with world.store.write() as uow:
        uow.outbox.note_waiting([item.item_id], "offline", AT)
        assert uow.outbox.move(uow.outbox.item(item.item_id), ItemState.INFLIGHT, epoch=None, sends=1)
    assert (reread(world, item).waiting_why, reread(world, item).next_try_at) == ("", None)


def test_generation_and_epoch_only_rise(world: OutboxWorld) -> None:
    with world.store.write() as uow:
        assert (uow.sender.epoch(), uow.sender.generation()) == (0, 0)
        assert uow.sender.bump_generation() == 1
        uow.sender.raise_generation(40)
        uow.sender.raise_generation(7)
        assert uow.sender.generation() == 40


def test_payload_hash_that_does_not_fit_adds_nothing(world: OutboxWorld) -> None:
    with pytest.raises(BugError), world.store.write() as uow:
        digest = world.finalized_lab(uow, LabId("Lx"))
        (good,) = new_items(LabId("Lx"), (procedure(),))
        bad = type(good)(good.seq, good.kind, procedure("T0999"), good.payload_sha256, good.marker, good.fingerprint)
        uow.outbox.add_writeback(
            connection_id=world.connection_id, lab_id=LabId("Lx"), revision=1, pms_patient_id=P1,
            snapshot=PatientSnapshot("A", "R", None), content_sha256=digest, finalized_at=AT, finalized_by="lee",
            created_at=AT, by_hand=(), items=[bad],
        )  # fmt: skip
    with world.store.read() as uow:
        assert uow.labs.find(LabId("Lx")) is None


def test_writeback_of_a_lab_that_is_still_a_draft_is_our_mistake(world: OutboxWorld) -> None:
    (item, _) = world.writeback()
    with world.store.read() as uow:
        old = uow.outbox.writeback(item.writeback_id)
    with pytest.raises(ConstraintError), world.store.write() as uow:
        uow.outbox.add_writeback(
            connection_id=world.connection_id, lab_id=LabId("Lnone"), revision=1, pms_patient_id=P1,
            snapshot=old.snapshot, content_sha256=old.content_sha256, finalized_at=AT, finalized_by="lee",
            created_at=AT, by_hand=(), items=(),
        )  # fmt: skip
