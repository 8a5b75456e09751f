"""Finds style sheet and icons: beside the package (checkout, wheel) or where a frozen program unpacks its data."""

import sys
from pathlib import Path

from denticode_desktop.domain.errors import BugError


def resource_file(*parts: str) -> Path:
    """A file under `resources`. Raises BugError where the installation lacks it."""
    bases = [Path(__file__).resolve().parents[2]]
    unpacked = getattr(sys, "_MEIPASS", None)
    if unpacked:
        bases.insert(0, Path(unpacked))
    for base in bases:
        path = base.joinpath("resources", *parts)
        if path.is_file():
            return path
    raise BugError(f"resources/{'/'.join(parts)} is missing from this installation")
