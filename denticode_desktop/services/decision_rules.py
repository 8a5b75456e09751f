"""What a person may ask about an item, by its state and by why it is in REVIEW (write-back-protocol.md section 10).

The window offers a part of this (ui/today/offers.py); console and window are both held to it here. Two asks are refused
where they could double an entry or leave it in a wrong chart: to send again what is known to be in the chart (altered,
twice), and to call a record ours in a chart that may be another person's.
"""

from denticode_desktop.domain.errors import UserError
from denticode_desktop.domain.write_back import Item, ItemState, RequestKind, ReviewReason

SHOWS_SEVERAL = frozenset({ReviewReason.TWIN, ReviewReason.SEVERAL})
"""Reasons that put several records side by side: who says "it is this one" says of the others that they are not."""

_BY_STATE: dict[RequestKind, frozenset[ItemState]] = {
    RequestKind.RECHECK: frozenset({ItemState.REVIEW, ItemState.PLANNED, ItemState.INFLIGHT}),
    RequestKind.AS_DONE: frozenset({ItemState.REVIEW}),
    RequestKind.SEND_AGAIN: frozenset({ItemState.REVIEW}),
    RequestKind.VOID: frozenset({ItemState.REVIEW, ItemState.PLANNED}),
}
_WHY_NOT = {
    ItemState.INFLIGHT: "A request for this item may be on its way, so it cannot be decided or cancelled now. "
    "Wait until it is checked in the chart, then decide.",
    ItemState.PLANNED: "This item waits to be sent and needs no decision. It can only be skipped.",
    ItemState.DONE: "This item is in the chart. Change it in the PMS, or write an addendum.",
    ItemState.VOID: "This item was skipped by a person and stays so. Write an addendum to send it after all.",
    ItemState.REVIEW: "This item cannot be asked for that.",
}
WRONG_CHART = frozenset({
    ReviewReason.PATIENT_CHANGED, ReviewReason.PATIENT_MERGED, ReviewReason.PATIENT_NOT_FOUND,
    ReviewReason.OTHER_PATIENT,
})  # fmt: skip
"""Reasons that leave open whose chart this is: no record in it can be called ours."""
_WRONG_CHART_WORDS = (
    "It is not sure that this is the right patient's chart, so no record in it can be taken for this one. "
    "Match the patient again, or skip this item."
)
_NOT_OFFERED: dict[tuple[ReviewReason, RequestKind], str] = {
    (ReviewReason.TWIN, RequestKind.SEND_AGAIN): "The chart holds this record already, so it is not sent again. "
    "Choose which one it is, or void the extra one in the PMS and press Recheck.",
    (ReviewReason.DIFFERS, RequestKind.SEND_AGAIN): "The chart holds this record already, altered, so it is not sent "
    "again. Accept it as it is, or void it in the PMS and press Recheck.",
    (ReviewReason.OTHER_PATIENT, RequestKind.SEND_AGAIN): "The PMS names another patient for this chart, so nothing is "
    "sent there. Match the patient again, or skip this item.",
    **{(reason, RequestKind.AS_DONE): _WRONG_CHART_WORDS for reason in WRONG_CHART},
}
_DECIDED_ALREADY = (
    "A person decided about this item, and that is carried out first. Wait a moment, then look at the item again."
)
_REPLACED_BY_REVISION = (
    "This item is taken out of the queue, because a later revision of the Lab takes its place. "
    "Decide about the later one."
)


def check_may_ask(item: Item, kind: RequestKind) -> None:
    """Raises UserError (field `item`) where the state, or the reason for REVIEW, does not allow it."""
    if item.state not in _BY_STATE[kind]:
        raise UserError(_WHY_NOT[item.state], field="item")
    if item.review_reason is not None and (why_not := _NOT_OFFERED.get((item.review_reason, kind))) is not None:
        raise UserError(why_not, field="item")


def check_may_replace(waiting: RequestKind, kind: RequestKind, *, has_later_revision: bool) -> None:
    """Raises UserError where the open request must stay as it is.

    A recheck replaces no decision. And once a later revision was composed as if this item were given up, its VOID
    stays: any other decision could bring the same line into the chart twice.
    """
    if waiting is RequestKind.RECHECK:
        return
    if kind is RequestKind.RECHECK:
        raise UserError(_DECIDED_ALREADY, field="item")
    if waiting is RequestKind.VOID and kind is not RequestKind.VOID and has_later_revision:
        raise UserError(_REPLACED_BY_REVISION, field="item")
