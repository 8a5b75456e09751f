"""The environment's stamp, lock and folder; what pip's failures become."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from installer import environment
from installer.progress import SetupError, Steps


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "installer").mkdir(parents=True)
    (folder / "installer" / "requirements.lock").write_text("click==8.5.1\n")
    (folder / "pyproject.toml").write_text('[project]\nname = "x"\n[tool.ruff]\nline-length = 120\n')
    return folder


@pytest.fixture
def made(project: Path) -> Path:
    """Give a folder that looks like a finished environment."""
    folder = project / ".venv"
    python = environment.python_in(folder)
    python.parent.mkdir(parents=True)
    python.touch()
    (folder / environment.LOCK_FILE).touch()
    environment.write_stamp(folder, environment.expected_stamp(project))
    return folder


def test_stamp_round_trip_is_ready(project: Path, made: Path) -> None:
    assert environment.is_ready(made, environment.expected_stamp(project))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("installer/requirements.lock", "click==8.5.0\n"),
        ("pyproject.toml", '[project]\nname = "y"\n'),
    ],
)
def test_stamp_changed_pins_or_metadata_is_not_ready(project: Path, made: Path, name: str, text: str) -> None:
    (project / name).write_text(text)

    assert not environment.is_ready(made, environment.expected_stamp(project))


def test_stamp_changed_tool_settings_stay_ready(project: Path, made: Path) -> None:
    (project / "pyproject.toml").write_text('[project]\nname = "x"\n[tool.ruff]\nline-length = 99\n')

    assert environment.is_ready(made, environment.expected_stamp(project))


def test_stamp_other_python_or_moved_project_is_not_ready(project: Path, made: Path) -> None:
    assert not environment.is_ready(made, environment.expected_stamp(project, python="3.12.0"))
    moved = project.rename(project.with_name("moved"))
    assert not environment.is_ready(moved / ".venv", environment.expected_stamp(moved))


@pytest.mark.parametrize("content", ["", "{", "[]", '{"python": "3"}', "null"])
def test_stamp_damaged_counts_as_none(made: Path, content: str) -> None:
    (made / environment.STAMP_FILE).write_text(content)

    assert environment.read_stamp(made) is None


def test_stamp_without_interpreter_is_not_ready(project: Path, made: Path) -> None:
    environment.python_in(made).unlink()

    assert not environment.is_ready(made, environment.expected_stamp(project))


def test_interpreter_and_tools_on_each_system() -> None:
    folder = Path("env")

    assert environment.python_in(folder, "win32") == folder / "Scripts" / "python.exe"
    assert environment.tool_in(folder, "lint-imports", "win32") == folder / "Scripts" / "lint-imports.exe"
    assert environment.python_in(folder, "linux") == folder / "bin" / "python"
    assert environment.tool_in(folder, "lint-imports", "darwin") == folder / "bin" / "lint-imports"


def test_environment_folder_default_and_chosen(tmp_path: Path) -> None:
    assert environment.environment_folder(tmp_path, {}) == tmp_path / ".venv"
    assert environment.environment_folder(tmp_path, {"DENTICODE_VENV": str(tmp_path / "e")}) == tmp_path / "e"
    assert environment.environment_folder(tmp_path, {"DENTICODE_VENV": "e"}) == Path.cwd() / "e"


def test_empty_keeps_only_the_lock(made: Path) -> None:
    (made / "half-made").touch()
    (made / "bin2").symlink_to(made.parent)

    environment.empty(made)

    assert [entry.name for entry in made.iterdir()] == [environment.LOCK_FILE]
    assert (made.parent / "pyproject.toml").exists()


def test_foreign_folder_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").touch()

    with pytest.raises(SetupError, match="left alone"):
        environment.refuse_foreign_folder(tmp_path)
    assert (tmp_path / "letter.txt").exists()


def test_missing_and_empty_folders_are_accepted(tmp_path: Path) -> None:
    environment.refuse_foreign_folder(tmp_path)
    environment.refuse_foreign_folder(tmp_path / "new")


@pytest.mark.skipif(sys.platform == "win32", reason="flock is per descriptor; Windows locks are per process")
def test_lock_second_holder_waits_for_the_first(tmp_path: Path) -> None:
    waits: list[int] = []

    class GivenUpError(Exception):
        pass

    def give_up() -> None:
        waits.append(1)
        raise GivenUpError

    with environment.locked(tmp_path, lambda: None), pytest.raises(GivenUpError), environment.locked(tmp_path, give_up):
        pass
    with environment.locked(tmp_path, give_up) as descriptor:
        assert os.fstat(descriptor)

    assert waits == [1]


def test_make_ready_environment_runs_nothing(project: Path, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "run_logged", None)

    environment.make(project, made, Steps(3))


@pytest.mark.parametrize("failing", [0, 1, 2, 3])
def test_make_failing_at_any_step_is_not_ready_and_the_next_run_starts_over(
    project: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    folder = project / ".venv"
    commands: list[list[str]] = []

    def fake_run(command: list[str], *, log: Path, **_rest: object) -> int:
        commands.append(list(command))
        python = environment.python_in(folder)
        python.parent.mkdir(parents=True, exist_ok=True)
        python.touch()
        log.write_text("No space left on device")
        return int(len(commands) == failing + 1)

    monkeypatch.setattr(environment, "run_logged", fake_run)

    with pytest.raises(SetupError, match="disk is full"):
        environment.make(project, folder, Steps(3))
    assert not environment.is_ready(folder, environment.expected_stamp(project))

    commands.clear()
    failing = 99
    environment.make(project, folder, Steps(3))
    assert environment.is_ready(folder, environment.expected_stamp(project))
    assert [command[2] for command in commands] == ["venv", "pip", "pip", "pip"]


def test_make_changed_metadata_installs_only_the_project_again(
    project: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "pyproject.toml").write_text('[project]\nname = "y"\n')
    commands: list[list[str]] = []

    def fake_run(command: list[str], **_rest: object) -> int:
        commands.append(list(command))
        return 0

    monkeypatch.setattr(environment, "run_logged", fake_run)

    environment.make(project, made, Steps(3))

    assert [command[3] for command in commands] == ["install", "check"]
    assert environment.is_ready(made, environment.expected_stamp(project))


@pytest.mark.parametrize(("sign", "sentence"), environment.FAILURES)
def test_explain_failure_known_signs(sign: str, sentence: str) -> None:
    assert environment.explain_failure(f"noise\nERROR: {sign}\n", "fallback") == sentence


def test_explain_failure_unknown_gives_the_fallback() -> None:
    assert environment.explain_failure("Segmentation fault", "fallback") == "fallback"


def test_pip_environment_drops_redirections_and_keeps_the_proxy() -> None:
    env = {"PIP_TARGET": "x", "PYTHONPATH": "x", "HTTPS_PROXY": "p", "PIP_CERT": "c"}

    kept = environment.pip_environment(env)

    assert (kept["HTTPS_PROXY"], kept["PIP_CERT"], kept["PIP_USER"]) == ("p", "c", "0")
    assert not {"PIP_TARGET", "PYTHONPATH"} & kept.keys()


def test_pip_progress_from_its_log() -> None:
    assert environment.pip_progress("") == "asking for packages"
    assert environment.pip_progress("\nCollecting a\n x\nCollecting b\n") == "2 packages found"
    log = "\nCollecting a\nInstalling collected packages: a"
    assert environment.pip_progress(log) == "writing the packages to disk"
