"""Data folders: made, opened, recovered. The folder's key is in the credential store and nowhere else in clear.

A folder holds `denticode.db`, `folder.json`, `recovery.json`, `settings.json`, `engine.lock`, `logs` and, where it is
rehearsal-only, `rehearsal.keys`.
"""

# ruff: noqa: PLC0415 - imports inside functions: what a command does not need is not loaded

from __future__ import annotations

from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from denticode_desktop import __version__
from denticode_desktop.config.folder_identity import FolderIdentity, read_identity
from denticode_desktop.config.paths import DataFolder, folder_at, workstation_name
from denticode_desktop.config.system_clock import SystemClock, SystemRandomness
from denticode_desktop.domain.errors import (
    DenticodeError,
    SecretStoreError,
    StorageError,
    StoreKeyError,
    StorePlaceError,
)
from denticode_desktop.ports.secrets import DATABASE_KEY

from .practice import Practice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from denticode_desktop.console.program import CreatedFolder
    from denticode_desktop.ports.secrets import SecretStore

DATABASE_KEY_BYTES = 32


def secret_store_for(folder: DataFolder, identity: FolderIdentity) -> SecretStore:
    """The OS credential store; the owner-only file for a rehearsal-only folder alone. Raises SecretStoreError."""
    if identity.is_rehearsal_only:
        from denticode_desktop.security.rehearsal_file_store import RehearsalFileStore

        return RehearsalFileStore(folder.root)
    from denticode_desktop.security.keyring_store import KeyringSecretStore

    return KeyringSecretStore(identity.database_id)


def init_data_folder(
    data_dir: Path | None, *, practice: str, owner: str, password: str, is_rehearsal_only: bool
) -> CreatedFolder:
    """A new data folder with its practice; the only time that the recovery key is given.

    Raises UserError, SecretStoreError, StorePlaceError (`exists` …), StorageError (`disk_full`); what was made until
    then is taken away again.
    """
    from denticode_desktop.console.program import CreatedFolder
    from denticode_desktop.security.file_access import make_owner_only_folder, write_owner_only
    from denticode_desktop.security.passwords import hash_password
    from denticode_desktop.security.recovery_key import RecoveryKey, wrap_database_key
    from denticode_desktop.services.practice_setup import PracticeSetup, checked_name
    from denticode_desktop.storage.place import check_place
    from denticode_desktop.storage.store import create_store

    folder, clock, chance = folder_at(data_dir), SystemClock(), SystemRandomness()
    checked_name(practice, field="practice", what="practice")
    checked_name(owner, field="owner", what="owner")
    password_hash = hash_password(password, chance) if password else ""
    if folder.database.exists() or folder.identity.exists():
        raise StorePlaceError("exists")
    check_place(folder.database)
    identity = FolderIdentity(chance.token_bytes(16).hex(), is_rehearsal_only)
    key, recovery = chance.token_bytes(DATABASE_KEY_BYTES), RecoveryKey.make(chance)
    absent = _absent(folder)
    secrets = secret_store_for(folder, identity)
    try:
        make_owner_only_folder(folder.root)
        _put_key(secrets, key)
        write_owner_only(folder.recovery, wrap_database_key(key, recovery, identity.database_id, chance))
        write_owner_only(folder.identity, identity.as_bytes())
        with closing(create_store(folder.database, key, clock, workstation_name(), __version__)) as store:
            PracticeSetup(store, clock).create(
                practice, owner, password_hash=password_hash, is_rehearsal_only=is_rehearsal_only
            )
    except BaseException:
        with suppress(DenticodeError):
            secrets.delete(DATABASE_KEY)
        _take_away(absent)
        raise
    return CreatedFolder(folder.root, identity.database_id, recovery.shown(), secrets.kind, is_rehearsal_only)


def _put_key(secrets: SecretStore, key: bytes) -> None:
    """Raises StorageError for a full disk, which is no fault of the credential store; else as SecretStore.put."""
    try:
        secrets.put(DATABASE_KEY, key.hex())
    except SecretStoreError as error:
        if error.kind == "disk_full":
            raise StorageError("disk_full") from error
        raise


def _absent(folder: DataFolder) -> list[Path]:
    """Of the files that `init` makes and the folders that they need: those that are not there yet, files first."""
    from denticode_desktop.security.rehearsal_file_store import FILE_NAME, LOCK_NAME

    files = [folder.database, folder.identity, folder.recovery, folder.root / FILE_NAME, folder.root / LOCK_NAME]
    return [path for path in (*files, folder.root, *folder.root.parents) if not path.exists()]


def _take_away(paths: Sequence[Path]) -> None:
    """What cannot be removed stays: the error that led here is the one to tell."""
    for path in paths:
        with suppress(OSError):
            path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)


@contextmanager
def open_application(data_dir: Path | None) -> Iterator[Practice]:
    """An existing data folder. Raises StorePlaceError, StoreKeyError, StoreVersionError, SecretStoreError."""
    from denticode_desktop.storage.store import open_store

    folder = folder_at(data_dir)
    identity = read_identity(folder)
    if not folder.database.exists():
        raise StorePlaceError("missing")
    secrets = secret_store_for(folder, identity)
    key_text = secrets.get(DATABASE_KEY)
    if key_text is None:
        raise StoreKeyError("no_key")
    try:
        key = bytes.fromhex(key_text)
    except ValueError:
        raise StoreKeyError("no_key") from None
    store = open_store(folder.database, key, SystemClock(), workstation_name(), __version__)
    try:
        yield Practice(folder, store, secrets)
    finally:
        store.close()


def recover_data_folder(data_dir: Path | None, recovery_key: str) -> Path:
    """Puts the database key back into the credential store. A wrong key changes nothing.

    Raises UserError (field `recovery_key`), StoreKeyError, StorePlaceError, SecretStoreError.
    """
    from denticode_desktop.security.recovery_key import parse_recovery_key, unwrap_database_key
    from denticode_desktop.storage.key_check import is_key_of

    folder = folder_at(data_dir)
    identity = read_identity(folder)
    recovery = parse_recovery_key(recovery_key)
    try:
        sealed = folder.recovery.read_bytes()
    except OSError as error:
        raise StoreKeyError("recovery_missing") from error
    key = unwrap_database_key(sealed, recovery, identity.database_id)
    if not is_key_of(folder.database, key):
        raise StoreKeyError("recovery_damaged")
    secret_store_for(folder, identity).put(DATABASE_KEY, key.hex())
    with open_application(folder.root) as practice:
        practice.setup.note_key_recovered(practice.setup.actor(None))
    return folder.root
