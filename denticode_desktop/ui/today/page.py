"""Today: what needs a person, what waits and why, what is in the chart - one sentence and one button a row."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from denticode_desktop.domain.errors import DenticodeError
from denticode_desktop.domain.ids import ItemId, LabId
from denticode_desktop.domain.write_back import RequestKind
from denticode_desktop.services.status_board import RowAction, TodayRow, TodayView
from denticode_desktop.ui.messages import words_of
from denticode_desktop.ui.page import Page
from denticode_desktop.ui.widgets import PlainLabel, button, card, clear, confirm
from denticode_desktop.ui.window_services import PageContext

_LISTS = (
    ("needs_you", "\u2691  Needs you", "Nothing needs you right now."),
    ("waiting", "\u25d4  Waiting", "Nothing waits."),
    ("in_chart", "\u2714  In chart today", "Nothing was written today yet."),
)
_BUTTONS = {
    RowAction.OPEN_LAB: "Open Lab",
    RowAction.SEND: "Send Lab to PMS",
    RowAction.DECIDE: "Decide \u2026",
    RowAction.CONNECTION: "Open PMS Integrations",
}


class TodayPage(Page):
    """The three lists."""

    def __init__(self, context: PageContext) -> None:
        super().__init__("Today")
        self._practice = context.services
        self._actor = context.services.actor
        self._tasks = context.tasks
        self._now = context.services.utc_now
        self._open_lab = context.go.open_lab
        self._go = context.go
        self._wake = context.services.engine.wake
        self._view: TodayView | None = None
        self._send_all = button("Send all finalized", self._on_send_all, name="sendAll", kind="primary")
        self._send_all.setEnabled(False)
        self.bar.addWidget(self._send_all)
        self._cards: dict[str, tuple[PlainLabel, QVBoxLayout]] = {}
        for key, title, _ in _LISTS:
            frame, layout = card()
            heading = PlainLabel(title, name="sectionTitle")
            rows = QVBoxLayout()
            rows.setSpacing(6)
            layout.addWidget(heading)
            layout.addLayout(rows)
            self._cards[key] = (heading, rows)
            self.body.addWidget(frame)
        self.body.addStretch(1)
        self.tell("Reading \u2026")

    def refresh(self) -> None:
        """Reads the lists off the UI thread."""
        midnight = self._now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        self._tasks.run(lambda: self._practice.board.today(midnight), self._show, self._failed)

    def _show(self, view: TodayView) -> None:
        self._view = view
        self.tell("")
        for key, title, empty in _LISTS:
            rows: Sequence[TodayRow] = getattr(view, key)
            heading, layout = self._cards[key]
            heading.set_words(f"{title} ({len(rows)})")
            clear(layout)
            if not rows:
                layout.addWidget(PlainLabel(empty, kind="muted"))
            for number, row in enumerate(rows[:100]):
                layout.addWidget(self._row(f"{key}{number}", row))
            if len(rows) > 100:
                layout.addWidget(PlainLabel(f"and {len(rows) - 100} more", kind="muted"))
        self._send_all.setEnabled(bool(self._unsent()))

    def _row(self, name: str, row: TodayRow) -> QWidget:
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 2, 0, 2)
        words = QVBoxLayout()
        words.addWidget(PlainLabel(str(row.sentence)))
        detail = " ".join(part for part in (str(row.next_step or ""), _times(row)) if part)
        if detail:
            words.addWidget(PlainLabel(detail, kind="muted"))
        line.addLayout(words, 1)
        if row.action in _BUTTONS:
            line.addWidget(button(_BUTTONS[row.action], lambda: self._act(row), name=f"{name}Button"))
        return holder

    def _act(self, row: TodayRow) -> None:
        if row.action is RowAction.OPEN_LAB and row.lab_id is not None:
            self._open_lab(row.lab_id)
        elif row.action is RowAction.CONNECTION:
            self._go.open_page("connections")
        elif row.action is RowAction.SEND and row.lab_id is not None:
            self._send([row.lab_id])
        elif row.action is RowAction.DECIDE and row.item_id is not None:
            self._decide(row.item_id, str(row.sentence))

    def _unsent(self) -> list[LabId]:
        rows = self._view.waiting if self._view else ()
        return [row.lab_id for row in rows if row.action is RowAction.SEND and row.lab_id is not None]

    def _on_send_all(self) -> None:
        labs = self._unsent()
        if labs and confirm(self, "Send all finalized", f"Send {len(labs)} finalized Labs to the PMS now?", "Send"):
            self._send(labs)

    def _send(self, labs: Sequence[LabId]) -> None:
        def work() -> None:
            for lab_id in labs:
                self._practice.outbox.send(self._actor, lab_id, None)

        self._tasks.run(work, lambda _: self._changed(), self._failed)

    def _decide(self, item_id: ItemId, sentence: str) -> None:
        dialog = DecideDialog(self, sentence)
        if dialog.exec() == QDialog.DialogCode.Accepted and dialog.kind is not None:
            kind, reason = dialog.kind, dialog.reason
            if kind is RequestKind.RECHECK:
                self._tasks.run(
                    lambda: self._practice.outbox.recheck(self._actor, item_id), lambda _: self._changed(), self._failed
                )
                return
            self._tasks.run(
                lambda: self._practice.outbox.decide(self._actor, item_id, kind, reason),
                lambda _: self._changed(),
                self._failed,
            )

    def _changed(self) -> None:
        self._wake()
        self.refresh()

    def _failed(self, error: DenticodeError) -> None:
        self.tell(words_of(error), "bad")


class DecideDialog(QDialog):
    """What a person may decide about an item in REVIEW; a reason is typed."""

    def __init__(self, parent: QWidget, sentence: str) -> None:
        super().__init__(parent)
        self.setWindowTitle("Decide")
        self.setMinimumWidth(520)
        self.kind: RequestKind | None = None
        layout = QVBoxLayout(self)
        layout.addWidget(PlainLabel(sentence))
        layout.addWidget(PlainLabel("Look at the chart in the PMS first. Nothing in a chart is changed or deleted."))
        self._reason = QLineEdit()
        self._reason.setPlaceholderText("Why (needed for a decision)")
        self._reason.setAccessibleName("Reason")
        self._reason.setObjectName("decideReason")
        layout.addWidget(self._reason)
        for text, kind, name in (
            ("Look at the chart again now", RequestKind.RECHECK, "decideRecheck"),
            ("It is in the chart: this one", RequestKind.AS_DONE, "decideAsDone"),
            ("It is not there: send ours", RequestKind.SEND_AGAIN, "decideSend"),
            ("Do not write it", RequestKind.VOID, "decideVoid"),
        ):
            layout.addWidget(button(text, partial(self._choose, kind), name=name))
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        box.rejected.connect(self.reject)
        layout.addWidget(box)

    @property
    def reason(self) -> str:
        """As typed."""
        return self._reason.text().strip()

    def _choose(self, kind: RequestKind) -> None:
        if kind is not RequestKind.RECHECK and not self.reason:
            self._reason.setFocus()
            return
        self.kind = kind
        self.accept()




def _times(row: TodayRow) -> str:
    parts = []
    if row.since is not None:
        parts.append(f"since {row.since.astimezone():%d %b %H:%M}")
    if row.next_try_at is not None:
        parts.append(f"next try {row.next_try_at.astimezone():%H:%M:%S}")
    return " \u00b7 ".join(parts)
