"""The sender's transactions: each makes one legal move of one item with its audit event, or nothing.

Every method is one write unit. A compare-and-set that fails (somebody else moved the item) returns False: the caller
stops and reads again. T-numbers are those of write-back-protocol.md section 3.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from denticode_desktop.domain.audit_event import SYSTEM_NAME, Anchor, AuditDraft, AuditKind
from denticode_desktop.domain.chart_match import Look, Match
from denticode_desktop.domain.connection import Connection, HoldReason, Permission
from denticode_desktop.domain.events import QueueChanged
from denticode_desktop.domain.ids import AttemptId
from denticode_desktop.domain.write_back import (
    SEND_GAP_S,
    STALE_DAYS,
    WATCH_DAYS,
    Item,
    ItemKind,
    ItemState,
    Move,
    OutcomeClass,
    OutcomeKind,
    RequestKind,
    ReviewReason,
    SendOutcome,
    is_legal,
)
from denticode_desktop.ports.clock import Clock
from denticode_desktop.ports.event_sink import EventSink
from denticode_desktop.ports.pms import PreparedSend
from denticode_desktop.ports.unit_of_work import Store, UnitOfWork

from .patient_check import is_still_linked
from .sender_lane import FetchedPatient, KeptLook
from .ticks import Moment, Ticks

PAUSED_SETTING = "sending_paused"
PERMISSION_OF = {ItemKind.NOTE: Permission.CHART_NOTES, ItemKind.PROCEDURE: Permission.TREATMENT_PLANS}
WATCH_FIRST = timedelta(minutes=10)
WATCH_WEEK = timedelta(days=7)
WATCH_STEPS_UNKNOWN = (WATCH_FIRST, timedelta(minutes=50), timedelta(hours=23))
"""After DONE of an item that ever was UNKNOWN: at 10 min, 1 h and 24 h; then weekly as for all."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """What T1 rests on. is_trial: the one item that may go first over a connection held for unknown outcomes."""

    look: KeptLook
    patient: FetchedPatient
    is_trial: bool = False

    def are_fresh(self, clock: Clock) -> bool:
        """Whether look and patient check are young enough, by either clock."""
        return self.look.is_fresh(clock) and self.patient.is_fresh(clock)


@dataclass(frozen=True, slots=True)
class Intent:
    """What a committed T1 leaves behind: the item as it is now, its attempt and the anchor to write.

    begun: when T1's transaction began; from then on the send has its few seconds.
    """

    item: Item
    attempt_id: AttemptId
    anchor: Anchor
    begun: Moment
    look: KeptLook

    def may_send(self, clock: Clock) -> bool:
        """False when too much time passed since (sleep, pause, a slow disk), or its look is too old by now."""
        return self.begun.age_s(clock) <= SEND_GAP_S and self.look.is_fresh(clock)


def _is_open_for(connection: Connection, grounds: Grounds) -> bool:
    if connection.hold is HoldReason.UNKNOWN_STREAK:
        return connection.is_enabled and grounds.is_trial
    return connection.is_enabled and connection.hold is None


def review_detail(matches: Sequence[Match] = (), words: str = "", code: str = "") -> str:
    """What REVIEW shows beside the reason, as compact JSON: ids of the records seen, the PMS's words, a code."""
    detail: dict[str, object] = {}
    if matches:
        detail["records"] = [m.record.remote_id for m in matches]
    if words:
        detail["words"] = words[:200]
    if code:
        detail["code"] = code
    return json.dumps(detail, separators=(",", ":"), ensure_ascii=False) if detail else ""


def evidence_of(look: Look, matches: Sequence[Match]) -> dict[str, str | int | bool | None]:
    """The proof that a move rests on: pages read, hash of what was seen, hash of the matching ids."""
    ids = "\n".join(m.record.remote_id for m in matches)
    return {
        "look_pages": look.pages,
        "look_records": len(look.records),
        "look_sha256": look.evidence_sha256,
        "matches": len(matches),
        "matches_sha256": hashlib.sha256(ids.encode()).hexdigest(),
    }


@dataclass(slots=True)
class Moves:
    """Writes the moves of one sender. `epoch` is this process's."""

    store: Store
    clock: Clock
    ticks: Ticks
    sink: EventSink
    epoch: int = field(default=0)

    def draft(
        self,
        kind: AuditKind,
        item: Item,
        *,
        outcome: str = "ok",
        reason: str = "",
        attempt_id: AttemptId | None = None,
        remote_id: str | None = None,
        by: tuple[str, str] = (SYSTEM_NAME, SYSTEM_NAME),
        detail: dict[str, str | int | bool | None] | None = None,
    ) -> AuditDraft:
        """An audit draft about an item; `by` is (name, role)."""
        return AuditDraft(
            kind=kind, actor=by[0], role=by[1], outcome=outcome, connection_id=item.connection_id,
            pms_patient_id=item.pms_patient_id, writeback_id=item.writeback_id, item_id=item.item_id,
            attempt_id=attempt_id, epoch=self.epoch, ticks=self.ticks.count, content_sha256=item.payload_sha256,
            remote_id=remote_id or item.remote_id, reason=reason, detail=detail or {},
        )  # fmt: skip

    def changed(self, item: Item) -> None:
        """Tells the screens."""
        self.sink.publish(QueueChanged(item.connection_id, item.item_id))

    # -- T1: the intent ------------------------------------------------------------------------------------------

    def intend(self, item: Item, prepared: PreparedSend, grounds: Grounds) -> Intent | None:
        """T1: PLANNED -> INFLIGHT with its attempt and `send.intent`, if it is still this item's turn.

        The time that a send may take begins with the transaction, so that a commit or a screen that takes long counts.
        """
        with self.store.write() as uow:
            begun = Moment.now(self.clock)
            if not grounds.are_fresh(self.clock) or not self._is_its_turn(uow, item, grounds):
                return None
            if not uow.outbox.move(item, ItemState.INFLIGHT, epoch=self.epoch, sends=item.sends + 1):
                return None
            attempt = uow.outbox.add_attempt(
                item.item_id, epoch=self.epoch, request_sha256=prepared.sha256, at=begun.at
            )
            generation = uow.sender.bump_generation()
            evidence = evidence_of(grounds.look.look, ())
            event = uow.audit.append(
                self.draft(
                    AuditKind.SEND_INTENT, item, attempt_id=attempt.attempt_id,
                    detail={"request_sha256": prepared.sha256, "n": attempt.n, **evidence},
                )
            )  # fmt: skip
            after = uow.outbox.item(item.item_id)
            anchor = Anchor(generation, event.seq, event.hash)
        self.changed(after)
        return Intent(after, attempt.attempt_id, anchor, begun, grounds.look)

    def _is_its_turn(self, uow: UnitOfWork, item: Item, grounds: Grounds) -> bool:
        """Looked at again inside the transaction: hold, pause, age, decisions, order and other items of the patient."""
        if not _is_open_for(uow.connections.get(item.connection_id), grounds):
            return False
        if uow.practice.setting(PAUSED_SETTING) == "1" or self.is_stale(uow, item):
            return False
        asked = uow.outbox.open_request(item.item_id)
        if asked is not None and asked.kind is not RequestKind.RECHECK:
            return False
        open_items = uow.outbox.open_items(item.connection_id, item.pms_patient_id)
        if not open_items or any(i.state is ItemState.INFLIGHT for i in open_items):
            return False
        current = next((i for i in open_items if i.item_id == item.item_id), None)
        return current is not None and current.remote_id is None and is_still_linked(uow, current)

    def is_stale(self, uow: UnitOfWork, item: Item) -> bool:
        """Whether what should have gone is older than seven days: a person's business (T3)."""
        return uow.outbox.is_stale(item.item_id, self.clock.utc_now() - timedelta(days=STALE_DAYS))

    # -- outcome: T4, T5 or the item stays ambiguous --------------------------------------------------------------

    def record_outcome(self, intent: Intent, outcome: SendOutcome) -> SendOutcome:
        """Closes the attempt and makes T4 or T5; returns the outcome as recorded.

        An accepted answer with an id that another item owns, or that a person declared to be another record than
        this item, proves nothing: it is recorded as UNKNOWN.
        """
        item = intent.item
        with self.store.write() as uow:
            recorded = self._without_foreign_id(uow, item, outcome)
            uow.outbox.close_attempt(intent.attempt_id, recorded)
            self._apply_outcome(uow, item, recorded)
            uow.audit.append(
                self.draft(
                    AuditKind.SEND_RESULT, item, outcome=recorded.outcome_class.value, attempt_id=intent.attempt_id,
                    remote_id=recorded.remote_id, reason=recorded.kind.value,
                    detail={
                        "http_status": recorded.http_status, "error_kind": recorded.error_kind,
                        "elapsed_ms": recorded.elapsed_ms, "pms_request_id": recorded.pms_request_id[:80],
                    },
                )
            )  # fmt: skip
            if recorded.kind is OutcomeKind.REFUSED:
                uow.audit.append(self.draft(AuditKind.ITEM_REVIEW, item, reason=ReviewReason.REFUSED.value))
        self.changed(item)
        return recorded

    def _without_foreign_id(self, uow: UnitOfWork, item: Item, outcome: SendOutcome) -> SendOutcome:
        if outcome.outcome_class is not OutcomeClass.ACCEPTED or outcome.remote_id is None:
            return outcome
        owner = uow.outbox.owners(item.connection_id, item.kind, {outcome.remote_id}).get(outcome.remote_id)
        if outcome.remote_id in uow.outbox.item(item.item_id).dismissed:
            why = "id_dismissed"
        elif owner is None or owner == item.item_id:
            return outcome
        else:
            why = "id_owned"
        return SendOutcome(
            OutcomeKind.UNKNOWN, outcome.http_status, None, why, None, "", outcome.pms_request_id, "",
            outcome.elapsed_ms,
        )  # fmt: skip

    def _apply_outcome(self, uow: UnitOfWork, item: Item, outcome: SendOutcome) -> None:
        if outcome.outcome_class is OutcomeClass.ACCEPTED:
            moved = uow.outbox.move(item, ItemState.INFLIGHT, epoch=self.epoch, remote_id=outcome.remote_id)
        elif outcome.outcome_class is OutcomeClass.UNKNOWN:
            moved = uow.outbox.move(item, ItemState.INFLIGHT, epoch=self.epoch, was_unknown=True)
        elif outcome.kind is OutcomeKind.REFUSED:
            moved = uow.outbox.move(
                item, ItemState.REVIEW, epoch=self.epoch, sends=item.sends - 1, review_reason=ReviewReason.REFUSED,
                review_detail=review_detail(words=outcome.pms_words, code=str(outcome.http_status or "")),
            )  # fmt: skip
        else:
            moved = uow.outbox.move(item, ItemState.PLANNED, epoch=self.epoch, sends=item.sends - 1)
        if not moved:
            raise StaleSenderError

    def forget_id(self, item: Item) -> bool:
        """The id that the PMS named is of a record dismissed for this item: the item is INFLIGHT, nothing known."""
        with self.store.write() as uow:
            moved = uow.outbox.move(item, ItemState.INFLIGHT, epoch=self.epoch, clear_remote_id=True, was_unknown=True)
            if moved:
                uow.audit.append(
                    self.draft(AuditKind.SEND_RESULT, item, outcome=OutcomeClass.UNKNOWN.value, reason="id_dismissed")
                )
        self.changed(item)
        return moved

    # -- moves that rest on a look --------------------------------------------------------------------------------

    def done(self, move: Move, item: Item, match: Match, evidence: dict[str, str | int | bool | None]) -> bool:
        """T2 or T6: seen in this patient's chart, content equal, unowned."""
        if not is_legal(move, item.state, ItemState.DONE):
            raise StaleSenderError
        with self.store.write() as uow:
            now = self.clock.utc_now()
            moved = uow.outbox.move(
                item, ItemState.DONE, epoch=self.epoch, remote_id=match.record.remote_id, done_at=now
            )
            if not moved:
                return False
            uow.outbox.set_watch(item.item_id, now + (WATCH_FIRST if item.was_unknown else WATCH_WEEK), 0)
            if (permission := PERMISSION_OF.get(item.kind)) is not None:
                uow.connections.note_good_write(item.connection_id, now, permission)
            kind = AuditKind.ITEM_ADOPTED if move is Move.T2 else AuditKind.ITEM_DONE
            detail = {**evidence, "by": match.by.value, "move": move.value}
            uow.audit.append(self.draft(kind, item, remote_id=match.record.remote_id, detail=detail))
        self.changed(item)
        return True

    def plan_again(self, item: Item, evidence: dict[str, str | int | bool | None]) -> bool:
        """T7: settled, and a complete look after it found none."""
        with self.store.write() as uow:
            if not uow.outbox.move(item, ItemState.PLANNED, epoch=self.epoch):
                return False
            uow.audit.append(self.draft(AuditKind.ITEM_PLANNED_AGAIN, item, detail={**evidence, "sends": item.sends}))
        self.changed(item)
        return True

    def review(
        self,
        item: Item,
        reason: ReviewReason,
        detail: str = "",
        *,
        kind: AuditKind = AuditKind.ITEM_REVIEW,
        evidence: dict[str, str | int | bool | None] | None = None,
    ) -> bool:
        """T3, T8 or T9: a person is asked. `kind` names the audit event (`patient.check_failed`, `watch.twin` …).

        A remote id is kept: the record stays known as ours, so that no decision dismisses it or sends beside it.
        """
        with self.store.write() as uow:
            epoch = self.epoch
            moved = uow.outbox.move(item, ItemState.REVIEW, epoch=epoch, review_reason=reason, review_detail=detail)
            if not moved:
                return False
            if kind is AuditKind.WATCH_TWIN:
                uow.connections.double_settle(item.connection_id)
            uow.audit.append(self.draft(kind, item, outcome="review", reason=reason.value, detail=evidence))
        self.changed(item)
        return True

    def watch_later(self, item: Item, step: int) -> None:
        """Sets the next duplicate watch after one that found nothing: 10 min, 1 h, 24 h, then weekly for 30 days."""
        now = self.clock.utc_now()
        steps = WATCH_STEPS_UNKNOWN if item.was_unknown else ()
        next_at: datetime | None = now + (steps[step + 1] if step + 1 < len(steps) else WATCH_WEEK)
        if item.done_at is not None and next_at is not None and next_at > item.done_at + timedelta(days=WATCH_DAYS):
            next_at = None
        with self.store.write() as uow:
            uow.outbox.set_watch(item.item_id, next_at, step + 1)


class StaleSenderError(Exception):
    """Another sender took over, or the row moved under a request on the wire: stop and read again."""
