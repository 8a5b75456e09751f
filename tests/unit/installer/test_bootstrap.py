"""Which Python will do, and what the others are told."""

from __future__ import annotations

import ast

import pytest

from installer.bootstrap import PROJECT, python_complaint


@pytest.mark.parametrize("version", [(3, 11, 2), (3, 12, 0), (3, 13, 9)])
def test_python_complaint_fitting_version_says_nothing(version: tuple[int, ...]) -> None:
    assert python_complaint(version, "linux") is None


@pytest.mark.parametrize(
    ("platform", "hint"), [("linux", "apt install"), ("win32", "winget install"), ("darwin", "brew install")]
)
@pytest.mark.parametrize("version", [(3, 9, 2), (3, 10, 12), (3, 14, 0)])
def test_python_complaint_other_version_names_it_and_what_to_install(
    version: tuple[int, ...], platform: str, hint: str
) -> None:
    sentence = python_complaint(version, platform)

    assert sentence is not None
    assert ".".join(map(str, version)) in sentence
    assert hint in sentence
    assert sentence.count("\n") == 0


def test_bootstrap_is_readable_by_old_pythons() -> None:
    source = (PROJECT / "installer" / "bootstrap.py").read_text(encoding="utf-8")

    ast.parse(source, feature_version=(3, 7))
    top_level = {node.module for node in ast.parse(source).body if isinstance(node, ast.ImportFrom)}
    assert top_level == {"pathlib"}
