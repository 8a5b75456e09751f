"""Errors in words: what is the matter, one next step, codes for IT. No patient data."""

from dataclasses import dataclass

from denticode_desktop.domain.errors import (
    DenticodeError,
    PmsAuthError,
    PmsForbiddenError,
    PmsProtocolError,
    PmsRefusedError,
    PmsThrottledError,
    PmsUnavailableError,
    SecretStoreError,
    StorageError,
    StoreKeyError,
    StorePlaceError,
    StoreVersionError,
    UserError,
)
from denticode_desktop.services.sentences import STORAGE_ADVICE
from denticode_desktop.ui.words import tr


@dataclass(frozen=True, slots=True)
class Message:
    """sentence and next_step are translated and whole; details: error class and code, for IT."""

    sentence: str
    next_step: str = ""
    details: str = ""

    @property
    def words(self) -> str:
        """Sentence and next step in one line."""
        return f"{self.sentence} {self.next_step}".strip()


_WORDS: tuple[tuple[type[DenticodeError], str, str], ...] = (
    (PmsUnavailableError, "The PMS does not answer.",
     "Check this computer's internet connection, then try again. Nothing is lost."),
    (PmsThrottledError, "The PMS asked to wait before the next request.", "Try again in a few minutes."),
    (PmsAuthError, "The PMS refused the sign-in.", "Open PMS Integrations and press Reconnect."),
    (PmsForbiddenError, "The PMS account lacks a permission.",
     "Ask your PMS administrator to switch it on, then press Test Connection."),
    (PmsRefusedError, "The PMS refused the request.", "Press Test Connection in PMS Integrations."),
    (PmsProtocolError, "The PMS gave an answer that does not fit its contract.",
     "Try again later. If it happens again, give the details to your IT team."),
    (SecretStoreError, "The computer's credential store could not be used.",
     "Unlock it or sign in to the computer again, then try again."),
    (StoreKeyError, "The key in the credential store does not open this data folder. Nothing was changed.",
     "Have the recovery key ready and ask your IT team."),
    (StoreVersionError, "The data folder was written by a newer Denticode. Nothing was changed.",
     "Install the newest version on this computer."),
    (StorePlaceError, "The data folder cannot be used where it is.",
     "Use a folder on this computer's own disk and start again."),
)  # fmt: skip


def message_of(error: DenticodeError) -> Message:
    """For a page's error panel or notice."""
    code = str(getattr(error, "kind", "") or getattr(error, "permission", ""))
    details = " ".join(part for part in (type(error).__name__, code) if part)
    if isinstance(error, UserError):
        return Message(error.sentence, "", details)
    for kind, sentence, next_step in _WORDS:
        if isinstance(error, kind):
            return Message(tr(sentence), tr(next_step), details)
    if isinstance(error, StorageError):
        advice = STORAGE_ADVICE.get(error.kind, STORAGE_ADVICE["failed"])
        return Message(tr(advice.sentence), tr(advice.next_step), details)
    return Message(
        tr("This did not work because of a mistake of ours. Nothing was lost."),
        tr("Try again. If it happens again, copy the details for your IT team."),
        f"{details} {error}".strip(),
    )


def words_of(error: DenticodeError) -> str:
    """Sentence and next step in one line."""
    return message_of(error).words
