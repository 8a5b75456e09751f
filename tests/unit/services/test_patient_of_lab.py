"""Two people of one name and birth date stay two, from the file to the chart."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from denticode_desktop.domain.errors import PersonNeededError
from denticode_desktop.domain.ids import LabId, PmsPatientId
from denticode_desktop.domain.people import Demographics, PmsPatient, PmsPatientStatus
from denticode_desktop.domain.sync_cursor import SyncKind

from .lab_world import ANA, DENTIST, OWNER, LabWorld

TWIN = PmsPatientId("7002")
"""Another person with Ana's name and birth date."""
PERSON = Demographics("Ana", "Ruiz", date(1984, 3, 2))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[LabWorld]:
    made = LabWorld(tmp_path)
    yield made
    made.close()


def sync(world: LabWorld, merged_into: PmsPatientId | None = None) -> None:
    world.sync()
    status = PmsPatientStatus.ACTIVE if merged_into is None else PmsPatientStatus.MERGED
    twin = PmsPatient(TWIN, PERSON, status, merged_into)
    world.pull(SyncKind.PATIENTS, [PmsPatient(ANA, PERSON, PmsPatientStatus.ACTIVE), twin])


def bring(world: LabWorld, external_id: str, named: str | None) -> LabId:
    patient: dict[str, Any] = world.lab_json()["patient"] | {"pms_patient_id": named}
    return world.import_lab(external_id=external_id, patient=patient).lab_id


def chart_of(world: LabWorld, lab_id: LabId) -> str | None:
    world.desk.finalize(OWNER, lab_id)
    with world.store.read() as uow:
        made = uow.outbox.writebacks_of_lab(lab_id)
    return made[0].pms_patient_id if made else None


@pytest.mark.parametrize("is_synced_first", [True, False])
def test_labs_that_name_two_charts_go_to_two_charts(world: LabWorld, is_synced_first: bool) -> None:
    if is_synced_first:
        sync(world)
    first, second, third = (bring(world, f"s{n}", named) for n, named in enumerate((ANA, TWIN, TWIN)))
    if not is_synced_first:
        sync(world)
    assert [chart_of(world, lab_id) for lab_id in (first, second, third)] == [ANA, TWIN, TWIN]


def test_chart_that_is_in_no_list_yet_is_not_taken_for_the_linked_one(world: LabWorld) -> None:
    world.sync()
    assert chart_of(world, bring(world, "s1", ANA)) == ANA
    second = bring(world, "s2", TWIN)
    assert chart_of(world, second) is None
    with pytest.raises(PersonNeededError, match="not in its list"):
        world.outbox.send(OWNER, second, None)
    sync(world)
    result = world.outbox.send(OWNER, second, None)
    with world.store.read() as uow:
        assert uow.outbox.writeback(result.writeback_id).pms_patient_id == TWIN


def test_lab_that_names_nobody_is_refused_where_two_fit(world: LabWorld) -> None:
    sync(world)
    bring(world, "s1", ANA)
    bring(world, "s2", TWIN)
    with pytest.raises(PersonNeededError, match="chart_number or pms_patient_id"):
        bring(world, "s3", None)
    with world.store.read() as uow:
        assert len(uow.labs.summaries()) == 2


@pytest.mark.parametrize("numbers", [("", "A7001"), ("A7001", "")])
def test_chart_number_that_is_not_told_makes_nobody_else(world: LabWorld, numbers: tuple[str, str]) -> None:
    world.sync()
    people = []
    for n, number in enumerate(numbers):
        patient = world.lab_json()["patient"] | {"chart_number": number or None}
        lab_id = world.import_lab(external_id=f"s{n}", patient=patient).lab_id
        with world.store.read() as uow:
            people.append(uow.labs.revision(lab_id).content.patient_id)
        assert chart_of(world, lab_id) == ANA
    assert people[0] == people[1]
    with world.store.read() as uow:
        assert uow.people.patient(people[0]).person.chart_number == "A7001"


def test_two_chart_numbers_are_two_people(world: LabWorld) -> None:
    people = []
    for n, number in enumerate(("A1", "A2", "A1")):
        patient = world.lab_json()["patient"] | {"chart_number": number, "pms_patient_id": None}
        lab_id = world.import_lab(external_id=f"s{n}", patient=patient).lab_id
        with world.store.read() as uow:
            people.append(uow.labs.revision(lab_id).content.patient_id)
    assert people[0] == people[2] != people[1]


def test_lab_that_names_nobody_belongs_to_the_only_one(world: LabWorld) -> None:
    sync(world)
    first = bring(world, "s1", ANA)
    second = bring(world, "s2", None)
    assert [chart_of(world, lab_id) for lab_id in (first, second)] == [ANA, ANA]


def test_chart_merged_into_the_linked_one_is_the_same_person(world: LabWorld) -> None:
    sync(world, merged_into=ANA)
    first = bring(world, "s1", None)
    with world.store.read() as uow:
        patient_id = uow.labs.revision(first).content.patient_id
    world.linking.choose(DENTIST, world.connection_id, patient_id, ANA)
    assert chart_of(world, bring(world, "s2", TWIN)) == ANA


def test_other_chart_than_the_linked_one_needs_a_person_once(world: LabWorld) -> None:
    world.sync()
    lab_id = bring(world, "s1", TWIN)
    with world.store.read() as uow:
        patient_id = uow.labs.revision(lab_id).content.patient_id
    world.clock.now -= timedelta(days=1)
    world.linking.choose(DENTIST, world.connection_id, patient_id, ANA)
    world.clock.now += timedelta(days=1)
    sync(world)
    (problem,) = world.desk.preview(OWNER, lab_id, None).problems
    assert problem.field == "patient"
    assert "names another chart" in problem.sentence
    assert chart_of(world, lab_id) is None

    world.linking.choose(DENTIST, world.connection_id, patient_id, ANA)

    result = world.outbox.send(OWNER, lab_id, None)
    with world.store.read() as uow:
        assert uow.outbox.writeback(result.writeback_id).pms_patient_id == ANA
