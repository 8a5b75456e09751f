"""A row of Today in words: who it is about, what is the matter, what to do, and one button."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from denticode_desktop.domain.connection import FailureReason, HoldReason
from denticode_desktop.services.sentences import Sentence
from denticode_desktop.services.status_board import RowAction, TodayRow
from denticode_desktop.ui.times import ago, clock_time, until
from denticode_desktop.ui.words import say_sentence, tr


class Press(StrEnum):
    """What the button of a row does."""

    OPEN_LAB = "open_lab"
    SEND = "send"
    DECIDE = "decide"
    CHOOSE_PATIENT = "choose_patient"
    TEST = "test"
    RECONNECT = "reconnect"
    INTEGRATIONS = "integrations"
    RESUME = "resume"


_BUTTONS: dict[Press, str] = {
    Press.OPEN_LAB: "Open Lab",
    Press.SEND: "Send Lab to PMS",
    Press.DECIDE: "Decide \u2026",
    Press.CHOOSE_PATIENT: "Choose patient \u2026",
    Press.TEST: "Test Connection",
    Press.RECONNECT: "Reconnect \u2026",
    Press.INTEGRATIONS: "Open PMS Integrations",
    Press.RESUME: "Resume",
}
_BY_ACTION: dict[RowAction, Press] = {
    RowAction.OPEN_LAB: Press.OPEN_LAB,
    RowAction.SEND: Press.SEND,
    RowAction.DECIDE: Press.DECIDE,
    RowAction.CONNECTION: Press.INTEGRATIONS,
}
_BY_TROUBLE: dict[str, Press] = {
    f"hold.{HoldReason.SIGN_IN.value}": Press.RECONNECT,
    f"hold.{HoldReason.DISCONNECTED.value}": Press.RECONNECT,
    f"hold.{HoldReason.PERMISSION_MISSING.value}": Press.TEST,
    f"failure.{FailureReason.CREDENTIALS_REFUSED.value}": Press.RECONNECT,
    f"failure.{FailureReason.NOT_REACHABLE.value}": Press.TEST,
    f"failure.{FailureReason.TLS_REFUSED.value}": Press.TEST,
    f"failure.{FailureReason.CLOCK_WRONG.value}": Press.TEST,
    f"failure.{FailureReason.UNEXPECTED_ANSWER.value}": Press.TEST,
    f"failure.{FailureReason.OUT_OF_SERVICE.value}": Press.TEST,
    f"failure.{FailureReason.THROTTLED.value}": Press.TEST,
}
"""By what the row says is the matter; everything else leads to PMS Integrations."""
_BY_SENTENCE: dict[str, Press] = {
    "today.unlinked": Press.CHOOSE_PATIENT,
    "today.unlink_paused": Press.CHOOSE_PATIENT,
    "today.paused": Press.RESUME,
}
_REST: dict[str, str] = {
    "today.review_one": "The {what} needs a decision. {why}",
    "today.review_many": "{count} entries need a decision. First: {why}",
    "today.unlinked": "Choose which patient of the PMS this is.",
    "today.unlink_paused": "Sending stopped because the patient was unlinked.",
    "today.connection_held": "{why}",
    "today.connection_failed": "The last test failed. {why}",
    "today.not_requested": "Finalized, not sent yet.",
    "today.paused": "Sending is paused.",
    "today.waiting": "{why}",
    "today.in_chart": "{count} seen in the chart.",
    "today.in_chart_by_hand": "{count} seen in the chart; {by_hand} more must be charted by hand.",
}
"""What is left of a sentence when the headline names patient or connection. One that is not in here is shown whole."""


@dataclass(frozen=True, slots=True)
class RowWords:
    """What a row shows. `key` tells the same row again after a refresh; `whole` is for screen readers."""

    key: tuple[object, ...]
    headline: str
    about: str
    sentence: str
    next_step: str
    whole: str
    press: Press | None
    button: str
    row: TodayRow

    def meta(self, now: datetime, *, is_done: bool) -> str:
        """`visit of Nov 20, 2026 · since 2 h ago · next try in 40 s`."""
        parts = [self.about]
        if is_done and self.row.since is not None:
            parts.append(tr("checked at {time}").format(time=clock_time(self.row.since)))
        elif self.row.since is not None:
            parts.append(ago(self.row.since, now))
        if self.row.next_try_at is not None and not is_done:
            parts.append(tr("next try {when}").format(when=until(self.row.next_try_at, now)))
        return "  \u00b7  ".join(part for part in parts if part)


def words_of_row(row: TodayRow) -> RowWords:
    """Headline and sentence, or the whole sentence where there is no headline."""
    args = {name: say_sentence(v) if isinstance(v, Sentence) else v for name, v in row.sentence.args}
    whole = say_sentence(row.sentence)
    headline = args.get("patient") or args.get("connection") or ""
    rest = _REST.get(row.sentence.key)
    sentence = tr(rest).format(**args) if rest and headline else whole
    press = _press_of(row)
    return RowWords(
        key=(row.sentence.key, row.connection_id, row.lab_id, row.item_id, row.since),
        headline=headline if rest else "",
        about=tr("visit of {day}").format(day=_day(args["visit"])) if "visit" in args else "",
        sentence=sentence,
        next_step=say_sentence(row.next_step) if row.next_step else "",
        whole=whole,
        press=press,
        button=tr(_BUTTONS[press]) if press else "",
        row=row,
    )


def _press_of(row: TodayRow) -> Press | None:
    if row.action is RowAction.CONNECTION and row.next_step is not None:
        trouble = row.next_step.key.removesuffix(".next")
        return _BY_TROUBLE.get(trouble, Press.INTEGRATIONS)
    return _BY_SENTENCE.get(row.sentence.key) or _BY_ACTION.get(row.action)


def _day(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{day:%b} {day.day}, {day.year}"
