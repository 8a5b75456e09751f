"""The main job as a practice's IT would run it: separate processes, an encrypted database, a PMS on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]
TIMEOUT_S = 120
MODULE = [sys.executable, "-m", "denticode_desktop", "console"]
SECRET = {"client_secret": ""}
NAME = "Springvale - Dentrix Ascend"


class Console:
    """Runs one command of `denticode --json` after another on one data folder."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir

    def run(self, *words: object, secrets: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
        """(exit code, the one JSON object on standard output)."""
        command = [*MODULE, "--json", "--data-dir", str(self.data_dir), *map(str, words)]
        if secrets is not None:
            command.append("--secrets-stdin")
        ended = subprocess.run(
            command, cwd=PROJECT, input=json.dumps(secrets) if secrets is not None else "", text=True,
            capture_output=True, timeout=TIMEOUT_S, check=False, encoding="utf-8",
        )  # fmt: skip
        assert len(ended.stdout.splitlines()) == 1, (words, ended.stdout, ended.stderr)
        value = json.loads(ended.stdout)
        assert isinstance(value, dict)
        assert "rehearsal-secret" not in ended.stdout + ended.stderr
        return ended.returncode, value

    def ok(self, *words: object, secrets: dict[str, str] | None = None) -> dict[str, Any]:
        """The object of a command that must succeed."""
        code, value = self.run(*words, secrets=secrets)
        assert code == 0, (words, code, value)
        return value


class Pms:
    """A separately started simulated PMS, steered through its control endpoint."""

    def __init__(self, process: subprocess.Popen[str], told: dict[str, Any]) -> None:
        self.process = process
        self.told = told

    def control(self, path: str, body: object = None) -> Any:
        """GET, or POST where there is a body."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.told['control_url']}{path}", data=data)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def chart(self, patient_id: str) -> dict[str, Any]:
        """Notes and procedures in a patient's chart, as the PMS itself tells."""
        value = self.control(f"chart?patient={patient_id}")
        assert isinstance(value, dict)
        return value

    @contextmanager
    def network_down_after_first_post(self) -> Iterator[None]:
        """Watches the PMS's request log and cuts the network once a note was posted."""
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(0.02):
                if any(r["method"] == "POST" for r in self.control("requests")["requests"] if "notes" in r["path"]):
                    with suppress(ConnectionError):  # the cut takes this very connection along
                        self.control("switches", {"network_down": True})
                    return

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture
def pms() -> Iterator[Pms]:
    command = [*MODULE, "--json", "simulator", "--pms", "dentrix-ascend", "--patients", "40"]
    process = subprocess.Popen(
        command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ}
    )
    assert process.stdout is not None
    running = Pms(process, json.loads(process.stdout.readline()))
    yield running
    running.stop()
    process.stdout.close()


@pytest.fixture
def console(tmp_path: Path) -> Console:
    made = Console(tmp_path / "data")
    told = made.ok("init", "--practice", "Springvale Dental", "--owner", "Sam Lee", "--rehearsal-only")
    assert len(told["recovery_key"].split("-")) == 8
    return made


def connect_words(pms: Pms, name: str = NAME, **changes: str) -> list[str]:
    """Arguments of `connection add` for the running PMS."""
    told = pms.told
    options = {
        "pms": "dentrix-ascend", "name": name, "environment": "rehearsal", "host": told["base_url"],
        "organization-id": told["organization_id"], "client-id": told["client_id"], "location": told["location_id"],
        "default-provider": told["default_provider_id"], "settle-s": "1", **changes,
    }  # fmt: skip
    return ["connection", "add", *(word for key, value in options.items() for word in (f"--{key}", value))]


def secrets_of(pms: Pms) -> dict[str, str]:
    return {"client_secret": pms.told["client_secret"]}


def plain_text_in(folder: Path, words: list[str]) -> list[str]:
    """Files of a data folder that hold any of these words, the note or the secret as they are."""
    wanted = [word.encode() for word in words if len(word) > 3] + [b"Invented visit", b"rehearsal-secret"]
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "rehearsal.keys"]
    return [path.name for path in files if any(word in path.read_bytes() for word in wanted)]


def lab_file(folder: Path, patient: dict[str, Any], number: int) -> Path:
    """A Lab as a scribe drops it."""
    path = folder / f"lab-{number}.json"
    lab = {
        "schema": "denticode.lab/1",
        "external_id": f"scribe-{number}",
        "visit_date": "2026-11-20",
        "patient": patient,
        "provider": {"name": "Lee, Sam", "npi": "1000000101"},
        "note": {"text": f"S: Invented visit {number}.\nP: See again in six months."},
        "procedures": [{"code": "T0101", "status": "treatment_planned"}],
        "documents": [],
    }
    path.write_text(json.dumps(lab), encoding="utf-8")
    return path


@pytest.mark.slow
def test_main_job_puts_three_labs_into_their_charts_once(tmp_path: Path, console: Console, pms: Pms) -> None:
    added = console.ok(*connect_words(pms), secrets=secrets_of(pms))
    assert added["status"] == "green"
    synced = console.ok("sync")
    assert synced["kinds"]["patients"]["seen"] >= 40
    assert console.ok("sync")["kinds"]["patients"]["added"] == 0

    people = [p for p in pms.told["patients"] if p["date_of_birth"]][:3]
    labs = []
    for number, person in enumerate(people):
        path = lab_file(tmp_path, person, number)
        assert console.ok("lab", "import", path)["status"] == "new"
        imported = console.ok("lab", "import", path)
        assert imported["status"] == "unchanged"
        finalized = console.ok("lab", "finalize", imported["lab_id"])
        assert [item["state"] for item in finalized["items"]] == ["PLANNED", "PLANNED"]
        labs.append(imported["lab_id"])

    # the PMS stores the first note, its answer is lost, and from then on the network is down
    pms.control("faults", {"action": "close", "method": "POST", "resource": "clinicalnotes", "commit": "yes"})
    with pms.network_down_after_first_post():
        code, sent = console.run("lab", "send", *labs, "--timeout-s", "4")
    assert code == 7, sent
    assert "INFLIGHT" in [item["state"] for lab in sent["labs"] for item in lab["items"]]

    pms.control("switches", {"network_down": False})
    console.ok("queue", "run", "--until-idle", "--timeout-s", "60")
    items = console.ok("queue", "list")["items"]
    assert [item["state"] for item in items] == ["DONE"] * 6
    for person in people:
        chart = pms.chart(person["pms_patient_id"])
        assert len(chart["notes"]) == 1
        assert len(chart["procedures"]) == 1
    verified = console.ok("audit", "verify")
    assert verified["ok"] is True
    assert verified["events"] > 10
    assert plain_text_in(console.data_dir, [word for p in people for word in (p["first_name"], p["last_name"])]) == []
    assert console.ok("lab", "send", labs[0])["items"][0]["state"] == "DONE"
    assert len(pms.chart(people[0]["pms_patient_id"])["notes"]) == 1


def test_connection_is_yellow_with_one_permission_missing(console: Console, pms: Pms) -> None:
    pms.control("switches", {"forbid": {"txcases": "all"}})
    code, added = console.run(*connect_words(pms), secrets=secrets_of(pms))
    assert (code, added["status"]) == (3, "yellow")
    assert added["missing_permissions"] == ["Treatment plans"]
    assert added["next_step"]


def test_connection_failures_are_told_apart(console: Console, pms: Pms) -> None:
    code, wrong = console.run(*connect_words(pms), secrets={"client_secret": "not-the-one"})
    assert (code, wrong["status"], wrong["reason"]) == (4, "failed", "credentials_refused")
    other = {"organization-id": "fedcba987654321001234567"}
    code, unlinked = console.run(*connect_words(pms, **other), secrets=secrets_of(pms))
    assert (code, unlinked["reason"]) == (4, "organization_not_linked")
    pms.control("switches", {"wrong_environment": True})
    code, elsewhere = console.run(*connect_words(pms), secrets=secrets_of(pms))
    assert (code, elsewhere["reason"]) == (4, "wrong_environment")
    pms.stop()
    code, gone = console.run(*connect_words(pms), secrets=secrets_of(pms))
    assert (code, gone["reason"]) == (4, "not_reachable")
    assert console.ok("connection", "list")["connections"] == []


def test_vague_name_is_refused_with_an_example(console: Console, pms: Pms) -> None:
    code, refused = console.run(*connect_words(pms, name="Connection 1"), secrets=secrets_of(pms))
    assert (code, refused["field"], refused["ok"]) == (2, "name", False)
    assert "such as" in refused["sentence"]


def test_lab_that_cannot_go_keeps_no_other_back(tmp_path: Path, console: Console, pms: Pms) -> None:
    console.ok(*connect_words(pms), secrets=secrets_of(pms))
    console.ok("sync")
    known = next(p for p in pms.told["patients"] if p["date_of_birth"])
    stranger = {"first_name": "Nobody", "last_name": "Here", "date_of_birth": "1980-01-01"}
    labs = [console.ok("lab", "import", lab_file(tmp_path, p, n))["lab_id"] for n, p in enumerate((stranger, known))]
    for lab_id in labs:
        console.ok("lab", "finalize", lab_id)

    code, sent = console.run("lab", "send", *labs, "--timeout-s", "60")

    assert code == 6, sent
    assert [row["lab_id"] for row in sent["not_sent"]] == labs[:1]
    assert "match" in sent["not_sent"][0]["sentence"].lower()
    assert {item["state"] for lab in sent["labs"] for item in lab["items"]} == {"DONE"}
    code, alone = console.run("lab", "send", labs[0])
    assert (code, alone["ok"]) == (6, False), alone


@pytest.mark.slow
def test_lab_matched_to_another_chart_goes_there_and_nowhere_else(tmp_path: Path, console: Console, pms: Pms) -> None:
    console.ok(*connect_words(pms), secrets=secrets_of(pms))
    console.ok("sync")
    named, right = [p for p in pms.told["patients"] if p["date_of_birth"]][:2]
    lab_id = console.ok("lab", "import", lab_file(tmp_path, named, 1))["lab_id"]
    console.ok("lab", "finalize", lab_id)
    (row,) = console.ok("match", "list")["rows"]
    assert row["pms_patient_id"] == named["pms_patient_id"]
    pair = (row["local_patient_id"], right["pms_patient_id"])
    code, asked = console.run("match", "confirm", *pair)
    assert (code, asked["field"]) == (6, "pms_patient_id"), "name and birth date differ: asked once more"
    console.ok("match", "confirm", *pair, "--although-different")

    sent = console.ok("lab", "send", lab_id, "--timeout-s", "60")

    assert {item["state"] for item in sent["items"]} == {"DONE"}
    assert [len(pms.chart(right["pms_patient_id"])[kind]) for kind in ("notes", "procedures")] == [1, 1]
    assert [len(pms.chart(named["pms_patient_id"])[kind]) for kind in ("notes", "procedures")] == [0, 0]
    states = sorted(item["state"] for item in console.ok("queue", "list")["items"])
    assert states == ["DONE", "DONE", "VOID", "VOID"]
    assert console.ok("audit", "verify")["ok"] is True


def test_rejected_match_is_undone_and_nothing_goes_there(tmp_path: Path, console: Console, pms: Pms) -> None:
    console.ok(*connect_words(pms), secrets=secrets_of(pms))
    console.ok("sync")
    named = next(p for p in pms.told["patients"] if p["date_of_birth"])
    lab_id = console.ok("lab", "import", lab_file(tmp_path, named, 1))["lab_id"]
    console.ok("lab", "finalize", lab_id)
    (row,) = console.ok("match", "list")["rows"]
    console.ok("match", "reject", row["local_patient_id"], named["pms_patient_id"])
    (row,) = console.ok("match", "list")["rows"]
    assert row["decision"] != "linked"
    code, refused = console.run("lab", "send", lab_id, "--timeout-s", "5")
    assert (code, refused["field"]) == (6, "patient")
    assert pms.chart(named["pms_patient_id"])["notes"] == []


def test_missing_folder_and_unknown_user_have_their_codes(tmp_path: Path, console: Console) -> None:
    code, missing = Console(tmp_path / "none").run("user", "list")
    assert (code, missing["error"]) == (2, "data_folder")
    code, stranger = console.run("--as", "Nobody", "user", "list")
    assert (code, stranger["error"]) == (5, "not_allowed")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("choice", "state", "notes"), [("--as-done", "DONE", 1), ("--send-again", "DONE", 2), ("--void", "VOID", 1)]
)
def test_look_alike_waits_for_a_person_who_decides(
    tmp_path: Path, console: Console, pms: Pms, choice: str, state: str, notes: int
) -> None:
    console.ok(*connect_words(pms), secrets=secrets_of(pms))
    console.ok("sync")
    person = pms.told["patients"][0]
    path = lab_file(tmp_path, person, 1)
    text = json.loads(path.read_text("utf-8"))["note"]["text"]
    typed = {"action": "type_note", "patient_id": person["pms_patient_id"], "text": text}
    pms.control("staff", typed)
    lab_id = console.ok("lab", "import", path)["lab_id"]
    console.ok("lab", "finalize", lab_id)

    code, sent = console.run("lab", "send", lab_id)
    note = sent["items"][0]
    assert (code, note["state"], note["reason"]) == (6, "REVIEW", "look_alike")
    assert sent["items"][1]["state"] == "PLANNED"
    code, unexplained = console.run("queue", "decide", note["item_id"], choice, "--reason", " ")
    assert (code, unexplained["field"]) == (2, "reason")

    decided = console.ok("queue", "decide", note["item_id"], choice, "--reason", "Compared with the chart.")
    assert decided["result"] == "done"
    console.ok("queue", "run", "--until-idle", "--timeout-s", "60")
    assert [item["state"] for item in console.ok("queue", "list")["items"]] == [state, "DONE"]
    assert len(pms.chart(person["pms_patient_id"])["notes"]) == notes
    assert console.ok("audit", "verify")["ok"] is True


def test_dry_run_shows_what_a_run_would_link_and_links_nothing(tmp_path: Path, console: Console, pms: Pms) -> None:
    console.ok(*connect_words(pms), secrets=secrets_of(pms))
    person = pms.told["patients"][0]
    console.ok("lab", "import", lab_file(tmp_path, person, 1))  # before the first sync: nobody to link to yet
    console.ok("sync")

    def decisions(*words: str) -> list[tuple[str, str | None]]:
        rows = console.ok("match", *words)["rows"]
        assert [row["external_id"] for row in rows] == ["scribe-1"]
        return [(row["decision"], row["pms_patient_id"]) for row in rows]

    linked = [("linked", person["pms_patient_id"])]
    before = decisions("list")
    assert before != linked
    assert decisions("dry-run") == linked
    assert decisions("list") == before
    assert decisions("run") == linked
    assert decisions("list") == linked
    found = console.ok("patient", "search", person["last_name"])["patients"]
    assert person["pms_patient_id"] in [row["pms_patient_id"] for row in found]
    events = console.ok("audit", "list")["events"]
    assert person["last_name"] not in json.dumps(events)
    code, broken = console.run("audit", "export", "--format", "pdf", "--out", tmp_path / "x.pdf")
    assert (code, broken["field"]) == (2, "format")
    exported = console.ok("audit", "export", "--format", "jsonl", "--out", tmp_path / "x.jsonl")
    assert exported["events"] >= len(events)
