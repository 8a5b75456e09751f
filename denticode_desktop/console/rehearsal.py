"""`simulator`: a simulated PMS on loopback that keeps running."""

import json
import sys
from collections.abc import Mapping, Sequence

import click

from denticode_desktop.domain.errors import UserError

from .output import note, say
from .session import Session, pass_session
from .stopping import stop_asked

_WAIT_S = 0.5
"""A short wait, so that Windows can hand Ctrl+C over between two of them."""


@click.command()
@click.option("--pms", "pms_key", required=True, metavar="KEY", help="One of `pms list`.")
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65_535), help="0 = any free one.")
@click.option("--patients", default=40, show_default=True, type=click.IntRange(1, 1_000_000))
@click.option("--switch", "switches", multiple=True, metavar="NAME=VALUE", help="A switch; the value is JSON or text.")
@pass_session
def simulator(session: Session, pms_key: str, port: int, patients: int, switches: Sequence[str]) -> None:
    """Run a simulated PMS on this computer until Ctrl+C; nothing real can be reached from it."""
    values = dict(_switch(text) for text in switches)
    with (
        session.program.simulator(pms_key, port=port, patients=patients, switches=values) as running,
        stop_asked() as stopped,
    ):
        described = running.describe()
        session.emit(described, lambda: _show(described))
        sys.stdout.flush()
        note("The simulated PMS is running. Press Ctrl+C to stop it.")
        while not stopped.wait(_WAIT_S):
            pass


def _show(described: Mapping[str, object]) -> None:
    for name, value in described.items():
        say(f"{name}: {value}")


def _switch(text: str) -> tuple[str, object]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise UserError("A switch is NAME=VALUE, such as network_down=true.", field="switch")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
