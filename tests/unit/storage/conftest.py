"""Fixtures of the storage tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .outbox_world import OutboxWorld, make_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[OutboxWorld]:
    """A real encrypted store with a practice in it, closed at the end."""
    made = make_world(tmp_path)
    yield made
    made.store.close()
