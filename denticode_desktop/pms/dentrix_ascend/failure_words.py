"""Sentences of the connection test: what failed, one next step, and what to ask the PMS administrator for."""

from collections.abc import Sequence

from denticode_desktop.domain.connection import Environment, FailureReason, Permission

MAX_CLOCK_SKEW_S = 300.0

_OTHER = {Environment.PRODUCTION: Environment.SANDBOX, Environment.SANDBOX: Environment.PRODUCTION}

_WORDS: dict[FailureReason, tuple[str, str]] = {
    FailureReason.CREDENTIALS_REFUSED: (
        "Dentrix Ascend did not accept the Client ID or the Client secret.",
        "Copy both again from the API application, and check that the two are not swapped.",
    ),
    FailureReason.WRONG_ENVIRONMENT: (
        "These credentials are meant for another environment.",
        "Choose the environment that the API application was made for.",
    ),
    FailureReason.ORGANIZATION_NOT_LINKED: (
        "The credentials are good, but this organization has not enabled them.",
        "Check the Organization ID (Organization > Details) and ask the administrator to enable the API application.",
    ),
    FailureReason.NOT_REACHABLE: (
        "Dentrix Ascend could not be reached.",
        "Check the internet connection and the proxy of this computer, then test again.",
    ),
    FailureReason.TLS_REFUSED: (
        "The connection is not safe: the server's certificate was not accepted.",
        "Ask IT whether something inspects traffic, and to add its certificate to this computer's trust store.",
    ),
    FailureReason.CLOCK_WRONG: (
        "The clock of this computer is wrong.",
        "Set date and time of this computer automatically, then test again.",
    ),
    FailureReason.UNEXPECTED_ANSWER: (
        "Dentrix Ascend answered in a way that we do not understand ({detail}).",
        "Test again in a few minutes; if it stays, give this sentence to Dentrix Ascend's support.",
    ),
    FailureReason.OUT_OF_SERVICE: (
        "Dentrix Ascend is temporarily out of service ({detail}).",
        "Test again in a few minutes; if it stays, ask Dentrix Ascend's support about an outage.",
    ),
    FailureReason.THROTTLED: (
        "Dentrix Ascend asks us to slow down.",
        "Test again in a few minutes.",
    ),
}
_NO_REHEARSAL = (
    "The rehearsal PMS could not be reached.",
    "Start the simulator again on the same port (`denticode simulator --port`), then test again.",
)
_SIGN_IN_PAGE = "Open the browser and sign in to the network there, or ask your IT team, then test again."
_TOO_LARGE = (
    "The answer was far larger than any of Dentrix Ascend's, so it was not read to its end.",
    "Ask your IT team what stands between this computer and Dentrix Ascend, then test again.",
)
_NO_DATA = (
    "Dentrix Ascend's answer holds no data that we can read.",
    "Test again in a few minutes; if it stays, give this sentence to Dentrix Ascend's support.",
)
_NOT_HERE = (
    "Something answers, but Dentrix Ascend is not at this address ({detail}).",
    "Check the host and the environment; if both are right, install the newest Denticode.",
)
_MOVED = ("The address leads on to another address ({detail}), perhaps a sign-in page of your network.", _SIGN_IN_PAGE)
_ODD_ANSWERS: dict[str, tuple[str, str]] = {
    "web_page": ("A web page came back instead of data, perhaps a sign-in page of your network.", _SIGN_IN_PAGE),
    "not_json": _NO_DATA,
    "no_token": _NO_DATA,
    "bad_encoding": _NO_DATA,
    "too_large": _TOO_LARGE,
    "too_deep": _TOO_LARGE,
    "list_errors": (
        "Dentrix Ascend says that it could not make the list that we asked for.",
        "Test again in a few minutes; if it stays, give this sentence to Dentrix Ascend's support.",
    ),
    "http_404": _NOT_HERE,
    "http_405": _NOT_HERE,
    "http_410": _NOT_HERE,
    "http_400": (
        "Dentrix Ascend did not understand our request ({detail}).",
        "Check the Organization ID; if it is right, give this sentence to Dentrix Ascend's support.",
    ),
}
"""By the code of an answer that came, but is none of the contract's."""


def failure_words(reason: FailureReason, environment: Environment, kind: str = "") -> tuple[str, str]:
    """(sentence, next step). `kind`: the error's code, where it tells answers of one reason apart.

    After refused credentials the other host is offered, never tried by itself.
    """
    sentence, next_step = _WORDS[reason]
    other = _OTHER.get(environment)
    if reason is FailureReason.CREDENTIALS_REFUSED and other is not None:
        next_step = f"{next_step} If they are right, try the {other.value} environment: keys work in one only."
    elif reason is FailureReason.NOT_REACHABLE and environment is Environment.REHEARSAL:
        sentence, next_step = _NO_REHEARSAL
    elif reason is FailureReason.UNEXPECTED_ANSWER:
        usual = _MOVED if kind.startswith("http_3") else (sentence, next_step)
        sentence, next_step = _ODD_ANSWERS.get(kind, usual)
    status = kind.removeprefix("http_")
    return sentence.format(detail=f"HTTP {status}" if status != kind else kind), next_step


def unanswered_words(name: str, status: int, said: str) -> str:
    """About one list that was refused, but not for want of a permission. `said`: the PMS's own words, plain."""
    if status in (404, 405, 410):
        return f"{name}: nothing is at the address that we know (HTTP {status})."
    told = f' It says: "{said}"' if said else ""
    return f"{name}: Dentrix Ascend did not understand our request (HTTP {status}).{told}"


def clock_words(skew_s: float) -> str:
    """How far this computer's clock is off. `skew_s` is the server's clock minus ours."""
    minutes = max(1, round(abs(skew_s) / 60))
    side = "behind" if skew_s > 0 else "ahead of"
    return f"This computer's clock is {minutes} min {side} Dentrix Ascend's."


def administrator_text(missing: Sequence[Permission], organization_id: str) -> str:
    """Text to copy to whoever manages Dentrix Ascend."""
    if not missing:
        return "Ask the administrator to let the API application read the organization's locations."
    names = ", ".join(permission.value for permission in missing)
    return (
        f"For your Dentrix Ascend administrator: please give our API application these permissions for organization "
        f"{organization_id}: {names} (read; for Chart notes and Treatment plans also write)."
    )


def unanswered_advice(names: Sequence[str]) -> tuple[str, str]:
    """(sentence, next step) for lists that answer with something else than rows or a missing permission."""
    return (
        f"Signed in, but not everything answers as it should: {', '.join(names)}.",
        "Install the newest Denticode; if it stays, ask Dentrix Ascend's support about these lists. "
        "The rest keeps working.",
    )
