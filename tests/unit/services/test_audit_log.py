"""The log proves itself: whatever is changed in the database or in an export is found and named."""

import csv
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denticode_desktop.domain.audit_event import (
    GENESIS_HASH,
    Anchor,
    AuditDraft,
    AuditEvent,
    AuditHead,
    AuditKind,
    seal,
)
from denticode_desktop.domain.errors import NotAllowedError, SecretStoreError, StoppedError, StorageError, UserError
from denticode_desktop.ports.views import AuditFilter
from denticode_desktop.services.anchor import AnchorStore
from denticode_desktop.services.audit_chain import ChainWalk, VerifyResult, walk
from denticode_desktop.services.audit_export import CSV_COLUMNS, json_lines, safe_cell, verify_json_lines
from denticode_desktop.services.audit_log import AuditLog, Watch
from denticode_desktop.storage.repo_audit import SqlAudit
from tests.fakes.clock import START
from tests.unit.storage.helpers import KEY

from .connect_world import DENTIST, OWNER, ConnectWorld

TRIGGERS = ("tr_audit_event_chain", "tr_audit_event_no_update", "tr_audit_event_no_delete")


class AuditWorld(ConnectWorld):
    """With some events and the service; `tamper` is somebody with the key and a database tool."""

    def __init__(self, tmp_path: Path, events: int = 6) -> None:
        super().__init__(tmp_path)
        self.anchor = AnchorStore(self.secrets)
        self.log = AuditLog(self.store, self.anchor, self.clock)
        with self.store.write() as uow:
            for n in range(events):
                kind = AuditKind.SEND_INTENT if n % 2 else AuditKind.LOOK_DONE
                uow.audit.append(AuditDraft(kind, "olga", "Owner", item_id=n, reason=f"reason {n}", detail={"n": n}))
                self.clock.advance(1.0)

    def remember(self) -> AuditHead:
        """Puts the head into the anchor, as the sender does."""
        with self.store.read() as uow:
            head = uow.audit.head()
        self.anchor.write(Anchor(1, head.seq, head.hash))
        return head

    def tamper(self, *statements: str) -> None:
        import sqlcipher3.dbapi2 as driver

        connection = driver.connect(str(self.folder / "denticode.db"))
        connection.execute(f"PRAGMA key = \"x'{KEY.hex()}'\"")
        kept = connection.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_event'")
        triggers = [row[0] for row in kept.fetchall()]
        for name in TRIGGERS:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in (*statements, *triggers):
            connection.execute(statement)
        connection.commit()
        connection.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[AuditWorld]:
    made = AuditWorld(tmp_path)
    yield made
    made.close()


# -- verify ------------------------------------------------------------------------------------------------------


def test_verify_of_a_whole_log_is_ok_and_an_event_itself(world: AuditWorld) -> None:
    head = world.remember()
    assert world.log.verify(OWNER) == VerifyResult(ok=True, events=6, head=head.hash)
    event = world.events()[-1].draft
    assert (event.kind, event.outcome, event.detail["events"]) == (AuditKind.AUDIT_VERIFIED, "ok", 6)
    assert world.log.verify(OWNER).events == 7


def test_verify_of_an_empty_log_is_ok(tmp_path: Path) -> None:
    world = AuditWorld(tmp_path, events=0)
    assert world.log.verify(OWNER) == VerifyResult(ok=True, events=0, head=GENESIS_HASH)
    world.close()


@pytest.mark.parametrize(
    ("statement", "bad_seq", "why"),
    [
        ("UPDATE audit_event SET reason = 'other' WHERE seq = 3", 3, "changed"),
        ("UPDATE audit_event SET detail = '{\"n\":9}' WHERE seq = 3", 3, "changed"),
        ("UPDATE audit_event SET actor = 'eve' WHERE seq = 1", 1, "changed"),
        ("UPDATE audit_event SET kind = 'item.done' WHERE seq = 6", 6, "changed"),
        ("UPDATE audit_event SET kind = 'no.such' WHERE seq = 4", 4, "cannot be read"),
        ("UPDATE audit_event SET detail = 'not json' WHERE seq = 6", 6, "cannot be read"),
        ("UPDATE audit_event SET at = 'yesterday' WHERE seq = 6", 6, "cannot be read"),
        ("UPDATE audit_event SET previous_hash = hash WHERE seq = 4", 4, "replaced"),
        ("UPDATE audit_event SET hash = previous_hash WHERE seq = 4", 4, "changed"),
        ("DELETE FROM audit_event WHERE seq = 2", 2, "missing"),
        ("DELETE FROM audit_event WHERE seq = 1", 1, "missing"),
        ("DELETE FROM audit_event WHERE seq > 4", 5, "cut"),
        ("DELETE FROM audit_event", 1, "cut"),
        ("UPDATE audit_event SET seq = 9 WHERE seq = 6", 6, "missing"),
    ],
)
def test_verify_names_the_first_event_that_somebody_touched(
    world: AuditWorld, statement: str, bad_seq: int, why: str
) -> None:
    world.remember()
    world.tamper(statement)
    result = world.log.verify(OWNER)
    assert (result.ok, result.bad_seq) == (False, bad_seq)
    assert why in result.why
    assert result.events == bad_seq - 1


def test_verify_tells_how_far_it_is(world: AuditWorld) -> None:
    told: list[tuple[int, int]] = []
    assert world.log.verify(OWNER, Watch(lambda done, total: told.append((done, total)), lambda: False)).ok
    assert told == [(0, 6)]


def test_stopped_verify_leaves_no_event(world: AuditWorld) -> None:
    with pytest.raises(StoppedError):
        world.log.verify(OWNER, Watch(lambda _done, _total: None, lambda: True))
    assert world.log.verify(OWNER).events == 6


@pytest.mark.parametrize("fmt", ["csv", "jsonl"])
def test_stopped_export_leaves_no_file_and_no_event(world: AuditWorld, tmp_path: Path, fmt: str) -> None:
    before = sorted(tmp_path.iterdir())
    with pytest.raises(StoppedError):
        world.log.export(OWNER, fmt, tmp_path / "out", watch=Watch(lambda _done, _total: None, lambda: True))
    assert sorted(tmp_path.iterdir()) == before
    assert world.log.verify(OWNER).events == 6


def test_verify_finds_two_events_that_changed_places(world: AuditWorld) -> None:
    world.remember()
    world.tamper(
        "UPDATE audit_event SET seq = 99 WHERE seq = 3",
        "UPDATE audit_event SET seq = 3 WHERE seq = 4",
        "UPDATE audit_event SET seq = 4 WHERE seq = 99",
    )
    assert world.log.verify(OWNER).bad_seq == 3


def test_verify_finds_a_log_written_anew_by_the_anchor(world: AuditWorld, tmp_path: Path) -> None:
    head = world.remember()
    world.anchor.write(Anchor(1, head.seq, "f" * 64))
    result = world.log.verify(OWNER)
    assert (result.ok, result.bad_seq) == (False, 6)
    assert "written anew" in result.why


def test_verify_of_a_broken_log_is_an_event_too(world: AuditWorld) -> None:
    world.tamper("UPDATE audit_event SET reason = 'other' WHERE seq = 3")
    world.log.verify(OWNER)
    assert world.events()[-1].draft.outcome == "broken"
    assert world.events()[-1].draft.detail["bad_seq"] == 3


def test_verify_without_the_anchor_does_not_pretend(world: AuditWorld) -> None:
    world.secrets.is_locked = True
    with pytest.raises(SecretStoreError):
        world.log.verify(OWNER)


def test_clinician_reads_neither_log_nor_export(world: AuditWorld, tmp_path: Path) -> None:
    for act in (
        lambda: world.log.verify(DENTIST),
        lambda: world.log.page(DENTIST, AuditFilter(), None, 10),
        lambda: world.log.count(DENTIST, AuditFilter()),
        lambda: world.log.export(DENTIST, "csv", tmp_path / "a.csv"),
    ):
        with pytest.raises(NotAllowedError):
            act()


# -- page and export ---------------------------------------------------------------------------------------------


def test_page_goes_back_from_the_newest(world: AuditWorld) -> None:
    assert [e.seq for e in world.log.page(OWNER, AuditFilter(), None, 4)] == [6, 5, 4, 3]
    assert [e.seq for e in world.log.page(OWNER, AuditFilter(), 3, 4)] == [2, 1]
    intents = AuditFilter(kinds=(AuditKind.SEND_INTENT.value,))
    assert [e.seq for e in world.log.page(OWNER, intents, None, 4)] == [6, 4, 2]
    assert world.log.count(OWNER, intents) == 3


def test_json_lines_prove_themselves_to_somebody_with_only_the_file(world: AuditWorld, tmp_path: Path) -> None:
    out = tmp_path / "audit.jsonl"
    assert world.log.export(OWNER, "jsonl", out) == 6
    assert stat.S_IMODE(out.stat().st_mode) == 0o600 or os.name == "nt"
    with out.open("rb") as lines:
        result = verify_json_lines(lines)
    assert (result.ok, result.events) == (True, 6)
    exported = world.events()[-1].draft
    assert (exported.kind, exported.detail["events"], exported.detail["format"]) == (
        AuditKind.AUDIT_EXPORTED, 6, "jsonl",
    )  # fmt: skip
    assert list(tmp_path.glob(".*.part")) == []


def test_json_lines_hold_every_field_that_the_hash_covers(world: AuditWorld, tmp_path: Path) -> None:
    out = tmp_path / "audit.jsonl"
    world.log.export(OWNER, "jsonl", out)
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert rows[0]["events"] == 6
    assert set(rows[1]) == set(CSV_COLUMNS)


def test_csv_is_newest_first_and_filtered(world: AuditWorld, tmp_path: Path) -> None:
    out = tmp_path / "audit.csv"
    intents = AuditFilter(kinds=(AuditKind.SEND_INTENT.value,))
    assert world.log.export(OWNER, "csv", out, intents) == 3
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [r["seq"] for r in rows] == ["6", "4", "2"]
    assert rows[0]["kind"] == "send.intent"
    assert world.events()[-1].draft.detail["is_filtered"] is True


def test_csv_cells_are_quoted_and_no_formulas(tmp_path: Path) -> None:
    world = AuditWorld(tmp_path, events=0)
    with world.store.write() as uow:
        for text in ('=1+1"', "+1", "-1", "@a", "\tx", "\rx", "plain"):
            uow.audit.append(AuditDraft(AuditKind.LOOK_DONE, text, "Owner", reason=text))
    out = tmp_path / "audit.csv"
    world.log.export(OWNER, "csv", out)
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [r["reason"] for r in reversed(rows)] == ["'=1+1\"", "'+1", "'-1", "'@a", "'\tx", "'\rx", "plain"]
    assert out.read_bytes().split(b"\r\n")[0].startswith(b'\xef\xbb\xbf"seq","at"')
    world.close()


@given(st.text())
def test_safe_cell_never_starts_like_a_formula_and_loses_nothing(text: str) -> None:
    cell = safe_cell(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert cell in (text, "'" + text)


@pytest.mark.parametrize(
    ("fmt", "filters", "field"),
    [("pdf", None, "format"), ("jsonl", AuditFilter(actor="olga"), "filters")],
)
def test_export_that_cannot_be_is_refused(
    world: AuditWorld, tmp_path: Path, fmt: str, filters: AuditFilter | None, field: str
) -> None:
    with pytest.raises(UserError) as caught:
        world.log.export(OWNER, fmt, tmp_path / "out", filters)
    assert caught.value.field == field
    assert not (tmp_path / "out").exists()


def test_export_never_replaces_a_file_and_never_follows_a_link(world: AuditWorld, tmp_path: Path) -> None:
    out = tmp_path / "audit.csv"
    out.write_text("mine")
    link = tmp_path / "link.csv"
    if os.name != "nt":  # there it takes a right of its own
        link.symlink_to(tmp_path / "elsewhere.csv")
    for taken in (out, link)[: 1 + (os.name != "nt")]:
        with pytest.raises(UserError) as caught:
            world.log.export(OWNER, "csv", taken)
        assert caught.value.field == "out"
    assert out.read_text() == "mine"
    assert not (tmp_path / "elsewhere.csv").exists()
    assert world.events(AuditKind.AUDIT_EXPORTED) == []


def test_export_into_a_name_taken_meanwhile_leaves_that_file(
    world: AuditWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "audit.csv"
    real = SqlAudit.append

    def append(self: SqlAudit, draft: AuditDraft) -> AuditEvent:
        out.write_text("mine")
        return real(self, draft)

    monkeypatch.setattr(SqlAudit, "append", append)
    with pytest.raises(UserError):
        world.log.export(OWNER, "csv", out)
    assert out.read_text() == "mine"
    assert list(tmp_path.glob(".*.part")) == []


def test_export_that_cannot_be_noted_leaves_no_file(
    world: AuditWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: SqlAudit, draft: AuditDraft) -> AuditEvent:
        raise StorageError("disk_full")

    monkeypatch.setattr(SqlAudit, "append", refuse)
    with pytest.raises(StorageError):
        world.log.export(OWNER, "csv", tmp_path / "audit.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["data"]


def test_export_into_no_folder_names_the_field(world: AuditWorld, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        world.log.export(OWNER, "csv", tmp_path / "nowhere" / "audit.csv")
    assert caught.value.field == "out"


# -- any change is found -----------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
DRAFTS = st.builds(
    AuditDraft,
    kind=st.sampled_from(AuditKind), actor=TEXTS, role=TEXTS, item_id=st.none() | st.integers(0, 9), reason=TEXTS,
    remote_id=st.none() | TEXTS, detail=st.dictionaries(TEXTS, st.integers() | st.booleans() | TEXTS, max_size=2),
)  # fmt: skip


def chained(drafts: list[AuditDraft]) -> list[AuditEvent]:
    events: list[AuditEvent] = []
    previous = GENESIS_HASH
    for seq, draft in enumerate(drafts, 1):
        events.append(seal(draft, seq=seq, at=START, workstation="pc", app_version="1", previous=previous))
        previous = events[-1].hash
    return events


def exported(events: list[AuditEvent]) -> list[bytes]:
    head = AuditHead(len(events), events[-1].hash if events else GENESIS_HASH)
    return list(json_lines(head, events))


@given(st.lists(DRAFTS, max_size=5))
def test_untouched_chain_and_export_verify(drafts: list[AuditDraft]) -> None:
    events = chained(drafts)
    head = events[-1].hash if events else GENESIS_HASH
    assert walk(events, Anchor(1, len(events), head), ChainWalk()).ok
    assert verify_json_lines(exported(events)) == VerifyResult(ok=True, events=len(events), head=head)


@given(st.lists(DRAFTS, min_size=1, max_size=4), st.data())
def test_any_changed_byte_of_an_export_is_found_at_its_line(drafts: list[AuditDraft], data: st.DataObject) -> None:
    lines = exported(chained(drafts))
    whole = b"".join(lines)
    at = data.draw(st.integers(0, len(whole) - 1))
    bit = data.draw(st.integers(0, 7))
    changed = whole[:at] + bytes([whole[at] ^ (1 << bit)]) + whole[at + 1 :]
    result = verify_json_lines(changed.splitlines(keepends=True))
    line = next(n for n in range(len(lines)) if at < sum(map(len, lines[: n + 1])))
    assert not result.ok
    assert result.bad_seq is not None
    assert result.why
    if line > 0:
        assert result.bad_seq == line
    else:  # what the first line says of the end is disproved there
        assert result.bad_seq in (0, len(lines))


@given(st.lists(DRAFTS, min_size=2, max_size=6), st.data())
def test_any_dropped_added_swapped_or_cut_event_is_found_and_named(
    drafts: list[AuditDraft], data: st.DataObject
) -> None:
    events = chained(drafts)
    anchor = Anchor(1, len(events), events[-1].hash)
    header, *lines = exported(events)
    at = data.draw(st.integers(0, len(events) - 1))
    other = data.draw(st.integers(0, len(events) - 1).filter(lambda n: n != at))
    first = min(at, other)
    swap: dict[int, int] = {at: other, other: at}
    edits: list[tuple[int, list[int]]] = [
        (at + 1, [n for n in range(len(events)) if n != at]),
        (at + 2, [*range(at + 1), at, *range(at + 1, len(events))]),
        (first + 1, [swap.get(n, n) for n in range(len(events))]),
        (at + 1, list(range(at))),
    ]
    for bad_seq, order in edits:
        in_store = walk([events[n] for n in order], anchor, ChainWalk())
        in_file = verify_json_lines([header, *(lines[n] for n in order)])
        for result in (in_store, in_file):
            assert (result.ok, result.bad_seq) == (False, bad_seq)
            assert result.why


@given(st.lists(DRAFTS, min_size=1, max_size=4), st.data())
def test_any_changed_field_of_a_stored_event_is_found(drafts: list[AuditDraft], data: st.DataObject) -> None:
    import dataclasses

    events = chained(drafts)
    at = data.draw(st.integers(0, len(events) - 1))
    changes: dict[str, Any] = {
        "actor": events[at].draft.actor + "x", "reason": events[at].draft.reason + "x", "attempt_id": 77,
        "outcome": "changed", "detail": {**events[at].draft.detail, "planted": 1},
    }  # fmt: skip
    name = data.draw(st.sampled_from(sorted(changes)))
    draft = dataclasses.replace(events[at].draft, **{name: changes[name]})
    events[at] = dataclasses.replace(events[at], draft=draft)
    result = walk(events, None, ChainWalk())
    assert (result.ok, result.bad_seq) == (False, at + 1)


def test_export_that_is_none_is_refused_whole() -> None:
    for lines in ([], [b""], [b"\n"], [b"[]\n"], [b'{"schema":"other"}\n'], [b"\xff\xfe\n"]):
        assert verify_json_lines(lines).bad_seq == 0
