"""AnchorStore: what is remembered outside the database, so that an older or cut database is noticed.

write-back-protocol.md sections 5 and 9: the anchor is written after T1's commit and before the send; if that fails,
nothing is sent.
"""

import json

from denticode_desktop.domain.audit_event import Anchor
from denticode_desktop.domain.errors import SecretStoreError
from denticode_desktop.ports.secrets import ANCHOR, SecretStore

_HASH_CHARS = 64


class AnchorStore:
    """The anchor in the OS credential store (in the owner-only file of a rehearsal-only folder)."""

    def __init__(self, secrets: SecretStore) -> None:
        self._secrets = secrets

    def read(self) -> Anchor | None:
        """The anchor, None before the first write.

        An anchor that cannot be understood is not taken for a missing one: a rollback would go unnoticed.
        Raises SecretStoreError.
        """
        text = self._secrets.get(ANCHOR)
        return None if text is None else _parsed(text)

    def write(self, anchor: Anchor) -> None:
        """Replaces the anchor durably. Raises SecretStoreError."""
        self._secrets.put(
            ANCHOR,
            json.dumps(
                {"generation": anchor.generation, "audit_seq": anchor.audit_seq, "audit_hash": anchor.audit_hash},
                separators=(",", ":"),
            ),
        )


def _parsed(text: str) -> Anchor:
    damaged = SecretStoreError("failed", "The anchor in the credential store is damaged.")
    try:
        value = json.loads(text)
    except ValueError:
        raise damaged from None
    if not isinstance(value, dict):
        raise damaged
    generation, seq, digest = value.get("generation"), value.get("audit_seq"), value.get("audit_hash")
    if type(generation) is not int or type(seq) is not int or generation < 0 or seq < 0:
        raise damaged
    if not isinstance(digest, str) or len(digest) != _HASH_CHARS or set(digest) - set("0123456789abcdef"):
        raise damaged
    return Anchor(generation, seq, digest)
