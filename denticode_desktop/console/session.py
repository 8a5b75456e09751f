"""One run of the console: the global options, the open data folder, who acts, and how a result is written."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import click

from denticode_desktop.domain.access import Actor
from denticode_desktop.domain.errors import NotAllowedError, UserError

from .output import write_json
from .program import Desk, Program
from .secrets_input import can_prompt, prompt_secret, read_secrets


@dataclass(slots=True)
class Session:
    """Passed to every command as click's object."""

    program: Program
    data_dir: Path | None
    is_json: bool
    user_name: str | None
    reads_secrets: bool
    _stack: ExitStack = field(default_factory=ExitStack)
    _desk: Desk | None = None
    _secrets: dict[str, str] | None = None

    @property
    def desk(self) -> Desk:
        """The open data folder; opened at first use, closed with the session."""
        if self._desk is None:
            self._desk = self._stack.enter_context(self.program.open(self.data_dir))
        return self._desk

    def actor(self) -> Actor:
        """Who acts. A password that is given must be right, where the user has one.

        Without one the name is taken: whoever may open this data folder holds its keys already. Raises NotAllowedError.
        """
        setup = self.desk.setup
        actor = setup.actor(self.user_name)
        password = self.secrets().get("password")
        stored = setup.password_hash(self.user_name) if password else ""
        if password and stored and not self.desk.is_right_password(password, stored):
            raise NotAllowedError("The password is not right. Try again, or ask an Owner.", field="password")
        return actor

    def secrets(self) -> dict[str, str]:
        """What --secrets-stdin gave, read once; empty without it."""
        if self._secrets is None:
            self._secrets = read_secrets() if self.reads_secrets else {}
        return self._secrets

    def secret(self, name: str, *, is_required: bool = True, confirm: bool = False) -> str | None:
        """One secret: from standard input, else from a hidden prompt where a person sits at the terminal.

        Raises UserError (field = name) for a required one that nobody gave.
        """
        value = self.secrets().get(name)
        if value:
            return value
        if is_required and not self.reads_secrets and can_prompt():
            return prompt_secret(name, confirm=confirm)
        if is_required:
            raise UserError(
                f"{name} is missing. Give it on standard input with --secrets-stdin, never as an argument.", field=name
            )
        return None

    def emit(self, result: Mapping[str, object], show: Callable[[], None], exit_code: int = 0) -> None:
        """Writes the result in the wanted form and ends the command with its exit code."""
        if self.is_json:
            write_json(result)
        else:
            show()
        if exit_code:
            raise click.exceptions.Exit(exit_code)

    def close(self) -> None:
        """Closes the data folder."""
        self._stack.close()


pass_session = click.make_pass_decorator(Session)
