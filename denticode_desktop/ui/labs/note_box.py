"""The note of a draft: plain text, how long it is, templates that fill it."""

from collections.abc import Callable
from datetime import date
from functools import partial

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu

from denticode_desktop.domain.lab import MAX_NOTE_CHARS
from denticode_desktop.services.templates import TEMPLATES, NoteTemplate, fill_template
from denticode_desktop.ui.widgets import PlainLabel, button, confirm, name_for, shown
from denticode_desktop.ui.words import tr

from .editor_parts import Fault, NoteEdit, Section, mark_wrong

NOTE_PX = 170


class NoteBox(Section):
    """`visit` gives first name, visit date and provider for a template. `edited` after every change."""

    edited = Signal()

    def __init__(self, visit: Callable[[], tuple[str, date, str]]) -> None:
        super().__init__(tr("&Note"), name="labNoteCard")
        self._visit = visit
        self._template: str | None = None
        self._fills: list[tuple[str, str | None]] = []
        self.note = NoteEdit()
        self.note.setMinimumHeight(NOTE_PX)
        name_for(self.note, "labNote", tr("Note"))
        self.title.setBuddy(self.note)
        self.menu = QMenu(self)
        self.menu.setObjectName("labTemplates")
        for template in TEMPLATES:
            self.menu.addAction(tr(template.name)).triggered.connect(partial(self._on_template, template))
        self._choose = button(tr("Use &template \u2026"), self._offer, name="labTemplate", kind="quiet",
                              icon_name="document")  # fmt: skip
        self.head.addWidget(self._choose)
        self._count = PlainLabel("", kind="caption", name="labNoteCount")
        self._which = PlainLabel("", kind="caption", name="labTemplateName")
        self.fault = Fault(name="labNoteFault")
        self.inner.addWidget(self.note, 1)
        self.inner.addWidget(self.fault)
        foot = QHBoxLayout()
        foot.addWidget(self._count, 1)
        foot.addWidget(self._which, 1)
        self.inner.addLayout(foot)
        self.note.textChanged.connect(self._on_changed)
        self.note.refused.connect(self.say_fault)

    @property
    def text(self) -> str:
        """The note."""
        return self.note.text

    @property
    def template(self) -> str | None:
        """The template that the note was begun with, if any."""
        return self._template

    def show_note(self, text: str, template: str | None, *, is_writable: bool) -> None:
        """Of a draft."""
        self._template, self._fills = template, [(text, template)]
        self.note.show_text(text)
        self.note.setReadOnly(not is_writable)
        self._choose.setVisible(is_writable)
        self.say_fault("")
        self._show_state()

    def say_fault(self, text: str) -> None:
        """One sentence; empty takes it away."""
        self.fault.say(text)
        mark_wrong(self.note, text)

    def go_to(self, sentence: str) -> None:
        """What is wrong, and the focus where it is put right."""
        self.say_fault(sentence)
        self.note.setFocus()

    def _offer(self) -> None:
        self.menu.popup(self._choose.mapToGlobal(QPoint(0, self._choose.height())))
        self.menu.setActiveAction(self.menu.actions()[0])

    def _on_template(self, template: NoteTemplate, _is_checked: bool = False) -> None:
        self._use(template)

    def _use(self, template: NoteTemplate) -> None:
        if self.text.strip() and not confirm(
            self.window(), tr("Replace the note?"),
            tr("The template takes the place of what is typed. Undo (Ctrl+Z) brings it back."), tr("Replace the note"),
        ):  # fmt: skip
            return
        first_name, visit_on, provider = self._visit()
        filled = fill_template(
            template, patient_first_name=first_name or tr("the patient"), visit_on=visit_on,
            provider_name=provider or tr("the provider"),
        )  # fmt: skip
        self._fills += [(self.text, self._template), (filled, template.name)]
        self.note.put_text(filled)
        self.note.setFocus()

    def _on_changed(self) -> None:
        text = self.text
        for filled, template in self._fills:
            if text == filled:  # undo and redo bring back the template that went with the words
                self._template = template
        self.say_fault(_too_long(text))
        self._show_state()
        self.edited.emit()

    def _show_state(self) -> None:
        words = tr("{n:,} of {limit:,} characters").format(n=len(self.text), limit=MAX_NOTE_CHARS)
        self._count.set_words(words, "bad" if len(self.text) > MAX_NOTE_CHARS else "caption")
        self._which.say(tr("Template: {name}").format(name=shown(self._template, 60)) if self._template else "")


def _too_long(text: str) -> str:
    if len(text) <= MAX_NOTE_CHARS:
        return ""
    return tr("The note has more than {limit:,} characters. Shorten it.").format(limit=MAX_NOTE_CHARS)
