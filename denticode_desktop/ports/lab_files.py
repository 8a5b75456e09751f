"""LabFileReader: a file some scribe dropped -> a whole, bounded LabImport or one sentence."""

from pathlib import Path
from typing import Protocol

from denticode_desktop.domain.lab_import import LabImport


class LabFileReader(Protocol):
    """Reads one format (`denticode.lab/1`; FHIR bundles later)."""

    def read(self, path: Path) -> LabImport:
        """The Lab in the file with its documents' bytes.

        Raises UserError whose `field` is the path in the file (`procedures[0].code`): unknown schema, unknown or
        missing field, wrong type, absurd size, a document outside the file's folder, not a PDF. Nothing is kept.
        """
        ...
