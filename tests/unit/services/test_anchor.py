"""The anchor survives as it was written, and a damaged one is never taken for none."""

import pytest

from denticode_desktop.domain.audit_event import Anchor
from denticode_desktop.domain.errors import SecretStoreError
from denticode_desktop.ports.secrets import ANCHOR, MAX_SECRET_CHARS
from denticode_desktop.services.anchor import AnchorStore

from .sender_world import MemorySecrets

WRITTEN = Anchor(generation=7, audit_seq=123_456_789, audit_hash="ab" * 32)


def test_anchor_before_the_first_write_is_none() -> None:
    assert AnchorStore(MemorySecrets()).read() is None


def test_anchor_written_is_read_back_equal() -> None:
    secrets = MemorySecrets()
    AnchorStore(secrets).write(WRITTEN)
    assert AnchorStore(secrets).read() == WRITTEN
    assert len(secrets.values[ANCHOR]) <= MAX_SECRET_CHARS


@pytest.mark.parametrize(
    "text",
    [
        "", "nonsense", "[]", "{}", '{"generation":1,"audit_seq":2}',
        '{"generation":true,"audit_seq":2,"audit_hash":"' + "a" * 64 + '"}',
        '{"generation":-1,"audit_seq":2,"audit_hash":"' + "a" * 64 + '"}',
        '{"generation":1,"audit_seq":"2","audit_hash":"' + "a" * 64 + '"}',
        '{"generation":1,"audit_seq":2,"audit_hash":"' + "a" * 63 + '"}',
        '{"generation":1,"audit_seq":2,"audit_hash":"' + "Z" * 64 + '"}',
    ],
)  # fmt: skip
def test_anchor_that_is_damaged_raises_instead_of_being_missed(text: str) -> None:
    secrets = MemorySecrets()
    secrets.values[ANCHOR] = text
    with pytest.raises(SecretStoreError):
        AnchorStore(secrets).read()


def test_anchor_in_a_locked_store_raises() -> None:
    secrets = MemorySecrets()
    secrets.is_locked = True
    with pytest.raises(SecretStoreError):
        AnchorStore(secrets).read()
    with pytest.raises(SecretStoreError):
        AnchorStore(secrets).write(WRITTEN)
