"""PMS ids that a Lab file names are tried at import and again at preview, finalize and send.

They are a hint, never proof: a patient is linked only where name and birth date agree, a provider only where the
name or the NPI does.
"""

from collections.abc import Sequence
from datetime import datetime

from denticode_desktop.domain.access import Actor
from denticode_desktop.domain.audit_event import AuditDraft, AuditKind
from denticode_desktop.domain.connection import Connection
from denticode_desktop.domain.entity_link import LinkRule, ProviderLink
from denticode_desktop.domain.ids import ConnectionId, PatientId, PmsPatientId, PmsProviderId, ProviderId
from denticode_desktop.domain.lab import LabRevision
from denticode_desktop.domain.people import PmsProvider, Provider
from denticode_desktop.ports.unit_of_work import UnitOfWork

from .chart_target import Linking
from .named_ids import recall


def link_named(
    uow: UnitOfWork,
    linking: Linking,
    connections: Sequence[Connection],
    revision: LabRevision,
    actor: Actor,
    at: datetime,
) -> None:
    """Links what the file named, over every connection where it is not linked yet. Doubt links nothing."""
    named = recall(uow, revision.lab_id)
    content = revision.content
    for connection in connections:
        if named.pms_patient_id is not None:
            link_named_patient(uow, linking, connection.connection_id, content.patient_id, named.pms_patient_id, actor)
        if named.pms_provider_id is not None and content.provider_id is not None:
            _link_provider(uow, connection, content.provider_id, named.pms_provider_id, actor, at)


def link_named_patient(
    uow: UnitOfWork,
    linking: Linking,
    connection_id: ConnectionId,
    patient_id: PatientId,
    wanted: PmsPatientId,
    actor: Actor,
) -> None:
    """Links a patient who is not linked yet to the chart that a file named, once: an undone link stays undone."""
    if uow.people.patient_link(connection_id, patient_id) is not None:
        return
    spent = f"lab-names-spent-{connection_id}-{patient_id}"
    if uow.practice.setting(spent) == wanted:
        return  # this id linked them once and a person undid it
    linking.link_by_pms_id(uow, connection_id, patient_id, wanted, actor)
    if uow.people.patient_link(connection_id, patient_id) is not None:
        uow.practice.set_setting(spent, wanted)


def _link_provider(
    uow: UnitOfWork, connection: Connection, provider_id: ProviderId, wanted: PmsProviderId, actor: Actor, at: datetime
) -> None:
    connection_id = connection.connection_id
    if uow.people.provider_link(connection_id, provider_id) is not None:
        return
    provider = uow.people.provider(provider_id)
    for found in uow.roster.pms_providers(connection_id):
        if found.pms_provider_id == wanted and found.is_active and found.is_person and _agrees(provider, found):
            uow.people.link_provider(ProviderLink(connection_id, provider_id, wanted, LinkRule.PMS_ID, actor.name, at))
            uow.audit.append(
                AuditDraft(
                    AuditKind.PROVIDER_LINKED, actor.name, actor.role.value, outcome=LinkRule.PMS_ID.value,
                    connection_id=connection_id, detail={"provider_id": provider_id, "pms_provider_id": wanted},
                )
            )  # fmt: skip


def _agrees(ours: Provider, theirs: PmsProvider) -> bool:
    if ours.npi and theirs.npi:
        return ours.npi == theirs.npi
    return _plain(ours.name) == _plain(theirs.display_name)


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace(",", " ").split())
