"""A Lab in words: its state in the list, the entries of its write-backs, revisions, codes, documents."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from denticode_desktop.domain.charting import Procedure
from denticode_desktop.domain.ids import ItemId, LabId
from denticode_desktop.domain.lab import Document, RevisionKind
from denticode_desktop.domain.write_back import DocumentPayload, ItemState, NotePayload, ProcedurePayload
from denticode_desktop.ports.views import ItemView, LabSummary
from denticode_desktop.services.lab_views import LabView, RevisionView, WriteBackView
from denticode_desktop.services.sentences import REVIEW_ADVICE
from denticode_desktop.services.today_rows import why_waiting
from denticode_desktop.ui.times import clock_time, until
from denticode_desktop.ui.widgets import Status
from denticode_desktop.ui.widgets.chips import CHECKING, IN_CHART, ITEM_STATUS, NEEDS_YOU, NOT_WRITTEN, WAITING
from denticode_desktop.ui.words import say_sentence, tr

DRAFT = Status("Draft", "edit", "info")
UNSENT = Status("Finalized, not sent", "send", "warn")
_OPEN = frozenset({ItemState.PLANNED, ItemState.INFLIGHT})


def day_words(day: date) -> str:
    """`Nov 20, 2026`."""
    return f"{day:%b} {day.day}, {day.year}"


def moment_words(at: datetime, now: datetime) -> str:
    """`09:41` today, else `Nov 20, 09:41`, local."""
    day, today = at.astimezone().date(), now.astimezone().date()
    if day == today:
        return clock_time(at)
    year = "" if day.year == today.year else f" {day.year}"
    return f"{day:%b} {day.day}{year}, {clock_time(at)}"


# -- the list ---------------------------------------------------------------------------------------------------------


class LabFilter(StrEnum):
    """What the list shows; the values are source texts."""

    ALL = "All Labs"
    DRAFTS = "Drafts"
    UNSENT = "Not sent"
    WAITING = "Waiting"
    NEEDS_YOU = "Needs you"
    IN_CHART = "In chart"


_FITS: dict[LabFilter, Callable[[LabSummary], bool]] = {
    LabFilter.ALL: lambda lab: True,
    LabFilter.DRAFTS: lambda lab: not lab.is_finalized,
    LabFilter.UNSENT: lambda lab: lab.is_finalized and not lab.is_requested,
    LabFilter.WAITING: lambda lab: bool(_OPEN & set(lab.sent_states)),
    LabFilter.NEEDS_YOU: lambda lab: status_of(lab) is NEEDS_YOU,
    LabFilter.IN_CHART: lambda lab: status_of(lab) is IN_CHART,
}


def fits(lab: LabSummary, wanted: LabFilter) -> bool:
    """Whether the filter lets it through. One Lab may be in several."""
    return _FITS[wanted](lab)


def status_of(lab: LabSummary) -> Status:
    """The worst that is true of the Lab: an earlier revision that needs a person is not hidden by a later one."""
    states = lab.sent_states
    if ItemState.REVIEW in states:
        return NEEDS_YOU
    if not lab.is_finalized:
        return DRAFT
    if ItemState.INFLIGHT in states:
        return CHECKING
    if ItemState.PLANNED in states:
        return WAITING
    if not lab.is_requested:
        return NEEDS_YOU if lab.is_unmatched and not lab.has_writeback else UNSENT
    return IN_CHART if ItemState.DONE in states else NOT_WRITTEN


@dataclass(frozen=True, slots=True)
class LabRow:
    """A row of the list, ready to be painted. `whole`: all of it, for screen readers and the tool tip."""

    lab_id: LabId
    name: str
    visit: str
    """Without its year where that is this year."""
    status: Status
    state: str
    provider: str
    whole: str

    def __repr__(self) -> str:
        return f"LabRow({self.lab_id})"


def row_of(lab: LabSummary, now: datetime) -> LabRow:
    """The row of a Lab."""
    status = status_of(lab)
    state = tr(status.word)
    if status is IN_CHART and lab.done_at is not None:
        state = tr("In chart, seen {time}").format(time=moment_words(lab.done_at, now))
    elif status is DRAFT and lab.revision > 1:
        state = tr("Draft of revision {n}").format(n=lab.revision)
    elif status is NEEDS_YOU and not lab.has_writeback and lab.is_finalized:
        state = tr("Choose the patient")
    name, visit = lab.patient_name or tr("No name"), day_words(lab.visit_on)
    provider = lab.provider_name or tr("No provider")
    whole = tr("{name}, visit of {visit}, {provider}: {state}")
    short = visit if lab.visit_on.year != now.astimezone().year else f"{lab.visit_on:%b} {lab.visit_on.day}"
    return LabRow(
        lab.lab_id, name, short, status, state, provider,
        whole.format(name=name, visit=visit, provider=provider, state=state),
    )  # fmt: skip


# -- one Lab ----------------------------------------------------------------------------------------------------------

_KINDS: dict[RevisionKind, str] = {
    RevisionKind.ORIGINAL: "Original",
    RevisionKind.CHANGED: "Changed",
    RevisionKind.ADDENDUM: "Addendum",
}


def revision_words(revision: RevisionView, now: datetime) -> str:
    """`2: Addendum, finalized 09:41 by Sam Lee`, for the chooser."""
    kind = tr(_KINDS[revision.kind])
    if revision.finalized_at is None:
        return tr("{n}: {kind}, draft").format(n=revision.revision, kind=kind)
    at = moment_words(revision.finalized_at, now)
    words = tr("{n}: {kind}, finalized {at} by {who}")
    return words.format(n=revision.revision, kind=kind, at=at, who=revision.finalized_by)


def lab_status(view: LabView) -> Status:
    """As `status_of`, for a Lab that is shown."""
    sent = [w for r in view.revisions for w in r.write_backs if w.writeback.requested_at is not None]
    states = {item.item.state for w in sent for item in w.items}
    latest = view.revisions[-1]
    for state, status in ((ItemState.REVIEW, NEEDS_YOU), (None, DRAFT), (ItemState.INFLIGHT, CHECKING),
                          (ItemState.PLANNED, WAITING)):  # fmt: skip
        if state in states or (state is None and latest.finalized_at is None):
            return status
    if not any(w.writeback.requested_at for w in latest.write_backs):
        is_unmatched = bool(view.links) and all(link.pms_patient_id is None for link in view.links)
        return NEEDS_YOU if is_unmatched and not latest.write_backs else UNSENT
    return IN_CHART if ItemState.DONE in states else NOT_WRITTEN


@dataclass(frozen=True, slots=True)
class ItemLine:
    """An entry of a write-back: what it is, how far, why, and for IT where. `can_decide`: a person is asked."""

    item_id: ItemId
    what: str
    status: Status
    state: str
    why: str
    details: str
    can_decide: bool


def item_line(view: ItemView, *, is_blocked: bool, now: datetime) -> ItemLine:
    """`is_blocked`: an earlier entry of the Lab waits for a person."""
    item = view.item
    status = ITEM_STATUS[item.state.value]
    state, why = tr(status.word), ""
    if item.state is ItemState.DONE and item.done_at is not None:
        state = tr("In chart, seen {time}").format(time=moment_words(item.done_at, now))
    elif item.state is ItemState.REVIEW and item.review_reason is not None:
        advice = REVIEW_ADVICE[item.review_reason]
        why = f"{tr(advice.sentence)} {tr(advice.next_step)}"
    elif item.state is ItemState.VOID:
        why = tr("Skipped by a person. It stays out of the chart.")
    elif view.requested_at is None:
        status, state = UNSENT, tr("Not sent")
    else:
        why = _waiting(view, is_blocked=is_blocked, now=now)
    return ItemLine(
        item.item_id, payload_words(view), status, state, why, _for_it(view), item.state is ItemState.REVIEW
    )  # fmt: skip


def _waiting(view: ItemView, *, is_blocked: bool, now: datetime) -> str:
    if view.is_paused and view.item.state is ItemState.PLANNED:
        return tr("Sending is paused.")
    why = say_sentence(why_waiting(view, is_blocked=is_blocked))
    next_try = view.item.next_try_at or view.connection_next_try_at
    if next_try is None or view.connection_hold is not None:
        return why
    return f"{why} " + tr("Next try {when}.").format(when=until(next_try, now))


def _for_it(view: ItemView) -> str:
    item = view.item
    remote = tr("PMS record {id}").format(id=item.remote_id) if item.remote_id else tr("no PMS record known")
    parts = [tr("entry {id}").format(id=item.item_id), remote, tr("sent {n} times").format(n=item.sends)]
    if item.marker:
        parts.append(tr("mark {mark}").format(mark=item.marker))
    return "  \u00b7  ".join(parts)


def payload_words(view: ItemView) -> str:
    """`Note`, `Code T0101, tooth 14 MO`, `Document Consent`."""
    payload = view.item.payload
    if isinstance(payload, NotePayload):
        return tr("Note")
    if isinstance(payload, DocumentPayload):
        return tr("Document {title}").format(title=payload.title)
    assert isinstance(payload, ProcedurePayload)
    place = _place(payload.tooth, payload.surfaces, payload.quadrant.value if payload.quadrant else None)
    words = tr("Code {code}, {place}") if place else tr("Code {code}")
    return words.format(code=payload.code, place=place)


def _place(tooth: str | None, surfaces: str | None, quadrant: str | None) -> str:
    parts = [tr("tooth {n}").format(n=tooth) if tooth else "", surfaces or "", quadrant or ""]
    return " ".join(part for part in parts if part)


def write_back_words(write_back: WriteBackView, now: datetime) -> tuple[Status, str]:
    """The state of one write-back in a line."""
    states = [view.item.state for view in write_back.items]
    if write_back.writeback.requested_at is None and not any(s is ItemState.DONE for s in states):
        return UNSENT, tr(UNSENT.word)
    for state in (ItemState.REVIEW, ItemState.INFLIGHT, ItemState.PLANNED):
        if state in states:
            return ITEM_STATUS[state.value], tr(ITEM_STATUS[state.value].word)
    seen = [view.item.done_at for view in write_back.items if view.item.done_at is not None]
    if seen:
        return IN_CHART, tr("In chart, seen {time}").format(time=moment_words(max(seen), now))
    return NOT_WRITTEN, tr(NOT_WRITTEN.word)


CODE_COLUMNS = ("Code", "Tooth", "Surfaces", "Quadrant", "Status", "Fee", "Date")
_STATUS_WORDS = {"treatment_planned": "planned", "completed": "completed"}


def code_cells(line: Procedure, visit_on: date) -> tuple[str, ...]:
    """As CODE_COLUMNS."""
    fee = "" if line.fee_cents is None else f"{line.fee_cents / 100:,.2f}"
    return (
        line.code, line.tooth or "", line.surfaces or "", line.quadrant.value if line.quadrant else "",
        tr(_STATUS_WORDS[line.status.value]), fee, day_words(line.service_on or visit_on),
    )  # fmt: skip


def document_words(document: Document) -> str:
    """`Consent (consent.pdf, 12 kB)`."""
    size = f"{document.size_bytes / 1e6:.1f} MB" if document.size_bytes >= 1_000_000 else (
        f"{max(1, round(document.size_bytes / 1000))} kB"
    )  # fmt: skip
    return tr("{title} ({file}, {size})").format(title=document.title, file=document.file_name, size=size)
