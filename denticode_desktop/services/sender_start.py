"""What the sender does once when it takes the lock: a new epoch, the anchor compared, cut-off attempts closed.

A lower generation than the anchor remembers, or no anchor for a database that a sender has worked on, means that an
older database or a copy was put here: every open item is ambiguous again (T12) and 30 days of DONE items are watched
at once. An audit log without the event that the anchor names was cut.
"""

from dataclasses import dataclass
from datetime import timedelta

from denticode_desktop.domain.audit_event import SYSTEM_NAME, Anchor, AuditDraft, AuditKind
from denticode_desktop.domain.ids import ItemId
from denticode_desktop.domain.write_back import WATCH_DAYS, ItemState, OutcomeKind, SendOutcome
from denticode_desktop.ports.unit_of_work import UnitOfWork

from .anchor import AnchorStore
from .sender_moves import Moves


@dataclass(frozen=True, slots=True)
class StartReport:
    """What was found at start. `inflight` are the items that begin to settle now."""

    epoch: int
    was_rolled_back: bool
    was_audit_cut: bool
    reopened: int
    interrupted: int
    inflight: tuple[ItemId, ...]


def start_epoch(moves: Moves, anchor_store: AnchorStore) -> StartReport:
    """All of it in one transaction, then the anchor is written anew. Raises SecretStoreError, StorageError."""
    anchor = anchor_store.read()
    with moves.store.write() as uow:
        moves.epoch = uow.sender.begin_epoch()
        generation = uow.sender.generation()
        # Each start leaves an anchor: a database that was started before and finds none was copied here or put back.
        was_started = moves.epoch > 1 or generation > 0
        rolled_back = was_started if anchor is None else generation < anchor.generation
        cut = anchor is not None and not rolled_back and not _holds(uow, anchor)
        reopened = 0
        if rolled_back:
            uow.sender.raise_generation(anchor.generation if anchor else generation)
            reopened = _reopen_all(uow, moves)
        interrupted = _close_cut_off_attempts(uow, moves)
        if cut:
            uow.audit.append(_draft(moves, AuditKind.AUDIT_CUT, outcome="alarm"))
            uow.practice.set_setting("audit_cut", "1")
        event = uow.audit.append(
            _draft(moves, AuditKind.SENDER_STARTED, detail={"interrupted": interrupted, "rolled_back": rolled_back})
        )
        inflight = tuple(i.item_id for i in uow.outbox.inflight_all())
        anchor = Anchor(uow.sender.generation(), event.seq, event.hash)
    anchor_store.write(anchor)
    return StartReport(moves.epoch, rolled_back, cut, reopened, interrupted, inflight)


def _holds(uow: UnitOfWork, anchor: Anchor) -> bool:
    """Whether the log still has the event that the anchor remembers."""
    event = uow.audit.event(anchor.audit_seq)
    return event is not None and event.hash == anchor.audit_hash


def _reopen_all(uow: UnitOfWork, moves: Moves) -> int:
    """T12: nothing that this older database says of open items can be trusted; each has its own event.

    An item in REVIEW stays there, but may have been sent since: it settles before a person's decision sends it again.
    """
    reopened = 0
    for item in uow.outbox.open_all():
        if item.state is ItemState.PLANNED and uow.outbox.move(
            item, ItemState.INFLIGHT, epoch=moves.epoch, was_unknown=True
        ):
            uow.audit.append(moves.draft(AuditKind.ITEM_REOPENED, item, reason="rollback"))
            reopened += 1
    in_review = uow.outbox.review_all()
    for item in in_review:
        uow.outbox.move(
            item, ItemState.REVIEW, epoch=moves.epoch, review_reason=item.review_reason,
            review_detail=item.review_detail, was_unknown=True,
        )  # fmt: skip
    now = moves.clock.utc_now()
    watched = uow.outbox.watch_all_done_since(now - timedelta(days=WATCH_DAYS), now)
    detail: dict[str, str | int | bool | None] = {
        "reopened": reopened, "in_review": len(in_review), "watched": watched
    }  # fmt: skip
    uow.audit.append(_draft(moves, AuditKind.DB_ROLLBACK, outcome="alarm", detail=detail))
    return reopened


def _close_cut_off_attempts(uow: UnitOfWork, moves: Moves) -> int:
    """An attempt without an outcome was cut off by a crash: its item is in flight and nothing is known."""
    attempts = uow.outbox.open_attempts()
    for attempt in attempts:
        uow.outbox.close_attempt(attempt.attempt_id, SendOutcome(OutcomeKind.UNKNOWN, error_kind="interrupted"))
        item = uow.outbox.item(attempt.item_id)
        uow.audit.append(
            moves.draft(
                AuditKind.SEND_RESULT, item, outcome="UNKNOWN", reason="interrupted", attempt_id=attempt.attempt_id
            )
        )
        if item.state is ItemState.INFLIGHT:
            uow.outbox.move(item, ItemState.INFLIGHT, epoch=moves.epoch, was_unknown=True)
    return len(attempts)


def _draft(
    moves: Moves, kind: AuditKind, *, outcome: str = "ok", detail: dict[str, str | int | bool | None] | None = None
) -> AuditDraft:
    return AuditDraft(
        kind=kind, actor=SYSTEM_NAME, role=SYSTEM_NAME, outcome=outcome, epoch=moves.epoch, ticks=moves.ticks.count,
        detail=detail or {},
    )  # fmt: skip
