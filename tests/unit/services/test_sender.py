"""The sender against a PMS in memory: look, intent, send once, settle, look again."""

from dataclasses import replace
from pathlib import Path

import pytest

from denticode_desktop.domain.audit_event import AuditKind
from denticode_desktop.domain.connection import ConnectionReport, HoldReason, Light, Permission
from denticode_desktop.domain.errors import (
    PmsAuthError,
    PmsForbiddenError,
    PmsProtocolError,
    PmsThrottledError,
    PmsUnavailableError,
)
from denticode_desktop.domain.people import PmsPatientStatus
from denticode_desktop.domain.write_back import ItemKind, ItemState, ReviewReason
from denticode_desktop.ports.pms import PreparedSend
from tests.fakes.fake_pms import SendScript
from tests.unit.services.sender_world import ANA, BEN, SETTLE, SenderWorld

P, I, D, R, V = ItemState.PLANNED, ItemState.INFLIGHT, ItemState.DONE, ItemState.REVIEW, ItemState.VOID  # noqa: E741


@pytest.fixture
def world(tmp_path: Path) -> SenderWorld:
    return SenderWorld(tmp_path)


# -- the good way ------------------------------------------------------------------------------------------------


def test_lab_goes_into_the_chart_once_and_is_done_by_read_back(world: SenderWorld) -> None:
    wb = world.lab("T0101", "T0202")
    world.turn()
    assert world.states(wb) == [D, D, D]
    assert len(world.chart()) == 3
    world.assert_sound()


def test_nothing_leaves_before_send_is_pressed(world: SenderWorld) -> None:
    wb = world.lab(send=False)
    world.turn(3)
    assert world.states(wb) == [P]
    assert world.chart() == []


def test_five_items_take_at_most_fourteen_calls(world: SenderWorld) -> None:
    world.lab("T0101", "T0202", "T0303", "T0404")
    world.turn()
    asked = [c for c in world.pms.calls if c.name != "make_ready"]
    assert len(asked) <= 14


def test_two_identical_procedures_become_two_records_with_an_owner_each(world: SenderWorld) -> None:
    wb = world.lab("T0101", "T0101")
    world.turn()
    assert world.states(wb) == [D, D, D]
    assert len({i.remote_id for i in world.items(wb)}) == 3
    assert len(world.pms.chart(ANA, ItemKind.PROCEDURE)) == 2


def test_intent_and_anchor_are_durable_before_the_first_byte(world: SenderWorld) -> None:
    wb = world.lab()
    seen: list[tuple[ItemState, str, bool]] = []

    def on_request(_: PreparedSend) -> None:
        item = world.items(wb)[0]
        last = world.events()[-1]
        seen.append((item.state, last.draft.kind.value, last.hash in (world.anchor_text or "")))

    world.pms.on_request = on_request
    world.turn()
    assert seen == [(I, AuditKind.SEND_INTENT.value, True)]


def test_every_move_has_its_audit_event(world: SenderWorld) -> None:
    world.lab()
    world.turn()
    kinds = [e.draft.kind for e in world.events()]
    assert kinds[-3:] == [AuditKind.SEND_INTENT, AuditKind.SEND_RESULT, AuditKind.ITEM_DONE]


# -- unknown outcomes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [SendScript.COMMIT_THEN_UNKNOWN, SendScript.LOST, SendScript.RAISE_AFTER_COMMIT, SendScript.OTHER_PATIENT],
)
def test_unknown_outcome_ends_in_the_chart_exactly_once(world: SenderWorld, script: SendScript) -> None:
    world.pms.script_sends(script)
    wb = world.lab("T0101")
    world.turn(SETTLE * 3)
    assert world.states(wb) == [D, D]
    assert len(world.pms.chart(ANA, ItemKind.NOTE)) == 1
    world.assert_sound()


def test_lost_request_is_not_sent_again_before_the_settle_is_over(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.LOST)
    wb = world.lab()
    world.turn(SETTLE)
    assert world.states(wb) == [I]
    assert world.pms.sent == []
    world.turn(2)
    assert world.states(wb) == [D]
    assert world.items(wb)[0].sends == 2


def test_late_commit_within_the_settle_is_found_not_sent_again(world: SenderWorld) -> None:
    world.pms.late_s = 3
    world.pms.script_sends(SendScript.COMMIT_LATE)
    wb = world.lab()
    world.turn(SETTLE * 3)
    assert world.states(wb) == [D]
    assert len(world.chart()) == 1


def test_a_crash_in_flight_settles_anew_and_looks(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.LOST)
    wb = world.lab()
    world.turn(SETTLE - 1)
    world.restart()
    world.turn(SETTLE - 1)
    assert world.states(wb) == [I], "the settle of the dead process does not count"
    world.turn(3)
    assert world.states(wb) == [D]
    assert len(world.chart()) == 1


def test_a_sleep_in_the_settle_starts_it_anew(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.LOST)
    wb = world.lab()
    world.turn(SETTLE - 1)
    world.clock.advance(3600)
    world.turn(SETTLE - 1)
    assert world.states(wb) == [I]
    world.turn(3)
    assert world.states(wb) == [D]


def test_three_sends_without_a_trace_ask_a_person(world: SenderWorld) -> None:
    world.pms.script_sends(*[SendScript.LOST] * 9)
    wb = world.lab()
    world.turn(SETTLE * 40)
    [item] = world.items(wb)
    assert (item.state, item.review_reason, item.sends) == (R, ReviewReason.NO_TRACE, 3)


def test_unmarked_procedure_found_after_an_unknown_send_is_ours(world: SenderWorld) -> None:
    wb = world.lab("T0101")
    world.pms.script_sends(SendScript.ACCEPT, SendScript.COMMIT_THEN_UNKNOWN)
    world.turn(SETTLE * 2)
    assert world.states(wb) == [D, D]
    assert len(world.chart()) == 2


def test_a_commit_doubled_by_the_network_is_asked_about(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.COMMIT_TWICE)
    wb = world.lab()
    world.turn(SETTLE * 2)
    [item] = world.items(wb)
    assert (item.state, item.review_reason) == (R, ReviewReason.SEVERAL)


# -- accepted is a hint --------------------------------------------------------------------------------------------


def test_accepted_but_slow_to_show_waits_and_is_never_sent_again(world: SenderWorld) -> None:
    world.pms.lag_s = 20
    wb = world.lab()
    world.turn(10)
    assert world.states(wb) == [I]
    world.turn(40)
    assert world.states(wb) == [D]
    assert len(world.pms.sent) == 1
    assert world.connection().largest_lag_ticks >= 20


@pytest.mark.parametrize("script", [SendScript.ACCEPT_NOT_STORED, SendScript.ACCEPT_WRONG_ID])
def test_accepted_and_never_seen_is_asked_about_after_fifteen_minutes(world: SenderWorld, script: SendScript) -> None:
    world.pms.script_sends(script)
    wb = world.lab()
    world.turn(14 * 60)
    assert world.states(wb) == [I]
    world.turn(3 * 60)
    [item] = world.items(wb)
    assert (item.state, item.review_reason) == (R, ReviewReason.UNSEEN)
    assert len(world.pms.sent) == 1


def test_an_id_that_another_item_owns_proves_nothing(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.ACCEPT, SendScript.ACCEPT, SendScript.ACCEPT_LAST_ID)
    wb = world.lab("T0101", "T0101")
    world.turn(SETTLE * 3)
    assert world.states(wb) == [D, D, D]
    world.assert_sound()


def test_a_text_cut_off_by_the_pms_differs(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.ACCEPT_CUT_OFF)
    wb = world.lab()
    world.turn(2)
    [item] = world.items(wb)
    assert (item.state, item.review_reason) == (R, ReviewReason.DIFFERS)


# -- no effect -----------------------------------------------------------------------------------------------------


def test_not_sent_backs_off_and_goes_later(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.NOT_SENT)
    wb = world.lab()
    world.turn()
    [item] = world.items(wb)
    assert (item.state, item.sends) == (P, 0)
    assert world.connection().waiting_why == "offline"
    world.turn(10)
    assert world.states(wb) == [D]
    assert world.connection().waiting_why == ""


def test_refused_goes_to_a_person_with_the_words_of_the_pms(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.REFUSE)
    wb = world.lab("T0101")
    world.turn(10)
    note, procedure = world.items(wb)
    assert (note.state, note.review_reason, note.sends) == (R, ReviewReason.REFUSED, 0)
    assert "too long" in note.review_detail
    assert procedure.state is P, "a REVIEW stops new sends of its write-back"


def test_throttled_waits_at_least_what_the_pms_asks(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.THROTTLE)
    wb = world.lab()
    world.turn(7)
    assert world.states(wb) == [P]
    assert len(world.pms.sent) == 0
    world.turn(2)
    assert world.states(wb) == [D]


def test_unauthorized_once_is_tried_again_with_a_fresh_token(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.UNAUTHORIZED)
    wb = world.lab()
    world.turn(2)
    assert world.states(wb) == [D]
    assert world.directory.opened[0].dropped_tokens == 1


def test_unauthorized_twice_holds_the_connection(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.UNAUTHORIZED, SendScript.UNAUTHORIZED)
    wb = world.lab()
    world.turn(20)
    assert world.states(wb) == [P]
    assert world.connection().hold is HoldReason.SIGN_IN


def test_forbidden_holds_the_connection_and_names_the_permission(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.FORBIDDEN)
    wb = world.lab()
    world.turn(20)
    assert world.states(wb) == [P]
    assert (world.connection().hold, world.connection().hold_detail) == (HoldReason.PERMISSION_MISSING, "Chart notes")


def test_three_unknown_in_a_row_hold_the_connection_until_a_read_answers(world: SenderWorld) -> None:
    world.pms.script_sends(*[SendScript.LOST] * 3)
    wbs = [world.lab(patient=p) for p in (ANA, BEN)] + [world.lab("T0101", patient=ANA)]
    world.pms.put(world.person(ANA))
    world.turn(1)
    world.turn(SETTLE + 3)
    kinds = [e.draft.kind for e in world.events()]
    assert AuditKind.CONN_HELD in kinds
    world.turn(SETTLE * 30)
    assert [s for wb in wbs for s in world.states(wb)] == [D, D, D, D]
    assert AuditKind.CONN_RELEASED in [e.draft.kind for e in world.events()]
    assert len(world.chart(ANA)) == 3


# -- looks that fail ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [PmsUnavailableError("http_503"), PmsThrottledError(5.0), PmsProtocolError("endless_pages")],
    ids=["unavailable", "throttled", "endless pages"],
)
@pytest.mark.parametrize("call", ["look", "fetch_patient", "make_ready"])
def test_a_read_that_fails_changes_nothing_and_is_tried_again(world: SenderWorld, call: str, error: Exception) -> None:
    world.pms.fail(call, error)
    wb = world.lab()
    world.turn()
    assert world.states(wb) == [P]
    assert world.chart() == []
    world.turn(12)
    assert world.states(wb) == [D]


def test_offline_costs_nothing(world: SenderWorld) -> None:
    world.pms.fail("fetch_patient", PmsUnavailableError("connect_refused"), times=1000)
    wbs = [world.lab(patient=p) for p in (ANA, BEN)]
    world.turn(600)
    assert [s for wb in wbs for s in world.states(wb)] == [P, P]
    world.pms.heal()
    world.turn(301)
    assert [s for wb in wbs for s in world.states(wb)] == [D, D]
    assert len(world.pms.sent) == 2


@pytest.mark.parametrize(
    ("error", "hold"),
    [(PmsAuthError(), HoldReason.SIGN_IN), (PmsForbiddenError("Patients"), HoldReason.PERMISSION_MISSING)],
)
def test_a_read_that_is_not_allowed_holds_the_connection(
    world: SenderWorld, error: Exception, hold: HoldReason
) -> None:
    world.pms.missing_permissions = (Permission.PATIENTS,)
    world.pms.fail("look", error)
    world.lab()
    world.turn(30)
    assert world.connection().hold is hold
    assert world.chart() == []


def test_a_locked_credential_store_sends_nothing(world: SenderWorld) -> None:
    wb = world.lab(patient=BEN)
    world.turn()
    assert world.states(wb) == [D]
    world.secrets.is_locked = True
    wb = world.lab(patient=ANA)
    world.turn()
    [item] = world.items(wb)
    assert (item.state, item.sends) == (P, 0)
    assert world.chart(ANA) == []
    assert world.connection().waiting_why == "no_secret_store"
    world.secrets.is_locked = False
    world.turn(10)
    assert world.states(wb) == [D]


def test_a_reconnected_connection_is_used_with_its_new_secrets(world: SenderWorld) -> None:
    world.lab(patient=BEN)
    world.turn()
    world.turn(3)
    assert len(world.directory.opened) == 1
    with world.store.write() as uow:
        uow.connections.set_report(world.connection_id, ConnectionReport(Light.GREEN, ()), world.clock.utc_now())
    world.turn()
    assert len(world.directory.opened) == 2
    assert world.directory.opened[0].is_closed


# -- the right patient ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda p: replace(p, status=PmsPatientStatus.INACTIVE), ReviewReason.PATIENT_INACTIVE),
        (lambda p: replace(p, status=PmsPatientStatus.MERGED), ReviewReason.PATIENT_MERGED),
        (lambda p: replace(p, person=replace(p.person, last_name="Other")), ReviewReason.PATIENT_CHANGED),
    ],
)
def test_a_patient_who_is_no_longer_the_same_gets_nothing(
    world: SenderWorld, change: object, reason: ReviewReason
) -> None:
    assert callable(change)
    wb = world.lab()
    world.pms.put(change(world.person(ANA)))
    world.turn(3)
    [item] = world.items(wb)
    assert (item.state, item.review_reason) == (R, reason)
    assert world.chart() == []
    assert world.events()[-1].draft.kind is AuditKind.PATIENT_CHECK_FAILED


def test_an_undone_match_sends_nothing_into_the_old_chart(world: SenderWorld) -> None:
    wb = world.lab()
    with world.store.write() as uow:
        patient_id = uow.people.linked_patient(world.connection_id, ANA)
        assert patient_id is not None
        uow.people.end_patient_link(world.connection_id, patient_id, "olga", world.clock.utc_now())
    world.turn(3)
    [item] = world.items(wb)
    assert (item.state, item.review_reason) == (R, ReviewReason.PATIENT_CHANGED)
    assert world.chart() == []
    assert world.pms.calls == []


def test_one_bad_item_never_blocks_another_patient(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.REFUSE)
    bad, good = world.lab(patient=ANA), world.lab(patient=BEN)
    world.turn(3)
    assert (world.states(bad), world.states(good)) == ([R], [D])


# -- look-alikes and adoption ---------------------------------------------------------------------------------------


def test_the_same_note_typed_by_staff_is_asked_about(world: SenderWorld) -> None:
    wb = world.lab()
    world.staff_types(world.items(wb)[0])
    world.turn(2)
    [item] = world.items(wb)
    assert (item.state, item.review_reason) == (R, ReviewReason.LOOK_ALIKE)
    assert world.pms.sent == []


def test_our_marker_already_in_the_chart_is_adopted_without_sending(world: SenderWorld) -> None:
    wb = world.lab()
    item = world.items(wb)[0]
    world.staff_types(item, text=item.payload.text)  # type: ignore[union-attr]
    world.turn(2)
    assert world.states(wb) == [D]
    assert world.pms.sent == []
    assert AuditKind.ITEM_ADOPTED in [e.draft.kind for e in world.events()]


def test_items_older_than_seven_days_are_asked_about(world: SenderWorld) -> None:
    world.pms.fail("fetch_patient", PmsUnavailableError("connect_refused"), times=10_000)
    wb = world.lab()
    world.turn(2)
    world.pass_days(7.1)
    world.turn(61)
    [item] = world.items(wb)
    assert (item.state, item.review_reason) == (R, ReviewReason.STALE)


def test_sending_paused_for_all_sends_nothing_and_resolves_what_is_in_flight(world: SenderWorld) -> None:
    world.pms.script_sends(SendScript.COMMIT_THEN_UNKNOWN)
    first = world.lab(patient=ANA)
    world.turn(1)
    with world.store.write() as uow:
        uow.practice.set_setting("sending_paused", "1")
    second = world.lab(patient=BEN)
    world.restart()
    world.turn(SETTLE * 2)
    assert (world.states(first), world.states(second)) == ([D], [P])
    with world.store.write() as uow:
        uow.practice.set_setting("sending_paused", "0")
    world.turn(8)
    assert world.states(second) == [D]
