"""DraftDesk: what the editor of a draft needs beside LabDesk: choices to offer, the patient of a chart, a safe save."""

from collections.abc import Mapping
from dataclasses import dataclass

from denticode_desktop.domain.access import Action, Actor, require
from denticode_desktop.domain.charting import CatalogueCode
from denticode_desktop.domain.errors import NotFoundError, UserError
from denticode_desktop.domain.ids import ConnectionId, LabId, PatientId, PmsPatientId
from denticode_desktop.domain.lab import LabContent, LabRevision
from denticode_desktop.domain.people import Patient, PmsPatient, PmsPatientStatus, Provider
from denticode_desktop.ports.unit_of_work import Store

from .entity_linking import EntityLinking
from .lab_desk import LabDesk

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

        Raises NotFoundError, UserError (field `patient`): the chart is closed, or our patient has another chart.
        """
        require(actor, Action.WRITE_LABS)
        with self._store.read() as uow:
            owner = uow.people.linked_patient(connection_id, pms_patient_id)
            if owner is not None:
                return owner
            found = uow.roster.pms_patient(connection_id, pms_patient_id)
            if found is None:
                sentence = "There is no such patient in the PMS's list. Sync Now, then choose again."
                raise NotFoundError(sentence, field="patient")
            if not is_open_chart(found):
                raise UserError("That chart is not active in the PMS. Choose the patient's active chart.",
                                field="patient")  # fmt: skip
            ours = uow.people.find_patient(found.person)
            link = None if ours is None else uow.people.patient_link(connection_id, ours)
        if link is not None:  # to another chart, else it would have been found as the owner
            raise UserError(
                "A patient with this name, birth date and chart number is matched with another chart already."
                " Choose that chart, or undo that match first.",
                field="patient",
            )
        patient_id = self._labs.add_patient(actor, found.person)
        self._linking.choose(actor, connection_id, patient_id, pms_patient_id)
        return patient_id

    def save(self, actor: Actor, lab_id: LabId | None, content: LabContent, seen: LabContent | None) -> SavedDraft:
        """A new Lab where `lab_id` is None, else the changed draft; `seen` is what the person began from.

        Raises UserError as LabDesk does, and where the draft was changed by somebody else since then: nothing is
        overwritten.
        """
        require(actor, Action.WRITE_LABS)
        if lab_id is None:
            saved = self._labs.create_draft(actor, content)
        else:
            self._refuse_overwriting(lab_id, seen)
            saved = self._labs.update_draft(actor, lab_id, content)
        with self._store.read() as uow:
            return SavedDraft(saved, uow.people.patient(saved.content.patient_id))

    def _refuse_overwriting(self, lab_id: LabId, seen: LabContent | None) -> None:
        with self._store.read() as uow:
            latest = uow.labs.revision(lab_id)
        if latest.finalized_at is None and seen is not None and latest.content != seen:
            raise UserError(
                "This draft was changed in the meantime, by an import or in another window."
                " Copy what you typed, open the Lab again, then put it in.",
                field="lab_id",
            )
