"""Reader of `denticode.lab/1`, the file that any scribe can drop (product.md section 9).

A file is read whole or refused whole, with one sentence that names the field by its path. Nothing of it is kept.
"""

import hashlib
from datetime import date
from pathlib import Path

from denticode_desktop.domain.charting import Procedure, procedure_faults, sorted_surfaces
from denticode_desktop.domain.errors import UserError
from denticode_desktop.domain.ids import PmsPatientId, PmsProviderId
from denticode_desktop.domain.lab import MAX_DOCUMENT_BYTES
from denticode_desktop.domain.lab_import import ImportedDocument, LabImport
from denticode_desktop.domain.people import Demographics
from denticode_desktop.ports.clock import Clock

from .bounded_files import read_pdf, read_regular
from .field_rules import check_date, check_id, check_name, check_note, check_npi, check_visit_date
from .schema import DocumentPart, LabFile, PatientPart, ProcedurePart, parse_lab_file
from .strict_json import AGAIN, read_json

MAX_FILE_BYTES = 2 * 1024 * 1024


class DenticodeLabReader:
    """LabFileReader for `denticode.lab/1`. `clock` says what today is."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def read(self, path: Path) -> LabImport:
        """The Lab in the file with its documents' bytes. Raises UserError with the field's path."""
        data = _read_bytes(path)
        file = parse_lab_file(read_json(data))
        today = self._clock.utc_now().date()
        visit_on = check_visit_date(file.visit_date, "visit_date", today)
        patient = _patient(file.patient, visit_on, today)
        procedures = tuple(_procedure(p, i, today) for i, p in enumerate(file.procedures))
        return LabImport(
            external_id=check_id(file.external_id, "external_id"),
            visit_on=visit_on,
            patient=patient,
            pms_patient_id=_pms_patient_id(file),
            provider_name=check_name(file.provider.name, "provider.name", is_required=True),
            provider_npi=check_npi(file.provider.npi, "provider.npi"),
            pms_provider_id=_pms_provider_id(file),
            note_text=check_note(file.note.text, "note.text"),
            template=check_name(file.note.template, "note.template") or None,
            procedures=procedures,
            documents=_documents(path.parent, file.documents),
            source_sha256=hashlib.sha256(data).hexdigest(),
        )


def _read_bytes(path: Path) -> bytes:
    try:
        return read_regular(path, MAX_FILE_BYTES, may_be_link=True)
    except ValueError:
        raise UserError(
            "The Lab file is larger than 2 MB or not an ordinary file. Export the session again.", field="file"
        ) from None
    except OSError:
        raise UserError("The Lab file cannot be read. Check its name and that you may open it.", field="file") from None


def _pms_patient_id(file: LabFile) -> PmsPatientId | None:
    found = file.patient.pms_patient_id
    return None if found is None else PmsPatientId(check_id(found, "patient.pms_patient_id"))


def _pms_provider_id(file: LabFile) -> PmsProviderId | None:
    found = file.provider.pms_provider_id
    return None if found is None else PmsProviderId(check_id(found, "provider.pms_provider_id"))


def _patient(part: PatientPart, visit_on: date, today: date) -> Demographics:
    born_on = check_date(part.date_of_birth, "patient.date_of_birth", today)
    if born_on > visit_on:
        raise UserError(
            f"The field patient.date_of_birth is later than the visit date. {AGAIN}", field="patient.date_of_birth"
        )

    def text(name: str, *, is_required: bool = False) -> str:
        value: str | None = getattr(part, name)
        return check_name(value, f"patient.{name}", is_required=is_required)

    return Demographics(
        first_name=text("first_name", is_required=True), last_name=text("last_name", is_required=True),
        date_of_birth=born_on, sex=part.sex, middle_name=text("middle_name"), suffix=text("suffix"),
        preferred_name=text("preferred_name"), phone=text("phone"), email=text("email"), address=text("address"),
        city=text("city"), state=text("state"), postal_code=text("postal_code"), chart_number=text("chart_number"),
    )  # fmt: skip


def _procedure(part: ProcedurePart, index: int, today: date) -> Procedure:
    path = f"procedures[{index}]"
    for name in ("code", "tooth", "surfaces"):
        check_name(getattr(part, name), f"{path}.{name}")
    procedure = Procedure(
        code=part.code, tooth=part.tooth, surfaces=part.surfaces, quadrant=part.quadrant, status=part.status,
        fee_cents=part.fee_cents,
        service_on=None if part.date is None else check_date(part.date, f"{path}.date", today),
    )  # fmt: skip
    for field, sentence in procedure_faults(procedure):
        raise UserError(f"The field {path}.{field} is wrong. {sentence} {AGAIN}", field=f"{path}.{field}")
    if part.surfaces is None:
        return procedure
    ordered = sorted_surfaces(part.surfaces)
    if len(ordered) != len(part.surfaces):
        raise UserError(f"The field {path}.surfaces names a surface twice. {AGAIN}", field=f"{path}.surfaces")
    return Procedure(
        code=procedure.code, tooth=procedure.tooth, surfaces=ordered, quadrant=procedure.quadrant,
        status=procedure.status, fee_cents=procedure.fee_cents, service_on=procedure.service_on,
    )  # fmt: skip


def _documents(folder: Path, parts: list[DocumentPart]) -> tuple[ImportedDocument, ...]:
    found: list[ImportedDocument] = []
    names: set[str] = set()
    for index, part in enumerate(parts):
        field = f"documents[{index}].file"
        title = check_name(part.title, f"documents[{index}].title", is_required=True)
        if part.file.casefold() in names:
            raise UserError(f"The field {field} names a file that is listed already. {AGAIN}", field=field)
        names.add(part.file.casefold())
        found.append(ImportedDocument(title, part.file, read_pdf(folder, part.file, field, MAX_DOCUMENT_BYTES)))
    return tuple(found)
