"""Whole, valid Lab files of invented people, to be spoiled by tests."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

TINY_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)

_LAB: dict[str, Any] = {
    "schema": "denticode.lab/1",
    "external_id": "scribe-123",
    "visit_date": "2026-11-20",
    "patient": {"first_name": "Ana", "last_name": "Ruiz", "date_of_birth": "1984-03-02"},
    "provider": {"name": "Lee, Sam"},
    "note": {"text": "S: invented.\nO: invented."},
    "procedures": [{"code": "T0101", "tooth": "14", "surfaces": "MO", "status": "treatment_planned"}],
    "documents": [{"file": "consent.pdf", "title": "Consent"}],
}


class StandingClock:
    """A clock that shows NOW until it is set."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def utc_now(self) -> datetime:
        """Aware UTC."""
        return self.now

    def monotonic_s(self) -> float:
        """Stands still."""
        return 0.0


def lab_json() -> dict[str, Any]:
    """A fresh copy of a valid Lab file's content."""
    return deepcopy(_LAB)


def write_lab(folder: Path, content: object, name: str = "visit.json") -> Path:
    """Writes `content` and its consent.pdf into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "consent.pdf").write_bytes(TINY_PDF)
    path = folder / name
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def spoil(content: dict[str, Any], path: list[str | int], value: object) -> dict[str, Any]:
    """`content` with one value replaced."""
    place: Any = content
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return content


def drop(content: dict[str, Any], path: list[str | int]) -> dict[str, Any]:
    """`content` without one field."""
    place: Any = content
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return content
