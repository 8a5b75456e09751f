"""Built-in note templates. A template is words with placeholders that are filled when a person chooses it."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class NoteTemplate:
    """`name` is what a person chooses; `text` may hold {patient_first_name}, {visit_date} and {provider}."""

    name: str
    text: str


TEMPLATES = (
    NoteTemplate(
        "SOAP",
        "Visit of {visit_date}, {provider}\n\nS: {patient_first_name} reports \nO: \nA: \nP: ",
    ),
    NoteTemplate(
        "Recall",
        "Recall of {visit_date}, {provider}\n\nHealth history: no change reported.\nSoft tissue: \nGums: \n"
        "Findings: \nHome care discussed with {patient_first_name}: \nNext visit: ",
    ),
    NoteTemplate(
        "Filling",
        "Filling on {visit_date}, {provider}\n\nTooth and surfaces: \nNumbing: \nMaterial and shade: \n"
        "Bite checked: \nAdvice given to {patient_first_name}: ",
    ),
    NoteTemplate(
        "Urgent visit",
        "Urgent visit on {visit_date}, {provider}\n\n{patient_first_name} came with: \nSince: \nFindings: \n"
        "Tests: \nDone today: \nPlan: ",
    ),
    NoteTemplate("Phone call", "Call with {patient_first_name} on {visit_date}, {provider}\n\nAsked: \nAdvised: "),
)
DATE_FORM = "%m/%d/%Y"


def fill_template(template: NoteTemplate, *, patient_first_name: str, visit_on: date, provider_name: str) -> str:
    """The template's words for one visit. Braces in a name stay as they are: nothing is filled twice."""
    values = {
        "{patient_first_name}": patient_first_name,
        "{visit_date}": visit_on.strftime(DATE_FORM),
        "{provider}": provider_name,
    }
    parts: list[str] = []
    rest = template.text
    while rest:
        found = [(rest.find(name), name) for name in values if name in rest]
        if not found:
            break
        start, name = min(found)
        parts += [rest[:start], values[name]]
        rest = rest[start + len(name) :]
    return "".join([*parts, rest])
