"""A program in memory with just enough behaviour to try the console's edge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from denticode_desktop.console.program import CreatedFolder, FolderFacts
from denticode_desktop.domain.errors import UserError


class FakeProgram:
    """Raises what it is told to at `open`; remembers what `create` was given."""

    version = "9.9.9"

    def __init__(self, error: Exception | None = None, desk: Any = None) -> None:
        self.error = error
        self.desk = desk
        self.created: dict[str, object] = {}
        self.closed = 0
        self.free_bytes: int | None = 50_000_000_000

    def create(
        self, data_dir: Path | None, *, practice: str, owner: str, password: str, is_rehearsal_only: bool
    ) -> CreatedFolder:
        if not practice.strip():
            raise UserError("The practice needs a name. Type one.", field="practice")
        self.created = {"practice": practice, "owner": owner, "password": password, "rehearsal": is_rehearsal_only}
        return CreatedFolder(data_dir or Path("default"), "0" * 32, "AAAAA-BBBBB", "keyring", is_rehearsal_only)

    @contextmanager
    def open(self, data_dir: Path | None) -> Iterator[Any]:
        if self.error is not None:
            raise self.error
        yield self.desk
        self.closed += 1

    def recover(self, data_dir: Path | None, recovery_key: str) -> Path:
        if recovery_key != "RIGHT":
            raise UserError("Group 1 of the recovery key has a typing mistake.", field="recovery_key")
        return data_dir or Path("default")

    def folder(self, data_dir: Path | None) -> FolderFacts:
        return FolderFacts(data_dir or Path("default"), self.free_bytes)

    def profiles(self) -> Sequence[Any]:
        return ()

    def simulator(
        self, pms_key: str, *, port: int, patients: int, switches: Mapping[str, object]
    ) -> AbstractContextManager[Any]:
        raise UserError("Port 1 is not free.", field="port")
