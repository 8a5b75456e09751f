"""Sentences for errors that carry none: what happened, and one next step."""

from denticode_desktop.domain.errors import (
    DenticodeError,
    PmsForbiddenError,
    PmsRefusedError,
    SecretStoreError,
    StorageError,
    UserError,
)

PLACES = {
    "plaintext": ("The database in this data folder is not encrypted.", "Choose another data folder."),
    "network_share": ("The data folder is on a network share.", "Choose a folder on this computer's own disk."),
    "synced_folder": ("The data folder is synchronized by a cloud service.", "Choose a folder that is not."),
    "missing": ("There is no practice in this data folder.", "Run `denticode init` first, or name another --data-dir."),
    "not_writable": ("The data folder cannot be written.", "Check its rights and the free disk space."),
    "exists": ("There is a practice in this data folder already.", "Choose another --data-dir."),
}
STORES = {
    "no_store": "There is no credential store on this computer that Denticode may use.",
    "locked": "The computer's credential store is locked.",
    "too_long": "A secret is too long for the computer's credential store.",
    "missing": "The credentials of this connection are not on this computer.",
}
OTHERS: dict[str, tuple[str, str]] = {
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
    "StorageError": (
        "The database could not be read or written.",
        "Check the free disk space, then run `denticode doctor`.",
    ),
}


def words_of(error: DenticodeError) -> tuple[str, str]:
    """(sentence, next step); the next step is empty where the sentence holds it."""
    if isinstance(error, UserError):
        return error.sentence, ""
    if isinstance(error, SecretStoreError):
        return STORES.get(error.kind, "The computer's credential store refused."), error.hint
    if isinstance(error, PmsForbiddenError):
        return f"The PMS account lacks the permission {error.permission}.", "Ask your PMS administrator to grant it."
    if isinstance(error, PmsRefusedError):
        said = f' It says: "{error.words}"' if error.words else ""
        return f"The PMS refused the request.{said}", "Correct what it names and try again."
    if isinstance(error, StorageError) and error.kind in PLACES:
        return PLACES[error.kind]
    unexpected = ("Something unexpected went wrong.", "Try again; if it stays, send the log to your IT team.")
    return OTHERS.get(type(error).__name__, unexpected)
