"""Reading `denticode.lab/1`: whole or refused, with the field's path."""

import json
import os
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from denticode_desktop.domain.charting import ProcedureStatus, Quadrant
from denticode_desktop.domain.errors import UserError
from denticode_desktop.lab_files.denticode_lab import MAX_FILE_BYTES, DenticodeLabReader

from .lab_file_factory import TINY_PDF, StandingClock, drop, lab_json, spoil, write_lab

SAMPLES = Path(__file__).parents[3] / "resources" / "samples"


@pytest.fixture
def reader() -> DenticodeLabReader:
    return DenticodeLabReader(StandingClock())


def refused(reader: DenticodeLabReader, path: Path) -> UserError:
    with pytest.raises(UserError) as caught:
        reader.read(path)
    sentence = caught.value.sentence
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert "Ruiz" not in sentence
    return caught.value


def test_read_valid_file_gives_every_field(reader: DenticodeLabReader, tmp_path: Path) -> None:
    content = lab_json()
    content["patient"] |= {"pms_patient_id": "7001", "chart_number": "C-9", "sex": "F", "middle_name": None}
    content["provider"] |= {"npi": "1234567890", "pms_provider_id": "31"}
    content["procedures"].append({
        "code": "T0202", "tooth": None, "surfaces": None, "quadrant": "UR", "status": "completed", "fee_cents": 12_500,
        "date": "2026-11-19",
    })  # fmt: skip
    lab = reader.read(write_lab(tmp_path, content))
    assert (lab.external_id, lab.visit_on, lab.pms_patient_id) == ("scribe-123", date(2026, 11, 20), "7001")
    assert lab.patient.display_name == "Ruiz, Ana"
    assert (lab.patient.chart_number, lab.patient.middle_name) == ("C-9", "")
    assert (lab.provider_name, lab.provider_npi, lab.pms_provider_id) == ("Lee, Sam", "1234567890", "31")
    assert lab.procedures[0].surfaces == "MO"
    assert lab.procedures[1].quadrant is Quadrant.UPPER_RIGHT
    assert lab.procedures[1].status is ProcedureStatus.COMPLETED
    assert lab.documents[0].data == TINY_PDF


def test_read_byte_order_mark_is_tolerated(reader: DenticodeLabReader, tmp_path: Path) -> None:
    path = write_lab(tmp_path, lab_json())
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert reader.read(path).external_id == "scribe-123"


def test_read_surfaces_are_put_in_order(reader: DenticodeLabReader, tmp_path: Path) -> None:
    path = write_lab(tmp_path, spoil(lab_json(), ["procedures", 0, "surfaces"], "DOM"))
    assert reader.read(path).procedures[0].surfaces == "MOD"


def test_read_note_keeps_its_text_exactly(reader: DenticodeLabReader, tmp_path: Path) -> None:
    text = "S: first\r\n\tO: \u202eturned\u202c <b>plain</b> &amp; \x07"
    assert reader.read(write_lab(tmp_path, spoil(lab_json(), ["note", "text"], text))).note_text == text


@pytest.mark.parametrize(
    "path",
    [
        ["external_id"], ["visit_date"], ["patient"], ["provider"], ["note"], ["procedures"], ["documents"], ["schema"],
        ["patient", "first_name"], ["patient", "last_name"], ["patient", "date_of_birth"], ["provider", "name"],
        ["note", "text"], ["procedures", 0, "code"], ["procedures", 0, "status"], ["procedures", 0, "tooth"],
        ["documents", 0, "file"], ["documents", 0, "title"],
    ],
)  # fmt: skip
def test_read_missing_field_is_refused_with_its_path(
    reader: DenticodeLabReader, tmp_path: Path, path: list[str | int]
) -> None:
    error = refused(reader, write_lab(tmp_path, drop(lab_json(), path)))
    assert error.field == "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path)[1:]
    assert error.field in error.sentence or error.field == "procedures[0].tooth"


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (["schema"], "denticode.lab/2", "schema"),
        (["schema"], None, "schema"),
        (["surprise"], 1, "surprise"),
        (["patient", "Ana Ruiz"], 1, "patient.(unreadable name)"),
        (["procedures", 0, "codes"], "T0101", "procedures[0].codes"),
        (["external_id"], 5, "external_id"),
        (["external_id"], "", "external_id"),
        (["external_id"], "x" * 201, "external_id"),
        (["external_id"], "a\u202eb", "external_id"),
        (["external_id"], " a", "external_id"),
        (["visit_date"], "2026-11-25", "visit_date"),
        (["visit_date"], "2026-02-30", "visit_date"),
        (["visit_date"], "20261120", "visit_date"),
        (["visit_date"], "٢٠٢٦-11-20", "visit_date"),
        (["visit_date"], "1899-12-31", "visit_date"),
        (["patient", "date_of_birth"], None, "patient.date_of_birth"),
        (["patient", "date_of_birth"], "", "patient.date_of_birth"),
        (["patient", "date_of_birth"], "2026-11-21", "patient.date_of_birth"),
        (["patient", "first_name"], "   ", "patient.first_name"),
        (["patient", "last_name"], "Ruiz\u202e", "patient.last_name"),
        (["patient", "last_name"], "Ruiz\x00", "patient.last_name"),
        (["patient", "last_name"], "R" * 201, "patient.last_name"),
        (["patient", "sex"], "X", "patient.sex"),
        (["patient", "phone"], 5551234, "patient.phone"),
        (["provider", "npi"], "12345", "provider.npi"),
        (["note", "text"], "x" * 50_001, "note.text"),
        (["note", "text"], "a\x00b", "note.text"),
        (["note"], [], "note"),
        (["procedures"], {}, "procedures"),
        (["procedures", 0, "code"], "0101", "procedures[0].code"),
        (["procedures", 0, "code"], "T0101\n", "procedures[0].code"),
        (["procedures", 0, "tooth"], "33", "procedures[0].tooth"),
        (["procedures", 0, "tooth"], 14, "procedures[0].tooth"),
        (["procedures", 0, "surfaces"], "MX", "procedures[0].surfaces"),
        (["procedures", 0, "surfaces"], "MM", "procedures[0].surfaces"),
        (["procedures", 0, "quadrant"], "XX", "procedures[0].quadrant"),
        (["procedures", 0, "status"], "done", "procedures[0].status"),
        (["procedures", 0, "fee_cents"], -1, "procedures[0].fee_cents"),
        (["procedures", 0, "fee_cents"], 10**12, "procedures[0].fee_cents"),
        (["procedures", 0, "fee_cents"], 12.5, "procedures[0].fee_cents"),
        (["procedures", 0, "fee_cents"], True, "procedures[0].fee_cents"),
        (["procedures", 0, "date"], "2028-01-01", "procedures[0].date"),
        (["procedures"], [{"code": "T0101", "status": "completed"}] * 201, "procedures"),
        (["documents"], [{"file": f"{n}.pdf", "title": "t"} for n in range(21)], "documents"),
        (["documents", 0, "file"], "../consent.pdf", "documents[0].file"),
        (["documents", 0, "file"], "..", "documents[0].file"),
        (["documents", 0, "file"], "\\\\host\\share\\a.pdf", "documents[0].file"),
        (["documents", 0, "file"], "C:consent.pdf", "documents[0].file"),
        (["documents", 0, "file"], "consent.pdf:stream", "documents[0].file"),
        (["documents", 0, "file"], "NUL.pdf", "documents[0].file"),
        (["documents", 0, "file"], "com1", "documents[0].file"),
        (["documents", 0, "file"], "absent.pdf", "documents[0].file"),
        (["documents", 0, "file"], "visit.json", "documents[0].file"),
        (["documents", 0, "title"], "a\nb", "documents[0].title"),
    ],
)  # fmt: skip
def test_read_bad_value_is_refused_with_its_path(
    reader: DenticodeLabReader, tmp_path: Path, path: list[str | int], value: object, field: str
) -> None:
    error = refused(reader, write_lab(tmp_path, spoil(lab_json(), path, value)))
    assert error.field == field
    assert field in error.sentence


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not whole JSON"),
        (b"[]", "one JSON object"),
        (b"{", "not whole JSON"),
        (b"\xff\xfe{\x00}\x00", "UTF-8"),
        (b'{"schema": "denticode.lab/1", "external_id": NaN}', "NaN"),
        (b'{"schema": "denticode.lab/1", "external_id": -Infinity}', "NaN"),
        (b'{"schema": "denticode.lab/1", "schema": "denticode.lab/1"}', "schema twice"),
        (b"[" * 100_000, "levels deep"),
        (b'{"a":' * 9 + b"1" + b"}" * 9, "levels deep"),
        (b'{"a": "\\ud800"}', "half a character"),
        (b'{"a": ' + b"1" * 5000 + b"}", "not whole JSON"),
        (b'{"a": "\\', "not whole JSON"),
        (b" " * (MAX_FILE_BYTES + 1), "larger than 2 MB"),
    ],
)
def test_read_broken_file_is_refused(reader: DenticodeLabReader, tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "visit.json"
    path.write_bytes(data)
    assert words in refused(reader, path).sentence


def test_read_brackets_within_text_are_no_levels(reader: DenticodeLabReader, tmp_path: Path) -> None:
    text = '[[[[[[[[[["{{{{{{{{{{'
    assert reader.read(write_lab(tmp_path, spoil(lab_json(), ["note", "text"], text))).note_text == text


def test_read_absent_file_or_folder_is_refused(reader: DenticodeLabReader, tmp_path: Path) -> None:
    assert refused(reader, tmp_path / "absent.json").field == "file"
    assert refused(reader, tmp_path).field == "file"


@pytest.mark.parametrize("data", [b"", b"%PDF-1.4 no end", b"MZ %PDF-1.4 %%EOF", b"%PDF-1.4 %%EOF" + b"x" * 5000])
def test_read_document_that_is_no_pdf_is_refused(reader: DenticodeLabReader, tmp_path: Path, data: bytes) -> None:
    path = write_lab(tmp_path, lab_json())
    (tmp_path / "consent.pdf").write_bytes(data)
    assert "not a whole PDF" in refused(reader, path).sentence


def test_read_document_over_10_mb_is_refused(reader: DenticodeLabReader, tmp_path: Path) -> None:
    path = write_lab(tmp_path, lab_json())
    (tmp_path / "consent.pdf").write_bytes(b"%PDF-1.4" + b"x" * (10 * 1024 * 1024) + b"%%EOF")
    assert "10 MB" in refused(reader, path).sentence


@pytest.mark.skipif(sys.platform == "win32", reason="making a link needs a privilege there")
def test_read_document_behind_a_link_is_refused(reader: DenticodeLabReader, tmp_path: Path) -> None:
    path = write_lab(tmp_path / "drop", lab_json())
    (tmp_path / "secret.pdf").write_bytes(TINY_PDF)
    (tmp_path / "drop" / "consent.pdf").unlink()
    (tmp_path / "drop" / "consent.pdf").symlink_to(tmp_path / "secret.pdf")
    assert "link" in refused(reader, path).sentence


@pytest.mark.skipif(sys.platform == "win32", reason="no such pipes there")
def test_read_document_that_is_a_pipe_is_refused_without_waiting(reader: DenticodeLabReader, tmp_path: Path) -> None:
    path = write_lab(tmp_path, lab_json())
    (tmp_path / "consent.pdf").unlink()
    os.mkfifo(tmp_path / "consent.pdf")
    assert refused(reader, path).field == "documents[0].file"


def test_read_same_document_twice_is_refused(reader: DenticodeLabReader, tmp_path: Path) -> None:
    content: dict[str, Any] = lab_json()
    content["documents"].append({"file": "Consent.PDF", "title": "Again"})
    assert refused(reader, write_lab(tmp_path, content)).field == "documents[1].file"


def test_every_sample_is_read_or_refused_as_its_name_says(reader: DenticodeLabReader) -> None:
    for path in sorted((SAMPLES / "valid").glob("*.json")):
        assert reader.read(path).external_id == json.loads(path.read_bytes())["external_id"]
    names = sorted((SAMPLES / "refused").glob("*.json"))
    assert names
    for path in names:
        refused(reader, path)
