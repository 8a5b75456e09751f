"""The console's edge: every error is one sentence or one JSON object, with its exit code, and nothing leaks."""

from __future__ import annotations

import io
import json
import sys

import pytest

from denticode_desktop.console.exit_codes import code_of
from denticode_desktop.console.main import global_options_first, run
from denticode_desktop.console.words import words_of
from denticode_desktop.domain import errors
from tests.unit.console.fake_program import FakeProgram


class Stdin:
    """Standard input with bytes, as a pipe is."""

    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)

    def isatty(self) -> bool:
        return False


def _object(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    out = capsys.readouterr().out
    assert len(out.splitlines()) == 1
    value = json.loads(out)
    assert isinstance(value, dict)
    return value


CASES = [
    (errors.NotAllowedError("No.", field="as"), 5, "not_allowed"),
    (errors.BusyError("Busy."), 5, "busy"),
    (errors.PersonNeededError("Choose."), 6, "person_needed"),
    (errors.NotFoundError("None."), 2, "usage"),
    (errors.UserError("Bad.", field="name"), 2, "usage"),
    (errors.UnfinishedFileError("Broken."), 2, "usage"),
    (errors.StoppedError(), 1, "stopped"),
    (errors.PmsUnavailableError("connect_refused"), 7, "pms_not_reachable"),
    (errors.PmsThrottledError(3.0), 7, "throttled"),
    (errors.PmsAuthError(), 4, "sign_in"),
    (errors.PmsForbiddenError("Patients"), 4, "permission_missing"),
    (errors.PmsRefusedError(422, "no such tooth"), 4, "refused"),
    (errors.PmsProtocolError("too_large"), 4, "unexpected_answer"),
    (errors.SecretStoreError("no_store", "Install gnome-keyring."), 6, "secret_store"),
    (errors.StorePlaceError("missing"), 2, "data_folder"),
    (errors.StoreVersionError("newer"), 2, "newer_version"),
    (errors.StoreKeyError("no_key"), 6, "database_key"),
    (errors.StorageError("disk_full"), 1, "storage"),
]


@pytest.mark.parametrize(("error", "exit_code", "code"), CASES, ids=[type(c[0]).__name__ for c in CASES])
def test_error_gives_its_code_and_one_sentence(
    error: errors.DenticodeError, exit_code: int, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(FakeProgram(error), ["--json", "user", "list"]) == exit_code
    value = _object(capsys)
    assert value["ok"] is False
    assert value["error"] == code
    assert str(value["sentence"]).endswith((".", '"'))
    assert run(FakeProgram(error), ["user", "list"]) == exit_code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert str(value["sentence"]) in captured.err


def test_every_error_class_has_a_code_and_words() -> None:
    def leaves(kind: type[errors.DenticodeError]) -> list[type[errors.DenticodeError]]:
        return [kind, *(leaf for sub in kind.__subclasses__() for leaf in leaves(sub))]

    made = {type(case[0]) for case in CASES}
    known = {kind for kind in leaves(errors.DenticodeError) if kind.__module__ == errors.__name__}
    assert known - made == {errors.DenticodeError, errors.ExternalError, errors.BugError}
    assert all(words_of(case[0])[0] for case in CASES)
    assert code_of(errors.BugError("x"))[0] == 1


STORAGE_WORDS = [
    (errors.StorageError("disk_full"), "disk"), (errors.StorageError("locked"), "busy"),
    (errors.StorageError("damaged"), "damaged"), (errors.StorageError("failed"), "read or written"),
    (errors.StorageError("something_new"), "read or written"),
    (errors.StorePlaceError("damaged_identity"), "folder.json"), (errors.StorePlaceError("synced_folder"), "cloud"),
    (errors.StorePlaceError("network_share"), "network share"), (errors.StorePlaceError("not_writable"), "written"),
    (errors.StorePlaceError("something_new"), "data folder"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "words"), STORAGE_WORDS, ids=str)
def test_each_trouble_with_the_data_folder_has_its_own_words(error: errors.StorageError, words: str) -> None:
    sentence, next_step = words_of(error)
    assert words in sentence
    assert next_step.endswith(".")
    assert "unexpected" not in sentence


def test_unexpected_error_shows_an_id_and_none_of_its_text(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert run(FakeProgram(ValueError("Quillfeather 1984-03-02")), ["--json", "user", "list"]) == 1
    value = _object(capsys)
    assert value["error"] == "unexpected"
    assert "Quillfeather" not in json.dumps(value)
    [record] = caplog.records
    assert record.__dict__["error_id"] in str(value["sentence"])
    assert run(FakeProgram(errors.BugError("Quillfeather")), ["user", "list"]) == 1
    assert "Quillfeather" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [["--json", "nonsense"], ["--json", "user", "add"], ["--json", "--nope"], ["user", "list", "--json", "--nope"]],
)
def test_wrong_usage_is_one_object_and_code_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(FakeProgram(), words) == 2
    assert _object(capsys)["error"] == "usage"


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(FakeProgram(), ["--version"]) == 0
    assert capsys.readouterr().out == "denticode 9.9.9\n"
    assert run(FakeProgram(), ["--help"]) == 0
    out = capsys.readouterr().out
    for command in (
        "init",
        "user",
        "role",
        "pms",
        "connection",
        "sync",
        "patient",
        "provider",
        "match",
        "lab",
        "queue",
    ):
        assert f"\n  {command}" in out
    assert "\x1b" not in out
    assert run(FakeProgram(), []) == 2
    assert "Usage: denticode" in capsys.readouterr().err


def test_global_options_may_stand_anywhere() -> None:
    words = ["user", "list", "--json", "--as", "Ana", "--data-dir=x", "--secrets-stdin", "--", "--json"]
    expected = ["--json", "--as", "Ana", "--data-dir=x", "--secrets-stdin", "user", "list", "--", "--json"]
    assert global_options_first(words) == expected


def test_init_reads_the_password_from_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = FakeProgram()
    monkeypatch.setattr(sys, "stdin", Stdin(b'{"password": " correct horse \\n"}'))
    words = ["--json", "init", "--practice", "P", "--owner", "O", "--rehearsal-only", "--secrets-stdin"]
    assert run(program, words) == 0
    value = _object(capsys)
    assert program.created["password"] == "correct horse"
    assert value["recovery_key"] == "AAAAA-BBBBB"
    assert value["has_password"] is True
    assert "correct horse" not in json.dumps(value)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"[]", b"{", b'{"password": 5}', b'{"pasword": "hunter2"}', b'{"password": "a", "password": "b"}',
        b'{"password": "' + b"x" * 70_000 + b'"}', b'{"password": "hunter2\\u0000"}', b"\xff\xfe", b"[" * 60_000,
    ],
)  # fmt: skip
def test_bad_secrets_are_refused_and_never_repeated(
    data: bytes, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = FakeProgram()
    monkeypatch.setattr(sys, "stdin", Stdin(data))
    assert run(program, ["--json", "--secrets-stdin", "init", "--practice", "P", "--owner", "O"]) == 2
    value = _object(capsys)
    assert "hunter2" not in json.dumps(value)
    assert program.created == {}


def test_missing_secret_without_a_terminal_names_the_field(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Stdin(b""))
    assert run(FakeProgram(), ["--json", "recover"]) == 2
    assert _object(capsys)["field"] == "recovery_key"
    monkeypatch.setattr(sys, "stdin", Stdin(b'{"recovery_key": "RIGHT"}'))
    assert run(FakeProgram(), ["recover", "--secrets-stdin"]) == 0
    assert "opens again" in capsys.readouterr().out


def test_pdf_of_the_audit_log_is_refused_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(FakeProgram(), ["--json", "audit", "export", "--format", "pdf", "--out", "x.pdf"]) == 2
    value = _object(capsys)
    assert value["field"] == "format"
    assert "csv" in str(value["sentence"])


def test_data_folder_is_closed_after_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    program = FakeProgram(desk=object())
    assert run(program, ["user", "list"]) == 1
    assert program.closed == 1
    capsys.readouterr()
