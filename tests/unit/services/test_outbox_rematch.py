"""A Lab whose patient is matched again goes once to the chart matched now; what may be in a chart is not given up."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from denticode_desktop.domain.audit_event import AuditKind
from denticode_desktop.domain.errors import PersonNeededError, UserError
from denticode_desktop.domain.ids import LabId, PatientId, PmsPatientId, RemoteId
from denticode_desktop.domain.people import Demographics, PmsPatient, PmsPatientStatus
from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.domain.write_back import Item, ItemKind, ItemState, RequestKind, ReviewReason, WriteBack

from .lab_world import ANA, DENTIST, FRONT, OWNER, LabWorld

ACTIVE = PmsPatientStatus.ACTIVE
TWIN = PmsPatientId("7002")
"""Another chart of a person with Ana's name and birth date."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[LabWorld]:
    made = LabWorld(tmp_path)
    made.sync()
    sync_patients(made)
    yield made
    made.close()


def sync_patients(world: LabWorld, last_name: str = "Ruiz") -> None:
    """Ana's chart, by that last name, and the other one."""
    person = Demographics("Ana", last_name, date(1984, 3, 2))
    other = Demographics("Ana", "Ruiz", date(1984, 3, 2))
    world.pull(SyncKind.PATIENTS, [PmsPatient(ANA, person, ACTIVE), PmsPatient(TWIN, other, ACTIVE)])


def patient_of(world: LabWorld, lab_id: LabId) -> PatientId:
    with world.store.read() as uow:
        return uow.labs.revision(lab_id).content.patient_id


def rematch(world: LabWorld, lab_id: LabId, chart: PmsPatientId = TWIN) -> None:
    world.clock.now += timedelta(minutes=5)
    world.linking.choose(DENTIST, world.connection_id, patient_of(world, lab_id), chart)


def write_backs(world: LabWorld, lab_id: LabId) -> list[tuple[WriteBack, list[Item]]]:
    with world.store.read() as uow:
        return [(w, list(uow.outbox.items(w.writeback_id))) for w in uow.outbox.writebacks_of_lab(lab_id)]


def asked_to_void(world: LabWorld) -> set[int]:
    with world.store.read() as uow:
        return {r.item_id for r in uow.outbox.open_requests() if r.kind is RequestKind.VOID}


def carry_out(world: LabWorld) -> None:
    """What the sender does with the requests."""
    with world.store.write() as uow:
        for request in uow.outbox.open_requests():
            assert uow.outbox.move(uow.outbox.item(request.item_id), ItemState.VOID, epoch=None)
            uow.outbox.close_request(request.request_id, "done")


def move_first(world: LabWorld, lab_id: LabId, to: ItemState, *, remote_id: str | None = None, sends: int = 0) -> None:
    (_, items), *_ = write_backs(world, lab_id)
    with world.store.write() as uow:
        found = RemoteId(remote_id) if remote_id else None
        assert uow.outbox.move(items[0], ItemState.INFLIGHT, epoch=None, sends=sends)
        if to is not ItemState.INFLIGHT:
            flying = uow.outbox.item(items[0].item_id)
            assert uow.outbox.move(
                flying, to, epoch=None, remote_id=found, done_at=world.clock.now, review_reason=ReviewReason.NO_TRACE
            )


@pytest.mark.parametrize("is_requested", [False, True])
def test_lab_goes_as_a_new_revision_to_the_chart_matched_now(world: LabWorld, is_requested: bool) -> None:
    lab_id = world.finalized()
    if is_requested:
        world.outbox.send(OWNER, lab_id, None)
    rematch(world, lab_id)

    result = world.outbox.send(DENTIST, lab_id, None)

    (old, old_items), (new, new_items) = write_backs(world, lab_id)
    assert (old.pms_patient_id, new.pms_patient_id) == (ANA, TWIN)
    assert (new.writeback_id, new.revision, new.content_sha256) == (result.writeback_id, 2, old.content_sha256)
    assert new.requested_at is not None
    assert [i.kind for i in new_items] == [i.kind for i in old_items] == [ItemKind.NOTE, ItemKind.PROCEDURE]
    assert asked_to_void(world) == {i.item_id for i in old_items}
    assert {i.marker for i in new_items}.isdisjoint({i.marker for i in old_items})
    asked = world.events(AuditKind.ITEM_ASKED)
    assert [(e.draft.actor, e.draft.reason) for e in asked] == [("lee", "patient matched again")] * 2
    with world.store.read() as uow:
        nothing_open = uow.outbox.open_items(world.connection_id, TWIN)
    assert nothing_open == [], "the sender holds it back until the old one is closed"
    carry_out(world)
    with world.store.read() as uow:
        assert [i.seq for i in uow.outbox.open_items(world.connection_id, TWIN)] == [1]


def test_pressing_again_makes_nothing_more(world: LabWorld) -> None:
    lab_id = world.finalized()
    rematch(world, lab_id)
    first = world.outbox.send(OWNER, lab_id, None)
    again = world.outbox.send(OWNER, lab_id, None)
    carry_out(world)
    third = world.outbox.send(OWNER, lab_id, None)
    assert first.writeback_id == again.writeback_id == third.writeback_id
    assert (again.is_new_request, third.is_new_request) == (False, False)
    assert len(write_backs(world, lab_id)) == 2


def test_the_same_file_again_is_still_unchanged(world: LabWorld) -> None:
    lab_id = world.finalized()
    rematch(world, lab_id)
    world.outbox.send(OWNER, lab_id, None)
    assert world.import_lab().status == "unchanged"


def test_an_addendum_goes_with_its_lab(world: LabWorld) -> None:
    lab_id = world.finalized()
    draft = world.desk.addendum(OWNER, lab_id)
    world.desk.update_draft(OWNER, lab_id, replace(draft.content, note_text="A: more."))
    world.desk.finalize(OWNER, lab_id)
    rematch(world, lab_id)
    world.outbox.send(OWNER, lab_id, None)
    world.outbox.send(OWNER, lab_id, None)
    found = write_backs(world, lab_id)
    assert [(w.revision, w.pms_patient_id) for w, _ in found] == [(1, ANA), (2, ANA), (3, TWIN), (4, TWIN)]
    assert asked_to_void(world) == {i.item_id for w, items in found[:2] for i in items}


def test_front_desk_may_not_give_up_what_waits_for_the_old_chart(world: LabWorld) -> None:
    lab_id = world.finalized()
    rematch(world, lab_id)
    with pytest.raises(PersonNeededError, match="provider or a manager"):
        world.outbox.send(FRONT, lab_id, None)
    assert len(write_backs(world, lab_id)) == 1
    assert asked_to_void(world) == set()


@pytest.mark.parametrize(
    ("state", "remote_id", "error", "words"),
    [
        (ItemState.INFLIGHT, None, UserError, "on its way"),
        (ItemState.DONE, "r1", PersonNeededError, "write an addendum"),
        (ItemState.REVIEW, None, PersonNeededError, "Decide it"),
    ],
)
def test_what_is_or_may_be_in_the_old_chart_is_never_given_up(
    world: LabWorld, state: ItemState, remote_id: str | None, error: type[UserError], words: str
) -> None:
    lab_id = world.finalized()
    world.outbox.send(OWNER, lab_id, None)
    move_first(world, lab_id, state, remote_id=remote_id, sends=1)
    rematch(world, lab_id)
    with pytest.raises(error, match=words):
        world.outbox.send(OWNER, lab_id, None)
    assert len(write_backs(world, lab_id)) == 1
    assert asked_to_void(world) == set()


def test_addendum_goes_to_the_right_chart_after_the_wrong_one_was_settled(world: LabWorld) -> None:
    lab_id = world.finalized()
    world.outbox.send(OWNER, lab_id, None)
    move_first(world, lab_id, ItemState.DONE, remote_id="r1", sends=1)
    (_, items), *_ = write_backs(world, lab_id)
    world.outbox.decide(OWNER, items[1].item_id, RequestKind.VOID, "wrong chart")
    carry_out(world)
    rematch(world, lab_id)
    draft = world.desk.addendum(OWNER, lab_id)
    world.desk.update_draft(OWNER, lab_id, replace(draft.content, note_text="A: for the right chart."))
    world.desk.finalize(OWNER, lab_id)
    result = world.outbox.send(OWNER, lab_id, None)
    found = write_backs(world, lab_id)
    assert [(w.revision, w.pms_patient_id) for w, _ in found] == [(1, ANA), (2, TWIN)]
    assert result.writeback_id == found[-1][0].writeback_id


@pytest.mark.parametrize("reason", [ReviewReason.REFUSED, ReviewReason.NOT_MAPPED])
def test_what_the_pms_refused_goes_again_as_it_is_matched_now(world: LabWorld, reason: ReviewReason) -> None:
    lab_id = world.finalized()
    world.outbox.send(OWNER, lab_id, None)
    (_, old), *_ = write_backs(world, lab_id)
    with world.store.write() as uow:
        assert uow.outbox.move(old[0], ItemState.REVIEW, epoch=None, review_reason=reason)
    with pytest.raises(PersonNeededError, match="provider or a manager"):
        world.outbox.send(FRONT, lab_id, None)

    result = world.outbox.send(OWNER, lab_id, None)

    _, (new, items) = write_backs(world, lab_id)
    assert new.writeback_id == result.writeback_id
    assert len(items) == len(old)
    assert asked_to_void(world) == {item.item_id for item in old}


def test_chart_that_names_the_patient_otherwise_needs_a_persons_word(world: LabWorld) -> None:
    lab_id = world.finalized()
    sync_patients(world, last_name="Ruiz-Lopez")
    world.outbox.send(OWNER, lab_id, None)
    assert len(write_backs(world, lab_id)) == 1, "nobody said that it is the same person"

    rematch(world, lab_id, ANA)
    world.outbox.send(OWNER, lab_id, None)

    (old, _), (new, _) = write_backs(world, lab_id)
    assert (old.pms_patient_id, new.pms_patient_id) == (ANA, ANA)
    assert (old.snapshot.last_name, new.snapshot.last_name) == ("Ruiz", "Ruiz-Lopez")


def refuse(world: LabWorld, item: Item) -> None:
    with world.store.write() as uow:
        assert uow.outbox.move(item, ItemState.REVIEW, epoch=None, review_reason=ReviewReason.REFUSED)


def bring(world: LabWorld, item: Item) -> None:
    with world.store.write() as uow:
        assert uow.outbox.move(item, ItemState.INFLIGHT, epoch=None, sends=1)
        flying, remote_id = uow.outbox.item(item.item_id), RemoteId(f"r{item.item_id}")
        assert uow.outbox.move(flying, ItemState.DONE, epoch=None, remote_id=remote_id, done_at=world.clock.now)


def with_addendum(world: LabWorld, lab_id: LabId) -> None:
    """A finalized addendum with a note and the same code as the Lab's own."""
    draft = world.desk.addendum(OWNER, lab_id)
    with world.store.read() as uow:
        line = uow.labs.revision(lab_id, 1).content.procedures[0]
    world.desk.update_draft(OWNER, lab_id, replace(draft.content, note_text="A: a second one.", procedures=(line,)))
    world.desk.finalize(OWNER, lab_id)


def alive(world: LabWorld, lab_id: LabId, kind: ItemKind) -> list[Item]:
    """What is in the chart, or will be."""
    given_up = asked_to_void(world)
    items = [item for _, items in write_backs(world, lab_id) for item in items]
    return [i for i in items if i.kind is kind and i.state is not ItemState.VOID and i.item_id not in given_up]


@pytest.mark.parametrize("is_addendum", [False, True])
def test_lab_that_is_partly_in_the_chart_is_not_sent_anew(world: LabWorld, is_addendum: bool) -> None:
    lab_id = world.finalized()
    world.outbox.send(OWNER, lab_id, None)
    if is_addendum:
        for item in write_backs(world, lab_id)[0][1]:
            bring(world, item)
        with_addendum(world, lab_id)
        world.outbox.send(OWNER, lab_id, None)
    note, code = write_backs(world, lab_id)[-1][1]
    bring(world, note)
    refuse(world, code)
    made = len(write_backs(world, lab_id))
    with pytest.raises(PersonNeededError, match="write an addendum"):
        world.outbox.send(OWNER, lab_id, None)
    assert len(write_backs(world, lab_id)) == made
    assert asked_to_void(world) == set()


def test_what_a_person_gave_up_stays_given_up(world: LabWorld) -> None:
    lab_id = world.finalized()
    world.outbox.send(OWNER, lab_id, None)
    (_, (note, code)), *_ = write_backs(world, lab_id)
    world.outbox.decide(OWNER, note.item_id, RequestKind.VOID, "typed by hand already")
    carry_out(world)
    refuse(world, code)
    with pytest.raises(PersonNeededError, match="settled"):
        world.outbox.send(OWNER, lab_id, None)
    assert alive(world, lab_id, ItemKind.NOTE) == []


def test_refused_lab_beside_an_addendum_of_the_same_code_keeps_both(world: LabWorld) -> None:
    lab_id = world.finalized()
    with_addendum(world, lab_id)
    world.outbox.send(OWNER, lab_id, None)
    refuse(world, write_backs(world, lab_id)[0][1][0])
    world.outbox.send(OWNER, lab_id, None)
    assert len(alive(world, lab_id, ItemKind.PROCEDURE)) == 2
    assert len(alive(world, lab_id, ItemKind.NOTE)) == 2


def test_changed_lab_beside_a_queued_addendum_of_the_same_code_keeps_both(world: LabWorld) -> None:
    lab_id = world.finalized()
    with_addendum(world, lab_id)
    world.import_lab(note={"text": "S: corrected."})
    world.desk.finalize(OWNER, lab_id)
    world.outbox.send(OWNER, lab_id, None)
    assert len(alive(world, lab_id, ItemKind.PROCEDURE)) == 2


def test_changed_lab_that_takes_the_addendums_line_in_writes_it_once(world: LabWorld) -> None:
    lab_id = world.finalized()
    with_addendum(world, lab_id)
    world.outbox.send(OWNER, lab_id, None)
    for _, items in write_backs(world, lab_id):
        for item in items:
            bring(world, item)
    line = world.lab_json()["procedures"][0]
    world.import_lab(procedures=[line, line])
    world.desk.finalize(OWNER, lab_id)
    assert len(alive(world, lab_id, ItemKind.PROCEDURE)) == 2


def test_copy_for_one_connection_is_nothing_to_another(world: LabWorld) -> None:
    second = world.add_connection("Elm Street Ascend")
    world.sync(second)
    lab_id = world.finalized()
    world.outbox.send(OWNER, lab_id, world.connection_id)
    world.outbox.send(OWNER, lab_id, second)
    for writeback, items in write_backs(world, lab_id):
        for item in items:
            bring(world, item) if writeback.connection_id == second else refuse(world, item)
    world.outbox.send(OWNER, lab_id, world.connection_id)
    again = world.outbox.send(OWNER, lab_id, second)
    assert not again.is_new_request
    made = [(w.connection_id, w.revision) for w, _ in write_backs(world, lab_id)]
    assert sorted(made) == [(world.connection_id, 1), (world.connection_id, 2), (second, 1)]
