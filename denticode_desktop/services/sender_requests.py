"""What a person decided about an item, carried out when the protocol allows it (T10, T11).

A request is a row, so that a decision outlives a crash. It stays open while an item of the patient is INFLIGHT or the
item has not settled in this process, and ends with a short result: `done`, or why not. A request that was replaced
while its look was on the wire is not carried out: each write asks first whether it is still open.
"""

from denticode_desktop.domain.audit_event import AuditDraft, AuditKind
from denticode_desktop.domain.chart_match import Match, find_by_id
from denticode_desktop.domain.ids import RemoteId
from denticode_desktop.domain.write_back import DecisionRequest, Item, ItemState, RequestKind
from denticode_desktop.ports.unit_of_work import UnitOfWork

from .sender_findings import Finding, find
from .sender_lane import Lane
from .sender_moves import WATCH_FIRST, Moves, evidence_of
from .ticks import Settling


class Requests:
    """Carries out decisions. Reads raise the PMS errors of `domain.errors`; the request then stays open."""

    def __init__(self, moves: Moves, settling: Settling) -> None:
        self._moves = moves
        self._settling = settling

    def close_without_look(self, request: DecisionRequest) -> bool:
        """What needs neither a look nor a gateway, so that it is done over any connection: True when it is closed.

        That is VOID (T11 at once; T10 when no item of the patient is INFLIGHT) and what has nothing left to do.
        """
        with self._moves.store.read() as uow:
            item = uow.outbox.item(request.item_id)
            others = uow.outbox.inflight_of_patient(item.connection_id, item.pms_patient_id)
        if item.state in (ItemState.DONE, ItemState.VOID):
            return self._close(request, "in_chart" if item.state is ItemState.DONE else "already_void")
        if request.kind is RequestKind.VOID:
            may_void = item.state is ItemState.PLANNED or (item.state is ItemState.REVIEW and not others)
            return may_void and self._void(request, item)
        if request.kind is RequestKind.RECHECK or item.state is ItemState.REVIEW:
            return False
        return self._close(request, "not_in_review" if item.state is ItemState.PLANNED else "in_flight")

    def handle(self, lane: Lane, request: DecisionRequest) -> bool:
        """One try at one request; True when it is closed."""
        with self._moves.store.read() as uow:
            item = uow.outbox.item(request.item_id)
            others = uow.outbox.inflight_of_patient(item.connection_id, item.pms_patient_id)
        lane.idle.pop(item.pms_patient_id, None)
        if self.close_without_look(request):
            return True
        if request.kind is RequestKind.VOID:
            return False  # an item in flight cannot be cancelled, only stopped after it is resolved
        if item.state is not ItemState.REVIEW:
            lane.waits.pop(item.pms_patient_id, None)
            lane.pace.try_now()
            return self._close(request, "done")
        return not others and self._about_review(lane, request, item)

    def _about_review(self, lane: Lane, request: DecisionRequest, item: Item) -> bool:
        if request.kind is RequestKind.SEND_AGAIN and not self._is_settled(lane, item):
            return False
        look = lane.take_look(item)
        with self._moves.store.read() as uow:
            finding = find(uow, item, look)
        lane.pace.good_read()
        if request.kind is RequestKind.SEND_AGAIN:
            return self._send_again(request, finding)
        if request.kind is RequestKind.RECHECK:
            return self._recheck(request, finding)
        return self._accept(request, finding)

    def _is_settled(self, lane: Lane, item: Item) -> bool:
        """Whether nothing that this item ever sent can still take effect, as far as a settle shows it."""
        if item.sends == 0 and not item.was_unknown and item.remote_id is None:
            return True
        self._settling.ensure(item.item_id, lane.settle_ticks())
        return self._settling.is_over(item.item_id)

    # -- T10, T11 --------------------------------------------------------------------------------------------------

    def _void(self, request: DecisionRequest, item: Item) -> bool:
        """Not written. Its record, if one is there after all, is nobody's again: a later item like it asks a person."""
        with self._moves.store.write() as uow:
            if not _is_open(uow, request):
                return True
            if not uow.outbox.move(item, ItemState.VOID, epoch=self._moves.epoch, clear_remote_id=True):
                return False
            uow.audit.append(self._draft(AuditKind.ITEM_VOID, item, request))
            uow.outbox.close_request(request.request_id, "done")
        self._settling.forget(item.item_id)
        self._moves.changed(item)
        return True

    def _recheck(self, request: DecisionRequest, finding: Finding) -> bool:
        """The chart is looked at again; only proof moves the item, everything else stays a person's decision."""
        if finding.proof is not None:
            return self._done(request, finding, finding.proof, AuditKind.ITEM_DONE)
        shown = len(finding.shown)
        result = "not_found" if not shown else "several" if shown > 1 else "needs_decision"
        return self._keep(request, finding, result)

    def _accept(self, request: DecisionRequest, finding: Finding) -> bool:
        """It is this one: the record that the person named, or the only one there is."""
        if request.remote_id is not None:
            chosen = find_by_id(finding.item, finding.look, request.remote_id)
        else:
            chosen = finding.shown[0] if len(finding.shown) == 1 else None
        if chosen is None:
            return self._keep(request, finding, "several" if len(finding.shown) > 1 else "not_found")
        return self._done(request, finding, chosen, AuditKind.ITEM_DECIDED)

    def _done(self, request: DecisionRequest, finding: Finding, chosen: Match, kind: AuditKind) -> bool:
        """REVIEW -> DONE. The other records that were shown, and are there, are declared to be something else."""
        item, remote_id = finding.item, chosen.record.remote_id
        others = request.dismissed & {r.remote_id for r in finding.look.records} - {remote_id}
        with self._moves.store.write() as uow:
            if not _is_open(uow, request):
                return True
            now = self._moves.clock.utc_now()
            if not uow.outbox.move(item, ItemState.DONE, epoch=self._moves.epoch, remote_id=remote_id, done_at=now):
                uow.outbox.close_request(request.request_id, "owned_by_other")
                return True
            uow.outbox.dismiss(item.item_id, others)
            uow.outbox.set_watch(item.item_id, now + WATCH_FIRST, 0)
            evidence = evidence_of(finding.look, [chosen]) | {"by": chosen.by.value, "dismissed": len(others)}
            uow.audit.append(self._draft(kind, item, request, remote_id=remote_id, detail=evidence))
            uow.outbox.close_request(request.request_id, "done")
        self._settling.forget(item.item_id)
        self._moves.changed(item)
        return True

    def _send_again(self, request: DecisionRequest, finding: Finding) -> bool:
        """Different, or not there: send ours. Only when settled and a fresh look shows none of ours.

        A record with an id that the PMS ever named for this item is ours, whatever it holds now: it is never
        dismissed, and nothing is sent beside it.
        """
        item, found = finding.item, {m.record.remote_id for m in (*finding.matches, *finding.claimed)}
        if finding.is_ours_there:
            return self._keep(request, finding, "in_chart")
        if found - request.dismissed:
            return self._keep(request, finding, "look_alike_there")
        with self._moves.store.write() as uow:
            if not _is_open(uow, request):
                return True
            uow.outbox.dismiss(item.item_id, found)
            moved = uow.outbox.move(
                item, ItemState.PLANNED, epoch=self._moves.epoch, sends=0, clear_remote_id=True, was_unknown=True
            )
            if not moved:
                return False
            evidence = evidence_of(finding.look, finding.matches) | {"dismissed": len(found)}
            uow.audit.append(self._draft(AuditKind.ITEM_DECIDED, item, request, detail=evidence))
            uow.outbox.close_request(request.request_id, "done")
        self._settling.forget(item.item_id)
        self._moves.changed(item)
        return True

    # -- nothing moves -----------------------------------------------------------------------------------------------

    def _keep(self, request: DecisionRequest, finding: Finding, result: str) -> bool:
        """The item stays in REVIEW with what was seen now, for the next decision; `look.done` keeps the evidence."""
        item, asked = finding.item, finding.reason
        with self._moves.store.write() as uow:
            if not _is_open(uow, request):
                return True
            uow.outbox.move(
                item, ItemState.REVIEW, epoch=self._moves.epoch, review_reason=asked, review_detail=finding.detail
            )
            evidence = evidence_of(finding.look, finding.shown) | {"review": asked.value}
            uow.audit.append(self._draft(AuditKind.LOOK_DONE, item, request, outcome=result, detail=evidence))
            uow.outbox.close_request(request.request_id, result)
        self._moves.changed(item)
        return True

    def _close(self, request: DecisionRequest, result: str) -> bool:
        """Ends a request that had nothing to do."""
        with self._moves.store.write() as uow:
            uow.outbox.close_request(request.request_id, result)
        return True

    def _draft(
        self,
        kind: AuditKind,
        item: Item,
        request: DecisionRequest,
        *,
        outcome: str = "",
        remote_id: RemoteId | None = None,
        detail: dict[str, str | int | bool | None] | None = None,
    ) -> AuditDraft:
        return self._moves.draft(
            kind, item, outcome=outcome or request.kind.value, reason=request.reason, remote_id=remote_id,
            by=(request.by, request.role), detail=detail,
        )  # fmt: skip


def _is_open(uow: UnitOfWork, request: DecisionRequest) -> bool:
    """Whether nobody replaced it meanwhile."""
    return uow.outbox.request(request.request_id).result == ""
