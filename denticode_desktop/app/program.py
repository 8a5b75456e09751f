"""What the console is given: data folders, vendors, simulated PMSs."""

# ruff: noqa: PLC0415 - imports inside functions: what a command does not need is not loaded

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from denticode_desktop import __version__
from denticode_desktop.console.program import CreatedFolder, FolderFacts
from denticode_desktop.domain.errors import NotFoundError, UserError

if TYPE_CHECKING:
    from denticode_desktop.app.practice import Practice
    from denticode_desktop.ports.pms import PmsProfile
    from denticode_desktop.rehearsal.registry import Simulator

SHOWN_PATIENTS = 10


class RunningSimulator:
    """A simulated PMS that listens (console.program.RunningSimulator)."""

    def __init__(self, pms_key: str, simulator: "Simulator") -> None:
        self._pms_key = pms_key
        self.simulator = simulator

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:port`."""
        return self.simulator.base_url

    def type_note(self, pms_patient_id: str, text: str) -> None:
        """A person of the simulated practice types a note into a chart."""
        from denticode_desktop.rehearsal.ascend_server import AscendSimulator

        if isinstance(self.simulator, AscendSimulator):
            self.simulator.state.type_note(pms_patient_id, text)

    def describe(self) -> Mapping[str, object]:
        """What one needs to connect to it. Its credentials are the invented practice's, good for nothing else."""
        return {
            "base_url": self.simulator.base_url,
            "control_url": self.simulator.control_url,
            "pms": self._pms_key,
            "environment": "rehearsal",
            "organization_id": self.simulator.organization_id,
            "client_id": self.simulator.client_id,
            "client_secret": self.simulator.client_secret,
            **_practice_of(self.simulator),
        }


def _practice_of(simulator: "Simulator") -> dict[str, object]:
    """Where the invented practice is, and a few of its invented people to try with."""
    from denticode_desktop.rehearsal import practice_data as practice
    from denticode_desktop.rehearsal.ascend_server import AscendSimulator

    if not isinstance(simulator, AscendSimulator):
        return {}
    roster = simulator.state.roster
    rows = [roster.record(index) for index in range(min(len(roster), SHOWN_PATIENTS))]
    names = {"pms_patient_id": "id", "first_name": "firstName", "last_name": "lastName", "date_of_birth": "dateOfBirth"}
    return {
        "location_id": practice.entity_id(practice.FIRST_LOCATION_ID, 0),
        "default_provider_id": practice.entity_id(practice.FIRST_PROVIDER_ID, 0),
        "patients": [{ours: row.get(theirs) for ours, theirs in names.items()} for row in rows],
    }


class Denticode:
    """The program as the console sees it (console.program.Program)."""

    @property
    def version(self) -> str:
        """This build's."""
        return __version__

    def create(
        self, data_dir: Path | None, *, practice: str, owner: str, password: str, is_rehearsal_only: bool
    ) -> CreatedFolder:
        """A new data folder; raises as `init_data_folder`."""
        from .folders import init_data_folder

        return init_data_folder(
            data_dir, practice=practice, owner=owner, password=password, is_rehearsal_only=is_rehearsal_only
        )

    def open(self, data_dir: Path | None) -> "AbstractContextManager[Practice]":
        """An existing one; raises as `open_application`."""
        from .folders import open_application

        return open_application(data_dir)

    def folder(self, data_dir: Path | None) -> FolderFacts:
        """About the folder itself, open or not."""
        import shutil

        from denticode_desktop.config.paths import folder_at

        root = folder_at(data_dir).root
        try:
            return FolderFacts(root, shutil.disk_usage(root).free)
        except OSError:
            return FolderFacts(root, None)

    def recover(self, data_dir: Path | None, recovery_key: str) -> Path:
        """Raises as `recover_data_folder`."""
        from .folders import recover_data_folder

        return recover_data_folder(data_dir, recovery_key)

    def profiles(self) -> "Sequence[PmsProfile]":
        """Every PMS."""
        from denticode_desktop.config.system_clock import SystemClock
        from denticode_desktop.pms.registry import PmsRegistry

        return PmsRegistry(SystemClock()).profiles()

    @contextmanager
    def simulator(
        self, pms_key: str, *, port: int, patients: int, switches: Mapping[str, object]
    ) -> Iterator[RunningSimulator]:
        """A simulated PMS on loopback. Raises NotFoundError (`pms`), UserError (`port`, `switch`)."""
        from denticode_desktop.rehearsal.registry import SIMULATORS

        factory = SIMULATORS.get(pms_key)
        if factory is None:
            known = ", ".join(SIMULATORS)
            raise NotFoundError(f"There is no simulated PMS of that key. Known are: {known}.", field="pms")
        try:
            made = factory(port=port, patients=patients)
        except OSError as error:
            raise UserError(f"Port {port} is not free. Choose another one, or 0 for any.", field="port") from error
        try:
            if switches:
                getattr(made, "switches").update(switches)  # noqa: B009 - not every simulator has switches
        except (ValueError, TypeError, AttributeError) as error:
            made.stop()
            raise UserError("There is no such switch, or it takes another kind of value.", field="switch") from error
        made.start()
        try:
            yield RunningSimulator(pms_key, made)
        finally:
            made.stop()
