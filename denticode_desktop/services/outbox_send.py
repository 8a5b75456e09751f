"""Send Lab to PMS: which connection, which revisions, and the release of their write-backs in one write unit."""

from collections.abc import Sequence
from dataclasses import dataclass

from denticode_desktop.domain.access import Actor
from denticode_desktop.domain.audit_event import AuditDraft, AuditKind
from denticode_desktop.domain.connection import Connection
from denticode_desktop.domain.errors import PersonNeededError, UserError
from denticode_desktop.domain.ids import ConnectionId, LabId, WriteBackId
from denticode_desktop.domain.lab import FinalizeProblem, LabRevision, RevisionKind
from denticode_desktop.domain.write_back import WriteBack
from denticode_desktop.ports.clock import Clock
from denticode_desktop.ports.unit_of_work import Store, UnitOfWork

from .chart_target import Linking
from .compose import ChartRules
from .danger_signs import danger_signs
from .lab_checks import raise_first
from .named_records import link_named
from .outbox_rematch import is_closed, is_copy, snapshot_anew
from .write_back_maker import WriteBackMaker


@dataclass(frozen=True, slots=True)
class Released:
    """The latest finalized revision's write-back with its danger signs, and those that were not asked for before."""

    writeback_id: WriteBackId
    connection_id: ConnectionId
    changed: tuple[WriteBackId, ...]
    dangers: tuple[FinalizeProblem, ...] = ()


class LabSending:
    """Releases a Lab to one connection."""

    def __init__(self, store: Store, clock: Clock, maker: WriteBackMaker, linking: Linking) -> None:
        self._store = store
        self._clock = clock
        self._maker = maker
        self._linking = linking

    def release(self, actor: Actor, lab_id: LabId, connection_id: ConnectionId | None) -> Released:
        """Makes what is missing and sets `requested_at`, oldest revision first: a later one waits for an earlier one.

        Raises UserError or PersonNeededError; nothing is changed then.
        """
        with self._store.read() as uow:
            connection = _choose_connection(uow, lab_id, connection_id)
        with self._maker.rules_for([connection]) as rules, self._store.write() as uow:
            revisions = _to_send(uow, lab_id, connection.connection_id)
            now = self._clock.utc_now()
            link_named(uow, self._linking, [connection], revisions[-1], actor, now)
            revisions = snapshot_anew(uow, actor, connection, revisions, now)
            own_rules = rules[connection.connection_id]
            made = [self._find_or_make(uow, actor, revision, connection, own_rules) for revision in revisions]
            changed = [w for w in made if w.requested_at is None and not is_closed(uow, w)]
            for writeback in changed:
                uow.outbox.request_send(writeback.writeback_id, now)
                uow.audit.append(_requested(actor, writeback))
            dangers = danger_signs(uow, self._linking, made[-1])
        asked = tuple(writeback.writeback_id for writeback in changed)
        return Released(made[-1].writeback_id, connection.connection_id, asked, dangers)

    def _find_or_make(
        self, uow: UnitOfWork, actor: Actor, revision: LabRevision, connection: Connection, rules: ChartRules
    ) -> WriteBack:
        found = uow.outbox.find_writeback(connection.connection_id, revision.lab_id, revision.revision)
        if found is not None:
            if found.requested_at is None and not is_closed(uow, found):
                _check_patient(uow, found, revision, connection)
            return found
        plan = self._maker.plan(uow, revision, connection, rules)
        raise_first(plan.obstacles)
        return uow.outbox.writeback(self._maker.store(uow, actor, revision, plan))


def _choose_connection(uow: UnitOfWork, lab_id: LabId, connection_id: ConnectionId | None) -> Connection:
    latest = uow.labs.revision(lab_id)
    if connection_id is not None:
        connection = uow.connections.get(connection_id)
        if not connection.is_enabled:
            raise UserError(
                f"The connection {connection.settings.name} is disconnected. Reconnect it, then send again.",
                field="connection",
            )
        return connection
    enabled = [c for c in uow.connections.all() if c.is_enabled]
    if not enabled:
        raise UserError(
            "No PMS is connected. Add a connection under Settings, PMS Integrations, then send again.",
            field="connection",
        )
    patient_id = latest.content.patient_id
    linked = [c for c in enabled if uow.people.patient_link(c.connection_id, patient_id) is not None]
    fit = enabled if len(enabled) == 1 else linked
    if len(fit) != 1:
        names = ", ".join(c.settings.name for c in enabled)
        raise PersonNeededError(f"Several PMSs are connected. Choose one of {names}.", field="connection")
    return fit[0]


def _to_send(uow: UnitOfWork, lab_id: LabId, connection_id: ConnectionId) -> Sequence[LabRevision]:
    """The finalized revisions that this connection must have, oldest first.

    A revision that a later finalized one takes the place of is left out where it has no write-back here yet: the
    later one brings everything then. A copy belongs to the connection that it was made for.
    """
    finalized = [r for r in uow.labs.revisions(lab_id) if r.finalized_at is not None]
    made = {r.revision for r in finalized if uow.outbox.find_writeback(connection_id, lab_id, r.revision) is not None}
    finalized = [r for r in finalized if r.revision in made or not is_copy(uow, r)]
    if not finalized:
        uow.labs.revision(lab_id)
        raise UserError("This Lab is not finalized. Finalize it, then send it.", field="lab_id")
    bases = [r.revision for r in finalized if r.kind is not RevisionKind.ADDENDUM]
    needed = []
    for revision in finalized:
        is_replaced = revision.kind is not RevisionKind.ADDENDUM and revision.revision < bases[-1]
        if not is_replaced or revision.revision in made:
            needed.append(revision)
    return needed


def _check_patient(uow: UnitOfWork, writeback: WriteBack, revision: LabRevision, connection: Connection) -> None:
    """A write-back goes only to the chart it was made for; a link that was undone or changed since stops it."""
    link = uow.people.patient_link(connection.connection_id, revision.content.patient_id)
    if link is None or link.pms_patient_id != writeback.pms_patient_id:
        raise PersonNeededError(
            f"The patient is not matched to the chart in {connection.settings.name} that this Lab was finalized for. "
            "Choose the patient, then send again.",
            field="patient",
        )


def _requested(actor: Actor, writeback: WriteBack) -> AuditDraft:
    return AuditDraft(
        AuditKind.WB_REQUESTED, actor.name, actor.role.value, connection_id=writeback.connection_id,
        pms_patient_id=writeback.pms_patient_id, lab_id=writeback.lab_id, writeback_id=writeback.writeback_id,
        content_sha256=writeback.content_sha256, detail={"revision": writeback.revision},
    )  # fmt: skip
