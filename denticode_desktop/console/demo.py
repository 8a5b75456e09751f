"""The demo in the terminal: the main job step by step, ending with the note as the chart gives it back."""

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from denticode_desktop.domain.access import Actor
from denticode_desktop.domain.connection import Environment, Light
from denticode_desktop.domain.errors import PersonNeededError
from denticode_desktop.domain.ids import ConnectionId, LabId, PmsKey, PmsPatientId
from denticode_desktop.domain.people import PmsPatient
from denticode_desktop.domain.write_back import ItemKind, ItemState
from denticode_desktop.ports.pms import ConnectionSecrets
from denticode_desktop.services.connection_rules import NewConnection

from .output import say
from .program import Desk
from .steps import Step, run_steps

NAME = "Springvale - Dentrix Ascend (rehearsal)"
SETTLE_S = 1
NOTE = (
    "S: No complaints since the last visit.\nO: Soft tissue within normal limits.\n"
    "A: Healthy.\nP: Next visit in six months."
)


@dataclass(frozen=True, slots=True)
class DemoPms:
    """What the demo needs to know of the simulated PMS. `host` leads to this computer only."""

    host: str
    organization_id: str
    client_id: str
    client_secret: str = field(repr=False)
    pms_key: str = "dentrix-ascend"


class Demo:
    """The main job, one method a step; each returns one sentence. Steps raise DenticodeError."""

    def __init__(self, desk: Desk, actor: Actor, pms: DemoPms, folder: Path, today: date) -> None:
        self._desk = desk
        self._actor = actor
        self._pms = pms
        self._folder = folder
        self._today = today
        self._connection_id = ConnectionId(0)
        self._patient: PmsPatient | None = None
        self._lab_id = LabId("")

    @property
    def connection_id(self) -> ConnectionId:
        """Of the connection that `connect` stored."""
        return self._connection_id

    def steps(self) -> list[Step]:
        """All steps in order."""
        return [
            ("Connect the PMS", self.connect),
            ("Sync", self.sync),
            ("Import a Lab", self.import_lab),
            ("Finalize", self.finalize),
            ("Send Lab to PMS", self.send),
            ("Read the note back from the chart", self.read_back),
            ("Verify the audit log", self.verify),
        ]

    def connect(self) -> str:
        """Tests and stores the connection."""
        new = NewConnection(
            name=NAME, pms_key=PmsKey(self._pms.pms_key), environment=Environment.REHEARSAL, host=self._pms.host,
            organization_id=self._pms.organization_id, client_id=self._pms.client_id, settle_s=SETTLE_S,
        )  # fmt: skip
        secrets = ConnectionSecrets({"client_secret": self._pms.client_secret})
        result = self._desk.connect.add(self._actor, new, secrets, lambda check: None)
        if result.connection_id is None:
            raise PersonNeededError(result.report.sentence)
        self._connection_id = result.connection_id
        words = {Light.GREEN: "green, ready", Light.YELLOW: "yellow, limited", Light.FAILED: "failed"}
        return f"{words[result.report.light]}. {result.report.sentence}"

    def sync(self) -> str:
        """Pulls everything and takes the first location."""
        report = self._desk.sync.run(self._actor, self._connection_id, full=False, is_cancelled=lambda: False)
        first = self._desk.locations(self._connection_id)[0]
        self._desk.connect.choose_location(self._actor, self._connection_id, first.pms_location_id)
        counts = ", ".join(f"{c.seen} {kind.value}" for kind, c in report.kinds.items())
        return f"{counts} in {report.duration_s:.1f} s. Location: {first.name}."

    def import_lab(self) -> str:
        """Writes a sample Lab file for a patient of the simulated practice and imports it."""
        patient = self._desk.people.patients(self._actor, "Ruiz", connection_id=self._connection_id)[0].patient
        self._patient = patient
        path = self._folder / "sample-lab.json"
        path.write_text(json.dumps(sample_lab(patient, self._today)), encoding="utf-8")
        result = self._desk.labs.import_file(self._actor, path)
        self._lab_id = result.lab_id
        return f"Lab {result.lab_id} for {patient.person.display_name} (an invented person) is {result.status}."

    def finalize(self) -> str:
        """Freezes the Lab."""
        result = self._desk.labs.finalize(self._actor, self._lab_id)
        return f"revision {result.revision.revision} is frozen and cannot be changed any more."

    def send(self) -> str:
        """Sends and waits until each item is proven."""
        sent = self._desk.outbox.send(self._actor, self._lab_id, self._connection_id)
        with self._desk.queue_run() as running:
            running.run(timeout_s=60.0)
        items = self._desk.items_of([sent.writeback_id])
        if any(view.item.state is not ItemState.DONE for view in items):
            raise PersonNeededError("An item is not in the chart yet. Run `denticode queue list`.")
        return "; ".join(f"{v.item.kind.value} is in the chart as {v.item.remote_id}" for v in items)

    def read_back(self) -> str:
        """The note as the chart holds it now."""
        patient_id = self._patient.pms_patient_id if self._patient else PmsPatientId("")
        look = self._desk.read_back(self._actor, self._connection_id, patient_id, ItemKind.NOTE)
        text = "\n\n".join(record.text for record in look.records)
        indented = "\n".join(f"        | {line}" for line in text.splitlines())
        return f"{len(look.records)} note\n{indented}"

    def verify(self) -> str:
        """The chain of everything that happened."""
        result = self._desk.audit.verify(self._actor)
        return f"{result.events} events, {'whole' if result.ok else 'NOT whole'}."


def run_demo(desk: Desk, actor: Actor, pms: DemoPms, folder: Path, today: date) -> int:
    """Runs the demo; 0 when every step worked."""
    say("Denticode Desktop demo. REHEARSAL: a simulated PMS on this computer, invented people, nothing real.\n")
    code = run_steps(Demo(desk, actor, pms, folder, today).steps(), stops_at_failure=True)
    if code == 0:
        say("\nThe Lab is in the chart exactly once, and that is proven by reading it back.")
    return code


def sample_lab(patient: PmsPatient, visit_on: date) -> dict[str, object]:
    """A `denticode.lab/1` file as a scribe would drop it."""
    person = patient.person
    return {
        "schema": "denticode.lab/1",
        "external_id": f"demo-{patient.pms_patient_id}",
        "visit_date": visit_on.isoformat(),
        "patient": {
            "pms_patient_id": patient.pms_patient_id,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "date_of_birth": person.date_of_birth.isoformat() if person.date_of_birth else None,
        },
        "provider": {"npi": "1000000101", "name": "Lee, Sam"},
        "note": {"text": NOTE},
        "procedures": [{"code": "T0101", "status": "treatment_planned"}],
        "documents": [],
    }
