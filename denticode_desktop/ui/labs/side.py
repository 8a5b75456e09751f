"""The right side: a hint, one frozen revision, or the editor of a draft; above them the choice of revision."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from denticode_desktop.domain.access import Action
from denticode_desktop.domain.ids import LabId
from denticode_desktop.services.lab_views import LabView
from denticode_desktop.ui.operations import may
from denticode_desktop.ui.theme import SPACE_2
from denticode_desktop.ui.widgets import EmptyState, name_for
from denticode_desktop.ui.window_services import PageContext
from denticode_desktop.ui.words import tr

from .details import DetailsPane
from .reading import LabPicture
from .words import revision_words

if TYPE_CHECKING:
    from .editor import DraftEditor

MIN_WIDTH = 380


class LabSide(QWidget):
    """`saved`, `finalize_wanted`: the editor's, with a LabId."""

    saved = Signal(object)
    finalize_wanted = Signal(object)
    drop_wanted = Signal(object)

    def __init__(self, context: PageContext) -> None:
        super().__init__()
        self._context = context
        self._may_write = may(context.services.actor, Action.WRITE_LABS)
        self._editor: DraftEditor | None = None
        self._edited: LabId | None = None
        self._revision: int | None = None
        self.picture: LabPicture | None = None
        self.is_new = False
        self.setMinimumWidth(MIN_WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_2)
        column.addWidget(self._revision_bar())
        self._stack = QStackedWidget()
        hint = tr("The note, its codes and how far each of them is appear here.")
        self._stack.addWidget(EmptyState("lab", tr("Choose a Lab at the left"), hint))
        self.details = DetailsPane(context.services.actor, context.services.utc_now)
        self._stack.addWidget(self.details)
        column.addWidget(self._stack, 1)
        if self._may_write:
            context.tasks.run(_load_editor, lambda _none: None, lambda _error: None)

    def _revision_bar(self) -> QWidget:
        self._bar = QWidget()
        line = QHBoxLayout(self._bar)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(SPACE_2)
        self.revisions = QComboBox()
        name_for(self.revisions, "labRevision", tr("Revision"))
        self.revisions.activated.connect(self._on_revision)
        words = QLabel(tr("&Revision"))
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setBuddy(self.revisions)
        line.addWidget(words)
        line.addWidget(self.revisions, 1)
        self._bar.hide()
        return self._bar

    # -- what is shown -------------------------------------------------------------------------------------------

    @property
    def is_editing(self) -> bool:
        """The editor is in view."""
        return self._editor is not None and self._stack.currentWidget() is self._editor

    @property
    def can_send(self) -> bool:
        """Send is offered and in view."""
        return self._stack.currentWidget() is self.details and not self.details.send_button.isHidden()

    def show_picture(self, picture: LabPicture, *, is_opened: bool = False) -> None:
        """The Lab as it is now. `is_opened`: a person went to it, so its latest revision is shown."""
        is_other = self.picture is None or self.picture.view.lab_id != picture.view.lab_id
        if is_opened or is_other or picture.view.revisions[-1].revision != self._latest():
            self._revision = None
        self.is_new = False
        self.picture = picture
        self._fill_revisions(picture.view)
        view = picture.view
        latest = view.revisions[-1]
        number = self._revision or latest.revision
        shown = next((r for r in view.revisions if r.revision == number), latest)
        if shown is latest and self._may_write and latest.finalized_at is None and latest.content is not None:
            self._edit(view)
        else:
            self.details.show_picture(picture, shown)
            self._stack.setCurrentWidget(self.details)

    def show_latest(self) -> None:
        """What a person just did concerns the latest revision."""
        self._revision = None

    def show_new(self) -> None:
        """An empty form."""
        self.picture = None
        self.is_new = True
        self._bar.hide()
        self._edited = None
        editor = self._made_editor()
        editor.new_lab()
        self._stack.setCurrentWidget(editor)
        editor.setFocus(Qt.FocusReason.OtherFocusReason)
        editor.focusNextChild()

    def take_saved(self, lab_id: LabId) -> None:
        """The new Lab has an id: the editor shows it already."""
        self.is_new = False
        self._edited = lab_id

    def _latest(self) -> int:
        return self.picture.view.revisions[-1].revision if self.picture is not None else 0

    def _fill_revisions(self, view: LabView) -> None:
        self._bar.setVisible(len(view.revisions) > 1)
        now = self._context.services.utc_now()
        wanted = [(revision_words(r, now), r.revision) for r in reversed(view.revisions)]
        known = [(self.revisions.itemText(n), self.revisions.itemData(n)) for n in range(self.revisions.count())]
        if wanted != known and not self.revisions.view().isVisible():
            self.revisions.clear()
            for words, number in wanted:
                self.revisions.addItem(words, number)
        place = self.revisions.findData(self._revision or view.revisions[-1].revision)
        self.revisions.setCurrentIndex(max(0, place))

    def _on_revision(self, row: int) -> None:
        number = self.revisions.itemData(row)
        if self.picture is not None and isinstance(number, int):
            self._revision = number
            self.show_picture(self.picture)

    # -- the editor ----------------------------------------------------------------------------------------------

    def _edit(self, view: LabView) -> None:
        editor = self._made_editor()
        if not (self._edited == view.lab_id and editor.has_changes):  # typed words stay until they are saved
            self._edited = view.lab_id
            editor.show_draft(view)
        self._stack.setCurrentWidget(editor)

    def _made_editor(self) -> DraftEditor:
        if self._editor is None:
            from .editor import DraftEditor  # noqa: PLC0415 - most people look at finalized Labs

            self._editor = DraftEditor(self._context, self)
            self._editor.saved.connect(self.saved)
            self._editor.finalize_wanted.connect(self.finalize_wanted)
            self._editor.drop_wanted.connect(self.drop_wanted)
            self._stack.addWidget(self._editor)
        return self._editor

    @property
    def has_changes(self) -> bool:
        """Something was typed that is not on the disk."""
        return self._editor is not None and (self.is_new or self._edited is not None) and self._editor.has_changes

    def save(self, then: Callable[[LabId], None]) -> None:
        """As DraftEditor.save; the editor comes into view, where it says what keeps it from saving."""
        editor = self._made_editor()
        self._stack.setCurrentWidget(editor)
        editor.save(then)

    def forget_changes(self) -> None:
        """As DraftEditor."""
        self._made_editor().forget_changes()


def _load_editor() -> None:
    """On a pool thread, so that the first draft does not wait for it."""
    from . import editor  # noqa: F401, PLC0415
