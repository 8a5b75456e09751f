"""Which addresses a connection may lead to. A base URL is not free text (field-notes/reliability-security.md 3.3)."""

import re
from urllib.parse import urlsplit

from denticode_desktop.domain.connection import Environment
from denticode_desktop.domain.errors import UserError

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_VENDOR_HOST = re.compile(rf"https://((?:{_LABEL}\.)+{_LABEL})(?::443)?/?")
_REHEARSAL = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\]):([1-9][0-9]{0,4})/?")
MAX_HOST_CHARS = 253


def checked_vendor_host(text: str, suffix: str) -> str:
    """`https://host`, lower case, for a host under `suffix` (which begins with a dot).

    The whole text must match a narrow pattern, so user info, other ports, paths, escapes, backslashes, other alphabets
    and trailing dots have no place to stand. Raises: UserError (field `host`).
    """
    match = _VENDOR_HOST.fullmatch(_ascii_lower(text))
    host = match.group(1) if match else ""
    if not host.endswith(suffix) or len(host) > MAX_HOST_CHARS or urlsplit(f"https://{host}").hostname != host:
        raise UserError(
            f"The host must be https://…{suffix}, with nothing before or after it. Leave it out to take the vendor's "
            "own, or copy it again.",
            field="host",
        )
    return f"https://{host}"


def checked_rehearsal_host(text: str) -> str:
    """`http://loopback:port`. Raises: UserError (field `host`) for anything that could leave this computer."""
    match = _REHEARSAL.fullmatch(_ascii_lower(text))
    if match is None or int(match.group(2)) > 65535:
        raise UserError(
            "Rehearsal accepts http://127.0.0.1 with a port only. Copy the address that the simulator shows.",
            field="host",
        )
    return f"http://{match.group(1)}:{match.group(2)}"


def checked_host(environment: Environment, host: str | None, default: str | None, suffix: str) -> str:
    """The address for an environment, the default where none is given. Raises: UserError (field `host`)."""
    text = host if host is not None else default
    if text is None:
        raise UserError("Give the address of the rehearsal PMS, such as http://127.0.0.1:8765.", field="host")
    if environment is Environment.REHEARSAL:
        return checked_rehearsal_host(text)
    return checked_vendor_host(text, suffix)


def _ascii_lower(text: str) -> str:
    """Lower case for ASCII letters only: `str.lower` would turn a Kelvin sign into a k."""
    return text.lower() if text.isascii() else ""
