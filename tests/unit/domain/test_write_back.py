"""States, moves and the classification of answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denticode_desktop.domain.write_back import (
    CLASS_OF_KIND,
    LEGAL_MOVES,
    ItemState,
    Move,
    OutcomeClass,
    OutcomeKind,
    SendOutcome,
    WriteBackState,
    is_legal,
    kind_of_status,
    write_back_state,
)

P, I, D, R, V = ItemState.PLANNED, ItemState.INFLIGHT, ItemState.DONE, ItemState.REVIEW, ItemState.VOID  # noqa: E741


def test_only_a_look_or_a_person_reaches_done() -> None:
    assert {m for m, pairs in LEGAL_MOVES.items() if any(after is D for _, after in pairs)} == {
        Move.T2, Move.T6, Move.T10,
    }  # fmt: skip


def test_void_is_reached_by_a_person_only_and_never_left() -> None:
    assert {m for m, pairs in LEGAL_MOVES.items() if any(after is V for _, after in pairs)} == {Move.T10, Move.T11}
    assert not any(before is V for pairs in LEGAL_MOVES.values() for before, _ in pairs)


def test_every_move_of_the_protocol_is_in_the_table() -> None:
    assert set(LEGAL_MOVES) == set(Move)
    assert is_legal(Move.T1, P, I)
    assert not is_legal(Move.T1, R, I)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([D, V, D], WriteBackState.IN_CHART),
        ([D, R, I], WriteBackState.NEEDS_PERSON),
        ([D, I, P], WriteBackState.CHECKING),
        ([D, P], WriteBackState.WAITING),
    ],
)
def test_write_back_state_is_derived(states: list[ItemState], expected: WriteBackState) -> None:
    assert write_back_state(states) is expected


@given(st.integers(100, 999), st.booleans(), st.booleans())
def test_a_status_that_is_not_listed_is_unknown(status: int, has_id: bool, is_type: bool) -> None:
    kind = kind_of_status(status, has_id=has_id, is_expected_type=is_type)
    listed = {400, 401, 403, 404, 405, 410, 413, 414, 415, 422, 429, 431}
    if CLASS_OF_KIND[kind] is OutcomeClass.NO_EFFECT:
        assert status in listed
    elif kind is OutcomeKind.ACCEPTED:
        assert status in (200, 201)
        assert has_id
        assert is_type
    else:
        assert status not in listed


def test_a_time_out_of_the_server_and_a_conflict_are_unknown() -> None:
    for status in (202, 204, 302, 408, 409, 412, 423, 500, 502, 503, 504):
        assert kind_of_status(status, has_id=True, is_expected_type=True) is OutcomeKind.UNKNOWN


def test_outcome_tells_its_class() -> None:
    assert SendOutcome(OutcomeKind.THROTTLED).outcome_class is OutcomeClass.NO_EFFECT
    assert SendOutcome(OutcomeKind.UNKNOWN).outcome_class is OutcomeClass.UNKNOWN
