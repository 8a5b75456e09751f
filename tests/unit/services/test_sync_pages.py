"""PageSource: pages come in order while they are read ahead."""

from __future__ import annotations

import threading

from denticode_desktop.domain.ids import PmsPatientId
from denticode_desktop.domain.people import Demographics, PmsPatient, PmsPatientStatus
from denticode_desktop.services.sync_pages import PAGES_AHEAD, PageSource
from tests.fakes.sync_world import FakePage

PAGES = 12


def page(after_id: str | None) -> FakePage:
    number = int(after_id or 0) + 1
    patient = PmsPatient(PmsPatientId(str(number)), Demographics("Ada", "Abara", None), PmsPatientStatus.ACTIVE)
    return FakePage([patient], None if number == PAGES else str(number), PAGES, [])


def test_pages_come_in_order_and_no_more_than_asked_are_read_ahead() -> None:
    asked: list[str | None] = []
    is_full = threading.Event()

    def read(after_id: str | None) -> FakePage:
        asked.append(after_id)
        if len(asked) == PAGES_AHEAD + 1:
            is_full.set()
        return page(after_id)

    with PageSource(read, None) as source:
        assert is_full.wait(10)
        assert len(asked) == PAGES_AHEAD + 1
        assert [fetched.page.keys[0][0] for fetched in source] == [str(n) for n in range(1, PAGES + 1)]
