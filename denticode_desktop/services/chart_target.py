"""Which chart a Lab goes to over a connection: linked patient, provider, office; or what a person must settle first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from denticode_desktop.domain.access import Actor
from denticode_desktop.domain.connection import Connection
from denticode_desktop.domain.entity_link import LinkRule, PatientLink
from denticode_desktop.domain.ids import ConnectionId, PatientId, PmsLocationId, PmsPatientId, PmsProviderId, ProviderId
from denticode_desktop.domain.lab import LabRevision
from denticode_desktop.domain.people import PmsLocation, PmsPatient, PmsPatientStatus
from denticode_desktop.domain.write_back import PatientSnapshot
from denticode_desktop.ports.unit_of_work import UnitOfWork

from .chart_doubts import Doubt, unmatched_sentence
from .compose import ChartTarget
from .compose_codes import Obstacle
from .named_ids import recall
from .patient_of_lab import is_somebody_else

_UNFIT = {
    PmsPatientStatus.MERGED: "was merged into another chart",
    PmsPatientStatus.DELETED: "was deleted",
    PmsPatientStatus.INACTIVE: "is inactive",
}


class ResolvedProvider(Protocol):
    """A PMS provider and by which rule it was found."""

    @property
    def pms_provider_id(self) -> PmsProviderId:
        """The PMS's id."""
        ...

    @property
    def rule(self) -> LinkRule:
        """DEFAULT is shown as "default"."""
        ...


class Linking(Protocol):
    """What this part needs of EntityLinking."""

    def link_by_pms_id(
        self,
        uow: UnitOfWork,
        connection_id: ConnectionId,
        patient_id: PatientId,
        pms_patient_id: PmsPatientId,
        actor: Actor,
    ) -> object:
        """Links only where the synced record's name and birth date agree. Already linked is fine."""
        ...

    def doubts(
        self, uow: UnitOfWork, connection_id: ConnectionId, patient_id: PatientId, pms_patient_id: PmsPatientId
    ) -> Sequence[str]:
        """What speaks against linking the two by the PMS's id; empty = nothing."""
        ...

    def resolve_provider(
        self, uow: UnitOfWork, connection: Connection, provider_id: ProviderId
    ) -> ResolvedProvider | None:
        """By NPI or confirmed link, else the connection's default provider; None = a person must say."""
        ...


@dataclass(frozen=True, slots=True)
class ResolvedChart:
    """A chart that can be written to, and how it named the patient now. `dangers` are shown before sending."""

    target: ChartTarget
    snapshot: PatientSnapshot
    dangers: tuple[Obstacle, ...]

    def __repr__(self) -> str:
        return f"ResolvedChart({self.target.connection.connection_id})"


def default_provider_danger(name: str) -> Obstacle:
    """`name`: of the connection."""
    return Obstacle("provider", f"The provider is the default provider of {name}.")


def birth_date_danger(name: str) -> Obstacle:
    """`name`: of the connection."""
    return Obstacle("patient.date_of_birth", f"The chart in {name} has another birth date than the Lab.")


def resolve_chart(
    uow: UnitOfWork, linking: Linking, connection: Connection, revision: LabRevision
) -> ResolvedChart | tuple[Obstacle, ...]:
    """The chart for a revision's patient, or every reason why there is none yet."""
    name = connection.settings.name
    content = revision.content
    dangers: list[Obstacle] = []
    patient = _linked_patient(uow, linking, connection, revision)
    location = _location(uow, connection)
    provider = linking.resolve_provider(uow, connection, content.provider_id) if content.provider_id else None
    obstacles = [found for found in (patient, location) if isinstance(found, Obstacle)]
    if provider is None:
        obstacles.append(
            Obstacle(
                "provider",
                f"The Lab's provider is not matched to a provider in {name}. "
                "Match the provider or choose a default provider under Settings, PMS Integrations, then send again.",
                needs_person=True,
            )
        )
    if obstacles or provider is None or isinstance(patient, Obstacle) or isinstance(location, Obstacle):
        return tuple(obstacles)
    if provider.rule is LinkRule.DEFAULT:
        dangers.append(default_provider_danger(name))
    if patient.person.date_of_birth != uow.people.patient(content.patient_id).person.date_of_birth:
        dangers.append(birth_date_danger(name))
    target = ChartTarget(
        connection=connection, pms_patient_id=patient.pms_patient_id, pms_provider_id=provider.pms_provider_id,
        pms_location_id=location.pms_location_id if location else None,
        time_zone=connection.settings.time_zone or (location.time_zone if location else ""),
    )  # fmt: skip
    person = patient.person
    snapshot = PatientSnapshot(person.first_name, person.last_name, person.date_of_birth)
    return ResolvedChart(target, snapshot, tuple(dangers))


def _linked_patient(
    uow: UnitOfWork, linking: Linking, connection: Connection, revision: LabRevision
) -> PmsPatient | Obstacle:
    name = connection.settings.name
    link = uow.people.patient_link(connection.connection_id, revision.content.patient_id)
    if link is None:
        return Obstacle("patient", _why_unmatched(uow, linking, connection, revision), needs_person=True)
    if _names_somebody_else(uow, revision, link):
        return Obstacle("patient", unmatched_sentence(name, (Doubt.ELSEWHERE.value,)), needs_person=True)
    found = uow.roster.pms_patient(connection.connection_id, link.pms_patient_id)
    if found is None:
        return Obstacle(
            "patient",
            f"The matched patient is not in the list from {name}. Sync Now, then choose the patient again.",
            needs_person=True,
        )
    if found.status in _UNFIT:
        return Obstacle(
            "patient",
            f"The matched chart in {name} {_UNFIT[found.status]}. Choose the patient's active chart.",
            needs_person=True,
        )
    return found


def _names_somebody_else(uow: UnitOfWork, revision: LabRevision, link: PatientLink) -> bool:
    """Whether the Lab's file names another chart than the linked one, and nobody has decided since it came."""
    named = recall(uow, revision.lab_id).pms_patient_id
    if named is None or named == link.pms_patient_id:
        return False
    came_at = uow.labs.revisions(revision.lab_id)[0].created_at
    is_decided = link.rule is LinkRule.PERSON and link.at >= came_at
    return not is_decided and is_somebody_else(uow, revision.content.patient_id, named)


def _why_unmatched(uow: UnitOfWork, linking: Linking, connection: Connection, revision: LabRevision) -> str:
    named = recall(uow, revision.lab_id).pms_patient_id
    doubts: Sequence[str] = ()
    if named is not None:
        doubts = linking.doubts(uow, connection.connection_id, revision.content.patient_id, named)
    return unmatched_sentence(connection.settings.name, doubts)


def _location(uow: UnitOfWork, connection: Connection) -> PmsLocation | Obstacle | None:
    """The chosen office; the only one where none was chosen; None where the PMS tells of none."""
    chosen = connection.settings.location_id
    known = uow.roster.pms_locations(connection.connection_id)
    if chosen is not None:
        named = [place for place in known if place.pms_location_id == chosen]
        return named[0] if named else PmsLocation(PmsLocationId(chosen), "")
    if len(known) > 1:
        name = connection.settings.name
        return Obstacle(
            "location",
            f"No location is chosen for {name}. Choose it under Settings, PMS Integrations, then send again.",
            needs_person=True,
        )
    return known[0] if known else None
