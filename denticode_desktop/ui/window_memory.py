"""What the window remembers between starts on this computer: light or dark, and its size. No names."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from denticode_desktop.ui.theme import Look


class WindowMemory:
    """`window.ini` in the data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._file = QSettings(str(data_dir / "window.ini"), QSettings.Format.IniFormat)

    @property
    def look(self) -> Look:
        """System where nothing, or nonsense, is stored."""
        stored = str(self._file.value("look", Look.SYSTEM.value))
        return Look(stored) if stored in set(Look) else Look.SYSTEM

    def keep_look(self, look: Look) -> None:
        """For the next start."""
        self._file.setValue("look", look.value)

    @property
    def geometry(self) -> QByteArray:
        """Empty where nothing is stored."""
        stored = self._file.value("geometry")
        return stored if isinstance(stored, QByteArray) else QByteArray()

    def keep_geometry(self, geometry: QByteArray) -> None:
        """For the next start."""
        self._file.setValue("geometry", geometry)
