"""SecretStore in the operating system's credential store, through `keyring`.

keyring picks a back end by itself, and some of what it may pick keeps secrets in plain text, nowhere, or in a chain
that falls through to another. So the class of the back end is compared with a short list, and its members are used
directly, never the chain.
"""

import sys
from collections.abc import Callable, Mapping
from typing import TypeVar

import keyring
from keyring.backend import KeyringBackend
from keyring.errors import InitError, KeyringError, KeyringLocked, NoKeyringError

from denticode_desktop.domain.errors import SecretStoreError
from denticode_desktop.ports.secrets import MAX_SECRET_CHARS

T = TypeVar("T")

REAL_STORES: Mapping[str, str] = {
    "keyring.backends.Windows.WinVaultKeyring": "Windows Credential Manager",
    "keyring.backends.macOS.Keyring": "macOS Keychain",
    "keyring.backends.SecretService.Keyring": "Secret Service",
}
"""Class of a back end -> plain name. Anything else (null, fail, plain-text, chain) does not count."""

SERVICE = "Denticode Desktop"


def install_hint(platform: str = sys.platform) -> str:
    """Which package brings a credential store, in one sentence."""
    if platform == "win32":
        return "Install the Python package pywin32-ctypes, so that Windows Credential Manager can be reached."
    if platform == "darwin":
        return "Unlock the login keychain in Keychain Access."
    return (
        "Install the package gnome-keyring (or KeePassXC with its Secret Service switched on), sign in to the desktop "
        "and start Denticode from there."
    )


def class_path(backend: KeyringBackend) -> str:
    """`module.Class` of a back end, of the object itself and not of what it claims to be."""
    return f"{type(backend).__module__}.{type(backend).__qualname__}"


def find_backend(accepted: Mapping[str, str] = REAL_STORES) -> tuple[KeyringBackend, str]:
    """The back end to use and its plain name.

    Raises SecretStoreError (`no_store`) where none of the accepted ones is at hand.
    """
    try:
        chosen = keyring.get_keyring()
    except (KeyringError, RuntimeError, OSError) as error:
        raise SecretStoreError("no_store", install_hint()) from error
    candidates = [chosen]
    if class_path(chosen) == "keyring.backends.chainer.ChainerBackend":
        candidates = list(getattr(chosen, "backends", ()))
    for backend in candidates:
        name = accepted.get(class_path(backend))
        if name is not None:
            return backend, name
    raise SecretStoreError("no_store", install_hint())


def _foreign_errors() -> tuple[type[Exception], ...]:
    """What the back ends' own libraries raise past keyring; each is there only on its system."""
    errors: list[type[Exception]] = [KeyringError, OSError, RuntimeError, UnicodeError]
    for module, name in (
        ("secretstorage.exceptions", "SecretStorageException"),
        ("jeepney.wrappers", "DBusErrorResponse"),
        ("win32ctypes.pywin32.pywintypes", "error"),
        ("pywintypes", "error"),
    ):
        found = getattr(sys.modules.get(module), name, None)
        if isinstance(found, type) and issubclass(found, Exception):
            errors.append(found)
    return tuple(errors)


class KeyringSecretStore:
    """Secrets of one data folder, told from those of other folders by its database id (ports.secrets.SecretStore)."""

    def __init__(self, database_id: str, *, accepted: Mapping[str, str] = REAL_STORES) -> None:
        self._database_id = database_id
        self._backend, self._kind = find_backend(accepted)
        if self._kind == REAL_STORES["keyring.backends.Windows.WinVaultKeyring"]:
            # keyring's default travels with a roaming profile: the key must stay on this machine
            setattr(self._backend, "persist", "local machine")  # noqa: B010 - a property of this back end only

    @property
    def kind(self) -> str:
        """Plain name of the store."""
        return self._kind

    @property
    def is_real(self) -> bool:
        """Always: what is not real is not accepted."""
        return True

    def get(self, name: str) -> str | None:
        """The secret, or None. Raises SecretStoreError."""
        return self._call(lambda: self._backend.get_password(self._service(name), name))

    def put(self, name: str, value: str) -> None:
        """Stores and reads back. Raises SecretStoreError (`too_long`, `locked`, `failed`)."""
        if len(value.encode("utf-16-le")) > 2 * MAX_SECRET_CHARS:
            raise SecretStoreError("too_long", f"A secret may have at most {MAX_SECRET_CHARS} characters.")
        self._call(lambda: self._backend.set_password(self._service(name), name, value))
        if self.get(name) != value:
            raise SecretStoreError("failed", f"{self._kind} did not give back what was stored.")

    def delete(self, name: str) -> None:
        """Removes; absent is fine. Raises SecretStoreError."""
        if self.get(name) is not None:
            self._call(lambda: self._backend.delete_password(self._service(name), name))

    def _service(self, name: str) -> str:
        # one target per secret: with a shared one, Windows moves the others to compound names at every put
        return f"{SERVICE} {self._database_id} {name}"

    def _call(self, action: Callable[[], T]) -> T:
        try:
            return action()
        except NoKeyringError as error:
            raise SecretStoreError("no_store", install_hint()) from error
        except (KeyringLocked, InitError) as error:
            raise SecretStoreError("locked", f"Unlock {self._kind} and try again.") from error
        except _foreign_errors() as error:
            raise SecretStoreError("failed", f"{self._kind} refused.") from error
