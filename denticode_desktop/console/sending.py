"""Runs the sender for a command, or says that the open program will."""

from collections.abc import Callable, Sequence

from denticode_desktop.domain.errors import BusyError
from denticode_desktop.domain.ids import WriteBackId
from denticode_desktop.domain.write_back import ItemState
from denticode_desktop.ports.views import ItemView
from denticode_desktop.services.queue_run import RunEnd, RunResult

from .exit_codes import DONE, PERSON_NEEDED, QUEUED
from .session import Session

SETTLED = frozenset({ItemState.DONE, ItemState.REVIEW, ItemState.VOID})


def items_of(session: Session, writeback_ids: Sequence[WriteBackId]) -> list[ItemView]:
    """The items of these write-backs, by write-back and seq."""
    return list(session.desk.items_of(writeback_ids))


def run_here(
    session: Session, until: Callable[[], bool], *, stops_when_idle: bool = True, timeout_s: float | None = None
) -> RunResult | None:
    """Runs the sender in this process; None where another program holds the engine lock and does it."""
    try:
        running = session.desk.queue_run()
        with running as queue_run:
            return queue_run.run(until=until, stops_when_idle=stops_when_idle, timeout_s=timeout_s)
    except BusyError:
        return None


def exit_code(states: Sequence[ItemState], result: RunResult | None) -> int:
    """By what the items have come to: a person, still queued, or done."""
    if ItemState.REVIEW in states:
        return PERSON_NEEDED
    if all(state in SETTLED for state in states):
        return DONE
    if result is None:
        return DONE  # the open program sends it
    if result.end is RunEnd.BLOCKED and result.holds:
        return PERSON_NEEDED
    return QUEUED


def sentence_for(states: Sequence[ItemState], result: RunResult | None) -> str:
    """One sentence about where things stand."""
    if ItemState.REVIEW in states:
        return "A person must decide about at least one item. Run `denticode queue list`."
    if all(state in SETTLED for state in states):
        return "Everything that was sent is proven in the chart."
    if result is None:
        return "It is queued. The Denticode that is open on this data folder sends it."
    if result.holds:
        return "It is queued, but the connection is held. Run `denticode connection test`."
    return "It is queued durably. The PMS could not be reached or has not shown everything yet; it goes when it can."
