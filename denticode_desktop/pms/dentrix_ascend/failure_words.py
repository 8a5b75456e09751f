"""Sentences of the connection test: what failed, one next step, and what to ask the PMS administrator for."""

from collections.abc import Sequence

from denticode_desktop.domain.connection import Environment, FailureReason, Permission

MAX_CLOCK_SKEW_S = 300.0

_OTHER = {Environment.PRODUCTION: Environment.SANDBOX, Environment.SANDBOX: Environment.PRODUCTION}

_WORDS: dict[FailureReason, tuple[str, str]] = {
    FailureReason.CREDENTIALS_REFUSED: (
        "Dentrix Ascend did not accept the Client ID or the Client secret.",
        "Type both again from the API application.",
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
        "Dentrix Ascend answered in a way that we do not understand.",
        "Test again in a few minutes; if it stays, send us a support bundle.",
    ),
    FailureReason.THROTTLED: (
        "Dentrix Ascend asks us to slow down.",
        "Test again in a few minutes.",
    ),
}


def failure_words(reason: FailureReason, environment: Environment) -> tuple[str, str]:
    """(sentence, next step). After refused credentials the other host is offered, never tried by itself."""
    sentence, next_step = _WORDS[reason]
    other = _OTHER.get(environment)
    if reason is FailureReason.CREDENTIALS_REFUSED and other is not None:
        next_step = f"{next_step} If they are right, try the {other.value} environment: keys work in one only."
    return sentence, next_step


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
