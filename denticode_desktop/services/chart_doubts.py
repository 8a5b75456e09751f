"""Why a chart that a Lab's file named is not taken as the patient's by itself, and how that reads."""

from collections.abc import Sequence
from enum import StrEnum


class Doubt(StrEnum):
    """What speaks against a named chart, beside fields that disagree (those go by their own names)."""

    REJECTED = "rejected by a person"
    ELSEWHERE = "linked to another chart"
    TAKEN = "linked to another patient"
    MISSING = "not in the PMS"
    UNFIT = "not an active chart"


_WHY = {
    Doubt.REJECTED: "a person said that the chart named by the Lab is somebody else. Choose the patient",
    Doubt.TAKEN: "the chart named by the Lab is matched to another Denticode patient. Undo that match if it is wrong, "
    "or choose the patient",
    Doubt.ELSEWHERE: "the Lab names another chart than the one that the patient is matched to. Compare the two and "
    "choose the patient",
    Doubt.MISSING: "the chart named by the Lab is not in its list. Sync Now, then choose the patient",
    Doubt.UNFIT: "the chart named by the Lab is inactive, merged or deleted. Make it active in the PMS and Sync Now, "
    "or choose the patient",
}


def unmatched_sentence(name: str, doubts: Sequence[str] = ()) -> str:
    """One sentence with the next step; name: the connection's. Without doubts no chart was named at all."""
    known = [why for doubt, why in _WHY.items() if doubt.value in doubts]
    why = ". Sync Now, then choose the patient"
    if known:
        why = f": {known[0]}"
    elif doubts:
        why = f": the chart named by the Lab has another {', '.join(doubts)}. Compare the two and choose the patient"
    return f"The Lab's patient is not matched to a patient in {name}{why}, and send again."
