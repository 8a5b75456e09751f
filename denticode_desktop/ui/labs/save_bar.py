"""The foot of the editor: whether everything is saved, in words; Save draft and Finalize."""

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from denticode_desktop.domain.access import Action, Actor
from denticode_desktop.ui.operations import may
from denticode_desktop.ui.theme import SPACE_2
from denticode_desktop.ui.widgets import IconLabel, Notice, PlainLabel, button
from denticode_desktop.ui.words import tr

NOTHING_TYPED = ("Nothing typed yet", "circle", "muted")
NOT_SAVED = ("Not saved yet", "edit", "warn")
SAVING = ("Saving \u2026", "hourglass", "muted")
SAVED = ("Saved as a draft", "check-circle", "good")
READ_ONLY = ("Your role may read this draft, not change it", "eye", "muted")


class SaveBar(QFrame):
    """Stays in view while the form scrolls."""

    def __init__(
        self,
        actor: Actor,
        on_save: Callable[[], None],
        on_finalize: Callable[[], None],
        on_drop: Callable[[], None],
    ) -> None:
        super().__init__()
        self.setObjectName("labSaveBar")
        self.may_write = may(actor, Action.WRITE_LABS)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACE_2, 0, 0)
        column.setSpacing(SPACE_2)
        self.notice = Notice(name="labNotice")
        column.addWidget(self.notice)
        row = QHBoxLayout()
        row.setSpacing(SPACE_2)
        self._sign = IconLabel("circle", "muted", 16)
        self._words = PlainLabel("", kind="muted", name="labSaveState")
        row.addWidget(self._sign)
        row.addWidget(self._words, 1)
        self.save = button(tr("&Save draft"), on_save, name="labSave", tip=tr("Save draft (Ctrl+S)"))
        self.finalize = button(tr("&Finalize \u2026"), on_finalize, name="labFinalize", kind="primary",
                               icon_name="check-circle")  # fmt: skip
        self.drop = button(tr("Delete draft \u2026"), on_drop, name="labDropDraft", kind="quiet")
        self.drop.hide()
        row.addWidget(self.drop)
        row.addWidget(self.save)
        row.addWidget(self.finalize)
        column.addLayout(row)
        self.save.setVisible(self.may_write)
        self.finalize.setVisible(may(actor, Action.FINALIZE_LABS))
        self.show_state(NOTHING_TYPED)

    def offer_drop(self, is_possible: bool) -> None:
        """Whether there is a draft beside what is finalized, which may be taken back."""
        self.drop.setVisible(is_possible and self.may_write)

    @property
    def words(self) -> str:
        """What it says."""
        return self._words.text()

    def show_state(self, state: tuple[str, str, str]) -> None:
        """Words, icon, role."""
        words, icon_name, role = state if self.may_write else READ_ONLY
        self._words.set_words(tr(words), role)
        self._sign.set_icon(icon_name, role)
