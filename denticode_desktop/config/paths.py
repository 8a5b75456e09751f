"""Where things live: the data folder and the names in it."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

APP_NAME = "Denticode Desktop"
DEMO_NAME = "Denticode Desktop Demo"


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The files of one practice on this computer."""

    root: Path

    @property
    def database(self) -> Path:
        """The encrypted database."""
        return self.root / "denticode.db"

    @property
    def identity(self) -> Path:
        """Which database this is and whether it is rehearsal-only; no secret."""
        return self.root / "folder.json"

    @property
    def recovery(self) -> Path:
        """The database key, sealed for the recovery key."""
        return self.root / "recovery.json"

    @property
    def settings(self) -> Path:
        """This computer's own settings."""
        return self.root / "settings.json"

    @property
    def engine_lock(self) -> Path:
        """Held by the one program that sends."""
        return self.root / "engine.lock"

    @property
    def logs(self) -> Path:
        """Log files, without patient data."""
        return self.root / "logs"


def default_data_folder() -> DataFolder:
    """Per user and local: a roaming profile would carry the database away from its key."""
    return DataFolder(_user_data_path(APP_NAME))


def folder_at(data_dir: Path | None) -> DataFolder:
    """The named data folder, or this user's own."""
    return default_data_folder() if data_dir is None else DataFolder(data_dir.absolute())


def demo_data_folder() -> DataFolder:
    """The rehearsal folder that the window's demo keeps between starts."""
    return DataFolder(_user_data_path(DEMO_NAME))


def _user_data_path(name: str) -> Path:
    import platformdirs  # noqa: PLC0415 - not for a folder that is named

    return platformdirs.user_data_path(name, appauthor=False, roaming=False)


def resources_folder() -> Path:
    """Icons, style sheets, vendor facts: beside the program when frozen, in the project otherwise."""
    frozen = getattr(sys, "_MEIPASS", None)
    return Path(frozen if frozen else Path(__file__).parents[2]) / "resources"


def workstation_name() -> str:
    """This computer's name, for the audit log; at most 64 plain characters."""
    name = os.environ.get("COMPUTERNAME") or _host_name()
    return "".join(c for c in name if c.isprintable())[:64] or "unnamed"


def _host_name() -> str:
    if sys.platform == "win32":
        import socket  # noqa: PLC0415 - 4 ms that nobody else waits for

        return socket.gethostname()
    return os.uname().nodename
