"""A day of the sample practice for the demo window: a Lab in every state that Today shows, for invented people."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from denticode_desktop.domain.access import Actor
from denticode_desktop.domain.ids import ConnectionId, LabId
from denticode_desktop.domain.people import PmsPatient, PmsPatientStatus

from .demo import sample_lab
from .program import Desk

TypeNote = Callable[[str, str], None]
"""(pms_patient_id, text): a person of the practice types a note into the simulated chart."""
STRANGER = {"first_name": "Pat", "last_name": "Quinn", "date_of_birth": "1988-04-05"}
"""Nobody in the simulated practice."""


@dataclass(frozen=True, slots=True)
class SampleLab:
    """One Lab of the day. is_typed: the chart holds the same note already, typed by hand."""

    note: str
    is_finalized: bool = True
    is_sent: bool = False
    is_typed: bool = False


DRAFT = SampleLab(
    "S: No complaints since the last visit.\nO: Soft tissue within normal limits.\nA: Healthy.\n"
    "P: Next visit in six months.",
    is_finalized=False,
)
GOING = SampleLab("S: Sensitive to cold, lower left.\nO: No decay seen.\nP: Varnish; look again in three months.",
                  is_sent=True)  # fmt: skip
TYPED = SampleLab("S: Chipped front tooth.\nO: Edge is smooth.\nP: Polish at the next visit.", is_sent=True,
                  is_typed=True)  # fmt: skip
UNSENT = SampleLab("S: Recall.\nO: Home care is good.\nP: See again in six months.")
UNKNOWN = SampleLab("S: New patient, first visit.\nO: Full review done.\nP: Plan is agreed.")


class SampleDay:
    """Makes the day's Labs through the services, as a scribe and the team would."""

    def __init__(
        self, desk: Desk, actor: Actor, connection_id: ConnectionId, folder: Path, today: date, type_note: TypeNote
    ) -> None:
        self._desk = desk
        self._actor = actor
        self._connection_id = connection_id
        self._folder = folder
        self._today = today
        self._type_note = type_note

    def prepare(self, names: Sequence[str]) -> list[LabId]:
        """One Lab each, newest idea last; names: last names of people in the simulated practice, at least four.

        Raises DenticodeError as the services do.
        """
        people = [self._patient(name) for name in names[:4]]
        day = zip((DRAFT, GOING, TYPED, UNSENT), people, strict=True)
        labs = [self._make(number, lab, sample_lab(who, self._today), who) for number, (lab, who) in enumerate(day)]
        stranger = sample_lab(people[0], self._today) | {"patient": STRANGER}
        return [*labs, self._make(len(labs), UNKNOWN, stranger, None)]

    def _patient(self, name: str) -> PmsPatient:
        """The first active one of that name who has a birth date: only such a chart is linked by its id."""
        hits = self._desk.people.patients(self._actor, name, connection_id=self._connection_id)
        return next(
            hit.patient
            for hit in hits
            if hit.patient.status is PmsPatientStatus.ACTIVE and hit.patient.person.date_of_birth is not None
        )

    def _make(self, number: int, lab: SampleLab, content: dict[str, object], who: PmsPatient | None) -> LabId:
        path = self._folder / f"sample-lab-{number}.json"
        told = content | {"external_id": f"sample-{number}", "note": {"text": lab.note}}
        path.write_text(json.dumps(told), encoding="utf-8")
        lab_id = self._desk.labs.import_file(self._actor, path).lab_id
        path.unlink()
        if lab.is_typed and who is not None:
            self._type_note(who.pms_patient_id, lab.note)
        if lab.is_finalized:
            self._desk.labs.finalize(self._actor, lab_id)
        if lab.is_sent:
            self._desk.outbox.send(self._actor, lab_id, self._connection_id)
        return lab_id
