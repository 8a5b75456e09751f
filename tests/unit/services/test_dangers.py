"""What a person must see although nothing is in the way: told when a Lab is finalized and when it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from denticode_desktop.domain.ids import PmsProviderId
from denticode_desktop.domain.people import Demographics, PmsProvider
from denticode_desktop.domain.sync_cursor import SyncKind
from tests.unit.services.lab_world import LEE, OWNER, LabWorld

STRANGER = {"pms_provider_id": None, "npi": None, "name": "Park, Jo"}
IS_DEFAULT = "The provider is the default provider of Oak Street Ascend."


@pytest.fixture
def world(tmp_path: Path) -> Iterator[LabWorld]:
    made = LabWorld(tmp_path)
    made.sync()
    choose_default(made, LEE)
    yield made
    made.close()


def choose_default(world: LabWorld, provider_id: PmsProviderId | None) -> None:
    with world.store.write() as uow:
        settings = uow.connections.get(world.connection_id).settings
        uow.connections.change_settings(world.connection_id, replace(settings, default_provider_id=provider_id))


def sentences(problems: object) -> list[str]:
    assert isinstance(problems, tuple)
    assert all(not problem.is_blocking for problem in problems)
    return [problem.sentence for problem in problems]


def test_default_provider_is_named_at_finalize_again_and_at_send(world: LabWorld) -> None:
    lab_id = world.import_lab(provider=STRANGER).lab_id
    first = world.desk.finalize(OWNER, lab_id)
    assert first.problems == ()
    assert sentences(first.dangers) == [IS_DEFAULT]
    assert sentences(world.desk.finalize(OWNER, lab_id).dangers) == [IS_DEFAULT]
    assert sentences(world.outbox.send(OWNER, lab_id, None).dangers) == [IS_DEFAULT]


def test_labs_own_provider_is_no_danger(world: LabWorld) -> None:
    lab_id = world.import_lab().lab_id
    assert world.desk.finalize(OWNER, lab_id).dangers == ()
    assert world.outbox.send(OWNER, lab_id, None).dangers == ()


def test_default_of_then_is_named_also_when_it_has_changed_since(world: LabWorld) -> None:
    lab_id = world.finalized(provider=STRANGER)
    world.pull(SyncKind.PROVIDERS, [PmsProvider(LEE, "Sam", "Lee"), PmsProvider(PmsProviderId("32"), "Kim", "Day")])
    choose_default(world, PmsProviderId("32"))
    assert sentences(world.outbox.send(OWNER, lab_id, None).dangers) == [IS_DEFAULT]
    choose_default(world, None)
    assert sentences(world.outbox.send(OWNER, lab_id, None).dangers) == [IS_DEFAULT]


def test_birth_date_that_differs_from_the_chart_is_named_at_send(world: LabWorld) -> None:
    lab_id = world.finalized()
    with world.store.write() as uow:
        patient_id = uow.labs.revision(lab_id).content.patient_id
        uow.people.update_patient(patient_id, Demographics("Ana", "Ruiz", date(1984, 3, 3)))
    [sentence] = sentences(world.outbox.send(OWNER, lab_id, None).dangers)
    assert "another birth date" in sentence


def test_provider_matched_after_finalizing_does_not_hide_the_default_that_was_frozen(world: LabWorld) -> None:
    lab_id = world.finalized(provider=STRANGER)
    park = PmsProvider(PmsProviderId("32"), "Jo", "Park")
    world.pull(SyncKind.PROVIDERS, [PmsProvider(LEE, "Sam", "Lee"), park])
    assert sentences(world.outbox.send(OWNER, lab_id, None).dangers) == [IS_DEFAULT]
