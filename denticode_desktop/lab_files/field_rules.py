"""Rules for single values that a type cannot say: dates, names, ids, NPI."""

import re
import unicodedata
from datetime import date, timedelta

from denticode_desktop.domain.errors import UserError

from .strict_json import AGAIN

EARLIEST = date(1900, 1, 1)
AHEAD = timedelta(days=366)
VISIT_AHEAD = timedelta(days=1)
"""The practice's day can be one further than UTC's."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NPI = re.compile(r"[0-9]{10}")
_REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
_REFUSED_FORMATS = frozenset("\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
"""Signs that turn the direction of text or hide in it; the joiners that some scripts need are not among them."""


def check_name(text: str | None, field: str, *, is_required: bool = False) -> str:
    """The text without outer blanks. Raises UserError for control and direction signs, or for an empty required one."""
    stripped = (text or "").strip()
    if any(c in _REFUSED_FORMATS or unicodedata.category(c) in _REFUSED_CATEGORIES for c in text or ""):
        raise UserError(f"The field {field} holds a control or text-direction character. {AGAIN}", field=field)
    if is_required and not stripped:
        raise UserError(f"The field {field} is empty. {AGAIN}", field=field)
    return stripped


def check_id(text: str, field: str) -> str:
    """An id as it stands: printable, no outer blanks. Raises UserError."""
    if not text.isprintable() or text != text.strip() or not text:
        raise UserError(f"The field {field} must be printable text without blanks at its ends. {AGAIN}", field=field)
    return text


def check_note(text: str, field: str) -> str:
    """The note as it stands; only a NUL is refused, because a PMS would cut the note off there. Raises UserError."""
    if "\x00" in text:
        raise UserError(f"The field {field} holds a NUL character. {AGAIN}", field=field)
    return text


def check_npi(text: str | None, field: str) -> str:
    """Ten digits, or empty where not given. Raises UserError."""
    if not text:
        return ""
    if not _NPI.fullmatch(text):
        raise UserError(f"The field {field} must be the provider's 10 digit NPI. {AGAIN}", field=field)
    return text


def check_date(text: str, field: str, today: date) -> date:
    """A real date from 1900 to a year ahead, written YYYY-MM-DD. Raises UserError."""
    try:
        found = date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None:
        raise UserError(f"The field {field} must be a date such as 2026-11-20. {AGAIN}", field=field)
    if not EARLIEST <= found <= today + AHEAD:
        raise UserError(f"The field {field} must be between 1900 and a year from today. {AGAIN}", field=field)
    return found


def check_visit_date(text: str, field: str, today: date) -> date:
    """As check_date, and at most a day ahead. Raises UserError."""
    found = check_date(text, field, today)
    if found > today + VISIT_AHEAD:
        raise UserError(f"The field {field} lies in the future. {AGAIN}", field=field)
    return found
