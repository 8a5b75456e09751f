"""PeopleSearch: synced patients and providers, for whoever may see them."""

from collections.abc import Sequence
from dataclasses import dataclass

from denticode_desktop.domain.access import Action, Actor, require
from denticode_desktop.domain.audit_event import AuditDraft, AuditKind
from denticode_desktop.domain.entity_link import ProviderLink
from denticode_desktop.domain.errors import UserError
from denticode_desktop.domain.ids import ConnectionId
from denticode_desktop.domain.people import PmsProvider, Provider
from denticode_desktop.ports.unit_of_work import Store
from denticode_desktop.ports.views import PmsPatientHit

MAX_HITS = 200


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """A Denticode provider and the PMS provider it is linked to over a connection, if it is."""

    provider: Provider
    link: ProviderLink | None


class PeopleSearch:
    """Reads only, but for the audit event that a search leaves."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def patients(
        self, actor: Actor, text: str, *, connection_id: ConnectionId | None = None, limit: int = 20
    ) -> Sequence[PmsPatientHit]:
        """By name, birth date, chart number or phone; at most 200. Raises NotAllowedError, UserError (field `text`)."""
        require(actor, Action.SEARCH_PATIENTS)
        wanted = text.strip()
        if not wanted:
            raise UserError("Type a part of the name, the birth date, chart number or phone number.", field="text")
        with self._store.read() as uow:
            hits = uow.roster.search_patients(wanted, connection_id=connection_id, limit=min(limit, MAX_HITS))
        with self._store.write() as uow:
            # that a search was made and how much it showed; what was typed may be a name and stays out
            uow.audit.append(
                AuditDraft(
                    AuditKind.PATIENTS_SEARCHED, actor.name, actor.role.value, connection_id=connection_id,
                    detail={"hits": len(hits)},
                )
            )  # fmt: skip
        return hits

    def providers(self, actor: Actor, connection_id: ConnectionId) -> tuple[list[ProviderRow], Sequence[PmsProvider]]:
        """Denticode's providers with their links, and the PMS's providers. Raises NotAllowedError."""
        require(actor, Action.SEARCH_PATIENTS)
        with self._store.read() as uow:
            rows = [
                ProviderRow(p, uow.people.provider_link(connection_id, p.provider_id)) for p in uow.people.providers()
            ]
            return rows, uow.roster.pms_providers(connection_id)
