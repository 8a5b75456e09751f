"""How lines of a Lab read: in a preview, on a worksheet, in the by-hand block of a note. Screen and chart only."""

from datetime import date

from denticode_desktop.domain.charting import Procedure, ProcedureStatus
from denticode_desktop.domain.lab import Document, LabRevision
from denticode_desktop.domain.write_back import ProcedurePayload

BY_HAND = "Charted by hand in the PMS: "

_STATUS_WORDS = {ProcedureStatus.TREATMENT_PLANNED: "treatment-planned", ProcedureStatus.COMPLETED: "completed"}


def procedure_words(procedure: Procedure | ProcedurePayload, visit_on: date) -> str:
    """`T0101 tooth 14 MO treatment-planned`; the date is named only where it is not the visit's."""
    parts = [procedure.code]
    if procedure.tooth:
        parts.append(f"tooth {procedure.tooth}")
    if procedure.surfaces:
        parts.append(procedure.surfaces)
    if procedure.quadrant:
        parts.append(procedure.quadrant.value)
    parts.append(_STATUS_WORDS[procedure.status])
    if procedure.service_on is not None and procedure.service_on != visit_on:
        parts.append(f"on {procedure.service_on.isoformat()}")
    if procedure.fee_cents is not None:
        parts.append(f"fee {fee_words(procedure.fee_cents)}")
    return " ".join(parts)


def fee_words(fee_cents: int) -> str:
    """`125.50`."""
    return f"{fee_cents // 100}.{fee_cents % 100:02d}"


def document_words(document: Document) -> str:
    """`document Consent (consent.pdf)`."""
    return f"document {document.title} ({document.file_name})"


def replaces_words(earlier: LabRevision) -> str:
    """First line of a note that takes the place of one sent before."""
    visit_on = earlier.content.visit_on.isoformat()
    return f"This note replaces the Denticode note of {visit_on} (revision {earlier.revision})."
