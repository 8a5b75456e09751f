"""Whether two records may be one person, field by field and without a score: for links by id and for side by side."""

import unicodedata
from collections.abc import Collection

from denticode_desktop.domain.people import Demographics


def plain_name(text: str) -> str:
    """Letters and digits only, no case, no accents, single blanks."""
    spread = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in spread if not unicodedata.combining(c)).casefold()
    kept = "".join(c if c.isalnum() else ("" if c in "'\u2019`." else " ") for c in plain)
    return " ".join(kept.split())


def _first_names(person: Demographics) -> set[str]:
    return {plain_name(name) for name in (person.first_name, person.preferred_name)} - {""}


def disagreements(ours: Demographics, theirs: Demographics) -> tuple[str, ...]:
    """Names of the fields that speak against it; empty when all that both sides know agrees."""
    found: list[str] = []
    if not _first_names(ours) & _first_names(theirs):
        found.append("first name")
    if not plain_name(ours.last_name) or plain_name(ours.last_name) != plain_name(theirs.last_name):
        found.append("last name")
    if ours.date_of_birth != theirs.date_of_birth:
        found.append("birth date")
    if ours.suffix and theirs.suffix and plain_name(ours.suffix) != plain_name(theirs.suffix):
        found.append("suffix")
    if ours.sex is not None and theirs.sex is not None and ours.sex is not theirs.sex:
        found.append("sex")
    if ours.chart_number and theirs.chart_number and ours.chart_number != theirs.chart_number:
        found.append("chart number")
    return tuple(found)


def is_other_person(differs: Collection[str]) -> bool:
    """Whether so much differs that a person should be asked twice: a name and the birth date."""
    return "birth date" in differs and bool({"first name", "last name"} & set(differs))


def closeness(ours: Demographics, theirs: Demographics) -> int:
    """A plain count for putting candidates in order; never a reason to link. 0 = nothing in common."""
    agreed = 0
    if ours.date_of_birth is not None and ours.date_of_birth == theirs.date_of_birth:
        agreed += 4
    if plain_name(ours.last_name) and plain_name(ours.last_name) == plain_name(theirs.last_name):
        agreed += 3
    if _first_names(ours) & _first_names(theirs):
        agreed += 3
    if ours.chart_number and ours.chart_number == theirs.chart_number:
        agreed += 4
    digits = "".join(c for c in ours.phone if c.isdigit())[-10:]
    if digits and digits == "".join(c for c in theirs.phone if c.isdigit())[-10:]:
        agreed += 2
    return agreed
