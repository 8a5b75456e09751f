"""Note templates are filled once, with what was given."""

from datetime import date

import pytest

from denticode_desktop.services.templates import TEMPLATES, NoteTemplate, fill_template


def fill(template: NoteTemplate, first_name: str = "Ana") -> str:
    return fill_template(template, patient_first_name=first_name, visit_on=date(2026, 11, 20), provider_name="Lee, Sam")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda t: t.name)
def test_every_template_is_filled(template: NoteTemplate) -> None:
    text = fill(template)
    assert "Ana" in text
    assert "11/20/2026" in text
    assert "Lee, Sam" in text
    assert "{" not in text


def test_names_of_templates_differ() -> None:
    assert len({t.name for t in TEMPLATES}) == len(TEMPLATES)


def test_braces_in_a_name_are_not_filled() -> None:
    template = NoteTemplate("x", "{patient_first_name} {provider} {unknown}")
    assert fill(template, "{provider}") == "{provider} Lee, Sam {unknown}"


def test_text_without_placeholders_stays() -> None:
    assert fill(NoteTemplate("x", "plain")) == "plain"
