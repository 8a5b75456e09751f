"""`doctor` on a data folder that cannot be opened: it says what is wrong instead of ending in that error."""

from __future__ import annotations

import json
from typing import Any

import pytest

from denticode_desktop.console.main import run
from denticode_desktop.domain import errors
from tests.unit.console.fake_program import FakeProgram

NO_SPACE, PLENTY = 5_000_000, 50_000_000_000
CASES = [
    (errors.StorageError("disk_full"), NO_SPACE, {"disk", "database"}, "open", 6),
    (errors.StorageError("locked"), PLENTY, {"database"}, "open", 6),
    (errors.StorageError("failed"), PLENTY, {"database"}, "open", 6),
    (errors.StorageError("damaged"), PLENTY, {"database"}, "integrity", 8),
    (errors.StoreVersionError("newer"), PLENTY, {"database"}, "version", 6),
    (errors.StorePlaceError("plaintext"), PLENTY, {"database"}, "place", 6),
    (errors.StorePlaceError("damaged_identity"), PLENTY, {"database"}, "place", 6),
    (errors.StoreKeyError("no_key"), PLENTY, {"credential_store"}, "database_key", 6),
    (errors.SecretStoreError("locked", "Unlock it."), PLENTY, {"credential_store"}, "database_key", 6),
]


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    [line] = capsys.readouterr().out.splitlines()
    value = json.loads(line)
    assert isinstance(value, dict)
    return value


def name_of(value: object) -> str:
    """The same in every process: a set has no order of its own."""
    return ",".join(sorted(value)) if isinstance(value, set) else str(value)[:20]


@pytest.mark.parametrize(("error", "free", "failed", "name", "exit_code"), CASES, ids=name_of)
def test_folder_that_cannot_be_opened_is_examined_as_far_as_it_goes(
    error: errors.DenticodeError, free: int, failed: set[str], name: str, exit_code: int,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    program = FakeProgram(error)
    program.free_bytes = free
    assert run(program, ["--json", "doctor"]) == exit_code
    value = told(capsys)
    assert value["ok"] is False
    assert value["data_dir"] == "default"
    checks = value["checks"]
    assert {c["area"] for c in checks} == {"disk", "credential_store", "database", "scheduler", "network"}
    assert {c["area"] for c in checks if c["finding"] == "failed"} == failed
    assert name in {c["name"] for c in checks if c["finding"] == "failed"}
    assert all(c["next_step"] for c in checks if c["finding"] == "failed")
    assert run(program, ["doctor"]) == exit_code
    shown = capsys.readouterr().out
    assert all(c["words"] in shown for c in checks)


def test_folder_without_a_practice_is_still_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(FakeProgram(errors.StorePlaceError("missing")), ["--json", "doctor"]) == 2
    assert told(capsys)["error"] == "data_folder"


def test_free_space_that_nobody_can_tell_is_no_finding(capsys: pytest.CaptureFixture[str]) -> None:
    program = FakeProgram(errors.StoreVersionError("newer"))
    program.free_bytes = None
    assert run(program, ["--json", "doctor"]) == 6
    assert next(c["finding"] for c in told(capsys)["checks"] if c["area"] == "disk") == "skipped"
