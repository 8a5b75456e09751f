"""Marker and canonical text: how our record is known again in a chart.

The marker is 16 base32 characters of SHA-256(`wb1`, organization, Lab id, revision, item seq): the same on every
workstation and after any restore, and no patient data (write-back-protocol.md section 2).
"""

import base64
import hashlib
import re
import unicodedata

from .ids import LabId

MARKER_LINE = re.compile(r"\[Denticode ref ([A-Z2-7]{16})\]")


def marker_for(organization_id: str, lab_id: LabId, revision: int, seq: int) -> str:
    """16 characters A-Z 2-7. Parts are length-prefixed so that no two lists of parts give the same bytes."""
    digest = hashlib.sha256()
    for part in ("wb1", organization_id, lab_id, str(revision), str(seq)):
        data = part.encode()
        digest.update(len(data).to_bytes(4, "big") + data)
    return base64.b32encode(digest.digest())[:16].decode()


def marker_line(marker: str) -> str:
    """The line as it stands in a chart."""
    return f"[Denticode ref {marker}]"


def with_marker(text: str, marker: str) -> str:
    """The note with the marker as its last line, after an empty one."""
    return f"{text.rstrip()}\n\n{marker_line(marker)}"


def find_markers(text: str) -> list[str]:
    """All markers in a text, in order, also where line breaks were changed."""
    return MARKER_LINE.findall(text)


def without_marker(text: str) -> str:
    """The text less any marker line."""
    return MARKER_LINE.sub("", text).rstrip()


def canonical_text(text: str) -> str:
    """One form for texts that mean the same: NFC, line ends, trailing space of lines and text, no-break space.

    What an adapter's PMS changes beyond that (entities, tags) the adapter undoes before it calls this.
    """
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ")
    return "\n".join(line.rstrip() for line in lines.split("\n")).strip("\n")


def text_sha256(text: str) -> str:
    """SHA-256 (hex) of the canonical text."""
    return hashlib.sha256(canonical_text(text).encode()).hexdigest()
