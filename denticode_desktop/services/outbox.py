"""Outbox: a person says send, pause, recheck or decides an item. The sender carries it out when the protocol allows.

Nothing here reaches a PMS. A decision is a durable row (domain.write_back.DecisionRequest), so that it outlives a
crash and is acted on only when no item of the patient is INFLIGHT (write-back-protocol.md section 10).
"""

import json
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from denticode_desktop.domain.access import ALLOWED, Action, Actor, require
from denticode_desktop.domain.audit_event import AuditDraft, AuditKind
from denticode_desktop.domain.errors import UserError
from denticode_desktop.domain.events import QueueChanged
from denticode_desktop.domain.ids import ConnectionId, ItemId, LabId, RemoteId, WriteBackId
from denticode_desktop.domain.lab import FinalizeProblem
from denticode_desktop.domain.write_back import DecisionRequest, Item, ItemState, RequestKind, WriteBack
from denticode_desktop.ports.clock import Clock
from denticode_desktop.ports.event_sink import EventSink
from denticode_desktop.ports.pms import PmsDirectory
from denticode_desktop.ports.unit_of_work import Store
from denticode_desktop.ports.views import ItemView

from .chart_target import Linking
from .compose import Composer
from .decision_audit import ask_sender
from .decision_rules import SHOWS_SEVERAL, check_may_ask
from .lab_views import without_note
from .outbox_send import LabSending
from .write_back_maker import WriteBackMaker

SENDING_PAUSED = "sending_paused"
"""Practice setting, `1` while nobody's items are sent. The sender reads it before each turn."""
MAX_ITEMS = 10_000
MIN_REASON_CHARS = 3
MAX_REASON_CHARS = 500


@dataclass(frozen=True, slots=True)
class SendResult:
    """The write-back that Send asked for. `is_new_request`: False when it was asked for before.

    dangers: what a person should see, though nothing is in the way.
    """

    writeback_id: WriteBackId
    connection_id: ConnectionId
    is_new_request: bool = True
    dangers: tuple[FinalizeProblem, ...] = ()


class Outbox:
    """The durable queue as people use it. Every method says NotAllowedError where the role may not."""

    def __init__(
        self,
        store: Store,
        directory: PmsDirectory,
        clock: Clock,
        sink: EventSink,
        composer: Composer,
        linking: Linking,
    ) -> None:
        self._store = store
        self._clock = clock
        self._sink = sink
        self._sending = LabSending(store, clock, WriteBackMaker(composer, linking, clock), linking)  # fmt: skip

    def send(self, actor: Actor, lab_id: LabId, connection_id: ConnectionId | None) -> SendResult:
        """Releases the finalized Lab to one connection, making the write-back where finalization could not.

        Pressing twice changes nothing. connection_id None = the only one that fits. Raises UserError (not finalized,
        no connection, a code to correct), PersonNeededError (patient, provider, location or code to choose).
        """
        require(actor, Action.SEND_LABS)
        released = self._sending.release(actor, lab_id, connection_id)
        if released.changed:
            self._sink.publish(QueueChanged(released.connection_id))
        return SendResult(released.writeback_id, released.connection_id, bool(released.changed), released.dangers)

    def queue(self, states: AbstractSet[ItemState] | None = None, *, limit: int = 500) -> Sequence[ItemView]:
        """Items in these states (None = all), oldest first, without notes. Names are for the screen only."""
        with self._store.read() as uow:
            return [without_note(view) for view in uow.outbox.views(states=states, limit=limit)]

    def in_review(self, actor: Actor, item_id: ItemId) -> ItemView | None:
        """The item with what was finalized, for the person who decides; None where it needs nobody any more.

        Opening clinical text is an audit event; a role that may not read notes gets the item without it.
        Raises NotAllowedError, NotFoundError.
        """
        require(actor, Action.SEARCH_PATIENTS)
        with self._store.write() as uow:
            item = uow.outbox.item(item_id)
            lab_id = uow.outbox.writeback(item.writeback_id).lab_id
            views = uow.outbox.views(states={ItemState.REVIEW}, lab_id=lab_id, limit=MAX_ITEMS)
            view = next((v for v in views if v.item.item_id == item_id), None)
            if view is None or Action.READ_NOTES not in ALLOWED[actor.role]:
                return None if view is None else without_note(view)
            uow.audit.append(
                AuditDraft(
                    AuditKind.LAB_VIEWED, actor.name, actor.role.value, connection_id=item.connection_id,
                    pms_patient_id=item.pms_patient_id, lab_id=lab_id, writeback_id=item.writeback_id,
                    item_id=item_id, content_sha256=item.payload_sha256,
                )
            )  # fmt: skip
        return view

    def recheck(self, actor: Actor, item_id: ItemId) -> DecisionRequest:
        """Asks the sender to look again now. Raises UserError for an item that is settled or decided already."""
        require(actor, Action.RECHECK)
        return self._request(actor, item_id, RequestKind.RECHECK, "")

    def decide(
        self, actor: Actor, item_id: ItemId, kind: RequestKind, reason: str, *, remote_id: RemoteId | None = None
    ) -> DecisionRequest:
        """A person's decision with its typed reason. SEND_AGAIN declares the records that were shown to be others.

        So does AS_DONE of the rest, where several were shown. An earlier open decision is replaced, a recheck never
        replaces one. Raises UserError (field `reason` or `item`) where the reason is missing, the item's state or why
        it is in REVIEW does not allow it, or a later revision rests on an open VOID.
        """
        if kind is RequestKind.RECHECK:
            return self.recheck(actor, item_id)
        require(actor, Action.DECIDE)
        typed = " ".join(reason.split())
        if not MIN_REASON_CHARS <= len(typed) <= MAX_REASON_CHARS:
            raise UserError(
                f"The reason must have {MIN_REASON_CHARS} to {MAX_REASON_CHARS} characters. Type why, then decide.",
                field="reason",
            )
        return self._request(actor, item_id, kind, typed, remote_id)

    def pause(self, actor: Actor, writeback_id: WriteBackId) -> None:
        """Nothing more of a write-back is sent; an item in flight is still checked. Holds across restarts."""
        self._set_paused(actor, writeback_id, is_paused=True)

    def resume(self, actor: Actor, writeback_id: WriteBackId) -> None:
        """Ends a pause; was not paused = changes nothing."""
        self._set_paused(actor, writeback_id, is_paused=False)

    def pause_all(self, actor: Actor) -> None:
        """Nothing more is sent over any connection; items in flight are still checked. Holds across restarts."""
        self._set_all_paused(actor, is_paused=True)

    def resume_all(self, actor: Actor) -> None:
        """Ends the pause of everything; write-backs paused by themselves stay so."""
        self._set_all_paused(actor, is_paused=False)

    def is_all_paused(self) -> bool:
        """Whether sending as a whole is paused."""
        with self._store.read() as uow:
            return uow.practice.setting(SENDING_PAUSED) == "1"

    def _request(
        self, actor: Actor, item_id: ItemId, kind: RequestKind, reason: str, remote_id: RemoteId | None = None
    ) -> DecisionRequest:
        with self._store.write() as uow:
            item = uow.outbox.item(item_id)
            check_may_ask(item, kind)
            request = ask_sender(
                uow, actor, item, kind, reason, self._clock.utc_now(), remote_id=remote_id,
                dismissed=_declared_different(item, kind, remote_id),
            )  # fmt: skip
        self._sink.publish(QueueChanged(item.connection_id, item_id))
        return request

    def _set_paused(self, actor: Actor, writeback_id: WriteBackId, *, is_paused: bool) -> None:
        require(actor, Action.PAUSE_SENDING)
        with self._store.write() as uow:
            writeback = uow.outbox.writeback(writeback_id)
            if writeback.is_paused == is_paused:
                return
            uow.outbox.set_paused(writeback_id, is_paused)
            uow.audit.append(_paused(actor, writeback, is_paused=is_paused))
        self._sink.publish(QueueChanged(writeback.connection_id))

    def _set_all_paused(self, actor: Actor, *, is_paused: bool) -> None:
        require(actor, Action.PAUSE_SENDING)
        with self._store.write() as uow:
            if (uow.practice.setting(SENDING_PAUSED) == "1") == is_paused:
                return
            uow.practice.set_setting(SENDING_PAUSED, "1" if is_paused else "0")
            uow.audit.append(_paused(actor, None, is_paused=is_paused))
            connections = uow.connections.all()
        for connection in connections:
            self._sink.publish(QueueChanged(connection.connection_id))


def _declared_different(item: Item, kind: RequestKind, chosen: RemoteId | None) -> frozenset[RemoteId]:
    """Which of the records that were shown a decision says are something else."""
    if kind is RequestKind.SEND_AGAIN:
        return shown_records(item)
    if kind is RequestKind.AS_DONE and item.review_reason in SHOWS_SEVERAL:
        return shown_records(item) - {chosen}
    return frozenset()


def shown_records(item: Item) -> frozenset[RemoteId]:
    """The records that REVIEW showed beside the item: what a person who says "different" has looked at."""
    if not item.review_detail:
        return frozenset()
    try:
        detail = json.loads(item.review_detail)
    except ValueError:
        return frozenset()
    records = detail.get("records", []) if isinstance(detail, dict) else []
    return frozenset(RemoteId(found) for found in records if isinstance(found, str))


def _paused(actor: Actor, writeback: WriteBack | None, *, is_paused: bool) -> AuditDraft:
    kind = AuditKind.WB_PAUSED if is_paused else AuditKind.WB_RESUMED
    if writeback is None:
        return AuditDraft(kind, actor.name, actor.role.value, detail={"all": True})
    return AuditDraft(
        kind, actor.name, actor.role.value, connection_id=writeback.connection_id,
        pms_patient_id=writeback.pms_patient_id, lab_id=writeback.lab_id, writeback_id=writeback.writeback_id,
    )  # fmt: skip
