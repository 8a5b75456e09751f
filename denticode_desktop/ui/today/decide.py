"""Our entry and the chart's records side by side, and what a person may decide about them."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QRadioButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from denticode_desktop.domain.access import Action
from denticode_desktop.domain.chart_match import ChartRecord
from denticode_desktop.domain.errors import DenticodeError
from denticode_desktop.domain.ids import RemoteId
from denticode_desktop.domain.write_back import (
    DecisionRequest,
    DocumentPayload,
    ItemKind,
    NotePayload,
    ProcedurePayload,
    RequestKind,
    ReviewReason,
)
from denticode_desktop.services.sentences import REVIEW_ADVICE
from denticode_desktop.ui.messages import words_of
from denticode_desktop.ui.operations import Decision, decide, may, read_records
from denticode_desktop.ui.theme import SPACE_1, SPACE_2, SPACE_4
from denticode_desktop.ui.times import exact
from denticode_desktop.ui.widgets import (
    BusyBar,
    Card,
    LineLabel,
    Notice,
    PlainDialog,
    PlainLabel,
    Status,
    StatusChip,
    button,
    clear,
    name_for,
    scrolled,
)
from denticode_desktop.ui.window_services import PageContext
from denticode_desktop.ui.words import tr

from .offers import OFFERS, WORDS, Offer

MAX_RECORDS = 30
SHOWN_TEXT = 1_500
_FOR_CLINICIANS = "Clinical text is shown to providers, hygienists and managers. Ask one of them to decide."
_ALIKE = Status("Looks like ours", "copy", "warn")
_OTHER_AUTHOR = Status("Another author", "person", "info")
_WHAT = {ItemKind.NOTE: "note", ItemKind.PROCEDURE: "procedure", ItemKind.DOCUMENT: "document"}


class DecideDialog(PlainDialog):
    """Accepted: `request` was made, or `leads_to` says where the person wants to go on."""

    def __init__(self, parent: QWidget, context: PageContext, decision: Decision) -> None:
        what = tr(_WHAT[decision.view.item.kind])
        title = tr("{patient}: decide about the {what}").format(patient=decision.view.patient_name[:80], what=what)
        super().__init__(parent, title, name="decide", width=820)
        self.setWindowTitle(tr("Decide"))
        self._context = context
        self._decision = decision
        self.request: DecisionRequest | None = None
        self.leads_to: Offer | None = None
        self.records = RecordList(decision.looked_at)
        self.records.chosen.connect(self._check)
        self._offers = QButtonGroup(self)
        self._is_chart_read = False
        self._build()
        self.notice = Notice(name="decideNotice")
        self.inner.addWidget(self.notice)
        self.go = self.add_button(button(tr("Decide"), self._go, name="decideGo", kind="primary"))
        self._check()
        if self._may_read:
            self._read_chart()
        else:
            self.records.say(tr(_FOR_CLINICIANS))

    @property
    def _may_read(self) -> bool:
        return may(self._context.services.actor, Action.READ_NOTES)

    def _build(self) -> None:
        advice = REVIEW_ADVICE[self._reason]
        self.inner.addWidget(PlainLabel(tr(advice.sentence), kind="strong"))
        if self._decision.pms_words:
            said = tr('The PMS says: "{words}"').format(words=self._decision.pms_words)
            self.inner.addWidget(PlainLabel(said, kind="warn", limit=300))
        sides = QHBoxLayout()
        sides.setSpacing(SPACE_4)
        sides.addWidget(self._ours(), 1)
        sides.addWidget(self._theirs(), 1)
        self.inner.addLayout(sides, 1)
        self.inner.addWidget(PlainLabel(tr("What should happen?"), kind="section"))
        self.inner.addLayout(self._choices())
        self.inner.addLayout(self._reason_line())

    @property
    def _reason(self) -> ReviewReason:
        reason = self._decision.view.item.review_reason
        assert reason is not None  # a CHECK of the store
        return reason

    def _ours(self) -> Card:
        view = self._decision.view
        frame = Card(name="decideOurs")
        words = tr("Finalized here, visit of {day}").format(day=view.visit_on.isoformat())
        frame.inner.addWidget(PlainLabel(words, kind="caption"))
        is_hidden = isinstance(view.item.payload, NotePayload) and not self._may_read
        words = tr(_FOR_CLINICIANS) if is_hidden else _payload_words(self._decision)
        text = PlainLabel(words, limit=SHOWN_TEXT, name="decideOursText")
        frame.inner.addWidget(_in_scroll(text, tr("Finalized here")), 1)
        return frame

    def _theirs(self) -> Card:
        frame = Card(name="decideTheirs")
        words = tr("In the chart, {connection}").format(connection=self._decision.view.connection_name)
        frame.inner.addWidget(LineLabel(words, kind="caption"))
        self.busy = BusyBar(name="decideBusy")
        frame.inner.addWidget(self.busy)
        frame.inner.addWidget(_in_scroll(self.records, tr("In the chart")), 1)
        return frame

    def _choices(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(SPACE_1)
        can_decide = may(self._context.services.actor, Action.DECIDE)
        for number, offer in enumerate(OFFERS[self._reason]):
            words = WORDS[offer]
            choice = QRadioButton(tr(words.title))
            name_for(choice, f"offer_{offer.value}", tr(words.title), tr(words.about))
            choice.setEnabled(can_decide or offer in (Offer.RECHECK, Offer.OPEN_LAB))
            line = QHBoxLayout()
            line.setSpacing(SPACE_2)
            line.addWidget(choice)
            line.addWidget(PlainLabel(tr(words.about), kind="caption"), 1)
            column.addLayout(line)
            self._offers.addButton(choice, number)
        self._offers.idToggled.connect(lambda _number, _is_on: self._check())
        return column

    def _reason_line(self) -> QHBoxLayout:
        line = QHBoxLayout()
        self.reason = QLineEdit()
        name_for(self.reason, "decideReason", tr("Why"))
        self.reason.setPlaceholderText(tr("Kept in the audit log"))
        self.reason.setMaxLength(500)
        self.reason.textChanged.connect(lambda _text: self._check())
        self._reason_label = QLabel(tr("&Why"))
        self._reason_label.setTextFormat(Qt.TextFormat.PlainText)
        self._reason_label.setBuddy(self.reason)
        line.addWidget(self._reason_label)
        line.addWidget(self.reason, 1)
        return line

    # -- the chart -----------------------------------------------------------------------------------------------

    def _read_chart(self) -> None:
        services, decision = self._context.services, self._decision
        self.busy.show_work(tr("Reading the chart \u2026"))
        self._context.tasks.run(lambda: read_records(services, decision), self._show_records, self._chart_failed)

    def _show_records(self, records: tuple[ChartRecord, ...]) -> None:
        self.busy.rest()
        self._is_chart_read = True
        self.records.show_records(records)
        self._check()

    def _chart_failed(self, error: DenticodeError) -> None:
        self.busy.rest()
        self.records.say(tr("The chart could not be read: {why}").format(why=words_of(error)))
        self._check()

    # -- deciding ------------------------------------------------------------------------------------------------

    @property
    def offer(self) -> Offer | None:
        """What is chosen."""
        number = self._offers.checkedId()
        return OFFERS[self._reason][number] if number >= 0 else None

    def _check(self) -> None:
        """The button says what it does, and works only when everything is there."""
        offer = self.offer
        words = WORDS[offer] if offer else None
        is_reason_needed = words is not None and words.kind not in (None, RequestKind.RECHECK)
        self.reason.setEnabled(is_reason_needed)
        self._reason_label.setEnabled(is_reason_needed)
        missing = ""
        if words is None:
            missing = tr("Choose what should happen.")
        elif words.needs_record and self.records.remote_id is None:
            missing = tr("Choose the record at the right.")
        elif words.needs_chart and not self._is_chart_read:
            missing = tr("The chart must be read first.")
        elif is_reason_needed and len(self.reason.text().strip()) < 3:
            missing = tr("Type why.")
        self.go.setEnabled(not missing)
        self.go.setToolTip(missing)
        self.go.setAccessibleDescription(missing)
        self.go.set_words(tr(words.title) if words else tr("Decide"))

    def _go(self) -> None:
        offer = self.offer
        if offer is None:
            return
        words = WORDS[offer]
        if words.kind is None:
            self.leads_to = offer
            self.accept()
            return
        services, item_id, kind = self._context.services, self._decision.view.item.item_id, words.kind
        reason, remote_id = self.reason.text(), self.records.remote_id if words.needs_record else None
        self.go.setEnabled(False)
        self._context.tasks.run(
            lambda: decide(services, item_id, kind, reason, remote_id), self._decided, self._failed
        )  # fmt: skip

    def _decided(self, request: DecisionRequest) -> None:
        self.request = request
        self.accept()

    def _failed(self, error: DenticodeError) -> None:
        self.notice.tell(words_of(error), "bad")
        self._check()


class RecordList(QWidget):
    """The chart's records, one of which may be chosen."""

    chosen = Signal()

    def __init__(self, looked_at: frozenset[RemoteId]) -> None:
        super().__init__()
        self._looked_at = looked_at
        self._group = QButtonGroup(self)
        self._ids: list[RemoteId] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACE_2)
        self._group.idToggled.connect(lambda _number, _is_on: self.chosen.emit())

    @property
    def remote_id(self) -> RemoteId | None:
        """The chosen one."""
        number = self._group.checkedId()
        return self._ids[number] if number >= 0 else None

    def say(self, words: str) -> None:
        """A sentence instead of records."""
        clear(self._column)
        self._column.addWidget(PlainLabel(words, kind="muted"))
        self._column.addStretch(1)

    def show_records(self, records: tuple[ChartRecord, ...]) -> None:
        """Look-alikes first; one that stands alone is chosen."""
        if not records:
            self.say(tr("The chart holds no record of this kind."))
            return
        clear(self._column)
        for number, record in enumerate(records[:MAX_RECORDS]):
            self._ids.append(record.remote_id)
            self._column.addWidget(self._record(number, record))
        if len(records) > MAX_RECORDS:
            more = tr("and {n} more in the PMS").format(n=len(records) - MAX_RECORDS)
            self._column.addWidget(PlainLabel(more, kind="caption"))
        self._column.addStretch(1)
        alike = [n for n, record in enumerate(records[:MAX_RECORDS]) if record.remote_id in self._looked_at]
        if len(alike) == 1:
            self._group.button(alike[0]).setChecked(True)

    def _record(self, number: int, record: ChartRecord) -> Card:
        frame = Card(kind="inset")
        parts = [exact(record.dated_at)[:16] if record.dated_at else "", tr("id {id}").format(id=record.remote_id[:40])]
        choice = QRadioButton("  \u00b7  ".join(part for part in parts if part).replace("&", "&&"))
        name_for(choice, f"record{number}", choice.text(), record.text or record.summary)
        choice.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._group.addButton(choice, number)
        frame.inner.addWidget(choice)
        if record.remote_id in self._looked_at or record.author_is_other:
            signs = QHBoxLayout()
            if record.remote_id in self._looked_at:
                signs.addWidget(StatusChip(_ALIKE))
            if record.author_is_other:
                signs.addWidget(StatusChip(_OTHER_AUTHOR))
            signs.addStretch(1)
            frame.inner.addLayout(signs)
        words = record.text or record.summary or tr("No text is shown by the PMS.")
        frame.inner.addWidget(PlainLabel(words, limit=SHOWN_TEXT))
        return frame


def _in_scroll(inside: QWidget, name: str) -> QScrollArea:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, SPACE_2, 0)
    column.addWidget(inside)
    column.addStretch(1)
    area = scrolled(holder, name)
    area.setMinimumHeight(140)
    return area


def _payload_words(decision: Decision) -> str:
    payload = decision.view.item.payload
    if isinstance(payload, NotePayload):
        return payload.text
    if isinstance(payload, DocumentPayload):
        return tr("{title} ({file})").format(title=payload.title, file=payload.file_name)
    assert isinstance(payload, ProcedurePayload)
    parts = [payload.code, tr("tooth {n}").format(n=payload.tooth) if payload.tooth else "", payload.surfaces or ""]
    parts += [payload.quadrant.value if payload.quadrant else "", payload.status.value.replace("_", " ")]
    parts.append(payload.service_on.isoformat())
    return "  ".join(part for part in parts if part)
