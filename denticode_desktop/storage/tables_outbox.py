"""Tables of the outbox (write-back-protocol.md section 5): what must never be true is refused here.

`item.requested_at` and `item.is_released` repeat what the write-back says (a trigger keeps them), so that the queue is
one partial index. `is_released` = requested and not paused.
"""

from sqlalchemy import REAL, Column, ForeignKeyConstraint, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy import text as sql

from .schema import (
    check,
    flag,
    flag_check,
    frozen_columns,
    number,
    number_or_null,
    one_of,
    row_id,
    table,
    text,
    text_or_null,
    trigger,
)

WRITEBACK = table(
    "writeback",
    row_id(),
    number("connection_id"),
    text("lab_id"),
    number("revision"),
    text("pms_patient_id"),
    text("snapshot_first_name"),
    text("snapshot_last_name"),
    text_or_null("snapshot_date_of_birth"),
    text("content_sha256"),
    text("finalized_at"),
    text("finalized_by"),
    text("created_at"),
    text("by_hand"),
    text_or_null("requested_at"),
    flag("is_paused", default=False),
    UniqueConstraint("connection_id", "lab_id", "revision"),
    UniqueConstraint("id", "connection_id", "pms_patient_id"),
    ForeignKeyConstraint(["connection_id"], ["connection.id"]),
    ForeignKeyConstraint(["lab_id", "revision"], ["lab_revision.lab_id", "lab_revision.revision"]),
    check("pms_patient_given", "pms_patient_id <> ''"),
    *flag_check("is_paused"),
)
Index("ix_writeback_lab", WRITEBACK.c.lab_id, WRITEBACK.c.revision)

ITEM = table(
    "item",
    row_id(),
    number("writeback_id"),
    number("connection_id"),
    text("pms_patient_id"),
    number("seq"),
    text("kind"),
    text("payload"),
    text("payload_sha256"),
    text("marker"),
    text("fingerprint"),
    text("state", default="PLANNED"),
    number("sends", default=0),
    text_or_null("remote_id"),
    text_or_null("review_reason"),
    text("review_detail", default=""),
    flag("was_unknown", default=False),
    text_or_null("done_at"),
    text("waiting_why", default=""),
    text_or_null("next_try_at"),
    text_or_null("watch_at"),
    number("watch_step", default=0),
    text_or_null("requested_at"),
    flag("is_released", default=False),
    UniqueConstraint("writeback_id", "seq"),
    ForeignKeyConstraint(
        ["writeback_id", "connection_id", "pms_patient_id"],
        ["writeback.id", "writeback.connection_id", "writeback.pms_patient_id"],
    ),
    check("seq_range", "seq >= 0"),
    check("sends_range", "sends >= 0"),
    check("kind_known", one_of("kind", ("note", "procedure", "document"))),
    check("state_known", one_of("state", ("PLANNED", "INFLIGHT", "DONE", "REVIEW", "VOID"))),
    check("done_has_record", "state <> 'DONE' OR (remote_id IS NOT NULL AND done_at IS NOT NULL)"),
    check("planned_has_no_record", "state <> 'PLANNED' OR remote_id IS NULL"),
    check("review_has_reason", "(state = 'REVIEW') = (review_reason IS NOT NULL)"),
    check("remote_id_given", "remote_id <> ''"),
    check("hashes_shape", "length(payload_sha256) = 64 AND marker <> '' AND fingerprint <> ''"),
    check("released_is_requested", "is_released = 0 OR requested_at IS NOT NULL"),
    *flag_check("was_unknown", "is_released"),
)
Index(
    "uq_item_connection_kind_remote", ITEM.c.connection_id, ITEM.c.kind, ITEM.c.remote_id,
    unique=True, sqlite_where=sql("remote_id IS NOT NULL"),
)  # fmt: skip
QUEUED = "(state = 'INFLIGHT' OR (state = 'PLANNED' AND is_released = 1))"
Index(
    "ix_item_queue", ITEM.c.connection_id, ITEM.c.writeback_id, ITEM.c.seq, ITEM.c.pms_patient_id,
    sqlite_where=sql(QUEUED),
)  # fmt: skip
OPEN = "(state = 'PLANNED' OR state = 'INFLIGHT')"
"""As OR: from `state = 'INFLIGHT'` SQLite concludes that an OR holds, but not that an IN does."""
Index(
    "ix_item_open", ITEM.c.state, ITEM.c.connection_id, ITEM.c.pms_patient_id, ITEM.c.writeback_id, ITEM.c.seq,
    sqlite_where=sql(OPEN),
)  # fmt: skip
Index("ix_item_waiting", ITEM.c.requested_at, sqlite_where=sql("state = 'PLANNED'"))
Index("ix_item_review", ITEM.c.id, sqlite_where=sql("state = 'REVIEW'"))
Index("ix_item_done", ITEM.c.done_at, sqlite_where=sql("state = 'DONE'"))
Index("ix_item_watch", ITEM.c.watch_at, sqlite_where=sql("watch_at IS NOT NULL"))

ITEM_DISMISSED = table(
    "item_dismissed",
    number("item_id"),
    text("remote_id"),
    PrimaryKeyConstraint("item_id", "remote_id"),
    ForeignKeyConstraint(["item_id"], ["item.id"]),
    without_rowid=True,
)

OUTCOME_WORDS = ("not_sent", "throttled", "unauthorized", "forbidden", "refused", "accepted", "unknown")
ATTEMPT = table(
    "attempt",
    row_id(),
    number("item_id"),
    number("n"),
    number("epoch"),
    text("request_sha256"),
    text("intent_at"),
    text_or_null("outcome"),
    number_or_null("http_status"),
    text_or_null("remote_id"),
    text("error_kind", default=""),
    Column("retry_after_s", REAL, nullable=True),
    text("pms_words", default=""),
    text("pms_request_id", default=""),
    text("permission", default=""),
    number("elapsed_ms", default=0),
    UniqueConstraint("item_id", "n"),
    ForeignKeyConstraint(["item_id"], ["item.id"]),
    check("n_range", "n >= 1"),
    check("outcome_known", one_of("outcome", OUTCOME_WORDS)),
    check("accepted_has_record", "outcome IS NOT 'accepted' OR remote_id IS NOT NULL"),
)
Index("ix_attempt_open", ATTEMPT.c.id, sqlite_where=sql("outcome IS NULL"))

DECISION_REQUEST = table(
    "decision_request",
    row_id(),
    number("item_id"),
    text("kind"),
    text("reason"),
    text("asked_by"),
    text("role"),
    text("asked_at"),
    text_or_null("remote_id"),
    text("dismissed", default="[]"),
    text("result", default=""),
    ForeignKeyConstraint(["item_id"], ["item.id"]),
    check("kind_known", one_of("kind", ("as_done", "send_again", "void", "recheck"))),
)
Index("uq_decision_request_open", DECISION_REQUEST.c.item_id, unique=True, sqlite_where=sql("result = ''"))
Index("ix_decision_request_item", DECISION_REQUEST.c.item_id)

SENDER = table(
    "sender",
    row_id(),
    number("epoch", default=0),
    number("generation", default=0),
    check("one_row", "id = 1"),
    check("numbers_range", "epoch >= 0 AND generation >= 0"),
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
