"""SecretStore: the OS credential store, or for a rehearsal-only folder an owner-only file."""

from typing import Protocol

MAX_SECRET_CHARS = 1_280
"""Windows Credential Manager holds 2,560 bytes as UTF-16."""


class SecretStore(Protocol):
    """Named secrets of one data folder. Write-only for people: nothing shows a stored secret again.

    Every method raises SecretStoreError (`no_store`, `locked`, `too_long`, `failed`).
    """

    @property
    def kind(self) -> str:
        """Plain name of the store, such as `Windows Credential Manager`."""
        ...

    @property
    def is_real(self) -> bool:
        """False for the owner-only file of a rehearsal-only folder: no real connection may be made with it."""
        ...

    def get(self, name: str) -> str | None:
        """The secret, or None where there is none by that name."""
        ...

    def put(self, name: str, value: str) -> None:
        """Stores or replaces, durably before it returns. At most MAX_SECRET_CHARS characters."""
        ...

    def delete(self, name: str) -> None:
        """Removes; absent is fine."""
        ...


DATABASE_KEY = "database-key"
ANCHOR = "anchor"


def connection_secret(connection_id: int, field: str) -> str:
    """Name of one secret of a connection, such as its `client_secret`."""
    return f"connection-{connection_id}-{field}"
