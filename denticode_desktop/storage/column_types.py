"""How a typed column is kept: the Python type that its meaning has, over the STRICT type that SQLite has for it.

The same spelling as `values.py`, which the repositories use: a test reads their rows through the models.
"""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import REAL, Dialect, Integer, LargeBinary, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from denticode_desktop.domain.audit_event import AuditKind
from denticode_desktop.domain.charting import TreatmentArea
from denticode_desktop.domain.connection import Environment, HoldReason
from denticode_desktop.domain.entity_link import LinkRule
from denticode_desktop.domain.ids import (
    AttemptId,
    ConnectionId,
    ItemId,
    LabId,
    PatientId,
    PmsCodeId,
    PmsKey,
    PmsLocationId,
    PmsPatientId,
    PmsProviderId,
    ProviderId,
    RemoteId,
    UserId,
    WriteBackId,
)
from denticode_desktop.domain.lab import RevisionKind
from denticode_desktop.domain.people import PmsPatientStatus, Sex
from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.domain.write_back import ItemKind, ItemState, OutcomeKind, RequestKind, ReviewReason

from .values import from_date_or_none, from_list, from_time_or_none, to_date_or_none, to_list, to_time_or_none


class Flag(TypeDecorator[bool]):
    """A yes or no as 1 or 0; a CHECK beside it (`schema.flag_check`) lets nothing else in."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> int | None:
        """1 or 0."""
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> bool | None:
        """A bool."""
        return None if value is None else bool(value)


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time as fixed-width text, so that text order is time order. Raises ValueError for a naive one."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """`2026-11-20T08:30:00.000000+00:00`."""
        return to_time_or_none(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """Aware UTC."""
        return from_time_or_none(value)


class IsoDate(TypeDecorator[date]):
    """A date in the practice's zone as ISO text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        """`2026-11-20`."""
        return to_date_or_none(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:
        """A date."""
        return from_date_or_none(value)


class TextList(TypeDecorator[tuple[str, ...]]):
    """Some texts as a JSON list."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> str | None:
        """JSON, in the given order."""
        return None if value is None else to_list(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...] | None:
        """The texts."""
        return None if value is None else tuple(from_list(value))


class Word(TypeDecorator[StrEnum]):
    """One word of a closed list. Raises ValueError for another one."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        """The word."""
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """The member."""
        return None if value is None else self.kind(value)


WORDS: tuple[type[StrEnum], ...] = (
    AuditKind, Environment, HoldReason, ItemKind, ItemState, LinkRule, OutcomeKind, PmsPatientStatus, RequestKind,
    ReviewReason, RevisionKind, Sex, SyncKind, TreatmentArea,
)  # fmt: skip
OUR_IDS = (AttemptId, ConnectionId, ItemId, PatientId, ProviderId, UserId, WriteBackId)
"""Numbers that SQLite gives."""
TEXT_IDS = (LabId, PmsCodeId, PmsKey, PmsLocationId, PmsPatientId, PmsProviderId, RemoteId)
TYPE_OF_ANNOTATION: dict[Any, type[TypeEngine[Any]] | TypeEngine[Any]] = {
    str: Text,
    int: Integer,
    float: REAL,
    bytes: LargeBinary,
    bool: Flag,
    datetime: UtcTime,
    date: IsoDate,
    tuple[str, ...]: TextList,
    **dict.fromkeys(OUR_IDS, Integer),
    **dict.fromkeys(TEXT_IDS, Text),
    **{kind: Word(kind) for kind in WORDS},
}
"""What `Mapped[...]` of each type is kept as."""
