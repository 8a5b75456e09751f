"""Doctor at a data folder that does not open: what can be told without the database."""

from collections.abc import Iterator

from denticode_desktop.domain.errors import (
    DenticodeError,
    SecretStoreError,
    StorageError,
    StoreKeyError,
    StorePlaceError,
    StoreVersionError,
)

from .doctor import DoctorCheck, DoctorReport, Finding, free_space_check

_UNKNOWN = "Not examined, because the data folder does not open."


def closed_report(error: DenticodeError, sentence: str, next_step: str, free_bytes: int | None) -> DoctorReport:
    """The checks of a folder that `error` keeps closed. `sentence` and `next_step` are about it.

    free_bytes: free space where the folder is, None where nobody can tell.
    """
    return DoctorReport(tuple(_checks(error, sentence, next_step, free_bytes)), ())


def _checks(error: DenticodeError, sentence: str, next_step: str, free_bytes: int | None) -> Iterator[DoctorCheck]:
    if free_bytes is None:
        yield DoctorCheck("disk", "free_space", Finding.SKIPPED, "The free space of the disk cannot be told.")
    else:
        yield free_space_check(free_bytes)
    if isinstance(error, SecretStoreError | StoreKeyError):
        yield DoctorCheck("credential_store", "database_key", Finding.FAILED, sentence, next_step)
        yield DoctorCheck("database", "open", Finding.SKIPPED, _UNKNOWN)
    else:
        yield DoctorCheck("credential_store", "database_key", Finding.SKIPPED, _UNKNOWN)
        yield DoctorCheck("database", _name_of(error), Finding.FAILED, sentence, next_step)
    yield DoctorCheck("scheduler", "engine", Finding.SKIPPED, _UNKNOWN)
    yield DoctorCheck("network", "connections", Finding.SKIPPED, _UNKNOWN)


def _name_of(error: DenticodeError) -> str:
    """Of the check that failed: damage is told apart, since only that means that nothing may be sent any more."""
    if isinstance(error, StoreVersionError):
        return "version"
    if isinstance(error, StorePlaceError):
        return "place"
    return "integrity" if isinstance(error, StorageError) and error.kind == "damaged" else "open"
