"""Lab files into the program: chosen or dropped, one after the other, each with what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from denticode_desktop.domain.errors import DenticodeError
from denticode_desktop.domain.ids import LabId
from denticode_desktop.ui.messages import words_of
from denticode_desktop.ui.task_runner import Task
from denticode_desktop.ui.theme import SPACE_2
from denticode_desktop.ui.widgets import IconLabel, PlainDialog, PlainLabel, scrolled
from denticode_desktop.ui.window_services import WindowServices
from denticode_desktop.ui.words import tr

from .preview import fit_height

_WORDS = {"new": "a new Lab", "changed": "the Lab was changed", "unchanged": "unchanged, the Lab is here already"}
_SIGNS = {"new": ("plus", "good"), "changed": ("edit", "info"), "unchanged": ("check-circle", "muted")}
_REFUSED = ("x-circle", "bad")


@dataclass(frozen=True, slots=True)
class Imported:
    """One file. `status`: new, changed, unchanged, or empty for refused, which `sentence` explains."""

    file_name: str
    status: str
    sentence: str
    lab_id: LabId | None

    @property
    def words(self) -> str:
        """`visit.json: a new Lab.`"""
        if not self.status:
            return tr("{file}: refused. {why}").format(file=self.file_name, why=self.sentence)
        return tr("{file}: {what}.").format(file=self.file_name, what=tr(_WORDS[self.status]))


def import_files(services: WindowServices, paths: Sequence[Path], task: Task) -> list[Imported]:
    """A file that is refused does not stop the others; Cancel stops before the next one."""
    found = []
    for number, path in enumerate(paths):
        if task.is_cancelled:
            break
        task.tell(number)
        try:
            result = services.labs.import_file(services.actor, path)
            found.append(Imported(path.name, result.status, "", result.lab_id))
        except DenticodeError as error:
            found.append(Imported(path.name, "", words_of(error), None))
    return found


def lab_files_of(data: QMimeData) -> list[Path]:
    """The .json files among what is dragged."""
    files = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    return [path for path in files if path.suffix.lower() == ".json"]


class ImportedDialog(PlainDialog):
    """What became of several files."""

    def __init__(self, parent: QWidget, imported: Sequence[Imported]) -> None:
        super().__init__(parent, tr("Lab files"), name="importedLabs", width=560, cancel=tr("Close"))
        refused = sum(not one.status for one in imported)
        words = tr("{n} files were read, {refused} refused. A refused file changed nothing.")
        self.inner.addWidget(PlainLabel(words.format(n=len(imported), refused=refused), kind="muted"))
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, SPACE_2, 0)
        for one in sorted(imported, key=lambda one: bool(one.status)):
            line = QHBoxLayout()
            line.setSpacing(SPACE_2)
            sign, role = _SIGNS.get(one.status, _REFUSED)
            line.addWidget(IconLabel(sign, role, 16), 0, Qt.AlignmentFlag.AlignTop)
            line.addWidget(PlainLabel(one.words, limit=400), 1)
            column.addLayout(line)
        column.addStretch(1)
        area = scrolled(holder, tr("Lab files"))
        area.setObjectName("importedList")
        area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.inner.addWidget(area, 1)
        fit_height(self, area, 560)
        self.cancel.setFocus()
