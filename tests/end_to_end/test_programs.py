"""The programs themselves: self-test, demo, engine, simulator, versions - each as its own process."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from denticode_desktop.app.folders import init_data_folder

PROJECT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "denticode_desktop"]
TIMEOUT_S = 120


def run(*words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *words], cwd=PROJECT, input=text, text=True, capture_output=True, timeout=TIMEOUT_S, check=False,
        encoding="utf-8",
    )  # fmt: skip


def test_versions_are_told_without_loading_the_program() -> None:
    assert run("--version").stdout.startswith("denticode-desktop ")
    assert run("console", "--version").stdout.startswith("denticode ")
    loaded = subprocess.run(
        [
            sys.executable, "-c",
            "import sys; from denticode_desktop.app import console_main; console_main(['--version']);"
            "print(sorted({'sqlalchemy', 'httpx', 'PySide6', 'keyring', 'cryptography'} & set(sys.modules)))",
        ],
        cwd=PROJECT, text=True, capture_output=True, timeout=TIMEOUT_S, check=True,
    )  # fmt: skip
    assert loaded.stdout.splitlines()[-1] == "[]"


@pytest.mark.slow
def test_self_test_passes_and_names_its_parts(tmp_path: Path) -> None:
    ended = run("--self-test", "--out", str(tmp_path / "result.txt"))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert (tmp_path / "result.txt").read_text("utf-8") == ended.stdout
    assert "credential store:" in ended.stdout
    assert "FAILED" not in ended.stdout


@pytest.mark.slow
def test_demo_in_the_terminal_ends_with_the_note_from_the_chart() -> None:
    ended = run("--demo", "--no-window")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "REHEARSAL" in ended.stdout
    assert "| S: No complaints since the last visit." in ended.stdout
    assert "| [Denticode ref " in ended.stdout
    assert "rehearsal-secret" not in ended.stdout + ended.stderr


def test_demo_in_a_used_folder_is_refused(tmp_path: Path) -> None:
    init_data_folder(tmp_path / "d", practice="P", owner="O", password="", is_rehearsal_only=True)
    ended = run("--demo", "--no-window", "--data-dir", str(tmp_path / "d"))
    assert ended.returncode == 1
    assert "already" in ended.stderr


def test_engine_starts_and_ends_with_its_parent(tmp_path: Path) -> None:
    folder = init_data_folder(tmp_path / "d", practice="P", owner="O", password="", is_rehearsal_only=True).data_dir
    process = subprocess.Popen(
        [*PROGRAM, "--engine", "--data-dir", str(folder)], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None and process.stdout is not None
    assert b"EngineStarted" in process.stdout.readline()
    busy = run("console", "--json", "--data-dir", str(folder), "queue", "run", "--until-idle")
    assert busy.returncode == 5
    assert json.loads(busy.stdout)["error"] == "busy"
    told = json.loads(run("console", "--json", "--data-dir", str(folder), "doctor").stdout)
    engine = next(check for check in told["checks"] if check["name"] == "engine")
    assert str(process.pid) in engine["words"]
    process.stdin.close()
    assert process.wait(30) == 0
    process.stdout.close()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM as on POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_simulator_tells_its_address_and_ends_by_signal(number: signal.Signals) -> None:
    words = ["console", "--json", "simulator", "--pms", "dentrix-ascend", "--switch", "page_delay_ms=1"]
    process = subprocess.Popen(
        [*PROGRAM, *words], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    assert told["base_url"].startswith("http://127.0.0.1:")
    with urllib.request.urlopen(f"{told['control_url']}switches", timeout=10) as answer:
        assert json.load(answer)["page_delay_ms"] == 1
    process.send_signal(number)
    assert process.wait(30) == 0
    assert process.stdout.read() == ""
    process.stdout.close()


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["--pms", "none"], "pms"),
        (["--pms", "dentrix-ascend", "--switch", "nonsense=1"], "switch"),
        (["--pms", "dentrix-ascend", "--switch", "nonsense"], "switch"),
    ],
)
def test_simulator_refuses_what_it_does_not_know(words: list[str], field: str) -> None:
    ended = run("console", "--json", "simulator", *words)
    assert ended.returncode == 2
    assert json.loads(ended.stdout)["field"] == field


def test_doctor_in_a_fresh_folder_is_content(tmp_path: Path) -> None:
    folder = init_data_folder(tmp_path / "d", practice="P", owner="O", password="", is_rehearsal_only=True).data_dir
    ended = run("console", "--data-dir", str(folder), "doctor")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "database integrity" in ended.stdout
    assert "\x1b" not in ended.stdout
