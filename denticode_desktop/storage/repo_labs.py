"""Labs, revisions and documents (ports.unit_of_work.LabRepository)."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime

from denticode_desktop.domain.errors import BugError, NotFoundError, UserError
from denticode_desktop.domain.ids import LabId, PatientId, ProviderId
from denticode_desktop.domain.lab import LabContent, LabRevision, RevisionKind
from denticode_desktop.domain.write_back import ItemState
from denticode_desktop.ports.views import LabSummary

from .payload_codec import decode_documents, decode_procedures, encode_lines
from .session import ConstraintError, Row, Session
from .values import folded, from_list, from_time, from_time_or_none, to_time

_CONTENT = ("visit_on", "patient_id", "provider_id", "note_text", "template", "procedures", "documents")


class SqlLabs:
    """Labs on one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add_revision(
        self, lab_id: LabId, kind: RevisionKind, content: LabContent, *,
        external_id: str, source_sha256: str, created_at: datetime,
    ) -> LabRevision:  # fmt: skip
        """As the port."""
        revision = 1 + int(
            self._session.value("SELECT coalesce(max(revision), 0) FROM lab_revision WHERE lab_id = ?", (lab_id,))
        )
        columns = ("lab_id", "revision", "kind", *_CONTENT, "external_id", "source_sha256", "created_at")
        try:
            self._session.insert(
                f"INSERT INTO lab_revision ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
                (lab_id, revision, kind.value, *_values_of(content), external_id, source_sha256, to_time(created_at)),
            )
        except ConstraintError as error:
            if self._draft(lab_id) is None:
                raise
            raise UserError("This Lab has a draft already. Finalize or discard it first.", field="lab") from error
        return self.revision(lab_id, revision)

    def _draft(self, lab_id: LabId) -> int | None:
        value = self._session.value(
            "SELECT revision FROM lab_revision WHERE lab_id = ? AND finalized_at IS NULL", (lab_id,)
        )
        return None if value is None else int(value)

    def update_draft(self, lab_id: LabId, revision: int, content: LabContent, source_sha256: str) -> None:
        """As the port. Raises BugError for what is no draft."""
        sets = ", ".join(f"{name} = ?" for name in _CONTENT)
        self._change_draft(f"UPDATE lab_revision SET {sets}, source_sha256 = ?", (*_values_of(content), source_sha256),
                           lab_id, revision)  # fmt: skip

    def discard_draft(self, lab_id: LabId, revision: int) -> None:
        """As the port. Raises BugError for what is no draft."""
        self._change_draft("DELETE FROM lab_revision", (), lab_id, revision)

    def finalize(self, lab_id: LabId, revision: int, *, content_sha256: str, at: datetime, by: str) -> None:
        """As the port. Raises BugError for what is no draft."""
        self._change_draft(
            "UPDATE lab_revision SET content_sha256 = ?, finalized_at = ?, finalized_by = ?",
            (content_sha256, to_time(at), by), lab_id, revision,
        )  # fmt: skip

    def _change_draft(self, sql: str, params: tuple[object, ...], lab_id: LabId, revision: int) -> None:
        changed = self._session.change(
            f"{sql} WHERE lab_id = ? AND revision = ? AND finalized_at IS NULL", (*params, lab_id, revision)
        )
        if changed != 1:
            raise BugError("only a draft can be changed")

    def revision(self, lab_id: LabId, revision: int | None = None) -> LabRevision:
        """As the port."""
        row = self._session.one(
            "SELECT * FROM lab_revision WHERE lab_id = ?1 AND (?2 IS NULL OR revision = ?2)"
            " ORDER BY revision DESC LIMIT 1",
            (lab_id, revision),
        )
        if row is None:
            raise NotFoundError("There is no such Lab. See `denticode lab list`.", field="lab")
        return _revision_of(row)

    def revisions(self, lab_id: LabId) -> Sequence[LabRevision]:
        """By number."""
        rows = self._session.all("SELECT * FROM lab_revision WHERE lab_id = ? ORDER BY revision", (lab_id,))
        return [_revision_of(row) for row in rows]

    def find(self, lab_id: LabId) -> LabRevision | None:
        """As the port."""
        row = self._session.one(
            "SELECT * FROM lab_revision WHERE lab_id = ? ORDER BY revision DESC LIMIT 1", (lab_id,)
        )
        return None if row is None else _revision_of(row)

    def summaries(self, *, text: str = "", limit: int = 200, offset: int = 0) -> Sequence[LabSummary]:
        """The latest revision of each Lab, newest visit first; `text` is looked for in names and the Lab's id."""
        pattern = "%" + folded(text).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        rows = self._session.all(_SUMMARY_SQL, {"text": text, "pattern": pattern, "limit": limit, "offset": offset})
        return [_summary_of(row) for row in rows]

    def put_blob(self, sha256: str, data: bytes) -> None:
        """As the port. Raises BugError where the bytes do not have that hash."""
        if hashlib.sha256(data).hexdigest() != sha256:
            raise BugError("a document's bytes do not have its hash")
        self._session.change("INSERT OR IGNORE INTO blob (sha256, data) VALUES (?, ?)", (sha256, data))

    def blob(self, sha256: str) -> bytes:
        """As the port."""
        value = self._session.value("SELECT data FROM blob WHERE sha256 = ?", (sha256,))
        if value is None:
            raise NotFoundError("The document's bytes are not stored.", field="document")
        return bytes(value)


_SUMMARY_SQL = """
SELECT r.lab_id, r.revision, r.visit_on, r.finalized_at, p.last_name, p.first_name, p.suffix,
       coalesce(v.name, '') AS provider_name,
       (SELECT json_group_array(i.state) FROM writeback w JOIN item i ON i.writeback_id = w.id
         WHERE w.lab_id = r.lab_id AND w.revision = r.revision) AS states,
       EXISTS (SELECT 1 FROM writeback w WHERE w.lab_id = r.lab_id AND w.revision = r.revision) AS has_writeback,
       EXISTS (SELECT 1 FROM writeback w WHERE w.lab_id = r.lab_id AND w.revision = r.revision
                AND w.requested_at IS NOT NULL) AS is_requested,
       (SELECT json_group_array(i.state) FROM writeback w JOIN item i ON i.writeback_id = w.id
         WHERE w.lab_id = r.lab_id AND w.requested_at IS NOT NULL) AS sent_states,
       (SELECT max(i.done_at) FROM writeback w JOIN item i ON i.writeback_id = w.id
         WHERE w.lab_id = r.lab_id AND i.state = 'DONE') AS done_at,
       EXISTS (SELECT 1 FROM connection WHERE is_enabled = 1)
         AND NOT EXISTS (SELECT 1 FROM patient_link k JOIN connection c ON c.id = k.connection_id AND c.is_enabled = 1
                          WHERE k.patient_id = r.patient_id AND k.is_active = 1) AS is_unmatched
  FROM lab_revision r JOIN patient p ON p.id = r.patient_id LEFT JOIN provider v ON v.id = r.provider_id
 WHERE r.revision = (SELECT max(m.revision) FROM lab_revision m WHERE m.lab_id = r.lab_id)
   AND (:text = '' OR replace(p.name_key, char(31), ' ') LIKE :pattern ESCAPE '\\'
        OR v.name_key LIKE :pattern ESCAPE '\\' OR r.lab_id LIKE :pattern ESCAPE '\\')
 ORDER BY r.visit_on DESC, r.created_at DESC, r.lab_id LIMIT :limit OFFSET :offset
"""


def _values_of(content: LabContent) -> tuple[object, ...]:
    return (
        content.visit_on.isoformat(), content.patient_id, content.provider_id, content.note_text, content.template,
        encode_lines(content.procedures), encode_lines(content.documents),
    )  # fmt: skip


def _revision_of(row: Row) -> LabRevision:
    content = LabContent(
        date.fromisoformat(row["visit_on"]), PatientId(row["patient_id"]),
        None if row["provider_id"] is None else ProviderId(row["provider_id"]), row["note_text"],
        decode_procedures(row["procedures"]), decode_documents(row["documents"]), row["template"],
    )  # fmt: skip
    return LabRevision(
        LabId(row["lab_id"]), int(row["revision"]), RevisionKind(row["kind"]), content, from_time(row["created_at"]),
        row["external_id"], row["source_sha256"], from_time_or_none(row["finalized_at"]), row["finalized_by"],
        row["content_sha256"],
    )  # fmt: skip


def _summary_of(row: Row) -> LabSummary:
    name = ", ".join(part for part in (row["last_name"], row["first_name"]) if part)
    return LabSummary(
        LabId(row["lab_id"]), int(row["revision"]), date.fromisoformat(row["visit_on"]),
        f"{name} {row['suffix']}".strip(), row["provider_name"], row["finalized_at"] is not None,
        from_time_or_none(row["finalized_at"]), tuple(ItemState(s) for s in from_list(row["states"])),
        bool(row["is_requested"]), bool(row["has_writeback"]),
        tuple(ItemState(s) for s in from_list(row["sent_states"])), from_time_or_none(row["done_at"]),
        bool(row["is_unmatched"]),
    )  # fmt: skip
