"""What must never be true is refused by the database itself, whatever SQL asks for it: one case a rule."""

import re

import pytest

from denticode_desktop.domain.audit_event import AuditDraft, AuditKind
from denticode_desktop.domain.ids import AttemptId, RemoteId
from denticode_desktop.domain.write_back import (
    LEGAL_MOVES,
    Item,
    ItemState,
    OutcomeKind,
    RequestKind,
    ReviewReason,
    SendOutcome,
)
from denticode_desktop.storage.session import ConstraintError
from denticode_desktop.storage.tables import TRIGGERS
from denticode_desktop.storage.tables_outbox import LEGAL

from .outbox_world import AT, OutboxWorld

SHA = "a" * 64


@pytest.fixture
def filled(world: OutboxWorld) -> OutboxWorld:
    """A write-back of two items (one DONE, one PLANNED), a closed and an open attempt, links, audit, a draft."""
    done, planned = world.writeback()
    with world.store.write() as uow:
        uow.outbox.move(done, ItemState.DONE, epoch=None, remote_id=RemoteId("r-1"), done_at=AT)
        uow.outbox.add_attempt(done.item_id, epoch=0, request_sha256=SHA, at=AT)
        uow.outbox.close_attempt(AttemptId(1), SendOutcome(OutcomeKind.UNKNOWN))
        uow.outbox.add_attempt(planned.item_id, epoch=0, request_sha256=SHA, at=AT)
        uow.outbox.dismiss(planned.item_id, {RemoteId("other")})
        first = uow.outbox.add_request(planned.item_id, RequestKind.VOID, reason="no", by="lee", role="Owner", at=AT)
        uow.outbox.close_request(first.request_id, "done")
        uow.outbox.add_request(planned.item_id, RequestKind.RECHECK, reason="", by="lee", role="Owner", at=AT)
        uow.sender.begin_epoch()
        uow.sender.bump_generation()
        uow.labs.put_blob("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", b"")
        uow.audit.append(AuditDraft(AuditKind.USER_ADDED, "lee", "Owner"))
        uow.audit.append(AuditDraft(AuditKind.LAB_VIEWED, "lee", "Owner"))
    with world.sql() as sql:
        sql.execute(
            "INSERT INTO patient_link (connection_id, patient_id, pms_patient_id, version, rule, linked_by, linked_at)"
            f" VALUES (1, 1, 'pms-1', 1, 'person', 'lee', '{AT.isoformat()}')"
        )
        sql.execute(
            "INSERT INTO patient (first_name, last_name, middle_name, suffix, preferred_name, phone, email, address,"
            " city, state, postal_code, chart_number, name_key)"
            " SELECT first_name, 'Other', '', '', '', '', '', '', '', '', '', '', 'x' FROM patient"
        )
        sql.execute(
            "INSERT INTO lab_revision (lab_id, revision, kind, visit_on, patient_id, note_text, procedures, documents,"
            " external_id, source_sha256, created_at) SELECT lab_id, 2, 'addendum', visit_on, patient_id, '', '[]',"
            " '[]', '', '', created_at FROM lab_revision"
        )
    return world


def _item(**values: str) -> str:
    """INSERT of a further item with some columns changed."""
    columns = {
        "writeback_id": "2", "connection_id": "1", "pms_patient_id": "'pms-1'", "seq": "9", "kind": "'note'",
        "payload": "'{}'", "payload_sha256": f"'{SHA}'", "marker": "'M'", "fingerprint": "'F'", **values,
    }  # fmt: skip
    return f"INSERT INTO item ({', '.join(columns)}) VALUES ({', '.join(columns.values())})"


def _draft(lab_id: str, revision: int, kind: str = "addendum") -> str:
    return (
        "INSERT INTO lab_revision (lab_id, revision, kind, visit_on, patient_id, note_text, procedures, documents,"
        f" external_id, source_sha256, created_at) VALUES ('{lab_id}', {revision}, '{kind}', '2026-11-20', 1, '', '[]',"
        " '[]', '', '', '2026')"
    )


def _event(seq: str = "3", previous: str = "(SELECT hash FROM audit_event WHERE seq = 2)", at: str = "'2030'") -> str:
    return (
        "INSERT INTO audit_event (seq, at, workstation, app_version, kind, actor, role, outcome, reason, detail,"
        f" previous_hash, hash) VALUES ({seq}, {at}, 'w', 'v', 'k', 'a', 'r', 'ok', '', '{{}}', {previous}, '{SHA}')"
    )


def _connection(**values: str) -> str:
    columns = {
        "name": "'B'", "name_key": "'b'", "pms_key": "'k'", "environment": "'sandbox'", "host": "'h'",
        "organization_id": "'o'", "client_id": "'c'", "settle_s": "1", "is_marker_on": "1",
        "may_complete_procedures": "0", "time_zone": "''", **values,
    }  # fmt: skip
    return f"INSERT INTO connection ({', '.join(columns)}) VALUES ({', '.join(columns.values())})"


def _link(patient: int, pms_patient: str, version: int = 1) -> str:
    return (
        "INSERT INTO patient_link (connection_id, patient_id, pms_patient_id, version, rule, linked_by, linked_at)"
        f" VALUES (1, {patient}, '{pms_patient}', {version}, 'person', 'lee', '2026')"
    )


WRITEBACK_OF_DRAFT = (
    "INSERT INTO writeback (connection_id, lab_id, revision, pms_patient_id, snapshot_first_name, snapshot_last_name,"
    f" content_sha256, finalized_at, finalized_by, created_at, by_hand) SELECT 1, lab_id, 2, 'p', '', '', '{SHA}', '',"
    " '', '', '[]' FROM writeback"
)
SECOND_WRITEBACK = (
    "INSERT INTO writeback (connection_id, lab_id, revision, pms_patient_id, snapshot_first_name, snapshot_last_name,"
    " content_sha256, finalized_at, finalized_by, created_at, by_hand) SELECT 1, lab_id, 1, 'p', '', '',"
    " content_sha256, '', '', '', '[]' FROM writeback"
)

FORBIDDEN = {
    # items
    "ck_item_done_has_record": "UPDATE item SET done_at = NULL WHERE id = 1",
    "ck_item_done_has_record ": "UPDATE item SET state = 'DONE', done_at = '2026' WHERE id = 2",
    "ck_item_planned_has_no_record": "UPDATE item SET remote_id = 'r-2' WHERE id = 2",
    "ck_item_review_has_reason": "UPDATE item SET state = 'REVIEW' WHERE id = 2",
    "ck_item_review_has_reason ": "UPDATE item SET review_reason = 'twin' WHERE id = 2",
    "ck_item_sends_range": "UPDATE item SET sends = -1 WHERE id = 2",
    "ck_item_remote_id_given": "UPDATE item SET state = 'INFLIGHT', remote_id = '' WHERE id = 2",
    "ck_item_was_unknown_flag": "UPDATE item SET was_unknown = 2 WHERE id = 2",
    "ck_item_released_is_requested": "UPDATE item SET requested_at = NULL WHERE id = 2",
    "ck_item_seq_range": _item(seq="-1"),
    "ck_item_kind_known": _item(kind="'invoice'"),
    "ck_item_hashes_shape": _item(payload_sha256="'short'"),
    "ck_item_hashes_shape ": _item(marker="''"),
    "item.writeback_id, item.seq": _item(seq="1"),
    "item.connection_id, item.kind, item.remote_id": (
        "UPDATE item SET state = 'INFLIGHT', remote_id = 'r-1', sends = 1 WHERE id = 3"
    ),
    "FOREIGN KEY": _item(pms_patient_id="'pms-2'"),
    "FOREIGN KEY ": _item(writeback_id="77"),
    "cannot store TEXT value": "UPDATE item SET sends = 'two' WHERE id = 2",
    "NOT NULL": "UPDATE item SET waiting_why = NULL WHERE id = 2",
    "an item starts as PLANNED": _item(state="'INFLIGHT'"),
    "an item starts as PLANNED ": _item(sends="1"),
    "what was finalized cannot be changed": "UPDATE item SET payload = '{}' WHERE id = 2",
    "an item is never deleted": "DELETE FROM item WHERE id = 2",
    "no such move": "UPDATE item SET state = 'PLANNED', remote_id = NULL WHERE id = 1",
    "the record of a DONE item cannot be changed": "UPDATE item SET remote_id = 'other' WHERE id = 1",
    "the record of a DONE item cannot be changed ": (
        "UPDATE item SET state = 'REVIEW', review_reason = 'gone', remote_id = NULL WHERE id = 1"
    ),
    "no item is added to what was asked to be sent": _item(writeback_id="1"),
    "a dismissal is for good": "DELETE FROM item_dismissed",
    "a dismissal is for good ": "UPDATE item_dismissed SET remote_id = 'x'",
    "an item is never deleted ": _item(id="2").replace("INSERT", "INSERT OR REPLACE"),
    "an item is never deleted  ": "UPDATE OR REPLACE item SET state = 'INFLIGHT', remote_id = 'r-1' WHERE id = 3",
    "what was finalized cannot be changed ": "UPDATE item SET id = 77 WHERE id = 2",
    # write-backs
    "writeback.connection_id, writeback.lab_id, writeback.revision": SECOND_WRITEBACK,
    "a write-back is made of a finalized Lab": WRITEBACK_OF_DRAFT,
    "a write-back cannot be changed": "UPDATE writeback SET pms_patient_id = 'pms-2'",
    "a write-back cannot be changed ": "UPDATE writeback SET requested_at = '2027'",
    "a write-back cannot be changed  ": "UPDATE writeback SET requested_at = NULL",
    "a write-back is never deleted": "DELETE FROM writeback",
    "a write-back is never deleted ": SECOND_WRITEBACK.replace("INSERT", "INSERT OR REPLACE"),
    "ck_writeback_pms_patient_given": SECOND_WRITEBACK.replace("lab_id, 1, 'p'", "lab_id, 1, ''"),
    "ck_writeback_is_paused_flag": "UPDATE writeback SET is_paused = 7",
    # attempts, decisions, the sender
    "an attempt is closed once": "UPDATE attempt SET outcome = 'accepted', remote_id = 'x' WHERE id = 1",
    "an attempt is closed once ": "UPDATE attempt SET epoch = 9, outcome = 'unknown' WHERE id = 2",
    "an attempt is closed once  ": "UPDATE attempt SET pms_words = 'x' WHERE id = 2",
    "an attempt starts without an outcome": (
        f"INSERT INTO attempt (item_id, n, epoch, request_sha256, intent_at, outcome) VALUES (2, 9, 0, '{SHA}', '',"
        " 'unknown')"
    ),
    "an attempt is never deleted": "DELETE FROM attempt",
    "attempt.item_id, attempt.n": (
        f"INSERT INTO attempt (item_id, n, epoch, request_sha256, intent_at) VALUES (2, 1, 0, '{SHA}', '')"
    ),
    "ck_attempt_n_range": (
        f"INSERT INTO attempt (item_id, n, epoch, request_sha256, intent_at) VALUES (2, 0, 0, '{SHA}', '')"
    ),
    "ck_attempt_outcome_known": "UPDATE attempt SET outcome = 'fine' WHERE id = 2",
    "ck_attempt_unseen_ticks_range": "INSERT INTO attempt_unseen (attempt_id, ticks) VALUES (1, -1)",
    "ck_attempt_accepted_has_record": "UPDATE attempt SET outcome = 'accepted' WHERE id = 2",
    "a decision is closed once": "UPDATE decision_request SET result = 'other' WHERE id = 1",
    "a decision is closed once ": "UPDATE decision_request SET reason = 'other', result = 'done' WHERE id = 2",
    "a decision is never deleted": "DELETE FROM decision_request",
    "decision_request.item_id": (
        "INSERT INTO decision_request (item_id, kind, reason, asked_by, role, asked_at)"
        " VALUES (2, 'void', '', 'a', 'r', '')"
    ),
    "ck_decision_request_kind_known": (
        "INSERT INTO decision_request (item_id, kind, reason, asked_by, role, asked_at)"
        " VALUES (1, 'burn', '', 'a', 'r', '')"
    ),
    "epoch and generation never go down": "UPDATE sender SET epoch = 0",
    "epoch and generation never go down ": "UPDATE sender SET generation = 0",
    "the row of the sender is never deleted": "DELETE FROM sender",
    "ck_sender_one_row": "INSERT INTO sender (id) VALUES (2)",
    # Labs
    "a finalized Lab cannot be changed": "UPDATE lab_revision SET note_text = 'x' WHERE revision = 1",
    "a finalized Lab cannot be changed ": (
        "UPDATE lab_revision SET finalized_at = NULL, content_sha256 = '' WHERE revision = 1"
    ),
    "a finalized Lab is never deleted": "DELETE FROM lab_revision WHERE revision = 1",
    "lab_revision.lab_id": _draft("Llab000001", 3),
    "ck_lab_revision_revision_range": _draft("Lother", 0),
    "ck_lab_revision_kind_known": _draft("Lother", 1, "whim"),
    "ck_lab_revision_hash_when_finalized": "UPDATE lab_revision SET finalized_at = '2026' WHERE revision = 2",
    "bytes of a document cannot be changed": "UPDATE blob SET data = x'00'",
    "bytes of a document are never deleted": "DELETE FROM blob",
    "ck_blob_sha256_shape": "INSERT INTO blob (sha256, data) VALUES ('short', x'00')",
    # audit
    "the audit chain would break": _event(seq="4"),
    "the audit chain would break ": _event(seq="2"),
    "the audit chain would break  ": _event(previous=f"'{SHA}'"),
    "the audit chain would break   ": _event(at="'2020'"),
    "an audit event cannot be changed": "UPDATE audit_event SET reason = 'x' WHERE seq = 1",
    "an audit event is never deleted": "DELETE FROM audit_event WHERE seq = 2",
    "the audit chain would break    ": _event(seq="2").replace("INSERT", "INSERT OR REPLACE"),
    # the practice
    "ck_practice_one_row": "INSERT INTO practice (id, name, is_rehearsal_only, created_at) VALUES (2, 'x', 0, '')",
    "connection.name_key": _connection(name_key="'elm street rehearsal'"),
    "ck_connection_environment_known": _connection(environment="'staging'"),
    "ck_connection_settle_s_range": _connection(settle_s="-1"),
    "ck_connection_settle_factor_range": "UPDATE connection SET settle_factor = 0",
    "ck_connection_largest_lag_range": "UPDATE connection SET largest_lag_ticks = -1",
    "ck_connection_name_given": _connection(name_key="''"),
    "a connection is never deleted": "DELETE FROM connection",
    "a patient of a Lab is never deleted": "DELETE FROM patient",
    "patient_link.connection_id, patient_link.patient_id": _link(1, "pms-9", 2),
    "patient_link.connection_id, patient_link.pms_patient_id": _link(2, "pms-1"),
    "ck_patient_link_version_range": _link(2, "pms-3", 0),
    "a patient link can only be ended": "UPDATE patient_link SET pms_patient_id = 'pms-2'",
    "ck_patient_link_ended_when_inactive": "UPDATE patient_link SET is_active = 0",
    "a patient link is ended, never deleted": "DELETE FROM patient_link",
    "ck_sync_cursor_kind_known": (
        "INSERT INTO sync_cursor (connection_id, kind, is_full, is_running, run) VALUES (1, 'moods', 1, 0, 0)"
    ),
    "ck_sync_cursor_run_range": (
        "INSERT INTO sync_cursor (connection_id, kind, is_full, is_running, run) VALUES (1, 'codes', 1, 0, -1)"
    ),
}
"""Words of the refusal -> SQL that earns it (blanks only tell equal words apart)."""


@pytest.mark.parametrize(("words", "sql"), FORBIDDEN.items(), ids=[f"{k.strip()}-{n}" for n, k in enumerate(FORBIDDEN)])
def test_forbidden_change_is_refused_by_the_rule_that_names_it(filled: OutboxWorld, words: str, sql: str) -> None:
    if "id = 3" in sql:  # a second note, so that two items of one kind can meet
        filled.writeback()
    elif "INTO item (" in sql:  # number 2, for which nobody pressed Send yet
        filled.writeback(is_requested=False)
    with pytest.raises(ConstraintError, match=re.escape(words.strip())), filled.sql() as session:
        session.execute(sql)


def test_refused_change_leaves_the_rest_of_its_unit_whole(filled: OutboxWorld) -> None:
    with filled.sql() as session:
        session.execute("UPDATE connection SET calls = 7")
        with pytest.raises(ConstraintError):
            session.execute("DELETE FROM item")
    with filled.store.read_session() as session:
        assert session.value("SELECT calls FROM connection") == 7
        assert session.value("SELECT count(*) FROM item") == 2


def test_every_trigger_that_refuses_has_its_case() -> None:
    refusals = {m.group(1) for t in TRIGGERS if (m := re.search(r"RAISE\(ABORT, '([^']+)'\)", t))}
    tried = {words.strip() for words in FORBIDDEN}
    assert {r for r in refusals if not any(r.startswith(t) for t in tried)} == set()


def test_moves_that_the_database_lets_through_are_those_of_the_protocol() -> None:
    legal = {f"{a.value}>{b.value}" for pairs in LEGAL_MOVES.values() for a, b in pairs if a is not b}
    assert set(LEGAL) == legal


@pytest.mark.parametrize("before", list(ItemState))
@pytest.mark.parametrize("after", list(ItemState))
def test_each_pair_of_states_moves_exactly_where_the_protocol_says(
    world: OutboxWorld, before: ItemState, after: ItemState
) -> None:
    item = _brought_to(world, world.writeback()[0], before)
    is_legal = before is after or any((before, after) in pairs for pairs in LEGAL_MOVES.values())
    with world.sql() as session:
        change = (
            "UPDATE item SET state = ?, remote_id = ?, review_reason = ?, done_at = ? WHERE id = ?",
            (
                after.value, "r-9" if ItemState.DONE in (after, before) and after is not ItemState.PLANNED else None,
                "stale" if after is ItemState.REVIEW else None, "2026", item.item_id,
            ),
        )  # fmt: skip
        if is_legal:
            session.execute(*change)
        else:
            with pytest.raises(ConstraintError, match="no such move"):
                session.execute(*change)


def _brought_to(world: OutboxWorld, item: Item, state: ItemState) -> Item:
    if state is ItemState.PLANNED:
        return item
    with world.store.write() as uow:
        assert uow.outbox.move(
            item, state, epoch=None, remote_id=RemoteId("r-9") if state is ItemState.DONE else None,
            review_reason=ReviewReason.STALE if state is ItemState.REVIEW else None,
            done_at=AT if state is ItemState.DONE else None,
        )  # fmt: skip
        return uow.outbox.item(item.item_id)
