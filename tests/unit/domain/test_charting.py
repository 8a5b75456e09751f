"""A line of the code table by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denticode_desktop.domain.charting import SURFACES, Procedure, procedure_faults, sorted_surfaces


@pytest.mark.parametrize("code", ["T0101", "T0101.A", "T0101.AB12"])
def test_code_of_the_shape_has_no_fault(code: str) -> None:
    assert procedure_faults(Procedure(code)) == []


@pytest.mark.parametrize(
    "code", ["", "T010", "T01011", "t0101", "T0101\n", " T0101", "T0101.", "T0101.ABCDE", "T\u0661101"]
)
def test_code_of_another_shape_is_named(code: str) -> None:
    assert [field for field, _ in procedure_faults(Procedure(code))] == ["code"]


@given(st.text(alphabet=SURFACES + SURFACES.lower() + " Z", max_size=12))
def test_surfaces_are_sorted_once_and_stay_sorted(text: str) -> None:
    once = sorted_surfaces(text)
    assert sorted_surfaces(once) == once
    assert set(once) == {c for c in text.upper() if not c.isspace()}
