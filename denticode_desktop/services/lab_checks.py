"""What must be right before a Lab is frozen: a frozen revision never changes."""

from collections.abc import Sequence
from datetime import date, timedelta

from denticode_desktop.domain.charting import CODE_SHAPE, Procedure, procedure_faults
from denticode_desktop.domain.errors import PersonNeededError, UserError
from denticode_desktop.domain.lab import (
    MAX_DOCUMENTS,
    MAX_NOTE_CHARS,
    MAX_PROCEDURES,
    FinalizeProblem,
    LabContent,
)
from denticode_desktop.domain.people import Patient

from .compose_codes import Obstacle
from .write_back_maker import PlannedWriteBack

EARLIEST = date(1900, 1, 1)


def content_faults(content: LabContent, patient: Patient, today: date) -> list[Obstacle]:
    """What is wrong with a Lab by itself, in reading order. `today` is UTC's; the practice's may be one further."""
    faults: list[Obstacle] = []

    def add(field: str, sentence: str) -> None:
        faults.append(Obstacle(field, sentence, must_correct=True))

    born_on = patient.person.date_of_birth
    if not EARLIEST <= content.visit_on <= today + timedelta(days=1):
        add("visit_date", "The visit date must be between 1900 and today. Correct it, then finalize again.")
    if born_on is None:
        add("patient.date_of_birth", "The patient has no birth date. Add it, then finalize again.")
    elif born_on > content.visit_on:
        add("patient.date_of_birth", "The patient's birth date is later than the visit. Correct one of them.")
    if content.provider_id is None:
        add("provider", "The Lab has no provider. Choose one, then finalize again.")
    if not content.note_text.strip():
        add("note.text", "The note is empty. Write it, then finalize again.")
    faults += bound_faults(content)
    for index, procedure in enumerate(content.procedures):
        faults += line_faults(procedure, index)
    return faults


def bound_faults(content: LabContent) -> list[Obstacle]:
    """What is larger than a Lab may be."""
    sizes = (
        ("note.text", len(content.note_text), MAX_NOTE_CHARS, "The note has more than {:,} characters. Shorten it."),
        ("procedures", len(content.procedures), MAX_PROCEDURES, "The Lab has more than {} code lines. Split it."),
        ("documents", len(content.documents), MAX_DOCUMENTS, "The Lab has more than {} documents. Split it."),
    )
    faults = [
        Obstacle(field, sentence.format(limit), must_correct=True)
        for field, size, limit, sentence in sizes
        if size > limit
    ]
    if "\x00" in content.note_text:
        faults.append(Obstacle("note.text", "The note holds a NUL character. Remove it.", must_correct=True))
    return faults


def line_faults(procedure: Procedure, index: int) -> list[Obstacle]:
    """What is wrong with one line of the code table."""
    found = procedure_faults(procedure)
    if not found and not CODE_SHAPE.fullmatch(procedure.code):
        # a line break after the code passes a match that ends in `$`
        found = [("code", "The code ends in a line break.")]
    return [
        Obstacle(
            f"procedures[{index}].{field}",
            f"Line {index + 1} of the codes is wrong. {sentence} Correct it, then finalize again.",
            must_correct=True,
        )
        for field, sentence in found
    ]


def blocking(plans: Sequence[PlannedWriteBack]) -> list[Obstacle]:
    """Obstacles that must be corrected in the Lab itself, by chart.

    Where there are several PMSs, only the code lists of those count that hold the patient.
    """
    counted = [plan for plan in plans if plan.chart is not None or len(plans) == 1]
    return [o for plan in counted for o in plan.obstacles if o.must_correct]


def as_problems(obstacles: Sequence[Obstacle], *, are_dangers: bool = False) -> list[FinalizeProblem]:
    """For a preview: what must be corrected blocks, what a person settles before sending and dangers do not."""
    return [FinalizeProblem(o.field, o.sentence, o.must_correct and not are_dangers) for o in obstacles]


def raise_first(obstacles: Sequence[Obstacle]) -> None:
    """Raises the first obstacle, if any, naming how many more there are; PersonNeededError where it is a decision."""
    if not obstacles:
        return
    first, more = obstacles[0], len(obstacles) - 1
    sentence = first.sentence
    if more:
        sentence += f" There {'is 1 more problem' if more == 1 else f'are {more} more problems'} in this Lab."
    if first.needs_person:
        raise PersonNeededError(sentence, field=first.field)
    raise UserError(sentence, field=first.field)
