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

from .sentences import STORAGE_ADVICE

_AGAIN = "What was read is kept. Try Sync Now later; if it happens again, tell the PMS's support."
_NO_DATA = "{name} answered for its {kind} list with something that is no data. " + _AGAIN
_TOO_LARGE = (
    "{name} answered for its {kind} list with far larger data than it ever sends, so it was not read to its end. "
    + _AGAIN
)
_NETWORK = "What was read is kept. Sign in to the network in the browser, or ask your IT team, then press Sync Now."
PROTOCOL_SENTENCES = {
    "endless_pages": "{name} sent the same page of its {kind} list twice, so the sync was stopped. " + _AGAIN,
    "backwards": "{name} sent a page of its {kind} list that goes back instead of on, so the sync was stopped. "
    + _AGAIN,
    "list_shrank": "{name} listed far fewer {kind} than before, so nothing was marked as gone. Check in the PMS; if "
    "they really were removed, run a full sync by hand.",
    "short_list": "{name} ended its {kind} list before its own count was reached, so nothing was marked as gone. "
    "Try Sync Now later.",
    "web_page": "A web page came back instead of {name}'s {kind} list, perhaps a sign-in page of your network. "
    + _NETWORK,
    "not_json": _NO_DATA,
    "bad_encoding": _NO_DATA,
    "too_large": _TOO_LARGE,
    "too_deep": _TOO_LARGE,
    "missing_id": "{name} sent a row without its id in its {kind} list, so the sync was stopped. " + _AGAIN,
    "no_names": "{name} sent its {kind} without names, so nothing was taken over. Tell the PMS's support, then press "
    "Sync Now.",
    "no_data": "{name} answered for its {kind} list without rows. " + _AGAIN,
    "no_token": "{name} answered the sign-in without giving access. Press Test Connection.",
}
_UNAVAILABLE_SENTENCES = {
    "http_3": "{name} leads on to another address ({detail}), perhaps a sign-in page of your network. " + _NETWORK,
    "http_5": "{name} is temporarily out of service ({detail}). What was read is kept; the next sync goes on from "
    "there. Try Sync Now in a few minutes.",
    "http_408": "{name} is temporarily out of service ({detail}). What was read is kept; the next sync goes on from "
    "there. Try Sync Now in a few minutes.",
    "list_errors": "{name} says that it could not make its {kind} list. " + _AGAIN,
}
"""By the beginning of PmsUnavailableError.kind."""


@dataclass(frozen=True, slots=True)
class KindCounts:
    """One kind's rows in a run: listed by the PMS, new here, different here, no longer listed (full runs only).

    missing: how many fewer were listed in a full run than the PMS counts; nobody is marked as gone then.
    nameless: patients that came without any name; what is known of them was left as it is.
    """

    seen: int = 0
    added: int = 0
    changed: int = 0
    gone: int = 0
    is_full: bool = False
    missing: int = 0
    nameless: int = 0


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
    counts = f"{added:,} new, {changed:,} changed, {gone:,} gone."
    short = [f"{c.missing:,} {kind.value}" for kind, c in kinds.items() if c.missing]
    if short:
        counts += (
            f" {name} counts {', '.join(short)} more than it listed, so nobody was marked as gone; the next full sync "
            "looks again."
        )
    nameless = sum(c.nameless for c in kinds.values())
    if nameless:
        counts += (
            f" {nameless:,} patients came without a name, so what was known of them was kept. Complete them in the PMS."
        )
    if not skipped:
        return f"{name} is up to date: {counts}"
    return (
        f"{name} was read in part: {counts} Not read, because a permission is missing: "
        f"{', '.join(s.kind.value for s in skipped)}. Ask your PMS administrator to grant it, then press Sync Now."
    )


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


def list_to_blame(error: DenticodeError, kind: SyncKind | None) -> str:
    """The kind whose list the PMS did not give as it should; empty where the failure is about no list."""
    is_about_a_list = (
        isinstance(error, PmsRefusedError)
        or (isinstance(error, PmsProtocolError) and error.kind != "no_token")
        or (isinstance(error, PmsUnavailableError) and error.kind == "list_errors")
    )
    return kind.value if kind is not None and is_about_a_list else ""


def failed_sentence(error: DenticodeError, name: str, kind: SyncKind | None) -> str:
    """One whole sentence and the next step for a failed run."""
    if isinstance(error, UserError):
        return error.sentence
    if isinstance(error, StorageError):
        advice = STORAGE_ADVICE.get(error.kind, STORAGE_ADVICE["failed"])
        return f"The sync of {name} stopped. {advice.sentence} {advice.next_step}"
    what, code = kind.value if kind else "record", str(getattr(error, "kind", ""))
    if isinstance(error, PmsProtocolError):
        unlike = "{name} gave an answer for its {kind} list that does not fit its contract ({detail}). " + _AGAIN
        return PROTOCOL_SENTENCES.get(code, unlike).format(name=name, kind=what, detail=code)
    if isinstance(error, PmsUnavailableError):
        found = next((text for start, text in _UNAVAILABLE_SENTENCES.items() if code.startswith(start)), None)
        if found is not None:
            return found.format(name=name, kind=what, detail=f"HTTP {code.removeprefix('http_')}")
    return _SENTENCES.get(outcome_code(error), _OURS).format(
        name=name, kind=what, permission=getattr(error, "permission", ""), status=getattr(error, "status", "")
    )


_SENTENCES: dict[str, str] = {
    "sign_in": "{name} refuses the sign-in. Open Settings, PMS Integrations and press Reconnect.",
    "forbidden": "{name} refuses to be read: the permission {permission} is missing. "
    "Ask your PMS administrator to grant it, then press Test Connection.",
    "throttled": "{name} asks for a pause before it is read again. What was read is kept; the next sync goes on from "
    "there. Try Sync Now later.",
    "not_reachable": "{name} does not answer. What was read is kept; the next sync goes on from there. "
    "Check this computer's internet connection, then press Sync Now.",
    "refused": "{name} refused a request for its {kind} list (HTTP {status}). Press Test Connection.",
    "secret_store": "The computer's credential store could not be read. Unlock it, then press Sync Now.",
}
"""By outcome_code."""
_OURS = (
    "The sync of {name} stopped on our own mistake. Nothing was lost. Press Sync Now again; if it stays, "
    "give the log to your IT team."
)
