"""The invented practice behind a rehearsal PMS: everything except its patients.

No person, place or number here is real. Procedure codes are `T` and four digits with plain invented descriptions,
since the real code set is licensed. Field names come from the contract, sections 4.1 to 4.11.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

JsonObject = dict[str, Any]

ORGANIZATION_ID = "0123456789abcdef01234567"
ORGANIZATION_NAME = "Rehearsal Dental (invented)"
CLIENT_ID = "rehearsal-client"
CLIENT_SECRET = "rehearsal-secret"  # noqa: S105  documented constant of an invented practice

FIRST_PATIENT_ID = 9000000000001  # Ana Ruiz, born 1984-03-02
FIRST_PROVIDER_ID = 9100000000001  # Sam Lee
FIRST_LOCATION_ID = 9200000000001  # Springvale
FIRST_PRACTICE_PROCEDURE_ID = 9300000000001
FIRST_APPOINTMENT_ID = 9400000000001
FIRST_OPERATORY_ID = 9500000000001
FIRST_NOTE_ID = 9600000000001
FIRST_PROCEDURE_ID = 9700000000001
FIRST_DOCUMENT_ID = 9800000000001
FIRST_TX_CASE_ID = 9910000000001
FIRST_VISIT_ID = 9920000000001
FIRST_USER_ID = 9930000000001
FIRST_TOOTH_ID = 9940000000001

PRACTICE_CHANGED = "2025-06-01T08:00:00.000Z"

AREAS = ("MOUTH", "TOOTH", "SURFACE", "QUADRANT", "ARCH", "ROOT")

_PROVIDERS = (
    # first, last, short name, title, NPI (invented), specialty, active, non-person
    ("Sam", "Lee", "LEES", "DDS", "1000000101", "GENERALPRACTICE", True, False),
    ("Imani", "Okoro", "OKOI", "DMD", "1000000102", "GENERALPRACTICE", True, False),
    ("Petra", "Vogel-Lindqvist", "VOGP", "RDH", "1000000103", "HYGIENIST", True, False),
    ("Tomás", "Echeverría", "ECHT", "DDS", "1000000104", "ENDODONTICS", True, False),
    ("Sam", "Leigh", "LEIS", "DDS", "1000000105", "GENERALPRACTICE", False, False),
    ("", "Springvale Hygiene", "HYG1", "", "1000000106", "HYGIENIST", True, True),
)

_LOCATIONS = (
    ("Springvale", "SPR", "America/New_York", "100 Example Street", "Springvale", "NY", "00101"),
    ("Westhollow", "WES", "America/Los_Angeles", "200 Example Avenue", "Westhollow", "CA", "00902"),
)

_OPERATORIES = (("Chair 1", 1), ("Chair 2", 1), ("Chair 3", 1), ("West 1", 2), ("West 2", 2))

_PROCEDURES = (
    # code, description, area index, fee, active, extension
    ("T0101", "Sample exam", 0, 60.0, True, None),
    ("T0102", "Sample short exam", 0, 40.0, True, None),
    ("T0103", "Sample long exam", 0, 95.0, True, None),
    ("T0201", "Sample picture, one", 1, 25.0, True, None),
    ("T0202", "Sample picture, each further one", 1, 20.0, True, None),
    ("T0203", "Sample picture, whole mouth", 0, 120.0, True, None),
    ("T0204", "Sample picture, wide", 0, 110.0, True, None),
    ("T0301", "Sample cleaning, grown-up", 0, 90.0, True, None),
    ("T0302", "Sample cleaning, child", 0, 65.0, True, None),
    ("T0303", "Sample varnish", 0, 35.0, True, None),
    ("T0304", "Sample sealing", 1, 50.0, True, None),
    ("T0401", "Sample filling, one surface", 2, 140.0, True, None),
    ("T0402", "Sample filling, two surfaces", 2, 180.0, True, None),
    ("T0403", "Sample filling, three surfaces", 2, 220.0, True, None),
    ("T0404", "Sample filling, four surfaces", 2, 260.0, True, None),
    ("T0501", "Sample crown, kind one", 1, 950.0, True, None),
    ("T0501", "Sample crown, kind one, second lab", 1, 990.0, True, "B"),
    ("T0502", "Sample crown, kind two", 1, 1100.0, True, None),
    ("T0503", "Sample core", 1, 210.0, True, None),
    ("T0601", "Sample root treatment, front", 5, 700.0, True, None),
    ("T0602", "Sample root treatment, back", 5, 980.0, True, None),
    ("T0701", "Sample deep cleaning, a quadrant", 3, 230.0, True, None),
    ("T0702", "Sample deep cleaning, part of a quadrant", 3, 170.0, True, None),
    ("T0703", "Sample after-care cleaning", 0, 130.0, True, None),
    ("T0801", "Sample denture, one arch", 4, 1500.0, True, None),
    ("T0802", "Sample denture repair", 4, 190.0, True, None),
    ("T0901", "Sample removal of a tooth", 1, 160.0, True, None),
    ("T0902", "Sample removal, harder", 1, 290.0, True, None),
    ("T0903", "Sample night guard", 4, 480.0, True, None),
    ("T0999", "Sample service no longer offered", 0, 10.0, False, None),
    ("T9001", "Sample visit without treatment", 0, 0.0, True, None),
)


def words(text: str) -> frozenset[str]:
    """Return the words of a text, for sets of field names that read better as one line."""
    return frozenset(text.split())


def entity_id(first: int, index: int) -> str:
    """Return the id of the record at `index` (from 0) of a kind whose first id is `first`."""
    return str(first + index)


def iso(moment: datetime) -> str:
    """Write a moment as the PMS does: UTC, milliseconds, `Z` (contract section 3.6)."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def make_ref(base_url: str, version: str, resource: str, type_name: str, record_id: str) -> JsonObject:
    """Return a reference with its three members (contract section 3.2)."""
    url = f"{base_url}/ascend-gateway/api/{version}/{resource}/{record_id}"
    return {"id": record_id, "type": type_name, "url": url}


def location_ref(base_url: str, index: int) -> JsonObject:
    """Refer to a location by its index."""
    return make_ref(base_url, "v1", "locations", "LocationV1", entity_id(FIRST_LOCATION_ID, index))


def provider_ref(base_url: str, index: int) -> JsonObject:
    """Refer to a provider by its index."""
    return make_ref(base_url, "v1", "providers", "ProviderV1", entity_id(FIRST_PROVIDER_ID, index))


def patient_ref(base_url: str, record_id: str) -> JsonObject:
    """Refer to a patient by id."""
    return make_ref(base_url, "v1", "patients", "PatientV1", record_id)


def organizations() -> list[JsonObject]:
    """Return the one organization, which the header names."""
    return [{"id": ORGANIZATION_ID, "type": "Organization", "name": ORGANIZATION_NAME}]


def locations() -> list[JsonObject]:
    """Return the two locations, in different time zones."""
    return [
        {
            "id": entity_id(FIRST_LOCATION_ID, index),
            "type": "LocationV1",
            "name": name,
            "abbreviation": short,
            "timeZone": zone,
            "phone": f"20255501{10 + index}",
            "email": f"{short.lower()}@example.com",
            "address1": street,
            "city": city,
            "state": state,
            "postalCode": postal_code,
            "lastModified": PRACTICE_CHANGED,
        }
        for index, (name, short, zone, street, city, state, postal_code) in enumerate(_LOCATIONS)
    ]


def providers(base_url: str) -> list[JsonObject]:
    """Return the providers: one inactive (with a name like another's), one that is no person."""
    return [
        {
            "id": entity_id(FIRST_PROVIDER_ID, index),
            "type": "ProviderV1",
            "firstName": first,
            "lastName": last,
            "shortName": short,
            "title": title,
            "npi": npi,
            "active": active,
            "specialty": specialty,
            "isPrimaryProvider": title in ("DDS", "DMD"),
            "isNonPersonEntity": non_person,
            "signatureOnFile": not non_person,
            "location": location_ref(base_url, index % len(_LOCATIONS)),
            "lastModified": PRACTICE_CHANGED,
        }
        for index, (first, last, short, title, npi, specialty, active, non_person) in enumerate(_PROVIDERS)
    ]


def users() -> list[JsonObject]:
    """Return the people who may sign in to the PMS."""
    return [
        {"id": entity_id(FIRST_USER_ID, index), "type": "User", "firstName": first, "lastName": last}
        for index, (first, last) in enumerate((("Sam", "Lee"), ("Imani", "Okoro"), ("Front", "Desk")))
    ]


def operatories(base_url: str) -> list[JsonObject]:
    """Return the chairs."""
    return [
        {
            "id": entity_id(FIRST_OPERATORY_ID, index),
            "type": "OperatoryV1",
            "name": name,
            "shortName": name.replace(" ", "")[:4].upper(),
            "location": location_ref(base_url, location - 1),
        }
        for index, (name, location) in enumerate(_OPERATORIES)
    ]


def practice_procedures() -> list[JsonObject]:
    """Return the code catalogue: a code in two rows (`codeExtension`) and an inactive one included."""
    return [
        {
            "id": entity_id(FIRST_PRACTICE_PROCEDURE_ID, index),
            "type": "PracticeProcedureV1",
            "adaCode": code,
            "description": description,
            "abbreviatedDescription": description.replace("Sample ", "")[:12],
            "aliasCode": None,
            "codeExtension": extension,
            "codeType": "PRACTICE",
            "active": active,
            "category": f"GROUP {code[1:3]}",
            "treatmentArea": AREAS[area],
            "billToInsurance": True,
            "fee": fee,
            "isClinicalNoteRequired": False,
            "isTreatmentInfoRequired": area != 0,
            "lastModified": PRACTICE_CHANGED,
        }
        for index, (code, description, area, fee, active, extension) in enumerate(_PROCEDURES)
    ]


def teeth() -> list[JsonObject]:
    """Return the global teeth: 32 permanent (1-32) and 20 primary (A-T)."""
    rows = []
    for index in range(52):
        permanent = index < 32
        number = index if permanent else index - 32
        size = 8 if permanent else 5
        quadrant, place = divmod(number, size)
        # universal numbers run from the back of one side to the back of the other, so every other quadrant is mirrored
        from_middle = size - place if quadrant % 2 == 0 else place + 1
        rows.append(
            {
                "id": entity_id(FIRST_TOOTH_ID, index),
                "type": "Tooth",
                "toothIndex": index + 1,
                "universalCode": str(index + 1) if permanent else chr(ord("A") + number),
                "fdiCode": f"{quadrant + (1 if permanent else 5)}{from_middle}",
                "palmerCode": f"{('UR', 'UL', 'LL', 'LR')[quadrant]}{from_middle}",
                "toothType": "PERMANENT" if permanent else "PRIMARY",
                "dentalAnatomy": "ANTERIOR" if from_middle <= 3 else "POSTERIOR",
                "isMixed": False,
                "lastModified": PRACTICE_CHANGED,
            }
        )
    return rows


def patient_teeth() -> list[JsonObject]:
    """Return the rows a patient with no charting has: the permanent teeth, nothing charted."""
    return [
        {
            "id": entity_id(FIRST_TOOTH_ID, 1000 + index),
            "type": "PatientTooth",
            "toothId": entity_id(FIRST_TOOTH_ID, index),
            "toothIndex": index + 1,
            "chartings": [],
        }
        for index in range(32)
    ]


def appointments(base_url: str, now: datetime, patient_ids: list[str]) -> list[JsonObject]:
    """Return today's appointments (from 14:00 UTC, office hours in both zones) and some of the days before."""
    day = now.astimezone(UTC).replace(hour=14, minute=0, second=0, microsecond=0)
    statuses = ("CONFIRMED", "UNCONFIRMED", "HERE", "LATE", "BROKEN")
    rows = []
    for index, patient_id in enumerate(patient_ids):
        start = day + timedelta(minutes=40 * index) if index < 12 else day - timedelta(days=index - 11)
        location = index % 2
        rows.append(
            {
                "id": entity_id(FIRST_APPOINTMENT_ID, index),
                "type": "AppointmentV1",
                "start": iso(start),
                "end": iso(start + timedelta(minutes=40)),
                "duration": 40,
                "status": statuses[index % len(statuses)],
                "bookingType": "RECARE" if index % 3 else "TREATMENT",
                "title": "Sample visit",
                "note": None,
                "other": "Sample visit",
                "patient": patient_ref(base_url, patient_id),
                "provider": provider_ref(base_url, index % 4),
                "operatory": make_ref(
                    base_url, "v1", "operatories", "OperatoryV1", entity_id(FIRST_OPERATORY_ID, 3 * location)
                ),
                "location": location_ref(base_url, location),
                "needsPremedicate": False,
                "needsFollowUp": False,
                "bookedOnline": index % 4 == 0,
                "lastModified": iso(now - timedelta(days=1, minutes=index)),
            }
        )
    return rows


def tx_cases(base_url: str, patient_ids: list[str]) -> list[JsonObject]:
    """Return one treatment plan for each of the given patients (shape: contract section 4.9)."""
    return [
        {
            "id": entity_id(FIRST_TX_CASE_ID, index),
            "type": "TxCaseV1",
            "status": "NEW",
            "name": "Treatment Plan",
            "showNote": False,
            "showExpirationDate": False,
            "patient": patient_ref(base_url, patient_id),
            "user": make_ref(base_url, "v0", "users", "User", entity_id(FIRST_USER_ID, 0)),
            "lastModified": PRACTICE_CHANGED,
        }
        for index, patient_id in enumerate(patient_ids)
    ]


def visits(base_url: str, count: int) -> list[JsonObject]:
    """Return one visit for each of the first `count` treatment plans."""
    return [
        {
            "id": entity_id(FIRST_VISIT_ID, index),
            "type": "VisitV1",
            "duration": 40,
            "sequence": 1,
            "procedures": [],
            "txCase": make_ref(base_url, "v1", "txcases", "TxCaseV1", entity_id(FIRST_TX_CASE_ID, index)),
            "lastModified": PRACTICE_CHANGED,
        }
        for index in range(count)
    ]
