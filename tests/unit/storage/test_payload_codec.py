"""A payload comes back as it was finalized, and its hash is that of the stored bytes."""

import hashlib
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denticode_desktop.domain.charting import Procedure, ProcedureStatus, Quadrant
from denticode_desktop.domain.errors import BugError, StorageError
from denticode_desktop.domain.ids import PmsCodeId, PmsLocationId, PmsProviderId
from denticode_desktop.domain.lab import Document
from denticode_desktop.domain.payload import KIND_OF_PAYLOAD, payload_bytes, payload_sha256
from denticode_desktop.domain.write_back import (
    DocumentPayload,
    ItemKind,
    ItemPayload,
    NotePayload,
    ProcedurePayload,
)
from denticode_desktop.storage.payload_codec import (
    decode_documents,
    decode_payload,
    decode_procedures,
    encode_lines,
    encode_payload,
)

from .outbox_world import OutboxWorld, note

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
DATES = st.dates(date(1900, 1, 1), date(2100, 1, 1))
PROVIDERS = TEXT.map(PmsProviderId)
LOCATIONS = st.none() | TEXT.map(PmsLocationId)
NOTES = st.builds(NotePayload, TEXT, DATES, PROVIDERS, LOCATIONS, TEXT)
PROCEDURES = st.builds(
    ProcedurePayload, TEXT, TEXT.map(PmsCodeId), st.none() | TEXT, st.none() | TEXT,
    st.none() | st.sampled_from(Quadrant), st.sampled_from(ProcedureStatus),
    st.none() | st.integers(-(2**53), 2**53), DATES, PROVIDERS, LOCATIONS, TEXT,
)  # fmt: skip
DOCUMENTS = st.builds(DocumentPayload, TEXT, TEXT, TEXT, st.integers(0, 2**40), DATES, PROVIDERS, LOCATIONS)
PAYLOADS: st.SearchStrategy[ItemPayload] = NOTES | PROCEDURES | DOCUMENTS


@given(PAYLOADS)
def test_payload_comes_back_equal_and_its_hash_is_that_of_the_stored_text(payload: ItemPayload) -> None:
    kind = KIND_OF_PAYLOAD[type(payload)]
    stored = encode_payload(kind, payload, payload_sha256(payload))
    assert decode_payload(kind, stored) == payload
    assert hashlib.sha256(stored.encode()).hexdigest() == payload_sha256(payload)
    assert payload_bytes(decode_payload(kind, stored)) == stored.encode()


@given(PAYLOADS, PAYLOADS)
def test_different_payloads_have_different_bytes(first: ItemPayload, second: ItemPayload) -> None:
    is_same = first == second and type(first) is type(second)
    assert (payload_bytes(first) == payload_bytes(second)) is is_same


@given(
    st.lists(
        st.builds(
            Procedure, TEXT, st.none() | TEXT, st.none() | TEXT, st.none() | st.sampled_from(Quadrant),
            st.sampled_from(ProcedureStatus), st.none() | st.integers(0, 10**7), st.none() | DATES,
        ),
        max_size=4,
    ),
    st.lists(st.builds(Document, TEXT, TEXT, TEXT, st.integers(0, 2**40)), max_size=3),
)  # fmt: skip
def test_lines_of_a_lab_come_back_equal(lines: list[Procedure], documents: list[Document]) -> None:
    assert decode_procedures(encode_lines(lines)) == tuple(lines)
    assert decode_documents(encode_lines(documents)) == tuple(documents)


def test_hash_or_kind_of_another_payload_is_our_mistake() -> None:
    payload = note("one")
    with pytest.raises(BugError):
        encode_payload(ItemKind.NOTE, payload, payload_sha256(replace(payload, text="two")))
    with pytest.raises(BugError):
        encode_payload(ItemKind.PROCEDURE, payload, payload_sha256(payload))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"kind":"note","text":5}', '{"text":"cut'])
def test_text_that_is_no_payload_is_damage(text: str) -> None:
    with pytest.raises(StorageError) as caught:
        decode_payload(ItemKind.NOTE, text)
    assert caught.value.kind == "damaged"


def test_note_with_every_kind_of_character_survives_the_file(world: OutboxWorld) -> None:
    text = "S: \u0000 \r\n\t \u202eright to left\u202c e\u0301 \ufeff \U0001f9b7 \\ \" ' ; --"
    (item,) = world.writeback(note(text))
    assert isinstance(item.payload, NotePayload)
    assert item.payload.text.startswith(text)
    with world.store.read_session() as session:
        stored = session.value("SELECT payload FROM item")
    assert hashlib.sha256(stored.encode()).hexdigest() == item.payload_sha256
