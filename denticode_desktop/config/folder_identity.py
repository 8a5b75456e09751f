"""`folder.json`: which database a data folder holds and whether it is rehearsal-only. It holds no secret."""

import json
import re
from dataclasses import dataclass

from denticode_desktop.domain.errors import StorePlaceError

from .paths import DataFolder

VERSION = 1
MAX_FILE_BYTES = 10_000
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class FolderIdentity:
    """database_id: 32 hex characters; names its entries in the credential store."""

    database_id: str
    is_rehearsal_only: bool

    def as_bytes(self) -> bytes:
        """The file's content."""
        value = {"version": VERSION, "database_id": self.database_id, "rehearsal_only": self.is_rehearsal_only}
        return (json.dumps(value, indent=1) + "\n").encode()


def read_identity(folder: DataFolder) -> FolderIdentity:
    """Raises StorePlaceError: `missing` where there is none, `damaged_identity` where it cannot be understood."""
    try:
        if folder.identity.stat().st_size > MAX_FILE_BYTES:
            raise StorePlaceError("damaged_identity")
        value = json.loads(folder.identity.read_bytes())
    except FileNotFoundError as error:
        raise StorePlaceError("missing") from error
    except (OSError, ValueError, RecursionError) as error:
        raise StorePlaceError("damaged_identity") from error
    if not isinstance(value, dict) or value.get("version") != VERSION:
        raise StorePlaceError("damaged_identity")
    database_id, is_rehearsal_only = value.get("database_id"), value.get("rehearsal_only")
    if not isinstance(database_id, str) or not _ID.fullmatch(database_id) or not isinstance(is_rehearsal_only, bool):
        raise StorePlaceError("damaged_identity")
    return FolderIdentity(database_id, is_rehearsal_only)
