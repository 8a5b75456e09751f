"""What a sync brings."""

from alembic import op

revision = "0002_roster"
down_revision = "0001_practice"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE pms_patient_alias (
        connection_id INTEGER NOT NULL,
        pms_patient_id TEXT NOT NULL,
        name_key TEXT NOT NULL
    )
     STRICT
    """,
    "CREATE INDEX ix_pms_patient_alias_name_key ON pms_patient_alias (connection_id, name_key)",
    "CREATE INDEX ix_pms_patient_alias_patient ON pms_patient_alias (connection_id, pms_patient_id)",
    """
    CREATE TABLE roster_stamp (
        connection_id INTEGER NOT NULL,
        kind TEXT NOT NULL,
        pms_id TEXT NOT NULL,
        version TEXT NOT NULL,
        run INTEGER NOT NULL,
        is_gone INTEGER DEFAULT '0' NOT NULL,
        CONSTRAINT pk_roster_stamp PRIMARY KEY (connection_id, kind, pms_id),
        CONSTRAINT ck_roster_stamp_kind_known CHECK (kind IN ('locations', 'providers', 'codes', 'patients', 'appointments')),
        CONSTRAINT ck_roster_stamp_is_gone_flag CHECK (is_gone IN (0, 1))
    )
     WITHOUT ROWID,
     STRICT
    """,
    """
    CREATE TABLE pms_appointment (
        connection_id INTEGER NOT NULL,
        pms_appointment_id TEXT NOT NULL,
        pms_patient_id TEXT,
        pms_provider_id TEXT,
        pms_location_id TEXT,
        starts_at TEXT,
        duration_min INTEGER,
        status TEXT NOT NULL,
        version TEXT NOT NULL,
        is_gone INTEGER DEFAULT '0' NOT NULL,
        CONSTRAINT pk_pms_appointment PRIMARY KEY (connection_id, pms_appointment_id),
        CONSTRAINT fk_pms_appointment_connection_id_connection FOREIGN KEY(connection_id) REFERENCES connection (id),
        CONSTRAINT ck_pms_appointment_is_gone_flag CHECK (is_gone IN (0, 1))
    )
     STRICT
    """,
    "CREATE INDEX ix_pms_appointment_starts_at ON pms_appointment (connection_id, starts_at)",
    """
    CREATE TABLE pms_code (
        connection_id INTEGER NOT NULL,
        code_id TEXT NOT NULL,
        code TEXT NOT NULL,
        description TEXT NOT NULL,
        is_active INTEGER NOT NULL,
        extension TEXT NOT NULL,
        treatment_area TEXT NOT NULL,
        fee_cents INTEGER,
        version TEXT NOT NULL,
        code_key TEXT NOT NULL,
        is_gone INTEGER DEFAULT '0' NOT NULL,
        CONSTRAINT pk_pms_code PRIMARY KEY (connection_id, code_id),
        CONSTRAINT fk_pms_code_connection_id_connection FOREIGN KEY(connection_id) REFERENCES connection (id),
        CONSTRAINT ck_pms_code_is_active_flag CHECK (is_active IN (0, 1)),
        CONSTRAINT ck_pms_code_is_gone_flag CHECK (is_gone IN (0, 1))
    )
     STRICT
    """,
    "CREATE INDEX ix_pms_code_code_key ON pms_code (connection_id, code_key)",
    """
    CREATE TABLE pms_location (
        connection_id INTEGER NOT NULL,
        pms_location_id TEXT NOT NULL,
        name TEXT NOT NULL,
        time_zone TEXT NOT NULL,
        version TEXT NOT NULL,
        is_gone INTEGER DEFAULT '0' NOT NULL,
        CONSTRAINT pk_pms_location PRIMARY KEY (connection_id, pms_location_id),
        CONSTRAINT fk_pms_location_connection_id_connection FOREIGN KEY(connection_id) REFERENCES connection (id),
        CONSTRAINT ck_pms_location_is_gone_flag CHECK (is_gone IN (0, 1))
    )
     STRICT
    """,
    """
    CREATE TABLE pms_patient (
        connection_id INTEGER NOT NULL,
        pms_patient_id TEXT NOT NULL,
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
        status TEXT NOT NULL,
        merged_into TEXT,
        version TEXT NOT NULL,
        key_last TEXT NOT NULL,
        key_first TEXT NOT NULL,
        key_phone TEXT NOT NULL,
        key_chart TEXT NOT NULL,
        is_gone INTEGER DEFAULT '0' NOT NULL,
        CONSTRAINT pk_pms_patient PRIMARY KEY (connection_id, pms_patient_id),
        CONSTRAINT fk_pms_patient_connection_id_connection FOREIGN KEY(connection_id) REFERENCES connection (id),
        CONSTRAINT ck_pms_patient_is_gone_flag CHECK (is_gone IN (0, 1))
    )
     STRICT
    """,
    "CREATE INDEX ix_pms_patient_birth ON pms_patient (connection_id, date_of_birth)",
    "CREATE INDEX ix_pms_patient_key_chart ON pms_patient (connection_id, key_chart) WHERE key_chart <> ''",
    "CREATE INDEX ix_pms_patient_key_first ON pms_patient (connection_id, key_first)",
    "CREATE INDEX ix_pms_patient_key_last ON pms_patient (connection_id, key_last)",
    "CREATE INDEX ix_pms_patient_key_phone ON pms_patient (connection_id, key_phone) WHERE key_phone <> ''",
    """
    CREATE TABLE pms_provider (
        connection_id INTEGER NOT NULL,
        pms_provider_id TEXT NOT NULL,
        first_name TEXT NOT NULL,
        last_name TEXT NOT NULL,
        npi TEXT NOT NULL,
        is_active INTEGER NOT NULL,
        is_person INTEGER NOT NULL,
        title TEXT NOT NULL,
        version TEXT NOT NULL,
        is_gone INTEGER DEFAULT '0' NOT NULL,
        CONSTRAINT pk_pms_provider PRIMARY KEY (connection_id, pms_provider_id),
        CONSTRAINT fk_pms_provider_connection_id_connection FOREIGN KEY(connection_id) REFERENCES connection (id),
        CONSTRAINT ck_pms_provider_is_active_flag CHECK (is_active IN (0, 1)),
        CONSTRAINT ck_pms_provider_is_person_flag CHECK (is_person IN (0, 1)),
        CONSTRAINT ck_pms_provider_is_gone_flag CHECK (is_gone IN (0, 1))
    )
     STRICT
    """,
    """
    CREATE TABLE sync_cursor (
        connection_id INTEGER NOT NULL,
        kind TEXT NOT NULL,
        mark TEXT,
        run_mark TEXT,
        after_id TEXT,
        is_full INTEGER NOT NULL,
        is_running INTEGER NOT NULL,
        run INTEGER NOT NULL,
        CONSTRAINT pk_sync_cursor PRIMARY KEY (connection_id, kind),
        CONSTRAINT fk_sync_cursor_connection_id_connection FOREIGN KEY(connection_id) REFERENCES connection (id),
        CONSTRAINT ck_sync_cursor_kind_known CHECK (kind IN ('locations', 'providers', 'codes', 'patients', 'appointments')),
        CONSTRAINT ck_sync_cursor_run_range CHECK (run >= 0),
        CONSTRAINT ck_sync_cursor_is_full_flag CHECK (is_full IN (0, 1)),
        CONSTRAINT ck_sync_cursor_is_running_flag CHECK (is_running IN (0, 1))
    )
     WITHOUT ROWID,
     STRICT
    """,
)


def upgrade() -> None:
    """Goes one step up."""
    connection = op.get_bind()
    for statement in STATEMENTS:
        connection.exec_driver_sql(statement)
