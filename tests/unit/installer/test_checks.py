"""What the checks run, how they count, and that one failure does not hide the next."""

from __future__ import annotations

from pathlib import Path

import pytest

from installer import checks

MARK = f"@pytest.{checks.SECRET_SERVICE_MARK}\n"


def test_pytest_arguments_whole_suite_runs_in_parallel() -> None:
    assert checks.pytest_arguments([], fast=False, secret_service=False) == [
        *("-m", "not secret_service"),
        *("-n", "auto", "--dist", "worksteal"),
    ]


def test_pytest_arguments_chosen_tests_run_in_one_process() -> None:
    arguments = checks.pytest_arguments(["tests/unit", "-x"], fast=True, secret_service=False)

    assert arguments == ["-m", "not secret_service and not slow", "tests/unit", "-x"]


def test_pytest_arguments_secret_service_run() -> None:
    assert checks.pytest_arguments([], fast=False, secret_service=True) == ["-m", "secret_service"]


def test_secret_service_files_are_those_with_a_marked_test(tmp_path: Path) -> None:
    tests = tmp_path / "tests" / "unit"
    tests.mkdir(parents=True)
    (tests / "test_a.py").write_text("def test_a(): ...\n")
    assert checks.secret_service_files(tmp_path) == []

    (tests / "test_b.py").write_text(MARK + "def test_b(): ...\n")
    assert checks.secret_service_files(tmp_path) == [str(tests / "test_b.py")]


def test_check_environment_is_offscreen_and_free_of_a_persons_settings() -> None:
    env = checks.check_environment({"PYTEST_ADDOPTS": "-x", "PYTHONPATH": "x", "QT_QPA_PLATFORM": "xcb", "CI": "true"})

    assert env["QT_QPA_PLATFORM"] == "offscreen"
    assert env["CI"] == "true"
    assert not {"PYTEST_ADDOPTS", "PYTHONPATH"} & env.keys()


def test_combined_summary_adds_the_runs_up() -> None:
    lines = [
        "================ 1 failed, 4 passed, 96 deselected in 2.25s ================",
        "====== 90 passed, 2 skipped, 5 deselected, 1 warning in 62.50s (0:01:02) ======",
    ]

    text = checks.combined_summary(lines)

    assert text.strip("= ") == "1 failed, 94 passed, 2 skipped, 1 warning in 64.75s"


@pytest.mark.parametrize("lines", [[], ["", "==== no tests ran in 0.01s ===="], ["5 deselected in 0.10s"]])
def test_combined_summary_without_tests_says_so(lines: list[str]) -> None:
    assert checks.combined_summary(lines) == "no test ran"


def test_summary_line_is_the_last_count_in_the_output() -> None:
    output = ["=== 1 passed in 0.10s ===", "text", "=== 3 passed in 0.20s ===", "a worker said goodbye"]

    assert checks.summary_line(output) == "=== 3 passed in 0.20s ==="
    assert checks.summary_line(["text"]) == ""


class Recorder:
    """Stands in for run_shown: notes what is started and answers from a table of exit codes."""

    def __init__(self, codes: dict[str, int]) -> None:
        self.codes = codes
        self.started: list[str] = []

    def __call__(self, command: list[str], **_rest: object) -> tuple[int, list[str]]:
        name = next(name for name in ("ruff", "mypy", "lint-imports", "pytest") if name in " ".join(command))
        self.started.append(name)
        return self.codes.get(name, 0), ["=== 7 passed in 1.00s ==="] if name == "pytest" else ["fine"]


@pytest.mark.parametrize("failing", ["ruff", "mypy", "lint-imports", "pytest"])
def test_run_one_failure_still_runs_all_and_ends_with_the_summary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], failing: str
) -> None:
    (tmp_path / "tests").mkdir()
    recorder = Recorder({failing: 1})
    monkeypatch.setattr(checks, "run_shown", recorder)

    code = checks.Checks(tmp_path, tmp_path / ".venv", fast=False, extra=[]).run()

    lines = capsys.readouterr().out.splitlines()
    assert code == 1
    assert recorder.started == ["ruff", "mypy", "lint-imports", "pytest"]
    assert any(line.startswith(f"FAILED  {failing}") for line in lines)
    assert sum(line.startswith("FAILED") for line in lines) == 1
    assert lines[-1].strip("= ") == "7 passed in 1.00s"


def test_run_all_good_is_zero(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tests").mkdir()
    monkeypatch.setattr(checks, "run_shown", Recorder({}))

    assert checks.Checks(tmp_path, tmp_path / ".venv", fast=False, extra=[]).run() == 0


def test_run_tool_that_cannot_start_fails_and_the_rest_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tests").mkdir()

    assert checks.Checks(tmp_path, tmp_path / "no-environment", fast=False, extra=[]).run() == 1
    assert capsys.readouterr().out.count("could not be started") == 4
