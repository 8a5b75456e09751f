"""Runs one step on the connection and inside the transaction that `storage.upgrade` has opened."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], target_metadata=None)
context.run_migrations()
