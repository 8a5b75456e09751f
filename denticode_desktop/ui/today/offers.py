"""What a person may decide about an item, by why it is asked (write-back-protocol.md section 10)."""

from dataclasses import dataclass
from enum import StrEnum

from denticode_desktop.domain.write_back import RequestKind, ReviewReason


class Offer(StrEnum):
    """One choice."""

    THIS_ONE = "this_one"
    DIFFERENT = "different"
    ACCEPT = "accept"
    SEND_AGAIN = "send_again"
    RECHECK = "recheck"
    MATCH = "match"
    OPEN_LAB = "open_lab"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class OfferWords:
    """title and about: source texts. kind None: leads somewhere else. needs_record: one of the chart's is chosen."""

    title: str
    about: str
    kind: RequestKind | None
    needs_record: bool = False
    needs_chart: bool = False


WORDS: dict[Offer, OfferWords] = {
    Offer.THIS_ONE: OfferWords(
        "It is this one", "The record chosen at the right is ours, others shown there are not. Nothing is written.",
        RequestKind.AS_DONE,
        needs_record=True,
    ),
    Offer.ACCEPT: OfferWords(
        "Accept it as it is in the chart", "The record chosen at the right counts as written.", RequestKind.AS_DONE,
        needs_record=True,
    ),
    Offer.DIFFERENT: OfferWords(
        "They are different: send ours", "The records shown are something else. Ours is written beside them.",
        RequestKind.SEND_AGAIN, needs_chart=True,
    ),
    Offer.SEND_AGAIN: OfferWords(
        "Send it again", "The chart is looked at first; it is sent only where it is not there.", RequestKind.SEND_AGAIN,
    ),
    Offer.RECHECK: OfferWords(
        "Look at the chart again", "For when something was corrected in the PMS. Decides nothing.", RequestKind.RECHECK,
    ),
    Offer.MATCH: OfferWords("Choose the patient again", "Opens the list of the PMS's patients.", None),
    Offer.OPEN_LAB: OfferWords("Open the Lab", "To write an addendum or correct it in a new revision.", None),
    Offer.SKIP: OfferWords("Do not write it", "It stays out of the chart for good.", RequestKind.VOID),
}  # fmt: skip
_COMPARE = (Offer.THIS_ONE, Offer.DIFFERENT, Offer.RECHECK)
_PATIENT = (Offer.MATCH, Offer.RECHECK, Offer.SKIP)
_LOST = (Offer.RECHECK, Offer.SEND_AGAIN, Offer.SKIP)
OFFERS: dict[ReviewReason, tuple[Offer, ...]] = {
    ReviewReason.LOOK_ALIKE: _COMPARE,
    ReviewReason.SEVERAL: _COMPARE,
    ReviewReason.OTHER_AUTHOR: _COMPARE,
    ReviewReason.TWIN: (Offer.RECHECK, Offer.THIS_ONE),
    ReviewReason.PATIENT_CHANGED: _PATIENT,
    ReviewReason.PATIENT_MERGED: _PATIENT,
    ReviewReason.PATIENT_INACTIVE: (Offer.SEND_AGAIN, *_PATIENT),
    ReviewReason.PATIENT_NOT_FOUND: _PATIENT,
    ReviewReason.REFUSED: (Offer.OPEN_LAB, Offer.RECHECK, Offer.SKIP),
    ReviewReason.DIFFERS: (Offer.ACCEPT, Offer.OPEN_LAB, Offer.RECHECK),
    ReviewReason.OTHER_PATIENT: (Offer.RECHECK, Offer.SKIP),
    ReviewReason.NO_TRACE: _LOST,
    ReviewReason.UNSEEN: _LOST,
    ReviewReason.GONE: _LOST,
    ReviewReason.STALE: _LOST,
    ReviewReason.NOT_MAPPED: (Offer.THIS_ONE, Offer.OPEN_LAB, Offer.SKIP),
}
RESULT_WORDS: dict[str, str] = {
    "several": "Not done yet: the chart holds several records that fit. Decide which one it is.",
    "not_found": "Not done: the record is not in the chart. Look in the PMS, then decide again.",
    "needs_decision": "The chart was looked at. A person still has to decide.",
    "owned_by_other": "Not done: that record belongs to another entry of ours. Choose another one.",
    "in_chart": "Nothing was sent: ours is in the chart already. Look at the chart again, or choose it as this one.",
    "look_alike_there": "Nothing was sent: the chart holds a record that was not shown before. Compare again.",
    "already_void": "Nothing was changed: this entry was skipped before.",
    "not_in_review": "Nothing was changed: this entry was settled in the meantime.",
    "in_flight": "Nothing was changed: a request for this entry is on its way. It is checked first.",
}
"""How a request ended that changed nothing, by DecisionRequest.result."""
