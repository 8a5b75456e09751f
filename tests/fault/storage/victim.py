"""A process that writes and is killed: `python -m tests.fault.storage.victim FOLDER kill N`, `… make N`, `… race`.

`kill` runs one scenario of several write units and dies by SIGKILL right before its N-th statement; each finished unit
is told on standard output, so that the test knows what was promised. `make` makes a store and dies before the N-th line
of the storage package. `race` tries one move and prints whether it won.
"""

import os
import signal
import sys
from pathlib import Path
from types import CodeType, FrameType
from unittest.mock import patch

import denticode_desktop.storage
from denticode_desktop.domain.audit_event import AuditDraft, AuditKind
from denticode_desktop.domain.ids import ItemId, RemoteId
from denticode_desktop.domain.write_back import ItemState, OutcomeKind, ReviewReason, SendOutcome
from denticode_desktop.storage.session import Params, Session
from tests.unit.storage.helpers import new_store, reopen_store
from tests.unit.storage.outbox_world import AT, OutboxWorld, make_world

UNITS = ("world", "writeback", "intent", "result", "done", "review")
SHA = "c" * 64


class Killer:
    """Counts statements, COMMIT among them, and dies before the n-th."""

    def __init__(self, at: int) -> None:
        self.left = at
        self._real = Session.execute

    def arm(self) -> None:
        """From now on."""
        real, killer = self._real, self

        def execute(session: Session, sql: str, params: Params = ()) -> object:
            killer.left -= 1
            if killer.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(session, sql, params)

        patch.object(Session, "execute", execute).start()


def make(folder: Path, at: int) -> None:
    """Makes a store and dies on the way, or tells that it is made."""
    package = str(Path(denticode_desktop.storage.__file__).parent)
    left = [at]

    def is_ours(code: CodeType) -> bool:
        return code.co_filename.startswith(package)

    def trace(frame: FrameType, event: str, _: object) -> object:
        if event == "line":
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace if is_ours(frame.f_code) else None

    sys.settrace(lambda frame, _event, _arg: trace if is_ours(frame.f_code) else None)  # type: ignore[arg-type, return-value]
    store = new_store(folder)
    sys.settrace(None)
    tell("made")
    store.close()


def tell(unit: str) -> None:
    """A promise: what this unit wrote is durable."""
    os.write(1, f"{unit}\n".encode())


def scenario(folder: Path) -> None:
    """A write-back from finalization to DONE and REVIEW, each change with its audit event."""
    world = make_world(folder)
    tell("world")
    first, second = world.writeback()
    tell("writeback")
    with world.store.write() as uow:
        uow.sender.begin_epoch()
        uow.sender.bump_generation()
        assert uow.outbox.move(first, ItemState.INFLIGHT, epoch=1, sends=1)
        attempt = uow.outbox.add_attempt(first.item_id, epoch=1, request_sha256=SHA, at=AT)
        uow.audit.append(AuditDraft(AuditKind.SEND_INTENT, "system", "system", item_id=first.item_id))
    tell("intent")
    with world.store.write() as uow:
        uow.outbox.close_attempt(attempt.attempt_id, SendOutcome(OutcomeKind.ACCEPTED, 201, RemoteId("r-1")))
        inflight = uow.outbox.item(first.item_id)
        assert uow.outbox.move(inflight, ItemState.INFLIGHT, epoch=1, remote_id=RemoteId("r-1"))
        uow.audit.append(AuditDraft(AuditKind.SEND_RESULT, "system", "system", item_id=first.item_id))
    tell("result")
    _close_both(world, first.item_id, second.item_id)


def _close_both(world: OutboxWorld, first: ItemId, second: ItemId) -> None:
    with world.store.write() as uow:
        accepted = uow.outbox.item(first)
        assert uow.outbox.move(accepted, ItemState.DONE, epoch=1, remote_id=RemoteId("r-1"), done_at=AT)
        uow.audit.append(AuditDraft(AuditKind.ITEM_DONE, "system", "system", item_id=first))
    tell("done")
    with world.store.write() as uow:
        planned = uow.outbox.item(second)
        assert uow.outbox.move(planned, ItemState.REVIEW, epoch=1, review_reason=ReviewReason.STALE)
        uow.audit.append(AuditDraft(AuditKind.ITEM_REVIEW, "system", "system", item_id=second))
    tell("review")


def race(folder: Path) -> None:
    """Reads the item, waits for the word, moves it."""
    store = reopen_store(folder)
    with store.read() as uow:
        item = uow.outbox.item(ItemId(1))
    tell("ready")
    sys.stdin.readline()
    with store.write() as uow:
        has_won = uow.outbox.move(item, ItemState.INFLIGHT, epoch=None, sends=1)
        if has_won:
            uow.audit.append(AuditDraft(AuditKind.SEND_INTENT, "system", "system", item_id=item.item_id))
    tell("won" if has_won else "lost")
    store.close()


if __name__ == "__main__":
    if sys.argv[2] == "kill":
        Killer(int(sys.argv[3])).arm()
        scenario(Path(sys.argv[1]))
    elif sys.argv[2] == "make":
        make(Path(sys.argv[1]), int(sys.argv[3]))
    else:
        race(Path(sys.argv[1]))
