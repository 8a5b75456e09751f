"""A real encrypted store in a test's own folder."""

from pathlib import Path

from denticode_desktop.ports.clock import Clock
from denticode_desktop.storage.store import SqlStore, create_store, open_store
from tests.fakes.clock import FakeClock

KEY = bytes(range(32))
WORKSTATION = "test-pc"
VERSION = "0.0-test"


def make_store(tmp_path: Path, *, clock: Clock | None = None) -> SqlStore:
    """A new store at `tmp_path/denticode.db`."""
    return create_store(tmp_path / "denticode.db", KEY, clock or FakeClock(), WORKSTATION, VERSION)


def reopen_store(tmp_path: Path, *, clock: Clock | None = None) -> SqlStore:
    """The same store in a new process's eyes."""
    return open_store(tmp_path / "denticode.db", KEY, clock or FakeClock(), WORKSTATION, VERSION)
