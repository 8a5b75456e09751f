"""The edge of the console: global options, every error as one sentence (or one JSON object) and its exit code."""

import logging
import secrets
from collections.abc import Sequence
from pathlib import Path

import click

from denticode_desktop.domain.errors import BugError, DenticodeError, UserError

from . import audit, connections, doctor, labs, people, practice, queue, rehearsal, sync
from .exit_codes import UNEXPECTED, USAGE, code_of
from .output import note, write_json
from .program import Program
from .session import Session
from .stopping import terminated_as_interrupted
from .words import ToldError, words_of

log = logging.getLogger(__name__)
_FLAGS = frozenset({"--json", "--secrets-stdin"})
_VALUES = frozenset({"--data-dir", "--as"})

_COMMANDS: tuple[click.Command, ...] = (
    practice.init, practice.user, practice.role, practice.recover, connections.pms, connections.connection, sync.sync,
    people.patient, people.provider, people.match, labs.lab, queue.queue, audit.audit, rehearsal.simulator,
    doctor.doctor,
)  # fmt: skip


def global_options_first(arguments: Sequence[str]) -> list[str]:
    """Moves the global options before the command, so that `denticode user list --json` works as well."""
    front: list[str] = []
    rest: list[str] = []
    remaining = list(arguments)
    while remaining:
        word = remaining.pop(0)
        if word == "--":
            rest += [word, *remaining]
            break
        if word in _FLAGS or word.partition("=")[0] in _VALUES:
            front.append(word)
            if word in _VALUES and remaining:
                front.append(remaining.pop(0))
        else:
            rest.append(word)
    return front + rest


def make_group(program: Program) -> click.Group:
    """The `denticode` command."""

    @click.group(
        name="denticode", no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]},
        help="Puts a dental team's finalized Lab sessions into the right chart, exactly once.",
    )  # fmt: skip
    @click.option("--data-dir", type=click.Path(path_type=Path), help="Data folder; the default is this user's own.")
    @click.option("--json", "is_json", is_flag=True, help="Write exactly one JSON object to standard output.")
    @click.option("--as", "user_name", metavar="USER", help="Who acts; the default is the practice's Owner.")
    @click.option("--secrets-stdin", is_flag=True, help="Read secrets from standard input as one JSON object.")
    @click.version_option(program.version, message="denticode %(version)s")
    @click.pass_context
    def denticode(
        context: click.Context, data_dir: Path | None, is_json: bool, user_name: str | None, secrets_stdin: bool
    ) -> None:
        session = Session(program, data_dir, is_json, user_name, secrets_stdin)
        context.obj = session
        context.call_on_close(session.close)

    for command in _COMMANDS:
        denticode.add_command(command)
    return denticode


def run(program: Program, arguments: Sequence[str]) -> int:
    """Runs one command line; the exit code. Raises nothing."""
    words = global_options_first(arguments)
    is_json = "--json" in words[: words.index("--")] if "--" in words else "--json" in words
    try:
        with terminated_as_interrupted():
            result = make_group(program).main(args=words, prog_name="denticode", standalone_mode=False)
    except (click.Abort, KeyboardInterrupt):
        return _stopped(is_json)
    except Exception as error:  # the edge of the program
        return _end_of(error, is_json)
    return result if isinstance(result, int) else 0


def _stopped(is_json: bool) -> int:
    """The command has no result. Of the fixed exit codes only "unexpected" says that; a shell's 130 is none of them."""
    step = "What was finished before is kept. Run the command again to go on."
    _report(is_json, code="stopped", sentence="Stopped.", next_step=step)
    return UNEXPECTED


def _end_of(error: Exception, is_json: bool) -> int:
    """Says what a command ended with; the exit code."""
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.ClickException):
        return _usage(error, is_json)
    if isinstance(error, DenticodeError) and not isinstance(error, BugError):
        return _known(error, is_json)
    return _unexpected(error, is_json)


def _report(is_json: bool, *, code: str, sentence: str, next_step: str, field: str | None = None) -> None:
    if is_json:
        write_json({"ok": False, "error": code, "field": field, "sentence": sentence, "next_step": next_step})
    else:
        note(f"{sentence} {next_step}".strip())


def _usage(error: click.ClickException, is_json: bool) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError) and not is_json:
        click.echo(error.format_message(), err=True)
        return USAGE
    parameter = getattr(error, "param", None)
    usage_context = getattr(error, "ctx", None)
    step = f"Run `{usage_context.command_path} --help`." if usage_context else "Run `denticode --help`."
    sentence = error.format_message()
    sentence = sentence if sentence.endswith((".", "?")) else f"{sentence}."
    _report(is_json, code="usage", sentence=sentence, next_step=step, field=parameter.name if parameter else None)
    return USAGE


def _known(error: DenticodeError, is_json: bool) -> int:
    exit_code, code = code_of(error.cause if isinstance(error, ToldError) else error)
    sentence, next_step = words_of(error)
    field = error.field if isinstance(error, UserError | ToldError) else None
    _report(is_json, code=code, sentence=sentence, next_step=next_step, field=field)
    return exit_code


def _unexpected(error: Exception, is_json: bool) -> int:
    """One sentence and an id by which the log's line is found; the error's own text may hold patient data."""
    error_id = f"E{secrets.token_hex(4)}"
    log.error("console.unexpected", exc_info=error, extra={"error_id": error_id})
    sentence = f"Something unexpected went wrong (error {error_id}). Nothing was lost."
    _report(
        is_json, code="unexpected", sentence=sentence, next_step="Try again; if it stays, send the log to your IT team."
    )
    return UNEXPECTED
