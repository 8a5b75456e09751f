"""What a person can do, a function an action: services are called in the right order, off the UI thread.

Each raises DenticodeError as its services do, and returns what the page shows of it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from denticode_desktop.domain.chart_match import ChartRecord
from denticode_desktop.domain.connection import ConnectionReport
from denticode_desktop.domain.errors import DenticodeError, UserError
from denticode_desktop.domain.ids import ConnectionId, ItemId, LabId, PmsPatientId, RemoteId
from denticode_desktop.domain.people import Patient
from denticode_desktop.domain.write_back import DecisionRequest, ItemState, RequestKind
from denticode_desktop.ports.views import ItemView
from denticode_desktop.services.outbox import shown_records
from denticode_desktop.services.person_compare import disagreements
from denticode_desktop.ui.messages import words_of
from denticode_desktop.ui.rights import may as may  # noqa: PLC0414 - pages ask for it here
from denticode_desktop.ui.task_runner import Task
from denticode_desktop.ui.window_services import WindowServices
from denticode_desktop.ui.words import tr

QUEUE_LIMIT = 10_000
HITS = 30


@dataclass(frozen=True, slots=True)
class ToSend:
    """A finalized Lab that was not sent yet; `words` name patient and visit, for the screen."""

    lab_id: LabId
    connection_id: ConnectionId | None
    words: str


@dataclass(frozen=True, slots=True)
class Sent:
    """How many Labs were released, and a sentence for each that was not."""

    count: int
    refused: tuple[str, ...]


def send_labs(services: WindowServices, labs: Sequence[ToSend], task: Task) -> Sent:
    """Releases one after the other; a Lab that cannot go does not stop the others. Cancel stops before the next."""
    refused: list[str] = []
    count = 0
    for number, lab in enumerate(labs):
        if task.is_cancelled:
            break
        task.tell(number)
        try:
            services.outbox.send(services.actor, lab.lab_id, lab.connection_id)
            count += 1
        except DenticodeError as error:
            refused.append(f"{lab.words}: {words_of(error)}")
    return Sent(count, tuple(refused))


def resume_item(services: WindowServices, item_id: ItemId) -> None:
    """Ends the pause of the write-back that an entry belongs to."""
    views = services.outbox.queue({ItemState.PLANNED, ItemState.INFLIGHT, ItemState.REVIEW}, limit=QUEUE_LIMIT)
    view = next((v for v in views if v.item.item_id == item_id), None)
    if view is not None:
        services.outbox.resume(services.actor, view.item.writeback_id)


def test_connection(services: WindowServices, connection_id: ConnectionId) -> ConnectionReport:
    """Tests it now, over the network; the engine reads the connections again."""
    report = services.connect.test(services.actor, connection_id, lambda _check: None)
    services.engine.reload()
    return report


# -- who is the patient -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chart:
    """A patient of the PMS beside ours; `differs`: names of the fields that do not agree. Screen only."""

    pms_patient_id: PmsPatientId
    name: str
    date_of_birth: date | None
    chart_number: str
    phone: str
    differs: tuple[str, ...]
    is_taken: bool = False

    def __repr__(self) -> str:
        return f"Chart({self.pms_patient_id})"


@dataclass(frozen=True, slots=True)
class MatchCase:
    """Whom to choose for a Lab. `connection_id` None: the patient is matched everywhere already."""

    lab_id: LabId
    patient: Patient
    connection_id: ConnectionId | None
    connection_name: str
    charts: tuple[Chart, ...]

    def __repr__(self) -> str:
        return f"MatchCase({self.lab_id})"


def read_match(services: WindowServices, lab_id: LabId, connection_id: ConnectionId | None) -> MatchCase:
    """The Lab's patient and who it could be, over that connection or the first where nobody was chosen yet."""
    view = services.labs.show(services.actor, lab_id, is_refresh=True)
    open_links = [link for link in view.links if link.pms_patient_id is None]
    if connection_id is not None:
        open_links = [link for link in view.links if link.connection_id == connection_id]
    if not open_links:
        return MatchCase(lab_id, view.patient, None, "", ())
    link = open_links[0]
    found = services.linking.candidates(link.connection_id, view.patient.patient_id)
    charts = tuple(
        Chart(c.pms_patient_id, c.name, c.date_of_birth, c.chart_number, c.phone, c.differs, c.is_taken) for c in found
    )
    return MatchCase(lab_id, view.patient, link.connection_id, link.connection_name, charts)


def search_charts(services: WindowServices, case: MatchCase, text: str) -> tuple[Chart, ...]:
    """The PMS's patients by name, birth date, chart number or phone."""
    hits = services.people.patients(services.actor, text, connection_id=case.connection_id, limit=HITS)
    return tuple(
        Chart(
            hit.patient.pms_patient_id, hit.patient.person.display_name, hit.patient.person.date_of_birth,
            hit.patient.person.chart_number, hit.patient.person.phone,
            disagreements(case.patient.person, hit.patient.person),
        )
        for hit in hits
    )  # fmt: skip


def choose_chart(services: WindowServices, case: MatchCase, chosen: PmsPatientId, *, send_now: bool) -> str:
    """Links the patient and, where the person said so, releases the Lab. One sentence."""
    if case.connection_id is None:
        raise UserError(tr("No PMS is connected. Add a connection in PMS Integrations."), field="connection")
    services.linking.choose(services.actor, case.connection_id, case.patient.patient_id, chosen)
    if not send_now:
        return tr("The patient is matched. Press Send when the Lab should go.")
    services.outbox.send(services.actor, case.lab_id, case.connection_id)
    return tr("The patient is matched and the Lab is queued. It goes by itself.")


# -- an item in REVIEW ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Decision:
    """An item that needs a person. looked_at: what the sender took for look-alikes. pms_words: the PMS's own."""

    view: ItemView
    looked_at: frozenset[RemoteId]
    pms_words: str

    def __repr__(self) -> str:
        return f"Decision({self.view.item.item_id})"


def read_decision(services: WindowServices, item_id: ItemId) -> Decision:
    """The item as it is now. Raises UserError where it needs nobody any more."""
    view = services.outbox.in_review(services.actor, item_id)
    if view is None:
        raise UserError(tr("This entry was settled in the meantime. Nothing needs to be decided."), field="item")
    return Decision(view, shown_records(view.item), _pms_words(view.item.review_detail))


def read_records(services: WindowServices, decision: Decision) -> tuple[ChartRecord, ...]:
    """All records of that kind in the chart, now, over the network; those that look like ours come first."""
    item = decision.view.item
    records = services.read_chart(item.connection_id, item.pms_patient_id, item.kind).records
    return tuple(sorted(records, key=lambda r: (r.remote_id not in decision.looked_at, r.remote_id)))


def decide(
    services: WindowServices, item_id: ItemId, kind: RequestKind, reason: str, remote_id: RemoteId | None
) -> DecisionRequest:
    """A durable request; the sender carries it out when the protocol allows."""
    return services.outbox.decide(services.actor, item_id, kind, reason, remote_id=remote_id)


def _pms_words(review_detail: str) -> str:
    try:
        detail = json.loads(review_detail or "{}")
    except ValueError:
        return ""
    return str(detail.get("words", "")) if isinstance(detail, dict) else ""
