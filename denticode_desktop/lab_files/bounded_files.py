"""Reading files that somebody dropped: regular files only, bounded, never through a link, never out of the folder."""

import os
import stat
from pathlib import Path

from denticode_desktop.domain.errors import UserError

from .strict_json import AGAIN

TAIL_BYTES = 2048
_REPARSE_POINT = 0x400
"""FILE_ATTRIBUTE_REPARSE_POINT: Windows' links and junctions."""
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"]
    + [f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³"]
)
_REFUSED_IN_NAMES = frozenset('/\\:*?"<>|')


def read_regular(path: Path, max_bytes: int, *, may_be_link: bool) -> bytes:
    """The file's bytes.

    Raises OSError where it cannot be read, ValueError where it is no regular file (or a link that may not be one) or
    larger than `max_bytes`. A pipe or device is not waited for.
    """
    if not may_be_link:
        _check_plain(os.lstat(path))
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    if not may_be_link:
        flags |= getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags)
    with os.fdopen(descriptor, "rb") as stream:
        found = os.fstat(stream.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size > max_bytes:
            raise ValueError("size or kind")
        data = stream.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise ValueError("size")
    return data


def _check_plain(found: os.stat_result) -> None:
    attributes: int = getattr(found, "st_file_attributes", 0)
    if not stat.S_ISREG(found.st_mode) or attributes & _REPARSE_POINT:
        raise ValueError("kind")


def check_file_name(name: str, field: str) -> str:
    """A bare file name that means the same on every system. Raises UserError."""
    is_fit = (
        name.isprintable()
        and name == name.strip()
        and not name.endswith(".")
        and not _REFUSED_IN_NAMES & set(name)
        and name.partition(".")[0].rstrip().lower() not in _DEVICES
        and name.strip(".")
    )
    if not is_fit:
        raise UserError(
            f"The field {field} must be the bare name of a file in the Lab file's own folder. {AGAIN}", field=field
        )
    return name


def read_pdf(folder: Path, name: str, field: str, max_bytes: int) -> bytes:
    """The whole PDF `name` in `folder`. Raises UserError where it is missing, too large, a link or not a PDF."""
    path = folder / check_file_name(name, field)
    try:
        data = read_regular(path, max_bytes, may_be_link=False)
    except ValueError:
        limit = max_bytes // (1024 * 1024)
        raise UserError(
            f"The field {field} must name an ordinary PDF file of at most {limit} MB, not a link or folder. {AGAIN}",
            field=field,
        ) from None
    except OSError:
        raise UserError(
            f"The field {field} names a file that is not in the Lab file's folder or cannot be read. "
            "Put the PDF beside the Lab file and import it again.",
            field=field,
        ) from None
    if not data.startswith(b"%PDF-") or b"%%EOF" not in data[-TAIL_BYTES:]:
        raise UserError(
            f"The field {field} names a file that is not a whole PDF. Save it as PDF and import the Lab again.",
            field=field,
        )
    return data
