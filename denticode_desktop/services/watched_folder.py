"""WatchedFolder: finished Lab files in a folder are imported and moved to `imported`, or to `refused` with the reason.

A file is finished when its size and time stood still between two scans, and those of every document beside it too;
one that is not whole JSON gets a minute more, because some writers pause. A file that changed while it was imported
is read again before it is moved.
Import comes before the move, so a program that dies between them imports the same file again, which changes nothing.
What was refused keeps its bytes.
"""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from denticode_desktop.domain.access import Actor
from denticode_desktop.domain.errors import UnfinishedFileError, UserError
from denticode_desktop.domain.events import ImportFailed
from denticode_desktop.ports.clock import Clock
from denticode_desktop.ports.event_sink import EventSink

from .lab_intake import ImportResult

IMPORTED, REFUSED = "imported", "refused"
WHY_SUFFIX = ".why.txt"
MIN_STILL_S = 1.0
"""Two scans closer together than this say nothing about a file being finished."""
UNFINISHED_S = 60.0
"""How long a file that is not whole may stand still before it is refused."""
MAX_FILES_A_SCAN = 200


class Importer(Protocol):
    """What this needs of LabDesk."""

    def import_file(self, actor: Actor, path: Path) -> ImportResult:
        """Raises UserError with one sentence."""
        ...


@dataclass(frozen=True, slots=True)
class _Seen:
    size_bytes: int
    changed_ns: int
    at_s: float


@dataclass(frozen=True, slots=True)
class _Done:
    """What an import came to, kept while the file could not be moved. `sentence` None = imported."""

    seen: _Seen
    sentence: str | None


@dataclass(frozen=True, slots=True)
class ScanResult:
    """Names of the files that one scan dealt with, and how many are not finished yet."""

    imported: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    waiting: int = 0


class WatchedFolder:
    """One folder. `scan` is called by a schedule, by one thread at a time."""

    def __init__(self, folder: Path, importer: Importer, actor: Actor, clock: Clock, sink: EventSink) -> None:
        self._folder = folder
        self._importer = importer
        self._actor = actor
        self._clock = clock
        self._sink = sink
        self._seen: dict[str, _Seen] = {}
        self._done: dict[str, _Done] = {}
        self._documents: set[str] = set()

    def scan(self) -> ScanResult:
        """Imports every finished `.json` file. A folder that is not there, or cannot be read now, has none.

        Raises StorageError where the database could not take a file; the file stays for the next scan.
        """
        found = self._candidates()
        still = {name for name, now in found.items() if self._is_still(name, now)}
        self._seen = {name: self._kept(name, now) for name, now in found.items()}
        self._done = {name: done for name, done in self._done.items() if _same(done.seen, found.get(name))}
        labs = sorted(name for name in found if _is_lab(name))
        imported: list[str] = []
        refused: list[str] = []
        if all(name in still for name in found if not _is_lab(name)):  # a document may still be written
            for name in [name for name in labs if name in still][:MAX_FILES_A_SCAN]:
                done = self._done.get(name) or self._take(name, found[name])
                if done is not None and self._move(name, done):
                    (imported if done.sentence is None else refused).append(name)
        left = len(labs) - len(imported) - len(refused)
        if left == 0:
            self._move_documents()
        return ScanResult(tuple(imported), tuple(refused), left)

    def _candidates(self) -> dict[str, _Seen]:
        found: dict[str, _Seen] = {}
        with contextlib.suppress(OSError), os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name.startswith(".") or not (_is_lab(entry.name) or entry.name.lower().endswith(".pdf")):
                    continue
                with contextlib.suppress(OSError):
                    if entry.is_file(follow_symlinks=False):
                        status = entry.stat(follow_symlinks=False)
                        found[entry.name] = _Seen(status.st_size, status.st_mtime_ns, self._clock.monotonic_s())
        return found

    def _is_still(self, name: str, now: _Seen) -> bool:
        before = self._seen.get(name)
        return before is not None and _same(before, now) and now.at_s - before.at_s >= MIN_STILL_S

    def _kept(self, name: str, now: _Seen) -> _Seen:
        """The first sight of a file as it is now, so that quick scans do not start its wait anew."""
        before = self._seen.get(name)
        return before if before is not None and _same(before, now) else now

    def _take(self, name: str, now: _Seen) -> _Done | None:
        """Imports one file, once for as long as it stays as it is; None = it may still be being written."""
        seen = self._seen[name]
        try:
            result = self._importer.import_file(self._actor, self._folder / name)
        except UnfinishedFileError as error:
            if now.at_s - seen.at_s < UNFINISHED_S:
                return None
            self._done[name] = _Done(seen, error.sentence)
            self._sink.publish(ImportFailed(name, error.sentence))
        except UserError as error:
            self._done[name] = _Done(seen, error.sentence)
            self._sink.publish(ImportFailed(name, error.sentence))
        else:
            self._done[name] = _Done(seen, None)
            self._documents.update(result.file_names)
        return self._done[name]

    def _move(self, name: str, done: _Done) -> bool:
        """Moves the file beside its reason; False = it changed since, so it is read again.

        What cannot be moved now is tried again at the next scan.
        """
        with contextlib.suppress(OSError):
            status = (self._folder / name).stat(follow_symlinks=False)
            if not _same(done.seen, _Seen(status.st_size, status.st_mtime_ns, 0.0)):
                del self._done[name]
                return False
            target_folder = self._folder / (IMPORTED if done.sentence is None else REFUSED)
            target_folder.mkdir(exist_ok=True)
            target = _free_name(target_folder, name)
            if done.sentence is not None:
                target.with_name(target.name + WHY_SUFFIX).write_text(f"{done.sentence}\n", encoding="utf-8")
            (self._folder / name).rename(target)
        return True

    def _move_documents(self) -> None:
        """Moves imported documents, but only while no Lab file is left that could name one of them, too."""
        for name in sorted(self._documents):
            with contextlib.suppress(OSError):
                (self._folder / name).rename(_free_name(self._folder / IMPORTED, name))
        self._documents.clear()


def _is_lab(name: str) -> bool:
    return name.lower().endswith(".json")


def _same(before: _Seen, now: _Seen | None) -> bool:
    return now is not None and (before.size_bytes, before.changed_ns) == (now.size_bytes, now.changed_ns)


def _free_name(folder: Path, name: str) -> Path:
    """`visit.json`, or `visit-2.json` … where that name is taken: nothing that was moved before is overwritten."""
    wanted = folder / name
    number = 2
    while wanted.exists():
        wanted = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
        number += 1
    return wanted
