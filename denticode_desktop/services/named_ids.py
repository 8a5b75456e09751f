"""PMS ids that a Lab file named, kept beside the Lab: the roster may be synced later, so they outlive the file."""

import json
from dataclasses import dataclass

from denticode_desktop.domain.ids import LabId, PmsPatientId, PmsProviderId
from denticode_desktop.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class NamedRecords:
    """What a file named; None where it did not."""

    pms_patient_id: PmsPatientId | None = None
    pms_provider_id: PmsProviderId | None = None


def remember(uow: UnitOfWork, lab_id: LabId, named: NamedRecords) -> None:
    """Stores the ids beside the Lab; a later file's ids replace them."""
    if named != recall(uow, lab_id):
        value = {"pms_patient_id": named.pms_patient_id, "pms_provider_id": named.pms_provider_id}
        uow.practice.set_setting(_key(lab_id), json.dumps(value))


def recall(uow: UnitOfWork, lab_id: LabId) -> NamedRecords:
    """The ids that the Lab's latest file named."""
    stored = uow.practice.setting(_key(lab_id))
    if stored is None:
        return NamedRecords()
    value = json.loads(stored)
    return NamedRecords(value["pms_patient_id"], value["pms_provider_id"])


def _key(lab_id: LabId) -> str:
    return f"lab-names-{lab_id}"
