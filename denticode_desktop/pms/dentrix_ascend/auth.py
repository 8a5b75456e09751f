"""Access tokens: in memory only, one per (host, client, organization, secret), fetched by one thread at a time.

Source: resources/pms/dentrix-ascend.json `paths.token`, `limits.token_default_s`, `limits.refresh_ahead_s`.
"""

import hashlib
import hmac
import re
import secrets as random_source
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NewType
from urllib.parse import quote

from denticode_desktop.domain.errors import (
    PmsAuthError,
    PmsProtocolError,
    PmsThrottledError,
    PmsUnavailableError,
)
from denticode_desktop.pms.field_map import ApiFacts
from denticode_desktop.pms.http import Answer, Call, HttpClient
from denticode_desktop.pms.http_limits import parse_strict
from denticode_desktop.pms.outcome import retry_after_s
from denticode_desktop.ports.clock import Clock

from .error_words import not_data, words_of

TokenKey = NewType("TokenKey", str)
MAX_LIFETIME_S = 24 * 3600.0
_process_key = random_source.token_bytes(32)
_HEADER_SAFE = re.compile(r"[\x21-\x7e]{1,8192}")


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token and when it ends, by both clocks: the monotonic one may stand still while the computer sleeps."""

    value: str = field(repr=False)
    lifetime_s: float
    ends_monotonic_s: float
    ends_at: datetime

    def left_s(self, clock: Clock) -> float:
        """Seconds it is still good for, by the more careful clock."""
        return min(self.ends_monotonic_s - clock.monotonic_s(), (self.ends_at - clock.utc_now()).total_seconds())


@dataclass(slots=True)
class _Flight:
    """One fetch under way, and what came of it for those who wait."""

    is_over: bool = False
    token: Token | None = None
    error: BaseException | None = None


@dataclass(slots=True)
class _Slot:
    changed: threading.Condition = field(default_factory=threading.Condition)
    token: Token | None = None
    flight: _Flight | None = None


def token_key(host: str, client_id: str, organization_id: str, client_secret: str) -> TokenKey:
    """Names a slot. The secret takes part, so that a wrong one never rides on a good one's token."""
    text = "\x00".join((host, client_id, organization_id, client_secret))
    return TokenKey(hmac.new(_process_key, text.encode(), hashlib.sha256).hexdigest())


class TokenCache:
    """Tokens of a process; shared by all gateways, safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slots: dict[TokenKey, _Slot] = {}

    def get(self, key: TokenKey, clock: Clock, *, min_left_s: float, fetch: Callable[[], Token]) -> Token:
        """A token with at least `min_left_s` left (or half its lifetime, where it is shorter-lived than twice that).

        One thread fetches, the others wait and share its token or its failure. Raises what `fetch` raises.
        """
        slot = self._slot(key)
        with slot.changed:
            if slot.token is not None and slot.token.left_s(clock) >= min(min_left_s, slot.token.lifetime_s / 2):
                return slot.token
            waiting = slot.flight
            if waiting is not None:
                slot.changed.wait_for(lambda: waiting.is_over)
                return _landed(waiting)
            flight = slot.flight = _Flight()
        try:
            flight.token = fetch()
        except BaseException as error:
            flight.error = error
            raise
        finally:
            with slot.changed:
                slot.flight, flight.is_over = None, True
                slot.token = flight.token
                slot.changed.notify_all()
        return flight.token

    def peek(self, key: TokenKey) -> str | None:
        """The token as it is, whatever its age; never fetches."""
        slot = self._slot(key)
        with slot.changed:
            return slot.token.value if slot.token else None

    def drop(self, key: TokenKey, value: str | None = None) -> None:
        """Forget the token; with `value` only while it is still that one, since another thread may have renewed it."""
        slot = self._slot(key)
        with slot.changed:
            if slot.token is not None and value in (None, slot.token.value):
                slot.token = None

    def __repr__(self) -> str:
        return f"TokenCache({len(self._slots)} slots)"

    def _slot(self, key: TokenKey) -> _Slot:
        with self._lock:
            return self._slots.setdefault(key, _Slot())


SHARED_TOKENS = TokenCache()


def _landed(flight: _Flight) -> Token:
    if flight.token is not None:
        return flight.token
    raise flight.error if isinstance(flight.error, Exception) else PmsUnavailableError("token_failed")


def fetch_token(
    http: HttpClient, facts: ApiFacts, clock: Clock, *, organization_id: str, client_id: str, client_secret: str
) -> Token:
    """One token request.

    Raises: PmsAuthError `client_refused` or `wrong_environment` (where the PMS says so), PmsThrottledError,
    PmsUnavailableError, PmsProtocolError `no_token`, `web_page`, `not_json`.
    """
    path = facts.path("token")
    form = f"client_id={quote(client_id, safe='')}&client_secret={quote(client_secret, safe='')}"
    answer = http.read(
        Call(
            "POST",
            f"{http.base}{path}?grant_type=client_credentials",
            path,
            headers={"Content-Type": "application/x-www-form-urlencoded", "Organization-ID": organization_id},
            body=form.encode("ascii"),
            deadline_s=facts.limit("read_deadline_s"),
        )
    )
    return _read_token(answer, facts, clock)


def _read_token(answer: Answer, facts: ApiFacts, clock: Clock) -> Token:
    if answer.status in (400, 401, 403):
        is_elsewhere = "environment" in words_of(answer).casefold()
        raise PmsAuthError("wrong_environment" if is_elsewhere else "client_refused")
    if answer.status == 429:
        raise PmsThrottledError(retry_after_s(answer))
    if answer.status != 200:
        raise PmsUnavailableError(f"http_{answer.status}", retry_after_s=retry_after_s(answer))
    if not answer.is_json:
        raise not_data(answer)
    body = parse_strict(answer.body)
    value = body.get("access_token") if isinstance(body, dict) else None
    # It goes into a header: what could break out of one is not a token.
    if not isinstance(value, str) or not _HEADER_SAFE.fullmatch(value):
        raise PmsProtocolError("no_token")
    assert isinstance(body, dict)
    lifetime_s = lifetime_of(body.get("expires_in"), facts.limit("token_default_s"))
    ends_at = clock.utc_now() + timedelta(seconds=lifetime_s)
    return Token(value, lifetime_s, clock.monotonic_s() + lifetime_s, ends_at)


def lifetime_of(expires_in: object, default_s: float) -> float:
    """Seconds: a number or a string of one; the default for anything else. At most a day."""
    if isinstance(expires_in, str) and re.fullmatch(r"\s*[0-9]{1,9}(\.[0-9]+)?\s*", expires_in):
        expires_in = float(expires_in)
    if isinstance(expires_in, bool) or not isinstance(expires_in, int | float) or not expires_in > 0:
        return float(default_s)
    return min(float(expires_in), MAX_LIFETIME_S)
