"""The real window over a real rehearsal folder and simulator, offscreen; the engine is a stand-in that does nothing."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from denticode_desktop.app.practice import Practice
from denticode_desktop.app.program import Denticode
from denticode_desktop.console.demo import Demo, DemoPms, sample_lab
from denticode_desktop.domain.ids import ConnectionId, LabId
from denticode_desktop.domain.people import PmsPatient
from denticode_desktop.rehearsal.ascend_server import AscendSimulator
from denticode_desktop.ui.event_bridge import EventBridge
from denticode_desktop.ui.main_window import MainWindow
from denticode_desktop.ui.task_runner import TaskRunner
from denticode_desktop.ui.window_services import WindowServices

VISIT_ON = date(2026, 11, 20)


class IdleEngine:
    """EngineLink that remembers what it was asked."""

    is_running = True

    def __init__(self) -> None:
        self.asked: list[str] = []

    def wake(self) -> None:
        self.asked.append("wake")

    def sync_now(self, connection_id: ConnectionId, *, full: bool = False) -> None:
        self.asked.append(f"sync {connection_id}")

    def cancel_sync(self, connection_id: ConnectionId) -> None:
        self.asked.append(f"cancel {connection_id}")

    def reload(self) -> None:
        self.asked.append("reload")

    def stop(self) -> None:
        self.asked.append("stop")


class WindowWorld:
    """A window with everything behind it."""

    def __init__(self, practice: Practice, demo: Demo | None, simulator: AscendSimulator, folder: Path) -> None:
        self.practice = practice
        self.demo = demo
        self.simulator = simulator
        self.actor = practice.setup.actor(None)
        self._folder = folder
        self.engine = IdleEngine()
        self.window = MainWindow()
        self.tasks = TaskRunner(self.window)
        self.bridge = EventBridge(self.window)
        practice.listen(self.bridge.publish)
        self.services = WindowServices.of(practice, self.engine)
        self.window.attach(self.services, self.tasks, self.bridge)

    def close(self) -> None:
        self.tasks.stop()
        self.window.close()

    # -- what may have happened before -------------------------------------------------------------------------------

    def patients(self) -> list[PmsPatient]:
        """Everybody in the simulated practice, by name."""
        letters = "aeiourstlnm"
        hits = [hit for letter in letters for hit in self.practice.people.patients(self.actor, letter, limit=200)]
        found = {hit.patient.pms_patient_id: hit.patient for hit in hits}
        return sorted(found.values(), key=lambda patient: patient.person.display_name)

    def import_lab(self, patient: PmsPatient, /, **changes: object) -> LabId:
        """A Lab of that patient. `changes` replace top members of the file."""
        path = self._folder / f"lab-{patient.pms_patient_id}.json"
        path.write_text(json.dumps({**sample_lab(patient, VISIT_ON), **changes}), encoding="utf-8")
        return self.practice.labs.import_file(self.actor, path).lab_id

    def finalized_lab(self, patient: PmsPatient, /, **changes: object) -> LabId:
        """Imported and frozen."""
        lab_id = self.import_lab(patient, **changes)
        self.practice.labs.finalize(self.actor, lab_id)
        return lab_id

    def lab_of_a_stranger(self, *, first: str = "Jo", last: str = "Nobody") -> LabId:
        """A finalized Lab whose patient is in nobody's roster."""
        patient = self.patients()[0]
        person = {"first_name": first, "last_name": last, "date_of_birth": "1990-05-17"}
        return self.finalized_lab(patient, external_id=f"stranger-{first}-{last}", patient=person)

    def lab_with_look_alike(self, patient: PmsPatient) -> LabId:
        """A sent Lab whose note somebody typed into the chart by hand: the sender asks a person."""
        note = sample_lab(patient, VISIT_ON)["note"]
        assert isinstance(note, dict)
        self.simulator.state.type_note(patient_id=patient.pms_patient_id, text=note["text"])
        return self.sent_lab(patient)

    def sent_lab(self, patient: PmsPatient) -> LabId:
        """Finalized and released."""
        lab_id = self.finalized_lab(patient)
        self.practice.outbox.send(self.actor, lab_id, None)
        return lab_id

    def drain(self) -> None:
        """The sender, until nothing moves by itself."""
        with self.practice.queue_run() as running:
            running.run(timeout_s=60.0)

    def fill_today(self) -> None:
        """Something in each of Today's lists."""
        people = self.patients()
        self.sent_lab(people[1])
        self.sent_lab(people[30])
        self.lab_with_look_alike(people[34])
        self.drain()
        self.lab_of_a_stranger()
        for patient in people[8:20:4]:
            self.finalized_lab(patient)
        self.sent_lab(people[24])


@contextmanager
def window_world(folder: Path, *, is_connected: bool = True) -> Iterator[WindowWorld]:
    """A practice with one imported Lab over a connected simulator, or an empty one."""
    program = Denticode()
    with program.simulator("dentrix-ascend", port=0, patients=40, switches={}) as running:
        program.create(folder, practice="Springvale Dental", owner="Sam Lee", password="", is_rehearsal_only=True)
        simulator = running.simulator
        assert isinstance(simulator, AscendSimulator)
        with program.open(folder) as practice:
            demo = None
            if is_connected:
                pms = DemoPms(
                    running.base_url, simulator.organization_id, simulator.client_id, simulator.client_secret
                )
                demo = Demo(practice, practice.setup.actor(None), pms, folder, VISIT_ON)
                demo.connect()
                demo.sync()
                demo.import_lab()
            world = WindowWorld(practice, demo, simulator, folder)
            try:
                yield world
            finally:
                world.close()
