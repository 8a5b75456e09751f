"""Entries that never left are withdrawn when a later revision takes their place: a person's VOID, asked for here.

What is or may be in a chart is never withdrawn (write-back-protocol.md section 10): it is decided by itself first.
"""

from collections.abc import Sequence
from datetime import datetime

from denticode_desktop.domain.access import ALLOWED, Action, Actor
from denticode_desktop.domain.errors import PersonNeededError
from denticode_desktop.domain.ids import ConnectionId, ItemId
from denticode_desktop.domain.write_back import Item, ItemState, RequestKind
from denticode_desktop.ports.unit_of_work import UnitOfWork

from .decision_audit import ask_sender


def may_be_in_chart(item: Item) -> bool:
    """Whether a request of it took effect, or may have: all but what is provably still ours alone."""
    if item.state in (ItemState.DONE, ItemState.INFLIGHT):
        return True
    return bool(item.sends) or item.was_unknown or item.remote_id is not None


def asked_to_void(uow: UnitOfWork, connection_id: ConnectionId) -> frozenset[ItemId]:
    """Items that a person asked not to write; the sender has not come to it yet."""
    return frozenset(r.item_id for r in uow.outbox.open_requests(connection_id) if r.kind is RequestKind.VOID)


def withdraw(uow: UnitOfWork, actor: Actor, items: Sequence[Item], reason: str, at: datetime) -> None:
    """Asks for VOID of PLANNED and REVIEW items that never left; asked before or closed = nothing to do.

    Raises PersonNeededError where the role may not decide that.
    """
    left = [item for item in items if item.state in (ItemState.PLANNED, ItemState.REVIEW)]
    asked: frozenset[ItemId] = asked_to_void(uow, left[0].connection_id) if left else frozenset()
    left = [item for item in left if item.item_id not in asked]
    if left and Action.DECIDE not in ALLOWED[actor.role]:
        raise PersonNeededError(
            "This Lab was changed or matched again after an earlier revision was queued. A provider or a manager must "
            "press Send Lab to PMS, which takes the earlier one out of the queue.", field="lab_id",
        )  # fmt: skip
    for item in left:
        ask_sender(uow, actor, item, RequestKind.VOID, reason, at)
