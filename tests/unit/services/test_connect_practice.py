"""Adding, testing, leaving and taking up a connection: what is stored when, and what never is."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from denticode_desktop.domain.audit_event import AuditDraft, AuditEvent, AuditKind
from denticode_desktop.domain.connection import (
    CheckOutcome,
    Environment,
    FailureReason,
    HoldReason,
    Light,
    Permission,
)
from denticode_desktop.domain.errors import (
    NotAllowedError,
    PmsForbiddenError,
    PmsUnavailableError,
    SecretStoreError,
    StorageError,
    UserError,
)
from denticode_desktop.domain.events import ConnectionChanged
from denticode_desktop.domain.ids import PmsKey, PmsLocationId, PmsPatientId, PmsProviderId
from denticode_desktop.domain.people import PmsLocation, PmsProvider
from denticode_desktop.domain.write_back import ItemState, WaitingWhy
from denticode_desktop.ports.pms import ConnectionSecrets
from denticode_desktop.services.connection_rules import NewConnection
from denticode_desktop.storage.repo_audit import SqlAudit
from tests.fakes.fake_pms import RIGHT_SECRET, opens_of

from .connect_world import FRONT, OWNER, SECRETS, ConnectWorld

DENVER = PmsLocation(PmsLocationId("L1"), "Oak Street", "America/Denver")
BOISE = PmsLocation(PmsLocationId("L2"), "Boise", "America/Boise")
LEE = PmsProvider(PmsProviderId("P1"), "Sam", "Lee")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ConnectWorld]:
    made = ConnectWorld(tmp_path)
    made.pms.put(DENVER, LEE)
    yield made
    assert list(opens_of(made.directory)) == []
    made.close()


def assert_nothing_stored(world: ConnectWorld) -> None:
    assert world.connect.connections() == []
    assert world.secrets.values == {}
    assert world.events() == []


def test_add_green_stores_settings_report_secret_and_event_together(world: ConnectWorld) -> None:
    result = world.add(name="  Oak Street  ", organization_id=f" {world.pms.organization_id} ")
    assert result.connection_id is not None
    assert result.report.light is Light.GREEN
    stored = world.connection(result.connection_id)
    assert (stored.settings.name, stored.settings.organization_id) == ("Oak Street", world.pms.organization_id)
    assert stored.report == result.report
    assert (stored.tested_at, stored.last_good_read_at) == (world.clock.utc_now(), world.clock.utc_now())
    assert stored.calls_this_month > 0
    assert world.secrets.values == {f"connection-{result.connection_id}-client_secret": RIGHT_SECRET}
    assert [e.draft.kind for e in world.events()] == [AuditKind.CONNECTION_ADDED]
    assert world.sink.seen == [ConnectionChanged(result.connection_id)]
    assert [c.name for c in world.checks][:2] == ["sign_in", "organization"]
    assert RIGHT_SECRET not in repr(world.events()) + repr(result)


def test_add_yellow_is_stored_and_names_what_is_missing(world: ConnectWorld) -> None:
    world.pms.missing_permissions = (Permission.CHART_NOTES,)
    result = world.add()
    assert result.connection_id is not None
    assert result.report.light is Light.YELLOW
    assert result.report.missing_permissions == (Permission.CHART_NOTES,)


@pytest.mark.parametrize("reason", list(FailureReason))
def test_add_failed_stores_nothing_and_says_one_next_step(world: ConnectWorld, reason: FailureReason) -> None:
    world.pms.failure = reason
    result = world.add()
    assert result.connection_id is None
    assert result.report.reason is reason
    assert result.report.sentence
    assert result.report.next_step
    assert_nothing_stored(world)


def test_add_refused_with_an_organization_id_for_client_id_hints_at_the_swap(world: ConnectWorld) -> None:
    world.pms.failure = FailureReason.CREDENTIALS_REFUSED
    result = world.add(client_id="ab" * 12)
    assert "swapped" in result.report.next_step


def test_add_by_the_front_desk_is_not_allowed(world: ConnectWorld) -> None:
    with pytest.raises(NotAllowedError):
        world.connect.add(FRONT, world.new(), SECRETS, world.checks.append)
    assert_nothing_stored(world)


def test_add_without_its_secret_asks_nothing_of_the_pms(world: ConnectWorld) -> None:
    with pytest.raises(UserError):
        world.add(ConnectionSecrets({}))
    assert world.pms.calls == []


def test_add_of_a_name_taken_is_refused_before_the_pms_is_asked(world: ConnectWorld) -> None:
    world.added()
    before = len(world.pms.calls)
    with pytest.raises(UserError) as caught:
        world.add(name="OAK STREET - ASCEND")
    assert caught.value.field == "name"
    assert len(world.pms.calls) == before


def test_add_of_an_organization_connected_already_is_refused_outside_rehearsal(world: ConnectWorld) -> None:
    world.added(environment=Environment.PRODUCTION, host=None)
    with pytest.raises(UserError) as caught:
        world.add(name="Second", environment=Environment.PRODUCTION, host=None)
    assert caught.value.field == "organization_id"


@pytest.mark.parametrize("name", ["Oak Street - Ascend", "Another name"])
def test_add_of_what_was_disconnected_leads_to_reconnect(world: ConnectWorld, name: str) -> None:
    first = world.added()
    world.connect.disconnect(OWNER, first)
    with pytest.raises(UserError, match=f"Reconnect Oak Street - Ascend \\(number {first}\\)") as caught:
        world.add(name=name)
    assert caught.value.field == "organization_id"
    assert world.add(name="Boise", organization_id="f" * 24).report.light is Light.FAILED
    assert world.added(client_id="new-client") != first


def test_connection_is_checked_without_its_secret_before_anything_is_asked(world: ConnectWorld) -> None:
    before = len(world.pms.calls)
    world.connect.check_new(OWNER, world.new())
    for changes, field in (({"pms_key": PmsKey("open-dental")}, "pms"), ({"name": "Connection 1"}, "name")):
        with pytest.raises(UserError) as caught:
            world.connect.check_new(OWNER, world.new(**changes))
        assert caught.value.field == field
    with pytest.raises(NotAllowedError):
        world.connect.check_new(FRONT, world.new())
    assert len(world.pms.calls) == before


def test_planned_pms_is_said_to_be_planned_whatever_else_is_missing(world: ConnectWorld) -> None:
    new = NewConnection("", PmsKey("open-dental"), None)
    with pytest.raises(UserError, match="planned and cannot be connected yet"):
        world.connect.check_new(OWNER, new)


def test_rehearsal_only_folder_takes_rehearsal_connections_only(tmp_path: Path) -> None:
    world = ConnectWorld(tmp_path, is_rehearsal_only=True)
    world.secrets.is_real = False
    with pytest.raises(UserError) as caught:
        world.add(environment=Environment.SANDBOX, host=None)
    assert caught.value.field == "environment"
    assert_nothing_stored(world)
    world.added()
    world.close()


def test_without_a_real_credential_store_no_real_connection(world: ConnectWorld) -> None:
    world.secrets.is_real = False
    with pytest.raises(UserError) as caught:
        world.add(environment=Environment.PRODUCTION, host=None)
    assert caught.value.field == "credential_store"
    assert "install" in caught.value.sentence
    assert_nothing_stored(world)


def test_with_a_locked_credential_store_nothing_is_tried(world: ConnectWorld) -> None:
    world.secrets.is_locked = True
    with pytest.raises(UserError, match="locked"):
        world.add()
    assert world.pms.calls == []


class RefusingSecrets:
    """Takes `good` puts, then says no."""

    def __init__(self, world: ConnectWorld, good: int) -> None:
        self._put, self._left, self._values = world.secrets.put, good, world.secrets.values

    def put(self, name: str, value: str) -> None:
        if self._left == 0:
            raise SecretStoreError("failed")
        self._left -= 1
        self._put(name, value)


def test_add_whose_secret_cannot_be_kept_leaves_no_connection(
    world: ConnectWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.secrets, "put", RefusingSecrets(world, 0).put)
    with pytest.raises(SecretStoreError):
        world.add()
    assert_nothing_stored(world)


def test_add_whose_commit_fails_takes_the_secret_away_again(
    world: ConnectWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = world.store.write

    class FailingCommit:
        """A write unit whose disk is full at the end."""

        def __init__(self) -> None:
            self._unit = real()

        def __enter__(self) -> object:
            return self._unit.__enter__()

        def __exit__(self, *error: object) -> None:
            assert world.secrets.values, "the secret is there before the commit"
            failure = StorageError("disk_full")
            self._unit.__exit__(StorageError, failure, None)
            raise failure

    monkeypatch.setattr(world.store, "write", FailingCommit)
    with pytest.raises(StorageError):
        world.add()
    monkeypatch.undo()
    assert_nothing_stored(world)


# -- location and default provider -------------------------------------------------------------------------------


def test_only_location_is_chosen_with_its_time_zone(world: ConnectWorld) -> None:
    settings = world.connection(world.added()).settings
    assert (settings.location_id, settings.time_zone) == (DENVER.pms_location_id, "America/Denver")


def test_several_locations_are_not_guessed_but_noted(world: ConnectWorld) -> None:
    world.pms.put(BOISE)
    result = world.add()
    assert result.connection_id is not None
    settings = world.connection(result.connection_id).settings
    assert (settings.location_id, settings.time_zone) == (None, "")
    note = next(c for c in result.report.checks if c.name == "location")
    assert note.outcome is CheckOutcome.SKIPPED
    assert "Oak Street (L1)" in note.words
    assert "Boise (L2)" in note.words
    assert note in world.checks


def test_named_location_gives_its_time_zone(world: ConnectWorld) -> None:
    world.pms.put(BOISE)
    settings = world.connection(world.added(location_id=" L2 ")).settings
    assert (settings.location_id, settings.time_zone) == ("L2", "America/Boise")


def test_location_with_a_zone_nobody_knows_leaves_it_empty_and_says_so(world: ConnectWorld) -> None:
    world.pms.put(dataclasses.replace(DENVER, time_zone="Mars/Olympus"))
    result = world.add()
    assert result.connection_id is not None
    assert world.connection(result.connection_id).settings.time_zone == ""
    assert "time zone" in next(c.words for c in result.report.checks if c.name == "location")


@pytest.mark.parametrize(
    "field", ["location_id", "default_provider_id"]
)  # fmt: skip
def test_named_record_that_does_not_exist_is_refused(world: ConnectWorld, field: str) -> None:
    with pytest.raises(UserError) as caught:
        world.add(SECRETS, **{field: "X9"})
    assert caught.value.field == field
    assert_nothing_stored(world)


def test_empty_choice_names_the_option_and_how_to_fill_it(world: ConnectWorld) -> None:
    connection_id = world.added()
    world.sync(connection_id, LEE, DENVER)
    with pytest.raises(UserError, match="default provider is empty"):
        world.connect.set_default_provider(OWNER, connection_id, PmsProviderId(" "))
    with pytest.raises(UserError, match="location is empty"):
        world.connect.choose_location(OWNER, connection_id, PmsLocationId(""))


@pytest.mark.parametrize(
    "unfit", [dataclasses.replace(LEE, is_active=False), dataclasses.replace(LEE, is_person=False)]
)
def test_default_provider_must_be_an_active_person(world: ConnectWorld, unfit: PmsProvider) -> None:
    world.pms.put(unfit)
    with pytest.raises(UserError):
        world.add(default_provider_id="P1")
    assert_nothing_stored(world)


@pytest.mark.parametrize("error", [PmsForbiddenError("Providers"), PmsUnavailableError("http_503")])
def test_default_provider_that_cannot_be_checked_is_not_taken_on_trust(world: ConnectWorld, error: Exception) -> None:
    world.pms.fail("read_page", error, times=2)
    with pytest.raises(UserError) as caught:
        world.add(default_provider_id="P1")
    assert caught.value.field == "default_provider_id"
    assert_nothing_stored(world)


def test_locations_that_cannot_be_listed_do_not_stop_a_connection(world: ConnectWorld) -> None:
    world.pms.fail("read_page", PmsForbiddenError("Providers"))
    result = world.add()
    assert result.connection_id is not None
    assert next(c for c in result.report.checks if c.name == "location").outcome is CheckOutcome.SKIPPED


def test_location_chosen_later_replaces_the_note_but_not_the_test_time(world: ConnectWorld) -> None:
    world.pms.put(BOISE)
    connection_id = world.added()
    tested_at = world.connection(connection_id).tested_at
    with pytest.raises(UserError, match="Sync Now"):
        world.connect.choose_location(OWNER, connection_id, BOISE.pms_location_id)
    world.sync(connection_id, DENVER, BOISE)
    world.clock.advance(60)
    world.connect.choose_location(OWNER, connection_id, BOISE.pms_location_id)
    stored = world.connection(connection_id)
    assert (stored.settings.location_id, stored.settings.time_zone) == ("L2", "America/Boise")
    assert stored.tested_at == tested_at
    assert stored.report is not None
    assert [c.words for c in stored.report.checks if c.name == "location"] == ["Location: Boise."]


def test_default_provider_is_set_and_taken_away(world: ConnectWorld) -> None:
    connection_id = world.added()
    world.sync(connection_id, LEE)
    world.connect.set_default_provider(OWNER, connection_id, LEE.pms_provider_id)
    assert world.connection(connection_id).settings.default_provider_id == "P1"
    with pytest.raises(UserError):
        world.connect.set_default_provider(OWNER, connection_id, PmsProviderId("P9"))
    world.connect.set_default_provider(OWNER, connection_id, None)
    assert world.connection(connection_id).settings.default_provider_id is None
    assert len(world.events(AuditKind.CONNECTION_CHANGED)) == 2


# -- test, disconnect, reconnect ---------------------------------------------------------------------------------


def hold(world: ConnectWorld, connection_id: object, reason: HoldReason, detail: str = "") -> None:
    with world.store.write() as uow:
        uow.connections.set_hold(connection_id, reason, detail)  # type: ignore[arg-type]


@pytest.mark.parametrize("reason", [HoldReason.SIGN_IN, HoldReason.UNKNOWN_STREAK, HoldReason.PERMISSION_MISSING])
def test_green_test_lifts_the_holds_that_it_disproves(world: ConnectWorld, reason: HoldReason) -> None:
    connection_id = world.added()
    hold(world, connection_id, reason)
    world.clock.advance(60)
    assert world.connect.test(FRONT, connection_id, world.checks.append).light is Light.GREEN
    stored = world.connection(connection_id)
    assert stored.hold is None
    assert stored.tested_at == world.clock.utc_now()
    assert [e.draft.detail for e in world.events(AuditKind.CONN_RELEASED)] == [{"hold": reason.value}]


@pytest.mark.parametrize("reason", [HoldReason.PAUSED, HoldReason.WRONG_ROSTER, HoldReason.THROTTLED_LONG])
def test_green_test_leaves_holds_that_are_not_about_it(world: ConnectWorld, reason: HoldReason) -> None:
    connection_id = world.added()
    hold(world, connection_id, reason)
    world.connect.test(OWNER, connection_id, world.checks.append)
    assert world.connection(connection_id).hold is reason


@pytest.mark.parametrize(
    ("named", "missing", "is_lifted"),
    [
        (Permission.CHART_NOTES, Permission.CHART_NOTES, False),
        (Permission.CHART_NOTES, Permission.APPOINTMENTS, True),
        (None, Permission.APPOINTMENTS, False),
    ],
)
def test_yellow_test_lifts_a_missing_permission_only_if_it_is_there(
    world: ConnectWorld, named: Permission | None, missing: Permission, is_lifted: bool
) -> None:
    connection_id = world.added()
    hold(world, connection_id, HoldReason.PERMISSION_MISSING, named.value if named else "")
    world.pms.missing_permissions = (missing,)
    assert world.connect.test(OWNER, connection_id, world.checks.append).light is Light.YELLOW
    assert (world.connection(connection_id).hold is None) is is_lifted


def test_failed_test_keeps_the_hold_and_says_why(world: ConnectWorld) -> None:
    connection_id = world.added()
    good_read_at = world.connection(connection_id).last_good_read_at
    hold(world, connection_id, HoldReason.SIGN_IN)
    world.pms.failure = FailureReason.CREDENTIALS_REFUSED
    world.clock.advance(60)
    report = world.connect.test(OWNER, connection_id, world.checks.append)
    stored = world.connection(connection_id)
    assert report.light is Light.FAILED
    assert (stored.hold, stored.report, stored.last_good_read_at) == (HoldReason.SIGN_IN, report, good_read_at)


def test_test_keeps_the_note_about_the_location(world: ConnectWorld) -> None:
    world.pms.put(BOISE)
    report = world.connect.test(OWNER, world.added(), world.checks.append)
    assert [c.name for c in report.checks].count("location") == 1


def test_test_without_the_secret_fails_with_reconnect_as_next_step(world: ConnectWorld) -> None:
    connection_id = world.added()
    world.secrets.values.clear()
    report = world.connect.test(OWNER, connection_id, world.checks.append)
    assert report.reason is FailureReason.CREDENTIALS_REFUSED
    assert "Reconnect" in report.next_step


def test_disconnect_keeps_open_items_with_a_reason_and_deletes_the_secret(world: ConnectWorld) -> None:
    connection_id = world.added()
    writeback_id = world.queued(connection_id, world.ours(), PmsPatientId("9001"), notes=2)
    world.connect.disconnect(OWNER, connection_id)
    world.connect.disconnect(OWNER, connection_id)
    stored = world.connection(connection_id)
    assert (stored.is_enabled, stored.hold) == (False, HoldReason.DISCONNECTED)
    assert world.secrets.values == {}
    items = world.items(writeback_id)
    assert [(i.state, i.waiting_why) for i in items] == [(ItemState.PLANNED, WaitingWhy.HELD)] * 2
    assert [e.draft.detail for e in world.events(AuditKind.CONNECTION_DISCONNECTED)] == [{"open_items": 2}]
    with pytest.raises(UserError, match="Reconnect"):
        world.connect.test(OWNER, connection_id, world.checks.append)


def test_reconnect_with_working_secrets_switches_on_again(world: ConnectWorld) -> None:
    connection_id = world.added()
    writeback_id = world.queued(connection_id, world.ours(), PmsPatientId("9001"))
    world.connect.disconnect(OWNER, connection_id)
    with pytest.raises(UserError) as caught:
        world.connect.reconnect(OWNER, connection_id, None, world.checks.append)
    assert caught.value.field == "client_secret"
    assert world.connect.reconnect(OWNER, connection_id, SECRETS, world.checks.append).light is Light.GREEN
    stored = world.connection(connection_id)
    assert (stored.is_enabled, stored.hold) == (True, None)
    assert world.secrets.values == {f"connection-{connection_id}-client_secret": RIGHT_SECRET}
    assert [i.waiting_why for i in world.items(writeback_id)] == [""]
    assert len(world.events(AuditKind.CONNECTION_RECONNECTED)) == 1


def test_reconnect_with_wrong_secrets_changes_nothing_but_the_log(world: ConnectWorld) -> None:
    connection_id = world.added()
    before = world.connection(connection_id)
    report = world.connect.reconnect(
        OWNER, connection_id, ConnectionSecrets({"client_secret": "wrong"}), world.checks.append
    )
    assert report.reason is FailureReason.CREDENTIALS_REFUSED
    after = world.connection(connection_id)
    assert dataclasses.replace(after, calls_this_month=before.calls_this_month) == before
    assert world.secrets.values == {f"connection-{connection_id}-client_secret": RIGHT_SECRET}
    assert world.events()[-1].draft.outcome == "failed"


def test_reconnect_whose_commit_fails_puts_the_old_secret_back(
    world: ConnectWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection_id = world.added()
    world.secrets.values[f"connection-{connection_id}-client_secret"] = "old"
    real = SqlAudit.append

    def refuse(self: SqlAudit, draft: AuditDraft) -> AuditEvent:
        if draft.kind is AuditKind.CONNECTION_RECONNECTED:
            raise StorageError("disk_full")
        return real(self, draft)

    monkeypatch.setattr(SqlAudit, "append", refuse)
    with pytest.raises(StorageError):
        world.connect.reconnect(OWNER, connection_id, SECRETS, world.checks.append)
    assert world.secrets.values == {f"connection-{connection_id}-client_secret": "old"}


def test_reconnect_of_a_disconnected_name_taken_meanwhile_is_refused(world: ConnectWorld) -> None:
    first = world.added()
    world.connect.disconnect(OWNER, first)
    world.added(client_id="client-2")
    with pytest.raises(UserError, match=f"Disconnect that one, then reconnect number {first}") as caught:
        world.connect.reconnect(OWNER, first, SECRETS, world.checks.append)
    assert caught.value.field == "name"
    assert not world.connection(first).is_enabled
    assert f"connection-{first}-client_secret" not in world.secrets.values
