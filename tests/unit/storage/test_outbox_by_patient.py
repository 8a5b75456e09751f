"""The outbox asked for one patient's or one connection's items, and for those that wait too long."""

from datetime import timedelta

from denticode_desktop.domain.ids import PmsPatientId, RemoteId
from denticode_desktop.domain.write_back import Item, ItemState, ReviewReason
from denticode_desktop.ports.unit_of_work import UnitOfWork

from .outbox_world import AT, OutboxWorld, note, procedure, settings

P1 = PmsPatientId("pms-1")


def why_of(uow: UnitOfWork, *items: Item) -> list[str]:
    return [uow.outbox.item(item.item_id).waiting_why for item in items]


def finish(world: OutboxWorld, item: Item) -> None:
    with world.store.write() as uow:
        assert uow.outbox.move(item, ItemState.DONE, epoch=None, remote_id=RemoteId("r-1"), done_at=AT)


def test_stale_gives_the_longest_waiting_first(world: OutboxWorld) -> None:
    (younger, *_), (older, *_) = world.writeback(is_requested=False), world.writeback(is_requested=False)
    with world.store.write() as uow:
        uow.outbox.request_send(older.writeback_id, AT - timedelta(days=2))
        uow.outbox.request_send(younger.writeback_id, AT - timedelta(days=1))
        assert [i.writeback_id for i in uow.outbox.stale(AT, 3)] == [older.writeback_id] * 2 + [younger.writeback_id]


def test_items_of_a_patient_are_those_of_that_chart_in_those_states(world: OutboxWorld) -> None:
    done, planned = world.writeback()
    inflight, review = world.writeback()
    void, _ = world.writeback(is_requested=False)
    world.writeback(pms_patient_id="pms-2")
    finish(world, done)
    with world.store.write() as uow:
        other = uow.connections.add(settings("Oak Street rehearsal"))
        uow.outbox.move(inflight, ItemState.INFLIGHT, epoch=None, sends=1)
        uow.outbox.move(review, ItemState.REVIEW, epoch=None, review_reason=ReviewReason.REFUSED)
        uow.outbox.move(void, ItemState.VOID, epoch=None)
        uow.outbox.dismiss(review.item_id, {RemoteId("x")})

        def ids(*states: ItemState, patient: PmsPatientId = P1) -> list[int]:
            return [i.item_id for i in uow.outbox.items_of_patient(world.connection_id, patient, states=set(states))]

        assert ids(*ItemState) == [1, 2, 3, 4, 5, 6]
        assert ids(ItemState.DONE, ItemState.INFLIGHT, ItemState.REVIEW) == [1, 3, 4]
        assert ids(ItemState.PLANNED) == [planned.item_id, 6]
        assert ids(ItemState.VOID) == [void.item_id]
        assert ids() == []
        assert ids(*ItemState, patient=PmsPatientId("pms-2")) == [7, 8]
        assert ids(*ItemState, patient=PmsPatientId("pms")) == []
        assert uow.outbox.items_of_patient(other, P1, states=set(ItemState)) == []
        (shown,) = uow.outbox.items_of_patient(world.connection_id, P1, states={ItemState.REVIEW})
        assert shown == uow.outbox.item(review.item_id)
        assert shown.dismissed == {"x"}


def test_open_items_of_a_connection_and_no_others_are_told_why_they_wait(world: OutboxWorld) -> None:
    done, inflight, planned = world.writeback(note(), procedure(), procedure("T0202"))
    unasked, _ = world.writeback(is_requested=False)
    finish(world, done)
    with world.store.write() as uow:
        uow.outbox.move(inflight, ItemState.INFLIGHT, epoch=None, sends=1)
        uow.outbox.note_waiting([done.item_id, planned.item_id], "offline", AT)
        other = uow.connections.add(settings("Oak Street rehearsal"))
        assert uow.outbox.note_connection_waiting(other, "held") == 0
        assert why_of(uow, done, inflight, planned, unasked) == ["", "", "offline", ""]
        assert uow.outbox.note_connection_waiting(world.connection_id, "held") == 4
        assert uow.outbox.note_connection_waiting(world.connection_id, "held") == 4
        assert why_of(uow, done, inflight, planned, unasked) == ["", "held", "held", "held"]
        assert uow.outbox.item(planned.item_id).next_try_at is None
        assert uow.outbox.item(done.item_id).next_try_at is None
        assert uow.outbox.note_connection_waiting(world.connection_id, "") == 4
        assert why_of(uow, done, inflight, planned, unasked) == ["", "", "", ""]
        uow.outbox.note_waiting([planned.item_id], "", AT)
        uow.outbox.note_connection_waiting(world.connection_id, "")
        assert uow.outbox.item(planned.item_id).next_try_at is None
