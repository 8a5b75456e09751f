"""Looks: every record of one kind in one chart, or an error (write-back-protocol.md section 7).

A voided procedure is not in the chart: it is left out, as if it had been deleted. Any `state` word that the data file
does not list as void counts as in the chart, since a record wrongly thought absent would be sent twice.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from denticode_desktop.domain.chart_match import ChartRecord, Look
from denticode_desktop.domain.charting import ProcedureStatus
from denticode_desktop.domain.errors import PmsProtocolError, PmsRefusedError, PmsUnavailableError
from denticode_desktop.domain.fingerprint import note_fingerprint, procedure_fingerprint
from denticode_desktop.domain.ids import PmsCodeId, PmsPatientId, PmsProviderId, RemoteId
from denticode_desktop.domain.lab import canonical_json
from denticode_desktop.domain.write_back import ItemKind
from denticode_desktop.pms.field_map import ApiFacts, api_facts
from denticode_desktop.pms.http import Answer
from denticode_desktop.pms.http_limits import parse_strict

from .client import Params
from .mapping import compared_text, day_in_zone, to_moment, utc_text
from .pages import check_envelope, is_after, is_last_page, largest_id
from .rows import PMS_KEY, NoteRow, ProcedureRow, id_text, ref_id, tolerant_row

MAX_LOOK_PAGES = 200
MAX_ROUNDS = 3
"""How often a look begins again because the list changed while it was read."""
SUMMARY_CHARS = 160

_words = api_facts(PMS_KEY).words
_STATUS = {word: ProcedureStatus(ours) for word, ours in _words["procedure_status"].value.items()}
_VOIDED = frozenset(_words["voided"].value)

Fetch = Callable[[Params], Answer]


@dataclass(frozen=True, slots=True)
class _ListPage:
    rows: list[dict[str, Any]]
    limit: int | None
    total: int | None

    @property
    def keys(self) -> list[tuple[str, str]]:
        return [(id_text(row.get("id")), str(row.get("lastModified") or "")) for row in self.rows]


@dataclass(frozen=True, slots=True)
class _WholeList:
    rows: list[dict[str, Any]]
    pages: int
    is_steady: bool


def read_list_page(answer: Answer) -> _ListPage:
    """One page for a look: strict JSON, and every row with an id. Raises: PmsProtocolError, PmsUnavailableError."""
    whole = parse_strict(answer.body)
    rows = whole.get("data") if isinstance(whole, dict) else whole
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise PmsProtocolError("no_data")
    limit = total = None
    if isinstance(whole, dict):
        errors = whole.get("errors")
        check_envelope(whole.get("statusCode"), errors if isinstance(errors, list) else None)
        meta = whole.get("meta")
        pagination = meta.get("pagination") if isinstance(meta, dict) else None
        if isinstance(pagination, dict):
            limit, total = (v if type(v := pagination.get(name)) is int else None for name in ("limit", "total"))
    page = _ListPage(rows, limit, total)
    if any(not row_id for row_id, _ in page.keys):
        raise PmsProtocolError("missing_id")
    return page


def read_whole_list(fetch: Fetch, facts: ApiFacts, conditions: str) -> _WholeList:
    """All pages of a filtered list once, the first one again when there were several.

    Raises: PmsProtocolError `endless_pages`; whatever `fetch` raises.
    """
    asked = facts.limit("look_page_size")
    base = [(facts.word("page_size"), str(asked)), (facts.word("response_fields"), "ALL")]
    if conditions:
        base.append((facts.word("filter"), conditions))
    first = page = read_list_page(fetch(base))
    rows = {row_id: row for (row_id, _), row in zip(page.keys, page.rows, strict=True)}
    after, pages = "", 1
    while not _is_end(page, asked, seen=len(rows)):
        newest = largest_id([row_id for row_id, _ in page.keys])
        if pages >= MAX_LOOK_PAGES or (after and not is_after(newest, after)):
            raise PmsProtocolError("endless_pages")
        after = newest
        page = read_list_page(fetch([*base, (facts.word("after_id"), after)]))
        rows |= {row_id: row for (row_id, _), row in zip(page.keys, page.rows, strict=True)}
        pages += 1
    is_steady = True
    if pages > 1:
        again = read_list_page(fetch(base))
        pages += 1
        # A row that slipped between two pages shows as a total that was not reached.
        is_steady = again.keys == first.keys and (again.total is None or again.total <= len(rows))
    elif first.total is not None and first.total > len(rows):
        is_steady = False
    return _WholeList(list(rows.values()), pages, is_steady)


def _is_end(page: _ListPage, asked: int, *, seen: int) -> bool:
    """Whether a look has everything: absence is only as sure as this, so a short page alone proves nothing.

    Without a word about page size or total the list is read on until a page is empty.
    """
    if page.limit is None and page.total is not None:
        return not page.rows or seen >= page.total
    return is_last_page(len(page.rows), page.limit, asked)


def conditions_to_try(facts: ApiFacts, patient_id: PmsPatientId, since: datetime | None) -> Sequence[str]:
    """Filters from narrow to none; each weaker one returns more, and the patient is matched here in any case."""
    patient = f"{facts.word('patient_is')}{patient_id}"
    if since is None:
        return (patient, "")
    from_text = utc_text(since - timedelta(seconds=facts.limit("look_margin_s")))
    modified = f"{facts.word('modified_since')}{from_text}"
    return (f"{patient},{modified}", patient, modified, "")


def look_through(
    fetch: Fetch, facts: ApiFacts, patient_id: PmsPatientId, since: datetime | None, weakest: int
) -> tuple[_WholeList, int]:
    """The whole list by the narrowest filter that the PMS takes, and which one that was (0 = narrowest).

    Raises: PmsUnavailableError `list_keeps_changing`; PmsRefusedError when even no filter is taken.
    """
    candidates = conditions_to_try(facts, patient_id, since)
    level, pages = min(weakest, len(candidates) - 1), 0
    for _ in range(MAX_ROUNDS + len(candidates)):
        try:
            found = read_whole_list(fetch, facts, candidates[level])
        except PmsRefusedError as error:
            if error.status != 400 or level + 1 >= len(candidates):
                raise
            level += 1
            continue
        pages += found.pages
        if found.is_steady:
            return _WholeList(found.rows, pages, True), level
    raise PmsUnavailableError("list_keeps_changing")


def to_look(
    found: _WholeList, kind: ItemKind, patient_id: PmsPatientId, zone: tzinfo | None, started_monotonic_s: float
) -> Look:
    """The look that a whole list proves, records of other patients left out.

    Raises: PmsProtocolError `missing_patient`: a record that names no patient may be ours or not.
    """
    records: list[ChartRecord] = []
    for raw in found.rows:
        record = _note(raw) if kind is ItemKind.NOTE else _procedure(raw, zone)
        if record is None:
            continue
        if not record.pms_patient_id:
            raise PmsProtocolError("missing_patient")
        if record.pms_patient_id == patient_id:
            records.append(record)
    evidence = canonical_json(sorted([record.remote_id, record.version] for record in records))
    return Look(
        kind, patient_id, tuple(records), found.pages, hashlib.sha256(evidence).hexdigest(), started_monotonic_s
    )


def _note(raw: dict[str, Any]) -> ChartRecord:
    row = tolerant_row(raw, NoteRow)
    text = compared_text(row.text or "")
    return ChartRecord(
        remote_id=RemoteId(id_text(row.note_id)),
        pms_patient_id=PmsPatientId(ref_id(row.patient)),
        kind=ItemKind.NOTE,
        fingerprint=note_fingerprint(text),
        text=text,
        is_locked=bool(row.signed_date),
        summary=text[:SUMMARY_CHARS],
        version=row.last_modified or "",
        dated_at=to_moment(row.dated_as),
    )


def _procedure(raw: dict[str, Any], zone: tzinfo | None) -> ChartRecord | None:
    row = tolerant_row(raw, ProcedureRow)
    if (row.state or "").strip().upper() in _VOIDED:
        return None
    status = _STATUS.get(row.status or "")
    if status is ProcedureStatus.COMPLETED:
        when, who = row.service_date or row.entry_date, row.rendering_provider or row.planned_provider
    else:
        when, who = (
            row.planned_date or row.service_date or row.entry_date,
            row.planned_provider or row.rendering_provider,
        )
    day, code_id = day_in_zone(when, zone), ref_id(row.practice_procedure)
    if status is None or day is None:
        # It cannot equal anything of ours: we write only known statuses, and always a day.
        unlike = canonical_json(["procedure in another state", code_id, row.status, when])
        digest = hashlib.sha256(unlike).hexdigest()
    else:
        digest = procedure_fingerprint(
            code_id=PmsCodeId(code_id), tooth=None, surfaces=None, quadrant=None, status=status, service_on=day,
            pms_provider_id=PmsProviderId(ref_id(who)) or None, fee_cents=None,
        )  # fmt: skip
    return ChartRecord(
        remote_id=RemoteId(id_text(row.procedure_id)),
        pms_patient_id=PmsPatientId(ref_id(row.patient)),
        kind=ItemKind.PROCEDURE,
        fingerprint=digest,
        summary=f"{row.status or 'no status'} {day.isoformat() if day else ''} code row {code_id}".strip(),
        version=row.last_modified or "",
        dated_at=to_moment(when),
    )
