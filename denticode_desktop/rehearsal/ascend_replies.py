"""Bodies the rehearsal Dentrix Ascend answers with: envelope, errors, token errors (contract sections 1, 3.1, 3.4)."""

from __future__ import annotations

import msgspec

from denticode_desktop.rehearsal.http_server import Reply
from denticode_desktop.rehearsal.practice_data import JsonObject
from denticode_desktop.rehearsal.switches import Switches

HTML_PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Please sign in</h1></body></html>"


def json_reply(status: int, body: object) -> Reply:
    """Answer with JSON."""
    return raw_json_reply(status, msgspec.json.encode(body))


def raw_json_reply(status: int, body: bytes) -> Reply:
    """Answer with JSON that is already encoded."""
    return Reply(status, body, {"Content-Type": "application/json;charset=UTF-8"})


def html_reply(status: int) -> Reply:
    """Answer as a portal or a proxy in between would."""
    return Reply(status, HTML_PAGE, {"Content-Type": "text/html;charset=UTF-8"})


def status_code(status: int, switches: Switches) -> int | str:
    """Return the body's copy of the status, which may be a string (contract section 3.1)."""
    return str(status) if switches.status_code_type == "string" else status


def error_reply(switches: Switches, status: int, code: str, description: str, source: str = "") -> Reply:
    """Answer with an error, in the shape that is switched on."""
    error = {"code": code, "title": code.replace(".", " ").capitalize(), "description": description, "source": source}
    if switches.error_body == "array":
        return json_reply(status, [error])
    if switches.error_body == "fault":
        return gateway_fault(status, code, description)
    if switches.error_body == "html":
        return html_reply(status)
    if switches.error_body == "empty":
        return Reply(status)
    return json_reply(status, {"statusCode": status_code(status, switches), "errors": [error]})


def gateway_fault(status: int, code: str, text: str) -> Reply:
    """Answer as the gateway does before the application sees the request."""
    return json_reply(status, {"fault": {"faultstring": text, "detail": {"errorcode": code}}})


def invalid_token() -> Reply:
    """Answer to a missing or unknown bearer token."""
    return gateway_fault(401, "oauth.v2.InvalidAccessToken", "Invalid Access Token")


def expired_token() -> Reply:
    """Answer to a bearer token whose time is over."""
    return gateway_fault(401, "keymanagement.service.access_token_expired", "Access Token expired")


def token_error(status: int, code: str, text: str) -> Reply:
    """Answer of the token endpoint to a refused request."""
    return json_reply(status, {"ErrorCode": code, "Error": text})


def missing_parameter(name: str) -> Reply:
    """Answer of the token endpoint to a request without a parameter."""
    return token_error(400, "invalid_request", f"The request is missing a required parameter : {name}")


def single(status: int, record: JsonObject | list[JsonObject], switches: Switches) -> JsonObject:
    """Wrap one record; `data` may be an array of one."""
    data = [record] if switches.single_data == "array" else record
    return {"statusCode": status_code(status, switches), "data": data, "warnings": []}
