"""Every key of the window, in one table: it makes the shortcuts and tells the tool tips."""

from enum import StrEnum
from typing import NamedTuple

from denticode_desktop.ui.words import tr


class Command(StrEnum):
    """What a key does. A page answers to those that it overrides in `on_command`."""

    SYNC = "sync"
    FIND = "find"
    SEND = "send"
    BACK = "back"


class Key(NamedTuple):
    """`keys` as Qt writes them; `words`: a source text."""

    command: Command
    keys: str
    words: str


KEYS: tuple[Key, ...] = (
    Key(Command.SYNC, "F5", "Sync Now"),
    Key(Command.FIND, "Ctrl+F", "Find"),
    Key(Command.SEND, "Ctrl+Return", "Send"),
    Key(Command.BACK, "Esc", "Back"),
)
PAGE_KEYS = tuple(f"Ctrl+{number}" for number in range(1, 10))
"""The first nine pages of the rail."""


def with_key(words: str, command: Command) -> str:
    """`Sync Now (F5)`, for a tool tip."""
    from PySide6.QtGui import QKeySequence  # noqa: PLC0415 - not for the window's frame

    keys = next(key.keys for key in KEYS if key.command is command)
    native = QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
    return f"{words} ({native})"


def help_lines() -> list[str]:
    """One line a key."""
    return [f"{key.keys}: {tr(key.words)}" for key in KEYS]
