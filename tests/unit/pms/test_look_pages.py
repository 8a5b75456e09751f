"""A look has every row or is an error, however the PMS cuts its pages and whatever it says about them."""

import json
from typing import Any

import pytest

from denticode_desktop.domain.errors import PmsProtocolError
from denticode_desktop.pms.dentrix_ascend.client import Params
from denticode_desktop.pms.dentrix_ascend.looks import read_whole_list
from denticode_desktop.pms.dentrix_ascend.rows import PMS_KEY
from denticode_desktop.pms.field_map import api_facts
from denticode_desktop.pms.http import Answer

FACTS = api_facts(PMS_KEY)


class CutList:
    """A list of `rows` rows in pages of at most `page`; tells what is named in `says` about it."""

    def __init__(self, rows: int, page: int, says: str = "") -> None:
        self._rows = [{"id": number} for number in range(1, rows + 1)]
        self._page = page
        self._says = says
        self.asked = 0
        self.forgets_place = False

    def __call__(self, params: Params) -> Answer:
        """One page."""
        self.asked += 1
        after = 0 if self.forgets_place else int(dict(params).get(FACTS.word("after_id"), "0"))
        rows = [row for row in self._rows if row["id"] > after][: self._page]
        told: dict[str, Any] = {"limit": self._page, "total": len(self._rows)}
        meta = {"pagination": {name: told[name] for name in self._says.split()}}
        body = {"statusCode": 200, "data": rows} | ({"meta": meta} if self._says else {})
        return Answer(200, {}, json.dumps(body).encode(), 0)


@pytest.mark.parametrize("says", ["", "limit", "total", "limit total"])
@pytest.mark.parametrize(("rows", "page"), [(0, 50), (1, 50), (49, 50), (50, 50), (120, 50), (120, 7), (300, 100)])
def test_every_row_is_seen(rows: int, page: int, says: str) -> None:
    found = read_whole_list(CutList(rows, page, says), FACTS, "")
    assert len(found.rows) == rows
    assert found.is_steady


def test_short_list_whose_end_is_told_costs_one_call() -> None:
    for says in ("limit", "total", "limit total"):
        cut = CutList(3, 50, says)
        read_whole_list(cut, FACTS, "")
        assert cut.asked == 1


def test_list_that_forgets_its_place_is_an_error_and_not_the_end() -> None:
    cut = CutList(120, 50)
    cut.forgets_place = True
    with pytest.raises(PmsProtocolError, match="endless_pages"):
        read_whole_list(cut, FACTS, "")
