"""The sync engine against a PMS that lists, throttles, forbids and dies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denticode_desktop.domain.access import SYSTEM
from denticode_desktop.domain.audit_event import AuditKind
from denticode_desktop.domain.connection import HoldReason
from denticode_desktop.domain.errors import (
    BusyError,
    PmsAuthError,
    PmsForbiddenError,
    PmsProtocolError,
    PmsThrottledError,
    PmsUnavailableError,
    StorageError,
    UserError,
)
from denticode_desktop.domain.events import SyncFinished, SyncProgressed
from denticode_desktop.domain.people import PmsPatient
from denticode_desktop.domain.sync_cursor import MARGIN, SyncKind
from denticode_desktop.ports.pms import PmsRecord
from denticode_desktop.services.sync_engine import MONTHLY_LIMIT_SETTING
from denticode_desktop.services.sync_pages import KEYS_TRIED, PAGES_AHEAD
from tests.fakes.sync_store import SimulatedCrashError
from tests.fakes.sync_world import (
    ANN,
    CONNECTION_ID,
    EPOCH,
    FakePage,
    SyncWorld,
    at_patients_page,
    held_patients,
    make_patient,
    pms_patients,
    raiser,
)


@pytest.fixture
def world() -> SyncWorld:
    """Ten patients in pages of three, one row of each other kind."""
    made = SyncWorld()
    made.fill_small_kinds()
    made.pms.add_patients(10)
    return made


def test_first_run_brings_every_kind_in_order(world: SyncWorld) -> None:
    report = world.engine.run(ANN, CONNECTION_ID)
    assert report.outcome == "ok"
    assert not report.resumed
    assert list(report.kinds) == list(SyncKind)
    assert list(dict.fromkeys(kind for kind, _, _ in world.pms.asked)) == list(SyncKind)
    assert (report.kinds[SyncKind.PATIENTS].seen, report.kinds[SyncKind.PATIENTS].added) == (10, 10)
    assert held_patients(world) == pms_patients(world)
    assert world.pms.is_closed


def test_end_of_a_run_is_one_unit_with_its_audit_event(world: SyncWorld) -> None:
    report = world.engine.run(ANN, CONNECTION_ID)
    (draft,) = world.audited
    assert (draft.kind, draft.actor, draft.outcome) == (AuditKind.SYNC_FINISHED, "Ann", "ok")
    assert draft.detail["patients"] == "10 seen, 10 added, 0 changed, 0 gone"
    assert world.connection.last_good_read_at == EPOCH
    assert world.calls_by_month == {"2026-03": report.calls}
    assert report.calls == len(world.pms.asked)
    finished = [event for event in world.sink.events if isinstance(event, SyncFinished)]
    assert [(event.outcome, event.added) for event in finished] == [("ok", 14)]


def test_second_run_asks_since_the_largest_change_seen_on_every_page(world: SyncWorld) -> None:
    world.engine.run(ANN, CONNECTION_ID)
    world.pms.asked.clear()
    world.pms.parsed.clear()
    world.clock.move(86_400)
    report = world.engine.run(ANN, CONNECTION_ID)
    newest = EPOCH + timedelta(seconds=10)
    assert {since for kind, since, _ in world.pms.asked if kind is SyncKind.PATIENTS} == {newest - MARGIN}
    assert len([kind for kind, _, _ in world.pms.asked if kind is SyncKind.PATIENTS]) > 1
    assert world.pms.parsed == []
    assert (report.added, report.changed, report.gone) == (0, 0, 0)


def test_only_changed_rows_are_parsed_in_a_full_run(world: SyncWorld) -> None:
    world.engine.run(ANN, CONNECTION_ID)
    world.pms.parsed.clear()
    world.pms.put(SyncKind.PATIENTS, make_patient(1004, EPOCH + timedelta(hours=1), name="Brandt"))
    report = world.engine.run(ANN, CONNECTION_ID, full=True)
    assert world.pms.parsed == ["1004"]
    counts = report.kinds[SyncKind.PATIENTS]
    assert (counts.seen, counts.added, counts.changed, counts.gone) == (10, 0, 1, 0)


def test_row_without_a_version_is_always_parsed(world: SyncWorld) -> None:
    world.pms.put(SyncKind.PATIENTS, replace(make_patient(1004, EPOCH), version=""))
    world.engine.run(ANN, CONNECTION_ID)
    world.pms.parsed.clear()
    world.engine.run(ANN, CONNECTION_ID, full=True)
    assert world.pms.parsed == ["1004"]


def test_full_run_marks_unseen_rows_gone_and_an_incremental_one_does_not(world: SyncWorld) -> None:
    world.engine.run(ANN, CONNECTION_ID)
    del world.pms.rows[SyncKind.PATIENTS]["1005"]
    assert world.engine.run(ANN, CONNECTION_ID).gone == 0
    assert "1005" in held_patients(world)
    assert world.engine.run(ANN, CONNECTION_ID, full=True).gone == 1
    assert held_patients(world) == pms_patients(world)
    world.pms.add_patients(1, first=5)
    report = world.engine.run(ANN, CONNECTION_ID, full=True)
    assert (report.added, report.gone) == (1, 0)


def test_schedule_makes_up_for_a_night_without_a_full_run(world: SyncWorld) -> None:
    world.engine.run(ANN, CONNECTION_ID)
    del world.pms.rows[SyncKind.PATIENTS]["1005"]
    world.clock.move(25 * 3600)
    assert world.engine.run(SYSTEM, CONNECTION_ID).gone == 0
    world.clock.move(2 * 3600)
    assert world.engine.run(ANN, CONNECTION_ID).gone == 0
    assert world.engine.run(SYSTEM, CONNECTION_ID).gone == 1
    assert not any(c.is_full for c in world.engine.run(SYSTEM, CONNECTION_ID).kinds.values())


def test_row_changed_behind_the_reader_is_read_by_the_next_run(world: SyncWorld) -> None:
    """Page 1 is read, an hour later (the PMS is slow) its first row changes, then the last page shows a newer time."""

    def act() -> None:
        world.clock.move(3600)
        world.pms.put(SyncKind.PATIENTS, make_patient(1001, EPOCH + timedelta(minutes=20), name="Late"))
        world.pms.put(SyncKind.PATIENTS, make_patient(1010, EPOCH + timedelta(minutes=59)))

    world.pms.before_page = at_patients_page(4, act)
    world.engine.run(ANN, CONNECTION_ID)
    world.engine.run(ANN, CONNECTION_ID)
    assert held_patients(world) == pms_patients(world)


@given(commits=st.integers(0, 25), pause_s=st.sampled_from([0, 60, 864_000]))
def test_run_killed_before_any_commit_resumes_and_loses_nothing(commits: int, pause_s: int) -> None:
    world = SyncWorld()
    world.fill_small_kinds()
    world.pms.add_patients(40)
    world.pms.page_size = 2
    world.sync_store.commits_left = commits
    try:
        world.engine.run(ANN, CONNECTION_ID)
    except SimulatedCrashError:
        world.sync_store.commits_left = None
        world.clock.move(pause_s)
        world.pms.put(SyncKind.PATIENTS, make_patient(1001, EPOCH + timedelta(seconds=pause_s)))
        world.pms.asked.clear()
        before = world.sync_store.cursor(CONNECTION_ID, SyncKind.PATIENTS)
        report = world.new_engine().run(ANN, CONNECTION_ID)
        first = next(after for kind, _, after in world.pms.asked if kind is SyncKind.PATIENTS)
        if before.is_running:
            assert report.resumed
            assert first == before.after_id
    world.sync_store.commits_left = None
    world.new_engine().run(ANN, CONNECTION_ID)
    assert held_patients(world) == pms_patients(world)


def test_outage_in_the_middle_is_told_and_the_next_run_goes_on(world: SyncWorld) -> None:
    world.pms.add_patients(60)
    world.pms.page_size = 2

    def cut(kind: SyncKind, after_id: str | None) -> None:
        if kind is SyncKind.PATIENTS and after_id is not None and int(after_id) >= 1040:
            raise PmsUnavailableError("connect_refused")

    world.pms.before_page = cut
    with pytest.raises(PmsUnavailableError):
        world.engine.run(ANN, CONNECTION_ID)
    assert len(world.waits) == 4
    assert len(held_patients(world)) == 40
    assert [draft.outcome for draft in world.audited] == ["not_reachable"]
    assert world.connection.waiting_why.startswith("Main office does not answer.")
    world.pms.before_page = lambda _kind, _after: None
    world.pms.asked.clear()
    report = world.engine.run(ANN, CONNECTION_ID)
    assert report.resumed
    assert next(after for kind, _, after in world.pms.asked if kind is SyncKind.PATIENTS) == "1040"
    assert held_patients(world) == pms_patients(world)
    assert world.connection.waiting_why == ""


def test_offline_from_the_start_says_so_without_waiting(world: SyncWorld) -> None:
    world.pms.before_page = lambda _kind, _after: raiser(PmsUnavailableError("connect_refused"))()
    with pytest.raises(PmsUnavailableError):
        world.engine.run(ANN, CONNECTION_ID)
    assert world.waits == []


def test_throttled_page_waits_as_long_as_the_pms_asks(world: SyncWorld) -> None:
    world.pms.before_page = at_patients_page(2, raiser(PmsThrottledError(30.0)))
    report = world.engine.run(ANN, CONNECTION_ID)
    assert report.outcome == "ok"
    assert world.waits == [30.0]
    assert held_patients(world) == pms_patients(world)


def test_cancel_while_waiting_ends_the_run_in_order(world: SyncWorld) -> None:
    world.pms.page_size = 2
    world.is_wait_cut = True
    world.pms.before_page = at_patients_page(3, raiser(PmsThrottledError(30.0)))
    report = world.engine.run(ANN, CONNECTION_ID)
    assert report.outcome == "cancelled"
    assert len(held_patients(world)) == 4
    assert world.connection.last_good_read_at is None


def test_pause_of_more_than_a_quarter_hour_ends_the_run_and_is_obeyed(world: SyncWorld) -> None:
    world.pms.before_page = at_patients_page(2, raiser(PmsThrottledError(3600.0)))
    with pytest.raises(PmsThrottledError):
        world.engine.run(ANN, CONNECTION_ID)
    assert world.connection.next_try_at == EPOCH + timedelta(hours=1)
    assert world.connection.hold is None
    world.pms.asked.clear()
    with pytest.raises(PmsThrottledError):
        world.engine.run(ANN, CONNECTION_ID)
    assert world.pms.asked == []
    world.clock.move(3601)
    assert world.engine.run(ANN, CONNECTION_ID).outcome == "ok"


def test_pause_of_more_than_a_day_holds_the_connection(world: SyncWorld) -> None:
    world.pms.before_page = at_patients_page(1, raiser(PmsThrottledError(90_000.0)))
    with pytest.raises(PmsThrottledError):
        world.engine.run(ANN, CONNECTION_ID)
    assert world.connection.hold is HoldReason.THROTTLED_LONG


def test_cancel_stops_after_the_page_under_way_and_keeps_it(world: SyncWorld) -> None:
    asked: list[int] = []

    def is_cancelled() -> bool:
        asked.append(1)
        return len([kind for kind, _, _ in world.pms.asked if kind is SyncKind.PATIENTS]) >= 1

    report = world.engine.run(ANN, CONNECTION_ID, is_cancelled=is_cancelled)
    assert report.outcome == "cancelled"
    assert len(held_patients(world)) == 3
    assert SyncKind.APPOINTMENTS not in report.kinds
    assert world.engine.run(ANN, CONNECTION_ID).resumed
    assert held_patients(world) == pms_patients(world)


def test_kind_without_permission_is_skipped_and_named(world: SyncWorld) -> None:
    def forbid(kind: SyncKind, _: str | None) -> None:
        if kind is SyncKind.PROVIDERS:
            raise PmsForbiddenError("Providers")

    world.pms.before_page = forbid
    report = world.engine.run(ANN, CONNECTION_ID)
    assert [(skipped.kind, skipped.permission) for skipped in report.skipped] == [(SyncKind.PROVIDERS, "Providers")]
    assert "permission Providers" in report.skipped[0].sentence
    assert "providers" in report.sentence
    assert SyncKind.PROVIDERS not in report.kinds
    assert held_patients(world) == pms_patients(world)


def test_no_permission_at_all_is_a_failure(world: SyncWorld) -> None:
    world.pms.before_page = lambda _kind, _after: raiser(PmsForbiddenError("Patients"))()
    with pytest.raises(PmsForbiddenError):
        world.engine.run(ANN, CONNECTION_ID)
    assert [draft.outcome for draft in world.audited] == ["forbidden"]


def test_refused_sign_in_holds_the_connection_with_its_audit_event(world: SyncWorld) -> None:
    world.pms.before_page = lambda _kind, _after: raiser(PmsAuthError("invalid_client"))()
    with pytest.raises(PmsAuthError):
        world.engine.run(ANN, CONNECTION_ID)
    assert world.connection.hold is HoldReason.SIGN_IN
    assert [draft.kind for draft in world.audited] == [AuditKind.CONN_HELD, AuditKind.SYNC_FAILED]
    finished = [event for event in world.sink.events if isinstance(event, SyncFinished)]
    assert "Reconnect" in finished[0].sentence
    world.pms.asked.clear()
    with pytest.raises(PmsAuthError):
        world.engine.run(ANN, CONNECTION_ID)
    assert world.pms.asked == []


def same_page_again(world: SyncWorld) -> None:
    """The list never ends: page 2 is page 1."""
    first: list[FakePage] = []

    def tamper(kind: SyncKind, page: FakePage) -> FakePage:
        if kind is not SyncKind.PATIENTS:
            return page
        first.append(page)
        return first[0]

    world.pms.tamper = tamper


def page_that_goes_back(world: SyncWorld) -> None:
    """The second page ends before it began."""

    def tamper(kind: SyncKind, page: FakePage) -> FakePage:
        is_second = kind is SyncKind.PATIENTS and page.next_after_id == "1006"
        return replace(page, next_after_id="1002") if is_second else page

    world.pms.tamper = tamper


@pytest.mark.parametrize(("fault", "kind"), [(same_page_again, "endless_pages"), (page_that_goes_back, "backwards")])
def test_list_that_cannot_end_is_stopped(world: SyncWorld, fault: Callable[[SyncWorld], None], kind: str) -> None:
    fault(world)
    with pytest.raises(PmsProtocolError) as caught:
        world.engine.run(ANN, CONNECTION_ID)
    assert caught.value.kind == kind
    (finished,) = [event for event in world.sink.events if isinstance(event, SyncFinished)]
    assert "patients list" in finished.sentence
    assert len(held_patients(world)) == 3


def test_row_that_shows_on_two_pages_is_stored_once(world: SyncWorld) -> None:
    def tamper(kind: SyncKind, page: FakePage) -> FakePage:
        repeated = world.pms.rows[SyncKind.PATIENTS]["1003"]
        is_second = kind is SyncKind.PATIENTS and page.next_after_id == "1006"
        return replace(page, rows=[repeated, *page.rows]) if is_second else page

    world.pms.tamper = tamper
    world.engine.run(ANN, CONNECTION_ID)
    assert held_patients(world) == pms_patients(world)


def test_list_that_suddenly_shrinks_marks_nothing_gone(world: SyncWorld) -> None:
    world.pms.add_patients(40)
    world.engine.run(ANN, CONNECTION_ID)
    kept = dict(list(world.pms.rows[SyncKind.PATIENTS].items())[:12])
    world.pms.rows[SyncKind.PATIENTS] = kept
    with pytest.raises(PmsProtocolError, match="list_shrank"):
        world.engine.run(SYSTEM, CONNECTION_ID, full=True)
    assert len(held_patients(world)) == 40
    assert world.engine.run(ANN, CONNECTION_ID, full=True).gone == 28


def without_name(row: PmsRecord) -> PmsRecord:
    assert isinstance(row, PmsPatient)
    return replace(row, person=replace(row.person, first_name="", last_name=""), version="2027-01-01T00:00:00+00:00")


def test_patient_without_a_name_is_left_as_known(world: SyncWorld) -> None:
    world.pms.add_patients(10)
    world.engine.run(ANN, CONNECTION_ID)
    known = held_patients(world)
    rows = world.pms.rows[SyncKind.PATIENTS]
    rows["1003"] = without_name(rows["1003"])
    world.pms.put(SyncKind.PATIENTS, without_name(make_patient(1099, EPOCH)))
    report = world.engine.run(ANN, CONNECTION_ID, full=True)
    assert held_patients(world) == known
    assert report.gone == 0
    assert report.kinds[SyncKind.PATIENTS].nameless == 2
    assert "2 patients came without a name" in report.sentence


def test_list_without_any_name_is_refused_and_nothing_is_taken_over(world: SyncWorld) -> None:
    world.pms.page_size = 50
    world.pms.add_patients(60)
    world.engine.run(ANN, CONNECTION_ID)
    known = held_patients(world)
    rows = world.pms.rows[SyncKind.PATIENTS]
    world.pms.rows[SyncKind.PATIENTS] = {key: without_name(row) for key, row in rows.items()}
    with pytest.raises(PmsProtocolError, match="no_names"):
        world.engine.run(ANN, CONNECTION_ID, full=True)
    assert held_patients(world) == known


def test_full_pull_of_a_known_list_asks_for_ids_and_versions_first(world: SyncWorld) -> None:
    world.pms.add_patients(30)
    world.engine.run(ANN, CONNECTION_ID)
    assert world.pms.pages_of_keys == 0, "a first load needs every row"
    rows = world.pms.rows[SyncKind.PATIENTS]
    rows["1017"] = replace(rows["1017"], version="2027-01-01T00:00:00+00:00")
    world.pms.put(SyncKind.PATIENTS, make_patient(1099, EPOCH))
    del rows["1005"]
    report = world.engine.run(ANN, CONNECTION_ID, full=True)
    assert world.pms.pages_of_keys > 5
    counts = report.kinds[SyncKind.PATIENTS]
    assert (counts.added, counts.changed, counts.gone) == (1, 1, 1)
    assert held_patients(world) == pms_patients(world)


def test_full_pull_of_a_list_with_much_news_stops_asking_twice(world: SyncWorld) -> None:
    world.pms.add_patients(60)
    world.engine.run(ANN, CONNECTION_ID)
    rows = world.pms.rows[SyncKind.PATIENTS]
    for key, row in rows.items():
        rows[key] = replace(row, version="2027-01-01T00:00:00+00:00")
    world.engine.run(ANN, CONNECTION_ID, full=True)
    assert KEYS_TRIED <= world.pms.pages_of_keys <= KEYS_TRIED + PAGES_AHEAD + 2
    assert held_patients(world) == pms_patients(world)


def test_row_that_slips_between_two_pages_is_not_gone(world: SyncWorld) -> None:
    world.pms.add_patients(60)
    world.engine.run(ANN, CONNECTION_ID)

    def tamper(kind: SyncKind, page: FakePage) -> FakePage:
        return replace(page, rows=page.rows[1:]) if kind is SyncKind.PATIENTS and page.next_after_id else page

    world.pms.tamper = tamper
    report = world.engine.run(ANN, CONNECTION_ID, full=True)
    counts = report.kinds[SyncKind.PATIENTS]
    assert (counts.gone, counts.missing) == (0, 60 - counts.seen)
    assert "nobody was marked as gone" in report.sentence
    assert len(held_patients(world)) == 60
    world.pms.tamper = lambda _kind, page: page
    del world.pms.rows[SyncKind.PATIENTS]["1005"]
    assert world.engine.run(ANN, CONNECTION_ID, full=True).gone == 1


def test_list_that_ends_before_its_own_count_marks_nothing_gone(world: SyncWorld) -> None:
    world.pms.add_patients(60)
    world.engine.run(ANN, CONNECTION_ID)

    def tamper(kind: SyncKind, page: FakePage) -> FakePage:
        is_cut = kind is SyncKind.PATIENTS and page.next_after_id == "1033"
        return replace(page, next_after_id=None) if is_cut else page

    world.pms.tamper = tamper
    with pytest.raises(PmsProtocolError, match="short_list"):
        world.engine.run(ANN, CONNECTION_ID, full=True)
    world.pms.tamper = lambda _kind, page: page
    report = world.engine.run(ANN, CONNECTION_ID)
    assert not report.resumed
    assert held_patients(world) == pms_patients(world)


def test_progress_is_told_at_most_ten_times_a_second() -> None:
    world = SyncWorld()
    world.pms.add_patients(60)
    world.pms.page_size = 2
    world.pms.before_page = lambda _kind, _after: world.clock.move(0.02)
    world.engine.run(ANN, CONNECTION_ID)
    told = [event for event in world.sink.events if isinstance(event, SyncProgressed)]
    assert 2 <= len(told) <= 1 + 31 * 0.02 / 0.1 + 4
    assert told[-1].total == 60
    assert told[-1].left_s is not None


def test_two_runs_of_one_connection_do_not_overlap(world: SyncWorld) -> None:
    refused: list[str] = []

    def act() -> None:
        try:
            world.engine.run(ANN, CONNECTION_ID)
        except BusyError as error:
            refused.append(error.sentence)

    world.pms.before_page = at_patients_page(1, act)
    world.engine.run(ANN, CONNECTION_ID)
    assert refused == ["Main office is being synced already. Wait until it has finished."]


def test_monthly_limit_stops_the_schedule_but_not_a_person(world: SyncWorld) -> None:
    world.settings[MONTHLY_LIMIT_SETTING] = "1000"
    world.connection = replace(world.connection, calls_this_month=1000)
    with pytest.raises(UserError, match="1,000 calls"):
        world.engine.run(SYSTEM, CONNECTION_ID)
    assert world.engine.run(ANN, CONNECTION_ID).outcome == "ok"


def test_disconnected_connection_is_refused(world: SyncWorld) -> None:
    world.connection = replace(world.connection, is_enabled=False)
    with pytest.raises(UserError, match="disconnected"):
        world.engine.run(ANN, CONNECTION_ID)


def test_full_disk_is_told_and_what_was_stored_stays(world: SyncWorld) -> None:
    world.pms.before_page = at_patients_page(1, lambda: setattr(world.sync_store, "is_disk_full", True))
    with pytest.raises(StorageError):
        world.engine.run(ANN, CONNECTION_ID)
    (finished,) = [event for event in world.sink.events if isinstance(event, SyncFinished)]
    assert "disk space" in finished.sentence
    world.sync_store.is_disk_full = False
    world.pms.before_page = lambda _kind, _after: None
    world.engine.run(ANN, CONNECTION_ID)
    assert held_patients(world) == pms_patients(world)
