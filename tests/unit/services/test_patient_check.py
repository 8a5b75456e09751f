"""The patient check: whose chart is it now?"""

from dataclasses import replace
from datetime import date

import pytest

from denticode_desktop.domain.ids import PmsPatientId
from denticode_desktop.domain.people import Demographics, PmsPatient, PmsPatientStatus
from denticode_desktop.domain.write_back import PatientSnapshot, ReviewReason
from denticode_desktop.services.patient_check import patient_fault

ID = PmsPatientId("9000000000001")
SNAPSHOT = PatientSnapshot("Ana", "Ruiz", date(1984, 3, 2))
ANA = PmsPatient(ID, Demographics("Ana", "Ruiz", date(1984, 3, 2)), PmsPatientStatus.ACTIVE)


def test_the_same_person_passes() -> None:
    assert patient_fault(SNAPSHOT, ID, ANA) is None


def test_case_and_spaces_do_not_make_another_person() -> None:
    shouted = replace(ANA, person=Demographics(" ANA ", "ruiz", date(1984, 3, 2)))
    assert patient_fault(SNAPSHOT, ID, shouted) is None


@pytest.mark.parametrize(
    ("patient", "reason"),
    [
        (None, ReviewReason.PATIENT_NOT_FOUND),
        (replace(ANA, status=PmsPatientStatus.DELETED), ReviewReason.PATIENT_NOT_FOUND),
        (replace(ANA, status=PmsPatientStatus.MERGED), ReviewReason.PATIENT_MERGED),
        (replace(ANA, merged_into=PmsPatientId("2")), ReviewReason.PATIENT_MERGED),
        (replace(ANA, status=PmsPatientStatus.INACTIVE), ReviewReason.PATIENT_INACTIVE),
        (replace(ANA, pms_patient_id=PmsPatientId("2")), ReviewReason.OTHER_PATIENT),
        (replace(ANA, person=Demographics("Anna", "Ruiz", date(1984, 3, 2))), ReviewReason.PATIENT_CHANGED),
        (replace(ANA, person=Demographics("Ana", "Ruíz", date(1984, 3, 2))), ReviewReason.PATIENT_CHANGED),
        (replace(ANA, person=Demographics("Ana", "Ruiz", date(1984, 2, 3))), ReviewReason.PATIENT_CHANGED),
        (replace(ANA, person=Demographics("Ana", "Ruiz", None)), ReviewReason.PATIENT_CHANGED),
    ],
)
def test_anything_else_goes_to_a_person(patient: PmsPatient | None, reason: ReviewReason) -> None:
    assert patient_fault(SNAPSHOT, ID, patient) is reason
