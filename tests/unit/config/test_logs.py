"""Nothing that could be a patient's reaches a log, whoever writes the record."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from denticode_desktop.config.logs import LOG_FILE, AllowListFormatter, log_to_file, log_to_stderr

CANARIES = ("Quillfeather", "1984-03-02", "toothache", "hunter2secret")


@pytest.fixture(autouse=True)
def _root_logger() -> Iterator[None]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    root.handlers.clear()
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = before
    root.setLevel(level)
    logging.captureWarnings(False)
    logging.raiseExceptions = True


def _line(logger: str, message: object, *args: object, extra: dict[str, object] | None = None) -> dict[str, object]:
    record = logging.getLogger(logger).makeRecord(logger, logging.INFO, "f", 7, message, args, None, extra=extra)
    line = AllowListFormatter().format(record)
    value = json.loads(line)
    assert isinstance(value, dict)
    return value


def test_event_with_named_extras_is_kept() -> None:
    line = _line("denticode_desktop.x", "sync.page", extra={"connection_id": 3, "rows": 500, "kind": "patients"})
    assert line["event"] == "sync.page"
    assert (line["connection_id"], line["rows"], line["kind"]) == (3, 500, "patients")


@pytest.mark.parametrize(
    ("message", "args", "extra"),
    [
        ("Quillfeather", (), {}),
        ("patient Quillfeather born 1984-03-02", (), {}),
        ("call %s %d", ("Quillfeather", 4), {}),
        ("call %s", ("1984-03-02",), {}),
        ("sync.page", (), {"patient_name": "Quillfeather", "note": "toothache"}),
        ("sync.page", (), {"kind": "Quillfeather, Ana"}),
        ("sync.page", (), {"kind": ["Quillfeather"]}),
        (ValueError("toothache"), (), {}),
        ("call %(a)s", ({"a": "toothache"},), {}),
    ],
)
def test_what_is_not_on_the_list_is_dropped(
    message: object, args: tuple[object, ...], extra: dict[str, object]
) -> None:
    for logger in ("denticode_desktop.x", "httpx"):
        text = json.dumps(_line(logger, message, *args, extra=extra))
        assert not [canary for canary in CANARIES if canary in text]


def test_our_own_templates_keep_numbers_and_codes() -> None:
    line = _line("denticode_desktop.pms.http", "call %d %s %s %d", 4, "POST", "/v1/clinicalnotes/{id}", 201)
    assert line["values"] == [4, "POST", "/v1/clinicalnotes/{id}", 201]
    assert _line("httpx", "call %d", 4)["event"] == "text.dropped"


def test_exception_leaves_its_class_only(tmp_path: Path) -> None:
    log_to_file(tmp_path)
    try:
        try:
            raise ValueError("Quillfeather toothache")
        except ValueError as cause:
            raise RuntimeError("hunter2secret") from cause
    except RuntimeError:
        logging.getLogger("denticode_desktop.x").exception("engine.failed", extra={"error_id": "E12"})
    text = (tmp_path / LOG_FILE).read_text()
    line = json.loads(text)
    assert [error["class"] for error in line["errors"]] == ["RuntimeError", "ValueError"]
    assert line["error_id"] == "E12"
    assert not [canary for canary in CANARIES if canary in text]


def test_library_handlers_cannot_pass_the_list_by(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logging.basicConfig(force=True)
    log_to_stderr(logging.DEBUG)
    logging.getLogger("chatty_library").debug("send_request_headers Quillfeather")
    logging.getLogger("denticode_desktop").info("console.started")
    captured = capsys.readouterr()
    assert captured.out == ""
    events = [json.loads(line)["event"] for line in captured.err.splitlines()]
    assert events == ["text.dropped", "console.started"]


def test_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file in its place")
    log_to_file(tmp_path / "logs")
    logging.getLogger("denticode_desktop").error("still.alive")


def test_log_is_opened_by_its_first_record_and_rotates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("denticode_desktop.config.logs.MAX_FILE_BYTES", 300)
    log_to_file(tmp_path)
    assert list(tmp_path.iterdir()) == []
    for count in range(5):
        logging.getLogger("denticode_desktop.x").info("sync.page", extra={"count": count})
    kept = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert json.loads(kept[LOG_FILE].splitlines()[-1])["count"] == 4
    assert len(kept) > 1
