"""Whose Lab it is: one patient of ours, never two people of one name and birth date made into one.

Name, birth date and chart number tell people apart only as far as a file gives them. A PMS id that the file names
tells more: our patient whom other files, or a match, know under another id of the same PMS is somebody else.
"""

from collections.abc import Sequence
from dataclasses import fields, replace

from denticode_desktop.domain.errors import PersonNeededError
from denticode_desktop.domain.ids import PatientId, PmsPatientId
from denticode_desktop.domain.lab_import import LabImport
from denticode_desktop.domain.people import Demographics
from denticode_desktop.ports.unit_of_work import UnitOfWork

from .person_compare import disagreements


def patient_of_lab(uow: UnitOfWork, lab: LabImport) -> PatientId:
    """Our patient for an imported Lab, added where there is none yet; what was not known of them is taken over.

    Raises PersonNeededError where two of ours fit and the file does not say which.
    """
    found = uow.people.find_patients(lab.patient)
    chosen = _chosen(uow, lab, found)
    if chosen is None:
        chosen = uow.people.add_patient(lab.patient, lab.external_id)
    else:
        known = uow.people.patient(chosen).person
        filled = _filled(known, lab.patient)
        if filled != known:
            uow.people.update_patient(chosen, filled)
    if lab.pms_patient_id is not None and uow.practice.setting(_key(chosen)) is None:
        uow.practice.set_setting(_key(chosen), lab.pms_patient_id)
    return chosen


def is_somebody_else(uow: UnitOfWork, patient_id: PatientId, named: PmsPatientId) -> bool:
    """Whether our patient is linked with one chart, and `named` is another one over the same connection.

    A chart that was merged into the linked one is the same person. One that is in no list may be a chart made after
    the last sync, so it counts as another one.
    """
    person = uow.people.patient(patient_id).person
    enabled = [c.connection_id for c in uow.connections.all() if c.is_enabled]
    rosters = {connection_id: uow.roster.pms_patient(connection_id, named) for connection_id in enabled}
    is_in_no_list = not any(rosters.values())
    for connection_id, other in rosters.items():
        link = uow.people.patient_link(connection_id, patient_id)
        if link is None or link.pms_patient_id == named:
            continue
        if other is None:
            if is_in_no_list:
                return True
        elif other.merged_into != link.pms_patient_id and (
            len(enabled) == 1 or not disagreements(person, other.person)
        ):
            return True  # with several PMSs an equal number of a stranger is chance
    return False


def _chosen(uow: UnitOfWork, lab: LabImport, found: Sequence[PatientId]) -> PatientId | None:
    named, number = lab.pms_patient_id, lab.patient.chart_number
    if named is None:
        exact = [p for p in found if number and uow.people.patient(p).person.chart_number == number]
        if len(found) > 1 and len(exact) != 1:
            raise PersonNeededError(
                "Two patients here have this name and birth date, so the Lab must say which: add chart_number or "
                "pms_patient_id and import it again.", field="patient.pms_patient_id",
            )  # fmt: skip
        return next(iter(exact or found), None)
    linked = [p for p in found if _is_linked_with(uow, p, named)]
    if linked:
        return linked[0]
    before = {patient_id: uow.practice.setting(_key(patient_id)) for patient_id in found}
    same = [patient_id for patient_id in found if before[patient_id] == named]
    fit = same or [patient_id for patient_id in found if before[patient_id] is None]
    fit = [patient_id for patient_id in fit if not is_somebody_else(uow, patient_id, named)]
    return fit[0] if fit else None


def _is_linked_with(uow: UnitOfWork, patient_id: PatientId, named: PmsPatientId) -> bool:
    links = [uow.people.patient_link(c.connection_id, patient_id) for c in uow.connections.all() if c.is_enabled]
    return any(link is not None and link.pms_patient_id == named for link in links)


def _filled(known: Demographics, told: Demographics) -> Demographics:
    """What was not known before is taken over; nothing known is overwritten by a file."""
    gaps = {f.name: getattr(told, f.name) for f in fields(known) if not getattr(known, f.name)}
    return replace(known, **gaps)


def _key(patient_id: PatientId) -> str:
    return f"patient-named-{patient_id}"
