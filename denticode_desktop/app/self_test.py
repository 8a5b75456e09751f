"""`--self-test`: everything the program leans on, tried once, also inside the frozen program."""

# ruff: noqa: PLC0415 - imports inside functions: each step says by itself what it could not load

import os
import tempfile
from pathlib import Path

from denticode_desktop import __version__
from denticode_desktop.config.paths import resources_folder
from denticode_desktop.config.system_clock import SystemClock, SystemRandomness
from denticode_desktop.console.steps import Step, run_steps
from denticode_desktop.domain.errors import SecretStoreError, StorageError

from .program import Denticode
from .window import has_window, open_once


def run_self_test(out: Path | None = None) -> int:
    """0 when everything works. A missing credential store is named, not failed: Rehearsal needs none."""
    steps: list[Step] = [
        ("database", _database),
        ("credential store", _credential_store),
        ("recovery key", _recovery_key),
        ("vendor facts", _vendors),
        ("resources", _resources),
    ]
    if has_window():
        steps.append(("window", _window))
    return run_steps(steps, out)


def _database() -> str:
    """A scratch encrypted database through all migrations, written, closed, opened and checked."""
    from denticode_desktop.services.practice_setup import PracticeSetup
    from denticode_desktop.storage.store import create_store, open_store

    clock, key = SystemClock(), SystemRandomness().token_bytes(32)
    with tempfile.TemporaryDirectory(prefix="denticode-self-test-") as scratch:
        path = Path(scratch) / "denticode.db"
        store = create_store(path, key, clock, "self-test", __version__)
        try:
            PracticeSetup(store, clock).create("Self-test", "Tester", password_hash="", is_rehearsal_only=True)
        finally:
            store.close()
        store = open_store(path, key, clock, "self-test", __version__)
        try:
            if store.check() or PracticeSetup(store, clock).practice_name() != "Self-test":
                raise StorageError("damaged")
        finally:
            store.close()
    return "encrypted, all migrations run, read back"


def _credential_store() -> str:
    from denticode_desktop.security.keyring_store import find_backend

    try:
        return find_backend()[1]
    except SecretStoreError as error:
        return f"none that may be used, so Rehearsal only ({error.hint})"


def _recovery_key() -> str:
    from denticode_desktop.security.recovery_key import (
        RecoveryKey,
        parse_recovery_key,
        unwrap_database_key,
        wrap_database_key,
    )

    chance = SystemRandomness()
    key, recovery = chance.token_bytes(32), RecoveryKey.make(chance)
    sealed = wrap_database_key(key, recovery, "self-test", chance)
    if unwrap_database_key(sealed, parse_recovery_key(recovery.shown()), "self-test") != key:
        raise SecretStoreError("failed")
    return "seals and opens"


def _vendors() -> str:
    profiles = Denticode().profiles()
    return ", ".join(f"{p.pms_key} {p.availability}" for p in profiles)


def _resources() -> str:
    folder = resources_folder()
    if not (folder / "pms").is_dir():
        raise StorageError("resources_missing")
    return f"{sum(1 for path in folder.rglob('*') if path.is_file())} files"


def _window() -> str:
    """The main window, off screen."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    return open_once()
