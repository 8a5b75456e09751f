"""Only real credential stores count, and what they do is told apart."""

import secrets
from collections.abc import Callable, Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.backends.chainer import ChainerBackend

from denticode_desktop.domain.errors import SecretStoreError
from denticode_desktop.ports.secrets import MAX_SECRET_CHARS
from denticode_desktop.security.keyring_store import REAL_STORES, KeyringSecretStore, install_hint
from tests.unit.security.memory_keyring import ACCEPTED, MemoryKeyring


@pytest.fixture
def backend() -> Iterator[MemoryKeyring]:
    before = keyring.get_keyring()
    made = MemoryKeyring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


@pytest.fixture
def store(backend: MemoryKeyring) -> KeyringSecretStore:
    return KeyringSecretStore("folder-one", accepted=ACCEPTED)


def test_put_get_delete_round_trip(store: KeyringSecretStore) -> None:
    assert store.get("database-key") is None
    store.put("database-key", "one")
    store.put("database-key", "two")
    assert store.get("database-key") == "two"
    store.delete("database-key")
    store.delete("database-key")
    assert store.get("database-key") is None
    assert store.is_real
    assert store.kind == "keyring in memory"


def test_two_folders_never_see_each_other(store: KeyringSecretStore) -> None:
    other = KeyringSecretStore("folder-two", accepted=ACCEPTED)
    store.put("anchor", "mine")
    assert other.get("anchor") is None
    other.delete("anchor")
    assert store.get("anchor") == "mine"


@pytest.mark.parametrize("unreal", [null.Keyring, fail.Keyring, MemoryKeyring])
def test_backend_that_is_not_a_real_store_is_refused(
    backend: MemoryKeyring, unreal: Callable[[], KeyringBackend]
) -> None:
    keyring.set_keyring(unreal())
    with pytest.raises(SecretStoreError) as caught:
        KeyringSecretStore("folder")
    assert caught.value.kind == "no_store"
    assert caught.value.hint == install_hint()


def test_chain_is_never_used_only_its_accepted_member(backend: MemoryKeyring, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, real = null.Keyring(), MemoryKeyring()  # type: ignore[no-untyped-call]
    monkeypatch.setattr(ChainerBackend, "backends", [plain, real])
    keyring.set_keyring(ChainerBackend())  # type: ignore[no-untyped-call]
    store = KeyringSecretStore("folder", accepted=ACCEPTED)
    store.put("anchor", "x")
    assert list(real.secrets.values()) == ["x"]
    monkeypatch.setattr(ChainerBackend, "backends", [plain])
    with pytest.raises(SecretStoreError):
        KeyringSecretStore("folder", accepted=ACCEPTED)


def test_secret_longer_than_windows_holds_is_refused_before_storing(
    store: KeyringSecretStore, backend: MemoryKeyring
) -> None:
    store.put("fits", "x" * MAX_SECRET_CHARS)
    with pytest.raises(SecretStoreError) as caught:
        store.put("long", "x" * (MAX_SECRET_CHARS + 1))
    assert caught.value.kind == "too_long"
    with pytest.raises(SecretStoreError):
        store.put("wide", "\N{TOOTH}" * (MAX_SECRET_CHARS // 2 + 1))  # two UTF-16 units each
    assert len(backend.secrets) == 1


def test_store_that_forgets_is_found_by_reading_back(store: KeyringSecretStore, backend: MemoryKeyring) -> None:
    backend.forgets = True
    with pytest.raises(SecretStoreError) as caught:
        store.put("anchor", "x")
    assert caught.value.kind == "failed"


def test_locked_and_broken_stores_are_told_apart(store: KeyringSecretStore, backend: MemoryKeyring) -> None:
    backend.is_locked = True
    with pytest.raises(SecretStoreError) as locked:
        store.get("anchor")
    assert locked.value.kind == "locked"
    backend.is_locked, backend.is_broken = False, True
    with pytest.raises(SecretStoreError) as broken:
        store.put("anchor", "x")
    assert broken.value.kind == "failed"


def test_hint_names_a_package_for_each_system() -> None:
    assert "gnome-keyring" in install_hint("linux")
    assert "pywin32-ctypes" in install_hint("win32")
    assert "Keychain" in install_hint("darwin")


@pytest.mark.secret_service
def test_real_secret_service_keeps_and_gives_back() -> None:
    store = KeyringSecretStore(f"test-{secrets.token_hex(8)}")
    assert store.kind == REAL_STORES["keyring.backends.SecretService.Keyring"]
    store.put("anchor", "ä" * 1_000)
    try:
        assert store.get("anchor") == "ä" * 1_000
    finally:
        store.delete("anchor")
    assert store.get("anchor") is None
