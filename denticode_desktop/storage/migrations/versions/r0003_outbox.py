"""Labs and the outbox."""

from alembic import op

revision = "0003_outbox"
down_revision = "0002_roster"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE blob (
        sha256 TEXT NOT NULL,
        data BLOB NOT NULL,
        CONSTRAINT pk_blob PRIMARY KEY (sha256),
        CONSTRAINT ck_blob_sha256_shape CHECK (length(sha256) = 64)
    )
     STRICT
    """,
    """
    CREATE TABLE sender (
        id INTEGER NOT NULL,
        epoch INTEGER DEFAULT '0' NOT NULL,
        generation INTEGER DEFAULT '0' NOT NULL,
        CONSTRAINT pk_sender PRIMARY KEY (id),
        CONSTRAINT ck_sender_one_row CHECK (id = 1),
        CONSTRAINT ck_sender_numbers_range CHECK (epoch >= 0 AND generation >= 0)
    )
     STRICT
    """,
    """
    CREATE TABLE lab_revision (
        lab_id TEXT NOT NULL,
        revision INTEGER NOT NULL,
        kind TEXT NOT NULL,
        visit_on TEXT NOT NULL,
        patient_id INTEGER NOT NULL,
        provider_id INTEGER,
        note_text TEXT NOT NULL,
        template TEXT,
        procedures TEXT NOT NULL,
        documents TEXT NOT NULL,
        external_id TEXT NOT NULL,
        source_sha256 TEXT NOT NULL,
        created_at TEXT NOT NULL,
        finalized_at TEXT,
        finalized_by TEXT DEFAULT '' NOT NULL,
        content_sha256 TEXT DEFAULT '' NOT NULL,
        CONSTRAINT pk_lab_revision PRIMARY KEY (lab_id, revision),
        CONSTRAINT fk_lab_revision_patient_id_patient FOREIGN KEY(patient_id) REFERENCES patient (id),
        CONSTRAINT fk_lab_revision_provider_id_provider FOREIGN KEY(provider_id) REFERENCES provider (id),
        CONSTRAINT ck_lab_revision_revision_range CHECK (revision >= 1),
        CONSTRAINT ck_lab_revision_kind_known CHECK (kind IN ('original', 'changed', 'addendum')),
        CONSTRAINT ck_lab_revision_hash_when_finalized CHECK ((finalized_at IS NULL) = (content_sha256 = ''))
    )
     STRICT
    """,
    "CREATE INDEX ix_lab_revision_visit ON lab_revision (visit_on, lab_id)",
    "CREATE UNIQUE INDEX uq_lab_revision_one_draft ON lab_revision (lab_id) WHERE finalized_at IS NULL",
    """
    CREATE TABLE writeback (
        id INTEGER NOT NULL,
        connection_id INTEGER NOT NULL,
        lab_id TEXT NOT NULL,
        revision INTEGER NOT NULL,
        pms_patient_id TEXT NOT NULL,
        snapshot_first_name TEXT NOT NULL,
        snapshot_last_name TEXT NOT NULL,
        snapshot_date_of_birth TEXT,
        content_sha256 TEXT NOT NULL,
        finalized_at TEXT NOT NULL,
        finalized_by TEXT NOT NULL,
        created_at TEXT NOT NULL,
        by_hand TEXT NOT NULL,
        requested_at TEXT,
        is_paused INTEGER DEFAULT '0' NOT NULL,
        CONSTRAINT pk_writeback PRIMARY KEY (id),
        CONSTRAINT uq_writeback_connection_id_lab_id_revision UNIQUE (connection_id, lab_id, revision),
        CONSTRAINT uq_writeback_id_connection_id_pms_patient_id UNIQUE (id, connection_id, pms_patient_id),
        CONSTRAINT fk_writeback_connection_id_connection FOREIGN KEY(connection_id) REFERENCES connection (id),
        CONSTRAINT fk_writeback_lab_id_revision_lab_revision FOREIGN KEY(lab_id, revision) REFERENCES lab_revision (lab_id, revision),
        CONSTRAINT ck_writeback_pms_patient_given CHECK (pms_patient_id <> ''),
        CONSTRAINT ck_writeback_is_paused_flag CHECK (is_paused IN (0, 1))
    )
     STRICT
    """,
    "CREATE INDEX ix_writeback_lab ON writeback (lab_id, revision)",
    """
    CREATE TABLE item (
        id INTEGER NOT NULL,
        writeback_id INTEGER NOT NULL,
        connection_id INTEGER NOT NULL,
        pms_patient_id TEXT NOT NULL,
        seq INTEGER NOT NULL,
        kind TEXT NOT NULL,
        payload TEXT NOT NULL,
        payload_sha256 TEXT NOT NULL,
        marker TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        state TEXT DEFAULT 'PLANNED' NOT NULL,
        sends INTEGER DEFAULT '0' NOT NULL,
        remote_id TEXT,
        review_reason TEXT,
        review_detail TEXT DEFAULT '' NOT NULL,
        was_unknown INTEGER DEFAULT '0' NOT NULL,
        done_at TEXT,
        waiting_why TEXT DEFAULT '' NOT NULL,
        next_try_at TEXT,
        watch_at TEXT,
        watch_step INTEGER DEFAULT '0' NOT NULL,
        requested_at TEXT,
        is_released INTEGER DEFAULT '0' NOT NULL,
        CONSTRAINT pk_item PRIMARY KEY (id),
        CONSTRAINT uq_item_writeback_id_seq UNIQUE (writeback_id, seq),
        CONSTRAINT fk_item_writeback_id_connection_id_pms_patient_id_writeback FOREIGN KEY(writeback_id, connection_id, pms_patient_id) REFERENCES writeback (id, connection_id, pms_patient_id),
        CONSTRAINT ck_item_seq_range CHECK (seq >= 0),
        CONSTRAINT ck_item_sends_range CHECK (sends >= 0),
        CONSTRAINT ck_item_kind_known CHECK (kind IN ('note', 'procedure', 'document')),
        CONSTRAINT ck_item_state_known CHECK (state IN ('PLANNED', 'INFLIGHT', 'DONE', 'REVIEW', 'VOID')),
        CONSTRAINT ck_item_done_has_record CHECK (state <> 'DONE' OR (remote_id IS NOT NULL AND done_at IS NOT NULL)),
        CONSTRAINT ck_item_planned_has_no_record CHECK (state <> 'PLANNED' OR remote_id IS NULL),
        CONSTRAINT ck_item_review_has_reason CHECK ((state = 'REVIEW') = (review_reason IS NOT NULL)),
        CONSTRAINT ck_item_remote_id_given CHECK (remote_id <> ''),
        CONSTRAINT ck_item_hashes_shape CHECK (length(payload_sha256) = 64 AND marker <> '' AND fingerprint <> ''),
        CONSTRAINT ck_item_released_is_requested CHECK (is_released = 0 OR requested_at IS NOT NULL),
        CONSTRAINT ck_item_was_unknown_flag CHECK (was_unknown IN (0, 1)),
        CONSTRAINT ck_item_is_released_flag CHECK (is_released IN (0, 1))
    )
     STRICT
    """,
    "CREATE INDEX ix_item_done ON item (done_at) WHERE state = 'DONE'",
    (
        "CREATE INDEX ix_item_open ON item (state, connection_id, pms_patient_id, writeback_id, seq) WHERE (state = "
        "'PLANNED' OR state = 'INFLIGHT')"
    ),
    (
        "CREATE INDEX ix_item_queue ON item (connection_id, writeback_id, seq, pms_patient_id) WHERE (state = "
        "'INFLIGHT' OR (state = 'PLANNED' AND is_released = 1))"
    ),
    "CREATE INDEX ix_item_review ON item (id) WHERE state = 'REVIEW'",
    "CREATE INDEX ix_item_waiting ON item (requested_at) WHERE state = 'PLANNED'",
    "CREATE INDEX ix_item_watch ON item (watch_at) WHERE watch_at IS NOT NULL",
    (
        "CREATE UNIQUE INDEX uq_item_connection_kind_remote ON item (connection_id, kind, remote_id) WHERE remote_id "
        "IS NOT NULL"
    ),
    """
    CREATE TABLE attempt (
        id INTEGER NOT NULL,
        item_id INTEGER NOT NULL,
        n INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        request_sha256 TEXT NOT NULL,
        intent_at TEXT NOT NULL,
        outcome TEXT,
        http_status INTEGER,
        remote_id TEXT,
        error_kind TEXT DEFAULT '' NOT NULL,
        retry_after_s REAL,
        pms_words TEXT DEFAULT '' NOT NULL,
        pms_request_id TEXT DEFAULT '' NOT NULL,
        permission TEXT DEFAULT '' NOT NULL,
        elapsed_ms INTEGER DEFAULT '0' NOT NULL,
        CONSTRAINT pk_attempt PRIMARY KEY (id),
        CONSTRAINT uq_attempt_item_id_n UNIQUE (item_id, n),
        CONSTRAINT fk_attempt_item_id_item FOREIGN KEY(item_id) REFERENCES item (id),
        CONSTRAINT ck_attempt_n_range CHECK (n >= 1),
        CONSTRAINT ck_attempt_outcome_known CHECK (outcome IN ('not_sent', 'throttled', 'unauthorized', 'forbidden', 'refused', 'accepted', 'unknown')),
        CONSTRAINT ck_attempt_accepted_has_record CHECK (outcome IS NOT 'accepted' OR remote_id IS NOT NULL)
    )
     STRICT
    """,
    "CREATE INDEX ix_attempt_open ON attempt (id) WHERE outcome IS NULL",
    """
    CREATE TABLE decision_request (
        id INTEGER NOT NULL,
        item_id INTEGER NOT NULL,
        kind TEXT NOT NULL,
        reason TEXT NOT NULL,
        asked_by TEXT NOT NULL,
        role TEXT NOT NULL,
        asked_at TEXT NOT NULL,
        remote_id TEXT,
        dismissed TEXT DEFAULT '[]' NOT NULL,
        result TEXT DEFAULT '' NOT NULL,
        CONSTRAINT pk_decision_request PRIMARY KEY (id),
        CONSTRAINT fk_decision_request_item_id_item FOREIGN KEY(item_id) REFERENCES item (id),
        CONSTRAINT ck_decision_request_kind_known CHECK (kind IN ('as_done', 'send_again', 'void', 'recheck'))
    )
     STRICT
    """,
    "CREATE INDEX ix_decision_request_item ON decision_request (item_id)",
    "CREATE UNIQUE INDEX uq_decision_request_open ON decision_request (item_id) WHERE result = ''",
    """
    CREATE TABLE item_dismissed (
        item_id INTEGER NOT NULL,
        remote_id TEXT NOT NULL,
        CONSTRAINT pk_item_dismissed PRIMARY KEY (item_id, remote_id),
        CONSTRAINT fk_item_dismissed_item_id_item FOREIGN KEY(item_id) REFERENCES item (id)
    )
     WITHOUT ROWID,
     STRICT
    """,
    (
        "CREATE TRIGGER tr_lab_revision_frozen BEFORE UPDATE ON lab_revision FOR EACH ROW WHEN OLD.finalized_at IS "
        "NOT NULL BEGIN SELECT RAISE(ABORT, 'a finalized Lab cannot be changed'); END"
    ),
    (
        "CREATE TRIGGER tr_lab_revision_no_delete BEFORE DELETE ON lab_revision FOR EACH ROW WHEN OLD.finalized_at "
        "IS NOT NULL BEGIN SELECT RAISE(ABORT, 'a finalized Lab is never deleted'); END"
    ),
    (
        "CREATE TRIGGER tr_blob_frozen BEFORE UPDATE ON blob FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'bytes of a "
        "document cannot be changed'); END"
    ),
    (
        "CREATE TRIGGER tr_blob_no_delete BEFORE DELETE ON blob FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'bytes of a "
        "document are never deleted'); END"
    ),
    (
        "CREATE TRIGGER tr_writeback_of_finalized BEFORE INSERT ON writeback FOR EACH ROW WHEN NOT EXISTS (SELECT 1 "
        "FROM lab_revision r WHERE r.lab_id = NEW.lab_id AND r.revision = NEW.revision AND r.finalized_at IS NOT "
        "NULL AND r.content_sha256 = NEW.content_sha256) BEGIN SELECT RAISE(ABORT, 'a write-back is made of a "
        "finalized Lab'); END"
    ),
    (
        "CREATE TRIGGER tr_writeback_frozen BEFORE UPDATE OF id, connection_id, lab_id, revision, pms_patient_id, "
        "snapshot_first_name, snapshot_last_name, snapshot_date_of_birth, content_sha256, finalized_at, "
        "finalized_by, created_at, by_hand, requested_at ON writeback FOR EACH ROW WHEN NEW.id IS NOT OLD.id OR "
        "NEW.connection_id IS NOT OLD.connection_id OR NEW.lab_id IS NOT OLD.lab_id OR NEW.revision IS NOT "
        "OLD.revision OR NEW.pms_patient_id IS NOT OLD.pms_patient_id OR NEW.snapshot_first_name IS NOT "
        "OLD.snapshot_first_name OR NEW.snapshot_last_name IS NOT OLD.snapshot_last_name OR "
        "NEW.snapshot_date_of_birth IS NOT OLD.snapshot_date_of_birth OR NEW.content_sha256 IS NOT "
        "OLD.content_sha256 OR NEW.finalized_at IS NOT OLD.finalized_at OR NEW.finalized_by IS NOT OLD.finalized_by "
        "OR NEW.created_at IS NOT OLD.created_at OR NEW.by_hand IS NOT OLD.by_hand OR (OLD.requested_at IS NOT NULL "
        "AND NEW.requested_at IS NOT OLD.requested_at) BEGIN SELECT RAISE(ABORT, 'a write-back cannot be changed'); "
        "END"
    ),
    (
        "CREATE TRIGGER tr_writeback_no_delete BEFORE DELETE ON writeback FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'a "
        "write-back is never deleted'); END"
    ),
    (
        "CREATE TRIGGER tr_writeback_release AFTER UPDATE OF requested_at, is_paused ON writeback FOR EACH ROW BEGIN "
        "UPDATE item SET requested_at = NEW.requested_at, is_released = (NEW.requested_at IS NOT NULL AND "
        "NEW.is_paused = 0) WHERE writeback_id = NEW.id; END"
    ),
    (
        "CREATE TRIGGER tr_item_starts_planned BEFORE INSERT ON item FOR EACH ROW WHEN NEW.state <> 'PLANNED' OR "
        "NEW.sends <> 0 OR NEW.is_released <> 0 BEGIN SELECT RAISE(ABORT, 'an item starts as PLANNED, unsent'); END"
    ),
    (
        "CREATE TRIGGER tr_item_frozen BEFORE UPDATE OF id, writeback_id, connection_id, pms_patient_id, seq, kind, "
        "payload, payload_sha256, marker, fingerprint ON item FOR EACH ROW WHEN NEW.id IS NOT OLD.id OR "
        "NEW.writeback_id IS NOT OLD.writeback_id OR NEW.connection_id IS NOT OLD.connection_id OR "
        "NEW.pms_patient_id IS NOT OLD.pms_patient_id OR NEW.seq IS NOT OLD.seq OR NEW.kind IS NOT OLD.kind OR "
        "NEW.payload IS NOT OLD.payload OR NEW.payload_sha256 IS NOT OLD.payload_sha256 OR NEW.marker IS NOT "
        "OLD.marker OR NEW.fingerprint IS NOT OLD.fingerprint BEGIN SELECT RAISE(ABORT, 'what was finalized cannot "
        "be changed'); END"
    ),
    (
        "CREATE TRIGGER tr_item_legal_move BEFORE UPDATE OF state ON item FOR EACH ROW WHEN NEW.state <> OLD.state "
        "AND NOT (OLD.state || '>' || NEW.state IN ('PLANNED>INFLIGHT', 'PLANNED>DONE', 'PLANNED>REVIEW', "
        "'PLANNED>VOID', 'INFLIGHT>PLANNED', 'INFLIGHT>REVIEW', 'INFLIGHT>DONE', 'DONE>REVIEW', 'REVIEW>DONE', "
        "'REVIEW>PLANNED', 'REVIEW>VOID')) BEGIN SELECT RAISE(ABORT, 'no such move'); END"
    ),
    (
        "CREATE TRIGGER tr_item_no_delete BEFORE DELETE ON item FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'an item is "
        "never deleted'); END"
    ),
    (
        "CREATE TRIGGER tr_item_dismissed_frozen BEFORE UPDATE ON item_dismissed FOR EACH ROW BEGIN SELECT "
        "RAISE(ABORT, 'a dismissal is for good'); END"
    ),
    (
        "CREATE TRIGGER tr_item_dismissed_no_delete BEFORE DELETE ON item_dismissed FOR EACH ROW BEGIN SELECT "
        "RAISE(ABORT, 'a dismissal is for good'); END"
    ),
    (
        "CREATE TRIGGER tr_attempt_frozen BEFORE UPDATE ON attempt FOR EACH ROW WHEN OLD.outcome IS NOT NULL OR "
        "NEW.outcome IS NULL OR NEW.id IS NOT OLD.id OR NEW.item_id IS NOT OLD.item_id OR NEW.n IS NOT OLD.n OR "
        "NEW.epoch IS NOT OLD.epoch OR NEW.request_sha256 IS NOT OLD.request_sha256 OR NEW.intent_at IS NOT "
        "OLD.intent_at BEGIN SELECT RAISE(ABORT, 'an attempt is closed once'); END"
    ),
    (
        "CREATE TRIGGER tr_attempt_starts_open BEFORE INSERT ON attempt FOR EACH ROW WHEN NEW.outcome IS NOT NULL "
        "BEGIN SELECT RAISE(ABORT, 'an attempt starts without an outcome'); END"
    ),
    (
        "CREATE TRIGGER tr_attempt_no_delete BEFORE DELETE ON attempt FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'an "
        "attempt is never deleted'); END"
    ),
    (
        "CREATE TRIGGER tr_decision_request_frozen BEFORE UPDATE ON decision_request FOR EACH ROW WHEN OLD.result <> "
        "'' OR NEW.result = '' OR NEW.id IS NOT OLD.id OR NEW.item_id IS NOT OLD.item_id OR NEW.kind IS NOT OLD.kind "
        "OR NEW.reason IS NOT OLD.reason OR NEW.asked_by IS NOT OLD.asked_by OR NEW.role IS NOT OLD.role OR "
        "NEW.asked_at IS NOT OLD.asked_at OR NEW.remote_id IS NOT OLD.remote_id OR NEW.dismissed IS NOT "
        "OLD.dismissed BEGIN SELECT RAISE(ABORT, 'a decision is closed once'); END"
    ),
    (
        "CREATE TRIGGER tr_decision_request_no_delete BEFORE DELETE ON decision_request FOR EACH ROW BEGIN SELECT "
        "RAISE(ABORT, 'a decision is never deleted'); END"
    ),
    (
        "CREATE TRIGGER tr_sender_only_up BEFORE UPDATE ON sender FOR EACH ROW WHEN NEW.epoch < OLD.epoch OR "
        "NEW.generation < OLD.generation OR NEW.id IS NOT OLD.id BEGIN SELECT RAISE(ABORT, 'epoch and generation "
        "never go down'); END"
    ),
    (
        "CREATE TRIGGER tr_sender_no_delete BEFORE DELETE ON sender FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'the row "
        "of the sender is never deleted'); END"
    ),
    "INSERT INTO sender (id, epoch, generation) VALUES (1, 0, 0)",
)


def upgrade() -> None:
    """Goes one step up."""
    connection = op.get_bind()
    for statement in STATEMENTS:
        connection.exec_driver_sql(statement)
