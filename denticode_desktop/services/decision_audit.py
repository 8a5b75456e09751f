"""A decision that a person asks for, stored with its audit event; the sender writes its own when it is carried out."""

from collections.abc import Set as AbstractSet
from datetime import datetime

from denticode_desktop.domain.access import Actor
from denticode_desktop.domain.audit_event import AuditDraft, AuditKind
from denticode_desktop.domain.ids import RemoteId
from denticode_desktop.domain.write_back import DecisionRequest, Item, RequestKind
from denticode_desktop.ports.unit_of_work import UnitOfWork

from .decision_rules import check_may_replace


def ask_sender(
    uow: UnitOfWork,
    actor: Actor,
    item: Item,
    kind: RequestKind,
    reason: str,
    at: datetime,
    *,
    remote_id: RemoteId | None = None,
    dismissed: AbstractSet[RemoteId] = frozenset(),
) -> DecisionRequest:
    """Stores the request and `item.asked`: who asked for what, in which state, and which open request it replaces.

    Raises UserError where an open decision must stay. The caller has checked the role.
    """
    writeback = uow.outbox.writeback(item.writeback_id)
    replaced = uow.outbox.open_request(item.item_id)
    if replaced is not None:
        later = (w for w in uow.outbox.writebacks_of_lab(writeback.lab_id) if w.revision > writeback.revision)
        is_later = any(w.connection_id == writeback.connection_id for w in later)
        check_may_replace(replaced.kind, kind, has_later_revision=is_later)
    request = uow.outbox.add_request(
        item.item_id, kind, reason=reason, by=actor.name, role=actor.role.value, at=at, remote_id=remote_id,
        dismissed=dismissed,
    )  # fmt: skip
    detail: dict[str, str | int | bool | None] = {
        "decision": kind.value, "state": item.state.value, "dismissed": len(dismissed)
    }  # fmt: skip
    if replaced is not None:
        detail["replaces"] = replaced.kind.value
    uow.audit.append(
        AuditDraft(
            AuditKind.ITEM_ASKED, actor.name, actor.role.value, outcome="requested", connection_id=item.connection_id,
            pms_patient_id=item.pms_patient_id, lab_id=writeback.lab_id, writeback_id=item.writeback_id,
            item_id=item.item_id, content_sha256=item.payload_sha256, remote_id=remote_id, reason=reason, detail=detail,
        )
    )  # fmt: skip
    return request
