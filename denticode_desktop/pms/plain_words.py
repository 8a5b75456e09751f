"""A PMS's own words, fit to be shown: plain, one line, short (field-notes/reliability-security.md section 3.4)."""

import unicodedata

MAX_WORDS_CHARS = 200
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
"""Control, format (bidi and zero-width among them), private, surrogate, unassigned, line and paragraph separators."""


def plain_words(text: str) -> str:
    """At most 200 characters on one line; control and bidi characters become visible replacement marks."""
    shown: list[str] = []
    for character in text[: MAX_WORDS_CHARS * 4]:
        if character in "\t\r\n ":
            if shown and shown[-1] != " ":
                shown.append(" ")
        else:
            shown.append("\ufffd" if unicodedata.category(character) in _HIDDEN else character)
    plain = "".join(shown).strip()
    return plain if len(plain) <= MAX_WORDS_CHARS else plain[: MAX_WORDS_CHARS - 1] + "…"
