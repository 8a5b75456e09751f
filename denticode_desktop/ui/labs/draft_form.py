"""What a person types, as it was typed, and what becomes of it: code lines, fees, dates. No widget here."""

import re
from dataclasses import dataclass, replace
from datetime import date

from denticode_desktop.domain.charting import Procedure, ProcedureStatus, Quadrant, procedure_faults, sorted_surfaces

MAX_FEE_CENTS = 100_000_00
_FEE = re.compile(r"(?P<whole>[0-9]{1,9}|[0-9]{1,3}(?:,[0-9]{3}){1,2})(?:\.(?P<cents>[0-9]{0,2}))?")
_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_US = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
FEE_WORDS = "A fee is an amount between 0 and 100,000, such as 125.00."
DATE_WORDS = "A date is written like 2026-11-20 or 11/20/2026."


class NotReadableError(ValueError):
    """The text is no fee or no date."""


def cents_of(text: str) -> int | None:
    """`$1,234.5` -> 123450; empty -> None. Raises NotReadableError."""
    wanted = text.strip().removeprefix("$").strip()
    if not wanted:
        return None
    found = _FEE.fullmatch(wanted)
    if found is None:
        raise NotReadableError
    return int(found["whole"].replace(",", "")) * 100 + int((found["cents"] or "").ljust(2, "0"))


def money(cents: int | None) -> str:
    """123450 -> `1,234.50`; None -> empty."""
    return "" if cents is None else f"{cents // 100:,}.{cents % 100:02}"


def date_of(text: str) -> date | None:
    """`2026-11-20` or `11/20/2026`; empty -> None. Raises NotReadableError."""
    wanted = text.strip()
    if not wanted:
        return None
    try:
        if found := _ISO.fullmatch(wanted):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _US.fullmatch(wanted):
            return date(int(found[3]), int(found[1]), int(found[2]))
    except ValueError as error:
        raise NotReadableError from error
    raise NotReadableError


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One line of the code table as typed. `date` empty = the visit date; `origin`: the stored line it came from."""

    code: str = ""
    tooth: str = ""
    surfaces: str = ""
    quadrant: Quadrant | None = None
    status: ProcedureStatus = ProcedureStatus.TREATMENT_PLANNED
    fee: str = ""
    date: str = ""
    origin: Procedure | None = None

    @property
    def is_blank(self) -> bool:
        """Nothing was typed: such a line is not saved and not wrong."""
        typed = (self.code, self.tooth, self.surfaces, self.fee, self.date)
        return self.quadrant is None and not any(text.strip() for text in typed)


def line_of(procedure: Procedure) -> CodeLine:
    """A stored line as a person sees it."""
    return CodeLine(
        procedure.code, procedure.tooth or "", procedure.surfaces or "", procedure.quadrant, procedure.status,
        money(procedure.fee_cents), procedure.service_on.isoformat() if procedure.service_on else "", procedure,
    )  # fmt: skip


def tidy(line: CodeLine) -> CodeLine:
    """Letters upper case, surfaces in their order, fee and date in one form; what cannot be read stays as it is."""
    return replace(
        line,
        code=line.code.strip().upper(),
        tooth=line.tooth.strip().upper(),
        surfaces=sorted_surfaces(line.surfaces),
        fee=_tidy_fee(line.fee),
        date=_tidy_date(line.date),
    )


def _tidy_fee(text: str) -> str:
    try:
        return money(cents_of(text))
    except NotReadableError:
        return text.strip()


def _tidy_date(text: str) -> str:
    try:
        found = date_of(text)
    except NotReadableError:
        return text.strip()
    return found.isoformat() if found else ""


def procedure_of(line: CodeLine) -> Procedure:
    """The line as it is stored; one that was not touched comes back as it was. Raises NotReadableError."""
    if line.origin is not None and line == line_of(line.origin):
        return line.origin
    neat = tidy(line)
    return Procedure(
        neat.code, neat.tooth or None, neat.surfaces or None, neat.quadrant, neat.status, cents_of(neat.fee),
        date_of(neat.date),
    )  # fmt: skip


def line_faults(line: CodeLine) -> list[tuple[str, str]]:
    """(column, sentence) pairs, one a column, in the table's order; a blank line has none."""
    if line.is_blank:
        return []
    found: dict[str, str] = {}
    readable = line
    for column, read, words in (("fee", cents_of, FEE_WORDS), ("date", date_of, DATE_WORDS)):
        try:
            read(getattr(line, column))
        except NotReadableError:
            found[column] = words
            readable = replace(readable, fee="") if column == "fee" else replace(readable, date="")
    for field, sentence in procedure_faults(procedure_of(readable)):
        column = "fee" if field == "fee_cents" else field
        found.setdefault(column, FEE_WORDS if column == "fee" else sentence)
    order = ("code", "tooth", "surfaces", "quadrant", "status", "fee", "date")
    return sorted(found.items(), key=lambda pair: order.index(pair[0]))


def unreadable(line: CodeLine) -> str | None:
    """The column that cannot be stored as typed, if any: a draft may hold a wrong code, not a fee without an amount."""
    if line.is_blank:
        return None
    return next((column for column, words in line_faults(line) if words in (FEE_WORDS, DATE_WORDS)), None)


def size_words(size_bytes: int) -> str:
    """`12 kB`, `1.4 MB`."""
    if size_bytes < 1_000_000:
        return f"{max(1, round(size_bytes / 1000))} kB"
    return f"{size_bytes / 1_000_000:.1f} MB"
