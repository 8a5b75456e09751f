"""What was ever queued for one patient is found by an index: undoing a link must not walk the whole history."""

from alembic import op

revision = "0005_patient_queue"
down_revision = "0004_audit"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Goes one step up. On the write-backs, which never change: no move of an item pays for it."""
    op.get_bind().exec_driver_sql("CREATE INDEX ix_writeback_patient ON writeback (connection_id, pms_patient_id)")


def downgrade() -> None:
    """Goes back; nothing but the index is lost."""
    op.get_bind().exec_driver_sql("DROP INDEX ix_writeback_patient")
