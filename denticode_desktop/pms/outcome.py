"""What a write's exchange proves: the protocol's section 6, line by line. Whatever is not listed is UNKNOWN."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from denticode_desktop.domain.ids import RemoteId
from denticode_desktop.domain.write_back import OutcomeKind, SendOutcome, kind_of_status

from .http import Answer, Exchange, http_date

_REQUEST_ID_HEADERS = ("x-request-id", "x-correlation-id", "x-apigee-message-id")
_PLAIN_ID = re.compile(r"[A-Za-z0-9._:+/=-]{1,64}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an adapter read in a 2xx body: the new record's id, or why it proves nothing; words for a person."""

    remote_id: RemoteId | None = None
    error_kind: str = ""
    words: str = ""


def outcome_of(
    exchange: Exchange, *, judge: Callable[[Answer], Verdict], words_of: Callable[[Answer], str], permission: str
) -> SendOutcome:
    """The outcome of one send. `judge` reads a 2xx body, `words_of` an error body (plain and short)."""
    answer = exchange.answer
    if answer is None:
        kind = OutcomeKind.UNKNOWN if exchange.has_begun else OutcomeKind.NOT_SENT
        return SendOutcome(kind, error_kind=exchange.failure, elapsed_ms=exchange.elapsed_ms)
    verdict = judge(answer) if answer.status in (200, 201) else Verdict()
    kind = kind_of_status(
        answer.status, has_id=verdict.remote_id is not None and not verdict.error_kind, is_expected_type=answer.is_json
    )
    is_accepted = kind is OutcomeKind.ACCEPTED
    return SendOutcome(
        kind,
        http_status=answer.status,
        remote_id=verdict.remote_id if is_accepted else None,
        error_kind="" if is_accepted else (verdict.error_kind or f"http_{answer.status}"),
        retry_after_s=retry_after_s(answer),
        pms_words=verdict.words if answer.status in (200, 201) else words_of(answer),
        pms_request_id=_request_id(answer),
        permission=permission if kind is OutcomeKind.FORBIDDEN else "",
        elapsed_ms=exchange.elapsed_ms,
    )


def retry_after_s(answer: Answer) -> float | None:
    """Seconds to wait: a number as it is, a date minus the response's own Date (our clock takes no part)."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return float(text)
    until, now = http_date(text), answer.date
    return max(0.0, (until - now).total_seconds()) if until and now else None


def _request_id(answer: Answer) -> str:
    for name in _REQUEST_ID_HEADERS:
        found = answer.headers.get(name, "")
        if _PLAIN_ID.fullmatch(found):
            return found
    return ""
