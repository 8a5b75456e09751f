"""Tables of Labs: drafts change, a finalized revision and a document's bytes never do."""

from sqlalchemy import Column, ForeignKeyConstraint, Index, LargeBinary, PrimaryKeyConstraint
from sqlalchemy import text as sql

from .schema import check, number, number_or_null, one_of, table, text, text_or_null, trigger

LAB_REVISION = table(
    "lab_revision",
    text("lab_id"),
    number("revision"),
    text("kind"),
    text("visit_on"),
    number("patient_id"),
    number_or_null("provider_id"),
    text("note_text"),
    text_or_null("template"),
    text("procedures"),
    text("documents"),
    text("external_id"),
    text("source_sha256"),
    text("created_at"),
    text_or_null("finalized_at"),
    text("finalized_by", default=""),
    text("content_sha256", default=""),
    PrimaryKeyConstraint("lab_id", "revision"),
    ForeignKeyConstraint(["patient_id"], ["patient.id"]),
    ForeignKeyConstraint(["provider_id"], ["provider.id"]),
    check("revision_range", "revision >= 1"),
    check("kind_known", one_of("kind", ("original", "changed", "addendum"))),
    check("hash_when_finalized", "(finalized_at IS NULL) = (content_sha256 = '')"),
)
Index("uq_lab_revision_one_draft", LAB_REVISION.c.lab_id, unique=True, sqlite_where=sql("finalized_at IS NULL"))
Index("ix_lab_revision_visit", LAB_REVISION.c.visit_on, LAB_REVISION.c.lab_id)

BLOB = table(
    "blob",
    text("sha256"),
    Column("data", LargeBinary, nullable=False),
    PrimaryKeyConstraint("sha256"),
    check("sha256_shape", "length(sha256) = 64"),
)

TRIGGERS = (
    trigger(
        "tr_lab_revision_frozen", "BEFORE UPDATE ON lab_revision", "a finalized Lab cannot be changed",
        when="OLD.finalized_at IS NOT NULL",
    ),
    trigger(
        "tr_lab_revision_no_delete", "BEFORE DELETE ON lab_revision", "a finalized Lab is never deleted",
        when="OLD.finalized_at IS NOT NULL",
    ),
    trigger("tr_blob_frozen", "BEFORE UPDATE ON blob", "bytes of a document cannot be changed"),
    trigger("tr_blob_no_delete", "BEFORE DELETE ON blob", "bytes of a document are never deleted"),
)  # fmt: skip
