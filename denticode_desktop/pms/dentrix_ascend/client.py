"""Authorized calls to one organization: token, headers, status -> error. Knows no resource's meaning."""

from collections.abc import Sequence
from urllib.parse import quote

from denticode_desktop.domain.connection import ConnectionSettings
from denticode_desktop.domain.errors import (
    PmsAuthError,
    PmsForbiddenError,
    PmsRefusedError,
    PmsThrottledError,
    PmsUnavailableError,
)
from denticode_desktop.pms.field_map import ApiFacts
from denticode_desktop.pms.http import Answer, Call, HttpClient
from denticode_desktop.pms.outcome import retry_after_s
from denticode_desktop.ports.clock import Clock
from denticode_desktop.ports.pms import ConnectionSecrets

from .auth import Token, TokenCache, fetch_token, token_key
from .error_words import not_data, words_of

Params = Sequence[tuple[str, str]]


def query_string(params: Params) -> str:
    """`?a=b&c=d` with every value percent-encoded whole (contract section 3.3), empty without parameters."""
    return "?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in params) if params else ""


class AscendClient:
    """Requests with a bearer token and the organization's header. One thread at a time."""

    def __init__(
        self,
        settings: ConnectionSettings,
        secrets: ConnectionSecrets,
        *,
        facts: ApiFacts,
        clock: Clock,
        tokens: TokenCache,
        http: HttpClient,
    ) -> None:
        self.http = http
        self.facts = facts
        self.clock = clock
        self._settings = settings
        self._secrets = secrets
        self._tokens = tokens
        self._fetched = 0
        self._key = token_key(
            settings.host, settings.client_id, settings.organization_id, secrets.values.get("client_secret", "")
        )

    def __repr__(self) -> str:
        return f"AscendClient({self.http.base})"

    @property
    def has_secret(self) -> bool:
        """Whether a client secret was given."""
        return bool(self._secrets.values.get("client_secret"))

    def ready_token(self, min_left_s: float) -> str:
        """A token good for that long. Raises as `fetch_token`."""
        return self._tokens.get(self._key, self.clock, min_left_s=min_left_s, fetch=self._fetch).value

    def held_token(self) -> str | None:
        """The token in memory, never a new one."""
        return self._tokens.peek(self._key)

    def drop_token(self) -> None:
        """The next use fetches a fresh one."""
        self._tokens.drop(self._key)

    def headers(self, token: str, *, with_organization: bool = True) -> dict[str, str]:
        """The scheme is the literal `Bearer`, whatever `token_type` says (contract section 1)."""
        headers = {"Authorization": f"Bearer {token}"}
        if with_organization:
            headers["Organization-ID"] = self._settings.organization_id
        return headers

    def get(
        self, path: str, params: Params = (), *, permission: str, template: str = "", is_fresh: bool = False
    ) -> Answer:
        """A 200 in JSON from a path under the API's base. `is_fresh` asks caches to stay out of it.

        Raises: PmsUnavailableError, PmsThrottledError, PmsAuthError (second 401), PmsForbiddenError (with
        `permission`), PmsRefusedError (other 4xx), PmsProtocolError.
        """
        base = self.facts.path("api_base")
        return self.get_absolute(f"{base}{path}", params, permission=permission, template=template, is_fresh=is_fresh)

    def get_absolute(
        self,
        path: str,
        params: Params = (),
        *,
        permission: str,
        template: str = "",
        is_fresh: bool = False,
        with_organization: bool = True,
    ) -> Answer:
        """The same for a path from the host's root."""
        extra = {"Cache-Control": "no-cache", "Pragma": "no-cache"} if is_fresh else {}
        for _ in range(2):
            token = self.ready_token(self.facts.limit("refresh_ahead_s"))
            answer = self.http.read(
                Call(
                    "GET",
                    f"{self.http.base}{path}{query_string(params)}",
                    template or path,
                    headers=self.headers(token, with_organization=with_organization) | extra,
                    deadline_s=self.facts.limit("read_deadline_s"),
                )
            )
            if answer.status != 401:
                return checked(answer, permission)
            self._tokens.drop(self._key, token)
        raise PmsAuthError

    def take_token_count(self) -> int:
        """Tokens fetched since last asked; one that another gateway fetched and this one shares is not counted."""
        count, self._fetched = self._fetched, 0
        return count

    def _fetch(self) -> Token:
        token = fetch_token(
            self.http,
            self.facts,
            self.clock,
            organization_id=self._settings.organization_id,
            client_id=self._settings.client_id,
            client_secret=self._secrets.values.get("client_secret", ""),
        )
        self._fetched += 1
        return token


def checked(answer: Answer, permission: str) -> Answer:
    """The answer if it is a 200 in JSON, else the error that its status stands for."""
    status = answer.status
    if status == 200 and answer.is_json:
        return answer
    if 200 <= status < 300:
        raise not_data(answer)
    if status == 403:
        raise PmsForbiddenError(permission)
    if status == 429:
        raise PmsThrottledError(retry_after_s(answer))
    if 400 <= status < 500 and status != 408:
        raise PmsRefusedError(status, words_of(answer))
    raise PmsUnavailableError(f"http_{status}", retry_after_s=retry_after_s(answer))
