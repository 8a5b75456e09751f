"""What a person decided about an item, carried out when the protocol allows it (T10, T11).

A request is a row, so that a decision outlives a crash. It stays open while an item of the patient is INFLIGHT or the
item has not settled in this process, and ends with a short result: `done`, or why not.
"""

from collections.abc import Sequence

from denticode_desktop.domain.audit_event import AuditKind
from denticode_desktop.domain.chart_match import Look, Match, MatchBy, carries_marker, find_by_id, matches_of
from denticode_desktop.domain.ids import RemoteId
from denticode_desktop.domain.write_back import DecisionRequest, Item, ItemState, RequestKind
from denticode_desktop.ports.unit_of_work import UnitOfWork

from .sender_lane import Lane
from .sender_moves import WATCH_FIRST, Moves, review_detail
from .ticks import Settling


class Requests:
    """Carries out decisions. Reads raise the PMS errors of `domain.errors`; the request then stays open."""

    def __init__(self, moves: Moves, settling: Settling) -> None:
        self._moves = moves
        self._settling = settling

    def handle(self, lane: Lane, request: DecisionRequest) -> bool:
        """One try at one request; True when it is closed."""
        with self._moves.store.read() as uow:
            item = uow.outbox.item(request.item_id)
            others = uow.outbox.inflight_of_patient(item.connection_id, item.pms_patient_id)
        lane.idle.pop(item.pms_patient_id, None)
        if item.state is ItemState.INFLIGHT:
            return self._about_inflight(lane, request, item)
        if others:
            return False
        if request.kind is RequestKind.VOID and item.state in (ItemState.PLANNED, ItemState.REVIEW):
            return self._void(request, item)
        if item.state is ItemState.REVIEW:
            return self._about_review(lane, request, item)
        return self._about_settled(lane, request, item)

    def _about_settled(self, lane: Lane, request: DecisionRequest, item: Item) -> bool:
        """PLANNED, DONE or VOID: only a recheck of a waiting item has something to do."""
        if item.state is ItemState.PLANNED:
            lane.pace.try_now()
            _stop_waiting(lane, item)
            return self._close(request, "done" if request.kind is RequestKind.RECHECK else "not_in_review")
        return self._close(request, "in_chart" if item.state is ItemState.DONE else "already_void")

    def _about_inflight(self, lane: Lane, request: DecisionRequest, item: Item) -> bool:
        """An item in flight cannot be cancelled: only asked about again, or stopped after it is resolved."""
        if request.kind is RequestKind.VOID:
            return False
        _stop_waiting(lane, item)
        lane.pace.try_now()
        return self._close(request, "done" if request.kind is RequestKind.RECHECK else "in_flight")

    def _void(self, request: DecisionRequest, item: Item) -> bool:
        with self._moves.store.write() as uow:
            if not uow.outbox.move(item, ItemState.VOID, epoch=self._moves.epoch):
                return False
            self._audit(uow, AuditKind.ITEM_VOID, item, request)
            uow.outbox.close_request(request.request_id, "done")
        self._moves.changed(item)
        return True

    def _about_review(self, lane: Lane, request: DecisionRequest, item: Item) -> bool:
        if request.kind is RequestKind.SEND_AGAIN and not self._is_settled(lane, item):
            return False
        look = lane.take_look(item)
        with self._moves.store.read() as uow:
            owners = uow.outbox.owners(item.connection_id, item.kind, {r.remote_id for r in look.records})
        matches = matches_of(item, look, owners)
        lane.pace.good_read()
        if request.kind is RequestKind.SEND_AGAIN:
            return self._send_again(request, item, matches)
        return self._accept(request, item, look, matches)

    def _is_settled(self, lane: Lane, item: Item) -> bool:
        """Whether nothing that this item ever sent can still take effect, as far as a settle shows it."""
        if item.sends == 0 and not item.was_unknown and item.remote_id is None:
            return True
        self._settling.ensure(item.item_id, lane.settle_ticks())
        return self._settling.is_over(item.item_id)

    def _accept(self, request: DecisionRequest, item: Item, look: Look, matches: Sequence[Match]) -> bool:
        """It is this one: the record that the person named, or the only one there is. A recheck accepts only proof."""
        chosen: Match | None
        if request.remote_id is not None:
            chosen = find_by_id(item, look, request.remote_id)
        else:
            chosen = matches[0] if len(matches) == 1 else None
        if chosen is None:
            return self._close(request, "several" if len(matches) > 1 else "not_found", item, matches)
        is_proof = chosen.is_equal and (chosen.by is MatchBy.MARKER or not carries_marker(item))
        if request.kind is RequestKind.RECHECK and not (is_proof and chosen.by is MatchBy.MARKER):
            return self._close(request, "needs_decision", item, matches)
        with self._moves.store.write() as uow:
            now = self._moves.clock.utc_now()
            moved = uow.outbox.move(
                item, ItemState.DONE, epoch=self._moves.epoch, remote_id=chosen.record.remote_id, done_at=now
            )
            if not moved:
                uow.outbox.close_request(request.request_id, "owned_by_other")
                return True
            uow.outbox.set_watch(item.item_id, now + WATCH_FIRST, 0)
            self._audit(uow, AuditKind.ITEM_DECIDED, item, request, chosen.record.remote_id)
            uow.outbox.close_request(request.request_id, "done")
        self._settling.forget(item.item_id)
        self._moves.changed(item)
        return True

    def _send_again(self, request: DecisionRequest, item: Item, matches: Sequence[Match]) -> bool:
        """Different, or not there: send ours. Only when settled and a fresh look shows none of ours."""
        if any(m.by is MatchBy.MARKER for m in matches):
            return self._close(request, "in_chart", item, matches)
        unseen = {m.record.remote_id for m in matches} - request.dismissed
        if unseen:
            return self._close(request, "look_alike_there", item, matches)
        with self._moves.store.write() as uow:
            uow.outbox.dismiss(item.item_id, {m.record.remote_id for m in matches})
            moved = uow.outbox.move(
                item, ItemState.PLANNED, epoch=self._moves.epoch, sends=0, clear_remote_id=True, was_unknown=True
            )
            if not moved:
                return False
            self._audit(uow, AuditKind.ITEM_DECIDED, item, request)
            uow.outbox.close_request(request.request_id, "done")
        self._settling.forget(item.item_id)
        self._moves.changed(item)
        return True

    def _close(
        self, request: DecisionRequest, result: str, item: Item | None = None, matches: Sequence[Match] = ()
    ) -> bool:
        """Ends a request that changes no state; REVIEW keeps what was seen now, for the next decision."""
        with self._moves.store.write() as uow:
            if item is not None and item.review_reason is not None and matches:
                uow.outbox.move(
                    item, ItemState.REVIEW, epoch=self._moves.epoch, review_reason=item.review_reason,
                    review_detail=review_detail(matches),
                )  # fmt: skip
            uow.outbox.close_request(request.request_id, result)
        if item is not None:
            self._moves.changed(item)
        return True

    def _audit(
        self,
        uow: UnitOfWork,
        kind: AuditKind,
        item: Item,
        request: DecisionRequest,
        remote_id: RemoteId | None = None,
    ) -> None:
        uow.audit.append(
            self._moves.draft(
                kind, item, outcome=request.kind.value, reason=request.reason, remote_id=remote_id,
                by=(request.by, request.role), detail={"dismissed": len(request.dismissed)},
            )
        )  # fmt: skip


def _stop_waiting(lane: Lane, item: Item) -> None:
    lane.waits.pop(item.pms_patient_id, None)
    lane.idle.pop(item.pms_patient_id, None)
