"""Settings survive a damaged file; things live in local, not roaming, places."""

import json
from datetime import UTC
from pathlib import Path

import pytest

from denticode_desktop.config.paths import (
    DataFolder,
    default_data_folder,
    demo_data_folder,
    resources_folder,
    workstation_name,
)
from denticode_desktop.config.settings_file import LocalSettings, SettingsFile
from denticode_desktop.config.system_clock import SystemClock, SystemRandomness
from denticode_desktop.domain.errors import StorePlaceError, UserError


def test_settings_round_trip(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "settings.json")
    assert file.load() == LocalSettings()
    settings = LocalSettings(sync_interval_min=30, watched_folder=str(tmp_path))
    file.save(settings)
    assert file.load() == settings
    assert [p.name for p in tmp_path.iterdir()] == ["settings.json"]


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b"[" * 90_000, b"x" * 100_001])
def test_damaged_file_gives_the_defaults(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    assert SettingsFile(path).load() == LocalSettings()


def test_one_bad_value_leaves_the_others(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"sync_interval_min": True, "watched_folder": str(tmp_path), "other": 1}))
    assert SettingsFile(path).load() == LocalSettings(watched_folder=str(tmp_path))
    path.write_text(json.dumps({"sync_interval_min": 0, "watched_folder": "relative"}))
    assert SettingsFile(path).load() == LocalSettings()


def test_value_out_of_bounds_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        SettingsFile(tmp_path / "settings.json").save(LocalSettings(sync_interval_min=1))
    assert caught.value.field == "sync_interval_min"
    with pytest.raises(StorePlaceError):
        SettingsFile(tmp_path / "none" / "settings.json").save(LocalSettings())


def test_data_folder_is_local_and_the_demo_has_its_own() -> None:
    assert default_data_folder() != demo_data_folder()
    assert "Roaming" not in str(default_data_folder().root)
    folder = DataFolder(Path("x"))
    names = {folder.database, folder.identity, folder.recovery, folder.settings, folder.engine_lock, folder.logs}
    assert {p.name for p in names} == {
        "denticode.db", "folder.json", "recovery.json", "settings.json", "engine.lock", "logs",
    }  # fmt: skip


def test_resources_are_found() -> None:
    assert (resources_folder() / "pms").is_dir()


def test_workstation_name_is_short_and_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 0 < len(workstation_name()) <= 64
    monkeypatch.setenv("COMPUTERNAME", "FRONT\x1bDESK" + "x" * 100)
    assert workstation_name().startswith("FRONTDESKx")
    assert len(workstation_name()) == 64


def test_clock_and_chance_are_real() -> None:
    clock, chance = SystemClock(), SystemRandomness()
    assert clock.utc_now().tzinfo is UTC
    assert clock.monotonic_s() <= clock.monotonic_s()
    assert 0 <= chance.unit() < 1
    assert len(chance.token_bytes(20)) == 20
    assert chance.token_bytes(20) != chance.token_bytes(20)
