"""The filter language, by examples and by properties."""

from __future__ import annotations

import operator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denticode_desktop.rehearsal.filter_language import Condition, FilterError, parse_filter, parse_moment
from denticode_desktop.rehearsal.practice_data import iso

KNOWN = frozenset({"id", "lastName", "patient.id", "lastModified", "active"})
VALUES = st.text(st.characters(exclude_characters=",[]", exclude_categories=["Cs", "Z", "C"]), min_size=1, max_size=12)
COMPARE = {"==": operator.eq, "!=": operator.ne, ">": operator.gt, "<": operator.lt, ">=": operator.ge}
COMPARE |= {"<=": operator.le}


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    path = draw(st.sampled_from(["id", "lastName", "patient.id", "active"]))
    sign = draw(st.sampled_from([*COMPARE, "~=", "->"]))
    if sign == "->":
        return Condition(path, sign, tuple(draw(st.lists(VALUES, min_size=1, max_size=4))))
    # a value that starts with "=" would make ">" read as ">=": the language has no quoting
    return Condition(path, sign, (draw(VALUES.filter(lambda text: not text.startswith("="))),))


def write(condition: Condition) -> str:
    value = "[" + ",".join(condition.values) + "]" if condition.operator == "->" else condition.values[0]
    return f"{condition.path}{condition.operator}{value}"


@given(st.lists(conditions(), min_size=1, max_size=4))
def test_what_is_written_is_read_back(wanted: list[Condition]) -> None:
    assert list(parse_filter(",".join(write(condition) for condition in wanted), KNOWN)) == wanted


@given(st.text(max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        found = parse_filter(text, KNOWN)
    except FilterError as error:
        assert isinstance(error.source, str)
    else:
        assert all(condition.path in KNOWN for condition in found)


@given(conditions(), st.one_of(st.none(), VALUES, st.integers(0, 10**15), st.booleans()))
def test_any_condition_holds_or_not_without_an_error(condition: Condition, value: object) -> None:
    record: dict[str, Any] = {"id": value, "lastName": value, "patient": {"id": value}, "active": value}
    assert condition.holds(record) in (True, False)


@given(st.integers(0, 10**17), st.integers(0, 10**17), st.sampled_from(sorted(COMPARE)))
def test_ids_compare_as_numbers_whatever_their_type(left: int, right: int, sign: str) -> None:
    condition = parse_filter(f"id{sign}{right}", KNOWN)[0]
    assert condition.holds({"id": str(left)}) == condition.holds({"id": left}) == COMPARE[sign](left, right)


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  bounds are naive
    st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(sorted(COMPARE)),
)
def test_moments_compare_as_moments(left: datetime, right: datetime, sign: str) -> None:
    condition = parse_filter(f"lastModified{sign}{iso(right)}", KNOWN)[0]
    expected = COMPARE[sign](parse_moment(iso(left)), parse_moment(iso(right)))
    assert condition.holds({"lastModified": iso(left)}) == expected


@pytest.mark.parametrize("text", ["", "   "])
def test_empty_filter_has_no_conditions(text: str) -> None:
    assert parse_filter(text, KNOWN) == ()


@pytest.mark.parametrize(
    "text",
    ["lastName", "==x", "nickName==x", "id==", "id->1", "id->[]", "id->[1", "id->1]", "id==1,", "lastModified>=soon"],
)
def test_bad_filter_is_refused(text: str) -> None:
    with pytest.raises(FilterError):
        parse_filter(text, KNOWN)


def test_missing_field_meets_only_the_unequal() -> None:
    assert not parse_filter("lastName==x", KNOWN)[0].holds({})
    assert not parse_filter("patient.id~=x", KNOWN)[0].holds({"patient": None})
    assert parse_filter("lastName!=x", KNOWN)[0].holds({})
