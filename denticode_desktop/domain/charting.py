"""What goes into a chart: codes, teeth, surfaces, notes, procedures.

Tooth numbers are Universal: 1-32 and A-T, with 51-82 and AS-TS for supernumerary teeth. No CDT code and no descriptor
is known to the program (they are licensed): only the shape of a code, and the practice's own catalogue from its PMS.
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from .ids import PmsCodeId

CODE_SHAPE = re.compile(r"[A-Z][0-9]{4}(?:\.[A-Z0-9]{1,4})?")
"""A letter and four digits (CDT: D; made-up ones: T), with an office's own extension."""

TEETH = frozenset(
    [str(n) for n in range(1, 33)]
    + [str(n) for n in range(51, 83)]
    + [chr(c) for c in range(ord("A"), ord("T") + 1)]
    + [f"{chr(c)}S" for c in range(ord("A"), ord("T") + 1)]
)
SURFACES = "MODBLFI"


class Quadrant(StrEnum):
    """Part of the mouth, for codes that are not about one tooth."""

    UPPER_RIGHT = "UR"
    UPPER_LEFT = "UL"
    LOWER_LEFT = "LL"
    LOWER_RIGHT = "LR"


class ProcedureStatus(StrEnum):
    """Planned or done. `completed` posts to the ledger in some PMSs: an explicit setting per connection."""

    TREATMENT_PLANNED = "treatment_planned"
    COMPLETED = "completed"


class TreatmentArea(StrEnum):
    """Where a catalogue code is charted; OTHER for a word that we do not know."""

    MOUTH = "mouth"
    TOOTH = "tooth"
    SURFACE = "surface"
    QUADRANT = "quadrant"
    ARCH = "arch"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class CatalogueCode:
    """One row of the practice's own code list in the PMS."""

    code_id: PmsCodeId
    code: str
    description: str
    is_active: bool = True
    extension: str = ""
    treatment_area: TreatmentArea = TreatmentArea.OTHER
    fee_cents: int | None = None
    version: str = ""


@dataclass(frozen=True, slots=True)
class Procedure:
    """One line of a Lab's code table."""

    code: str
    tooth: str | None = None
    surfaces: str | None = None
    quadrant: Quadrant | None = None
    status: ProcedureStatus = ProcedureStatus.TREATMENT_PLANNED
    fee_cents: int | None = None
    service_on: date | None = None
    """None = the Lab's visit date."""


def sorted_surfaces(text: str) -> str:
    """The surfaces once each, in the order M O D B L F I: `dOm` -> `MOD`. Unknown letters are kept at the end."""
    letters = [c for c in dict.fromkeys(text.upper()) if not c.isspace()]
    known = [c for c in SURFACES if c in letters]
    return "".join(known + [c for c in letters if c not in SURFACES])


def procedure_faults(procedure: Procedure) -> list[tuple[str, str]]:
    """What is wrong with a line by itself, as (field, sentence) pairs; empty when nothing is."""
    faults: list[tuple[str, str]] = []
    if not CODE_SHAPE.fullmatch(procedure.code):
        faults.append(("code", "A code is a letter and four digits, such as T0101."))
    if procedure.tooth is not None and procedure.tooth not in TEETH:
        faults.append(("tooth", "A tooth is 1 to 32 or A to T (51 to 82 or AS to TS for an extra tooth)."))
    if procedure.surfaces is not None and (not procedure.surfaces or set(procedure.surfaces) - set(SURFACES)):
        faults.append(("surfaces", "Surfaces are letters of M O D B L F I, such as MO."))
    if procedure.surfaces and procedure.tooth is None:
        faults.append(("tooth", "Surfaces need a tooth."))
    if procedure.fee_cents is not None and not 0 <= procedure.fee_cents <= 100_000_00:
        faults.append(("fee_cents", "A fee is between 0 and 10,000,000 cents."))
    return faults
