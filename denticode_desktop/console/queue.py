"""`queue list / run / recheck / decide`."""

from typing import Any

import click

from denticode_desktop.domain.ids import ItemId, RemoteId
from denticode_desktop.domain.write_back import DecisionRequest, ItemState, RequestKind
from denticode_desktop.ports.views import ItemView
from denticode_desktop.services.queue_run import RunEnd

from .exit_codes import DONE, PERSON_NEEDED, QUEUED
from .items import item_fields, show_items
from .output import say
from .sending import run_here
from .session import Session, pass_session

DECISION_TIMEOUT_S = 120.0
MAX_ROWS = 100_000


@click.group()
def queue() -> None:
    """What is on its way into a chart."""


@queue.command("list")
@click.option("--state", "states", multiple=True, type=click.Choice([s.value for s in ItemState], case_sensitive=False))
@pass_session
def queue_list(session: Session, states: tuple[str, ...]) -> None:
    """Show items with their state."""
    session.actor()
    wanted = frozenset(ItemState(state.upper()) for state in states) or None
    rows = [item_fields(view) for view in session.desk.outbox.queue(wanted, limit=MAX_ROWS)]
    session.emit({"items": rows}, lambda: show_items(rows))


@queue.command("run")
@click.option("--until-idle", is_flag=True, help="End when nothing is left that can go by itself.")
@click.option("--timeout-s", type=click.FloatRange(min=0), metavar="S", help="End after so many seconds at most.")
@pass_session
def queue_run(session: Session, until_idle: bool, timeout_s: float | None) -> None:
    """Send what is queued, here and now; without --until-idle until Ctrl+C or the time-out."""
    session.actor()
    with session.desk.queue_run() as running:
        result = running.run(stops_when_idle=until_idle, timeout_s=timeout_s)
    rows = [item_fields(view) for view in session.desk.outbox.queue(limit=MAX_ROWS)]

    def show() -> None:
        show_items(rows)
        say(f"Open: {result.open_items}. Needs a person: {result.review_items}.")
        if result.end is RunEnd.BLOCKED:
            say("The PMS does not answer, or a connection is held; what is queued stays queued.")

    code = DONE
    if result.review_items or (result.end is RunEnd.BLOCKED and result.holds):
        code = PERSON_NEEDED
    elif result.end is not RunEnd.IDLE and result.open_items:
        code = QUEUED
    answer = {
        "ended": result.end.value,
        "open_items": result.open_items,
        "review_items": result.review_items,
        "holds": result.holds,
        "items": rows,
    }
    session.emit(answer, show, code)


@queue.command("recheck")
@click.argument("item", type=int)
@pass_session
def queue_recheck(session: Session, item: int) -> None:
    """Look at ITEM in the chart again."""
    request = session.desk.outbox.recheck(session.actor(), ItemId(item))
    _carry_out(session, request)


@queue.command("decide")
@click.argument("item", type=int)
@click.option("--as-done", "choice", flag_value=RequestKind.AS_DONE.value, help="The record in the chart is ours.")
@click.option("--send-again", "choice", flag_value=RequestKind.SEND_AGAIN.value, help="None of those is ours: send.")
@click.option("--void", "choice", flag_value=RequestKind.VOID.value, help="It is not to be written.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept in the audit log.")
@click.option("--remote-id", metavar="ID", help="With --as-done: which record, where several are shown.")
@pass_session
def queue_decide(session: Session, item: int, choice: str | None, reason: str, remote_id: str | None) -> None:
    """Decide what becomes of ITEM; ends when the sender has carried it out."""
    if choice is None:
        raise click.UsageError("Say what to do: --as-done, --send-again or --void.")
    record = RemoteId(remote_id) if remote_id else None
    request = session.desk.outbox.decide(session.actor(), ItemId(item), RequestKind(choice), reason, remote_id=record)
    _carry_out(session, request)


def _carry_out(session: Session, request: DecisionRequest) -> None:
    """Lets the sender act on it: here, or in the program that holds the engine lock."""

    def is_meant(view: ItemView) -> bool:
        return view.item.item_id == request.item_id

    def is_closed() -> bool:
        return bool(session.desk.decision(request.request_id).result)

    ran = run_here(session, is_closed, stops_when_idle=False, timeout_s=DECISION_TIMEOUT_S)
    if ran is None:
        session.desk.wait_for(is_closed, timeout_s=DECISION_TIMEOUT_S)
    closed = session.desk.decision(request.request_id)
    rows = [item_fields(view) for view in session.desk.outbox.queue(limit=MAX_ROWS) if is_meant(view)]
    answer: dict[str, Any] = {"request_id": closed.request_id, "result": closed.result or "open", "items": rows}

    def show() -> None:
        show_items(rows)
        if not closed.result:
            say(
                "The sender has not carried it out yet: the PMS does not answer, or a wait is not over. It stays asked."
            )
        elif closed.result != "done":
            say(f"The sender could not carry it out: {closed.result.replace('_', ' ')}.")

    code = QUEUED if not closed.result else DONE if closed.result == "done" else PERSON_NEEDED
    session.emit(answer, show, code)
