"""The hash-chained audit log: rows are added, never changed or deleted, and never with a gap."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from denticode_desktop.domain.audit_event import AuditKind
from denticode_desktop.domain.ids import AttemptId, ConnectionId, ItemId, LabId, PmsPatientId, RemoteId, WriteBackId

from .schema import STRICT, Base, check, index, trigger


class AuditEventRow(Base):
    """Who did what to which record, when; no text of a note. Ids are kept even where the row that they name is gone."""

    __tablename__ = "audit_event"

    seq: Mapped[int] = mapped_column(primary_key=True, comment="1, 2, 3 … without a gap")
    at: Mapped[datetime] = mapped_column(comment="UTC; never before the event in front of it, even if the clock was")
    workstation: Mapped[str] = mapped_column(comment="name of the computer")
    app_version: Mapped[str] = mapped_column(comment="version of this program")
    kind: Mapped[AuditKind] = mapped_column(comment="what happened")
    actor: Mapped[str] = mapped_column(comment="name of the user, or 'system'")
    role: Mapped[str] = mapped_column(comment="name of the role that the actor had then")
    outcome: Mapped[str] = mapped_column(comment="'ok', or a short code of what went wrong")
    connection_id: Mapped[ConnectionId | None] = mapped_column(comment="over which connection; NULL = over none")
    pms_patient_id: Mapped[PmsPatientId | None] = mapped_column(comment="whose chart, by the PMS's id; NULL = nobody's")
    lab_id: Mapped[LabId | None] = mapped_column(comment="which Lab; NULL = none")
    writeback_id: Mapped[WriteBackId | None] = mapped_column(comment="which write-back; NULL = none")
    item_id: Mapped[ItemId | None] = mapped_column(comment="which item; NULL = none")
    attempt_id: Mapped[AttemptId | None] = mapped_column(comment="which attempt; NULL = none")
    epoch: Mapped[int | None] = mapped_column(comment="epoch of the sender; NULL = not the sender's doing")
    ticks: Mapped[int | None] = mapped_column(comment="the sender's ticks (about seconds awake) since its start")
    content_sha256: Mapped[str | None] = mapped_column(comment="SHA-256 (hex) of the content that it is about")
    remote_id: Mapped[RemoteId | None] = mapped_column(comment="the PMS's id of the record; NULL = none")
    reason: Mapped[str] = mapped_column(comment="why: a code, or what a person typed; may be empty")
    detail: Mapped[str] = mapped_column(comment="JSON object of counts, codes and hashes")
    previous_hash: Mapped[str] = mapped_column(comment="hash of the event in front; 64 zeros for the first")
    hash: Mapped[str] = mapped_column(comment="SHA-256 (hex) over everything above")

    __table_args__ = (
        check("seq_range", "seq >= 1"),
        check("hashes_shape", "length(previous_hash) = 64 AND length(hash) = 64"),
        index("ix_audit_event_kind", "kind"),
        index("ix_audit_event_actor", "actor", where="actor <> 'system'"),
        index("ix_audit_event_outcome", "outcome", where="outcome <> 'ok'"),
        index("ix_audit_event_patient", "pms_patient_id", where="pms_patient_id IS NOT NULL"),
        STRICT,
    )


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
