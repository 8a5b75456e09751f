"""The audit event of a decision that a person asked for; the sender writes its own when it is carried out."""

from denticode_desktop.domain.access import Actor
from denticode_desktop.domain.audit_event import AuditDraft, AuditKind
from denticode_desktop.domain.write_back import DecisionRequest, Item, WriteBack


def decision_requested(actor: Actor, item: Item, writeback: WriteBack, request: DecisionRequest) -> AuditDraft:
    """Who asked for what about which item, in which state it was."""
    return AuditDraft(
        AuditKind.ITEM_DECIDED, actor.name, actor.role.value, outcome="requested", connection_id=item.connection_id,
        pms_patient_id=item.pms_patient_id, lab_id=writeback.lab_id, writeback_id=item.writeback_id,
        item_id=item.item_id, content_sha256=item.payload_sha256, remote_id=request.remote_id, reason=request.reason,
        detail={"decision": request.kind.value, "state": item.state.value, "dismissed": len(request.dismissed)},
    )  # fmt: skip
