"""Which Debian packages are asked for, which are missing, and what a person without rights is told."""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
from pathlib import Path

import pytest

from installer import system_packages as packages
from installer.progress import SetupError


def test_packages_for_demo_in_the_terminal_needs_none() -> None:
    assert packages.packages_for_demo({"DISPLAY": ":0"}, window=False) == ()


def test_packages_for_demo_in_a_window_needs_the_plugins_libraries() -> None:
    on_x11 = packages.packages_for_demo({"DISPLAY": ":0"}, window=True)
    on_wayland = packages.packages_for_demo({"WAYLAND_DISPLAY": "wayland-0"}, window=True)

    assert {"libegl1", "libxcb-cursor0"} <= set(on_x11)
    assert "libwayland-client0" not in on_x11
    assert "libwayland-client0" in on_wayland


def test_packages_for_test_asks_for_a_keyring_only_if_a_test_does() -> None:
    assert "gnome-keyring" not in packages.packages_for_test(secret_service=False)
    assert {"gnome-keyring", "dbus", "libgl1"} <= set(packages.packages_for_test(secret_service=True))


@pytest.mark.parametrize(
    ("platform", "env", "expected"),
    [
        ("win32", {}, True),
        ("darwin", {}, True),
        ("linux", {}, False),
        ("linux", {"DISPLAY": ""}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
    ],
)
def test_has_screen(platform: str, env: dict[str, str], expected: bool) -> None:
    assert packages.has_screen(platform, env) is expected


def test_packages_for_venv_only_for_the_systems_own_incomplete_python() -> None:
    assert packages.packages_for_venv("/usr/bin/python3", (3, 11), has_ensurepip=False) == ("python3.11-venv",)
    assert packages.packages_for_venv("/usr/bin/python3", (3, 11), has_ensurepip=True) == ()
    assert packages.packages_for_venv("/opt/python/bin/python3", (3, 11), has_ensurepip=False) == ()


def test_installed_names_counts_renamed_and_provided_packages_and_not_removed_ones() -> None:
    output = "ii \tlibglib2.0-0t64\tlibglib2.0-0 (= 2.80.0-6), other\nrc \tlibgl1\t\nii \tlibegl1\t\n"

    installed = packages.installed_names(output)

    assert packages.missing_packages(("libglib2.0-0", "libgl1", "libegl1"), installed) == ["libgl1"]


def test_no_root_sentence_is_one_line_with_the_exact_command() -> None:
    sentence = packages.no_root_sentence(["libgl1", "libegl1"])

    assert "\n" not in sentence
    assert sentence.startswith("2 Debian packages are missing")
    assert sentence.endswith("apt-get update && apt-get install -y --no-install-recommends libgl1 libegl1'")
    assert packages.no_root_sentence(["libgl1"]).startswith("one Debian package is missing")


def test_privilege_prefix() -> None:
    def never() -> bool:
        raise AssertionError("root does not ask sudo")

    assert packages.privilege_prefix(is_root=True, sudo_works=never) == ()
    assert packages.privilege_prefix(is_root=False, sudo_works=lambda: True) == ("sudo", "-n")
    assert packages.privilege_prefix(is_root=False, sudo_works=lambda: False) is None


def test_install_without_rights_gives_the_sentence_and_starts_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(packages, "_is_root", lambda: False)
    monkeypatch.setattr(packages, "_sudo_works", lambda: False)

    with pytest.raises(SetupError, match="One Debian package is missing"):
        packages.install(["libgl1"], project=tmp_path, on_tick=lambda: None)


@pytest.mark.parametrize(("install_code", "is_refused"), [(0, False), (100, True)])
def test_install_goes_on_after_a_failed_update_and_the_install_decides(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, install_code: int, is_refused: bool
) -> None:
    commands: list[list[str]] = []

    def fake_run(command: list[str], **_rest: object) -> int:
        commands.append(list(command))
        return install_code if "install" in command else 100

    monkeypatch.setattr(packages, "_is_root", lambda: True)
    monkeypatch.setattr(packages, "run_logged", fake_run)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    if is_refused:
        with pytest.raises(SetupError, match="run this and start again: apt-get update"):
            packages.install(["libgl1"], project=tmp_path, on_tick=lambda: None)
    else:
        packages.install(["libgl1"], project=tmp_path, on_tick=lambda: None)

    assert commands[0][-1] == "update"
    assert commands[1][-4:] == ["install", "-y", "--no-install-recommends", "libgl1"]
    assert bool(list(tmp_path.iterdir())) is is_refused


def test_find_missing_without_dpkg_finds_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)

    assert packages.find_missing(("libgl1",)) == []


def test_find_missing_for_venv_incomplete_python_without_apt_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)

    with pytest.raises(SetupError, match="lacks venv"):
        packages.find_missing_for_venv()
