"""The patient check before a write: the chart must still name the patient it was finalized for."""

import unicodedata

from denticode_desktop.domain.ids import PmsPatientId
from denticode_desktop.domain.people import PmsPatient, PmsPatientStatus
from denticode_desktop.domain.write_back import Item, PatientSnapshot, ReviewReason
from denticode_desktop.ports.unit_of_work import UnitOfWork


def _plain(name: str) -> str:
    """Case and surrounding or doubled spaces do not make another person; letters and accents do."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def is_still_linked(uow: UnitOfWork, item: Item) -> bool:
    """Whether the active link of the Lab's patient names the chart that the item was finalized for."""
    writeback = uow.outbox.writeback(item.writeback_id)
    patient_id = uow.labs.revision(writeback.lab_id, writeback.revision).content.patient_id
    link = uow.people.patient_link(item.connection_id, patient_id)
    return link is not None and link.pms_patient_id == item.pms_patient_id


def patient_fault(
    snapshot: PatientSnapshot, pms_patient_id: PmsPatientId, patient: PmsPatient | None
) -> ReviewReason | None:
    """Why nothing may be written to this patient, or None (write-back-protocol.md section 7)."""
    if patient is None or patient.status is PmsPatientStatus.DELETED:
        return ReviewReason.PATIENT_NOT_FOUND
    if patient.pms_patient_id != pms_patient_id:
        return ReviewReason.OTHER_PATIENT
    if patient.status is PmsPatientStatus.MERGED or patient.merged_into is not None:
        return ReviewReason.PATIENT_MERGED
    if patient.status is PmsPatientStatus.INACTIVE:
        return ReviewReason.PATIENT_INACTIVE
    person = patient.person
    same = (
        _plain(person.first_name) == _plain(snapshot.first_name)
        and _plain(person.last_name) == _plain(snapshot.last_name)
        and person.date_of_birth == snapshot.date_of_birth
    )
    return None if same else ReviewReason.PATIENT_CHANGED
