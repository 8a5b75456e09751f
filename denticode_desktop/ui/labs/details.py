"""One revision of a Lab as it was frozen, and how far each part of it is. Widgets are kept and filled anew."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from itertools import pairwise

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QPlainTextEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from denticode_desktop.domain.access import Action, Actor
from denticode_desktop.domain.entity_link import LinkRule
from denticode_desktop.domain.ids import LabId
from denticode_desktop.domain.lab import MAX_NOTE_CHARS, Document, LabContent
from denticode_desktop.services.lab_views import LabView, LinkView, RevisionView
from denticode_desktop.ui.operations import may
from denticode_desktop.ui.shortcuts import Command, with_key
from denticode_desktop.ui.theme import SPACE_2, SPACE_3, SPACE_4
from denticode_desktop.ui.widgets import (
    Card,
    IconLabel,
    LineLabel,
    Notice,
    PlainLabel,
    StatusChip,
    button,
    clear,
    name_for,
    scrolled,
    shown,
)
from denticode_desktop.ui.words import tr

from .items import WriteBackBox
from .reading import LabPicture, Obstacle
from .send import targets_of
from .words import CODE_COLUMNS, DRAFT, code_cells, day_words, document_words, lab_status, moment_words

NOTE_LINES_MOST = 16
CODE_ROWS_MOST = 12
FACT_WIDTH = 200
NOTE_FRAME = 16
"""Border and padding of the style sheet, above and below."""
Index = QModelIndex | QPersistentModelIndex
_RULES = {LinkRule.PMS_ID: "matched by its id", LinkRule.PERSON: "chosen by a person"}


class NoteView(QPlainTextEdit):
    """A frozen note, as high as it is long up to a limit; Tab goes on."""

    def __init__(self) -> None:
        super().__init__()
        name_for(self, "labNoteText", tr("Note as finalized"))
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self._text = ""

    def show_text(self, text: str) -> None:
        """Plain text; cursor and scrolling stay where the text is the same."""
        if text != self._text or not self.toPlainText():
            self._text = text
            self.setPlainText(shown(text.replace("\r\n", "\n").replace("\r", "\n"), MAX_NOTE_CHARS))
        self._fit()

    def _fit(self) -> None:
        first = self.document().firstBlock()
        line_height = self.blockBoundingRect(first).height() / max(1, first.lineCount())
        lines = max(2, min(NOTE_LINES_MOST, round(self.document().size().height())))
        height = round(lines * line_height) + 2 * round(self.document().documentMargin()) + NOTE_FRAME
        if height != self.height():
            self.setFixedHeight(height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width wraps otherwise."""
        super().resizeEvent(event)
        self._fit()


class _InnerEdge(QStyledItemDelegate):
    """Cells begin below the words of their column's head."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        option.rect = option.rect.adjusted(5, 0, 0, 0)
        super().paint(painter, option, index)


class CodeTable(QTableWidget):
    """The code lines, to read."""

    def __init__(self) -> None:
        super().__init__(0, len(CODE_COLUMNS))
        self._cells: list[tuple[str, ...]] = []
        name_for(self, "labCodeTable", tr("Codes as finalized"))
        self.setHorizontalHeaderLabels([tr(name) for name in CODE_COLUMNS])
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setItemDelegate(_InnerEdge(self))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(28)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)

    def show_lines(self, rows: Sequence[tuple[str, ...]]) -> None:
        """Cells in the order of CODE_COLUMNS; the same rows keep selection and focus."""
        if list(rows) == self._cells:
            return
        self._cells = list(rows)
        self.setRowCount(len(rows))
        for number, cells in enumerate(rows):
            for column, text in enumerate(cells):
                cell = QTableWidgetItem(shown(text, 60))
                cell.setData(Qt.ItemDataRole.AccessibleTextRole, shown(f"{tr(CODE_COLUMNS[column])} {text}", 80))
                self.setItem(number, column, cell)
        shown_rows = min(max(1, len(rows)), CODE_ROWS_MOST)
        head = self.horizontalHeader().sizeHint().height()
        self.setFixedHeight(head + shown_rows * 28 + 2 * self.frameWidth() + 4)


class DetailsPane(QWidget):
    """`send`, `addendum`: the button was pressed. `settle`: an Obstacle. `decide`: an ItemId."""

    send = Signal()
    addendum = Signal()
    settle = Signal(object)
    decide = Signal(object)

    def __init__(self, actor: Actor, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._actor = actor
        self._now = now
        self._lab_id: LabId | None = None
        self._document_rows: Sequence[Document] = ()
        self._fact_rows: list[tuple[str, str]] = []
        self._boxes: list[WriteBackBox] = []
        self._notices: list[Notice] = []
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        inside = QWidget()
        inside.setObjectName("scrollBody")
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, SPACE_2, 0)
        self._column.setSpacing(SPACE_3)
        self._column.addWidget(self._head())
        self._obstacles = QVBoxLayout()
        self._obstacles.setSpacing(SPACE_2)
        self._column.addLayout(self._obstacles)
        self._write_backs = QVBoxLayout()
        self._write_backs.setSpacing(SPACE_3)
        self._column.addLayout(self._write_backs)
        for part in self._content():
            self._column.addWidget(part)
        self._column.addStretch(1)
        self._scroll = scrolled(inside, tr("Lab"))
        outer.addWidget(self._scroll)

    # -- building ------------------------------------------------------------------------------------------------

    def _head(self) -> Card:
        head = Card(name="labHead")
        line = QHBoxLayout()
        line.setSpacing(SPACE_3)
        self.name = LineLabel("", kind="title", name="labName")
        self._chip = StatusChip(DRAFT)
        line.addWidget(self.name, 1)
        line.addWidget(self._chip)
        head.inner.addLayout(line)
        self._about = PlainLabel("", kind="muted", name="labAbout")
        head.inner.addWidget(self._about)
        self._facts = QGridLayout()
        self._facts.setHorizontalSpacing(SPACE_4)
        self._facts.setVerticalSpacing(2)
        self._facts.setColumnStretch(1, 1)
        head.inner.addLayout(self._facts)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE_2)
        self.send_button = button(
            tr("Send Lab to PMS"), self.send.emit, name="labSend", kind="primary", icon_name="send",
            tip=with_key(tr("Send Lab to PMS"), Command.SEND),
        )  # fmt: skip
        self.addendum_button = button(
            tr("Write addendum"), self.addendum.emit, name="labAddendum", icon_name="plus",
            tip=tr("What was finalized stays as it is; an addendum is added to the chart."),
        )  # fmt: skip
        buttons.addWidget(self.send_button)
        buttons.addWidget(self.addendum_button)
        buttons.addStretch(1)
        head.inner.addLayout(buttons)
        return head

    def _content(self) -> list[QWidget]:
        self._note_card = Card(name="labNoteCard")
        self._note_card.inner.addWidget(PlainLabel(tr("Note"), kind="section"))
        self.note = NoteView()
        self._note_card.inner.addWidget(self.note)
        self._code_card = Card(name="labCodeCard")
        self._code_card.inner.addWidget(PlainLabel(tr("Codes"), kind="section"))
        self.codes = CodeTable()
        self._code_card.inner.addWidget(self.codes)
        self._document_card = Card(name="labDocumentCard")
        self._document_card.inner.addWidget(PlainLabel(tr("Documents"), kind="section"))
        self._documents = QVBoxLayout()
        self._document_card.inner.addLayout(self._documents)
        self._locked = PlainLabel(
            tr("Your role sees how far the Lab is, not its clinical text."), kind="muted", name="labLocked"
        )
        return [self._note_card, self._code_card, self._document_card, self._locked]

    # -- filling -------------------------------------------------------------------------------------------------

    def show_picture(self, picture: LabPicture, revision: RevisionView) -> None:
        """That revision of the Lab; another Lab begins at the top."""
        view = picture.view
        if view.lab_id != self._lab_id:
            self._lab_id = view.lab_id
            self._scroll.verticalScrollBar().setValue(0)
        self._show_head(picture, revision)
        self._show_obstacles(picture.obstacles)
        while len(self._boxes) < len(revision.write_backs):
            box = WriteBackBox(len(self._boxes), self._now)
            box.decide.connect(self.decide)
            box.grown.connect(self._chain)
            self._boxes.append(box)
            self._write_backs.addWidget(box)
            self._chain()
        for box, write_back in zip(self._boxes, revision.write_backs, strict=False):
            box.show_write_back(write_back, picture.providers.get(write_back.writeback.writeback_id, ""))
            box.show()
        for box in self._boxes[len(revision.write_backs) :]:
            box.hide()
        self._show_content(revision.content)

    def _chain(self) -> None:
        """Tab goes in reading order, also where a part was made after those below it."""
        stops: list[QWidget] = [self.send_button, self.addendum_button, *(notice.button for notice in self._notices)]
        for box in self._boxes:
            stops += box.stops
        for before, after in pairwise([*stops, self.note, self.codes]):
            QWidget.setTabOrder(before, after)

    def show_ages(self) -> None:
        """Times in words, again."""
        for box in self._boxes:
            if not box.isHidden():
                box.show_ages()

    def _show_head(self, picture: LabPicture, revision: RevisionView) -> None:
        view = picture.view
        person = view.patient.person
        self.name.say(person.display_name or tr("No name"))
        self._chip.set_status(lab_status(view))
        born = day_words(person.date_of_birth) if person.date_of_birth else tr("not known")
        self._about.say(_about(view, revision, born, self._now()))
        self._show_facts(view)
        is_latest = revision.revision == view.revisions[-1].revision
        is_frozen = view.revisions[-1].finalized_at is not None
        can_send = may(self._actor, Action.SEND_LABS) and bool(targets_of(view, picture.cards))
        self.send_button.setVisible(can_send and is_latest)
        self.addendum_button.setVisible(is_frozen and is_latest and may(self._actor, Action.WRITE_LABS))

    def _show_facts(self, view: LabView) -> None:
        rows = [(tr("Provider"), view.provider_name or tr("none"))]
        several = len(view.links) > 1
        rows += [(link.connection_name if several else tr("Chart"), _chart_words(link)) for link in view.links]
        rows.append((tr("Lab id"), view.lab_id))
        if rows == self._fact_rows:
            return
        self._fact_rows = rows
        clear(self._facts)
        for number, (what, words) in enumerate(rows):
            name = LineLabel(what, kind="caption", is_stretchy=False)
            name.setMaximumWidth(FACT_WIDTH)
            self._facts.addWidget(name, number, 0)
            self._facts.addWidget(LineLabel(words), number, 1)

    def _show_obstacles(self, obstacles: Sequence[Obstacle]) -> None:
        while len(self._notices) < len(obstacles):
            notice = Notice(name=f"labObstacle{len(self._notices)}")
            self._notices.append(notice)
            self._obstacles.addWidget(notice)
            self._chain()
        for notice, obstacle in zip(self._notices, obstacles, strict=False):
            notice.tell(
                obstacle.sentence, obstacle.kind, button_text=tr(obstacle.settle.value) if obstacle.settle else "",
                on_press=partial(self.settle.emit, obstacle),
            )  # fmt: skip
        for notice in self._notices[len(obstacles) :]:
            notice.tell("")

    def _show_content(self, content: LabContent | None) -> None:
        self._locked.setVisible(content is None)
        self._note_card.setVisible(content is not None)
        self._code_card.setVisible(content is not None and bool(content.procedures))
        self._document_card.setVisible(content is not None and bool(content.documents))
        if content is None:
            return
        self.note.show_text(content.note_text)
        self.codes.show_lines([code_cells(line, content.visit_on) for line in content.procedures])
        self._show_documents(content.documents)

    def _show_documents(self, documents: Sequence[Document]) -> None:
        if documents == self._document_rows:
            return
        self._document_rows = documents
        clear(self._documents)
        for document in documents:
            line = QHBoxLayout()
            line.setSpacing(SPACE_2)
            line.addWidget(IconLabel("document", "muted", 16))
            line.addWidget(LineLabel(document_words(document)), 1)
            self._documents.addLayout(line)


def _about(view: LabView, revision: RevisionView, born: str, now: datetime) -> str:
    content = revision.content
    visits = [w.items[0].visit_on for w in revision.write_backs if w.items]
    visit_on = content.visit_on if content is not None else next(iter(visits), None)
    parts = [tr("born {day}").format(day=born)]
    if visit_on is not None:
        parts.append(tr("visit of {day}").format(day=day_words(visit_on)))
    if revision.finalized_at is None:
        parts.append(tr("a draft: a provider finishes and finalizes it"))
    else:
        words = tr("finalized {at} by {who}")
        parts.append(words.format(at=moment_words(revision.finalized_at, now), who=revision.finalized_by))
    return "  \u00b7  ".join(parts)


def _chart_words(link: LinkView) -> str:
    if link.pms_patient_id is None:
        return tr("no chart matched yet")
    how = tr(_RULES[link.rule]) if link.rule in _RULES else ""
    words = tr("patient {id}, {how}") if how else tr("patient {id}")
    return words.format(id=link.pms_patient_id, how=how)
