"""ConnectPractice: add, test, disconnect and reconnect a connection; the wizard's steps without a window.

Nothing is stored before the PMS has answered. Secrets go to the credential store before the commit and are taken away
again when it fails, so that no connection is without its secrets and no secret without its connection.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from denticode_desktop.domain.access import Action, Actor, require
from denticode_desktop.domain.audit_event import AuditKind
from denticode_desktop.domain.connection import (
    Check,
    Connection,
    ConnectionReport,
    ConnectionSettings,
    Environment,
    HoldReason,
    Light,
)
from denticode_desktop.domain.errors import NotFoundError, SecretStoreError, UserError
from denticode_desktop.domain.events import ConnectionChanged, QueueChanged
from denticode_desktop.domain.ids import ConnectionId, PmsLocationId, PmsProviderId
from denticode_desktop.domain.people import PmsLocation
from denticode_desktop.ports.clock import Clock
from denticode_desktop.ports.event_sink import EventSink
from denticode_desktop.ports.pms import ConnectionSecrets, PmsDirectory, PmsGateway, PmsProfile
from denticode_desktop.ports.secrets import SecretStore
from denticode_desktop.ports.unit_of_work import Store, UnitOfWork

from .connection_places import (
    LOCATION_CHECK,
    find_location,
    find_provider,
    location_check,
    place_connection,
    with_location,
)
from .connection_report import (
    missing_secrets_report,
    report_detail,
    with_advice,
    with_kept_location,
    with_swap_hint,
)
from .connection_rules import (
    NewConnection,
    checked_availability,
    checked_environment,
    checked_secrets,
    checked_settings,
)
from .connection_store import (
    connection_draft,
    hold_disconnected,
    note_calls,
    note_report,
    refuse_second,
    refuse_takeover,
    release_hold,
)
from .gateways import Gateways
from .secret_custody import delete_secrets, require_store, secret_change

__all__ = ["AddResult", "ConnectPractice", "NewConnection"]

OnCheck = Callable[[Check], None]


@dataclass(frozen=True, slots=True)
class AddResult:
    """What adding came to: `connection_id` None = the test failed and nothing was stored."""

    connection_id: ConnectionId | None
    report: ConnectionReport


class ConnectPractice:
    """Connections of the practice. Every method that talks to the PMS may take seconds: not for the UI thread."""

    def __init__(
        self,
        store: Store,
        directory: PmsDirectory,
        secrets: SecretStore,
        gateways: Gateways,
        clock: Clock,
        sink: EventSink,
    ) -> None:
        self._store = store
        self._directory = directory
        self._secrets = secrets
        self._gateways = gateways
        self._clock = clock
        self._sink = sink

    def profiles(self) -> Sequence[PmsProfile]:
        """Every PMS that the program knows, available or planned."""
        return self._directory.profiles()

    def connections(self) -> Sequence[Connection]:
        """All of them, disconnected ones too."""
        with self._store.read() as uow:
            return uow.connections.all()

    def find(self, name_or_id: str | None) -> Connection:
        """By name without case (an enabled one first) or by id; None = the only enabled one, else the only one.

        Raises NotFoundError, or UserError (field `connection`) when there is none or a choice.
        """
        known = self.connections()
        if name_or_id is not None:
            return _named(known, name_or_id.strip())
        enabled = [c for c in known if c.is_enabled]
        if len(enabled or known) == 1:
            return (enabled or known)[0]
        names = ", ".join(c.settings.name for c in enabled or known)
        if enabled:
            raise UserError(f"Name one of the connections: {names}.", field="connection")
        if known:
            raise UserError(f"Every connection is disconnected: {names}. Reconnect one of them.", field="connection")
        raise UserError("No PMS is connected. Add a connection first.", field="connection")

    def find_to_reconnect(self, name_or_id: str | None) -> Connection:
        """As `find`, but None = the only one that is disconnected or whose sign-in was refused, where there is one."""
        waiting = [c for c in self.connections() if not c.is_enabled or c.hold is HoldReason.SIGN_IN]
        if name_or_id is not None or not waiting:
            return self.find(name_or_id)
        if len(waiting) == 1:
            return waiting[0]
        names = ", ".join(f"{c.settings.name} (number {c.connection_id})" for c in waiting)
        raise UserError(f"Name the connection to reconnect: {names}.", field="connection")

    def check_new(self, actor: Actor, new: NewConnection) -> None:
        """Everything about a new connection that can be told without its secrets and without asking the PMS.

        Raises NotAllowedError, UserError naming the field, SecretStoreError.
        """
        require(actor, Action.MANAGE_CONNECTIONS)
        self._checked_settings(new)

    def add(self, actor: Actor, new: NewConnection, secrets: ConnectionSecrets, on_check: OnCheck) -> AddResult:
        """Checks what was typed, tests it live and stores it when the light is green or yellow.

        Raises NotAllowedError, UserError naming the field, SecretStoreError, StorageError. Whatever was raised or
        failed: nothing is stored, the secrets neither.
        """
        require(actor, Action.MANAGE_CONNECTIONS)
        settings = self._checked_settings(new)
        secrets = checked_secrets(secrets, self._directory.profile(new.pms_key))
        gateway = self._gateways.open_with(settings, secrets)
        try:
            report = with_advice(gateway.check_connection(on_check))
            if report.light is Light.FAILED:
                return AddResult(None, with_swap_hint(report, settings))
            settings, extra = place_connection(gateway, settings, on_check)
            report = replace(report, checks=(*report.checks, *extra))
            calls = gateway.take_call_count()
        finally:
            gateway.close()
        connection_id = self._store_new(actor, settings, secrets, report, calls)
        self._sink.publish(ConnectionChanged(connection_id))
        return AddResult(connection_id, report)

    def _checked_settings(self, new: NewConnection) -> ConnectionSettings:
        profile = self._directory.profile(new.pms_key)
        checked_availability(profile)
        environment = checked_environment(new.environment)
        with self._store.read() as uow:
            if uow.practice.is_rehearsal_only() and environment is not Environment.REHEARSAL:
                raise UserError(
                    "This data folder is for Rehearsal only. Set up another folder for a real connection.",
                    field="environment",
                )
        host = self._directory.checked_host(new.pms_key, environment, (new.host or "").strip() or None)
        settings = checked_settings(new, profile, host)
        with self._store.read() as uow:
            refuse_second(uow, settings)
        require_store(self._secrets, environment)
        return settings

    def _store_new(
        self,
        actor: Actor,
        settings: ConnectionSettings,
        secrets: ConnectionSecrets,
        report: ConnectionReport,
        calls: int,
    ) -> ConnectionId:
        with secret_change(self._secrets) as change, self._store.write() as uow:
            refuse_second(uow, settings)
            connection_id = uow.connections.add(settings)
            note_report(uow, connection_id, report, calls, self._clock.utc_now())
            kind, light = AuditKind.CONNECTION_ADDED, report.light.value
            uow.audit.append(connection_draft(kind, actor, connection_id, light, report_detail(report)))
            change.put_all(connection_id, secrets)
        return connection_id

    def test(self, actor: Actor, connection_id: ConnectionId, on_check: OnCheck) -> ConnectionReport:
        """Tests a stored connection, keeps the report, and lifts a hold that the result disproves.

        Raises NotAllowedError, NotFoundError, UserError (disconnected), SecretStoreError, StorageError.
        """
        require(actor, Action.SYNC)
        connection = self._get(connection_id)
        if not connection.is_enabled:
            raise UserError(f"{connection.settings.name} is disconnected. Press Reconnect first.", field="connection")
        try:
            gateway = self._gateways.open(connection_id)
        except SecretStoreError as error:
            if error.kind != "missing":
                raise
            report, calls = missing_secrets_report(), 0
        else:
            report, calls = self._try(gateway, connection, on_check)
        with self._store.write() as uow:
            note_report(uow, connection_id, report, calls, self._clock.utc_now())
            kind, light = AuditKind.CONNECTION_TESTED, report.light.value
            uow.audit.append(connection_draft(kind, actor, connection_id, light, report_detail(report)))
            release_hold(uow, actor, connection_id, report)
        self._tell(connection_id)
        return report

    def _try(self, gateway: PmsGateway, connection: Connection, on_check: OnCheck) -> tuple[ConnectionReport, int]:
        """The report and the calls it took."""
        try:
            report = with_swap_hint(with_advice(gateway.check_connection(on_check)), connection.settings)
            calls = gateway.take_call_count()
        finally:
            gateway.close()
        return with_kept_location(report, connection.report), calls

    def disconnect(self, actor: Actor, connection_id: ConnectionId) -> None:
        """Holds and disables the connection and deletes its secrets; open items stay and say why. Idempotent.

        Raises NotAllowedError, NotFoundError, StorageError; SecretStoreError when the connection is off but its
        secrets could not be deleted (do it again).
        """
        require(actor, Action.MANAGE_CONNECTIONS)
        with self._store.write() as uow:
            connection = uow.connections.get(connection_id)
            hold_disconnected(uow, actor, connection_id)
        self._tell(connection_id)
        profile = self._directory.profile(connection.settings.pms_key)
        delete_secrets(self._secrets, connection_id, [f.name for f in profile.fields if f.is_secret])

    def reconnect(
        self, actor: Actor, connection_id: ConnectionId, secrets: ConnectionSecrets | None, on_check: OnCheck
    ) -> ConnectionReport:
        """Tries the stored secrets, or new ones, and switches the connection on when they work.

        New secrets are stored only then; a failed try with them leaves the connection as it was.
        Raises as `add` and `test`.
        """
        require(actor, Action.MANAGE_CONNECTIONS)
        connection = self._get(connection_id)
        settings = connection.settings
        require_store(self._secrets, settings.environment)
        if secrets is None and connection.is_enabled:
            return self.test(actor, connection_id, on_check)
        if secrets is None:
            known = self._kept_secrets(connection)
        else:
            known = checked_secrets(secrets, self._directory.profile(settings.pms_key))
        report, calls = self._try(self._gateways.open_with(settings, known), connection, on_check)
        if report.light is Light.FAILED:
            self._note_failed_try(actor, connection_id, report, calls)
            return report
        with secret_change(self._secrets) as change, self._store.write() as uow:
            refuse_takeover(uow, connection)
            uow.connections.set_enabled(connection_id, is_enabled=True)
            note_report(uow, connection_id, report, calls, self._clock.utc_now())
            release_hold(uow, actor, connection_id, report, is_back=True)
            detail = {**report_detail(report), "new_secrets": secrets is not None}
            kind = AuditKind.CONNECTION_RECONNECTED
            uow.audit.append(connection_draft(kind, actor, connection_id, report.light.value, detail))
            if secrets is not None:
                change.put_all(connection_id, known)
        self._tell(connection_id)
        return report

    def _kept_secrets(self, connection: Connection) -> ConnectionSecrets:
        try:
            return self._gateways.stored_secrets(connection.connection_id, connection.settings.pms_key)
        except SecretStoreError as error:
            if error.kind != "missing":
                raise
            raise UserError(
                "The credentials were deleted when the connection was disconnected. Enter them again.",
                field="client_secret",
            ) from None

    def _note_failed_try(self, actor: Actor, connection_id: ConnectionId, report: ConnectionReport, calls: int) -> None:
        """The stored report stays: it is about the stored secrets, not about those just tried."""
        with self._store.write() as uow:
            note_calls(uow, connection_id, calls, self._clock.utc_now())
            kind = AuditKind.CONNECTION_TESTED
            uow.audit.append(connection_draft(kind, actor, connection_id, "failed", report_detail(report)))

    def locations(self, connection_id: ConnectionId) -> Sequence[PmsLocation]:
        """The synced locations to choose from, none before the first sync. Raises StorageError."""
        with self._store.read() as uow:
            return uow.roster.pms_locations(connection_id)

    def choose_location(self, actor: Actor, connection_id: ConnectionId, location_id: PmsLocationId) -> None:
        """Sets the location and with it the time zone, from the synced list.

        Raises NotAllowedError, NotFoundError, UserError (field `location_id`: not in the list, or not synced yet).
        """
        require(actor, Action.MANAGE_CONNECTIONS)
        with self._store.write() as uow:
            connection = uow.connections.get(connection_id)
            locations = uow.roster.pms_locations(connection_id)
            if not locations:
                raise UserError("Press Sync Now first, so that the locations are known.", field="location_id")
            chosen = find_location(locations, location_id)
            uow.connections.change_settings(connection_id, with_location(connection.settings, chosen))
            if connection.report is not None and connection.tested_at is not None:
                checks = tuple(c for c in connection.report.checks if c.name != LOCATION_CHECK)
                report = replace(connection.report, checks=(*checks, location_check(chosen)))
                uow.connections.set_report(connection_id, report, connection.tested_at)
            _append_change(uow, actor, connection_id, "location_id", chosen.pms_location_id)
        self._tell(connection_id)

    def set_default_provider(
        self, actor: Actor, connection_id: ConnectionId, pms_provider_id: PmsProviderId | None
    ) -> None:
        """Sets the provider used where a Lab's own is not linked, from the synced list; None = no default.

        Raises NotAllowedError, NotFoundError, UserError (field `default_provider_id`).
        """
        require(actor, Action.MANAGE_CONNECTIONS)
        with self._store.write() as uow:
            connection = uow.connections.get(connection_id)
            if pms_provider_id is not None:
                find_provider(uow.roster.pms_providers(connection_id), pms_provider_id)
            settings = replace(connection.settings, default_provider_id=pms_provider_id)
            uow.connections.change_settings(connection_id, settings)
            _append_change(uow, actor, connection_id, "default_provider_id", pms_provider_id)
        self._tell(connection_id)

    def _get(self, connection_id: ConnectionId) -> Connection:
        with self._store.read() as uow:
            return uow.connections.get(connection_id)

    def _tell(self, connection_id: ConnectionId) -> None:
        self._sink.publish(ConnectionChanged(connection_id))
        self._sink.publish(QueueChanged(connection_id))


def _named(known: Sequence[Connection], wanted: str) -> Connection:
    named = [c for c in known if c.settings.name.casefold() == wanted.casefold()]
    numbered = [c for c in known if wanted.isdecimal() and c.connection_id == int(wanted)]
    for found in [*(c for c in named if c.is_enabled), *numbered, *named]:
        return found
    raise NotFoundError(
        f"There is no connection {wanted}. List the connections to see their names.", field="connection"
    )


def _append_change(uow: UnitOfWork, actor: Actor, connection_id: ConnectionId, field: str, value: str | None) -> None:
    kind = AuditKind.CONNECTION_CHANGED
    uow.audit.append(connection_draft(kind, actor, connection_id, "ok", {"field": field, "value": value}))
