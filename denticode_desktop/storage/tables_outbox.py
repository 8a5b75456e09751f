"""The outbox (write-back-protocol.md section 5): what must never be true is refused here.

`item.requested_at` and `item.is_released` repeat what the write-back says (a trigger keeps them), so that the queue is
one partial index. `is_released` = requested and not paused.
"""

from datetime import date, datetime

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from denticode_desktop.domain.ids import AttemptId, ConnectionId, ItemId, LabId, PmsPatientId, RemoteId, WriteBackId
from denticode_desktop.domain.write_back import ItemKind, ItemState, OutcomeKind, RequestKind, ReviewReason

from .schema import (
    STRICT,
    WITHOUT_ROWID,
    Base,
    check,
    flag_check,
    frozen_columns,
    index,
    of_connection,
    one_of,
    trigger,
)


class WriteBackRow(Base):
    """One revision of a Lab for one connection and one chart. Frozen but for `requested_at` (once) and `is_paused`."""

    __tablename__ = "writeback"

    id: Mapped[WriteBackId] = mapped_column(primary_key=True, comment="given by SQLite; the queue's order")
    connection_id: Mapped[ConnectionId] = mapped_column(comment="over which connection")
    lab_id: Mapped[LabId] = mapped_column(comment="which Lab")
    revision: Mapped[int] = mapped_column(comment="which revision of it")
    pms_patient_id: Mapped[PmsPatientId] = mapped_column(comment="the chart, by the PMS's id")
    snapshot_first_name: Mapped[str] = mapped_column(comment="as the chart named the patient at finalization")
    snapshot_last_name: Mapped[str] = mapped_column(comment="as the chart named the patient at finalization")
    snapshot_date_of_birth: Mapped[date | None] = mapped_column(comment="as in the chart then; NULL = it has none")
    content_sha256: Mapped[str] = mapped_column(comment="SHA-256 (hex) of the finalized revision")
    finalized_at: Mapped[datetime] = mapped_column(comment="UTC")
    finalized_by: Mapped[str] = mapped_column(comment="name of the user")
    created_at: Mapped[datetime] = mapped_column(comment="UTC")
    by_hand: Mapped[tuple[str, ...]] = mapped_column(comment="lines that a person must chart by hand")
    requested_at: Mapped[datetime | None] = mapped_column(comment="UTC of Send Lab to PMS; NULL = nothing leaves yet")
    is_paused: Mapped[bool] = mapped_column(server_default="0", comment="stopped by a person or by an unlink")

    __table_args__ = (
        UniqueConstraint("connection_id", "lab_id", "revision"),
        UniqueConstraint("id", "connection_id", "pms_patient_id"),
        of_connection(),
        ForeignKeyConstraint(["lab_id", "revision"], ["lab_revision.lab_id", "lab_revision.revision"]),
        check("pms_patient_given", "pms_patient_id <> ''"),
        *flag_check("is_paused"),
        index("ix_writeback_lab", "lab_id", "revision"),
        index("ix_writeback_patient", "connection_id", "pms_patient_id"),
        STRICT,
    )


QUEUED = "(state = 'INFLIGHT' OR (state = 'PLANNED' AND is_released = 1))"
OPEN = "(state = 'PLANNED' OR state = 'INFLIGHT')"
"""As OR: from `state = 'INFLIGHT'` SQLite concludes that an OR holds, but not that an IN does."""


class ItemRow(Base):
    """One remote create: a note, a procedure or a document."""

    __tablename__ = "item"

    id: Mapped[ItemId] = mapped_column(primary_key=True, comment="given by SQLite")
    writeback_id: Mapped[WriteBackId] = mapped_column(comment="which write-back")
    connection_id: Mapped[ConnectionId] = mapped_column(comment="that of the write-back")
    pms_patient_id: Mapped[PmsPatientId] = mapped_column(comment="that of the write-back")
    seq: Mapped[int] = mapped_column(comment="place in the write-back; sent in this order")
    kind: Mapped[ItemKind] = mapped_column(comment="what is created")
    payload: Mapped[str] = mapped_column(comment="canonical JSON of domain.write_back.ItemPayload, frozen")
    payload_sha256: Mapped[str] = mapped_column(comment="SHA-256 (hex) of the payload")
    marker: Mapped[str] = mapped_column(comment="16 base32 characters; in the record only where the payload has it")
    fingerprint: Mapped[str] = mapped_column(comment="what identifies a record without a marker")
    state: Mapped[ItemState] = mapped_column(server_default=ItemState.PLANNED, comment="moved along LEGAL only")
    sends: Mapped[int] = mapped_column(server_default="0", comment="requests that may have had an effect")
    remote_id: Mapped[RemoteId | None] = mapped_column(comment="the PMS's id of our record; NULL = not known")
    review_reason: Mapped[ReviewReason | None] = mapped_column(comment="why a person is asked; NULL = not in REVIEW")
    review_detail: Mapped[str] = mapped_column(server_default="", comment="such as the PMS's words; may be empty")
    was_unknown: Mapped[bool] = mapped_column(server_default="0", comment="a send was UNKNOWN once: watched after DONE")
    done_at: Mapped[datetime | None] = mapped_column(comment="UTC of the look that saw it in the chart")
    waiting_why: Mapped[str] = mapped_column(server_default="", comment="code for screens; empty = nothing known")
    next_try_at: Mapped[datetime | None] = mapped_column(comment="UTC, for screens; NULL = not known")
    watch_at: Mapped[datetime | None] = mapped_column(comment="UTC of the next look at a DONE item; NULL = none")
    watch_step: Mapped[int] = mapped_column(server_default="0", comment="watch looks made so far")
    requested_at: Mapped[datetime | None] = mapped_column(comment="that of the write-back")
    is_released: Mapped[bool] = mapped_column(server_default="0", comment="the write-back is requested and not paused")

    __table_args__ = (
        UniqueConstraint("writeback_id", "seq"),
        ForeignKeyConstraint(
            ["writeback_id", "connection_id", "pms_patient_id"],
            ["writeback.id", "writeback.connection_id", "writeback.pms_patient_id"],
        ),
        check("seq_range", "seq >= 0"),
        check("sends_range", "sends >= 0"),
        check("kind_known", one_of("kind", ItemKind)),
        check("state_known", one_of("state", ItemState)),
        check("done_has_record", "state <> 'DONE' OR (remote_id IS NOT NULL AND done_at IS NOT NULL)"),
        check("planned_has_no_record", "state <> 'PLANNED' OR remote_id IS NULL"),
        check("review_has_reason", "(state = 'REVIEW') = (review_reason IS NOT NULL)"),
        check("remote_id_given", "remote_id <> ''"),
        check("hashes_shape", "length(payload_sha256) = 64 AND marker <> '' AND fingerprint <> ''"),
        check("released_is_requested", "is_released = 0 OR requested_at IS NOT NULL"),
        *flag_check("was_unknown", "is_released"),
        index(
            "uq_item_connection_kind_remote", "connection_id", "kind", "remote_id",
            unique=True, where="remote_id IS NOT NULL",
        ),
        index("ix_item_queue", "connection_id", "writeback_id", "seq", "pms_patient_id", where=QUEUED),
        index("ix_item_open", "state", "connection_id", "pms_patient_id", "writeback_id", "seq", where=OPEN),
        index("ix_item_waiting", "requested_at", where="state = 'PLANNED'"),
        index("ix_item_review", "id", where="state = 'REVIEW'"),
        index("ix_item_done", "done_at", where="state = 'DONE'"),
        index("ix_item_watch", "connection_id", "watch_at", where="watch_at IS NOT NULL"),
        STRICT,
    )  # fmt: skip


class ItemDismissedRow(Base):
    """A record that a person declared to be something else than this very item, for good."""

    __tablename__ = "item_dismissed"

    item_id: Mapped[ItemId] = mapped_column(primary_key=True, comment="which item")
    remote_id: Mapped[RemoteId] = mapped_column(primary_key=True, comment="the PMS's id of the record")

    __table_args__ = (ForeignKeyConstraint(["item_id"], ["item.id"]), WITHOUT_ROWID)


class AttemptRow(Base):
    """One send: written before the first byte leaves, closed once with what came of it."""

    __tablename__ = "attempt"

    id: Mapped[AttemptId] = mapped_column(primary_key=True, comment="given by SQLite")
    item_id: Mapped[ItemId] = mapped_column(comment="which item")
    n: Mapped[int] = mapped_column(comment="1 and up for this item")
    epoch: Mapped[int] = mapped_column(comment="epoch of the sender that made it")
    request_sha256: Mapped[str] = mapped_column(comment="SHA-256 (hex) of the request's body")
    intent_at: Mapped[datetime] = mapped_column(comment="UTC, before the send")
    outcome: Mapped[OutcomeKind | None] = mapped_column(comment="row of the protocol's section 6; NULL = still open")
    http_status: Mapped[int | None] = mapped_column(comment="NULL = no answer")
    remote_id: Mapped[RemoteId | None] = mapped_column(comment="the id that the PMS named; NULL = none")
    error_kind: Mapped[str] = mapped_column(server_default="", comment="our short code, such as read_timeout")
    retry_after_s: Mapped[float | None] = mapped_column(comment="seconds that the PMS asked for; NULL = none")
    pms_words: Mapped[str] = mapped_column(server_default="", comment="the PMS's words, plain, at most 200 characters")
    pms_request_id: Mapped[str] = mapped_column(server_default="", comment="the PMS's id of the request; may be empty")
    permission: Mapped[str] = mapped_column(server_default="", comment="the missing one where it is FORBIDDEN")
    elapsed_ms: Mapped[int] = mapped_column(server_default="0", comment="milliseconds from first byte to answer")

    __table_args__ = (
        UniqueConstraint("item_id", "n"),
        ForeignKeyConstraint(["item_id"], ["item.id"]),
        check("n_range", "n >= 1"),
        check("outcome_known", one_of("outcome", OutcomeKind)),
        check("accepted_has_record", "outcome IS NOT 'accepted' OR remote_id IS NOT NULL"),
        index("ix_attempt_open", "id", where="outcome IS NULL"),
        STRICT,
    )


class AttemptUnseenRow(Base):
    """How long the record of an accepted attempt has been looked for in vain; beside it, since an attempt is frozen."""

    __tablename__ = "attempt_unseen"

    attempt_id: Mapped[AttemptId] = mapped_column(primary_key=True, comment="which attempt")
    ticks: Mapped[int] = mapped_column(comment="awake ticks (about seconds) from its answer to the last look in vain")

    __table_args__ = (
        ForeignKeyConstraint(["attempt_id"], ["attempt.id"]),
        check("ticks_range", "ticks >= 0"),
        WITHOUT_ROWID,
    )


class DecisionRequestRow(Base):
    """What a person asked the sender to do with an item, until it is done or cannot be."""

    __tablename__ = "decision_request"

    id: Mapped[int] = mapped_column(primary_key=True, comment="given by SQLite")
    item_id: Mapped[ItemId] = mapped_column(comment="which item; one open request each")
    kind: Mapped[RequestKind] = mapped_column(comment="what is asked")
    reason: Mapped[str] = mapped_column(comment="as the person typed it; may be empty for a recheck")
    asked_by: Mapped[str] = mapped_column(comment="name of the user")
    role: Mapped[str] = mapped_column(comment="name of the role that the user had then")
    asked_at: Mapped[datetime] = mapped_column(comment="UTC")
    remote_id: Mapped[RemoteId | None] = mapped_column(comment="the record meant by as_done; NULL = the only one")
    dismissed: Mapped[tuple[str, ...]] = mapped_column(
        server_default="[]", comment="records that the decision declares to be something else"
    )
    result: Mapped[str] = mapped_column(server_default="", comment="empty = open; 'done' or a short code")

    __table_args__ = (
        ForeignKeyConstraint(["item_id"], ["item.id"]),
        check("kind_known", one_of("kind", RequestKind)),
        index("uq_decision_request_open", "item_id", unique=True, where="result = ''"),
        index("ix_decision_request_item", "item_id"),
        STRICT,
    )


class SenderRow(Base):
    """The one sender of this database."""

    __tablename__ = "sender"

    id: Mapped[int] = mapped_column(primary_key=True, comment="always 1")
    epoch: Mapped[int] = mapped_column(server_default="0", comment="+1 at every start of a sender")
    generation: Mapped[int] = mapped_column(server_default="0", comment="+1 at every intent (T1); the anchor has it")

    __table_args__ = (
        check("one_row", "id = 1"),
        check("numbers_range", "epoch >= 0 AND generation >= 0"),
        STRICT,
    )


LEGAL = (
    "PLANNED>INFLIGHT", "PLANNED>DONE", "PLANNED>REVIEW", "PLANNED>VOID", "INFLIGHT>PLANNED", "INFLIGHT>REVIEW",
    "INFLIGHT>DONE", "DONE>REVIEW", "REVIEW>DONE", "REVIEW>PLANNED", "REVIEW>VOID",
)  # fmt: skip
"""The protocol's moves (a test holds them against `domain.write_back.LEGAL_MOVES`)."""
_MOVE = "OLD.state || '>' || NEW.state"

_WRITEBACK_FROZEN = (
    "id", "connection_id", "lab_id", "revision", "pms_patient_id", "snapshot_first_name", "snapshot_last_name",
    "snapshot_date_of_birth", "content_sha256", "finalized_at", "finalized_by", "created_at", "by_hand",
)  # fmt: skip
_ITEM_FROZEN = (
    "id", "writeback_id", "connection_id", "pms_patient_id", "seq", "kind", "payload", "payload_sha256", "marker",
    "fingerprint",
)  # fmt: skip
_ATTEMPT_FROZEN = ("id", "item_id", "n", "epoch", "request_sha256", "intent_at")
_REQUEST_FROZEN = ("id", "item_id", "kind", "reason", "asked_by", "role", "asked_at", "remote_id", "dismissed")

TRIGGERS = (
    trigger(
        "tr_writeback_of_finalized", "BEFORE INSERT ON writeback", "a write-back is made of a finalized Lab",
        when=(
            "NOT EXISTS (SELECT 1 FROM lab_revision r WHERE r.lab_id = NEW.lab_id AND r.revision = NEW.revision"
            " AND r.finalized_at IS NOT NULL AND r.content_sha256 = NEW.content_sha256)"
        ),
    ),
    trigger(
        "tr_writeback_frozen", f"BEFORE UPDATE OF {', '.join(_WRITEBACK_FROZEN)}, requested_at ON writeback",
        "a write-back cannot be changed",
        when=f"{frozen_columns(_WRITEBACK_FROZEN)}"
        " OR (OLD.requested_at IS NOT NULL AND NEW.requested_at IS NOT OLD.requested_at)",
    ),
    trigger("tr_writeback_no_delete", "BEFORE DELETE ON writeback", "a write-back is never deleted"),
    "CREATE TRIGGER tr_writeback_release AFTER UPDATE OF requested_at, is_paused ON writeback FOR EACH ROW BEGIN"
    " UPDATE item SET requested_at = NEW.requested_at,"
    " is_released = (NEW.requested_at IS NOT NULL AND NEW.is_paused = 0) WHERE writeback_id = NEW.id; END",
    trigger("tr_item_starts_planned", "BEFORE INSERT ON item", "an item starts as PLANNED, unsent", when=(
        "NEW.state <> 'PLANNED' OR NEW.sends <> 0 OR NEW.is_released <> 0"
    )),
    trigger(
        "tr_item_before_request", "BEFORE INSERT ON item", "no item is added to what was asked to be sent",
        when="EXISTS (SELECT 1 FROM writeback w WHERE w.id = NEW.writeback_id AND w.requested_at IS NOT NULL)",
    ),
    trigger(
        "tr_item_done_keeps_record", "BEFORE UPDATE OF remote_id ON item",
        "the record of a DONE item cannot be changed",
        when="OLD.state = 'DONE' AND NEW.state IN ('DONE', 'REVIEW') AND NEW.remote_id IS NOT OLD.remote_id",
    ),
    trigger(
        # OF: a move names none of these columns, so that it does not pay for comparing the payload.
        "tr_item_frozen", f"BEFORE UPDATE OF {', '.join(_ITEM_FROZEN)} ON item", "what was finalized cannot be changed",
        when=frozen_columns(_ITEM_FROZEN),
    ),
    trigger(
        "tr_item_legal_move", "BEFORE UPDATE OF state ON item", "no such move",
        when=f"NEW.state <> OLD.state AND NOT ({one_of(_MOVE, LEGAL)})",
    ),
    trigger("tr_item_no_delete", "BEFORE DELETE ON item", "an item is never deleted"),
    trigger("tr_item_dismissed_frozen", "BEFORE UPDATE ON item_dismissed", "a dismissal is for good"),
    trigger("tr_item_dismissed_no_delete", "BEFORE DELETE ON item_dismissed", "a dismissal is for good"),
    trigger(
        "tr_attempt_frozen", "BEFORE UPDATE ON attempt", "an attempt is closed once",
        when=f"OLD.outcome IS NOT NULL OR NEW.outcome IS NULL OR {frozen_columns(_ATTEMPT_FROZEN)}",
    ),
    trigger("tr_attempt_starts_open", "BEFORE INSERT ON attempt", "an attempt starts without an outcome", when=(
        "NEW.outcome IS NOT NULL"
    )),
    trigger("tr_attempt_no_delete", "BEFORE DELETE ON attempt", "an attempt is never deleted"),
    trigger(
        "tr_decision_request_frozen", "BEFORE UPDATE ON decision_request", "a decision is closed once",
        when=f"OLD.result <> '' OR NEW.result = '' OR {frozen_columns(_REQUEST_FROZEN)}",
    ),
    trigger("tr_decision_request_no_delete", "BEFORE DELETE ON decision_request", "a decision is never deleted"),
    trigger(
        "tr_sender_only_up", "BEFORE UPDATE ON sender", "epoch and generation never go down",
        when="NEW.epoch < OLD.epoch OR NEW.generation < OLD.generation OR NEW.id IS NOT OLD.id",
    ),
    trigger("tr_sender_no_delete", "BEFORE DELETE ON sender", "the row of the sender is never deleted"),
)  # fmt: skip
