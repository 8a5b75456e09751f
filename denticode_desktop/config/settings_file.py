"""This computer's own settings, `settings.json` in the data folder. What belongs to the practice is in the database.

Each option is declared once, with type, unit, default and bounds. A file that cannot be read or a value out of bounds
gives the default: a damaged settings file never keeps the program from starting.
"""

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from denticode_desktop.domain.errors import StorePlaceError, UserError

MAX_FILE_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """All options.

    sync_interval_min: minutes between scheduled syncs, 5 to 1,440.
    watched_folder: where a scribe drops Lab files; empty = none.
    """

    sync_interval_min: int = 15
    watched_folder: str = ""

    def faults(self) -> dict[str, str]:
        """What is out of bounds: option -> sentence."""
        found: dict[str, str] = {}
        if not 5 <= self.sync_interval_min <= 1_440:
            found["sync_interval_min"] = "The minutes between two syncs are 5 to 1440."
        if self.watched_folder and not Path(self.watched_folder).is_absolute():
            found["watched_folder"] = "The watched folder is a full path, from the drive on."
        return found


class SettingsFile:
    """Reads and replaces the file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> LocalSettings:
        """What is stored, with the default wherever that is missing or makes no sense."""
        stored = self._stored()
        settings = LocalSettings()
        for name, default in asdict(settings).items():
            value: Any = stored.get(name)
            if type(value) is type(default):
                changed = replace(settings, **{name: value})
                settings = settings if name in changed.faults() else changed
        return settings

    def save(self, settings: LocalSettings) -> None:
        """Replaces the file as a whole. Raises UserError for a value out of bounds, StorePlaceError for the disk."""
        for field, sentence in settings.faults().items():
            raise UserError(sentence, field=field)
        temporary = self._path.with_name(f".{self._path.name}.new")
        try:
            with temporary.open("w", encoding="utf-8") as file:
                json.dump(asdict(settings), file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._path)
        except OSError as error:
            raise StorePlaceError("not_writable") from error

    def _stored(self) -> dict[str, Any]:
        try:
            if self._path.stat().st_size > MAX_FILE_BYTES:
                return {}
            value = json.loads(self._path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}
