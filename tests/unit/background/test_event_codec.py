"""Events over a pipe: what goes in comes out, and nothing else does."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denticode_desktop.background.event_codec import EVENTS, decode, encode
from denticode_desktop.domain.events import Event, QueueChanged, SyncProgressed, SyncScheduled
from denticode_desktop.domain.ids import ConnectionId, ItemId

PLAIN = st.floats(allow_nan=False, allow_infinity=False, width=32)
events: st.SearchStrategy[Event] = st.one_of(
    *(st.builds(kind) for name, kind in EVENTS.items() if name not in ("SyncProgressed", "SyncScheduled")),
    st.builds(SyncProgressed, left_s=st.none() | PLAIN),
    st.builds(SyncScheduled, next_epoch_s=st.none() | PLAIN),
)


@given(events)
def test_every_event_comes_back_as_it_was(event: Event) -> None:
    line = encode(event)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode(line) == event


@given(st.binary(max_size=200))
def test_any_other_bytes_are_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(line)


@pytest.mark.parametrize(
    "change",
    [{"event": "Nobody"}, {"more": 1}, {"connection_id": "1"}, {"connection_id": True}, {"item_id": 1.5}],
)
def test_wrong_name_field_or_type_is_refused(change: dict[str, object]) -> None:
    body = json.loads(encode(QueueChanged(ConnectionId(1), ItemId(2))))
    with pytest.raises(ValueError, match=r"event|fields|type"):
        decode(json.dumps(body | change).encode())
