"""What a sync run did, and the sentences about it."""

from collections.abc import Mapping, Sequence
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
    UserError,
)
from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.domain.sync_cursor import SyncKind

PROTOCOL_SENTENCES = {
    "endless_pages": "{name} sent the same page of its {kind} list twice, so the sync was stopped. What was read is "
    "kept. Try Sync Now later; if it happens again, tell the PMS's support.",
    "backwards": "{name} sent a page of its {kind} list that goes back instead of on, so the sync was stopped. What "
    "was read is kept. Try Sync Now later; if it happens again, tell the PMS's support.",
    "list_shrank": "{name} listed far fewer {kind} than before, so nothing was marked as gone. Check in the PMS; if "
    "they really were removed, run a full sync by hand.",
    "short_list": "{name} ended its {kind} list before its own count was reached, so nothing was marked as gone. "
    "Try Sync Now later.",
}


@dataclass(frozen=True, slots=True)
class KindCounts:
    """One kind's rows in a run: listed by the PMS, new here, different here, no longer listed (full runs only)."""

    seen: int = 0
    added: int = 0
    changed: int = 0
    gone: int = 0
    is_full: bool = False


@dataclass(frozen=True, slots=True)
class SkippedKind:
    """A kind that was left out because a permission is missing."""

    kind: SyncKind
    permission: str
    sentence: str


@dataclass(frozen=True, slots=True)
class SyncReport:
    """A run that ended `ok` or `cancelled`; a failed run raises instead. `resumed`: it went on where another stopped.

    calls: requests made, for the vendor's monthly allowance.
    """

    connection_id: ConnectionId
    outcome: str
    kinds: Mapping[SyncKind, KindCounts]
    skipped: tuple[SkippedKind, ...]
    duration_s: float
    resumed: bool
    calls: int
    sentence: str

    @property
    def seen(self) -> int:
        """Rows listed, all kinds."""
        return sum(counts.seen for counts in self.kinds.values())

    @property
    def added(self) -> int:
        """Rows that are new here."""
        return sum(counts.added for counts in self.kinds.values())

    @property
    def changed(self) -> int:
        """Rows that differ from what was here."""
        return sum(counts.changed for counts in self.kinds.values())

    @property
    def gone(self) -> int:
        """Rows that the PMS no longer lists."""
        return sum(counts.gone for counts in self.kinds.values())


def skipped_sentence(kind: SyncKind, permission: str) -> str:
    """What a missing permission stops, and who can change it."""
    return (
        f"The {kind.value} were not read: the PMS account lacks the permission {permission}. "
        "Ask your PMS administrator to grant it, then press Test Connection."
    )


def finished_sentence(name: str, kinds: Mapping[SyncKind, KindCounts], skipped: Sequence[SkippedKind]) -> str:
    """`Main office is up to date: 3 new, 1 changed, 0 gone.` and what was left out."""
    added, changed, gone = (sum(getattr(c, part) for c in kinds.values()) for part in ("added", "changed", "gone"))
    tail = f" Not read, because a permission is missing: {', '.join(s.kind.value for s in skipped)}." if skipped else ""
    return f"{name} is up to date: {added:,} new, {changed:,} changed, {gone:,} gone.{tail}"


def cancelled_sentence(name: str) -> str:
    """After a cancel."""
    return f"The sync of {name} was stopped. What was read is kept; the next sync goes on from there."


def outcome_code(error: DenticodeError) -> str:
    """A short code for events and the audit log: no text from outside is in it."""
    codes: tuple[tuple[type[DenticodeError], str], ...] = (
        (PmsAuthError, "sign_in"),
        (PmsForbiddenError, "forbidden"),
        (PmsThrottledError, "throttled"),
        (PmsUnavailableError, "not_reachable"),
        (PmsProtocolError, "unexpected_answer"),
        (PmsRefusedError, "refused"),
        (SecretStoreError, "secret_store"),
        (StorageError, "storage"),
        (UserError, "person_needed"),
    )
    return next((code for kind, code in codes if isinstance(error, kind)), "unexpected")


def failed_sentence(error: DenticodeError, name: str, kind: SyncKind | None) -> str:
    """One whole sentence and the next step for a failed run."""
    if isinstance(error, UserError):
        return error.sentence
    if isinstance(error, PmsProtocolError) and error.kind in PROTOCOL_SENTENCES:
        return PROTOCOL_SENTENCES[error.kind].format(name=name, kind=kind.value if kind else "record")
    sentences: dict[str, str] = {
        "sign_in": f"{name} refuses the sign-in. Open Settings, PMS Integrations and press Reconnect.",
        "forbidden": f"{name} refuses to be read: the permission {getattr(error, 'permission', '')} is missing. "
        "Ask your PMS administrator to grant it, then press Test Connection.",
        "throttled": f"{name} asks for a pause before it is read again. The sync goes on by itself later.",
        "not_reachable": f"{name} does not answer. What was read is kept; the sync goes on by itself when it is back.",
        "unexpected_answer": f"{name} gave an answer that does not fit its contract. Try Sync Now later; if it happens "
        "again, send the support bundle.",
        "refused": f"{name} refused a request for its {kind.value if kind else 'record'} list. Press Test Connection.",
        "secret_store": "The computer's credential store could not be read. Unlock it, then press Sync Now.",
        "storage": "The database could not be written. Check the free disk space, then press Sync Now.",
    }
    ours = f"The sync of {name} stopped on our own mistake. Send the support bundle."
    return sentences.get(outcome_code(error), ours)
