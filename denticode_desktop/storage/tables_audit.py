"""Table of the hash-chained audit log: rows are added, never changed or deleted, and never with a gap."""

from sqlalchemy import Column, Index, Integer
from sqlalchemy import text as sql

from .schema import check, number_or_null, table, text, text_or_null, trigger

AUDIT_EVENT = table(
    "audit_event",
    Column("seq", Integer, primary_key=True, nullable=False),
    text("at"),
    text("workstation"),
    text("app_version"),
    text("kind"),
    text("actor"),
    text("role"),
    text("outcome"),
    number_or_null("connection_id"),
    text_or_null("pms_patient_id"),
    text_or_null("lab_id"),
    number_or_null("writeback_id"),
    number_or_null("item_id"),
    number_or_null("attempt_id"),
    number_or_null("epoch"),
    number_or_null("ticks"),
    text_or_null("content_sha256"),
    text_or_null("remote_id"),
    text("reason"),
    text("detail"),
    text("previous_hash"),
    text("hash"),
    check("seq_range", "seq >= 1"),
    check("hashes_shape", "length(previous_hash) = 64 AND length(hash) = 64"),
)
Index("ix_audit_event_kind", AUDIT_EVENT.c.kind)
Index("ix_audit_event_actor", AUDIT_EVENT.c.actor, sqlite_where=sql("actor <> 'system'"))
Index("ix_audit_event_outcome", AUDIT_EVENT.c.outcome, sqlite_where=sql("outcome <> 'ok'"))
Index("ix_audit_event_patient", AUDIT_EVENT.c.pms_patient_id, sqlite_where=sql("pms_patient_id IS NOT NULL"))

_LAST = "(SELECT {} FROM audit_event ORDER BY seq DESC LIMIT 1)"

TRIGGERS = (
    trigger(
        "tr_audit_event_chain", "BEFORE INSERT ON audit_event", "the audit chain would break",
        when=(
            f"NEW.seq IS NOT coalesce({_LAST.format('seq')}, 0) + 1"
            f" OR NEW.previous_hash IS NOT coalesce({_LAST.format('hash')}, '{'0' * 64}')"
            f" OR NEW.at < coalesce({_LAST.format('at')}, '')"
        ),
    ),
    trigger("tr_audit_event_no_update", "BEFORE UPDATE ON audit_event", "an audit event cannot be changed"),
    trigger("tr_audit_event_no_delete", "BEFORE DELETE ON audit_event", "an audit event is never deleted"),
)  # fmt: skip
