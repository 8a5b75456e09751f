"""Who may do what at the rehearsal Dentrix Ascend: tokens, organization, permissions (contract section 1)."""

from __future__ import annotations

import hashlib
import threading
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from denticode_desktop.rehearsal import ascend_replies as replies
from denticode_desktop.rehearsal.ascend_state import ChartState
from denticode_desktop.rehearsal.http_server import HttpRequest, Reply
from denticode_desktop.rehearsal.practice_data import CLIENT_ID, CLIENT_SECRET, ORGANIZATION_ID


class Gate:
    """Hands out tokens and checks them. Expiry follows the simulator's clock."""

    def __init__(self, state: ChartState) -> None:
        self._state = state
        self._lock = threading.Lock()
        self._expiry: dict[str, datetime] = {}
        self._issued = 0

    def give_token(self, request: HttpRequest) -> Reply:
        """Answer the token endpoint: grant type in the query, id and secret in a form body."""
        switches = self._state.switches
        if request.method != "POST":
            return replies.error_reply(switches, 405, "method.not.allowed", "POST only")
        form = parse_qs(request.body.decode("utf-8", "replace"))
        query = parse_qs(request.query)
        for name, where in (("grant_type", query), ("client_id", form), ("client_secret", form)):
            if not where.get(name):
                return replies.missing_parameter(name)
        if query["grant_type"][0] != "client_credentials":
            return replies.token_error(400, "unsupported_grant_type", "Unsupported grant type")
        known = (form["client_id"][0], form["client_secret"][0]) == (CLIENT_ID, CLIENT_SECRET)
        if not known or (switches.wrong_environment and not switches.wrong_environment_told):
            return replies.token_error(401, "invalid_client", "Client credentials are invalid: ClientId is Invalid")
        if switches.wrong_environment:
            return replies.token_error(401, "invalid_client", "ClientId belongs to another environment")
        return replies.json_reply(200, self._new_token())

    def _new_token(self) -> dict[str, object]:
        state = self._state
        lifetime_s = state.switches.token_lifetime_s
        with self._lock:
            self._issued += 1
            token = hashlib.sha256(f"{state.seed}:{self._issued}".encode()).hexdigest()[:28]
            self._expiry[token] = state.now() + timedelta(seconds=lifetime_s)
        answer: dict[str, object] = {"access_token": token, "token_type": "Bearer"}
        kind = state.switches.expires_in_type
        if kind != "missing":
            answer["expires_in"] = {"string": str(lifetime_s), "number": lifetime_s, "text": "an hour"}[kind]
        return answer

    def revoke_all(self) -> None:
        """Make every token expired as of now."""
        with self._lock:
            long_ago = self._state.now() - timedelta(days=1)
            self._expiry = dict.fromkeys(self._expiry, long_ago)

    def refuse_bearer(self, request: HttpRequest) -> Reply | None:
        """Return the refusal of a request without a good token, else None."""
        switches = self._state.switches
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        with self._lock:
            expiry = self._expiry.get(token)
        if scheme != "Bearer" or expiry is None or switches.wrong_environment:
            return replies.invalid_token()
        with self._lock:
            left = switches.expire_token_after_calls
            if left is not None:
                switches.expire_token_after_calls = left - 1 if left > 0 else None
        if left == 0:
            self.revoke_all()
            return replies.expired_token()
        return replies.expired_token() if self._state.now() >= expiry else None

    def refuse_organization(self, request: HttpRequest) -> Reply | None:
        """Return the refusal of a request for no organization, an unknown one or one that is not linked, else None."""
        switches = self._state.switches
        named = request.headers.get("organization-id", "")
        if not named:
            status = switches.missing_organization_status
            return replies.error_reply(switches, status, "missing.header", "the header is required", "Organization-ID")
        if named != ORGANIZATION_ID or not switches.organization_linked:
            return replies.error_reply(
                switches, 403, "organization.not.linked", "the vendor is not enabled for this organization"
            )
        return None

    def linked_organizations(self, request: HttpRequest) -> Reply:
        """Answer orgmapper: which organizations these credentials may use; the bearer alone is needed."""
        refusal = self.refuse_bearer(request)
        if refusal is not None:
            return refusal
        linked = [ORGANIZATION_ID] if self._state.switches.organization_linked else []
        return replies.json_reply(200, {"organizations": linked})
