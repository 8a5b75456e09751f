"""A connection is found by name or id, or because it is the only one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from denticode_desktop.domain.connection import HoldReason
from denticode_desktop.domain.errors import NotFoundError, UserError

from .connect_world import OWNER, SECRETS, ConnectWorld


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
    second = world.added(client_id="client-2")
    assert world.connect.find("Oak Street - Ascend").connection_id == second


def test_only_connection_is_found_also_when_it_is_disconnected(world: ConnectWorld) -> None:
    first = world.added()
    world.connect.disconnect(OWNER, first)
    assert world.connect.find(None).connection_id == first
    with pytest.raises(UserError, match="is disconnected"):
        world.connect.test(OWNER, first, world.checks.append)


def test_several_disconnected_ones_are_listed_to_choose_from(world: ConnectWorld) -> None:
    for name in ("Boise", "Salem"):
        world.connect.disconnect(OWNER, world.added(name=name, client_id=name))
    with pytest.raises(UserError, match=r"Boise, Salem.*Reconnect"):
        world.connect.find(None)


def test_reconnect_without_a_name_takes_the_one_that_needs_it(world: ConnectWorld) -> None:
    off = world.added()
    world.connect.disconnect(OWNER, off)
    live = world.added(name="Boise", client_id="client-2")
    assert world.connect.find(None).connection_id == live
    assert world.connect.find_to_reconnect(None).connection_id == off
    assert world.connect.find_to_reconnect("Boise").connection_id == live
    with world.store.write() as uow:
        uow.connections.set_hold(live, HoldReason.SIGN_IN)
    with pytest.raises(UserError, match="Boise"):
        world.connect.find_to_reconnect(None)
    world.connect.reconnect(OWNER, off, SECRETS, world.checks.append)
    assert world.connect.find_to_reconnect(None).connection_id == live
