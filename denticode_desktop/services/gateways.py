"""Gateways: opens the PMS gateway of a stored connection with its secrets from the credential store."""

from denticode_desktop.domain.connection import ConnectionSettings
from denticode_desktop.domain.errors import SecretStoreError
from denticode_desktop.domain.ids import ConnectionId, PmsKey
from denticode_desktop.ports.pms import ConnectionSecrets, PmsDirectory, PmsGateway
from denticode_desktop.ports.secrets import SecretStore, connection_secret
from denticode_desktop.ports.unit_of_work import Store

MISSING_HINT = "The credentials of this connection are not on this computer. Reconnect it with the same credentials."


class Gateways:
    """Opens gateways by connection. Keeps none: whoever opens one closes it."""

    def __init__(self, store: Store, directory: PmsDirectory, secrets: SecretStore) -> None:
        self._store = store
        self._directory = directory
        self._secrets = secrets

    def open(self, connection_id: ConnectionId) -> PmsGateway:
        """A gateway for a stored connection; no socket is opened yet.

        Raises NotFoundError (no such connection), SecretStoreError (`missing` where a needed secret is not stored, as
        after a disconnect; else as SecretStore.get), StorageError.
        """
        with self._store.read() as uow:
            settings = uow.connections.get(connection_id).settings
        return self.open_with(settings, self.stored_secrets(connection_id, settings.pms_key))

    def open_with(self, settings: ConnectionSettings, secrets: ConnectionSecrets) -> PmsGateway:
        """A gateway for settings that are not stored yet (the Add Connection wizard)."""
        return self._directory.open(settings, secrets)

    def stored_secrets(self, connection_id: ConnectionId, pms_key: PmsKey) -> ConnectionSecrets:
        """The connection's secrets, for a gateway only. Raises SecretStoreError as `open`."""
        values: dict[str, str] = {}
        for field in self._directory.profile(pms_key).fields:
            if not field.is_secret:
                continue
            value = self._secrets.get(connection_secret(connection_id, field.name))
            if value is not None:
                values[field.name] = value
            elif field.is_required:
                raise SecretStoreError("missing", MISSING_HINT)
        return ConnectionSecrets(values)
