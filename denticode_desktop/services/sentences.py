"""Sentences for people, as data: what is the matter, one next step, who can do it.

English source strings keyed by code. Console and window use the same ones; the window translates by key and then fills
the places in braces. No sentence is built from pieces.
"""

from dataclasses import dataclass
from enum import StrEnum

from denticode_desktop.domain.connection import FailureReason, HoldReason
from denticode_desktop.domain.write_back import ReviewReason, WaitingWhy


class Who(StrEnum):
    """Who can take the next step (domain.access decides; this tells)."""

    ANYONE = "Anyone"
    CLINICIAN = "A provider, hygienist, Owner or Admin"
    MANAGER = "An Owner or Admin"
    IT = "Practice IT"


@dataclass(frozen=True, slots=True)
class Advice:
    """One trouble in plain words: `sentence`, exactly one `next_step`, and `who` can do it."""

    sentence: str
    next_step: str
    who: Who


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of SENTENCES with its places filled: `str()` is English, a window translates by `key`.

    `args` may hold another sentence (translated by its own key) or a patient's name: the latter is for screens only, so
    repr shows the key alone.
    """

    key: str
    args: "tuple[tuple[str, str | Sentence], ...]" = ()

    def __str__(self) -> str:
        return SENTENCES[self.key].format(**dict(self.args))

    def __repr__(self) -> str:
        return f"Sentence({self.key})"


def say(key: str, **args: str | int | Sentence) -> Sentence:
    """The sentence of that key, filled. Raises KeyError for a key or place that does not exist."""
    filled = tuple((name, str(value) if isinstance(value, int) else value) for name, value in args.items())
    sentence = Sentence(key, filled)
    str(sentence)
    return sentence


REVIEW_ADVICE: dict[ReviewReason, Advice] = {
    ReviewReason.LOOK_ALIKE: Advice(
        "The chart already holds a record that looks like this one.",
        "Compare the two and say whether it is this one or a different one.",
        Who.CLINICIAN,
    ),
    ReviewReason.SEVERAL: Advice(
        "The chart holds several records that look like this one.",
        "Compare them and choose the one that is ours, or void the extra ones in the PMS and press Recheck.",
        Who.CLINICIAN,
    ),
    ReviewReason.TWIN: Advice(
        "The chart holds this record twice.",
        "Void the extra one in the PMS, then press Recheck.",
        Who.CLINICIAN,
    ),
    ReviewReason.PATIENT_CHANGED: Advice(
        "The name or birth date in the chart is not what it was when the Lab was finalized.",
        "Check that this is the right patient and match again.",
        Who.CLINICIAN,
    ),
    ReviewReason.PATIENT_MERGED: Advice(
        "The patient's chart was merged into another one in the PMS.",
        "Press Sync Now, then match the patient with the chart that remains.",
        Who.CLINICIAN,
    ),
    ReviewReason.PATIENT_INACTIVE: Advice(
        "The patient is inactive in the PMS.",
        "Make the patient active in the PMS, then send it again with a reason, or match another patient.",
        Who.CLINICIAN,
    ),
    ReviewReason.PATIENT_NOT_FOUND: Advice(
        "The patient was not found in the PMS.",
        "Press Sync Now, then match the patient again.",
        Who.CLINICIAN,
    ),
    ReviewReason.REFUSED: Advice(
        "The PMS refused this record.",
        "Read the PMS's words beside it, correct it in a new revision and send that, or skip this one with a reason.",
        Who.CLINICIAN,
    ),
    ReviewReason.DIFFERS: Advice(
        "The record in the chart is not what was finalized: it was cut off or altered.",
        "Compare the two and accept it as it is, or complete it by hand in the PMS.",
        Who.CLINICIAN,
    ),
    ReviewReason.OTHER_PATIENT: Advice(
        "The PMS filed this record with another patient.",
        "Void it in the PMS in the wrong chart, then press Recheck.",
        Who.CLINICIAN,
    ),
    ReviewReason.OTHER_AUTHOR: Advice(
        "A record like this one is in the chart, but the PMS names another author.",
        "Compare the two and say whether it is this one or a different one.",
        Who.CLINICIAN,
    ),
    ReviewReason.NO_TRACE: Advice(
        "This record was sent 3 times and never showed up in the chart.",
        "Look in the PMS, then press Recheck, or send it again with a reason.",
        Who.CLINICIAN,
    ),
    ReviewReason.UNSEEN: Advice(
        "The PMS accepted this record, but it does not show up in the chart.",
        "Look in the PMS, then press Recheck.",
        Who.CLINICIAN,
    ),
    ReviewReason.GONE: Advice(
        "This record was in the chart and is gone now.",
        "Ask who removed it, then press Recheck, or send it again with a reason.",
        Who.CLINICIAN,
    ),
    ReviewReason.STALE: Advice(
        "This record has waited for more than 7 days.",
        "Check that it still belongs in the chart, then send it again with a reason, or void it.",
        Who.CLINICIAN,
    ),
    ReviewReason.NOT_MAPPED: Advice(
        "This record cannot be expressed for this PMS.",
        "Finish it by hand in the PMS and mark it as done, or void it with a reason.",
        Who.CLINICIAN,
    ),
}

HOLD_ADVICE: dict[HoldReason, Advice] = {
    HoldReason.SIGN_IN: Advice(
        "The PMS no longer accepts the sign-in of this connection.",
        "Press Reconnect and enter the same credentials again.",
        Who.MANAGER,
    ),
    HoldReason.PERMISSION_MISSING: Advice(
        "A permission is missing in the PMS.",
        "Ask your PMS administrator to switch it on, then press Test Connection.",
        Who.MANAGER,
    ),
    HoldReason.THROTTLED_LONG: Advice(
        "The PMS asked for a pause of more than a day.",
        "Nothing is lost and sending goes on by itself. Ask your PMS administrator about the limit.",
        Who.MANAGER,
    ),
    HoldReason.UNKNOWN_STREAK: Advice(
        "The PMS gave no clear answer 3 times in a row, so sending waits until it answers well again.",
        "Nothing is lost. Sending goes on by itself after the next good answer; press Test Connection to try now.",
        Who.ANYONE,
    ),
    HoldReason.DISCONNECTED: Advice(
        "This connection was disconnected.",
        "Press Reconnect to send what waits.",
        Who.MANAGER,
    ),
    HoldReason.PAUSED: Advice(
        "Sending was paused by a person.",
        "Press Resume to go on.",
        Who.CLINICIAN,
    ),
    HoldReason.WRONG_ROSTER: Advice(
        "The patients in this PMS are not those that this practice was linked with before.",
        "Check that this is the right organization and environment before anything is sent.",
        Who.MANAGER,
    ),
}

FAILURE_ADVICE: dict[FailureReason, Advice] = {
    FailureReason.CREDENTIALS_REFUSED: Advice(
        "The PMS refused the credentials.",
        "Copy client id and secret again from the PMS's own page, without spaces and not swapped, and press Reconnect.",
        Who.MANAGER,
    ),
    FailureReason.WRONG_ENVIRONMENT: Advice(
        "These credentials belong to another environment of the PMS.",
        "Choose the other environment (Production or Sandbox) and connect again.",
        Who.MANAGER,
    ),
    FailureReason.ORGANIZATION_NOT_LINKED: Advice(
        "The sign-in works, but this organization is not linked with it.",
        "Check the organization id, and ask your PMS administrator to switch the integration on for it.",
        Who.MANAGER,
    ),
    FailureReason.NOT_REACHABLE: Advice(
        "The PMS did not answer.",
        "Check this computer's internet connection, then press Test Connection.",
        Who.ANYONE,
    ),
    FailureReason.TLS_REFUSED: Advice(
        "A secure connection to the PMS could not be made.",
        "Ask your IT team whether a proxy or security program inspects the connection.",
        Who.IT,
    ),
    FailureReason.CLOCK_WRONG: Advice(
        "This computer's clock is wrong, so the PMS refuses a secure sign-in.",
        "Set date and time automatically in the system settings, then press Test Connection.",
        Who.IT,
    ),
    FailureReason.UNEXPECTED_ANSWER: Advice(
        "Something answered, but not as the PMS does.",
        "Check the host, and whether a sign-in page of your network is in between, then press Test Connection.",
        Who.IT,
    ),
    FailureReason.OUT_OF_SERVICE: Advice(
        "The PMS is out of service at the moment.",
        "Wait a few minutes, then press Test Connection.",
        Who.ANYONE,
    ),
    FailureReason.THROTTLED: Advice(
        "The PMS asked to wait before the next try.",
        "Wait a few minutes, then press Test Connection.",
        Who.ANYONE,
    ),
}

STORAGE_ADVICE: dict[str, Advice] = {
    "disk_full": Advice(
        "The disk is full, so nothing more was written. What was written before is kept.",
        "Free some disk space on the disk of the data folder, then try again.",
        Who.ANYONE,
    ),
    "locked": Advice(
        "Another program keeps the database busy. Nothing was changed.",
        "Wait until the other Denticode has finished, or close it, then try again.",
        Who.ANYONE,
    ),
    "damaged": Advice(
        "The database is damaged.",
        "Stop sending, keep this data folder as it is, and ask your IT team to restore the last backup.",
        Who.IT,
    ),
    "failed": Advice(
        "The database could not be read or written.",
        "Check that the disk of the data folder is there and works, then try again.",
        Who.IT,
    ),
}
"""By StorageError.kind."""

WAITING_SENTENCES: dict[WaitingWhy, str] = {
    WaitingWhy.OFFLINE: "The PMS cannot be reached right now; this goes by itself when it answers.",
    WaitingWhy.THROTTLED: "The PMS asked to wait; this goes by itself.",
    WaitingWhy.HELD: "The connection is held.",
    WaitingWhy.PAUSED: "Sending is paused.",
    WaitingWhy.SETTLING: "Sent without a clear answer; the chart is looked at before anything is sent again.",
    WaitingWhy.NOT_VISIBLE_YET: "The PMS accepted it; it is not visible in the chart yet.",
    WaitingWhy.ANSWER_INCOMPLETE: "The PMS's answer was incomplete; it is asked again.",
    WaitingWhy.NO_SECRET_STORE: "The computer's credential store does not answer; sign in to the computer again.",
}

_PLAIN: dict[str, str] = {
    "today.review_one": "{patient}, visit of {visit}: the {what} needs a decision. {why}",
    "today.review_many": "{patient}, visit of {visit}: {count} entries need a decision. First: {why}",
    "today.unlinked": "{patient}, visit of {visit}: choose which patient of the PMS this is.",
    "today.unlink_paused": "{patient}, visit of {visit}: sending stopped because the patient was unlinked.",
    "today.no_connection": "{count} finalized Labs wait, and no PMS is connected.",
    "today.connection_held": "{connection}: {why}",
    "today.connection_failed": "{connection}: the last test failed. {why}",
    "today.not_requested": "{patient}, visit of {visit}: finalized, not sent yet. Press Send Lab to PMS.",
    "today.paused": "{patient}, visit of {visit}: sending is paused.",
    "today.waiting": "{patient}, visit of {visit}: {why}",
    "today.in_chart": "{patient}, visit of {visit}: {count} seen in the chart.",
    "today.in_chart_by_hand": "{patient}, visit of {visit}: {count} seen in the chart; "
    "{by_hand} more must be charted by hand.",
    "wait.turn": "Waits for its turn.",
    "wait.checking": "Sent; being looked for in the chart.",
    "wait.earlier": "Waits until a person has decided about an earlier entry of this Lab.",
    "light.green": "Ready: everything was checked.",
    "light.yellow": "Limited: something is missing or held.",
    "light.failed": "Not working.",
    "light.grey_never": "Never tested.",
    "light.grey_old": "The last test is more than 24 hours old.",
    "light.grey_read_since": "The last test failed, but the PMS was read since. Press Test Connection to be sure.",
    "light.grey_off": "Disconnected.",
    "what.note": "note",
    "what.procedure": "procedure",
    "what.document": "document",
}


def _advice_by_key() -> dict[str, Advice]:
    found = {f"review.{reason.value}": advice for reason, advice in REVIEW_ADVICE.items()}
    found |= {f"hold.{reason.value}": advice for reason, advice in HOLD_ADVICE.items()}
    found |= {f"storage.{kind}": advice for kind, advice in STORAGE_ADVICE.items()}
    return found | {f"failure.{reason.value}": advice for reason, advice in FAILURE_ADVICE.items()}


def _all_sentences() -> dict[str, str]:
    found = dict(_PLAIN)
    for key, advice in _advice_by_key().items():
        found[key] = advice.sentence
        found[f"{key}.next"] = advice.next_step
    found |= {f"waiting.{code.value}": text for code, text in WAITING_SENTENCES.items()}
    return found | {f"who.{who.name.lower()}": who.value for who in Who}


SENTENCES: dict[str, str] = _all_sentences()
"""Every source string by key: what a translation holds."""
