"""A real encrypted store in a test's own folder."""

from pathlib import Path

from denticode_desktop.ports.clock import Clock
from denticode_desktop.storage.store import SqlStore, create_store, open_store
from tests.fakes.clock import FakeClock

KEY = bytes(range(32))
WORKSTATION = "test-pc"
VERSION = "0.0-test"


_made: list[bytes] = []
"""A store as it is right after it was made: the migrations run once a test process, not once a test."""


def new_store(tmp_path: Path, *, clock: Clock | None = None) -> SqlStore:
    """A new store at `tmp_path/denticode.db`, made by every migration."""
    return create_store(tmp_path / "denticode.db", KEY, clock or FakeClock(), WORKSTATION, VERSION)


def make_store(tmp_path: Path, *, clock: Clock | None = None) -> SqlStore:
    """The same, quickly: an empty store is copied to where it is wanted."""
    path = tmp_path / "denticode.db"
    if not _made:
        new_store(tmp_path).close()
        _made.append(path.read_bytes())
    else:
        with path.open("xb") as file:
            file.write(_made[0])
    return reopen_store(tmp_path, clock=clock)


def reopen_store(tmp_path: Path, *, clock: Clock | None = None) -> SqlStore:
    """The same store in a new process's eyes."""
    return open_store(tmp_path / "denticode.db", KEY, clock or FakeClock(), WORKSTATION, VERSION)
