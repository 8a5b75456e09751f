"""From a Lab's code to one row of the practice's own code list, or to the sentence why not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from denticode_desktop.domain.charting import CatalogueCode, Procedure

FindCodes = Callable[[str], Sequence[CatalogueCode]]
"""The rows of a code, compared without case (ports: RosterRepository.catalogue)."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why nothing can be written to a chart yet. `field` is the path in the Lab, `sentence` whole with the next step.

    needs_person: a decision, not a correction. must_correct: the Lab itself is wrong, so it must not be frozen.
    """

    field: str
    sentence: str
    needs_person: bool = False
    must_correct: bool = False


def pick_code(code: str, field: str, find_codes: FindCodes, connection_name: str) -> CatalogueCode | Obstacle:
    """The one active row of a code, the row without an extension preferred."""
    rows = _rows_of(code, find_codes)
    active = [row for row in rows if row.is_active]
    if not active:
        has = "lists the code {} as inactive only" if rows else "has no code {}"
        return Obstacle(
            field,
            f"The practice's code list in {connection_name} {has.format(code)}. Correct the code or Sync Now.",
            must_correct=True,
        )
    fit = [row for row in active if not row.extension] or active
    if len(fit) == 1:
        return fit[0]
    extensions = sorted({row.extension for row in fit if row.extension})
    next_step = (
        f"Write the code with its extension, such as {code}.{extensions[0]}."
        if extensions
        else "Make all but one of them inactive in the PMS, then Sync Now."
    )
    return Obstacle(
        field,
        f"The practice's code list in {connection_name} has {len(fit)} entries for {code}. {next_step}",
        needs_person=True,
        must_correct=True,
    )


def code_obstacles(procedures: Sequence[Procedure], find_codes: FindCodes, connection_name: str) -> list[Obstacle]:
    """Every line whose code is not one active row of the practice's list."""
    picked = [
        pick_code(procedure.code, f"procedures[{index}].code", find_codes, connection_name)
        for index, procedure in enumerate(procedures)
    ]
    return [found for found in picked if isinstance(found, Obstacle)]


def _rows_of(code: str, find_codes: FindCodes) -> list[CatalogueCode]:
    rows = list(find_codes(code))
    base, dot, extension = code.partition(".")
    if rows or not dot:
        return rows
    return [row for row in find_codes(base) if row.extension.casefold() == extension.casefold()]
