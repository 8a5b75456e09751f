"""Composing a finalized Lab for one chart."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from denticode_desktop.domain.charting import CatalogueCode, Procedure, ProcedureStatus, Quadrant, TreatmentArea
from denticode_desktop.domain.ids import ConnectionId, ItemId, PmsLocationId, PmsPatientId, PmsProviderId, WriteBackId
from denticode_desktop.domain.lab import Document, LabRevision, RevisionKind
from denticode_desktop.domain.marker import find_markers, marker_for, marker_line
from denticode_desktop.domain.payload import payload_sha256
from denticode_desktop.domain.write_back import (
    DocumentPayload,
    Item,
    ItemKind,
    ItemState,
    NewItem,
    NotePayload,
    PatientSnapshot,
    ProcedurePayload,
    WriteBack,
)
from denticode_desktop.services.compose import ChartTarget, Composer, Composition
from denticode_desktop.services.compose_codes import FindCodes
from denticode_desktop.services.compose_earlier import EarlierWriteBack

from .lab_fakes import NOW, VISIT, FakeDirectory, FakeRules, code, connection, revision, settings

CODES = [code("T0101"), code("T0202"), code("T0303", treatment_area=TreatmentArea.SURFACE)]
DONE = ProcedureStatus.COMPLETED
PAPER = Document("Consent", "consent.pdf", "a" * 64, 100)


def find_in(codes: Sequence[CatalogueCode]) -> FindCodes:
    return lambda wanted: [c for c in codes if c.code.casefold() == wanted.casefold()]


def target(*, is_marker_on: bool = True, may_complete_procedures: bool = False) -> ChartTarget:
    chosen = settings(is_marker_on=is_marker_on, may_complete_procedures=may_complete_procedures)
    return ChartTarget(
        connection(chosen), PmsPatientId("7001"), PmsProviderId("31"), PmsLocationId("5"), "America/Denver"
    )


def compose(
    made: LabRevision,
    *earlier: EarlierWriteBack,
    rules: FakeRules | None = None,
    codes: Sequence[CatalogueCode] = CODES,
    to: ChartTarget | None = None,
) -> Composition:
    composer = Composer(FakeDirectory())
    return composer.compose(made, to or target(), rules or FakeRules(), find_in(codes), earlier)  # fmt: skip


def stored(made: LabRevision, composition: Composition, state: ItemState = ItemState.DONE) -> EarlierWriteBack:
    """What a store would hand back of a composition."""
    writeback = WriteBack(
        WriteBackId(made.revision), ConnectionId(1), made.lab_id, made.revision, PmsPatientId("7001"),
        PatientSnapshot("Ana", "Ruiz", None), made.content_sha256, NOW, "owner", NOW, composition.by_hand,
    )  # fmt: skip
    items = [
        Item(
            ItemId(made.revision * 100 + new.seq), writeback.writeback_id, ConnectionId(1), PmsPatientId("7001"),
            new.seq, new.kind, new.payload, new.payload_sha256, new.marker, new.fingerprint, state,
        )
        for new in composition.items
    ]  # fmt: skip
    return EarlierWriteBack(made, writeback, tuple(items))


def note_of(composition: Composition) -> str:
    payload = composition.items[0].payload
    assert isinstance(payload, NotePayload)
    return payload.text


def procedures_of(composition: Composition) -> list[ProcedurePayload]:
    return [item.payload for item in composition.items if isinstance(item.payload, ProcedurePayload)]


def kinds_of(items: Sequence[NewItem]) -> list[ItemKind]:
    return [item.kind for item in items]


def test_compose_whole_lab_gives_note_procedures_documents_in_order() -> None:
    lines = (Procedure("t0101", "14", "OM"), Procedure("T0202", quadrant=Quadrant.UPPER_RIGHT, fee_cents=12_550))
    made = revision(*lines)
    made = replace(made, content=replace(made.content, documents=(PAPER,)))
    found = compose(made)
    assert [item.seq for item in found.items] == [1, 2, 3, 4]
    assert kinds_of(found.items) == [ItemKind.NOTE, ItemKind.PROCEDURE, ItemKind.PROCEDURE, ItemKind.DOCUMENT]
    first, second = procedures_of(found)
    assert (first.code, first.code_id, first.surfaces, first.service_on) == ("T0101", "id-T0101", "MO", VISIT)
    assert (second.fee_cents, second.quadrant, second.pms_provider_id) == (12_550, Quadrant.UPPER_RIGHT, "31")
    assert found.obstacles == ()
    assert len(found.lines) == 4
    assert found.lines[2] == "Procedure T0202 UR treatment-planned fee 125.50"


def test_compose_every_item_has_its_own_marker_hash_and_fingerprint() -> None:
    made = revision(Procedure("T0101"), Procedure("T0101"))
    found = compose(made)
    assert [item.marker for item in found.items] == [marker_for("org-1", made.lab_id, 1, n) for n in (1, 2, 3)]
    assert all(item.payload_sha256 == payload_sha256(item.payload) for item in found.items)
    assert all(item.fingerprint == FakeRules().fingerprint(item.payload) for item in found.items)
    assert found.items[1].fingerprint == found.items[2].fingerprint


def test_compose_twice_gives_the_same_bytes() -> None:
    made = revision(Procedure("T0101", "3"), Procedure("T0202"))
    assert compose(made) == compose(made)


def test_compose_marker_is_the_notes_last_line() -> None:
    found = compose(revision(note="S: invented.\n\n"))
    assert note_of(found) == f"S: invented.\n\n{marker_line(found.items[0].marker)}"


@pytest.mark.parametrize(
    ("to", "rules"), [(target(is_marker_on=False), FakeRules()), (target(), FakeRules(marks=frozenset()))]
)
def test_compose_marker_off_or_not_kept_leaves_the_note_as_written(to: ChartTarget, rules: FakeRules) -> None:
    found = compose(revision(note="S: invented."), to=to, rules=rules)
    assert note_of(found) == "S: invented."
    assert len(found.items[0].marker) == 16


def test_compose_line_that_the_pms_cannot_take_stands_in_note_and_by_hand_list() -> None:
    made = revision(Procedure("T0101", "14", "MO"), Procedure("T0202"))
    found = compose(made, rules=FakeRules(by_hand_codes=frozenset({"T0101"})))
    text = note_of(found)
    assert "Charted by hand in the PMS: T0101 tooth 14 MO treatment-planned" in text.split("\n")
    assert find_markers(text.split("\n")[-1]) == [found.items[0].marker]
    assert found.by_hand == ("T0101 tooth 14 MO treatment-planned (This PMS takes no tooth from outside)",)
    assert [p.code for p in procedures_of(found)] == ["T0202"]
    assert found.lines[-1].startswith("By hand: T0101")


def test_compose_document_that_the_pms_cannot_take_is_filed_by_hand() -> None:
    made = revision()
    made = replace(made, content=replace(made.content, documents=(PAPER,)))
    found = compose(made, rules=FakeRules(writes=frozenset({ItemKind.NOTE})))
    assert kinds_of(found.items) == [ItemKind.NOTE]
    assert found.by_hand == ("document Consent (consent.pdf) (This PMS takes no document from outside)",)


def test_compose_document_payload_names_the_stored_bytes() -> None:
    made = revision()
    payload = compose(replace(made, content=replace(made.content, documents=(PAPER,)))).items[1].payload
    assert isinstance(payload, DocumentPayload)
    assert (payload.sha256, payload.size_bytes, payload.visit_on) == ("a" * 64, 100, VISIT)


@pytest.mark.parametrize(
    ("may_complete", "can_complete", "expected", "words"),
    [
        (True, True, DONE, "posts to the ledger"),
        (False, True, ProcedureStatus.TREATMENT_PLANNED, "by this connection's setting"),
        (True, False, ProcedureStatus.TREATMENT_PLANNED, "by what this PMS takes"),
    ],
)
def test_compose_completed_only_where_setting_and_pms_allow(
    may_complete: bool, can_complete: bool, expected: ProcedureStatus, words: str
) -> None:
    found = compose(
        revision(Procedure("T0101", status=DONE)), rules=FakeRules(can_complete=can_complete),
        to=target(may_complete_procedures=may_complete),
    )  # fmt: skip
    assert procedures_of(found)[0].status is expected
    assert words in found.dangers[0].sentence


def test_compose_fee_that_the_pms_cannot_take_is_said_and_not_sent() -> None:
    found = compose(revision(Procedure("T0202", fee_cents=12550)), rules=FakeRules(takes_fees=False))
    assert procedures_of(found)[0].fee_cents is None
    assert found.lines[1] == "Procedure T0202 treatment-planned"
    (danger,) = found.dangers
    assert danger.sentence == (
        "Oak Street Ascend takes the fee of T0202 from its own fee schedule, not the 125.50 of the Lab. "
        "Check it in the PMS."
    )


def test_compose_unknown_code_is_an_obstacle_with_field_and_next_step() -> None:
    found = compose(revision(Procedure("T0101"), Procedure("T9999")))
    assert found.items == ()
    (obstacle,) = found.obstacles
    assert obstacle.field == "procedures[1].code"
    assert obstacle.sentence == (
        "The practice's code list in Oak Street Ascend has no code T9999. Correct the code or Sync Now."
    )
    assert obstacle.must_correct
    assert not obstacle.needs_person


def test_compose_inactive_code_is_an_obstacle() -> None:
    (obstacle,) = compose(revision(Procedure("T0101")), codes=[code("T0101", is_active=False)]).obstacles
    assert "inactive" in obstacle.sentence


def test_compose_code_without_extension_is_preferred() -> None:
    rows = [code("T0101", "1", extension="A"), code("T0101", "2"), code("T0101", "3", is_active=False)]
    assert procedures_of(compose(revision(Procedure("T0101")), codes=rows))[0].code_id == "2"


def test_compose_ambiguous_code_needs_a_person_and_an_extension_settles_it() -> None:
    rows = [code("T0101", "1", extension="A"), code("T0101", "2", extension="B")]
    (obstacle,) = compose(revision(Procedure("T0101")), codes=rows).obstacles
    assert obstacle.needs_person
    assert "T0101.A" in obstacle.sentence
    assert procedures_of(compose(revision(Procedure("T0101.b")), codes=rows))[0].code_id == "2"
    (again,) = compose(revision(Procedure("T0101")), codes=[code("T0101", "1"), code("T0101", "2")]).obstacles
    assert "inactive in the PMS" in again.sentence


@pytest.mark.parametrize("line", [Procedure("T0303"), Procedure("T0303", "14")])
def test_compose_missing_tooth_or_surface_is_a_danger_sign(line: Procedure) -> None:
    (danger,) = compose(revision(line)).dangers
    assert danger.field == "procedures[0]"


def changed(*procedures: Procedure, note: str = "S: invented.", number: int = 2) -> LabRevision:
    return revision(*procedures, note=note, number=number, kind=RevisionKind.CHANGED)


def test_changed_lab_writes_only_what_is_new_as_a_multiset() -> None:
    first = revision(Procedure("T0101"), Procedure("T0101"))
    second = changed(Procedure("T0101"), Procedure("T0101"), Procedure("T0101"), Procedure("T0202"))
    found = compose(second, stored(first, compose(first)))
    assert [p.code for p in procedures_of(found)] == ["T0101", "T0202"]
    assert kinds_of(found.items) == [ItemKind.PROCEDURE, ItemKind.PROCEDURE]
    assert found.dangers == ()


def test_changed_lab_without_anything_new_writes_nothing() -> None:
    first = revision(Procedure("T0101"), Procedure("T0202"))
    found = compose(changed(Procedure("T0202"), Procedure("T0101")), stored(first, compose(first)))
    assert (found.items, found.by_hand, found.dangers) == ((), (), ())


def test_changed_note_says_which_note_it_replaces() -> None:
    first = revision(note="S: before.")
    found = compose(changed(note="S: after."), stored(first, compose(first)))
    assert note_of(found).startswith("This note replaces the Denticode note of 2026-11-20 (revision 1).\n\nS: after.")
    assert "both" in found.dangers[0].sentence
    third = compose(
        changed(note="S: before.", number=3), stored(first, compose(first)), stored(changed(note="S: after."), found)
    )
    assert "(revision 2)" in note_of(third)


def test_changed_lab_names_what_was_removed() -> None:
    first = revision(Procedure("T0101", "14", "MO"), Procedure("T0202"))
    found = compose(changed(Procedure("T0202")), stored(first, compose(first)))
    assert found.items == ()
    assert found.dangers[0].sentence == (
        "T0101 tooth 14 MO treatment-planned was sent before. Remove it by hand in the PMS if it is wrong."
    )


def test_changed_lab_writes_again_what_a_person_skipped() -> None:
    first = revision(Procedure("T0101"))
    found = compose(changed(Procedure("T0101")), stored(first, compose(first), ItemState.VOID))
    assert kinds_of(found.items) == [ItemKind.NOTE, ItemKind.PROCEDURE]
    assert "replaces" not in note_of(found)


def test_changed_lab_takes_lines_of_an_addendum_as_sent_but_never_as_removed() -> None:
    first = revision(Procedure("T0101"))
    beside = revision(Procedure("T0202"), number=2, kind=RevisionKind.ADDENDUM, note="Addendum.")
    earlier = [stored(first, compose(first)), stored(beside, compose(beside))]
    assert compose(changed(Procedure("T0101"), Procedure("T0202"), number=3), *earlier).items == ()
    found = compose(changed(Procedure("T0101"), number=3), *earlier)
    assert (found.items, found.dangers) == ((), ())


def test_changed_lab_warns_of_a_line_that_differs_in_fee_only() -> None:
    first = revision(Procedure("T0101", "14"))
    found = compose(changed(Procedure("T0101", "14", fee_cents=100)), stored(first, compose(first)))
    assert len(procedures_of(found)) == 1
    assert any("Both will be in the chart" in danger.sentence for danger in found.dangers)


def test_changed_lab_does_not_repeat_by_hand_lines() -> None:
    rules = FakeRules(by_hand_codes=frozenset({"T0101"}))
    first = revision(Procedure("T0101"))
    found = compose(
        changed(Procedure("T0101"), Procedure("T0101")), stored(first, compose(first, rules=rules)), rules=rules
    )
    assert len(found.by_hand) == 1
    assert found.items == ()


def test_addendum_writes_its_own_lines_in_full() -> None:
    first = revision(Procedure("T0101"))
    beside = revision(Procedure("T0101"), number=2, kind=RevisionKind.ADDENDUM, note="Addendum.")
    found = compose(beside, stored(first, compose(first)))
    assert kinds_of(found.items) == [ItemKind.NOTE, ItemKind.PROCEDURE]
    assert note_of(found).startswith("Addendum.")


def test_service_date_of_its_own_is_kept_and_shown() -> None:
    found = compose(revision(Procedure("T0101", service_on=date(2026, 11, 19))))
    assert procedures_of(found)[0].service_on == date(2026, 11, 19)
    assert found.lines[1].endswith("on 2026-11-19")


def test_rules_are_opened_without_secrets_and_closed() -> None:
    directory = FakeDirectory()
    with Composer(directory).rules_of(connection()) as rules:
        assert rules.capabilities.page_size == 50
    assert [rules.is_open for rules in directory.opened] == [False]
