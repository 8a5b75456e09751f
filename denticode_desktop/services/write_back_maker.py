"""WriteBackMaker: a finalized revision becomes a stored write-back for one connection, in the caller's write unit."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from denticode_desktop.domain.access import Actor
from denticode_desktop.domain.audit_event import AuditDraft, AuditKind
from denticode_desktop.domain.charting import CatalogueCode
from denticode_desktop.domain.connection import Connection
from denticode_desktop.domain.errors import BugError
from denticode_desktop.domain.ids import ConnectionId, PmsPatientId, WriteBackId
from denticode_desktop.domain.lab import LabContent, LabRevision, RevisionKind
from denticode_desktop.domain.write_back import Item, ItemState
from denticode_desktop.ports.clock import Clock
from denticode_desktop.ports.unit_of_work import UnitOfWork

from .chart_target import Linking, ResolvedChart, resolve_chart
from .compose import ChartRules, Composer, Composition
from .compose_codes import FindCodes, Obstacle, code_obstacles
from .compose_earlier import EarlierWriteBack
from .withdrawal import may_be_in_chart, withdraw

UNSETTLED = (
    "An earlier revision of this Lab is not settled in {name}: an entry of it may be in the chart or on its way. "
    "Wait until it is checked, or decide it under Today, Needs you; then send again."
)
Rules = Mapping[ConnectionId, ChartRules]


@dataclass(frozen=True, slots=True)
class PlannedWriteBack:
    """What would be written over one connection; `chart` None where a person must settle something first."""

    connection: Connection
    chart: ResolvedChart | None
    composition: Composition
    superseded: tuple[Item, ...] = ()
    """Entries of earlier revisions that never left: they are taken out of the queue when this one is stored."""

    @property
    def obstacles(self) -> tuple[Obstacle, ...]:
        """Why nothing can be written yet; empty when it can."""
        return self.composition.obstacles


class WriteBackMaker:
    """Plans and stores write-backs. The caller opens the rules before, and the write unit around."""

    def __init__(self, composer: Composer, linking: Linking, clock: Clock) -> None:
        self._composer = composer
        self._linking = linking
        self._clock = clock

    @contextmanager
    def rules_for(self, connections: Sequence[Connection]) -> Iterator[Rules]:
        """The adapters' rules, opened before a unit of work so that no lock is held meanwhile."""
        with ExitStack() as stack:
            yield {c.connection_id: stack.enter_context(self._composer.rules_of(c)) for c in connections}

    def plan(
        self, uow: UnitOfWork, revision: LabRevision, connection: Connection, rules: ChartRules
    ) -> PlannedWriteBack:
        """What a revision would add over a connection, and all that stands against it. Reads only."""

        def find_codes(code: str) -> Sequence[CatalogueCode]:
            return uow.roster.catalogue(connection.connection_id, code)

        resolved = resolve_chart(uow, self._linking, connection, revision)
        chart = resolved if isinstance(resolved, ResolvedChart) else None
        obstacles = () if isinstance(resolved, ResolvedChart) else resolved
        name = connection.settings.name
        if _is_catalogue_missing(uow, revision, connection.connection_id, find_codes):
            sentence = f"The practice's code list in {name} is not here yet. Sync Now, then send again."
            obstacles = (*obstacles, Obstacle("procedures", sentence))
        else:
            obstacles = (*obstacles, *code_obstacles(revision.content.procedures, find_codes, name))
        if chart is None or obstacles:
            return PlannedWriteBack(connection, chart, Composition(obstacles=obstacles))
        return self._plan_for(uow, revision, chart, rules, find_codes)

    def _plan_for(
        self, uow: UnitOfWork, revision: LabRevision, chart: ResolvedChart, rules: ChartRules, find_codes: FindCodes
    ) -> PlannedWriteBack:
        connection = chart.target.connection
        if revision.kind is not RevisionKind.CHANGED:
            composition = self._composer.compose(revision, chart.target, rules, find_codes)
            dangers = (*chart.dangers, *composition.dangers)
            return PlannedWriteBack(connection, chart, replace(composition, dangers=dangers))
        earlier = _earlier(uow, revision, connection.connection_id, chart.target.pms_patient_id)
        if earlier.is_unsettled:
            unsettled = Obstacle("lab_id", UNSETTLED.format(name=connection.settings.name), needs_person=True)
            return PlannedWriteBack(connection, chart, Composition(obstacles=(unsettled,)))
        composition = self._composer.compose(revision, chart.target, rules, find_codes, earlier.here, earlier.before)
        dangers = chart.dangers
        if earlier.is_elsewhere:
            sentence = "An earlier revision went to another patient's chart. Remove it there by hand in the PMS."
            dangers = (*dangers, Obstacle("patient", sentence))
        composition = replace(composition, dangers=(*dangers, *composition.dangers))
        return PlannedWriteBack(connection, chart, composition, earlier.superseded)

    def store(self, uow: UnitOfWork, actor: Actor, revision: LabRevision, plan: PlannedWriteBack) -> WriteBackId:
        """Stores a plan without obstacles with its audit event. Raises UserError where the write-back exists."""
        if plan.chart is None or plan.obstacles or revision.finalized_at is None:
            raise BugError("a write-back needs a finalized revision, a chart and no obstacle")
        connection_id = plan.connection.connection_id
        at = self._clock.utc_now()
        withdraw(uow, actor, plan.superseded, f"replaced by revision {revision.revision}", at)
        pms_patient_id = plan.chart.target.pms_patient_id
        writeback_id = uow.outbox.add_writeback(
            connection_id=connection_id, lab_id=revision.lab_id, revision=revision.revision,
            pms_patient_id=pms_patient_id, snapshot=plan.chart.snapshot, content_sha256=revision.content_sha256,
            finalized_at=revision.finalized_at, finalized_by=revision.finalized_by,
            created_at=at, by_hand=plan.composition.by_hand, items=plan.composition.items,
        )  # fmt: skip
        uow.audit.append(
            AuditDraft(
                AuditKind.WB_CREATED, actor.name, actor.role.value, connection_id=connection_id,
                pms_patient_id=pms_patient_id, lab_id=revision.lab_id, writeback_id=writeback_id,
                content_sha256=revision.content_sha256,
                detail={
                    "revision": revision.revision, "items": len(plan.composition.items),
                    "by_hand": len(plan.composition.by_hand),
                },
            )
        )  # fmt: skip
        return writeback_id


def _is_catalogue_missing(
    uow: UnitOfWork, revision: LabRevision, connection_id: ConnectionId, find_codes: FindCodes
) -> bool:
    """Whether no code was ever synced; the whole list is read only where none of the Lab's codes is found."""
    codes = {procedure.code for procedure in revision.content.procedures}
    return bool(codes) and not any(find_codes(code) for code in codes) and not uow.roster.catalogue(connection_id)


@dataclass(frozen=True, slots=True)
class _Earlier:
    """Earlier write-backs of the Lab over a connection. superseded: what never left and the new revision replaces."""

    here: tuple[EarlierWriteBack, ...]
    is_elsewhere: bool
    is_unsettled: bool
    superseded: tuple[Item, ...]
    before: LabContent | None


def _earlier(
    uow: UnitOfWork, revision: LabRevision, connection_id: ConnectionId, pms_patient_id: PmsPatientId
) -> _Earlier:
    here: list[EarlierWriteBack] = []
    superseded: list[Item] = []
    is_elsewhere = is_unsettled = False
    bases = [r for r in uow.labs.revisions(revision.lab_id) if r.kind is not RevisionKind.ADDENDUM]
    before = next((r.content for r in reversed(bases) if r.revision < revision.revision), None)
    for writeback in uow.outbox.writebacks_of_lab(revision.lab_id):
        if writeback.connection_id != connection_id or writeback.revision >= revision.revision:
            continue
        earlier = uow.labs.revision(revision.lab_id, writeback.revision)
        items = uow.outbox.items(writeback.writeback_id)
        kept = [item for item in items if item.state is not ItemState.VOID]
        if earlier.kind is not RevisionKind.ADDENDUM:  # an addendum stands by itself, whatever becomes of its Lab
            superseded += [item for item in kept if not may_be_in_chart(item)]
            kept = [item for item in kept if may_be_in_chart(item)]
        if writeback.pms_patient_id != pms_patient_id:
            is_elsewhere = is_elsewhere or bool(kept)
            continue
        is_unsettled = is_unsettled or any(item.state in (ItemState.INFLIGHT, ItemState.REVIEW) for item in kept)
        if kept or not items:  # given up as a whole, its lines by hand are to be told again too
            here.append(EarlierWriteBack(earlier, writeback, tuple(kept)))
    return _Earlier(tuple(here), is_elsewhere, is_unsettled, tuple(superseded), before)
