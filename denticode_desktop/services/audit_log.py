"""AuditLog: read, verify and export the hash-chained log of everything that happened."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from denticode_desktop.domain.access import Action, Actor, require
from denticode_desktop.domain.audit_event import AuditDraft, AuditEvent, AuditKind
from denticode_desktop.domain.errors import StoppedError, StorageError, UserError
from denticode_desktop.ports.clock import Clock
from denticode_desktop.ports.unit_of_work import Store, UnitOfWork
from denticode_desktop.ports.views import AuditFilter

from .anchor import AnchorStore
from .audit_chain import ChainWalk, VerifyResult, walk
from .audit_export import csv_lines, json_lines

__all__ = ["AuditLog", "VerifyResult", "Watch"]

FORMATS = ("csv", "jsonl")
_PAGE = 1_000
_STEP = 500


@dataclass(frozen=True, slots=True)
class Watch:
    """Who waits for long work: tell(done, total) in events; is_stopped: whether to give up."""

    tell: Callable[[int, int], None]
    is_stopped: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class _Written:
    events: int
    sha256: str


class AuditLog:
    """The log of one database."""

    def __init__(self, store: Store, anchor: AnchorStore, clock: Clock) -> None:
        self._store = store
        self._anchor = anchor
        self._clock = clock

    def verify(self, actor: Actor, watch: Watch | None = None) -> VerifyResult:
        """Walks the chain from its first event and compares it with the anchor in the credential store.

        Raises NotAllowedError, SecretStoreError (the anchor cannot be read), StorageError, StoppedError. A log that is
        broken is a result, not an error; the walk itself becomes an event unless it was stopped.
        """
        require(actor, Action.READ_AUDIT)
        # The anchor first: it is written after the event it remembers, so a log read later holds that event.
        anchor = self._anchor.read()
        with self._store.read() as uow:
            chain = ChainWalk()
            try:
                result = walk(_watched(uow, uow.audit.iterate(), watch), anchor, chain)
            except StorageError as error:
                if error.kind != "damaged":
                    raise
                seq = chain.head.seq + 1
                result = chain.broken(seq, f"Event {seq} cannot be read: its row is damaged.")
        # A damaged log may refuse another event; what was found is told all the same.
        outcome = "ok" if result.ok else "broken"
        detail: dict[str, str | int | bool | None] = {"events": result.events, "bad_seq": result.bad_seq}
        draft = AuditDraft(AuditKind.AUDIT_VERIFIED, actor.name, actor.role.value, outcome=outcome, detail=detail)
        with contextlib.suppress(StorageError), self._store.write() as uow:
            uow.audit.append(draft)
        return result

    def page(self, actor: Actor, filters: AuditFilter, before_seq: int | None, limit: int) -> Sequence[AuditEvent]:
        """Newest first, below `before_seq` (None = from the newest). Raises NotAllowedError, StorageError."""
        require(actor, Action.READ_AUDIT)
        with self._store.read() as uow:
            return uow.audit.page(filters, before_seq=before_seq, limit=limit)

    def count(self, actor: Actor, filters: AuditFilter) -> int:
        """How many events a filter lets through. Raises NotAllowedError, StorageError."""
        require(actor, Action.READ_AUDIT)
        with self._store.read() as uow:
            return uow.audit.count(filters)

    def export(
        self, actor: Actor, fmt: str, out: Path, filters: AuditFilter | None = None, watch: Watch | None = None
    ) -> int:
        """Writes `csv` (filtered, newest first) or `jsonl` (the whole log, verifiable by itself) for the owner only.

        Returns how many events. The file appears whole or not at all and never replaces another. The export is an
        event of its own, stored before the file appears, and not in it.
        Raises NotAllowedError, UserError (fields `format`, `out`, `filters`), StorageError, StoppedError.
        """
        require(actor, Action.EXPORT_AUDIT)
        filters = filters or AuditFilter()
        _check_request(fmt, out, filters)
        with _new_file(out) as partial:
            with self._store.read() as uow:
                written = _write_lines(partial.path, _lines(uow, fmt, filters, watch))
            if watch is not None and watch.is_stopped():
                raise StoppedError
            with self._store.write() as uow:
                uow.audit.append(_export_draft(actor, fmt, written, is_filtered=filters != AuditFilter()))
            partial.publish(out)
        return written.events


def _export_draft(actor: Actor, fmt: str, written: _Written, *, is_filtered: bool) -> AuditDraft:
    detail: dict[str, str | int | bool | None] = {"format": fmt, "events": written.events, "is_filtered": is_filtered}
    kind, role = AuditKind.AUDIT_EXPORTED, actor.role.value
    return AuditDraft(kind, actor.name, role, content_sha256=written.sha256, detail=detail)


def _check_request(fmt: str, out: Path, filters: AuditFilter) -> None:
    if fmt not in FORMATS:
        raise UserError(f"The format {fmt} is not known here. Choose csv or jsonl.", field="format")
    if fmt == "jsonl" and filters != AuditFilter():
        raise UserError(
            "JSON lines hold the whole log, so that it can be verified. Leave the filters out, or choose csv.",
            field="filters",
        )
    if out.exists() or out.is_symlink():
        raise UserError(f"{out.name} exists already. Choose another file name.", field="out")


def _lines(uow: UnitOfWork, fmt: str, filters: AuditFilter, watch: Watch | None) -> Iterator[bytes]:
    if fmt == "jsonl":
        return json_lines(uow.audit.head(), _watched(uow, uow.audit.iterate(), watch))
    total = uow.audit.count(filters) if watch is not None else 0
    return csv_lines(_watched(uow, _pages(uow, filters), watch, total))


def _watched(
    uow: UnitOfWork, events: Iterable[AuditEvent], watch: Watch | None, total: int | None = None
) -> Iterator[AuditEvent]:
    """The same events; says how far it is and stops when asked, every _STEP events."""
    if watch is None:
        yield from events
        return
    whole = uow.audit.head().seq if total is None else total
    for number, event in enumerate(events):
        if number % _STEP == 0:
            if watch.is_stopped():
                raise StoppedError
            watch.tell(number, whole)
        yield event


def _pages(uow: UnitOfWork, filters: AuditFilter) -> Iterator[AuditEvent]:
    before_seq: int | None = None
    while page := uow.audit.page(filters, before_seq=before_seq, limit=_PAGE):
        yield from page
        before_seq = page[-1].seq


def _write_lines(path: Path, lines: Iterable[bytes]) -> _Written:
    """Writes a header and a line an event, durably."""
    digest, count = hashlib.sha256(), 0
    with path.open("ab") as file:
        for line in lines:
            file.write(line)
            digest.update(line)
            count += 1
        file.flush()
        os.fsync(file.fileno())
    return _Written(count - 1, digest.hexdigest())


class _Partial:
    """A file beside the wanted one, owner-only from its first moment."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def publish(self, out: Path) -> None:
        """Gives it its name unless something took that name meanwhile."""
        try:
            os.link(self.path, out)
        except FileExistsError:
            raise UserError(f"{out.name} exists already. Choose another file name.", field="out") from None
        except OSError:
            # A drive without hard links (FAT): the moment between the check and the move is all that is left open.
            if out.exists():
                raise UserError(f"{out.name} exists already. Choose another file name.", field="out") from None
            self.path.rename(out)


@contextlib.contextmanager
def _new_file(out: Path) -> Iterator[_Partial]:
    """Removed at the end unless published by renaming. OSErrors become a UserError about `out`."""
    partial: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent)
        os.close(handle)
        partial = Path(name)
        yield _Partial(partial)
    except OSError as error:
        raise UserError(
            f"{out.name} cannot be written ({type(error).__name__}). Choose a folder that exists and has room.",
            field="out",
        ) from None
    finally:
        if partial is not None:
            partial.unlink(missing_ok=True)
