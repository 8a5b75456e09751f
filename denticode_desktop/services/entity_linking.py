"""EntityLinking: our patients and providers <-> the PMS's records, by its own id or by a person's choice.

Nothing is linked by likeness here: the scoring matcher is a part of its own. A Lab's PMS id is a hint that counts only
where name and birth date agree; everybody else is a person's choice. Links are versioned and can be undone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from denticode_desktop.domain.access import Action, Actor, require
from denticode_desktop.domain.audit_event import AuditDraft, AuditKind
from denticode_desktop.domain.connection import Connection
from denticode_desktop.domain.entity_link import LinkRule, PatientLink, ProviderLink
from denticode_desktop.domain.errors import NotFoundError, UserError
from denticode_desktop.domain.events import LabsChanged
from denticode_desktop.domain.ids import (
    ConnectionId,
    ItemId,
    LabId,
    PatientId,
    PmsPatientId,
    PmsProviderId,
    ProviderId,
    RemoteId,
    WriteBackId,
)
from denticode_desktop.domain.people import Demographics, Patient, PmsPatient, PmsPatientStatus, PmsProvider, Provider
from denticode_desktop.domain.write_back import ItemKind, ItemState, WaitingWhy
from denticode_desktop.ports.clock import Clock
from denticode_desktop.ports.event_sink import EventSink
from denticode_desktop.ports.unit_of_work import Store, UnitOfWork

from .chart_doubts import Doubt
from .person_compare import closeness, disagreements, plain_name

MAX_CANDIDATES = 8
BORN_LIMIT = 200
_UNFIT = {
    PmsPatientStatus.MERGED: "was merged into another chart",
    PmsPatientStatus.DELETED: "is gone from the PMS",
    PmsPatientStatus.INACTIVE: "is inactive",
}


@dataclass(frozen=True, slots=True)
class LinkOutcome:
    """What came of a PMS id named by a file. `disagrees`: fields that speak against it, for a person's screen."""

    is_linked: bool
    disagrees: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody in the PMS who could be the person; `differs` names the fields that do not agree. Screen only."""

    pms_patient_id: PmsPatientId
    name: str
    date_of_birth: date | None
    chart_number: str
    phone: str
    differs: tuple[str, ...]
    is_taken: bool = False
    """Linked to another patient of ours already: that link must be undone first."""

    def __repr__(self) -> str:
        return f"Candidate({self.pms_patient_id})"


@dataclass(frozen=True, slots=True)
class UnlinkedPatient:
    """A patient of a Lab without a chart over this connection."""

    patient: Patient
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class ProviderChoice:
    """A PMS provider and by which rule; DEFAULT is shown as "default"."""

    pms_provider_id: PmsProviderId
    rule: LinkRule


@dataclass(frozen=True, slots=True)
class SentItem:
    """An entry that is, or may be, in the chart of a patient who was unlinked: a person checks it in the PMS."""

    item_id: ItemId
    lab_id: LabId
    kind: ItemKind
    state: ItemState
    remote_id: RemoteId | None


@dataclass(frozen=True, slots=True)
class Unlinked:
    """What undoing a link means: write-backs paused now, how many items are in that chart, and all that were sent."""

    paused: tuple[WriteBackId, ...]
    in_chart: int
    sent: tuple[SentItem, ...] = ()


class EntityLinking:
    """Links people."""

    def __init__(self, store: Store, clock: Clock, sink: EventSink) -> None:
        self._store = store
        self._clock = clock
        self._sink = sink

    # -- patients ------------------------------------------------------------------------------------------------

    def link_by_pms_id(
        self,
        uow: UnitOfWork,
        connection_id: ConnectionId,
        patient_id: PatientId,
        pms_patient_id: PmsPatientId,
        actor: Actor,
    ) -> LinkOutcome:
        """Links where the synced record is active and name and birth date agree; already linked so is fine.

        A pair that a person rejected or unlinked stays apart, whatever a file says.
        """
        link = uow.people.patient_link(connection_id, patient_id)
        if link is not None and link.pms_patient_id == pms_patient_id:
            return LinkOutcome(True)
        found = self.doubts(uow, connection_id, patient_id, pms_patient_id)
        if found:
            return LinkOutcome(False, found)
        self._link(uow, connection_id, patient_id, pms_patient_id, LinkRule.PMS_ID, actor.name, actor.role.value)
        return LinkOutcome(True)

    def doubts(
        self, uow: UnitOfWork, connection_id: ConnectionId, patient_id: PatientId, pms_patient_id: PmsPatientId
    ) -> tuple[str, ...]:
        """What speaks against linking the two by the PMS's id: Doubts, or fields that disagree; empty = nothing."""
        link = uow.people.patient_link(connection_id, patient_id)
        if link is not None:
            return () if link.pms_patient_id == pms_patient_id else (Doubt.ELSEWHERE.value,)
        if pms_patient_id in uow.people.rejected(connection_id, patient_id):
            return (Doubt.REJECTED.value,)
        found = uow.roster.pms_patient(connection_id, pms_patient_id)
        if found is None:
            return (Doubt.MISSING.value,)
        if found.status in _UNFIT or found.merged_into is not None:
            return (Doubt.UNFIT.value,)
        if uow.people.linked_patient(connection_id, pms_patient_id) is not None:
            return (Doubt.TAKEN.value,)
        differs = disagreements(uow.people.patient(patient_id).person, found.person)
        return differs if differs or found.person.date_of_birth is not None else ("birth date",)

    def choose(
        self, actor: Actor, connection_id: ConnectionId, patient_id: PatientId, pms_patient_id: PmsPatientId
    ) -> None:
        """A person says who it is, or confirms it anew. What waits for a chart chosen earlier is paused.

        Raises NotAllowedError, NotFoundError, UserError (a chart that is merged, inactive, gone, or somebody else's).
        """
        require(actor, Action.LINK_PEOPLE)
        with self._store.write() as uow:
            uow.people.patient(patient_id)
            found = uow.roster.pms_patient(connection_id, pms_patient_id)
            if found is None:
                raise NotFoundError("There is no such patient in the PMS's list. Sync Now, then choose again.",
                                    field="pms_patient_id")  # fmt: skip
            self._refuse_unfit(found)
            link = uow.people.patient_link(connection_id, patient_id)
            if link is not None and link.pms_patient_id != pms_patient_id:
                self._pause_open(uow, actor, connection_id, link.pms_patient_id)
            self._link(uow, connection_id, patient_id, pms_patient_id, LinkRule.PERSON, actor.name, actor.role.value)
        self._sink.publish(LabsChanged())

    def _refuse_unfit(self, found: PmsPatient) -> None:
        why = _UNFIT.get(found.status)
        if why is None and found.merged_into is not None:
            why = _UNFIT[PmsPatientStatus.MERGED]
        if why is not None:
            raise UserError(f"That chart {why}. Choose the patient's active chart.", field="pms_patient_id")

    def _link(
        self,
        uow: UnitOfWork,
        connection_id: ConnectionId,
        patient_id: PatientId,
        pms_patient_id: PmsPatientId,
        rule: LinkRule,
        by: str,
        role: str,
    ) -> None:
        at = self._clock.utc_now()
        uow.people.link_patient(PatientLink(connection_id, patient_id, pms_patient_id, 0, rule, by, at))
        uow.audit.append(
            AuditDraft(
                AuditKind.PATIENT_LINKED, by, role, connection_id=connection_id, pms_patient_id=pms_patient_id,
                reason=rule.value, detail={"patient_id": patient_id},
            )
        )  # fmt: skip

    def differs(
        self, connection_id: ConnectionId, patient_id: PatientId, pms_patient_id: PmsPatientId
    ) -> tuple[str, ...]:
        """Fields that do not agree between our patient and that chart. Raises NotFoundError."""
        with self._store.read() as uow:
            found = uow.roster.pms_patient(connection_id, pms_patient_id)
            if found is None:
                raise NotFoundError("There is no such patient in the PMS's list. Sync Now, then choose again.",
                                    field="pms_patient_id")  # fmt: skip
            return disagreements(uow.people.patient(patient_id).person, found.person)

    def reject(
        self, actor: Actor, connection_id: ConnectionId, patient_id: PatientId, pms_patient_id: PmsPatientId
    ) -> Unlinked | None:
        """A person says that these are two people: not offered again, and no longer linked where they were.

        Returns what undoing the link means, None where there was none. Raises NotAllowedError, NotFoundError.
        """
        require(actor, Action.LINK_PEOPLE)
        with self._store.read() as uow:
            link = uow.people.patient_link(connection_id, patient_id)
        if link is not None and link.pms_patient_id == pms_patient_id:
            return self.unlink(actor, connection_id, patient_id)
        with self._store.write() as uow:
            uow.people.patient(patient_id)
            uow.people.reject_link(connection_id, patient_id, pms_patient_id, actor.name, self._clock.utc_now())
            uow.audit.append(
                AuditDraft(
                    AuditKind.LINK_REJECTED, actor.name, actor.role.value, connection_id=connection_id,
                    pms_patient_id=pms_patient_id, detail={"patient_id": patient_id},
                )
            )  # fmt: skip
        return None

    def unlink(self, actor: Actor, connection_id: ConnectionId, patient_id: PatientId) -> Unlinked:
        """Undoes a link for good: what was not sent is paused, what was sent is listed. Only a person links them again.

        Raises NotAllowedError, UserError (not linked).
        """
        require(actor, Action.LINK_PEOPLE)
        at = self._clock.utc_now()
        with self._store.write() as uow:
            link = uow.people.patient_link(connection_id, patient_id)
            if link is None:
                raise UserError("This patient is not linked over that connection.", field="patient")
            uow.people.end_patient_link(connection_id, patient_id, actor.name, at)
            # Else the PMS id that the Lab's file named would link the two again at the next send.
            uow.people.reject_link(connection_id, patient_id, link.pms_patient_id, actor.name, at)
            paused = self._pause_open(uow, actor, connection_id, link.pms_patient_id)
            uow.audit.append(
                AuditDraft(
                    AuditKind.PATIENT_UNLINKED, actor.name, actor.role.value, connection_id=connection_id,
                    pms_patient_id=link.pms_patient_id, detail={"patient_id": patient_id, "paused": len(paused)},
                )
            )  # fmt: skip
        sent = self._sent(connection_id, link.pms_patient_id)
        self._sink.publish(LabsChanged())
        return Unlinked(paused, sum(item.state is ItemState.DONE for item in sent), sent)

    def _pause_open(
        self, uow: UnitOfWork, actor: Actor, connection_id: ConnectionId, pms_patient_id: PmsPatientId
    ) -> tuple[WriteBackId, ...]:
        """Pauses every write-back that still has something to send into that chart."""
        planned = uow.outbox.items_of_patient(connection_id, pms_patient_id, states={ItemState.PLANNED})
        writeback_ids = tuple(dict.fromkeys(item.writeback_id for item in planned))
        for writeback_id in writeback_ids:
            uow.outbox.set_paused(writeback_id, True)
            uow.audit.append(
                AuditDraft(
                    AuditKind.WB_PAUSED, actor.name, actor.role.value, connection_id=connection_id,
                    pms_patient_id=pms_patient_id, writeback_id=writeback_id, reason="patient unlinked",
                )
            )  # fmt: skip
        if planned:
            uow.outbox.note_waiting([item.item_id for item in planned], WaitingWhy.PAUSED.value, None)
        return writeback_ids

    def _sent(self, connection_id: ConnectionId, pms_patient_id: PmsPatientId) -> tuple[SentItem, ...]:
        """Every item that is, or may be, in that chart."""
        states = {ItemState.DONE, ItemState.INFLIGHT, ItemState.REVIEW}
        with self._store.read() as uow:
            items = [
                item
                for item in uow.outbox.items_of_patient(connection_id, pms_patient_id, states=states)
                if item.state is not ItemState.REVIEW or item.sends or item.remote_id
            ]
            labs = {w: uow.outbox.writeback(w).lab_id for w in dict.fromkeys(item.writeback_id for item in items)}
        return tuple(SentItem(i.item_id, labs[i.writeback_id], i.kind, i.state, i.remote_id) for i in items)

    # -- who could it be -----------------------------------------------------------------------------------------

    def unlinked(self, actor: Actor, connection_id: ConnectionId, *, limit: int = 200) -> Sequence[UnlinkedPatient]:
        """Patients of Labs without a chart, newest first, with who they could be. Raises NotAllowedError."""
        require(actor, Action.SEARCH_PATIENTS)
        with self._store.read() as uow:
            alone = [
                p for p in uow.people.patients(limit=limit) if not uow.people.patient_link(connection_id, p.patient_id)
            ]
        return [UnlinkedPatient(p, tuple(self.candidates(connection_id, p.patient_id))) for p in alone]

    def candidates(self, connection_id: ConnectionId, patient_id: PatientId) -> Sequence[Candidate]:
        """At most eight active charts that share birth date or name, the closest first; rejected ones left out."""
        with self._store.read() as uow:
            person = uow.people.patient(patient_id).person
            rejected = uow.people.rejected(connection_id, patient_id)
            found: dict[PmsPatientId, PmsPatient] = {}
            if person.date_of_birth is not None:
                for patient in uow.roster.patients_born_on(connection_id, person.date_of_birth, BORN_LIMIT):
                    found[patient.pms_patient_id] = patient
            name = f"{person.last_name} {person.first_name}".strip()
            for hit in uow.roster.search_patients(name, connection_id=connection_id, limit=BORN_LIMIT) if name else ():
                found[hit.patient.pms_patient_id] = hit.patient
            fit = [
                p
                for p in found.values()
                if p.pms_patient_id not in rejected
                and p.status not in _UNFIT
                and p.merged_into is None
                and closeness(person, p.person) > 0
            ]
            fit.sort(key=lambda p: (-closeness(person, p.person), p.pms_patient_id))
            return [
                _candidate(person, p, owner=uow.people.linked_patient(connection_id, p.pms_patient_id))
                for p in fit[:MAX_CANDIDATES]
            ]

    # -- providers -----------------------------------------------------------------------------------------------

    def link_provider(
        self, actor: Actor, connection_id: ConnectionId, provider_id: ProviderId, pms_provider_id: PmsProviderId
    ) -> None:
        """A person confirms. Raises NotAllowedError, NotFoundError, UserError (inactive, or not a person)."""
        require(actor, Action.LINK_PEOPLE)
        with self._store.write() as uow:
            uow.people.provider(provider_id)
            chosen = [p for p in uow.roster.pms_providers(connection_id) if p.pms_provider_id == pms_provider_id]
            if not chosen:
                raise NotFoundError("There is no such provider in the PMS's list. Sync Now, then choose again.",
                                    field="pms_provider_id")  # fmt: skip
            if not (chosen[0].is_active and chosen[0].is_person):
                raise UserError("That provider is inactive or not a person. Choose another.", field="pms_provider_id")
            at = self._clock.utc_now()
            uow.people.link_provider(
                ProviderLink(connection_id, provider_id, pms_provider_id, LinkRule.PERSON, actor.name, at)
            )
            uow.audit.append(
                AuditDraft(
                    AuditKind.PROVIDER_LINKED, actor.name, actor.role.value, outcome=LinkRule.PERSON.value,
                    connection_id=connection_id,
                    detail={"provider_id": provider_id, "pms_provider_id": pms_provider_id},
                )
            )  # fmt: skip
        self._sink.publish(LabsChanged())

    def resolve_provider(
        self, uow: UnitOfWork, connection: Connection, provider_id: ProviderId
    ) -> ProviderChoice | None:
        """Confirmed link, else the one active person with the NPI, else with the name, else the default; None = nobody.

        A confirmed or default provider who is no longer active is not replaced: a person must choose again.
        """
        connection_id = connection.connection_id
        active = [p for p in uow.roster.pms_providers(connection_id) if p.is_active and p.is_person]
        link = uow.people.provider_link(connection_id, provider_id)
        if link is not None:
            is_active = any(p.pms_provider_id == link.pms_provider_id for p in active)
            return ProviderChoice(link.pms_provider_id, link.rule) if is_active else None
        found = _found_provider(uow.people.provider(provider_id), active)
        default = connection.settings.default_provider_id
        if found is None and any(p.pms_provider_id == default for p in active):
            return ProviderChoice(PmsProviderId(str(default)), LinkRule.DEFAULT)
        return found


def _found_provider(provider: Provider, active: Sequence[PmsProvider]) -> ProviderChoice | None:
    """The only one with that NPI, else the only one with that name whose NPI does not say otherwise."""
    with_npi = [p for p in active if provider.npi and p.npi == provider.npi]
    if with_npi:
        return ProviderChoice(with_npi[0].pms_provider_id, LinkRule.NPI) if len(with_npi) == 1 else None
    named = [p for p in active if _is_same_name(provider.name, p)]
    if len(named) != 1 or (provider.npi and named[0].npi):
        return None
    return ProviderChoice(named[0].pms_provider_id, LinkRule.NAME)


def _is_same_name(name: str, provider: PmsProvider) -> bool:
    """`Lee, Sam` or `Sam Lee`: the whole name, never a part of it."""
    ours = plain_name(name.replace(",", " "))
    first, last = plain_name(provider.first_name), plain_name(provider.last_name)
    return bool(first and last) and ours in (f"{last} {first}", f"{first} {last}")


def _candidate(person: Demographics, patient: PmsPatient, *, owner: PatientId | None) -> Candidate:
    theirs = patient.person
    return Candidate(
        patient.pms_patient_id, theirs.display_name, theirs.date_of_birth, theirs.chart_number, theirs.phone,
        disagreements(person, theirs), is_taken=owner is not None,
    )  # fmt: skip
