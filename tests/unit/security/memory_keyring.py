"""A keyring back end that behaves: keeps secrets in memory, can be locked, can forget, can refuse."""

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError


class MemoryKeyring(KeyringBackend):
    """Behaves as a real store does towards keyring."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.secrets: dict[tuple[str, str], str] = {}
        self.is_locked = False
        self.forgets = False
        self.is_broken = False

    def _answer(self) -> None:
        if self.is_locked:
            raise KeyringLocked("locked")
        if self.is_broken:
            raise OSError("no bus")

    def get_password(self, service: str, username: str) -> str | None:
        """The stored one."""
        self._answer()
        return self.secrets.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Stores, or only says so."""
        self._answer()
        if not self.forgets:
            self.secrets[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        """Removes; absent is an error, as in keyring."""
        self._answer()
        if self.secrets.pop((service, username), None) is None:
            raise PasswordDeleteError("absent")


ACCEPTED = {f"{MemoryKeyring.__module__}.{MemoryKeyring.__qualname__}": "keyring in memory"}
