"""A record that is known to be ours is never sent beside, never dismissed and never taken for somebody else's."""

from dataclasses import replace
from pathlib import Path

import pytest

from denticode_desktop.domain.audit_event import AuditEvent, AuditKind
from denticode_desktop.domain.ids import RemoteId, WriteBackId
from denticode_desktop.domain.write_back import Item, ItemKind, ItemState, RequestKind, ReviewReason
from tests.fakes.fake_pms import SendScript
from tests.unit.services.sender_world import ANA, BEN, SETTLE, SenderWorld

P, I, D, R, V = ItemState.PLANNED, ItemState.INFLIGHT, ItemState.DONE, ItemState.REVIEW, ItemState.VOID  # noqa: E741
UNSEEN_TURNS = 1_000


@pytest.fixture
def world(tmp_path: Path) -> SenderWorld:
    return SenderWorld(tmp_path)


def procedure_of(world: SenderWorld, writeback_id: WriteBackId) -> Item:
    return world.items(writeback_id)[1]


def procedures(world: SenderWorld) -> list[str]:
    return sorted(r.remote_id for r in world.pms.chart(ANA, ItemKind.PROCEDURE))


def events(world: SenderWorld, kind: AuditKind) -> list[AuditEvent]:
    return [e for e in world.events() if e.draft.kind is kind]


def stored_altered(world: SenderWorld) -> Item:
    """A procedure that the PMS accepted under R000002 and holds with another content."""
    world.pms.script_sends(SendScript.ACCEPT, SendScript.ACCEPT_ALTERED)
    item = procedure_of(world, _sent(world))
    assert (item.state, item.review_reason, item.remote_id) == (R, ReviewReason.DIFFERS, "R000002")
    return item


def _sent(world: SenderWorld) -> WriteBackId:
    writeback_id = world.lab("T0101")
    world.turn(2)
    return writeback_id


def accepted_and_unseen(world: SenderWorld) -> Item:
    """A procedure that the PMS accepted under R000002 and shows an hour later."""
    world.pms.on_request = lambda prepared: setattr(
        world.pms, "lag_s", 0.0 if prepared.kind is ItemKind.NOTE else 3_600.0
    )
    writeback_id = world.lab("T0101")
    world.turn(UNSEEN_TURNS)
    item = procedure_of(world, writeback_id)
    assert (item.state, item.review_reason, item.remote_id) == (R, ReviewReason.UNSEEN, "R000002")
    return item


def with_twin(world: SenderWorld) -> Item:
    """A procedure in the chart as R000002, which somebody typed again; the weekly watch has found it."""
    writeback_id = _sent(world)
    world.staff_types(procedure_of(world, writeback_id), "TWIN1")
    world.pass_days(7.1)
    world.turn(2)
    item = procedure_of(world, writeback_id)
    assert (item.state, item.review_reason, item.remote_id) == (R, ReviewReason.TWIN, "R000002")
    return item


# -- send again ------------------------------------------------------------------------------------------------------


def test_what_the_chart_holds_altered_is_not_sent_again(world: SenderWorld) -> None:
    item = stored_altered(world)
    request = world.decide(item.item_id, RequestKind.SEND_AGAIN)
    world.turn(SETTLE * 4)
    assert (world.result(request), procedures(world)) == ("in_chart", ["R000002"])
    assert procedure_of(world, item.writeback_id).state is R


def test_what_was_removed_by_hand_may_be_sent_again(world: SenderWorld) -> None:
    item = stored_altered(world)
    world.pms.delete_record(RemoteId("R000002"))
    recheck = world.decide(item.item_id, RequestKind.RECHECK)
    world.turn()
    assert world.result(recheck) == "not_found"
    assert procedure_of(world, item.writeback_id).review_reason is ReviewReason.GONE
    request = world.decide(item.item_id, RequestKind.SEND_AGAIN)
    world.turn(SETTLE * 4)
    assert (world.result(request), procedures(world)) == ("done", ["R000003"])
    world.assert_sound()


def test_unseen_record_that_turns_up_is_never_dismissed_and_sent_beside(world: SenderWorld) -> None:
    item = accepted_and_unseen(world)
    world.clock.advance(3_600)
    for _ in range(2):
        shown = frozenset({RemoteId("R000002")})
        request = world.decide(item.item_id, RequestKind.SEND_AGAIN, dismissed=shown)
        world.turn(SETTLE * 4)
        assert (world.result(request), procedures(world)) == ("in_chart", ["R000002"])
    recheck = world.decide(item.item_id, RequestKind.RECHECK)
    world.turn()
    item = procedure_of(world, item.writeback_id)
    assert (world.result(recheck), item.state, item.remote_id, item.dismissed) == ("done", D, "R000002", frozenset())


def test_twin_is_not_answered_with_a_third_record(world: SenderWorld) -> None:
    item = with_twin(world)
    shown = frozenset({RemoteId("R000002"), RemoteId("TWIN1")})
    request = world.decide(item.item_id, RequestKind.SEND_AGAIN, dismissed=shown)
    world.turn(SETTLE * 4)
    assert (world.result(request), procedures(world)) == ("in_chart", ["R000002", "TWIN1"])
    assert not procedure_of(world, item.writeback_id).dismissed


def test_id_of_an_earlier_attempt_is_ours_too(world: SenderWorld) -> None:
    """Sent as R2, removed by hand, sent again as R3, which is removed too; then R2 is restored in the PMS."""
    item = stored_altered(world)
    restored = world.pms.chart(ANA, ItemKind.PROCEDURE)[0]
    for gone in ("R000002", "R000003"):
        world.pms.delete_record(RemoteId(gone))
        if gone == "R000003":
            world.pass_days(7.1)
            world.turn(2)
        world.decide(item.item_id, RequestKind.RECHECK)
        world.turn()
        if gone == "R000002":
            world.decide(item.item_id, RequestKind.SEND_AGAIN)
            world.turn(SETTLE * 4)
            assert procedures(world) == ["R000003"]
    assert procedure_of(world, item.writeback_id).review_reason is ReviewReason.GONE
    world.pms.type_record(replace(restored, remote_id=RemoteId("R000002")))
    request = world.decide(item.item_id, RequestKind.SEND_AGAIN)
    world.turn(SETTLE * 4)
    assert (world.result(request), procedures(world)) == ("in_chart", ["R000002"])


def test_skipped_item_owns_no_record_so_that_a_later_one_asks_about_it(world: SenderWorld) -> None:
    item = accepted_and_unseen(world)
    world.decide(item.item_id, RequestKind.VOID)
    world.clock.advance(3_600)
    world.turn(2)
    assert (procedure_of(world, item.writeback_id).state, procedure_of(world, item.writeback_id).remote_id) == (V, None)
    later = world.lab("T0101", text="second note")
    world.turn(4)
    assert procedure_of(world, later).review_reason is ReviewReason.LOOK_ALIKE
    assert procedures(world) == ["R000002"]


# -- it is this one --------------------------------------------------------------------------------------------------


def test_decided_twin_stays_decided_and_the_settle_doubles_once(world: SenderWorld) -> None:
    item = with_twin(world)
    shown = frozenset({RemoteId("TWIN1")})
    world.decide(item.item_id, RequestKind.AS_DONE, remote_id=RemoteId("R000002"), dismissed=shown)
    world.turn()
    for _ in range(4):
        world.pass_days(7.1)
        world.turn(3)
        assert procedure_of(world, item.writeback_id).state is D
    assert world.connection().settle_factor == 2
    assert procedure_of(world, item.writeback_id).dismissed == shown


def test_twin_that_was_not_shown_is_found_all_the_same(world: SenderWorld) -> None:
    item = with_twin(world)
    world.decide(
        item.item_id, RequestKind.AS_DONE, remote_id=RemoteId("R000002"), dismissed=frozenset({RemoteId("TWIN1")})
    )
    world.staff_types(item, "TWIN2")
    world.turn()
    world.pass_days(7.1)
    world.turn(2)
    item = procedure_of(world, item.writeback_id)
    assert (item.state, item.review_reason) == (R, ReviewReason.TWIN)
    assert "TWIN2" in item.review_detail


def test_altered_record_is_accepted_without_naming_it(world: SenderWorld) -> None:
    item = stored_altered(world)
    request = world.decide(item.item_id, RequestKind.AS_DONE)
    world.turn()
    item = procedure_of(world, item.writeback_id)
    assert (world.result(request), item.state, item.remote_id) == ("done", D, "R000002")


# -- recheck ---------------------------------------------------------------------------------------------------------


def test_recheck_takes_a_record_that_came_back_under_its_own_id(world: SenderWorld) -> None:
    writeback_id = _sent(world)
    [record] = world.pms.chart(ANA, ItemKind.PROCEDURE)
    world.pms.delete_record(record.remote_id)
    world.pass_days(7.1)
    world.turn(2)
    item = procedure_of(world, writeback_id)
    assert item.review_reason is ReviewReason.GONE
    world.pms.type_record(record)
    request = world.decide(item.item_id, RequestKind.RECHECK)
    world.turn()
    assert (world.result(request), world.states(writeback_id)) == ("done", [D, D])
    assert events(world, AuditKind.ITEM_DECIDED) == [], "the chart has proved it, nobody decided it"
    assert events(world, AuditKind.ITEM_DONE)[-1].draft.actor == "olga"


def test_recheck_of_a_twin_ends_it_when_the_extra_one_was_voided_in_the_pms(world: SenderWorld) -> None:
    item = with_twin(world)
    request = world.decide(item.item_id, RequestKind.RECHECK)
    world.turn()
    assert world.result(request) == "several"
    world.pms.delete_record(RemoteId("TWIN1"))
    request = world.decide(item.item_id, RequestKind.RECHECK)
    world.turn()
    assert (world.result(request), procedure_of(world, item.writeback_id).state) == ("done", D)


def test_recheck_leaves_an_altered_record_to_a_person(world: SenderWorld) -> None:
    item = stored_altered(world)
    request = world.decide(item.item_id, RequestKind.RECHECK)
    world.turn()
    item = procedure_of(world, item.writeback_id)
    assert (world.result(request), item.review_reason) == ("needs_decision", ReviewReason.DIFFERS)
    [look] = events(world, AuditKind.LOOK_DONE)
    assert (look.draft.outcome, look.draft.actor, look.draft.detail["look_records"]) == ("needs_decision", "olga", 1)


def test_recheck_that_finds_a_look_alike_asks_about_it(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.ACCEPT, *[SendScript.LOST] * 3)
    writeback_id = world.lab("T0101")
    world.turn(SETTLE * 40)
    item = procedure_of(world, writeback_id)
    assert item.review_reason is ReviewReason.NO_TRACE
    world.staff_types(item)
    request = world.decide(item.item_id, RequestKind.RECHECK)
    world.turn()
    item = procedure_of(world, writeback_id)
    assert (world.result(request), item.review_reason) == ("needs_decision", ReviewReason.LOOK_ALIKE)
    assert "STAFF1" in item.review_detail


def test_recheck_keeps_what_the_pms_said(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.ACCEPT, SendScript.REFUSE)
    writeback_id = _sent(world)
    item = procedure_of(world, writeback_id)
    world.staff_types(item)
    world.decide(item.item_id, RequestKind.RECHECK)
    world.turn()
    after = procedure_of(world, writeback_id)
    assert after.review_reason is ReviewReason.REFUSED
    assert "too long" in after.review_detail
    assert "STAFF1" in after.review_detail


@pytest.mark.parametrize("reason", [ReviewReason.PATIENT_MERGED, ReviewReason.OTHER_PATIENT])
def test_recheck_does_not_call_it_done_in_a_chart_that_may_be_another_persons(
    world: SenderWorld, reason: ReviewReason
) -> None:
    writeback_id = world.lab()
    [item] = world.items(writeback_id)
    world.staff_types(item, text=getattr(item.payload, "text", ""))
    with world.store.write() as uow:
        uow.outbox.move(item, R, epoch=None, review_reason=reason)
    request = world.decide(item.item_id, RequestKind.RECHECK)
    world.turn()
    [item] = world.items(writeback_id)
    assert (world.result(request), item.state, item.review_reason) == ("needs_decision", R, reason)


# -- what the PMS names ----------------------------------------------------------------------------------------------


def with_dismissed(world: SenderWorld) -> Item:
    """A procedure that is sent although the chart holds R000001, which a person said is something else."""
    writeback_id = world.lab("T0101")
    world.staff_types(procedure_of(world, writeback_id), "R000001")
    world.turn(2)
    item = procedure_of(world, writeback_id)
    assert item.review_reason is ReviewReason.LOOK_ALIKE
    world.decide(item.item_id, RequestKind.SEND_AGAIN, dismissed=frozenset({RemoteId("R000001")}))
    return item


def test_answer_with_the_id_of_a_dismissed_record_proves_nothing(world: SenderWorld) -> None:
    item = with_dismissed(world)
    world.pms.script_sends(SendScript.ACCEPT_LAST_ID)
    world.turn(SETTLE * 3)
    item = procedure_of(world, item.writeback_id)
    assert (item.state, item.remote_id, item.was_unknown) == (D, "R000002", True)
    with world.store.read() as uow:
        [attempt] = uow.outbox.attempts(item.item_id)
    assert attempt.outcome is not None
    assert (attempt.outcome.error_kind, attempt.outcome.remote_id) == ("id_dismissed", None)


def test_stored_id_of_a_dismissed_record_is_not_waited_for(world: SenderWorld) -> None:
    """As an earlier build left it: accepted with the id of a record that was dismissed for this very item."""
    item = with_dismissed(world)
    world.pms.script_sends(SendScript.COMMIT_THEN_UNKNOWN)
    world.turn()
    item = procedure_of(world, item.writeback_id)
    assert item.state is I
    with world.store.write() as uow:
        assert uow.outbox.move(item, I, epoch=None, remote_id=RemoteId("R000001"))
    world.restart()
    world.turn(SETTLE * 3)
    item = procedure_of(world, item.writeback_id)
    assert (item.state, item.remote_id) == (D, "R000002")


@pytest.mark.parametrize("is_decided", [False, True])
def test_id_named_for_an_unseen_item_hides_no_record_of_another(world: SenderWorld, is_decided: bool) -> None:
    """The PMS answered Ana's note with an id that it gave to Ben's later: Ben's is there, although Ana's claims it."""
    world.pms.script_sends(SendScript.ACCEPT_NOT_STORED, SendScript.COMMIT_THEN_UNKNOWN)
    ana = world.lab()
    world.turn(UNSEEN_TURNS if is_decided else 2)
    assert [(i.state, i.remote_id) for i in world.items(ana)] == [(R if is_decided else I, "R999999")]
    world.pms.next_id(999_999)
    ben = world.lab(patient=BEN)
    world.turn(SETTLE * 4)
    [item] = world.items(ben)
    assert (item.state, item.review_reason) == (R, ReviewReason.LOOK_ALIKE)
    assert "R999999" in item.review_detail
    again = world.decide(item.item_id, RequestKind.SEND_AGAIN, dismissed=frozenset({RemoteId("R999999")}))
    world.turn(SETTLE * 4)
    assert (world.result(again), len(world.chart(BEN))) == ("in_chart", 1), "it carries Ben's own marker"
    world.decide(world.items(ana)[0].item_id, RequestKind.VOID)
    world.turn(1 if is_decided else UNSEEN_TURNS)
    world.decide(world.items(ana)[0].item_id, RequestKind.VOID)
    request = world.decide(item.item_id, RequestKind.RECHECK)
    world.turn(2)
    assert (world.result(request), world.states(ben), len(world.chart(BEN))) == ("done", [D], 1)


def test_record_with_our_marker_is_not_sent_beside_although_another_item_was_given_it(world: SenderWorld) -> None:
    """A person took Ben's record for another note of Ben's by mistake, after a restore had forgotten the send."""
    first = world.lab(text="first visit", patient=BEN, send=False)
    [item] = world.items(first)
    world.staff_types(item, "R000009", text=getattr(item.payload, "text", ""))
    other = world.lab(text="second visit", patient=BEN, send=False)
    with world.store.write() as uow:
        [taken] = uow.outbox.items(other)
        now = world.clock.utc_now()
        assert uow.outbox.move(taken, D, epoch=None, remote_id=RemoteId("R000009"), done_at=now)
        uow.outbox.request_send(first, now)
    world.turn(3)
    [item] = world.items(first)
    assert (item.state, item.review_reason, world.pms.sent) == (R, ReviewReason.LOOK_ALIKE, [])


# -- a decision that was replaced meanwhile ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [RequestKind.AS_DONE, RequestKind.SEND_AGAIN])
def test_decision_replaced_during_its_look_is_not_carried_out(world: SenderWorld, kind: RequestKind) -> None:
    writeback_id = world.lab("T0101")
    world.staff_types(procedure_of(world, writeback_id))
    world.turn(2)
    item = procedure_of(world, writeback_id)
    request = world.decide(item.item_id, kind, dismissed=frozenset({RemoteId("STAFF1")}))

    def change_their_mind() -> None:
        world.pms.on_look = None
        world.decide(item.item_id, RequestKind.VOID)

    world.pms.on_look = change_their_mind
    world.turn(3)
    assert (world.result(request), procedure_of(world, writeback_id).state) == ("replaced", V)
    assert procedures(world) == ["STAFF1"]
