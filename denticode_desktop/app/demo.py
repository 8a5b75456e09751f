"""`--demo`: a rehearsal data folder with a sample practice against a simulated PMS in this process.

In a window, or with `--no-window` step by step in the terminal. Without --data-dir the folder is temporary.
"""

# ruff: noqa: PLC0415 - imports inside functions: the terminal demo needs no window and the reverse

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path

from denticode_desktop.config.logs import log_to_file
from denticode_desktop.config.paths import folder_at
from denticode_desktop.config.system_clock import SystemClock
from denticode_desktop.console.demo import Demo, DemoPms
from denticode_desktop.console.demo import run_demo as tell_demo
from denticode_desktop.console.output import note
from denticode_desktop.console.sample_day import SampleDay
from denticode_desktop.domain.errors import DenticodeError

from .program import Denticode, RunningSimulator

PMS_KEY = "dentrix-ascend"
PATIENTS = 40
PRACTICE = "Springvale Dental (invented)"
OWNER = "Sam Lee"
DEMO_NOTE = (
    "This is a rehearsal: a simulated PMS on this computer and invented people, so press anything. One Lab goes into "
    "its chart by itself. Try Send Lab to PMS, Decide and Choose patient."
)
LAST_NAMES = ("Ruiz", "O'Brien", "Müller-Haas", "Hale")
"""Invented people of the simulated practice."""


def run_demo(data_dir: Path | None, *, has_window: bool) -> int:
    """The exit code; 1 with a sentence where the folder cannot be used."""
    program = Denticode()
    try:
        with _folder(data_dir) as folder, _simulator(program) as running:
            log_to_file(folder_at(folder).logs)
            created = program.create(folder, practice=PRACTICE, owner=OWNER, password="", is_rehearsal_only=True)
            pms = DemoPms(
                running.base_url, running.simulator.organization_id, running.simulator.client_id,
                running.simulator.client_secret,
            )  # fmt: skip
            if has_window:
                return _in_window(program, created.data_dir, pms, running)
            return _in_terminal(program, created.data_dir, pms)
    except DenticodeError as error:
        from denticode_desktop.console.words import words_of

        note(" ".join(words_of(error)).strip())
        return 1


def _in_terminal(program: Denticode, folder: Path, pms: DemoPms) -> int:
    with program.open(folder) as practice:
        return tell_demo(practice, practice.setup.actor(None), pms, folder, _today())


def _in_window(program: Denticode, folder: Path, pms: DemoPms, running: RunningSimulator) -> int:
    """Connects, syncs and prepares a day's Labs, so that every list of the first page has something in it."""
    from .window import run_window

    with program.open(folder) as practice:
        actor = practice.setup.actor(None)
        demo = Demo(practice, actor, pms, folder, _today())
        demo.connect()
        demo.sync()
        SampleDay(practice, actor, demo.connection_id, folder, _today(), running.type_note).prepare(LAST_NAMES)
    return run_window(folder, demo_note=DEMO_NOTE)


def _simulator(program: Denticode) -> AbstractContextManager[RunningSimulator]:
    return program.simulator(PMS_KEY, port=0, patients=PATIENTS, switches={})


@contextmanager
def _folder(data_dir: Path | None) -> Iterator[Path]:
    if data_dir is not None:
        yield data_dir
        return
    with tempfile.TemporaryDirectory(prefix="denticode-demo-", ignore_cleanup_errors=True) as scratch:
        yield Path(scratch) / "data"


def _today() -> date:
    return SystemClock().utc_now().date()
