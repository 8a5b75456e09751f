"""Tables line up; nothing from outside can steer the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from denticode_desktop.console.output import as_json, plain, say, table
from denticode_desktop.console.steps import run_steps
from denticode_desktop.domain.access import Role
from denticode_desktop.domain.errors import StorageError


@dataclass(frozen=True, slots=True)
class Row:
    day: date
    role: Role
    tags: frozenset[str]


def test_as_json_knows_what_results_are_made_of() -> None:
    assert as_json(Row(date(2026, 11, 20), Role.OWNER, frozenset({"b", "a"}))) == {
        "day": "2026-11-20", "role": "Owner", "tags": ["a", "b"],
    }  # fmt: skip
    assert as_json({Role.OWNER: (datetime(2026, 1, 1, tzinfo=UTC), None)}) == {
        "Owner": ["2026-01-01T00:00:00+00:00", None]
    }


def test_cells_hide_no_control_characters() -> None:
    assert plain("a\x1b[31mb") == "a\\u001b[31mb"
    assert plain("Ana\u202eziuR") == "Ana\\u202eziuR"
    assert plain(None) == plain("") == plain([]) == "-"
    assert plain(True) == "yes"
    assert len(plain("x" * 500)) == 60
    moment = datetime(2026, 11, 20, 15, 4, 5, 6, tzinfo=UTC)
    assert plain(moment) == f"{moment.astimezone():%Y-%m-%d %H:%M}"


def test_table_is_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    table(["id", "name"], [[1, "Ana"], [200, "B"]], empty="None.")
    assert capsys.readouterr().out == "id   name\n---  ----\n1    Ana\n200  B\n"
    table(["id"], [], empty="None.")
    assert capsys.readouterr().out == "None.\n"
    say("two\nlines\x07")
    assert capsys.readouterr().out == "two\nlines\\u0007\n"


def test_steps_go_on_after_a_failure_and_say_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def bad() -> str:
        raise StorageError("damaged")

    assert run_steps([("one", lambda: "fine"), ("two", bad), ("three", lambda: "fine")], tmp_path / "out") == 1
    lines = (tmp_path / "out").read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["ok", "FAILED", "ok"]
    assert capsys.readouterr().out.splitlines() == lines
    assert run_steps([("one", lambda: "fine")]) == 0
    capsys.readouterr()
    assert run_steps([("two", bad), ("three", lambda: "fine")], stops_at_failure=True) == 1
    assert "three" not in capsys.readouterr().out
