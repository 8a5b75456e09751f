"""Rows of the outbox <-> domain objects."""

from denticode_desktop.domain.ids import (
    AttemptId,
    ConnectionId,
    ItemId,
    LabId,
    PmsPatientId,
    RemoteId,
    WriteBackId,
)
from denticode_desktop.domain.write_back import (
    Attempt,
    DecisionRequest,
    Item,
    ItemKind,
    ItemState,
    OutcomeKind,
    PatientSnapshot,
    RequestKind,
    ReviewReason,
    SendOutcome,
    WriteBack,
)

from .payload_codec import decode_payload
from .session import Row
from .values import from_date_or_none, from_list, from_time, from_time_or_none

ITEM_SQL = (
    "SELECT i.*, (SELECT json_group_array(d.remote_id) FROM item_dismissed d WHERE d.item_id = i.id) AS dismissed"
    " FROM item i"
)


def item_of(row: Row) -> Item:
    """An item with what was dismissed for it; the row comes from ITEM_SQL."""
    kind = ItemKind(row["kind"])
    return Item(
        item_id=ItemId(row["id"]),
        writeback_id=WriteBackId(row["writeback_id"]),
        connection_id=ConnectionId(row["connection_id"]),
        pms_patient_id=PmsPatientId(row["pms_patient_id"]),
        seq=int(row["seq"]),
        kind=kind,
        payload=decode_payload(kind, row["payload"]),
        payload_sha256=row["payload_sha256"],
        marker=row["marker"],
        fingerprint=row["fingerprint"],
        state=ItemState(row["state"]),
        sends=int(row["sends"]),
        remote_id=None if row["remote_id"] is None else RemoteId(row["remote_id"]),
        review_reason=None if row["review_reason"] is None else ReviewReason(row["review_reason"]),
        review_detail=row["review_detail"],
        was_unknown=bool(row["was_unknown"]),
        dismissed=frozenset(RemoteId(r) for r in from_list(row["dismissed"])),
        done_at=from_time_or_none(row["done_at"]),
        waiting_why=row["waiting_why"],
        next_try_at=from_time_or_none(row["next_try_at"]),
    )


def writeback_of(row: Row) -> WriteBack:
    """A write-back."""
    return WriteBack(
        writeback_id=WriteBackId(row["id"]),
        connection_id=ConnectionId(row["connection_id"]),
        lab_id=LabId(row["lab_id"]),
        revision=int(row["revision"]),
        pms_patient_id=PmsPatientId(row["pms_patient_id"]),
        snapshot=PatientSnapshot(
            row["snapshot_first_name"], row["snapshot_last_name"], from_date_or_none(row["snapshot_date_of_birth"])
        ),
        content_sha256=row["content_sha256"],
        finalized_at=from_time(row["finalized_at"]),
        finalized_by=row["finalized_by"],
        created_at=from_time(row["created_at"]),
        by_hand=tuple(from_list(row["by_hand"])),
        requested_at=from_time_or_none(row["requested_at"]),
        is_paused=bool(row["is_paused"]),
    )


def attempt_of(row: Row) -> Attempt:
    """An attempt, with its outcome once it has one."""
    outcome = None
    if row["outcome"] is not None:
        outcome = SendOutcome(
            OutcomeKind(row["outcome"]), row["http_status"],
            None if row["remote_id"] is None else RemoteId(row["remote_id"]), row["error_kind"], row["retry_after_s"],
            row["pms_words"], row["pms_request_id"], row["permission"], int(row["elapsed_ms"]),
        )  # fmt: skip
    return Attempt(
        AttemptId(row["id"]), ItemId(row["item_id"]), int(row["n"]), int(row["epoch"]), row["request_sha256"],
        from_time(row["intent_at"]), outcome,
    )  # fmt: skip


def request_of(row: Row) -> DecisionRequest:
    """A person's decision."""
    return DecisionRequest(
        request_id=int(row["id"]),
        item_id=ItemId(row["item_id"]),
        kind=RequestKind(row["kind"]),
        reason=row["reason"],
        by=row["asked_by"],
        role=row["role"],
        at=from_time(row["asked_at"]),
        remote_id=None if row["remote_id"] is None else RemoteId(row["remote_id"]),
        dismissed=frozenset(RemoteId(r) for r in from_list(row["dismissed"])),
        result=row["result"],
    )
