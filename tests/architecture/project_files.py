"""The project's own text files, found without version control (a released archive has none)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.rules import SourceFile

PROJECT = Path(__file__).resolve().parents[2]
OUTSIDE = {"build", "dist", "htmlcov", "node_modules", "__pycache__", "pictures-out"}
HIDDEN_BUT_OURS = {".ci", ".github", ".gitignore", ".gitattributes"}


def _is_ours(folder: Path, name: str) -> bool:
    if name in OUTSIDE or name.endswith(".egg-info") or (name.startswith(".") and name not in HIDDEN_BUT_OURS):
        return False
    return not (folder / name / "pyvenv.cfg").exists()


def text_files() -> Iterator[SourceFile]:
    """Give every text file of the project; pictures and other binary files are left out."""
    for where, folders, names in os.walk(PROJECT):
        folder = Path(where)
        folders[:] = sorted(name for name in folders if _is_ours(folder, name))
        for name in sorted(name for name in names if _is_ours(folder, name)):
            content = (folder / name).read_bytes()
            if b"\0" in content:
                continue
            try:
                yield SourceFile((folder / name).relative_to(PROJECT).as_posix(), content.decode("utf-8"))
            except UnicodeDecodeError:
                continue
