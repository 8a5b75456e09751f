"""Lab sessions: the list at the left; at the right the editor of a draft, or a frozen revision with its states."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QSplitter

from denticode_desktop.domain.access import Action
from denticode_desktop.domain.errors import DenticodeError
from denticode_desktop.domain.events import ImportFailed
from denticode_desktop.domain.ids import LabId
from denticode_desktop.domain.write_back import DecisionRequest
from denticode_desktop.ui.operations import may
from denticode_desktop.ui.page import Page, PageState
from denticode_desktop.ui.reader import Reader
from denticode_desktop.ui.shortcuts import Command
from denticode_desktop.ui.task_runner import Task
from denticode_desktop.ui.widgets import BusyBar, EmptyState, button, confirm
from denticode_desktop.ui.window_services import PageContext
from denticode_desktop.ui.words import tr

from .actions import LabActions
from .imports import Imported, ImportedDialog, import_files, lab_files_of
from .leave import LeaveDialog, Leaving
from .list_view import ListPane
from .model import LabListModel, Query
from .reading import LabPicture, Obstacle, read_picture
from .side import LabSide

OPEN_AFTER_MS = 120
"""Arrow keys run through the list: only the Lab where they stop is read."""
AGES_EVERY_MS = 20_000
WIDE_FROM, LIST_WIDE, LIST_NARROW = 860, 290, 216
_Again = tuple[LabPicture | None, list[DecisionRequest]]


class LabsPage(Page):
    """`_wanted` is the Lab that the person went to; what is shown at the right follows as soon as it is read."""

    def __init__(self, context: PageContext) -> None:
        super().__init__(tr("Lab sessions"), is_scrolling=False)
        self._context = context
        self._services = context.services
        self._wanted: LabId | None = None
        self._leaving: LeaveDialog | None = None
        self._importing: Task | None = None
        self._is_split_chosen = False
        self.actions_of_lab = LabActions(self, context)
        self.actions_of_lab.changed.connect(self._on_changed)
        self.model = LabListModel(self, context.services, context.tasks)
        self.list = ListPane(self.model)
        self.side = LabSide(context)
        self._build()
        self._connect()
        self._reader = Reader(self, context.tasks, self._read_again, self._show_again, self.tell_error)
        self._opening = QTimer(self)
        self._opening.setSingleShot(True)
        self._opening.setInterval(OPEN_AFTER_MS)
        self._opening.timeout.connect(self._open_now)
        self._ages = QTimer(self)
        self._ages.setInterval(AGES_EVERY_MS)
        self._ages.timeout.connect(self.side.details.show_ages)
        self.show_state(PageState.LOADING)

    def _build(self) -> None:
        self._import = button(
            tr("Import Lab file \u2026"), self._choose_files, name="labImport", icon_name="upload",
            tip=tr("Lab files (.json) may also be dropped onto this page."),
        )  # fmt: skip
        self._new = button(tr("New Lab"), self._on_new, name="labNew", icon_name="plus")
        for made in (self._import, self._new):
            self.add_action(made)
            made.setVisible(may(self._services.actor, Action.WRITE_LABS))
        self.setAcceptDrops(may(self._services.actor, Action.WRITE_LABS))
        self.busy = BusyBar(name="labBusy", on_cancel=self._stop_importing)
        self.body.addWidget(self.busy)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setObjectName("labSplit")
        self._split.setChildrenCollapsible(False)
        self._split.setHandleWidth(12)
        self._split.addWidget(self.list)
        self._split.addWidget(self.side)
        self._split.setStretchFactor(1, 1)
        self._split.splitterMoved.connect(self._on_split_moved)
        self.body.addWidget(self._split, 1)

    def _on_split_moved(self) -> None:
        self._is_split_chosen = True

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrow page gives the Lab the room, unless a person has moved the line between the two."""
        super().resizeEvent(event)
        if not self._is_split_chosen:
            width = self._split.width() - self._split.handleWidth()
            listed = LIST_WIDE if width >= WIDE_FROM else LIST_NARROW
            self._split.setSizes([listed, max(1, width - listed)])

    def _connect(self) -> None:
        self.list.asked.connect(self._ask)
        self.list.wanted.connect(self._on_wanted)
        self.model.opened.connect(self._on_rows)
        self.model.refreshed.connect(self._on_rows)
        self.model.failed.connect(self._on_list_failed)
        self.side.saved.connect(self._on_saved)
        self.side.finalize_wanted.connect(self.actions_of_lab.preview)
        self.side.drop_wanted.connect(self._on_drop)
        self.side.details.send.connect(self._on_send)
        self.side.details.addendum.connect(self._on_addendum)
        self.side.details.settle.connect(self._on_settle)
        self.side.details.decide.connect(self.actions_of_lab.decide)

    # -- reading -------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """The list and the Lab that is shown, off the UI thread."""
        self.model.refresh()
        self._reader.read()

    @Slot(object)
    def _ask(self, query: Query) -> None:
        self.model.open(query)

    def _on_rows(self) -> None:
        self.list.view.settle(self._wanted)
        self.list.show_counts()
        is_empty = self.model.query.is_all and self.model.is_end and not self.model.rowCount()
        if is_empty and self._wanted is None and not self.side.is_new:
            self._show_welcome()
        else:
            self.show_full()

    def _show_welcome(self) -> None:
        if self.state is PageState.EMPTY:
            return
        if not may(self._services.actor, Action.WRITE_LABS):
            words = tr("Labs appear here when a provider has written or imported one.")
            self.show_empty(EmptyState("lab", tr("No Lab yet"), words))
            return
        self.show_empty(
            EmptyState(
                "lab", tr("No Lab yet"),
                tr("Import a Lab file of your scribe, drop it onto this page, or write a New Lab here."),
                button_text=tr("Import Lab file \u2026"), button_name="welcomeImport", on_press=self._choose_files,
            )
        )  # fmt: skip

    @Slot(object)
    def _on_list_failed(self, error: DenticodeError) -> None:
        if self.model.has_read:
            self.tell_error(error)
        else:
            self.show_error(error)

    def _read_again(self) -> _Again:
        lab_id = self._wanted
        picture = read_picture(self._services, lab_id, is_refresh=True) if lab_id is not None else None
        return picture, self.actions_of_lab.read_results()

    def _show_again(self, again: _Again) -> None:
        picture, requests = again
        self.actions_of_lab.tell_results(requests)
        if picture is not None and self._shown is not None and picture.view.lab_id == self._wanted:
            self.side.show_picture(picture)

    # -- going to a Lab ------------------------------------------------------------------------------------------

    def open_lab(self, lab_id: LabId) -> None:
        """Shows that Lab, after a question where another one has unsaved changes."""
        if lab_id != self._wanted or self.side.picture is None:
            self.leave(lambda: self._go_to(lab_id))

    @Slot(object)
    def _on_wanted(self, lab_id: LabId) -> None:
        if lab_id != self._wanted:
            self.leave(lambda: self._go_to(lab_id, is_soon=True), self._mark)

    def _mark(self) -> None:
        self.list.view.mark(self._wanted)

    def _go_to(self, lab_id: LabId, *, is_soon: bool = False) -> None:
        self._wanted = lab_id
        self._mark()
        self.tell("")
        self.show_full()
        if is_soon:
            self._opening.start()
        else:
            self._open_now()

    def _open_now(self) -> None:
        self._opening.stop()
        services, lab_id = self._services, self._wanted
        if lab_id is not None:
            self._context.tasks.run(
                lambda: read_picture(services, lab_id, is_refresh=False), self._show_opened, self.tell_error, owner=self
            )

    def _show_opened(self, picture: LabPicture) -> None:
        if picture.view.lab_id == self._wanted:
            self.side.show_picture(picture, is_opened=True)

    @Slot(object)
    def _on_changed(self, lab_id: LabId) -> None:
        """A person did something with that Lab."""
        self.side.show_latest()
        self.refresh()

    @Slot(object)
    def _on_saved(self, lab_id: LabId) -> None:
        """What was new has an id now, unless the person is elsewhere already."""
        if self._wanted is None and self.side.is_new:
            self._wanted = lab_id
            self.side.take_saved(lab_id)
            services = self._services
            self._context.tasks.run(
                lambda: read_picture(services, lab_id, is_refresh=True), self._show_opened, self.tell_error, owner=self
            )
        self.refresh()

    def _on_new(self) -> None:
        self.leave(self._show_new)

    def _show_new(self) -> None:
        self._wanted = None
        self._opening.stop()
        self._mark()
        self.tell("")
        self.show_full()
        self.side.show_new()

    # -- leaving -------------------------------------------------------------------------------------------------

    def leave(self, go_on: Callable[[], None], stay: Callable[[], None] | None = None) -> None:
        """As Page; unsaved words are saved, dropped or kept, as the person says."""
        if not self.side.has_changes:
            go_on()
            return
        if stay is not None:
            stay()  # until the person has said otherwise
        if self._leaving is not None:
            return
        dialog = self._leaving = LeaveDialog(self)
        dialog.finished.connect(lambda result: self._on_left(Leaving(result), go_on))
        dialog.open()

    def _on_left(self, chosen: Leaving, go_on: Callable[[], None]) -> None:
        dialog, self._leaving = self._leaving, None
        if dialog is not None:
            dialog.deleteLater()
        if chosen is Leaving.SAVE:
            self.side.save(lambda _lab_id: go_on())
        elif chosen is Leaving.DROP:
            self.side.forget_changes()
            go_on()

    # -- importing -----------------------------------------------------------------------------------------------

    def _choose_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, tr("Import Lab file"), "", tr("Lab files (*.json)"))
        if names:
            self.import_files([Path(name) for name in names])

    def import_files(self, paths: list[Path]) -> None:
        """One after the other; what became of each is said."""
        if self._importing is not None:
            self.tell(tr("Files are being imported already. Wait until that is done."), "info")
            return
        services, total = self._services, len(paths)
        self.tell("")
        self.busy.show_work(tr("Reading Lab files \u2026"), 0, total)
        self._importing = self._context.tasks.run_task(
            lambda task: import_files(services, paths, task), self._imported, self._import_failed,
            progress=lambda done: self.busy.show_work(tr("Reading Lab files \u2026"), done, total), owner=self,
        )  # fmt: skip

    def _stop_importing(self) -> None:
        if self._importing is not None:
            self._importing.cancel()
        self._end_importing()
        self.tell(tr("Stopped. What was read before is here; the rest was not touched."), "info")

    def _end_importing(self) -> None:
        self._importing = None
        self.busy.rest()
        self._context.go.changed()
        self.refresh()

    def _import_failed(self, error: DenticodeError) -> None:
        self._end_importing()
        self.tell_error(error)

    def _imported(self, imported: list[Imported]) -> None:
        self._end_importing()
        if len(imported) > 1:
            ImportedDialog(self, imported).exec()
        elif imported:
            self._show_imported(imported[0])

    def _show_imported(self, one: Imported) -> None:
        lab_id = one.lab_id
        if lab_id is None:
            self.tell(one.words, "bad")
        elif self.side.has_changes:
            self.tell(one.words, "good", button_text=tr("Show"), on_press=lambda: self.open_lab(lab_id))
        else:
            self._go_to(lab_id)
            self.tell(one.words, "good")

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Lab files may be dropped."""
        if lab_files_of(event.mimeData()):
            event.acceptProposedAction()
            self.tell(tr("Let go here to import the Lab files."), "info")

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """They were carried away."""
        self.tell("")

    def dropEvent(self, event: QDropEvent) -> None:
        """They were let go."""
        if paths := lab_files_of(event.mimeData()):
            event.acceptProposedAction()
            self.import_files(paths)

    # -- keys, events, buttons -----------------------------------------------------------------------------------

    def on_event(self, event: object) -> None:
        """A file of the watched folder that was refused is said here; everything else is read again."""
        if isinstance(event, ImportFailed):
            self.tell(event.sentence, "warn")

    def on_command(self, command: Command) -> bool:
        """Ctrl+F, Ctrl+Enter, Esc."""
        if command is Command.FIND:
            self.list.go_to_search()
            return True
        if command is Command.SEND and self.side.can_send:
            self._on_send()
            return True
        if command is Command.BACK and not self.side.is_editing:
            if self.list.search.text():
                self.list.search.clear()
            self.list.view.setFocus(Qt.FocusReason.ShortcutFocusReason)
            return True
        return False

    @property
    def _shown(self) -> LabPicture | None:
        """The Lab at the right, unless the person has gone on to another one that is still being read."""
        picture = self.side.picture
        return picture if picture is not None and picture.view.lab_id == self._wanted else None

    def _on_send(self) -> None:
        if self._shown is not None:
            self.actions_of_lab.send(self._shown)

    def _on_addendum(self) -> None:
        if self._shown is not None:
            self.actions_of_lab.addendum(self._shown.view.lab_id)

    @Slot(object)
    def _on_drop(self, lab_id: LabId) -> None:
        text = tr("The draft and what is typed in it are deleted. What was finalized before stays as it is.")
        if confirm(self, tr("Delete draft"), text, tr("Delete draft"), kind="danger"):
            self.side.forget_changes()
            self.actions_of_lab.drop_draft(lab_id)

    @Slot(object)
    def _on_settle(self, obstacle: Obstacle) -> None:
        if self._shown is not None:
            self.actions_of_lab.settle(self._shown.view.lab_id, obstacle)

    def showEvent(self, event: QShowEvent) -> None:
        """Ages move only while somebody can see them."""
        super().showEvent(event)
        self._ages.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """As above."""
        super().hideEvent(event)
        self._ages.stop()
