"""Which migrations this build knows, in order. Kept as names so that opening a store does not import Alembic."""

STEPS = ("0001_practice", "0002_roster", "0003_outbox", "0004_audit", "0005_patient_queue", "0006_watch")
HEAD = STEPS[-1]
