"""A Lab as a file brought it, parsed and bounded but not yet tied to our records."""

from dataclasses import dataclass
from datetime import date

from .charting import Procedure
from .ids import PmsPatientId, PmsProviderId
from .people import Demographics


@dataclass(frozen=True, slots=True)
class ImportedDocument:
    """A PDF found beside the Lab file."""

    title: str
    file_name: str
    data: bytes

    def __repr__(self) -> str:
        return "ImportedDocument(…)"


@dataclass(frozen=True, slots=True)
class LabImport:
    """One `denticode.lab/1` file, whole and valid."""

    external_id: str
    visit_on: date
    patient: Demographics
    pms_patient_id: PmsPatientId | None
    provider_name: str
    provider_npi: str
    pms_provider_id: PmsProviderId | None
    note_text: str
    template: str | None
    procedures: tuple[Procedure, ...]
    documents: tuple[ImportedDocument, ...]
    source_sha256: str

    def __repr__(self) -> str:
        return "LabImport(…)"
