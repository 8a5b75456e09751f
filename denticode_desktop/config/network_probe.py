"""The network as this computer sees it, for Doctor: names, ports, certificates, the server's clock.

It sends no credentials and reads nothing but the Date header; the sign-in itself is the PMS adapter's.
"""

import http.client
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from urllib.parse import urlsplit

from denticode_desktop.domain.errors import PmsUnavailableError
from denticode_desktop.services.doctor import TlsFacts

TIMEOUT_S = 10.0
_VERIFY_KINDS = {
    9: "certificate_not_yet_valid", 10: "certificate_expired", 18: "self_signed", 19: "unknown_root",
    20: "unknown_root", 62: "wrong_host",
}  # fmt: skip
"""OpenSSL's X509_V_ERR numbers."""


class SocketProbe:
    """NetworkProbe (services.doctor) on real sockets. find_proxy: the PMS client's own rule."""

    def __init__(
        self,
        find_proxy: Callable[[str], str | None],
        make_context: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self._find_proxy = find_proxy
        self._make_context = make_context

    def addresses(self, host: str) -> Sequence[str]:
        """Addresses, each once. Raises PmsUnavailableError."""
        with _as_unavailable():
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    def proxy(self, origin: str) -> str | None:
        """`host:port`, without the user and password that a proxy's address may hold."""
        found = self._find_proxy(origin)
        if found is None:
            return None
        parts = urlsplit(found)
        return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"

    def connect_ms(self, host: str, port: int) -> int:
        """Raises PmsUnavailableError."""
        started_s = monotonic()
        with _as_unavailable(), socket.create_connection((host, port), timeout=TIMEOUT_S):
            return round((monotonic() - started_s) * 1000)

    def tls(self, host: str, port: int) -> TlsFacts:
        """Raises PmsUnavailableError."""
        with (
            _as_unavailable(),
            socket.create_connection((host, port), timeout=TIMEOUT_S) as plain,
            self._make_context().wrap_socket(plain, server_hostname=host) as secure,
        ):
            certificate = secure.getpeercert() or {}
            return TlsFacts(secure.version() or "TLS", _issuer(certificate), str(certificate.get("notAfter", "?")))

    def server_date(self, origin: str) -> datetime | None:
        """Raises PmsUnavailableError."""
        parts = urlsplit(origin)
        host = parts.hostname or ""
        client: http.client.HTTPConnection
        if parts.scheme == "https":
            client = http.client.HTTPSConnection(host, parts.port, timeout=TIMEOUT_S, context=self._make_context())
        else:
            client = http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT_S)
        try:
            with _as_unavailable():
                client.request("HEAD", "/")
                text = client.getresponse().headers.get("Date", "")
        finally:
            client.close()
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError):
            return None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _issuer(certificate: object) -> str:
    """Organization or common name of the one who signed."""
    fields = certificate.get("issuer", ()) if isinstance(certificate, dict) else ()
    names = {key: value for part in fields for key, value in part}
    text = str(names.get("organizationName") or names.get("commonName") or "an unnamed authority")
    return "".join(c for c in text if c.isprintable())[:80]


@contextmanager
def _as_unavailable() -> Iterator[None]:
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise PmsUnavailableError(_VERIFY_KINDS.get(error.verify_code, "certificate_refused")) from error
    except ssl.SSLError as error:
        raise PmsUnavailableError("tls_refused") from error
    except socket.gaierror as error:
        raise PmsUnavailableError("name_unknown") from error
    except ConnectionRefusedError as error:
        raise PmsUnavailableError("connect_refused") from error
    except TimeoutError as error:
        raise PmsUnavailableError("timed_out") from error
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        raise PmsUnavailableError("not_reachable") from error
