"""The duplicate watch: DONE items are looked at again, so that no twin stays silent (section 8 of the protocol)."""

from denticode_desktop.domain.audit_event import AuditKind
from denticode_desktop.domain.chart_match import MatchBy, find_by_id, twins_of
from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.domain.write_back import Item, ItemState, ReviewReason
from denticode_desktop.ports.views import WatchDue

from .sender_findings import claimed_in_doubt
from .sender_lane import Lane
from .sender_moves import Moves, evidence_of, review_detail

BATCH = 20


class Watch:
    """Looks again at items that are in the chart."""

    def __init__(self, moves: Moves) -> None:
        self._moves = moves

    def due(self, connection_id: ConnectionId) -> list[WatchDue]:
        """What is to be looked at now, over this connection."""
        with self._moves.store.read() as uow:
            return list(uow.outbox.watch_due(connection_id, self._moves.clock.utc_now(), BATCH))

    def look_again(self, lane: Lane, due: WatchDue) -> None:
        """One watch look: a twin or a record that is gone goes to a person. Raises what reads raise.

        Never while an item of that patient is INFLIGHT: its own record would look like a twin.
        """
        with self._moves.store.read() as uow:
            item = uow.outbox.item(due.item_id)
            if item.state is not ItemState.DONE or uow.outbox.inflight_of_patient(
                item.connection_id, item.pms_patient_id
            ):
                return
        look = lane.take_look(item)
        with self._moves.store.read() as uow:
            owners = uow.outbox.owners(item.connection_id, item.kind, {r.remote_id for r in look.records})
            claimed = claimed_in_doubt(uow, item, look, owners)
        assert item.remote_id is not None
        own = find_by_id(item, look, item.remote_id)
        twins = [*twins_of(item, look, owners), *(m for m in claimed if m.by is MatchBy.MARKER)]
        if twins:
            matches = [m for m in (own, *twins) if m is not None]
            self._ask(item, ReviewReason.TWIN, AuditKind.WATCH_TWIN, review_detail(matches), evidence_of(look, matches))
        elif own is None:
            detail = review_detail(code=str(item.remote_id))
            self._ask(item, ReviewReason.GONE, AuditKind.WATCH_GONE, detail, evidence_of(look, ()))
        else:
            self._moves.watch_later(item, due.step)

    def _ask(
        self,
        item: Item,
        reason: ReviewReason,
        kind: AuditKind,
        detail: str,
        evidence: dict[str, str | int | bool | None],
    ) -> None:
        self._moves.review(item, reason, detail, kind=kind, evidence=evidence)
