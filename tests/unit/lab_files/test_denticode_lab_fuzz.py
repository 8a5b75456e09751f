"""Whatever is dropped: a LabImport or a UserError, never another exception."""

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from denticode_desktop.domain.errors import UserError
from denticode_desktop.domain.lab_import import LabImport
from denticode_desktop.lab_files.denticode_lab import DenticodeLabReader

from .lab_file_factory import TINY_PDF, StandingClock, lab_json

any_text = st.text(st.characters(codec=None), max_size=30)
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=20,
)


def read_bytes(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "visit.json"
        (Path(folder) / "consent.pdf").write_bytes(TINY_PDF)
        path.write_bytes(data)
        try:
            found = DenticodeLabReader(StandingClock()).read(path)
        except UserError as error:
            assert error.field
            assert error.sentence.endswith(".")
            error.sentence.encode()
        else:
            assert isinstance(found, LabImport)


def all_places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    places = [path] if path else []
    if isinstance(value, dict):
        for key, part in value.items():
            places += all_places(part, (*path, key))
    if isinstance(value, list):
        for index, part in enumerate(value):
            places += all_places(part, (*path, index))
    return places


@given(any_json)
def test_any_json_is_read_or_refused(value: object) -> None:
    read_bytes(json.dumps(value).encode())


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    read_bytes(data)


@given(st.data())
def test_mutated_valid_file_is_read_or_refused(data: st.DataObject) -> None:
    content = lab_json()
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(all_places(content)))
        parent: Any = content
        for step in place[:-1]:
            parent = parent[step]
        if data.draw(st.booleans()):
            parent[place[-1]] = data.draw(any_json)
        elif isinstance(parent, dict):
            parent[data.draw(any_text)] = parent.pop(place[-1])
    read_bytes(json.dumps(content).encode())


@given(st.data())
def test_valid_file_with_spoiled_bytes_is_read_or_refused(data: st.DataObject) -> None:
    spoiled = bytearray(json.dumps(lab_json()).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        spoiled[data.draw(st.integers(0, len(spoiled) - 1))] = data.draw(st.integers(0, 255))
    read_bytes(bytes(spoiled[: data.draw(st.integers(0, len(spoiled)))]))
