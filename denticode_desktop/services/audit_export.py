"""Audit exports: CSV for a spreadsheet, JSON lines that prove themselves.

JSON lines (`denticode.audit/1`): the first line holds schema, number of events and the last event's hash. Each further
line is one event in canonical JSON (keys sorted, no spaces, UTF-8) with its `hash`. Without `hash`, the same canonical
JSON's SHA-256 must be `hash`, and `previous` must be the `hash` of the line before (64 zeros for the first).
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from datetime import UTC

from denticode_desktop.domain.audit_event import GENESIS_HASH, AuditEvent, AuditHead, draft_fields
from denticode_desktop.domain.lab import canonical_json

from .audit_chain import VerifyResult, why_broken

SCHEMA = "denticode.audit/1"
CSV_COLUMNS = (
    "seq", "at", "kind", "outcome", "actor", "role", "connection_id", "pms_patient_id", "lab_id", "writeback_id",
    "item_id", "attempt_id", "epoch", "ticks", "content_sha256", "remote_id", "reason", "detail", "workstation",
    "app_version", "previous", "hash",
)  # fmt: skip
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def event_fields(event: AuditEvent) -> dict[str, object]:
    """What the event's hash covers."""
    return {
        "seq": event.seq,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "workstation": event.workstation,
        "app_version": event.app_version,
        "previous": event.previous_hash,
        **draft_fields(event.draft),
    }


def safe_cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def csv_lines(events: Iterable[AuditEvent]) -> Iterator[bytes]:
    """A header and a line an event, every cell quoted, CRLF, UTF-8 with a mark so that a spreadsheet knows it."""
    yield b"\xef\xbb\xbf" + _csv_line(CSV_COLUMNS)
    for event in events:
        values = {**event_fields(event), "hash": event.hash}
        values["detail"] = canonical_json(event.draft.detail).decode() if event.draft.detail else ""
        yield _csv_line("" if values[name] is None else safe_cell(str(values[name])) for name in CSV_COLUMNS)


def _csv_line(cells: Iterable[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(cells)
    return line.getvalue().encode()


def json_lines(head: AuditHead, events: Iterable[AuditEvent]) -> Iterator[bytes]:
    """The whole log: `events` must be all of them by seq, and `head` the last."""
    yield canonical_json({"schema": SCHEMA, "events": head.seq, "head": head.hash}) + b"\n"
    for event in events:
        yield canonical_json({**event_fields(event), "hash": event.hash}) + b"\n"


def verify_json_lines(lines: Iterable[bytes]) -> VerifyResult:
    """Verifies an export with nothing but the export; `bad_seq` 0 = its first line.

    Lines come with their line ends. Never raises for what is in them.
    """
    rows = iter(lines)
    header = _parsed(next(rows, b""))
    if (
        header is None
        or set(header) != {"schema", "events", "head"}
        or header["schema"] != SCHEMA
        or type(header["events"]) is not int
    ):
        return _bad(0, GENESIS_HASH, 0, "The first line is not that of an audit export.")
    seq, previous = 0, GENESIS_HASH
    for line in rows:
        why = _why_bad(line, seq + 1, previous)
        if why:
            return _bad(seq, previous, seq + 1, why)
        seq, previous = seq + 1, str((_parsed(line) or {}).get("hash"))
    if seq != header["events"]:
        return _bad(seq, previous, seq + 1, f"The file was cut: {header['events']} events were exported.")
    if previous != header["head"]:
        return _bad(seq, previous, 0, "The first line names another last event.")
    return VerifyResult(ok=True, events=seq, head=previous)


def _bad(events: int, head: str, bad_seq: int, why: str) -> VerifyResult:
    return VerifyResult(ok=False, events=events, head=head, bad_seq=bad_seq, why=why)


def _parsed(line: bytes) -> dict[str, object] | None:
    """The object in a line, None where the bytes are not exactly what an export writes."""
    try:
        value = json.loads(line)
        is_exact = isinstance(value, dict) and canonical_json(value) + b"\n" == line
    except (ValueError, RecursionError):
        return None
    return value if is_exact else None


def _why_bad(line: bytes, expected: int, previous: str) -> str:
    """Empty where the line is the event that follows."""
    value = _parsed(line)
    if value is None:
        return f"The line of event {expected} was changed."
    digest = value.pop("hash", None)
    seq = value.get("seq")
    is_next = value.get("previous") == previous
    is_unchanged = hashlib.sha256(canonical_json(value)).hexdigest() == digest
    if seq == expected and is_next and is_unchanged:
        return ""
    if type(seq) is not int or (seq != expected and not is_unchanged):
        return f"The line of event {expected} was changed."
    return why_broken(seq, expected, is_next=is_next)
