"""The watched folder: finished files only, moved with their reason, harmless to repeat."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from denticode_desktop.domain.access import SYSTEM, Actor
from denticode_desktop.domain.errors import StorageError, UnfinishedFileError, UserError
from denticode_desktop.domain.events import ImportFailed
from denticode_desktop.domain.ids import LabId
from denticode_desktop.services.lab_intake import ImportResult
from denticode_desktop.services.watched_folder import ScanResult, WatchedFolder

from .lab_fakes import HeardEvents, SteppingClock

SENTENCE = "The field visit_date is missing. Add it and import the file again."


class FakeImporter:
    """Takes files whose text does not start with `bad`; remembers what it took."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.files: tuple[str, ...] = ()
        self.is_disk_full = False
        self.while_reading: Callable[[Path], object] = lambda _path: None

    def import_file(self, actor: Actor, path: Path) -> ImportResult:
        """As the desk does."""
        if self.is_disk_full:
            raise StorageError("disk_full")
        self.while_reading(path)
        if path.read_text().startswith("half"):
            raise UnfinishedFileError("The file is not whole JSON.", field="file")
        if path.read_text().startswith("bad"):
            raise UserError(SENTENCE, field="visit_date")
        self.taken.append(path.name)
        return ImportResult(LabId("L1"), 1, "new", self.files)


class World:
    """A folder with its importer, clock and ear."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock, self.sink, self.importer = SteppingClock(), HeardEvents(), FakeImporter()
        self.watched = self.restarted()

    def restarted(self) -> WatchedFolder:
        """A fresh watcher, as after a restart."""
        self.watched = WatchedFolder(self.folder, self.importer, SYSTEM, self.clock, self.sink)
        return self.watched

    def drop(self, name: str, text: str = "{}") -> None:
        """A file as a scribe drops it."""
        (self.folder / name).write_text(text)

    def scan(self, after_s: float = 5.0) -> ScanResult:
        """The next scan."""
        self.clock.mono_s += after_s
        return self.watched.scan()

    def names(self) -> set[str]:
        """Every file below the folder."""
        return {path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file()}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_finished_file_is_imported_at_the_second_scan_and_moved(world: World) -> None:
    world.drop("visit.json")
    assert world.scan() == ScanResult(waiting=1)
    assert world.scan().imported == ("visit.json",)
    assert world.names() == {"imported/visit.json"}
    assert world.sink.events == []


def test_writer_that_pauses_is_waited_for(world: World) -> None:
    world.drop("visit.json", "half")
    for _ in range(5):
        assert world.scan().waiting == 1
    world.drop("visit.json", "half and whole".removeprefix("half "))
    world.scan()
    assert world.scan().imported == ("visit.json",)
    assert world.sink.events == []


def test_file_that_stays_broken_is_refused_after_a_minute(world: World) -> None:
    world.drop("visit.json", "half")
    assert [world.scan(after_s=20.0).refused for _ in range(5)][-2:] == [("visit.json",), ()]
    assert "refused/visit.json" in world.names()
    assert [type(event) for event in world.sink.events] == [ImportFailed]


def test_file_that_changes_while_it_is_imported_is_read_again(world: World) -> None:
    world.drop("visit.json", "first")
    world.importer.while_reading = lambda path: path.write_text("second, and longer")
    world.scan()
    world.scan()
    world.importer.while_reading = lambda _path: None
    assert world.names() == {"visit.json"}
    world.scan()
    assert world.scan().imported == ("visit.json",)
    assert world.importer.taken == ["visit.json", "visit.json"]
    assert (world.folder / "imported" / "visit.json").read_text() == "second, and longer"


def test_growing_file_waits(world: World) -> None:
    for n in range(4):
        world.drop("visit.json", "x" * (n + 1))
        assert world.scan().waiting == 1
    world.scan()
    assert world.importer.taken == ["visit.json"]


def test_scans_in_quick_succession_do_not_count(world: World) -> None:
    world.drop("visit.json")
    for _ in range(3):
        assert world.scan(after_s=0.1).waiting == 1
    assert world.scan(after_s=2.0).imported == ("visit.json",)


def test_refused_file_lies_beside_its_reason(world: World) -> None:
    world.drop("visit.json", "bad")
    world.scan()
    assert world.scan().refused == ("visit.json",)
    assert world.names() == {"refused/visit.json", "refused/visit.json.why.txt"}
    assert (world.folder / "refused/visit.json.why.txt").read_text() == SENTENCE + "\n"
    assert world.sink.events == [ImportFailed("visit.json", SENTENCE)]


def test_same_name_again_overwrites_nothing(world: World) -> None:
    for text in ("bad 1", "bad 2"):
        world.drop("visit.json", text)
        world.scan()
        world.scan()
    assert (world.folder / "refused/visit.json").read_text() == "bad 1"
    assert (world.folder / "refused/visit-2.json").read_text() == "bad 2"
    assert (world.folder / "refused/visit-2.json.why.txt").exists()


def test_killed_between_import_and_move_imports_again_after_restart(world: World) -> None:
    world.drop("visit.json")
    world.scan()
    world.importer.import_file(SYSTEM, world.folder / "visit.json")  # the import that was not followed by its move
    world.restarted()
    world.scan()
    world.scan()
    assert world.importer.taken == ["visit.json", "visit.json"]
    assert world.names() == {"imported/visit.json"}


def test_file_that_cannot_be_moved_is_imported_and_told_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.drop("good.json")
    world.drop("poor.json", "bad")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", _refuse)
        for _ in range(4):
            world.scan()
    assert world.importer.taken == ["good.json"]
    assert len(world.sink.events) == 1
    world.scan()
    assert world.names() == {"imported/good.json", "refused/poor.json", "refused/poor.json.why.txt"}


def _refuse(*_: object) -> None:
    raise PermissionError


def test_database_that_is_full_leaves_the_file_where_it_is(world: World) -> None:
    world.drop("visit.json")
    world.scan()
    world.importer.is_disk_full = True
    with pytest.raises(StorageError):
        world.scan()
    world.importer.is_disk_full = False
    assert world.scan().imported == ("visit.json",)


def test_lab_waits_for_a_document_that_is_still_written(world: World) -> None:
    world.drop("visit.json")
    for n in range(3):
        world.drop("consent.pdf", "x" * (n + 1))
        assert world.scan().waiting == 1
    assert world.scan().imported == ("visit.json",)


def test_documents_move_when_no_lab_can_need_them_any_more(world: World) -> None:
    world.importer.files = ("consent.pdf",)
    for name in ("a.json", "consent.pdf"):
        world.drop(name)
    world.scan()
    world.drop("b.json")
    assert world.scan().imported == ("a.json",)
    assert "consent.pdf" in world.names()
    assert world.scan().imported == ("b.json",)
    assert world.names() == {"imported/a.json", "imported/b.json", "imported/consent.pdf"}


def test_other_files_folders_and_links_are_left_alone(world: World) -> None:
    world.drop("notes.txt")
    world.drop(".hidden.json")
    (world.folder / "folder.json").mkdir()
    if os.name == "posix":
        (world.folder / "link.json").symlink_to(world.folder / "notes.txt")
    for _ in range(3):
        assert world.scan() == ScanResult()


def test_absent_folder_has_no_files(tmp_path: Path) -> None:
    world = World(tmp_path / "absent")
    assert world.scan() == ScanResult()
