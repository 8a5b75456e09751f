"""SecretCustody: a connection's secrets in the credential store, undone when the database says no."""

import contextlib
from collections.abc import Iterable, Iterator

from denticode_desktop.domain.connection import Environment
from denticode_desktop.domain.errors import SecretStoreError, UserError
from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.ports.pms import ConnectionSecrets
from denticode_desktop.ports.secrets import SecretStore, connection_secret

INSTALL_HINT = (
    "This computer has no credential store that works, and without one no connection can be made. On Windows sign in "
    "with your own account; on Linux install GNOME Keyring or KWallet and sign in to the desktop again."
)
LOCKED_HINT = "The computer's credential store is locked. Sign in to the computer again, then try once more."


def require_store(secrets: SecretStore, environment: Environment) -> None:
    """Raises UserError (field `credential_store`) where the secrets of such a connection could not be kept."""
    if environment is not Environment.REHEARSAL and not secrets.is_real:
        raise UserError(INSTALL_HINT, field="credential_store")
    try:
        secrets.get(connection_secret(0, "probe"))
    except SecretStoreError as error:
        hint = LOCKED_HINT if error.kind == "locked" else error.hint or INSTALL_HINT
        raise UserError(hint, field="credential_store") from error


class SecretChange:
    """What one write unit put into the credential store, with what was there before."""

    def __init__(self, secrets: SecretStore) -> None:
        self._secrets = secrets
        self._before: list[tuple[str, str | None]] = []

    def put_all(self, connection_id: ConnectionId, secrets: ConnectionSecrets) -> None:
        """Stores every field under its connection. Raises SecretStoreError."""
        for field, value in secrets.values.items():
            name = connection_secret(connection_id, field)
            self._before.append((name, self._secrets.get(name)))
            self._secrets.put(name, value)

    def undo(self) -> None:
        """Puts back what was there; as far as the store lets us, since an error is under way already."""
        for name, value in reversed(self._before):
            with contextlib.suppress(SecretStoreError):
                if value is None:
                    self._secrets.delete(name)
                else:
                    self._secrets.put(name, value)


@contextlib.contextmanager
def secret_change(secrets: SecretStore) -> Iterator[SecretChange]:
    """Opened around a write unit: secrets are put before its commit and undone when the block or the commit fails."""
    change = SecretChange(secrets)
    try:
        yield change
    except BaseException:
        change.undo()
        raise


def delete_secrets(secrets: SecretStore, connection_id: ConnectionId, fields: Iterable[str]) -> None:
    """Deletes them all; tries every one. Raises the first SecretStoreError afterwards."""
    failed: SecretStoreError | None = None
    for field in fields:
        try:
            secrets.delete(connection_secret(connection_id, field))
        except SecretStoreError as error:
            failed = failed or error
    if failed is not None:
        raise failed
