"""Finalize: exactly what would be added to each chart, danger signs, and what must be put right first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from denticode_desktop.domain.access import Action
from denticode_desktop.domain.ids import LabId
from denticode_desktop.domain.lab import FinalizeProblem
from denticode_desktop.ui.operations import may
from denticode_desktop.ui.theme import SPACE_2, SPACE_3, SPACE_5
from denticode_desktop.ui.widgets import (
    ActionButton,
    Card,
    IconLabel,
    LineLabel,
    PlainDialog,
    PlainLabel,
    button,
    scrolled,
)
from denticode_desktop.ui.window_services import WindowServices
from denticode_desktop.ui.words import tr

from .words import day_words

BY_HAND = "By hand: "
WIDTH, HEIGHT_MOST = 600, 470


@dataclass(frozen=True, slots=True)
class ChartPart:
    """What one PMS would get. `doubts`: danger signs and what is to be settled before sending."""

    connection_name: str
    chart: str
    lines: tuple[str, ...]
    doubts: tuple[str, ...]

    @property
    def can_go(self) -> bool:
        """Something can be written there as things stand."""
        return any(not line.startswith(BY_HAND) for line in self.lines)


@dataclass(frozen=True, slots=True)
class FinalizeCase:
    """What the dialog shows. `blocking`: nothing can be finalized while there is one."""

    lab_id: LabId
    patient: str
    visit_on: date | None
    blocking: tuple[FinalizeProblem, ...]
    parts: tuple[ChartPart, ...]
    may_send: bool

    def __repr__(self) -> str:
        return f"FinalizeCase({self.lab_id})"


def read_case(services: WindowServices, lab_id: LabId) -> FinalizeCase:
    """Reads what finalizing would do, for every connection by itself. Raises DenticodeError as LabDesk.preview."""
    whole = services.labs.preview(services.actor, lab_id, None)
    blocking = tuple(problem for problem in whole.problems if problem.is_blocking)
    known = {problem.sentence for problem in blocking}
    view = services.labs.show(services.actor, lab_id, is_refresh=True)
    parts = []
    for link in view.links:
        preview = services.labs.preview(services.actor, lab_id, link.connection_id)
        doubts = tuple(p.sentence for p in preview.problems if p.sentence not in known)
        chart = tr("patient {id}").format(id=link.pms_patient_id) if link.pms_patient_id else tr("no chart matched yet")
        parts.append(ChartPart(link.connection_name, chart, preview.lines, doubts))
    content = view.revisions[-1].content
    return FinalizeCase(
        lab_id, view.patient.person.display_name, content.visit_on if content else None, blocking, tuple(parts),
        may(services.actor, Action.SEND_LABS),
    )  # fmt: skip


class Outcome(StrEnum):
    """What the person chose."""

    FINALIZE = "finalize"
    FINALIZE_AND_SEND = "finalize_and_send"


def fit_height(dialog: PlainDialog, area: QScrollArea, width: int) -> None:
    """As high as what scrolls in it is long, as far as a small screen has room for that."""
    inside = area.widget()
    layout = inside.layout() if inside is not None else None
    assert layout is not None
    wanted = layout.heightForWidth(width - 2 * SPACE_5 - SPACE_3) if layout.hasHeightForWidth() else 0
    wanted = max(wanted, layout.minimumSize().height(), 40)
    rest = dialog.sizeHint().height() - area.sizeHint().height()
    most = HEIGHT_MOST - rest
    area.setMinimumHeight(min(wanted, most, 120))
    dialog.resize(width, rest + min(wanted, most) + SPACE_2)


class PreviewDialog(PlainDialog):
    """Accepted: `outcome` says which. Back and Esc change nothing."""

    def __init__(self, parent: QWidget, case: FinalizeCase) -> None:
        title = tr("Cannot finalize yet") if case.blocking else tr("Finalize this Lab?")
        super().__init__(parent, title, name="finalizePreview", width=WIDTH, cancel=tr("Back"))
        self.outcome = Outcome.FINALIZE
        self._choices: list[ActionButton] = []
        who = case.patient or tr("No name")
        about = tr("{patient}, visit of {day}").format(
            patient=who, day=day_words(case.visit_on) if case.visit_on else tr("not known")
        )
        self.inner.addWidget(LineLabel(about, kind="strong", name="previewWho"))
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, SPACE_2, 0)
        column.setSpacing(SPACE_3)
        if case.blocking:
            column.addWidget(_blocking(case.blocking))
        else:
            words = tr("A finalized Lab cannot be changed, only added to. Sending it adds this to the chart:")
            self.inner.addWidget(PlainLabel(words, kind="muted"))
        for number, part in enumerate(case.parts):
            column.addWidget(_part(part, number))
        if not case.parts:
            column.addWidget(PlainLabel(tr("No PMS is connected. The Lab is kept and can be sent when there is one.")))
        column.addStretch(1)
        area = scrolled(holder, tr("What would be added"))
        area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        area.setObjectName("previewScroll")
        self.inner.addWidget(area, 1)
        if not case.blocking:
            self._add_choices(case)
        fit_height(self, area, WIDTH)
        QWidget.setTabOrder(area, self.cancel)
        for before, after in pairwise([self.cancel, *self._choices]):
            QWidget.setTabOrder(before, after)
        self.cancel.setDefault(True)
        self.cancel.setFocus()

    def _add_choices(self, case: FinalizeCase) -> None:
        can_go = case.may_send and any(part.can_go for part in case.parts)
        made = [
            button(tr("Finalize"), lambda: self._end(Outcome.FINALIZE), name="previewFinalize",
                   kind="" if can_go else "primary")
        ]  # fmt: skip
        if can_go:
            made.append(
                button(tr("Finalize and send"), lambda: self._end(Outcome.FINALIZE_AND_SEND), name="previewSend",
                       kind="primary", icon_name="send")
            )  # fmt: skip
        self._choices = [self.add_button(one) for one in made]

    def _end(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.accept()


def _line(icon_name: str, role: str, words: str, *, kind: str = "") -> QHBoxLayout:
    line = QHBoxLayout()
    line.setSpacing(SPACE_2)
    line.addWidget(IconLabel(icon_name, role, 16), 0, Qt.AlignmentFlag.AlignTop)
    label = PlainLabel(words, kind=kind)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
    line.addWidget(label, 1)
    return line


def _blocking(problems: Sequence[FinalizeProblem]) -> Card:
    frame = Card(kind="notice-bad", name="previewBlocking")
    for problem in problems:
        words = tr("{field}: {sentence}").format(field=field_words(problem.field), sentence=problem.sentence)
        frame.inner.addLayout(_line("x-circle", "bad", words))
    return frame


def _part(part: ChartPart, number: int) -> Card:
    frame = Card(name=f"previewPart{number}")
    head = tr("{connection}: {chart}").format(connection=part.connection_name, chart=part.chart)
    frame.inner.addWidget(LineLabel(head, kind="strong"))
    for line in part.lines:
        if line.startswith(BY_HAND):
            frame.inner.addLayout(_line("hand", "warn", line))
        else:
            frame.inner.addLayout(_line("plus", "good", line))
    if not part.lines:
        frame.inner.addLayout(_line("dash-circle", "muted", tr("Nothing can be added there yet."), kind="muted"))
    for doubt in part.doubts:
        frame.inner.addLayout(_line("warning", "warn", doubt))
    return frame


_FIELDS = {
    "patient": "Patient", "provider": "Provider", "visit_date": "Visit date", "note": "Note", "documents": "Documents",
    "document": "Documents", "location": "Location", "connection": "PMS",
}  # fmt: skip


def field_words(path: str) -> str:
    """`procedures[1].code` -> `Code line 2`, as the person sees the field."""
    head = path.split(".", maxsplit=1)[0]
    if head.startswith("procedures["):
        return tr("Code line {n}").format(n=int(head[len("procedures[") : -1]) + 1)
    if head == "procedures":
        return tr("Codes")
    return tr(_FIELDS.get(head, head))
