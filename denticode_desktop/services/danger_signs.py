"""What a person should see about a write-back that is made already: nothing in the way, but worth a look."""

from denticode_desktop.domain.connection import Connection
from denticode_desktop.domain.entity_link import LinkRule
from denticode_desktop.domain.lab import FinalizeProblem
from denticode_desktop.domain.write_back import WriteBack
from denticode_desktop.ports.unit_of_work import UnitOfWork

from .chart_target import Linking, birth_date_danger, default_provider_danger
from .lab_checks import as_problems


def danger_signs(uow: UnitOfWork, linking: Linking, writeback: WriteBack) -> tuple[FinalizeProblem, ...]:
    """The dangers that finalizing showed, from what was frozen: links and the default may have changed since."""
    connection = uow.connections.get(writeback.connection_id)
    name, content = connection.settings.name, uow.labs.revision(writeback.lab_id, writeback.revision).content
    found = []
    if _is_by_default(uow, linking, connection, writeback):
        found.append(default_provider_danger(name))
    if writeback.snapshot.date_of_birth != uow.people.patient(content.patient_id).person.date_of_birth:
        found.append(birth_date_danger(name))
    return tuple(as_problems(found, are_dangers=True))


def _is_by_default(uow: UnitOfWork, linking: Linking, connection: Connection, writeback: WriteBack) -> bool:
    """Whether the entries name the connection's default provider because the Lab's own was not matched."""
    used = {item.payload.pms_provider_id for item in uow.outbox.items(writeback.writeback_id)}
    provider_id = uow.labs.revision(writeback.lab_id, writeback.revision).content.provider_id
    if not used or provider_id is None:
        return False
    link = uow.people.provider_link(connection.connection_id, provider_id)
    found = link or linking.resolve_provider(uow, connection, provider_id)
    own = None if found is None or found.rule is LinkRule.DEFAULT else found.pms_provider_id
    # Matched since, the Lab's provider may be another one now: then only the default itself tells.
    return own is None or (own not in used and connection.settings.default_provider_id in used)
