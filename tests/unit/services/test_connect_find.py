"""A connection is found by name or id, or because it is the only one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from denticode_desktop.domain.errors import NotFoundError, UserError

from .connect_world import OWNER, ConnectWorld


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ConnectWorld]:
    made = ConnectWorld(tmp_path)
    yield made
    made.close()


def test_find_takes_name_id_or_the_only_one(world: ConnectWorld) -> None:
    with pytest.raises(UserError, match="Add a connection"):
        world.connect.find(None)
    first = world.added()
    assert world.connect.find(None).connection_id == first
    assert world.connect.find(" oak street - ascend ").connection_id == first
    assert world.connect.find(str(first)).connection_id == first
    world.added(name="Boise")
    with pytest.raises(UserError, match="Boise"):
        world.connect.find(None)
    with pytest.raises(NotFoundError):
        world.connect.find("Salem")


def test_find_prefers_the_enabled_one_of_a_name(world: ConnectWorld) -> None:
    first = world.added()
    world.connect.disconnect(OWNER, first)
    second = world.added()
    assert world.connect.find("Oak Street - Ascend").connection_id == second
