"""A practice is set up once; names become actors; every change has its audit event."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from denticode_desktop.config.system_clock import SystemClock
from denticode_desktop.domain.access import Role
from denticode_desktop.domain.audit_event import AuditKind
from denticode_desktop.domain.errors import NotAllowedError, UserError
from denticode_desktop.services.practice_setup import PracticeSetup, parse_role, roles_table
from denticode_desktop.storage.store import SqlStore, create_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    made = create_store(tmp_path / "denticode.db", bytes(range(32)), SystemClock(), "desk-1", "0")
    yield made
    made.close()


@pytest.fixture
def setup(store: SqlStore) -> PracticeSetup:
    made = PracticeSetup(store, SystemClock())
    made.create("Springvale  Dental", "Sam Lee", password_hash="hash", is_rehearsal_only=True)
    return made


def kinds(store: SqlStore) -> list[AuditKind]:
    with store.read() as uow:
        return [event.draft.kind for event in uow.audit.iterate()]


def test_practice_has_its_owner_and_its_events(setup: PracticeSetup, store: SqlStore) -> None:
    assert setup.practice_name() == "Springvale Dental"
    assert setup.is_rehearsal_only()
    owner = setup.actor(None)
    assert (owner.name, owner.role) == ("Sam Lee", Role.OWNER)
    assert setup.actor(" sam lee ") == owner
    assert setup.password_hash(None) == "hash"
    assert kinds(store) == [AuditKind.PRACTICE_CREATED, AuditKind.USER_ADDED]


def test_practice_is_created_once(setup: PracticeSetup, store: SqlStore) -> None:
    with pytest.raises(UserError):
        setup.create("Other", "Ana", password_hash="", is_rehearsal_only=False)
    assert setup.practice_name() == "Springvale Dental"
    assert len(kinds(store)) == 2


def test_added_user_acts_in_their_role(setup: PracticeSetup, store: SqlStore) -> None:
    user_id = setup.add_user(setup.actor(None), "Imani Okoro", "front-office", password_hash="")
    actor = setup.actor("imani okoro")
    assert (actor.role, actor.user_id) == (Role.FRONT_OFFICE, user_id)
    assert [user.name for user in setup.users(setup.actor(None))] == ["Sam Lee", "Imani Okoro"]
    with pytest.raises(NotAllowedError):
        setup.users(actor)
    with pytest.raises(NotAllowedError):
        setup.add_user(actor, "Eve", "Owner", password_hash="")
    assert kinds(store).count(AuditKind.USER_ADDED) == 2


def test_only_an_owner_makes_an_owner(setup: PracticeSetup) -> None:
    setup.add_user(setup.actor(None), "Ada", "Admin", password_hash="")
    with pytest.raises(NotAllowedError):
        setup.add_user(setup.actor("Ada"), "Eve", "Owner", password_hash="")
    setup.add_user(setup.actor(None), "Eve", "Owner", password_hash="")


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\x00b", "System"])
def test_names_that_are_none_are_refused(setup: PracticeSetup, name: str) -> None:
    with pytest.raises(UserError) as caught:
        setup.add_user(setup.actor(None), name, "Admin", password_hash="")
    assert caught.value.field == "user"


def test_taken_name_is_refused_without_regard_to_case(setup: PracticeSetup, store: SqlStore) -> None:
    with pytest.raises(UserError):
        setup.add_user(setup.actor(None), "SAM LEE", "Admin", password_hash="")
    assert kinds(store).count(AuditKind.USER_ADDED) == 1


def test_unknown_name_is_nobody(setup: PracticeSetup) -> None:
    with pytest.raises(NotAllowedError):
        setup.actor("Nobody")


def test_roles_are_parsed_and_listed() -> None:
    assert parse_role(" HYGIENIST ") is Role.HYGIENIST
    with pytest.raises(UserError, match="Front Office"):
        parse_role("King")
    table = roles_table()
    assert set(table) == {role.value for role in Role}
    assert "manage users" in table["Owner"]
    assert "manage users" not in table["Provider"]
