"""Every text on a screen goes through here: English is the source, a translation is looked up by it."""

# ruff: noqa: PLC0415 - imports inside functions: the frame is painted before services are loaded

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from denticode_desktop.services.sentences import Sentence

CONTEXT = "denticode"


def tr(source: str) -> str:
    """The text in the language of the window. Places in braces are filled by the caller afterwards."""
    return QCoreApplication.translate(CONTEXT, source)


def say_sentence(sentence: Sentence) -> str:
    """A service's sentence: translated by its key first, filled afterwards, sentences within it likewise."""
    from denticode_desktop.services.sentences import SENTENCES, Sentence

    filled = {name: say_sentence(v) if isinstance(v, Sentence) else v for name, v in sentence.args}
    return tr(SENTENCES[sentence.key]).format(**filled)
