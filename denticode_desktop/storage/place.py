"""May a database live here? Local disk only: on a network share or in a synced folder SQLite's locks do not hold,
and a synced copy of an older file would send twice.
"""

import os
import shutil
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath

from denticode_desktop.domain.errors import BugError, StorageError, StorePlaceError

NETWORK_TYPES = frozenset({
    "nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afs", "9p", "ncpfs", "ceph", "glusterfs", "lustre", "davfs",
    "fuse.sshfs", "fuse.davfs2", "fuse.rclone", "fuse.s3fs", "fuse.gvfsd-fuse", "fuse.glusterfs",
    "fuse.google-drive-ocamlfuse",
})  # fmt: skip
SYNCED_FOLDERS = (
    "onedrive", "dropbox", "google drive", "googledrive", "icloud", "mobile documents", "nextcloud", "box sync",
)  # fmt: skip
"""Beginnings of folder names of the usual sync clients, in lower case (`OneDrive - Practice`)."""
DRIVE_REMOTE = 4
OTHERS_MAY = 0o077
FULL_BYTES = 1_000_000
"""What opening a database may take: the log and the shared memory of its first pages."""


@dataclass(frozen=True, slots=True)
class PlaceProbe:
    """What the operating system says about a path; tests pass their own.

    mounts: text of `/proc/self/mountinfo`, empty where there is none. drive_type: Windows' GetDriveType of a root.
    """

    mounts: Callable[[], str]
    drive_type: Callable[[str], int]


def _mountinfo() -> str:
    try:
        return Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _windows_drive_type(root: str) -> int:
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415 - only there

        return int(ctypes.windll.kernel32.GetDriveTypeW(root))
    return 0


SYSTEM_PROBE = PlaceProbe(_mountinfo, _windows_drive_type)


def _unescaped(mount_point: str) -> str:
    """`mountinfo` writes blanks and tabs as octal."""
    for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        mount_point = mount_point.replace(code, char)
    return mount_point


def file_system_of(path: PurePath, mountinfo: str) -> str:
    """Type of the file system that holds an absolute path: that of the longest mount point above it."""
    best, found = -1, ""
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        fields, kind = left.split(), right.split()
        if len(fields) < 5 or not kind:
            continue
        mount = PurePath(_unescaped(fields[4]))
        # A later mount on the same point covers the earlier one.
        if path.is_relative_to(mount) and len(mount.parts) >= best:
            best, found = len(mount.parts), kind[0]
    return found


def check_place(path: Path, probe: PlaceProbe = SYSTEM_PROBE) -> None:
    """Raises StorePlaceError: `network_share`, or `synced_folder` for one that some client keeps in a cloud.

    The path need not exist yet.
    """
    resolved = path.resolve()
    text = str(resolved)
    is_share = text.startswith(("\\\\", "//")) or (
        bool(resolved.drive) and probe.drive_type(resolved.anchor) == DRIVE_REMOTE
    )
    if is_share or file_system_of(resolved, probe.mounts()) in NETWORK_TYPES:
        raise StorePlaceError("network_share")
    if _is_synced(resolved):
        raise StorePlaceError("synced_folder")


def _is_synced(path: PurePath) -> bool:
    return any(part.lower().startswith(SYNCED_FOLDERS) for part in path.parts[:-1])


def free_bytes(folder: Path) -> int:
    """Free space of a folder's disk; plenty where the system does not say."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return sys.maxsize


def told_by_disk(error: StorageError | BugError, free: int) -> StorageError | BugError:
    """`disk_full` for an I/O error on a disk with `free` bytes: what SQLite says when its shared memory cannot grow."""
    if type(error) is StorageError and error.kind == "failed" and free < FULL_BYTES:
        return StorageError("disk_full")
    return error


def make_owner_only(path: Path) -> None:
    """File 600 and its folder 700 where the system knows such modes. Raises StorePlaceError (`not_writable`)."""
    if os.name != "posix":
        return
    try:
        for target, mode in ((path.parent, 0o700), (path, 0o600)):
            found = target.stat().st_mode
            if found & OTHERS_MAY and not found & stat.S_ISVTX:  # a sticky folder is everybody's: leave it
                target.chmod(mode)
    except OSError as error:
        raise StorePlaceError("not_writable") from error


def new_file(path: Path) -> None:
    """An empty owner-only file. Raises StorePlaceError (`exists`, `missing`, `not_writable`) or StorageError."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError as error:
        raise StorePlaceError("exists") from error
    except FileNotFoundError as error:
        raise StorePlaceError("missing") from error
    except PermissionError as error:
        raise StorePlaceError("not_writable") from error
    except OSError as error:
        raise StorageError("disk_full" if error.errno == 28 else "failed") from error
