"""Vendor files: complete, honest about how a fact is known, free of licensed codes; a damaged one is refused."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from denticode_desktop.domain.errors import BugError
from denticode_desktop.domain.ids import PmsKey
from denticode_desktop.pms import field_map
from denticode_desktop.pms.field_map import VENDORS, api_facts, load_vendor, parse_vendor_file, resource_folder

ASCEND = PmsKey("dentrix-ascend")


def ascend_json() -> dict[str, Any]:
    whole: dict[str, Any] = json.loads((resource_folder() / "dentrix-ascend.json").read_bytes())
    return whole


@pytest.mark.parametrize("key", VENDORS)
def test_every_vendor_file_loads_and_holds_no_licensed_code(key: PmsKey) -> None:
    assert load_vendor(key).pms_key == key
    text = (resource_folder() / f"{key}.json").read_text("utf-8")
    assert not re.search(r"D\d{4}", text)


def test_file_without_an_adapter_has_no_api_facts() -> None:
    with pytest.raises(BugError):
        api_facts(PmsKey("eaglesoft"))


def break_schema(whole: dict[str, Any]) -> None:
    whole["schema"] = 2


def break_key(whole: dict[str, Any]) -> None:
    whole["pms_key"] = "other"


def add_member(whole: dict[str, Any]) -> None:
    whole["surprise"] = 1


def drop_sources(whole: dict[str, Any]) -> None:
    whole["api"]["limits"]["page_size"]["sources"] = []


def unknown_source(whole: dict[str, Any]) -> None:
    whole["api"]["paths"]["token"]["sources"] = ["S99"]


def unknown_mark(whole: dict[str, Any]) -> None:
    whole["api"]["names"]["note"]["text"]["confidence"] = "SURE"


def wrong_type(whole: dict[str, Any]) -> None:
    whole["api"]["limits"]["page_size"]["value"] = "500"


def no_confidence(whole: dict[str, Any]) -> None:
    del whole["api"]["query"]["filter"]["confidence"]


@pytest.mark.parametrize(
    "damage",
    [break_schema, break_key, add_member, drop_sources, unknown_source, unknown_mark, wrong_type, no_confidence],
)
def test_damaged_file_is_refused_whole(damage: Any) -> None:
    whole = ascend_json()
    damage(whole)
    with pytest.raises(BugError, match="dentrix-ascend"):
        parse_vendor_file(json.dumps(whole).encode(), ASCEND)


def test_frozen_program_finds_its_resources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "resources" / "pms").mkdir(parents=True)
    monkeypatch.setattr(field_map, "__file__", str(tmp_path / "lib" / "denticode_desktop" / "pms" / "field_map.py"))
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    assert resource_folder() == tmp_path / "resources" / "pms"


def test_installation_without_resources_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(field_map, "__file__", str(tmp_path / "a" / "b" / "c" / "field_map.py"))
    with pytest.raises(BugError, match="resources"):
        resource_folder()
