"""Logs without patient data, by allow-list: what is not known to be harmless is dropped, not masked.

One JSON object a line: time, level, logger, event, and of the record's extras only the named ones with plain values.
Of an exception only the class names and the lines of code are kept: what it says may come from outside.
"""

# ruff: noqa: PLC0415 - imports inside functions: a window that has nothing to log does not wait for what writes it

import logging
import re
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

LOG_FILE = "denticode.log"
MAX_FILE_BYTES = 2_000_000
KEPT_FILES = 5

EVENT = re.compile(r"^[a-z][a-z0-9]*(?:[._][a-z0-9]+)+$")
"""Such as `sync.finished`: a single word is no event, since it could be a name."""
CODE = re.compile(r"^[a-z][a-z0-9]*(?:[_.][a-z0-9]+)+$|^[A-Z]{3,8}$|^/[A-Za-z0-9/{}_.:-]{0,120}$|^T\d{1,2}$")
"""A code such as `http_503`, a method or state such as `POST`, a path template, a move of the protocol."""
IDENTIFIER = re.compile(r"^[A-Za-z0-9_.:-]{1,64}$")

ALLOWED_EXTRAS = frozenset({
    "action", "attempt", "attempts", "attempt_id", "bytes", "calls", "check", "connection_id", "count", "duration_s",
    "elapsed_ms", "epoch", "error_id", "error_kind", "exit_code", "generation", "item_id", "items", "job", "kind",
    "lab_id", "method", "move", "n", "outcome", "page", "pages", "path_template", "pms_key", "port", "request_id",
    "rows", "run", "sends", "seq", "state", "status", "ticks", "version", "wait_s", "writeback_id",
})  # fmt: skip
"""Ids, kinds, counts, durations, codes. A patient's id in a PMS is not among them."""


class AllowListFormatter(logging.Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without line end."""
        import json
        from datetime import UTC, datetime

        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name if IDENTIFIER.match(record.name) else "other",
        }
        line.update(_message(record))
        for name in sorted(ALLOWED_EXTRAS & record.__dict__.keys()):
            value = record.__dict__[name]
            if _is_plain(value):
                line[name] = value
        if record.exc_info and record.exc_info[1] is not None:
            line["errors"] = list(_error_chain(record.exc_info[1]))
        return json.dumps(line, ensure_ascii=True)


class RotatingLog(logging.Handler):
    """Writes into rotating files from its first record on."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._files: logging.Handler | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """As logging; called under this handler's lock."""
        if self._files is None:
            from logging.handlers import RotatingFileHandler

            self._files = RotatingFileHandler(
                self._path, maxBytes=MAX_FILE_BYTES, backupCount=KEPT_FILES, encoding="utf-8", delay=True
            )
            self._files.setFormatter(self.formatter)
        self._files.emit(record)

    def close(self) -> None:
        """As logging."""
        if self._files is not None:
            self._files.close()
        super().close()


def _message(record: logging.LogRecord) -> Iterator[tuple[str, object]]:
    if isinstance(record.msg, str) and not record.args and EVENT.match(record.msg):
        yield "event", record.msg
        return
    is_ours = record.name.partition(".")[0] == "denticode_desktop"
    if is_ours and isinstance(record.msg, str) and isinstance(record.args, tuple) and record.args:
        # with arguments, the message is a template out of our own code; what fills it in is judged one by one
        yield "event", record.msg
        yield "values", [value if _is_number(value) or _is_code(value) else "…" for value in record.args]
        return
    yield "event", "text.dropped"
    yield "line", record.lineno


def _is_number(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float)


def _is_code(value: object) -> bool:
    return isinstance(value, str) and CODE.match(value) is not None


def _is_plain(value: object) -> bool:
    return _is_number(value) or (isinstance(value, str) and IDENTIFIER.match(value) is not None) or _is_code(value)


def _error_chain(error: BaseException) -> Iterator[dict[str, object]]:
    """Class and lines of code of an error and of those that led to it, at most five."""
    current: BaseException | None = error
    for _ in range(5):
        if current is None:
            return
        frames = traceback.extract_tb(current.__traceback__)[-8:]
        yield {
            "class": type(current).__name__,
            "lines": [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames],
        }
        current = current.__cause__ or current.__context__


def log_to_stderr(level: int = logging.WARNING) -> None:
    """For the console: standard output stays free for the result."""
    _use(logging.StreamHandler(sys.stderr), level)


def log_to_file(folder: Path, level: int = logging.INFO) -> None:
    """For the window and the engine: rotating files of 2 MB, six at most. Without a writable folder, to nowhere."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler: logging.Handler = RotatingLog(folder / LOG_FILE)
    except OSError:
        handler = logging.NullHandler()
    _use(handler, level)


def _use(handler: logging.Handler, level: int) -> None:
    """Makes it the only way out, so that no library's own handler passes the allow-list by."""
    handler.setFormatter(AllowListFormatter())
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(level)
    logging.raiseExceptions = False  # a failing handler would print the raw record
    logging.captureWarnings(True)
