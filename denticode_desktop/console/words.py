"""Sentences for errors that carry none: what happened, and one next step."""

from denticode_desktop.domain.errors import (
    DenticodeError,
    PmsForbiddenError,
    PmsRefusedError,
    SecretStoreError,
    StorageError,
    StorePlaceError,
    UserError,
)
from denticode_desktop.services.sentences import STORAGE_ADVICE

_UNEXPECTED = ("Something unexpected went wrong.", "Try again; if it stays, send the log to your IT team.")
PLACES = {
    "plaintext": ("The database in this data folder is not encrypted.", "Choose another data folder."),
    "network_share": ("The data folder is on a network share.", "Choose a folder on this computer's own disk."),
    "synced_folder": ("The data folder is synchronized by a cloud service.", "Choose a folder that is not."),
    "missing": ("There is no practice in this data folder.", "Run `denticode init` first, or name another --data-dir."),
    "not_writable": ("The data folder cannot be written.", "Check its rights and the free disk space."),
    "damaged_identity": (
        "The file folder.json of this data folder is damaged. Nothing was changed.",
        "Put it back from a backup of this data folder, or name another --data-dir.",
    ),
    "exists": ("There is a practice in this data folder already.", "Choose another --data-dir."),
}
STORES = {
    "no_store": "There is no credential store on this computer that Denticode may use.",
    "locked": "The computer's credential store is locked.",
    "disk_full": "The disk is full, so nothing was stored.",
    "too_long": "A secret is too long for the computer's credential store.",
    "missing": "The credentials of this connection are not on this computer.",
}
OTHERS: dict[str, tuple[str, str]] = {
    "StorePlaceError": ("The data folder cannot be used.", "Choose a folder on this computer's own disk."),
    "PmsUnavailableError": ("The PMS does not answer.", "Try again later; what is queued stays queued."),
    "PmsThrottledError": ("The PMS asks for a pause.", "Try again later; what is queued stays queued."),
    "PmsAuthError": ("The PMS refuses the sign-in.", "Run `denticode connection reconnect` with the credentials."),
    "PmsProtocolError": (
        "The PMS gave an answer that does not fit its contract.",
        "Try again later; if it stays, tell the PMS's support.",
    ),
    "StoreKeyError": (
        "The key in the credential store does not open this database, or is gone. Nothing was changed.",
        "Run `denticode recover` with the recovery key.",
    ),
    "StoreVersionError": (
        "The database was written by a newer version of Denticode. Nothing was changed.",
        "Install that version.",
    ),
}


class ToldError(DenticodeError):
    """An error about which a service has told a sentence of its own, next step included. `cause` gives the exit code.

    field: what is to blame, where something is.
    """

    def __init__(self, cause: DenticodeError, sentence: str, *, field: str | None = None) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.sentence = sentence
        self.field = field


def words_of(error: DenticodeError) -> tuple[str, str]:
    """(sentence, next step); the next step is empty where the sentence holds it."""
    if isinstance(error, UserError | ToldError):
        return error.sentence, ""
    if isinstance(error, SecretStoreError):
        sentence = STORES.get(error.kind, "The computer's credential store refused.")
        return sentence, error.hint or "Unlock the credential store or ask your IT team, then try again."
    if isinstance(error, PmsForbiddenError):
        return f"The PMS account lacks the permission {error.permission}.", "Ask your PMS administrator to grant it."
    if isinstance(error, PmsRefusedError):
        said = f' It says: "{error.words}"' if error.words else ""
        return f"The PMS refused the request.{said}", "Correct what it names and try again."
    if isinstance(error, StorageError):
        return words_of_storage(error)
    return OTHERS.get(type(error).__name__, _UNEXPECTED)


def words_of_storage(error: StorageError) -> tuple[str, str]:
    """(sentence, next step) for the data folder and its database."""
    if isinstance(error, StorePlaceError) and error.kind in PLACES:
        return PLACES[error.kind]
    advice = STORAGE_ADVICE.get(error.kind, STORAGE_ADVICE["failed"])
    return OTHERS.get(type(error).__name__, (advice.sentence, advice.next_step))
