"""Labs: drafts change, a finalized revision and a document's bytes never do."""

from datetime import date, datetime

from sqlalchemy import ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from denticode_desktop.domain.ids import LabId, PatientId, ProviderId
from denticode_desktop.domain.lab import RevisionKind

from .schema import STRICT, Base, check, index, one_of, trigger


class LabRevisionRow(Base):
    """One revision of a Lab: a draft until `finalized_at` is set, frozen from then on."""

    __tablename__ = "lab_revision"

    lab_id: Mapped[LabId] = mapped_column(primary_key=True, comment="the same on every workstation; holds no name")
    revision: Mapped[int] = mapped_column(primary_key=True, comment="1 and up")
    kind: Mapped[RevisionKind] = mapped_column(comment="why this revision exists")
    visit_on: Mapped[date] = mapped_column(comment="date of the visit, in the practice's zone")
    patient_id: Mapped[PatientId] = mapped_column(comment="our patient")
    provider_id: Mapped[ProviderId | None] = mapped_column(comment="our provider; NULL = the Lab names none")
    note_text: Mapped[str] = mapped_column(comment="the note as written, without a marker")
    template: Mapped[str | None] = mapped_column(comment="name of the note's template; NULL = none")
    procedures: Mapped[str] = mapped_column(comment="JSON list of domain.charting.Procedure, fees in cents")
    documents: Mapped[str] = mapped_column(comment="JSON list of domain.lab.Document, sizes in bytes")
    external_id: Mapped[str] = mapped_column(comment="the scribe's id of the Lab; empty = written here")
    source_sha256: Mapped[str] = mapped_column(comment="SHA-256 (hex) of the imported file; empty = written here")
    created_at: Mapped[datetime] = mapped_column(comment="UTC")
    finalized_at: Mapped[datetime | None] = mapped_column(comment="UTC; NULL = a draft")
    finalized_by: Mapped[str] = mapped_column(server_default="", comment="name of the user; empty = a draft")
    content_sha256: Mapped[str] = mapped_column(server_default="", comment="SHA-256 (hex) of all that is frozen")

    __table_args__ = (
        ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        ForeignKeyConstraint(["provider_id"], ["provider.id"]),
        check("revision_range", "revision >= 1"),
        check("kind_known", one_of("kind", RevisionKind)),
        check("hash_when_finalized", "(finalized_at IS NULL) = (content_sha256 = '')"),
        index("uq_lab_revision_one_draft", "lab_id", unique=True, where="finalized_at IS NULL"),
        index("ix_lab_revision_visit", "visit_on", "lab_id"),
        STRICT,
    )


class BlobRow(Base):
    """Bytes of a document, kept once however many Labs they belong to."""

    __tablename__ = "blob"

    sha256: Mapped[str] = mapped_column(primary_key=True, comment="SHA-256 (hex) of the bytes")
    data: Mapped[bytes] = mapped_column(comment="the document")

    __table_args__ = (check("sha256_shape", "length(sha256) = 64"), STRICT)


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
