"""What a body that is no data says: the PMS's words for a person's screen only (contract section 3.4), or a code.

Nothing of a body is ever logged.
"""

from collections.abc import Iterator

from denticode_desktop.domain.errors import PmsProtocolError
from denticode_desktop.pms.http import Answer
from denticode_desktop.pms.http_limits import parse_strict
from denticode_desktop.pms.plain_words import plain_words


def not_data(answer: Answer) -> PmsProtocolError:
    """The error for a good status without a list in JSON: `web_page` where a browser would show it, else `not_json`.

    It is told apart because a page usually comes from something in between: a network's sign-in, a proxy, a firewall.
    """
    is_page = "html" in answer.headers.get("content-type", "").lower() or answer.body.lstrip()[:1] == b"<"
    return PmsProtocolError("web_page" if is_page else "not_json")


def words_of(answer: Answer) -> str:
    """The PMS's own words, plain, at most 200 characters; empty where the body is none of the known shapes."""
    if not answer.is_json:
        return ""
    try:
        body = parse_strict(answer.body)
    except PmsProtocolError:
        return ""
    return plain_words("; ".join(_sentences(body)))


def words_in(body: object) -> str:
    """The same for the `errors` and `warnings` that a 2xx may carry."""
    return plain_words("; ".join(_sentences(body)))


def _sentences(body: object) -> Iterator[str]:
    if isinstance(body, list):
        for entry in body[:5]:
            yield from _sentences(entry)
    elif isinstance(body, str):
        yield body
    elif isinstance(body, dict):
        for name in ("errors", "warnings"):
            if isinstance(body.get(name), list):
                yield from _sentences(body[name])
        fault = body.get("fault")
        if isinstance(fault, dict):
            yield from _texts(fault, "faultstring")
        yield from _texts(body, "Error")
        told = ": ".join(_texts(body, "title", "description"))
        source = ", ".join(_texts(body, "source"))
        if told or source:
            yield f"{told} ({source})" if source else told


def _texts(body: dict[str, object], *names: str) -> Iterator[str]:
    for name in names:
        text = body.get(name)
        if isinstance(text, str) and text.strip():
            yield text
