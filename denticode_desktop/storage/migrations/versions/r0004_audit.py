"""The audit log."""

from alembic import op

revision = "0004_audit"
down_revision = "0003_outbox"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE audit_event (
        seq INTEGER NOT NULL,
        at TEXT NOT NULL,
        workstation TEXT NOT NULL,
        app_version TEXT NOT NULL,
        kind TEXT NOT NULL,
        actor TEXT NOT NULL,
        role TEXT NOT NULL,
        outcome TEXT NOT NULL,
        connection_id INTEGER,
        pms_patient_id TEXT,
        lab_id TEXT,
        writeback_id INTEGER,
        item_id INTEGER,
        attempt_id INTEGER,
        epoch INTEGER,
        ticks INTEGER,
        content_sha256 TEXT,
        remote_id TEXT,
        reason TEXT NOT NULL,
        detail TEXT NOT NULL,
        previous_hash TEXT NOT NULL,
        hash TEXT NOT NULL,
        CONSTRAINT pk_audit_event PRIMARY KEY (seq),
        CONSTRAINT ck_audit_event_seq_range CHECK (seq >= 1),
        CONSTRAINT ck_audit_event_hashes_shape CHECK (length(previous_hash) = 64 AND length(hash) = 64)
    )
     STRICT
    """,
    "CREATE INDEX ix_audit_event_actor ON audit_event (actor) WHERE actor <> 'system'",
    "CREATE INDEX ix_audit_event_kind ON audit_event (kind)",
    "CREATE INDEX ix_audit_event_outcome ON audit_event (outcome) WHERE outcome <> 'ok'",
    "CREATE INDEX ix_audit_event_patient ON audit_event (pms_patient_id) WHERE pms_patient_id IS NOT NULL",
    (
        "CREATE TRIGGER tr_audit_event_chain BEFORE INSERT ON audit_event FOR EACH ROW WHEN NEW.seq IS NOT "
        "coalesce((SELECT seq FROM audit_event ORDER BY seq DESC LIMIT 1), 0) + 1 OR NEW.previous_hash IS NOT "
        "coalesce((SELECT hash FROM audit_event ORDER BY seq DESC LIMIT 1), "
        "'0000000000000000000000000000000000000000000000000000000000000000') OR NEW.at < coalesce((SELECT at FROM "
        "audit_event ORDER BY seq DESC LIMIT 1), '') BEGIN SELECT RAISE(ABORT, 'the audit chain would break'); END"
    ),
    (
        "CREATE TRIGGER tr_audit_event_no_update BEFORE UPDATE ON audit_event FOR EACH ROW BEGIN SELECT RAISE(ABORT, "
        "'an audit event cannot be changed'); END"
    ),
    (
        "CREATE TRIGGER tr_audit_event_no_delete BEFORE DELETE ON audit_event FOR EACH ROW BEGIN SELECT RAISE(ABORT, "
        "'an audit event is never deleted'); END"
    ),
)


def upgrade() -> None:
    """Goes one step up."""
    connection = op.get_bind()
    for statement in STATEMENTS:
        connection.exec_driver_sql(statement)
