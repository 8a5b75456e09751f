"""Sync cursor: how far a pull has got, per connection and kind, and when it may advance."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MARGIN = timedelta(minutes=5)
"""Read again from a little before the mark: two rows can share a time, and the PMS's clock is not atomic."""


class SyncKind(StrEnum):
    """What is pulled, in this order."""

    LOCATIONS = "locations"
    PROVIDERS = "providers"
    CODES = "codes"
    PATIENTS = "patients"
    APPOINTMENTS = "appointments"


@dataclass(frozen=True, slots=True)
class SyncCursor:
    """One kind's position.

    mark: largest change time SEEN in a finished run (the PMS's clock, never ours), None before the first.
    run_mark: largest seen in the run under way.
    after_id: last id stored in the run under way, None between runs.
    is_full: the run under way lists everything (first run, asked for, or nightly id reconciliation).
    run: number of the run under way or last finished; rows not seen in a finished full run are gone.
    """

    mark: datetime | None = None
    run_mark: datetime | None = None
    after_id: str | None = None
    is_full: bool = True
    is_running: bool = False
    run: int = 0

    def since(self) -> datetime | None:
        """From when to ask: None = everything."""
        return None if self.is_full or self.mark is None else self.mark - MARGIN
