"""Files and folders that only the person who runs the program may read.

Each function raises StorePlaceError (`not_writable`, `missing`) or StorageError (`disk_full`) for what the disk says.
"""

import contextlib
import errno
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from denticode_desktop.domain.errors import StorageError, StorePlaceError

from . import windows_access

FOLDER_MODE = 0o700
FILE_MODE = 0o600
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""No space on the disk, or none left of what this person may use."""
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_BINARY = getattr(os, "O_BINARY", 0)


@contextlib.contextmanager
def _as_place_error() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise StorePlaceError("missing") from error
    except OSError as error:
        raise _error_of(error) from error


def _error_of(error: OSError) -> StorageError:
    return StorageError("disk_full") if error.errno in FULL else StorePlaceError("not_writable")


def restrict_to_owner(path: Path) -> None:
    """Takes everybody else's rights from an existing file or folder."""
    with _as_place_error():
        if sys.platform == "win32":
            windows_access.restrict_to_owner(path)
        else:
            path.chmod(FOLDER_MODE if path.is_dir() else FILE_MODE)


def make_owner_only_folder(path: Path) -> None:
    """Makes the folder (and its parents, as usual) and keeps others out; an existing one is restricted."""
    try:
        path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    except OSError as error:  # also "not found": no folder can be made there, whatever the system calls it
        raise _error_of(error) from error
    restrict_to_owner(path)


def is_owner_only(path: Path) -> bool:
    """Whether nobody else has rights: mode and owner on POSIX, the protected access list on Windows."""
    with _as_place_error():
        if sys.platform == "win32":
            return windows_access.is_owner_only(path)
        else:  # noqa: RET505 - the type checker tells the systems apart by the branch
            status = path.lstat()
            return status.st_uid == os.getuid() and not stat.S_IMODE(status.st_mode) & 0o077


def is_plain_file(path: Path) -> bool:
    """Whether it is a regular file and no link; False where there is nothing."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StorePlaceError("not_writable") from error


def write_owner_only(path: Path, data: bytes) -> None:
    """Replaces a file as a whole: a new owner-only file beside it, fsync, rename, fsync of the folder.

    A crash leaves the old content or the new, never a mixture; a link in its place is replaced, not followed.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with _as_place_error():
        # O_EXCL: the name is ours alone, nobody can have put a link there
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW | _BINARY, FILE_MODE)
        try:
            with os.fdopen(handle, "wb") as file:
                if sys.platform == "win32":
                    windows_access.restrict_to_owner(temporary)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Makes a rename durable; Windows has no such call and journals the name itself."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
