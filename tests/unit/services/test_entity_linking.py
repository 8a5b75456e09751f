"""Who is linked with whom: only what agrees by itself, everybody else by a person, and undone for good."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from denticode_desktop.domain.audit_event import AuditKind
from denticode_desktop.domain.entity_link import LinkRule
from denticode_desktop.domain.errors import NotAllowedError, NotFoundError, UserError
from denticode_desktop.domain.ids import ConnectionId, PatientId, PmsPatientId, PmsProviderId, ProviderId
from denticode_desktop.domain.people import PmsPatient, PmsPatientStatus, PmsProvider, Sex
from denticode_desktop.domain.write_back import ItemState, WaitingWhy
from denticode_desktop.services.entity_linking import EntityLinking, LinkOutcome, ProviderChoice

from .connect_world import DENTIST, FRONT, OWNER, ConnectWorld, pms_patient

ANA, BEN = PmsPatientId("9001"), PmsPatientId("9002")


class LinkWorld(ConnectWorld):
    """With one connection and the service."""

    def __init__(self, tmp_path: Path) -> None:
        super().__init__(tmp_path)
        self.linking = EntityLinking(self.store, self.clock, self.sink)
        self.connection_id = self.stored()

    def by_id(self, patient_id: PatientId, pms_patient_id: PmsPatientId = ANA) -> LinkOutcome:
        with self.store.write() as uow:
            return self.linking.link_by_pms_id(uow, self.connection_id, patient_id, pms_patient_id, OWNER)

    def linked(self, patient_id: PatientId) -> PmsPatientId | None:
        with self.store.read() as uow:
            link = uow.people.patient_link(self.connection_id, patient_id)
        return link.pms_patient_id if link else None

    def choose(self, patient_id: PatientId, pms_patient_id: PmsPatientId = ANA) -> None:
        self.linking.choose(DENTIST, self.connection_id, patient_id, pms_patient_id)

    def provider(self, name: str = "Lee, Sam", npi: str = "") -> ProviderId:
        with self.store.write() as uow:
            return uow.people.find_or_add_provider(name, npi)

    def resolved(self, provider_id: ProviderId) -> ProviderChoice | None:
        with self.store.read() as uow:
            return self.linking.resolve_provider(uow, uow.connections.get(self.connection_id), provider_id)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[LinkWorld]:
    made = LinkWorld(tmp_path)
    yield made
    made.close()


# -- by the PMS's id ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (("Ana", "Ruiz"), ("ANA", "RUIZ")),
        (("José", "Núñez"), ("Jose", "Nunez")),
        (("Mary-Ann", "O'Brien"), ("Mary Ann", "OBrien")),
        (("Ana", "de la Cruz"), ("Ana", "De  La Cruz")),
        (("Großmann", "Weiß"), ("Grossmann", "Weiss")),
    ],
)
def test_pms_id_links_where_name_and_birth_date_agree(
    world: LinkWorld, ours: tuple[str, str], theirs: tuple[str, str]
) -> None:
    world.sync(world.connection_id, pms_patient(ANA, *theirs))
    patient_id = world.ours(*ours)
    assert world.by_id(patient_id) == LinkOutcome(True)
    assert world.linked(patient_id) == ANA
    event = world.events(AuditKind.PATIENT_LINKED)[-1].draft
    assert (event.reason, event.pms_patient_id) == (LinkRule.PMS_ID, ANA)
    assert (event.actor, event.role) == (OWNER.name, OWNER.role.value)


def test_pms_id_links_by_the_preferred_name_of_either_side(world: LinkWorld) -> None:
    world.sync(world.connection_id, pms_patient(ANA, "Elizabeth", preferred_name="Liz"), pms_patient(BEN, "Bo"))
    assert world.by_id(world.ours("Liz")).is_linked
    assert world.by_id(world.ours("Bartholomew", preferred_name="Bo"), BEN).is_linked


@pytest.mark.parametrize(
    ("ours", "theirs", "field"),
    [
        ({"first": "Eva"}, {}, "first name"),
        ({"last": "Ruiz Diaz"}, {}, "last name"),
        ({"date_of_birth": date(1984, 3, 3)}, {}, "birth date"),
        ({"date_of_birth": None}, {}, "birth date"),
        ({"date_of_birth": None}, {"date_of_birth": None}, "birth date"),
        ({"suffix": "Jr"}, {"suffix": "Sr."}, "suffix"),
        ({"sex": Sex.FEMALE}, {"sex": Sex.MALE}, "sex"),
        ({"first": ""}, {"first": ""}, "first name"),
        ({"last": ""}, {"last": ""}, "last name"),
        ({}, {"status": PmsPatientStatus.INACTIVE}, "not an active chart"),
        ({}, {"status": PmsPatientStatus.MERGED}, "not an active chart"),
        ({}, {"status": PmsPatientStatus.DELETED}, "not an active chart"),
        ({}, {"merged_into": BEN}, "not an active chart"),
    ],
)
def test_pms_id_that_something_speaks_against_links_nothing_and_says_what(
    world: LinkWorld, ours: dict[str, Any], theirs: dict[str, Any], field: str
) -> None:
    world.sync(world.connection_id, pms_patient(ANA, **theirs))
    patient_id = world.ours(**ours)
    assert world.by_id(patient_id) == LinkOutcome(False, (field,))
    assert world.linked(patient_id) is None
    assert world.events(AuditKind.PATIENT_LINKED) == []


def test_pms_id_that_is_not_synced_links_nothing(world: LinkWorld) -> None:
    assert not world.by_id(world.ours()).is_linked


def test_pms_id_of_a_chart_linked_to_somebody_else_is_refused(world: LinkWorld) -> None:
    world.sync(world.connection_id, pms_patient(ANA))
    world.by_id(world.ours())
    assert world.by_id(world.ours()) == LinkOutcome(False, ("linked to another patient",))


def test_pms_id_is_tried_once_and_never_moves_a_link(world: LinkWorld) -> None:
    world.sync(world.connection_id, pms_patient(ANA), pms_patient(BEN))
    patient_id = world.ours()
    world.by_id(patient_id)
    assert world.by_id(patient_id).is_linked
    assert world.by_id(patient_id, BEN) == LinkOutcome(False, ("linked to another chart",))
    assert len(world.events(AuditKind.PATIENT_LINKED)) == 1


# -- by a person -------------------------------------------------------------------------------------------------


def test_person_may_choose_whom_the_fields_speak_against(world: LinkWorld) -> None:
    world.sync(world.connection_id, pms_patient(ANA, "Anna", "Ruis"))
    patient_id = world.ours()
    world.choose(patient_id)
    assert world.linked(patient_id) == ANA
    event = world.events(AuditKind.PATIENT_LINKED)[-1].draft
    assert (event.reason, event.actor, event.role) == (LinkRule.PERSON, "sam", "Provider")


@pytest.mark.parametrize(
    "unfit",
    [
        pms_patient(ANA, status=PmsPatientStatus.INACTIVE),
        pms_patient(ANA, status=PmsPatientStatus.MERGED),
        pms_patient(ANA, status=PmsPatientStatus.DELETED),
        pms_patient(ANA, merged_into=BEN),
    ],
)
def test_person_cannot_choose_a_chart_that_takes_no_writing(world: LinkWorld, unfit: PmsPatient) -> None:
    world.sync(world.connection_id, unfit)
    patient_id = world.ours()
    with pytest.raises(UserError):
        world.choose(patient_id)
    assert world.linked(patient_id) is None


def test_person_cannot_choose_a_chart_of_somebody_else_or_nobody(world: LinkWorld) -> None:
    world.sync(world.connection_id, pms_patient(ANA))
    world.choose(world.ours())
    other = world.ours("Eva")
    with pytest.raises(UserError, match="linked to somebody else"):
        world.choose(other)
    with pytest.raises(NotFoundError, match="Sync Now"):
        world.choose(other, BEN)


def test_refused_choice_leaves_the_earlier_link(world: LinkWorld) -> None:
    world.sync(world.connection_id, pms_patient(ANA), pms_patient(BEN))
    first, second = world.ours(), world.ours("Eva")
    world.choose(first, ANA)
    world.choose(second, BEN)
    with pytest.raises(UserError):
        world.choose(first, BEN)
    assert (world.linked(first), world.linked(second)) == (ANA, BEN)


def test_front_desk_links_nobody(world: LinkWorld) -> None:
    world.sync(world.connection_id, pms_patient(ANA))
    patient_id = world.ours()
    for act in (world.linking.choose, world.linking.reject):
        with pytest.raises(NotAllowedError):
            act(FRONT, world.connection_id, patient_id, ANA)
    with pytest.raises(NotAllowedError):
        world.linking.unlink(FRONT, world.connection_id, patient_id)


def test_another_choice_pauses_what_waits_for_the_old_chart(world: LinkWorld) -> None:
    world.sync(world.connection_id, pms_patient(ANA), pms_patient(BEN))
    patient_id = world.ours()
    world.choose(patient_id, ANA)
    writeback_id = world.queued(world.connection_id, patient_id, ANA)
    world.choose(patient_id, BEN)
    with world.store.read() as uow:
        assert uow.outbox.writeback(writeback_id).is_paused
        link = uow.people.patient_link(world.connection_id, patient_id)
    assert link is not None
    assert (link.pms_patient_id, link.version) == (BEN, 2)


# -- undone and rejected -----------------------------------------------------------------------------------------


def test_unlink_pauses_what_is_not_sent_and_lists_what_was(world: LinkWorld) -> None:
    world.sync(world.connection_id, pms_patient(ANA), pms_patient(BEN))
    patient_id, other = world.ours(), world.ours("Eva")
    world.choose(patient_id, ANA)
    world.choose(other, BEN)
    open_one = world.queued(world.connection_id, patient_id, ANA, notes=2)
    sent_one = world.queued(world.connection_id, patient_id, ANA)
    others = world.queued(world.connection_id, other, BEN)
    with world.store.write() as uow:
        item = uow.outbox.items(sent_one)[0]
        assert uow.outbox.move(
            item, ItemState.DONE, epoch=None, remote_id=world.pms.new_id(), done_at=world.clock.utc_now()
        )
    result = world.linking.unlink(OWNER, world.connection_id, patient_id)
    assert result.paused == (open_one,)
    assert result.in_chart == 1
    assert [(s.item_id, s.state) for s in result.sent] == [(item.item_id, ItemState.DONE)]
    with world.store.read() as uow:
        assert uow.outbox.writeback(open_one).is_paused
        assert not uow.outbox.writeback(others).is_paused
    assert [i.waiting_why for i in world.items(open_one)] == [WaitingWhy.PAUSED] * 2
    assert world.linked(patient_id) is None
    assert len(world.events(AuditKind.WB_PAUSED)) == 1
    assert len(world.events(AuditKind.PATIENT_UNLINKED)) == 1


def test_unlink_is_not_undone_by_the_id_in_a_lab_file_but_by_a_person(world: LinkWorld) -> None:
    world.sync(world.connection_id, pms_patient(ANA))
    patient_id = world.ours()
    world.by_id(patient_id)
    world.linking.unlink(OWNER, world.connection_id, patient_id)
    assert world.by_id(patient_id) == LinkOutcome(False, ("rejected by a person",))
    world.choose(patient_id)
    assert world.linked(patient_id) == ANA


def test_unlink_of_somebody_not_linked_says_so(world: LinkWorld) -> None:
    with pytest.raises(UserError):
        world.linking.unlink(OWNER, world.connection_id, world.ours())


def test_rejected_pair_is_not_offered_and_not_linked_by_id(world: LinkWorld) -> None:
    world.sync(world.connection_id, pms_patient(ANA), pms_patient(BEN))
    patient_id = world.ours()
    world.linking.reject(DENTIST, world.connection_id, patient_id, ANA)
    assert [c.pms_patient_id for c in world.linking.candidates(world.connection_id, patient_id)] == [BEN]
    assert not world.by_id(patient_id).is_linked
    assert world.events(AuditKind.LINK_REJECTED)[-1].draft.pms_patient_id == ANA


# -- candidates --------------------------------------------------------------------------------------------------


def test_candidates_are_few_fit_closest_first_and_say_what_differs(world: LinkWorld) -> None:
    world.sync(
        world.connection_id,
        pms_patient("1", "Ana", "Ruiz", phone="(303) 555-0101"),
        pms_patient("2", "Anne", "Ruiz"),
        pms_patient("3", "Ana", "Ruiz", date_of_birth=date(1990, 1, 1)),
        pms_patient("4", "Ana", "Ruiz", status=PmsPatientStatus.MERGED),
        pms_patient("5", "Ana", "Ruiz", merged_into=PmsPatientId("1")),
        pms_patient("6", "Zoe", "Quill", date_of_birth=date(1970, 5, 5)),
        *(pms_patient(f"1{n:02d}", f"Kid{n}", "Other") for n in range(10)),
    )
    patient_id = world.ours(phone="303-555-0101")
    found = world.linking.candidates(world.connection_id, patient_id)
    assert len(found) == 8
    assert [c.pms_patient_id for c in found[:3]] == ["1", "2", "3"]
    assert [c.differs for c in found[:3]] == [(), ("first name",), ("birth date",)]
    assert {"4", "5", "6"}.isdisjoint(c.pms_patient_id for c in found)
    assert "Ruiz" not in repr(found)


def test_candidate_linked_to_another_patient_is_marked_as_taken(world: LinkWorld) -> None:
    world.sync(world.connection_id, pms_patient(ANA))
    world.choose(world.ours())
    found = world.linking.candidates(world.connection_id, world.ours())
    assert [(c.pms_patient_id, c.is_taken) for c in found] == [(ANA, True)]


def test_unlinked_lists_only_those_without_a_chart_here(world: LinkWorld) -> None:
    world.sync(world.connection_id, pms_patient(ANA))
    world.choose(world.ours())
    alone = world.ours("Eva")
    rows = world.linking.unlinked(FRONT, world.connection_id)
    assert [row.patient.patient_id for row in rows] == [alone]
    assert len(world.linking.unlinked(FRONT, ConnectionId(world.stored("Second")))) == 2


# -- providers ---------------------------------------------------------------------------------------------------

LEE = PmsProvider(PmsProviderId("P1"), "Sam", "Lee", npi="1234567890")


def of(pms_provider_id: str, rule: LinkRule) -> ProviderChoice:
    return ProviderChoice(PmsProviderId(pms_provider_id), rule)


def test_provider_is_found_by_npi_before_name(world: LinkWorld) -> None:
    world.sync(world.connection_id, LEE, PmsProvider(PmsProviderId("P2"), "Kim", "Park"))
    assert world.resolved(world.provider("Park, Kim", "1234567890")) == of("P1", LinkRule.NPI)


@pytest.mark.parametrize("name", ["Lee, Sam", "sam lee", "LEE SAM"])
def test_provider_is_found_by_whole_name(world: LinkWorld, name: str) -> None:
    world.sync(world.connection_id, LEE)
    assert world.resolved(world.provider(name)) == of("P1", LinkRule.NAME)


@pytest.mark.parametrize(
    "others",
    [
        (),
        (PmsProvider(PmsProviderId("P1"), "Sam", "Lee", is_active=False),),
        (PmsProvider(PmsProviderId("P1"), "Sam", "Lee", is_person=False),),
        (PmsProvider(PmsProviderId("P1"), "Sam", "Lee"), PmsProvider(PmsProviderId("P2"), "Sam", "Lee")),
        (PmsProvider(PmsProviderId("P1"), "Sam", "Lee", npi="1999999999"),),
    ],
)
def test_provider_in_doubt_is_nobody_or_the_default_and_named_so(
    world: LinkWorld, others: tuple[PmsProvider, ...]
) -> None:
    world.sync(world.connection_id, PmsProvider(PmsProviderId("P0"), "Kim", "Park"), *others)
    provider_id = world.provider(npi="1234567890")
    assert world.resolved(provider_id) is None
    world.connect.set_default_provider(OWNER, world.connection_id, PmsProviderId("P0"))
    assert world.resolved(provider_id) == of("P0", LinkRule.DEFAULT)


def test_default_provider_who_left_is_nobody(world: LinkWorld) -> None:
    park = PmsProvider(PmsProviderId("P0"), "Kim", "Park")
    world.sync(world.connection_id, park)
    world.connect.set_default_provider(OWNER, world.connection_id, park.pms_provider_id)
    provider_id = world.provider(npi="1234567890")
    assert world.resolved(provider_id) == of("P0", LinkRule.DEFAULT)
    world.sync(world.connection_id, replace(park, is_active=False, version="2"))
    assert world.resolved(provider_id) is None


def test_confirmed_provider_comes_first_and_is_not_replaced_when_gone(world: LinkWorld) -> None:
    park = PmsProvider(PmsProviderId("P2"), "Kim", "Park")
    world.sync(world.connection_id, LEE, park)
    provider_id = world.provider(npi=LEE.npi)
    world.linking.link_provider(DENTIST, world.connection_id, provider_id, park.pms_provider_id)
    assert world.resolved(provider_id) == of("P2", LinkRule.PERSON)
    assert world.events(AuditKind.PROVIDER_LINKED)[-1].draft.actor == "sam"
    world.connect.set_default_provider(OWNER, world.connection_id, LEE.pms_provider_id)
    world.sync(world.connection_id, LEE)
    assert world.resolved(provider_id) is None


def test_provider_link_needs_an_active_person_of_the_list(world: LinkWorld) -> None:
    world.sync(world.connection_id, LEE, PmsProvider(PmsProviderId("P2"), "Oak", "Street", is_person=False))
    provider_id = world.provider()
    with pytest.raises(UserError):
        world.linking.link_provider(DENTIST, world.connection_id, provider_id, PmsProviderId("P2"))
    with pytest.raises(NotFoundError):
        world.linking.link_provider(DENTIST, world.connection_id, provider_id, PmsProviderId("P9"))
    with pytest.raises(NotAllowedError):
        world.linking.link_provider(FRONT, world.connection_id, provider_id, LEE.pms_provider_id)
