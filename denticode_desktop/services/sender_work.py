"""One step for one item: look, intent, send once, settle, look again.

This is the heart of write-back-protocol.md section 4. `PatientWork.step` takes the patient's first open item and does
one step with it; what it returns tells the loop whether to go on with this patient, wait, or leave the connection.
Reads raise the PMS errors of `domain.errors`; the loop turns them into back-off or a hold. Nothing here catches them:
a look that is not complete changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from denticode_desktop.domain.audit_event import AuditKind
from denticode_desktop.domain.chart_match import Look, Match, MatchBy, find_by_id, matches_of
from denticode_desktop.domain.errors import PmsRefusedError, SecretStoreError
from denticode_desktop.domain.ids import ItemId, RemoteId
from denticode_desktop.domain.write_back import (
    MAX_SENDS,
    UNSEEN_TICKS,
    DocumentPayload,
    Item,
    ItemKind,
    ItemState,
    Move,
    OutcomeClass,
    OutcomeKind,
    ReviewReason,
    SendOutcome,
    WaitingWhy,
)
from denticode_desktop.ports.clock import Clock
from denticode_desktop.ports.pms import PreparedSend

from .anchor import AnchorStore
from .patient_check import is_still_linked, patient_fault
from .sender_findings import claimed_in_doubt
from .sender_lag import NOTE_TICKS, Absence, absence_since
from .sender_lane import FetchedPatient, Lane, next_early_look
from .sender_moves import Grounds, Intent, Moves, StaleSenderError, evidence_of, review_detail
from .sender_pace import whole_ticks
from .ticks import Settling, Ticks


class Step(Enum):
    """What came of a step."""

    MOVED = "moved"
    WAITING = "waiting"
    IDLE = "idle"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class StepResult:
    """A step, and after SENT the outcome as recorded; `wait_ticks` and `why` where it waits."""

    step: Step
    outcome: SendOutcome | None = None
    wait_ticks: int = 0
    why: WaitingWhy | None = None


class PatientWork:
    """Steps for the items of one patient at a time."""

    def __init__(self, moves: Moves, anchor: AnchorStore, ticks: Ticks, settling: Settling, clock: Clock) -> None:
        self._moves = moves
        self._anchor = anchor
        self._ticks = ticks
        self._settling = settling
        self._clock = clock
        self.is_stopping = False

    def step(self, lane: Lane, item: Item) -> StepResult:
        """One step for the patient's first open item. Raises the PMS errors of reads, and SecretStoreError."""
        if item.state is ItemState.INFLIGHT:
            if item.remote_id is None:
                return self._resolve_unknown(lane, item)
            if item.remote_id in item.dismissed:
                return self._forget_id(lane, item)
            return self._resolve_accepted(lane, item)
        return self._try_planned(lane, item)

    # -- PLANNED -------------------------------------------------------------------------------------------------

    def _try_planned(self, lane: Lane, item: Item) -> StepResult:
        with self._moves.store.read() as uow:
            is_stale, is_linked = self._moves.is_stale(uow, item), is_still_linked(uow, item)
        if is_stale:
            return self._review(item, ReviewReason.STALE)
        try:
            prepared = lane.gateway.prepare(item, self._document_bytes(item))
        except PmsRefusedError as refusal:
            return self._review(item, ReviewReason.NOT_MAPPED, review_detail(words=refusal.words))
        # The match was undone (P4), or the chart names somebody else now.
        patient = self._check_patient(lane, item) if is_linked else ReviewReason.PATIENT_CHANGED
        if isinstance(patient, ReviewReason):
            self._moves.review(item, patient, kind=AuditKind.PATIENT_CHECK_FAILED)
            return StepResult(Step.MOVED)
        kept = lane.look_for_intent(item)
        owners = self._owners(item, kept.look)
        matches = matches_of(item, kept.look, owners)
        if matches:
            return self._adopt_or_ask(item, kept.look, matches)
        marked = [m for m in self._claimed(item, kept.look, owners) if m.by is MatchBy.MARKER]
        if marked:
            return self._review(item, ReviewReason.LOOK_ALIKE, review_detail(marked), evidence_of(kept.look, marked))
        lane.gateway.make_ready(prepared.deadline_s)
        return self._intend_and_send(lane, item, prepared, Grounds(kept, patient, lane.pace.outage.is_on))

    def _intend_and_send(self, lane: Lane, item: Item, prepared: PreparedSend, grounds: Grounds) -> StepResult:
        intent = self._moves.intend(item, prepared, grounds)
        if intent is None:
            lane.looks.pop((item.pms_patient_id, item.kind), None)
            return StepResult(Step.IDLE)
        self._settling.begin(item.item_id, lane.settle_ticks())
        if not self._is_anchored(intent):
            not_sent = SendOutcome(OutcomeKind.NOT_SENT, error_kind="anchor_failed")
            return self._record(lane, intent, not_sent)
        return self._record(lane, intent, self._send_once(lane, prepared, intent))

    def _send_once(self, lane: Lane, prepared: PreparedSend, intent: Intent) -> SendOutcome:
        """The one request. A gateway must not raise; whatever escapes it all the same proves nothing: UNKNOWN."""
        try:
            return lane.gateway.send(prepared, may_send=lambda: self._may_send(intent))
        except Exception as error:  # its class, never its text, goes with the attempt and `send.result` into the log
            return SendOutcome(OutcomeKind.UNKNOWN, error_kind=f"escaped_{type(error).__name__}")

    def _document_bytes(self, item: Item) -> bytes | None:
        if not isinstance(item.payload, DocumentPayload):
            return None
        with self._moves.store.read() as uow:
            return uow.labs.blob(item.payload.sha256)

    def _check_patient(self, lane: Lane, item: Item) -> FetchedPatient | ReviewReason:
        """The patient as fetched lately, compared with this write-back's own snapshot (section 7), or what is wrong.

        A kept answer can only prove that all is well: what does not fit it is asked of the PMS again.
        """
        with self._moves.store.read() as uow:
            snapshot = uow.outbox.writeback(item.writeback_id).snapshot
        kept = lane.kept_patient(item.pms_patient_id)
        if kept is not None and patient_fault(snapshot, item.pms_patient_id, kept.patient) is None:
            return kept
        fetched = lane.fetch_patient(item.pms_patient_id)
        if fetched is None:
            return ReviewReason.PATIENT_NOT_FOUND
        return patient_fault(snapshot, item.pms_patient_id, fetched.patient) or fetched

    def _adopt_or_ask(self, item: Item, look: Look, matches: list[Match]) -> StepResult:
        evidence = evidence_of(look, matches)
        first = matches[0]
        if len(matches) == 1 and first.by is MatchBy.MARKER and first.is_equal:
            self._moves.done(Move.T2, item, first, evidence)
            return StepResult(Step.MOVED)
        marked = [m for m in matches if m.by is MatchBy.MARKER]
        if len(marked) == 1 and not marked[0].is_equal:
            reason = ReviewReason.DIFFERS
        else:
            reason = ReviewReason.LOOK_ALIKE if len(matches) == 1 else ReviewReason.SEVERAL
        return self._review(item, reason, review_detail(matches), evidence)

    def _is_anchored(self, intent: Intent) -> bool:
        """Puts the anchor into the credential store; if that fails nothing is sent."""
        try:
            self._anchor.write(intent.anchor)
        except SecretStoreError:
            return False
        return True

    def _may_send(self, intent: Intent) -> bool:
        """Asked right before the first byte. At shut-down nothing new leaves."""
        return intent.may_send(self._clock) and not self.is_stopping

    def _record(self, lane: Lane, intent: Intent, outcome: SendOutcome) -> StepResult:
        item = intent.item
        lane.note_send(item.pms_patient_id)
        recorded = self._moves.record_outcome(intent, outcome)
        if recorded.outcome_class is OutcomeClass.NO_EFFECT:
            self._settling.forget(item.item_id)
            lane.forget_item(item.item_id)
        elif recorded.outcome_class is OutcomeClass.ACCEPTED:
            lane.absent[item.item_id] = absence_since(self._ticks.count)
        else:
            lane.absent[item.item_id] = absence_since(self._ticks.count)
            self._settling.begin(item.item_id, lane.settle_ticks(), whole_ticks(recorded.retry_after_s))
        return StepResult(Step.SENT, recorded)

    # -- INFLIGHT ------------------------------------------------------------------------------------------------

    def _resolve_accepted(self, lane: Lane, item: Item) -> StepResult:
        """The PMS named an id: look for it. Never sent again while the id is set."""
        assert item.remote_id is not None
        absence = self._absence(lane, item)
        look = lane.take_look(item)
        match = find_by_id(item, look, RemoteId(item.remote_id))
        if match is None:
            return self._not_seen(lane, item, absence, look)
        lane.forget_item(item.item_id)
        self._settling.forget(item.item_id)
        evidence = evidence_of(look, [match])
        if not match.is_equal:
            return self._review(item, ReviewReason.DIFFERS, review_detail([match]), evidence)
        self._note_lag(item, absence)
        self._moves.done(Move.T6, item, match, evidence)
        return StepResult(Step.MOVED)

    def _forget_id(self, lane: Lane, item: Item) -> StepResult:
        """A record that a person declared to be another one proves nothing: the send was UNKNOWN and settles anew."""
        self._forget(lane, item)
        if self._moves.forget_id(item):
            self._settling.begin(item.item_id, lane.settle_ticks())
        return StepResult(Step.MOVED)

    def _absence(self, lane: Lane, item: Item) -> Absence:
        """Since when its record is looked for, with what earlier processes waited for it awake.

        That time leads to a person sooner, never to a send: of an accepted item nothing is sent again by itself.
        """
        if item.item_id not in lane.absent:
            with self._moves.store.read() as uow:
                already = uow.outbox.unseen_ticks(item.item_id)
            lane.absent[item.item_id] = absence_since(self._ticks.count, already)
        return lane.absent[item.item_id]

    def _not_seen(self, lane: Lane, item: Item, absence: Absence, look: Look) -> StepResult:
        now = self._ticks.count
        if absence.waited(now) >= UNSEEN_TICKS:
            lane.forget_item(item.item_id)
            detail = review_detail(code=str(item.remote_id))
            return self._review(item, ReviewReason.UNSEEN, detail, evidence_of(look, ()))
        wait_ticks = lane.next_read_back(item.item_id)
        absence.was_absent(now, next_look=wait_ticks)
        if absence.waited(now) - absence.noted >= NOTE_TICKS:
            absence.noted = absence.waited(now)
            with self._moves.store.write() as uow:
                uow.outbox.note_unseen(item.item_id, absence.noted)
        return StepResult(Step.WAITING, None, wait_ticks, WaitingWhy.NOT_VISIBLE_YET)

    def _resolve_unknown(self, lane: Lane, item: Item) -> StepResult:
        """Nothing is known of the last send: presence may be seen at any look, absence counts after the settle."""
        self._settling.ensure(item.item_id, lane.settle_ticks())
        is_settled = self._settling.is_over(item.item_id)
        elapsed = self._settling.elapsed(item.item_id)
        absence = lane.absent.setdefault(item.item_id, absence_since(self._ticks.count))
        if not is_settled and elapsed == 0:
            return self._settle_wait(item, elapsed)
        look = lane.take_look(item)
        owners = self._owners(item, look)
        matches = matches_of(item, look, owners)
        evidence = evidence_of(look, matches)
        if self._is_ours(item, matches):
            self._note_lag(item, absence)
            self._forget(lane, item)
            self._moves.done(Move.T6, item, matches[0], evidence)
            return StepResult(Step.MOVED)
        if not is_settled:
            waiting = self._settle_wait(item, elapsed)
            if not matches:
                absence.was_absent(self._ticks.count, next_look=waiting.wait_ticks)
            return waiting
        self._forget(lane, item)
        if not matches and (claimed := self._claimed(item, look, owners)):
            return self._review(item, ReviewReason.LOOK_ALIKE, review_detail(claimed), evidence_of(look, claimed))
        if not matches and item.sends < MAX_SENDS:
            self._moves.plan_again(item, evidence)
            return StepResult(Step.MOVED)
        return self._review(item, _reason_of(item, matches), review_detail(matches), evidence)

    def _is_ours(self, item: Item, matches: list[Match]) -> bool:
        """One, unowned, equal; without a marker only after a send of ours and with no other author named."""
        if len(matches) != 1 or not matches[0].is_equal:
            return False
        if matches[0].by is MatchBy.MARKER:
            return True
        return item.sends > 0 and not matches[0].record.author_is_other

    def _settle_wait(self, item: Item, elapsed: int) -> StepResult:
        left = self._settling.left(item.item_id)
        return StepResult(Step.WAITING, None, next_early_look(elapsed, left), WaitingWhy.SETTLING)

    # -- shared --------------------------------------------------------------------------------------------------

    def _owners(self, item: Item, look: Look) -> Mapping[RemoteId, ItemId]:
        ids = {r.remote_id for r in look.records}
        if not ids:
            return {}
        with self._moves.store.read() as uow:
            return uow.outbox.owners(item.connection_id, item.kind, ids)

    def _claimed(self, item: Item, look: Look, owners: Mapping[RemoteId, ItemId]) -> Sequence[Match]:
        if not owners:
            return ()
        with self._moves.store.read() as uow:
            return claimed_in_doubt(uow, item, look, owners)

    def _review(
        self,
        item: Item,
        reason: ReviewReason,
        detail: str = "",
        evidence: dict[str, str | int | bool | None] | None = None,
    ) -> StepResult:
        self._moves.review(item, reason, detail, evidence=evidence)
        return StepResult(Step.MOVED)

    def _forget(self, lane: Lane, item: Item) -> None:
        self._settling.forget(item.item_id)
        lane.forget_item(item.item_id)

    def _note_lag(self, item: Item, absence: Absence) -> None:
        """Keeps the lag of a record just seen; the rule is that of `Absence.lag`."""
        ticks = absence.lag(self._ticks.count)
        if ticks <= 0:
            return
        with self._moves.store.write() as uow:
            uow.connections.note_lag(item.connection_id, ticks)


def _reason_of(item: Item, matches: list[Match]) -> ReviewReason:
    """Why a settled, unknown item goes to a person."""
    if not matches:
        return ReviewReason.NO_TRACE
    if len(matches) > 1:
        return ReviewReason.SEVERAL
    only = matches[0]
    if not only.is_equal:
        return ReviewReason.DIFFERS
    if item.kind is not ItemKind.NOTE and only.record.author_is_other:
        return ReviewReason.OTHER_AUTHOR
    return ReviewReason.LOOK_ALIKE


__all__ = ["PatientWork", "StaleSenderError", "Step", "StepResult"]
