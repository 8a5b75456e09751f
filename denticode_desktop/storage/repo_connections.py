"""Connections (ports.unit_of_work.ConnectionRepository). Never a secret."""

from collections.abc import Sequence
from datetime import datetime

from denticode_desktop.domain.connection import (
    Connection,
    ConnectionReport,
    ConnectionSettings,
    Environment,
    HoldReason,
    Permission,
)
from denticode_desktop.domain.errors import NotFoundError, UserError
from denticode_desktop.domain.ids import ConnectionId, PmsKey, PmsLocationId, PmsProviderId
from denticode_desktop.ports.clock import Clock

from .payload_codec import decode_report, encode_report
from .session import ConstraintError, Row, Session
from .values import folded, from_list, from_time_or_none, to_set, to_time, to_time_or_none

_SETTINGS = (
    "name", "name_key", "pms_key", "environment", "host", "organization_id", "client_id", "location_id",
    "default_provider_id", "settle_s", "is_marker_on", "may_complete_procedures", "time_zone",
)  # fmt: skip
_TAKEN = "A connection of that name exists already. Choose another name."


class SqlConnections:
    """Connections on one session."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    def add(self, settings: ConnectionSettings) -> ConnectionId:
        """As the port."""
        marks = ", ".join("?" * len(_SETTINGS))
        try:
            return ConnectionId(
                self._session.insert(
                    f"INSERT INTO connection ({', '.join(_SETTINGS)}) VALUES ({marks})", _values_of(settings)
                )
            )
        except ConstraintError as error:
            raise UserError(_TAKEN, field="name") from error

    def get(self, connection_id: ConnectionId) -> Connection:
        """As the port."""
        row = self._session.one("SELECT * FROM connection WHERE id = ?", (connection_id,))
        if row is None:
            raise NotFoundError("There is no such connection. See `denticode connection list`.", field="connection")
        return self._connection_of(row)

    def all(self) -> Sequence[Connection]:
        """In the order in which they were added."""
        return [self._connection_of(row) for row in self._session.all("SELECT * FROM connection ORDER BY id")]

    def _set(self, connection_id: ConnectionId, **values: object) -> None:
        sets = ", ".join(f"{name} = :{name}" for name in values)
        self._session.change(f"UPDATE connection SET {sets} WHERE id = :id", {**values, "id": connection_id})

    def change_settings(self, connection_id: ConnectionId, settings: ConnectionSettings) -> None:
        """As the port. Raises UserError (field `name`) as `add`."""
        try:
            self._set(connection_id, **dict(zip(_SETTINGS, _values_of(settings), strict=True)))
        except ConstraintError as error:
            raise UserError(_TAKEN, field="name") from error

    def set_enabled(self, connection_id: ConnectionId, is_enabled: bool) -> None:
        """Raises UserError (field `name`) where another enabled one took the name."""
        try:
            self._set(connection_id, is_enabled=int(is_enabled))
        except ConstraintError as error:
            raise UserError(_TAKEN, field="name") from error

    def set_report(self, connection_id: ConnectionId, report: ConnectionReport, at: datetime) -> None:
        """As the port."""
        self._set(connection_id, report=encode_report(report), tested_at=to_time(at))

    def set_hold(self, connection_id: ConnectionId, hold: HoldReason | None, detail: str = "") -> None:
        """As the port."""
        self._set(connection_id, hold=hold.value if hold else None, hold_detail=detail)

    def note_good_read(self, connection_id: ConnectionId, at: datetime) -> None:
        """As the port."""
        self._set(connection_id, last_good_read_at=to_time(at))

    def note_good_write(self, connection_id: ConnectionId, at: datetime, permission: Permission) -> None:
        """As the port."""
        text = self._session.value("SELECT write_confirmed FROM connection WHERE id = ?", (connection_id,))
        confirmed = to_set({*from_list(text or "[]"), permission.value})
        self._set(connection_id, last_good_write_at=to_time(at), write_confirmed=confirmed)

    def note_lag(self, connection_id: ConnectionId, ticks: int) -> None:
        """As the port."""
        self._session.change(
            "UPDATE connection SET largest_lag_ticks = max(largest_lag_ticks, ?) WHERE id = ?", (ticks, connection_id)
        )

    def double_settle(self, connection_id: ConnectionId) -> None:
        """As the port."""
        self._session.change(
            "UPDATE connection SET settle_factor = min(settle_factor * 2, 64) WHERE id = ?", (connection_id,)
        )

    def note_waiting(self, connection_id: ConnectionId, why: str, next_try_at: datetime | None) -> None:
        """As the port."""
        self._set(connection_id, waiting_why=why, next_try_at=to_time_or_none(next_try_at))

    def add_calls(self, connection_id: ConnectionId, month: str, calls: int) -> None:
        """As the port."""
        self._session.change(
            "UPDATE connection SET calls = CASE WHEN calls_month = :month THEN calls ELSE 0 END + :calls,"
            " calls_month = :month WHERE id = :id",
            {"month": month, "calls": calls, "id": connection_id},
        )

    def _connection_of(self, row: Row) -> Connection:
        this_month = self._clock.utc_now().strftime("%Y-%m")
        return Connection(
            connection_id=ConnectionId(row["id"]),
            settings=_settings_of(row),
            is_enabled=bool(row["is_enabled"]),
            hold=None if row["hold"] is None else HoldReason(row["hold"]),
            hold_detail=row["hold_detail"],
            report=decode_report(row["report"]),
            tested_at=from_time_or_none(row["tested_at"]),
            last_good_read_at=from_time_or_none(row["last_good_read_at"]),
            last_good_write_at=from_time_or_none(row["last_good_write_at"]),
            largest_lag_ticks=int(row["largest_lag_ticks"]),
            settle_factor=int(row["settle_factor"]),
            calls_this_month=int(row["calls"]) if row["calls_month"] == this_month else 0,
            write_confirmed=frozenset(Permission(p) for p in from_list(row["write_confirmed"])),
            waiting_why=row["waiting_why"],
            next_try_at=from_time_or_none(row["next_try_at"]),
        )


def _values_of(s: ConnectionSettings) -> tuple[object, ...]:
    return (
        s.name, folded(s.name), s.pms_key, s.environment.value, s.host, s.organization_id, s.client_id, s.location_id,
        s.default_provider_id, s.settle_s, int(s.is_marker_on), int(s.may_complete_procedures), s.time_zone,
    )  # fmt: skip


def _settings_of(row: Row) -> ConnectionSettings:
    return ConnectionSettings(
        name=row["name"],
        pms_key=PmsKey(row["pms_key"]),
        environment=Environment(row["environment"]),
        host=row["host"],
        organization_id=row["organization_id"],
        client_id=row["client_id"],
        location_id=None if row["location_id"] is None else PmsLocationId(row["location_id"]),
        default_provider_id=None if row["default_provider_id"] is None else PmsProviderId(row["default_provider_id"]),
        settle_s=int(row["settle_s"]),
        is_marker_on=bool(row["is_marker_on"]),
        may_complete_procedures=bool(row["may_complete_procedures"]),
        time_zone=row["time_zone"],
    )
