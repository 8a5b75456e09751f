"""Which records of a look are ours."""

import pytest

from denticode_desktop.domain.chart_match import MatchBy, find_by_id, is_equal_content, matches_of, twins_of
from denticode_desktop.domain.ids import ItemId, RemoteId
from denticode_desktop.domain.marker import with_marker
from tests.unit.domain.builders import (
    MARKER,
    NOTE_TEXT,
    item,
    look,
    note_payload,
    note_record,
    procedure_payload,
    procedure_record,
)

OURS = with_marker(NOTE_TEXT, MARKER)


def test_note_with_our_marker_and_equal_text_matches_by_marker() -> None:
    [match] = matches_of(item(), look(note_record(OURS)), {})
    assert (match.by, match.is_equal) == (MatchBy.MARKER, True)


@pytest.mark.parametrize("text", [OURS.replace("\n", "\r\n"), OURS + "  \n", OURS.replace("tooth 14", "tooth\u00a014")])
def test_note_changed_only_in_line_ends_or_spaces_is_equal(text: str) -> None:
    assert is_equal_content(item(), note_record(text))


def test_note_with_our_marker_but_other_text_differs() -> None:
    [match] = matches_of(item(), look(note_record(OURS.replace("crown", "filling"))), {})
    assert (match.by, match.is_equal) == (MatchBy.MARKER, False)


def test_note_with_another_marker_never_matches() -> None:
    other = with_marker(NOTE_TEXT, "A" * 16)
    assert matches_of(item(), look(note_record(other)), {}) == []


def test_same_text_typed_by_staff_is_a_look_alike() -> None:
    [match] = matches_of(item(), look(note_record(NOTE_TEXT)), {})
    assert match.by is MatchBy.FINGERPRINT
    assert not match.is_equal, "the marker line is missing, so it is not what was finalized"


def test_note_cut_off_before_the_marker_is_taken_for_ours_and_differs() -> None:
    [match] = matches_of(item(), look(note_record(OURS[:40])), {})
    assert (match.by, match.is_equal) == (MatchBy.CUT_OFF, False)


def test_short_common_beginning_is_not_a_match() -> None:
    assert matches_of(item(), look(note_record("S: tooth")), {}) == []


def test_empty_note_is_not_a_match() -> None:
    assert matches_of(item(note_payload("x")), look(note_record("")), {}) == []


def test_record_owned_by_another_item_never_matches() -> None:
    assert matches_of(item(), look(note_record(OURS)), {RemoteId("n1"): ItemId(2)}) == []


def test_record_owned_by_this_item_matches() -> None:
    assert matches_of(item(), look(note_record(OURS)), {RemoteId("n1"): ItemId(1)}) != []


def test_record_dismissed_for_this_item_never_matches() -> None:
    mine = item(dismissed=frozenset({RemoteId("n1")}))
    assert matches_of(mine, look(note_record(OURS)), {}) == []


def test_marked_records_come_before_look_alikes() -> None:
    found = matches_of(item(), look(note_record(NOTE_TEXT, "a"), note_record(OURS, "b")), {})
    assert [m.record.remote_id for m in found] == ["b", "a"]


def test_note_without_marker_matches_by_text() -> None:
    plain = item(note_payload(marker=None))
    [match] = matches_of(plain, look(note_record(NOTE_TEXT)), {})
    assert (match.by, match.is_equal) == (MatchBy.FINGERPRINT, True)


def test_procedures_match_by_fingerprint_only() -> None:
    payload = procedure_payload()
    records = [procedure_record(payload), procedure_record(procedure_payload("T0202"), "r2")]
    [match] = matches_of(item(payload), look(*records), {})
    assert (match.record.remote_id, match.is_equal) == ("r1", True)


def test_identical_siblings_are_told_apart_by_ownership() -> None:
    payload = procedure_payload()
    both = look(procedure_record(payload), procedure_record(payload, "r2"))
    [match] = matches_of(item(payload), both, {RemoteId("r1"): ItemId(7)})
    assert match.record.remote_id == "r2"


def test_find_by_id_tells_whether_the_content_is_ours() -> None:
    found = find_by_id(item(), look(note_record("something else")), RemoteId("n1"))
    assert found is not None
    assert not found.is_equal
    assert find_by_id(item(), look(), RemoteId("n1")) is None


def test_twin_by_marker_is_found_beside_our_own_record() -> None:
    done = item(remote_id=RemoteId("n1"))
    twins = twins_of(done, look(note_record(OURS), note_record(OURS, "n2")), {RemoteId("n1"): ItemId(1)})
    assert [t.record.remote_id for t in twins] == ["n2"]


def test_text_typed_by_staff_is_no_twin_of_a_marked_note() -> None:
    done = item(remote_id=RemoteId("n1"))
    assert twins_of(done, look(note_record(OURS), note_record(NOTE_TEXT, "n2")), {}) == []


def test_equal_unowned_procedure_is_a_twin() -> None:
    payload = procedure_payload()
    done = item(payload, remote_id=RemoteId("r1"))
    both = look(procedure_record(payload), procedure_record(payload, "r2"))
    assert [t.record.remote_id for t in twins_of(done, both, {})] == ["r2"]


def test_records_and_looks_do_not_show_text() -> None:
    assert "tooth" not in repr(note_record(NOTE_TEXT))
