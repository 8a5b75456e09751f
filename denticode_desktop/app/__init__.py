"""Composition root: the one package that knows every other; it builds, wires, starts and stops in order.

Entry points: `console_main` (the `denticode` command) and `window_main` (`denticode-desktop`), which is also the engine
process (`--engine`), the demo and the self-test. What a mode does not need is not imported.
"""

# ruff: noqa: PLC0415 - see above

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from denticode_desktop import __version__

UNEXPECTED = 1
log = logging.getLogger(__name__)


def console_main(arguments: Sequence[str] | None = None) -> int:
    """The console; the exit code."""
    from denticode_desktop.config.logs import log_to_stderr
    from denticode_desktop.console.main import run

    from .program import Denticode

    log_to_stderr()
    return run(Denticode(), sys.argv[1:] if arguments is None else arguments)


def window_main(arguments: Sequence[str] | None = None) -> int:
    """The window, or what its options ask for instead; the exit code."""
    from denticode_desktop.config.logs import log_to_stderr

    options = _parser().parse_args(arguments)
    log_to_stderr()  # until a mode chooses its file: Python's own last resort would print the text of an error
    sys.excepthook = _on_unexpected
    if options.self_test:
        from .self_test import run_self_test

        return run_self_test(options.out)
    if options.engine:
        return engine_main(options.data_dir)
    if options.demo:
        from .demo import run_demo

        return run_demo(options.data_dir, has_window=not options.no_window)
    return _open_window(options.data_dir)


def engine_main(data_dir: Path | None) -> int:
    """The engine process: commands on standard input, events on standard output, until its parent ends."""
    from denticode_desktop.background import engine_main as engine
    from denticode_desktop.config.logs import log_to_file
    from denticode_desktop.config.paths import folder_at
    from denticode_desktop.domain.events import Event
    from denticode_desktop.ports.event_sink import EventSink

    from .folders import open_application

    log_to_file(folder_at(data_dir).logs)
    stdin, stdout = engine.take_standard_streams()
    with open_application(data_dir) as practice:

        def build(sink: EventSink) -> engine.Engine:
            def tell(event: Event) -> None:
                sink.publish(event)

            practice.listen(tell)
            return practice.make_worker()

        return engine.run(build, stdin, stdout)


def _open_window(data_dir: Path | None) -> int:
    from denticode_desktop.config.logs import log_to_file
    from denticode_desktop.config.paths import folder_at

    from .window import run_window

    log_to_file(folder_at(data_dir).logs)
    return run_window(data_dir)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="denticode-desktop", description="Puts finalized Lab sessions into the right chart, exactly once."
    )
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="data folder; the default is this user's own")
    parser.add_argument("--demo", action="store_true", help="show the program at work with a simulated PMS")
    parser.add_argument("--no-window", action="store_true", help="with --demo: step by step in the terminal")
    parser.add_argument("--self-test", action="store_true", help="try everything the program leans on, then exit")
    parser.add_argument("--out", type=Path, metavar="FILE", help="with --self-test: write the result to a file")
    parser.add_argument("--version", action="version", version=f"denticode-desktop {__version__}")
    parser.add_argument("--engine", action="store_true", help=argparse.SUPPRESS)
    return parser


def _on_unexpected(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """The edge of the window's process: an id for the log, and no text that may hold a patient's data."""
    if issubclass(kind, KeyboardInterrupt):
        return
    import secrets

    error_id = f"E{secrets.token_hex(4)}"
    log.error("program.unexpected", exc_info=(kind, error, trace), extra={"error_id": error_id})
    if sys.stderr is not None:
        sys.stderr.write(f"Something unexpected went wrong (error {error_id}). Nothing was lost. Start again.\n")
