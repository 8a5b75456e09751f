"""DraftDesk: what the editor of a draft needs beside LabDesk: choices to offer, the patient of a chart, a safe save."""

from collections.abc import Mapping
from dataclasses import dataclass

from denticode_desktop.domain.access import Action, Actor, require
from denticode_desktop.domain.audit_event import AuditDraft, AuditKind
from denticode_desktop.domain.charting import CatalogueCode
from denticode_desktop.domain.errors import NotFoundError, PersonNeededError, UserError
from denticode_desktop.domain.ids import ConnectionId, LabId, PatientId, PmsPatientId
from denticode_desktop.domain.lab import LabContent, LabRevision
from denticode_desktop.domain.people import Demographics, Patient, PmsPatient, PmsPatientStatus, Provider
from denticode_desktop.ports.unit_of_work import Store, UnitOfWork

from .entity_linking import EntityLinking
from .lab_desk import LabDesk
from .person_compare import disagreements

BORN_LIMIT = 500
_CLOSED = frozenset({PmsPatientStatus.INACTIVE, PmsPatientStatus.MERGED, PmsPatientStatus.DELETED})


@dataclass(frozen=True, slots=True)
class DraftOffer:
    """What a person may choose from. `codes`: the practice's own, active ones, of all enabled connections, by code."""

    providers: tuple[Provider, ...]
    codes: tuple[CatalogueCode, ...]
    connections: Mapping[ConnectionId, str]


@dataclass(frozen=True, slots=True)
class SavedDraft:
    """What is on the disk now."""

    revision: LabRevision
    patient: Patient


def written_code(row: CatalogueCode) -> str:
    """As it stands in a Lab: `T0501`, or `T0501.B` for a row with the office's own extension."""
    return f"{row.code}.{row.extension}" if row.extension else row.code


def is_open_chart(patient: PmsPatient) -> bool:
    """Whether that chart may be chosen: not inactive, merged or gone."""
    return patient.status not in _CLOSED and patient.merged_into is None


class DraftDesk:
    """Every method acts for `actor` and says NotAllowedError where the role may not."""

    def __init__(self, store: Store, labs: LabDesk, linking: EntityLinking) -> None:
        self._store = store
        self._labs = labs
        self._linking = linking

    def offer(self, actor: Actor) -> DraftOffer:
        """Denticode's providers, and the codes and names of the PMSs that are connected."""
        require(actor, Action.WRITE_LABS)
        with self._store.read() as uow:
            enabled = [c for c in uow.connections.all() if c.is_enabled]
            rows = [row for c in enabled for row in uow.roster.catalogue(c.connection_id) if row.is_active]
            codes = {written_code(row).upper(): row for row in reversed(rows)}
            return DraftOffer(
                tuple(uow.people.providers()),
                tuple(codes[key] for key in sorted(codes)),
                {c.connection_id: c.settings.name for c in enabled},
            )

    def patient_of(self, actor: Actor, connection_id: ConnectionId, pms_patient_id: PmsPatientId) -> PatientId:
        """Our patient with that chart; where there is none yet, one with its demographics, matched by this choice.

        Raises NotFoundError, UserError (field `patient`): the chart is not in the list, or closed.
        """
        require(actor, Action.WRITE_LABS)
        require(actor, Action.LINK_PEOPLE)
        with self._store.write() as uow:
            owner = uow.people.linked_patient(connection_id, pms_patient_id)
            if owner is not None:
                return owner
            chart = _open_chart(uow, connection_id, pms_patient_id)
            patient_id = _namesake(uow, connection_id, chart)
            if patient_id is None:
                patient_id = uow.people.add_patient(chart.person, "")
                uow.audit.append(
                    AuditDraft(AuditKind.LAB_EDITED, actor.name, actor.role.value, outcome="patient_added",
                               detail={"patient_id": patient_id})
                )  # fmt: skip
        self._linking.choose(actor, connection_id, patient_id, pms_patient_id)
        return patient_id

    def patient_typed(self, actor: Actor, person: Demographics) -> PatientId:
        """Our patient of that name, birth date and chart number, added where there is none yet.

        Raises PersonNeededError (field `patient`) where several are.
        """
        require(actor, Action.WRITE_LABS)
        with self._store.read() as uow:
            found = uow.people.find_patients(person)
        if len(found) > 1:
            raise PersonNeededError(
                "Several patients here have this name and birth date. Choose this one from the list, or add the chart"
                " number.",
                field="patient",
            )
        return self._labs.add_patient(actor, person)

    def save(self, actor: Actor, lab_id: LabId | None, content: LabContent, seen: LabContent | None) -> SavedDraft:
        """A new Lab where `lab_id` is None, else the changed draft; `seen` is what the person began from.

        Raises UserError as LabDesk does, and where the draft was changed by somebody else since then: nothing is
        overwritten.
        """
        require(actor, Action.WRITE_LABS)
        if lab_id is None:
            saved = self._labs.create_draft(actor, content)
        else:
            saved = self._labs.update_draft(actor, lab_id, content, seen=seen)
        with self._store.read() as uow:
            return SavedDraft(saved, uow.people.patient(saved.content.patient_id))


def _open_chart(uow: UnitOfWork, connection_id: ConnectionId, pms_patient_id: PmsPatientId) -> PmsPatient:
    found = uow.roster.pms_patient(connection_id, pms_patient_id)
    if found is None:
        sentence = "There is no such patient in the PMS's list. Sync Now, then choose again."
        raise NotFoundError(sentence, field="patient")
    if not is_open_chart(found):
        sentence = "That chart is not active in the PMS. Choose the patient's active chart."
        raise UserError(sentence, field="patient")
    return found


def _namesake(uow: UnitOfWork, connection_id: ConnectionId, chart: PmsPatient) -> PatientId | None:
    """A patient of ours who can only be this one: not matched here yet, and no other chart fits them as well.

    Else two people of one name and birth date would become one.
    """
    person = chart.person
    free = [p for p in uow.people.find_patients(person) if uow.people.patient_link(connection_id, p) is None]
    if len(free) != 1:
        return None
    if person.chart_number:
        return free[0]
    if person.date_of_birth is None:
        return None
    born = uow.roster.patients_born_on(connection_id, person.date_of_birth, BORN_LIMIT)
    alike = [other for other in born if not disagreements(person, other.person)]
    return free[0] if len(alike) == 1 and len(born) < BORN_LIMIT else None
