"""What the editor of a draft asks of the services, a function a step; each runs on a pool thread."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path

from denticode_desktop.domain.access import Action
from denticode_desktop.domain.errors import DenticodeError, UserError
from denticode_desktop.domain.ids import ConnectionId, LabId, PatientId, ProviderId
from denticode_desktop.domain.lab import MAX_DOCUMENT_BYTES, MAX_DOCUMENTS, Document, LabContent
from denticode_desktop.domain.people import Demographics, Patient, PmsPatient, Provider
from denticode_desktop.services.draft_desk import SavedDraft, written_code
from denticode_desktop.ui.messages import words_of
from denticode_desktop.ui.operations import may
from denticode_desktop.ui.widgets import shown
from denticode_desktop.ui.window_services import WindowServices
from denticode_desktop.ui.words import tr

HITS = 40
MAX_TITLE_CHARS = 200


@dataclass(frozen=True, slots=True)
class ChosenChart:
    """A patient of the PMS as a person chose them; saving matches our patient with that chart."""

    connection_id: ConnectionId
    patient: PmsPatient

    @property
    def person(self) -> Demographics:
        """As the PMS has them."""
        return self.patient.person


@dataclass(frozen=True, slots=True)
class TypedPerson:
    """Somebody who is not in the PMS's list."""

    person: Demographics


PatientChoice = Patient | ChosenChart | TypedPerson


@dataclass(frozen=True, slots=True)
class AddedDocuments:
    """What could be added, and one sentence for each file that could not."""

    documents: tuple[Document, ...]
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OfferedCode:
    """A code of the practice: as it is written, with the practice's words on one line, and that line to search in."""

    code: str
    words: str
    line: str
    folded: str


@dataclass(frozen=True, slots=True)
class EditorOffer:
    """What may be chosen from. `codes` by their written form in capitals."""

    providers: tuple[Provider, ...]
    connections: Mapping[ConnectionId, str]
    codes: Mapping[str, OfferedCode]


def read_offer(services: WindowServices) -> EditorOffer:
    """Providers, codes, connections; a long code list is made ready here and not in the window's thread."""
    found = services.drafts.offer(services.actor)
    codes = {}
    for row in found.codes:
        code, words = written_code(row), shown(row.description, 100).replace("\n", " ")
        line = f"{code}   {words}"
        codes[code.upper()] = OfferedCode(code, words, line, line.casefold())
    return EditorOffer(found.providers, found.connections, codes)


def search_charts(services: WindowServices, text: str) -> tuple[ChosenChart, ...]:
    """Patients of every connected PMS by name, birth date, chart number or phone."""
    hits = services.people.patients(services.actor, text, limit=HITS)
    return tuple(ChosenChart(hit.connection_id, hit.patient) for hit in hits)


def add_provider(services: WindowServices, name: str, npi: str) -> ProviderId:
    """The one of that name and NPI, added where there is none."""
    return services.labs.add_provider(services.actor, name, npi)


def save_draft(
    services: WindowServices, lab_id: LabId | None, choice: PatientChoice, content: LabContent, seen: LabContent | None
) -> SavedDraft:
    """Patient first, then the draft; `content` has no patient yet. Raises as DraftDesk does."""
    placed = replace(content, patient_id=_patient_id(services, choice))
    return services.drafts.save(services.actor, lab_id, placed, seen)


def _patient_id(services: WindowServices, choice: PatientChoice) -> PatientId:
    if isinstance(choice, Patient):
        return choice.patient_id
    if isinstance(choice, ChosenChart) and may(services.actor, Action.LINK_PEOPLE):
        return services.drafts.patient_of(services.actor, choice.connection_id, choice.patient.pms_patient_id)
    return services.drafts.patient_typed(services.actor, choice.person)


def add_documents(services: WindowServices, paths: Sequence[Path], have: AbstractSet[str], room: int) -> AddedDocuments:
    """Stores the PDFs. `have`: SHA-256 of those in the Lab already; `room`: how many more it may hold."""
    added: list[Document] = []
    refused: list[str] = []
    for path in paths:
        try:
            found = _add_document(services, path)
            if found.sha256 in have or any(found.sha256 == other.sha256 for other in added):
                raise UserError(tr("This file is in the Lab already."), field="document")
            if len(added) >= room:
                words = tr("A Lab holds at most {n} documents. Remove one first.")
                raise UserError(words.format(n=MAX_DOCUMENTS), field="documents")
            added.append(found)
        except DenticodeError as error:
            refused.append(f"{shown(path.name, 80)}: {words_of(error)}")
    return AddedDocuments(tuple(added), tuple(refused))


def _add_document(services: WindowServices, path: Path) -> Document:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_DOCUMENT_BYTES + 1)
    except OSError as error:
        words = tr("The file cannot be read. Check that it is still there, then add it again.")
        raise UserError(words, field="document") from error
    title = path.stem[:MAX_TITLE_CHARS]
    return services.labs.add_document(services.actor, title=title, file_name=path.name, data=data)
