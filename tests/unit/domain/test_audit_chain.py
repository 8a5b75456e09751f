"""The hash chain: any change is found."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from denticode_desktop.domain.audit_event import GENESIS_HASH, AuditDraft, AuditEvent, AuditKind, is_intact, seal

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def chain(n: int) -> list[AuditEvent]:
    events: list[AuditEvent] = []
    previous = GENESIS_HASH
    for seq in range(1, n + 1):
        draft = AuditDraft(AuditKind.LOOK_DONE, "system", "system", item_id=seq, detail={"pages": 1})
        events.append(seal(draft, seq=seq, at=AT, workstation="ws", app_version="0", previous=previous))
        previous = events[-1].hash
    return events


def first_bad(events: list[AuditEvent]) -> int | None:
    previous, seq = GENESIS_HASH, 1
    for event in events:
        if not is_intact(event, previous, seq):
            return seq
        previous, seq = event.hash, seq + 1
    return None


def test_an_untouched_chain_is_intact() -> None:
    assert first_bad(chain(5)) is None


@given(st.integers(0, 4), st.sampled_from(["reason", "actor", "outcome", "detail"]))
def test_a_changed_field_is_found_at_its_row(index: int, field: str) -> None:
    events = chain(5)
    changed: dict[str, object] = {field: {"pages": 2} if field == "detail" else "x"}
    events[index] = replace(events[index], draft=replace(events[index].draft, **changed))  # type: ignore[arg-type]
    assert first_bad(events) == index + 1


@given(st.integers(0, 3))
def test_a_dropped_or_swapped_row_is_found(index: int) -> None:
    events = chain(5)
    dropped = events[:index] + events[index + 1 :]
    assert first_bad(dropped) == index + 1
    swapped = events.copy()
    swapped[index], swapped[index + 1] = swapped[index + 1], swapped[index]
    assert first_bad(swapped) == index + 1
