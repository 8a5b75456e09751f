"""Trouble as the practice's IT meets it on the command line: one JSON object with the reason, and nothing half done."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .test_main_job import MODULE, NAME, PROJECT, TIMEOUT_S, Console, Pms, connect_words, secrets_of

PATIENTS = "1600"
"""Four pages, so that a sync can be stopped between two of them."""


@pytest.fixture(scope="module")
def pms() -> Iterator[Pms]:
    command = [*MODULE, "--json", "simulator", "--pms", "dentrix-ascend", "--patients", PATIENTS]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    running = Pms(process, json.loads(process.stdout.readline()))
    yield running
    running.stop()
    process.stdout.close()


@pytest.fixture
def console(tmp_path: Path, pms: Pms) -> Iterator[Console]:
    """With one good connection."""
    made = Console(tmp_path / "data")
    made.ok("init", "--practice", "Springvale Dental", "--owner", "Sam Lee", "--rehearsal-only")
    made.ok(*connect_words(pms), secrets=secrets_of(pms))
    yield made
    pms.control("switches", {"faults": [], "page_delay_ms": 0, "refuse_connections": False})


@pytest.mark.slow
def test_web_page_instead_of_data_is_told_alike_by_sync_and_test(console: Console, pms: Pms) -> None:
    pms.control("faults", {"action": "html", "method": "GET", "resource": "patients", "times": 0})
    code, failed = console.run("sync")
    assert (code, failed["error"], failed["field"]) == (4, "unexpected_answer", "patients")
    assert failed["sentence"].startswith(f"A web page came back instead of {NAME}'s patients list")
    code, tested = console.run("connection", "test")
    assert (code, tested["reason"]) == (4, "unexpected_answer")
    assert tested["sentence"].startswith("A web page came back instead of data")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals as on POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_sync_tells_its_end_and_keeps_what_it_read(console: Console, pms: Pms, number: signal.Signals) -> None:
    pms.control("switches", {"page_delay_ms": 300})
    command = [*MODULE, "--json", "--data-dir", str(console.data_dir), "sync"]
    process = subprocess.Popen(
        command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert process.stderr is not None
    while not process.stderr.readline().startswith("patients: "):
        assert process.poll() is None
    process.send_signal(number)
    out, _ = process.communicate(timeout=TIMEOUT_S)
    told = json.loads(out)
    assert (process.returncode, told["outcome"]) == (7, "cancelled")
    kept = told["kinds"]["patients"]["added"]
    assert 0 < kept < int(PATIENTS)
    event = console.ok("audit", "list")["events"][0]
    assert (event["kind"], event["outcome"]) == ("sync.finished", "cancelled")
    pms.control("switches", {"page_delay_ms": 0})
    rest = console.ok("sync")
    assert rest["resumed"] is True
    assert kept + rest["kinds"]["patients"]["added"] == int(PATIENTS)


@pytest.mark.slow
def test_disconnected_pms_is_taken_up_again_and_not_added_twice(console: Console, pms: Pms) -> None:
    console.ok("connection", "disconnect")
    for words in (["connection", "test"], ["sync"]):
        code, refused = console.run(*words)
        assert code == 2
        assert "Reconnect" in refused["sentence"]
    code, refused = console.run(*connect_words(pms, "Another name"), secrets=secrets_of(pms))
    assert (code, refused["field"]) == (2, "organization_id")
    assert f"Reconnect {NAME}" in refused["sentence"]
    assert console.ok("connection", "reconnect", secrets=secrets_of(pms))["name"] == NAME
    assert len(console.ok("connection", "list")["connections"]) == 1


@pytest.mark.slow
def test_control_endpoint_brings_back_a_pms_that_refused_connections(console: Console, pms: Pms) -> None:
    pms.control("switches", {"refuse_connections": True})
    code, failed = console.run("connection", "test")
    assert (code, failed["reason"]) == (4, "not_reachable")
    assert "simulator" in failed["next_step"]
    pms.control("switches", {"refuse_connections": False})
    assert console.ok("connection", "test")["status"] == "green"


@pytest.mark.slow
def test_folder_that_does_not_open_is_examined(console: Console) -> None:
    identity = console.data_dir / "folder.json"
    identity.write_text("{}")
    code, refused = console.run("sync")
    assert (code, refused["error"]) == (2, "data_folder")
    assert "folder.json" in refused["sentence"]
    code, examined = console.run("doctor")
    assert code == 6
    assert [c["name"] for c in failed_checks(examined)] == ["place"]


def failed_checks(examined: dict[str, Any]) -> list[dict[str, Any]]:
    return [check for check in examined["checks"] if check["finding"] == "failed"]
