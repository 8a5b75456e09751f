"""Exit codes of the console (product.md section 9) and which error gives which."""

from denticode_desktop.domain.errors import (
    BusyError,
    DenticodeError,
    NotAllowedError,
    PersonNeededError,
    PmsAuthError,
    PmsForbiddenError,
    PmsProtocolError,
    PmsRefusedError,
    PmsThrottledError,
    PmsUnavailableError,
    SecretStoreError,
    StoppedError,
    StorageError,
    StoreKeyError,
    StorePlaceError,
    StoreVersionError,
    UserError,
)

DONE = 0
UNEXPECTED = 1
USAGE = 2
YELLOW = 3
CONNECTION_FAILED = 4
NOT_ALLOWED = 5
PERSON_NEEDED = 6
QUEUED = 7
NOT_INTACT = 8

_CODES: tuple[tuple[type[DenticodeError], int, str], ...] = (
    (NotAllowedError, NOT_ALLOWED, "not_allowed"),
    (BusyError, NOT_ALLOWED, "busy"),
    (PersonNeededError, PERSON_NEEDED, "person_needed"),
    (StoppedError, UNEXPECTED, "stopped"),
    (UserError, USAGE, "usage"),
    (PmsThrottledError, QUEUED, "throttled"),
    (PmsUnavailableError, QUEUED, "pms_not_reachable"),
    (PmsAuthError, CONNECTION_FAILED, "sign_in"),
    (PmsForbiddenError, CONNECTION_FAILED, "permission_missing"),
    (PmsRefusedError, CONNECTION_FAILED, "refused"),
    (PmsProtocolError, CONNECTION_FAILED, "unexpected_answer"),
    (SecretStoreError, PERSON_NEEDED, "secret_store"),
    (StorePlaceError, USAGE, "data_folder"),
    (StoreVersionError, USAGE, "newer_version"),
    (StoreKeyError, PERSON_NEEDED, "database_key"),
    (StorageError, UNEXPECTED, "storage"),
)


def code_of(error: DenticodeError) -> tuple[int, str]:
    """(exit code, short code for scripts)."""
    for kind, exit_code, name in _CODES:
        if isinstance(error, kind):
            return exit_code, name
    return UNEXPECTED, "unexpected"
