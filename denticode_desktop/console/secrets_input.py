"""Secrets come from standard input as one JSON object, or from a hidden prompt; never from arguments or environment."""

import json
import sys
from collections.abc import Mapping
from typing import Any

import click

from denticode_desktop.domain.errors import UserError

FIELDS = frozenset({
    "password", "client_secret", "developer_key", "customer_key", "api_key", "totp", "recovery_key",
})  # fmt: skip
MAX_INPUT_BYTES = 65_536
MAX_VALUE_CHARS = 4_096
LABELS = {"password": "Password", "client_secret": "Client secret", "recovery_key": "Recovery key"}


def read_secrets(stream: Any = None) -> dict[str, str]:
    """The object's values, trimmed. Raises UserError, which never repeats what was typed."""
    data = (stream or sys.stdin.buffer).read(MAX_INPUT_BYTES + 1)
    if len(data) > MAX_INPUT_BYTES:
        raise _wrong("is longer than 64 KB")
    try:
        value = json.loads(data, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError):
        # `from None`: the original holds the text that was typed
        raise _wrong("is not a JSON object with each key once") from None
    if not isinstance(value, dict):
        raise _wrong("is not a JSON object")
    unknown = sorted(str(key)[:40] for key in value if key not in FIELDS)
    if unknown:
        raise _wrong(f"has a key that is not known; known are: {', '.join(sorted(FIELDS))}")
    for key, text in value.items():
        if not isinstance(text, str) or len(text) > MAX_VALUE_CHARS or "\x00" in text:
            raise UserError(f"{key} on standard input is not a text of sensible length. Correct it.", field=key)
    return {key: text.strip() for key, text in value.items()}


def prompt_secret(field: str, *, confirm: bool = False) -> str:
    """Asks on the terminal with hidden input."""
    value: str = click.prompt(
        LABELS.get(field, field.replace("_", " ").capitalize()), hide_input=True, confirmation_prompt=confirm, err=True
    )
    return value.strip()


def can_prompt() -> bool:
    """Whether a person sits at a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def _without_repeats(pairs: list[tuple[str, object]]) -> Mapping[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("repeated key")
    return value


def _wrong(what: str) -> UserError:
    return UserError(
        f'What --secrets-stdin read {what}. Give one object such as {{"client_secret": "…"}}.', field="secrets_stdin"
    )
