"""The outbox on a real store: send once, decide with a reason, pause across restarts."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from denticode_desktop.domain.audit_event import AuditKind
from denticode_desktop.domain.errors import NotAllowedError, PersonNeededError, UserError
from denticode_desktop.domain.events import QueueChanged
from denticode_desktop.domain.ids import ConnectionId, ItemId, PmsPatientId, RemoteId
from denticode_desktop.domain.write_back import Item, ItemState, NotePayload, RequestKind, ReviewReason
from denticode_desktop.services.outbox import SENDING_PAUSED, shown_records
from denticode_desktop.services.sender import PAUSED_SETTING
from tests.unit.lab_files.lab_file_factory import write_lab

from .lab_world import ANA, DENTIST, FRONT, OWNER, LabWorld

REASON = "checked in the chart by hand"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[LabWorld]:
    made = LabWorld(tmp_path)
    made.sync()
    yield made
    made.close()


def first_item(
    world: LabWorld, state: ItemState = ItemState.PLANNED, reason: ReviewReason = ReviewReason.LOOK_ALIKE
) -> Item:
    """The note of a sent Lab, brought into a state as the sender would."""
    writeback_id = world.outbox.send(OWNER, world.finalized(), None).writeback_id
    with world.store.write() as uow:
        item = uow.outbox.items(writeback_id)[0]
        if state is ItemState.REVIEW:
            detail = '{"records":["r1","r2"]}'
            uow.outbox.move(item, state, epoch=None, review_reason=reason, review_detail=detail)
        elif state is ItemState.INFLIGHT:
            uow.outbox.move(item, state, epoch=None, sends=1)
        elif state is ItemState.DONE:
            uow.outbox.move(item, state, epoch=None, remote_id=RemoteId("r9"), done_at=world.clock.now)
        elif state is ItemState.VOID:
            uow.outbox.move(item, state, epoch=None)
        found = uow.outbox.item(item.item_id)
    assert found.state is state
    world.sink.events.clear()
    return found


def test_send_releases_the_write_back_once(world: LabWorld) -> None:
    lab_id = world.finalized()
    world.sink.events.clear()
    first = world.outbox.send(FRONT, lab_id, None)
    second = world.outbox.send(FRONT, lab_id, world.connection_id)
    assert (first.writeback_id, first.connection_id) == (second.writeback_id, world.connection_id)
    assert (first.is_new_request, second.is_new_request) == (True, False)
    with world.store.read() as uow:
        assert uow.outbox.writeback(first.writeback_id).requested_at == world.clock.now
        assert uow.outbox.next_patients(world.connection_id, skip=frozenset(), limit=5) == [ANA]
    assert len(world.events(AuditKind.WB_REQUESTED)) == 1
    assert world.sink.events == [QueueChanged(world.connection_id)]


def test_send_of_a_draft_is_refused(world: LabWorld) -> None:
    with pytest.raises(UserError, match="not finalized"):
        world.outbox.send(OWNER, world.import_lab().lab_id, None)


def test_send_makes_the_write_back_that_finalization_could_not(world: LabWorld) -> None:
    other = world.add_connection("Elm Street Ascend")
    lab_id = world.finalized()
    with pytest.raises(PersonNeededError, match="not matched to a patient in Elm Street Ascend") as caught:
        world.outbox.send(OWNER, lab_id, other)
    assert caught.value.field == "patient"
    world.sync(other)
    result = world.outbox.send(OWNER, lab_id, other)
    assert result.connection_id == other
    assert len(world.events(AuditKind.WB_CREATED)) == 2


def test_send_to_an_unknown_provider_needs_a_person_and_does_nothing(world: LabWorld) -> None:
    content = world.lab_json()
    content["provider"] = {"name": "Okafor, Ada"}
    lab_id = world.desk.import_file(OWNER, write_lab(world.folder, content)).lab_id
    assert [p.field for p in world.desk.finalize(OWNER, lab_id).problems] == ["provider"]
    with pytest.raises(PersonNeededError, match="choose a default provider") as caught:
        world.outbox.send(OWNER, lab_id, None)
    assert caught.value.field == "provider"
    assert world.events(AuditKind.WB_CREATED, AuditKind.WB_REQUESTED) == []


def test_send_chooses_the_connection_that_has_the_patient(world: LabWorld) -> None:
    world.add_connection("Elm Street Ascend")
    assert world.outbox.send(OWNER, world.finalized(), None).connection_id == world.connection_id


def test_send_with_two_charts_needs_a_person_to_choose(world: LabWorld) -> None:
    world.sync(world.add_connection("Elm Street Ascend"))
    with pytest.raises(PersonNeededError, match="Oak Street Ascend, Elm Street Ascend"):
        world.outbox.send(OWNER, world.finalized(), None)


def test_send_over_a_disconnected_connection_is_refused(world: LabWorld) -> None:
    lab_id = world.finalized()
    with world.store.write() as uow:
        uow.connections.set_enabled(world.connection_id, False)
    for chosen in (None, world.connection_id):
        with pytest.raises(UserError) as caught:
            world.outbox.send(OWNER, lab_id, chosen)
        assert caught.value.field == "connection"


def test_send_after_the_match_was_undone_needs_a_person(world: LabWorld) -> None:
    lab_id = world.finalized()
    with world.store.write() as uow:
        patient_id = uow.labs.revision(lab_id).content.patient_id
        uow.people.end_patient_link(world.connection_id, patient_id, "owner", world.clock.now)
        uow.people.reject_link(world.connection_id, patient_id, ANA, "owner", world.clock.now)
    with pytest.raises(PersonNeededError, match="finalized for"):
        world.outbox.send(OWNER, lab_id, None)
    assert world.events(AuditKind.WB_REQUESTED) == []


def test_send_releases_earlier_revisions_first(world: LabWorld) -> None:
    lab_id = world.finalized()
    draft = world.desk.addendum(OWNER, lab_id)
    world.desk.update_draft(OWNER, lab_id, replace(draft.content, note_text="A: more."))
    world.desk.finalize(OWNER, lab_id)
    result = world.outbox.send(OWNER, lab_id, None)
    with world.store.read() as uow:
        found = uow.outbox.writebacks_of_lab(lab_id)
    assert [w.requested_at is not None for w in found] == [True, True]
    assert result.writeback_id == found[-1].writeback_id


def test_send_of_a_changed_lab_to_a_new_chart_leaves_the_replaced_revision_out(world: LabWorld) -> None:
    other = world.add_connection("Elm Street Ascend")
    lab_id = world.finalized()
    world.import_lab(note={"text": "S: changed."})
    world.desk.finalize(OWNER, lab_id)
    world.sync(other)
    world.outbox.send(OWNER, lab_id, other)
    with world.store.read() as uow:
        (writeback,) = [w for w in uow.outbox.writebacks_of_lab(lab_id) if w.connection_id == other]
        assert writeback.revision == 2
        assert len(uow.outbox.items(writeback.writeback_id)) == 2


def test_queue_shows_no_clinical_text(world: LabWorld) -> None:
    first_item(world)
    notes = [v.item.payload for v in world.outbox.queue() if isinstance(v.item.payload, NotePayload)]
    assert [note.text for note in notes] == [""]


def test_item_in_review_is_shown_whole_to_clinicians_and_that_is_an_event(world: LabWorld) -> None:
    item = first_item(world, ItemState.REVIEW)
    hidden = world.outbox.in_review(FRONT, item.item_id)
    assert hidden is not None and isinstance(hidden.item.payload, NotePayload)
    assert hidden.item.payload.text == ""
    assert world.events(AuditKind.LAB_VIEWED) == []
    shown = world.outbox.in_review(DENTIST, item.item_id)
    assert shown is not None and shown.item.payload == item.payload
    (event,) = world.events(AuditKind.LAB_VIEWED)
    assert (event.draft.actor, event.draft.item_id) == (DENTIST.name, item.item_id)


def test_item_that_was_settled_is_not_shown_for_review(world: LabWorld) -> None:
    assert world.outbox.in_review(DENTIST, first_item(world, ItemState.DONE).item_id) is None


def test_queue_shows_items_by_state(world: LabWorld) -> None:
    first_item(world)
    assert len(world.outbox.queue()) == 2
    assert len(world.outbox.queue(frozenset({ItemState.PLANNED}))) == 2
    assert world.outbox.queue(frozenset({ItemState.DONE})) == []


@pytest.mark.parametrize("state", [ItemState.REVIEW, ItemState.PLANNED, ItemState.INFLIGHT])
def test_recheck_is_the_front_desks_to_ask(world: LabWorld, state: ItemState) -> None:
    item = first_item(world, state)
    request = world.outbox.recheck(FRONT, item.item_id)
    assert (request.kind, request.by, request.role) == (RequestKind.RECHECK, "desk", "Front Office")
    with world.store.read() as uow:
        assert [r.request_id for r in uow.outbox.open_requests(world.connection_id)] == [request.request_id]
    (event,) = world.events(AuditKind.ITEM_ASKED)
    assert (event.draft.outcome, event.draft.detail["decision"]) == ("requested", "recheck")
    assert world.events(AuditKind.ITEM_DECIDED) == [], "the sender writes that one when it is carried out"
    assert world.sink.events == [QueueChanged(world.connection_id, item.item_id)]


@pytest.mark.parametrize("state", [ItemState.DONE, ItemState.VOID])
def test_recheck_of_a_settled_item_is_refused(world: LabWorld, state: ItemState) -> None:
    with pytest.raises(UserError, match="addendum"):
        world.outbox.recheck(FRONT, first_item(world, state).item_id)


def test_decide_is_a_clinicians(world: LabWorld) -> None:
    item = first_item(world, ItemState.REVIEW)
    with pytest.raises(NotAllowedError):
        world.outbox.decide(FRONT, item.item_id, RequestKind.VOID, REASON)
    with world.store.read() as uow:
        assert uow.outbox.open_requests() == []
    request = world.outbox.decide(DENTIST, item.item_id, RequestKind.AS_DONE, REASON, remote_id=RemoteId("r2"))
    assert (request.remote_id, request.reason, request.result) == ("r2", REASON, "")


def test_decide_to_send_again_dismisses_what_was_shown(world: LabWorld) -> None:
    item = first_item(world, ItemState.REVIEW)
    request = world.outbox.decide(DENTIST, item.item_id, RequestKind.SEND_AGAIN, REASON)
    assert request.dismissed == {"r1", "r2"}


@pytest.mark.parametrize("reason", ["", "  ", "ok", "x" * 501])
def test_decide_needs_a_typed_reason(world: LabWorld, reason: str) -> None:
    item = first_item(world, ItemState.REVIEW)
    with pytest.raises(UserError) as caught:
        world.outbox.decide(DENTIST, item.item_id, RequestKind.VOID, reason)
    assert caught.value.field == "reason"


@pytest.mark.parametrize(
    ("state", "kind", "words"),
    [
        (ItemState.INFLIGHT, RequestKind.VOID, "cannot be decided or cancelled now"),
        (ItemState.INFLIGHT, RequestKind.SEND_AGAIN, "cannot be decided or cancelled now"),
        (ItemState.PLANNED, RequestKind.AS_DONE, "needs no decision"),
        (ItemState.DONE, RequestKind.VOID, "is in the chart"),
        (ItemState.VOID, RequestKind.SEND_AGAIN, "was skipped"),
    ],
)
def test_decide_in_the_wrong_state_is_refused(world: LabWorld, state: ItemState, kind: RequestKind, words: str) -> None:
    item = first_item(world, state)
    with pytest.raises(UserError, match=words):
        world.outbox.decide(DENTIST, item.item_id, kind, REASON)
    assert world.events(AuditKind.ITEM_ASKED) == []


def test_planned_item_can_be_skipped(world: LabWorld) -> None:
    item = first_item(world)
    assert world.outbox.decide(DENTIST, item.item_id, RequestKind.VOID, REASON).kind is RequestKind.VOID


def test_decide_recheck_needs_no_reason(world: LabWorld) -> None:
    item = first_item(world, ItemState.REVIEW)
    assert world.outbox.decide(FRONT, item.item_id, RequestKind.RECHECK, "").kind is RequestKind.RECHECK


def test_newer_decision_replaces_the_older_and_says_so(world: LabWorld) -> None:
    item = first_item(world, ItemState.REVIEW)
    old = world.outbox.decide(DENTIST, item.item_id, RequestKind.VOID, REASON)
    new = world.outbox.decide(DENTIST, item.item_id, RequestKind.SEND_AGAIN, REASON)
    with world.store.read() as uow:
        assert uow.outbox.request(old.request_id).result == "replaced"
        assert [r.request_id for r in uow.outbox.open_requests()] == [new.request_id]
    first, second = world.events(AuditKind.ITEM_ASKED)
    assert "replaces" not in first.draft.detail
    assert second.draft.detail["replaces"] == "void"


@pytest.mark.parametrize("kind", [RequestKind.VOID, RequestKind.AS_DONE, RequestKind.SEND_AGAIN])
def test_recheck_never_replaces_a_decision(world: LabWorld, kind: RequestKind) -> None:
    item = first_item(world, ItemState.REVIEW)
    decision = world.outbox.decide(DENTIST, item.item_id, kind, REASON)
    for actor in (FRONT, DENTIST):
        with pytest.raises(UserError, match="decided about this item") as caught:
            world.outbox.recheck(actor, item.item_id)
        assert caught.value.field == "item"
    with world.store.read() as uow:
        assert [r.request_id for r in uow.outbox.open_requests()] == [decision.request_id]
    assert len(world.events(AuditKind.ITEM_ASKED)) == 1


def test_recheck_asked_twice_is_one_open_request(world: LabWorld) -> None:
    item = first_item(world, ItemState.REVIEW)
    world.outbox.recheck(FRONT, item.item_id)
    again = world.outbox.recheck(FRONT, item.item_id)
    with world.store.read() as uow:
        assert [r.request_id for r in uow.outbox.open_requests()] == [again.request_id]


def test_void_that_a_later_revision_rests_on_is_not_taken_back(world: LabWorld) -> None:
    item = first_item(world, ItemState.REVIEW)
    void = world.outbox.decide(DENTIST, item.item_id, RequestKind.VOID, REASON)
    content = world.lab_json()
    content["note"] = {"text": "S: corrected."}
    lab_id = world.desk.import_file(OWNER, write_lab(world.folder, content)).lab_id
    world.desk.finalize(OWNER, lab_id)
    world.outbox.send(OWNER, lab_id, None)
    for kind in (RequestKind.SEND_AGAIN, RequestKind.AS_DONE):
        with pytest.raises(UserError, match="later revision"):
            world.outbox.decide(DENTIST, item.item_id, kind, REASON)
    with world.store.read() as uow:
        assert void.request_id in [r.request_id for r in uow.outbox.open_requests()]


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        (ReviewReason.DIFFERS, RequestKind.SEND_AGAIN),
        (ReviewReason.TWIN, RequestKind.SEND_AGAIN),
        (ReviewReason.OTHER_PATIENT, RequestKind.SEND_AGAIN),
        (ReviewReason.OTHER_PATIENT, RequestKind.AS_DONE),
        (ReviewReason.PATIENT_MERGED, RequestKind.AS_DONE),
        (ReviewReason.PATIENT_CHANGED, RequestKind.AS_DONE),
    ],
)
def test_decide_what_the_reason_does_not_offer_is_refused(
    world: LabWorld, reason: ReviewReason, kind: RequestKind
) -> None:
    item = first_item(world, ItemState.REVIEW, reason)
    with pytest.raises(UserError) as caught:
        world.outbox.decide(DENTIST, item.item_id, kind, REASON)
    assert caught.value.field == "item"
    with world.store.read() as uow:
        assert uow.outbox.open_requests() == []
    assert world.outbox.recheck(FRONT, item.item_id).kind is RequestKind.RECHECK


@pytest.mark.parametrize("reason", list(ReviewReason))
def test_every_reason_has_a_way_out_that_sends_nothing(world: LabWorld, reason: ReviewReason) -> None:
    item = first_item(world, ItemState.REVIEW, reason)
    assert world.outbox.decide(DENTIST, item.item_id, RequestKind.VOID, REASON).kind is RequestKind.VOID


@pytest.mark.parametrize(
    ("reason", "others"),
    [(ReviewReason.TWIN, {"r1"}), (ReviewReason.SEVERAL, {"r1"}), (ReviewReason.LOOK_ALIKE, set())],
)
def test_it_is_this_one_of_several_declares_the_other_shown_ones_to_be_different(
    world: LabWorld, reason: ReviewReason, others: set[str]
) -> None:
    item = first_item(world, ItemState.REVIEW, reason)
    request = world.outbox.decide(DENTIST, item.item_id, RequestKind.AS_DONE, REASON, remote_id=RemoteId("r2"))
    assert request.dismissed == others


def test_pause_stops_and_resume_releases_a_write_back(world: LabWorld) -> None:
    writeback_id = first_item(world).writeback_id
    for _ in range(2):
        world.outbox.pause(DENTIST, writeback_id)
    with world.store.read() as uow:
        assert uow.outbox.next_patients(world.connection_id, skip=frozenset(), limit=5) == []
    for _ in range(2):
        world.outbox.resume(DENTIST, writeback_id)
    with world.store.read() as uow:
        assert uow.outbox.next_patients(world.connection_id, skip=frozenset(), limit=5) == [ANA]
    kinds = [e.draft.kind for e in world.events(AuditKind.WB_PAUSED, AuditKind.WB_RESUMED)]
    assert kinds == [AuditKind.WB_PAUSED, AuditKind.WB_RESUMED]
    with pytest.raises(NotAllowedError):
        world.outbox.pause(FRONT, writeback_id)


def test_pause_all_is_what_the_sender_reads(world: LabWorld) -> None:
    assert SENDING_PAUSED == PAUSED_SETTING
    for _ in range(2):
        world.outbox.pause_all(OWNER)
    with world.store.read() as uow:
        assert uow.practice.setting(PAUSED_SETTING) == "1"
    assert world.outbox.is_all_paused()
    for _ in range(2):
        world.outbox.resume_all(OWNER)
    assert not world.outbox.is_all_paused()
    assert len(world.events(AuditKind.WB_PAUSED, AuditKind.WB_RESUMED)) == 2
    with pytest.raises(NotAllowedError):
        world.outbox.pause_all(FRONT)


@pytest.mark.parametrize(
    ("detail", "expected"),
    [("", set()), ("not json", set()), ("[]", set()), ('{"records":["a",1]}', {"a"}), ('{"code":"x"}', set())],
)
def test_shown_records_are_read_from_the_review_detail(world: LabWorld, detail: str, expected: set[str]) -> None:
    item = first_item(world)
    assert shown_records(_with_detail(item, detail)) == expected


def _with_detail(item: Item, detail: str) -> Item:
    from dataclasses import replace

    return replace(item, review_detail=detail)


def test_unknown_item_connection_or_patient_changes_nothing(world: LabWorld) -> None:
    with pytest.raises(UserError):
        world.outbox.recheck(OWNER, ItemId(999))
    with pytest.raises(UserError):
        world.outbox.send(OWNER, world.finalized(), ConnectionId(999))
    assert PmsPatientId("7001") == ANA
