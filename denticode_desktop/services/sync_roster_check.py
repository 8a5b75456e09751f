"""Is this the practice's own roster? A sense check before a strange one is stored or a known one is marked as gone.

Credentials of a sandbox, or of another organization, sign in just as well. Two findings: most patients are called like
test data, or none of the patients that were linked before is known there under the same name or birth date.
"""

from collections.abc import Callable, Sequence
from datetime import date

from denticode_desktop.domain.connection import Connection, Environment
from denticode_desktop.domain.ids import PmsPatientId
from denticode_desktop.domain.people import Demographics, PmsPatient
from denticode_desktop.ports.pms import PmsRecord
from denticode_desktop.ports.unit_of_work import UnitOfWork

FEWEST_ROWS = 10
SAMPLE = 5
FEWEST_LINKS = 3
PATIENTS_ASKED = 500
TEST_DATA = "test_data"
NO_SHARED_PATIENTS = "no_shared_patients"

SENTENCES = {
    TEST_DATA: "The patients of {name} look like test data, so nothing was stored and nothing is sent. Check that the "
    "environment and the organization are right, then press Test Connection to go on.",
    NO_SHARED_PATIENTS: "None of the patients linked before is in {name} any more, so nothing was stored and nothing "
    "is sent. Check that the environment and the organization are right, then press Test Connection to go on.",
}
_TEST_WORDS = frozenset({"test", "tester", "testing", "zztest", "zzz", "demo", "dummy", "fake", "sample", "xxx"})
_PLACEHOLDER_BIRTH = frozenset({date(1900, 1, 1), date(1901, 1, 1)})


def is_test_like(person: Demographics) -> bool:
    """Whether a name is one that staff give to practice records, or the birth date is a placeholder beside one."""
    words = {word.strip("0123456789").casefold() for word in f"{person.first_name} {person.last_name}".split()}
    if words & _TEST_WORDS:
        return True
    return "patient" in words and person.date_of_birth in _PLACEHOLDER_BIRTH


def looks_like_test_data(records: Sequence[PmsRecord]) -> bool:
    """Whether at least half of a first page (of ten or more patients) is test-like."""
    people = [record.person for record in records if isinstance(record, PmsPatient)]
    return len(people) >= FEWEST_ROWS and 2 * sum(map(is_test_like, people)) >= len(people)


def is_checked_for_test_data(environment: Environment) -> bool:
    """A sandbox holds test data by nature; a rehearsal stands for the real thing."""
    return environment is not Environment.SANDBOX


def linked_sample(uow: UnitOfWork, connection: Connection) -> list[tuple[PmsPatientId, Demographics]]:
    """A few patients that are linked over this connection, with how we know them."""
    sample: list[tuple[PmsPatientId, Demographics]] = []
    for patient in uow.people.patients(limit=PATIENTS_ASKED):
        link = uow.people.patient_link(connection.connection_id, patient.patient_id)
        if link is not None:
            sample.append((link.pms_patient_id, patient.person))
        if len(sample) == SAMPLE:
            break
    return sample


def shares_nobody(
    sample: Sequence[tuple[PmsPatientId, Demographics]], fetch: Callable[[PmsPatientId], PmsPatient | None]
) -> bool:
    """Whether the PMS knows none of the linked patients. One who moved away proves nothing: three must be unknown, or
    an id must belong to somebody else. Raises as `fetch`."""
    are_others = False
    for pms_patient_id, person in sample:
        found = fetch(pms_patient_id)
        if found is not None and _is_same(found.person, person):
            return False
        are_others = are_others or found is not None
    return are_others or len(sample) >= FEWEST_LINKS


def _is_same(one: Demographics, other: Demographics) -> bool:
    same_birth = one.date_of_birth is not None and one.date_of_birth == other.date_of_birth
    return same_birth or one.last_name.casefold() == other.last_name.casefold()


def asked_key(connection: Connection) -> str:
    """Name of the practice setting that remembers what was asked about."""
    return f"sync.roster_asked.{connection.connection_id}"


def asked_value(connection: Connection, finding: str) -> str:
    """A person who lifts the hold has answered for this host and organization only."""
    return f"{finding}|{connection.settings.host}|{connection.settings.organization_id}"
