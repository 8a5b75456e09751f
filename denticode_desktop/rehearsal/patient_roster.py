"""The invented patients of a rehearsal practice: any number, the same for the same seed, made when asked for.

A row is built from (seed, index) alone and then kept as the bytes that go over the wire, so 100,000 patients cost
about 100 MB and a page of 500 is one join. Staff changes are kept beside the generator and laid over it.
"""

from __future__ import annotations

import array
import bisect
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from denticode_desktop.rehearsal.filter_language import Condition, to_ms
from denticode_desktop.rehearsal.invented_people import build_person, draw
from denticode_desktop.rehearsal.practice_data import FIRST_PATIENT_ID, JsonObject, iso, words
from denticode_desktop.rehearsal.switches import Switches

FIRST_CHANGE_MS = 1_672_531_200_000  # 2023-01-01: the oldest lastModified
CHANGE_SPAN_MS = 94_608_000_000  # three years: the newest is before 2026
KEPT_SELECTIONS = 8
VERSION_BYTES = len(b'"lastModified":"2026-01-01T00:00:00.000Z"}')  # the end of a row
ID_DIGITS = 18

PATIENT_FIELDS = words(
    "id type firstName lastName middleInitial preferredName title nameSuffix dateOfBirth gender chartNumber"
    " patientStatus contactMethod languageType emailAddress address1 address2 city state postalCode phones"
    " firstVisitDate lastModified preferredLocation preferredLocation.id primaryProvider primaryProvider.id"
    " primaryGuarantor primaryGuarantor.id duplicateOfPatient duplicateOfPatient.id"
)


class PatientRoster:
    """All patients by index. Not thread-safe: the chart's lock guards it."""

    def __init__(self, *, seed: int, count: int, base_url: str, switches: Switches) -> None:
        self._seed = seed
        self._base_url = base_url
        self._switches = switches
        moments = (FIRST_CHANGE_MS + draw(seed, index, 90) % CHANGE_SPAN_MS for index in range(count))
        self._modified_ms = array.array("q", moments)
        self._rows: list[bytes | None] = [None] * count
        self._generated = count
        self._changes: dict[int, JsonObject] = {}
        self._gone: set[int] = set()
        self._selections: dict[tuple[Condition, ...], Sequence[int]] = {}

    def __len__(self) -> int:
        return len(self._rows) - len(self._gone)

    def id_at(self, index: int) -> str:
        """Return the id of the patient at an index."""
        return str(FIRST_PATIENT_ID + index)

    def index_of(self, patient_id: str) -> int | None:
        """Return the index of a patient who is in the roster, else None."""
        if not (patient_id.isascii() and patient_id.isdigit() and len(patient_id) <= ID_DIGITS):
            return None
        index = int(patient_id) - FIRST_PATIENT_ID
        return index if 0 <= index < len(self._rows) and index not in self._gone else None

    def record(self, index: int) -> JsonObject:
        """Build the record at an index, switches and staff changes applied."""
        base = build_person(self._seed, index, self._base_url) if index < self._generated else {}
        if self._switches.test_data_roster:
            base |= {"firstName": ("Test", "Zztest", "Demo")[index % 3], "lastName": f"Patient{index}"}
            base |= {"dateOfBirth": "1900-01-01", "phones": [], "address1": "123 Test Street"}
        record = base | self._changes.get(index, {})
        if self._switches.unknown_enums and index % 2:
            record |= {"patientStatus": "NOT SEEN BEFORE", "gender": "NOT SEEN BEFORE"}
        for name in self._switches.missing_fields:
            record.pop(name, None)
        if "lastModified" not in self._switches.missing_fields:
            record["lastModified"] = self.modified_at(index)
        return record

    def row(self, index: int) -> bytes:
        """Return the record at an index as JSON, kept for the next time."""
        row = self._rows[index]
        if row is None:
            row = self._rows[index] = msgspec.json.encode(self.record(index))
        return row

    def rows(self, indexes: Sequence[int]) -> list[bytes]:
        """Return the rows at several indexes; this is the hot path of a first sync."""
        kept = self._rows
        return [kept[index] or self.row(index) for index in indexes]

    def id_and_version(self, index: int) -> bytes:
        """Return a row of `id` and `lastModified` alone, which is what a sync asks for to see if anything changed."""
        row = self._rows[index]
        if row is not None and row[-VERSION_BYTES:].startswith(b'"lastModified":"'):
            return b'{"id":"%d",%b' % (FIRST_PATIENT_ID + index, row[-VERSION_BYTES:])
        return msgspec.json.encode({"id": self.id_at(index), "lastModified": self.modified_at(index)})

    def modified_at(self, index: int) -> str:
        """Return when the record last changed, as the PMS writes it."""
        return iso(datetime.fromtimestamp(self._modified_ms[index] / 1000, UTC))

    def warm(self) -> None:
        """Make every row now, so that a measurement does not measure the generator."""
        for index in range(len(self._rows)):
            self.row(index)

    def forget_rows(self) -> None:
        """Throw the kept rows away, because a switch changed how they look."""
        self._rows = [None] * len(self._rows)
        self._selections.clear()

    def change(self, index: int, changes: JsonObject, now: datetime) -> None:
        """Lay changes over a record and move its lastModified."""
        self._changes[index] = self._changes.get(index, {}) | changes
        self._touch(index, now)
        self._selections.clear()

    def touch_share(self, share: float, now: datetime) -> int:
        """Move lastModified of a share (0 to 1) of the patients, evenly spread; return how many."""
        wanted = round(len(self._rows) * share)
        chosen = [number * len(self._rows) // wanted for number in range(wanted)]
        touched = [index for index in chosen if index not in self._gone]
        for index in touched:
            self._touch(index, now)
        self._selections.clear()
        return len(touched)

    def add(self, fields: JsonObject, now: datetime) -> str:
        """Add a patient at the end and return the id."""
        index = len(self._rows)
        self._rows.append(None)
        self._modified_ms.append(to_ms(now))
        self._changes[index] = {"id": self.id_at(index), "type": "PatientV1"} | fields
        self._selections.clear()
        return self.id_at(index)

    def remove(self, index: int) -> None:
        """Take a patient out; the id then does not exist."""
        self._gone.add(index)
        self._selections.clear()

    def select(self, conditions: tuple[Condition, ...]) -> Sequence[int]:
        """Return the indexes of all who meet the conditions, ascending; the last few answers are kept for paging."""
        if not conditions and not self._gone:
            return range(len(self._rows))
        known = self._selections.get(conditions)
        if known is None:
            known = array.array("l", self._find(conditions))
            while len(self._selections) >= KEPT_SELECTIONS:
                self._selections.pop(next(iter(self._selections)))
            self._selections[conditions] = known
        return known

    def _find(self, conditions: tuple[Condition, ...]) -> list[int]:
        candidates: Sequence[int] = range(len(self._rows))
        rest = []
        for condition in conditions:
            if condition.path == "id" and condition.operator in ("==", "->"):
                found = {self.index_of(value) for value in condition.values}
                candidates = [index for index in candidates if index in found]
            elif condition.path == "lastModified" and condition.operator in (">=", ">"):
                bound = condition.moment_ms + (condition.operator == ">")
                modified = self._modified_ms
                candidates = [index for index in candidates if modified[index] >= bound]
            else:
                rest.append(condition)
        return [index for index in candidates if index not in self._gone and (not rest or self._meets(index, rest))]

    def _meets(self, index: int, conditions: list[Condition]) -> bool:
        record: JsonObject = msgspec.json.decode(self.row(index))
        return all(condition.holds(record) for condition in conditions)

    def _touch(self, index: int, now: datetime) -> None:
        self._modified_ms[index] = to_ms(now)
        self._rows[index] = None


def position_after(selected: Sequence[int], last_id: str) -> int:
    """Return where in a selection the rows after `last_id` begin; the id itself need not exist."""
    return bisect.bisect_right(selected, int(last_id) - FIRST_PATIENT_ID)
