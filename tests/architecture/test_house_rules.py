"""Every file of the project, held to every house rule."""

from __future__ import annotations

import tomllib

import pytest

from tests.architecture import rules
from tests.architecture.project_files import PROJECT, text_files
from tests.architecture.rules import BROAD_EXCEPT_ALLOWED, LIBRARIES, RULES, SLEEP_ALLOWED, Rule, SourceFile


@pytest.fixture(scope="module")
def files() -> list[SourceFile]:
    return list(text_files())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_project_keeps_rule(rule: Rule, files: list[SourceFile]) -> None:
    findings = [str(finding) for file in files for finding in rule(file)]

    assert not findings, f"{rule.__doc__}\n" + "\n".join(findings)


def test_project_files_are_found(files: list[SourceFile]) -> None:
    paths = {file.path for file in files}

    assert {"LICENSE", ".ci/run", "pyproject.toml", "denticode_desktop/__init__.py"} <= paths


def test_library_contracts_match_the_table() -> None:
    """pyproject.toml and LIBRARIES say the same: which library, and where it may be imported."""
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    homes: dict[str, set[str]] = {}
    for contract in settings["tool"]["importlinter"]["contracts"]:
        if contract["type"] == "forbidden":
            for allowed in contract["ignore_imports"]:
                importer, _, library = allowed.partition(" -> ")
                homes.setdefault(library, set()).add(importer.split(".")[1])
            assert set(contract["forbidden_modules"]) <= homes.keys()

    assert homes == LIBRARIES


def test_every_exception_to_a_rule_has_a_reason() -> None:
    assert all(len(reason.split()) > 4 for reason in (BROAD_EXCEPT_ALLOWED | SLEEP_ALLOWED).values())


def test_every_broad_except_that_is_allowed_is_there(files: list[SourceFile], monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = dict(BROAD_EXCEPT_ALLOWED)
    monkeypatch.setattr(rules, "BROAD_EXCEPT_ALLOWED", {})

    stale = [file.path for file in files if file.path in allowed and not list(rules.no_broad_except(file))]

    assert not stale, "take these out of BROAD_EXCEPT_ALLOWED"


def test_licence_is_apache_2() -> None:
    words = (PROJECT / "LICENSE").read_text(encoding="utf-8").split()

    assert words[:5] == ["Apache", "License", "Version", "2.0,", "January"]
    assert words[-1] == "License."


def test_ci_is_one_line_that_runs_the_checks() -> None:
    lines = (PROJECT / ".ci" / "run").read_text(encoding="utf-8").splitlines()

    assert len(lines) == 2
    assert lines[0].startswith("#!")
    assert lines[1].endswith("python3 installer/bootstrap.py test")
