"""Ascend's records become ours: tolerant of what is missing or odd, exact where the chart depends on it."""

import html
import json
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denticode_desktop.domain.charting import TreatmentArea
from denticode_desktop.domain.errors import PmsProtocolError, PmsUnavailableError
from denticode_desktop.domain.marker import canonical_text
from denticode_desktop.domain.people import PmsPatient, PmsPatientStatus, Sex
from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.pms.dentrix_ascend.mapping import (
    compared_text,
    day_in_zone,
    noon_utc,
    to_cents,
    to_moment,
    zone_of,
)
from denticode_desktop.pms.dentrix_ascend.pages import AscendPage, is_after, is_last_page, largest_id

ROW = {
    "id": "9000000000001", "type": "PatientV1", "firstName": "Ana", "lastName": "Ruiz", "dateOfBirth": "1984-03-02",
    "gender": "F", "patientStatus": "ACTIVE", "phones": [{"number": "2025550100", "phoneType": "HOME"}],
    "postalCode": "00101", "chartNumber": "A1", "lastModified": "2026-01-05T10:00:00.000Z", "unheardOf": [1, {}],
}  # fmt: skip


def page(rows: object, kind: SyncKind = SyncKind.PATIENTS, **envelope: object) -> AscendPage:
    body = json.dumps({"statusCode": 200, "data": rows} | envelope).encode()
    return AscendPage(body, kind, asked=500)


def patient(**changes: object) -> PmsPatient:
    found = page([{k: v for k, v in (ROW | changes).items() if v != "absent"}]).records({"9000000000001"})[0]
    assert isinstance(found, PmsPatient)
    return found


def test_patient_is_mapped_whole() -> None:
    found = patient()
    assert (found.person.first_name, found.person.last_name) == ("Ana", "Ruiz")
    assert found.person.date_of_birth == date(1984, 3, 2)
    assert (found.person.sex, found.person.phone, found.person.chart_number) == (Sex.FEMALE, "2025550100", "A1")
    assert (found.status, found.version) == (PmsPatientStatus.ACTIVE, "2026-01-05T10:00:00.000Z")


@pytest.mark.parametrize(
    ("word", "status"),
    [("NEW", "active"), ("ACTIVE", "active"), ("INACTIVE", "inactive"), ("NOT SEEN BEFORE", "other"), (None, "other")],
)
def test_status_words(word: str | None, status: str) -> None:
    assert patient(patientStatus=word).status == status


def test_duplicate_of_another_is_merged_into_that_one() -> None:
    found = patient(duplicateOfPatient={"id": 9000000000002})
    assert (found.status, found.merged_into) == (PmsPatientStatus.MERGED, "9000000000002")


def test_number_id_is_exact_text() -> None:
    found = page([ROW | {"id": 2**63 - 1}])
    assert found.keys[0][0] == "9223372036854775807"
    assert found.records({"9223372036854775807"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("firstName", 7), ("dateOfBirth", "02/03/1984"), ("dateOfBirth", "2026-02-30"), ("dateOfBirth", {}),
        ("gender", "NOT SEEN"), ("phones", "2025550100"), ("phones", [None]), ("phones", []), ("postalCode", 101),
        ("duplicateOfPatient", "x"), ("patientStatus", 3), ("email", []), ("lastModified", None),
    ],
)  # fmt: skip
def test_one_odd_field_is_left_empty_and_the_rest_is_kept(name: str, value: object) -> None:
    found = patient(**{name: value})
    assert found.person.last_name == "Ruiz"
    assert found.pms_patient_id == "9000000000001"


def test_missing_fields_are_tolerated() -> None:
    found = page([{"id": "5"}]).records({"5"})[0]
    assert isinstance(found, PmsPatient)
    assert found.person.first_name == ""
    assert found.person.date_of_birth is None


@pytest.mark.parametrize("row", [{}, {"id": None}, {"id": ""}, {"id": True}, {"id": 1.5}, {"id": {}}])
def test_row_without_an_id_is_refused(row: object) -> None:
    with pytest.raises(PmsProtocolError, match="missing_id"):
        page([ROW, row])


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"{", PmsProtocolError), (b'{"statusCode":200}', PmsProtocolError), (b'{"data":null}', PmsProtocolError),
        (b'{"data":[1]}', PmsProtocolError), (b'"x"', PmsProtocolError), (b'{"data":{}}', PmsProtocolError),
        (b'{"statusCode":500,"data":[]}', PmsUnavailableError), (b'{"data":[],"errors":[{}]}', PmsUnavailableError),
        (b'{"statusCode":"500","data":[]}', PmsUnavailableError), (b"[" * 100, PmsProtocolError),
        (b'{"data":[],"x":' + b"[" * 5000 + b"]" * 5000 + b"}", PmsProtocolError),
    ],
)  # fmt: skip
def test_list_that_is_none_is_refused(body: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        AscendPage(body, SyncKind.PATIENTS, asked=500)


@pytest.mark.parametrize(
    "envelope", [{"statusCode": "200"}, {"warnings": None}, {"errors": None}, {"meta": 5}, {"meta": {}}]
)
def test_envelope_forms_are_tolerated(envelope: dict[str, Any]) -> None:
    assert len(page([ROW], **envelope).keys) == 1


def test_only_wanted_rows_are_parsed() -> None:
    rows = [ROW | {"id": str(n)} for n in range(5)]
    assert [r.pms_patient_id for r in page(rows).records({"3", "1", "77"})] == ["1", "3"]  # type: ignore[union-attr]
    assert page(rows).records(frozenset()) == []


def test_newest_is_the_largest_change_time() -> None:
    rows = [ROW | {"id": "1"}, ROW | {"id": "2", "lastModified": "2026-03-01T00:00:00Z"}]
    assert page(rows).newest == datetime(2026, 3, 1, tzinfo=UTC)
    assert page([]).newest is None


@pytest.mark.parametrize(
    ("rows", "limit", "asked", "is_last"),
    [
        (0, None, 500, True), (500, None, 500, False), (499, None, 500, False), (99, None, 500, False),
        (499, 500, 500, True), (500, 500, 500, False), (200, 200, 500, False), (150, 200, 500, True),
        (500, 1000, 500, False), (100, None, 100, False), (99, None, 100, False), (5, 0, 500, False),
    ],
)  # fmt: skip
def test_short_page_ends_a_list_only_if_pages_were_not_shortened(
    rows: int, limit: int | None, asked: int, is_last: bool
) -> None:
    assert is_last_page(rows, limit, asked) is is_last


@given(st.lists(st.integers(1, 2**63 - 1), min_size=1))
def test_largest_id_is_numeric(ids: list[int]) -> None:
    assert largest_id([str(i) for i in ids]) == str(max(ids))


def test_paging_moves_on_by_number_and_not_by_text() -> None:
    assert is_after("10", "9")
    assert not is_after("9", "10")
    assert not is_after("9", "9")


@pytest.mark.parametrize(
    ("area", "expected"),
    [
        ("MOUTH", "mouth"),
        ("root", "tooth"),
        ("Full Mouth", "mouth"),
        ("NOT SEEN", "other"),
        (None, "other"),
        (7, "other"),
    ],
)
def test_treatment_area_words(area: object, expected: str) -> None:
    found = page([{"id": "1", "adaCode": "T0101", "treatmentArea": area}], SyncKind.CODES).records({"1"})[0]
    assert found.treatment_area is TreatmentArea(expected)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("dollars", "cents"),
    [
        (60.0, 6000),
        (0.1, 10),
        (19.99, 1999),
        ("12.30", 1230),
        (None, None),
        ("x", None),
        (-1, None),
        ("NaN", None),
        (1e300, None),
    ],
)
def test_dollars_become_whole_cents(dollars: float | str | None, cents: int | None) -> None:
    assert to_cents(dollars) == cents


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-20T17:00:00.000Z", date(2026, 11, 20)), ("2026-11-21T03:30:00Z", date(2026, 11, 20)),
        ("2026-11-20", date(2026, 11, 20)), ("2026-11-20T00:00:00.000Z", date(2026, 11, 20)),
        ("2026-11-20T12:00:00", date(2026, 11, 20)), ("", None), (None, None), ("soon", None),
    ],
)  # fmt: skip
def test_day_is_the_practices_day(text: str | None, day: date | None) -> None:
    assert day_in_zone(text, zone_of("America/New_York")) == day


@given(
    st.dates(date(1990, 1, 1), date(2090, 1, 1)),
    st.sampled_from(["America/New_York", "America/Los_Angeles", "Pacific/Honolulu", "America/St_Johns", "UTC"]),
)
def test_noon_comes_back_as_the_same_day(day: date, zone: str) -> None:
    sent = noon_utc(day, ZoneInfo(zone))
    assert sent.endswith(".000Z")
    assert day_in_zone(sent, ZoneInfo(zone)) == day


@pytest.mark.parametrize("zone", ["", "No/Such", "../etc/passwd", "\x00"])
def test_unknown_zone_is_the_computers_own(zone: str) -> None:
    assert zone_of(zone) is None
    assert day_in_zone(noon_utc(date(2026, 11, 20), None), None) == date(2026, 11, 20)


@pytest.mark.parametrize("value", [10**18, -(10**18), "2026-13-01", "x" * 100])
def test_moment_that_is_none(value: str | int) -> None:
    assert to_moment(value) is None


def test_moment_in_epoch_milliseconds() -> None:
    assert to_moment(1_790_000_000_000) == datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)


NOTES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00")).map(canonical_text)


@given(NOTES)
def test_text_that_was_made_html_is_compared_as_it_was_typed(text: str) -> None:
    made = "<p>" + html.escape(text, quote=False).replace("\n", "<br>") + "</p>"
    assert canonical_text(compared_text(made)) == text


@given(NOTES)
def test_text_that_was_only_escaped_is_compared_as_it_was_typed(text: str) -> None:
    if "&" in text or "<" in text or ">" in text:
        assert compared_text(html.escape(text, quote=False)) == text


@pytest.mark.parametrize(
    "text",
    ["a < b & c > d", "pocket <3 mm & 4 mm", "line\n<br> typed\nline", "R&D", "use &amp; & so on", "A <b>bold</b>"],
)
def test_text_as_typed_is_left_alone(text: str) -> None:
    assert compared_text(text) == text
