"""Small builders for domain objects with invented content."""

from dataclasses import replace
from datetime import date

from denticode_desktop.domain.chart_match import ChartRecord, Look
from denticode_desktop.domain.charting import ProcedureStatus
from denticode_desktop.domain.fingerprint import fingerprint_of
from denticode_desktop.domain.ids import (
    ConnectionId,
    ItemId,
    LabId,
    PmsCodeId,
    PmsPatientId,
    PmsProviderId,
    RemoteId,
    WriteBackId,
)
from denticode_desktop.domain.marker import canonical_text, marker_for, with_marker
from denticode_desktop.domain.write_back import Item, ItemKind, ItemPayload, ItemState, NotePayload, ProcedurePayload

PATIENT = PmsPatientId("9000000000001")
MARKER = marker_for("org", LabId("Labc"), 1, 1)
NOTE_TEXT = "S: tooth 14 hurts when chewing.\nP: crown planned."


def note_payload(text: str = NOTE_TEXT, marker: str | None = MARKER) -> NotePayload:
    """A note, with the marker line unless None."""
    whole = with_marker(text, marker) if marker else text
    return NotePayload(whole, date(2026, 11, 20), PmsProviderId("p1"), None, "America/New_York")


def procedure_payload(code: str = "T0101") -> ProcedurePayload:
    """A treatment-planned code without tooth."""
    return ProcedurePayload(
        code, PmsCodeId(f"c-{code}"), None, None, None, ProcedureStatus.TREATMENT_PLANNED, None, date(2026, 11, 20),
        PmsProviderId("p1"), None, "America/New_York",
    )  # fmt: skip


def item(payload: ItemPayload | None = None, **changes: object) -> Item:
    """A PLANNED item number 1."""
    payload = payload or note_payload()
    kind = ItemKind.NOTE if isinstance(payload, NotePayload) else ItemKind.PROCEDURE
    built = Item(
        ItemId(1), WriteBackId(1), ConnectionId(1), PATIENT, 1, kind, payload, "0" * 64, MARKER,
        fingerprint_of(payload), ItemState.PLANNED,
    )  # fmt: skip
    return replace(built, **changes)  # type: ignore[arg-type]


def note_record(text: str, remote_id: str = "n1", **changes: object) -> ChartRecord:
    """A note in the chart."""
    canonical = canonical_text(text)
    built = ChartRecord(RemoteId(remote_id), PATIENT, ItemKind.NOTE, "", text=canonical)
    return replace(built, **changes)  # type: ignore[arg-type]


def procedure_record(payload: ProcedurePayload, remote_id: str = "r1", **changes: object) -> ChartRecord:
    """A procedure in the chart with the payload's fingerprint."""
    built = ChartRecord(RemoteId(remote_id), PATIENT, ItemKind.PROCEDURE, fingerprint_of(payload))
    return replace(built, **changes)  # type: ignore[arg-type]


def look(*records: ChartRecord, kind: ItemKind = ItemKind.NOTE) -> Look:
    """A complete look with these records."""
    return Look(kind, PATIENT, tuple(records), 1, "e" * 64, 0.0)
