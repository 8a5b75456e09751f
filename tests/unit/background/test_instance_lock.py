"""The folder's lock against a second process."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from denticode_desktop.background.instance_lock import InstanceLock, engine_lock, sync_lock
from denticode_desktop.domain.errors import BusyError
from denticode_desktop.domain.ids import ConnectionId

HOLD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from denticode_desktop.background.instance_lock import engine_lock
lock = engine_lock(Path(sys.argv[1]), lambda: datetime.now(UTC))
print("held" if lock.acquire() else "busy", flush=True)
sys.stdin.read()
"""


def now() -> datetime:
    """A fixed time."""
    return datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


def test_second_lock_is_refused_until_the_first_is_given_back(tmp_path: Path) -> None:
    first, second = engine_lock(tmp_path, now), engine_lock(tmp_path, now)
    assert first.acquire()
    assert first.acquire()
    assert not second.acquire()
    first.release()
    first.release()
    assert second.acquire()
    second.release()


def test_refusal_names_the_holder(tmp_path: Path) -> None:
    lock = engine_lock(tmp_path, now)
    assert lock.acquire()
    with pytest.raises(BusyError) as caught:
        engine_lock(tmp_path, now).acquire_or_raise("The data folder")
    assert f"process {os.getpid()}" in caught.value.sentence
    lock.release()


def test_unreadable_holder_file_is_no_obstacle(tmp_path: Path) -> None:
    lock = InstanceLock(tmp_path / "a.lock", now)
    assert lock.acquire()
    (tmp_path / "a.lock-holder").write_text("{")
    other = InstanceLock(tmp_path / "a.lock", now)
    assert other.holder() is None
    with pytest.raises(BusyError, match=r"another running Denticode\. Close"):
        other.acquire_or_raise("The data folder")
    lock.release()


def test_killed_holder_frees_the_lock_at_once(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        lock = engine_lock(tmp_path, now)
        assert not lock.acquire()
        child.kill()
        child.wait()
        assert lock.acquire()
        lock.release()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_lock_files_are_the_owners_alone_also_those_of_an_earlier_version(tmp_path: Path) -> None:
    for name in ("sync-1.lock", "sync-1.lock-holder"):
        (tmp_path / name).touch(0o644)
    with sync_lock(tmp_path, ConnectionId(1), now), sync_lock(tmp_path, ConnectionId(2), now):
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert set(modes) == {f"sync-{n}.lock{end}" for n in (1, 2) for end in ("", "-holder")}
    assert set(modes.values()) == {0o600}


def test_one_pull_of_a_connection_at_a_time(tmp_path: Path) -> None:
    with sync_lock(tmp_path, ConnectionId(1), now):
        with pytest.raises(BusyError), sync_lock(tmp_path, ConnectionId(1), now):
            pass
        with sync_lock(tmp_path, ConnectionId(2), now):
            pass
    with sync_lock(tmp_path, ConnectionId(1), now):
        pass
