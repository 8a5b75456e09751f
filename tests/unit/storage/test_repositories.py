"""Practice, connections, people, Labs: what goes in comes out, and what may not be is a person's error or ours."""

import hashlib
from dataclasses import replace
from datetime import date, timedelta

import pytest

from denticode_desktop.domain.access import Role
from denticode_desktop.domain.charting import Procedure, ProcedureStatus, Quadrant
from denticode_desktop.domain.connection import (
    Check,
    CheckOutcome,
    ConnectionReport,
    FailureReason,
    HoldReason,
    Light,
    Permission,
)
from denticode_desktop.domain.entity_link import LinkRule, PatientLink, ProviderLink
from denticode_desktop.domain.errors import BugError, NotFoundError, UserError
from denticode_desktop.domain.ids import (
    ConnectionId,
    LabId,
    PatientId,
    PmsPatientId,
    PmsProviderId,
    ProviderId,
)
from denticode_desktop.domain.lab import Document, LabContent, RevisionKind
from denticode_desktop.domain.people import Demographics, Sex
from denticode_desktop.domain.write_back import ItemState

from .outbox_world import AT, VISIT, OutboxWorld, settings

# -- practice ----------------------------------------------------------------------------------------------------


def test_users_are_known_by_name_without_case_and_a_name_is_taken_once(world: OutboxWorld) -> None:
    with world.store.write() as uow:
        user_id = uow.practice.add_user("Sam  Lee", Role.PROVIDER, "hash")
    with world.store.read() as uow:
        user = uow.practice.user_by_name("sam lee")
        assert user is not None
        assert (user.user_id, user.role, user.is_enabled, user.password_hash) == (user_id, Role.PROVIDER, True, "hash")
        assert uow.practice.user_by_name("nobody") is None
        assert list(uow.practice.users()) == [user]
        assert "Sam" not in repr(user)
    with pytest.raises(UserError) as caught, world.store.write() as uow:
        uow.practice.add_user("SAM LEE", Role.OWNER, "")
    assert caught.value.field == "user"


def test_settings_are_set_and_replaced(world: OutboxWorld) -> None:
    with world.store.write() as uow:
        assert uow.practice.setting("a") is None
        uow.practice.set_setting("a", "1")
        uow.practice.set_setting("a", "2")
        assert uow.practice.setting("a") == "2"


def test_practice_is_made_once(world: OutboxWorld) -> None:
    with world.store.read() as uow:
        assert (uow.practice.practice_name(), uow.practice.is_rehearsal_only()) == ("Invented Dental", True)
    with pytest.raises(BugError), world.store.write() as uow:
        uow.practice.create_practice("Again", is_rehearsal_only=False)


# -- connections -------------------------------------------------------------------------------------------------


def test_connection_keeps_all_that_is_noted_of_it(world: OutboxWorld) -> None:
    report = ConnectionReport(
        Light.YELLOW, (Check("sign_in", CheckOutcome.OK, "Signed in."),
                       Check("notes", CheckOutcome.MISSING, "No.", Permission.CHART_NOTES)),
        (Permission.CHART_NOTES,), (Permission.TREATMENT_PLANS,), FailureReason.THROTTLED, "One.", "Two.", "Élan",
    )  # fmt: skip
    this_month = world.clock.utc_now().strftime("%Y-%m")
    with world.store.write() as uow:
        key = world.connection_id
        connections = uow.connections
        connections.set_report(key, report, AT)
        connections.set_hold(key, HoldReason.SIGN_IN, "detail")
        connections.note_good_read(key, AT)
        connections.note_good_write(key, AT, Permission.CHART_NOTES)
        connections.note_good_write(key, AT, Permission.TREATMENT_PLANS)
        connections.note_lag(key, 7)
        connections.note_lag(key, 3)
        connections.double_settle(key)
        connections.double_settle(key)
        connections.note_waiting(key, "offline", AT)
        connections.add_calls(key, "2020-01", 50)
        connections.add_calls(key, this_month, 2)
        connections.add_calls(key, this_month, 3)
        connections.set_enabled(key, False)
        found = connections.get(key)
    assert (found.report, found.tested_at) == (report, AT)
    assert (found.hold, found.hold_detail, found.is_enabled) == (HoldReason.SIGN_IN, "detail", False)
    assert (found.last_good_read_at, found.last_good_write_at) == (AT, AT)
    assert found.write_confirmed == {Permission.CHART_NOTES, Permission.TREATMENT_PLANS}
    assert (found.largest_lag_ticks, found.settle_factor, found.calls_this_month) == (7, 4, 5)
    assert (found.waiting_why, found.next_try_at) == ("offline", AT)
    with world.store.write() as uow:
        uow.connections.set_hold(world.connection_id, None)
        assert uow.connections.get(world.connection_id).hold is None


def test_calls_of_another_month_are_not_this_months(world: OutboxWorld) -> None:
    with world.store.write() as uow:
        uow.connections.add_calls(world.connection_id, "2020-01", 50)
        assert uow.connections.get(world.connection_id).calls_this_month == 0


def test_name_is_taken_among_enabled_connections_only(world: OutboxWorld) -> None:
    for change in ("add", "rename", "enable"):
        with pytest.raises(UserError) as caught, world.store.write() as uow:
            if change == "add":
                uow.connections.add(settings("ELM  street rehearsal"))
            elif change == "rename":
                other = uow.connections.add(settings("Oak"))
                uow.connections.change_settings(other, settings())
            else:
                uow.connections.set_enabled(world.connection_id, False)
                uow.connections.add(settings())
                uow.connections.set_enabled(world.connection_id, True)
        assert caught.value.field == "name"
    with world.store.read() as uow:
        assert [c.settings for c in uow.connections.all()] == [settings()]


def test_unknown_connection_is_not_found(world: OutboxWorld) -> None:
    with pytest.raises(NotFoundError), world.store.read() as uow:
        uow.connections.get(ConnectionId(77))


# -- people ------------------------------------------------------------------------------------------------------


def test_patient_is_found_by_name_without_case_birth_date_and_chart_number(world: OutboxWorld) -> None:
    person = Demographics(
        "Zoë", "Ångström", date(1990, 5, 5), Sex.OTHER, "M", "Jr", "Zo", "1", "e", "a", "c", "s", "p", "C-7"
    )
    with world.store.write() as uow:
        patient_id = uow.people.add_patient(person, "scribe-9")
        find = uow.people.find_patient
        assert find(replace(person, first_name="ZOË", last_name="ångström")) == patient_id
        assert find(replace(person, chart_number="")) is None
        assert find(replace(person, date_of_birth=None)) is None
        assert find(replace(person, last_name="Ang")) is None
        stored = uow.people.patient(patient_id)
        assert (stored.person, stored.external_id) == (person, "scribe-9")
        uow.people.update_patient(patient_id, replace(person, date_of_birth=None))
        assert find(replace(person, date_of_birth=None)) == patient_id
        assert [p.patient_id for p in uow.people.patients(limit=1)] == [patient_id]
        with pytest.raises(NotFoundError):
            uow.people.patient(PatientId(99))


def test_provider_is_known_by_npi_then_by_name(world: OutboxWorld) -> None:
    with world.store.write() as uow:
        named = uow.people.find_or_add_provider("Lee, Sam", "")
        numbered = uow.people.find_or_add_provider("Lee, Sam", "1234567893")
        assert uow.people.find_or_add_provider("lee,  sam", "") == named
        assert uow.people.find_or_add_provider("Lee, S.", "1234567893") == numbered
        assert named != numbered
        assert uow.people.provider(numbered).npi == "1234567893"
        assert len(uow.people.providers()) == 2
        with pytest.raises(NotFoundError):
            uow.people.provider(ProviderId(99))


def test_patient_link_is_versioned_ended_and_taken_once(world: OutboxWorld) -> None:
    key, mine = world.connection_id, world.patient_id
    link = PatientLink(key, mine, PmsPatientId("a"), 1, LinkRule.PERSON, "lee", AT)
    with world.store.write() as uow:
        other = uow.people.add_patient(Demographics("B", "B", None), "")
        assert uow.people.patient_link(key, mine) is None
        uow.people.link_patient(link)
        assert uow.people.patient_link(key, mine) == link
        assert uow.people.linked_patient(key, PmsPatientId("a")) == mine
    with pytest.raises(UserError), world.store.write() as uow:
        uow.people.link_patient(replace(link, patient_id=other))
    with world.store.write() as uow:
        uow.people.link_patient(replace(link, pms_patient_id=PmsPatientId("b"), version=2))
        assert uow.people.linked_patient(key, PmsPatientId("a")) is None
        uow.people.link_patient(replace(link, patient_id=other))
        uow.people.end_patient_link(key, mine, "lee", AT)
        uow.people.end_patient_link(key, mine, "lee", AT)
        assert uow.people.patient_link(key, mine) is None
        uow.people.link_patient(replace(link, pms_patient_id=PmsPatientId("c")))
        again = uow.people.patient_link(key, mine)
        assert again is not None
        assert again.version == 3


def test_rejections_are_remembered_per_patient(world: OutboxWorld) -> None:
    with world.store.write() as uow:
        for _ in range(2):
            uow.people.reject_link(world.connection_id, world.patient_id, PmsPatientId("a"), "lee", AT)
        assert uow.people.rejected(world.connection_id, world.patient_id) == {"a"}
        other = uow.people.add_patient(Demographics("B", "B", None), "")
        assert uow.people.rejected(world.connection_id, other) == set()


def test_provider_link_is_replaced(world: OutboxWorld) -> None:
    with world.store.write() as uow:
        provider_id = uow.people.find_or_add_provider("Lee, Sam", "")
        assert uow.people.provider_link(world.connection_id, provider_id) is None
        link = ProviderLink(world.connection_id, provider_id, PmsProviderId("1"), LinkRule.DEFAULT, "lee", AT)
        uow.people.link_provider(link)
        uow.people.link_provider(replace(link, pms_provider_id=PmsProviderId("2"), rule=LinkRule.PERSON))
        found = uow.people.provider_link(world.connection_id, provider_id)
        assert found == replace(link, pms_provider_id=PmsProviderId("2"), rule=LinkRule.PERSON)


# -- Labs --------------------------------------------------------------------------------------------------------


def content(world: OutboxWorld, text: str = "S: invented.") -> LabContent:
    return LabContent(
        VISIT, world.patient_id, None, text,
        (Procedure("T0101", "14", "MO", None, ProcedureStatus.COMPLETED, 5, VISIT),
         Procedure("T0102", quadrant=Quadrant.LOWER_LEFT)),
        (Document("Consent", "consent.pdf", "d" * 64, 12),), "recall",
    )  # fmt: skip


def add(world: OutboxWorld, lab_id: str = "La", kind: RevisionKind = RevisionKind.ORIGINAL, text: str = "S: x.") -> int:
    with world.store.write() as uow:
        return uow.labs.add_revision(
            LabId(lab_id), kind, content(world, text), external_id="scribe-1", source_sha256="e" * 64, created_at=AT
        ).revision


def finalize(world: OutboxWorld, lab_id: str, revision: int) -> None:
    with world.store.write() as uow:
        uow.labs.finalize(LabId(lab_id), revision, content_sha256="f" * 64, at=AT, by="lee")


def test_draft_comes_back_whole_changes_and_is_frozen_by_finalizing(world: OutboxWorld) -> None:
    lab = LabId("La")
    assert add(world) == 1
    with world.store.write() as uow:
        draft = uow.labs.revision(lab)
        assert draft.content == content(world, "S: x.")
        assert (draft.external_id, draft.source_sha256) == ("scribe-1", "e" * 64)
        assert (draft.finalized_at, draft.kind, draft.created_at) == (None, RevisionKind.ORIGINAL, AT)
        uow.labs.update_draft(lab, 1, content(world, "S: y."), "a" * 64)
        assert uow.labs.revision(lab, 1).content.note_text == "S: y."
    finalize(world, "La", 1)
    for change in ("update", "discard", "finalize"):
        with pytest.raises(BugError), world.store.write() as uow:
            if change == "update":
                uow.labs.update_draft(lab, 1, content(world), "")
            elif change == "discard":
                uow.labs.discard_draft(lab, 1)
            else:
                uow.labs.finalize(lab, 1, content_sha256="f" * 64, at=AT, by="lee")
    with world.store.read() as uow:
        frozen = uow.labs.revision(lab)
    assert (frozen.content.note_text, frozen.finalized_at, frozen.finalized_by) == ("S: y.", AT, "lee")


def test_lab_has_one_draft_and_the_next_revision_only_after_it(world: OutboxWorld) -> None:
    add(world)
    with pytest.raises(UserError):
        add(world)
    finalize(world, "La", 1)
    assert add(world, kind=RevisionKind.ADDENDUM) == 2
    with world.store.write() as uow:
        assert [r.revision for r in uow.labs.revisions(LabId("La"))] == [1, 2]
        uow.labs.discard_draft(LabId("La"), 2)
        latest = uow.labs.find(LabId("La"))
        assert latest is not None
        assert latest.revision == 1


def test_unknown_lab_is_not_found(world: OutboxWorld) -> None:
    add(world)
    with world.store.read() as uow:
        assert uow.labs.find(LabId("Lx")) is None
        for lab_id, revision in (("Lx", None), ("La", 7)):
            with pytest.raises(NotFoundError):
                uow.labs.revision(LabId(lab_id), revision)


def test_document_is_stored_once_under_its_own_hash(world: OutboxWorld) -> None:
    data = b"%PDF-1.7 invented \x00\xff"
    digest = hashlib.sha256(data).hexdigest()
    with world.store.write() as uow:
        uow.labs.put_blob(digest, data)
        uow.labs.put_blob(digest, data)
        assert uow.labs.blob(digest) == data
        with pytest.raises(BugError):
            uow.labs.put_blob(digest, data + b"x")
        with pytest.raises(NotFoundError):
            uow.labs.blob("0" * 64)


def test_lab_list_shows_the_latest_revision_newest_visit_first(world: OutboxWorld) -> None:
    done, _ = world.writeback()
    with world.store.write() as uow:
        uow.outbox.move(done, ItemState.VOID, epoch=None)
        provider_id = uow.people.find_or_add_provider("Lee, Sam", "")
        later = replace(content(world), visit_on=VISIT + timedelta(days=1), provider_id=provider_id)
        uow.labs.add_revision(
            LabId("Lzz"), RevisionKind.ORIGINAL, later, external_id="", source_sha256="", created_at=AT
        )
    with world.store.read() as uow:
        newest, oldest = uow.labs.summaries()
        assert (newest.lab_id, newest.is_finalized) == ("Lzz", False)
        assert (newest.has_writeback, newest.item_states) == (False, ())
        assert (newest.provider_name, newest.patient_name) == ("Lee, Sam", "Ruiz, Ana")
        assert (oldest.is_finalized, oldest.has_writeback, oldest.is_requested) == (True, True, True)
        assert oldest.item_states == (ItemState.VOID, ItemState.PLANNED)
        for text, count in (("RUIZ", 2), ("ruiz ana", 2), ("lee", 1), ("lzz", 1), ("%", 0), ("nobody", 0)):
            assert len(uow.labs.summaries(text=text)) == count, text
        assert [s.lab_id for s in uow.labs.summaries(limit=1, offset=1)] == [oldest.lab_id]
