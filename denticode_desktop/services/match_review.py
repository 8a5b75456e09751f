"""MatchReview: patients of Labs beside their charts, and links by the PMS's own patient id.

A link is made without a person only where the Lab named the PMS's id and that record's name and birth date agree
(EntityLinking). There is no scoring in this build: everybody else is a person's choice, and a dry run says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from denticode_desktop.domain.access import Action, Actor, require
from denticode_desktop.domain.entity_link import PatientLink
from denticode_desktop.domain.ids import ConnectionId, LabId, PatientId, PmsPatientId
from denticode_desktop.domain.people import Patient
from denticode_desktop.ports.unit_of_work import Store, UnitOfWork

from .chart_target import Linking as ChartLinking
from .named_ids import recall
from .named_records import link_named_patient

MAX_PATIENTS = 100_000
LABS_A_READ = 200
HOW = "Links are made by the PMS's own patient id where name and birth date agree; everybody else is a person's choice."


class Decision(StrEnum):
    """What became of a patient, or would."""

    LINKED = "linked"
    REVIEW = "review"
    """Somebody in the PMS could be this person."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MatchRow:
    """One patient of a Lab. `probability` None: no score was made. Names are for the screen only."""

    local_patient_id: PatientId
    external_id: str
    decision: Decision
    pms_patient_id: PmsPatientId | None
    probability: float | None
    rule: str | None
    candidates: Sequence[object]
    name: str

    def __repr__(self) -> str:
        return f"MatchRow({self.local_patient_id} {self.decision.value})"


class _DryRunEndedError(Exception):
    """Rolls the write unit of a dry run back."""


class Linking(ChartLinking, Protocol):
    """What this needs of EntityLinking."""

    def candidates(self, connection_id: ConnectionId, patient_id: PatientId) -> Sequence[object]:
        """Who in the PMS could be this person."""
        ...


class MatchReview:
    """Reads and, in `run`, links."""

    def __init__(self, store: Store, linking: Linking) -> None:
        self._store = store
        self._linking = linking

    def rows(self, actor: Actor, connection_id: ConnectionId) -> list[MatchRow]:
        """Every patient of a Lab with link or candidates. Raises NotAllowedError, StorageError."""
        require(actor, Action.SEARCH_PATIENTS)
        with self._store.read() as uow:
            links = _links(uow, connection_id)
        return self._rows(connection_id, links)

    def run(self, actor: Actor, connection_id: ConnectionId, *, is_dry: bool) -> list[MatchRow]:
        """Tries the PMS id that each Lab named. A dry run takes its own links back and shows the same rows.

        Raises NotAllowedError, StorageError.
        """
        require(actor, Action.LINK_PEOPLE)
        links: dict[PatientId, PatientLink | None] = {}
        with suppress(_DryRunEndedError), self._store.write() as uow:
            for lab_id in list(_lab_ids(uow)):
                self._try_named(uow, actor, connection_id, lab_id)
            links = _links(uow, connection_id)
            if is_dry:
                raise _DryRunEndedError
        return self._rows(connection_id, links)

    def _try_named(self, uow: UnitOfWork, actor: Actor, connection_id: ConnectionId, lab_id: LabId) -> None:
        named = recall(uow, lab_id).pms_patient_id
        patient_id = uow.labs.revision(lab_id).content.patient_id
        if named is not None:
            link_named_patient(uow, self._linking, connection_id, patient_id, named, actor)

    def _rows(self, connection_id: ConnectionId, links: Mapping[PatientId, PatientLink | None]) -> list[MatchRow]:
        with self._store.read() as uow:
            patients = [p for p in uow.people.patients(limit=MAX_PATIENTS) if p.patient_id in links]
        return [self._row(connection_id, patient, links[patient.patient_id]) for patient in patients]

    def _row(self, connection_id: ConnectionId, patient: Patient, link: PatientLink | None) -> MatchRow:
        candidates = () if link else tuple(self._linking.candidates(connection_id, patient.patient_id))
        decision = Decision.LINKED if link else Decision.REVIEW if candidates else Decision.NONE
        return MatchRow(
            local_patient_id=patient.patient_id, external_id=patient.external_id, decision=decision,
            pms_patient_id=link.pms_patient_id if link else None, probability=None,
            rule=link.rule.value if link else None, candidates=candidates, name=patient.person.display_name,
        )  # fmt: skip


def _links(uow: UnitOfWork, connection_id: ConnectionId) -> dict[PatientId, PatientLink | None]:
    patients = uow.people.patients(limit=MAX_PATIENTS)
    return {p.patient_id: uow.people.patient_link(connection_id, p.patient_id) for p in patients}


def _lab_ids(uow: UnitOfWork) -> Iterator[LabId]:
    offset = 0
    while page := uow.labs.summaries(limit=LABS_A_READ, offset=offset):
        yield from (summary.lab_id for summary in page)
        offset += LABS_A_READ
