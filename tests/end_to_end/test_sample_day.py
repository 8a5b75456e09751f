"""The demo window's day: every list of Today has something in it, and all of it is real."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from denticode_desktop.app.demo import LAST_NAMES
from denticode_desktop.app.program import Denticode
from denticode_desktop.console.demo import Demo, DemoPms
from denticode_desktop.console.sample_day import SampleDay
from denticode_desktop.services.today_rows import RowAction

TODAY = date(2026, 11, 24)
DAY_START = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.mark.slow
def test_every_list_of_today_has_something_to_do(tmp_path: Path) -> None:
    program = Denticode()
    with program.simulator("dentrix-ascend", port=0, patients=40, switches={}) as running:
        folder = program.create(
            tmp_path / "d", practice="Springvale Dental", owner="Sam Lee", password="", is_rehearsal_only=True
        ).data_dir
        pms = DemoPms(
            running.base_url, running.simulator.organization_id, running.simulator.client_id,
            running.simulator.client_secret,
        )  # fmt: skip
        with program.open(folder) as practice:
            actor = practice.setup.actor(None)
            demo = Demo(practice, actor, pms, folder, TODAY)
            demo.connect()
            demo.sync()
            day = SampleDay(practice, actor, demo.connection_id, folder, TODAY, running.type_note)
            labs = day.prepare(LAST_NAMES)
            with practice.queue_run() as running_queue:
                running_queue.run(timeout_s=60.0)
            today = practice.status.today(DAY_START)
            states = [lab.is_finalized for lab in reversed(practice.labs.list(actor))]

        assert len(labs) == len(set(labs)) == 5
        assert states.count(False) == 1
        assert {row.action for row in today.needs_you} == {RowAction.DECIDE, RowAction.OPEN_LAB}
        assert RowAction.SEND in {row.action for row in today.waiting}
        assert len(today.in_chart) == 1
        assert not list(folder.glob("sample-lab*"))
