"""The lab desk on a real store: import, edit, preview, finalize; nothing half done."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from denticode_desktop.domain.access import SYSTEM
from denticode_desktop.domain.audit_event import AuditKind
from denticode_desktop.domain.charting import Procedure
from denticode_desktop.domain.errors import NotAllowedError, NotFoundError, PersonNeededError, UserError
from denticode_desktop.domain.events import ImportFailed, LabsChanged, QueueChanged
from denticode_desktop.domain.ids import LabId, PatientId, RemoteId
from denticode_desktop.domain.lab import LabContent, RevisionKind, lab_id_for_external
from denticode_desktop.domain.people import Demographics, PmsPatientStatus
from denticode_desktop.domain.write_back import (
    ItemKind,
    ItemState,
    NotePayload,
    RequestKind,
    ReviewReason,
    WriteBackState,
)
from denticode_desktop.services.watched_folder import WatchedFolder
from tests.unit.lab_files.lab_file_factory import TINY_PDF, lab_json, write_lab

from .lab_world import ANA, FRONT, OWNER, LabWorld


@pytest.fixture
def world(tmp_path: Path) -> Iterator[LabWorld]:
    made = LabWorld(tmp_path)
    yield made
    made.close()


def with_note(text: str) -> dict[str, Any]:
    return {"note": {"text": text}}


def count_revisions(world: LabWorld) -> int:
    with world.store.read() as uow:
        return sum(len(uow.labs.revisions(s.lab_id)) for s in uow.labs.summaries())


def test_import_new_file_makes_a_draft_with_its_patient_and_provider(world: LabWorld) -> None:
    result = world.import_lab()
    assert (result.lab_id, result.revision, result.status) == (lab_id_for_external("scribe-123"), 1, "new")
    with world.store.read() as uow:
        revision = uow.labs.revision(result.lab_id)
        assert revision.finalized_at is None
        assert uow.people.patient(revision.content.patient_id).external_id == "scribe-123"
    assert world.sink.events == [LabsChanged(result.lab_id)]
    assert [e.draft.outcome for e in world.events(AuditKind.LAB_IMPORTED)] == ["new"]


def test_import_same_file_again_changes_nothing(world: LabWorld) -> None:
    first = world.import_lab()
    again = world.import_lab()
    assert (again.lab_id, again.status) == (first.lab_id, "unchanged")
    assert count_revisions(world) == 1
    assert len(world.events(AuditKind.LAB_IMPORTED)) == 1
    assert len(world.sink.events) == 1


def test_import_changed_file_updates_the_draft(world: LabWorld) -> None:
    world.import_lab()
    result = world.import_lab(**with_note("S: changed."))
    assert (result.revision, result.status) == (1, "changed")
    with world.store.read() as uow:
        assert uow.labs.revision(result.lab_id).content.note_text == "S: changed."


def test_import_same_file_does_not_undo_a_persons_edit(world: LabWorld) -> None:
    lab_id = world.import_lab().lab_id
    with world.store.read() as uow:
        content = uow.labs.revision(lab_id).content
    world.desk.update_draft(OWNER, lab_id, replace(content, note_text="S: edited here."))
    assert world.import_lab().status == "unchanged"
    with world.store.read() as uow:
        assert uow.labs.revision(lab_id).content.note_text == "S: edited here."


def test_import_changed_document_alone_is_a_change(world: LabWorld) -> None:
    documents = [{"file": "consent.pdf", "title": "Consent"}]
    path = write_lab(world.folder, lab_json() | {"documents": documents})
    world.desk.import_file(OWNER, path)
    (world.folder / "consent.pdf").write_bytes(TINY_PDF + b"%%EOF\n")
    result = world.desk.import_file(OWNER, path)
    assert (result.status, result.file_names) == ("changed", ("consent.pdf",))
    with world.store.read() as uow:
        (document,) = uow.labs.revision(result.lab_id).content.documents
        assert uow.labs.blob(document.sha256) == TINY_PDF + b"%%EOF\n"


def test_import_after_finalization_starts_a_changed_revision_and_back_again_drops_it(world: LabWorld) -> None:
    world.sync()
    lab_id = world.finalized()
    assert world.import_lab().status == "unchanged"
    result = world.import_lab(**with_note("S: changed."))
    assert (result.revision, result.status) == (2, "changed")
    with world.store.read() as uow:
        assert uow.labs.revision(lab_id).kind is RevisionKind.CHANGED
    assert world.import_lab().status == "changed"
    with world.store.read() as uow:
        assert uow.labs.revision(lab_id).finalized_at is not None
    assert count_revisions(world) == 1


def test_import_while_an_addendum_is_written_is_refused(world: LabWorld) -> None:
    world.sync()
    world.desk.addendum(OWNER, world.finalized())
    with pytest.raises(UserError) as caught:
        world.import_lab(**with_note("S: changed."))
    assert caught.value.field == "external_id"
    assert world.import_lab().status == "unchanged"


def test_import_same_patient_twice_is_one_patient_with_gaps_filled(world: LabWorld) -> None:
    world.import_lab()
    second = world.lab_json(external_id="scribe-124")
    second["patient"]["phone"] = "555-0100"
    result = world.desk.import_file(OWNER, write_lab(world.folder, second))
    with world.store.read() as uow:
        (patient,) = uow.people.patients(limit=10)
        assert patient.person.phone == "555-0100"
        assert uow.labs.revision(result.lab_id).content.patient_id == patient.patient_id


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        ({"schema": "denticode.lab/9"}, "schema"),
        ({"patient": {"first_name": "Ana", "last_name": "Ruiz"}}, "patient.date_of_birth"),
        ({"procedures": [{"code": "101", "status": "completed"}]}, "procedures[0].code"),
        ({"documents": [{"file": "absent.pdf", "title": "Consent"}]}, "documents[0].file"),
    ],
)
def test_import_of_a_bad_file_keeps_nothing(world: LabWorld, spoil: dict[str, Any], field: str) -> None:
    with pytest.raises(UserError) as caught:
        world.import_lab(**spoil)
    assert caught.value.field == field
    with world.store.read() as uow:
        assert uow.labs.summaries() == []
        assert uow.people.patients(limit=10) == []
        assert uow.people.providers() == []
    assert world.sink.events == []


def test_import_needs_a_role_that_writes_labs(world: LabWorld) -> None:
    with pytest.raises(NotAllowedError):
        world.import_lab(FRONT)


def test_import_links_what_the_file_names_where_it_agrees(world: LabWorld) -> None:
    world.sync()
    lab_id = world.import_lab().lab_id
    with world.store.read() as uow:
        content = uow.labs.revision(lab_id).content
        link = uow.people.patient_link(world.connection_id, content.patient_id)
        assert link is not None
        assert link.pms_patient_id == ANA
        assert content.provider_id is not None
        assert uow.people.provider_link(world.connection_id, content.provider_id) is not None
    assert len(world.events(AuditKind.PROVIDER_LINKED)) == 1


def test_import_before_the_first_sync_is_linked_at_finalization(world: LabWorld) -> None:
    lab_id = world.import_lab().lab_id
    world.sync()
    assert len(world.desk.finalize(OWNER, lab_id).writeback_ids) == 1


def test_import_that_names_somebody_elses_id_links_nobody(world: LabWorld) -> None:
    world.sync()
    content = world.lab_json()
    content["patient"]["last_name"] = "Marsh"
    content["provider"]["name"] = "Okafor, Ada"
    lab_id = world.desk.import_file(OWNER, write_lab(world.folder, content)).lab_id
    view = world.desk.show(OWNER, lab_id)
    assert view.links[0].pms_patient_id is None
    assert {p.field for p in view.problems} == {"patient", "provider"}


def test_link_that_a_person_undid_is_not_made_again_by_a_file(world: LabWorld) -> None:
    world.sync()
    lab_id = world.import_lab().lab_id
    with world.store.read() as uow:
        patient_id = uow.labs.revision(lab_id).content.patient_id
    world.linking.unlink(OWNER, world.connection_id, patient_id)
    assert world.desk.finalize(OWNER, lab_id).writeback_ids == ()
    world.import_lab(external_id="scribe-124")
    assert world.desk.show(OWNER, lab_id).links[0].pms_patient_id is None
    world.linking.choose(OWNER, world.connection_id, patient_id, ANA)
    assert world.desk.show(OWNER, lab_id).links[0].pms_patient_id == ANA


def test_watched_folder_on_the_desk_imports_once_and_says_why_not(world: LabWorld) -> None:
    world.sync()
    good = write_lab(world.folder, world.lab_json(), "good.json")
    write_lab(world.folder, world.lab_json(visit_date="tomorrow"), "poor.json")
    (world.folder / "consent.pdf").unlink()
    world.desk.import_file(SYSTEM, good)  # a run that died between import and move
    watched = WatchedFolder(world.folder, world.desk, SYSTEM, world.clock, world.sink)
    watched.scan()
    world.clock.mono_s += 5
    found = watched.scan()
    assert (found.imported, found.refused) == (("good.json",), ("poor.json",))
    assert count_revisions(world) == 1
    why = (world.folder / "refused" / "poor.json.why.txt").read_text()
    assert "visit_date" in why
    assert "Ruiz" not in why
    assert sum(isinstance(event, ImportFailed) for event in world.sink.events) == 1


def test_finalize_freezes_and_makes_the_write_back_in_one_unit(world: LabWorld) -> None:
    world.sync()
    lab_id = world.import_lab().lab_id
    world.sink.events.clear()
    result = world.desk.finalize(OWNER, lab_id)
    (writeback_id,) = result.writeback_ids
    assert result.problems == ()
    with world.store.read() as uow:
        writeback = uow.outbox.writeback(writeback_id)
        items = uow.outbox.items(writeback_id)
    assert (writeback.pms_patient_id, writeback.requested_at) == (ANA, None)
    assert writeback.content_sha256 == result.revision.content_sha256
    assert (writeback.snapshot.last_name, writeback.snapshot.date_of_birth) == ("Ruiz", date(1984, 3, 2))
    assert [(i.seq, i.kind, i.state) for i in items] == [
        (1, ItemKind.NOTE, ItemState.PLANNED), (2, ItemKind.PROCEDURE, ItemState.PLANNED),
    ]  # fmt: skip
    note = items[0].payload
    assert isinstance(note, NotePayload)
    assert (note.pms_provider_id, note.time_zone) == ("31", "America/Denver")
    assert [e.draft.kind for e in world.events(AuditKind.LAB_FINALIZED, AuditKind.WB_CREATED)] == [
        AuditKind.LAB_FINALIZED, AuditKind.WB_CREATED,
    ]  # fmt: skip
    assert world.sink.events == [LabsChanged(lab_id), QueueChanged(world.connection_id)]


def test_finalize_twice_changes_nothing(world: LabWorld) -> None:
    world.sync()
    lab_id = world.import_lab().lab_id
    first, second = world.desk.finalize(OWNER, lab_id), world.desk.finalize(OWNER, lab_id)
    assert second.writeback_ids == first.writeback_ids
    assert len(world.events(AuditKind.LAB_FINALIZED)) == 1


def test_finalize_without_a_match_freezes_and_says_what_stands_open(world: LabWorld) -> None:
    world.sync()
    content = world.lab_json()
    content["patient"]["pms_patient_id"] = None
    lab_id = world.desk.import_file(OWNER, write_lab(world.folder, content)).lab_id
    result = world.desk.finalize(OWNER, lab_id)
    assert result.writeback_ids == ()
    assert [p.field for p in result.problems] == ["patient"]
    assert not result.problems[0].is_blocking
    assert result.revision.finalized_at is not None


def test_finalize_without_any_connection_freezes(world: LabWorld) -> None:
    with world.store.write() as uow:
        uow.connections.set_enabled(world.connection_id, False)
    assert world.desk.finalize(OWNER, world.import_lab().lab_id).writeback_ids == ()


def test_finalize_makes_a_write_back_for_every_connection_that_has_the_patient(world: LabWorld) -> None:
    other = world.add_connection("Elm Street Ascend")
    world.add_connection("Pine Street Ascend")
    world.sync()
    world.sync(other)
    result = world.desk.finalize(OWNER, world.import_lab().lab_id)
    assert len(result.writeback_ids) == 2
    assert {p.field for p in result.problems} == {"patient", "provider", "procedures"}


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        (with_note("  \n "), "note.text", "empty"),
        ({"procedures": [{"code": "T9999", "status": "treatment_planned"}]}, "procedures[0].code", "no code T9999"),
    ],
)
def test_finalize_of_a_lab_to_correct_freezes_nothing(
    world: LabWorld, changes: dict[str, Any], field: str, words: str
) -> None:
    world.sync()
    lab_id = world.import_lab(**changes).lab_id
    with pytest.raises(UserError, match=words) as caught:
        world.desk.finalize(OWNER, lab_id)
    assert caught.value.field == field
    with world.store.read() as uow:
        assert uow.labs.revision(lab_id).finalized_at is None
        assert uow.outbox.writebacks_of_lab(lab_id) == []
    assert world.events(AuditKind.LAB_FINALIZED, AuditKind.WB_CREATED) == []


def test_finalize_of_an_ambiguous_code_needs_a_person(world: LabWorld) -> None:
    world.sync()
    lab_id = world.import_lab(procedures=[{"code": "T0303", "status": "treatment_planned"}]).lab_id
    with pytest.raises(PersonNeededError, match=r"T0303\.A"):
        world.desk.finalize(OWNER, lab_id)


def test_finalize_names_the_first_problem_and_counts_the_others(world: LabWorld) -> None:
    world.sync()
    with world.store.write() as uow:
        patient_id = uow.people.add_patient(Demographics("Bo", "Marsh", None), "")
    line = Procedure("T0101", tooth="99")
    lab_id = world.desk.create_draft(OWNER, LabContent(date(2026, 11, 30), patient_id, None, "", (line,))).lab_id
    fields = [p.field for p in world.desk.preview(OWNER, lab_id, None).problems if p.is_blocking]
    assert fields == ["visit_date", "patient.date_of_birth", "provider", "note.text", "procedures[0].tooth"]
    with pytest.raises(UserError, match="There are 4 more problems"):
        world.desk.finalize(OWNER, lab_id)


@pytest.mark.parametrize("status", [PmsPatientStatus.MERGED, PmsPatientStatus.INACTIVE, PmsPatientStatus.DELETED])
def test_finalize_for_a_chart_that_cannot_take_it_makes_no_write_back(
    world: LabWorld, status: PmsPatientStatus
) -> None:
    world.sync()
    lab_id = world.import_lab().lab_id
    world.sync(status=status)
    result = world.desk.finalize(OWNER, lab_id)
    assert result.writeback_ids == ()
    assert result.problems[0].field == "patient"


def test_changed_file_does_not_overwrite_what_a_person_edited(world: LabWorld) -> None:
    world.sync()
    lab_id = world.import_lab().lab_id
    with world.store.read() as uow:
        draft = uow.labs.revision(lab_id)
    world.desk.update_draft(OWNER, lab_id, replace(draft.content, note_text="S: as the dentist says."))
    with pytest.raises(UserError, match="edited here") as caught:
        world.import_lab(note={"text": "S: as the scribe says."})
    assert caught.value.field == "external_id"
    with world.store.read() as uow:
        assert uow.labs.revision(lab_id).content.note_text == "S: as the dentist says."
    world.desk.finalize(OWNER, lab_id)
    assert world.import_lab(note={"text": "S: as the scribe says."}).status == "changed"
    assert world.import_lab(note={"text": "S: once more."}).revision == 2


def test_draft_is_taken_back_and_nothing_else(world: LabWorld) -> None:
    world.sync()
    lab_id = world.finalized()
    with pytest.raises(UserError, match="no draft"):
        world.desk.discard_draft(OWNER, lab_id)
    world.desk.addendum(OWNER, lab_id)
    with pytest.raises(NotAllowedError):
        world.desk.discard_draft(FRONT, lab_id)
    world.desk.discard_draft(OWNER, lab_id)
    with world.store.read() as uow:
        assert [r.revision for r in uow.labs.revisions(lab_id)] == [1]
    assert world.events(AuditKind.LAB_EDITED)[-1].draft.outcome == "draft deleted"
    world.desk.addendum(OWNER, lab_id)


def test_finalize_needs_a_clinical_role(world: LabWorld) -> None:
    with pytest.raises(NotAllowedError):
        world.desk.finalize(FRONT, world.import_lab().lab_id)


def test_changed_revision_writes_only_what_is_new(world: LabWorld) -> None:
    world.sync()
    lab_id = world.finalized()
    bring_all(world, lab_id, ItemState.DONE)
    lines = [*world.lab_json()["procedures"], {"code": "T0202", "status": "treatment_planned"}]
    world.import_lab(procedures=lines)
    (writeback_id,) = world.desk.finalize(OWNER, lab_id).writeback_ids
    with world.store.read() as uow:
        (item,) = uow.outbox.items(writeback_id)
    assert item.kind is ItemKind.PROCEDURE


def bring_all(world: LabWorld, lab_id: LabId, state: ItemState, *, sends: int = 1) -> None:
    """Every item of the Lab, as the sender would."""
    with world.store.write() as uow:
        for writeback in uow.outbox.writebacks_of_lab(lab_id):
            for item in uow.outbox.items(writeback.writeback_id):
                if state is ItemState.REVIEW and not sends:
                    assert uow.outbox.move(item, state, epoch=None, review_reason=ReviewReason.REFUSED)
                    continue
                assert uow.outbox.move(item, ItemState.INFLIGHT, epoch=None, sends=sends)
                flying, remote_id = uow.outbox.item(item.item_id), RemoteId(f"r{item.item_id}")
                if state is ItemState.DONE:
                    assert uow.outbox.move(flying, state, epoch=None, remote_id=remote_id, done_at=world.clock.now)
                elif state is ItemState.REVIEW:
                    assert uow.outbox.move(flying, state, epoch=None, review_reason=ReviewReason.NO_TRACE)


@pytest.mark.parametrize("is_refused", [False, True])
def test_changed_revision_takes_what_never_left_out_of_the_queue(world: LabWorld, is_refused: bool) -> None:
    world.sync()
    lab_id = world.finalized()
    if is_refused:
        bring_all(world, lab_id, ItemState.REVIEW, sends=0)
    world.import_lab(note={"text": "S: corrected."})

    (writeback_id,) = world.desk.finalize(OWNER, lab_id).writeback_ids

    with world.store.read() as uow:
        old, new = uow.outbox.writebacks_of_lab(lab_id)
        kinds = [item.kind for item in uow.outbox.items(new.writeback_id)]
        asked = {r.item_id: r.reason for r in uow.outbox.open_requests() if r.kind is RequestKind.VOID}
        old_items = [item.item_id for item in uow.outbox.items(old.writeback_id)]
        note = uow.outbox.items(new.writeback_id)[0].payload
    assert new.writeback_id == writeback_id
    assert kinds == [ItemKind.NOTE, ItemKind.PROCEDURE], "nothing of the Lab is lost with the old one"
    assert isinstance(note, NotePayload) and note.text.startswith("S: corrected.")
    assert asked == dict.fromkeys(old_items, "replaced by revision 2")


@pytest.mark.parametrize("state", [ItemState.INFLIGHT, ItemState.REVIEW])
def test_changed_revision_waits_for_what_may_be_in_the_chart(world: LabWorld, state: ItemState) -> None:
    world.sync()
    lab_id = world.finalized()
    bring_all(world, lab_id, state)
    world.import_lab(note={"text": "S: corrected."})

    result = world.desk.finalize(OWNER, lab_id)

    assert result.writeback_ids == ()
    assert "not settled" in result.problems[0].sentence
    with pytest.raises(PersonNeededError, match="not settled"):
        world.outbox.send(OWNER, lab_id, None)
    with world.store.read() as uow:
        assert uow.outbox.open_requests() == []


def test_preview_shows_what_would_be_added_and_writes_nothing(world: LabWorld) -> None:
    world.sync()
    lab_id = world.import_lab(
        procedures=[{"code": "T0101", "tooth": "14", "surfaces": "MO", "status": "completed"}]
    ).lab_id
    preview = world.desk.preview(OWNER, lab_id, world.connection_id)
    assert preview.lines[1] == "Procedure T0101 tooth 14 MO treatment-planned"
    assert [(p.field, p.is_blocking) for p in preview.problems] == [("procedures[0]", False)]
    with world.store.read() as uow:
        assert uow.outbox.writebacks_of_lab(lab_id) == []
    assert all(not rules.is_open for rules in world.directory.opened)


def test_draft_written_here_is_edited_and_finalized(world: LabWorld) -> None:
    world.sync()
    person = Demographics("Ana", "Ruiz", date(1984, 3, 2))
    patient_id = world.desk.add_patient(OWNER, person)
    assert world.desk.add_patient(OWNER, person) == patient_id
    provider_id = world.desk.add_provider(OWNER, "Lee, Sam", "")
    document = world.desk.add_document(OWNER, title="Consent", file_name="consent.pdf", data=TINY_PDF)
    draft = world.desk.create_draft(OWNER, LabContent(date(2026, 11, 20), patient_id, provider_id, "S: x"))
    world.desk.update_draft(OWNER, draft.lab_id, replace(draft.content, documents=(document,)))
    assert world.desk.finalize(OWNER, draft.lab_id).revision.content.documents == (document,)
    with pytest.raises(UserError, match="addendum"):
        world.desk.update_draft(OWNER, draft.lab_id, draft.content)
    outcomes = [e.draft.outcome for e in world.events(AuditKind.LAB_EDITED)]
    assert outcomes == ["patient_added", "provider_added", "document_added", "created", "changed"]


def test_document_that_is_no_pdf_is_refused(world: LabWorld) -> None:
    with pytest.raises(UserError, match="PDF"):
        world.desk.add_document(OWNER, title="x", file_name="x.pdf", data=b"hello")


def test_draft_beyond_all_bounds_is_refused(world: LabWorld) -> None:
    with pytest.raises(UserError, match="50,000"):
        world.desk.create_draft(OWNER, LabContent(date(2026, 11, 20), PatientId(1), None, "x" * 50_001))


def test_addendum_is_an_empty_draft_of_the_same_visit(world: LabWorld) -> None:
    world.sync()
    lab_id = world.finalized()
    revision = world.desk.addendum(OWNER, lab_id)
    assert (revision.revision, revision.kind, revision.content.note_text) == (2, RevisionKind.ADDENDUM, "")
    with pytest.raises(UserError, match="draft already"):
        world.desk.addendum(OWNER, lab_id)
    world.desk.update_draft(OWNER, lab_id, replace(revision.content, note_text="Addendum."))
    assert len(world.desk.finalize(OWNER, lab_id).writeback_ids) == 1


def test_show_has_revisions_items_and_links(world: LabWorld) -> None:
    world.sync()
    lab_id = world.finalized()
    view = world.desk.show(OWNER, lab_id)
    (revision,) = view.revisions
    (write_back,) = revision.write_backs
    assert revision.content is not None
    assert (write_back.state, write_back.connection_name) == (WriteBackState.WAITING, "Oak Street Ascend")
    assert [v.item.seq for v in write_back.items] == [1, 2]
    assert view.links[0].pms_patient_id == ANA
    assert view.external_id == "scribe-123"
    assert view.problems == ()


def test_show_is_audited_once_and_hides_notes_from_the_front_desk(world: LabWorld) -> None:
    world.sync()
    lab_id = world.finalized()
    world.desk.show(OWNER, lab_id)
    world.desk.show(OWNER, lab_id, is_refresh=True)
    view = world.desk.show(FRONT, lab_id)
    assert len(world.events(AuditKind.LAB_VIEWED)) == 1
    assert view.revisions[0].content is None
    note = view.revisions[0].write_backs[0].items[0].item.payload
    assert isinstance(note, NotePayload)
    assert note.text == ""


def test_unknown_lab_is_not_found(world: LabWorld) -> None:
    for act in (world.desk.show, world.desk.finalize, world.desk.addendum):
        with pytest.raises(NotFoundError):
            act(OWNER, LabId("Lnothing"))


def test_list_finds_by_text(world: LabWorld) -> None:
    world.import_lab()
    assert len(world.desk.list(FRONT, "")) == 1
    assert len(world.desk.list(FRONT, "ruiz")) == 1
    assert world.desk.list(FRONT, "nobody") == []


# -- a chart that the file named ---------------------------------------------------------------------------------


def patient_words(world: LabWorld, lab_id: LabId) -> list[str]:
    return [p.sentence for p in world.desk.preview(OWNER, lab_id, None).problems if p.field == "patient"]


def test_named_chart_that_is_inactive_is_said_to_be(world: LabWorld) -> None:
    world.sync(status=PmsPatientStatus.INACTIVE)
    (words,) = patient_words(world, world.import_lab().lab_id)
    assert "inactive" in words and "Make it active in the PMS" in words


def test_named_chart_of_somebody_else_is_told_by_its_fields(world: LabWorld) -> None:
    world.sync()
    patient = world.lab_json()["patient"] | {"first_name": "Eva", "date_of_birth": "1990-01-01"}
    (words,) = patient_words(world, world.import_lab(patient=patient).lab_id)
    assert "another first name, birth date" in words
    assert "Ruiz" not in words


def test_named_chart_that_a_person_refused_is_said_to_be(world: LabWorld) -> None:
    world.sync()
    lab_id = world.finalized()
    with world.store.read() as uow:
        patient_id = uow.labs.revision(lab_id).content.patient_id
    world.linking.unlink(OWNER, world.connection_id, patient_id)
    world.desk.addendum(OWNER, lab_id)
    (words,) = patient_words(world, lab_id)
    assert "a person said" in words


def test_preview_links_a_chart_that_was_synced_after_the_import(tmp_path: Path) -> None:
    world = LabWorld(tmp_path)
    lab_id = world.import_lab().lab_id
    assert "not in its list" in patient_words(world, lab_id)[0]
    world.sync()
    assert patient_words(world, lab_id) == []
    (event,) = world.events(AuditKind.PATIENT_LINKED)
    assert (event.draft.actor, event.draft.role) == (OWNER.name, OWNER.role.value)
    world.close()
