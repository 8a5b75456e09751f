"""What an httpx exception means, as one short code. Nothing of the exception's text leaves this module."""

import socket
import ssl

import httpx

NOT_YET_VALID = 9
"""OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID: as good as always our own clock."""


def fault_kind(error: BaseException) -> str:
    """`dns`, `connect_refused`, `connect_timeout`, `connect_failed`, `tls_not_yet_valid`, `tls_failed`, `proxy_failed`,
    `read_timeout`, `write_timeout`, `read_error`, `write_error`, `disconnected`, `http_error`, else
    `unexpected_<class>`.
    """
    causes = _causes(error)
    tls = next((cause for cause in causes if isinstance(cause, ssl.SSLError)), None)
    if tls is not None:
        return "tls_not_yet_valid" if getattr(tls, "verify_code", 0) == NOT_YET_VALID else "tls_failed"
    if isinstance(error, httpx.ConnectError):
        return _connect_kind(causes)
    by_class = (name for kind, name in _BY_CLASS if isinstance(error, kind))
    return next(by_class, f"unexpected_{type(error).__name__}")


_BY_CLASS: tuple[tuple[type[Exception], str], ...] = (
    (httpx.ProxyError, "proxy_failed"),
    (httpx.ConnectTimeout, "connect_timeout"),
    (httpx.PoolTimeout, "connect_timeout"),
    (httpx.ReadTimeout, "read_timeout"),
    (httpx.WriteTimeout, "write_timeout"),
    (httpx.ReadError, "read_error"),
    (httpx.WriteError, "write_error"),
    (httpx.RemoteProtocolError, "disconnected"),
    (httpx.HTTPError, "http_error"),
)


def _connect_kind(causes: list[BaseException]) -> str:
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return "dns"
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return "connect_refused"
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return "connect_timeout"
    return "connect_failed"


def _causes(error: BaseException) -> list[BaseException]:
    """The exception and what it came from, outermost first."""
    found: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in found:
        found.append(current)
        current = current.__cause__ or current.__context__
    return found
