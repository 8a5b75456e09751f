"""Alembic environment of the store: found by this package's path, run by `storage.upgrade`, no ini file."""
