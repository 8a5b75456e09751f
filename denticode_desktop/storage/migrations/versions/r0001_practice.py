"""The practice, its users, connections, people and links."""

from alembic import op

revision = "0001_practice"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE app_user (
        id INTEGER NOT NULL,
        name TEXT NOT NULL,
        name_key TEXT NOT NULL,
        role TEXT NOT NULL,
        is_enabled INTEGER DEFAULT '1' NOT NULL,
        password_hash TEXT DEFAULT '' NOT NULL,
        CONSTRAINT pk_app_user PRIMARY KEY (id),
        CONSTRAINT uq_app_user_name_key UNIQUE (name_key),
        CONSTRAINT ck_app_user_name_given CHECK (name_key <> ''),
        CONSTRAINT ck_app_user_is_enabled_flag CHECK (is_enabled IN (0, 1))
    )
     STRICT
    """,
    """
    CREATE TABLE connection (
        id INTEGER NOT NULL,
        name TEXT NOT NULL,
        name_key TEXT NOT NULL,
        pms_key TEXT NOT NULL,
        environment TEXT NOT NULL,
        host TEXT NOT NULL,
        organization_id TEXT NOT NULL,
        client_id TEXT NOT NULL,
        location_id TEXT,
        default_provider_id TEXT,
        settle_s INTEGER NOT NULL,
        is_marker_on INTEGER NOT NULL,
        may_complete_procedures INTEGER NOT NULL,
        time_zone TEXT NOT NULL,
        is_enabled INTEGER DEFAULT '1' NOT NULL,
        hold TEXT,
        hold_detail TEXT DEFAULT '' NOT NULL,
        report TEXT,
        tested_at TEXT,
        last_good_read_at TEXT,
        last_good_write_at TEXT,
        largest_lag_ticks INTEGER DEFAULT '0' NOT NULL,
        settle_factor INTEGER DEFAULT '1' NOT NULL,
        calls_month TEXT DEFAULT '' NOT NULL,
        calls INTEGER DEFAULT '0' NOT NULL,
        write_confirmed TEXT DEFAULT '[]' NOT NULL,
        waiting_why TEXT DEFAULT '' NOT NULL,
        next_try_at TEXT,
        CONSTRAINT pk_connection PRIMARY KEY (id),
        CONSTRAINT ck_connection_environment_known CHECK (environment IN ('production', 'sandbox', 'rehearsal')),
        CONSTRAINT ck_connection_settle_s_range CHECK (settle_s >= 0),
        CONSTRAINT ck_connection_largest_lag_range CHECK (largest_lag_ticks >= 0),
        CONSTRAINT ck_connection_settle_factor_range CHECK (settle_factor >= 1),
        CONSTRAINT ck_connection_name_given CHECK (name_key <> ''),
        CONSTRAINT ck_connection_is_marker_on_flag CHECK (is_marker_on IN (0, 1)),
        CONSTRAINT ck_connection_may_complete_procedures_flag CHECK (may_complete_procedures IN (0, 1)),
        CONSTRAINT ck_connection_is_enabled_flag CHECK (is_enabled IN (0, 1))
    )
     STRICT
    """,
    "CREATE UNIQUE INDEX uq_connection_enabled_name ON connection (name_key) WHERE is_enabled = 1",
    """
    CREATE TABLE patient (
        id INTEGER NOT NULL,
        first_name TEXT NOT NULL,
        last_name TEXT NOT NULL,
        date_of_birth TEXT,
        sex TEXT,
        middle_name TEXT NOT NULL,
        suffix TEXT NOT NULL,
        preferred_name TEXT NOT NULL,
        phone TEXT NOT NULL,
        email TEXT NOT NULL,
        address TEXT NOT NULL,
        city TEXT NOT NULL,
        state TEXT NOT NULL,
        postal_code TEXT NOT NULL,
        chart_number TEXT NOT NULL,
        name_key TEXT NOT NULL,
        external_id TEXT DEFAULT '' NOT NULL,
        CONSTRAINT pk_patient PRIMARY KEY (id)
    )
     STRICT
    """,
    "CREATE INDEX ix_patient_name_key ON patient (name_key, date_of_birth)",
    """
    CREATE TABLE practice (
        id INTEGER NOT NULL,
        name TEXT NOT NULL,
        is_rehearsal_only INTEGER NOT NULL,
        created_at TEXT NOT NULL,
        CONSTRAINT pk_practice PRIMARY KEY (id),
        CONSTRAINT ck_practice_one_row CHECK (id = 1),
        CONSTRAINT ck_practice_is_rehearsal_only_flag CHECK (is_rehearsal_only IN (0, 1))
    )
     STRICT
    """,
    """
    CREATE TABLE provider (
        id INTEGER NOT NULL,
        name TEXT NOT NULL,
        name_key TEXT NOT NULL,
        npi TEXT DEFAULT '' NOT NULL,
        CONSTRAINT pk_provider PRIMARY KEY (id),
        CONSTRAINT uq_provider_name_key_npi UNIQUE (name_key, npi)
    )
     STRICT
    """,
    "CREATE INDEX ix_provider_npi ON provider (npi) WHERE npi <> ''",
    """
    CREATE TABLE setting (
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        CONSTRAINT pk_setting PRIMARY KEY (name)
    )
     WITHOUT ROWID,
     STRICT
    """,
    """
    CREATE TABLE link_rejection (
        connection_id INTEGER NOT NULL,
        patient_id INTEGER NOT NULL,
        pms_patient_id TEXT NOT NULL,
        rejected_by TEXT NOT NULL,
        rejected_at TEXT NOT NULL,
        CONSTRAINT pk_link_rejection PRIMARY KEY (connection_id, patient_id, pms_patient_id),
        CONSTRAINT fk_link_rejection_connection_id_connection FOREIGN KEY(connection_id) REFERENCES connection (id),
        CONSTRAINT fk_link_rejection_patient_id_patient FOREIGN KEY(patient_id) REFERENCES patient (id)
    )
     WITHOUT ROWID,
     STRICT
    """,
    """
    CREATE TABLE patient_link (
        id INTEGER NOT NULL,
        connection_id INTEGER NOT NULL,
        patient_id INTEGER NOT NULL,
        pms_patient_id TEXT NOT NULL,
        version INTEGER NOT NULL,
        rule TEXT NOT NULL,
        linked_by TEXT NOT NULL,
        linked_at TEXT NOT NULL,
        is_active INTEGER DEFAULT '1' NOT NULL,
        ended_by TEXT DEFAULT '' NOT NULL,
        ended_at TEXT,
        CONSTRAINT pk_patient_link PRIMARY KEY (id),
        CONSTRAINT fk_patient_link_connection_id_connection FOREIGN KEY(connection_id) REFERENCES connection (id),
        CONSTRAINT fk_patient_link_patient_id_patient FOREIGN KEY(patient_id) REFERENCES patient (id),
        CONSTRAINT uq_patient_link_connection_id_patient_id_version UNIQUE (connection_id, patient_id, version),
        CONSTRAINT ck_patient_link_version_range CHECK (version >= 1),
        CONSTRAINT ck_patient_link_ended_when_inactive CHECK (is_active = 1 OR ended_at IS NOT NULL),
        CONSTRAINT ck_patient_link_is_active_flag CHECK (is_active IN (0, 1))
    )
     STRICT
    """,
    (
        "CREATE UNIQUE INDEX uq_patient_link_active_patient ON patient_link (connection_id, patient_id) WHERE "
        "is_active = 1"
    ),
    (
        "CREATE UNIQUE INDEX uq_patient_link_active_pms_patient ON patient_link (connection_id, pms_patient_id) "
        "WHERE is_active = 1"
    ),
    """
    CREATE TABLE provider_link (
        connection_id INTEGER NOT NULL,
        provider_id INTEGER NOT NULL,
        pms_provider_id TEXT NOT NULL,
        rule TEXT NOT NULL,
        linked_by TEXT NOT NULL,
        linked_at TEXT NOT NULL,
        CONSTRAINT pk_provider_link PRIMARY KEY (connection_id, provider_id),
        CONSTRAINT fk_provider_link_connection_id_connection FOREIGN KEY(connection_id) REFERENCES connection (id),
        CONSTRAINT fk_provider_link_provider_id_provider FOREIGN KEY(provider_id) REFERENCES provider (id)
    )
     WITHOUT ROWID,
     STRICT
    """,
    (
        "CREATE TRIGGER tr_connection_no_delete BEFORE DELETE ON connection FOR EACH ROW BEGIN SELECT RAISE(ABORT, "
        "'a connection is never deleted'); END"
    ),
    (
        "CREATE TRIGGER tr_patient_no_delete BEFORE DELETE ON patient FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'a "
        "patient of a Lab is never deleted'); END"
    ),
    (
        "CREATE TRIGGER tr_patient_link_no_delete BEFORE DELETE ON patient_link FOR EACH ROW BEGIN SELECT "
        "RAISE(ABORT, 'a patient link is ended, never deleted'); END"
    ),
    (
        "CREATE TRIGGER tr_patient_link_frozen BEFORE UPDATE ON patient_link FOR EACH ROW WHEN OLD.is_active = 0 OR "
        "NEW.is_active = 1 OR NEW.id IS NOT OLD.id OR NEW.connection_id IS NOT OLD.connection_id OR NEW.patient_id "
        "IS NOT OLD.patient_id OR NEW.pms_patient_id IS NOT OLD.pms_patient_id OR NEW.version IS NOT OLD.version OR "
        "NEW.rule IS NOT OLD.rule OR NEW.linked_by IS NOT OLD.linked_by OR NEW.linked_at IS NOT OLD.linked_at BEGIN "
        "SELECT RAISE(ABORT, 'a patient link can only be ended'); END"
    ),
)


def upgrade() -> None:
    """Goes one step up."""
    connection = op.get_bind()
    for statement in STATEMENTS:
        connection.exec_driver_sql(statement)
