"""The watch finds what is due by connection; a DONE item keeps its record, a queued write-back its items.

Beside each accepted attempt stands for how long its record was looked for in vain, so that a restart does not begin anew.
"""

from alembic import op

revision = "0006_watch"
down_revision = "0005_patient_queue"
branch_labels = None
depends_on = None

STATEMENTS = (
    "DROP INDEX ix_item_watch",
    "CREATE INDEX ix_item_watch ON item (connection_id, watch_at) WHERE watch_at IS NOT NULL",
    """
    CREATE TABLE attempt_unseen (
        attempt_id INTEGER NOT NULL,
        ticks INTEGER NOT NULL,
        CONSTRAINT pk_attempt_unseen PRIMARY KEY (attempt_id),
        CONSTRAINT fk_attempt_unseen_attempt_id_attempt FOREIGN KEY(attempt_id) REFERENCES attempt (id),
        CONSTRAINT ck_attempt_unseen_ticks_range CHECK (ticks >= 0)
    )
     WITHOUT ROWID, STRICT
    """,
    (
        "CREATE TRIGGER tr_item_before_request BEFORE INSERT ON item FOR EACH ROW WHEN EXISTS (SELECT 1 FROM writeback"
        " w WHERE w.id = NEW.writeback_id AND w.requested_at IS NOT NULL) BEGIN SELECT RAISE(ABORT, 'no item is added"
        " to what was asked to be sent'); END"
    ),
    (
        "CREATE TRIGGER tr_item_done_keeps_record BEFORE UPDATE OF remote_id ON item FOR EACH ROW WHEN OLD.state ="
        " 'DONE' AND NEW.state IN ('DONE', 'REVIEW') AND NEW.remote_id IS NOT OLD.remote_id BEGIN SELECT RAISE(ABORT,"
        " 'the record of a DONE item cannot be changed'); END"
    ),
)
UNDONE = (
    "DROP TRIGGER tr_item_done_keeps_record",
    "DROP TRIGGER tr_item_before_request",
    "DROP TABLE attempt_unseen",
    "DROP INDEX ix_item_watch",
    "CREATE INDEX ix_item_watch ON item (watch_at) WHERE watch_at IS NOT NULL",
)


def upgrade() -> None:
    """Goes one step up."""
    for statement in STATEMENTS:
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Goes back: only the waits in vain are lost, and begin anew."""
    for statement in UNDONE:
        op.get_bind().exec_driver_sql(statement)
