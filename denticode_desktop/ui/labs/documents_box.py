"""The documents of a draft: PDFs by dialog or drop, a title each, size, remove."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from denticode_desktop.domain.errors import DenticodeError
from denticode_desktop.domain.lab import MAX_DOCUMENTS, Document
from denticode_desktop.ui.messages import words_of
from denticode_desktop.ui.theme import SPACE_2
from denticode_desktop.ui.widgets import BusyBar, LineLabel, PlainLabel, button, name_for
from denticode_desktop.ui.window_services import PageContext
from denticode_desktop.ui.words import tr

from .draft_form import size_words
from .drafts import MAX_TITLE_CHARS, AddedDocuments, add_documents
from .editor_parts import Clear, Fault, Section, mark_wrong


class DocumentRow(Clear):
    """One document: its title can be typed, its file cannot be changed."""

    edited = Signal()
    removed = Signal(object)

    def __init__(self, document: Document, number: int, *, is_writable: bool) -> None:
        super().__init__()
        self._document = document
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(SPACE_2)
        self.title = QLineEdit(document.title)
        self.title.setMaxLength(max(MAX_TITLE_CHARS, len(document.title)))
        self.title.setReadOnly(not is_writable)
        words = QLabel(tr("Title"))
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setBuddy(self.title)
        about = f"{document.file_name} \u00b7 {size_words(document.size_bytes)}"
        self._about = LineLabel(about, kind="muted")
        self.remove = button(tr("Remove"), lambda: self.removed.emit(self), name="", kind="quiet", icon_name="trash")
        line.addWidget(words)
        line.addWidget(self.title, 3)
        line.addWidget(self._about, 2)
        line.addWidget(self.remove)
        self.remove.setVisible(is_writable)
        self.set_number(number)
        self.title.textChanged.connect(self._on_edited)

    def set_number(self, number: int) -> None:
        """Its place, from 0."""
        name_for(self.title, f"labDocumentTitle{number}", tr("Title of document {n}").format(n=number + 1))
        name_for(self.remove, f"labRemoveDocument{number}", tr("Remove document {n}").format(n=number + 1))
        self._about.setObjectName(f"labDocumentFile{number}")

    @property
    def document(self) -> Document:
        """With the title as typed; an untouched one is as it was."""
        typed = self.title.text()
        return self._document if typed == self._document.title else replace(self._document, title=typed.strip())

    def _on_edited(self) -> None:
        mark_wrong(self.title, "")
        self.edited.emit()


class DocumentsBox(Section):
    """`edited` after every change. Files are read and stored on a pool thread."""

    edited = Signal()

    def __init__(self, context: PageContext) -> None:
        super().__init__(tr("Documents"), name="labDocumentsCard")
        self._context = context
        self._is_writable = True
        self._draft = 0
        self.rows: list[DocumentRow] = []
        self._column = QVBoxLayout()
        self._column.setSpacing(SPACE_2)
        self._none = PlainLabel("", kind="muted", name="labNoDocuments")
        self.fault = Fault(name="labDocumentsFault")
        self.busy = BusyBar(name="labDocumentsBusy")
        self._add = button(tr("Add &PDF \u2026"), self._choose, name="labAddDocument", icon_name="plus")
        self.inner.addWidget(self._none)
        self.inner.addLayout(self._column)
        self.inner.addWidget(self.fault)
        self.inner.addWidget(self.busy)
        foot = QHBoxLayout()
        foot.addWidget(self._add)
        foot.addStretch(1)
        self.inner.addLayout(foot)
        self.setAcceptDrops(True)
        self._show_state()

    # -- for the editor ------------------------------------------------------------------------------------------

    @property
    def documents(self) -> tuple[Document, ...]:
        """In their order."""
        return tuple(row.document for row in self.rows)

    def show_documents(self, documents: Sequence[Document], *, is_writable: bool) -> None:
        """Those of a draft."""
        self._draft += 1
        self._is_writable = is_writable
        self.fault.say("")
        self.busy.rest()
        for row in self.rows:
            _take_out(row)
        self.rows = []
        self._append(documents)

    def show_untitled(self) -> bool:
        """Goes to the first document without a title; whether there is one."""
        for number, row in enumerate(self.rows):
            if not row.document.title.strip():
                sentence = tr("Document {n} has no title. Type one.").format(n=number + 1)
                mark_wrong(row.title, sentence)
                self.fault.say(sentence)
                row.title.setFocus()
                return True
        return False

    def go_to(self, sentence: str) -> None:
        """A service's sentence about the documents."""
        self.fault.say(sentence)
        self._add.setFocus()

    # -- what a person does --------------------------------------------------------------------------------------

    def add_files(self, paths: Sequence[Path]) -> None:
        """Reads and stores them, then shows them."""
        if not paths or not self._is_writable:
            return
        services, draft = self._context.services, self._draft
        have = {document.sha256 for document in self.documents}
        room = MAX_DOCUMENTS - len(self.rows)
        self.fault.say("")
        many = tr("Adding {n} files \u2026").format(n=len(paths))
        self.busy.show_work(many if len(paths) > 1 else tr("Adding \u2026"))
        self._add.setEnabled(False)
        self._context.tasks.run(
            lambda: add_documents(services, paths, have, room),
            lambda added: self._on_added(added, draft),
            lambda error: self._on_failed(error, draft),
            owner=self,
        )

    def _choose(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, tr("Add PDF"), "", tr("PDF documents (*.pdf)"))
        self.add_files([Path(name) for name in names])

    def _on_added(self, added: AddedDocuments, draft: int) -> None:
        if draft != self._draft:
            return  # another draft is shown: its documents are not these
        self.busy.rest()
        self.fault.say("\n".join(added.refused))
        if added.documents:
            self._append(added.documents)
            self.edited.emit()
            self.rows[-1].title.setFocus()
            self.rows[-1].title.selectAll()
        self._show_state()

    def _on_failed(self, error: DenticodeError, draft: int) -> None:
        if draft == self._draft:
            self.busy.rest()
            self.fault.say(words_of(error))
            self._show_state()

    def _remove(self, row: DocumentRow) -> None:
        self.rows.remove(row)
        _take_out(row)
        self._number()
        self.fault.say("")
        self._add.setFocus()
        self.edited.emit()

    def _append(self, documents: Sequence[Document]) -> None:
        for document in documents:
            row = DocumentRow(document, len(self.rows), is_writable=self._is_writable)
            row.edited.connect(self._on_edited)
            row.removed.connect(self._remove)
            self._column.addWidget(row)
            row.show()  # at once: its title is about to get the focus
            self.rows.append(row)
        self._number()

    def _number(self) -> None:
        """Names and Tab go by place: rows come after the codes and before Add PDF, whenever they were made."""
        turns: list[QWidget] = [self._turn_before()]
        for number, row in enumerate(self.rows):
            row.set_number(number)
            turns += [row.title, row.remove]
        for first, second in pairwise([*turns, self._add]):
            self.setTabOrder(first, second)
        self._show_state()

    def _turn_before(self) -> QWidget:
        """What Tab leaves before it comes here; Qt puts nothing behind a widget that takes no focus."""
        before = self._add.previousInFocusChain()
        while before is not None and (self.isAncestorOf(before) or before.focusPolicy() is Qt.FocusPolicy.NoFocus):
            before = before.previousInFocusChain()
        return before or self._add

    def _on_edited(self) -> None:
        self.fault.say("")
        self.edited.emit()

    def _show_state(self) -> None:
        words = tr("None yet. Add a PDF or drop it here.") if self._is_writable else tr("None.")
        self._none.say(words)
        self._none.setVisible(not self.rows)
        self._add.setVisible(self._is_writable)
        self._add.setEnabled(len(self.rows) < MAX_DOCUMENTS)

    # -- drop ----------------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files only."""
        if self._is_writable and any(url.isLocalFile() for url in event.mimeData().urls()):
            self._none.say(tr("Let go to add it."))
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Nothing came."""
        self._show_state()

    def dropEvent(self, event: QDropEvent) -> None:
        """As by the dialog."""
        event.acceptProposedAction()
        self._show_state()
        self.add_files([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])


def _take_out(row: DocumentRow) -> None:
    """At once: its names are free for the rows that stay."""
    row.hide()
    row.setParent(None)
    row.deleteLater()
