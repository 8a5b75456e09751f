"""One Lab as the page shows it: read in one go off the UI thread, compared before anything is painted anew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from denticode_desktop.domain.access import Action
from denticode_desktop.domain.connection import Connection, HoldReason
from denticode_desktop.domain.ids import ConnectionId, LabId, PmsProviderId, WriteBackId
from denticode_desktop.domain.lab import FinalizeProblem
from denticode_desktop.domain.people import PmsProvider
from denticode_desktop.domain.write_back import ItemState
from denticode_desktop.services.lab_views import LabView, WriteBackView
from denticode_desktop.services.people_search import ProviderRow
from denticode_desktop.services.person_compare import plain_name
from denticode_desktop.services.status_board import ConnectionCard
from denticode_desktop.ui.operations import may
from denticode_desktop.ui.window_services import WindowServices
from denticode_desktop.ui.words import say_sentence, tr

from .send import why_not_now


class Settle(StrEnum):
    """What the one button of an obstacle does; the values are source texts, empty = no button."""

    NOTHING = ""
    CHOOSE_PATIENT = "Choose patient \u2026"
    PROVIDER = "Link provider \u2026"
    INTEGRATIONS = "Open PMS Integrations"
    SYNC = "Sync Now"
    TEST = "Test Connection"
    RECONNECT = "Reconnect \u2026"
    RESUME = "Resume"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What keeps a Lab out of a chart, and how it is settled. `kind` as for a notice."""

    sentence: str
    settle: Settle
    kind: str
    connection_id: ConnectionId | None = None
    writeback_id: WriteBackId | None = None


@dataclass(frozen=True, slots=True)
class LabPicture:
    """A Lab with the state of its connections. providers: who a write-back names in the chart, in words."""

    view: LabView
    cards: tuple[ConnectionCard, ...]
    providers: Mapping[WriteBackId, str]
    obstacles: tuple[Obstacle, ...]

    def __repr__(self) -> str:
        return f"LabPicture({self.view.lab_id})"


def read_picture(services: WindowServices, lab_id: LabId, *, is_refresh: bool) -> LabPicture:
    """Raises NotAllowedError, NotFoundError, StorageError."""
    view = services.labs.show(services.actor, lab_id, is_refresh=is_refresh)
    cards = tuple(services.board.connection_cards())
    return LabPicture(view, cards, _providers(services, view, cards), tuple(_obstacles(services, view, cards)))


# -- who is named in the chart ----------------------------------------------------------------------------------------


def _providers(services: WindowServices, view: LabView, cards: Sequence[ConnectionCard]) -> dict[WriteBackId, str]:
    connections = {card.connection.connection_id: card.connection for card in cards}
    people: dict[ConnectionId, tuple[list[ProviderRow], Sequence[PmsProvider]]] = {}
    found: dict[WriteBackId, str] = {}
    for write_back in (w for revision in view.revisions for w in revision.write_backs):
        connection = connections.get(write_back.writeback.connection_id)
        if connection is None or not write_back.items:
            continue
        if connection.connection_id not in people:
            people[connection.connection_id] = services.people.providers(services.actor, connection.connection_id)
        rows, theirs = people[connection.connection_id]
        named = write_back.items[0].item.payload.pms_provider_id
        words = next((p.display_name for p in theirs if p.pms_provider_id == named), "") or str(named)
        is_default = _is_default(view.provider_name, named, connection, rows, theirs)
        found[write_back.writeback.writeback_id] = tr("{name} (default)").format(name=words) if is_default else words
    return found


def _is_default(
    ours: str, named: PmsProviderId, connection: Connection, rows: Sequence[ProviderRow], theirs: Sequence[PmsProvider]
) -> bool:
    """Whether only the connection's setting led to that provider: no link, no NPI, no name."""
    if named != connection.settings.default_provider_id:
        return False
    found = next((p for p in theirs if p.pms_provider_id == named), None)
    for row in rows:
        if row.provider.name != ours:
            continue
        if row.link is not None and row.link.pms_provider_id == named:
            return False
        if found is not None and row.provider.npi and row.provider.npi == found.npi:
            return False
    if found is None:
        return True
    plain = plain_name(ours.replace(",", " "))
    first, last = plain_name(found.first_name), plain_name(found.last_name)
    return plain not in (f"{last} {first}", f"{first} {last}")


# -- what stands in the way -------------------------------------------------------------------------------------------


def _obstacles(services: WindowServices, view: LabView, cards: Sequence[ConnectionCard]) -> list[Obstacle]:
    if view.revisions[-1].finalized_at is None:
        return []  # the editor and the preview say it
    if not any(card.connection.is_enabled for card in cards):
        words = tr("No PMS is connected. The Lab is kept and can be sent when there is one.")
        return [Obstacle(words, Settle.INTEGRATIONS, "warn")]
    found = [_of_problem(services, view, problem) for problem in view.problems]
    found += _troubles(view, cards)
    return [*found, *_pauses(services, view)]


def _of_problem(services: WindowServices, view: LabView, problem: FinalizeProblem) -> Obstacle:
    """A problem names its connection in its sentence only: the open link first, else the one that is named."""
    open_links = [link for link in view.links if link.pms_patient_id is None]
    named = [link for link in view.links if link.connection_name in problem.sentence]
    both = [link for link in named if link in open_links]
    link = next(iter([*both, *named, *open_links, *view.links]), None)
    connection_id = link.connection_id if link else None
    settle = Settle.NOTHING
    if problem.field == "patient":
        settle = Settle.CHOOSE_PATIENT if may(services.actor, Action.LINK_PEOPLE) else Settle.NOTHING
    elif problem.field == "provider":
        settle = Settle.PROVIDER
    elif problem.field in ("location", "connection"):
        settle = Settle.INTEGRATIONS
    elif problem.field.startswith("procedures"):
        settle = Settle.SYNC if "Sync Now" in problem.sentence else Settle.NOTHING  # a service's English
    was_sent = any(w.writeback.requested_at for revision in view.revisions for w in revision.write_backs)
    return Obstacle(problem.sentence, settle, "info" if was_sent else "warn", connection_id)


def _troubles(view: LabView, cards: Sequence[ConnectionCard]) -> list[Obstacle]:
    """Connections that this Lab waits for and that wait for a person."""
    waiting = {w.writeback.connection_id for r in view.revisions for w in r.write_backs if _is_open(w)}
    found = []
    for card in cards:
        stop = why_not_now(card.connection)
        if stop is None or stop.is_by_itself or card.connection.connection_id not in waiting:
            continue
        hold = card.connection.hold
        settle = Settle.TEST
        if hold in (HoldReason.SIGN_IN, HoldReason.DISCONNECTED):
            settle = Settle.RECONNECT
        elif hold in (HoldReason.PAUSED, HoldReason.WRONG_ROSTER):
            settle = Settle.INTEGRATIONS
        words = tr("{connection}: {why} {next_step}").format(
            connection=card.connection.settings.name, why=say_sentence(stop.why),
            next_step=say_sentence(stop.next_step) if stop.next_step else "",
        )  # fmt: skip
        found.append(Obstacle(words, settle, "bad", card.connection.connection_id))
    return found


def _pauses(services: WindowServices, view: LabView) -> list[Obstacle]:
    """Write-backs that a person stopped, and those that stopped because the patient was unlinked."""
    charts = {link.connection_id: link.pms_patient_id for link in view.links}
    found = []
    for write_back in (w for revision in view.revisions for w in revision.write_backs):
        made = write_back.writeback
        if not made.is_paused or not _is_open(write_back):
            continue
        chart = charts.get(made.connection_id)
        if chart == made.pms_patient_id:
            settle = Settle.RESUME if may(services.actor, Action.PAUSE_SENDING) else Settle.NOTHING
            words = tr("{connection}: sending of this Lab is paused.").format(connection=write_back.connection_name)
            found.append(Obstacle(words, settle, "warn", made.connection_id, made.writeback_id))
        elif chart is None:
            settle = Settle.CHOOSE_PATIENT if may(services.actor, Action.LINK_PEOPLE) else Settle.NOTHING
            words = tr("{connection}: sending stopped because the patient was unlinked. Choose the patient.")
            found.append(
                Obstacle(words.format(connection=write_back.connection_name), settle, "bad", made.connection_id)
            )
        else:
            words = tr("{connection}: the patient was matched with another chart since. Press Send Lab to PMS again.")
            words = words.format(connection=write_back.connection_name)
            found.append(Obstacle(words, Settle.NOTHING, "warn", made.connection_id))
    return found


def _is_open(write_back: WriteBackView) -> bool:
    return any(view.item.state in (ItemState.PLANNED, ItemState.INFLIGHT) for view in write_back.items)
